//! Orders with special terms: where they wait, and how they are changed.
use crate::engine::{Alive, Effects, Engine};
use crate::matching::Taker;
use crate::messages::{Parked, ReduceOrder, ReplaceSpecial};
use crate::names::Reason;
use crate::orders::{PARKED, PEG, REQUEST, RESPONSE, STOP, STOP_LIMIT, Special, TRAILING_STOP};

/// What an order waits for outside the book: its trigger ...
pub const PENDING: u8 = 1;
/// ... or its session, or its parent.
pub const HELD: u8 = 2;

impl Engine {
    /// Lets a live order that stands in no book (see `take_out`) wait outside; what it holds stays as it is.
    pub(crate) fn park(&mut self, row: u32, status: u8, effects: &mut Effects) {
        self.count(row);
        let order = self.orders.get_mut(row);
        order.marks |= PARKED;
        effects.push(&Parked { order: order.id, status });
        let at = order.at();
        self.touch(at);
    }

    /// The order waits no longer; it stands nowhere until the caller lets it work (`work(at, taker(row), Some(row), ..)`).
    pub(crate) fn unpark(&mut self, row: u32) {
        self.orders.get_mut(row).marks &= !PARKED;
    }

    /// The long way of an order: into a dark pool, or through the book, which a peg without a price does not reach.
    pub(crate) fn work_special(&mut self, at: usize, taker: Taker, row: Option<u32>, effects: &mut Effects) -> Alive {
        if self.is_dark(at) {
            let row = row.unwrap_or_else(|| self.orders.insert(taker.order, taker.details));
            return self.work_dark(at, row, effects);
        }
        if let Some(row) = row
            && taker.order.kind == PEG
            && let Some(alive) = self.follow_peg(at, row, effects)
        {
            return alive;
        }
        self.work_long(at, taker, row, effects)
    }

    /// The price that an order is held for while it waits for its trigger or follows its peg.
    pub(crate) fn waiting_price(&self, _at: usize, taker: &Taker) -> Result<i64, Reason> {
        let special = taker.special.ok_or(Reason::BadTerms)?;
        Ok(if taker.order.price != 0 { taker.order.price } else { special.stop })
    }

    /// Where an accepted order with special terms goes.
    pub(crate) fn enter_special(&mut self, at: usize, taker: Taker, special: Special, effects: &mut Effects) -> Alive {
        let row = self.orders.insert(taker.order, taker.details);
        self.orders.specify(row, special);
        if matches!(taker.order.kind, REQUEST | RESPONSE) {
            self.enter_negotiation(at, row, special.request);
            return true;
        }
        let waits_for = match taker.order.kind {
            STOP | STOP_LIMIT | TRAILING_STOP => PENDING,
            _ if special.parent != 0 => HELD,
            _ => 0,
        };
        if waits_for != 0 {
            self.park(row, waits_for, effects);
            return true;
        }
        let taker = Taker { walk: taker.walk, ..self.taker(row) };
        self.work(at, taker, Some(row), effects)
    }

    pub(crate) fn replace_special(&mut self, _c: &ReplaceSpecial, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }

    pub(crate) fn reduce(&mut self, _c: &ReduceOrder, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }
}
