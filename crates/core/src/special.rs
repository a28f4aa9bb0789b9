//! Orders with special terms: placing and changing them.
use crate::engine::{Effects, Engine};
use crate::messages::{PlaceSpecial, ReduceOrder, ReplaceSpecial};
use crate::names::Reason;

impl Engine {
    pub(crate) fn place_special(&mut self, _c: &PlaceSpecial, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }

    pub(crate) fn replace_special(&mut self, _c: &ReplaceSpecial, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }

    pub(crate) fn reduce(&mut self, _c: &ReduceOrder, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }
}
