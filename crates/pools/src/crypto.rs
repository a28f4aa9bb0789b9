//! Cryptoswap (Egorov, "Automatic market-making with dynamic peg", June 2021): quotes of Curve's v2 pools at their present
//! peg. F = K D^(n-1) S + P - K D^n - (D/n)^n with K = A K0 g^2 / (g + 1 - K0)^2, K0 = P n^n / D^n, S and P sum and product
//! of the balances in units of the first coin. After a swap such a pool may move its peg; that is not modelled, so it
//! is quoted and not swapped. Pools of 2023 ("ng") find the same root by a cubic: theirs may differ beyond 14 digits.
use crate::wide::U256;
use crate::{OVERFLOW, Refused};

/// `ann` is A n^n times this.
pub const A_MULTIPLIER: u64 = 10_000;
/// Fees count in parts of 10^10.
const FEE_UNIT: u64 = 10_000_000_000;
const ROUNDS_MAX: usize = 255;
const UNIT: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
/// Newton's method ends at 14 digits.
const PRECISION: U256 = U256::from_limbs([100_000_000_000_000, 0, 0, 0]);

/// Parameters of the curve and its fee: `ann` with A_MULTIPLIER, the gammas in 18 digits, fees in parts of 10^10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub ann: u64,
    pub gamma: u64,
    pub fee_gamma: u64,
    pub mid_fee: u64,
    pub out_fee: u64,
}

/// A pool of 2 or 3 coins. `scales` lift a balance to 18 digits of the first coin: 10^(18 - decimals) times the price scale
/// (10^18 for the first coin itself).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CryptoPool {
    pub balances: Vec<U256>,
    scales: Vec<U256>,
    terms: Terms,
    d: U256,
}

const UNEVEN: Refused = Refused::new("balances", "are too uneven for the curve");

fn times(a: U256, b: U256) -> Result<U256, Refused> {
    a.checked_mul(b).ok_or(OVERFLOW)
}

fn over(a: U256, b: U256) -> Result<U256, Refused> {
    a.checked_div(b).ok_or(UNEVEN)
}

impl CryptoPool {
    pub fn new(balances: Vec<U256>, scales: Vec<U256>, terms: Terms) -> Result<Self, Refused> {
        if !(2..=3).contains(&balances.len()) || balances.len() != scales.len() {
            return Err(Refused::new("balances", "must be 2 or 3, with a scale each"));
        }
        if balances.iter().chain(&scales).any(|number| number.is_zero() || number.bit_len() > 128) {
            return Err(Refused::new("balances", "and scales must be from 1 to 2^128 - 1"));
        }
        if terms.ann == 0 || terms.gamma < 10_000_000_000 || terms.gamma > 50_000_000_000_000_000 {
            return Err(Refused::new("gamma", "must be from 10^10 to 5 x 10^16, and ann above 0"));
        }
        if terms.mid_fee > terms.out_fee || terms.out_fee >= FEE_UNIT {
            return Err(Refused::new("fee", "must rise from mid to out and stay below 10^10"));
        }
        let mut pool = Self { balances, scales, terms, d: U256::ZERO };
        pool.d = invariant(&pool.scaled(&pool.balances)?, &terms)?;
        Ok(pool)
    }

    fn scaled(&self, balances: &[U256]) -> Result<Vec<U256>, Refused> {
        balances.iter().zip(&self.scales).map(|(x, scale)| Ok(times(*x, *scale)? / UNIT)).collect()
    }

    /// D at the present peg, in 18 digits of the first coin.
    pub fn invariant(&self) -> U256 {
        self.d
    }

    /// What an input gives: the balance that keeps D, less the fee, which rises from mid to out as the balances part.
    pub fn quote(&self, from: usize, to: usize, amount: U256) -> Result<U256, Refused> {
        if from == to || from >= self.balances.len() || to >= self.balances.len() {
            return Err(Refused::new("coin", "must be two different coins of the pool"));
        }
        let mut balances = self.balances.clone();
        balances[from] = balances[from].checked_add(amount).ok_or(OVERFLOW)?;
        if amount.is_zero() || balances[from].bit_len() > 128 {
            return Err(Refused::new("amount", "must be above 0 and fit 128 bits"));
        }
        let mut scaled = self.scaled(&balances)?;
        let mut others = scaled.clone();
        let before = others.remove(to);
        scaled[to] = last_balance(&others, &self.terms, self.d)?;
        let gross = before.checked_sub(scaled[to] + U256::ONE).ok_or(Refused::new("amount", "gives nothing"))?;
        let gross = times(gross, UNIT)? / self.scales[to];
        Ok(gross - times(self.fee(&scaled)?, gross)? / U256::from(FEE_UNIT))
    }

    /// mid f + out (1 - f), f = fee_gamma / (fee_gamma + 1 - K), K = P n^n / S^n.
    fn fee(&self, scaled: &[U256]) -> Result<U256, Refused> {
        let (n, sum) = (U256::from(scaled.len()), scaled.iter().fold(U256::ZERO, |sum, x| sum + x));
        let k = scaled.iter().try_fold(UNIT, |k, x| Ok(times(times(k, n)?, *x)? / sum))?;
        let gamma = U256::from(self.terms.fee_gamma);
        let f = if gamma.is_zero() { k } else { times(gamma, UNIT)? / (gamma + UNIT - k) };
        Ok((U256::from(self.terms.mid_fee) * f + U256::from(self.terms.out_fee) * (UNIT - f)) / UNIT)
    }
}

/// What both of Newton's rounds need: |g + 1 - K0| + 1 and A's share, D (g + 1 - K0)^2 / (g^2 ann).
fn curvature(terms: &Terms, d: U256, k0: U256) -> Result<(U256, U256), Refused> {
    let gamma = U256::from(terms.gamma);
    let apart = (gamma + UNIT).abs_diff(k0) + U256::ONE;
    let share = times(times(UNIT, d)? / gamma, apart)? / gamma;
    Ok((apart, times(times(share, apart)?, U256::from(A_MULTIPLIER))? / U256::from(terms.ann)))
}

fn descending(scaled: &[U256]) -> Vec<U256> {
    let mut sorted = scaled.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    sorted
}

/// D by Newton's method from n times the geometric mean, to 14 digits.
pub fn invariant(scaled: &[U256], terms: &Terms) -> Result<U256, Refused> {
    let x = descending(scaled);
    let (n, sum) = (U256::from(x.len()), x.iter().fold(U256::ZERO, |sum, x| sum + x));
    let mut d = times(n, geometric_mean(&x)?)?;
    for _ in 0..ROUNDS_MAX {
        let k0 = x.iter().try_fold(UNIT, |k0, x| over(times(times(k0, *x)?, n)?, d))?;
        let (apart, mul1) = curvature(terms, d, k0)?;
        let mul2 = times(U256::from(2) * UNIT * n, k0)? / apart;
        let up = sum + times(sum, mul2)? / UNIT + over(times(mul1, n)?, k0)?;
        let slope = up.checked_sub(times(mul2, d)? / UNIT).ok_or(UNEVEN)?;
        let plus = over(times(d, slope + sum)?, slope)?;
        let bend = over(times(times(d, over(mul1, slope)?)? / UNIT, UNIT.abs_diff(k0))?, k0)?;
        let square = over(times(d, d)?, slope)?;
        let minus = if UNIT > k0 { square + bend } else { square.checked_sub(bend).ok_or(UNEVEN)? };
        let next = if plus > minus { plus - minus } else { (minus - plus) >> 1 };
        if times(next.abs_diff(d), PRECISION)? < next.max(UNIT / U256::from(100)) {
            return even(&x, next);
        }
        d = next;
    }
    Err(UNEVEN)
}

/// The curve is only used where every balance lies between 1 % and 100 times D.
fn even(x: &[U256], d: U256) -> Result<U256, Refused> {
    let (low, high) = (UNIT / U256::from(100), UNIT * U256::from(100));
    let share = |x: &U256| over(times(*x, UNIT)?, d);
    for x in x {
        if !(low..=high).contains(&share(x)?) {
            return Err(UNEVEN);
        }
    }
    Ok(d)
}

fn geometric_mean(x: &[U256]) -> Result<U256, Refused> {
    let n = U256::from(x.len());
    let mut mean = x[0];
    for _ in 0..ROUNDS_MAX {
        let ratio = x.iter().try_fold(UNIT, |ratio, x| over(times(ratio, *x)?, mean))?;
        let next = times(mean, (n - U256::ONE) * UNIT + ratio)? / (n * UNIT);
        let moved = next.abs_diff(mean);
        mean = next;
        if moved <= U256::ONE || times(moved, UNIT)? < mean {
            return Ok(mean);
        }
    }
    Err(UNEVEN)
}

/// The balance that is left out, by Newton's method from where the product would be constant, to 14 digits.
fn last_balance(others: &[U256], terms: &Terms, d: U256) -> Result<U256, Refused> {
    let x = descending(others);
    let n = U256::from(x.len() + 1);
    let sum = x.iter().fold(U256::ZERO, |sum, x| sum + x);
    let nearest = (x[0] / PRECISION).max(d / PRECISION).max(U256::from(100));
    let mut y = x.iter().rev().try_fold(d / n, |y, x| over(times(y, d)?, times(*x, n)?))?;
    let k0_others = x.iter().try_fold(UNIT, |k0, x| Ok(times(times(k0, *x)?, n)? / d))?;
    for _ in 0..ROUNDS_MAX {
        let k0 = times(times(k0_others, y)?, n)? / d;
        let (apart, mul1) = curvature(terms, d, k0)?;
        let mul2 = UNIT + times(U256::from(2) * UNIT, k0)? / apart;
        let up =
            times(UNIT, y)?.checked_add(times(sum + y, mul2)?).and_then(|up| up.checked_add(mul1)).ok_or(OVERFLOW)?;
        let Some(rest) = up.checked_sub(times(d, mul2)?) else {
            y >>= 1;
            continue;
        };
        let slope = over(rest, y)?;
        let minus = over(mul1, slope)?;
        let plus = over(rest + times(UNIT, d)?, slope)? + over(times(minus, UNIT)?, k0)?;
        let minus = minus + over(times(UNIT, sum + y)?, slope)?;
        let next = if plus < minus { y >> 1 } else { plus - minus };
        if next.abs_diff(y) < nearest.max(next / PRECISION) {
            return Ok(next);
        }
        y = next;
    }
    Err(UNEVEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms {
        ann: 2_700_000,
        gamma: 1_300_000_000_000,
        fee_gamma: 350_000_000_000_000,
        mid_fee: 2_999_999,
        out_fee: 80_000_000,
    };

    fn coins(amount: u64) -> U256 {
        U256::from(amount) * UNIT
    }

    fn even_pool() -> CryptoPool {
        CryptoPool::new(vec![coins(1_000_000); 3], vec![UNIT; 3], TERMS).unwrap()
    }

    #[test]
    fn the_invariant_of_even_balances_is_their_sum() {
        let d = even_pool().invariant();
        assert!(d.abs_diff(coins(3_000_000)) <= coins(3_000_000) / PRECISION, "{d}");
    }

    #[test]
    fn an_even_pool_trades_near_its_peg_less_about_the_mid_fee() {
        let got = even_pool().quote(0, 1, coins(10)).unwrap();
        assert!(got < coins(10) && got > coins(10) - coins(10) / U256::from(500), "{got}");
    }

    #[test]
    fn larger_inputs_get_worse_prices() {
        let pool = even_pool();
        let price = |amount: u64| pool.quote(0, 2, coins(amount)).unwrap() / U256::from(amount);
        assert!(price(10) > price(1_000) && price(1_000) > price(100_000));
    }

    #[test]
    fn what_the_curve_cannot_hold_is_refused() {
        let pool = even_pool();
        assert_eq!(pool.quote(0, 0, coins(1)).unwrap_err().field, "coin");
        assert_eq!(pool.quote(0, 1, U256::ZERO).unwrap_err().field, "amount");
        let one_sided = vec![coins(1), coins(1_000_000_000), coins(1_000_000_000)];
        assert!(CryptoPool::new(one_sided, vec![UNIT; 3], TERMS).is_err());
        let flat = Terms { gamma: 0, ..TERMS };
        assert_eq!(CryptoPool::new(vec![UNIT; 3], vec![UNIT; 3], flat).unwrap_err().field, "gamma");
    }
}
