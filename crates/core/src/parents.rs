//! Parents, which hold for their children, and children, which trade for their parent.
use crate::engine::{Effects, Engine};
use crate::messages::{PlaceChild, PlaceParent, SetVenueFees};
use crate::names::Reason;

impl Engine {
    pub(crate) fn place_parent(&mut self, c: &PlaceParent, _: &mut Effects) -> Result<(), Reason> {
        if c.path == 0 { Err(Reason::BadPath) } else { Err(Reason::UnknownKind) }
    }

    pub(crate) fn place_child(&mut self, _: &PlaceChild, _: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownParent)
    }

    pub(crate) fn set_venue_fees(&mut self, _: &SetVenueFees, _: &mut Effects) -> Result<(), Reason> {
        Err(Reason::BadFee)
    }
}
