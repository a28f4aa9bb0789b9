//! Risk arrays made by our own pricing: sixteen losses and a composite delta for every option of a series.
//!
//! A series is what options share: underlying, time, rate, ranges. Four options are priced at once where the model is a closed
//! form; American options take their early exercise boundary once for each volatility. Where a scenario would move the
//! underlying to zero or below, or a strike lies there, the whole series is priced by Bachelier, as CME Clearing did from 22
//! April 2020 on (advisory 20-171): a relative model has no price there, and two models in one array would not be comparable.
use wide::{CmpGt, f64x4};

use crate::american::{boundary, greeks, with_boundary};
use crate::european::{Right, Terms, bachelier, bachelier_greeks, distances, implied, price};
use crate::normal::{cumulative, cumulative_lanes};
use isthmus_margin::span::{Array, ONE, SCENARIOS};

/// Price moves of the pairs of scenarios, as parts of the price scan range; the extreme ones follow.
pub const MOVES: [f64; 7] = [0.0, 1.0 / 3.0, -1.0 / 3.0, 2.0 / 3.0, -2.0 / 3.0, 1.0, -1.0];
/// Weights of the deltas at those moves in the composite delta (CME, Components of SPAN).
pub const WEIGHTS: [f64; 7] = [0.270, 0.217, 0.217, 0.110, 0.110, 0.037, 0.037];
const LANES: usize = 4;

/// How options of a series are priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exercise {
    European,
    American,
}

/// What the options of one expiry on one underlying share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Series {
    pub exercise: Exercise,
    pub underlying: f64,
    pub years: f64,
    pub rate: f64,
    /// 0 for options on futures (Black 1976), rate less yield on spot (Black-Scholes).
    pub carry: f64,
    pub price_scan: f64,
    /// Absolute change of volatility.
    pub volatility_scan: f64,
    pub extreme_multiple: f64,
    /// Part of an extreme move's loss that counts.
    pub cover: f64,
    /// Years that pass in every scenario.
    pub look_ahead: f64,
    /// Millionths of money for a price of one.
    pub multiplier: f64,
    /// What losses are rounded to, in millionths: 10,000 for two decimal places, 1,000,000 for whole units.
    pub step: i64,
}

/// One option.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quote {
    pub right: Right,
    pub strike: f64,
    pub volatility: f64,
}

/// Losses and composite delta (millionths) of one long option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    pub array: Array,
    pub delta: i64,
}

impl Series {
    /// The underlying in the seven moves and the two extreme ones.
    fn points(&self) -> [f64; 9] {
        let mut points = [0.0; 9];
        for (point, change) in points.iter_mut().zip(MOVES) {
            *point = self.underlying + change * self.price_scan;
        }
        points[7] = self.underlying + self.extreme_multiple * self.price_scan;
        points[8] = self.underlying - self.extreme_multiple * self.price_scan;
        points
    }

    fn terms(&self, quote: &Quote) -> Terms {
        Terms {
            right: quote.right,
            underlying: self.underlying,
            strike: quote.strike,
            years: self.years,
            rate: self.rate,
            carry: self.carry,
            volatility: quote.volatility,
        }
    }

    fn later(&self) -> f64 {
        (self.years - self.look_ahead).max(0.0)
    }

    /// Losses to integers, to the nearest step.
    fn rounded(&self, loss: f64) -> i64 {
        let step = self.step.max(1);
        ((loss * self.multiplier / step as f64).round() as i64).saturating_mul(step)
    }

    /// Losses in all scenarios from values at the nine points, volatility up, down and as it is, and what it is worth now.
    fn losses(&self, now: f64, up: &[f64; 7], down: &[f64; 7], extreme: &[f64; 2]) -> Array {
        let mut array = [0; SCENARIOS];
        for (place, (up, down)) in up.iter().zip(down).enumerate() {
            (array[2 * place], array[2 * place + 1]) = (self.rounded(now - up), self.rounded(now - down));
        }
        array[14] = self.rounded(self.cover * (now - extreme[0]));
        array[15] = self.rounded(self.cover * (now - extreme[1]));
        array
    }
}

/// The array of a future: it loses what its price falls by.
pub fn future(series: &Series) -> Scanned {
    let points = series.points();
    let mut values = [0.0; 7];
    values.copy_from_slice(&points[..7]);
    let array = series.losses(series.underlying, &values, &values, &[points[7], points[8]]);
    Scanned { array, delta: ONE }
}

/// The arrays of all options of a series, into `scanned`, which has a place for each.
///
/// # Panics
/// When `scanned` is shorter than `quotes`.
pub fn rebuild(series: &Series, quotes: &[Quote], scanned: &mut [Scanned]) {
    assert!(scanned.len() >= quotes.len(), "a place for each option");
    let below_zero =
        series.points().iter().any(|point| *point <= 0.0) || quotes.iter().any(|quote| quote.strike <= 0.0);
    if below_zero {
        for (quote, place) in quotes.iter().zip(scanned) {
            *place = by_bachelier(series, quote);
        }
    } else if series.exercise == Exercise::American {
        for (quote, place) in quotes.iter().zip(scanned) {
            *place = by_boundary(series, quote);
        }
    } else {
        let lanes = Lanes::new(series);
        for (four, places) in quotes.chunks(LANES).zip(scanned.chunks_mut(LANES)) {
            lanes.scan(series, four, places);
        }
    }
}

/// A volatility after the scan, never below zero.
fn moved(volatility: f64, change: f64) -> f64 {
    (volatility + change).max(0.0)
}

fn by_boundary(series: &Series, quote: &Quote) -> Scanned {
    let (points, now) = (series.points(), series.terms(quote));
    let later = Terms { years: series.later(), ..now };
    let values = |volatility: f64, points: &[f64]| {
        let of = Terms { volatility, ..later };
        let edge = boundary(&of);
        let mut values = [0.0; 7];
        for (value, underlying) in values.iter_mut().zip(points) {
            *value = with_boundary(&Terms { underlying: *underlying, ..of }, &edge);
        }
        values
    };
    let up = values(moved(quote.volatility, series.volatility_scan), &points[..7]);
    let down = values(moved(quote.volatility, -series.volatility_scan), &points[..7]);
    let extreme = values(quote.volatility, &points[7..]);
    let edge = boundary(&now);
    let formula = |of: &Terms| with_boundary(of, &edge);
    let worth = formula(&now);
    let delta = |underlying: f64| greeks(&Terms { underlying, ..now }, formula).delta;
    let composite: f64 = points.iter().zip(WEIGHTS).map(|(point, weight)| weight * delta(*point)).sum();
    Scanned { array: series.losses(worth, &up, &down, &[extreme[0], extreme[1]]), delta: millionths(composite) }
}

fn by_bachelier(series: &Series, quote: &Quote) -> Scanned {
    let (points, now) = (series.points(), series.terms(quote));
    let normal = normal_volatility(&now);
    let ratio =
        |change: f64| if quote.volatility > 0.0 { moved(quote.volatility, change) / quote.volatility } else { 1.0 };
    let later = Terms { years: series.later(), ..now };
    let value = |underlying: f64, volatility: f64| bachelier(&Terms { underlying, volatility, ..later });
    let values = |change: f64| {
        let volatility = normal * ratio(change);
        let mut values = [0.0; 7];
        for (place, underlying) in values.iter_mut().zip(points) {
            *place = value(underlying, volatility);
        }
        values
    };
    let worth = bachelier(&Terms { volatility: normal, ..now });
    let extreme = [value(points[7], normal), value(points[8], normal)];
    let delta = |underlying: f64| bachelier_greeks(&Terms { underlying, volatility: normal, ..now }).delta;
    let composite: f64 = points.iter().zip(WEIGHTS).map(|(point, weight)| weight * delta(*point)).sum();
    let (up, down) = (values(series.volatility_scan), values(-series.volatility_scan));
    Scanned { array: series.losses(worth, &up, &down, &extreme), delta: millionths(composite) }
}

/// The absolute volatility at which Bachelier says what the relative model says now; below zero, where that has no price, the
/// relative volatility of the larger of underlying and strike.
pub fn normal_volatility(of: &Terms) -> f64 {
    let scale = of.underlying.abs().max(of.strike.abs());
    let rough = of.volatility * scale;
    if of.underlying <= 0.0 || of.strike <= 0.0 {
        return rough;
    }
    implied(of, price(of), 10.0 * rough.max(1e-9), bachelier).unwrap_or(rough)
}

fn millionths(delta: f64) -> i64 {
    (delta * ONE as f64).round() as i64
}

/// What does not change from option to option of a European series.
struct Lanes {
    points: [f64; 9],
    logarithms: [f64; 9],
    root: f64,
    drift: f64,
    growth: f64,
    discount: f64,
    now: Now,
}

/// The same at the present time, without the look-ahead.
struct Now {
    root: f64,
    drift: f64,
    growth: f64,
    discount: f64,
}

impl Now {
    fn new(series: &Series, years: f64) -> Self {
        Self {
            root: years.sqrt(),
            drift: series.carry * years,
            growth: ((series.carry - series.rate) * years).exp(),
            discount: (-series.rate * years).exp(),
        }
    }
}

impl Lanes {
    fn new(series: &Series) -> Self {
        let points = series.points();
        let Now { root, drift, growth, discount } = Now::new(series, series.later());
        Self {
            points,
            logarithms: points.map(f64::ln),
            root,
            drift,
            growth,
            discount,
            now: Now::new(series, series.years),
        }
    }

    fn scan(&self, series: &Series, quotes: &[Quote], places: &mut [Scanned]) {
        let lane = |of: fn(&Quote) -> f64| {
            let mut values = [0.0; LANES];
            for (place, value) in values.iter_mut().enumerate() {
                *value = of(&quotes[place.min(quotes.len() - 1)]);
            }
            f64x4::new(values)
        };
        let four = Four {
            strike: lane(|quote| quote.strike),
            logarithm: lane(|quote| quote.strike).ln(),
            call: lane(|quote| quote.right.sign()),
        };
        let volatility = lane(|quote| quote.volatility);
        let change = f64x4::splat(series.volatility_scan);
        let (up, down) = (volatility + change, (volatility - change).fast_max(f64x4::ZERO));
        let ups: [f64x4; 7] = std::array::from_fn(|point| self.value(&four, point, up));
        let downs: [f64x4; 7] = std::array::from_fn(|point| self.value(&four, point, down));
        let extremes = [self.value(&four, 7, volatility), self.value(&four, 8, volatility)];
        let (worth, delta) = self.present(&four, volatility);
        for (place, scanned) in places.iter_mut().enumerate().take(quotes.len()) {
            let of = |lanes: &[f64x4; 7]| lanes.map(|lane| lane.as_array_ref()[place]);
            let extreme = extremes.map(|lane| lane.as_array_ref()[place]);
            scanned.array = series.losses(worth.as_array_ref()[place], &of(&ups), &of(&downs), &extreme);
            scanned.delta = millionths(delta.as_array_ref()[place]);
        }
    }

    /// Values in one scenario.
    fn value(&self, four: &Four, point: usize, volatility: f64x4) -> f64x4 {
        let deviation = (volatility * f64x4::splat(self.root)).fast_max(f64x4::splat(SMALLEST));
        let d1 = four.distance(self.logarithms[point] + self.drift, deviation);
        four.value(d1, deviation, self.points[point] * self.growth, self.discount)
    }

    /// Value and composite delta as things stand.
    fn present(&self, four: &Four, volatility: f64x4) -> (f64x4, f64x4) {
        let deviation = (volatility * f64x4::splat(self.now.root)).fast_max(f64x4::splat(SMALLEST));
        let mut worth = f64x4::ZERO;
        let mut delta = f64x4::ZERO;
        for (point, weight) in WEIGHTS.iter().enumerate() {
            let d1 = four.distance(self.logarithms[point] + self.now.drift, deviation);
            if point == 0 {
                worth = four.value(d1, deviation, self.points[0] * self.now.growth, self.now.discount);
            }
            delta += cumulative_lanes(d1 * four.call) * f64x4::splat(weight * self.now.growth);
        }
        (worth, delta * four.call)
    }
}

/// So small a standard deviation is none: values are intrinsic.
const SMALLEST: f64 = 1e-12;

/// Four options.
struct Four {
    strike: f64x4,
    logarithm: f64x4,
    /// 1 for calls, -1 for puts.
    call: f64x4,
}

impl Four {
    fn distance(&self, forward: f64, deviation: f64x4) -> f64x4 {
        (f64x4::splat(forward) - self.logarithm) / deviation + deviation * f64x4::splat(0.5)
    }

    /// Calls by formula, puts by parity.
    fn value(&self, d1: f64x4, deviation: f64x4, underlying: f64, discount: f64) -> f64x4 {
        let paid = self.strike * f64x4::splat(discount);
        let underlying = f64x4::splat(underlying);
        let call = underlying * cumulative_lanes(d1) - paid * cumulative_lanes(d1 - deviation);
        self.call.cmp_gt(f64x4::ZERO).blend(call, call - underlying + paid).fast_max(f64x4::ZERO)
    }
}

/// Composite delta of one European option, in scalar steps: what the lanes are tested against.
pub fn composite_delta(series: &Series, quote: &Quote) -> f64 {
    let now = series.terms(quote);
    let growth = ((series.carry - series.rate) * series.years).exp();
    let sign = quote.right.sign();
    let delta = |underlying: f64| {
        distances(&Terms { underlying, ..now }).map_or(0.0, |(d1, _)| sign * growth * cumulative(sign * d1))
    };
    series.points().iter().zip(WEIGHTS).map(|(point, weight)| weight * delta(*point)).sum()
}

#[cfg(test)]
mod tests;
