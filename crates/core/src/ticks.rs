//! The tick table: which prices an instrument has.
//!
//! The first row is the instrument's own tick, from 0 on; each further row counts from its `lowest` price, which is a
//! multiple of its tick, so that the price itself stands on the grid. A market's orders all stand on the grid that they
//! were entered on, since a table only grows while there is no live order.
use crate::engine::{Effects, Engine};
use crate::instrument::Instrument;
use crate::messages::{SetTick, TickSet};
use crate::names::Reason;
use crate::values::PRICE_MAX;

/// Rows of a table after the first.
pub const ROWS_MAX: usize = 64;

impl Instrument {
    /// The tick of the row that a price falls in.
    #[inline]
    pub fn tick_at(&self, price: i64) -> i64 {
        if self.ticks.is_empty() {
            return self.terms.tick;
        }
        self.ticks.iter().rev().find(|(lowest, _)| *lowest <= price).map_or(self.terms.tick, |(_, tick)| *tick)
    }

    /// The highest price of the grid that is not above `price` (which is not negative).
    pub fn floor_tick(&self, price: i64) -> i64 {
        price - price % self.tick_at(price)
    }

    /// The lowest price of the grid that is not below `price` (which is not negative).
    pub fn ceil_tick(&self, price: i64) -> i64 {
        let (tick, rest) = (self.tick_at(price), price % self.tick_at(price));
        if rest == 0 {
            return price;
        }
        let next_row = self.ticks.iter().map(|(lowest, _)| *lowest).find(|lowest| *lowest > price);
        (price - rest + tick).min(next_row.unwrap_or(i64::MAX))
    }

    /// The price of the grid nearest to `price`; the lower one of two.
    pub fn nearest_tick(&self, price: i64) -> i64 {
        let (below, above) = (self.floor_tick(price), self.ceil_tick(price));
        if above - price < price - below { above } else { below }
    }
}

impl Engine {
    /// Rows come from low to high.
    pub(crate) fn set_tick(&mut self, c: &SetTick, effects: &mut Effects) -> Result<(), Reason> {
        let at = self.at(c.instrument)?;
        let last = self.instruments[at].ticks.last().map_or(0, |(lowest, _)| *lowest);
        let ascends = c.lowest > last && c.lowest <= PRICE_MAX;
        if !(1..=PRICE_MAX).contains(&c.tick) || !ascends || c.lowest % c.tick != 0 {
            return Err(Reason::BadTick);
        }
        if self.instruments[at].ticks.len() >= ROWS_MAX {
            return Err(Reason::LimitReached);
        }
        if self.has_live_orders(at) {
            return Err(Reason::BookNotEmpty);
        }
        self.instruments[at].ticks.push((c.lowest, c.tick));
        effects.push(&TickSet { instrument: c.instrument, lowest: c.lowest, tick: c.tick });
        Ok(())
    }

    /// Does anybody have a live order in the instrument, wherever it stands?
    pub(crate) fn has_live_orders(&self, at: usize) -> bool {
        self.orders.by_id().any(|row| self.orders.get(row).at() == at)
    }
}
