//! What stands beside the core: one view of all liquidity, and the arithmetic of routes over it.
//!
//! Deterministic: integers only, time is handed in, nothing is drawn by chance. It never changes a balance or an order;
//! what it finds becomes commands by whoever drives it.
pub mod arbitrage;
pub mod breaker;
#[cfg(test)]
mod chance;
pub mod clock;
pub mod consolidated;
pub mod dark;
pub mod distribution;
pub mod events;
pub mod feed;
pub mod health;
pub mod lead;
pub mod merge;
pub mod split;
pub mod statistics;
pub mod sweep;
pub mod terms;
pub mod values;
pub mod watched;
