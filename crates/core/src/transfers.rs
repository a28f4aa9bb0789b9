//! Money between accounts: transfers in two steps, and what waits for its second.

/// Transfers that wait to be posted or voided.
#[derive(Debug, Clone, Default)]
pub struct Transfers {}
