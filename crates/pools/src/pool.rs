//! A pool of any kind by one face: tokens by their place in the pool, amounts in minor units.
use crate::concentrated::{ConcentratedPool, Request};
use crate::crypto::CryptoPool;
use crate::product::ProductPool;
use crate::stable::StablePool;
use crate::steps::Left;
use crate::wide::U256;
use crate::{OVERFLOW, Refused};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pool {
    Product(ProductPool),
    Concentrated(ConcentratedPool),
    Stable(StablePool),
    /// Quoted for an input only.
    Crypto(CryptoPool),
}

const QUOTED_ONLY: Refused = Refused::new("pool", "of this kind is quoted for an input only: its peg is not modelled");

/// Two tokens of a pool, by place: what comes in and what goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    pub from: usize,
    pub to: usize,
}

impl Pool {
    pub fn tokens(&self) -> usize {
        match self {
            Self::Product(_) | Self::Concentrated(_) => 2,
            Self::Stable(pool) => pool.balances().len(),
            Self::Crypto(pool) => pool.balances.len(),
        }
    }

    fn check(&self, way: Way) -> Result<(), Refused> {
        let known = way.from < self.tokens() && way.to < self.tokens() && way.from != way.to;
        known.then_some(()).ok_or(Refused::new("way", "must be two different tokens of the pool"))
    }

    /// What an input gives. Refused when the pool cannot take all of it.
    pub fn quote_in(&self, way: Way, amount: U256) -> Result<U256, Refused> {
        self.check(way)?;
        match self {
            Self::Product(pool) => pool.quote_in(way.from, amount),
            Self::Concentrated(pool) => Ok(whole(pool.quote(&request(way, Left::In(amount)))?)?.amount_out),
            Self::Stable(pool) => Ok(pool.quote(way.from, way.to, amount)?.0),
            Self::Crypto(pool) => pool.quote(way.from, way.to, amount),
        }
    }

    /// What an output costs. Refused when the pool cannot give all of it.
    pub fn quote_out(&self, way: Way, amount: U256) -> Result<U256, Refused> {
        self.check(way)?;
        match self {
            Self::Product(pool) => pool.quote_out(way.from, amount),
            Self::Concentrated(pool) => Ok(whole(pool.quote(&request(way, Left::Out(amount)))?)?.amount_in),
            Self::Stable(pool) => least_input(pool, way, amount),
            Self::Crypto(_) => Err(QUOTED_ONLY),
        }
    }

    /// Spend an input; what it gave.
    pub fn swap_in(&mut self, way: Way, amount: U256) -> Result<U256, Refused> {
        let got = self.quote_in(way, amount)?;
        match self {
            Self::Product(pool) => pool.apply(way.from, amount, got),
            Self::Concentrated(pool) => {
                pool.swap(&request(way, Left::In(amount)))?;
            }
            Self::Stable(pool) => {
                let quote = pool.quote(way.from, way.to, amount)?;
                pool.apply(way.from, way.to, amount, quote);
            }
            Self::Crypto(_) => return Err(QUOTED_ONLY),
        }
        Ok(got)
    }

    /// Buy an output; (what it cost, what came: a StableSwap pool has no exact output and may give a little more).
    pub fn swap_out(&mut self, way: Way, amount: U256) -> Result<(U256, U256), Refused> {
        let cost = self.quote_out(way, amount)?;
        match self {
            Self::Product(pool) => pool.apply(way.from, cost, amount),
            Self::Concentrated(pool) => {
                pool.swap(&request(way, Left::Out(amount)))?;
            }
            Self::Stable(_) | Self::Crypto(_) => return Ok((cost, self.swap_in(way, cost)?)),
        }
        Ok((cost, amount))
    }
}

fn request(way: Way, amount: Left) -> Request {
    Request { zero_for_one: way.from == 0, amount, limit: None }
}

fn whole(swap: crate::concentrated::Swap) -> Result<crate::concentrated::Swap, Refused> {
    if swap.left.is_zero() { Ok(swap) } else { Err(Refused::new("amount", "is more than the pool's liquidity")) }
}

/// The least input that gives at least an output: what an input gives does not fall as it grows, so the curve's own answer
/// is a place from which steps that double lead past it, and halving back to it.
fn least_input(pool: &StablePool, way: Way, wanted: U256) -> Result<U256, Refused> {
    if wanted.is_zero() || wanted >= pool.balances()[way.to] {
        return Err(Refused::new("amount", "must be above 0 and below the balance"));
    }
    let gives = |amount: U256| pool.quote(way.from, way.to, amount).is_ok_and(|(got, _)| got >= wanted);
    let mut enough = pool.input_for(way.from, way.to, wanted)?.max(U256::ONE);
    let mut step = U256::ONE;
    while !gives(enough) {
        enough = enough.checked_add(step).filter(|more| more.bit_len() <= 128).ok_or(OVERFLOW)?;
        step <<= 1;
    }
    let mut short = enough;
    step = U256::ONE;
    while !short.is_zero() && gives(short) {
        (enough, short) = (short, short.saturating_sub(step));
        step <<= 1;
    }
    while enough - short > U256::ONE {
        let middle = short + ((enough - short) >> 1);
        if gives(middle) {
            enough = middle;
        } else {
            short = middle;
        }
    }
    Ok(enough)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::positions::Place;
    use crate::wide::Q96;

    pub const FORWARD: Way = Way { from: 0, to: 1 };
    const BACK: Way = Way { from: 1, to: 0 };

    pub fn product(x: u64, y: u64) -> Pool {
        Pool::Product(ProductPool::new([U256::from(x), U256::from(y)], 3, 1_000).unwrap())
    }

    pub fn concentrated(liquidity: u128) -> Pool {
        let mut pool = ConcentratedPool::new(3_000, 60, Q96).unwrap();
        pool.mint(&Place { owner: "a".to_owned(), lower: -6_000, upper: 6_000 }, liquidity).unwrap();
        Pool::Concentrated(pool)
    }

    pub fn stable(x: u64, y: u64) -> Pool {
        let rates = vec![StablePool::rate_of(18).unwrap(); 2];
        let balances = vec![U256::from(x), U256::from(y)];
        Pool::Stable(StablePool::new(balances, rates, 100, [4_000_000, 0]).unwrap())
    }

    #[test]
    fn an_output_costs_an_input_that_gives_it_in_every_kind_of_pool() {
        for pool in [product(1_000_000, 2_000_000), concentrated(5_000_000), stable(1_000_000, 1_100_000)] {
            for way in [FORWARD, BACK] {
                for wanted in [1u64, 17, 999, 100_000] {
                    let cost = pool.quote_out(way, U256::from(wanted)).unwrap();
                    let got = pool.quote_in(way, cost).unwrap();
                    assert!(got >= U256::from(wanted), "{pool:?} {wanted}");
                }
            }
        }
    }

    #[test]
    fn a_swap_does_what_its_quote_said() {
        for pool in [product(1_000_000, 2_000_000), concentrated(5_000_000), stable(1_000_000, 1_100_000)] {
            let (mut spent, mut bought) = (pool.clone(), pool.clone());
            let amount = U256::from(12_345);
            assert_eq!(spent.swap_in(FORWARD, amount), pool.quote_in(FORWARD, amount));
            assert_eq!(bought.swap_out(FORWARD, amount).unwrap().0, pool.quote_out(FORWARD, amount).unwrap());
            assert_ne!(spent, pool);
        }
    }

    #[test]
    fn a_stable_pool_asks_for_the_least_input_that_is_enough() {
        let Pool::Stable(pool) = stable(1_000_000, 700_000) else {
            panic!("it is stable");
        };
        for wanted in (1..600_000u64).step_by(4_999) {
            let wanted = U256::from(wanted);
            let cost = least_input(&pool, FORWARD, wanted).unwrap();
            assert!(pool.quote(0, 1, cost).unwrap().0 >= wanted);
            assert!(pool.quote(0, 1, cost - U256::ONE).is_ok_and(|(got, _)| got < wanted) || cost == U256::ONE);
        }
    }

    #[test]
    fn more_than_a_pool_holds_is_refused() {
        for pool in [product(1_000, 2_000), concentrated(5_000), stable(1_000, 1_100)] {
            assert!(pool.quote_out(FORWARD, U256::from(10_000)).is_err(), "{pool:?}");
            assert!(pool.quote_in(Way { from: 0, to: 9 }, U256::ONE).is_err());
        }
        assert!(concentrated(5_000).quote_in(FORWARD, U256::from(1_000_000)).is_err(), "it would run out of its range");
    }
}
