//! 256-bit integers and products of 512 bits divided back: the arithmetic that the chain's pools are written in.
pub use ruint::aliases::{U256, U512};

/// 2^96: a square-root price counts in this (Q64.96).
pub const Q96: U256 = U256::from_limbs([0, 1 << 32, 0, 0]);
/// 2^128: fee growth counts in this (Q128.128).
pub const Q128: U256 = U256::from_limbs([0, 0, 1, 0]);
/// The largest square-root price that fits its slot of 160 bits.
pub const MAX_160: U256 = U256::from_limbs([u64::MAX, u64::MAX, u32::MAX as u64, 0]);

/// floor(a * b / divisor) over a product of 512 bits; None when it exceeds 256 bits or the divisor is 0.
pub fn mul_div(a: U256, b: U256, divisor: U256) -> Option<U256> {
    divided(a, b, divisor).map(|(quotient, _)| quotient)
}

/// ceil(a * b / divisor), as `mul_div`.
pub fn mul_div_up(a: U256, b: U256, divisor: U256) -> Option<U256> {
    let (quotient, exact) = divided(a, b, divisor)?;
    if exact { Some(quotient) } else { quotient.checked_add(U256::ONE) }
}

/// ceil(a / divisor); None when the divisor is 0.
pub fn div_up(a: U256, divisor: U256) -> Option<U256> {
    if divisor.is_zero() {
        return None;
    }
    let (quotient, rest) = a.div_rem(divisor);
    if rest.is_zero() { Some(quotient) } else { quotient.checked_add(U256::ONE) }
}

/// The quotient, and whether nothing was left over. Most products fit 256 bits, whose division is several times faster.
fn divided(a: U256, b: U256, divisor: U256) -> Option<(U256, bool)> {
    if divisor.is_zero() {
        return None;
    }
    if let Some(product) = a.checked_mul(b) {
        let (quotient, rest) = product.div_rem(divisor);
        return Some((quotient, rest.is_zero()));
    }
    let product: U512 = a.widening_mul(b);
    let (quotient, rest) = product.div_rem(U512::from(divisor));
    let [l0, l1, l2, l3, high @ ..] = quotient.into_limbs();
    (high == [0; 4]).then(|| (U256::from_limbs([l0, l1, l2, l3]), rest.is_zero()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_of_512_bits_is_divided_back() {
        let big = U256::MAX;
        assert_eq!(mul_div(big, big, big), Some(big));
        assert_eq!(mul_div(big, U256::from(3), U256::from(2)), None, "the quotient needs 257 bits");
        assert_eq!(mul_div(big, Q128, big - U256::ONE), Some(Q128));
        assert_eq!(mul_div_up(big, Q128, big - U256::ONE), Some(Q128 + U256::ONE));
        assert_eq!(mul_div(big, big, U256::ZERO), None);
    }

    #[test]
    fn rounding_up_adds_one_only_when_something_is_left() {
        let number = |n: u64| U256::from(n);
        assert_eq!(mul_div_up(number(6), number(4), number(8)), Some(number(3)));
        assert_eq!(mul_div_up(number(6), number(5), number(8)), Some(number(4)));
        assert_eq!(div_up(number(9), number(4)), Some(number(3)));
        assert_eq!(div_up(number(8), number(4)), Some(number(2)));
    }
}
