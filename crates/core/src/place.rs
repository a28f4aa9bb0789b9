//! The gate: what an order must pass, and what it must hold before it may trade.
use crate::engine::{Alive, Effects, Engine};
use crate::instrument::{Instrument, fee_hold};
use crate::ledger::VENUE;
use crate::matching::Taker;
use crate::messages::{Accepted, PlaceOrder};
use crate::names::Reason;
use crate::orders::{BUY, DAY, Details, FOK, GTC, IOC, LIMIT, MARKET, NAMED, NONE, Order, POST_ONLY, ROUTED, SELL};
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

fn check_form(c: &PlaceOrder) -> Result<(), Reason> {
    if c.side != BUY && c.side != SELL {
        return Err(Reason::UnknownSide);
    }
    if c.kind != LIMIT && c.kind != MARKET {
        return Err(Reason::UnknownKind);
    }
    if !(GTC..=DAY).contains(&c.tif) {
        return Err(Reason::UnknownTif);
    }
    if c.flags & !POST_ONLY != 0 {
        return Err(Reason::UnknownFlag);
    }
    let immediate = c.kind == MARKET || c.tif == IOC || c.tif == FOK;
    if c.flags & POST_ONLY != 0 && immediate { Err(Reason::PostOnlyConflict) } else { Ok(()) }
}

/// The worst price a market order may trade at: reference x (1 +/- collar), moved inward to the tick.
fn protection_price(instrument: &Instrument, side: u8) -> Result<i64, Reason> {
    let (reference, tick) = (i128::from(instrument.reference()), i128::from(instrument.terms.tick));
    let collar = i128::from(instrument.terms.collar_bps);
    if reference == 0 || collar == 0 {
        return Err(Reason::NoReferencePrice);
    }
    let price = if side == BUY {
        floor_div(floor_div(reference * (BPS + collar), BPS), tick) * tick
    } else {
        (ceil_div(ceil_div(reference * (BPS - collar), BPS), tick) * tick).max(tick)
    };
    if price == 0 || price > i128::from(PRICE_MAX) { Err(Reason::NoReferencePrice) } else { Ok(price as i64) }
}

impl Engine {
    #[inline]
    pub(crate) fn place(&mut self, c: &PlaceOrder, effects: &mut Effects) -> Result<(), Reason> {
        if !self.ledger.trades(c.account) {
            let unknown = self.ledger.kind(c.account) == 0;
            return Err(if unknown { Reason::UnknownAccount } else { Reason::AccountNotTrading });
        }
        self.once((c.account, c.client_id), *c, effects, |engine, effects| engine.place_new(c, effects))
    }

    #[inline]
    fn place_new(&mut self, c: &PlaceOrder, effects: &mut Effects) -> Result<Alive, Reason> {
        let at = self.at(c.instrument)?;
        check_form(c)?;
        if c.venue != 0 && self.ledger.kind(c.venue) != VENUE {
            return Err(Reason::UnknownVenue);
        }
        let instrument = &self.instruments[at];
        if self.halted || instrument.halted {
            return Err(Reason::InstrumentHalted);
        }
        check_quantity(c.quantity, instrument.terms.lot)?;
        let mut taker = self.newcomer(c);
        if c.kind == LIMIT {
            check_price(c.price, instrument.terms.tick)?;
        } else if c.price != 0 {
            return Err(Reason::PriceOnMarket);
        } else if c.venue == 0 && instrument.terms.collar_bps == 0 {
            let walk = self.walk(at, &taker.order);
            taker.order.price = walk.worst;
            taker.walk = Some(walk);
        } else {
            taker.order.price = protection_price(instrument, c.side)?;
        }
        let hold =
            if instrument.is_perpetual() { self.hold_perpetual(at, &taker)? } else { self.hold_spot(at, &mut taker)? };
        effects.push(&Accepted { order: self.sequence, hold, price: taker.order.price });
        if c.venue != 0 {
            self.orders.insert(taker.order, taker.details);
            return Ok(true);
        }
        Ok(self.work(at, taker, None, effects))
    }

    #[inline]
    fn newcomer(&self, c: &PlaceOrder) -> Taker {
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
        Taker { order, details, walk: None }
    }

    /// What the order would take from the book now, up to its quantity or the first order of its own account.
    fn walk(&self, at: usize, order: &Order) -> Walk {
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
        walk
    }

    /// Takes the hold of a new spot order.
    #[inline]
    fn hold_spot(&mut self, at: usize, taker: &mut Taker) -> Result<i64, Reason> {
        let instrument = &self.instruments[at];
        let order = &mut taker.order;
        let hold = match &taker.walk {
            Some(walk) if walk.units == 0 => 0,
            Some(walk) => walk_hold(instrument, order, walk)?,
            None => spot_hold(instrument, order, order.price, order.left)?,
        };
        let asset = if order.buys() { instrument.terms.quote } else { instrument.terms.base };
        if hold > 0 {
            let balance = self.ledger.balance(order.account, asset);
            if i128::from(hold) > balance.available() {
                return Err(Reason::InsufficientFunds);
            }
            self.ledger.hold(order.account, asset, hold);
        }
        order.hold = hold;
        Ok(hold)
    }

    /// Counts a new perpetual order into its position and takes the hold.
    fn hold_perpetual(&mut self, at: usize, taker: &Taker) -> Result<i64, Reason> {
        let order = &taker.order;
        let old = self.instruments[at].positions.get(&order.account).copied().unwrap_or_default();
        let (units, value) = match &taker.walk {
            Some(walk) if walk.units == 0 => return Ok(0),
            Some(walk) => (walk.units, walk.value),
            None => (order.left, i128::from(order.left) * i128::from(order.price)),
        };
        let mut new = old;
        new.count(order.buys(), units, value);
        self.check_perpetual(at, order.account, &old, &new, order.price)?;
        let Self { instruments, ledger, .. } = self;
        let instrument = &mut instruments[at];
        ledger.margin(order.account, instrument.terms.quote);
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
        if !new.fits(instrument, 0, price) {
            return Err(Reason::NotionalTooLarge);
        }
        let opens = new.opening_buy() > old.opening_buy() || new.opening_sell() > old.opening_sell();
        if opens && self.ledger.is_frozen(account, instrument.terms.quote) {
            return Err(Reason::AccountFrozen);
        }
        let more = i128::from(new.required(instrument)) - i128::from(old.hold);
        if more > 0 && more > self.ledger.available(account, instrument.terms.quote) {
            return Err(Reason::InsufficientFunds);
        }
        Ok(())
    }
}

/// What a spot order with `left` units to go holds at `limit`.
#[inline]
pub fn spot_hold(instrument: &Instrument, order: &Order, limit: i64, left: i64) -> Result<i64, Reason> {
    let hold = if order.buys() {
        instrument.buy_hold(limit, left, order.value_carry, order.fee_carry)
    } else {
        instrument.value_up(limit, left, 0).and_then(|_| left.checked_mul(instrument.base_units))
    };
    hold.ok_or(Reason::NotionalTooLarge)
}

fn walk_hold(instrument: &Instrument, order: &Order, walk: &Walk) -> Result<i64, Reason> {
    let exact = walk.value.checked_mul(i128::from(instrument.num));
    let value = exact.and_then(|e| i64::try_from(ceil_div(e, i128::from(instrument.den))).ok());
    let hold = if order.buys() {
        value.and_then(|v| v.checked_add(fee_hold(v, instrument.worst_fee_ppm(), 0)?))
    } else {
        value.and_then(|_| order.left.checked_mul(instrument.base_units))
    };
    hold.ok_or(Reason::NotionalTooLarge)
}
