//! Busting and adjusting trades: compensating postings, once a trade.
//!
//! The engine does not remember its trades: the command carries the trade's own terms as the journal has them, and what
//! cannot have been a trade is refused.
use crate::engine::{Effects, Engine};
use crate::instrument::{Instrument, fee};
use crate::ledger::{FEES, ROUNDING, VENUE};
use crate::messages::{CorrectTrade, Posted, Settled, TradeCorrected};
use crate::names::{Reason, Template};
use crate::orders::{BUY, SELL};
use crate::place::check_price;
use crate::values::{PPM, QUANTITY_MAX};

/// One side of the trade: its account, its rate and the fee it paid.
#[derive(Clone, Copy)]
struct Side {
    account: u32,
    rate_ppm: i32,
    fee: i64,
}

/// What the trade moved: the buyer paid, the seller got.
#[derive(Clone, Copy)]
struct Value {
    pays: i64,
    gets: i64,
}

impl Engine {
    pub(crate) fn correct_trade(&mut self, c: &CorrectTrade, effects: &mut Effects) -> Result<(), Reason> {
        let at = self.at(c.instrument)?;
        let (buyer, seller) = self.sides_of(at, c)?;
        if self.corrected.contains(&(c.sequence, c.index)) {
            return Err(Reason::AlreadyCorrected);
        }
        let instrument = &self.instruments[at];
        instrument.check_contract()?;
        let postings = if instrument.is_perpetual() {
            self.perpetual_postings(at, c, (buyer, seller))?
        } else {
            spot_postings(instrument, c, (buyer, seller))?
        };
        self.corrected.insert((c.sequence, c.index));
        effects.push(&TradeCorrected { sequence: c.sequence, index: c.index, price: c.new_price });
        let perpetual = self.instruments[at].is_perpetual();
        let earned = perpetual && !self.instruments[at].is_option();
        for posting in postings {
            self.compensate(earned, posting, effects);
        }
        if perpetual && c.new_price == 0 {
            self.move_back(at, buyer.account, (-c.quantity, c.price), effects);
            self.move_back(at, seller.account, (c.quantity, c.price), effects);
        }
        Ok(())
    }

    /// Buyer and seller at the fees of the trade: the instrument's, or those that its venue charges now.
    fn sides_of(&self, at: usize, c: &CorrectTrade) -> Result<(Side, Side), Reason> {
        let terms = &self.instruments[at].terms;
        let own = self.sides(c, (terms.maker_fee_ppm, terms.taker_fee_ppm))?;
        let verdict = self.check_trade(at, c, own);
        let venue = if self.ledger.kind(c.maker) == VENUE { c.maker } else { c.taker };
        match self.venue_fees.get(&(venue, c.instrument)) {
            Some(fees) if verdict == Err(Reason::UnknownTrade) => {
                let sides = self.sides(c, *fees)?;
                self.check_trade(at, c, sides).map(|()| sides)
            }
            _ => verdict.map(|()| own),
        }
    }

    fn sides(&self, c: &CorrectTrade, fees_ppm: (i32, i32)) -> Result<(Side, Side), Reason> {
        let known = |account: u32| self.ledger.trades(account) || self.ledger.kind(account) == VENUE;
        if !known(c.maker) || !known(c.taker) {
            return Err(Reason::UnknownAccount);
        }
        if c.taker_side != BUY && c.taker_side != SELL {
            return Err(Reason::UnknownSide);
        }
        let rate = |account: u32, ppm: i32| if self.ledger.kind(account) == VENUE { 0 } else { ppm };
        let maker = Side { account: c.maker, rate_ppm: rate(c.maker, fees_ppm.0), fee: c.maker_fee };
        let taker = Side { account: c.taker, rate_ppm: rate(c.taker, fees_ppm.1), fee: c.taker_fee };
        Ok(if c.taker_side == BUY { (taker, maker) } else { (maker, taker) })
    }

    /// Could this have been a trade? Remainders carried from fill to fill move an amount by less than one unit.
    fn check_trade(&self, at: usize, c: &CorrectTrade, (buyer, seller): (Side, Side)) -> Result<(), Reason> {
        let instrument = &self.instruments[at];
        check_price(c.price, 1)?;
        if c.quantity <= 0 {
            return Err(Reason::QuantityNotPositive);
        }
        if c.quantity > QUANTITY_MAX {
            return Err(Reason::QuantityTooLarge);
        }
        if c.new_price != 0 {
            check_price(c.new_price, 1)?;
        }
        let exact = instrument.exact(c.price, c.quantity).ok_or(Reason::NotionalTooLarge)?;
        let den = i128::from(instrument.den);
        if instrument.is_inverse() {
            return Err(Reason::UnknownTrade); // what it moved hangs on the mark and the positions of then
        }
        let value = if instrument.is_perpetual() {
            i64::try_from(exact).map(|value| (value, value)).map_err(|_| Reason::NotionalTooLarge)?
        } else {
            (c.buyer_pays, c.seller_gets)
        };
        let near = |amount: i64| (i128::from(amount) * den - exact).abs() <= den;
        let charged = |side: Side, value: i64| {
            let due = i128::from(value) * i128::from(side.rate_ppm);
            (i128::from(side.fee) * i128::from(PPM) - due).abs() <= i128::from(PPM)
        };
        let amounts = if instrument.is_perpetual() {
            let lots = i128::from(c.quantity) * i128::from(instrument.num);
            c.buyer_pays == c.seller_gets && i128::from(c.buyer_pays) % lots == 0
        } else {
            near(c.buyer_pays) && near(c.seller_gets)
        };
        let was = c.sequence > 0 && c.sequence < self.sequence && c.new_price != c.price;
        if was && amounts && charged(buyer, value.0) && charged(seller, value.1) {
            Ok(())
        } else {
            Err(Reason::UnknownTrade)
        }
    }

    /// A busted trade's positions go back at the mark they were settled to; an adjusted one moves the price difference.
    fn perpetual_postings(&self, at: usize, c: &CorrectTrade, sides: (Side, Side)) -> Result<Postings, Reason> {
        let instrument = &self.instruments[at];
        let lots = i128::from(c.quantity) * i128::from(instrument.num);
        let amount = |way: i64| i64::try_from(i128::from(way) * lots).map_err(|_| Reason::NotionalTooLarge);
        let (flow, value) = if c.new_price == 0 {
            let back = [(sides.0.account, -c.quantity), (sides.1.account, c.quantity)];
            if !back.iter().all(|(account, change)| self.bears_change(at, *account, *change)) {
                return Err(Reason::NotionalTooLarge);
            }
            (amount(instrument.settled_at() - c.price)?, None)
        } else {
            (amount(c.new_price - c.price)?, Some(amount(c.new_price)?))
        };
        let quote = instrument.terms.quote;
        let mut postings = vec![(sides.0.account, sides.1.account, quote, flow)];
        postings.extend(fee_postings(quote, sides, value.map(|value| Value { pays: value, gets: value })));
        Ok(postings)
    }

    fn bears_change(&self, at: usize, account: u32, change: i64) -> bool {
        let instrument = &self.instruments[at];
        let mut position = instrument.positions.get(&account).copied().unwrap_or_default();
        position.quantity += change;
        position.fits(instrument, 0, 0)
    }

    fn move_back(&mut self, at: usize, account: u32, change: (i64, i64), effects: &mut Effects) {
        let Self { instruments, ledger, .. } = self;
        if ledger.trades(account) {
            ledger.margin(account, instruments[at].margin_asset());
        }
        let hold = instruments[at].shift(ledger, account, change, (true, 0, 0));
        let position = instruments[at].positions.get(&account).map_or(0, |position| position.quantity);
        effects.push(&Settled { account, instrument: at as u32 + 1, position, amount: 0, hold });
    }

    fn compensate(&mut self, earned: bool, posting: (u32, u32, u32, i64), effects: &mut Effects) {
        let (source, target, asset, amount) = posting;
        if amount == 0 {
            return;
        }
        let (source, target) = if amount < 0 { (target, source) } else { (source, target) };
        self.ledger.post(source, target, asset, amount.abs());
        if earned {
            self.ledger.earn(source, asset, -amount.abs());
            self.ledger.earn(target, asset, amount.abs());
        }
        effects.push(&Posted { source, target, asset, template: Template::Correction as u8, amount: amount.abs() });
    }
}

/// (source, target, asset, amount); a negative amount goes the other way.
type Postings = Vec<(u32, u32, u32, i64)>;

fn spot_postings(instrument: &Instrument, c: &CorrectTrade, sides: (Side, Side)) -> Result<Postings, Reason> {
    let (buyer, seller) = (sides.0.account, sides.1.account);
    let (base, quote) = (instrument.terms.base, instrument.terms.quote);
    let was = Value { pays: c.buyer_pays, gets: c.seller_gets };
    let now = if c.new_price == 0 { None } else { Some(value_at(instrument, c.new_price, c.quantity)?) };
    let becomes = now.unwrap_or(Value { pays: 0, gets: 0 });
    let mut postings = vec![
        (buyer, seller, quote, becomes.gets - was.gets),
        (buyer, ROUNDING, quote, (becomes.pays - becomes.gets) - (was.pays - was.gets)),
    ];
    if now.is_none() {
        let units = c.quantity.checked_mul(instrument.base_units).ok_or(Reason::NotionalTooLarge)?;
        postings.push((buyer, seller, base, units));
    }
    postings.extend(fee_postings(quote, sides, now));
    Ok(postings)
}

fn value_at(instrument: &Instrument, price: i64, quantity: i64) -> Result<Value, Reason> {
    let pays = instrument.value_up(price, quantity, 0).ok_or(Reason::NotionalTooLarge)?;
    Ok(Value { pays, gets: instrument.gets(price, quantity, &mut 0) })
}

/// Fees anew, from nothing carried; all of them back where there is no trade any more.
fn fee_postings(quote: u32, (buyer, seller): (Side, Side), now: Option<Value>) -> Postings {
    let due = |side: Side, value: i64| if now.is_some() { fee(value, side.rate_ppm, &mut 0) } else { 0 };
    let value = now.unwrap_or(Value { pays: 0, gets: 0 });
    vec![
        (buyer.account, FEES, quote, due(buyer, value.pays) - buyer.fee),
        (seller.account, FEES, quote, due(seller, value.gets) - seller.fee),
    ]
}
