//! Closing positions of accounts that no longer bear them: by the book, with the insurance fund, or against others.
//!
//! docs/reference/perpetuals.md, "Liquidation". Whether an account may be closed is read off the engine's own integers.
use isthmus_margin::perpetual::{Holding, Leverage, Standing, bankruptcy_quote, insurance_delta, requirement, step};

use crate::engine::{Effects, Engine};
use crate::instrument::Instrument;
use crate::ledger::{INSURANCE, ROUNDING};
use crate::margining::{LIQUIDATABLE, OVERDUE, pay, told};
use crate::matching::settlement;
use crate::messages::{Deleverage, Deleveraged, Liquidate, Liquidated, PlaceOrder, Traded};
use crate::names::{CancelReason, Reason, Template};
use crate::orders::{BUY, IOC, LIMIT, LIQUIDATION, REDUCE_ONLY, SELL};
use crate::place::{check_price, check_quantity};
use crate::values::{PRICE_MAX, ceil_div, floor_div};

/// A trade by deleveraging.
pub const DELEVERAGED: u8 = 16;

/// What is to be closed: of the position `held`, so many lots; what that must bring.
#[derive(Clone, Copy)]
struct Closing {
    held: i64,
    quantity: i64,
    standing: Standing,
}

impl Closing {
    /// What the position moves by when so many lots of it are closed.
    fn change(&self, lots: i64) -> i64 {
        if self.held > 0 { -lots } else { lots }
    }

    /// What closing so many lots must bring for the account to bear its share.
    fn bankruptcy(&self, instrument: &Instrument, lots: i64) -> Option<i128> {
        let left = self.held + self.change(lots);
        bankruptcy_quote(&self.standing, &holding(instrument, self.held), &holding(instrument, left))
    }
}

/// A position as the arithmetic of liquidations knows it.
fn holding(instrument: &Instrument, quantity: i64) -> Holding {
    let mark = instrument.reference();
    let notional = instrument.notional(quantity.abs().into(), mark);
    let margins = requirement(&instrument.tiers, notional).unwrap_or_default();
    Holding { value: instrument.worth(quantity, mark), requirement: margins }
}

/// The worst price at which moving a position by `change` brings `quote`; None if no price does.
fn price_for(instrument: &Instrument, change: i64, quote: i128) -> Option<i64> {
    let lots = i128::from(change.abs()) * i128::from(instrument.num);
    let most = i128::from(PRICE_MAX);
    let price = match (instrument.is_inverse(), change < 0) {
        (false, true) => ceil_div(quote, lots).max(1),
        (false, false) => floor_div(-quote, lots).min(most),
        (true, true) if quote >= 0 => return None,
        (true, true) => ceil_div(lots, -quote),
        (true, false) if quote <= 0 => most,
        (true, false) => floor_div(lots, quote).min(most),
    };
    (1..=most).contains(&price).then_some(price as i64)
}

impl Engine {
    /// The engine's own verdict; a decider's word is not enough.
    fn check_liquidatable(&self, account: u32, asset: u32) -> Result<(), Reason> {
        let state = self.ledger.margins.get(&(account, asset)).map_or(0, |margin| margin.state);
        if matches!(state, LIQUIDATABLE | OVERDUE) { Ok(()) } else { Err(Reason::NotLiquidatable) }
    }

    /// Partial first: at most what leads into the tier below.
    fn closing(&self, account: u32, at: usize, quantity: i64) -> Result<Closing, Reason> {
        let instrument = &self.instruments[at];
        self.check_liquidatable(account, instrument.margin_asset())?;
        check_quantity(quantity, instrument.terms.lot)?;
        let held = instrument.held_by(account);
        let notional = instrument.notional(held.abs().into(), instrument.reference());
        let most = step(&instrument.tiers, held.abs(), notional, instrument.terms.lot).unwrap_or(0);
        if quantity > most {
            return Err(Reason::WrongSize);
        }
        let standing = self.standing(account, instrument.margin_asset());
        Ok(Closing { held, quantity, standing })
    }

    pub(crate) fn liquidate(&mut self, c: &Liquidate, effects: &mut Effects) -> Result<(), Reason> {
        self.may_trade(c.account)?;
        let at = self.perpetual_at(c.instrument)?;
        let closing = self.closing(c.account, at, c.quantity)?;
        let instrument = &self.instruments[at];
        if self.halted || instrument.halted {
            return Err(Reason::InstrumentHalted);
        }
        if !self.is_continuous(at) {
            return Err(Reason::WrongSession);
        }
        check_price(c.limit, instrument.tick_at(c.limit))?;
        let limit = self.bearable(at, &closing, c.limit)?;
        let rows: Vec<u32> = self
            .orders
            .by_id()
            .filter(|row| {
                let order = self.orders.get(*row);
                order.account == c.account && order.at() == at && order.marks & crate::orders::CHILD == 0
            })
            .collect();
        for row in rows {
            self.cancel_row(row, CancelReason::Liquidation, effects);
        }
        self.close_by_book(at, c, &closing, limit, effects);
        Ok(())
    }

    /// The limit, or where the insurance fund could not bear what may be lacking there, the bankruptcy price.
    fn bearable(&self, at: usize, closing: &Closing, limit: i64) -> Result<i64, Reason> {
        let instrument = &self.instruments[at];
        let change = closing.change(closing.quantity);
        let due = closing.bankruptcy(instrument, closing.quantity).ok_or(Reason::NotionalTooLarge)?;
        let lacking = due + instrument.cost(change, limit);
        let fund = self.ledger.peek(INSURANCE, instrument.margin_asset()).0;
        if lacking <= fund.max(0) {
            return Ok(limit);
        }
        let price = price_for(instrument, change, due).ok_or(Reason::InsufficientFunds)?;
        let price = if change < 0 { instrument.ceil_tick(price) } else { instrument.floor_tick(price) };
        if (1..=PRICE_MAX).contains(&price) { Ok(price) } else { Err(Reason::InsufficientFunds) }
    }

    /// An order that takes what is there, reduces only, and passes over whoever belongs to the account.
    fn close_by_book(&mut self, at: usize, c: &Liquidate, closing: &Closing, limit: i64, effects: &mut Effects) {
        let asset = self.instruments[at].margin_asset();
        let mut taker = self.newcomer(&PlaceOrder {
            account: c.account,
            instrument: c.instrument,
            venue: 0,
            side: if closing.held > 0 { SELL } else { BUY },
            kind: LIMIT,
            tif: IOC,
            flags: REDUCE_ONLY,
            price: limit,
            quantity: c.quantity,
            client_id: [0; 16],
            session: 0,
        });
        taker.order.kind = LIQUIDATION;
        let Self { instruments, ledger, .. } = self;
        let mut position = instruments[at].positions[&c.account];
        position.count(taker.order.buys(), c.quantity, i128::from(c.quantity) * i128::from(limit));
        instruments[at].hold_of(ledger, c.account, &mut position);
        instruments[at].positions.insert(c.account, position);
        let earned = self.ledger.margins[&(c.account, asset)].earned;
        self.work(at, taker, None, effects);
        let brought = self.ledger.margins[&(c.account, asset)].earned - earned;
        self.insure(at, c, closing, brought, effects);
    }

    /// The fund takes a fee of what the fills brought beyond the bankruptcy price, or gives what they lack as far as it can.
    /// `brought`: what the account received for them against the settlement mark.
    fn insure(&mut self, at: usize, c: &Liquidate, closing: &Closing, brought: i128, effects: &mut Effects) {
        let (instrument, held) = (&self.instruments[at], self.instruments[at].held_by(c.account));
        let (asset, mark) = (instrument.margin_asset(), instrument.settlement_mark);
        let lots = (closing.held - held).abs();
        let quote = brought - (instrument.worth(held, mark) - instrument.worth(closing.held, mark));
        let due = if lots == 0 { Some(0) } else { closing.bankruptcy(instrument, lots) };
        let due = due.expect("it was worked out for more lots");
        let fund = self.ledger.peek(INSURANCE, asset).0.max(0);
        let delta = insurance_delta(quote, due, self.policy(asset).fee_ppm.into()).unwrap_or(0).max(-fund);
        let delta = told(delta);
        pay(&mut self.ledger, effects, Template::Insurance, (c.account, INSURANCE), (asset, delta));
        self.ledger.earn(c.account, asset, -delta);
        let (account, instrument) = (c.account, c.instrument);
        let (quote, bankruptcy) = (told(quote), told(due));
        effects.push(&Liquidated { account, instrument, quantity: lots, quote, bankruptcy, insurance: delta });
    }

    pub(crate) fn deleverage(&mut self, c: &Deleverage, effects: &mut Effects) -> Result<(), Reason> {
        self.may_trade(c.account)?;
        self.may_trade(c.against)?;
        let at = self.perpetual_at(c.instrument)?;
        let closing = self.closing(c.account, at, c.quantity)?;
        if self.ledger.same_owner(c.account, c.against) {
            return Err(Reason::SameOwner);
        }
        let instrument = &self.instruments[at];
        let other = instrument.held_by(c.against);
        if closing.held.signum() * other.signum() != -1 || c.quantity > other.abs() {
            return Err(Reason::WrongSize);
        }
        let due = closing.bankruptcy(instrument, c.quantity).ok_or(Reason::NotionalTooLarge)?;
        if price_for(instrument, closing.change(c.quantity), due) != Some(c.price) {
            return Err(Reason::WrongPrice);
        }
        if self.first_in_line(at, c.account) != Some(c.against) {
            return Err(Reason::OutOfTurn);
        }
        self.close_against(at, c, &closing, effects);
        Ok(())
    }

    /// The price at which closing so many lots leaves the account with its share; None without such a price or position.
    pub fn bankruptcy_price(&self, at: usize, account: u32, lots: i64) -> Option<i64> {
        let (instrument, held) = (&self.instruments[at], self.instruments[at].held_by(account));
        if lots <= 0 || lots > held.abs() {
            return None;
        }
        let closing = Closing { held, quantity: lots, standing: self.standing(account, instrument.margin_asset()) };
        price_for(instrument, closing.change(lots), closing.bankruptcy(instrument, lots)?)
    }

    /// Whom the queue of deleveraging names first among those on the other side, who do not belong to the account.
    pub fn first_in_line(&self, at: usize, account: u32) -> Option<u32> {
        let instrument = &self.instruments[at];
        let side = instrument.held_by(account).signum();
        let eligible = instrument.positions.iter().filter(|(other, position)| {
            position.quantity.signum() * side == -1
                && self.ledger.trades(**other)
                && !self.ledger.same_owner(account, **other)
        });
        let ranked = eligible.map(|(other, _)| (self.leverage_of(at, *other), *other));
        ranked.reduce(|first, next| if next.0.rank(&first.0).is_gt() { next } else { first }).map(|(_, other)| other)
    }

    /// Gain since the position was opened, and how far its account is leveraged.
    fn leverage_of(&self, at: usize, account: u32) -> Leverage {
        let instrument = &self.instruments[at];
        let position = instrument.positions.get(&account).copied().unwrap_or_default();
        let asset = instrument.margin_asset();
        let equity = self.standing(account, asset).equity;
        let all = self.ledger.margins.get(&(account, asset)).map_or(0, |margin| margin.sum.notional);
        let unsigned = |amount: i128| amount.clamp(0, u64::MAX.into()) as u64;
        let gain = instrument.worth(position.quantity, instrument.reference()) - position.entry;
        Leverage {
            gain: gain.clamp((-i64::MAX).into(), i64::MAX.into()) as i64,
            entry: unsigned(position.entry.abs()),
            value: unsigned(all),
            margin: unsigned(equity),
        }
    }

    fn close_against(&mut self, at: usize, c: &Deleverage, closing: &Closing, effects: &mut Effects) {
        let Self { instruments, ledger, .. } = self;
        let (change, asset) = (closing.change(c.quantity), instruments[at].margin_asset());
        let (buyer, seller) = if change < 0 { (c.against, c.account) } else { (c.account, c.against) };
        let (pays, gets) = settlement(&instruments[at], (buyer, seller), (c.price, c.quantity));
        ledger.post(buyer, seller, asset, gets);
        ledger.post(buyer, ROUNDING, asset, pays - gets);
        ledger.earn(buyer, asset, -pays);
        ledger.earn(seller, asset, gets);
        let taker_hold = instruments[at].shift(ledger, c.account, (change, c.price), (true, 0, 0));
        let maker_hold = instruments[at].shift(ledger, c.against, (-change, c.price), (true, 0, 0));
        let Deleverage { account, against, instrument, quantity, price } = *c;
        effects.push(&Deleveraged { account, against, instrument, quantity, price });
        effects.push(&Traded {
            maker_order: 0,
            taker_order: 0,
            maker: against,
            taker: account,
            instrument,
            taker_side: if change < 0 { SELL } else { BUY },
            flags: DELEVERAGED,
            price,
            quantity,
            buyer_pays: pays,
            seller_gets: gets,
            maker_fee: 0,
            taker_fee: 0,
            maker_hold,
            taker_hold,
        });
        self.touch(at);
    }
}
