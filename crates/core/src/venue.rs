//! What outside venues answer. A fill happened: it is booked, and flagged when it went beyond what was held.
use crate::engine::{Effects, Engine};
use crate::instrument::{FEE_MAX, Instrument};
use crate::ledger::VENUE;
use crate::matching::{Flows, trade_perpetual, trade_spot};
use crate::messages::{Acknowledged, Replaced, Traded, VenueAccepted, VenueCancelled, VenueFilled, VenueReplaced};
use crate::names::{CancelReason, Reason};
use crate::orders::{BUY, CHILD, GTC, LIMIT, NONE, Order, SELL};
use crate::place::spot_hold;
use crate::values::{PRICE_MAX, QUANTITY_MAX};

/// Filled at an outside venue.
pub const AT_VENUE: u8 = 1;
/// Filled beyond what was held for it.
pub const BEYOND: u8 = 2;
const MAKER: u8 = 1;
const TAKER: u8 = 2;

/// A venue may charge what the instrument's own fees let orders hold for, and no more.
pub(crate) fn check_venue_fee(instrument: &Instrument, fee_ppm: i32) -> Result<(), Reason> {
    if (-FEE_MAX..=instrument.worst_fee_ppm()).contains(&fee_ppm) { Ok(()) } else { Err(Reason::BadFee) }
}

fn check_amounts(price: i64, quantity: i64) -> Result<(), Reason> {
    if quantity <= 0 {
        return Err(Reason::QuantityNotPositive);
    }
    if quantity > QUANTITY_MAX {
        return Err(Reason::QuantityTooLarge);
    }
    if price <= 0 {
        return Err(Reason::PriceNotPositive);
    }
    if price > PRICE_MAX { Err(Reason::PriceTooLarge) } else { Ok(()) }
}

impl Engine {
    pub(crate) fn check_venue(&self, venue: u32) -> Result<(), Reason> {
        if self.ledger.kind(venue) != VENUE { Err(Reason::UnknownVenue) } else { Ok(()) }
    }

    /// The row of a live order at this venue.
    fn routed(&self, order: u64, venue: u32) -> Result<u32, Reason> {
        self.check_venue(venue)?;
        let row = self.live(order)?;
        if self.orders.details(row).venue != venue { Err(Reason::WrongVenue) } else { Ok(row) }
    }

    pub(crate) fn venue_accepted(&mut self, c: &VenueAccepted, effects: &mut Effects) -> Result<(), Reason> {
        self.routed(c.order, c.venue)?;
        effects.push(&Acknowledged { order: c.order, venue: c.venue });
        Ok(())
    }

    pub(crate) fn venue_cancelled(&mut self, c: &VenueCancelled, effects: &mut Effects) -> Result<(), Reason> {
        let row = self.routed(c.order, c.venue)?;
        let reason = CancelReason::of(c.reason).ok_or(Reason::UnknownReason)?;
        self.end_row(row, reason, effects);
        Ok(())
    }

    pub(crate) fn venue_replaced(&mut self, c: &VenueReplaced, effects: &mut Effects) -> Result<(), Reason> {
        let row = self.routed(c.order, c.venue)?;
        let order = *self.orders.get(row);
        check_amounts(c.price, c.quantity)?;
        let left = c.quantity - self.orders.filled(row);
        if left < 0 {
            return Err(Reason::QuantityNotAboveFilled);
        }
        if order.marks & CHILD != 0 {
            self.check_child_replaced(row, c)?;
        }
        let at = order.at();
        let hold = self.hold_as_replaced(at, &order, c.price, left)?;
        let hold = self.set_terms_hold(at, row, (c.price, c.quantity), hold);
        self.set_terms(row, c.price, c.quantity);
        self.look_at_parent(row);
        let (price, quantity) = (c.price, c.quantity);
        effects.push(&Replaced { order: c.order, price, quantity, hold, priority_kept: 0 });
        if left == 0 {
            self.end_row(row, CancelReason::User, effects);
        }
        Ok(())
    }

    /// Of a child the venue can have made less, and no dearer than its parent's limit: nothing else was asked of it.
    fn check_child_replaced(&self, row: u32, c: &VenueReplaced) -> Result<(), Reason> {
        if c.quantity > self.orders.details(row).quantity {
            return Err(Reason::BeyondParent);
        }
        if self.is_beyond_limit(row, c.price) { Err(Reason::BeyondLimit) } else { Ok(()) }
    }

    fn hold_as_replaced(&self, at: usize, order: &Order, price: i64, left: i64) -> Result<i64, Reason> {
        let instrument = &self.instruments[at];
        if !instrument.is_perpetual() {
            return spot_hold(instrument, order, price, left);
        }
        let (_, new) = self.recounted(at, order, price, left);
        if new.fits(instrument, 0, price) { Ok(new.required(instrument)) } else { Err(Reason::NotionalTooLarge) }
    }

    pub(crate) fn venue_filled(&mut self, c: &VenueFilled, effects: &mut Effects) -> Result<(), Reason> {
        self.check_venue(c.venue)?;
        if c.fill_id == [0; 16] {
            return Err(Reason::NoClientId);
        }
        self.once((c.venue, c.fill_id), *c, effects, |engine, effects| {
            engine.check_fill(c)?;
            engine.book_fill(c, effects);
            Ok(false)
        })
    }

    fn check_fill(&self, c: &VenueFilled) -> Result<(), Reason> {
        if !self.ledger.trades(c.account) {
            return Err(Reason::UnknownAccount);
        }
        let instrument = &self.instruments[self.at(c.instrument)?];
        if c.side != BUY && c.side != SELL {
            return Err(Reason::UnknownSide);
        }
        if c.liquidity != MAKER && c.liquidity != TAKER {
            return Err(Reason::UnknownLiquidity);
        }
        check_amounts(c.price, c.quantity)?;
        instrument.check_contract()?;
        let fits = if instrument.is_perpetual() {
            let position = instrument.positions.get(&c.account).copied().unwrap_or_default();
            position.fits(instrument, c.quantity, c.price)
        } else {
            let value = instrument.value_up(c.price, c.quantity, 0);
            value.is_some() && c.quantity.checked_mul(instrument.base_units).is_some()
        };
        if fits { Ok(()) } else { Err(Reason::NotionalTooLarge) }
    }

    /// The live order that the fill is for, if everything about it agrees.
    fn filled_order(&self, c: &VenueFilled) -> Option<u32> {
        let row = self.orders.find(c.order)?;
        let order = self.orders.get(row);
        let agrees = self.orders.details(row).venue == c.venue
            && order.account == c.account
            && u32::from(order.instrument) == c.instrument
            && order.side == c.side;
        agrees.then_some(row)
    }

    fn book_fill(&mut self, c: &VenueFilled, effects: &mut Effects) {
        let at = c.instrument as usize - 1;
        let row = self.filled_order(c);
        let asked = row.map_or_else(|| stranger(c, c.account, c.side), |row| *self.orders.get(row));
        let beyond = row.is_none()
            || c.quantity > asked.left
            || if asked.buys() { c.price > asked.price } else { c.price < asked.price };
        let payer = self.payer_of_fill(c, row);
        let mut client = payer.map_or(asked, |row| *self.orders.get(row));
        let mut outside = stranger(c, c.venue, BUY + SELL - c.side);
        let terms = self.instruments[at].terms;
        let own = (terms.maker_fee_ppm, terms.taker_fee_ppm);
        let fees = self.venue_fees.get(&(c.venue, c.instrument)).copied().unwrap_or(own);
        let client_ppm = if c.liquidity == TAKER { fees.1 } else { fees.0 };
        let (sides, ppm) = if c.side == BUY {
            ((&mut client, &mut outside), (client_ppm, 0))
        } else {
            ((&mut outside, &mut client), (0, client_ppm))
        };
        let Self { instruments, ledger, .. } = self;
        let flows = if instruments[at].is_perpetual() {
            ledger.margin(c.account, instruments[at].margin_asset());
            trade_perpetual(&instruments[at], ledger, sides, ppm, (c.price, c.quantity))
        } else {
            trade_spot(&instruments[at], ledger, sides, ppm, (c.price, c.quantity))
        };
        let hold = self.after_fill(at, payer, client, c);
        let flags = AT_VENUE | if beyond { BEYOND } else { 0 };
        let parent = payer.filter(|payer| Some(*payer) != row);
        let shown = if parent.is_some() && !self.instruments[at].is_perpetual() { 0 } else { hold };
        effects.push(&traded(c, &flows, shown, flags));
        if let Some(parent) = parent {
            self.fill_at_venue(parent, row, c.quantity, effects);
        } else if let Some(row) = row.filter(|row| self.orders.get(*row).left <= 0) {
            self.bury(row);
        }
    }

    /// Books the fill on the order and the position; returns what is held then.
    fn after_fill(&mut self, at: usize, row: Option<u32>, mut client: Order, c: &VenueFilled) -> i64 {
        let counted = c.quantity.min(client.left).max(0);
        client.left -= c.quantity;
        if self.instruments[at].is_perpetual() {
            let signed = if c.side == BUY { c.quantity } else { -c.quantity };
            let off = if row.is_some() { counted } else { 0 };
            let value = i128::from(off) * i128::from(client.price);
            let Self { instruments, ledger, .. } = self;
            let hold = instruments[at].shift(ledger, c.account, (signed, c.price), (client.buys(), off, value));
            instruments[at].shift(ledger, c.venue, (-signed, c.price), (true, 0, 0));
            if let Some(row) = row {
                *self.orders.get_mut(row) = client;
            }
            return hold;
        }
        let Some(row) = row else {
            return 0;
        };
        *self.orders.get_mut(row) = client;
        let left = client.left.max(0);
        let hold = if left == 0 {
            0
        } else {
            spot_hold(&self.instruments[at], &client, client.price, left).expect("a hold only shrinks")
        };
        self.set_spot_hold(at, row, hold);
        hold
    }
}

/// A side of a trade that has no live order here.
fn stranger(c: &VenueFilled, account: u32, side: u8) -> Order {
    Order {
        id: 0,
        price: c.price,
        left: 0,
        hold: 0,
        account,
        page: NONE,
        prev: NONE,
        next: NONE,
        value_carry: 0,
        fee_carry: 0,
        instrument: c.instrument as u16,
        marks: 0,
        side,
        kind: LIMIT,
        tif: GTC,
        flags: 0,
    }
}

fn traded(c: &VenueFilled, flows: &Flows, hold: i64, flags: u8) -> Traded {
    let takes = c.liquidity == TAKER;
    let fee = if c.side == BUY { flows.buyer_fee } else { flows.seller_fee };
    let pick = |mine: i64| if takes { (0, mine) } else { (mine, 0) };
    let ((maker_fee, taker_fee), (maker_hold, taker_hold)) = (pick(fee), pick(hold));
    Traded {
        maker_order: if takes { 0 } else { c.order },
        taker_order: if takes { c.order } else { 0 },
        maker: if takes { c.venue } else { c.account },
        taker: if takes { c.account } else { c.venue },
        instrument: c.instrument,
        taker_side: if takes { c.side } else { BUY + SELL - c.side },
        flags,
        price: c.price,
        quantity: c.quantity,
        buyer_pays: flows.buyer_pays,
        seller_gets: flows.seller_gets,
        maker_fee,
        taker_fee,
        maker_hold,
        taker_hold,
    }
}
