//! Orders with special terms: where they wait, and how they are changed.
use crate::engine::{Alive, Effects, Engine};
use crate::matching::Taker;
use crate::messages::{ReduceOrder, ReplaceSpecial};
use crate::names::Reason;
use crate::orders::Special;

impl Engine {
    /// The price that an order is held for while it waits for its trigger or follows its peg.
    pub(crate) fn waiting_price(&self, _at: usize, taker: &Taker) -> Result<i64, Reason> {
        let special = taker.special.ok_or(Reason::BadTerms)?;
        Ok(if taker.order.price != 0 { taker.order.price } else { special.stop })
    }

    /// Where an accepted order with special terms goes.
    pub(crate) fn enter_special(&mut self, at: usize, taker: Taker, special: Special, effects: &mut Effects) -> Alive {
        let row = self.orders.insert(taker.order, taker.details);
        self.orders.specify(row, special);
        let walk = taker.walk;
        self.work(at, Taker { walk, ..self.taker(row) }, Some(row), effects)
    }

    pub(crate) fn replace_special(&mut self, _c: &ReplaceSpecial, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }

    pub(crate) fn reduce(&mut self, _c: &ReduceOrder, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }
}
