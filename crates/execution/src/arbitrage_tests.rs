use super::*;
use crate::chance::Chance;
use crate::terms::Ratio;

fn venue(book: &mut ConsolidatedBook, terms: Terms, bids: &[(i64, i64)], asks: &[(i64, i64)]) {
    book.list(terms).unwrap();
    book.update(terms.number, 1, bids, asks).unwrap();
}

#[test]
fn a_bid_over_an_ask_gains_what_both_fees_leave() {
    let mut book = ConsolidatedBook::new();
    venue(&mut book, Terms::plain(1, 100), &[(9_990, 5)], &[(10_000, 4), (10_003, 9)]);
    venue(&mut book, Terms::plain(2, 100), &[(10_010, 3), (10_006, 3)], &[(10_020, 5)]);
    let pair = scan(&book, 1).unwrap();
    assert_eq!((pair.buy, pair.sell, pair.basis), (1, 2, false));
    // 3 at 10,000/10,010, 1 at 10,000/10,006, 2 at 10,003/10,006: fees of 2.0006 a lot leave a gain on each
    assert_eq!((pair.quantity, pair.buy_price, pair.sell_price), (6, 10_003, 10_006));
    let fees = 1_000_000 - 100_i64;
    let got = (3 * 10_010 + 3 * 10_006) * fees;
    let paid = (4 * 10_000 + 2 * 10_003) * (1_000_000 + 100_i64);
    assert_eq!(pair.profit, i128::from(got - paid));
    assert_eq!(scan(&book, 0), Some(pair), "either venue's change finds it");
}

#[test]
fn fees_that_eat_the_gain_leave_nothing() {
    let mut book = ConsolidatedBook::new();
    venue(&mut book, Terms::plain(1, 500), &[], &[(10_000, 4)]);
    venue(&mut book, Terms::plain(2, 500), &[(10_009, 3)], &[]);
    assert_eq!(scan(&book, 0), None);
}

#[test]
fn venues_that_are_shut_are_not_looked_at() {
    let mut book = ConsolidatedBook::new();
    venue(&mut book, Terms::plain(1, 0), &[], &[(10_000, 4)]);
    venue(&mut book, Terms::plain(2, 0), &[(10_009, 3)], &[]);
    book.shut(0b10);
    assert_eq!((scan(&book, 0), scan(&book, 1)), (None, None));
    book.shut(0);
    assert!(scan(&book, 0).is_some());
}

#[test]
fn whole_lots_of_both_venues_or_nothing() {
    let mut book = ConsolidatedBook::new();
    venue(&mut book, Terms { lot: 4, ..Terms::plain(1, 0) }, &[], &[(10_000, 40)]);
    venue(&mut book, Terms { lot: 6, ..Terms::plain(2, 0) }, &[(10_009, 30)], &[]);
    assert_eq!(scan(&book, 0).unwrap().quantity, 24);
    book.update(2, 2, &[(10_009, 6)], &[]).unwrap();
    assert_eq!(scan(&book, 0), None);
}

#[test]
fn a_perpetual_over_its_spot_is_a_basis() {
    let mut book = ConsolidatedBook::new();
    venue(&mut book, Terms::plain(1, 0), &[], &[(6_000_000, 20_000)]);
    let value = Ratio { num: 1_000_000_000, den: 1 };
    let contract =
        Terms { price: Ratio { num: 10, den: 1 }, quantity: value, inverse: true, family: 1, ..Terms::plain(2, 0) };
    venue(&mut book, contract, &[(600_600, 60)], &[]);
    let pair = scan(&book, 1).unwrap();
    assert!(pair.basis);
    // 60 contracts of 100 USD at 60,060 are 9,990 lots of 0.00001
    assert_eq!((pair.quantity, pair.own_sell), (9_990, (600_600, 60)));
    assert_eq!(pair.own_buy, (6_000_000, 9_990));
}

/// The best over all quantities, lot by lot.
fn naive(book: &ConsolidatedBook, place: usize) -> i128 {
    let units = |place: usize, side: Side| {
        let levels = book.side(place, side).iter();
        levels.flat_map(|level| std::iter::repeat_n(level.all_in, level.quantity as usize)).collect::<Vec<i64>>()
    };
    let gain = |buy: usize, sell: usize| {
        let both = units(buy, Side::Asks).into_iter().zip(units(sell, Side::Bids));
        both.map(|(ask, bid)| i128::from((bid - ask).max(0))).sum::<i128>()
    };
    let others = book.places(book.open()).filter(|other| *other != place);
    others.map(|other| gain(place, other).max(gain(other, place))).max().unwrap_or(0)
}

#[test]
fn no_pair_of_the_venue_gains_more() {
    let mut chance = Chance::new(9);
    let mut found = 0;
    for _ in 0..2_000 {
        let mut book = ConsolidatedBook::new();
        for number in 0..2 + chance.below(5) as u32 {
            let around = 1_000 + chance.below(12) as i64;
            let (bids, asks) = chance.sides(around, 5, 9);
            venue(&mut book, Terms::plain(number, chance.below(1_500) as i64), &bids, &asks);
        }
        let place = chance.below(book.venues().len() as u64) as usize;
        let pair = scan(&book, place);
        assert_eq!(pair.map_or(0, |pair| pair.profit), naive(&book, place));
        found += i32::from(pair.is_some());
    }
    assert!((200..1_800).contains(&found), "both cases occur: {found}");
}

/// EURUSD in 0.00001 and lots of 1,000; USDJPY and EURJPY in 0.001 and lots of 1,000.
const LINKS: Links = Links { price: (1, 100_000), second: (1, 100_000), cross: (1, 1) };

fn touch(bid: i64, ask: i64, lots: i64) -> Touch {
    Touch { bid: (bid * PPM, lots), ask: (ask * PPM, lots) }
}

#[test]
fn a_cross_over_its_legs_is_bought_through_them() {
    let (eurusd, usdjpy) = (touch(109_990, 110_000, 1_000), touch(149_990, 150_000, 550));
    // 1.10000 x 150.000 = 165.000
    let found = triangle(&eurusd, &usdjpy, &touch(165_100, 165_110, 800), &LINKS).unwrap();
    assert!(found.buys_first);
    assert_eq!(found.gain_ppm, 100 * PPM / 165_000);
    // 550,000 USD buy 500,000 EUR
    assert_eq!((found.first, found.second, found.cross), (500, 550, 500));
    let back = triangle(&eurusd, &usdjpy, &touch(164_800, 164_900, 100), &LINKS).unwrap();
    assert!(!back.buys_first);
    assert_eq!((back.first, back.cross), (100, 100));
    assert_eq!(triangle(&eurusd, &usdjpy, &touch(164_980, 165_000, 100), &LINKS), None);
}
