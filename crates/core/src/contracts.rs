//! Contracts that expire: the terms of dated futures and options, and which of them can be settled.
//!
//! Prices of a future are counted from its `floor`, so that books, collars and margins know positive prices only; strikes and
//! final prices are prices as they are quoted, in the price steps of the contract, and may be negative.
use isthmus_margin::span::Parameters;

use crate::engine::{Effects, Engine};
use crate::instrument::{FUTURE, Instrument, OPTION, PERPETUAL};
use crate::messages::{ContractSet, RuleSet, SetContract, SettleExpiry};
use crate::names::{Reason, Rule};
use crate::portfolio::Room;
use crate::risk::Risk;
use crate::values::PRICE_MAX;

pub const CASH: u8 = 1;
pub const PHYSICAL: u8 = 2;
pub const CALL: u8 = 1;
pub const PUT: u8 = 2;
pub const EUROPEAN: u8 = 1;
pub const AMERICAN: u8 = 2;

/// Risk parameters: as they are set, and as they count since they were applied.
#[derive(Debug, Clone, Default)]
pub struct Contracts {
    pub staged: Risk,
    pub applied: Risk,
    pub(crate) parameters: Parameters,
    /// Room for one reckoning, used again for the next.
    pub(crate) room: Room,
}

/// What an instrument is as a contract. `base_units`: minor units of the base asset that one contract delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contract {
    pub terms: SetContract,
    pub base_units: i64,
    pub settled: bool,
}

impl Contract {
    pub fn is_physical(&self) -> bool {
        self.terms.delivery == PHYSICAL
    }

    /// What a unit of price an option is worth when what it is on costs `price`; not below 0.
    pub fn intrinsic(&self, price: i64) -> i64 {
        let above = price - self.terms.strike;
        if self.terms.right == CALL { above.max(0) } else { (-above).max(0) }
    }
}

impl Engine {
    pub(crate) fn set_contract(&mut self, c: &SetContract, effects: &mut Effects) -> Result<(), Reason> {
        let at = self.at(c.instrument)?;
        let instrument = &self.instruments[at];
        if !matches!(instrument.terms.kind, FUTURE | OPTION) {
            return Err(Reason::NoContract);
        }
        if instrument.contract.is_some() {
            return Err(Reason::AlreadyExists);
        }
        check_words(c, instrument.is_option())?;
        let base_units = self.check_underlying(instrument, c)?;
        if c.expire <= self.stamp || c.expire > i64::MAX as u64 {
            return Err(Reason::BadExpire);
        }
        self.instruments[at].contract = Some(Contract { terms: *c, base_units, settled: false });
        let SetContract { instrument, underlying, delivery, right, style, strike, floor, expire } = *c;
        effects.push(&ContractSet { instrument, underlying, delivery, right, style, strike, floor, expire });
        let (rule, value) = (Rule::Expiry, expire as i64);
        let old = self.markets[at].rules.get(rule);
        self.set_expiry(at, old, value);
        self.markets[at].rules.set(rule, value);
        effects.push(&RuleSet { instrument, rule: rule as u16, value });
        Ok(())
    }

    /// Is there what is delivered, or priced? Tells the base units of a contract that delivers the base asset, else 0.
    fn check_underlying(&self, own: &Instrument, c: &SetContract) -> Result<i64, Reason> {
        let on = if c.underlying == 0 { None } else { Some(&self.instruments[self.at(c.underlying)?]) };
        let alike =
            |on: &Instrument| on.terms.quote == own.terms.quote && on.terms.price_decimals == own.terms.price_decimals;
        let priced = on.is_some_and(|on| alike(on) && !on.is_option());
        if c.delivery == CASH {
            let needs_price = c.style == AMERICAN;
            return if priced || (on.is_none() && !needs_price) { Ok(0) } else { Err(Reason::BadContract) };
        }
        if let Some(on) = on.filter(|on| on.terms.kind == FUTURE) {
            let same = on.num == own.num && on.terms.quantity_decimals == own.terms.quantity_decimals;
            on.check_contract()?;
            return if own.is_option() && priced && same { Ok(0) } else { Err(Reason::BadContract) };
        }
        let delivers = on.is_none_or(|on| priced && on.terms.kind < PERPETUAL && on.terms.base == own.terms.base);
        let base = self.assets[own.terms.base as usize - 1].decimals;
        let exponent = base.checked_sub(own.terms.quantity_decimals).filter(|_| delivers).ok_or(Reason::BadContract)?;
        10i64
            .checked_pow(exponent.into())
            .and_then(|units| units.checked_mul(own.terms.multiplier))
            .ok_or(Reason::BadContract)
    }

    /// May the contract be settled for the last time at this price?
    pub(crate) fn check_settled(&self, at: usize, c: &SettleExpiry) -> Result<Contract, Reason> {
        let instrument = &self.instruments[at];
        let contract = instrument.contract.ok_or(Reason::NoContract)?;
        instrument.check_contract()?;
        if self.check_expiry(at).is_ok() {
            return Err(Reason::NotExpired);
        }
        if c.priced == 0 {
            return Err(Reason::NoSettlementPrice);
        }
        if c.priced > 1 || c.price > PRICE_MAX {
            return Err(Reason::BadMark);
        }
        if c.price < self.lowest(instrument, &contract) {
            return Err(Reason::PriceNotPositive);
        }
        if self.has_live_orders(at) {
            return Err(Reason::BookNotEmpty);
        }
        if self.instruments.iter().any(|other| other.awaits(c.instrument)) {
            return Err(Reason::UnderliesOptions);
        }
        Ok(contract)
    }

    /// The lowest final price: one step above the floor of a future, of an option what its underlying may cost.
    fn lowest(&self, instrument: &Instrument, contract: &Contract) -> i64 {
        if !instrument.is_option() {
            return contract.terms.floor + 1;
        }
        let on = (contract.terms.underlying as usize).checked_sub(1).map(|at| &self.instruments[at]);
        on.and_then(|on| on.contract).map_or(0, |future| future.terms.floor)
    }
}

impl Instrument {
    /// Is it an option, still open, that delivers this future?
    fn awaits(&self, future: u32) -> bool {
        let open = |contract: &Contract| !contract.settled && contract.is_physical();
        self.is_option() && self.contract.is_some_and(|contract| open(&contract) && contract.terms.underlying == future)
    }

    /// A price of the instrument's own book as it is quoted.
    pub fn quoted(&self, price: i64) -> i64 {
        price + self.contract.map_or(0, |contract| contract.terms.floor)
    }
}

fn check_words(c: &SetContract, option: bool) -> Result<(), Reason> {
    let own = if option {
        let words = matches!(c.right, CALL | PUT) && matches!(c.style, EUROPEAN | AMERICAN);
        words && (-PRICE_MAX..=PRICE_MAX).contains(&c.strike) && c.floor == 0
    } else {
        c.right == 0 && c.style == 0 && c.strike == 0 && (-PRICE_MAX..=0).contains(&c.floor)
    };
    let itself = c.underlying == c.instrument;
    if own && !itself && matches!(c.delivery, CASH | PHYSICAL) { Ok(()) } else { Err(Reason::BadContract) }
}

/// price x quantity x num, if it is an amount.
pub(crate) fn worth(price: i64, quantity: i64, num: i64) -> Result<i64, Reason> {
    let value = (i128::from(price) * i128::from(quantity)).checked_mul(i128::from(num));
    value.and_then(|value| i64::try_from(value).ok()).ok_or(Reason::NotionalTooLarge)
}
