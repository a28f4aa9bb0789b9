//! Instruments: the only place where price and quantity become money.
use std::collections::BTreeMap;

use isthmus_margin::perpetual::Tier;

use crate::contracts::Contract;
use crate::messages::{AddInstrument, Code};
use crate::names::Reason;
use crate::orders::Order;
use crate::perpetual::Position;
use crate::portfolio::Scanned;
use crate::values::{BPS, LIST_MAX, PPM, PRICE_MAX, QUANTITY_MAX, ceil_div, floor_div};

pub const PERPETUAL: u8 = 4;
/// A perpetual whose contracts are worth a fixed amount of the quote asset, settled in the base asset.
pub const INVERSE: u8 = 5;
pub const FUTURE: u8 = 6;
pub const OPTION: u8 = 7;
const DECIMALS_MAX: u8 = 12;
pub(crate) const ASSET_DECIMALS_MAX: u8 = 18;
const DENOMINATOR_EXPONENT_MAX: i32 = 9;
const FACTOR_MAX: i128 = 1_000_000_000_000_000;
pub(crate) const FEE_MAX: i32 = 100_000;

/// What money and things are counted in.
#[derive(Debug, Clone)]
pub struct Asset {
    pub code: Code,
    pub decimals: u8,
}

/// The terms of an instrument and its prices. `mark` is the reference price (0: none yet), `latest` the newer of it and
/// the last trade.
#[derive(Debug, Clone)]
pub struct Instrument {
    pub terms: AddInstrument,
    pub num: i64,
    pub den: i64,
    pub base_units: i64,
    pub halted: bool,
    pub mark: i64,
    pub settlement_mark: i64,
    pub last_trade: i64,
    pub latest: i64,
    pub positions: BTreeMap<u32, Position>,
    /// Margin by notional, the lowest first; none: the initial margin of the listing alone.
    pub tiers: Vec<Tier>,
    /// Rows of the tick table after the first: from this price on, this tick.
    pub ticks: Vec<(i64, i64)>,
    /// Of one that expires: its terms as a contract, once they are set.
    pub contract: Option<Contract>,
    /// Of one with a risk array that counts: what portfolio margin knows of it (follows from the array).
    pub(crate) scanned: Option<Scanned>,
}

/// Is it held as a position? Perpetuals are, and contracts that expire.
fn is_perpetual(terms: &AddInstrument) -> bool {
    terms.kind >= PERPETUAL
}

/// The power of ten in the value of a quantity: times the price in the quote asset; of an inverse perpetual, by the price in
/// the base asset.
fn exponent_of(terms: &AddInstrument, base: &Asset, quote: &Asset) -> i32 {
    let (price, quantity) = (i32::from(terms.price_decimals), i32::from(terms.quantity_decimals));
    if terms.kind == INVERSE {
        i32::from(base.decimals) + price - quantity
    } else {
        i32::from(quote.decimals) - price - quantity
    }
}

/// Is this the zero-padded text of 1 or more allowed characters?
pub fn is_code(bytes: &[u8], also: &[u8]) -> bool {
    let length = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let allowed = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b"._-".contains(b) || also.contains(b);
    length > 0 && bytes[..length].iter().all(allowed) && bytes[length..].iter().all(|b| *b == 0)
}

impl Asset {
    pub fn check(code: &Code, decimals: u8, listed: &[Asset]) -> Result<(), Reason> {
        if !is_code(&code.0, b"") {
            return Err(Reason::BadCode);
        }
        if listed.iter().any(|a| a.code == *code) {
            return Err(Reason::AlreadyExists);
        }
        if decimals > ASSET_DECIMALS_MAX {
            return Err(Reason::BadDecimals);
        }
        if listed.len() >= LIST_MAX {
            return Err(Reason::LimitReached);
        }
        Ok(())
    }
}

impl Instrument {
    /// Checks the terms in the order of docs/reference/engine.md.
    pub fn new(terms: &AddInstrument, assets: &[Asset], listed: &[Instrument]) -> Result<Self, Reason> {
        if !is_code(&terms.symbol.0, b"/") {
            return Err(Reason::BadCode);
        }
        if listed.iter().any(|i| i.terms.symbol == terms.symbol) {
            return Err(Reason::AlreadyExists);
        }
        if !(1..=OPTION).contains(&terms.kind) {
            return Err(Reason::UnknownKind);
        }
        let asset = |n: u32| (n as usize).checked_sub(1).and_then(|at| assets.get(at));
        let (base, quote) = (asset(terms.base), asset(terms.quote));
        let (Some(base), Some(quote)) = (base, quote) else {
            return Err(Reason::UnknownAsset);
        };
        if terms.base == terms.quote {
            return Err(Reason::UnknownAsset);
        }
        let perpetual = is_perpetual(terms);
        let exponent = exponent_of(terms, base, quote);
        if terms.price_decimals > DECIMALS_MAX
            || terms.quantity_decimals > DECIMALS_MAX
            || (!perpetual && terms.quantity_decimals > base.decimals)
            || -exponent > DENOMINATOR_EXPONENT_MAX
        {
            return Err(Reason::BadDecimals);
        }
        Self::check_ranges(terms)?;
        let num = i128::from(terms.multiplier) * 10i128.pow(exponent.max(0) as u32);
        if num > FACTOR_MAX {
            return Err(Reason::BadMultiplier);
        }
        if perpetual && exponent < 0 {
            return Err(Reason::BadDecimals);
        }
        Self::check_rates(terms, perpetual)?;
        if listed.len() >= LIST_MAX {
            return Err(Reason::LimitReached);
        }
        Ok(Self {
            terms: *terms,
            num: num as i64,
            den: 10i64.pow((-exponent).max(0) as u32),
            base_units: if perpetual { 0 } else { 10i64.pow(u32::from(base.decimals - terms.quantity_decimals)) },
            halted: false,
            mark: terms.mark,
            settlement_mark: terms.mark,
            last_trade: 0,
            latest: terms.mark,
            positions: BTreeMap::new(),
            tiers: Vec::new(),
            ticks: Vec::new(),
            contract: None,
            scanned: None,
        })
    }

    fn check_ranges(terms: &AddInstrument) -> Result<(), Reason> {
        if !(1..=PRICE_MAX).contains(&terms.tick) {
            return Err(Reason::BadTick);
        }
        // what is assigned of an option is any whole number of contracts
        if !(1..=QUANTITY_MAX).contains(&terms.lot) || (terms.kind == OPTION && terms.lot != 1) {
            return Err(Reason::BadLot);
        }
        if !(1..=1_000_000_000).contains(&terms.multiplier) || (!is_perpetual(terms) && terms.multiplier != 1) {
            return Err(Reason::BadMultiplier);
        }
        Ok(())
    }

    fn check_rates(terms: &AddInstrument, perpetual: bool) -> Result<(), Reason> {
        let fees = [terms.maker_fee_ppm, terms.taker_fee_ppm];
        if fees.iter().any(|f| !(-FEE_MAX..=FEE_MAX).contains(f)) || fees[0] + fees[1] < 0 {
            return Err(Reason::BadFee);
        }
        if i128::from(terms.collar_bps) >= BPS {
            return Err(Reason::BadCollar);
        }
        let margin = i128::from(terms.initial_margin_bps);
        if (perpetual && !(1..=BPS).contains(&margin)) || (!perpetual && margin != 0) {
            return Err(Reason::BadMargin);
        }
        if !(0..=PRICE_MAX).contains(&terms.mark) || (perpetual && terms.mark == 0) {
            return Err(Reason::BadMark);
        }
        Ok(())
    }

    /// Is it held as a position and not as an asset? Perpetuals are, and contracts that expire.
    #[inline]
    pub fn is_perpetual(&self) -> bool {
        is_perpetual(&self.terms)
    }

    pub fn is_option(&self) -> bool {
        self.terms.kind == OPTION
    }

    /// May it trade? One that expires needs its terms first.
    pub(crate) fn check_contract(&self) -> Result<(), Reason> {
        match &self.contract {
            None if matches!(self.terms.kind, FUTURE | OPTION) => Err(Reason::NoContract),
            Some(contract) if contract.settled => Err(Reason::AlreadySettled),
            _ => Ok(()),
        }
    }

    pub fn is_inverse(&self) -> bool {
        self.terms.kind == INVERSE
    }

    /// The asset in which a perpetual is margined and settled.
    #[inline]
    pub fn margin_asset(&self) -> u32 {
        if self.is_inverse() { self.terms.base } else { self.terms.quote }
    }

    /// The price that collars are measured from: the last mark, while there is none the last trade; 0 for none.
    pub fn reference(&self) -> i64 {
        if self.mark > 0 { self.mark } else { self.last_trade }
    }

    /// What a spot order of this side holds of.
    #[inline]
    pub fn held_asset(&self, order: &Order) -> u32 {
        if order.buys() { self.terms.quote } else { self.terms.base }
    }

    /// The higher of the two fees, or 0 where both are rebates: what a hold must cover.
    #[inline]
    pub fn worst_fee_ppm(&self) -> i32 {
        self.terms.maker_fee_ppm.max(self.terms.taker_fee_ppm).max(0)
    }

    /// price x quantity in units of 1/den quote minor units; None if it does not fit 128 bits.
    #[inline]
    pub fn exact(&self, price: i64, quantity: i64) -> Option<i128> {
        match price.checked_mul(quantity) {
            Some(small) => Some(i128::from(small) * i128::from(self.num)),
            None => (i128::from(price) * i128::from(quantity)).checked_mul(i128::from(self.num)),
        }
    }

    /// What a buyer pays for a fill; rounds up once an order, by the carry.
    #[inline]
    pub fn pays(&self, price: i64, quantity: i64, carry: &mut u32) -> i64 {
        let exact = self.exact(price, quantity).expect("the gate bounds the notional");
        if self.den == 1 {
            return exact as i64;
        }
        let need = exact - i128::from(*carry);
        let pays = ceil_div(need, i128::from(self.den));
        *carry = (pays * i128::from(self.den) - need) as u32;
        pays as i64
    }

    /// What a seller gets for a fill; rounds down once an order, by the carry.
    #[inline]
    pub fn gets(&self, price: i64, quantity: i64, carry: &mut u32) -> i64 {
        let exact = self.exact(price, quantity).expect("the gate bounds the notional");
        if self.den == 1 {
            return exact as i64;
        }
        let due = exact + i128::from(*carry);
        let gets = floor_div(due, i128::from(self.den));
        *carry = (due - gets * i128::from(self.den)) as u32;
        gets as i64
    }

    /// Value in quote minor units rounded up; None if it is over 64 bits.
    #[inline]
    pub fn value_up(&self, price: i64, quantity: i64, carry: u32) -> Option<i64> {
        if self.is_inverse() {
            return i64::try_from(self.notional(quantity.into(), price)).ok();
        }
        let exact = self.exact(price, quantity)?;
        if self.den == 1 {
            return i64::try_from(exact).ok();
        }
        i64::try_from(ceil_div(exact - i128::from(carry), i128::from(self.den)).max(0)).ok()
    }

    /// What a spot buy holds for `remaining` at `limit`; None if it is over 64 bits.
    #[inline]
    pub fn buy_hold(&self, limit: i64, remaining: i64, value_carry: u32, fee_carry: u32) -> Option<i64> {
        let value = self.value_up(limit, remaining, value_carry)?;
        value.checked_add(fee_hold(value, self.worst_fee_ppm(), fee_carry)?)
    }
}

/// The fee on `value` at `rate_ppm`, rounded up once an order, by the carry.
#[inline]
pub fn fee(value: i64, rate_ppm: i32, carry: &mut u32) -> i64 {
    let exact = i128::from(value) * i128::from(rate_ppm) - i128::from(*carry);
    let fee = ceil_ppm(exact);
    *carry = (i128::from(fee) * i128::from(PPM) - exact) as u32;
    fee
}

/// What is held for the fee on `value` still to come.
#[inline]
pub fn fee_hold(value: i64, rate_ppm: i32, carry: u32) -> Option<i64> {
    let exact = i128::from(value) * i128::from(rate_ppm) - i128::from(carry);
    if exact <= 0 { Some(0) } else { Some(ceil_ppm(exact)) }
}

/// ceil(x / 10^6) for x within 10 % of a 64-bit amount times 10^6.
#[inline]
fn ceil_ppm(exact: i128) -> i64 {
    if let Ok(small) = i64::try_from(exact) {
        return small / PPM + i64::from(small % PPM > 0);
    }
    ceil_div(exact, i128::from(PPM)) as i64
}
