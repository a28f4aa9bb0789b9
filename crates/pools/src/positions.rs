//! Who owns what of a concentrated pool (whitepaper, sections 6.3 and 6.4): ticks, positions and the fees they earned.
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};

use crate::ticks::{MAX_TICK, MIN_TICK};
use crate::wide::{Q128, U256, mul_div};
use crate::{OVERFLOW, Refused};

/// Growth of fees per unit of liquidity, token 0 and token 1, in Q128.128; differences wrap, as on the chain.
pub type Growth = [U256; 2];

/// A tick at which liquidity begins or ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// Liquidity of all positions that have an end here: at 0 the tick goes.
    pub gross: u128,
    /// What is added to the active liquidity when the price rises through.
    pub net: i128,
    /// Growth on the other side of the tick from the price.
    pub outside: Growth,
}

/// One owner's liquidity over one range, and what he may collect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub liquidity: u128,
    pub owed: [u128; 2],
    inside: Growth,
}

/// An owner and his range.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub owner: String,
    pub lower: i32,
    pub upper: i32,
}

/// The ticks of a pool, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TickTable(BTreeMap<i32, Tick>);

impl TickTable {
    pub fn get(&self, tick: i32) -> Option<&Tick> {
        self.0.get(&tick)
    }

    pub fn iter(&self) -> impl Iterator<Item = (i32, &Tick)> {
        self.0.iter().map(|(tick, found)| (*tick, found))
    }

    pub fn insert(&mut self, tick: i32, found: Tick) {
        self.0.insert(tick, found);
    }

    /// The sum of net liquidity up to and with a tick: what is active there.
    pub fn active_at(&self, tick: i32) -> Option<i128> {
        self.0.range(..=tick).try_fold(0i128, |sum, (_, found)| sum.checked_add(found.net))
    }

    /// Where the next step of a swap ends: the next tick that has liquidity, but no farther than the end of its word of
    /// 256 ticks, as the chain's bitmap is read (each stop rounds, so stops without liquidity count too).
    pub fn next_stop(&self, tick: i32, spacing: i32, down: bool) -> (i32, bool) {
        let compressed = tick.div_euclid(spacing);
        let (found, word_end) = if down {
            let end = (compressed & !255) * spacing;
            (self.0.range((Unbounded, Included(tick))).next_back().filter(|(at, _)| **at >= end), end)
        } else {
            let end = ((compressed + 1) | 255) * spacing;
            (self.0.range((Excluded(tick), Unbounded)).next().filter(|(at, _)| **at <= end), end)
        };
        let (stop, has_liquidity) = found.map_or((word_end, false), |(at, _)| (*at, true));
        (stop.clamp(MIN_TICK, MAX_TICK), has_liquidity)
    }

    /// The price goes through a tick: the growth outside it is now on the other side.
    pub fn cross(&mut self, tick: i32, growth: Growth) {
        if let Some(found) = self.0.get_mut(&tick) {
            found.outside = less(growth, found.outside);
        }
    }

    /// Liquidity begins (or ends, `upper`) at a tick. A tick that has none left is only removed by `tidy`.
    pub fn change(&mut self, tick: i32, change: &Change, upper: bool) -> Result<(), Refused> {
        let known = self.0.get(&tick).cloned();
        let mut found = known.unwrap_or_else(|| {
            let outside = if tick <= change.current { change.growth } else { Growth::default() };
            Tick { outside, ..Tick::default() }
        });
        found.gross =
            added(found.gross, change.liquidity).filter(|gross| *gross <= change.most_per_tick).ok_or(TOO_MUCH)?;
        let net = if upper { found.net.checked_sub(change.liquidity) } else { found.net.checked_add(change.liquidity) };
        found.net = net.ok_or(OVERFLOW)?;
        self.0.insert(tick, found);
        Ok(())
    }

    pub fn tidy(&mut self, tick: i32) {
        if self.0.get(&tick).is_some_and(|found| found.gross == 0) {
            self.0.remove(&tick);
        }
    }

    /// Growth within a range: all of it, less what is below and above.
    pub fn growth_inside(&self, lower: i32, upper: i32, current: i32, growth: Growth) -> Growth {
        let outside = |tick: i32| self.0.get(&tick).map_or(Growth::default(), |found| found.outside);
        let below = if current >= lower { outside(lower) } else { less(growth, outside(lower)) };
        let above = if current < upper { outside(upper) } else { less(growth, outside(upper)) };
        less(less(growth, below), above)
    }
}

/// What a change of liquidity needs to know of its pool.
pub struct Change {
    pub liquidity: i128,
    pub current: i32,
    pub growth: Growth,
    pub most_per_tick: u128,
}

const TOO_MUCH: Refused = Refused::new("liquidity", "is more than the position or a tick can hold");

/// The positions of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions(BTreeMap<Place, Position>);

impl Positions {
    pub fn get(&self, place: &Place) -> Option<&Position> {
        self.0.get(place)
    }

    pub fn get_mut(&mut self, place: &Place) -> Option<&mut Position> {
        self.0.get_mut(place)
    }

    /// Settle the fees of a position up to now and change its liquidity.
    pub fn change(&mut self, place: &Place, liquidity: i128, inside: Growth) -> Result<(), Refused> {
        let mut found = self.0.get(place).cloned().unwrap_or_default();
        if liquidity == 0 && found.liquidity == 0 {
            return Err(Refused::new("position", "has no liquidity"));
        }
        let earned = less(inside, found.inside);
        for (owed, growth) in found.owed.iter_mut().zip(earned) {
            let fees = mul_div(growth, U256::from(found.liquidity), Q128).unwrap_or_default();
            *owed = owed.wrapping_add(low_128(fees));
        }
        found.liquidity = added(found.liquidity, liquidity).ok_or(TOO_MUCH)?;
        found.inside = inside;
        self.0.insert(place.clone(), found);
        Ok(())
    }
}

/// a + b with b of either sign; None below 0 or beyond 128 bits.
pub fn added(a: u128, b: i128) -> Option<u128> {
    a.checked_add_signed(b)
}

fn less(from: Growth, what: Growth) -> Growth {
    [from[0].wrapping_sub(what[0]), from[1].wrapping_sub(what[1])]
}

fn low_128(number: U256) -> u128 {
    let [low, high, ..] = *number.as_limbs();
    u128::from(low) | u128::from(high) << 64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(ticks: &[i32]) -> TickTable {
        let mut table = TickTable::default();
        for tick in ticks {
            table.insert(*tick, Tick { gross: 1, ..Tick::default() });
        }
        table
    }

    #[test]
    fn going_down_a_stop_may_be_the_tick_itself_and_going_up_it_is_never() {
        let table = table(&[0, 60]);
        assert_eq!(table.next_stop(0, 60, true), (0, true));
        assert_eq!(table.next_stop(0, 60, false), (60, true));
        assert_eq!(table.next_stop(59, 60, true), (0, true));
        assert_eq!(table.next_stop(-1, 60, false), (0, true));
    }

    #[test]
    fn without_liquidity_a_stop_is_the_end_of_the_word() {
        let table = table(&[-60 * 300, 60 * 300]);
        assert_eq!(table.next_stop(5, 60, true), (0, false));
        assert_eq!(table.next_stop(-5, 60, true), (-256 * 60, false));
        assert_eq!(table.next_stop(5, 60, false), (255 * 60, false));
        assert_eq!(table.next_stop(255 * 60, 60, false), (300 * 60, true), "the next word begins after the stop");
        assert_eq!(table.next_stop(-256 * 60 - 1, 60, true), (-300 * 60, true));
    }

    #[test]
    fn stops_stay_within_the_range_of_ticks() {
        let table = table(&[]);
        assert_eq!(table.next_stop(MIN_TICK + 3, 60, true), (MIN_TICK, false));
        assert_eq!(table.next_stop(MAX_TICK - 3, 60, false), (MAX_TICK, false));
    }
}
