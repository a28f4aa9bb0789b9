//! Price bands: where an instrument may trade, and what happens at the edge; docs/reference/sessions.md has the rule books.
use crate::engine::{Effects, Engine};
use crate::market::Edge;
use crate::matching::Taker;
use crate::messages::{LimitState, PlaceOrder};
use crate::names::{CancelReason, Reason, Rule, SessionCause, SessionState};
use crate::orders::{BUY, FOK, LIMIT, MARKET_TO_LIMIT, Order, ROUTED, STOP_LIMIT};
use crate::values::{BPS, ceil_div, floor_div};
use crate::walking::Plan;

/// What happens to a trade outside the bands, besides not happening: the rule `band_action`.
const CANCEL: i64 = 1;
const AUCTION: i64 = 2;
const LIMIT_STATE: i64 = 3;

/// The prices that an order may trade at now, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub low: i64,
    pub high: i64,
}

const EVERYTHING: Bounds = Bounds { low: 0, high: i64::MAX };

impl Bounds {
    fn around(reference: i64, bps: i64) -> Self {
        if reference == 0 || bps == 0 {
            return EVERYTHING;
        }
        let times = |by: i64| i128::from(reference) * (BPS + i128::from(by));
        Self { low: ceil_div(times(-bps), BPS) as i64, high: floor_div(times(bps), BPS) as i64 }
    }

    fn within(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.min(other.high) }
    }

    fn hold(&self, price: i64) -> bool {
        (self.low..=self.high).contains(&price)
    }

    /// The order as far as it may go; one that would meet a price on the far side of the band goes nowhere.
    pub fn shorten(&self, order: &Order, best: Option<i64>) -> Order {
        let mut order = *order;
        let beyond = |best: i64| if order.buys() { best < self.low } else { best > self.high };
        if best.is_some_and(beyond) {
            order.price = if order.buys() { 0 } else { i64::MAX };
        } else if order.buys() {
            order.price = order.price.min(self.high);
        } else {
            order.price = order.price.max(self.low);
        }
        order
    }
}

impl Engine {
    /// Around the last mark or the last auction's price, whichever came later.
    fn static_bounds(&self, at: usize) -> Bounds {
        let market = &self.markets[at];
        let reference = if market.auction_price > 0 { market.auction_price } else { self.instruments[at].mark };
        Bounds::around(reference, market.rules.get(Rule::StaticBand))
    }

    /// The nearer of the static and the dynamic band on each side; `None` where the book has no bands.
    pub(crate) fn bounds(&self, at: usize) -> Option<Bounds> {
        let rules = &self.markets[at].rules;
        if rules.get(Rule::StaticBand) == 0 && rules.get(Rule::DynamicBand) == 0 {
            return None;
        }
        let dynamic = Bounds::around(self.instruments[at].last_trade, rules.get(Rule::DynamicBand));
        Some(self.static_bounds(at).within(dynamic))
    }

    /// What the rules of the market ask of an order's price, which stands for it at the house book or at a venue.
    pub(crate) fn check_worth(&self, at: usize, order: &Order, quantity: i64) -> Result<(), Reason> {
        let least = self.markets[at].rules.get(Rule::MinNotional);
        let value = self.instruments[at].value_up(order.price, quantity, 0);
        let little = order.price > 0 && value.is_some_and(|value| value < least);
        if little { Err(Reason::BelowMinimumNotional) } else { Ok(()) }
    }

    /// A limit price outside the static band is not taken.
    pub(crate) fn check_band(&self, at: usize, price: i64) -> Result<(), Reason> {
        if self.static_bounds(at).hold(price) { Ok(()) } else { Err(Reason::OutsideBand) }
    }

    /// Both, for a new order.
    pub(crate) fn check_guards(&self, at: usize, c: &PlaceOrder, taker: &Taker) -> Result<(), Reason> {
        if c.venue == 0 && matches!(c.kind, LIMIT | STOP_LIMIT) {
            self.check_band(at, c.price)?;
        }
        self.check_worth(at, &taker.order, c.quantity)
    }

    /// The same for a change: a new limit price, a new total.
    pub(crate) fn check_change(&self, at: usize, order: &Order, price: i64, quantity: i64) -> Result<(), Reason> {
        let limited = matches!(order.kind, LIMIT | STOP_LIMIT) && order.marks & ROUTED == 0;
        if limited && price != order.price {
            self.check_band(at, price)?;
        }
        self.check_worth(at, &Order { price, ..*order }, quantity)
    }

    /// The best price of one side, hidden orders included.
    pub(crate) fn best_of(&self, at: usize, buys: bool) -> Option<i64> {
        let market = &self.markets[at];
        let found = [&market.book, &market.hidden].map(|book| book.side(buys).best());
        let found = found.into_iter().flatten();
        if buys { found.max() } else { found.min() }
    }

    /// What the order is going to do, within its bounds if there are any.
    pub(crate) fn plan_within(&self, at: usize, row: u32, bounds: Option<Bounds>) -> Plan {
        let order = *self.orders.get(row);
        let order = bounds.map_or(order, |bounds| bounds.shorten(&order, self.best_of(at, !order.buys())));
        self.plan(at, &order, &self.special_of(row))
    }

    /// The order has traded as far as its band lets it. If it would go on, the band's rule acts; why the rest goes, if it
    /// must. `bounds` are those that it began with.
    pub(crate) fn meet_band(
        &mut self,
        at: usize,
        row: u32,
        bounds: Bounds,
        effects: &mut Effects,
    ) -> Option<CancelReason> {
        let order = *self.orders.get(row);
        let beyond = self.plan_within(at, row, None);
        if order.tif == FOK || (beyond.steps.is_empty() && beyond.end.is_none()) {
            return None;
        }
        let stays = !order.is_immediate() && order.kind != MARKET_TO_LIMIT;
        match self.markets[at].rules.get(Rule::BandAction) {
            CANCEL => Some(CancelReason::Band),
            AUCTION => {
                self.enter_state(at, SessionState::VolatilityAuction, SessionCause::Band, effects);
                self.set_timer(at, self.markets[at].rules.get(Rule::PauseTime));
                (!stays).then_some(CancelReason::Band)
            }
            _ if stays => self.rest_at_edge(at, row, bounds, effects),
            _ => Some(CancelReason::Band),
        }
    }

    /// The price, or where the rule says that orders rest at the edge of the band, at most that.
    pub(crate) fn at_edge(&self, order: &Order, price: i64) -> i64 {
        let (at, instrument) = (order.at(), &self.instruments[order.at()]);
        match self.bounds(at).filter(|_| self.markets[at].rules.get(Rule::BandAction) == LIMIT_STATE) {
            Some(bounds) if order.buys() && price > bounds.high => instrument.floor_tick(bounds.high),
            Some(bounds) if !order.buys() && price < bounds.low => instrument.ceil_tick(bounds.low),
            _ => price,
        }
    }

    /// The rest of the order moves to the edge of the band, where it rests; the market is in a limit state then.
    fn rest_at_edge(&mut self, at: usize, row: u32, bounds: Bounds, effects: &mut Effects) -> Option<CancelReason> {
        let (order, instrument) = (*self.orders.get(row), &self.instruments[at]);
        let best = self.best_of(at, !order.buys());
        let far = best.is_some_and(|best| if order.buys() { best < bounds.low } else { best > bounds.high });
        let price = if order.buys() { instrument.floor_tick(bounds.high) } else { instrument.ceil_tick(bounds.low) };
        if far || price == 0 {
            return Some(CancelReason::Band);
        }
        if let Err(reason) = self.reprice(at, row, price, effects) {
            return Some(reason);
        }
        if self.markets[at].edge.is_none() {
            self.markets[at].edge = Some(Edge { side: order.side, price });
            self.markets[at].replan();
            effects.push(&LimitState { instrument: at as u32 + 1, entered: 1, side: order.side, price });
            self.set_timer(at, self.markets[at].rules.get(Rule::LimitStateTime));
        }
        None
    }

    /// A limit state ends when nothing rests at the edge any more, or the other side has an order there or inside.
    pub(crate) fn leave_limit_state(&mut self, at: usize, effects: &mut Effects) -> bool {
        let Some(edge) = self.markets[at].edge else {
            return false;
        };
        let market = &self.markets[at];
        let buys = edge.side == BUY;
        let waits = [&market.book, &market.hidden].iter().any(|book| book.side(buys).level(edge.price).count > 0);
        let inside = |best: i64| if buys { best <= edge.price } else { best >= edge.price };
        if waits && !self.best_of(at, !buys).is_some_and(inside) {
            return false;
        }
        self.end_limit_state(at, edge, effects);
        true
    }

    /// A new mark moved the static band: if the other side is inside it now, the limit state ends.
    pub(crate) fn band_moved(&mut self, at: usize, effects: &mut Effects) {
        let Some(edge) = self.markets[at].edge else {
            return;
        };
        let best = self.best_of(at, edge.side != BUY);
        let banded = self.markets[at].rules.get(Rule::StaticBand) != 0;
        if banded && best.is_some_and(|best| self.static_bounds(at).hold(best)) {
            self.end_limit_state(at, edge, effects);
        }
    }

    fn end_limit_state(&mut self, at: usize, edge: Edge, effects: &mut Effects) {
        self.markets[at].edge = None;
        self.markets[at].replan();
        self.set_timer(at, 0);
        effects.push(&LimitState { instrument: at as u32 + 1, entered: 0, side: edge.side, price: edge.price });
    }
}
