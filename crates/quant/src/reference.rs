//! What parameter files say, in one form for all of them, and what the margin crate makes of it.
//!
//! Money, prices and strikes are in millionths of their unit, so that a requirement is too. Months are numbers of eight digits:
//! a day (20260630), or a month with day 00 (20190300).
use std::fmt;

use isthmus_margin::span::{
    Array, Contract, Credit, CreditLeg, Delivery, Fault, Kind, MinimumRule, Months, ONE, Parameters, PriceRisk,
    Product, Spread,
};
use rustc_hash::FxHashMap;

/// Why a file cannot be read: where, what, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub line: u64,
    pub field: String,
    pub reason: String,
}

impl Unreadable {
    pub fn new(line: u64, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { line, field: field.into(), reason: reason.into() }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.field, self.reason)
    }
}

/// The kind that a portfolio names. Spot is the underlying itself, margined like a future.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    Spot,
    Future,
    Call,
    Put,
}

impl Form {
    pub fn of(name: &str) -> Option<Self> {
        [("spot", Self::Spot), ("future", Self::Future), ("call", Self::Call), ("put", Self::Put)]
            .iter()
            .find_map(|(word, form)| (*word == name).then_some(*form))
    }

    pub fn is_option(self) -> bool {
        matches!(self, Self::Call | Self::Put)
    }

    fn kind(self) -> Kind {
        match self {
            Self::Spot | Self::Future => Kind::Future,
            Self::Call => Kind::Call,
            Self::Put => Kind::Put,
        }
    }
}

/// How an option of a series is priced: what a file says, enough to make its array again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pricing {
    pub volatility: f64,
    pub years: f64,
    pub rate: f64,
    pub price_scan: f64,
    pub volatility_scan: f64,
    pub extreme_multiple: f64,
    pub cover: f64,
}

/// A product as its file names it.
#[derive(Clone, Debug, Default)]
pub struct ProductTerms {
    pub code: String,
    pub currency: String,
    pub scan_tiers: Vec<Months>,
    /// Tier numbers with their months, as credits name them.
    pub inter_tiers: Vec<(u32, Months)>,
    pub spreads: Vec<(u32, Spread)>,
    pub deliveries: Vec<Delivery>,
    /// Short option minimum of one short option by its month.
    pub minimums: Vec<(Months, i64)>,
    pub greater_minimum: bool,
    pub caps_option_value: bool,
    pub price_risk: PriceRisk,
    /// Price of the underlying; None where the file has none.
    pub spot: Option<i64>,
    /// Exposure margin as a part of the notional in millionths; None where the file says nothing.
    pub exposure: Option<i64>,
}

/// A contract as its file names it. The array, the value and the price belong to one unit of it; a contract is `lot` units.
#[derive(Clone, Debug)]
pub struct ContractTerms {
    pub product: u32,
    pub code: u32,
    pub form: Form,
    /// What its file calls it by.
    pub expiry: u32,
    /// Day of expiry, another name for it; 0 where the file does not say or `expiry` is it.
    pub expires: u32,
    /// The month that its delta counts in: of an option on a future, the future's.
    pub month: u32,
    /// Of options.
    pub strike: Option<i64>,
    pub lot: i64,
    /// What a price of one is worth in money, in millionths.
    pub multiplier: i64,
    pub price: Option<i64>,
    pub array: Array,
    pub delta: i64,
    /// Of one unit; zero for futures and for options margined like futures.
    pub value: i64,
    /// Which of `pricings`.
    pub pricing: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditTerms {
    pub product: u32,
    /// Tier number; 0 is all months.
    pub tier: u32,
    pub side: isthmus_margin::span::Side,
    pub ratio: i64,
    pub rate: i64,
}

/// Everything that one or several files say.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    pub formats: Vec<String>,
    pub date: String,
    pub products: Vec<ProductTerms>,
    pub contracts: Vec<ContractTerms>,
    /// Codes that contracts are traded under: names by number.
    pub codes: Vec<String>,
    pub pricings: Vec<Pricing>,
    /// By priority.
    pub credits: Vec<(u32, Vec<CreditTerms>)>,
    /// What was passed over, with how often.
    pub skipped: Vec<(String, u64)>,
}

impl Reference {
    pub fn skip(&mut self, name: &str) {
        match self.skipped.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => self.skipped.push((name.to_owned(), 1)),
        }
    }

    /// The number of a code, a new one where it is new. Linear: readers keep their own maps.
    pub fn code(&mut self, name: &str) -> u32 {
        let place = self.codes.iter().position(|code| code == name).unwrap_or_else(|| {
            self.codes.push(name.to_owned());
            self.codes.len() - 1
        });
        place as u32
    }

    /// Adds another file's content behind this one's; its credits come after ours of the same priority.
    pub fn append(&mut self, other: Reference) {
        let (products, pricings) = (self.products.len() as u32, self.pricings.len() as u32);
        let codes: Vec<u32> = other.codes.iter().map(|code| self.code(code)).collect();
        self.formats.extend(other.formats);
        if self.date.is_empty() {
            self.date = other.date;
        }
        self.products.extend(other.products);
        self.pricings.extend(other.pricings);
        self.contracts.extend(other.contracts.into_iter().map(|contract| ContractTerms {
            product: contract.product + products,
            code: codes[contract.code as usize],
            pricing: contract.pricing.saturating_add(pricings),
            ..contract
        }));
        let moved = |leg: &CreditTerms| CreditTerms { product: leg.product + products, ..*leg };
        self.credits.extend(other.credits.iter().map(|(priority, legs)| (*priority, legs.iter().map(moved).collect())));
        for (name, count) in other.skipped {
            match self.skipped.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += count,
                None => self.skipped.push((name, count)),
            }
        }
    }

    /// The rule over all this, and the currencies by their numbers.
    ///
    /// # Errors
    /// What the margin crate refuses, with the product's or contract's place as its field.
    pub fn parameters(&self) -> Result<(Parameters, Vec<String>), Unreadable> {
        let mut parameters = Parameters::new();
        let mut currencies: Vec<String> = Vec::new();
        for product in &self.products {
            let place = currencies.iter().position(|known| *known == product.currency).unwrap_or_else(|| {
                currencies.push(product.currency.clone());
                currencies.len() - 1
            });
            let made = product.product(place as u32);
            parameters.add_product(made).map_err(|fault| refused(&product.code, fault))?;
        }
        for contract in &self.contracts {
            let product = &self.products[contract.product as usize];
            let made = contract.contract(product).ok_or_else(|| {
                Unreadable::new(0, product.code.clone(), "has a contract whose numbers times its lot are too large")
            })?;
            parameters.add_contract(&made).map_err(|fault| refused(&product.code, fault))?;
        }
        parameters.set_credits(self.credits()).map_err(|fault| refused("credits", fault))?;
        Ok((parameters, currencies))
    }

    fn credits(&self) -> Vec<Credit> {
        let mut sorted: Vec<&(u32, Vec<CreditTerms>)> = self.credits.iter().collect();
        sorted.sort_by_key(|(priority, _)| *priority);
        let leg = |leg: &CreditTerms| {
            let tiers = &self.products[leg.product as usize].inter_tiers;
            let tier = tiers.iter().position(|(number, _)| *number == leg.tier).unwrap_or(0) as u32;
            CreditLeg { product: leg.product, tier, side: leg.side, ratio: leg.ratio, rate: leg.rate }
        };
        sorted.iter().map(|(_, legs)| Credit { legs: legs.iter().map(leg).collect() }).collect()
    }

    /// Contracts by (code, form, month, strike), and each product's own code as another name for those under it.
    pub fn catalogue(&self) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (number, contract) in self.contracts.iter().enumerate() {
            let code = self.codes[contract.code as usize].as_str();
            let key = (contract.form, contract.expiry, contract.strike.unwrap_or(0));
            catalogue.add(code, key, number as u32);
        }
        for (number, contract) in self.contracts.iter().enumerate().filter(|(_, contract)| contract.expires != 0) {
            let code = self.codes[contract.code as usize].as_str();
            catalogue.also(code, (contract.form, contract.expires, contract.strike.unwrap_or(0)), number as u32);
        }
        for (number, contract) in self.contracts.iter().enumerate() {
            let (code, product) = (&self.codes[contract.code as usize], &self.products[contract.product as usize].code);
            let key = (contract.form, contract.expiry, contract.strike.unwrap_or(0));
            if code != product && !catalogue.codes.get(product.as_str()).is_some_and(|own| own.direct) {
                catalogue.also(product, key, number as u32);
            }
        }
        catalogue
    }
}

type Key = (Form, u32, i64);

#[derive(Clone, Debug, Default)]
struct Listing {
    /// Whether contracts are traded under this very code.
    direct: bool,
    contracts: FxHashMap<Key, u32>,
}

/// Finds contracts by what a portfolio calls them.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    codes: FxHashMap<String, Listing>,
}

impl Catalogue {
    fn add(&mut self, code: &str, key: Key, number: u32) {
        if !self.codes.contains_key(code) {
            self.codes.insert(code.to_owned(), Listing::default());
        }
        if let Some(listing) = self.codes.get_mut(code) {
            listing.direct = true;
            listing.contracts.insert(key, number);
        }
    }

    fn also(&mut self, code: &str, key: Key, number: u32) {
        self.codes.entry(code.to_owned()).or_default().contracts.entry(key).or_insert(number);
    }

    /// The contract of a code, or why there is none. A month without a day finds the only contract of that month, a day finds
    /// the contract of its month where the file names months only.
    pub fn find(&self, code: &str, form: Form, month: u32, strike: i64) -> Result<u32, &'static str> {
        let listing = self.codes.get(code).ok_or("product is in none of the parameter files")?;
        if let Some(number) = listing.contracts.get(&(form, month, strike)) {
            return Ok(*number);
        }
        if !month.is_multiple_of(100) {
            let whole = listing.contracts.get(&(form, month / 100 * 100, strike));
            return whole.copied().ok_or("no contract of this kind, expiry and strike");
        }
        let near = |key: &&Key| key.0 == form && key.1 / 100 == month / 100 && key.2 == strike;
        let mut found = listing.contracts.keys().filter(near);
        match (found.next(), found.next()) {
            (Some(key), None) => Ok(listing.contracts[key]),
            (Some(_), Some(_)) => Err("several contracts expire in this month: name the day"),
            (None, _) => Err("no contract of this kind, expiry and strike"),
        }
    }
}

impl ProductTerms {
    fn product(&self, currency: u32) -> Product {
        let mut spreads: Vec<&(u32, Spread)> = self.spreads.iter().collect();
        spreads.sort_by_key(|(priority, _)| *priority);
        Product {
            currency,
            scan_tiers: self.scan_tiers.clone(),
            inter_tiers: self.inter_tiers.iter().map(|(_, months)| *months).collect(),
            spreads: spreads.into_iter().map(|(_, spread)| spread.clone()).collect(),
            deliveries: self.deliveries.clone(),
            minimum_rule: if self.greater_minimum { MinimumRule::Greater } else { MinimumRule::Sum },
            caps_option_value: self.caps_option_value,
            price_risk: self.price_risk,
        }
    }
}

impl ContractTerms {
    fn contract(&self, product: &ProductTerms) -> Option<Contract> {
        let mut array = self.array;
        for loss in &mut array {
            *loss = loss.checked_mul(self.lot)?;
        }
        let minimum = product.minimums.iter().find(|(months, _)| months.holds(self.month)).map_or(0, |(_, rate)| *rate);
        let short_minimum = if self.form.is_option() { minimum.checked_mul(self.lot)? } else { 0 };
        Some(Contract {
            product: self.product,
            month: self.month,
            kind: self.form.kind(),
            array,
            delta: self.delta.checked_mul(self.lot)?,
            value: self.value.checked_mul(self.lot)?,
            short_minimum,
        })
    }
}

fn refused(place: &str, fault: Fault) -> Unreadable {
    Unreadable::new(0, place, fault.to_string())
}

/// Eight digits of a month: `201903`, `20190315` or `201903W1` (a week is a day of that number).
pub fn month(text: &[u8]) -> Option<u32> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = |part: &[u8]| std::str::from_utf8(part).ok()?.parse::<u32>().ok();
    let month = match (digits, text.len()) {
        (0, 0) => Some(0),
        (8, 8) => value(text),
        (6, 6) => value(text)?.checked_mul(100),
        (6, 7..=8) => {
            let rest: Vec<u8> = text[6..].iter().copied().filter(u8::is_ascii_digit).collect();
            value(&text[..6])?.checked_mul(100)?.checked_add(value(&rest)?)
        }
        _ => None,
    };
    month.filter(|month| *month == 0 || (1..=12).contains(&(month / 100 % 100)))
}

/// All days of the months from one to another; a day is only itself.
pub fn months(first: u32, last: u32) -> Months {
    let end = if last.is_multiple_of(100) { last.saturating_add(99) } else { last };
    Months { first, last: end }
}

/// A whole delta, ratio or rate.
pub const WHOLE: i64 = ONE;
