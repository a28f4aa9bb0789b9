//! Stops and trailing stops: which price sets them off, how they follow it, and what they do then.
use std::collections::{BTreeSet, VecDeque};

use crate::engine::{Effects, Engine};
use crate::instrument::Instrument;
use crate::matching::Taker;
use crate::messages::{Trailed, Triggered};
use crate::names::{CancelReason, Reason, Rule, SessionState};
use crate::orders::{ASIDE, FOK, LIMIT, MARKET, Order, PARKED, STOP_LIMIT, Special, TRAILING_STOP};
use crate::special::PENDING;
use crate::values::PRICE_MAX;

/// What a stop watches: the last trade on the house book, the mark, or (3) the newer of both.
const LAST: u8 = 1;
const MARK: u8 = 2;
const KINDS: usize = 3;
/// The rule of the book by which stops that one price reached are set off: nearest first (else by number).
const NEAREST: i64 = 2;

/// One side's stops that watch one sort of price: by stop, and trailing ones by the price beyond which they move.
#[derive(Debug, Clone, Default)]
struct Waiting {
    by_stop: BTreeSet<(i64, u64)>,
    by_mover: BTreeSet<(i64, u64)>,
}

/// The stops of a market that wait, and those that were set off in this pass, with the price that did it.
#[derive(Debug, Clone, Default)]
pub struct Triggers {
    waiting: [[Waiting; 2]; KINDS],
    queue: VecDeque<(u64, i64)>,
}

impl Triggers {
    fn of(&mut self, order: &Order, special: &Special) -> &mut Waiting {
        &mut self.waiting[usize::from(special.trigger) - 1][usize::from(!order.buys())]
    }

    fn add(&mut self, order: &Order, special: &Special) {
        let waiting = self.of(order, special);
        waiting.by_stop.insert((special.stop, order.id));
        if order.kind == TRAILING_STOP {
            waiting.by_mover.insert((mover(order, special), order.id));
        }
    }

    fn remove(&mut self, order: &Order, special: &Special) {
        let waiting = self.of(order, special);
        waiting.by_stop.remove(&(special.stop, order.id));
        waiting.by_mover.remove(&(mover(order, special), order.id));
    }

    /// Stops that a price reached: (side, how far the nearest comes first, number).
    fn reached(&self, kind: usize, price: i64) -> impl Iterator<Item = (bool, i64, u64)> + '_ {
        let [buys, sells] = &self.waiting[kind];
        let buys = buys.by_stop.range(..=(price, u64::MAX)).map(|(stop, id)| (false, *stop, *id));
        let sells = sells.by_stop.range((price, 0)..).map(|(stop, id)| (true, -*stop, *id));
        buys.chain(sells)
    }

    /// Trailing stops that a price may move.
    fn moved(&self, kind: usize, price: i64) -> impl Iterator<Item = u64> + '_ {
        let [buys, sells] = &self.waiting[kind];
        let buys = buys.by_mover.range((price, u64::MAX)..);
        buys.chain(sells.by_mover.range(..(price, 0))).map(|(_, id)| *id)
    }
}

/// The price beyond which a trailing stop moves.
fn mover(order: &Order, special: &Special) -> i64 {
    if order.buys() { special.stop - special.offset } else { special.stop + special.offset }
}

fn reaches(order: &Order, stop: i64, price: i64) -> bool {
    price > 0 && if order.buys() { price >= stop } else { price <= stop }
}

impl Instrument {
    /// The price that stops of this sort watch; 0 while there is none.
    pub fn watched(&self, trigger: u8) -> i64 {
        match trigger {
            LAST => self.last_trade,
            MARK => self.mark,
            _ => self.latest,
        }
    }
}

impl Engine {
    /// Are stops set off there now?
    pub(crate) fn sets_off(&self, at: usize) -> bool {
        !self.halted && !self.instruments[at].halted && self.markets[at].state == SessionState::Continuous
    }

    /// A stop begins to wait for its price.
    pub(crate) fn watch(&mut self, row: u32) {
        let (order, special) = (*self.orders.get(row), self.special_of(row));
        if order.is_stop() && order.marks & ASIDE == 0 {
            self.markets[order.at()].triggers.add(&order, &special);
        }
    }

    pub(crate) fn unwatch(&mut self, row: u32) {
        let (order, special) = (*self.orders.get(row), self.special_of(row));
        if order.is_stop() && order.marks & ASIDE == 0 {
            self.markets[order.at()].triggers.remove(&order, &special);
        }
    }

    /// Where a trailing stop stands at its distance from the watched price, away from it to the tick; 0: nowhere.
    fn anchored(&self, at: usize, order: &Order, special: &Special) -> i64 {
        let instrument = &self.instruments[at];
        let price = instrument.watched(special.trigger);
        if price == 0 || (!order.buys() && price <= special.offset) {
            return 0;
        }
        let stop = if order.buys() {
            instrument.ceil_tick(price + special.offset)
        } else {
            instrument.floor_tick(price - special.offset)
        };
        if stop <= PRICE_MAX { stop } else { 0 }
    }

    /// Settles what a new stop watches, where it stands and what it is held at.
    pub(crate) fn prepare(&self, at: usize, order: &mut Order, special: &mut Special) -> Result<(), Reason> {
        if special.trigger == 0 {
            special.trigger = self.markets[at].rules.get(Rule::StopTrigger) as u8;
        }
        special.limit = if order.kind == TRAILING_STOP { order.price } else { 0 };
        let stands = self.stand(at, order, special);
        if order.marks & ASIDE == 0 { stands } else { Ok(()) }
    }

    /// A trailing stop without a stop takes its distance from the watched price (once its parent is done).
    pub(crate) fn stand(&self, at: usize, order: &mut Order, special: &mut Special) -> Result<(), Reason> {
        if special.stop == 0 && order.marks & ASIDE == 0 {
            special.stop = self.anchored(at, order, special);
        }
        if order.kind != STOP_LIMIT {
            order.price = if special.limit == 0 { special.stop } else { special.limit };
        }
        if special.stop == 0 { Err(Reason::NoReferencePrice) } else { Ok(()) }
    }

    /// Where an order goes that waits for nobody: to its trigger, unless that came, or to the book.
    pub(crate) fn start(&mut self, at: usize, row: u32, effects: &mut Effects) {
        let order = *self.orders.get(row);
        if !order.is_stop() {
            self.work(at, self.taker(row), Some(row), effects);
            return;
        }
        let special = self.special_of(row);
        let price = self.instruments[at].watched(special.trigger);
        if self.sets_off(at) && reaches(&order, special.stop, price) {
            self.fire(at, row, price, effects);
        } else {
            self.park(row, PENDING, effects);
        }
    }

    fn fire(&mut self, at: usize, row: u32, price: i64, effects: &mut Effects) {
        effects.push(&Triggered { order: self.orders.get(row).id, price });
        self.unpark(row);
        self.end_partner(row, effects);
        let limited = self.special_of(row).limit != 0;
        let order = self.orders.get_mut(row);
        order.kind = if order.kind == STOP_LIMIT || limited { LIMIT } else { MARKET };
        if order.kind == MARKET {
            self.work_at_market(at, row, effects);
        } else {
            self.work(at, self.taker(row), Some(row), effects);
        }
    }

    /// An order at the market that waited: it needs a price to stop at and the funds for that now.
    pub(crate) fn work_at_market(&mut self, at: usize, row: u32, effects: &mut Effects) {
        let mut taker = Taker { special: self.orders.special(row).copied(), ..self.taker(row) };
        if self.is_spent(at, &taker.order) {
            self.end_row(row, CancelReason::ReduceOnly, effects);
            return;
        }
        if self.price_at_market(at, &mut taker).is_err() || self.ask_hold(at, row, &taker).is_err() {
            self.end_row(row, CancelReason::Funds, effects);
            return;
        }
        if taker.walk.is_some_and(|walk| walk.units == 0) {
            let reason = if taker.order.tif == FOK { CancelReason::Fok } else { CancelReason::Ioc };
            self.end_row(row, reason, effects);
            return;
        }
        self.work(at, Taker { walk: taker.walk, ..self.taker(row) }, Some(row), effects);
    }

    /// Trailing stops follow the watched price when it moves away from them; one that lacks the funds stays.
    pub(crate) fn trail(&mut self, at: usize, effects: &mut Effects) -> bool {
        let moved = self.sets_off(at) && self.trail_all(at, effects);
        self.collect(at);
        moved
    }

    fn trail_all(&mut self, at: usize, effects: &mut Effects) -> bool {
        let (triggers, instrument) = (&self.markets[at].triggers, &self.instruments[at]);
        let prices = (0..KINDS).map(|kind| (kind, instrument.watched(kind as u8 + 1))).filter(|(_, price)| *price > 0);
        let mut ids: Vec<u64> = prices.flat_map(|(kind, price)| triggers.moved(kind, price)).collect();
        ids.sort_unstable();
        let mut moved = false;
        for id in ids {
            moved |= self.trail_one(at, self.orders.find(id).expect("who waits is alive"), effects);
        }
        moved
    }

    fn trail_one(&mut self, at: usize, row: u32, effects: &mut Effects) -> bool {
        let (order, special) = (*self.orders.get(row), self.special_of(row));
        let stop = self.anchored(at, &order, &special);
        let better = if order.buys() { stop < special.stop } else { stop > special.stop };
        if stop == 0 || !better {
            return false;
        }
        let limit = self.trailed_limit(at, &order, &special, stop);
        let price = if special.limit == 0 { stop } else { limit };
        if !(1..=PRICE_MAX).contains(&price) {
            return false;
        }
        let Ok(hold) = self.may_change(at, &order, price, order.left) else {
            return false;
        };
        self.unwatch(row);
        let quantity = self.orders.details(row).quantity;
        self.set_terms_hold(at, row, (price, quantity), hold);
        self.orders.get_mut(row).price = price;
        let terms = self.orders.special_mut(row).expect("a trailing stop has special terms");
        (terms.stop, terms.limit) = (stop, limit);
        self.watch(row);
        effects.push(&Trailed { order: order.id, stop, price: limit });
        true
    }

    /// The limit goes as far as the stop, and to the tick in the client's favour; 0 if it has none.
    fn trailed_limit(&self, at: usize, order: &Order, special: &Special, stop: i64) -> i64 {
        let (instrument, limit) = (&self.instruments[at], (special.limit + stop - special.stop).max(0));
        match special.limit {
            0 => 0,
            _ if order.buys() => instrument.floor_tick(limit),
            _ => instrument.ceil_tick(limit),
        }
    }

    /// Queues the stops that the watched price reached, by the rule of the book.
    fn collect(&mut self, at: usize) {
        if !self.sets_off(at) {
            for (id, _) in std::mem::take(&mut self.markets[at].triggers.queue) {
                if let Some(row) = self.orders.find(id) {
                    self.watch(row);
                }
            }
            return;
        }
        let (market, instrument) = (&self.markets[at], &self.instruments[at]);
        let mut found = Vec::new();
        for kind in 0..KINDS {
            let price = instrument.watched(kind as u8 + 1);
            if price > 0 {
                found.extend(market.triggers.reached(kind, price).map(|key| (key, price)));
            }
        }
        if market.rules.get(Rule::StopOrder) == NEAREST {
            found.sort_unstable();
        } else {
            found.sort_unstable_by_key(|((_, _, id), _)| *id);
        }
        for ((_, _, id), price) in found {
            self.unwatch(self.orders.find(id).expect("who waits is alive"));
            self.markets[at].triggers.queue.push_back((id, price));
        }
    }

    /// Sets off the first stop in the queue that still waits.
    pub(crate) fn fire_stop(&mut self, at: usize, effects: &mut Effects) -> bool {
        while let Some((id, price)) = self.markets[at].triggers.queue.pop_front() {
            if let Some(row) = self.orders.find(id)
                && self.orders.get(row).marks & PARKED != 0
            {
                self.fire(at, row, price, effects);
                return true;
            }
        }
        false
    }
}
