//! Cancelling and replacing live orders.
use crate::engine::{Effects, Engine};
use crate::matching::Taker;
use crate::messages::{CancelAll, CancelOrder, CancelRequested, ReplaceOrder, ReplaceRequested, Replaced};
use crate::names::{CancelReason, Reason, Rule};
use crate::orders::{Order, PARKED, REQUEST, RESPONSE, ROUTED};
use crate::place::{check_price, check_quantity, spot_hold};
use crate::rules::LESS_KEEPS_PLACE;

impl Engine {
    pub(crate) fn cancel(&mut self, c: &CancelOrder, effects: &mut Effects) -> Result<(), Reason> {
        self.known(c.account)?;
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            let row = engine.owned(c.order, c.account)?;
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

    /// The row of a live order that `account` may change (0: an operator may change any).
    fn owned(&self, order: u64, account: u32) -> Result<u32, Reason> {
        let row = self.live(order)?;
        if account != 0 && self.orders.get(row).account != account { Err(Reason::NotYourOrder) } else { Ok(row) }
    }

    pub(crate) fn cancel_row(&mut self, row: u32, reason: CancelReason, effects: &mut Effects) {
        let order = *self.orders.get(row);
        if order.marks & ROUTED != 0 {
            let venue = self.orders.details(row).venue;
            effects.push(&CancelRequested { order: order.id, venue, reason: reason as u8 });
            return;
        }
        self.take_out(row);
        self.end_row(row, reason, effects);
        self.touch(order.at());
    }

    /// The rest of an order goes that stands in no book (any more).
    pub(crate) fn end_row(&mut self, row: u32, reason: CancelReason, effects: &mut Effects) {
        let mut taker = self.taker(row);
        self.end(taker.order.at(), &mut taker, reason, effects);
        self.bury(row);
    }

    /// A live order as one on its way through the book.
    pub(crate) fn taker(&self, row: u32) -> Taker {
        Taker { order: *self.orders.get(row), details: *self.orders.details(row), special: None, walk: None }
    }

    pub(crate) fn replace(&mut self, c: &ReplaceOrder, effects: &mut Effects) -> Result<(), Reason> {
        self.known(c.account)?;
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            engine.replace_live(c, effects)?;
            Ok(false)
        })
    }

    fn replace_live(&mut self, c: &ReplaceOrder, effects: &mut Effects) -> Result<(), Reason> {
        let row = self.owned(c.order, c.account)?;
        let order = *self.orders.get(row);
        let (at, total, filled) = (order.at(), self.orders.details(row).quantity, self.orders.filled(row));
        let instrument = &self.instruments[at];
        if matches!(order.kind, REQUEST | RESPONSE) {
            return Err(Reason::WrongBook);
        }
        if self.halted || instrument.halted {
            return Err(Reason::InstrumentHalted);
        }
        check_quantity(c.quantity, instrument.terms.lot)?;
        if c.quantity <= filled {
            return Err(Reason::QuantityNotAboveFilled);
        }
        check_price(c.price, instrument.terms.tick)?;
        let named = c.price;
        if order.marks & ROUTED != 0 {
            return self.request_replace(at, row, c, effects);
        }
        let (c, stood) = (&self.standing(row, c), self.named_price(row));
        let hold = self.change_hold(at, row, c)?;
        let waits = order.marks & PARKED != 0;
        let keeps = waits
            || (self.markets[at].rules.get(Rule::ReplaceKeepsPriority) == LESS_KEEPS_PLACE
                && named == stood
                && c.quantity <= total);
        self.limit_peg(row, named);
        effects.push(&Replaced {
            order: order.id,
            price: c.price,
            quantity: c.quantity,
            hold,
            priority_kept: u8::from(keeps),
        });
        if waits {
            self.set_terms(row, c.price, c.quantity);
            self.touch(at);
            return Ok(());
        }
        if keeps {
            self.show_less(row, self.shown_of(row, total - c.quantity));
            self.set_terms(row, c.price, c.quantity);
            self.touch(at);
            return Ok(());
        }
        self.take_out(row);
        self.set_terms(row, c.price, c.quantity);
        let taker = self.taker(row);
        self.work(at, taker, Some(row), effects);
        Ok(())
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
        self.afford(at, order, hold)
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
        new.count(order.buys(), -order.left, -i128::from(order.left) * i128::from(order.price));
        new.count(order.buys(), left, i128::from(left) * i128::from(price));
        (old, new)
    }

    fn change_hold(&mut self, at: usize, row: u32, c: &ReplaceOrder) -> Result<i64, Reason> {
        let order = *self.orders.get(row);
        let left = c.quantity - self.orders.filled(row);
        let hold = self.may_change(at, &order, c.price, left)?;
        Ok(self.set_terms_hold(at, row, (c.price, c.quantity), hold))
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
    }

    fn request_replace(&mut self, at: usize, row: u32, c: &ReplaceOrder, effects: &mut Effects) -> Result<(), Reason> {
        let order = *self.orders.get(row);
        let left = c.quantity - self.orders.filled(row);
        let mut hold = self.may_change(at, &order, c.price, left)?;
        if self.instruments[at].is_perpetual() {
            hold = self.instruments[at].positions.get(&order.account).map_or(0, |p| p.hold);
        } else {
            hold = hold.max(order.hold);
            self.set_spot_hold(at, row, hold);
        }
        let (venue, price, quantity) = (self.orders.details(row).venue, c.price, c.quantity);
        effects.push(&ReplaceRequested { order: order.id, venue, price, quantity, hold });
        Ok(())
    }
}
