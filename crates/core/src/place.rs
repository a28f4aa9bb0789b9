//! The gate: what an order must pass, and what it must hold before it may trade.
use crate::engine::{Alive, Effects, Engine};
use crate::form;
use crate::history::Wording;
use crate::instrument::{Instrument, fee_hold};
use crate::ledger::{LOST_TOO_MUCH, VENUE};
use crate::matching::Taker;
use crate::measures::{Asked, Step};
use crate::messages::{Accepted, PlaceOrder, PlaceSpecial, Trailed};
use crate::names::{CancelReason, Reason, Rule};
use crate::orders::{
    ASIDE, BUY, Details, FOK, MARKET, MARKET_TO_LIMIT, NAMED, NONE, Order, PEG, POST_ONLY, QUOTE, REDUCE_ONLY, REQUEST,
    ROUTED, SHORT, Special, TRAILING_STOP, UNHELD, WATCHED,
};
use crate::values::{BPS, PRICE_MAX, QUANTITY_MAX, ceil_div, floor_div};

/// What a market order without a collar would take: units, and the sum of price x units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Walk {
    pub units: i64,
    pub value: i128,
    pub worst: i64,
}

/// Checks run in the order of [`Reason`]; the first failure is the answer.
pub fn check_quantity(quantity: i64, lot: i64) -> Result<(), Reason> {
    if quantity <= 0 {
        return Err(Reason::QuantityNotPositive);
    }
    if quantity > QUANTITY_MAX {
        return Err(Reason::QuantityTooLarge);
    }
    if quantity % lot != 0 { Err(Reason::OffLot) } else { Ok(()) }
}

/// As [`check_quantity`], for a limit price.
pub fn check_price(price: i64, tick: i64) -> Result<(), Reason> {
    if price <= 0 {
        return Err(Reason::PriceNotPositive);
    }
    if price > PRICE_MAX {
        return Err(Reason::PriceTooLarge);
    }
    if price % tick != 0 { Err(Reason::OffTick) } else { Ok(()) }
}

/// The worst price a market order may trade at: reference x (1 +/- collar), moved inward to the tick.
fn protection_price(instrument: &Instrument, collar: i64, side: u8) -> Result<i64, Reason> {
    let reference = i128::from(instrument.reference());
    let collar = i128::from(collar);
    if reference == 0 || collar == 0 {
        return Err(Reason::NoReferencePrice);
    }
    let price = if side == BUY {
        instrument.floor_tick(floor_div(reference * (BPS + collar), BPS) as i64)
    } else {
        instrument.ceil_tick(ceil_div(reference * (BPS - collar), BPS) as i64)
    };
    if price == 0 || price > PRICE_MAX { Err(Reason::NoReferencePrice) } else { Ok(price) }
}

impl Engine {
    #[inline]
    pub(crate) fn place(&mut self, c: &PlaceOrder, effects: &mut Effects) -> Result<(), Reason> {
        self.may_trade(c.account)?;
        self.check_killed(c.account, c.session, c.instrument, c.venue)?;
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            let at = engine.at(c.instrument)?;
            form::check_plain(c)?;
            engine.place_new(at, c, None, effects)
        })
    }

    pub(crate) fn place_special(&mut self, c: &PlaceSpecial, effects: &mut Effects) -> Result<(), Reason> {
        self.may_trade(c.account)?;
        self.check_killed(c.account, c.session, c.instrument, c.venue)?;
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            let at = engine.at(c.instrument)?;
            let (order, special) = form::split(c);
            form::check_special(&order)?;
            engine.place_new(at, &order, Some(special), effects)
        })
    }

    pub(crate) fn may_trade(&self, account: u32) -> Result<(), Reason> {
        if self.ledger.trades(account) {
            return Ok(());
        }
        Err(if self.ledger.kind(account) == 0 { Reason::UnknownAccount } else { Reason::AccountNotTrading })
    }

    /// The gate in its order; then the order goes to its venue, waits, or meets the book.
    #[inline]
    fn place_new(
        &mut self,
        at: usize,
        c: &PlaceOrder,
        special: Option<Special>,
        effects: &mut Effects,
    ) -> Result<Alive, Reason> {
        if c.venue != 0 {
            self.check_routed(c, special.as_ref())?;
        }
        let instrument = &self.instruments[at];
        if self.halted || instrument.halted {
            return Err(Reason::InstrumentHalted);
        }
        if self.markets[at].guarded {
            self.check_session(at, c, special.as_ref())?;
        }
        check_quantity(c.quantity, instrument.terms.lot)?;
        form::check_limit(c, instrument)?;
        if let Some(special) = &special {
            form::check_terms(c, special, instrument, self.stamp)?;
            self.check_links(c, special)?;
        }
        let mut taker = self.newcomer(c);
        taker.special = special;
        if c.venue == 0 && (special.is_some() || !self.markets[at].plain) {
            self.admit(at, c, &special.unwrap_or_default())?;
            self.shade(at, &mut taker);
        }
        self.price(at, &mut taker)?;
        if c.flags & REDUCE_ONLY != 0 && enters(c, special.as_ref()) && self.is_spent(at, &taker.order) {
            return Err(Reason::ReduceOnly);
        }
        if self.markets[at].guarded {
            self.check_guards(at, c, &taker)?;
        }
        let limited = self.has_limits(c.account) | (c.flags & QUOTE != 0);
        if limited {
            self.meet_limits(at, c, &mut taker, effects)?;
        }
        let hold = if taker.order.marks & ASIDE != 0 {
            self.instruments[at].positions.get(&c.account).map_or(0, |position| position.hold)
        } else if c.kind == REQUEST {
            self.hold_request(at, &mut taker)?
        } else if self.instruments[at].is_perpetual() {
            self.hold_perpetual(at, &taker)?
        } else {
            self.hold_spot(at, &mut taker)?
        };
        if limited {
            self.remember_accepted(c, &taker);
        }
        effects.push(&Accepted { order: self.sequence, hold, price: taker.order.price });
        if taker.order.kind == TRAILING_STOP && taker.order.marks & ASIDE == 0 && special.is_some_and(|s| s.stop == 0) {
            tell_stop(&taker, hold, effects);
        }
        Ok(self.enter(at, taker, effects))
    }

    /// What is asked of makers' quotes and of accounts with limits; their orders are watched. The first of a mass quote is
    /// judged as if the earlier quotes were gone; if it passes they go.
    pub(crate) fn meet_limits(
        &mut self,
        at: usize,
        c: &PlaceOrder,
        taker: &mut Taker,
        effects: &mut Effects,
    ) -> Result<(), Reason> {
        if c.flags & QUOTE != 0 {
            let linked = taker.special.is_some_and(|special| special.one_cancels != 0 || special.parent != 0);
            self.check_quote(at, c, linked)?;
            taker.order.marks |= WATCHED;
        }
        let earlier = self.earlier_quotes(c);
        if self.has_limits(c.account) {
            let (units, value) = exposure(taker);
            let (order, session, words, gone) = (taker.order, c.session, wording(c), self.open_of(&earlier));
            self.check_limits(&Asked { step: Step::New, order, old: None, gone, session, words, units, value })?;
            if self.ledger.accounts[c.account as usize].watched {
                taker.order.marks |= WATCHED;
            }
        }
        if !earlier.is_empty() {
            self.afford_without(at, taker, &earlier)?;
            self.end_quotes(&earlier, CancelReason::Requoted, effects);
        }
        Ok(())
    }

    /// Limits remember a new order.
    pub(crate) fn remember_accepted(&mut self, c: &PlaceOrder, taker: &Taker) {
        self.count_accepted(&taker.order, Some((wording(c), exposure(taker).1)));
    }

    /// An outside venue takes limit and market orders without our own books' terms.
    pub(crate) fn check_routed(&self, c: &PlaceOrder, special: Option<&Special>) -> Result<(), Reason> {
        if self.ledger.kind(c.venue) != VENUE {
            return Err(Reason::UnknownVenue);
        }
        let ours = c.kind > MARKET || c.flags & !(POST_ONLY | REDUCE_ONLY | SHORT) != 0;
        let terms = special.is_some_and(|s| Special { expire: 0, ..*s } != Special::default());
        if ours || terms { Err(Reason::BadTerms) } else { Ok(()) }
    }

    /// The price that the order is held for: its limit, or what stands for it while it has none.
    #[inline]
    pub(crate) fn price(&self, at: usize, taker: &mut Taker) -> Result<(), Reason> {
        if let Some(special) = &mut taker.special {
            if special.parent != 0 {
                taker.order.marks |= ASIDE;
            }
            if taker.order.is_stop() {
                return self.prepare(at, &mut taker.order, special);
            }
        }
        match taker.order.kind {
            MARKET | MARKET_TO_LIMIT if taker.order.marks & ASIDE == 0 => self.price_at_market(at, taker)?,
            PEG => self.price_peg(taker),
            _ => {}
        }
        Ok(())
    }

    /// The collar of market orders in basis points: the book's rule, while that is 0 the one it was listed with.
    fn collar(&self, at: usize) -> i64 {
        match self.markets[at].rules.get(Rule::Collar) {
            0 => i64::from(self.instruments[at].terms.collar_bps),
            collar => collar,
        }
    }

    /// The worst price a market order may trade at; there is none without a collar or a reference price.
    pub(crate) fn protection(&self, at: usize, side: u8) -> Result<i64, Reason> {
        protection_price(&self.instruments[at], self.collar(at), side)
    }

    /// The price that an order at the market stops at: its protection, or without a collar the last that it finds.
    pub(crate) fn price_at_market(&self, at: usize, taker: &mut Taker) -> Result<(), Reason> {
        let instrument = &self.instruments[at];
        if taker.details.venue == 0 && !self.markets[at].plain && self.is_dark(at) {
            taker.order.price = Some(instrument.mark).filter(|mark| *mark > 0).ok_or(Reason::NoReferencePrice)?;
            return Ok(());
        }
        if taker.details.venue == 0 && self.waits_for_call(at, &taker.order) {
            taker.order.price = self.call_price(at, &taker.order)?;
            return Ok(());
        }
        if taker.details.venue != 0 || self.collar(at) != 0 {
            taker.order.price = self.protection(at, taker.order.side)?;
            return Ok(());
        }
        let walk = self.walk(at, taker);
        taker.order.price = walk.worst;
        // what is left of a market-to-limit order may stay, so that it is held for whole
        taker.walk = (taker.order.kind == MARKET || walk.units == 0).then_some(walk);
        Ok(())
    }

    /// Where an accepted order goes; does it live on?
    #[inline]
    pub(crate) fn enter(&mut self, at: usize, taker: Taker, effects: &mut Effects) -> Alive {
        if taker.order.marks & ROUTED != 0 {
            let row = self.orders.insert(taker.order, taker.details);
            if let Some(special) = taker.special {
                self.orders.specify(row, special);
                self.tie(row);
            }
            return true;
        }
        let Some(special) = taker.special else {
            return self.work(at, taker, None, effects);
        };
        self.enter_special(at, taker, special, effects)
    }

    #[inline]
    pub(crate) fn newcomer(&self, c: &PlaceOrder) -> Taker {
        let named = if c.client_id == [0; 16] { 0 } else { NAMED };
        let routed = if c.venue == 0 { 0 } else { ROUTED };
        let order = Order {
            id: self.sequence,
            price: c.price,
            left: c.quantity,
            hold: 0,
            account: c.account,
            page: NONE,
            prev: NONE,
            next: NONE,
            value_carry: 0,
            fee_carry: 0,
            instrument: c.instrument as u16,
            marks: named | routed,
            side: c.side,
            kind: c.kind,
            tif: c.tif,
            flags: c.flags,
        };
        let details =
            Details { quantity: c.quantity, client_id: c.client_id, venue: c.venue, session: c.session, special: NONE };
        Taker { order, details, special: None, walk: None }
    }

    /// What the order would take from the book now, whatever the price.
    fn walk(&self, at: usize, taker: &Taker) -> Walk {
        let mut order = taker.order;
        if !self.markets[at].plain || !order.is_plain() || taker.special.is_some() {
            order.price = if order.buys() { PRICE_MAX } else { 0 };
            let plan = self.plan(at, &order, &taker.special.unwrap_or_default());
            return Walk { units: plan.traded, value: plan.value, worst: plan.worst };
        }
        let side = self.markets[at].book.side(!order.buys());
        let mut walk = Walk::default();
        for row in side.in_priority(&self.orders) {
            let resting = self.orders.get(row);
            if walk.units == order.left || resting.account == order.account {
                break;
            }
            let units = resting.left.min(order.left - walk.units);
            walk.units += units;
            walk.value += i128::from(units) * i128::from(resting.price);
            walk.worst = resting.price;
        }
        if order.tif == FOK && walk.units < order.left { Walk::default() } else { walk }
    }

    /// Takes the hold of a new spot order.
    #[inline]
    pub(crate) fn hold_spot(&mut self, at: usize, taker: &mut Taker) -> Result<i64, Reason> {
        let instrument = &self.instruments[at];
        let order = &mut taker.order;
        if self.ledger.look(order.account, instrument.held_asset(order)).endless() {
            order.marks |= UNHELD;
        }
        let hold = self.asked_hold(at, taker, &taker.order)?;
        let hold = self.afford(at, &taker.order, hold)?;
        let order = &mut taker.order;
        self.ledger.hold(order.account, self.instruments[at].held_asset(order), hold);
        order.hold = hold;
        Ok(hold)
    }

    /// What a new spot order would hold, if it may.
    pub(crate) fn spot_due(&self, at: usize, order: &Order) -> Result<i64, Reason> {
        let (instrument, mut order) = (&self.instruments[at], *order);
        if self.ledger.look(order.account, instrument.held_asset(&order)).endless() {
            order.marks |= UNHELD;
        }
        self.afford(at, &order, spot_hold(instrument, &order, order.price, order.left)?)
    }

    /// What a spot order holds when it goes to the book, after what its pair holds for it.
    #[inline]
    pub(crate) fn asked_hold(&self, at: usize, taker: &Taker, order: &Order) -> Result<i64, Reason> {
        let instrument = &self.instruments[at];
        let need = match &taker.walk {
            Some(walk) if walk.units == 0 => 0,
            Some(walk) => walk_hold(instrument, order, walk)?,
            None => spot_hold(instrument, order, order.price, order.left)?,
        };
        let Some(special) = &taker.special else {
            return Ok(need);
        };
        Ok(need.saturating_sub(self.held_by_pair(order, special.one_cancels)).max(0))
    }

    /// May the spot order hold this much, after what it holds already? Stock that was located counts for short sales
    /// only.
    #[inline]
    pub(crate) fn afford(&self, at: usize, order: &Order, hold: i64) -> Result<i64, Reason> {
        let balance = self.ledger.look(order.account, self.instruments[at].held_asset(order));
        let short = order.flags & SHORT != 0;
        let mut room = if order.buys() || short { balance.available() } else { balance.own() };
        if balance.margined {
            room -= self.ledger.unrealised_loss(order.account, balance.asset);
        }
        let more = i128::from(hold) - i128::from(order.hold) + i128::from(self.follows(at, order, hold));
        if more <= 0 {
            return Ok(hold);
        }
        if balance.frozen & LOST_TOO_MUCH != 0 && order.buys() {
            return Err(Reason::AccountFrozen);
        }
        if more <= room {
            return Ok(hold);
        }
        let located = short && self.markets[at].rules.get(Rule::Locate) != 0;
        Err(if located { Reason::NoLocate } else { Reason::InsufficientFunds })
    }

    /// Counts a new perpetual order into its position and takes the hold.
    pub(crate) fn hold_perpetual(&mut self, at: usize, taker: &Taker) -> Result<i64, Reason> {
        let order = &taker.order;
        let old = self.instruments[at].positions.get(&order.account).copied().unwrap_or_default();
        if taker.walk.is_some_and(|walk| walk.units == 0) {
            return Ok(0);
        }
        let (units, value) = exposure(taker);
        let mut new = old;
        new.count(order.buys(), units, value);
        self.check_perpetual(at, order.account, &old, &new, order.price)?;
        let Self { instruments, ledger, .. } = self;
        let instrument = &mut instruments[at];
        ledger.margin(order.account, instrument.margin_asset());
        let hold = instrument.hold_of(ledger, order.account, &mut new);
        instrument.positions.insert(order.account, new);
        Ok(hold)
    }

    /// May the account's position in the instrument become `new`?
    pub(crate) fn check_perpetual(
        &self,
        at: usize,
        account: u32,
        old: &crate::perpetual::Position,
        new: &crate::perpetual::Position,
        price: i64,
    ) -> Result<(), Reason> {
        let instrument = &self.instruments[at];
        instrument.check_contract()?;
        if !new.fits(instrument, 0, price) {
            return Err(Reason::NotionalTooLarge);
        }
        if instrument.scanned.is_some() && self.ledger.is_portfolio(account) {
            return self.check_portfolio(at, account, new);
        }
        let asset = instrument.margin_asset();
        let opens = new.opening_buy() > old.opening_buy() || new.opening_sell() > old.opening_sell();
        if opens && self.ledger.may_only_close(account, asset) {
            return Err(Reason::AccountFrozen);
        }
        let balance = self.ledger.look(account, asset);
        if balance.endless() {
            return Ok(());
        }
        if !instrument.tiers.is_empty() {
            self.check_distance(at, account, (old, new), price)?;
        }
        let available = balance.available() - self.ledger.unrealised_loss(account, asset);
        let more = i128::from(new.required(instrument)) - i128::from(old.hold);
        if more > 0 && more > available {
            return Err(Reason::InsufficientFunds);
        }
        // what buys an option back holds nothing, but its premium must be there
        let pays = instrument.is_option() && new.buy_value > old.buy_value;
        if pays && new.premium(instrument) > available + i128::from(old.hold) {
            return Err(Reason::InsufficientFunds);
        }
        Ok(())
    }
}

/// Where a trailing stop stands that took its stop from the price.
fn tell_stop(taker: &Taker, hold: i64, effects: &mut Effects) {
    if let Some(special) = taker.special {
        effects.push(&Trailed { order: taker.order.id, stop: special.stop, price: special.limit, hold });
    }
}

/// Does the order go to the book at once, as far as its kind and links say?
fn enters(c: &PlaceOrder, special: Option<&Special>) -> bool {
    c.kind <= MARKET_TO_LIMIT && special.is_none_or(|special| special.parent == 0)
}

fn wording(c: &PlaceOrder) -> Wording {
    Wording { side: c.side, kind: c.kind, price: c.price, quantity: c.quantity }
}

/// Units that a new order may trade, and the sum of price x units of them at worst.
fn exposure(taker: &Taker) -> (i64, i128) {
    let order = &taker.order;
    match &taker.walk {
        Some(walk) => (walk.units, walk.value),
        None => (order.left, i128::from(order.left) * i128::from(order.price)),
    }
}

/// What a spot order with `left` units to go holds at `limit`; nothing if it is marked so.
#[inline]
pub fn spot_hold(instrument: &Instrument, order: &Order, limit: i64, left: i64) -> Result<i64, Reason> {
    let hold = if order.buys() {
        instrument.buy_hold(limit, left, order.value_carry, order.fee_carry)
    } else {
        instrument.value_up(limit, left, 0).and_then(|_| left.checked_mul(instrument.base_units))
    };
    due(order, hold)
}

/// An amount that must fit, though an order that holds nothing holds none of it.
fn due(order: &Order, hold: Option<i64>) -> Result<i64, Reason> {
    let hold = hold.ok_or(Reason::NotionalTooLarge)?;
    Ok(if order.marks & (UNHELD | ASIDE) == 0 { hold } else { 0 })
}

fn walk_hold(instrument: &Instrument, order: &Order, walk: &Walk) -> Result<i64, Reason> {
    let exact = walk.value.checked_mul(i128::from(instrument.num));
    let value = exact.and_then(|e| i64::try_from(ceil_div(e, i128::from(instrument.den))).ok());
    let hold = if order.buys() {
        value.and_then(|v| v.checked_add(fee_hold(v, instrument.worst_fee_ppm(), 0)?))
    } else {
        value.and_then(|_| order.left.checked_mul(instrument.base_units))
    };
    due(order, hold)
}
