//! The kill switch, its re-arming, and the dead-man timer.
use crate::engine::{Effects, Engine};
use crate::messages::{Kill, Rearm, SetDeadMan};
use crate::names::Reason;

impl Engine {
    pub(crate) fn kill(&mut self, _c: &Kill, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }

    pub(crate) fn rearm(&mut self, _c: &Rearm, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }

    pub(crate) fn set_dead_man(&mut self, _c: &SetDeadMan, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }
}
