//! Netting and the sums inside and between buckets that delta, vega and curvature share.
use super::calibration as simm;
use super::{Class, Kind, Sensitivity};

/// A million USD: thresholds of concentration are counted in it.
const MILLION: f64 = 1e6;

/// A net sensitivity of one risk factor in a bucket. `weighted`: what enters the sums. `concentration`: 1 or more.
#[derive(Debug, Clone, Copy)]
pub struct Factor {
    pub kind: Kind,
    pub name: u32,
    pub tenor: u8,
    pub label: u32,
    pub amount: f64,
    pub weighted: f64,
    pub concentration: f64,
}

/// A bucket (a currency, for rates) with its factors.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub place: usize,
    pub factors: Vec<Factor>,
    /// Of a currency's rates as a whole; 1 elsewhere.
    pub concentration: f64,
}

/// The bucket's margin, and its weighted sum held within it.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    pub place: usize,
    pub margin: f64,
    pub sum: f64,
    pub concentration: f64,
}

/// Rows of one class to net factors by bucket. `per_tenor` false: tenors are one factor (vega of equity, commodity, FX) and
/// `scale(row)` has brought them together; inflation volatilities of a currency are one factor as well, which the unit cases show.
pub fn net(class: Class, rows: &[Sensitivity], per_tenor: bool, scale: impl Fn(&Sensitivity) -> f64) -> Vec<Bucket> {
    let mut keyed: Vec<(u32, Factor)> = rows
        .iter()
        .map(|row| {
            let rates = class == Class::Rates;
            let tenor = if per_tenor && row.kind != Kind::InflationVega { row.tenor } else { 0 };
            let name = if rates { 0 } else { row.name };
            let amount = row.amount * scale(row);
            let factor =
                Factor { kind: row.kind, name, tenor, label: row.label, amount, weighted: 0.0, concentration: 1.0 };
            (if rates { row.name } else { u32::from(row.bucket) }, factor)
        })
        .collect();
    keyed.sort_by_key(|(bucket, f)| (*bucket, f.kind, f.name, f.tenor, f.label));
    let mut buckets: Vec<Bucket> = Vec::new();
    for (place, factor) in keyed {
        let place = place as usize;
        if buckets.last().is_none_or(|bucket| bucket.place != place) {
            buckets.push(Bucket { place, factors: Vec::new(), concentration: 1.0 });
        }
        let factors = &mut buckets.last_mut().expect("one was pushed").factors;
        match factors.last_mut() {
            Some(last) if same(last, &factor) => last.amount += factor.amount,
            _ => factors.push(factor),
        }
    }
    buckets
}

fn same(first: &Factor, second: &Factor) -> bool {
    (first.kind, first.name, first.tenor, first.label) == (second.kind, second.name, second.tenor, second.label)
}

/// max(1, sqrt(|amount| / threshold)), the threshold in millions.
pub fn concentration(amount: f64, threshold: f64) -> f64 {
    (amount.abs() / (threshold * MILLION)).sqrt().max(1.0)
}

/// Sets each factor's concentration by the net amount of its name.
pub fn concentrate(bucket: &mut Bucket, threshold: impl Fn(u32) -> f64) {
    let mut begin = 0;
    while begin < bucket.factors.len() {
        let name = bucket.factors[begin].name;
        let end = begin + bucket.factors[begin..].iter().take_while(|factor| factor.name == name).count();
        let whole: f64 = bucket.factors[begin..end].iter().map(|factor| factor.amount).sum();
        let of_name = concentration(whole, threshold(name));
        for factor in &mut bucket.factors[begin..end] {
            factor.concentration = of_name;
        }
        begin = end;
    }
}

/// Sum of squares and of correlated pairs of a bucket, its root held to the sum. `squared`: correlations are squared (curvature).
pub fn hold(bucket: &Bucket, squared: bool, correlation: impl Fn(&Factor, &Factor) -> f64) -> Held {
    let factors = &bucket.factors;
    let mut total = 0.0;
    for (at, first) in factors.iter().enumerate() {
        total += first.weighted * first.weighted;
        for second in &factors[at + 1..] {
            let rho = correlation(first, second);
            let rho = if squared { rho * rho } else { rho };
            let (low, high) = if first.concentration < second.concentration {
                (first.concentration, second.concentration)
            } else {
                (second.concentration, first.concentration)
            };
            total += 2.0 * rho * low / high * first.weighted * second.weighted;
        }
    }
    let margin = total.max(0.0).sqrt();
    let sum: f64 = factors.iter().map(|factor| factor.weighted).sum();
    Held { place: bucket.place, margin, sum: sum.clamp(-margin, margin), concentration: bucket.concentration }
}

/// Over buckets that are not residual.
pub fn combine(class: Class, held: &[Held], squared: bool) -> f64 {
    let mut total = 0.0;
    for (at, first) in held.iter().enumerate() {
        total += first.margin * first.margin;
        for second in &held[at + 1..] {
            let gamma = match class {
                Class::Rates => simm::BETWEEN_CURRENCIES,
                Class::Fx => 0.0,
                _ => simm::between_buckets(class, first.place, second.place),
            };
            let gamma = if squared { gamma * gamma } else { gamma };
            let both = first.concentration.min(second.concentration) / first.concentration.max(second.concentration);
            total += 2.0 * gamma * both * first.sum * second.sum;
        }
    }
    total.max(0.0).sqrt()
}

/// Between two factors of a bucket of any class but FX delta.
pub fn correlation(class: Class, bucket: usize, first: &Factor, second: &Factor) -> f64 {
    match class {
        Class::Rates => rates(first, second),
        Class::Fx => simm::FX_VOLATILITIES,
        Class::CreditQ => credit(class, bucket, simm::CREDIT_Q_SAME, first.name == second.name),
        Class::CreditNonQ => credit(class, bucket, simm::CREDIT_NON_Q_SAME, first.label == second.label),
        Class::Equity | Class::Commodity => simm::within(class, bucket),
    }
}

fn credit(class: Class, bucket: usize, [same, different]: [f64; 2], is_same: bool) -> f64 {
    if is_residual(class, bucket) {
        simm::CREDIT_RESIDUAL
    } else if is_same {
        same
    } else {
        different
    }
}

fn rates(first: &Factor, second: &Factor) -> f64 {
    let is = |kind: Kind| first.kind == kind || second.kind == kind;
    if is(Kind::Basis) {
        return simm::WITH_BASIS;
    }
    if is(Kind::Inflation) || is(Kind::InflationVega) {
        return simm::RATE_INFLATION;
    }
    let curves = if first.label == second.label { 1.0 } else { simm::SUB_CURVES };
    curves * simm::tenor_correlation(usize::from(first.tenor), usize::from(second.tenor))
}

/// The last one of a class that has a residual bucket.
pub fn is_residual(class: Class, bucket: usize) -> bool {
    simm::buckets(class).is_some_and(|(count, residual)| residual && bucket == count)
}
