use super::*;
use crate::chance::Chance;
use crate::terms::Terms;

/// A market of several venues whose prices walk together; each test spoils one of them.
struct Market {
    book: ConsolidatedBook,
    health: Health,
    chance: Chance,
    price: i64,
    now: u64,
    events: Vec<Event>,
}

const MS: u64 = 1_000_000;

impl Market {
    /// Venues 1 to `count`, quiet at first: nothing is unusual yet.
    fn new(count: u32, settings: Settings) -> Self {
        let (mut book, mut health) = (ConsolidatedBook::new(), Health::new(settings));
        for venue in 1..=count {
            book.list(Terms::plain(venue, 0)).unwrap();
            health.list(false, None);
        }
        Self { book, health, chance: Chance::new(17), price: 1_000_000, now: 10 * SECOND, events: Vec::new() }
    }

    fn quote(&mut self, venue: u32, bid: i64, ask: i64) {
        let place = self.book.update(venue, self.now, &[(bid, 10)], &[(ask, 10)]).unwrap();
        self.health.see(place, self.now, &self.book, 0, &mut self.events);
    }

    fn fair(&mut self, venue: u32) {
        self.quote(venue, self.price - 5, self.price + 5);
    }

    /// 100 ms on, and a small move.
    fn step(&mut self) {
        self.now += 100 * MS;
        self.price += self.chance.below(21) as i64 - 10;
    }

    /// So many steps in which the named venues quote.
    fn run(&mut self, steps: usize, venues: &[u32]) {
        for _ in 0..steps {
            self.step();
            for venue in venues {
                self.fair(*venue);
            }
        }
    }

    fn found(&mut self, reason: Reason) -> Vec<(u32, bool)> {
        let events = self.events.iter().filter(|event| event.reason == reason);
        events.map(|event| (event.venue, event.on)).collect()
    }
}

#[test]
fn healthy_sources_are_never_marked() {
    let mut market = Market::new(4, Settings::default());
    market.run(5_000, &[1, 2, 3, 4]);
    assert_eq!(market.events, []);
    assert_eq!(market.health.marked(), 0);
}

#[test]
fn a_quiet_source_is_stale_while_others_move_and_not_before() {
    let mut market = Market::new(3, Settings::default());
    market.run(10, &[1, 2, 3]);
    market.now += 60 * SECOND;
    market.fair(1);
    assert_eq!(market.found(Reason::Stale), [], "nobody moved");
    market.run(99, &[1, 2]);
    assert_eq!(market.found(Reason::Stale), [(3, true)]);
    let event = market.events[0];
    assert!(event.figures[0] > 10 * SECOND as i64 && event.figures[1] >= 20, "{event:?}");
    market.fair(3);
    assert_eq!(market.found(Reason::Stale), [(3, true), (3, false)]);
}

#[test]
fn a_source_that_crosses_itself_is_marked_at_once_and_returns_after_three_good_updates() {
    let mut market = Market::new(2, Settings::default());
    market.run(5, &[1, 2]);
    market.quote(2, market.price + 1, market.price);
    assert_eq!(market.found(Reason::Crossed), [(2, true)]);
    market.fair(2);
    market.fair(2);
    assert_eq!(market.health.marked(), 0b10);
    market.fair(2);
    assert_eq!(market.found(Reason::Crossed), [(2, true), (2, false)]);
    assert_eq!(market.health.marked(), 0);
}

#[test]
fn a_source_without_a_spread_is_not_used_while_that_lasts() {
    let mut market = Market::new(2, Settings::default());
    market.run(5, &[1, 2]);
    market.quote(2, market.price, market.price);
    assert_eq!(market.found(Reason::Crossed), [(2, true)]);
    market.fair(2);
    assert_eq!(market.health.marked(), 0);
}

#[test]
fn a_source_may_have_a_limit_of_quiet_of_its_own() {
    let mut market = Market::new(3, Settings::default());
    market.health.sources[2].stale_ns = 60 * SECOND;
    market.run(10, &[1, 2, 3]);
    market.run(590, &[1, 2]);
    assert_eq!(market.found(Reason::Stale), []);
    market.run(20, &[1, 2]);
    assert_eq!(market.found(Reason::Stale), [(3, true)]);
}

#[test]
fn of_two_sources_that_differ_the_one_that_moved_is_skewed() {
    let mut market = Market::new(2, Settings::default());
    market.run(5, &[1, 2]);
    let away = market.price + 2_000;
    market.quote(2, away - 5, away + 5);
    assert_eq!(market.found(Reason::Skewed), [(2, true)]);
    market.fair(1);
    assert_eq!(market.health.marked(), 0b10);
    // the other follows: they agree again
    market.quote(1, away - 5, away + 5);
    for _ in 0..3 {
        market.quote(2, away - 5, away + 5);
    }
    assert_eq!(market.found(Reason::Skewed), [(2, true), (2, false)]);
}

#[test]
fn a_skewed_source_does_not_move_the_median_of_the_others() {
    let mut market = Market::new(3, Settings::default());
    market.run(5, &[1, 2, 3]);
    let (price, away) = (market.price, market.price + 2_000);
    market.quote(3, away - 5, away + 5);
    market.fair(1);
    market.fair(2);
    assert_eq!(market.health.marked(), 0b100);
    assert_eq!(market.health.median_of_others(&market.book, 0, 0), Some(price * PPM));
}

#[test]
fn a_source_crossed_with_most_others_in_most_updates_is_marked_and_the_others_are_not() {
    let mut market = Market::new(3, Settings::default());
    for _ in 0..100 {
        market.step();
        for venue in [1, 2] {
            market.fair(venue);
        }
        market.quote(3, market.price + 26, market.price + 36);
    }
    assert_eq!(market.found(Reason::CrossedWithOthers), [(3, true)]);
    assert_eq!(market.health.marked(), 0b100);
    market.run(400, &[1, 2, 3]);
    assert_eq!(market.found(Reason::CrossedWithOthers), [(3, true), (3, false)]);
}

#[test]
fn of_two_crossed_sources_the_reference_is_believed() {
    let mut market = Market::new(2, Settings::default());
    market.health.sources[0].reference = true;
    for _ in 0..100 {
        market.step();
        market.fair(1);
        market.quote(2, market.price + 26, market.price + 36);
    }
    assert_eq!(market.health.marked(), 0b10);
    let mut equals = Market::new(2, Settings::default());
    for _ in 0..100 {
        equals.step();
        equals.fair(1);
        equals.quote(2, equals.price + 26, equals.price + 36);
    }
    assert_eq!(equals.health.marked(), 0b11, "nobody knows which of the two is right");
}

#[test]
fn a_burst_of_updates_is_quarantined_until_it_has_been_quiet() {
    let mut market = Market::new(3, Settings::default());
    market.run(1_000, &[1, 2, 3]);
    market.now += 100 * MS;
    for _ in 0..500 {
        market.now += MS;
        market.fair(2);
    }
    assert_eq!(market.found(Reason::Rate), [(2, true)]);
    let event = *market.events.iter().find(|event| event.reason == Reason::Rate).unwrap();
    assert!(event.figures[0] == event.figures[1] + 1, "at the first update that is too many: {event:?}");
    let quarantined = market.now;
    while market.health.marked() != 0 {
        market.run(1, &[1, 2, 3]);
    }
    assert!(market.now - quarantined >= 5 * SECOND);
    assert!(market.now - quarantined < 8 * SECOND);
}

#[test]
fn a_burst_at_all_venues_is_the_markets() {
    let mut market = Market::new(3, Settings::default());
    market.run(1_000, &[1, 2, 3]);
    for _ in 0..500 {
        market.now += MS;
        for venue in [1, 2, 3] {
            market.fair(venue);
        }
    }
    let marked = market.found(Reason::Rate).iter().filter(|event| event.1).count();
    assert!(marked <= 2, "the first to be unusual may be marked, not all: {marked}");
    assert_ne!(market.health.marked(), 0b111);
}

#[test]
fn a_spread_that_the_source_never_had_is_quarantined_and_a_single_one_is_not() {
    let mut market = Market::new(3, Settings::default());
    market.run(200, &[1, 2, 3]);
    market.quote(1, market.price - 2_000, market.price + 2_000);
    market.fair(1);
    assert_eq!(market.found(Reason::Spread), []);
    for _ in 0..2 {
        market.step();
        market.quote(1, market.price - 2_000, market.price + 2_000);
    }
    assert_eq!(market.found(Reason::Spread), [(1, true)]);
    market.run(100, &[1, 2, 3]);
    assert_eq!(market.found(Reason::Spread), [(1, true), (1, false)]);
}

#[test]
fn an_only_source_is_not_quarantined_for_what_may_be_the_markets() {
    let mut market = Market::new(1, Settings::default());
    market.run(200, &[1]);
    for _ in 0..5 {
        market.step();
        market.quote(1, market.price - 2_000, market.price + 2_000);
    }
    assert_eq!(market.found(Reason::Spread), []);
}

#[test]
fn a_source_that_falls_behind_the_others_is_quarantined() {
    let settings = Settings { skew_ppm: 100_000, ..Settings::default() };
    let mut market = Market::new(4, settings);
    let mut old = std::collections::VecDeque::from(vec![market.price; 20]);
    for step in 0..7_000 {
        market.now += 100 * MS;
        if step % 50 == 0 {
            market.price += if market.chance.coin() { 300 } else { -300 };
        }
        for venue in [1, 2, 3] {
            market.now += MS;
            market.fair(venue);
        }
        old.push_back(market.price);
        old.pop_front();
        // for 5,000 steps as fast as the others, then 1.5 seconds behind
        let seen = if step < 5_000 { market.price } else { old[4] };
        market.quote(4, seen - 5, seen + 5);
        if step == 4_999 {
            assert_eq!(market.found(Reason::Lead), []);
        }
    }
    let events = market.found(Reason::Lead);
    assert_eq!(events.first(), Some(&(4, true)), "{events:?}");
    assert!(events.iter().all(|event| event.0 == 4));
}

#[test]
fn a_level_left_over_from_before_a_snapshot_is_told_from_a_crossed_market() {
    let mut market = Market::new(2, Settings::default());
    market.run(20, &[1, 2]);
    let stale = market.price;
    for _ in 0..30 {
        market.step();
        market.price -= 3;
        market.quote(2, stale, market.price - 100);
    }
    assert_eq!(market.found(Reason::StaleLevel), [(2, true)]);
    let event = *market.events.iter().find(|event| event.reason == Reason::StaleLevel).unwrap();
    assert_eq!((event.figures[0], event.figures[1]), (stale * PPM, 0));
    let mut other = Market::new(2, Settings::default());
    other.run(20, &[1, 2]);
    for _ in 0..30 {
        other.step();
        other.price += 1;
        other.quote(2, other.price, other.price - 1);
    }
    assert_eq!(other.found(Reason::StaleLevel), []);
    assert_eq!(other.found(Reason::Crossed), [(2, true)]);
}

#[test]
fn a_feed_that_does_not_fit_its_snapshot_is_marked_until_the_next_snapshot() {
    let mut market = Market::new(1, Settings::default());
    market.fair(1);
    let mut feed = |message| market.health.feed(0, 1, 5, message).map(|event| (event.reason, event.on));
    let update = |first, last| Message::Update { first, last, previous: None };
    assert_eq!(feed(Message::Snapshot { last: 10 }), None);
    assert_eq!(feed(update(14, 15)), Some((Reason::Sequence, true)));
    assert_eq!(feed(update(16, 17)), None, "it goes on, and stays marked");
    assert_eq!(feed(Message::Snapshot { last: 40 }), Some((Reason::Sequence, false)));
    assert_eq!(feed(update(39, 44)), None);
}

#[test]
fn a_clock_that_is_five_hours_behind_is_found_while_prices_are_told_by_stamp() {
    let settings = Settings { skew_ppm: 1_000_000, ..Settings::default() };
    let mut market = Market::new(2, settings);
    market.health.sources[0].reference = true;
    let mut walk = vec![1_000_000i64];
    for _ in 0..6_000 {
        let next = walk[walk.len() - 1] + market.chance.below(201) as i64 - 100;
        walk.push(next);
    }
    for (slot, price) in walk.iter().enumerate().take(2_000) {
        market.now = (slot as u64 + 1) * 10 * SECOND;
        market.price = *price;
        market.fair(1);
    }
    assert_eq!(market.found(Reason::ClockShift), []);
    // a walk by 10 seconds: 1,800 of them are five hours
    for slot in 2_000..4_180usize {
        market.now = (slot as u64 + 1) * 10 * SECOND;
        market.price = walk[slot];
        market.fair(1);
        market.price = walk[slot + 1_800];
        market.fair(2);
    }
    assert_eq!(market.found(Reason::ClockShift), [(2, true)]);
    let event = market.events.iter().find(|event| event.reason == Reason::ClockShift).unwrap();
    assert_eq!(event.figures[0], -5 * 3_600 * SECOND as i64);
    assert_eq!(event.figures[2], 1);
}
