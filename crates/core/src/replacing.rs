//! Changing live orders: ReplaceOrder, ReplaceSpecial, ReduceOrder.
use crate::deadlines;
use crate::engine::{Effects, Engine};
use crate::form;
use crate::messages::{PlaceOrder, ReduceOrder, ReplaceOrder, ReplaceRequested, ReplaceSpecial, Replaced};
use crate::names::{CancelReason, Reason, Rule};
use crate::orders::{
    ALL_OR_NONE, ASIDE, CONDITIONAL, Details, GTD, HIDDEN, Order, PARKED, PARTLY_SHOWN, PEG, REQUEST, RESPONSE, ROUTED,
    STOP, Special, TRAILING_STOP, WORKED,
};
use crate::place::{check_price, check_quantity};
use crate::rules::LESS_KEEPS_PLACE;

/// What `given` names.
pub(crate) const PRICE: u16 = 1;
pub(crate) const QUANTITY: u16 = 2;
const STOP_PRICE: u16 = 4;
const OFFSET: u16 = 8;
const DISPLAY: u16 = 16;
const MINIMUM: u16 = 32;
pub(crate) const EXPIRE: u16 = 64;
const EVERY: u16 = 127;

/// An order as it is asked to become.
struct Asked {
    given: u16,
    price: i64,
    quantity: i64,
    special: Special,
    /// A trailing stop takes its stop from the price anew.
    anchored: bool,
}

impl Engine {
    pub(crate) fn replace(&mut self, c: &ReplaceOrder, effects: &mut Effects) -> Result<(), Reason> {
        let asked = ReplaceSpecial {
            order: c.order,
            account: c.account,
            given: PRICE | QUANTITY,
            price: c.price,
            quantity: c.quantity,
            stop: 0,
            offset: 0,
            display: 0,
            min_quantity: 0,
            expire: 0,
            client_id: c.client_id,
        };
        self.known(c.account)?;
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            engine.replace_live(&asked, effects)?;
            Ok(false)
        })
    }

    pub(crate) fn replace_special(&mut self, c: &ReplaceSpecial, effects: &mut Effects) -> Result<(), Reason> {
        self.known(c.account)?;
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            engine.replace_live(c, effects)?;
            Ok(false)
        })
    }

    pub(crate) fn reduce(&mut self, c: &ReduceOrder, effects: &mut Effects) -> Result<(), Reason> {
        self.known(c.account)?;
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            engine.reduce_live(c, effects)?;
            Ok(false)
        })
    }

    fn replace_live(&mut self, c: &ReplaceSpecial, effects: &mut Effects) -> Result<(), Reason> {
        let row = self.owned(c.order, c.account)?;
        self.check_no_child(row)?;
        if self.orders.get(row).kind == WORKED {
            return self.replace_parent(row, c, effects);
        }
        self.check_killed_row(row)?;
        let (order, details) = (*self.orders.get(row), *self.orders.details(row));
        let at = order.at();
        let routed = order.marks & ROUTED != 0;
        let here = if routed { PRICE | QUANTITY } else { EVERY };
        if c.given == 0 || c.given & !here != 0 {
            return Err(Reason::BadTerms);
        }
        if matches!(order.kind, REQUEST | RESPONSE) {
            return Err(Reason::WrongBook);
        }
        if self.halted || self.instruments[at].halted {
            return Err(Reason::InstrumentHalted);
        }
        self.check_state(at)?;
        let mut asked = self.asked(row, c);
        self.check_asked(at, row, &asked)?;
        self.settle_asked(at, &order, &mut asked)?;
        self.check_change(at, &order, asked.price, asked.quantity)?;
        let left = asked.quantity - self.orders.filled(row);
        let given = if c.given & PRICE != 0 { c.price } else { 0 };
        self.check_limits_changed(row, given, (asked.price, asked.quantity))?;
        if routed {
            self.request_replace(at, row, (asked.price, asked.quantity), effects)?;
            self.count_accepted(&order, None);
            return Ok(());
        }
        let hold = if order.marks & ASIDE != 0 { 0 } else { self.may_change(at, &order, asked.price, left)? };
        self.count_accepted(&order, None);
        self.take_over(at, row, (order, details), (asked, hold), effects);
        Ok(())
    }

    /// The order with what is asked for, before anything follows from that.
    fn asked(&self, row: u32, c: &ReplaceSpecial) -> Asked {
        let (order, mut special) = (self.orders.get(row), self.special_of(row));
        let given = |bit: u16| c.given & bit != 0;
        if given(STOP_PRICE) {
            special.stop = c.stop;
        }
        if given(OFFSET) {
            special.offset = c.offset;
        }
        if given(DISPLAY) {
            special.display = c.display;
            if c.display == 0 {
                (special.display_high, special.seed) = (0, 0);
            }
        }
        if given(MINIMUM) {
            (special.min_quantity, special.done) = (c.min_quantity, 0);
        }
        if given(EXPIRE) {
            special.expire = c.expire;
        }
        Asked {
            given: c.given,
            price: if given(PRICE) { c.price } else { order.price },
            quantity: if given(QUANTITY) { c.quantity } else { self.orders.details(row).quantity },
            special,
            anchored: false,
        }
    }

    /// Checks what is given, in the order of docs/reference/orders.md.
    fn check_asked(&self, at: usize, row: u32, asked: &Asked) -> Result<(), Reason> {
        let (order, instrument) = (self.orders.get(row), &self.instruments[at]);
        let form = form_of(order, self.orders.details(row), asked);
        let (special, lot) = (&asked.special, instrument.terms.lot);
        let given = |bit: u16| asked.given & bit != 0;
        if given(QUANTITY) {
            check_quantity(asked.quantity, lot)?;
            if asked.quantity <= self.orders.filled(row) {
                return Err(Reason::QuantityNotAboveFilled);
            }
        }
        if given(PRICE) {
            if order.marks & ROUTED != 0 {
                check_price(asked.price, instrument.tick_at(asked.price))?;
            } else {
                form::check_limit(&form, instrument)?;
            }
        }
        if given(STOP_PRICE) {
            form::check_stop(&form, special, instrument)?;
        }
        if given(OFFSET) {
            form::check_offset(&form, special, instrument)?;
        }
        if given(DISPLAY) {
            form::check_display(&form, special, lot)?;
        }
        if given(QUANTITY) {
            form::check_peaks(&form, special)?;
        }
        if given(MINIMUM) {
            form::check_minimum(&form, special.min_quantity, lot)?;
            if special.min_quantity != 0 && special.display != 0 {
                return Err(Reason::BadMinimum);
            }
        }
        let late = order.tif != GTD || special.expire <= self.stamp;
        if given(EXPIRE) && late { Err(Reason::BadExpire) } else { Ok(()) }
    }

    /// What follows from the new terms: the price that it is held for, where a trailing stop stands.
    fn settle_asked(&self, at: usize, order: &Order, asked: &mut Asked) -> Result<(), Reason> {
        if order.marks & ROUTED != 0 {
            return Ok(());
        }
        if order.is_at_market() {
            asked.price = order.price;
        }
        if order.kind == STOP {
            asked.price = asked.special.stop;
        }
        if !matches!(order.kind, TRAILING_STOP | PEG) {
            return Ok(());
        }
        if asked.given & PRICE != 0 {
            asked.special.limit = asked.price;
        }
        if order.kind == PEG {
            asked.price = self.replaced_peg(order, &asked.special);
            return Ok(());
        }
        asked.anchored = asked.special.stop == 0 && order.marks & ASIDE == 0;
        let mut moved = *order;
        let stands = self.stand(at, &mut moved, &mut asked.special);
        asked.price = moved.price;
        if order.marks & ASIDE == 0 { stands } else { Ok(()) }
    }

    /// The order gets its new terms. Less of it, or other terms than its price, keep the place in the queue, if the
    /// book's rule says so.
    fn take_over(
        &mut self,
        at: usize,
        row: u32,
        (order, details): (Order, Details),
        (asked, hold): (Asked, i64),
        effects: &mut Effects,
    ) {
        let old = self.special_of(row);
        let place = |price: i64, special: &Special| (price, special.stop, special.offset);
        let keeps = self.markets[at].rules.get(Rule::ReplaceKeepsPriority) == LESS_KEEPS_PLACE
            && place(asked.price, &asked.special) == place(order.price, &old)
            && asked.quantity <= details.quantity;
        let stays = keeps || order.marks & PARKED != 0;
        self.touch(at);
        if !stays {
            self.take_out(row);
        }
        let (price, quantity) = (asked.price, asked.quantity);
        let hold = self.rehold_as_asked(at, row, (price, quantity), hold);
        let anchored = asked.anchored;
        self.set_asked(row, asked);
        effects.push(&Replaced { order: order.id, price, quantity, hold, priority_kept: u8::from(keeps) });
        if anchored {
            self.tell_price(at, row, effects);
        }
        if !stays {
            self.work(at, self.taker(row), Some(row), effects);
        }
    }

    /// Books the hold; a child whose parent is not done has none of its own.
    fn rehold_as_asked(&mut self, at: usize, row: u32, terms: (i64, i64), hold: i64) -> i64 {
        let order = self.orders.get(row);
        if order.marks & ASIDE == 0 {
            return self.set_terms_hold(at, row, terms, hold);
        }
        let held = self.instruments[at].positions.get(&order.account).map_or(0, |position| position.hold);
        if self.instruments[at].is_perpetual() { held } else { 0 }
    }

    /// The terms are those asked for, wherever the order stands.
    fn set_asked(&mut self, row: u32, asked: Asked) {
        let parked = self.orders.get(row).marks & PARKED != 0;
        if parked {
            self.unwatch(row);
        }
        let old = self.special_of(row);
        let before = self.orders.shown(row);
        self.set_terms(row, asked.price, asked.quantity);
        if asked.special != old {
            if self.orders.special(row).is_none() {
                self.orders.specify(row, asked.special);
            }
            *self.orders.special_mut(row).expect("just given") = asked.special;
            if asked.special.expire != old.expire {
                let id = self.orders.get(row).id;
                self.deadlines.remove(old.expire, deadlines::ORDER, id);
                self.deadlines.add(asked.special.expire, deadlines::ORDER, id);
            }
        }
        if parked {
            self.watch(row);
        } else if self.stands(row) {
            self.show_asked(row, asked.given, before);
        }
    }

    /// An order that stays where it stands shows what its new terms say.
    fn show_asked(&mut self, row: u32, given: u16, before: i64) {
        let (order, special) = (*self.orders.get(row), self.special_of(row));
        // one that loses its condition may have been passed over: it stays marked, so that it is tried once more
        let mut marks = order.marks & !PARTLY_SHOWN;
        if order.flags & HIDDEN != 0 || special.display != 0 {
            marks |= PARTLY_SHOWN;
        }
        if order.flags & ALL_OR_NONE != 0 || special.min_quantity != 0 {
            marks |= CONDITIONAL;
        }
        self.orders.get_mut(row).marks = marks;
        if special.display != 0 && given & DISPLAY != 0 {
            self.draw(order.at(), row);
        } else if let Some(special) = self.orders.special_mut(row) {
            special.shown = special.shown.min(order.left);
        }
        let less = before - self.orders.shown(row);
        let market = &mut self.markets[order.at()];
        market.book_of(&order).side_mut(order.buys()).shrink(&self.orders, row, less);
        if marks & (PARTLY_SHOWN | CONDITIONAL) != 0 {
            self.count(row);
        }
    }

    fn reduce_live(&mut self, c: &ReduceOrder, effects: &mut Effects) -> Result<(), Reason> {
        let row = self.owned(c.order, c.account)?;
        self.check_no_child(row)?;
        let order = *self.orders.get(row);
        if order.kind == WORKED {
            return self.reduce_parent(row, c.quantity, effects);
        }
        let at = order.at();
        if c.quantity <= 0 {
            return Err(Reason::QuantityNotPositive);
        }
        if c.quantity < order.left && c.quantity % self.instruments[at].terms.lot != 0 {
            return Err(Reason::OffLot);
        }
        if c.quantity >= order.left {
            self.cancel_row(row, CancelReason::User, effects);
        } else if order.marks & ROUTED != 0 {
            let quantity = self.orders.details(row).quantity - c.quantity;
            self.request_replace(at, row, (order.price, quantity), effects)?;
        } else {
            self.touch(at);
            self.cut(at, row, c.quantity, None, effects);
        }
        Ok(())
    }

    /// The venue is asked to replace; meanwhile the order holds for both.
    fn request_replace(
        &mut self,
        at: usize,
        row: u32,
        (price, quantity): (i64, i64),
        effects: &mut Effects,
    ) -> Result<(), Reason> {
        let order = *self.orders.get(row);
        let mut hold = self.may_change(at, &order, price, quantity - self.orders.filled(row))?;
        if self.instruments[at].is_perpetual() {
            hold = self.instruments[at].positions.get(&order.account).map_or(0, |p| p.hold);
        } else {
            hold = hold.max(order.hold);
            self.set_spot_hold(at, row, hold);
        }
        let venue = self.orders.details(row).venue;
        effects.push(&ReplaceRequested { order: order.id, venue, price, quantity, hold });
        Ok(())
    }
}

/// The order as if it were placed with what is asked for.
fn form_of(order: &Order, details: &Details, asked: &Asked) -> PlaceOrder {
    PlaceOrder {
        account: order.account,
        instrument: u32::from(order.instrument),
        venue: details.venue,
        side: order.side,
        kind: order.kind,
        tif: order.tif,
        flags: order.flags,
        price: asked.price,
        quantity: asked.quantity,
        client_id: details.client_id,
        session: details.session,
    }
}
