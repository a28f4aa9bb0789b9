//! Orders with special terms: where they wait.
use crate::engine::{Alive, Effects, Engine};
use crate::matching::Taker;
use crate::messages::Parked;
use crate::names::Reason;
use crate::orders::{ASIDE, PARKED, Special};

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

    /// The price that a peg is held for while it follows its reference.
    pub(crate) fn waiting_price(&self, _at: usize, taker: &Taker) -> Result<i64, Reason> {
        Ok(taker.order.price)
    }

    /// Where an accepted order with special terms goes.
    pub(crate) fn enter_special(&mut self, at: usize, taker: Taker, special: Special, effects: &mut Effects) -> Alive {
        let row = self.orders.insert(taker.order, taker.details);
        self.orders.specify(row, special);
        self.tie(row);
        if taker.order.marks & ASIDE != 0 {
            self.park(row, HELD, effects);
        } else if taker.walk.is_some() {
            self.work(at, Taker { walk: taker.walk, ..self.taker(row) }, Some(row), effects);
        } else {
            self.start(at, row, effects);
        }
        // if it ended, its client id is remembered already
        true
    }
}
