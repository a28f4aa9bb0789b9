//! Orders with special terms: where they wait.
use crate::engine::{Alive, Effects, Engine};
use crate::matching::Taker;
use crate::messages::Parked;
use crate::orders::{ASIDE, PARKED, PEG, REQUEST, RESPONSE, Special};

/// What an order waits for outside the book: its trigger ...
pub const PENDING: u8 = 1;
/// ... or its session, or its parent.
pub const HELD: u8 = 2;

impl Engine {
    /// Lets a live order that stands in no book (see `take_out`) wait outside; what it holds stays as it is.
    pub(crate) fn park(&mut self, row: u32, status: u8, effects: &mut Effects) {
        let order = self.orders.get_mut(row);
        order.marks |= PARKED;
        effects.push(&Parked { order: order.id, status });
        let at = order.at();
        self.markets[at].waiting += 1;
        self.watch(row);
        self.touch(at);
    }

    /// The order waits no longer; it stands nowhere until the caller lets it work (`work(at, taker(row), Some(row), ..)`).
    pub(crate) fn unpark(&mut self, row: u32) {
        let order = self.orders.get_mut(row);
        if order.marks & PARKED != 0 {
            order.marks &= !PARKED;
            let at = order.at();
            self.markets[at].waiting -= 1;
            self.unwatch(row);
        }
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

    /// Where an accepted order with special terms goes.
    pub(crate) fn enter_special(&mut self, at: usize, taker: Taker, special: Special, effects: &mut Effects) -> Alive {
        let row = self.orders.insert(taker.order, taker.details);
        self.orders.specify(row, special);
        self.tie(row);
        if matches!(taker.order.kind, REQUEST | RESPONSE) {
            self.enter_negotiation(at, row, effects);
        } else if taker.order.marks & ASIDE != 0 {
            self.park(row, HELD, effects);
        } else if taker.walk.is_some() {
            self.work(at, Taker { walk: taker.walk, ..self.taker(row) }, Some(row), effects);
        } else {
            self.start(at, row, effects);
        }
        self.orders.find(taker.order.id).is_some()
    }
}
