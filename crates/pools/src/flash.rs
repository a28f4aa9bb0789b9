//! The flash route: borrow, swap, swap, repay, or nothing at all.
//!
//! A route is a function from the states of its pools to their new states and a list of transfers. It is only made when it
//! pays after all costs (pool fees in the quotes, the lender's fee, gas); when it does not, or when any step refuses, there
//! is a reason and no state.
use crate::pool::{Pool, Way};
use crate::wide::{U256, mul_div_up};
use crate::{OVERFLOW, Refused};

pub const LEGS_MAX: usize = 8;
const PPM: u64 = 1_000_000;

/// A pool and which token stands at each of its places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub pool: Pool,
    pub tokens: Vec<u32>,
}

/// One swap of a route, by the place of its pool in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    pub pool: usize,
    pub from: u32,
    pub to: u32,
}

/// What to borrow and through which pools it goes round. Amounts are minor units of the token borrowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub token: u32,
    pub legs: Vec<Leg>,
    pub flash_fee_ppm: u32,
    pub gas: U256,
    /// The most that the lender lends.
    pub most: U256,
    /// What must be left at least; 1 for any profit.
    pub least_profit: U256,
}

/// Who gives and gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    Trader,
    Lender,
    /// By its place in the list.
    Pool(usize),
    /// Who is paid for the gas.
    Network,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub from: Party,
    pub to: Party,
    pub token: u32,
    pub amount: U256,
}

/// What an input would come to. `profit` is None when it loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priced {
    pub input: U256,
    pub output: U256,
    pub flash_fee: U256,
    pub gas: U256,
    pub profit: Option<U256>,
}

impl Priced {
    fn costs(&self) -> Option<U256> {
        self.input.checked_add(self.flash_fee)?.checked_add(self.gas)
    }

    /// Output less costs, ordered over losses too: (whether it gains, how much, or how little is lost).
    fn rank(&self) -> (bool, U256) {
        let costs = self.costs().unwrap_or(U256::MAX);
        match self.output.checked_sub(costs) {
            Some(gain) => (true, gain),
            None => (false, U256::MAX - (costs - self.output)),
        }
    }
}

/// A route that was gone: the pools as they are now, what went from whom to whom, and what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    pub pools: Vec<Listed>,
    pub transfers: Vec<Transfer>,
    pub priced: Priced,
}

impl Route {
    /// Legs must lead from the token borrowed back to it, through two pools or more, each once.
    fn check(&self, pools: &[Listed]) -> Result<Vec<Way>, Refused> {
        if !(2..=LEGS_MAX).contains(&self.legs.len()) {
            return Err(Refused::new("legs", "must be 2 to 8"));
        }
        let mut at = self.token;
        let mut ways = Vec::with_capacity(self.legs.len());
        for (index, leg) in self.legs.iter().enumerate() {
            if leg.from != at {
                return Err(Refused::new("legs", "must each begin with the token that the one before gave"));
            }
            if self.legs[..index].iter().any(|before| before.pool == leg.pool) {
                return Err(Refused::new("legs", "must each go through another pool"));
            }
            ways.push(way(pools.get(leg.pool).ok_or(UNKNOWN)?, leg)?);
            at = leg.to;
        }
        if at != self.token {
            return Err(Refused::new("legs", "must end with the token borrowed"));
        }
        Ok(ways)
    }

    /// What an input comes to, quoted through all legs.
    pub fn price(&self, pools: &[Listed], input: U256) -> Result<Priced, Refused> {
        let ways = self.check(pools)?;
        self.priced(pools, &ways, input)
    }

    fn priced(&self, pools: &[Listed], ways: &[Way], input: U256) -> Result<Priced, Refused> {
        let mut legs = self.legs.iter().zip(ways);
        let output = legs.try_fold(input, |amount, (leg, way)| pools[leg.pool].pool.quote_in(*way, amount))?;
        let fee = mul_div_up(input, U256::from(self.flash_fee_ppm), U256::from(PPM)).ok_or(OVERFLOW)?;
        let priced = Priced { input, output, flash_fee: fee, gas: self.gas, profit: None };
        let profit = output.checked_sub(priced.costs().ok_or(OVERFLOW)?);
        Ok(Priced { profit, ..priced })
    }

    /// The input that leaves most. What comes out of pools in a row rises ever more slowly with what goes in, so steps that
    /// halve lead to the top; the last unit of rounding aside. None when no input can be quoted.
    pub fn best(&self, pools: &[Listed]) -> Result<Option<Priced>, Refused> {
        let ways = self.check(pools)?;
        if self.most.is_zero() {
            return Err(Refused::new("most", "must be above 0"));
        }
        let quoted = |input: U256| self.priced(pools, &ways, input).ok();
        let mut best: Option<Priced> = None;
        for power in (0..self.most.bit_len()).rev() {
            let step = U256::ONE << power;
            loop {
                let here = best.map_or(U256::ZERO, |best| best.input);
                let around = [here.checked_add(step), here.checked_sub(step)];
                let inside = around.into_iter().flatten().filter(|input| !input.is_zero() && *input <= self.most);
                let better = inside.filter_map(quoted).filter(|next| next.rank() > self.standing(best.as_ref()));
                match better.max_by_key(Priced::rank) {
                    Some(next) => best = Some(next),
                    None => break,
                }
            }
        }
        Ok(best)
    }

    /// What there is to beat: the best so far; before that, doing nothing but pay the gas.
    fn standing(&self, best: Option<&Priced>) -> (bool, U256) {
        let nothing =
            Priced { input: U256::ZERO, output: U256::ZERO, flash_fee: U256::ZERO, gas: self.gas, profit: None };
        best.unwrap_or(&nothing).rank()
    }

    /// Go the whole route with its best input, or not at all.
    pub fn go(&self, pools: &[Listed]) -> Result<Gone, Refused> {
        let priced = self.best(pools)?.ok_or(NO_PROFIT)?;
        self.go_with(pools, priced.input)
    }

    /// Go the whole route with this input, or not at all.
    pub fn go_with(&self, pools: &[Listed], input: U256) -> Result<Gone, Refused> {
        let ways = self.check(pools)?;
        if input.is_zero() || input > self.most {
            return Err(Refused::new("input", "must be above 0 and at most what the lender lends"));
        }
        let priced = self.priced(pools, &ways, input)?;
        if priced.profit.is_none_or(|profit| profit.is_zero() || profit < self.least_profit) {
            return Err(NO_PROFIT);
        }
        let give = |from, to, token, amount| Transfer { from, to, token, amount };
        let mut after = pools.to_vec();
        let mut transfers = vec![give(Party::Lender, Party::Trader, self.token, input)];
        let mut amount = input;
        for (leg, way) in self.legs.iter().zip(&ways) {
            let got = after[leg.pool].pool.swap_in(*way, amount)?;
            transfers.push(give(Party::Trader, Party::Pool(leg.pool), leg.from, amount));
            transfers.push(give(Party::Pool(leg.pool), Party::Trader, leg.to, got));
            amount = got;
        }
        transfers.push(give(Party::Trader, Party::Lender, self.token, input + priced.flash_fee));
        transfers.push(give(Party::Trader, Party::Network, self.token, self.gas));
        assert_eq!(amount, priced.output, "a swap gives what its quote said");
        Ok(Gone { pools: after, transfers, priced })
    }
}

const UNKNOWN: Refused = Refused::new("legs", "must name a pool of the list and two of its tokens");
const NO_PROFIT: Refused = Refused::new("profit", "is not left after pool fees, the lender's fee and gas");

fn way(listed: &Listed, leg: &Leg) -> Result<Way, Refused> {
    let place = |token: u32| listed.tokens.iter().position(|known| *known == token);
    let (from, to) = place(leg.from).zip(place(leg.to)).filter(|(from, to)| from != to).ok_or(UNKNOWN)?;
    Ok(Way { from, to })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::pool::tests::{concentrated, product, stable};

    const USD: u32 = 1;
    const ETH: u32 = 2;

    fn drawn(state: &mut u64, below: u64) -> u64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % below
    }

    fn listed(pool: Pool) -> Listed {
        Listed { pool, tokens: vec![USD, ETH] }
    }

    fn apart() -> Vec<Listed> {
        vec![listed(product(1_000_000, 1_000_000)), listed(product(1_100_000, 1_000_000))]
    }

    fn route(gas: u64) -> Route {
        let legs = vec![Leg { pool: 0, from: USD, to: ETH }, Leg { pool: 1, from: ETH, to: USD }];
        let (gas, least_profit) = (U256::from(gas), U256::ONE);
        Route { token: USD, legs, flash_fee_ppm: 500, gas, most: U256::from(10_000_000), least_profit }
    }

    /// Every party's sum in every token: above 0 it got more than it gave.
    fn nets(transfers: &[Transfer]) -> BTreeMap<(Party, u32), i128> {
        let mut nets = BTreeMap::new();
        for transfer in transfers {
            let amount = i128::try_from(transfer.amount).unwrap();
            *nets.entry((transfer.from, transfer.token)).or_insert(0) -= amount;
            *nets.entry((transfer.to, transfer.token)).or_insert(0) += amount;
        }
        nets
    }

    #[test]
    fn the_best_input_is_that_of_all_inputs_tried_one_by_one() {
        let (pools, route) = (apart(), route(10));
        let best = route.best(&pools).unwrap().unwrap();
        let rank = |input: u64| route.price(&pools, U256::from(input)).ok().map(|priced| priced.rank());
        let most = (1..200_000).filter_map(rank).max().unwrap();
        // Two floors and a rounded-up fee may leave a unit or two beside the smooth optimum.
        assert!(most.0 && best.rank().1 + U256::from(2) >= most.1, "{best:?} {most:?}");
        assert!(best.profit.unwrap() > U256::from(900), "the pools are 10 % apart: {best:?}");
    }

    #[test]
    fn every_token_sums_to_zero_and_the_trader_keeps_the_profit_alone() {
        let pools = apart();
        let gone = route(10).go(&pools).unwrap();
        let nets = nets(&gone.transfers);
        for token in [USD, ETH] {
            assert_eq!(nets.iter().filter(|((_, of), _)| *of == token).map(|(_, net)| net).sum::<i128>(), 0);
        }
        let profit = i128::try_from(gone.priced.profit.unwrap()).unwrap();
        assert_eq!((nets[&(Party::Trader, USD)], nets[&(Party::Trader, ETH)]), (profit, 0));
        assert_eq!(nets[&(Party::Lender, USD)], i128::try_from(gone.priced.flash_fee).unwrap());
        assert_eq!(nets[&(Party::Network, USD)], 10);
        for (index, (before, after)) in pools.iter().zip(&gone.pools).enumerate() {
            let (Pool::Product(before), Pool::Product(after)) = (&before.pool, &after.pool) else {
                panic!("they are products");
            };
            for (place, token) in [USD, ETH].into_iter().enumerate() {
                let held = |pool: &crate::product::ProductPool| i128::try_from(pool.reserves[place]).unwrap();
                assert_eq!(held(after) - held(before), nets[&(Party::Pool(index), token)]);
            }
        }
    }

    #[test]
    fn after_the_best_move_there_is_nothing_left_to_take() {
        let gone = route(0).go(&apart()).unwrap();
        assert_eq!(route(0).go(&gone.pools).unwrap_err().field, "profit");
    }

    #[test]
    fn gas_and_the_lenders_fee_decide_whether_it_goes() {
        let gross = route(0).best(&apart()).unwrap().unwrap().profit.unwrap();
        let gas = u64::try_from(gross).unwrap();
        assert!(route(gas - 1).go(&apart()).is_ok());
        assert_eq!(route(gas).go(&apart()).unwrap_err(), NO_PROFIT, "what is left must be above 0");
        let dear = Route { flash_fee_ppm: 120_000, ..route(0) };
        assert_eq!(dear.go(&apart()).unwrap_err(), NO_PROFIT);
        let greedy = Route { least_profit: gross + U256::ONE, ..route(0) };
        assert_eq!(greedy.go(&apart()).unwrap_err(), NO_PROFIT);
    }

    #[test]
    fn a_small_lender_is_used_to_the_last_unit() {
        let small = Route { most: U256::from(1_234), ..route(0) };
        assert_eq!(small.go(&apart()).unwrap().priced.input, U256::from(1_234));
    }

    #[test]
    fn routes_that_lead_nowhere_are_refused() {
        let leg = |pool, from, to| Leg { pool, from, to };
        for legs in [
            vec![leg(0, USD, ETH)],
            vec![leg(0, USD, ETH), leg(1, USD, ETH)],
            vec![leg(0, USD, ETH), leg(0, ETH, USD)],
            vec![leg(0, USD, ETH), leg(7, ETH, USD)],
            vec![leg(0, USD, 9), leg(1, 9, USD)],
            vec![leg(0, ETH, USD), leg(1, USD, ETH)],
        ] {
            let lost = Route { legs, ..route(0) };
            assert_eq!(lost.go(&apart()).unwrap_err().field, "legs", "{lost:?}");
        }
    }

    /// Whatever the pools and costs are: either nothing changed and there is a reason, or every sum is right and it paid.
    #[test]
    fn a_move_pays_or_it_changes_nothing() {
        let mut state = 5;
        let mut went = 0;
        for _ in 0..1_000 {
            let pool = |state: &mut u64| {
                let size = 10_000 + drawn(state, 2_000_000);
                match drawn(state, 3) {
                    0 => product(size, size / 2 + drawn(state, size)),
                    1 => concentrated(u128::from(size) * 10),
                    _ => stable(size, size / 2 + drawn(state, size)),
                }
            };
            let pools = vec![listed(pool(&mut state)), listed(pool(&mut state)), listed(pool(&mut state))];
            let before = pools.clone();
            let mut route = route(drawn(&mut state, 300));
            if drawn(&mut state, 2) == 0 {
                route.legs = vec![Leg { pool: 2, from: USD, to: ETH }, Leg { pool: 0, from: ETH, to: USD }];
            }
            let input = U256::from(1 + drawn(&mut state, 1_000_000));
            let tried = if drawn(&mut state, 2) == 0 { route.go(&pools) } else { route.go_with(&pools, input) };
            assert_eq!(pools, before, "a move makes new states and touches none");
            if let Ok(gone) = tried {
                went += 1;
                let nets = nets(&gone.transfers);
                assert!(nets[&(Party::Trader, USD)] > 0 && nets[&(Party::Trader, ETH)] == 0);
                assert_eq!(nets.values().sum::<i128>(), 0);
                let untouched = if route.legs[0].pool == 2 { 1 } else { 2 };
                assert_eq!(gone.pools[untouched], before[untouched]);
            }
        }
        assert!(went > 100, "{went} of 1,000 paid");
    }
}
