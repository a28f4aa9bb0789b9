//! SPAN's XML files (`.spn`, file format 4.00), of the National Stock Exchange of India and of CME, in one pass over the bytes.
//!
//! `spanFile / pointInTime / clearingOrg` holds `ccDef` (products: tiers, spreads, delivery, minimum), `interSpreads` (credits)
//! and families of contracts (`phyPf`, `futPf`, `oopPf`, `oofPf`, ...), these within `exchange` or directly. Elements that are
//! not known here are passed over; those that would change a margin are counted by name in [`Reference::skipped`].
mod products;
mod xml;

use isthmus_margin::span::SCENARIOS;
use rustc_hash::FxHashMap;

use crate::decimal::{UNIT, millionths};
use crate::reference::{ContractTerms, Form, Pricing, ProductTerms, Reference, Unreadable, month};
use products::{InterLeg, Link};
use xml::{Child, Scanner};

/// Clearing houses where long option value does not help other products: premium is paid at the trade and is no collateral.
const PREMIUM_IS_NO_COLLATERAL: &[&str] = &["NSCCL", "NCL", "NSE", "ICCL", "BSE"];

/// A family of contracts (`futPf`, ...), until its product is known.
struct Family {
    exchange: String,
    number: String,
    sort: &'static str,
    code: String,
    currency: String,
    contracts: std::ops::Range<usize>,
    spot: Option<i64>,
}

#[derive(Clone, Copy)]
struct Defaults {
    month: u32,
    multiplier: i64,
    scaling: Option<i64>,
    pricing: u32,
    premium: bool,
    /// Family and number of the underlying future, where options are on futures.
    under: Option<(u32, u32)>,
}

/// Everything that is read so far.
#[derive(Default)]
struct Reading {
    reference: Reference,
    clearing: String,
    families: Vec<Family>,
    links: Vec<Link>,
    /// Credits with products by name, until all are known.
    credits: Vec<(u32, Vec<InterLeg>)>,
    /// Scaling of each contract's delta by its own word; the link's stands where there is none.
    unscaled: Vec<bool>,
    /// Months of futures by family and number, and options (by place) whose deltas count in them.
    futures: FxHashMap<(u32, u32), u32>,
    on_futures: Vec<(usize, (u32, u32))>,
    skipped: FxHashMap<String, u64>,
}

/// Reads a whole file.
///
/// # Errors
/// The first place that is not well-formed or has no sense, with its line.
pub fn read(bytes: &[u8]) -> Result<Reference, Unreadable> {
    let mut scanner = Scanner::new(bytes);
    scanner.root(b"spanFile")?;
    let mut reading = Reading::default();
    while let Some(child) = scanner.child()? {
        match child {
            Child::Leaf(b"fileFormat", text) => reading.reference.formats.push(format!("spn {}", xml::text(text))),
            Child::Leaf(b"date", text) => reading.reference.date = xml::text(text),
            Child::Node(b"pointInTime") => reading.point_in_time(&mut scanner)?,
            Child::Node(_) => scanner.pass()?,
            Child::Leaf(..) => {}
        }
    }
    scanner.end()?;
    reading.finish()
}

impl Reading {
    fn point_in_time(&mut self, scanner: &mut Scanner) -> Result<(), Unreadable> {
        while let Some(child) = scanner.child()? {
            match child {
                Child::Leaf(b"date", text) => self.reference.date = xml::text(text),
                Child::Node(b"clearingOrg") => self.clearing_organization(scanner)?,
                Child::Node(name) => self.pass(scanner, name)?,
                Child::Leaf(..) => {}
            }
        }
        Ok(())
    }

    fn clearing_organization(&mut self, scanner: &mut Scanner) -> Result<(), Unreadable> {
        while let Some(child) = scanner.child()? {
            match child {
                Child::Leaf(b"ec", text) => self.clearing = xml::text(text),
                Child::Node(b"ccDef") => self.product(scanner)?,
                Child::Node(b"interSpreads") => self.inter_spreads(scanner)?,
                Child::Node(b"exchange") => self.exchange(scanner)?,
                Child::Node(b"curConv" | b"pbRateDef" | b"pointDef") => scanner.pass()?,
                Child::Node(name) => self.family_or_pass(scanner, name, "")?,
                Child::Leaf(..) => {}
            }
        }
        Ok(())
    }

    fn exchange(&mut self, scanner: &mut Scanner) -> Result<(), Unreadable> {
        let mut exchange = String::new();
        while let Some(child) = scanner.child()? {
            match child {
                Child::Leaf(b"exch", text) => exchange = xml::text(text),
                Child::Node(name) => self.family_or_pass(scanner, name, &exchange)?,
                Child::Leaf(..) => {}
            }
        }
        Ok(())
    }

    fn family_or_pass(&mut self, scanner: &mut Scanner, name: &[u8], exchange: &str) -> Result<(), Unreadable> {
        let sort = match name {
            b"phyPf" => "PHY",
            b"equityPf" | b"stockPf" => "STOCK",
            b"futPf" => "FUT",
            b"oopPf" => "OOP",
            b"oofPf" => "OOF",
            b"ooePf" => "OOE",
            b"oocPf" => "OOC",
            b"cmbPf" => "CMB",
            _ => return self.pass(scanner, name),
        };
        self.family(scanner, sort, exchange)
    }

    /// Counts an element that is not read, and what is in it.
    fn pass(&mut self, scanner: &mut Scanner, name: &[u8]) -> Result<(), Unreadable> {
        self.skip(name);
        scanner.pass()
    }

    fn skip(&mut self, name: &[u8]) {
        match self.skipped.get_mut(&*String::from_utf8_lossy(name)) {
            Some(count) => *count += 1,
            None => {
                self.skipped.insert(xml::text(name), 1);
            }
        }
    }

    fn family(&mut self, scanner: &mut Scanner, sort: &'static str, exchange: &str) -> Result<(), Unreadable> {
        let first = self.reference.contracts.len();
        let mut family = Family {
            exchange: exchange.to_owned(),
            number: String::new(),
            sort,
            code: String::new(),
            currency: String::new(),
            contracts: first..first,
            spot: None,
        };
        let mut defaults = Defaults {
            month: 0,
            multiplier: UNIT,
            scaling: None,
            pricing: self.pricing(Pricing::default()),
            premium: true,
            under: None,
        };
        while let Some(child) = scanner.child()? {
            match child {
                Child::Leaf(b"pfId", text) => {
                    family.number = xml::text(text);
                    defaults.under = Some((scanner.count("pfId", text).unwrap_or(0), 0));
                }
                Child::Leaf(b"pfCode", text) => family.code = xml::text(text),
                Child::Leaf(b"currency", text) => family.currency = xml::text(text),
                Child::Leaf(b"cvf", text) => defaults.multiplier = scanner.number("cvf", text)?,
                Child::Leaf(b"valueMeth", text) => defaults.premium = !text.starts_with(b"FUT"),
                Child::Node(b"fut" | b"phy" | b"equity" | b"cmb") => {
                    let price = self.contract(scanner, sort, defaults)?;
                    family.spot = family.spot.or(price.filter(|_| matches!(sort, "PHY" | "STOCK")));
                }
                Child::Node(b"series") => self.series(scanner, sort, defaults)?,
                Child::Node(b"undPf" | b"group" | b"alias" | b"venue" | b"tick") => scanner.pass()?,
                Child::Node(name) => self.pass(scanner, name)?,
                Child::Leaf(..) => {}
            }
        }
        family.contracts.end = self.reference.contracts.len();
        if family.code.is_empty() {
            return Err(scanner.fault("pfCode", "is missing"));
        }
        self.families.push(family);
        Ok(())
    }

    fn pricing(&mut self, pricing: Pricing) -> u32 {
        self.reference.pricings.push(pricing);
        self.reference.pricings.len() as u32 - 1
    }

    fn series(&mut self, scanner: &mut Scanner, sort: &str, mut defaults: Defaults) -> Result<(), Unreadable> {
        defaults.pricing = self.pricing(Pricing::default());
        while let Some(child) = scanner.child()? {
            match child {
                Child::Leaf(b"pe", text) => defaults.month = scanner.month("pe", text)?,
                Child::Leaf(b"cvf", text) => defaults.multiplier = scanner.number("cvf", text)?,
                Child::Leaf(b"sc", text) => defaults.scaling = Some(scanner.number("sc", text)?),
                Child::Node(b"undC") => defaults.under = Some(underlying(scanner)?),
                Child::Node(b"opt") => {
                    self.contract(scanner, sort, defaults)?;
                }
                other => self.term(scanner, other, defaults.pricing)?,
            }
        }
        Ok(())
    }

    /// What futures and series both say of how they are priced.
    fn term(&mut self, scanner: &mut Scanner, child: Child, pricing: u32) -> Result<(), Unreadable> {
        let terms = &mut self.reference.pricings[pricing as usize];
        let whole = UNIT as f64;
        match child {
            Child::Leaf(b"v", text) => terms.volatility = scanner.number("v", text)? as f64 / whole,
            Child::Leaf(b"t", text) => terms.years = scanner.number("t", text)? as f64 / whole,
            Child::Node(b"intrRate") => terms.rate = scanner.leaf_of(b"val")?.unwrap_or(0) as f64 / whole,
            Child::Node(b"scanRate") => {
                while let Some(child) = scanner.child()? {
                    match child {
                        Child::Leaf(b"priceScan", text) => {
                            terms.price_scan = scanner.number("priceScan", text)? as f64 / whole;
                        }
                        Child::Leaf(b"volScan", text) => {
                            terms.volatility_scan = scanner.number("volScan", text)? as f64 / whole;
                        }
                        Child::Node(_) => scanner.pass()?,
                        Child::Leaf(..) => {}
                    }
                }
            }
            Child::Node(_) => scanner.pass()?,
            Child::Leaf(..) => {}
        }
        Ok(())
    }

    /// One contract; says its price. One without an array is no position that could be margined: it only has a price.
    fn contract(&mut self, scanner: &mut Scanner, sort: &str, defaults: Defaults) -> Result<Option<i64>, Unreadable> {
        let is_option = sort.starts_with("OO");
        let mut form = if is_option { None } else { Some(if sort == "FUT" { Form::Future } else { Form::Spot }) };
        let (mut terms, mut value, mut scaling) = (blank(defaults), None, defaults.scaling);
        let (mut array, mut own) = (None, 0);
        while let Some(child) = scanner.child()? {
            match child {
                Child::Leaf(b"pe", text) => terms.expiry = scanner.month("pe", text)?,
                Child::Leaf(b"cId", text) => own = scanner.count("cId", text)?,
                Child::Leaf(b"o", b"C") => form = Some(Form::Call),
                Child::Leaf(b"o", b"P") => form = Some(Form::Put),
                Child::Leaf(b"o", _) => return Err(scanner.fault("o", "is neither C nor P")),
                Child::Leaf(b"k", text) => terms.strike = Some(scanner.number("k", text)?),
                Child::Leaf(b"p", text) => terms.price = scanner.number_if_any("p", text)?,
                Child::Leaf(b"cvf", text) => terms.multiplier = scanner.number("cvf", text)?,
                Child::Leaf(b"sc", text) => scaling = Some(scanner.number("sc", text)?),
                Child::Leaf(b"val", text) => value = scanner.number_if_any("val", text)?,
                Child::Node(b"ra") => read_array(scanner, &mut array)?,
                other if !is_option => self.future_term(scanner, other, defaults, &mut terms.pricing)?,
                Child::Node(_) => scanner.pass()?,
                Child::Leaf(..) => {}
            }
        }
        let price = terms.price;
        terms.month = terms.expiry;
        if let Some(family) = defaults.under.filter(|_| sort == "FUT") {
            self.futures.insert((family.0, own), terms.month);
        }
        let Some((losses, delta)) = array else { return Ok(price) };
        terms.form = form.ok_or_else(|| scanner.fault("o", "is missing"))?;
        if is_option && terms.strike.is_none() {
            return Err(scanner.fault("k", "is missing"));
        }
        (terms.array, terms.delta) =
            (losses, scaled(delta, scaling).ok_or_else(|| scanner.fault("d", "is too large"))?);
        if is_option && defaults.premium {
            terms.value =
                option_value(&terms, value).ok_or_else(|| scanner.fault("p", "times its multiplier is too large"))?;
        }
        if let Some(under) = defaults.under.filter(|_| sort == "OOF") {
            self.on_futures.push((self.reference.contracts.len(), under));
        }
        self.reference.contracts.push(terms);
        self.unscaled.push(scaling.is_none());
        Ok(price)
    }

    fn future_term(
        &mut self,
        scanner: &mut Scanner,
        child: Child,
        defaults: Defaults,
        pricing: &mut u32,
    ) -> Result<(), Unreadable> {
        if matches!(child, Child::Node(b"scanRate") | Child::Leaf(b"v" | b"t", _)) && *pricing == defaults.pricing {
            *pricing = self.pricing(Pricing::default());
        }
        let own = *pricing;
        if own == defaults.pricing {
            if let Child::Node(_) = child {
                scanner.pass()?
            }
            Ok(())
        } else {
            self.term(scanner, child, own)
        }
    }

    fn finish(mut self) -> Result<Reference, Unreadable> {
        for (place, under) in std::mem::take(&mut self.on_futures) {
            if let Some(month) = self.futures.get(&under) {
                self.reference.contracts[place].month = *month;
            }
        }
        self.give_products();
        self.resolve_credits();
        let mut skipped: Vec<(String, u64)> = self.skipped.into_iter().collect();
        skipped.sort();
        self.reference.skipped = skipped;
        Ok(self.reference)
    }

    /// Gives each family its product: the one that links to it, the one of its code, or a new one without rules.
    fn give_products(&mut self) {
        let mut codes: FxHashMap<String, u32> = FxHashMap::default();
        for family in std::mem::take(&mut self.families) {
            let link = self.links.iter().find(|link| link.names(&family.exchange, &family.number, family.sort));
            let product = link.map(|link| (link.product, link.scaling)).or_else(|| {
                let own = self.reference.products.iter().position(|product| product.code == family.code);
                own.map(|place| (place as u32, None))
            });
            let (product, scaling) = product.unwrap_or_else(|| {
                let terms = ProductTerms { code: family.code.clone(), ..ProductTerms::default() };
                self.reference.products.push(terms);
                (self.reference.products.len() as u32 - 1, None)
            });
            let terms = &mut self.reference.products[product as usize];
            if terms.currency.is_empty() {
                terms.currency.clone_from(&family.currency);
            }
            terms.spot = terms.spot.or(family.spot);
            if PREMIUM_IS_NO_COLLATERAL.contains(&self.clearing.as_str()) {
                terms.caps_option_value = true;
            }
            let code = *codes.entry(family.code).or_insert_with_key(|name| {
                self.reference.codes.push(name.clone());
                self.reference.codes.len() as u32 - 1
            });
            for number in family.contracts {
                let contract = &mut self.reference.contracts[number];
                (contract.product, contract.code) = (product, code);
                if self.unscaled[number] {
                    contract.delta = scaled(contract.delta, scaling).unwrap_or(contract.delta);
                }
            }
        }
    }
}

fn blank(defaults: Defaults) -> ContractTerms {
    ContractTerms {
        product: 0,
        code: 0,
        form: Form::Future,
        expiry: defaults.month,
        expires: 0,
        month: defaults.month,
        strike: None,
        lot: 1,
        multiplier: defaults.multiplier,
        price: None,
        array: [0; SCENARIOS],
        delta: 0,
        value: 0,
        pricing: defaults.pricing,
    }
}

/// Family and number of what a series is on.
fn underlying(scanner: &mut Scanner) -> Result<(u32, u32), Unreadable> {
    let (mut family, mut number) = (0, 0);
    while let Some(child) = scanner.child()? {
        match child {
            Child::Leaf(b"pfId", text) => family = scanner.count("pfId", text)?,
            Child::Leaf(b"cId", text) => number = scanner.count("cId", text)?,
            Child::Node(_) => scanner.pass()?,
            Child::Leaf(..) => {}
        }
    }
    Ok((family, number))
}

/// The first array of a contract (rate 1); others belong to other account types.
fn read_array(scanner: &mut Scanner, array: &mut Option<([i64; SCENARIOS], i64)>) -> Result<(), Unreadable> {
    if array.is_some() {
        return scanner.pass();
    }
    let (mut losses, mut count, mut delta) = ([0; SCENARIOS], 0, 0);
    while let Some(child) = scanner.child()? {
        match child {
            Child::Leaf(b"a", text) => {
                let loss = scanner.number("a", text)?;
                *losses.get_mut(count).ok_or_else(|| scanner.fault("ra", "has more than 16 values"))? = loss;
                count += 1;
            }
            Child::Leaf(b"d", text) => delta = scanner.number("d", text)?,
            Child::Node(_) => scanner.pass()?,
            Child::Leaf(..) => {}
        }
    }
    if count != SCENARIOS {
        return Err(scanner.fault("ra", "has fewer than 16 values"));
    }
    *array = Some((losses, delta));
    Ok(())
}

fn scaled(delta: i64, scaling: Option<i64>) -> Option<i64> {
    let product = i128::from(delta) * i128::from(scaling.unwrap_or(UNIT)) / i128::from(UNIT);
    i64::try_from(product).ok()
}

/// What the file says it is worth, or price times multiplier.
fn option_value(terms: &ContractTerms, value: Option<i64>) -> Option<i64> {
    match value {
        Some(value) if value != 0 => Some(value),
        _ => {
            let product = i128::from(terms.price.unwrap_or(0)) * i128::from(terms.multiplier) / i128::from(UNIT);
            i64::try_from(product).ok()
        }
    }
}

impl Scanner<'_> {
    fn number(&self, field: &str, text: &[u8]) -> Result<i64, Unreadable> {
        millionths(text).ok_or_else(|| self.fault(field, "is no number"))
    }

    /// None for an empty element.
    fn number_if_any(&self, field: &str, text: &[u8]) -> Result<Option<i64>, Unreadable> {
        if text.is_empty() { Ok(None) } else { self.number(field, text).map(Some) }
    }

    fn month(&self, field: &str, text: &[u8]) -> Result<u32, Unreadable> {
        month(text).ok_or_else(|| self.fault(field, "is no month or day"))
    }

    /// The number in one leaf of the element that was just opened; reads to its end.
    fn leaf_of(&mut self, name: &[u8]) -> Result<Option<i64>, Unreadable> {
        let mut found = None;
        while let Some(child) = self.child()? {
            match child {
                Child::Leaf(leaf, text) if leaf == name => found = Some(self.number("val", text)?),
                Child::Node(_) => self.pass()?,
                Child::Leaf(..) => {}
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
