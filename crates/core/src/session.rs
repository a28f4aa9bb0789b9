//! Trading states.
use crate::engine::{Effects, Engine};
use crate::messages::{SetSession, Uncross};
use crate::names::Reason;

impl Engine {
    pub(crate) fn set_session(&mut self, _c: &SetSession, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }

    pub(crate) fn uncross(&mut self, _c: &Uncross, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }
}
