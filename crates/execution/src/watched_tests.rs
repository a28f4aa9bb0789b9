use super::*;
use crate::breaker::{HARD, OTHERS, OWN};
use crate::terms::Kind;
use crate::values::{PPM, SECOND};

const PIP: i64 = 10;
const FAIR: i64 = 138_756;

/// Three venues of EURUSD in steps of 0.00001 that quote around the fair price; 4 stands in for 1.
fn market() -> WatchedBook {
    let mut watched = WatchedBook::new(Settings::default(), Breakers::default());
    watched.list(Terms::plain(1, 0), Care { backup: Some(4), ..Care::default() }).unwrap();
    for venue in [2, 3, 4] {
        watched.list(Terms::plain(venue, 0), Care::default()).unwrap();
    }
    for step in 0..200u64 {
        for venue in 1..=4 {
            let price = FAIR + step as i64 % 3 - 1;
            watched.update(venue, SECOND + step * SECOND / 5, &[(price - 1, 5)], &[(price + 1, 5)]).unwrap();
            assert_eq!(watched.events(), []);
        }
    }
    watched
}

const NOW: u64 = 60 * SECOND;

fn used(watched: &WatchedBook) -> Vec<u32> {
    let book = watched.book();
    book.places(book.open()).map(|place| book.venues()[place].terms.number).collect()
}

#[test]
fn a_backup_is_not_used_while_its_principal_is() {
    assert_eq!(used(&market()), [1, 2, 3]);
}

#[test]
fn a_jump_of_a_thousand_pips_is_never_in_the_book_and_the_backup_stands_in() {
    let mut watched = market();
    watched.set_reference(Some(FAIR * PPM));
    let before = watched.book().middle();
    let low = FAIR - 1_000 * PIP;
    watched.update(1, NOW, &[(low - 1, 1_000)], &[(low + 1, 1_000)]).unwrap();
    assert_eq!(used(&watched), [2, 3, 4]);
    assert_eq!(watched.book().best(Side::Asks).map(|best| best.1.price > FAIR - 5), Some(true));
    assert_eq!(watched.book().middle(), before);
    let locked = watched.events().iter().find(|event| event.reason == Reason::Locked).unwrap();
    assert_eq!(locked.figures[0], i64::from(OWN | OTHERS | HARD));
    let backup = watched.events().iter().find(|event| event.reason == Reason::Backup).unwrap();
    assert_eq!((backup.venue, backup.on, backup.figures[0]), (4, true, 1));
    assert_eq!(watched.why_not(1).unwrap() & Reason::Locked.bit(), Reason::Locked.bit());
    assert_eq!(watched.why_not(2).unwrap(), 0);
}

#[test]
fn it_returns_by_rule_and_the_backup_steps_back() {
    let mut watched = market();
    let low = FAIR - 1_000 * PIP;
    watched.update(1, NOW, &[(low - 1, 1_000)], &[(low + 1, 1_000)]).unwrap();
    let mut unlocked = None;
    for step in 1..=60u64 {
        for venue in 1..=4 {
            let at = NOW + step * SECOND / 2;
            watched.update(venue, at, &[(FAIR - 1, 5)], &[(FAIR + 1, 5)]).unwrap();
            if unlocked.is_none() && used(&watched) == [1, 2, 3] {
                unlocked = Some(at - NOW);
                let said: Vec<(Reason, bool)> = watched.events().iter().map(|e| (e.reason, e.on)).collect();
                assert_eq!(said, [(Reason::Locked, false), (Reason::Backup, false)]);
            }
        }
    }
    assert_eq!(unlocked, Some(10 * SECOND), "twenty good quotes");
}

#[test]
fn a_refused_update_changes_no_level_and_marks_the_source_until_a_good_one() {
    let mut watched = market();
    let refused = watched.update(2, NOW, &[(-1, 5)], &[]).unwrap_err();
    assert_eq!((refused.field, refused.reason), ("bids", "a price is not positive"));
    assert_eq!(watched.events().iter().map(|event| event.reason).collect::<Vec<_>>(), [Reason::Malformed]);
    assert_eq!(used(&watched), [1, 3]);
    watched.update(2, NOW + 1, &[(FAIR - 1, 5)], &[(FAIR + 1, 5)]).unwrap();
    assert_eq!(used(&watched), [1, 2, 3]);
    assert_eq!(watched.update(9, NOW, &[], &[]).unwrap_err().field, "venue");
    assert_eq!(watched.events(), []);
}

#[test]
fn a_route_that_is_held_out_is_not_used_until_it_is_given_back() {
    let mut watched = market();
    watched.hold(1, NOW, true).unwrap();
    assert_eq!(used(&watched), [2, 3, 4]);
    watched.hold(1, NOW, true).unwrap();
    assert_eq!(watched.events(), [], "once is enough");
    watched.hold(1, NOW, false).unwrap();
    assert_eq!(used(&watched), [1, 2, 3]);
}

#[test]
fn statistics_know_what_the_middle_did_after_a_fill() {
    let mut watched = market();
    watched.sent(2, 10).unwrap();
    watched.answered(2, 700, false).unwrap();
    watched.filled(2, NOW, Side::Asks, 4).unwrap();
    for venue in 1..=3 {
        // every middle falls by two steps
        watched.update(venue, NOW + SECOND, &[(FAIR - 3, 5)], &[(FAIR - 1, 5)]).unwrap();
    }
    watched.update(1, NOW + 2 * SECOND, &[(FAIR - 3, 5)], &[(FAIR - 1, 5)]).unwrap();
    let route = watched.route(2).unwrap();
    assert_eq!((route.fill_ppm(), route.latency_ns(), route.measured), (400_000, 700, 1));
    assert!((0..=21).contains(&route.toxicity_ppm()), "{}", route.toxicity_ppm());
    assert_eq!(watched.sent(9, 1).unwrap_err().field, "venue");
    assert_eq!(watched.sent(2, 0).unwrap_err().field, "lots");
    assert_eq!(watched.filled(2, NOW, Side::Asks, -1).unwrap_err().field, "lots");
}

#[test]
fn a_venue_cannot_stand_in_for_itself_and_an_indication_marks_nothing() {
    let mut watched = market();
    let own = watched.list(Terms::plain(9, 0), Care { backup: Some(9), ..Care::default() });
    assert_eq!(own.unwrap_err().field, "backup");
    watched.list(Terms { kind: Kind::Dark, ..Terms::plain(9, 0) }, Care::default()).unwrap();
    let said = Indication { at: NOW, price: 0, quantity: 3 };
    watched.indicate(9, Side::Bids, Some(said)).unwrap();
    assert_eq!(watched.update(9, NOW, &[], &[]).unwrap_err().field, "venue");
    assert_eq!(watched.why_not(9).unwrap(), 0);
}
