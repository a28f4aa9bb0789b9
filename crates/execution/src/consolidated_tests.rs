use super::*;
use crate::terms::{Kind, Ratio};

/// Two plain venues: 1 costs 100 ppm, 2 costs 300 ppm.
fn two() -> ConsolidatedBook {
    let mut book = ConsolidatedBook::new();
    book.list(Terms::plain(1, 100)).unwrap();
    book.list(Terms::plain(2, 300)).unwrap();
    book
}

fn rows(book: &ConsolidatedBook, side: Side) -> Vec<(u32, i64, i64)> {
    book.merged(side).map(|(place, level)| (book.venues()[place].terms.number, level.price, level.quantity)).collect()
}

#[test]
fn the_dearer_fee_loses_at_the_same_price() {
    let mut book = two();
    book.update(1, 1, &[(9_999, 4)], &[(10_000, 5), (10_002, 6)]).unwrap();
    book.update(2, 1, &[(9_999, 4)], &[(10_000, 7)]).unwrap();
    assert_eq!(rows(&book, Side::Asks), [(1, 10_000, 5), (2, 10_000, 7), (1, 10_002, 6)]);
    assert_eq!(book.best(Side::Bids).unwrap().1.all_in, 9_999 * (PPM - 100));
    assert_eq!(book.best(Side::Asks).unwrap().1.all_in, 10_000 * (PPM + 100));
}

#[test]
fn a_lower_price_can_be_the_dearer_one() {
    let mut book = two();
    book.update(1, 1, &[], &[(10_001, 5)]).unwrap();
    book.update(2, 1, &[], &[(10_000, 5)]).unwrap();
    assert_eq!(rows(&book, Side::Asks), [(1, 10_001, 5), (2, 10_000, 5)]);
}

#[test]
fn a_rebate_makes_a_price_better_on_both_sides() {
    let mut book = ConsolidatedBook::new();
    book.list(Terms::plain(1, 0)).unwrap();
    book.list(Terms::plain(2, -200)).unwrap();
    for venue in [1, 2] {
        book.update(venue, 1, &[(9_999, 1)], &[(10_001, 1)]).unwrap();
    }
    assert_eq!(book.best(Side::Asks).unwrap().0, 1);
    assert_eq!(book.best(Side::Bids).unwrap().0, 1);
    assert_eq!(book.best(Side::Bids).unwrap().1.all_in, 9_999 * (PPM + 200));
}

#[test]
fn equal_prices_go_to_the_venue_that_was_listed_first() {
    let mut book = ConsolidatedBook::new();
    for venue in [7, 3] {
        book.list(Terms::plain(venue, 0)).unwrap();
        book.update(venue, 1, &[], &[(10, 1)]).unwrap();
    }
    assert_eq!(rows(&book, Side::Asks), [(7, 10, 1), (3, 10, 1)]);
}

#[test]
fn an_update_replaces_what_the_venue_showed_and_a_shut_venue_shows_nothing() {
    let mut book = two();
    book.update(1, 1, &[(9, 1), (8, 1)], &[(10, 1)]).unwrap();
    book.update(1, 2, &[(7, 2)], &[]).unwrap();
    assert_eq!(rows(&book, Side::Bids), [(1, 7, 2)]);
    assert_eq!(rows(&book, Side::Asks), []);
    book.shut(1);
    assert_eq!(rows(&book, Side::Bids), []);
    assert_eq!(book.best(Side::Bids), None);
    book.shut(0);
    assert_eq!(rows(&book, Side::Bids), [(1, 7, 2)]);
}

#[test]
fn the_odd_rest_of_a_level_is_taken_with_the_next_one() {
    let mut book = ConsolidatedBook::new();
    book.list(Terms { lot: 100, ..Terms::plain(1, 0) }).unwrap();
    book.update(1, 1, &[], &[(10, 150), (11, 20), (12, 250), (13, 30)]).unwrap();
    // 150, 170, 420, 450 in whole hundreds: 100, 100, 400, 400
    assert_eq!(rows(&book, Side::Asks), [(1, 10, 100), (1, 12, 300)]);
}

#[test]
fn a_contract_compares_with_spot_in_the_units_of_the_spot() {
    let mut book = ConsolidatedBook::new();
    book.list(Terms::plain(1, 0)).unwrap();
    let contract = Terms {
        price: Ratio { num: 10, den: 1 },
        quantity: Ratio { num: 1_000_000_000, den: 1 },
        inverse: true,
        family: 1,
        ..Terms::plain(2, 500)
    };
    book.list(contract).unwrap();
    book.update(1, 1, &[], &[(6_003_001, 7)]).unwrap();
    book.update(2, 1, &[], &[(600_000, 60)]).unwrap();
    let (place, level) = book.best(Side::Asks).unwrap();
    assert_eq!(place, 1);
    // with the fee of 500 ppm 60,000.00 comes to 60,030.00, a step below the spot's price
    assert_eq!(level.all_in, 6_000_000 * (PPM + 500));
    assert_eq!((level.price, level.quantity, level.own_price, level.own_quantity), (6_000_000, 10_000, 600_000, 60));
}

#[test]
fn the_middle_is_that_of_the_best_plain_prices() {
    let mut book = two();
    assert_eq!(book.middle(), None);
    book.update(1, 1, &[(100, 1)], &[(104, 1)]).unwrap();
    book.update(2, 1, &[(101, 1)], &[(105, 1)]).unwrap();
    assert_eq!(book.middle(), Some(102_500_000));
    assert_eq!(book.venues()[0].middle(), Some(102_000_000));
    assert_eq!(book.venues()[0].spread(), Some(4_000_000));
}

#[test]
fn bad_levels_are_refused_whole_with_the_side_that_is_wrong() {
    let mut book = two();
    book.update(1, 1, &[(9, 1)], &[(10, 1)]).unwrap();
    let many = [(1i64, 1i64); LEVELS_MAX + 1];
    for (bids, asks, refused) in [
        (&[(0, 1)][..], &[][..], ("bids", "a price is not positive")),
        (&[(-5, 1)], &[], ("bids", "a price is not positive")),
        (&[(9, 1)], &[(10, 0)], ("asks", "a quantity is not positive")),
        (&[(9, 1)], &[(10, QUANTITY_MAX + 1)], ("asks", "a quantity is too large")),
        (&[(9, 1), (9, 1)], &[], ("bids", "levels are not in order")),
        (&[(9, 1)], &[(11, 1), (10, 1)], ("asks", "levels are not in order")),
        (&[(PRICE_MAX + 1, 1)], &[], ("bids", "a price is too large")),
        (&many, &[], ("bids", "more than 50 levels")),
    ] {
        assert_eq!(book.update(1, 2, bids, asks), Err(Refused { field: refused.0, reason: refused.1 }));
        assert_eq!(rows(&book, Side::Bids), [(1, 9, 1)], "after {refused:?}");
        assert_eq!(book.venues()[0].updated_at, 1);
    }
    assert_eq!(book.update(9, 1, &[], &[]).unwrap_err().field, "venue");
    book.list(Terms { tick: 5, ..Terms::plain(3, 0) }).unwrap();
    assert_eq!(book.update(3, 1, &[(11, 1)], &[]).unwrap_err().reason, "a price is off the tick");
}

#[test]
fn the_largest_prices_and_fees_still_compare() {
    let mut book = ConsolidatedBook::new();
    book.list(Terms::plain(1, crate::values::FEE_MAX_PPM)).unwrap();
    book.update(1, 1, &[(PRICE_MAX, QUANTITY_MAX)], &[]).unwrap();
    book.update(1, 1, &[], &[(PRICE_MAX, QUANTITY_MAX)]).unwrap();
    assert_eq!(book.best(Side::Asks).unwrap().1.all_in, PRICE_MAX * 1_100_000);
}

#[test]
fn dark_venues_indicate_and_lit_ones_do_not() {
    let mut book = two();
    book.list(Terms { kind: Kind::Dark, ..Terms::plain(5, 0) }).unwrap();
    let said = Indication { at: 3, price: 0, quantity: 700 };
    book.indicate(5, Side::Bids, Some(said)).unwrap();
    assert_eq!(book.venues()[2].indications, [Some(said), None]);
    assert_eq!(book.best(Side::Bids), None);
    book.indicate(5, Side::Bids, None).unwrap();
    assert_eq!(book.venues()[2].indications, [None, None]);
    assert_eq!(book.indicate(1, Side::Bids, Some(said)).unwrap_err().field, "venue");
    assert_eq!(book.update(5, 1, &[], &[]).unwrap_err().field, "venue");
    let wrong = Indication { at: 3, price: -1, quantity: 0 };
    assert_eq!(book.indicate(5, Side::Asks, Some(wrong)).unwrap_err().field, "price");
}

#[test]
fn sixty_four_venues_fit_and_no_more_and_none_twice() {
    let mut book = ConsolidatedBook::new();
    for venue in 0..VENUES_MAX as u32 {
        book.list(Terms::plain(venue, 0)).unwrap();
        book.update(venue, 1, &[], &[(1_000 - i64::from(venue), 1)]).unwrap();
    }
    assert_eq!(book.list(Terms::plain(99, 0)).unwrap_err().reason, "there are 64 already");
    assert_eq!(book.open(), u64::MAX);
    assert_eq!(book.merged(Side::Asks).count(), VENUES_MAX);
    assert_eq!(book.best(Side::Asks).unwrap().0, 63);
    let mut small = two();
    assert_eq!(small.list(Terms::plain(2, 0)).unwrap_err().reason, "is listed already");
}

#[test]
fn trades_are_counted_and_the_last_is_kept() {
    let mut book = two();
    let print = Print { at: 5, price: 100, quantity: 7, taken: Some(Side::Asks) };
    book.trade(2, print).unwrap();
    book.trade(2, Print { quantity: 3, ..print }).unwrap();
    assert_eq!(book.venues()[1].volume, 10);
    assert_eq!(book.venues()[1].last_trade.unwrap().quantity, 3);
    assert_eq!(book.trade(2, Print { price: 0, ..print }).unwrap_err().field, "price");
}
