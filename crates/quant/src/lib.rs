//! Models that need floats: option prices, risk arrays made of them, readers of exchanges' parameter files, SIMM.
//!
//! What leaves this crate for the engine is rounded to integers first (`crates/margin`), in a direction that its function names.
pub mod simm;
