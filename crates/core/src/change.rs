//! Cancelling live orders, and what a change of one does to holds.
use crate::engine::{Effects, Engine};
use crate::matching::Taker;
use crate::messages::{CancelAll, CancelOrder, CancelRequested};
use crate::names::{CancelReason, Reason};
use crate::orders::{ASIDE, CHILD, HAS_SPECIAL, Order, ROUTED, WORKED};
use crate::place::{Walk, spot_hold};

impl Engine {
    pub(crate) fn cancel(&mut self, c: &CancelOrder, effects: &mut Effects) -> Result<(), Reason> {
        self.known(c.account)?;
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            let row = engine.owned(c.order, c.account)?;
            if c.account != 0 {
                engine.check_no_child(row)?;
            }
            let reason = CancelReason::of(c.reason).ok_or(Reason::UnknownReason)?;
            engine.cancel_row(row, reason, effects);
            Ok(false)
        })
    }

    pub(crate) fn cancel_all(&mut self, c: &CancelAll, effects: &mut Effects) -> Result<(), Reason> {
        self.known(c.account)?;
        if c.instrument != 0 {
            self.at(c.instrument)?;
        }
        if c.side > 2 {
            return Err(Reason::UnknownSide);
        }
        let reason = if c.reason == 0 { Some(CancelReason::Mass) } else { CancelReason::of(c.reason) };
        let reason = reason.ok_or(Reason::UnknownReason)?;
        let matches = |order: &Order| {
            (c.account == 0 || order.account == c.account)
                && (c.instrument == 0 || u32::from(order.instrument) == c.instrument)
                && (c.side == 0 || order.side == c.side)
                && order.marks & CHILD == 0
        };
        let from = |row: u32| c.session == 0 || self.orders.details(row).session == c.session;
        let rows: Vec<u32> = self.orders.by_id().filter(|row| matches(self.orders.get(*row)) && from(*row)).collect();
        for row in rows {
            self.cancel_row(row, reason, effects);
        }
        Ok(())
    }

    pub(crate) fn known(&self, account: u32) -> Result<(), Reason> {
        if account != 0 && self.ledger.kind(account) == 0 { Err(Reason::UnknownAccount) } else { Ok(()) }
    }

    /// Is the kill switch on for a live order?
    pub(crate) fn check_killed_row(&self, row: u32) -> Result<(), Reason> {
        let (order, details) = (self.orders.get(row), self.orders.details(row));
        self.check_killed(order.account, details.session, u32::from(order.instrument), details.venue)
    }

    /// The row of a live order that `account` may change (0: an operator may change any).
    pub(crate) fn owned(&self, order: u64, account: u32) -> Result<u32, Reason> {
        let row = self.live(order)?;
        if account != 0 && self.orders.get(row).account != account { Err(Reason::NotYourOrder) } else { Ok(row) }
    }

    /// A child is its parent's to change.
    pub(crate) fn check_no_child(&self, row: u32) -> Result<(), Reason> {
        if self.orders.get(row).marks & CHILD != 0 { Err(Reason::ChildOfParent) } else { Ok(()) }
    }

    pub(crate) fn cancel_row(&mut self, row: u32, reason: CancelReason, effects: &mut Effects) {
        let order = *self.orders.get(row);
        if order.kind == WORKED {
            return self.end_parent(row, reason, effects);
        }
        if order.marks & ROUTED != 0 {
            let venue = self.orders.details(row).venue;
            effects.push(&CancelRequested { order: order.id, venue, reason: reason as u8 });
            return;
        }
        self.take_out(row);
        self.end_row(row, reason, effects);
    }

    /// The rest of an order goes that stands in no book (any more).
    pub(crate) fn end_row(&mut self, row: u32, reason: CancelReason, effects: &mut Effects) {
        let mut taker = self.taker(row);
        self.end(taker.order.at(), &mut taker, reason, effects);
        self.bury(row);
        self.touch(taker.order.at());
    }

    /// A live order as one on its way through the book.
    pub(crate) fn taker(&self, row: u32) -> Taker {
        Taker { order: *self.orders.get(row), details: *self.orders.details(row), special: None, walk: None }
    }

    /// The order's price and total quantity are now these.
    pub(crate) fn set_terms(&mut self, row: u32, price: i64, quantity: i64) {
        let left = quantity - self.orders.filled(row);
        self.orders.details_mut(row).quantity = quantity;
        let order = self.orders.get_mut(row);
        (order.price, order.left) = (price, left);
    }

    /// Checks that the order may hold what the new terms need; returns that hold (a perpetual's: of the position).
    pub(crate) fn may_change(&self, at: usize, order: &Order, price: i64, left: i64) -> Result<i64, Reason> {
        let instrument = &self.instruments[at];
        if instrument.is_perpetual() {
            let (old, new) = self.recounted(at, order, price, left);
            self.check_perpetual(at, order.account, &old, &new, price)?;
            return Ok(new.required(instrument));
        }
        let hold = spot_hold(instrument, order, price, left)?;
        self.afford(at, order, self.beyond_pair(order, hold))
    }

    /// The position with the order as it is, and with `left` units at `price` instead.
    pub(crate) fn recounted(
        &self,
        at: usize,
        order: &Order,
        price: i64,
        left: i64,
    ) -> (crate::perpetual::Position, crate::perpetual::Position) {
        let old = self.instruments[at].positions.get(&order.account).copied().unwrap_or_default();
        let mut new = old;
        if order.marks & CHILD != 0 {
            return (old, new); // its parent is counted for it
        }
        let (units, value) = order.exposure();
        new.count(order.buys(), -units, -value);
        new.count(order.buys(), left, i128::from(left) * i128::from(price));
        (old, new)
    }

    /// A live order that stands in no book is to hold for what it becomes, and then does.
    pub(crate) fn ask_hold(&mut self, at: usize, row: u32, taker: &Taker) -> Result<(), Reason> {
        let asked = Order { marks: taker.order.marks & !ASIDE, ..taker.order };
        if taker.walk.is_some_and(|walk| walk.units == 0) {
            return Ok(());
        }
        if self.instruments[at].is_perpetual() {
            self.ask_margin(at, row, &asked, taker.walk)?;
            *self.orders.get_mut(row) = asked;
            return Ok(());
        }
        let hold = self.asked_hold(at, taker, &asked)?;
        let hold = self.afford(at, &asked, hold)?;
        *self.orders.get_mut(row) = asked;
        self.set_spot_hold(at, row, hold);
        Ok(())
    }

    fn ask_margin(&mut self, at: usize, row: u32, asked: &Order, walk: Option<Walk>) -> Result<(), Reason> {
        let old = self.instruments[at].positions.get(&asked.account).copied().unwrap_or_default();
        let mut new = old;
        let (units, value) = self.orders.get(row).exposure();
        new.count(asked.buys(), -units, -value);
        let (units, value) = walk.map_or_else(|| asked.exposure(), |walk| (walk.units, walk.value));
        new.count(asked.buys(), units, value);
        self.check_perpetual(at, asked.account, &old, &new, asked.price)?;
        let Self { instruments, ledger, .. } = self;
        ledger.margin(asked.account, instruments[at].margin_asset());
        instruments[at].hold_of(ledger, asked.account, &mut new);
        instruments[at].positions.insert(asked.account, new);
        Ok(())
    }

    /// Books the hold of new terms, price and total (for a perpetual: counts them in); returns what is held then.
    pub(crate) fn set_terms_hold(&mut self, at: usize, row: u32, (price, quantity): (i64, i64), hold: i64) -> i64 {
        let order = *self.orders.get(row);
        if !self.instruments[at].is_perpetual() {
            self.set_spot_hold(at, row, hold);
            return hold;
        }
        let (_, mut new) = self.recounted(at, &order, price, quantity - self.orders.filled(row));
        let Self { instruments, ledger, .. } = self;
        let hold = instruments[at].hold_of(ledger, order.account, &mut new);
        instruments[at].positions.insert(order.account, new);
        hold
    }

    pub(crate) fn set_spot_hold(&mut self, at: usize, row: u32, hold: i64) {
        let order = self.orders.get_mut(row);
        let asset = self.instruments[at].held_asset(order);
        self.ledger.hold(order.account, asset, hold - order.hold);
        order.hold = hold;
        if order.marks & HAS_SPECIAL != 0 {
            self.hold_follower(at, row);
        }
    }
}
