//! StableSwap (Egorov, "StableSwap - efficient mechanism for stablecoin liquidity", November 2019), as Curve's pools
//! compute it: A n^n sum(x) + D = A D n^n + D^(n+1) / (n^n prod(x)), solved by Newton's method in integers.
use crate::wide::U256;
use crate::{OVERFLOW, Refused};

/// Amplification counts in hundredths, as in Curve's pools since 2020. Older pools count whole numbers: the same
/// figures come out for them, since a whole number of hundreds divides without a rest.
pub const A_PRECISION: u32 = 100;
/// Fees count in parts of 10^10.
pub const FEE_UNIT: u64 = 10_000_000_000;
pub const COINS_MAX: usize = 8;
/// A million: what Curve's pools may be ramped to.
const A_MAX: u64 = 1_000_000;
/// Newton's method doubles its digits each round; Curve stops at 255 and calls it broken.
const ROUNDS_MAX: usize = 255;
const UNIT: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// A pool of 2 to 8 coins. `rates` lift a balance to 18 digits and to the common unit: 10^(36 - decimals) for a coin,
/// the base pool's virtual price for its share in a metapool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StablePool {
    balances: Vec<U256>,
    pub rates: Vec<U256>,
    pub amplification: u64,
    pub fee: u64,
    pub admin_fee: u64,
    /// D of the balances, None when they are too uneven: every quote needs it.
    d: Option<U256>,
}

impl StablePool {
    /// `amplification` is A in whole numbers, the fees in parts of 10^10.
    pub fn new(balances: Vec<U256>, rates: Vec<U256>, amplification: u64, fees: [u64; 2]) -> Result<Self, Refused> {
        if !(2..=COINS_MAX).contains(&balances.len()) || balances.len() != rates.len() {
            return Err(Refused::new("balances", "must be 2 to 8, with a rate each"));
        }
        if balances.iter().chain(&rates).any(|number| number.is_zero() || number.bit_len() > 128) {
            return Err(Refused::new("balances", "and rates must be from 1 to 2^128 - 1"));
        }
        if !(1..=A_MAX).contains(&amplification) {
            return Err(Refused::new("amplification", "must be from 1 to 1,000,000"));
        }
        if fees[0] >= FEE_UNIT || fees[1] > FEE_UNIT {
            return Err(Refused::new("fee", "must be below 10^10, the admin's share at most 10^10"));
        }
        let pool = Self { balances, rates, amplification, fee: fees[0], admin_fee: fees[1], d: None };
        Ok(Self { d: pool.solved(), ..pool })
    }

    pub fn balances(&self) -> &[U256] {
        &self.balances
    }

    fn solved(&self) -> Option<U256> {
        invariant(&self.scaled().ok()?, self.ann()).ok()
    }

    /// The rate of a coin of so many decimals.
    pub fn rate_of(decimals: u32) -> Result<U256, Refused> {
        if decimals > 36 {
            return Err(Refused::new("decimals", "must be at most 36"));
        }
        Ok(U256::from(10).pow(U256::from(36 - decimals)))
    }

    /// Balances in 18 digits of the common unit.
    pub fn scaled(&self) -> Result<Vec<U256>, Refused> {
        self.balances.iter().zip(&self.rates).map(|(balance, rate)| scale(*balance, *rate)).collect()
    }

    fn ann(&self) -> U256 {
        U256::from(self.amplification * u64::from(A_PRECISION) * self.balances.len() as u64)
    }

    /// The invariant D of the present balances.
    pub fn invariant(&self) -> Result<U256, Refused> {
        self.d.ok_or(NO_END)
    }

    /// D over the supply of shares, in 18 digits.
    pub fn virtual_price(&self, supply: U256) -> Result<U256, Refused> {
        let scaled = self.invariant()?.checked_mul(UNIT).ok_or(OVERFLOW)?;
        scaled.checked_div(supply).ok_or(Refused::new("supply", "must be above 0"))
    }

    /// What an input of `from` gives of `to`, and the part of the fee that leaves the balances for the admin. It is what
    /// an exchange pays; the oldest pools' own `get_dy` takes the fee after scaling and may say one unit more.
    pub fn quote(&self, from: usize, to: usize, amount: U256) -> Result<(U256, U256), Refused> {
        self.check(from, to, amount)?;
        let scaled = self.scaled()?;
        let come = scale(amount, self.rates[from])?;
        let after = scaled[from].checked_add(come).ok_or(OVERFLOW)?;
        let y = self.balance_for(&scaled, (from, after), to)?;
        // One unit less in case the last round of y was rounded down.
        let gross =
            scaled[to].checked_sub(y + U256::ONE).ok_or(Refused::new("amount", "is too small to give anything"))?;
        let fee = gross.checked_mul(U256::from(self.fee)).ok_or(OVERFLOW)? / U256::from(FEE_UNIT);
        let admin = fee.checked_mul(U256::from(self.admin_fee)).ok_or(OVERFLOW)? / U256::from(FEE_UNIT);
        let back = |amount: U256| Ok::<_, Refused>(amount.checked_mul(UNIT).ok_or(OVERFLOW)? / self.rates[to]);
        Ok((back(gross - fee)?, back(admin)?))
    }

    fn check(&self, from: usize, to: usize, amount: U256) -> Result<(), Refused> {
        if from == to || from >= self.balances.len() || to >= self.balances.len() {
            return Err(Refused::new("coin", "must be two different coins of the pool"));
        }
        if amount.is_zero() || amount.bit_len() > 128 {
            return Err(Refused::new("amount", "must be from 1 to 2^128 - 1"));
        }
        Ok(())
    }

    /// The scaled balance of `to` that keeps D once that of one coin is another: Curve's get_y.
    fn balance_for(&self, scaled: &[U256], (of, balance): (usize, U256), to: usize) -> Result<U256, Refused> {
        let d = self.invariant()?;
        let mut others: Vec<U256> = scaled.to_vec();
        others[of] = balance;
        others.remove(to);
        last_balance(&others, self.ann(), d)
    }

    pub fn apply(&mut self, from: usize, to: usize, amount_in: U256, (amount_out, admin): (U256, U256)) {
        self.balances[from] += amount_in;
        self.balances[to] -= amount_out + admin;
        self.d = self.solved();
    }

    /// About the input that an output needs, from the curve itself: a unit or two beside what the rounded quotes say.
    pub fn input_for(&self, from: usize, to: usize, wanted: U256) -> Result<U256, Refused> {
        self.check(from, to, wanted)?;
        let scaled = self.scaled()?;
        let net = scale(wanted, self.rates[to])?;
        let gross = times(net, U256::from(FEE_UNIT))? / U256::from(FEE_UNIT - self.fee) + U256::ONE;
        let left = scaled[to].checked_sub(gross).filter(|left| !left.is_zero());
        let left = left.ok_or(Refused::new("amount", "is more than the pool holds"))?;
        let x = self.balance_for(&scaled, (to, left), from)?;
        Ok(times(x.saturating_sub(scaled[from]), UNIT)? / self.rates[from])
    }
}

fn scale(amount: U256, rate: U256) -> Result<U256, Refused> {
    amount.checked_mul(rate).map(|product| product / UNIT).ok_or(OVERFLOW)
}

fn times(a: U256, b: U256) -> Result<U256, Refused> {
    a.checked_mul(b).ok_or(OVERFLOW)
}

const NO_END: Refused = Refused::new("balances", "are so uneven that the invariant cannot be found");

/// Newton's method on D: D' = (Ann S / 100 + n D_P) D / ((Ann - 100) D / 100 + (n + 1) D_P), D_P = D^(n+1) / (n^n prod x).
/// `ann` is A n in hundredths, the balances have 18 digits.
pub fn invariant(scaled: &[U256], ann: U256) -> Result<U256, Refused> {
    let (n, hundred) = (U256::from(scaled.len()), U256::from(A_PRECISION));
    let sum = scaled.iter().try_fold(U256::ZERO, |sum, x| sum.checked_add(*x)).ok_or(OVERFLOW)?;
    if scaled.iter().any(U256::is_zero) {
        return Err(Refused::new("balances", "must all be above 0"));
    }
    let mut d = sum;
    for _ in 0..ROUNDS_MAX {
        let d_p = scaled.iter().try_fold(d, |d_p, x| Ok(times(d_p, d)? / times(*x, n)?))?;
        let up = times(ann, sum)? / hundred + times(d_p, n)?;
        let down = times(ann - hundred, d)? / hundred + times(n + U256::ONE, d_p)?;
        let next = times(up, d)? / down;
        if next.abs_diff(d) <= U256::ONE {
            return Ok(next);
        }
        d = next;
    }
    Err(NO_END)
}

/// Newton's method on the balance that is left out: y' = (y^2 + c) / (2 y + b - D), from y^2 + (b - D) y = c with
/// c = D^(n+1) / (n^n prod x Ann) and b = S + D / Ann.
fn last_balance(others: &[U256], ann: U256, d: U256) -> Result<U256, Refused> {
    let (n, hundred) = (U256::from(others.len() + 1), U256::from(A_PRECISION));
    let (mut c, mut b) = (d, times(d, hundred)? / ann);
    for x in others {
        c = times(c, d)? / times(*x, n)?;
        b = b.checked_add(*x).ok_or(OVERFLOW)?;
    }
    c = times(times(c, d)?, hundred)? / times(ann, n)?;
    let mut y = d;
    for _ in 0..ROUNDS_MAX {
        let down = (times(y, U256::from(2))? + b).checked_sub(d).filter(|down| !down.is_zero()).ok_or(NO_END)?;
        let next = times(y, y)?.checked_add(c).ok_or(OVERFLOW)? / down;
        if next.abs_diff(y) <= U256::ONE {
            return Ok(next);
        }
        y = next;
    }
    Err(NO_END)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(amount: u64, decimals: u32) -> U256 {
        U256::from(amount) * U256::from(10).pow(U256::from(decimals))
    }

    fn even() -> StablePool {
        let rates = vec![StablePool::rate_of(18).unwrap(), StablePool::rate_of(6).unwrap()];
        StablePool::new(vec![tokens(1_000_000, 18), tokens(1_000_000, 6)], rates, 100, [4_000_000, 5_000_000_000])
            .unwrap()
    }

    #[test]
    fn the_invariant_of_even_balances_is_their_sum() {
        assert_eq!(even().invariant().unwrap(), tokens(2_000_000, 18));
    }

    #[test]
    fn near_balance_a_dollar_buys_a_dollar_less_the_fee() {
        let (got, admin) = even().quote(0, 1, tokens(1_000, 18)).unwrap();
        // 1,000 less 0.04 % is 999.6; the curve itself costs less than a thousandth of that here.
        assert!(got < tokens(9_996, 5) && got > tokens(9_995, 5), "{got}");
        let half = U256::from(200_000);
        assert!(admin < half && admin > half - U256::from(20), "half of the fee of 0.04 % of what was got: {admin}");
    }

    #[test]
    fn the_invariant_never_falls_over_swaps() {
        let mut pool = even();
        for (from, to, amount) in [(0, 1, tokens(300_000, 18)), (1, 0, tokens(700_000, 6)), (0, 1, tokens(5, 18))] {
            let before = pool.invariant().unwrap();
            let quote = pool.quote(from, to, amount).unwrap();
            pool.apply(from, to, amount, quote);
            assert!(pool.invariant().unwrap() >= before);
        }
    }

    #[test]
    fn what_no_pool_can_hold_is_refused_by_name() {
        let pool = even();
        assert_eq!(pool.quote(0, 0, U256::ONE).unwrap_err().field, "coin");
        assert_eq!(pool.quote(0, 1, U256::ZERO).unwrap_err().field, "amount");
        assert_eq!(StablePool::new(vec![U256::ONE], vec![U256::ONE], 1, [0, 0]).unwrap_err().field, "balances");
        let two = vec![U256::ONE; 2];
        assert_eq!(StablePool::new(two.clone(), two.clone(), 0, [0, 0]).unwrap_err().field, "amplification");
        assert_eq!(StablePool::new(two.clone(), two, 1, [FEE_UNIT, 0]).unwrap_err().field, "fee");
    }
}
