//! Concentrated liquidity (Uniswap v3 whitepaper, Adams, Zinsmeister, Salem, Keefer, Robinson, March 2021): amounts, price,
//! liquidity, tick and fee growth as on the chain. The protocol's own share of the fees (`feeProtocol`, off in
//! most pools) is not kept apart: it changes neither amounts nor prices.
use crate::positions::{Change, Growth, Place, Position, Positions, Tick, TickTable, added};
use crate::steps::{FEE_UNIT, Left, Range, Round, amount0_between, amount1_between};
use crate::ticks::{MAX_SQRT_PRICE, MAX_TICK, MIN_SQRT_PRICE, MIN_TICK, sqrt_price_at, tick_at};
use crate::wide::{Q128, U256, mul_div};
use crate::{OVERFLOW, Refused};

/// Amounts are signed numbers of 256 bits on the chain.
const MOST: U256 = U256::from_limbs([u64::MAX, u64::MAX, u64::MAX, u64::MAX >> 1]);
/// Uniswap's factory admits spacings below this.
const SPACING_BELOW: i32 = 16_384;

/// A pool of two tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcentratedPool {
    pub fee_pips: u32,
    pub tick_spacing: i32,
    pub sqrt_price: U256,
    pub tick: i32,
    pub liquidity: u128,
    pub growth: Growth,
    /// What the pool holds of token 0 and token 1; unknown (0) for a pool made from a tick table.
    pub balances: [U256; 2],
    ticks: TickTable,
    positions: Positions,
}

/// What to swap: direction, amount, and the price beyond which it stops (None: the end of the range).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    pub zero_for_one: bool,
    pub amount: Left,
    pub limit: Option<U256>,
}

/// What a swap does, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    pub zero_for_one: bool,
    /// With the fee.
    pub amount_in: U256,
    pub amount_out: U256,
    pub fee: U256,
    pub sqrt_price: U256,
    pub tick: i32,
    pub liquidity: u128,
    pub growth: Growth,
    /// What of the request was left when the price limit was reached.
    pub left: U256,
    crossed: Vec<(i32, Growth)>,
}

/// A row of a tick table: (tick, gross liquidity, net liquidity).
pub type TickRow = (i32, u128, i128);

impl ConcentratedPool {
    /// A pool without liquidity at a price.
    pub fn new(fee_pips: u32, tick_spacing: i32, sqrt_price: U256) -> Result<Self, Refused> {
        if fee_pips >= FEE_UNIT {
            return Err(Refused::new("fee", "must be below 1,000,000 pips"));
        }
        if !(1..SPACING_BELOW).contains(&tick_spacing) {
            return Err(Refused::new("tick_spacing", "must be from 1 to 16,383"));
        }
        if !(MIN_SQRT_PRICE..MAX_SQRT_PRICE).contains(&sqrt_price) {
            return Err(Refused::new("sqrt_price", "is outside the range of prices"));
        }
        Ok(Self {
            fee_pips,
            tick_spacing,
            sqrt_price,
            tick: tick_at(sqrt_price),
            liquidity: 0,
            growth: Growth::default(),
            balances: [U256::ZERO; 2],
            ticks: TickTable::default(),
            positions: Positions::default(),
        })
    }

    /// Take over a table of ticks: net liquidity must sum to 0, and what is active at `tick` must be the pool's.
    pub fn with_ticks(mut self, tick: i32, liquidity: u128, rows: &[TickRow]) -> Result<Self, Refused> {
        self.set_tick(tick)?;
        let mut sum = 0i128;
        for (at, gross, net) in rows {
            if at % self.tick_spacing != 0 || !(MIN_TICK..=MAX_TICK).contains(at) {
                return Err(Refused::new("tick", "is no multiple of the spacing, or out of range"));
            }
            if *gross == 0 || net.unsigned_abs() > *gross || self.ticks.get(*at).is_some() {
                return Err(Refused::new("tick", "has no liquidity, more net than gross, or comes twice"));
            }
            sum = sum.checked_add(*net).ok_or(OVERFLOW)?;
            self.ticks.insert(*at, Tick { gross: *gross, net: *net, outside: Growth::default() });
        }
        if sum != 0 {
            return Err(Refused::new("ticks", "net liquidity does not sum to 0"));
        }
        if self.ticks.active_at(tick).and_then(|active| u128::try_from(active).ok()) != Some(liquidity) {
            return Err(Refused::new("liquidity", "is not what the ticks say is active"));
        }
        self.liquidity = liquidity;
        Ok(self)
    }

    /// A tick is the price's, or the one below when the price fell exactly onto a tick.
    fn set_tick(&mut self, tick: i32) -> Result<(), Refused> {
        let by_price = tick_at(self.sqrt_price);
        let fell_onto = tick == by_price - 1 && sqrt_price_at(by_price) == self.sqrt_price;
        if tick != by_price && !fell_onto {
            return Err(Refused::new("tick", "is not that of the price"));
        }
        self.tick = tick;
        Ok(())
    }

    /// The pool as it would be at another price, with the same positions: to go on from a recorded price.
    pub fn at_price(&self, sqrt_price: U256, tick: i32) -> Result<Self, Refused> {
        if !(MIN_SQRT_PRICE..MAX_SQRT_PRICE).contains(&sqrt_price) {
            return Err(Refused::new("sqrt_price", "is outside the range of prices"));
        }
        let mut pool = Self { sqrt_price, ..self.clone() };
        pool.set_tick(tick)?;
        let active = pool.ticks.active_at(tick).and_then(|active| u128::try_from(active).ok());
        pool.liquidity = active.ok_or(OVERFLOW)?;
        Ok(pool)
    }

    pub fn ticks(&self) -> impl Iterator<Item = (i32, &Tick)> {
        self.ticks.iter()
    }

    pub fn position(&self, place: &Place) -> Option<&Position> {
        self.positions.get(place)
    }

    /// The most liquidity that may begin or end at one tick: 2^128 - 1 over the number of ticks.
    pub fn most_per_tick(&self) -> u128 {
        let most = MAX_TICK / self.tick_spacing;
        u128::MAX / (2 * most as u128 + 1)
    }

    /// Add liquidity; what it costs of either token, rounded up.
    pub fn mint(&mut self, place: &Place, liquidity: u128) -> Result<[U256; 2], Refused> {
        if liquidity == 0 {
            return Err(Refused::new("liquidity", "must be above 0"));
        }
        let amounts = self.change(place, i128::try_from(liquidity).map_err(|_| OVERFLOW)?)?;
        for (balance, amount) in self.balances.iter_mut().zip(amounts) {
            *balance = balance.saturating_add(amount);
        }
        Ok(amounts)
    }

    /// Take liquidity away; what it gives of either token, rounded down, is owed until collected. 0 settles the fees.
    pub fn burn(&mut self, place: &Place, liquidity: u128) -> Result<[U256; 2], Refused> {
        let amounts = self.change(place, -i128::try_from(liquidity).map_err(|_| OVERFLOW)?)?;
        if let Some(position) = self.positions.get_mut(place) {
            for (owed, amount) in position.owed.iter_mut().zip(amounts) {
                *owed = owed.wrapping_add(u128::try_from(amount).map_err(|_| OVERFLOW)?);
            }
        }
        Ok(amounts)
    }

    /// Pay out what is owed to a position, at most so much of either token.
    pub fn collect(&mut self, place: &Place, most: [u128; 2]) -> Result<[u128; 2], Refused> {
        let position = self.positions.get_mut(place).ok_or(Refused::new("position", "is unknown"))?;
        let mut paid = [0; 2];
        for token in 0..2 {
            paid[token] = most[token].min(position.owed[token]);
            position.owed[token] -= paid[token];
            self.balances[token] = self.balances[token].saturating_sub(U256::from(paid[token]));
        }
        Ok(paid)
    }

    /// All or nothing: the change is made on a copy of what it touches.
    fn change(&mut self, place: &Place, liquidity: i128) -> Result<[U256; 2], Refused> {
        let (lower, upper) = (place.lower, place.upper);
        let on_grid = lower % self.tick_spacing == 0 && upper % self.tick_spacing == 0;
        if lower >= upper || lower < MIN_TICK || upper > MAX_TICK || !on_grid {
            return Err(Refused::new("ticks", "must ascend within the range, on multiples of the spacing"));
        }
        let change = Change { liquidity, current: self.tick, growth: self.growth, most_per_tick: self.most_per_tick() };
        let (mut ticks, mut positions) = (self.ticks.clone(), self.positions.clone());
        if liquidity != 0 {
            ticks.change(lower, &change, false)?;
            ticks.change(upper, &change, true)?;
        }
        positions.change(place, liquidity, ticks.growth_inside(lower, upper, self.tick, self.growth))?;
        let amounts = self.worth(lower, upper, liquidity)?;
        if (lower..upper).contains(&self.tick) {
            self.liquidity = added(self.liquidity, liquidity).ok_or(OVERFLOW)?;
        }
        ticks.tidy(lower);
        ticks.tidy(upper);
        (self.ticks, self.positions) = (ticks, positions);
        Ok(amounts)
    }

    /// What liquidity over a range is worth at the present price: all token 0 below the range, all token 1 above it.
    fn worth(&self, lower: i32, upper: i32, liquidity: i128) -> Result<[U256; 2], Refused> {
        let round = if liquidity < 0 { Round::Down } else { Round::Up };
        let (from, to) = (sqrt_price_at(lower), sqrt_price_at(upper));
        let price = if self.tick < lower {
            from
        } else if self.tick < upper {
            self.sqrt_price
        } else {
            to
        };
        let liquidity = liquidity.unsigned_abs();
        Ok([amount0_between(price, to, liquidity, round)?, amount1_between(from, price, liquidity, round)?])
    }

    /// What a swap would do; nothing changes.
    pub fn quote(&self, request: &Request) -> Result<Swap, Refused> {
        let limit = self.limit_of(request)?;
        let mut swap = self.starting(request);
        let exact_in = matches!(request.amount, Left::In(_));
        while !swap.left.is_zero() && swap.sqrt_price != limit {
            let (stop, has_liquidity) = self.ticks.next_stop(swap.tick, self.tick_spacing, request.zero_for_one);
            let stop_price = sqrt_price_at(stop);
            let target = if request.zero_for_one { stop_price.max(limit) } else { stop_price.min(limit) };
            let range = Range { price: swap.sqrt_price, target, liquidity: swap.liquidity, fee_pips: self.fee_pips };
            let step = range.step(if exact_in { Left::In(swap.left) } else { Left::Out(swap.left) })?;
            let paid = step.amount_in.checked_add(step.fee).ok_or(OVERFLOW)?;
            swap.left = swap.left.checked_sub(if exact_in { paid } else { step.amount_out }).ok_or(OVERFLOW)?;
            swap.take(&step, paid)?;
            if step.price == stop_price {
                if has_liquidity {
                    swap.cross(stop, self.ticks.get(stop).map_or(0, |found| found.net))?;
                }
                swap.tick = if request.zero_for_one { stop - 1 } else { stop };
            } else if step.price != range.price {
                swap.tick = tick_at(step.price);
            }
        }
        Ok(swap)
    }

    /// The end price of a request, checked against the present one.
    fn limit_of(&self, request: &Request) -> Result<U256, Refused> {
        let (Left::In(amount) | Left::Out(amount)) = request.amount;
        if amount.is_zero() || amount > MOST {
            return Err(Refused::new("amount", "must be from 1 to 2^255 - 1"));
        }
        let (limit, allowed) = if request.zero_for_one {
            let limit = request.limit.unwrap_or(MIN_SQRT_PRICE + U256::ONE);
            (limit, limit > MIN_SQRT_PRICE && limit < self.sqrt_price)
        } else {
            let limit = request.limit.unwrap_or(MAX_SQRT_PRICE - U256::ONE);
            (limit, limit < MAX_SQRT_PRICE && limit > self.sqrt_price)
        };
        allowed.then_some(limit).ok_or(Refused::new("limit", "is behind the price or outside the range of prices"))
    }

    fn starting(&self, request: &Request) -> Swap {
        let (Left::In(left) | Left::Out(left)) = request.amount;
        Swap {
            zero_for_one: request.zero_for_one,
            amount_in: U256::ZERO,
            amount_out: U256::ZERO,
            fee: U256::ZERO,
            sqrt_price: self.sqrt_price,
            tick: self.tick,
            liquidity: self.liquidity,
            growth: self.growth,
            left,
            crossed: Vec::new(),
        }
    }

    /// Swap, and keep what it did.
    pub fn swap(&mut self, request: &Request) -> Result<Swap, Refused> {
        let swap = self.quote(request)?;
        for (tick, growth) in &swap.crossed {
            self.ticks.cross(*tick, *growth);
        }
        (self.sqrt_price, self.tick, self.liquidity, self.growth) =
            (swap.sqrt_price, swap.tick, swap.liquidity, swap.growth);
        let (into, out_of) = if swap.zero_for_one { (0, 1) } else { (1, 0) };
        self.balances[into] = self.balances[into].saturating_add(swap.amount_in);
        self.balances[out_of] = self.balances[out_of].saturating_sub(swap.amount_out);
        Ok(swap)
    }
}

impl Swap {
    fn take(&mut self, step: &crate::steps::Step, paid: U256) -> Result<(), Refused> {
        self.amount_in = self.amount_in.checked_add(paid).ok_or(OVERFLOW)?;
        self.amount_out = self.amount_out.checked_add(step.amount_out).ok_or(OVERFLOW)?;
        self.fee = self.fee.checked_add(step.fee).ok_or(OVERFLOW)?;
        self.sqrt_price = step.price;
        if self.liquidity > 0 {
            let grown = mul_div(step.fee, Q128, U256::from(self.liquidity)).ok_or(OVERFLOW)?;
            let token = usize::from(!self.zero_for_one);
            self.growth[token] = self.growth[token].wrapping_add(grown);
        }
        Ok(())
    }

    fn cross(&mut self, tick: i32, net: i128) -> Result<(), Refused> {
        let change = if self.zero_for_one { net.checked_neg().ok_or(OVERFLOW)? } else { net };
        self.liquidity = added(self.liquidity, change).ok_or(OVERFLOW)?;
        self.crossed.push((tick, self.growth));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wide::Q96;

    const E18: u128 = 1_000_000_000_000_000_000;

    fn place(lower: i32, upper: i32) -> Place {
        Place { owner: "maker".to_owned(), lower, upper }
    }

    fn pool() -> ConcentratedPool {
        let mut pool = ConcentratedPool::new(3_000, 60, Q96).unwrap();
        pool.mint(&place(-887_220, 887_220), 2 * E18).unwrap();
        pool
    }

    fn spend(amount: u128, zero_for_one: bool) -> Request {
        Request { zero_for_one, amount: Left::In(U256::from(amount)), limit: None }
    }

    #[test]
    fn a_swap_and_its_quote_are_the_same() {
        let mut pool = pool();
        let quoted = pool.quote(&spend(E18, true)).unwrap();
        assert_eq!(pool.swap(&spend(E18, true)).unwrap(), quoted);
        assert_eq!(quoted.amount_out.to_string(), "665331998665331998", "as the contracts' own tests record it");
        assert_eq!(pool.tick, -8_090);
    }

    #[test]
    fn an_exact_output_costs_what_spending_that_input_gives() {
        let pool = pool();
        let bought =
            pool.quote(&Request { zero_for_one: false, amount: Left::Out(U256::from(E18)), limit: None }).unwrap();
        let back = pool.quote(&Request { amount: Left::In(bought.amount_in), ..spend(1, false) }).unwrap();
        assert!(back.amount_out >= bought.amount_out && back.amount_out - bought.amount_out <= U256::ONE);
    }

    #[test]
    fn going_through_a_tick_changes_the_liquidity_and_back_restores_it() {
        let mut pool = pool();
        pool.mint(&place(-60, 60), E18).unwrap();
        let before = pool.clone();
        pool.swap(&spend(E18 / 10, true)).unwrap();
        assert_eq!((before.liquidity, pool.liquidity), (3 * E18, 2 * E18));
        let request = Request { zero_for_one: false, amount: Left::In(U256::from(E18)), limit: Some(Q96) };
        let back = pool.swap(&request).unwrap();
        assert_eq!((pool.sqrt_price, pool.tick, pool.liquidity), (Q96, 0, 3 * E18));
        assert!(back.left > U256::ZERO, "the limit stopped it");
    }

    #[test]
    fn fees_are_collected_by_those_in_range() {
        let mut pool = pool();
        pool.mint(&place(600, 1_200), E18).unwrap();
        pool.swap(&spend(E18, true)).unwrap();
        for place in [place(-887_220, 887_220), place(600, 1_200)] {
            pool.burn(&place, 0).unwrap();
        }
        let earned = pool.collect(&place(-887_220, 887_220), [u128::MAX; 2]).unwrap();
        assert_eq!(earned, [E18 * 3 / 1_000 - 1, 0], "0.3 % of the input, rounded down");
        assert_eq!(pool.collect(&place(600, 1_200), [u128::MAX; 2]).unwrap(), [0, 0]);
    }

    #[test]
    fn all_liquidity_goes_out_again_and_takes_its_ticks_along() {
        let mut pool = pool();
        let paid = pool.mint(&place(-600, 1_200), E18).unwrap();
        let given = pool.burn(&place(-600, 1_200), E18).unwrap();
        for (paid, given) in paid.iter().zip(given) {
            assert_eq!(*paid - given, U256::ONE, "up in, down out");
        }
        assert_eq!(pool.ticks().map(|(tick, _)| tick).collect::<Vec<_>>(), [-887_220, 887_220]);
        assert_eq!(pool.liquidity, 2 * E18);
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let mut pool = pool();
        let before = pool.clone();
        assert_eq!(pool.swap(&spend(0, true)).unwrap_err().field, "amount");
        let behind = Request { limit: Some(Q96), ..spend(1, true) };
        assert_eq!(pool.swap(&behind).unwrap_err().field, "limit");
        assert_eq!(pool.mint(&place(1, 60), E18).unwrap_err().field, "ticks");
        assert_eq!(pool.mint(&place(0, 60), u128::MAX >> 1).unwrap_err().field, "liquidity");
        assert_eq!(pool.burn(&place(-887_220, 887_220), 3 * E18).unwrap_err().field, "liquidity");
        assert_eq!(pool.burn(&place(0, 60), 0).unwrap_err().field, "position");
        assert_eq!(pool, before);
    }

    #[test]
    fn a_tick_table_must_add_up() {
        let price = Q96;
        let new = || ConcentratedPool::new(3_000, 60, price).unwrap();
        let rows = [(-60, 5, 5), (60, 5, -5)];
        assert_eq!(new().with_ticks(0, 5, &rows).unwrap().liquidity, 5);
        assert_eq!(new().with_ticks(0, 4, &rows).unwrap_err().field, "liquidity");
        assert_eq!(new().with_ticks(0, 5, &rows[..1]).unwrap_err().field, "ticks");
        assert_eq!(new().with_ticks(7, 5, &rows).unwrap_err().field, "tick");
        assert_eq!(new().with_ticks(0, 5, &[(-61, 5, 5), (60, 5, -5)]).unwrap_err().field, "tick");
    }
}
