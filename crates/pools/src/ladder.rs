//! A pool seen as a book: how many lots it trades before the next one is dearer (or fetches less) than a limit.
//!
//! A pool has no levels. Those shown are made from exact quotes: the lots whose last one still costs at most a price are
//! those that stand up to it. They are indicative: whoever trades moves all of them.
use crate::pool::{Pool, Way};
use crate::split::Side;
use crate::wide::U256;

/// Quantities are signed numbers of 64 bits.
const LOTS_MAX: u64 = 1 << 62;

/// How a pool is traded in lots: `lot` minor units of the base each, `way` from the quote to the base for a buyer and from
/// the base to the quote for a seller.
#[derive(Clone, Copy, Debug)]
pub struct Counter<'a> {
    pub pool: &'a Pool,
    pub way: Way,
    pub side: Side,
    pub lot: U256,
}

impl Counter<'_> {
    /// What lots cost a buyer, or bring a seller; None when the pool has not that many.
    pub fn worth(&self, lots: u64) -> Option<U256> {
        if lots == 0 {
            return Some(U256::ZERO);
        }
        let amount = self.lot.checked_mul(U256::from(lots))?;
        match self.side {
            Side::Buy => self.pool.quote_out(self.way, amount).ok(),
            Side::Sell => self.pool.quote_in(self.way, amount).ok(),
        }
    }

    /// Whether the last of so many lots costs at most `limit` (buyer), or brings at least that (seller).
    fn is_within(&self, lots: u64, limit: U256) -> bool {
        let Some((all, before)) = self.worth(lots).zip(self.worth(lots - 1)) else {
            return false;
        };
        let last = all.saturating_sub(before);
        if self.side == Side::Buy { last <= limit } else { last >= limit }
    }

    /// The most lots, none beyond `most`, each of which is within the limit (minor units of the quote for a lot).
    pub fn lots_within(&self, limit: U256, most: u64) -> u64 {
        self.lots_beyond(0, limit, most)
    }

    /// The same for limits that grow worse: each search begins where the one before ended.
    pub fn rungs(&self, limits: &[U256], most: u64) -> Vec<u64> {
        let mut known = 0;
        let found = limits.iter().map(|limit| {
            known = self.lots_beyond(known, *limit, most);
            known
        });
        found.collect()
    }

    /// As `lots_within`, knowing that so many lots are: steps that double, then halve.
    fn lots_beyond(&self, known: u64, limit: U256, most: u64) -> u64 {
        let fits = |lots: u64| lots <= most && self.is_within(lots, limit);
        let (mut lots, mut step) = (known, 1u64);
        while step < LOTS_MAX && fits(lots.saturating_add(step)) {
            lots += step;
            step *= 2;
        }
        while step > 0 {
            if fits(lots.saturating_add(step)) {
                lots += step;
            }
            step /= 2;
        }
        lots
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::tests::{FORWARD, concentrated, product, stable};

    #[test]
    fn the_last_lot_within_a_limit_is_within_it_and_the_next_is_not() {
        let pools =
            [product(1_000_000_000, 1_000_000_000), concentrated(9_000_000_000), stable(1_000_000_000, 1_000_000_000)];
        for pool in &pools {
            for side in [Side::Buy, Side::Sell] {
                let counter = Counter { pool, way: FORWARD, side, lot: U256::from(100_000) };
                for off in 1..40u64 {
                    let limit = U256::from(if side == Side::Buy { 100_000 + off * 500 } else { 100_000 - off * 500 });
                    let lots = counter.lots_within(limit, u64::MAX);
                    assert!(lots == 0 || counter.is_within(lots, limit));
                    assert!(!counter.is_within(lots + 1, limit), "{side:?} {off} {lots}");
                    assert_eq!(counter.lots_within(limit, lots / 2), lots / 2);
                }
            }
        }
    }

    #[test]
    fn rungs_are_what_each_limit_alone_finds() {
        let pool = concentrated(9_000_000_000);
        for (side, sign) in [(Side::Buy, 1i64), (Side::Sell, -1)] {
            let counter = Counter { pool: &pool, way: FORWARD, side, lot: U256::from(100_000) };
            let limits: Vec<U256> = (0..30).map(|n| U256::from((100_000 + sign * n * 777) as u64)).collect();
            let alone: Vec<u64> = limits.iter().map(|limit| counter.lots_within(*limit, 3_000)).collect();
            assert_eq!(counter.rungs(&limits, 3_000), alone);
            assert!(alone[29] > alone[5]);
        }
    }

    #[test]
    fn a_pool_that_is_dearer_than_the_limit_has_nothing() {
        let pool = product(1_000_000_000, 1_000_000_000);
        let counter = Counter { pool: &pool, way: FORWARD, side: Side::Buy, lot: U256::from(1_000_000) };
        assert_eq!(counter.lots_within(U256::from(1_000_000), 10), 0, "the fee alone is dearer");
    }
}
