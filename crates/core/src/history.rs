//! What limits remember of an account's accepted orders: when they came, how large they were, what they asked.
use std::collections::VecDeque;

use crate::names::Limit;

const SECOND_NS: u64 = 1_000_000_000;
/// Orders that the mean size is made of, and how many there must be.
pub const MULTIPLE_ORDERS: usize = 64;
const MULTIPLE_ORDERS_MIN: usize = 8;
/// Orders among which a duplicate is looked for.
pub const DUPLICATE_ORDERS: usize = 1_024;
/// Orders a second that a limit may allow: as many stamps are kept.
pub const ORDER_RATE_MAX: i64 = 100_000;
/// How long ago a duplicate may have come (ns).
pub const DUPLICATE_NS_MAX: i64 = 60 * SECOND_NS as i64;

/// A new order as the client worded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wording {
    pub side: u8,
    pub kind: u8,
    pub price: i64,
    pub quantity: i64,
}

/// Accepted orders of one account in one instrument; or only their stamps, of all its instruments together.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Of new orders and replacements, in the last second.
    pub stamps: VecDeque<u64>,
    /// Of the last new orders: lots, price x lots.
    sizes: VecDeque<(i64, i128)>,
    /// Their sums.
    sum: (i128, i128),
    /// The last new orders that a duplicate may be one of: (stamp, words).
    pub words: VecDeque<(u64, Wording)>,
}

impl History {
    /// Something was accepted at `now`.
    pub fn stamp(&mut self, now: u64) {
        while self.stamps.front().is_some_and(|stamp| is_over(*stamp, SECOND_NS, now)) {
            self.stamps.pop_front();
        }
        if self.stamps.len() == ORDER_RATE_MAX as usize {
            self.stamps.pop_front();
        }
        self.stamps.push_back(now);
    }

    /// A new order was accepted; `value` is price x lots.
    pub fn order(&mut self, now: u64, words: Wording, value: i128) {
        self.size(words.quantity, value);
        let too_old = |(stamp, _): &(u64, Wording)| is_over(*stamp, DUPLICATE_NS_MAX as u64, now);
        while self.words.front().is_some_and(too_old) {
            self.words.pop_front();
        }
        if self.words.len() == DUPLICATE_ORDERS {
            self.words.pop_front();
        }
        self.words.push_back((now, words));
    }

    fn size(&mut self, lots: i64, value: i128) {
        if self.sizes.len() == MULTIPLE_ORDERS
            && let Some((lots, value)) = self.sizes.pop_front()
        {
            self.sum = (self.sum.0 - i128::from(lots), self.sum.1 - value);
        }
        self.sizes.push_back((lots, value));
        self.sum = (self.sum.0 + i128::from(lots), self.sum.1 + value);
    }

    pub fn sizes(&self) -> impl ExactSizeIterator<Item = &(i64, i128)> {
        self.sizes.iter()
    }

    /// One with this past.
    pub fn of(stamps: Vec<u64>, sizes: Vec<(i64, i128)>, words: Vec<(u64, Wording)>) -> Self {
        let mut history = Self { stamps: stamps.into(), words: words.into(), ..Self::default() };
        sizes.into_iter().for_each(|(lots, value)| history.size(lots, value));
        history
    }

    /// Did this many or more come within the last second? One look, however many they are.
    pub fn reaches(&self, rate: i64, now: u64) -> bool {
        let last = usize::try_from(rate).ok().and_then(|rate| self.stamps.len().checked_sub(rate));
        rate == 0 || last.is_some_and(|at| !is_over(self.stamps[at], SECOND_NS, now))
    }

    /// How many came within the last second.
    pub fn rate(&self, now: u64) -> usize {
        self.stamps.len() - self.stamps.partition_point(|stamp| is_over(*stamp, SECOND_NS, now))
    }

    /// Is an order so many hundredths of the mean of the last ones, or more? Never, while there are only few.
    pub fn is_unusual(&self, limit: Limit, size: i128, hundredths: i64) -> bool {
        let sum = if limit == Limit::NotionalMultiple { self.sum.1 } else { self.sum.0 };
        let orders = self.sizes.len();
        orders >= MULTIPLE_ORDERS_MIN && size * 100 * orders as i128 > i128::from(hundredths) * sum
    }

    /// Did the same come within the last `window_ns`?
    pub fn has(&self, words: &Wording, window_ns: i64, now: u64) -> bool {
        let recent = self.words.iter().rev().take_while(|(stamp, _)| !is_over(*stamp, window_ns as u64, now));
        recent.into_iter().any(|(_, before)| before == words)
    }
}

/// Are `window_ns` over since `stamp`? (Stamps never go back.)
fn is_over(stamp: u64, window_ns: u64, now: u64) -> bool {
    now - stamp >= window_ns
}
