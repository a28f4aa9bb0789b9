//! The reference data, kept in the form that the hot path reads: slots for months and tiers instead of searches.
use super::{Array, Contract, Credit, Fault, Kind, LARGEST, MOST_LEGS, Months, Product, Side, Spread};

/// A contract without its array: what is read once a position.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub product: u32,
    pub scan_slot: u32,
    pub period_slot: u32,
    pub kind: Kind,
    pub delta: i64,
    pub value: i64,
    pub short_minimum: i64,
    /// The largest size among all of a contract's numbers: one multiplication bounds every sum.
    pub peak: u64,
    month: u32,
}

#[derive(Clone, Copy, Debug)]
pub struct Period {
    pub month: u32,
    pub slot: u32,
}

/// A leg with its months as places in the product's sorted list of periods.
#[derive(Clone, Debug)]
pub struct PlacedLeg {
    pub first: usize,
    pub end: usize,
    pub side: Side,
    pub ratio: i64,
}

#[derive(Clone, Debug)]
pub struct PlacedSpread {
    pub legs: Vec<PlacedLeg>,
    pub charge: i64,
}

/// A product with its slots in the workspace.
#[derive(Clone, Debug)]
pub struct Listed {
    pub product: Product,
    /// Sorted by month.
    pub periods: Vec<Period>,
    /// One for each scan tier, and a last one for what lies in none.
    pub scan_slots: Vec<u32>,
    /// The first of its inter tiers' slots, which lie side by side.
    pub inter_slot: u32,
    pub spreads: Vec<PlacedSpread>,
    /// Words of a bit set over all credits: those with a leg in this product.
    pub credits: Vec<u64>,
}

/// Contracts, products, spreads and credits. Everything can be added or set later, one at a time.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    pub(super) arrays: Vec<Array>,
    pub(super) terms: Vec<Terms>,
    pub(super) products: Vec<Listed>,
    pub(super) credits: Vec<Credit>,
    pub(super) scan_slots: u32,
    pub(super) period_slots: u32,
    pub(super) inter_slots: u32,
    pub(super) currencies: u32,
}

impl Parameters {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn contracts(&self) -> usize {
        self.terms.len()
    }

    pub fn products(&self) -> usize {
        self.products.len()
    }

    /// How many requirements a portfolio has: one a currency.
    pub fn currencies(&self) -> usize {
        self.currencies as usize
    }

    pub fn product(&self, number: u32) -> Option<&Product> {
        self.products.get(number as usize).map(|listed| &listed.product)
    }

    /// Adds a product and says its number; products count from 0.
    pub fn add_product(&mut self, product: Product) -> Result<u32, Fault> {
        let number = u32::try_from(self.products.len()).map_err(|_| Fault::new("product", "there are too many"))?;
        check_product(&product)?;
        self.currencies = self.currencies.max(product.currency + 1);
        let mut listed = Listed {
            product: Product::default(),
            periods: Vec::new(),
            scan_slots: Vec::new(),
            inter_slot: 0,
            spreads: Vec::new(),
            credits: vec![0; self.credits.len().div_ceil(64)],
        };
        listed.inter_slot = self.inter_slots;
        self.inter_slots += product.inter_tiers.len().max(1) as u32;
        self.give_scan_slots(&mut listed, &product);
        listed.product = product;
        listed.place_spreads();
        self.products.push(listed);
        Ok(number)
    }

    /// Replaces a product's rules; its contracts stay.
    pub fn set_product(&mut self, number: u32, product: Product) -> Result<(), Fault> {
        check_product(&product)?;
        let index = number as usize;
        if index >= self.products.len() {
            return Err(Fault::new("product", "is not listed"));
        }
        self.check_credits(&self.credits, Some((number, product.inter_tiers.len().max(1))))?;
        self.currencies = self.currencies.max(product.currency + 1);
        let mut listed = self.products[index].clone();
        self.give_scan_slots(&mut listed, &product);
        let tiers = product.inter_tiers.len().max(1);
        if tiers > listed.product.inter_tiers.len().max(1) {
            listed.inter_slot = self.inter_slots;
            self.inter_slots += tiers as u32;
        }
        let moved = listed.product.scan_tiers != product.scan_tiers;
        listed.product = product;
        listed.place_spreads();
        if moved {
            for terms in self.terms.iter_mut().filter(|terms| terms.product == number) {
                terms.scan_slot = listed.scan_slot(terms.month);
            }
        }
        self.products[index] = listed;
        Ok(())
    }

    /// Adds a contract and says its number; contracts count from 0.
    pub fn add_contract(&mut self, contract: &Contract) -> Result<u32, Fault> {
        let number = u32::try_from(self.terms.len()).map_err(|_| Fault::new("contract", "there are too many"))?;
        let terms = self.terms_of(contract)?;
        self.terms.push(terms);
        self.arrays.push(contract.array);
        Ok(number)
    }

    /// Replaces a contract: a new array after a scan, usually.
    pub fn set_contract(&mut self, number: u32, contract: &Contract) -> Result<(), Fault> {
        let index = number as usize;
        if index >= self.terms.len() {
            return Err(Fault::new("contract", "is not listed"));
        }
        self.terms[index] = self.terms_of(contract)?;
        self.arrays[index] = contract.array;
        Ok(())
    }

    /// Replaces the whole list of inter-commodity credits, most important first.
    pub fn set_credits(&mut self, credits: Vec<Credit>) -> Result<(), Fault> {
        self.check_credits(&credits, None)?;
        let words = credits.len().div_ceil(64);
        for listed in &mut self.products {
            listed.credits.clear();
            listed.credits.resize(words, 0);
        }
        for (place, credit) in credits.iter().enumerate() {
            for leg in &credit.legs {
                self.products[leg.product as usize].credits[place / 64] |= 1 << (place % 64);
            }
        }
        self.credits = credits;
        Ok(())
    }

    fn give_scan_slots(&mut self, listed: &mut Listed, product: &Product) {
        let scans = product.scan_tiers.len() + 1;
        while listed.scan_slots.len() < scans {
            listed.scan_slots.push(self.scan_slots);
            self.scan_slots += 1;
        }
        listed.scan_slots.truncate(scans);
    }

    fn terms_of(&mut self, contract: &Contract) -> Result<Terms, Fault> {
        let sizes = contract.array.iter().chain([&contract.delta, &contract.value, &contract.short_minimum]);
        let peak = sizes.map(|size| size.unsigned_abs()).max().unwrap_or(0);
        if peak > LARGEST.unsigned_abs() {
            return Err(Fault::new("array", "has a number beyond 2^60"));
        }
        if contract.short_minimum < 0 {
            return Err(Fault::new("short_minimum", "is negative"));
        }
        let slots = self.period_slots;
        let listed = self.products.get_mut(contract.product as usize);
        let listed = listed.ok_or(Fault::new("product", "is not listed"))?;
        let period_slot = listed.period_slot(contract.month, slots);
        self.period_slots = slots.max(period_slot + 1);
        Ok(Terms {
            product: contract.product,
            scan_slot: listed.scan_slot(contract.month),
            period_slot,
            kind: contract.kind,
            delta: contract.delta,
            value: contract.value,
            short_minimum: contract.short_minimum,
            peak,
            month: contract.month,
        })
    }

    /// With the number of tiers that one product is about to have, where it is about to change.
    fn check_credits(&self, credits: &[Credit], changed: Option<(u32, usize)>) -> Result<(), Fault> {
        for credit in credits {
            if credit.legs.len() < 2 || credit.legs.len() > MOST_LEGS {
                return Err(Fault::new("credit", "needs 2 to 64 legs"));
            }
            for (place, leg) in credit.legs.iter().enumerate() {
                let listed = self.products.get(leg.product as usize);
                let listed = listed.ok_or(Fault::new("credit", "names a product that is not listed"))?;
                let own = listed.product.inter_tiers.len().max(1);
                let tiers = changed.filter(|(number, _)| *number == leg.product).map_or(own, |(_, tiers)| tiers);
                if leg.tier as usize >= tiers {
                    return Err(Fault::new("credit", "names a tier that its product does not have"));
                }
                check_ratio(leg.ratio)?;
                if !(0..=super::ONE).contains(&leg.rate) {
                    return Err(Fault::new("rate", "of a credit is not between 0 and 1"));
                }
                if credit.legs[..place].iter().any(|other| (other.product, other.tier) == (leg.product, leg.tier)) {
                    return Err(Fault::new("credit", "has two legs in one tier of a product"));
                }
            }
        }
        Ok(())
    }
}

impl Listed {
    fn scan_slot(&self, month: u32) -> u32 {
        let tier = self.product.scan_tiers.iter().position(|months| months.holds(month));
        self.scan_slots[tier.unwrap_or(self.product.scan_tiers.len())]
    }

    /// The slot of a month, a new one where the month is new.
    fn period_slot(&mut self, month: u32, new: u32) -> u32 {
        match self.periods.binary_search_by_key(&month, |period| period.month) {
            Ok(place) => self.periods[place].slot,
            Err(place) => {
                self.periods.insert(place, Period { month, slot: new });
                self.place_spreads();
                new
            }
        }
    }

    fn place_spreads(&mut self) {
        let place = |months: Months| {
            let first = self.periods.partition_point(|period| period.month < months.first);
            let end = self.periods.partition_point(|period| period.month <= months.last);
            (first, end)
        };
        let placed = |spread: &Spread| PlacedSpread {
            charge: spread.charge,
            legs: spread
                .legs
                .iter()
                .map(|leg| {
                    let (first, end) = place(leg.months);
                    PlacedLeg { first, end, side: leg.side, ratio: leg.ratio }
                })
                .collect(),
        };
        self.spreads = self.product.spreads.iter().map(placed).collect();
    }
}

fn check_ratio(ratio: i64) -> Result<(), Fault> {
    if ratio <= 0 || ratio > LARGEST {
        return Err(Fault::new("ratio", "of a leg is not positive"));
    }
    Ok(())
}

fn check_product(product: &Product) -> Result<(), Fault> {
    if product.currency >= 256 {
        return Err(Fault::new("currency", "is beyond 255"));
    }
    for tiers in [&product.scan_tiers, &product.inter_tiers] {
        if tiers.len() > MOST_LEGS {
            return Err(Fault::new("tiers", "are more than 64"));
        }
        if tiers.iter().any(|months| months.first > months.last) {
            return Err(Fault::new("tiers", "end before they begin"));
        }
    }
    if product.deliveries.iter().any(|delivery| delivery.spread_charge < 0 || delivery.outright_charge < 0) {
        return Err(Fault::new("delivery", "has a negative charge"));
    }
    if let super::PriceRisk::CappedAt(scan) | super::PriceRisk::Fixed(scan) = product.price_risk
        && !(0..=LARGEST).contains(&scan)
    {
        return Err(Fault::new("price_risk", "is negative or beyond 2^60"));
    }
    product.spreads.iter().try_for_each(check_spread)
}

fn check_spread(spread: &Spread) -> Result<(), Fault> {
    if spread.charge < 0 {
        return Err(Fault::new("charge", "of a spread is negative"));
    }
    if spread.legs.len() > MOST_LEGS
        || ![Side::A, Side::B].iter().all(|side| spread.legs.iter().any(|leg| leg.side == *side))
    {
        return Err(Fault::new("spread", "needs legs of both sides, and 64 at most"));
    }
    for (place, leg) in spread.legs.iter().enumerate() {
        check_ratio(leg.ratio)?;
        if leg.months.first > leg.months.last {
            return Err(Fault::new("spread", "has a leg that ends before it begins"));
        }
        let overlaps = |other: &&super::Leg| {
            other.side == leg.side && other.months.first <= leg.months.last && leg.months.first <= other.months.last
        };
        if spread.legs[..place].iter().any(|other| overlaps(&other)) {
            return Err(Fault::new("spread", "has two legs of one side over the same months"));
        }
    }
    Ok(())
}
