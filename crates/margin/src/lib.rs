//! Margin in exact integers: what the engine's gate and clearing both compute, to the unit.
//!
//! Owns the SPAN rule over risk arrays, margin tiers of perpetuals and the arithmetic of liquidations. Takes integers, gives
//! integers; every overflow is a value. Never reads a file, a clock or a float: those are `crates/quant`'s.
pub mod perpetual;
pub mod span;
mod wide;
