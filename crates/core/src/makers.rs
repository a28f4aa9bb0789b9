//! Market makers: obligations, scores, protections.
use crate::engine::{Effects, Engine};
use crate::messages::{RegisterMaker, SetProtection};
use crate::names::Reason;

impl Engine {
    /// Is the account a registered market maker of the instrument?
    pub(crate) fn is_maker(&self, _account: u32, _at: usize) -> bool {
        false
    }

    pub(crate) fn register_maker(&mut self, _c: &RegisterMaker, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }

    pub(crate) fn set_protection(&mut self, _c: &SetProtection, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }
}
