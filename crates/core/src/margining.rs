//! Margined positions: tiers, leverage, margin calls, liquidation.

/// What margined positions and their accounts are known by.
#[derive(Debug, Clone, Default)]
pub struct Margining {}
