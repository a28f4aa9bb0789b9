//! Products and credits of a `.spn` file: `ccDef` and `interSpreads`.
use isthmus_margin::span::{Delivery, Leg, MOST_LEGS, Months, Side, Spread};
use rustc_hash::FxHashMap;

use super::xml::{Child, Scanner, text};
use super::{Reading, UNIT};
use crate::reference::{CreditTerms, ProductTerms, Unreadable, months};

/// Which family of contracts belongs to a product.
pub struct Link {
    pub product: u32,
    exchange: String,
    number: String,
    sort: String,
    pub scaling: Option<i64>,
}

impl Link {
    /// Empty names fit all: a file may leave the exchange out.
    pub fn names(&self, exchange: &str, number: &str, sort: &str) -> bool {
        let fits = |own: &str, other: &str| own.is_empty() || other.is_empty() || own == other;
        !self.number.is_empty() && self.number == number && fits(&self.sort, sort) && fits(&self.exchange, exchange)
    }
}

/// A leg of an inter-commodity spread, by its product's name.
pub struct InterLeg {
    product: String,
    tier: u32,
    side: Side,
    ratio: i64,
    rate: i64,
}

/// Tier numbers with their months.
type Tiers = Vec<(u32, Months, Option<i64>)>;

/// A spread as it stands in the file, before its tiers are looked up.
#[derive(Default)]
struct Written {
    priority: u32,
    method: Vec<u8>,
    rate: Option<i64>,
    legs: Vec<WrittenLeg>,
    unknown: bool,
}

struct WrittenLeg {
    product: String,
    /// A month, or the number of a tier.
    months: Result<u32, u32>,
    side: Side,
    ratio: i64,
}

impl Reading {
    pub fn product(&mut self, scanner: &mut Scanner) -> Result<(), Unreadable> {
        let number = self.reference.products.len() as u32;
        let mut terms = ProductTerms::default();
        let (mut intra, mut written): (Tiers, Vec<Written>) = (Vec::new(), Vec::new());
        while let Some(child) = scanner.child()? {
            match child {
                Child::Leaf(b"cc", code) => terms.code = text(code),
                Child::Leaf(b"currency", code) => terms.currency = text(code),
                Child::Leaf(b"capAnov", flag) => terms.caps_option_value = flag == b"1",
                Child::Leaf(b"somMeth", method) => terms.greater_minimum = method == b"MAX",
                Child::Node(b"pfLink") => {
                    let link = link(scanner, number)?;
                    self.links.push(link);
                }
                Child::Node(b"scanTiers") => {
                    terms.scan_tiers =
                        tiers(scanner)?.iter().map(|(_, months, _)| *months).filter(|m| *m != Months::ALL).collect();
                }
                Child::Node(b"intraTiers") => intra = tiers(scanner)?,
                Child::Node(b"interTiers") => {
                    let all = tiers(scanner)?;
                    terms.inter_tiers = all.iter().map(|(number, months, _)| (*number, *months)).collect();
                }
                Child::Node(b"somTiers") => {
                    let all = tiers(scanner)?;
                    terms.minimums = all.iter().filter_map(|(_, months, rate)| Some((*months, (*rate)?))).collect();
                }
                Child::Node(b"spotRate") => terms.deliveries.extend(delivery(scanner)?),
                Child::Node(b"dSpread") => written.push(spread(scanner)?),
                Child::Node(b"adjRate" | b"group" | b"rateTiers" | b"intrRate") => scanner.pass()?,
                Child::Node(name) => self.pass(scanner, name)?,
                Child::Leaf(..) => {}
            }
        }
        if terms.code.is_empty() {
            return Err(scanner.fault("cc", "is missing"));
        }
        for spread in written {
            match spread.of_months(&intra) {
                Some(made) => terms.spreads.push((spread.priority, made)),
                None => self.skip(b"dSpread"),
            }
        }
        self.reference.products.push(terms);
        Ok(())
    }

    pub fn inter_spreads(&mut self, scanner: &mut Scanner) -> Result<(), Unreadable> {
        while let Some(child) = scanner.child()? {
            match child {
                Child::Node(b"dSpread") => {
                    let spread = spread(scanner)?;
                    match spread.of_products() {
                        Some(legs) => self.credits.push((spread.priority, legs)),
                        None => self.skip(b"interSpreads/dSpread"),
                    }
                }
                Child::Node(name) => self.pass(scanner, name)?,
                Child::Leaf(..) => {}
            }
        }
        Ok(())
    }

    /// Puts products' numbers for their names; a credit with a product or tier that is not there can never form.
    pub fn resolve_credits(&mut self) {
        let products = &self.reference.products;
        let by_code: FxHashMap<&str, u32> =
            products.iter().enumerate().map(|(place, product)| (product.code.as_str(), place as u32)).collect();
        let leg = |leg: &InterLeg| {
            let product = *by_code.get(leg.product.as_str())?;
            let tiers = &products[product as usize].inter_tiers;
            let known = leg.tier == 0 && tiers.len() <= 1 || tiers.iter().any(|(number, _)| *number == leg.tier);
            let known = known || tiers.is_empty() && leg.tier <= 1;
            known.then_some(CreditTerms { product, tier: leg.tier, side: leg.side, ratio: leg.ratio, rate: leg.rate })
        };
        let mut credits = Vec::with_capacity(self.credits.len());
        let mut lost = 0;
        for (priority, legs) in &self.credits {
            match legs.iter().map(leg).collect::<Option<Vec<_>>>() {
                Some(legs) if distinct(&legs) => credits.push((*priority, legs)),
                _ => lost += 1,
            }
        }
        self.reference.credits = credits;
        for _ in 0..lost {
            self.skip(b"interSpreads/dSpread");
        }
    }
}

fn distinct(legs: &[CreditTerms]) -> bool {
    let sides = |side| legs.iter().any(|leg| leg.side == side);
    let twice = |place: usize, leg: &CreditTerms| {
        legs[..place].iter().any(|other| (other.product, other.tier) == (leg.product, leg.tier))
    };
    sides(Side::A) && sides(Side::B) && !legs.iter().enumerate().any(|(place, leg)| twice(place, leg))
}

fn link(scanner: &mut Scanner, product: u32) -> Result<Link, Unreadable> {
    let mut link = Link { product, exchange: String::new(), number: String::new(), sort: String::new(), scaling: None };
    while let Some(child) = scanner.child()? {
        match child {
            Child::Leaf(b"exch", code) => link.exchange = text(code),
            Child::Leaf(b"pfId", code) => link.number = text(code),
            Child::Leaf(b"pfType", code) => link.sort = text(code),
            Child::Leaf(b"sc", value) => link.scaling = scanner.number_if_any("sc", value)?,
            Child::Node(_) => scanner.pass()?,
            Child::Leaf(..) => {}
        }
    }
    Ok(link)
}

fn tiers(scanner: &mut Scanner) -> Result<Tiers, Unreadable> {
    let mut tiers = Vec::new();
    while let Some(child) = scanner.child()? {
        match child {
            Child::Node(b"tier") => tiers.push(tier(scanner)?),
            Child::Node(_) => scanner.pass()?,
            Child::Leaf(..) => {}
        }
    }
    if tiers.len() > MOST_LEGS {
        return Err(scanner.fault("tier", "comes more than 64 times"));
    }
    Ok(tiers)
}

fn tier(scanner: &mut Scanner) -> Result<(u32, Months, Option<i64>), Unreadable> {
    let (mut number, mut first, mut last, mut value) = (0, 0, 0, None);
    while let Some(child) = scanner.child()? {
        match child {
            Child::Leaf(b"tn", digits) => number = scanner.count("tn", digits)?,
            Child::Leaf(b"sPe", digits) => first = scanner.month("sPe", digits)?,
            Child::Leaf(b"ePe", digits) => last = scanner.month("ePe", digits)?,
            Child::Node(b"rate") => value = value.or(rate(scanner)?),
            Child::Node(_) => scanner.pass()?,
            Child::Leaf(..) => {}
        }
    }
    let range = if last == 0 { Months::ALL } else { months(first, last) };
    if range.first > range.last {
        return Err(scanner.fault("tier", "ends before it begins"));
    }
    Ok((number, range, value))
}

/// The value of a rate of number 1; None of any other, which belong to other account types.
fn rate(scanner: &mut Scanner) -> Result<Option<i64>, Unreadable> {
    let (mut number, mut value) = (1, None);
    while let Some(child) = scanner.child()? {
        match child {
            Child::Leaf(b"r", digits) => number = scanner.count("r", digits)?,
            Child::Leaf(b"val", digits) => value = scanner.number_if_any("val", digits)?,
            Child::Node(_) => scanner.pass()?,
            Child::Leaf(..) => {}
        }
    }
    Ok(value.filter(|_| number == 1))
}

fn delivery(scanner: &mut Scanner) -> Result<Option<Delivery>, Unreadable> {
    let mut number = 1;
    let mut made = Delivery { month: 0, spread_charge: 0, outright_charge: 0 };
    while let Some(child) = scanner.child()? {
        match child {
            Child::Leaf(b"r", digits) => number = scanner.count("r", digits)?,
            Child::Leaf(b"pe", digits) => made.month = scanner.month("pe", digits)?,
            Child::Leaf(b"sprd", digits) => made.spread_charge = scanner.number("sprd", digits)?,
            Child::Leaf(b"outr", digits) => made.outright_charge = scanner.number("outr", digits)?,
            Child::Node(_) => scanner.pass()?,
            Child::Leaf(..) => {}
        }
    }
    Ok((number == 1).then_some(made))
}

fn spread(scanner: &mut Scanner) -> Result<Written, Unreadable> {
    let mut written = Written::default();
    while let Some(child) = scanner.child()? {
        match child {
            Child::Leaf(b"spread", digits) => written.priority = scanner.count("spread", digits)?,
            Child::Leaf(b"chargeMeth", method) => written.method = method.to_vec(),
            Child::Node(b"rate") => written.rate = written.rate.or(rate(scanner)?),
            Child::Node(b"tLeg" | b"pLeg") => written.legs.push(leg(scanner)?),
            Child::Node(_) => {
                written.unknown = true;
                scanner.pass()?;
            }
            Child::Leaf(..) => {}
        }
        if written.legs.len() > MOST_LEGS {
            return Err(scanner.fault("dSpread", "has more than 64 legs"));
        }
    }
    Ok(written)
}

fn leg(scanner: &mut Scanner) -> Result<WrittenLeg, Unreadable> {
    let mut leg = WrittenLeg { product: String::new(), months: Err(0), side: Side::A, ratio: UNIT };
    while let Some(child) = scanner.child()? {
        match child {
            Child::Leaf(b"cc", code) => leg.product = text(code),
            Child::Leaf(b"pe", digits) => leg.months = Ok(scanner.month("pe", digits)?),
            Child::Leaf(b"tn", digits) => leg.months = Err(scanner.count("tn", digits)?),
            Child::Leaf(b"rs", b"A") => leg.side = Side::A,
            Child::Leaf(b"rs", b"B") => leg.side = Side::B,
            Child::Leaf(b"rs", _) => return Err(scanner.fault("rs", "is neither A nor B")),
            Child::Leaf(b"i", digits) => leg.ratio = scanner.number("i", digits)?,
            Child::Node(_) => scanner.pass()?,
            Child::Leaf(..) => {}
        }
    }
    if leg.ratio <= 0 {
        return Err(scanner.fault("i", "is not positive"));
    }
    Ok(leg)
}

impl Written {
    /// As an intra-commodity spread with a flat charge (method F), or one for each month between two legs (P).
    fn of_months(&self, tiers: &Tiers) -> Option<Spread> {
        let range = |leg: &WrittenLeg| match leg.months {
            Ok(month) => Some(months(month, month)),
            Err(0) if !tiers.iter().any(|(own, ..)| *own == 0) => Some(Months::ALL),
            Err(number) => tiers.iter().find(|(own, ..)| *own == number).map(|(_, months, _)| *months),
        };
        let legs: Option<Vec<Leg>> =
            self.legs.iter().map(|leg| Some(Leg { months: range(leg)?, side: leg.side, ratio: leg.ratio })).collect();
        let legs = legs?;
        let charge = match (&*self.method, &*legs) {
            (b"F" | b"", _) => self.rate?,
            (b"P", [near, far]) => self.rate?.checked_mul(i64::from(apart(near.months.first, far.months.first)))?,
            _ => return None,
        };
        let sides = |side| legs.iter().any(|leg| leg.side == side);
        let clear = |place: usize, leg: &Leg| {
            !legs[..place].iter().any(|other: &Leg| {
                other.side == leg.side && other.months.first <= leg.months.last && leg.months.first <= other.months.last
            })
        };
        let fits = charge >= 0 && sides(Side::A) && sides(Side::B) && !self.unknown;
        (fits && legs.iter().enumerate().all(|(place, leg)| clear(place, leg))).then_some(Spread { legs, charge })
    }

    /// As an inter-commodity credit of weighted price risk. A rate above one is in percent.
    fn of_products(&self) -> Option<Vec<InterLeg>> {
        let rate = match self.rate? {
            rate @ 0..=UNIT => rate,
            percent if percent > UNIT && percent <= 100 * UNIT => percent / 100,
            _ => return None,
        };
        if !matches!(&*self.method, b"W" | b"") || self.unknown || self.legs.len() < 2 {
            return None;
        }
        let leg = |leg: &WrittenLeg| {
            let tier = leg.months.err()?;
            Some(InterLeg { product: leg.product.clone(), tier, side: leg.side, ratio: leg.ratio, rate })
        };
        self.legs.iter().map(leg).collect()
    }
}

/// Calendar months between two dates of eight digits.
fn apart(a: u32, b: u32) -> u32 {
    let count = |date: u32| date / 10_000 * 12 + date / 100 % 100;
    count(a).abs_diff(count(b))
}

impl Scanner<'_> {
    pub fn count(&self, field: &str, digits: &[u8]) -> Result<u32, Unreadable> {
        let value = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        value.ok_or_else(|| self.fault(field, "is no whole number"))
    }
}
