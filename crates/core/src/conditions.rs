//! Orders that may be passed over: all-or-none, minimum quantities.
use crate::engine::{Effects, Engine};

impl Engine {
    pub(crate) fn retry_conditional(&mut self, _at: usize, _effects: &mut Effects) -> bool {
        false
    }
}
