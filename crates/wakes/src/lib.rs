//! Wake-ups as data: when a parent order is to be decided again.
//!
//! Owns: the wake-ups of up to `PARENTS_MAX` parents, the last time, quotes and traded lots that it was told. Takes: time,
//! quotes and trades as numbers, in order. Emits: the parents that are due, by (deadline, id). Never: reads a clock or calls
//! back.
//!
//! A wake-up holds up to four conditions; the first that comes true makes its parent due, once, and forgets the others.
//! Conditions are looked at when something of their kind is told, not when they are set: a policy that asks for
//! what is true already is woken by the next quote and not without end.
mod watched;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use watched::Watched;

pub const PARENTS_MAX: usize = 100_000;

/// The side that the parent trades: a buyer watches the best price to sell at, a seller the best to buy at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Buy,
    Sell,
}

/// When to decide again, whichever comes first. None and false: not by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    pub instrument: u32,
    /// At this time, in ns.
    pub at: Option<u64>,
    /// When the best price of the other side is this or better, for a parent of this side. The prices compared are
    /// those that `on_quote` is told: plain ones, or all-in ones under an instrument number of their own.
    pub price: Option<(Side, i64)>,
    /// When so many lots traded from now on, by anybody.
    pub volume: Option<u64>,
    /// At the next quote of the instrument, whether or not its best prices change.
    pub book: bool,
}

impl Wake {
    fn is_empty(&self) -> bool {
        self.at.is_none() && self.price.is_none() && self.volume.is_none() && !self.book
    }
}

/// There are `PARENTS_MAX` parents already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parent: {PARENTS_MAX} parents have wake-ups already")
    }
}

/// A wake-up that is set; `until` counts the instrument's traded lots from the start.
#[derive(Clone, Copy, Debug)]
struct Set {
    wake: Wake,
    until: u64,
}

/// All wake-ups.
#[derive(Debug, Default)]
pub struct Wakes {
    parents: BTreeMap<u64, Set>,
    times: BTreeSet<(u64, u64)>,
    instruments: BTreeMap<u32, Watched>,
}

impl Wakes {
    pub fn new() -> Self {
        Self::default()
    }

    /// Parents that have a wake-up.
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    pub fn is_empty(&self) -> bool {
        self.parents.is_empty()
    }

    /// Lots of an instrument traded so far, as told.
    pub fn traded(&self, instrument: u32) -> u64 {
        self.instruments.get(&instrument).map_or(0, |watched| watched.traded)
    }

    /// The earliest time that somebody waits for.
    pub fn next_time(&self) -> Option<u64> {
        self.times.first().map(|(at, _)| *at)
    }

    /// Set the wake-up of a parent in place of the one it has; an empty one takes it away.
    pub fn set(&mut self, parent: u64, wake: Wake) -> Result<(), TooMany> {
        let known = self.parents.contains_key(&parent);
        if !known && !wake.is_empty() && self.parents.len() >= PARENTS_MAX {
            return Err(TooMany);
        }
        self.cancel(parent);
        if wake.is_empty() {
            return Ok(());
        }
        let watched = self.instruments.entry(wake.instrument).or_default();
        let set = Set { wake, until: watched.traded.saturating_add(wake.volume.unwrap_or(0)) };
        watched.add(parent, &set);
        if let Some(at) = wake.at {
            self.times.insert((at, parent));
        }
        self.parents.insert(parent, set);
        Ok(())
    }

    /// Take a parent's wake-up away; false when it has none.
    pub fn cancel(&mut self, parent: u64) -> bool {
        let Some(set) = self.parents.remove(&parent) else {
            return false;
        };
        if let Some(at) = set.wake.at {
            self.times.remove(&(at, parent));
        }
        if let Some(watched) = self.instruments.get_mut(&set.wake.instrument) {
            watched.remove(parent, &set);
        }
        true
    }

    /// It is `now`.
    pub fn on_time(&mut self, now: u64) -> Vec<u64> {
        let due: Vec<u64> = self.times.range(..=(now, u64::MAX)).map(|(_, parent)| *parent).collect();
        self.woken(due)
    }

    /// The book of an instrument changed; None where a side has no price.
    pub fn on_quote(&mut self, instrument: u32, bid: Option<i64>, ask: Option<i64>) -> Vec<u64> {
        let due = self.instruments.get(&instrument).map(|watched| watched.at_quote(bid, ask));
        self.woken(due.unwrap_or_default())
    }

    /// So many lots of an instrument traded.
    pub fn on_trade(&mut self, instrument: u32, quantity: u64) -> Vec<u64> {
        let due = self.instruments.entry(instrument).or_default().at_trade(quantity);
        self.woken(due)
    }

    /// Take the wake-ups of those that are due away, and put them in the order of (deadline, id); no deadline is last.
    fn woken(&mut self, due: Vec<u64>) -> Vec<u64> {
        let mut order: Vec<(u64, u64)> = Vec::with_capacity(due.len());
        for parent in due {
            let deadline = self.parents.get(&parent).map(|set| set.wake.at.unwrap_or(u64::MAX));
            if self.cancel(parent) {
                order.push((deadline.unwrap_or(u64::MAX), parent));
            }
        }
        order.sort_unstable();
        order.into_iter().map(|(_, parent)| parent).collect()
    }
}

#[cfg(test)]
mod tests;
