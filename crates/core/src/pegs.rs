//! Pegged orders.
use crate::engine::{Effects, Engine};

/// What a peg follows: between both sides' best prices.
pub const MID: u8 = 2;

impl Engine {
    pub(crate) fn reprice_peg(&mut self, _at: usize, _effects: &mut Effects) -> bool {
        false
    }
}
