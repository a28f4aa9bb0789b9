//! Trading states: what an instrument takes in each, what a change of state does to its orders, and when a state ends by
//! itself.
use crate::deadlines::{EXPIRY, STATE};
use crate::engine::{Alive, Effects, Engine};
use crate::matching::Taker;
use crate::messages::{PlaceOrder, SessionChanged, SetSession, Triggered, Uncross};
use crate::names::{CancelReason, Reason, Rule, SessionCause, SessionState};
use crate::orders::{
    ALL_OR_NONE, AT_CLOSE, AT_OPEN, AWAITS_CALL, CHILD, FOK, HIDDEN, IOC, MARKET, MARKET_TO_LIMIT, PARTLY_SHOWN, PEG,
    POST_ONLY, Special, UNPRICED,
};
use crate::rules::CALL;
use crate::special::HELD;

impl Engine {
    pub(crate) fn set_session(&mut self, c: &SetSession, effects: &mut Effects) -> Result<(), Reason> {
        let at = self.at(c.instrument)?;
        let state = SessionState::of(c.state).ok_or(Reason::UnknownState)?;
        self.check_expiry(at)?;
        if state == SessionState::Continuous {
            self.check_halt(at)?;
            let market = &self.markets[at];
            let opens = market.state != SessionState::Continuous;
            if opens && market.has_auctions() && market.rules.get(Rule::Book) != CALL {
                self.auction(at, false, effects);
                self.end_of_call(at, effects);
            }
        }
        self.enter_state(at, state, SessionCause::Command, effects);
        Ok(())
    }

    pub(crate) fn uncross(&mut self, c: &Uncross, effects: &mut Effects) -> Result<(), Reason> {
        let at = self.at(c.instrument)?;
        self.check_expiry(at)?;
        if !self.markets[at].has_auctions() {
            return Err(Reason::WrongBook);
        }
        if !self.markets[at].is_call() {
            return Err(Reason::WrongSession);
        }
        self.check_halt(at)?;
        self.end_call(at, SessionCause::Uncrossed, effects);
        Ok(())
    }

    /// The auction of a call, then continuous trading; a book that is always in a call stays in its state.
    fn end_call(&mut self, at: usize, cause: SessionCause, effects: &mut Effects) {
        self.auction(at, true, effects);
        self.end_of_call(at, effects);
        if self.markets[at].state != SessionState::Continuous {
            self.enter_state(at, SessionState::Continuous, cause, effects);
        }
        self.touch(at);
    }

    pub(crate) fn check_expiry(&self, at: usize) -> Result<(), Reason> {
        let expiry = self.markets[at].rules.get(Rule::Expiry) as u64;
        if expiry != 0 && expiry <= self.stamp { Err(Reason::Expired) } else { Ok(()) }
    }

    fn check_halt(&self, at: usize) -> Result<(), Reason> {
        if self.is_halted(at) { Err(Reason::InstrumentHalted) } else { Ok(()) }
    }

    fn is_halted(&self, at: usize) -> bool {
        self.halted || self.instruments[at].halted
    }

    /// Does the state take orders and replacements at all?
    pub(crate) fn check_state(&self, at: usize) -> Result<(), Reason> {
        match self.markets[at].state {
            SessionState::Halted => Err(Reason::InstrumentHalted),
            SessionState::Closed => self.check_expiry(at).and(Err(Reason::WrongSession)),
            _ => Ok(()),
        }
    }

    /// Does the state take this order? A call takes only what can wait for its price.
    pub(crate) fn check_session(&self, at: usize, c: &PlaceOrder, special: Option<&Special>) -> Result<(), Reason> {
        self.check_state(at)?;
        let immediate = matches!(c.tif, IOC | FOK) || matches!(c.kind, MARKET_TO_LIMIT | PEG);
        let minimum = special.is_some_and(|special| special.min_quantity != 0);
        let conditions = minimum || c.flags & (POST_ONLY | ALL_OR_NONE) != 0;
        let wrong = c.venue == 0 && self.markets[at].is_call() && (immediate || conditions);
        if wrong { Err(Reason::WrongSession) } else { Ok(()) }
    }

    /// What becomes of an order that must not match now, or not yet; `None`: it may match.
    pub(crate) fn gather(&mut self, at: usize, taker: &Taker, row: u32, effects: &mut Effects) -> Option<Alive> {
        let market = &self.markets[at];
        let order = &taker.order;
        if !market.has_auctions() {
            return None;
        }
        if order.tif >= AT_OPEN && !market.takes(order.tif) {
            self.hold_for_auction(at, row, effects);
            return Some(true);
        }
        if market.matches() {
            return None;
        }
        let waits = if order.kind == MARKET { market.is_call() && order.price > 0 } else { !order.is_immediate() };
        if !waits || order.kind == MARKET_TO_LIMIT {
            self.end_row(row, CancelReason::Session, effects);
            return Some(false);
        }
        if order.kind == MARKET {
            let shown = if order.flags & HIDDEN == 0 { 0 } else { PARTLY_SHOWN };
            self.orders.get_mut(row).marks |= UNPRICED | shown;
            self.markets[at].unpriced.side_mut(taker.order.buys()).push(&mut self.orders, row);
        } else {
            self.rest(at, row);
        }
        self.touch(at);
        Some(true)
    }

    fn hold_for_auction(&mut self, at: usize, row: u32, effects: &mut Effects) {
        self.take_out(row);
        self.park(row, HELD, effects);
        let order = self.orders.get_mut(row);
        order.marks = (order.marks & !UNPRICED) | AWAITS_CALL;
        self.markets[at].held.insert(order.id);
    }

    /// The instrument is in this state from now on; its orders go, wait or come as the state asks.
    pub(crate) fn enter_state(&mut self, at: usize, state: SessionState, cause: SessionCause, effects: &mut Effects) {
        self.change_state(at, state, cause, effects);
        match state {
            SessionState::Halted => {}
            SessionState::Closed => self.end_day(at, effects),
            _ => {
                self.hold_back(at, effects);
                self.release_held(at, effects);
            }
        }
        self.touch(at);
    }

    fn change_state(&mut self, at: usize, state: SessionState, cause: SessionCause, effects: &mut Effects) {
        self.set_timer(at, 0);
        let market = &mut self.markets[at];
        market.edge = None;
        let before = std::mem::replace(&mut market.state, state);
        market.replan();
        effects.push(&SessionChanged { instrument: at as u32 + 1, state: state as u8, cause: cause as u8 });
        self.touch_makers(Some(at));
        if state == SessionState::Closed && before != state {
            self.score_makers(at, effects);
        }
    }

    /// Day orders and orders for auctions do not live beyond the close.
    fn end_day(&mut self, at: usize, effects: &mut Effects) {
        self.expire_day(at, effects);
        let mut rows = self.for_the_call(at);
        rows.extend(self.held_rows(at));
        self.end_in_order(rows, CancelReason::Session, effects);
        self.markets[at].held.clear();
    }

    fn end_in_order(&mut self, rows: Vec<u32>, reason: CancelReason, effects: &mut Effects) {
        let mut ids: Vec<u64> = rows.into_iter().map(|row| self.orders.get(row).id).collect();
        ids.sort_unstable();
        for id in ids {
            // what ended with one before it is gone already
            if let Some(row) = self.orders.find(id) {
                self.cancel_row(row, reason, effects);
            }
        }
    }

    /// Market orders, and orders for an auction only, do not stay after it.
    fn end_of_call(&mut self, at: usize, effects: &mut Effects) {
        let rows = self.for_the_call(at);
        self.end_in_order(rows, CancelReason::Session, effects);
    }

    /// Rows in the books that are there for the call only.
    fn for_the_call(&self, at: usize) -> Vec<u32> {
        let market = &self.markets[at];
        let books = [&market.unpriced, &market.book, &market.hidden];
        let rows = books.into_iter().flat_map(|book| [true, false].map(|buys| book.side(buys)));
        let only = |row: &u32| {
            let order = self.orders.get(*row);
            order.marks & UNPRICED != 0 || order.tif >= AT_OPEN
        };
        rows.flat_map(|side| side.in_priority(&self.orders)).filter(only).collect()
    }

    fn held_rows(&self, at: usize) -> Vec<u32> {
        let held = self.markets[at].held.iter().filter_map(|id| self.orders.find(*id));
        held.collect()
    }

    /// Orders of another auction leave the book until it is their turn.
    fn hold_back(&mut self, at: usize, effects: &mut Effects) {
        let mut rows = self.for_the_call(at);
        rows.sort_by_key(|row| self.orders.get(*row).id);
        for row in rows {
            if self.orders.get(row).tif >= AT_OPEN && !self.markets[at].takes(self.orders.get(row).tif) {
                self.hold_for_auction(at, row, effects);
            }
        }
    }

    /// Held orders whose auction it is come to the book, in order of id.
    fn release_held(&mut self, at: usize, effects: &mut Effects) {
        let market = &self.markets[at];
        let waiting: Vec<u64> = self.held_rows(at).into_iter().map(|row| self.orders.get(row).id).collect();
        if waiting.len() != market.held.len() {
            self.markets[at].held = waiting.iter().copied().collect();
        }
        for id in waiting {
            let row = self.orders.find(id).expect("a held order lives");
            let order = *self.orders.get(row);
            if self.markets[at].takes(order.tif) {
                self.markets[at].held.remove(&id);
                self.orders.get_mut(row).marks &= !AWAITS_CALL;
                self.unpark(row);
                effects.push(&Triggered { order: order.id, price: 0 });
                self.work(at, self.taker(row), Some(row), effects);
            }
        }
    }

    /// The present state ends after so many ns; 0: not by itself.
    pub(crate) fn set_timer(&mut self, at: usize, after_ns: i64) {
        let number = at as u64 + 1;
        let old = std::mem::take(&mut self.markets[at].timer);
        if old != 0 {
            self.deadlines.remove(old, STATE, number);
        }
        if after_ns > 0 {
            let due = self.stamp.saturating_add(after_ns as u64);
            self.markets[at].timer = due;
            self.deadlines.add(due, STATE, number);
        }
    }

    /// The state's time is over: a limit state becomes a pause, a pause an auction, an auction continuous trading.
    pub(crate) fn state_ends(&mut self, at: usize, effects: &mut Effects) {
        self.markets[at].timer = 0;
        let pause = self.markets[at].rules.get(Rule::PauseTime);
        match self.markets[at].state {
            SessionState::Continuous => self.enter_state(at, SessionState::Halted, SessionCause::Timer, effects),
            SessionState::Halted => self.enter_state(at, SessionState::VolatilityAuction, SessionCause::Timer, effects),
            _ if !self.is_halted(at) => return self.end_call(at, SessionCause::Timer, effects),
            _ => {}
        }
        self.set_timer(at, pause);
    }

    /// The instrument is at its end: everything goes, and nothing comes any more.
    pub(crate) fn expire(&mut self, at: usize, effects: &mut Effects) {
        self.change_state(at, SessionState::Closed, SessionCause::Expiry, effects);
        let own = |row: &u32| {
            let order = self.orders.get(*row);
            order.at() == at && order.marks & CHILD == 0
        };
        let rows: Vec<u32> = self.orders.by_id().filter(own).collect();
        self.end_in_order(rows, CancelReason::Expired, effects);
        self.markets[at].held.clear();
    }

    /// Deadlines of states and expiries, after the state was read back.
    pub(crate) fn watch_clock(&mut self) {
        let Self { markets, deadlines, stamp, .. } = self;
        for (number, market) in (1..).zip(markets.iter()) {
            if market.timer != 0 {
                deadlines.add(market.timer, STATE, number);
            }
            let expiry = market.rules.get(Rule::Expiry) as u64;
            if expiry > *stamp {
                deadlines.add(expiry, EXPIRY, number);
            }
        }
    }

    /// Sets the deadline of a new expiry, 0 for none.
    pub(crate) fn set_expiry(&mut self, at: usize, old: i64, new: i64) {
        let number = at as u64 + 1;
        if old != 0 {
            self.deadlines.remove(old as u64, EXPIRY, number);
        }
        if new != 0 {
            self.deadlines.add(new as u64, EXPIRY, number);
        }
    }
}

impl crate::market::Market {
    /// Does an order with this time in force stand in the book now?
    pub fn takes(&self, tif: u8) -> bool {
        let before = matches!(self.state, SessionState::PreOpen | SessionState::OpeningAuction);
        match tif {
            AT_OPEN => before,
            AT_CLOSE => self.state == SessionState::ClosingAuction,
            _ => self.is_call(),
        }
    }
}
