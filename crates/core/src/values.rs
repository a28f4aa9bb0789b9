//! Limits and the few pieces of integer arithmetic that everybody shares.

/// Lots in one order.
pub const QUANTITY_MAX: i64 = 1_000_000_000_000;
/// Price steps in one price.
pub const PRICE_MAX: i64 = 1_000_000_000_000_000;
/// Any amount a perpetual's exposure may reach, so that a hold made of several of them fits 64 bits.
pub const EXPOSURE_MAX: i128 = 1 << 60;
/// Assets, instruments.
pub const LIST_MAX: usize = 65_535;
/// Accounts.
pub const ACCOUNTS_MAX: usize = 1 << 31;
/// A client id is remembered for this many commands after its order or command ended ...
pub const REMEMBER_COMMANDS: u64 = 1_000_000;
/// ... or this long, whichever comes first.
pub const REMEMBER_NS: u64 = 24 * 3_600 * 1_000_000_000;

/// Parts per million.
pub const PPM: i64 = 1_000_000;
/// Basis points.
pub const BPS: i128 = 10_000;

/// Quotient rounded up. `divisor` is positive.
#[inline]
pub fn ceil_div(value: i128, divisor: i128) -> i128 {
    if let (Ok(small), Ok(by)) = (i64::try_from(value), i64::try_from(divisor)) {
        return i128::from(small / by + i64::from(small % by > 0));
    }
    value / divisor + i128::from(value % divisor > 0)
}

/// Quotient rounded down. `divisor` is positive.
#[inline]
pub fn floor_div(value: i128, divisor: i128) -> i128 {
    value / divisor - i128::from(value % divisor < 0)
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
        assert_eq!(ceil_div(i128::from(i64::MAX) * 3 + 1, 3), i128::from(i64::MAX) + 1);
    }
}
