use super::*;

const NOTHING: Wake = Wake { instrument: 1, at: None, price: None, volume: None, book: false };

fn with(parents: &[(u64, Wake)]) -> Wakes {
    let mut wakes = Wakes::new();
    for (parent, wake) in parents {
        wakes.set(*parent, *wake).unwrap();
    }
    wakes
}

fn at(at: u64) -> Wake {
    Wake { at: Some(at), ..NOTHING }
}

#[test]
fn times_fall_due_in_the_order_of_deadline_and_id() {
    let mut wakes = with(&[(9, at(10)), (2, at(10)), (1, at(20)), (3, at(30))]);
    assert_eq!(wakes.next_time(), Some(10));
    assert_eq!(wakes.on_time(9), []);
    assert_eq!(wakes.on_time(20), [2, 9, 1]);
    assert_eq!(wakes.on_time(20), [], "once");
    assert_eq!((wakes.len(), wakes.next_time()), (1, Some(30)));
}

#[test]
fn a_buyer_waits_for_the_ask_and_a_seller_for_the_bid() {
    let price = |side, price| Wake { price: Some((side, price)), ..NOTHING };
    let mut wakes = with(&[
        (1, price(Side::Buy, 100)),
        (2, price(Side::Buy, 101)),
        (3, price(Side::Sell, 105)),
        (4, price(Side::Sell, 104)),
    ]);
    assert_eq!(wakes.on_quote(1, Some(103), Some(102)), []);
    assert_eq!(wakes.on_quote(2, Some(200), Some(1)), [], "another instrument");
    assert_eq!(wakes.on_quote(1, None, Some(101)), [2]);
    assert_eq!(wakes.on_quote(1, Some(104), None), [4]);
    assert_eq!(wakes.on_quote(1, Some(110), Some(90)), [1, 3]);
}

#[test]
fn volume_counts_what_trades_after_it_was_asked_for() {
    let volume = |lots| Wake { volume: Some(lots), ..NOTHING };
    let mut wakes = with(&[(1, volume(10))]);
    assert_eq!(wakes.on_trade(1, 6), []);
    wakes.set(2, volume(5)).unwrap();
    assert_eq!(wakes.on_trade(1, 4), [1]);
    assert_eq!(wakes.on_trade(2, 100), []);
    assert_eq!(wakes.on_trade(1, 1), [2]);
    assert_eq!(wakes.traded(1), 11);
}

#[test]
fn the_first_condition_wakes_and_the_others_are_forgotten() {
    let all = Wake { at: Some(50), price: Some((Side::Buy, 10)), volume: Some(5), book: false, instrument: 1 };
    for (wakes, due) in [
        (&mut with(&[(7, all)]), (|w: &mut Wakes| w.on_time(50)) as fn(&mut Wakes) -> Vec<u64>),
        (&mut with(&[(7, all)]), |w| w.on_quote(1, None, Some(9))),
        (&mut with(&[(7, all)]), |w| w.on_trade(1, 5)),
    ] {
        assert_eq!(due(wakes), [7]);
        assert!(wakes.is_empty());
        assert_eq!(
            (wakes.on_time(99), wakes.on_quote(1, None, Some(1)), wakes.on_trade(1, 99)),
            (vec![], vec![], vec![])
        );
    }
}

#[test]
fn a_parent_that_waits_for_price_and_book_is_woken_once() {
    let mut wakes = with(&[
        (3, Wake { book: true, price: Some((Side::Buy, 10)), ..NOTHING }),
        (1, Wake { book: true, ..NOTHING }),
        (2, Wake { book: true, at: Some(5), ..NOTHING }),
    ]);
    assert_eq!(wakes.on_quote(1, None, Some(9)), [2, 1, 3], "those with a deadline first");
}

#[test]
fn setting_again_replaces_and_an_empty_one_takes_away() {
    let mut wakes = with(&[(1, at(10))]);
    wakes.set(1, at(20)).unwrap();
    assert_eq!(wakes.on_time(10), []);
    wakes.set(1, NOTHING).unwrap();
    assert!(wakes.is_empty() && !wakes.cancel(1));
    assert_eq!(wakes.on_time(30), []);
}

#[test]
fn a_parent_too_many_is_refused_and_a_known_one_is_not() {
    let mut wakes = Wakes::new();
    for parent in 0..PARENTS_MAX as u64 {
        wakes.set(parent, at(parent)).unwrap();
    }
    assert_eq!(wakes.set(u64::MAX, at(1)), Err(TooMany));
    assert_eq!(wakes.set(u64::MAX, NOTHING), Ok(()));
    assert_eq!(wakes.set(5, at(0)), Ok(()));
    assert_eq!(wakes.on_time(1), [0, 5, 1]);
}

/// A naive twin: every parent in a list, every condition looked at each time.
#[derive(Default)]
struct Naive {
    parents: Vec<(u64, Wake, u64)>,
    traded: [u64; 3],
}

impl Naive {
    fn due(&mut self, is: impl Fn(&Wake, u64) -> bool) -> Vec<u64> {
        let (due, kept) = self.parents.drain(..).partition(|(_, wake, until)| is(wake, *until));
        self.parents = kept;
        let due: Vec<(u64, Wake, u64)> = due;
        let mut order: Vec<(u64, u64)> = due.iter().map(|(p, wake, _)| (wake.at.unwrap_or(u64::MAX), *p)).collect();
        order.sort_unstable();
        order.into_iter().map(|(_, parent)| parent).collect()
    }
}

/// Numbers that look like chance and are the same in every run (Knuth's multiplier, the upper bits).
fn drawn(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

#[test]
fn a_naive_list_wakes_the_same_parents_in_the_same_order() {
    let (mut wakes, mut naive, mut seed) = (Wakes::new(), Naive::default(), 7);
    for step in 0..30_000u64 {
        let (instrument, price) = (drawn(&mut seed, 3) as u32, drawn(&mut seed, 40) as i64);
        match drawn(&mut seed, 8) {
            0..4 => {
                let parent = drawn(&mut seed, 200);
                let side = if drawn(&mut seed, 2) == 0 { Side::Buy } else { Side::Sell };
                let wake = Wake {
                    instrument,
                    at: (drawn(&mut seed, 2) == 0).then_some(step + drawn(&mut seed, 90)),
                    price: (drawn(&mut seed, 2) == 0).then_some((side, price)),
                    volume: (drawn(&mut seed, 3) == 0).then_some(1 + drawn(&mut seed, 60)),
                    book: drawn(&mut seed, 9) == 0,
                };
                wakes.set(parent, wake).unwrap();
                naive.parents.retain(|(known, ..)| *known != parent);
                if !wake.is_empty() {
                    let until = naive.traded[instrument as usize] + wake.volume.unwrap_or(0);
                    naive.parents.push((parent, wake, until));
                }
            }
            4 => assert_eq!(wakes.on_time(step), naive.due(|wake, _| wake.at.is_some_and(|at| at <= step))),
            5 => {
                let lots = drawn(&mut seed, 9);
                naive.traded[instrument as usize] += lots;
                let traded = naive.traded;
                let is = |wake: &Wake, until| {
                    wake.instrument == instrument && wake.volume.is_some() && until <= traded[instrument as usize]
                };
                assert_eq!(wakes.on_trade(instrument, lots), naive.due(is));
            }
            _ => {
                let (bid, ask) = (price - 3, price + 3);
                let reached = |wake: &Wake| match wake.price {
                    Some((Side::Buy, limit)) => ask <= limit,
                    Some((Side::Sell, limit)) => bid >= limit,
                    None => false,
                };
                let is = |wake: &Wake, _| wake.instrument == instrument && (wake.book || reached(wake));
                assert_eq!(wakes.on_quote(instrument, Some(bid), Some(ask)), naive.due(is));
            }
        }
        assert_eq!(wakes.len(), naive.parents.len());
    }
}
