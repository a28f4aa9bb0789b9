//! European options in closed form: generalised Black-Scholes (Black 1976 for futures, spot with a yield) and Bachelier.
use crate::normal::{cumulative, density};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    Call,
    Put,
}

impl Right {
    pub fn sign(self) -> f64 {
        if self == Self::Call { 1.0 } else { -1.0 }
    }

    pub fn intrinsic(self, underlying: f64, strike: f64) -> f64 {
        (self.sign() * (underlying - strike)).max(0.0)
    }
}

/// An option and its market. Years and rates are continuous; volatility is relative, a year (Bachelier's: absolute, a year).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    pub right: Right,
    pub underlying: f64,
    pub strike: f64,
    pub years: f64,
    pub rate: f64,
    /// Cost of carry: 0 for futures, rate less yield for spot.
    pub carry: f64,
    pub volatility: f64,
}

/// Delta, gamma of the underlying; vega for a whole volatility; theta a year; rho for a whole rate (carry less rate held).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Greeks {
    pub delta: f64,
    pub gamma: f64,
    pub vega: f64,
    pub theta: f64,
    pub rho: f64,
}

/// Generalised Black-Scholes (Haug, The Complete Guide to Option Pricing Formulas, 2nd ed., 1.1.6). Without time or volatility
/// the discounted intrinsic value of the forward. Underlying and strike must be positive.
pub fn price(of: &Terms) -> f64 {
    let sign = of.right.sign();
    let (growth, discount) = (((of.carry - of.rate) * of.years).exp(), (-of.rate * of.years).exp());
    let Some((d1, d2)) = distances(of) else {
        return (sign * (of.underlying * growth - of.strike * discount)).max(0.0);
    };
    sign * (of.underlying * growth * cumulative(sign * d1) - of.strike * discount * cumulative(sign * d2))
}

/// d1 and d2; None where there is no time or no volatility.
pub(crate) fn distances(of: &Terms) -> Option<(f64, f64)> {
    let deviation = of.volatility * of.years.max(0.0).sqrt();
    if deviation <= 0.0 {
        return None;
    }
    let d1 = ((of.underlying / of.strike).ln() + of.carry * of.years) / deviation + 0.5 * deviation;
    Some((d1, d1 - deviation))
}

/// Of [`price`] (Haug, chapter 2).
pub fn greeks(of: &Terms) -> Greeks {
    let sign = of.right.sign();
    let growth = ((of.carry - of.rate) * of.years).exp();
    let discount = (-of.rate * of.years).exp();
    let Some((d1, d2)) = distances(of) else {
        let inside = sign * (of.underlying * growth - of.strike * discount) > 0.0;
        return Greeks { delta: if inside { sign * growth } else { 0.0 }, ..Greeks::default() };
    };
    let root = of.years.sqrt();
    let (near, far) = (cumulative(sign * d1), cumulative(sign * d2));
    let bell = density(d1);
    let decay = of.underlying * growth * bell * of.volatility / (2.0 * root);
    Greeks {
        delta: sign * growth * near,
        gamma: growth * bell / (of.underlying * of.volatility * root),
        vega: of.underlying * growth * bell * root,
        theta: -decay
            - sign * (of.carry - of.rate) * of.underlying * growth * near
            - sign * of.rate * of.strike * discount * far,
        rho: sign * of.years * of.strike * discount * far,
    }
}

/// Bachelier (1900): the forward moves by absolute amounts, so that it may be below zero. Carry takes the underlying forward.
pub fn bachelier(of: &Terms) -> f64 {
    let sign = of.right.sign();
    let discount = (-of.rate * of.years).exp();
    let reach = of.underlying * (of.carry * of.years).exp() - of.strike;
    let deviation = of.volatility * of.years.max(0.0).sqrt();
    if deviation <= 0.0 {
        return discount * (sign * reach).max(0.0);
    }
    let d = reach / deviation;
    discount * (sign * reach * cumulative(sign * d) + deviation * density(d))
}

/// Of [`bachelier`], theta by the equation of its price.
pub fn bachelier_greeks(of: &Terms) -> Greeks {
    let sign = of.right.sign();
    let (growth, discount) = ((of.carry * of.years).exp(), (-of.rate * of.years).exp());
    let reach = of.underlying * growth - of.strike;
    let root = of.years.max(0.0).sqrt();
    let deviation = of.volatility * root;
    if deviation <= 0.0 {
        let delta = if sign * reach > 0.0 { sign * growth * discount } else { 0.0 };
        return Greeks { delta, ..Greeks::default() };
    }
    let d = reach / deviation;
    let (side, bell) = (cumulative(sign * d), density(d));
    let value = bachelier(of);
    let drift = of.carry * of.underlying * growth * sign * side;
    Greeks {
        delta: sign * growth * discount * side,
        gamma: growth * growth * discount * bell / deviation,
        vega: discount * root * bell,
        theta: of.rate * value - discount * (drift + bell * of.volatility / (2.0 * root)),
        rho: sign * of.years * discount * side * of.underlying * growth - of.years * value,
    }
}

/// The volatility at which a formula that rises with it says `value`: bisection between nothing and `most`, since the price is
/// flat where Newton would start badly. None where no volatility says so.
pub fn implied(of: &Terms, value: f64, most: f64, formula: impl Fn(&Terms) -> f64) -> Option<f64> {
    let at = |volatility: f64| formula(&Terms { volatility, ..*of });
    let (mut low, mut high) = (0.0, most);
    if !value.is_finite() || value < at(low) - 1e-12 || value > at(high) {
        return None;
    }
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if at(middle) < value {
            low = middle
        } else {
            high = middle
        }
        if high - low <= 1e-14 * high.max(1e-6) {
            break;
        }
    }
    Some(0.5 * (low + high))
}
