//! American options by approximation: Barone-Adesi and Whaley (1987), Bjerksund and Stensland (1993).
use crate::european::{Greeks, Right, Terms, distances, price as european};
use crate::normal::{cumulative, density};

/// Steps of Newton's search at most; it takes about five.
const STEPS: usize = 100;
/// The search ends when the condition is met to this part of the strike.
const NEAR: f64 = 1e-9;

/// Where early exercise begins, and what its right is worth there: all that one volatility, time and strike have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Boundary {
    /// Price of the underlying from which on (put: to which down) the option is exercised; None: never.
    pub price: Option<f64>,
    premium: f64,
    power: f64,
}

/// The critical price of Barone-Adesi and Whaley, "Efficient Analytic Approximation of American Option Values", Journal of
/// Finance 42 (1987), with the seeds of Haug (3.1).
pub fn boundary(of: &Terms) -> Boundary {
    let never = Boundary { price: None, premium: 0.0, power: 0.0 };
    let sign = of.right.sign();
    // a call on what carries at least its rate, and a put without a rate, are worth more alive
    let patient = if of.right == Right::Call { of.carry >= of.rate } else { of.rate <= 0.0 };
    let variance = of.volatility * of.volatility;
    if patient || of.years <= 0.0 || variance * of.years <= 1e-12 {
        return never;
    }
    let n = 2.0 * of.carry / variance;
    let earned = 1.0 - (-of.rate * of.years).exp();
    let m = if earned.abs() < 1e-12 { 2.0 / (variance * of.years) } else { 2.0 * of.rate / variance / earned };
    let power = 0.5 * (1.0 - n + sign * ((n - 1.0) * (n - 1.0) + 4.0 * m).sqrt());
    let Some(price) = critical(of, power, seed(of, n)) else { return never };
    let at = Terms { underlying: price, ..*of };
    let alive = ((of.carry - of.rate) * of.years).exp() * distances(&at).map_or(0.0, |(d1, _)| cumulative(sign * d1));
    Boundary { price: Some(price), premium: sign * price / power * (1.0 - alive), power }
}

/// Between the critical price at no time and at endless time.
fn seed(of: &Terms, n: f64) -> f64 {
    let sign = of.right.sign();
    let variance = of.volatility * of.volatility;
    let endless = 0.5 * (1.0 - n + sign * ((n - 1.0) * (n - 1.0) + 8.0 * of.rate / variance).sqrt());
    let far = of.strike / (1.0 - 1.0 / endless);
    let spread = 2.0 * of.volatility * of.years.sqrt();
    let reach = (of.carry * of.years + sign * spread) * of.strike / (far - of.strike);
    if of.right == Right::Call {
        of.strike + (far - of.strike) * (1.0 - (-reach).exp())
    } else {
        far + (of.strike - far) * reach.exp()
    }
}

/// Newton's search for the price at which waiting is worth no more than exercising; None where it does not end.
fn critical(of: &Terms, power: f64, seed: f64) -> Option<f64> {
    let sign = of.right.sign();
    let growth = ((of.carry - of.rate) * of.years).exp();
    let deviation = of.volatility * of.years.sqrt();
    let mut price = if seed.is_finite() && seed > 0.0 { seed } else { of.strike };
    for _ in 0..STEPS {
        let at = Terms { underlying: price, ..*of };
        let (d1, _) = distances(&at)?;
        let side = growth * cumulative(sign * d1);
        let waiting = european(&at) + sign * (1.0 - side) * price / power;
        let gap = sign * (price - of.strike) - waiting;
        if gap.abs() < NEAR * of.strike {
            return Some(price);
        }
        let bell = growth * density(d1) / deviation;
        let slope = sign - sign * side - sign * (1.0 - side) / power + bell / power;
        let next = price - gap / slope;
        price = if next.is_finite() && next > 0.0 { next } else { 0.5 * price };
    }
    None
}

/// Barone-Adesi and Whaley.
pub fn barone_adesi_whaley(of: &Terms) -> f64 {
    with_boundary(of, &boundary(of))
}

/// The same with the boundary known, at any price of the underlying.
pub fn with_boundary(of: &Terms, boundary: &Boundary) -> f64 {
    let intrinsic = of.right.intrinsic(of.underlying, of.strike);
    let waiting = european(of);
    let Some(price) = boundary.price else { return waiting.max(intrinsic_if_exercised(of, intrinsic)) };
    if of.right.sign() * (of.underlying - price) >= 0.0 {
        return intrinsic.max(waiting);
    }
    waiting + boundary.premium * (of.underlying / price).powf(boundary.power)
}

/// Without a boundary a European value may lie below the intrinsic one, at no volatility.
fn intrinsic_if_exercised(of: &Terms, intrinsic: f64) -> f64 {
    let patient = if of.right == Right::Call { of.carry >= of.rate } else { of.rate <= 0.0 };
    if patient { 0.0 } else { intrinsic }
}

/// Bjerksund and Stensland, "Closed-form approximation of American options", Scandinavian Journal of Management 9 (1993): a flat
/// boundary, and so a lower bound.
pub fn bjerksund_stensland(of: &Terms) -> f64 {
    let of = match of.right {
        Right::Call => *of,
        // a put is a call on the strike, paid for with the underlying
        Right::Put => Terms {
            right: Right::Call,
            underlying: of.strike,
            strike: of.underlying,
            rate: of.rate - of.carry,
            carry: -of.carry,
            ..*of
        },
    };
    let variance = of.volatility * of.volatility;
    if of.carry >= of.rate {
        return european(&of);
    }
    let intrinsic = of.right.intrinsic(of.underlying, of.strike);
    if of.years <= 0.0 || variance * of.years <= 1e-12 {
        return european(&of).max(intrinsic);
    }
    let half = of.carry / variance - 0.5;
    let beta = -half + (half * half + 2.0 * of.rate / variance).sqrt();
    let far = beta / (beta - 1.0) * of.strike;
    let near = of.strike.max(of.rate / (of.rate - of.carry) * of.strike);
    let reach = -(of.carry * of.years + 2.0 * of.volatility * of.years.sqrt()) * near / (far - near);
    let trigger = near + (far - near) * (1.0 - reach.exp());
    if of.underlying >= trigger {
        // a flat boundary lies too low where volatility is high: waiting may be worth more
        return intrinsic.max(european(&of));
    }
    let part = |gamma: f64, level: f64| barrier_part(&of, gamma, level, trigger);
    let exercised = (trigger - of.strike) * (of.underlying / trigger).powf(beta);
    let lost = (trigger - of.strike) * trigger.powf(-beta) * part(beta, trigger);
    let value = exercised - lost + part(1.0, trigger)
        - part(1.0, of.strike)
        - of.strike * (part(0.0, trigger) - part(0.0, of.strike));
    if value.is_finite() { value.max(european(&of)).max(intrinsic) } else { european(&of).max(intrinsic) }
}

/// Phi of the paper: what pays S^gamma at the end, if the trigger was not touched and the level not passed.
fn barrier_part(of: &Terms, gamma: f64, level: f64, trigger: f64) -> f64 {
    let variance = of.volatility * of.volatility;
    let deviation = of.volatility * of.years.sqrt();
    let lambda = (-of.rate + gamma * of.carry + 0.5 * gamma * (gamma - 1.0) * variance) * of.years;
    let d = -((of.underlying / level).ln() + (of.carry + (gamma - 0.5) * variance) * of.years) / deviation;
    let kappa = 2.0 * of.carry / variance + 2.0 * gamma - 1.0;
    let apart = (trigger / of.underlying).ln();
    let mirrored = cumulative(d - 2.0 * apart / deviation);
    let reflected = if mirrored == 0.0 { 0.0 } else { (kappa * apart).exp() * mirrored };
    (lambda + gamma * of.underlying.ln()).exp() * (cumulative(d) - reflected)
}

/// Greeks of any formula by central differences.
pub fn greeks(of: &Terms, formula: impl Fn(&Terms) -> f64) -> Greeks {
    let step = 1e-4 * of.underlying.abs().max(1e-6);
    let moved = |underlying: f64| formula(&Terms { underlying, ..*of });
    let (down, middle, up) = (moved(of.underlying - step), formula(of), moved(of.underlying + step));
    let small = 1e-4_f64;
    let volatility = |change: f64| formula(&Terms { volatility: of.volatility + change, ..*of });
    let rate = |change: f64| formula(&Terms { rate: of.rate + change, carry: of.carry + change, ..*of });
    let day = (of.years * 0.5).min(1.0 / 365.0);
    let later = formula(&Terms { years: of.years - day, ..*of });
    let bump = small.min(0.5 * of.volatility);
    Greeks {
        delta: (up - down) / (2.0 * step),
        gamma: (up - 2.0 * middle + down) / (step * step),
        vega: if bump > 0.0 { (volatility(bump) - volatility(-bump)) / (2.0 * bump) } else { 0.0 },
        theta: if day > 0.0 { (later - middle) / day } else { 0.0 },
        rho: (rate(small) - rate(-small)) / (2.0 * small),
    }
}
