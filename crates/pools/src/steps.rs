//! One step of a swap within one range of liquidity (Uniswap v3 whitepaper, sections 6.2 and 6.3): amounts from prices,
//! prices from amounts, each rounded in the pool's favour as the chain rounds it.
use crate::wide::{MAX_160, Q96, U256, div_up, mul_div, mul_div_up};
use crate::{OVERFLOW, Refused};

/// Fees count in millionths.
pub const FEE_UNIT: u32 = 1_000_000;

/// How an amount is rounded: up for what the pool takes, down for what it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    Down,
    Up,
}

/// Token 0 between two prices: L * (1/sqrt(a) - 1/sqrt(b)) = L * 2^96 * (b - a) / (a * b), divided in two steps.
pub fn amount0_between(one: U256, other: U256, liquidity: u128, round: Round) -> Result<U256, Refused> {
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    let scaled: U256 = U256::from(liquidity) << 96;
    let amount = match round {
        Round::Up => mul_div_up(scaled, high - low, high).and_then(|part| div_up(part, low)),
        Round::Down => mul_div(scaled, high - low, high).and_then(|part| part.checked_div(low)),
    };
    amount.ok_or(OVERFLOW)
}

/// Token 1 between two prices: L * (sqrt(b) - sqrt(a)) / 2^96.
pub fn amount1_between(one: U256, other: U256, liquidity: u128, round: Round) -> Result<U256, Refused> {
    let amount = match round {
        Round::Up => mul_div_up(U256::from(liquidity), one.abs_diff(other), Q96),
        Round::Down => mul_div(U256::from(liquidity), one.abs_diff(other), Q96),
    };
    amount.ok_or(OVERFLOW)
}

/// The price after `amount` of a token came into the range, or went out of it.
fn moved(price: U256, liquidity: u128, amount: U256, token0: bool, comes_in: bool) -> Result<U256, Refused> {
    if amount.is_zero() {
        return Ok(price);
    }
    if token0 {
        moved_by_token0(price, liquidity, amount, comes_in)
    } else {
        moved_by_token1(price, liquidity, amount, comes_in)
    }
}

/// Rounded up: L * sqrt / (L +- amount * sqrt). When amount * sqrt exceeds 256 bits the chain divides first, which
/// rounds otherwise: L / (L / sqrt + amount).
fn moved_by_token0(price: U256, liquidity: u128, amount: U256, comes_in: bool) -> Result<U256, Refused> {
    let scaled: U256 = U256::from(liquidity) << 96;
    let product = amount.checked_mul(price);
    if comes_in {
        let denominator = product.and_then(|product| scaled.checked_add(product));
        return match denominator {
            Some(denominator) => mul_div_up(scaled, price, denominator),
            None => (scaled / price).checked_add(amount).and_then(|divisor| div_up(scaled, divisor)),
        }
        .ok_or(OVERFLOW);
    }
    let left = product.and_then(|product| scaled.checked_sub(product)).filter(|left| !left.is_zero());
    let next = left.and_then(|left| mul_div_up(scaled, price, left)).ok_or(NOT_ENOUGH)?;
    if next > MAX_160 { Err(OVERFLOW) } else { Ok(next) }
}

/// Rounded down: sqrt +- amount / L.
fn moved_by_token1(price: U256, liquidity: u128, amount: U256, comes_in: bool) -> Result<U256, Refused> {
    let liquidity = U256::from(liquidity);
    if comes_in {
        let rise = mul_div(amount, Q96, liquidity).and_then(|rise| price.checked_add(rise));
        return rise.filter(|next| *next <= MAX_160).ok_or(OVERFLOW);
    }
    let fall = mul_div_up(amount, Q96, liquidity).ok_or(OVERFLOW)?;
    price.checked_sub(fall).filter(|next| !next.is_zero()).ok_or(NOT_ENOUGH)
}

const NOT_ENOUGH: Refused = Refused::new("amount", "is more than the range of liquidity holds");

/// What is left of a request: so much of the input to spend, or so much of the output to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    In(U256),
    Out(U256),
}

/// What a step did. `amount_in` is without the fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub price: U256,
    pub amount_in: U256,
    pub amount_out: U256,
    pub fee: U256,
}

/// The range that a step goes through: from its price towards a target, whose side tells which token comes in.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    pub price: U256,
    pub target: U256,
    pub liquidity: u128,
    pub fee_pips: u32,
}

impl Range {
    fn zero_for_one(&self) -> bool {
        self.price >= self.target
    }

    fn amount_in(&self, to: U256) -> Result<U256, Refused> {
        if self.zero_for_one() {
            amount0_between(to, self.price, self.liquidity, Round::Up)
        } else {
            amount1_between(self.price, to, self.liquidity, Round::Up)
        }
    }

    fn amount_out(&self, to: U256) -> Result<U256, Refused> {
        if self.zero_for_one() {
            amount1_between(to, self.price, self.liquidity, Round::Down)
        } else {
            amount0_between(self.price, to, self.liquidity, Round::Down)
        }
    }

    /// Goes as far as the request or the target, whichever comes first.
    pub fn step(&self, left: Left) -> Result<Step, Refused> {
        match left {
            Left::In(amount) => self.step_in(amount),
            Left::Out(amount) => self.step_out(amount),
        }
    }

    /// The input has its fee taken off first; what does not reach the target is spent whole, its rounding being fee.
    fn step_in(&self, amount: U256) -> Result<Step, Refused> {
        let keep = U256::from(FEE_UNIT - self.fee_pips);
        let after_fee = mul_div(amount, keep, U256::from(FEE_UNIT)).ok_or(OVERFLOW)?;
        let whole = self.amount_in(self.target)?;
        if after_fee >= whole {
            return self.ended(self.target, whole, self.amount_out(self.target)?);
        }
        let price = moved(self.price, self.liquidity, after_fee, self.zero_for_one(), true)?;
        if price == self.target {
            return self.ended(price, whole, self.amount_out(price)?);
        }
        let amount_in = self.amount_in(price)?;
        let fee = amount.checked_sub(amount_in).ok_or(OVERFLOW)?;
        Ok(Step { price, amount_in, amount_out: self.amount_out(price)?, fee })
    }

    /// The output never exceeds what was asked for; the fee comes on top of the input.
    fn step_out(&self, amount: U256) -> Result<Step, Refused> {
        let whole = self.amount_out(self.target)?;
        if amount >= whole {
            return self.ended(self.target, self.amount_in(self.target)?, whole);
        }
        let price = moved(self.price, self.liquidity, amount, !self.zero_for_one(), false)?;
        let got = if price == self.target { whole } else { self.amount_out(price)? };
        self.ended(price, self.amount_in(price)?, got.min(amount))
    }

    fn ended(&self, price: U256, amount_in: U256, amount_out: U256) -> Result<Step, Refused> {
        let fee = mul_div_up(amount_in, U256::from(self.fee_pips), U256::from(FEE_UNIT - self.fee_pips));
        Ok(Step { price, amount_in, amount_out, fee: fee.ok_or(OVERFLOW)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIQUIDITY: u128 = 2_000_000_000_000_000_000;

    fn range(target: U256) -> Range {
        Range { price: Q96, target, liquidity: LIQUIDITY, fee_pips: 600 }
    }

    #[test]
    fn an_input_that_reaches_the_target_pays_only_what_the_range_takes() {
        let target = Q96 + (Q96 >> 7);
        let amount = U256::from(1_000_000_000_000_000_000u64);
        let step = range(target).step(Left::In(amount)).unwrap();
        assert_eq!(step.price, target);
        assert_eq!(step.amount_in, U256::from(LIQUIDITY >> 7), "token 1 is L times the rise");
        assert!(step.amount_in + step.fee < amount);
    }

    #[test]
    fn an_input_that_stays_short_of_the_target_is_spent_whole() {
        let amount = U256::from(1_000_000u64);
        let step = range(Q96 >> 1).step(Left::In(amount)).unwrap();
        assert_eq!(step.amount_in + step.fee, amount);
        assert!(step.price < Q96 && step.amount_out < step.amount_in);
    }

    #[test]
    fn an_output_is_never_more_than_was_asked_for() {
        for asked in 1..200u64 {
            let step = range(Q96 << 1).step(Left::Out(U256::from(asked))).unwrap();
            assert_eq!(step.amount_out, U256::from(asked));
            assert!(step.amount_in >= step.amount_out, "the price is 1 and rounding favours the pool");
        }
    }

    #[test]
    fn a_product_beyond_256_bits_divides_first() {
        let amount = U256::MAX >> 4;
        let price = moved(Q96, 1 << 64, amount, true, true).unwrap();
        assert_eq!(price, U256::ONE, "all that is left of the price is its last unit");
    }

    #[test]
    fn taking_all_of_a_token_is_refused() {
        let refused = moved(Q96, 1_000, U256::from(1_000), true, false);
        assert_eq!(refused, Err(NOT_ENOUGH));
        assert_eq!(moved(Q96, 1_000, U256::from(1_000), false, false), Err(NOT_ENOUGH));
    }
}
