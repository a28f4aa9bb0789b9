//! Constant product (Uniswap v2 whitepaper, Adams, Zinsmeister, Robinson, March 2020): x * y does not fall, after the fee
//! was taken off the input.
use crate::wide::U256;
use crate::{OVERFLOW, Refused};

/// v2 keeps its reserves in 112 bits.
const RESERVE_BITS: usize = 112;

/// A pool of two tokens. The fee is `fee` parts of `fee_unit`: 3 of 1000 on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductPool {
    pub reserves: [U256; 2],
    pub fee: u32,
    pub fee_unit: u32,
}

impl ProductPool {
    pub fn new(reserves: [U256; 2], fee: u32, fee_unit: u32) -> Result<Self, Refused> {
        if reserves.iter().any(|reserve| reserve.is_zero() || reserve.bit_len() > RESERVE_BITS) {
            return Err(Refused::new("reserves", "must be from 1 to 2^112 - 1"));
        }
        if fee >= fee_unit {
            return Err(Refused::new("fee", "must be below its unit"));
        }
        Ok(Self { reserves, fee, fee_unit })
    }

    /// What an input gives: floor(in * keep * out_reserve / (in_reserve * unit + in * keep)).
    pub fn quote_in(&self, from: usize, amount: U256) -> Result<U256, Refused> {
        let (into, out_of) = (self.reserves[from], self.reserves[1 - from]);
        let grown = into.checked_add(amount).ok_or(OVERFLOW)?;
        if amount.is_zero() || grown.bit_len() > RESERVE_BITS {
            return Err(Refused::new("amount", "must be above 0 and fit the reserve's 112 bits"));
        }
        let kept = amount * U256::from(self.fee_unit - self.fee);
        Ok(kept * out_of / (into * U256::from(self.fee_unit) + kept))
    }

    /// What an output costs: floor(in_reserve * out * unit / ((out_reserve - out) * keep)) + 1.
    pub fn quote_out(&self, from: usize, amount: U256) -> Result<U256, Refused> {
        let (into, out_of) = (self.reserves[from], self.reserves[1 - from]);
        if amount.is_zero() || amount >= out_of {
            return Err(Refused::new("amount", "must be above 0 and below the reserve"));
        }
        let numerator = (into * amount).checked_mul(U256::from(self.fee_unit)).ok_or(OVERFLOW)?;
        let cost = numerator / ((out_of - amount) * U256::from(self.fee_unit - self.fee)) + U256::ONE;
        if into.checked_add(cost).is_none_or(|grown| grown.bit_len() > RESERVE_BITS) {
            return Err(OVERFLOW);
        }
        Ok(cost)
    }

    pub fn apply(&mut self, from: usize, amount_in: U256, amount_out: U256) {
        self.reserves[from] += amount_in;
        self.reserves[1 - from] -= amount_out;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(x: u128, y: u128) -> ProductPool {
        ProductPool::new([U256::from(x), U256::from(y)], 3, 1_000).unwrap()
    }

    #[test]
    fn quotes_are_those_of_the_whitepaper_to_the_last_unit() {
        // Worked by hand: 1,000 * 997 * 10,000 / (5,000 * 1,000 + 1,000 * 997) = 9,970,000,000 / 5,997,000 = 1,662.49...
        assert_eq!(pool(5_000, 10_000).quote_in(0, U256::from(1_000)), Ok(U256::from(1_662)));
        // 5,000 * 1,662 * 1,000 / (8,338 * 997) + 1 = 8,310,000,000 / 8,312,986 + 1 = 999 + 1
        assert_eq!(pool(5_000, 10_000).quote_out(0, U256::from(1_662)), Ok(U256::from(1_000)));
    }

    #[test]
    fn the_product_never_falls() {
        for amount in 1..2_000u64 {
            let mut after = pool(5_000, 10_000);
            let got = after.quote_in(1, U256::from(amount)).unwrap();
            after.apply(1, U256::from(amount), got);
            assert!(after.reserves[0] * after.reserves[1] >= U256::from(50_000_000));
        }
    }

    #[test]
    fn an_exact_output_is_the_least_input_that_gives_it_or_one_more() {
        let pool = pool(5_000, 10_000);
        for wanted in 1..9_000u64 {
            let cost = pool.quote_out(0, U256::from(wanted)).unwrap();
            assert!(pool.quote_in(0, cost).unwrap() >= U256::from(wanted));
            if cost > U256::from(2) {
                assert!(pool.quote_in(0, cost - U256::from(2)).unwrap() < U256::from(wanted));
            }
        }
    }

    #[test]
    fn amounts_that_the_pool_cannot_hold_or_give_are_refused() {
        let pool = pool(5_000, 10_000);
        for (from, amount) in [(0, U256::ZERO), (0, U256::ONE << 112)] {
            assert_eq!(pool.quote_in(from, amount).unwrap_err().field, "amount");
        }
        assert_eq!(pool.quote_out(0, U256::from(10_000)).unwrap_err().field, "amount");
        assert!(ProductPool::new([U256::ZERO, U256::ONE], 3, 1_000).is_err());
    }
}
