//! From rows to margin: delta, vega, curvature and base correlation of each class, classes of each product class, add-ons.
use super::calibration::{self as simm, Period};
use super::crif::{NO_PRODUCT, PRODUCTS};
use super::curvature::curvature;
use super::net::{Bucket, Held, combine, concentrate, concentration, correlation, hold, is_residual, net};
use super::{CLASSES, Class, Kind, Sensitivity};

/// The 99 % point of the normal distribution.
const QUANTILE: f64 = 2.3263478740408408;

/// USD. The four kinds are what the portfolio would need for that kind alone; the total combines classes first, so that it is
/// not their sum.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Margin {
    pub delta: f64,
    pub vega: f64,
    pub curvature: f64,
    pub base_correlation: f64,
    pub add_on: f64,
    pub total: f64,
}

type ByClass = [f64; CLASSES.len()];

struct Calculation<'a> {
    names: &'a [String],
    period: &'a Period,
    /// The calculation currency.
    currency: &'a str,
}

/// SIMM of a portfolio. `names`: what the rows' places mean. `currency`: the calculation currency.
pub fn margin(rows: &[Sensitivity], names: &[String], period: &Period, currency: &str) -> Margin {
    let calculation = Calculation { names, period, currency };
    let mut sorted: Vec<Sensitivity> = rows.to_vec();
    sorted.sort_by_key(|row| (row.product, row.class, row.kind));
    let mut answer = Margin::default();
    for product in sorted.chunk_by(|a, b| a.product == b.product) {
        if product[0].product == NO_PRODUCT {
            answer.add_on += add_ons(product);
            continue;
        }
        let mut kinds: [ByClass; 4] = Default::default();
        for class in product.chunk_by(|a, b| a.class == b.class) {
            calculation.class(class, &mut kinds);
        }
        let of = |kind: &ByClass| combine_classes(kind);
        answer.delta += of(&kinds[0]);
        answer.vega += of(&kinds[1]);
        answer.curvature += of(&kinds[2]);
        answer.base_correlation += of(&kinds[3]);
        let mut together = ByClass::default();
        for kind in &kinds {
            together.iter_mut().zip(kind).for_each(|(sum, part)| *sum += part);
        }
        let whole = of(&together);
        answer.total += whole;
        answer.add_on += (multiplier(&sorted, names, product[0].product) - 1.0) * whole;
    }
    answer.total += answer.add_on;
    answer
}

impl Calculation<'_> {
    fn class(&self, rows: &[Sensitivity], kinds: &mut [ByClass; 4]) {
        let class = rows[0].class;
        let at = class as usize;
        let base = rows.partition_point(|row| row.kind < Kind::BaseCorrelation);
        let vega = rows.partition_point(|row| row.kind < Kind::Vega);
        let (deltas, bases, vegas) = (&rows[..base], &rows[base..vega], &rows[vega..]);
        kinds[0][at] = self.delta(class, deltas);
        kinds[1][at] = self.vega(class, vegas);
        kinds[2][at] = curvature(class, vegas, self.period, |row| self.volatility(row));
        kinds[3][at] = base_correlation(bases, self.period);
    }

    fn name(&self, place: u32) -> &str {
        &self.names[place as usize]
    }

    fn concentration(&self, amount: f64, threshold: f64) -> f64 {
        if self.period.concentrates { concentration(amount, threshold) } else { 1.0 }
    }

    fn concentrate(&self, bucket: &mut Bucket, threshold: impl Fn(u32) -> f64) {
        if self.period.concentrates {
            concentrate(bucket, threshold);
        }
    }

    fn delta(&self, class: Class, rows: &[Sensitivity]) -> f64 {
        if class == Class::Fx {
            let foreign: Vec<_> = rows.iter().copied().filter(|row| self.name(row.name) != self.currency).collect();
            return self.fx_delta(&foreign);
        }
        let mut held = Vec::new();
        let mut residual = 0.0;
        for mut bucket in net(class, rows, true, |_| 1.0) {
            let place = bucket.place;
            if class == Class::Rates {
                let currency = self.name(place as u32);
                let whole: f64 = bucket.factors.iter().filter(|f| f.kind != Kind::Basis).map(|f| f.amount).sum();
                bucket.concentration = self.concentration(whole, simm::rate_threshold(currency, false));
                let weights = &self.period.rates[simm::rate_group(currency)];
                for factor in &mut bucket.factors {
                    factor.weighted = factor.amount
                        * match factor.kind {
                            Kind::Basis => self.period.basis,
                            Kind::Inflation => self.period.inflation * bucket.concentration,
                            _ => weights[usize::from(factor.tenor)] * bucket.concentration,
                        };
                }
            } else {
                self.concentrate(&mut bucket, |_| simm::threshold(class, place, false));
                let weight = self.period.weight(class, place);
                bucket.factors.iter_mut().for_each(|f| f.weighted = f.amount * weight * f.concentration);
            }
            let one = hold(&bucket, false, |a, b| correlation(class, place, a, b));
            place_held(class, one, &mut held, &mut residual);
        }
        combine(class, &held, false) + residual
    }

    fn fx_delta(&self, rows: &[Sensitivity]) -> f64 {
        let group = |place: u32| simm::fx_group(self.name(place));
        let calculation = simm::fx_group(self.currency);
        let mut total = 0.0;
        for mut bucket in net(Class::Fx, rows, true, |_| 1.0) {
            self.concentrate(&mut bucket, |name| simm::fx_threshold(self.name(name)));
            for factor in &mut bucket.factors {
                let weight = self.period.fx[calculation][group(factor.name)];
                factor.weighted = factor.amount * weight * factor.concentration;
            }
            total +=
                hold(&bucket, false, |a, b| simm::fx_correlation(calculation, group(a.name), group(b.name))).margin;
        }
        total
    }

    fn vega(&self, class: Class, rows: &[Sensitivity]) -> f64 {
        let mut held = Vec::new();
        let mut residual = 0.0;
        let per_tenor = matches!(class, Class::Rates | Class::CreditQ | Class::CreditNonQ);
        let ratio = if per_tenor { 1.0 } else { self.period.ratio(class) };
        for mut bucket in net(class, rows, per_tenor, |row| ratio * self.volatility(row)) {
            let place = bucket.place;
            let weight = self.period.vega_weight(class, place);
            if class == Class::Rates {
                let whole: f64 = bucket.factors.iter().map(|factor| factor.amount).sum();
                bucket.concentration = self.concentration(whole, simm::rate_threshold(self.name(place as u32), true));
                let of_all = bucket.concentration;
                bucket.factors.iter_mut().for_each(|f| f.weighted = f.amount * weight * of_all);
            } else {
                self.concentrate(&mut bucket, |name| self.vega_threshold(class, place, name));
                bucket.factors.iter_mut().for_each(|f| f.weighted = f.amount * weight * f.concentration);
            }
            let one = hold(&bucket, false, |a, b| correlation(class, place, a, b));
            place_held(class, one, &mut held, &mut residual);
        }
        combine(class, &held, false) + residual
    }

    fn vega_threshold(&self, class: Class, bucket: usize, name: u32) -> f64 {
        if class != Class::Fx {
            return simm::threshold(class, bucket, true);
        }
        let (first, second) = self.name(name).split_at(3);
        simm::fx_vega_threshold(first, second)
    }

    /// sigma of section B 10 (d): the risk weight as a volatility. Rates and credit bring theirs in the amount.
    fn volatility(&self, row: &Sensitivity) -> f64 {
        let weight = match row.class {
            Class::Rates | Class::CreditQ | Class::CreditNonQ => return 1.0,
            Class::Fx => {
                let (first, second) = self.name(row.name).split_at(3);
                self.period.fx[simm::fx_group(first)][simm::fx_group(second)]
            }
            class => self.period.weight(class, usize::from(row.bucket)),
        };
        weight * (365.0 / self.period.days).sqrt() / QUANTILE
    }
}

fn place_held(class: Class, one: Held, held: &mut Vec<Held>, residual: &mut f64) {
    if is_residual(class, one.place) {
        *residual += one.margin;
    } else {
        held.push(one);
    }
}

fn base_correlation(rows: &[Sensitivity], period: &Period) -> f64 {
    let mut buckets = net(Class::CreditQ, rows, false, |_| period.base_correlation);
    for factor in buckets.iter_mut().flat_map(|bucket| &mut bucket.factors) {
        factor.weighted = factor.amount;
    }
    buckets.iter().map(|bucket| hold(bucket, false, |_, _| simm::BASE_CORRELATIONS).margin).sum()
}

fn combine_classes(margins: &ByClass) -> f64 {
    let mut total = 0.0;
    for first in CLASSES {
        for second in CLASSES {
            let psi = simm::between_classes(first, second);
            total += psi * margins[first as usize] * margins[second as usize];
        }
    }
    total.sqrt()
}

/// Several multipliers of one product class multiply.
fn multiplier(rows: &[Sensitivity], names: &[String], product: u8) -> f64 {
    let of = PRODUCTS[usize::from(product)];
    let is_of = |row: &&Sensitivity| row.kind == Kind::Multiplier && names[row.name as usize] == of;
    rows.iter().filter(is_of).map(|row| row.amount).product()
}

/// Fixed amounts, and notionals of products that have a factor (in %).
fn add_ons(rows: &[Sensitivity]) -> f64 {
    let sum = |kind: Kind, name: Option<u32>| -> f64 {
        rows.iter().filter(|row| row.kind == kind && name.is_none_or(|n| n == row.name)).map(|row| row.amount).sum()
    };
    let factors = rows.iter().filter(|row| row.kind == Kind::NotionalFactor);
    let of_notionals: f64 = factors.map(|row| row.amount / 100.0 * sum(Kind::Notional, Some(row.name)).abs()).sum();
    sum(Kind::FixedAmount, None) + of_notionals
}
