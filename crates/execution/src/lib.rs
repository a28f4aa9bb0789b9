//! What stands beside the core: one view of all liquidity, and the arithmetic of routes over it.
//!
//! Deterministic: integers only, time is handed in, nothing is drawn by chance. It never changes a balance or an order;
//! what it finds becomes commands by whoever drives it.
pub mod arbitrage;
#[cfg(test)]
mod chance;
pub mod consolidated;
pub mod dark;
pub mod merge;
pub mod split;
pub mod sweep;
pub mod terms;
pub mod values;
