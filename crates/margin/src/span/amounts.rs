//! Products and quotients that cannot overflow: 128 bits inside, a refusal where the result does not fit.
use super::{Fault, TOO_LARGE};

/// `a * b / c` for non-negative numbers, rounded down.
pub fn share_down(a: i64, b: i64, c: i64) -> Result<i64, Fault> {
    narrow(i128::from(a) * i128::from(b) / i128::from(c))
}

/// `a * b / c` for non-negative numbers, rounded up.
pub fn share_up(a: i64, b: i64, c: i64) -> Result<i64, Fault> {
    let c = i128::from(c);
    narrow((i128::from(a) * i128::from(b) + c - 1) / c)
}

pub fn sum(a: i64, b: i64) -> Result<i64, Fault> {
    a.checked_add(b).ok_or(TOO_LARGE)
}

pub fn narrow(value: i128) -> Result<i64, Fault> {
    i64::try_from(value).map_err(|_| TOO_LARGE)
}

/// How many spreads a leg allows, as the fraction `available / ratio`.
#[derive(Clone, Copy)]
pub struct Allowance {
    pub available: i64,
    pub ratio: i64,
}

impl Allowance {
    /// The smaller of two, this one if they are equal.
    pub fn least(self, other: Self) -> Self {
        let ours = i128::from(self.available) * i128::from(other.ratio);
        let theirs = i128::from(other.available) * i128::from(self.ratio);
        if theirs < ours { other } else { self }
    }

    /// Deltas that a leg of this ratio gives to so many spreads: all of the leg that sets the limit, rounded down for others.
    pub fn taken(self, ratio: i64) -> Result<i64, Fault> {
        share_down(self.available, ratio, self.ratio)
    }
}
