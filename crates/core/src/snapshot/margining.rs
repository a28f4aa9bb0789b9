//! What margined positions and their accounts are known by, in the state.
use super::bytes::{BadState, In, Out};
use crate::engine::Engine;

impl Engine {
    pub(super) fn put_margining(&self, _out: &mut Out) {}

    pub(super) fn take_margining(&mut self, _bytes: &mut In) -> Result<(), BadState> {
        Ok(())
    }
}
