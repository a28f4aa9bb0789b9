//! What an incoming order is going to do in the book, worked out before anything changes.
//!
//! A plan is a list of steps against resting orders in their order, and why the rest of the incoming order goes, if a
//! rule says so (docs/reference/matching.md). Nothing here changes an order.
use std::collections::VecDeque;

use crate::allocation::{Share, share_out};
use crate::engine::Engine;
use crate::fitting::{falls_below, least, least_taken, too_little, wants_all};
use crate::names::{CancelReason, Rule};
use crate::orders::{LIQUIDATION, Order, QUOTE, REDUCE_ONLY, Special};
use crate::resting::peak;
use crate::rules::{CANCEL_BOTH, CANCEL_NEWEST, CANCEL_OLDEST, COMBINE, DECREMENT, LIT, Rules, SELF_TRADE_ALLOWED};

/// What happens to a resting order. `Cut`: both shrink without a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Fill,
    Drop(CancelReason),
    Cut,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub row: u32,
    pub quantity: i64,
    pub act: Act,
}

/// `end`: why what is left of the incoming order goes after the steps. `traded`, `value`, `worst`: lots of the fills, the
/// sum of price x lots, the last price.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub steps: Vec<Step>,
    pub end: Option<CancelReason>,
    pub traded: i64,
    pub value: i128,
    pub worst: i64,
}

/// A resting order in the queue of its price: what it has there now, and all that is left of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub row: u32,
    pub size: i64,
    pub left: i64,
    drawn: u32,
}

/// Works a plan out, price by price in priority: first come first served, or shared.
pub(crate) struct Planner<'a> {
    pub engine: &'a Engine,
    pub at: usize,
    pub taker: &'a Order,
    pub special: &'a Special,
    pub left: i64,
    pub self_trade: i64,
    pub plan: Plan,
}

/// A position may move by more than 64 bits only in thought.
type Moved = i128;

impl Engine {
    /// All steps, or none where a condition of the incoming order about all of them together is not met.
    pub(crate) fn plan(&self, at: usize, taker: &Order, special: &Special) -> Plan {
        let rules = &self.markets[at].rules;
        let all = wants_all(taker);
        let mut self_trade = rules.get(Rule::SelfTrade);
        if all && self_trade == DECREMENT {
            self_trade = CANCEL_OLDEST;
        }
        let left = taker.left;
        let mut planner = Planner { engine: self, at, taker, special, left, self_trade, plan: Plan::default() };
        if all && rules.get(Rule::Book) == LIT && rules.get(Rule::AllOrNone) == COMBINE {
            planner.combine();
        } else {
            planner.walk();
        }
        let plan = planner.plan;
        if too_little(rules, taker, special, plan.traded) { Plan::default() } else { plan }
    }

    /// Prices of a side, best first, hidden orders' too.
    pub(crate) fn prices(&self, at: usize, buys: bool) -> impl Iterator<Item = i64> + '_ {
        let market = &self.markets[at];
        let mut shown = market.book.side(buys).levels().map(|(price, _)| price).peekable();
        let mut hidden = market.hidden.side(buys).levels().map(|(price, _)| price).peekable();
        std::iter::from_fn(move || {
            let price = match (shown.peek().copied(), hidden.peek().copied()) {
                (Some(first), Some(second)) => Some(if buys { first.max(second) } else { first.min(second) }),
                (first, second) => first.or(second),
            }?;
            shown.next_if_eq(&price);
            hidden.next_if_eq(&price);
            Some(price)
        })
    }
}

impl<'a> Planner<'a> {
    pub(crate) fn rules(&self) -> &'a Rules {
        &self.engine.markets[self.at].rules
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left == 0 || self.plan.end.is_some()
    }

    /// Hands every queue that the order reaches to `serve`: by price, visible before hidden.
    pub(crate) fn each_queue(&mut self, mut serve: impl FnMut(&mut Self, bool, i64)) {
        let taker = self.taker;
        for price in self.engine.prices(self.at, !taker.buys()).take_while(|price| taker.reaches(*price)) {
            for hidden in [false, true] {
                if self.is_over() {
                    return;
                }
                serve(self, hidden, price);
            }
        }
    }

    /// Hands the places of a queue to `look` in priority, until the order is done. An iceberg whose peak `look` uses up
    /// comes again behind the others.
    pub(crate) fn each_place(
        &mut self,
        hidden: bool,
        price: i64,
        mut look: impl FnMut(&mut Self, Place) -> Option<Place>,
    ) {
        let (engine, taker) = (self.engine, self.taker);
        let market = &engine.markets[self.at];
        let side = if hidden { &market.hidden } else { &market.book }.side(!taker.buys());
        let by_maker = self.rules().get(Rule::MakerPriority) != 0;
        let passes: &[Option<bool>] = if by_maker { &[Some(true), Some(false)] } else { &[None] };
        let mut again = VecDeque::new();
        for pass in passes {
            for row in side.queue(&engine.orders, price) {
                if pass.is_some_and(|quotes| quotes != (engine.orders.get(row).flags & QUOTE != 0)) {
                    continue;
                }
                if self.is_over() {
                    return;
                }
                let maker = engine.orders.get(row).account;
                if taker.kind == LIQUIDATION && engine.ledger.same_owner(maker, taker.account) {
                    continue;
                }
                again.extend(look(self, place_of(engine, row)));
            }
        }
        while let Some(place) = again.pop_front()
            && !self.is_over()
        {
            again.extend(look(self, place));
        }
    }

    fn walk(&mut self) {
        let in_time = self.rules().get(Rule::Book) == LIT;
        self.each_queue(|planner, hidden, price| {
            if in_time {
                planner.each_place(hidden, price, Self::serve);
            } else {
                planner.share(hidden, price);
            }
        });
    }

    pub(crate) fn order(&self, place: &Place) -> &'a Order {
        self.engine.orders.get(place.row)
    }

    /// First come, first served.
    fn serve(&mut self, place: Place) -> Option<Place> {
        if self.is_own(&place) {
            self.meet_own(&place);
            return None;
        }
        let (room, offered) = (self.room(), self.offered(&place, 0));
        if room == 0 {
            return None;
        }
        if offered == 0 {
            self.drop_order(&place, CancelReason::ReduceOnly);
        }
        let quantity = if self.with_itself(&place) { self.left } else { room }.min(offered);
        if !self.fits(&place, quantity) {
            return None;
        }
        self.fill(&place, quantity);
        self.next_peak(&place, quantity, 0)
    }

    pub(crate) fn is_own(&self, place: &Place) -> bool {
        self.self_trade != SELF_TRADE_ALLOWED && self.order(place).account == self.taker.account
    }

    /// The incoming order meets one of its own account.
    fn meet_own(&mut self, place: &Place) {
        if matches!(self.self_trade, CANCEL_OLDEST | CANCEL_BOTH) {
            self.drop_order(place, CancelReason::SelfTrade);
        }
        if matches!(self.self_trade, CANCEL_NEWEST | CANCEL_BOTH) {
            self.plan.end = Some(CancelReason::SelfTrade);
        }
        if self.self_trade == DECREMENT {
            let both = self.left.min(place.left);
            self.plan.steps.push(Step { row: place.row, quantity: both, act: Act::Cut });
            if both == self.left {
                self.plan.end = Some(CancelReason::SelfTrade);
            } else {
                self.left -= both;
            }
        }
    }

    fn drop_order(&mut self, place: &Place, reason: CancelReason) {
        self.plan.steps.push(Step { row: place.row, quantity: 0, act: Act::Drop(reason) });
    }

    /// What the incoming order may still trade; ends it if it is reduce-only and can reduce nothing more.
    fn room(&mut self) -> i64 {
        if self.taker.flags & REDUCE_ONLY == 0 {
            return self.left;
        }
        let room = self.left.min(self.capacity(self.taker, 0));
        if room == 0 {
            self.plan.end = Some(CancelReason::ReduceOnly);
        }
        room
    }

    /// What the resting order has to give now: less than it shows, or nothing, if it is reduce-only. `also`: see
    /// [`Self::capacity`].
    pub(crate) fn offered(&self, place: &Place, also: i128) -> i64 {
        let order = self.order(place);
        if order.flags & REDUCE_ONLY == 0 {
            return place.size;
        }
        let capacity = self.capacity(order, also);
        if capacity > 0 && self.with_itself(place) { place.size } else { place.size.min(capacity) }
    }

    /// Would an account trade with itself? That moves no position, so that reduce-only sets no limit.
    fn with_itself(&self, place: &Place) -> bool {
        self.order(place).account == self.taker.account
    }

    /// What a reduce-only order may trade after the planned fills; `also`: lots its account trades besides.
    pub(crate) fn capacity(&self, order: &Order, also: i128) -> i64 {
        let signed = |buys: bool, lots: i128| if buys { lots } else { -lots };
        let mut moved: Moved = signed(order.buys(), also);
        for step in self.plan.steps.iter().filter(|step| step.act == Act::Fill) {
            for side in [self.engine.orders.get(step.row), self.taker] {
                if side.account == order.account {
                    moved += signed(side.buys(), step.quantity.into());
                }
            }
        }
        self.engine.capacity(self.at, order, moved)
    }

    /// The least that both sides take part in.
    pub(crate) fn least(&self, place: &Place) -> i64 {
        let special = self.engine.special_of(place.row);
        let resting = least(self.rules(), self.order(place), &special, place.left);
        resting.max(least_taken(self.rules(), self.special, self.left))
    }

    /// Do both sides take part in a fill of this size?
    pub(crate) fn fits(&self, place: &Place, quantity: i64) -> bool {
        quantity > 0 && quantity >= self.least(place)
    }

    pub(crate) fn fill(&mut self, place: &Place, quantity: i64) {
        let price = self.order(place).price;
        self.plan.steps.push(Step { row: place.row, quantity, act: Act::Fill });
        self.plan.traded += quantity;
        self.plan.value += i128::from(price) * i128::from(quantity);
        self.plan.worst = price;
        self.left -= quantity;
        if falls_below(self.rules(), self.special, self.left) {
            self.plan.end = Some(CancelReason::Minimum);
        }
    }

    /// The place that an iceberg takes behind the others when its peak is used up, if there is one.
    pub(crate) fn next_peak(&self, place: &Place, taken: i64, also: i128) -> Option<Place> {
        let (order, left) = (self.order(place), place.left - taken);
        if taken < place.size || left == 0 || (order.flags & REDUCE_ONLY != 0 && self.capacity(order, also) == 0) {
            return None;
        }
        let special = self.engine.special_of(place.row);
        let lot = self.engine.instruments[self.at].terms.lot;
        let size = left.min(peak(&special, place.drawn, lot));
        Some(Place { row: place.row, size, left, drawn: place.drawn + 1 })
    }

    /// All at a price together; icebergs share with their peaks, round by round.
    fn share(&mut self, hidden: bool, price: i64) {
        let mut places = Vec::new();
        self.each_place(hidden, price, |_, place| {
            places.push(place);
            None
        });
        while !places.is_empty() && !self.is_over() {
            let mine: Vec<Place> = places.extract_if(.., |place| self.is_own(place)).collect();
            if matches!(self.self_trade, CANCEL_OLDEST | DECREMENT) {
                for place in &mine {
                    if !self.is_over() {
                        self.meet_own(place);
                    }
                }
            }
            places = if self.is_over() { Vec::new() } else { self.share_round(&places) };
            if let Some(first) = mine.first()
                && !self.is_over()
                && matches!(self.self_trade, CANCEL_NEWEST | CANCEL_BOTH)
            {
                self.meet_own(first);
            }
        }
    }

    /// One division of the incoming order; returns the peaks that come after it.
    fn share_round(&mut self, places: &[Place]) -> Vec<Place> {
        let room = self.room();
        let mut offers: Vec<(Place, i64)> = Vec::new();
        for place in places.iter().filter(|_| room > 0) {
            let account = self.order(place).account;
            let others = offers.iter().filter(|(other, _)| self.order(other).account == account);
            let also = others.map(|(_, size)| i128::from(*size)).sum();
            let size = self.offered(place, also);
            if size > 0 {
                offers.push((*place, size));
            } else {
                self.drop_order(place, CancelReason::ReduceOnly);
            }
        }
        let served = loop {
            let given = self.given(&offers, room);
            let fits: Vec<bool> =
                offers.iter().zip(&given).map(|((place, _), lots)| *lots == 0 || self.fits(place, *lots)).collect();
            if fits.iter().all(|fits| *fits) {
                break given;
            }
            let mut fits = fits.into_iter();
            offers.retain(|_| fits.next() == Some(true));
        };
        let served: Vec<(Place, i64)> =
            offers.iter().zip(served).filter(|(_, lots)| *lots > 0).map(|((place, _), lots)| (*place, lots)).collect();
        for (place, lots) in &served {
            self.fill(place, *lots);
        }
        if self.left > 0 && served.iter().map(|(_, lots)| *lots).sum::<i64>() == room {
            self.plan.end = self.plan.end.or(Some(CancelReason::ReduceOnly));
        }
        served.iter().filter_map(|(place, lots)| self.next_peak(place, *lots, 0)).collect()
    }

    /// What each of the offers gets of `room`.
    fn given(&self, offers: &[(Place, i64)], room: i64) -> Vec<i64> {
        let share_of = |(place, size): &(Place, i64)| {
            let order = self.order(place);
            let maker = order.flags & QUOTE != 0 && self.engine.is_maker(order.account, self.at);
            Share { size: *size, given: 0, top: order.marks & crate::orders::TOP != 0, maker }
        };
        let mut shares: Vec<Share> = offers.iter().map(share_of).collect();
        let all: i128 = shares.iter().map(|share| i128::from(share.size)).sum();
        let taken = all.min(room.into()) as i64;
        share_out(&mut shares, taken, self.engine.instruments[self.at].terms.lot, self.rules());
        shares.iter().map(|share| share.given).collect()
    }
}

fn place_of(engine: &Engine, row: u32) -> Place {
    let order = engine.orders.get(row);
    let special = if order.is_iceberg() { engine.orders.special(row) } else { None };
    let (size, drawn) = special.map_or((order.left, 0), |special| (special.shown, special.drawn));
    Place { row, size, left: order.left, drawn }
}
