//! Products of 128-bit numbers, compared without overflow.
use std::cmp::Ordering;

/// a * b as (high, low) words of 128 bits.
fn product(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let (low, left, right) = (a0 * b0, a1 * b0, a0 * b1);
    let middle = (low >> 64) + (left & LOW) + (right & LOW);
    (a1 * b1 + (left >> 64) + (right >> 64) + (middle >> 64), (middle << 64) | (low & LOW))
}

/// a * b against c * d.
pub(crate) fn compare_products(a: u128, b: u128, c: u128, d: u128) -> Ordering {
    product(a, b).cmp(&product(c, d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_what_smaller_numbers_say_and_does_not_overflow() {
        for (a, b) in [(0, 5), (3, 7), (u64::MAX as u128, u64::MAX as u128), (1 << 100, 1 << 20)] {
            assert_eq!(product(a, b), (0, a * b));
        }
        assert_eq!(product(u128::MAX, u128::MAX), (u128::MAX - 1, 1));
        assert_eq!(compare_products(u128::MAX, 2, u128::MAX, 3), Ordering::Less);
    }
}
