//! Rules of products in the positional files: records 3, C, E (spreads), 4 (delivery, minimum), 6 (credits), S (tiers).
//!
//! They are kept until the file ends, since a spread may come before the tiers that it names.
use isthmus_margin::span::{Delivery, Leg, Months, PriceRisk, Side, Spread};

use super::Record;
use crate::decimal::UNIT;
use crate::reference::{CreditTerms, Form, ProductTerms, Reference, Unreadable, months};

/// A leg by the number of its product's tier (C) or by its month (E).
struct WrittenLeg {
    months: Result<u32, u32>,
    side: Side,
    ratio: i64,
}

struct WrittenSpread {
    product: String,
    priority: u32,
    charge: i64,
    legs: Vec<WrittenLeg>,
    wanted: usize,
    series: bool,
}

struct WrittenCredit {
    priority: u32,
    rate: i64,
    legs: Vec<(String, u32, Side, i64)>,
    known: bool,
}

#[derive(Default)]
struct Rules {
    product: String,
    intra_tiers: Vec<(u32, Months)>,
    inter_tiers: Vec<(u32, Months)>,
    scan_tiers: Vec<Months>,
    deliveries: Vec<Delivery>,
    minimum: i64,
    greater: bool,
    each_month: bool,
    price_risk: u8,
}

#[derive(Default)]
pub struct Pending {
    rules: Vec<Rules>,
    spreads: Vec<WrittenSpread>,
    credits: Vec<WrittenCredit>,
    passed: Vec<&'static str>,
    /// Products whose options are all margined like futures.
    pub futures_style: Vec<u32>,
}

impl Pending {
    pub fn take(&mut self, record: Record) -> Result<(), Unreadable> {
        match record.byte(1) {
            b'3' => self.intra_tiers(record),
            b'4' => self.delivery(record),
            b'6' => self.credit(record),
            b'C' => self.tier_spread(record),
            b'E' => self.series_spread(record),
            _ => self.scan_tiers(record),
        }
    }

    fn rules(&mut self, record: Record) -> &mut Rules {
        let product = record.text(3, 8);
        let place = self.rules.iter().position(|rules| rules.product == product).unwrap_or_else(|| {
            self.rules.push(Rules { product, ..Rules::default() });
            self.rules.len() - 1
        });
        &mut self.rules[place]
    }

    fn intra_tiers(&mut self, record: Record) -> Result<(), Unreadable> {
        let method = record.text(9, 10);
        if method != "10" {
            if !matches!(method.as_str(), "" | "01" | "00") {
                self.passed.push("3 (spread charge method other than 10)");
            }
            return Ok(());
        }
        let tiers = tiers(record, 11, 4)?;
        self.rules(record).intra_tiers.extend(tiers);
        Ok(())
    }

    fn delivery(&mut self, record: Record) -> Result<(), Unreadable> {
        let method = record.text(9, 10);
        let mut made = Vec::new();
        if method == "10" {
            let count = record.number(11, 12, "number of months in delivery")?;
            for place in 0..count.min(2) as usize {
                let first = 15 + 22 * place;
                let day = record.text(57 + 2 * place, 58 + 2 * place);
                let mut month = record.number(first, first + 5, "delivery month")? as u32 * 100;
                month += day.parse::<u32>().unwrap_or(0).min(99);
                let spread_charge = record.number(first + 6, first + 12, "charge of spreads")? * UNIT;
                let outright_charge = record.number(first + 13, first + 19, "charge of outrights")? * UNIT;
                made.push(Delivery { month, spread_charge, outright_charge });
            }
        } else if !matches!(method.as_str(), "" | "00" | "01") {
            self.passed.push("4 (delivery charge method other than 10)");
        }
        let minimum = record.number(63, 69, "short option minimum")? * UNIT;
        let greater = record.byte(79) == b'1';
        let rules = self.rules(record);
        rules.deliveries.extend(made);
        (rules.minimum, rules.greater) = (minimum, greater);
        Ok(())
    }

    fn scan_tiers(&mut self, record: Record) -> Result<(), Unreadable> {
        let method = record.text(9, 10);
        let found = tiers(record, 13, 5)?;
        let ranges = || found.iter().map(|(_, months)| *months);
        let price_risk = record.byte(83);
        let rules = self.rules(record);
        match method.as_str() {
            "01" | "" => {}
            "02" => rules.each_month = true,
            "10" | "22" => rules.scan_tiers.extend(ranges()),
            "20" | "23" => rules.inter_tiers.extend(&found),
            "21" => {
                rules.scan_tiers.extend(ranges());
                rules.inter_tiers.extend(&found);
            }
            _ => self.passed.push("S (scanning method not read)"),
        }
        if matches!(price_risk, b'2' | b'3') {
            self.rules(record).price_risk = price_risk;
        }
        Ok(())
    }

    /// Record C: method, priority, number of legs, charge; then legs of number, tier, ratio and side. What does not fit one
    /// record goes on in the next of the same priority.
    fn tier_spread(&mut self, record: Record) -> Result<(), Unreadable> {
        let (product, priority) = (record.text(3, 8), record.number(11, 12, "spread priority")? as u32);
        let wanted = record.number(13, 14, "number of legs")? as usize;
        let charge = record.number(15, 21, "charge rate")? * UNIT;
        let mut legs = Vec::new();
        while legs.len() < wanted && !record.text(22 + 7 * legs.len(), 28 + 7 * legs.len()).is_empty() {
            let first = 22 + 7 * legs.len();
            let tier = record.number(first + 2, first + 3, "leg's tier")? as u32;
            let ratio = record.number(first + 4, first + 5, "leg's ratio")? * UNIT;
            legs.push(WrittenLeg { months: Err(tier), side: side(record, first + 6)?, ratio });
        }
        self.add_spread(WrittenSpread { product, priority, charge, legs, wanted, series: false });
        Ok(())
    }

    /// Record E: priority, charge; then legs of month (two digits of the year), day, ratio and side.
    fn series_spread(&mut self, record: Record) -> Result<(), Unreadable> {
        let (product, priority) = (record.text(3, 8), record.number(9, 13, "spread priority")? as u32);
        let charge = record.number(14, 20, "charge rate")? * UNIT;
        let mut legs = Vec::new();
        for first in [21, 35, 49, 63] {
            if record.text(first, first + 3).is_empty() {
                break;
            }
            let month = record.number(first, first + 3, "leg's month")? as u32;
            let day: u32 = record.text(first + 4, first + 6).parse().unwrap_or(0);
            let ratio = record.number(first + 7, first + 12, "leg's ratio")? * (UNIT / 10_000);
            let month = (200_000 + month) * 100 + day.min(99);
            legs.push(WrittenLeg { months: Ok(month), side: side(record, first + 13)?, ratio });
        }
        let wanted = legs.len();
        self.add_spread(WrittenSpread { product, priority, charge, legs, wanted, series: true });
        Ok(())
    }

    fn add_spread(&mut self, spread: WrittenSpread) {
        match self.spreads.last_mut() {
            Some(last)
                if last.product == spread.product
                    && last.priority == spread.priority
                    && last.series == spread.series
                    && (last.series || last.legs.len() < last.wanted) =>
            {
                last.legs.extend(spread.legs);
            }
            _ => self.spreads.push(spread),
        }
    }

    fn credit(&mut self, record: Record) -> Result<(), Unreadable> {
        let priority = record.number(6, 9, "spread priority")? as u32;
        // percent with four places: 98.0000 % is 0980000
        let rate = record.number(10, 16, "credit rate")?;
        let mut legs = Vec::new();
        for place in 0..4 {
            let first = 17 + 18 * place;
            let product = record.text(first + 4, first + 9);
            if product.is_empty() {
                break;
            }
            let ratio = record.number(first + 10, first + 16, "leg's ratio")? * (UNIT / 10_000);
            let tier = record.number(102 + 2 * place, 103 + 2 * place, "leg's tier").unwrap_or(0) as u32;
            legs.push((product, tier, side(record, first + 17)?, ratio));
        }
        let method = record.text(89, 90);
        let known = !matches!(method.as_str(), "04") && matches!(record.byte(101), b' ' | b'W');
        self.credits.push(WrittenCredit { priority, rate, legs, known });
        Ok(())
    }

    /// Gives products their rules, and passes over by name what cannot be applied.
    pub fn apply(mut self, reference: &mut Reference) -> Result<(), Unreadable> {
        for name in std::mem::take(&mut self.passed) {
            reference.skip(name);
        }
        for rules in &self.rules {
            let Some(place) = reference.products.iter().position(|product| product.code == rules.product) else {
                reference.skip("rules of a product without record 2");
                continue;
            };
            let each = if rules.each_month { held_months(reference, place as u32) } else { Vec::new() };
            let scan = front_scan(reference, place as u32);
            rules.apply(&mut reference.products[place], &each, scan);
        }
        for spread in &self.spreads {
            let rules = self.rules.iter().find(|rules| rules.product == spread.product);
            let product = reference.products.iter().position(|product| product.code == spread.product);
            match (spread.made(rules), product) {
                (Some(made), Some(place)) => {
                    // series to series comes before tier to tier
                    let priority = if spread.series { spread.priority } else { spread.priority + 100_000 };
                    reference.products[place].spreads.push((priority, made));
                }
                _ => reference.skip(if spread.series { "E (not applied)" } else { "C (not applied)" }),
            }
        }
        for credit in &self.credits {
            match credit.made(&reference.products) {
                Some(legs) => reference.credits.push((credit.priority, legs)),
                None => reference.skip("6 (not applied)"),
            }
        }
        reference.skipped.sort();
        Ok(())
    }
}

impl Rules {
    fn apply(&self, product: &mut ProductTerms, each: &[u32], scan: Option<i64>) {
        product.scan_tiers.clone_from(&self.scan_tiers);
        product.inter_tiers.clone_from(&self.inter_tiers);
        for (place, month) in each.iter().enumerate().take(isthmus_margin::span::MOST_LEGS) {
            product.scan_tiers.push(Months::only(*month));
            product.inter_tiers.push((place as u32 + 1, Months::only(*month)));
        }
        product.deliveries.clone_from(&self.deliveries);
        if self.minimum > 0 {
            product.minimums.push((Months::ALL, self.minimum));
        }
        product.greater_minimum = self.greater;
        product.price_risk = match (self.price_risk, scan) {
            (b'2', Some(scan)) => PriceRisk::CappedAt(scan),
            (b'3', Some(scan)) => PriceRisk::Fixed(scan),
            _ => PriceRisk::Scanned,
        };
    }
}

impl WrittenSpread {
    fn made(&self, rules: Option<&Rules>) -> Option<Spread> {
        let range = |leg: &WrittenLeg| match leg.months {
            Ok(month) => Some(months(month, month)),
            Err(number) => {
                let tiers = &rules?.intra_tiers;
                tiers.iter().find(|(own, _)| *own == number).map(|(_, months)| *months)
            }
        };
        let legs: Option<Vec<Leg>> =
            self.legs.iter().map(|leg| Some(Leg { months: range(leg)?, side: leg.side, ratio: leg.ratio })).collect();
        let legs = legs?;
        let sides = |side| legs.iter().any(|leg| leg.side == side);
        let clear = |place: usize, leg: &Leg| {
            !legs[..place].iter().any(|other: &Leg| {
                other.side == leg.side && other.months.first <= leg.months.last && leg.months.first <= other.months.last
            })
        };
        let fits = self.legs.len() == self.wanted.max(self.legs.len()) && sides(Side::A) && sides(Side::B);
        let fits = fits && legs.iter().enumerate().all(|(place, leg)| leg.ratio > 0 && clear(place, leg));
        fits.then_some(Spread { legs, charge: self.charge })
    }
}

impl WrittenCredit {
    fn made(&self, products: &[ProductTerms]) -> Option<Vec<CreditTerms>> {
        let leg = |(code, tier, side, ratio): &(String, u32, Side, i64)| {
            let place = products.iter().position(|product| product.code == *code)?;
            let tiers = &products[place].inter_tiers;
            let known = if tiers.is_empty() {
                *tier <= 1
            } else {
                tiers.iter().any(|(own, _)| own == tier) || *tier == 0 && tiers.len() == 1
            };
            (known && *ratio > 0).then_some(CreditTerms {
                product: place as u32,
                tier: *tier,
                side: *side,
                ratio: *ratio,
                rate: self.rate,
            })
        };
        let legs: Vec<CreditTerms> = self.legs.iter().map(leg).collect::<Option<_>>()?;
        let sides = |side| legs.iter().any(|leg| leg.side == side);
        let twice = |place: usize, leg: &CreditTerms| {
            legs[..place].iter().any(|other| (other.product, other.tier) == (leg.product, leg.tier))
        };
        let fits = self.known && self.rate <= UNIT && sides(Side::A) && sides(Side::B);
        (fits && !legs.iter().enumerate().any(|(place, leg)| twice(place, leg))).then_some(legs)
    }
}

fn side(record: Record, column: usize) -> Result<Side, Unreadable> {
    match record.byte(column) {
        b'A' => Ok(Side::A),
        b'B' => Ok(Side::B),
        _ => Err(record.fault("leg's side", "is neither A nor B")),
    }
}

/// Tiers of number, first and last month, 14 columns each.
fn tiers(record: Record, first: usize, most: usize) -> Result<Vec<(u32, Months)>, Unreadable> {
    let mut tiers = Vec::new();
    for place in 0..most {
        let start = first + 14 * place;
        if record.text(start, start + 13).is_empty() {
            break;
        }
        let number = record.number(start, start + 1, "tier number")? as u32;
        let begin = record.number(start + 2, start + 7, "tier's first month")? as u32 * 100;
        let end = record.number(start + 8, start + 13, "tier's last month")? as u32 * 100;
        if end == 0 {
            continue;
        }
        if begin > end {
            return Err(record.fault("tier", "ends before it begins"));
        }
        tiers.push((number, months(begin, end)));
    }
    Ok(tiers)
}

fn held_months(reference: &Reference, product: u32) -> Vec<u32> {
    let mut found: Vec<u32> = reference
        .contracts
        .iter()
        .filter(|contract| contract.product == product)
        .map(|contract| contract.month)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The largest loss of the nearest future for one delta: the price scan range of the product.
fn front_scan(reference: &Reference, product: u32) -> Option<i64> {
    let futures =
        reference.contracts.iter().filter(|contract| contract.product == product && contract.form == Form::Future);
    let front = futures.min_by_key(|contract| contract.month)?;
    let scan = front.array[..14].iter().copied().max()?.max(0);
    i64::try_from(
        i128::from(scan) * i128::from(UNIT) / i128::from(front.delta.checked_abs().filter(|delta| *delta > 0)?),
    )
    .ok()
}
