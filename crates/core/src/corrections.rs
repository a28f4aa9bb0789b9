//! Busting and adjusting trades.
use crate::engine::{Effects, Engine};
use crate::messages::CorrectTrade;
use crate::names::Reason;

impl Engine {
    pub(crate) fn correct_trade(&mut self, _c: &CorrectTrade, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }
}
