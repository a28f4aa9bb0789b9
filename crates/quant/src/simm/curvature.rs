//! Curvature: what vega tells about convexity (section 11 of the methodology's section B).
use super::calibration::Period;
use super::net::{Bucket, combine, correlation, hold, is_residual, net};
use super::{Class, Sensitivity};

/// Days of each tenor, a month being a twelfth of 365.
const DAYS: [f64; 12] =
    [14.0, 365.0 / 12.0, 365.0 / 4.0, 365.0 / 2.0, 365.0, 730.0, 1095.0, 1825.0, 3650.0, 5475.0, 7300.0, 10950.0];
/// The square of the 99.5 % point of the normal distribution, less 1.
const TAIL: f64 = 5.634896601021214;
/// Volatility indices (bucket 12 of equity) have no curvature.
const VOLATILITY_INDICES: usize = 11;

/// The margin, of one class. `volatility`: what an amount of the row is multiplied by besides (1 for rates and credit).
pub fn curvature(class: Class, rows: &[Sensitivity], period: &Period, volatility: impl Fn(&Sensitivity) -> f64) -> f64 {
    let mut buckets = net(class, rows, matches!(class, Class::Rates | Class::CreditQ | Class::CreditNonQ), |row| {
        if class == Class::Equity && usize::from(row.bucket) == VOLATILITY_INDICES {
            return 0.0;
        }
        0.5 * (period.days / DAYS[usize::from(row.tenor)]).min(1.0) * volatility(row)
    });
    for factor in buckets.iter_mut().flat_map(|bucket| &mut bucket.factors) {
        factor.weighted = factor.amount;
    }
    let (residual, numbered): (Vec<Bucket>, Vec<Bucket>) =
        buckets.into_iter().partition(|bucket| is_residual(class, bucket.place));
    let margin = tail(class, &numbered) + tail(class, &residual);
    if class == Class::Rates { margin / (period.ratio(class) * period.ratio(class)) } else { margin }
}

/// max(0, sum + lambda x root), theta from the signs of all its factors.
fn tail(class: Class, buckets: &[Bucket]) -> f64 {
    let all = || buckets.iter().flat_map(|bucket| &bucket.factors).map(|factor| factor.weighted);
    let (sum, absolute): (f64, f64) = (all().sum(), all().map(f64::abs).sum());
    if absolute == 0.0 {
        return 0.0;
    }
    let theta = (sum / absolute).min(0.0);
    let lambda = TAIL * (1.0 + theta) - theta;
    let held: Vec<_> =
        buckets.iter().map(|bucket| hold(bucket, true, |a, b| correlation(class, bucket.place, a, b))).collect();
    let root = if held.len() == 1 { held[0].margin } else { combine(class, &held, true) };
    (sum + lambda * root).max(0.0)
}
