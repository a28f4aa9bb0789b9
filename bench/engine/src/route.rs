//! What a decision about a route takes: the arithmetic of `isthmus-execution` over made books, each checked for its answer.
use std::hint::black_box;
use std::time::Instant;

use isthmus_execution::arbitrage::scan;
use isthmus_execution::breaker::Breakers;
use isthmus_execution::consolidated::OwnLevel;
use isthmus_execution::dark::{Allocation, Tails};
use isthmus_execution::health::Settings;
use isthmus_execution::split::{Block, Split};
use isthmus_execution::sweep::Sweep;
use isthmus_execution::terms::Terms;
use isthmus_execution::values::{SECOND, Side};
use isthmus_execution::watched::{Care, WatchedBook};

use crate::rounds::percentiles;

const ROUNDS: usize = 20_000;
/// Different books, so that no branch is learnt by heart.
const BOOKS: usize = 64;
/// Calls under one look at the clock, where a call is as short as that look.
const TOGETHER: usize = 64;
const FAIR: i64 = 1_387_560;
const BLOCK: i64 = 100_000;

/// Times one thing: percentiles as JSON, and whether its answers were right.
type Subject = fn() -> (String, bool);

/// {"name": {"times": percentiles in ns of one call, "right": the answers were}, ...}
pub fn measure() -> String {
    let subjects: [(&str, Subject); 8] = [
        ("empty", empty),
        ("sweep_ten_venues", sweep),
        ("best_of_ten_venues", best),
        ("dark_scan_five_pools", dark),
        ("split_100k_three_books", split),
        ("breaker_lock", breaker),
        ("book_update", update),
        ("arbitrage_scan", arbitrage),
    ];
    let each = subjects.map(|(name, act)| {
        let (times, right) = act();
        format!(r#""{name}":{{"times":{times},"right":{right}}}"#)
    });
    format!("{{{}}}", each.join(","))
}

/// splitmix64: the same books every time.
struct Draws(u64);

impl Draws {
    fn below(&mut self, most: u64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % most) as i64
    }

    fn side(&mut self, side: Side, count: usize, lots: u64) -> Vec<OwnLevel> {
        let mut price = FAIR + side.sign() * (2 + self.below(6));
        (0..count)
            .map(|_| {
                price += side.sign() * (1 + self.below(4));
                (price, 1 + self.below(lots))
            })
            .collect()
    }
}

/// Venues 1 to `venues` with fees of their own.
fn market(draws: &mut Draws, venues: u32, levels: usize, lots: u64) -> WatchedBook {
    let mut watched = WatchedBook::new(Settings::default(), Breakers::default());
    for venue in 1..=venues {
        let terms = Terms::plain(venue, draws.below(4));
        watched.list(terms, Care::default()).unwrap_or_else(|refused| panic!("{refused}"));
        let (bids, asks) = (draws.side(Side::Bids, levels, lots), draws.side(Side::Asks, levels, lots));
        watched.update(venue, SECOND, &bids, &asks).unwrap_or_else(|refused| panic!("{refused}"));
    }
    watched
}

fn markets(venues: u32, levels: usize, lots: u64) -> Vec<WatchedBook> {
    let mut draws = Draws(7);
    (0..BOOKS).map(|_| market(&mut draws, venues, levels, lots)).collect()
}

/// Percentiles of single calls, of which so many go under one look at the clock.
fn timed(together: usize, mut act: impl FnMut(usize)) -> String {
    let mut number = 0;
    percentiles((0..ROUNDS).map(|_| {
        let started = Instant::now();
        for _ in 0..together {
            act(number);
            number += 1;
        }
        started.elapsed().as_nanos() as u64 / together as u64
    }))
}

/// The look at the clock alone.
fn empty() -> (String, bool) {
    (timed(1, |number| assert!(black_box(number) < usize::MAX)), true)
}

fn sweep() -> (String, bool) {
    let (books, mut sweep) = (markets(10, 10, 100), Sweep::default());
    let (mut taken, mut asked) = (0, 0);
    let times = timed(8, |number| {
        let quantity = 300 + (number % 7) as i64 * 100;
        sweep.take(black_box(books[number % BOOKS].book()), Side::Asks, quantity, Some(FAIR + 40));
        taken += sweep.quantity;
        asked += quantity;
    });
    (times, taken == asked)
}

fn best() -> (String, bool) {
    let (books, mut sweep) = (markets(10, 10, 100), Sweep::default());
    let mut found = true;
    let times = timed(8, |number| {
        sweep.take_single(black_box(books[number % BOOKS].book()), Side::Asks, 200, None);
        found &= sweep.legs.len() == 1;
    });
    (times, found)
}

/// One unit more: five pools are looked at and one is chosen.
fn dark() -> (String, bool) {
    let mut draws = Draws(11);
    let mut pools = Vec::new();
    for pool in 0..5 {
        let mut tails = Tails::new(256, 1).unwrap_or_else(|refused| panic!("{refused}"));
        for _ in 0..400 {
            let (there, asked) = (draws.below(60 * (pool + 1)) as usize, 1 + draws.below(200) as usize);
            tails.learn(asked, there.min(asked)).unwrap_or_else(|refused| panic!("{refused}"));
        }
        pools.push(tails);
    }
    let mut allocation = Allocation::default();
    let mut chosen = [0u64; 5];
    let times = timed(TOGETHER, |number| {
        if number % TOGETHER == 0 {
            allocation = Allocation::default();
        }
        if let Some(pool) = allocation.next(black_box(&pools), 0b11111) {
            chosen[pool] += 1;
        }
    });
    let right = chosen.iter().sum::<u64>() == (ROUNDS * TOGETHER) as u64 && chosen[4] > chosen[0];
    (times, right)
}

fn split() -> (String, bool) {
    let (books, mut split) = (markets(3, 50, 2_000), Split::default());
    let block = Block { side: Side::Asks, quantity: BLOCK, limit: None };
    let slopes = [(1, 30_000_000), (2, 50_000_000), (3, 80_000_000)];
    let mut right = true;
    let times = timed(1, |number| {
        right &= split.make(black_box(books[number % BOOKS].book()), block, &slopes).is_ok();
        right &= split.quantity == BLOCK && split.exact;
    });
    (times, right)
}

/// From the quote that is 1,000 pips off to the next decision, which must not use it.
fn breaker() -> (String, bool) {
    let mut draws = Draws(3);
    let mut steady = market(&mut draws, 10, 10, 100);
    steady.set_reference(Some(FAIR * 1_000_000));
    for step in 1..400u64 {
        for venue in 1..=10 {
            let (bids, asks) = (draws.side(Side::Bids, 10, 100), draws.side(Side::Asks, 10, 100));
            let _ = steady.update(venue, SECOND + step * SECOND / 10, &bids, &asks);
        }
    }
    let (low, mut sweep, mut right) = (FAIR - 100_000, Sweep::default(), true);
    let times = percentiles((0..2_000).map(|number| {
        let mut watched = steady.clone();
        let venue = 1 + number % 10;
        let (bids, asks) = ([(low - 1, 1_000)], [(low + 1, 1_000)]);
        let started = Instant::now();
        let taken = watched.update(venue, 60 * SECOND, &bids, &asks);
        sweep.take(black_box(watched.book()), Side::Asks, 500, None);
        let took = started.elapsed().as_nanos() as u64;
        right &= taken.is_ok() && sweep.quantity == 500 && sweep.legs.iter().all(|leg| leg.venue != venue);
        took
    }));
    (times, right)
}

/// Ten levels a side of one of ten venues, judged and put in place.
fn update() -> (String, bool) {
    let mut draws = Draws(5);
    let mut watched = market(&mut draws, 10, 10, 100);
    let sides: Vec<_> =
        (0..BOOKS).map(|_| (draws.side(Side::Bids, 10, 100), draws.side(Side::Asks, 10, 100))).collect();
    let mut right = true;
    let times = timed(8, |number| {
        let (bids, asks) = &sides[number * 7 % BOOKS];
        let at = 2 * SECOND + number as u64 * SECOND / 100;
        right &= watched.update(1 + (number % 10) as u32, at, bids, asks).is_ok();
    });
    (times, right && watched.book().open() == 0b11_1111_1111)
}

/// The book of one of ten venues changed: every pair that it is part of.
fn arbitrage() -> (String, bool) {
    let mut books = markets(10, 10, 100);
    for (number, watched) in books.iter_mut().enumerate().filter(|(number, _)| number % 4 == 0) {
        // a bid that is over the other venues' asks, within what is not yet called skewed
        let venue = 1 + (number % 10) as u32;
        let _ = watched.update(venue, SECOND + 1, &[(FAIR + 30, 50)], &[(FAIR + 34, 50)]);
    }
    let mut found = 0;
    let times = timed(8, |number| {
        found += usize::from(scan(black_box(books[number % BOOKS].book()), number % 10).is_some());
    });
    (times, found > 0 && found < ROUNDS * 8)
}
