//! Three independent checks of every quote of a route. Two of three lock it at once; it opens again when the check that
//! reviews has agreed for a time.
use crate::distribution::{Bound, Distribution};
use crate::values::{SECOND, apart_ppm};

/// Which checks voted against a quote.
pub type Votes = u8;
/// Against the route's own recent changes.
pub const OWN: Votes = 1;
/// Against the other venues.
pub const OTHERS: Votes = 2;
/// Against the hard band around the reference price.
pub const HARD: Votes = 4;

/// When a check votes against, and when a route opens again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breakers {
    /// Change of the middle since the last good quote, in 10^-9.
    pub own: Bound,
    /// Distance from the median of the others, in ppm.
    pub others_ppm: i64,
    /// Distance from the reference price, in ppm.
    pub hard_ppm: i64,
    /// So many good quotes, over so long.
    pub review_updates: u32,
    pub review_ns: u64,
}

impl Default for Breakers {
    fn default() -> Self {
        Self {
            own: Bound { times: 40, floor: 1_000_000 },
            others_ppm: 2_000,
            hard_ppm: 50_000,
            review_updates: 20,
            review_ns: 5 * SECOND,
        }
    }
}

/// What a quote is held against; None: that check abstains.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held {
    /// The median of the others' middles.
    pub others: Option<i64>,
    /// The reference price: a mark, a close, the last auction.
    pub reference: Option<i64>,
}

/// What a quote did to the route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    Passed,
    /// One check alone votes against, and the route stays open.
    Doubted(Votes),
    Locked(Votes),
    /// Nothing changed: it stays locked.
    Stays,
    Unlocked,
}

/// One route.
#[derive(Clone, Copy, Debug, Default)]
pub struct Breaker {
    changes: Distribution,
    accepted: i64,
    /// The check that reviews; 0: the route is open.
    reviewer: Votes,
    good: u32,
    good_since: u64,
}

impl Breaker {
    /// Is the route locked?
    pub fn is_locked(&self) -> bool {
        self.reviewer != 0
    }

    /// The middle of the last good quote, 0 before the first.
    pub fn accepted(&self) -> i64 {
        self.accepted
    }

    /// A quote; the ruling counts for the very next decision.
    pub fn quote(&mut self, rules: &Breakers, at: u64, middle: i64, held: Held) -> Ruling {
        let votes = self.votes(rules, middle, held);
        if self.is_locked() {
            return self.review(rules, at, middle, votes);
        }
        if votes.count_ones() >= 2 {
            self.reviewer = reviewer(votes);
            self.good = 0;
            return Ruling::Locked(votes);
        }
        if self.accepted > 0 {
            self.changes.learn(change(middle, self.accepted), rules.own);
        }
        self.accepted = middle;
        if votes == 0 { Ruling::Passed } else { Ruling::Doubted(votes) }
    }

    fn votes(&self, rules: &Breakers, middle: i64, held: Held) -> Votes {
        let own = self.accepted > 0 && self.changes.is_high(change(middle, self.accepted), rules.own);
        let apart = |from: Option<i64>, most: i64| from.is_some_and(|from| apart_ppm(middle, from) > most);
        u8::from(own) * OWN
            + u8::from(apart(held.others, rules.others_ppm)) * OTHERS
            + u8::from(apart(held.reference, rules.hard_ppm)) * HARD
    }

    fn review(&mut self, rules: &Breakers, at: u64, middle: i64, votes: Votes) -> Ruling {
        if votes.count_ones() >= 2 || votes & self.reviewer != 0 {
            self.good = 0;
            return Ruling::Stays;
        }
        if self.good == 0 {
            self.good_since = at;
        }
        self.good = self.good.saturating_add(1);
        if self.good < rules.review_updates || at.saturating_sub(self.good_since) < rules.review_ns {
            return Ruling::Stays;
        }
        self.reviewer = 0;
        self.accepted = middle;
        Ruling::Unlocked
    }
}

/// The check that did not vote for the lock; when all did, the hard band.
fn reviewer(votes: Votes) -> Votes {
    match votes {
        OWN_AND_OTHERS => HARD,
        OWN_AND_HARD => OTHERS,
        OTHERS_AND_HARD => OWN,
        _ => HARD,
    }
}

const OWN_AND_OTHERS: Votes = OWN | OTHERS;
const OWN_AND_HARD: Votes = OWN | HARD;
const OTHERS_AND_HARD: Votes = OTHERS | HARD;

/// In 10^-9.
fn change(middle: i64, from: i64) -> i64 {
    apart_ppm(middle, from).saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EURUSD at 1.38756 in steps of 0.00001, x 10^6.
    const FAIR: i64 = 138_756_000_000;
    const PIP: i64 = 10_000_000;
    const AT: u64 = 1_000 * SECOND;

    fn held() -> Held {
        Held { others: Some(FAIR), reference: Some(FAIR) }
    }

    /// A route that saw 200 quotes that move by half a pip.
    fn route() -> Breaker {
        let mut route = Breaker::default();
        for at in 0..200 {
            let ruling = route.quote(&Breakers::default(), at, FAIR + (at as i64 % 3 - 1) * PIP / 2, held());
            assert_eq!(ruling, Ruling::Passed);
        }
        route
    }

    #[test]
    fn a_jump_of_a_thousand_pips_is_locked_by_that_very_quote() {
        let mut route = route();
        assert_eq!(
            route.quote(&Breakers::default(), AT, FAIR - 1_000 * PIP, held()),
            Ruling::Locked(OWN | OTHERS | HARD)
        );
        assert!(route.is_locked());
    }

    #[test]
    fn two_of_three_suffice_and_one_does_not() {
        let rules = Breakers::default();
        let mut one = route();
        assert_eq!(one.quote(&rules, AT, FAIR + 60 * PIP, held()), Ruling::Locked(OWN | OTHERS));
        let mut all_moved = route();
        let others = Held { others: Some(FAIR + 60 * PIP), ..held() };
        assert_eq!(all_moved.quote(&rules, AT, FAIR + 60 * PIP, others), Ruling::Doubted(OWN));
        assert!(!all_moved.is_locked());
        let mut slow = Breaker::default();
        assert_eq!(
            slow.quote(&rules, AT, FAIR + 60 * PIP, held()),
            Ruling::Doubted(OTHERS),
            "nothing usual is known yet"
        );
    }

    #[test]
    fn checks_without_anything_to_hold_against_abstain() {
        let mut route = route();
        let ruling = route.quote(&Breakers::default(), AT, FAIR - 1_000 * PIP, Held::default());
        assert_eq!(ruling, Ruling::Doubted(OWN));
    }

    #[test]
    fn it_opens_when_the_reviewer_has_agreed_for_so_long() {
        let rules = Breakers::default();
        let mut route = route();
        route.quote(&rules, AT, FAIR + 60 * PIP, held());
        let mut rulings = Vec::new();
        for number in 1..=40 {
            rulings.push(route.quote(&rules, AT + number * SECOND / 2, FAIR, held()));
        }
        let opened = rulings.iter().position(|ruling| *ruling == Ruling::Unlocked).unwrap();
        assert_eq!(opened, 19, "twenty good quotes, more than five seconds");
        assert!(!route.is_locked());
    }

    #[test]
    fn a_bad_quote_in_between_begins_the_review_again() {
        let rules = Breakers::default();
        let mut route = route();
        route.quote(&rules, AT, FAIR + 60 * PIP, held());
        for number in 1..=19 {
            assert_eq!(route.quote(&rules, AT + number * SECOND, FAIR, held()), Ruling::Stays);
        }
        assert_eq!(route.quote(&rules, AT + 20 * SECOND, FAIR + 60 * PIP, held()), Ruling::Stays);
        for number in 21..=39 {
            assert_eq!(route.quote(&rules, AT + number * SECOND, FAIR, held()), Ruling::Stays);
        }
        assert_eq!(route.quote(&rules, AT + 40 * SECOND, FAIR, held()), Ruling::Unlocked);
    }

    #[test]
    fn when_the_whole_market_moved_the_hard_band_waits_for_a_new_reference() {
        // 2015-01-15: the franc moved by a fifth at all venues
        let rules = Breakers::default();
        let mut route = route();
        let moved = FAIR - 2_800 * PIP;
        let late = Held { others: Some(FAIR), reference: Some(FAIR) };
        assert_eq!(route.quote(&rules, AT, moved, late), Ruling::Locked(OWN | OTHERS | HARD));
        let all = Held { others: Some(moved), reference: Some(FAIR) };
        for number in 1..100 {
            assert_eq!(route.quote(&rules, AT + number * SECOND, moved, all), Ruling::Stays);
        }
        let marked = Held { reference: Some(moved), ..all };
        let opened = (100..200).any(|n| route.quote(&rules, AT + n * SECOND, moved, marked) == Ruling::Unlocked);
        assert!(opened);
        assert_eq!(route.accepted(), moved);
    }
}
