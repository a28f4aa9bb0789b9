//! Limits of the gate, credit lines, groups and firms.
use crate::engine::{Effects, Engine};
use crate::messages::{SetAccount, SetCredit, SetLimit};
use crate::names::Reason;

impl Engine {
    pub(crate) fn set_account(&mut self, _c: &SetAccount, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }

    pub(crate) fn set_credit(&mut self, _c: &SetCredit, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }

    pub(crate) fn set_limit(&mut self, _c: &SetLimit, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }
}
