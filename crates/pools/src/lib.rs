//! Pools that quote by formula (automated market makers), in exact integers: what a chain's contracts would answer.
//!
//! Owns: the state of a pool, its quotes and swaps, the split of an order over pools and books, flash routes. Takes: states
//! and amounts in minor units. Emits: amounts, new states, lists of transfers. Never: reads a clock, a file or a float,
//! and never leaves a pool half changed.
pub mod concentrated;
pub mod crypto;
pub mod flash;
pub mod ladder;
pub mod pool;
pub mod positions;
pub mod product;
pub mod split;
pub mod stable;
pub mod steps;
pub mod ticks;
pub mod wide;

use std::fmt;

/// Why a pool, a split or a route will not do what was asked: the field that is wrong, and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub field: &'static str,
    pub reason: &'static str,
}

impl Refused {
    pub const fn new(field: &'static str, reason: &'static str) -> Self {
        Self { field, reason }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

/// A number grew beyond what the chain's contracts could hold; they would revert.
pub const OVERFLOW: Refused = Refused::new("amount", "is beyond what the pool's numbers can hold");
