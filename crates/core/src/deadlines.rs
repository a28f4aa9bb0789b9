//! What falls due by time: run in (time, kind, number) order before the command that brings the time.
use std::collections::BTreeSet;

use crate::engine::{Effects, Engine};
use crate::names::{CancelReason, PendingEnd};
use crate::orders::{DAY, ROUTED};

/// Kinds of deadlines, in the order in which those of one moment run.
pub const ORDER: u8 = 1;
pub const DEAD_MAN: u8 = 2;
/// A pending transfer.
pub const TRANSFER: u8 = 3;
/// The trading state of an instrument ends by itself.
pub const STATE: u8 = 10;
/// An instrument expires.
pub const EXPIRY: u8 = 11;
/// The time to firm up a conditional order is over.
pub const FIRM_UP: u8 = 12;
/// A margin call stands no longer; the number is account x 2^32 + asset.
pub const MARGIN_CALL: u8 = 13;

/// All deadlines: (ns, kind, number).
#[derive(Debug, Clone)]
pub struct Deadlines {
    all: BTreeSet<(u64, u8, u64)>,
    next: u64,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { all: BTreeSet::new(), next: u64::MAX }
    }
}

impl Deadlines {
    #[inline]
    pub fn is_due(&self, stamp: u64) -> bool {
        stamp >= self.next
    }

    /// When the next one falls due (ns).
    pub fn next_at(&self) -> Option<u64> {
        self.all.first().map(|first| first.0)
    }

    pub fn add(&mut self, at: u64, kind: u8, number: u64) {
        self.all.insert((at, kind, number));
        self.next = self.next.min(at);
    }

    pub fn remove(&mut self, at: u64, kind: u8, number: u64) {
        self.all.remove(&(at, kind, number));
        self.next = self.all.first().map_or(u64::MAX, |first| first.0);
    }

    fn pop_due(&mut self, stamp: u64) -> Option<(u8, u64)> {
        let first = *self.all.first().filter(|first| first.0 <= stamp)?;
        self.remove(first.0, first.1, first.2);
        Some((first.1, first.2))
    }
}

impl Engine {
    pub(crate) fn run_deadlines(&mut self, effects: &mut Effects) {
        while let Some((kind, number)) = self.deadlines.pop_due(self.stamp) {
            match kind {
                DEAD_MAN => self.fire_dead_man(number, effects),
                STATE => self.state_ends(number as usize - 1, effects),
                TRANSFER => self.end_transfer(number, 0, PendingEnd::Expired, effects),
                EXPIRY => self.expire(number as usize - 1, effects),
                MARGIN_CALL => self.ledger.touched.push(((number >> 32) as u32, number as u32)),
                _ => {
                    if let Some(row) = self.orders.find(number) {
                        self.cancel_row(row, CancelReason::Expired, effects);
                    }
                }
            }
            self.part_all(effects);
        }
    }

    /// Day orders of the house book end with the trading day of their instrument, by number.
    pub(crate) fn expire_day(&mut self, at: usize, effects: &mut Effects) {
        let of_the_day = |row: &u32| {
            let order = self.orders.get(*row);
            order.at() == at && order.tif == DAY && order.marks & ROUTED == 0
        };
        let rows: Vec<u32> = self.orders.by_id().filter(of_the_day).collect();
        for row in rows {
            self.cancel_row(row, CancelReason::Expired, effects);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_one_is_told_and_is_due_from_its_moment_on() {
        let mut deadlines = Deadlines::default();
        assert_eq!(deadlines.next_at(), None);
        deadlines.add(7, ORDER, 1);
        deadlines.add(5, ORDER, 2);
        assert_eq!(deadlines.next_at(), Some(5));
        assert!(deadlines.is_due(5) && !deadlines.is_due(4));
        deadlines.remove(5, ORDER, 2);
        assert_eq!(deadlines.next_at(), Some(7));
    }
}
