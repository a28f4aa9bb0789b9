//! Contracts that expire: dated futures and options, their terms and risk arrays.

/// Terms and risk arrays of contracts that expire.
#[derive(Debug, Clone, Default)]
pub struct Contracts {}
