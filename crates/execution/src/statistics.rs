//! How each route has done: latency, rejects, fills, and what the price did after a fill.
use std::collections::VecDeque;

use crate::values::{PPM, SECOND, Side, narrow};

/// Fills that wait for the price after them; the oldest is given up when there are more.
const WAITING_MAX: usize = 4_096;
/// How long after a fill the price is looked at.
pub const AFTER_NS: u64 = SECOND;

/// One route, since it was listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Route {
    pub sent: u64,
    pub answered: u64,
    pub rejected: u64,
    pub asked_lots: i64,
    pub filled_lots: i64,
    pub latency_sum_ns: u64,
    pub latency_max_ns: u64,
    /// Fills whose price afterwards is known, and the sum of its moves against us in ppm.
    pub measured: u64,
    pub against_ppm: i64,
}

impl Route {
    /// Mean time to the first answer.
    pub fn latency_ns(&self) -> u64 {
        self.latency_sum_ns.checked_div(self.answered).unwrap_or(0)
    }

    /// Orders rejected of those answered.
    pub fn reject_ppm(&self) -> i64 {
        share(self.rejected.min(i64::MAX as u64) as i64, self.answered.min(i64::MAX as u64) as i64)
    }

    /// Lots filled of those asked for.
    pub fn fill_ppm(&self) -> i64 {
        share(self.filled_lots, self.asked_lots)
    }

    /// Mean move of the middle against us after a fill: what the other side knew.
    pub fn toxicity_ppm(&self) -> i64 {
        self.against_ppm.checked_div(self.measured.min(i64::MAX as u64) as i64).unwrap_or(0)
    }

    /// An order went out.
    pub fn sent(&mut self, lots: i64) {
        self.sent += 1;
        self.asked_lots = self.asked_lots.saturating_add(lots);
    }

    /// The first answer to an order came.
    pub fn answered(&mut self, latency_ns: u64, rejected: bool) {
        self.answered += 1;
        self.rejected += u64::from(rejected);
        self.latency_sum_ns = self.latency_sum_ns.saturating_add(latency_ns);
        self.latency_max_ns = self.latency_max_ns.max(latency_ns);
    }
}

fn share(part: i64, whole: i64) -> i64 {
    if whole <= 0 { 0 } else { narrow(i128::from(part) * i128::from(PPM) / i128::from(whole)) }
}

/// A fill whose price afterwards is still to come.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    place: usize,
    due: u64,
    bought: bool,
    middle: i64,
}

/// Fills of all routes that wait for the price after them.
#[derive(Clone, Debug, Default)]
pub struct After {
    waiting: VecDeque<Waiting>,
}

impl After {
    /// A fill on a route, at a middle. `taken`: the side of the book that the fill took from or would have.
    pub fn filled(&mut self, place: usize, at: u64, taken: Side, middle: i64) {
        if self.waiting.len() == WAITING_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Waiting {
            place,
            due: at.saturating_add(AFTER_NS),
            bought: taken == Side::Asks,
            middle,
        });
    }

    /// Is any fill due?
    #[inline]
    pub fn is_due(&self, at: u64) -> bool {
        self.waiting.front().is_some_and(|first| first.due <= at)
    }

    /// The middle now, for the fills that are due.
    pub fn see(&mut self, at: u64, middle: i64, routes: &mut [Route]) {
        while self.is_due(at) {
            let Some(fill) = self.waiting.pop_front() else { return };
            let moved =
                (i128::from(fill.middle) - i128::from(middle)) * i128::from(PPM) / i128::from(fill.middle.max(1));
            let route = &mut routes[fill.place];
            route.measured += 1;
            route.against_ppm = route.against_ppm.saturating_add(narrow(if fill.bought { moved } else { -moved }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_what_was_asked_and_answered() {
        let mut route = Route::default();
        assert_eq!((route.latency_ns(), route.reject_ppm(), route.fill_ppm(), route.toxicity_ppm()), (0, 0, 0, 0));
        for (latency, rejected) in [(100, false), (300, false), (200, true), (400, false)] {
            route.sent(10);
            route.answered(latency, rejected);
        }
        route.filled_lots = 15;
        assert_eq!((route.latency_ns(), route.latency_max_ns), (250, 400));
        assert_eq!((route.reject_ppm(), route.fill_ppm()), (250_000, 375_000));
    }

    #[test]
    fn a_price_that_falls_after_a_purchase_is_against_us_and_after_a_sale_for_us() {
        let (mut after, mut routes) = (After::default(), [Route::default(); 2]);
        after.filled(0, 0, Side::Asks, 1_000_000);
        after.filled(1, 0, Side::Bids, 1_000_000);
        assert!(!after.is_due(AFTER_NS - 1));
        after.see(AFTER_NS - 1, 5, &mut routes);
        assert_eq!(routes[0].measured, 0);
        after.see(AFTER_NS, 999_900, &mut routes);
        assert_eq!((routes[0].toxicity_ppm(), routes[1].toxicity_ppm()), (100, -100));
    }

    #[test]
    fn no_more_fills_wait_than_the_limit() {
        let mut after = After::default();
        for at in 0..WAITING_MAX as u64 + 10 {
            after.filled(0, at, Side::Asks, 1);
        }
        assert_eq!(after.waiting.len(), WAITING_MAX);
        assert_eq!(after.waiting[0].due, 10 + AFTER_NS);
    }
}
