//! The dark pool.
use crate::engine::{Effects, Engine};

impl Engine {
    pub(crate) fn match_dark(&mut self, _at: usize, _effects: &mut Effects) -> bool {
        false
    }
}
