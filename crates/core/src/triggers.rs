//! Stops and trailing stops.
use crate::engine::{Effects, Engine};

impl Engine {
    pub(crate) fn expire_day(&mut self, _at: usize, _effects: &mut Effects) {}

    pub(crate) fn fire_stop(&mut self, _at: usize, _effects: &mut Effects) -> bool {
        false
    }
}
