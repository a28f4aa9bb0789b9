//! The parameters of ISDA SIMM 2.5 (effective 3 December 2022), for a margin period of 10 days and of 1 day.
//!
//! Source: "ISDA SIMM Methodology, version 2.5", sections D to I and K. Using SIMM commercially needs a licence from ISDA.
use super::{Class, MATURITIES as TENORS};

/// What depends on the margin period of risk.
#[derive(Debug)]
pub struct Period {
    /// Calendar days: volatilities and the curvature's scaling are of this horizon.
    pub days: f64,
    /// Concentration thresholds are given for 10 days only; with 1 day nothing is concentrated.
    pub concentrates: bool,
    pub rates: &'static [[f64; TENORS]; 3],
    pub inflation: f64,
    pub basis: f64,
    pub base_correlation: f64,
    /// FX by groups of the two currencies (regular, high volatility).
    pub fx: [[f64; 2]; 2],
    pub fx_vega: f64,
    pub rate_vega: f64,
    /// Historical volatility ratios of rates, FX, equity, commodity.
    pub ratios: [f64; 4],
    weights: [&'static [f64]; 4],
    vegas: [&'static [f64]; 4],
}

pub const TEN_DAYS: Period = Period {
    days: 14.0,
    concentrates: true,
    rates: &RATE_WEIGHTS_10,
    inflation: 63.0,
    basis: 21.0,
    base_correlation: 10.0,
    fx: [[7.4, 13.6], [13.6, 14.6]],
    fx_vega: 0.47,
    rate_vega: 0.18,
    ratios: [0.44, 0.52, 0.58, 0.69],
    weights: [CREDIT_Q_WEIGHTS_10, CREDIT_NON_Q_WEIGHTS_10, EQUITY_WEIGHTS_10, COMMODITY_WEIGHTS_10],
    vegas: [CREDIT_Q_VEGA_10, CREDIT_NON_Q_VEGA_10, EQUITY_VEGA_10, COMMODITY_VEGA_10],
};

pub const ONE_DAY: Period = Period {
    days: 1.4,
    concentrates: false,
    rates: &RATE_WEIGHTS_1,
    inflation: 15.0,
    basis: 5.9,
    base_correlation: 2.5,
    fx: [[1.8, 3.2], [3.2, 3.4]],
    fx_vega: 0.096,
    rate_vega: 0.047,
    ratios: [0.51, 0.7, 0.54, 0.69],
    weights: [CREDIT_Q_WEIGHTS_1, CREDIT_NON_Q_WEIGHTS_1, EQUITY_WEIGHTS_1, COMMODITY_WEIGHTS_1],
    vegas: [CREDIT_Q_VEGA_1, CREDIT_NON_Q_VEGA_1, EQUITY_VEGA_1, COMMODITY_VEGA_1],
};

/// Currencies of one rates curve that are not of regular volatility: low, and the regular list; every other one is high.
const RATE_LOW: &[&str] = &["JPY"];
const RATE_REGULAR: &[&str] =
    &["USD", "EUR", "GBP", "AUD", "CAD", "CHF", "DKK", "HKD", "KRW", "NOK", "NZD", "SEK", "SGD", "TWD"];
const RATE_WELL_TRADED: &[&str] = &["USD", "EUR", "GBP"];
const FX_HIGH: &[&str] = &["BRL", "TRY", "ZAR", "RUB"];
const FX_SIGNIFICANT: &[&str] = &["USD", "EUR", "JPY", "GBP", "AUD", "CHF", "CAD"];
const FX_FREQUENT: &[&str] =
    &["BRL", "CNY", "HKD", "INR", "KRW", "MXN", "NOK", "NZD", "RUB", "SEK", "SGD", "TRY", "ZAR"];

/// Between a rate and an inflation rate of one currency, between sub-curves, with a cross-currency basis, between currencies.
pub const RATE_INFLATION: f64 = 0.37;
pub const SUB_CURVES: f64 = 0.99;
pub const WITH_BASIS: f64 = 0.01;
pub const BETWEEN_CURRENCIES: f64 = 0.24;
/// Between pairs of FX volatility, and between index families of base correlation.
pub const FX_VOLATILITIES: f64 = 0.5;
pub const BASE_CORRELATIONS: f64 = 0.24;
/// Within a bucket of credit: same issuer (non-qualifying: same group of names), different; any two of the residual one.
pub const CREDIT_Q_SAME: [f64; 2] = [0.93, 0.42];
pub const CREDIT_NON_Q_SAME: [f64; 2] = [0.82, 0.27];
pub const CREDIT_RESIDUAL: f64 = 0.5;

/// FX, by the group of the calculation currency and those of the two currencies (regular, high).
const FX_WITHIN: [[[f64; 2]; 2]; 2] = [[[0.5, 0.27], [0.27, 0.42]], [[0.85, 0.54], [0.54, 0.5]]];
const FX_VEGA_THRESHOLDS: [[f64; 3]; 3] = [[2800.0, 1300.0, 550.0], [1300.0, 490.0, 310.0], [550.0, 310.0, 200.0]];

/// 0 regular, 1 low, 2 high volatility.
pub fn rate_group(currency: &str) -> usize {
    if RATE_REGULAR.contains(&currency) {
        0
    } else if RATE_LOW.contains(&currency) {
        1
    } else {
        2
    }
}

/// Millions of USD a basis point (delta), or of vega.
pub fn rate_threshold(currency: &str, vega: bool) -> f64 {
    let (delta_of, vega_of) = if RATE_WELL_TRADED.contains(&currency) {
        (230.0, 3300.0)
    } else if RATE_LOW.contains(&currency) {
        (70.0, 570.0)
    } else if RATE_REGULAR.contains(&currency) {
        (44.0, 470.0)
    } else {
        (33.0, 120.0)
    };
    if vega { vega_of } else { delta_of }
}

/// 0 regular, 1 high volatility.
pub fn fx_group(currency: &str) -> usize {
    usize::from(FX_HIGH.contains(&currency))
}

fn fx_category(currency: &str) -> usize {
    if FX_SIGNIFICANT.contains(&currency) {
        0
    } else if FX_FREQUENT.contains(&currency) {
        1
    } else {
        2
    }
}

pub fn fx_threshold(currency: &str) -> f64 {
    [5100.0, 1200.0, 190.0][fx_category(currency)]
}

pub fn fx_vega_threshold(first: &str, second: &str) -> f64 {
    FX_VEGA_THRESHOLDS[fx_category(first)][fx_category(second)]
}

/// Between two currencies against the calculation currency's group.
pub fn fx_correlation(calculation: usize, first: usize, second: usize) -> f64 {
    FX_WITHIN[calculation][first][second]
}

/// Tenors by their place.
pub fn tenor_correlation(first: usize, second: usize) -> f64 {
    TENOR_CORRELATIONS[first][second]
}

/// Between the margins of two classes of one product class.
pub fn between_classes(first: Class, second: Class) -> f64 {
    BETWEEN_CLASSES[first as usize][second as usize]
}

/// A class whose buckets are numbered: how many, and whether a residual one follows them.
pub fn buckets(class: Class) -> Option<(usize, bool)> {
    match class {
        Class::Rates | Class::Fx => None,
        Class::CreditQ | Class::Equity => Some((12, true)),
        Class::CreditNonQ => Some((2, true)),
        Class::Commodity => Some((17, false)),
    }
}

fn place(class: Class) -> usize {
    class as usize - Class::CreditQ as usize
}

impl Period {
    /// Delta risk weight of a numbered bucket (its place from 0).
    pub fn weight(&self, class: Class, bucket: usize) -> f64 {
        self.weights[place(class)][bucket]
    }

    pub fn vega_weight(&self, class: Class, bucket: usize) -> f64 {
        match class {
            Class::Rates => self.rate_vega,
            Class::Fx => self.fx_vega,
            _ => self.vegas[place(class)][bucket],
        }
    }

    /// 1 where the class has none.
    pub fn ratio(&self, class: Class) -> f64 {
        match class {
            Class::Rates => self.ratios[0],
            Class::Fx => self.ratios[1],
            Class::Equity => self.ratios[2],
            Class::Commodity => self.ratios[3],
            Class::CreditQ | Class::CreditNonQ => 1.0,
        }
    }
}

/// Millions of USD.
pub fn threshold(class: Class, bucket: usize, vega: bool) -> f64 {
    let (deltas, vegas) = match class {
        Class::CreditNonQ => (CREDIT_NON_Q_DELTA_THRESHOLDS, CREDIT_NON_Q_VEGA_THRESHOLDS),
        Class::Equity => (EQUITY_DELTA_THRESHOLDS, EQUITY_VEGA_THRESHOLDS),
        Class::Commodity => (COMMODITY_DELTA_THRESHOLDS, COMMODITY_VEGA_THRESHOLDS),
        _ => (CREDIT_Q_DELTA_THRESHOLDS, CREDIT_Q_VEGA_THRESHOLDS),
    };
    if vega { vegas[bucket] } else { deltas[bucket] }
}

/// Between two names of an equity or commodity bucket.
pub fn within(class: Class, bucket: usize) -> f64 {
    if class == Class::Equity { EQUITY_WITHIN[bucket] } else { COMMODITY_WITHIN[bucket] }
}

/// Between two numbered buckets.
pub fn between_buckets(class: Class, first: usize, second: usize) -> f64 {
    let table = match class {
        Class::CreditNonQ => CREDIT_NON_Q_BETWEEN,
        Class::Equity => EQUITY_BETWEEN,
        Class::Commodity => COMMODITY_BETWEEN,
        _ => CREDIT_Q_BETWEEN,
    };
    table[first][second]
}

/// Between tenors of one currency.
const TENOR_CORRELATIONS: [[f64; TENORS]; TENORS] = [
    [1.0, 0.74, 0.63, 0.55, 0.45, 0.36, 0.32, 0.28, 0.23, 0.2, 0.18, 0.16],
    [0.74, 1.0, 0.8, 0.69, 0.52, 0.41, 0.35, 0.29, 0.24, 0.18, 0.17, 0.16],
    [0.63, 0.8, 1.0, 0.85, 0.67, 0.53, 0.45, 0.39, 0.32, 0.24, 0.22, 0.22],
    [0.55, 0.69, 0.85, 1.0, 0.83, 0.71, 0.62, 0.54, 0.45, 0.36, 0.35, 0.33],
    [0.45, 0.52, 0.67, 0.83, 1.0, 0.94, 0.86, 0.78, 0.65, 0.58, 0.55, 0.53],
    [0.36, 0.41, 0.53, 0.71, 0.94, 1.0, 0.95, 0.89, 0.78, 0.72, 0.68, 0.67],
    [0.32, 0.35, 0.45, 0.62, 0.86, 0.95, 1.0, 0.96, 0.87, 0.8, 0.77, 0.74],
    [0.28, 0.29, 0.39, 0.54, 0.78, 0.89, 0.96, 1.0, 0.94, 0.89, 0.86, 0.84],
    [0.23, 0.24, 0.32, 0.45, 0.65, 0.78, 0.87, 0.94, 1.0, 0.97, 0.95, 0.94],
    [0.2, 0.18, 0.24, 0.36, 0.58, 0.72, 0.8, 0.89, 0.97, 1.0, 0.98, 0.98],
    [0.18, 0.17, 0.22, 0.35, 0.55, 0.68, 0.77, 0.86, 0.95, 0.98, 1.0, 0.99],
    [0.16, 0.16, 0.22, 0.33, 0.53, 0.67, 0.74, 0.84, 0.94, 0.98, 0.99, 1.0],
];
/// Between the buckets of CreditQualifying.
const CREDIT_Q_BETWEEN: &[&[f64]] = &[
    &[1.0, 0.36, 0.38, 0.35, 0.37, 0.33, 0.36, 0.31, 0.32, 0.33, 0.32, 0.3],
    &[0.36, 1.0, 0.46, 0.44, 0.45, 0.43, 0.33, 0.36, 0.38, 0.39, 0.4, 0.36],
    &[0.38, 0.46, 1.0, 0.49, 0.49, 0.47, 0.34, 0.36, 0.41, 0.42, 0.43, 0.39],
    &[0.35, 0.44, 0.49, 1.0, 0.48, 0.48, 0.31, 0.34, 0.38, 0.42, 0.41, 0.37],
    &[0.37, 0.45, 0.49, 0.48, 1.0, 0.48, 0.33, 0.35, 0.39, 0.42, 0.43, 0.38],
    &[0.33, 0.43, 0.47, 0.48, 0.48, 1.0, 0.29, 0.32, 0.36, 0.39, 0.4, 0.35],
    &[0.36, 0.33, 0.34, 0.31, 0.33, 0.29, 1.0, 0.28, 0.32, 0.31, 0.3, 0.28],
    &[0.31, 0.36, 0.36, 0.34, 0.35, 0.32, 0.28, 1.0, 0.33, 0.34, 0.33, 0.3],
    &[0.32, 0.38, 0.41, 0.38, 0.39, 0.36, 0.32, 0.33, 1.0, 0.38, 0.36, 0.34],
    &[0.33, 0.39, 0.42, 0.42, 0.42, 0.39, 0.31, 0.34, 0.38, 1.0, 0.38, 0.36],
    &[0.32, 0.4, 0.43, 0.41, 0.43, 0.4, 0.3, 0.33, 0.36, 0.38, 1.0, 0.35],
    &[0.3, 0.36, 0.39, 0.37, 0.38, 0.35, 0.28, 0.3, 0.34, 0.36, 0.35, 1.0],
];
/// Millions of USD, by bucket, the residual one last.
const CREDIT_Q_DELTA_THRESHOLDS: &[f64] =
    &[0.91, 0.19, 0.19, 0.19, 0.19, 0.19, 0.91, 0.19, 0.19, 0.19, 0.19, 0.19, 0.19];
/// Millions of USD, by bucket.
const CREDIT_Q_VEGA_THRESHOLDS: &[f64] =
    &[260.0, 260.0, 260.0, 260.0, 260.0, 260.0, 260.0, 260.0, 260.0, 260.0, 260.0, 260.0, 260.0];
/// Risk weights, 10 days.
const CREDIT_Q_WEIGHTS_10: &[f64] =
    &[75.0, 91.0, 78.0, 55.0, 67.0, 47.0, 187.0, 665.0, 262.0, 251.0, 172.0, 247.0, 665.0];
/// Vega risk weights, 10 days.
const CREDIT_Q_VEGA_10: &[f64] = &[0.74, 0.74, 0.74, 0.74, 0.74, 0.74, 0.74, 0.74, 0.74, 0.74, 0.74, 0.74, 0.74];
/// Risk weights, 1 days.
const CREDIT_Q_WEIGHTS_1: &[f64] = &[21.0, 27.0, 16.0, 12.0, 14.0, 12.0, 48.0, 144.0, 51.0, 53.0, 38.0, 57.0, 144.0];
/// Vega risk weights, 1 days.
const CREDIT_Q_VEGA_1: &[f64] =
    &[0.085, 0.085, 0.085, 0.085, 0.085, 0.085, 0.085, 0.085, 0.085, 0.085, 0.085, 0.085, 0.085];
/// Between the buckets of CreditNonQualifying.
const CREDIT_NON_Q_BETWEEN: &[&[f64]] = &[&[1.0, 0.4], &[0.4, 1.0]];
/// Millions of USD, by bucket, the residual one last.
const CREDIT_NON_Q_DELTA_THRESHOLDS: &[f64] = &[9.5, 0.5, 0.5];
/// Millions of USD, by bucket.
const CREDIT_NON_Q_VEGA_THRESHOLDS: &[f64] = &[145.0, 145.0, 145.0];
/// Risk weights, 10 days.
const CREDIT_NON_Q_WEIGHTS_10: &[f64] = &[280.0, 1300.0, 1300.0];
/// Vega risk weights, 10 days.
const CREDIT_NON_Q_VEGA_10: &[f64] = &[0.74, 0.74, 0.74];
/// Risk weights, 1 days.
const CREDIT_NON_Q_WEIGHTS_1: &[f64] = &[66.0, 250.0, 250.0];
/// Vega risk weights, 1 days.
const CREDIT_NON_Q_VEGA_1: &[f64] = &[0.085, 0.085, 0.085];
/// Between the buckets of Equity.
const EQUITY_BETWEEN: &[&[f64]] = &[
    &[1.0, 0.2, 0.2, 0.2, 0.13, 0.16, 0.16, 0.16, 0.17, 0.12, 0.18, 0.18],
    &[0.2, 1.0, 0.25, 0.23, 0.14, 0.17, 0.18, 0.17, 0.19, 0.13, 0.19, 0.19],
    &[0.2, 0.25, 1.0, 0.24, 0.13, 0.17, 0.18, 0.16, 0.2, 0.13, 0.18, 0.18],
    &[0.2, 0.23, 0.24, 1.0, 0.17, 0.22, 0.22, 0.22, 0.21, 0.16, 0.24, 0.24],
    &[0.13, 0.14, 0.13, 0.17, 1.0, 0.27, 0.26, 0.27, 0.15, 0.2, 0.3, 0.3],
    &[0.16, 0.17, 0.17, 0.22, 0.27, 1.0, 0.34, 0.33, 0.18, 0.24, 0.38, 0.38],
    &[0.16, 0.18, 0.18, 0.22, 0.26, 0.34, 1.0, 0.32, 0.18, 0.24, 0.37, 0.37],
    &[0.16, 0.17, 0.16, 0.22, 0.27, 0.33, 0.32, 1.0, 0.18, 0.23, 0.37, 0.37],
    &[0.17, 0.19, 0.2, 0.21, 0.15, 0.18, 0.18, 0.18, 1.0, 0.14, 0.2, 0.2],
    &[0.12, 0.13, 0.13, 0.16, 0.2, 0.24, 0.24, 0.23, 0.14, 1.0, 0.25, 0.25],
    &[0.18, 0.19, 0.18, 0.24, 0.3, 0.38, 0.37, 0.37, 0.2, 0.25, 1.0, 0.45],
    &[0.18, 0.19, 0.18, 0.24, 0.3, 0.38, 0.37, 0.37, 0.2, 0.25, 0.45, 1.0],
];
/// Millions of USD, by bucket, the residual one last.
const EQUITY_DELTA_THRESHOLDS: &[f64] =
    &[10.0, 10.0, 10.0, 10.0, 21.0, 21.0, 21.0, 21.0, 1.4, 0.6, 2100.0, 2100.0, 0.6];
/// Millions of USD, by bucket.
const EQUITY_VEGA_THRESHOLDS: &[f64] =
    &[210.0, 210.0, 210.0, 210.0, 1300.0, 1300.0, 1300.0, 1300.0, 40.0, 200.0, 5900.0, 5900.0, 40.0];
/// Between names of one bucket.
const EQUITY_WITHIN: &[f64] = &[0.18, 0.23, 0.3, 0.26, 0.23, 0.35, 0.36, 0.33, 0.19, 0.2, 0.45, 0.45, 0.0];
/// Risk weights, 10 days.
const EQUITY_WEIGHTS_10: &[f64] = &[26.0, 28.0, 34.0, 28.0, 23.0, 25.0, 29.0, 27.0, 32.0, 32.0, 18.0, 18.0, 34.0];
/// Vega risk weights, 10 days.
const EQUITY_VEGA_10: &[f64] = &[0.45, 0.45, 0.45, 0.45, 0.45, 0.45, 0.45, 0.45, 0.45, 0.45, 0.45, 0.96, 0.45];
/// Risk weights, 1 days.
const EQUITY_WEIGHTS_1: &[f64] = &[9.3, 9.7, 10.0, 9.2, 7.7, 8.5, 9.5, 9.6, 10.0, 10.0, 5.9, 5.9, 10.0];
/// Vega risk weights, 1 days.
const EQUITY_VEGA_1: &[f64] =
    &[0.093, 0.093, 0.093, 0.093, 0.093, 0.093, 0.093, 0.093, 0.093, 0.093, 0.093, 0.25, 0.093];
/// Between the buckets of Commodity.
const COMMODITY_BETWEEN: &[&[f64]] = &[
    &[1.0, 0.33, 0.21, 0.27, 0.29, 0.21, 0.48, 0.16, 0.41, 0.23, 0.18, 0.02, 0.21, 0.19, 0.15, 0.0, 0.24],
    &[0.33, 1.0, 0.94, 0.94, 0.89, 0.21, 0.19, 0.13, 0.21, 0.21, 0.41, 0.27, 0.31, 0.29, 0.21, 0.0, 0.6],
    &[0.21, 0.94, 1.0, 0.91, 0.85, 0.12, 0.2, 0.09, 0.19, 0.2, 0.36, 0.18, 0.22, 0.23, 0.23, 0.0, 0.54],
    &[0.27, 0.94, 0.91, 1.0, 0.84, 0.14, 0.24, 0.13, 0.21, 0.19, 0.39, 0.25, 0.23, 0.27, 0.18, 0.0, 0.59],
    &[0.29, 0.89, 0.85, 0.84, 1.0, 0.15, 0.17, 0.09, 0.16, 0.21, 0.38, 0.28, 0.28, 0.27, 0.18, 0.0, 0.55],
    &[0.21, 0.21, 0.12, 0.14, 0.15, 1.0, 0.33, 0.53, 0.26, 0.09, 0.21, 0.04, 0.11, 0.1, 0.09, 0.0, 0.24],
    &[0.48, 0.19, 0.2, 0.24, 0.17, 0.33, 1.0, 0.31, 0.72, 0.24, 0.14, -0.12, 0.19, 0.14, 0.08, 0.0, 0.24],
    &[0.16, 0.13, 0.09, 0.13, 0.09, 0.53, 0.31, 1.0, 0.24, 0.04, 0.13, -0.07, 0.04, 0.06, 0.01, 0.0, 0.16],
    &[0.41, 0.21, 0.19, 0.21, 0.16, 0.26, 0.72, 0.24, 1.0, 0.21, 0.18, -0.07, 0.12, 0.12, 0.1, 0.0, 0.21],
    &[0.23, 0.21, 0.2, 0.19, 0.21, 0.09, 0.24, 0.04, 0.21, 1.0, 0.14, 0.11, 0.11, 0.1, 0.07, 0.0, 0.14],
    &[0.18, 0.41, 0.36, 0.39, 0.38, 0.21, 0.14, 0.13, 0.18, 0.14, 1.0, 0.28, 0.3, 0.25, 0.18, 0.0, 0.38],
    &[0.02, 0.27, 0.18, 0.25, 0.28, 0.04, -0.12, -0.07, -0.07, 0.11, 0.28, 1.0, 0.18, 0.18, 0.08, 0.0, 0.21],
    &[0.21, 0.31, 0.22, 0.23, 0.28, 0.11, 0.19, 0.04, 0.12, 0.11, 0.3, 0.18, 1.0, 0.34, 0.16, 0.0, 0.34],
    &[0.19, 0.29, 0.23, 0.27, 0.27, 0.1, 0.14, 0.06, 0.12, 0.1, 0.25, 0.18, 0.34, 1.0, 0.13, 0.0, 0.26],
    &[0.15, 0.21, 0.23, 0.18, 0.18, 0.09, 0.08, 0.01, 0.1, 0.07, 0.18, 0.08, 0.16, 0.13, 1.0, 0.0, 0.21],
    &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    &[0.24, 0.6, 0.54, 0.59, 0.55, 0.24, 0.24, 0.16, 0.21, 0.14, 0.38, 0.21, 0.34, 0.26, 0.21, 0.0, 1.0],
];
/// Millions of USD, by bucket, the residual one last.
const COMMODITY_DELTA_THRESHOLDS: &[f64] = &[
    310.0, 2100.0, 1700.0, 1700.0, 1700.0, 3200.0, 3200.0, 2700.0, 2700.0, 52.0, 530.0, 1600.0, 100.0, 100.0, 100.0,
    52.0, 4000.0,
];
/// Millions of USD, by bucket.
const COMMODITY_VEGA_THRESHOLDS: &[f64] = &[
    210.0, 2700.0, 290.0, 290.0, 290.0, 5000.0, 5000.0, 920.0, 920.0, 100.0, 350.0, 720.0, 500.0, 500.0, 500.0, 65.0,
    65.0,
];
/// Between names of one bucket.
const COMMODITY_WITHIN: &[f64] =
    &[0.84, 0.98, 0.96, 0.97, 0.98, 0.88, 0.98, 0.49, 0.8, 0.46, 0.55, 0.46, 0.66, 0.18, 0.21, 0.0, 0.36];
/// Risk weights, 10 days.
const COMMODITY_WEIGHTS_10: &[f64] =
    &[27.0, 29.0, 33.0, 25.0, 35.0, 24.0, 40.0, 53.0, 44.0, 58.0, 20.0, 21.0, 13.0, 16.0, 13.0, 58.0, 17.0];
/// Vega risk weights, 10 days.
const COMMODITY_VEGA_10: &[f64] =
    &[0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6];
/// Risk weights, 1 days.
const COMMODITY_WEIGHTS_1: &[f64] =
    &[9.0, 9.1, 8.1, 7.2, 10.0, 8.2, 9.7, 10.0, 10.0, 16.0, 6.2, 6.5, 4.6, 4.6, 4.0, 16.0, 5.1];
/// Vega risk weights, 1 days.
const COMMODITY_VEGA_1: &[f64] =
    &[0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.16, 0.16];
/// Risk weights of rates, 10 days, by volatility of the currency: regular, low, high.
const RATE_WEIGHTS_10: [[f64; TENORS]; 3] = [
    [115.0, 112.0, 96.0, 74.0, 66.0, 61.0, 56.0, 52.0, 53.0, 57.0, 60.0, 66.0],
    [15.0, 18.0, 9.0, 11.0, 13.0, 15.0, 18.0, 20.0, 19.0, 19.0, 20.0, 23.0],
    [119.0, 93.0, 80.0, 82.0, 90.0, 92.0, 95.0, 95.0, 94.0, 108.0, 105.0, 101.0],
];
/// Risk weights of rates, 1 days, by volatility of the currency: regular, low, high.
const RATE_WEIGHTS_1: [[f64; TENORS]; 3] = [
    [19.0, 16.0, 12.0, 12.0, 13.0, 16.0, 16.0, 16.0, 16.0, 17.0, 16.0, 17.0],
    [1.7, 3.4, 1.8, 2.0, 3.3, 4.8, 5.8, 6.8, 6.5, 7.0, 7.5, 8.3],
    [49.0, 24.0, 16.0, 20.0, 23.0, 23.0, 33.0, 31.0, 34.0, 33.0, 33.0, 27.0],
];
/// Between risk classes, in the order of [`Class`].
const BETWEEN_CLASSES: [[f64; 6]; 6] = [
    [1.0, 0.32, 0.29, 0.13, 0.28, 0.46],
    [0.32, 1.0, 0.38, 0.12, 0.35, 0.41],
    [0.29, 0.38, 1.0, 0.54, 0.71, 0.52],
    [0.13, 0.12, 0.54, 1.0, 0.46, 0.41],
    [0.28, 0.35, 0.71, 0.46, 1.0, 0.49],
    [0.46, 0.41, 0.52, 0.41, 0.49, 1.0],
];
