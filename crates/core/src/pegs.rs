//! Pegged orders.
use crate::engine::{Effects, Engine};

impl Engine {
    pub(crate) fn reprice_peg(&mut self, _at: usize, _effects: &mut Effects) -> bool {
        false
    }
}
