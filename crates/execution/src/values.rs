//! Limits, and what everybody shares.
use std::fmt;

/// Parts per million; also what an all-in price is multiplied by.
pub const PPM: i64 = 1_000_000;
/// Venues of one instrument.
pub const VENUES_MAX: usize = 64;
/// Levels that are kept of a side of a venue.
pub const LEVELS_MAX: usize = 50;
/// Price steps of a price of the book: all-in prices and their differences fit 64 bits.
pub const PRICE_MAX: i64 = 4_000_000_000_000;
/// Lots of a level, as in the core.
pub const QUANTITY_MAX: i64 = 1_000_000_000_000;
/// A fee or a rebate, in millionths of the value.
pub const FEE_MAX_PPM: i64 = 100_000;
/// Numerator and denominator of a conversion.
pub const RATIO_MAX: i64 = 1_000_000_000_000;
/// Nanoseconds of a second.
pub const SECOND: u64 = 1_000_000_000;

/// A side of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Those who buy; a seller takes here.
    Bids = 0,
    /// Those who sell; a buyer takes here.
    Asks = 1,
}

impl Side {
    /// Both, bids first.
    pub const BOTH: [Side; 2] = [Side::Bids, Side::Asks];

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Side::Bids => Side::Asks,
            Side::Asks => Side::Bids,
        }
    }

    /// 1 where the lowest price is the best to take (asks), -1 where the highest is.
    #[inline]
    pub fn sign(self) -> i64 {
        match self {
            Side::Bids => -1,
            Side::Asks => 1,
        }
    }
}

/// Bad input: nothing was changed. The field and the reason, for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub field: &'static str,
    pub reason: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

/// A refusal as the answer.
pub fn refuse<T>(field: &'static str, reason: &'static str) -> Result<T, Refused> {
    Err(Refused { field, reason })
}

/// Quotient rounded down. `divisor` is positive.
#[inline]
pub fn floor_div(value: i128, divisor: i128) -> i128 {
    value.div_euclid(divisor)
}

/// Quotient rounded up. `divisor` is positive.
#[inline]
pub fn ceil_div(value: i128, divisor: i128) -> i128 {
    -(-value).div_euclid(divisor)
}

/// Into 64 bits; what does not fit becomes the nearest that does.
#[inline]
pub fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value > 0 { i64::MAX } else { i64::MIN })
}

/// How far a value is from another, in millionths of the latter (0 when that is not positive).
pub fn apart_ppm(value: i64, from: i64) -> i64 {
    if from <= 0 {
        return 0;
    }
    narrow((i128::from(value) - i128::from(from)).abs() * i128::from(PPM) / i128::from(from))
}

/// The middle one; of an even count the lower of the two in the middle, so that it is a value somebody holds.
/// Orders the values. None of nothing.
pub fn median(values: &mut [i64]) -> Option<i64> {
    if values.is_empty() {
        return None;
    }
    values.sort_unstable();
    Some(values[(values.len() - 1) / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_round_the_way_they_say() {
        for value in -7i128..=7 {
            assert_eq!(ceil_div(value, 3), (value as f64 / 3.0).ceil() as i128);
            assert_eq!(floor_div(value, 3), (value as f64 / 3.0).floor() as i128);
        }
    }

    #[test]
    fn the_median_is_a_value_that_somebody_holds() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [5]), Some(5));
        assert_eq!(median(&mut [9, 1]), Some(1));
        assert_eq!(median(&mut [9, 1, 4]), Some(4));
    }

    #[test]
    fn what_does_not_fit_becomes_the_nearest_that_does() {
        assert_eq!(narrow(i128::MAX), i64::MAX);
        assert_eq!(narrow(i128::MIN), i64::MIN);
        assert_eq!(apart_ppm(110, 100), 100_000);
        assert_eq!(apart_ppm(90, 100), 100_000);
        assert_eq!(apart_ppm(90, 0), 0);
    }
}
