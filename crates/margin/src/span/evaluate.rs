//! One portfolio through the rule: positions in, requirements by currency out.
use super::amounts::{narrow, sum};
use super::parameters::{Listed, Parameters, Terms};
use super::{Array, Fault, Kind, LARGEST, MinimumRule, ONE, PriceRisk, SCENARIOS, TOO_LARGE};
use super::{credits, spreads};

/// Whole contracts, long positive; the same contract may come several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub contract: u32,
    pub quantity: i64,
}

/// What a portfolio needs in one currency, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    pub scan_risk: i64,
    /// From 1, of the product with the largest scan risk; 0 where no product of the currency is held.
    pub worst_scenario: u8,
    pub intra_spread: i64,
    pub inter_credit: i64,
    pub delivery: i64,
    /// Sum of the products' minimums, whether they were what counted or not.
    pub short_option_minimum: i64,
    /// Long options' value less short options'.
    pub net_option_value: i64,
    /// Sum of the products' risks: before option value.
    pub risk: i64,
    pub requirement: i64,
}

/// What one product of a portfolio needs, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductRequirement {
    pub product: u32,
    pub scan_risk: i64,
    pub worst_scenario: u8,
    pub intra_spread: i64,
    pub delivery: i64,
    pub inter_credit: i64,
    pub short_option_minimum: i64,
    pub net_option_value: i64,
    pub risk: i64,
}

/// What is known of a product while its portfolio is reckoned.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held {
    touched: bool,
    worst_scenario: u8,
    scan_risk: i64,
    intra: i64,
    delivery: i64,
    pub credit: i64,
    value: i64,
    short_calls: i64,
    short_puts: i64,
    /// Futures price risk, doubled.
    pub twice_price_risk: i64,
    /// Sum of the sizes of its inter tiers' deltas: with one tier, the size of the net delta.
    pub offset_delta: i64,
}

impl Held {
    fn minimum(&self, rule: MinimumRule) -> i64 {
        match rule {
            MinimumRule::Sum => self.short_calls + self.short_puts,
            MinimumRule::Greater => self.short_calls.max(self.short_puts),
        }
    }

    fn risk(&self, rule: MinimumRule) -> Result<i64, Fault> {
        let charged = sum(sum(self.scan_risk, self.intra)?, self.delivery)?;
        Ok(sum(charged, -self.credit)?.max(self.minimum(rule)))
    }
}

/// Room for one portfolio, used again for the next. Grows with the parameters, never with a portfolio beyond the number of
/// products.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    scan: Vec<Array>,
    delta: Vec<i64>,
    remaining: Vec<i64>,
    pub(super) inter: Vec<i64>,
    pub(super) held: Vec<Held>,
    pub(super) touched: Vec<u32>,
    pub(super) once: Vec<u64>,
    pub(super) twice: Vec<u64>,
    requirements: Vec<Requirement>,
    /// The largest scan risk of a product so far, by currency.
    largest: Vec<i64>,
    products: Vec<ProductRequirement>,
}

impl Workspace {
    pub fn new() -> Self {
        Self::default()
    }

    /// Product by product in the order of their first positions: of the last portfolio, empty if that was refused.
    pub fn products(&self) -> &[ProductRequirement] {
        &self.products
    }

    fn fit(&mut self, parameters: &Parameters) {
        let words = parameters.credits.len().div_ceil(64);
        self.scan.resize(parameters.scan_slots as usize, [0; SCENARIOS]);
        self.delta.resize(parameters.period_slots as usize, 0);
        self.remaining.resize(parameters.period_slots as usize, 0);
        self.inter.resize(parameters.inter_slots as usize, 0);
        self.held.resize(parameters.products.len(), Held::default());
        self.once.resize(words, 0);
        self.twice.resize(words, 0);
        self.touched.reserve(parameters.products.len());
        self.products.reserve(parameters.products.len());
    }
}

impl Parameters {
    /// What a portfolio needs, one requirement a currency.
    ///
    /// # Errors
    /// A contract that is not listed, or sums beyond 2^60; the workspace can be used again.
    pub fn requirement<'a>(
        &self,
        space: &'a mut Workspace,
        positions: &[Position],
    ) -> Result<&'a [Requirement], Fault> {
        space.fit(self);
        space.requirements.clear();
        space.requirements.resize(self.currencies(), Requirement::default());
        space.largest.clear();
        space.largest.resize(self.currencies(), -1);
        space.products.clear();
        let done = self.evaluate(space, positions);
        if done.is_err() {
            space.products.clear();
        }
        self.clear(space);
        done.map(|()| &*space.requirements)
    }

    fn evaluate(&self, space: &mut Workspace, positions: &[Position]) -> Result<(), Fault> {
        self.add_up(space, positions)?;
        for place in 0..space.touched.len() {
            let number = space.touched[place] as usize;
            self.scan_product(space, number);
            self.spread_product(space, number)?;
        }
        if !self.credits.is_empty() && !space.touched.is_empty() {
            credits::give_credits(self, space)?;
        }
        self.conclude(space)
    }

    fn add_up(&self, space: &mut Workspace, positions: &[Position]) -> Result<(), Fault> {
        let mut size: u128 = 0;
        for position in positions {
            let index = position.contract as usize;
            let terms = self.terms.get(index).ok_or(Fault::new("contract", "is not listed"))?;
            let quantity = position.quantity;
            size += u128::from(quantity.unsigned_abs()) * u128::from(terms.peak);
            if size > LARGEST.unsigned_abs().into() {
                return Err(TOO_LARGE);
            }
            // nothing below can overflow: the size of every product and of every sum is at most `size`
            let scan = &mut space.scan[terms.scan_slot as usize];
            for (sum, loss) in scan.iter_mut().zip(&self.arrays[index]) {
                *sum += quantity * loss;
            }
            space.delta[terms.period_slot as usize] += quantity * terms.delta;
            let held = &mut space.held[terms.product as usize];
            if !held.touched {
                held.touched = true;
                space.touched.push(terms.product);
            }
            add_option(held, terms, quantity);
        }
        Ok(())
    }

    fn scan_product(&self, space: &mut Workspace, number: usize) {
        let held = &mut space.held[number];
        let mut largest = i64::MIN;
        for slot in &self.products[number].scan_slots {
            let scan = &space.scan[*slot as usize];
            let worst = worst_of(scan);
            if scan[worst] > largest && (largest == i64::MIN || scan[worst] > 0) {
                largest = scan[worst];
                held.worst_scenario = worst as u8 + 1;
            }
            held.scan_risk += scan[worst].max(0);
            held.twice_price_risk += twice_price_risk(scan, worst);
        }
    }

    fn spread_product(&self, space: &mut Workspace, number: usize) -> Result<(), Fault> {
        let listed = &self.products[number];
        for period in &listed.periods {
            space.remaining[period.slot as usize] = space.delta[period.slot as usize];
        }
        let intra = spreads::charge_spreads(listed, &mut space.remaining)?;
        let delivery = spreads::charge_delivery(listed, &space.delta, &space.remaining)?;
        let offset_delta = if self.credits.is_empty() { 0 } else { net_tiers(listed, &space.delta, &mut space.inter) };
        let held = &mut space.held[number];
        (held.intra, held.delivery, held.offset_delta) = (intra, delivery, offset_delta);
        held.twice_price_risk = price_risk(listed.product.price_risk, held)?;
        Ok(())
    }

    fn conclude(&self, space: &mut Workspace) -> Result<(), Fault> {
        for number in &space.touched {
            let held = &space.held[*number as usize];
            let product = &self.products[*number as usize].product;
            let risk = held.risk(product.minimum_rule)?;
            let done = ProductRequirement {
                product: *number,
                scan_risk: held.scan_risk,
                worst_scenario: held.worst_scenario,
                intra_spread: held.intra,
                delivery: held.delivery,
                inter_credit: held.credit,
                short_option_minimum: held.minimum(product.minimum_rule),
                net_option_value: held.value,
                risk,
            };
            let total = &mut space.requirements[product.currency as usize];
            let largest = &mut space.largest[product.currency as usize];
            if done.scan_risk > *largest {
                (*largest, total.worst_scenario) = (done.scan_risk, done.worst_scenario);
            }
            add_product(total, &done, product.caps_option_value)?;
            space.products.push(done);
        }
        for total in &mut space.requirements {
            total.requirement = total.requirement.max(0);
        }
        Ok(())
    }

    fn clear(&self, space: &mut Workspace) {
        for number in space.touched.drain(..) {
            let listed = &self.products[number as usize];
            for slot in &listed.scan_slots {
                space.scan[*slot as usize] = [0; SCENARIOS];
            }
            for period in &listed.periods {
                space.delta[period.slot as usize] = 0;
            }
            for tier in 0..listed.product.inter_tiers.len().max(1) {
                space.inter[listed.inter_slot as usize + tier] = 0;
            }
            space.held[number as usize] = Held::default();
        }
    }
}

fn add_option(held: &mut Held, terms: &Terms, quantity: i64) {
    held.value += quantity * terms.value;
    if quantity < 0 {
        let minimum = -(quantity * terms.short_minimum);
        match terms.kind {
            Kind::Future => {}
            Kind::Call => held.short_calls += minimum,
            Kind::Put => held.short_puts += minimum,
        }
    }
}

/// The place of the largest loss; of equal ones the first.
fn worst_of(scan: &Array) -> usize {
    let mut worst = 0;
    for (place, loss) in scan.iter().enumerate() {
        if *loss > scan[worst] {
            worst = place;
        }
    }
    worst
}

/// Twice the futures price risk: the mean of the active scenario and its pair (same price, other volatility) less the mean of
/// the first two (time). The extreme scenarios are their own pairs. Nothing where nothing is lost.
fn twice_price_risk(scan: &Array, worst: usize) -> i64 {
    if scan[worst] <= 0 {
        return 0;
    }
    let pair = if worst < 14 { worst ^ 1 } else { worst };
    (scan[worst] + scan[pair] - scan[0] - scan[1]).max(0)
}

/// Doubled, by the product's rule.
fn price_risk(rule: PriceRisk, held: &Held) -> Result<i64, Fault> {
    let of_deltas = |scan: i64| narrow(2 * i128::from(scan) * i128::from(held.offset_delta) / i128::from(ONE));
    match rule {
        PriceRisk::Scanned => Ok(held.twice_price_risk),
        PriceRisk::CappedAt(scan) => Ok(held.twice_price_risk.min(of_deltas(scan)?)),
        PriceRisk::Fixed(scan) => of_deltas(scan),
    }
}

/// Net delta of each inter tier into its slot; says the sum of their sizes.
fn net_tiers(listed: &Listed, delta: &[i64], inter: &mut [i64]) -> i64 {
    let first = listed.inter_slot as usize;
    let tiers = &listed.product.inter_tiers;
    for period in &listed.periods {
        let tier = if tiers.is_empty() { Some(0) } else { tiers.iter().position(|months| months.holds(period.month)) };
        if let Some(tier) = tier {
            inter[first + tier] += delta[period.slot as usize];
        }
    }
    inter[first..first + tiers.len().max(1)].iter().map(|net| net.abs()).sum()
}

fn add_product(total: &mut Requirement, product: &ProductRequirement, caps: bool) -> Result<(), Fault> {
    total.scan_risk = sum(total.scan_risk, product.scan_risk)?;
    total.intra_spread = sum(total.intra_spread, product.intra_spread)?;
    total.delivery = sum(total.delivery, product.delivery)?;
    total.inter_credit = sum(total.inter_credit, product.inter_credit)?;
    total.short_option_minimum = sum(total.short_option_minimum, product.short_option_minimum)?;
    total.net_option_value = sum(total.net_option_value, product.net_option_value)?;
    total.risk = sum(total.risk, product.risk)?;
    let needed = sum(product.risk, -product.net_option_value)?;
    total.requirement = sum(total.requirement, if caps { needed.max(0) } else { needed })?;
    Ok(())
}
