//! Requests, responses, negotiated sales and sealed bids.
use crate::engine::{Effects, Engine};
use crate::messages::{AcceptQuote, ClearSealed};
use crate::names::Reason;

impl Engine {
    pub(crate) fn accept_quote(&mut self, _c: &AcceptQuote, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }

    pub(crate) fn clear_sealed(&mut self, _c: &ClearSealed, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }
}
