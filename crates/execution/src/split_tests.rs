use super::*;
use crate::chance::Chance;
use crate::terms::Terms;

/// Fee, lot, asks.
type Venue<'a> = (i64, i64, &'a [(i64, i64)]);

fn book(venues: &[Venue]) -> ConsolidatedBook {
    let mut book = ConsolidatedBook::new();
    for (number, &(fee, lot, asks)) in venues.iter().enumerate() {
        book.list(Terms { lot, ..Terms::plain(number as u32, fee) }).unwrap();
        book.update(number as u32, 1, &[], asks).unwrap();
    }
    book
}

fn parts(split: &Split) -> Vec<(u32, i64)> {
    split.parts.iter().map(|part| (part.venue, part.quantity)).collect()
}

fn buy(quantity: i64) -> Block {
    Block { side: Side::Asks, quantity, limit: None }
}

#[test]
fn without_impact_the_split_is_the_sweep() {
    let book = book(&[(0, 1, &[(100, 5), (102, 5)]), (0, 1, &[(101, 5), (103, 5)])]);
    let mut split = Split::default();
    split.make(&book, buy(12), &[(0, 0), (1, 0)]).unwrap();
    assert_eq!(parts(&split), [(0, 7), (1, 5)]);
    assert_eq!((split.impact, split.exact), (0, true));
    assert_eq!(split.paid, i128::from((5 * 100 + 2 * 102 + 5 * 101) * PPM));
}

#[test]
fn equal_books_with_equal_impact_get_equal_parts() {
    let levels: &[(i64, i64)] = &[(100, 1_000)];
    let book = book(&[(0, 1, levels), (0, 1, levels), (0, 1, levels)]);
    let mut split = Split::default();
    split.make(&book, buy(300), &[(0, PPM), (1, PPM), (2, PPM)]).unwrap();
    assert_eq!(parts(&split), [(0, 100), (1, 100), (2, 100)]);
    split.make(&book, buy(301), &[(0, PPM), (1, PPM), (2, PPM)]).unwrap();
    assert_eq!(parts(&split), [(0, 101), (1, 100), (2, 100)]);
}

#[test]
fn the_steeper_book_gets_less_by_the_ratio_of_the_slopes() {
    let levels: &[(i64, i64)] = &[(100, 1_000)];
    let book = book(&[(0, 1, levels), (0, 1, levels)]);
    let mut split = Split::default();
    split.make(&book, buy(400), &[(0, PPM), (1, 3 * PPM)]).unwrap();
    assert_eq!(parts(&split), [(0, 300), (1, 100)]);
    // 1 + ... + 300 and three times 1 + ... + 100, in millionths of a step
    assert_eq!(split.impact, 300 * 301 / 2 + 3 * 100 * 101 / 2);
}

#[test]
fn the_limit_and_the_depth_bound_what_is_split() {
    let book = book(&[(0, 1, &[(100, 5), (102, 5)]), (0, 1, &[(101, 5), (103, 5)])]);
    let mut split = Split::default();
    split.make(&book, Block { limit: Some(101), ..buy(100) }, &[(0, 1), (1, 1)]).unwrap();
    assert_eq!(parts(&split), [(0, 5), (1, 5)]);
    assert_eq!(split.parts[1].price, 101);
    split.make(&book, buy(100), &[(0, 1), (1, 1)]).unwrap();
    assert_eq!(split.quantity, 20);
    split.make(&book, Block { limit: Some(99), ..buy(100) }, &[(0, 1), (1, 1)]).unwrap();
    assert_eq!((parts(&split), split.quantity), (vec![], 0));
}

#[test]
fn the_largest_block_at_the_steepest_slope_does_not_overflow() {
    let most: &[(i64, i64)] = &[(100, QUANTITY_MAX), (crate::values::PRICE_MAX, QUANTITY_MAX)];
    let book = book(&[(0, 1, most), (0, 7, most), (0, QUANTITY_MAX, most)]);
    let mut split = Split::default();
    for quantity in [1, 999_999_999_999, QUANTITY_MAX] {
        split.make(&book, buy(quantity), &[(0, SLOPE_MAX), (1, SLOPE_MAX), (2, SLOPE_MAX)]).unwrap();
        assert_eq!(split.quantity, quantity);
    }
}

#[test]
fn shut_and_unnamed_venues_take_no_part_and_bad_slopes_are_refused() {
    let levels: &[(i64, i64)] = &[(100, 10)];
    let mut book = book(&[(0, 1, levels), (0, 1, levels), (0, 1, levels)]);
    book.shut(0b001);
    let mut split = Split::default();
    split.make(&book, buy(15), &[(0, 1), (1, 1)]).unwrap();
    assert_eq!(parts(&split), [(1, 10)]);
    assert_eq!(split.make(&book, buy(-1), &[(1, 1)]).unwrap_err().field, "quantity");
    assert_eq!(split.make(&book, buy(QUANTITY_MAX + 1), &[(1, 1)]).unwrap_err().field, "quantity");
    assert_eq!(split.make(&book, buy(1), &[(9, 1)]).unwrap_err().field, "venue");
    assert_eq!(split.make(&book, buy(1), &[(1, -1)]).unwrap_err().field, "slopes");
    assert_eq!(split.make(&book, buy(1), &[(1, 1), (1, 1)]).unwrap_err().field, "slopes");
}

/// The least cost of every quantity by dynamic programming over the venues, in twice all-in price x 10^6 x lots.
fn by_all_ways(book: &ConsolidatedBook, block: &Block, slopes: &[(u32, i64)]) -> Vec<Option<i128>> {
    let mut best = vec![None; block.quantity as usize + 1];
    best[0] = Some(0);
    for &(number, slope) in slopes {
        let place = book.place(number).unwrap();
        let lot = book.venues()[place].terms.lot as usize;
        let mut units = Vec::new();
        for level in book.side(place, block.side) {
            if block.limit.is_none_or(|limit| block.side.sign() * (level.price - limit) <= 0) {
                units
                    .extend(std::iter::repeat_n(i128::from(block.side.sign() * level.all_in), level.quantity as usize));
            }
        }
        let mut costs = vec![0i128];
        for (at, unit) in units.iter().enumerate() {
            costs.push(costs[at] + 2 * unit * i128::from(PPM) + 2 * i128::from(slope) * (at as i128 + 1));
        }
        let mut next = best.clone();
        for (quantity, before) in best.iter().enumerate() {
            for (here, cost) in costs.iter().enumerate().step_by(lot) {
                if let (Some(before), true) = (before, quantity + here < next.len()) {
                    let total = before + cost;
                    let known = &mut next[quantity + here];
                    *known = Some(known.map_or(total, |known: i128| known.min(total)));
                }
            }
        }
        best = next;
    }
    best
}

fn cost(block: &Block, split: &Split, slopes: &[(u32, i64)]) -> i128 {
    let impact: i128 = split
        .parts
        .iter()
        .map(|part| {
            let slope = slopes.iter().find(|known| known.0 == part.venue).unwrap().1;
            i128::from(slope) * i128::from(part.quantity) * i128::from(part.quantity + 1)
        })
        .sum();
    2 * i128::from(block.side.sign()) * split.paid * i128::from(PPM) + impact
}

fn drawn(chance: &mut Chance, lots: &[i64]) -> (ConsolidatedBook, Block, Vec<(u32, i64)>) {
    let mut book = ConsolidatedBook::new();
    let mut slopes = Vec::new();
    for venue in 0..1 + chance.below(4) as u32 {
        let lot = lots[chance.below(lots.len() as u64) as usize];
        let fee = chance.below(4_000) as i64 - 2_000;
        book.list(Terms { lot, ..Terms::plain(venue, fee) }).unwrap();
        let (bids, asks) = chance.sides(1_000, 5, 8 * lots[lots.len() - 1] as u64);
        book.update(venue, 1, &bids, &asks).unwrap();
        let steep = [0, 1, 1_000_000, 400_000_000_000, 3_000_000_000_000];
        slopes.push((venue, steep[chance.below(5) as usize] * (1 + chance.below(3) as i64)));
    }
    let side = if chance.coin() { Side::Bids } else { Side::Asks };
    let limit = chance.coin().then(|| 990 + chance.below(20) as i64);
    (book, Block { side, quantity: 1 + chance.below(50) as i64, limit }, slopes)
}

#[test]
fn no_other_split_costs_less() {
    let (mut chance, mut split) = (Chance::new(77), Split::default());
    for _ in 0..3_000 {
        let (book, block, slopes) = drawn(&mut chance, &[1]);
        split.make(&book, block, &slopes).unwrap();
        let best = by_all_ways(&book, &block, &slopes);
        let most = (0..best.len()).rev().find(|quantity| best[*quantity].is_some()).unwrap();
        assert_eq!(split.quantity as usize, most, "all that can be had");
        assert!(split.exact);
        assert_eq!(cost(&block, &split, &slopes), best[most].unwrap());
    }
}

#[test]
fn no_other_split_in_lots_of_ten_costs_less() {
    let (mut chance, mut split) = (Chance::new(78), Split::default());
    for _ in 0..1_000 {
        let (book, block, slopes) = drawn(&mut chance, &[10]);
        split.make(&book, block, &slopes).unwrap();
        let best = by_all_ways(&book, &block, &slopes);
        let most = (0..best.len()).rev().find(|quantity| best[*quantity].is_some()).unwrap();
        assert_eq!(split.quantity as usize, most);
        assert_eq!(cost(&block, &split, &slopes), best[most].unwrap());
    }
}

#[test]
fn with_lots_that_differ_the_gap_bounds_what_is_lost() {
    let (mut chance, mut split) = (Chance::new(79), Split::default());
    let (mut exact, mut all) = (0, 0);
    for _ in 0..2_000 {
        let (book, block, slopes) = drawn(&mut chance, &[1, 4, 10]);
        split.make(&book, block, &slopes).unwrap();
        let Some(best) = by_all_ways(&book, &block, &slopes)[split.quantity as usize] else { panic!("cannot be had") };
        let found = cost(&block, &split, &slopes);
        let gap = (split.gap + 1) * 2 * i128::from(PPM);
        assert!(found >= best && found - best <= gap, "{found} {best} {gap}");
        assert!(!split.exact || found == best);
        (exact, all) = (exact + i32::from(split.exact), all + 1);
    }
    assert!(exact * 2 > all, "{exact} of {all} are proven");
}

#[test]
fn a_hundred_thousand_lots_over_three_deep_books_stand_at_one_margin() {
    let mut chance = Chance::new(4);
    let mut book = ConsolidatedBook::new();
    let slopes = [(1, 40_000), (2, 90_000), (3, 60_000)];
    for (venue, _) in slopes {
        book.list(Terms::plain(venue, 100 * i64::from(venue))).unwrap();
        let asks: Vec<(i64, i64)> = (0..50).map(|at| (100_000 + 3 * at, 500 + chance.below(3_000) as i64)).collect();
        book.update(venue, 1, &[], &asks).unwrap();
    }
    let mut split = Split::default();
    split.make(&book, buy(100_000), &slopes).unwrap();
    assert_eq!((split.quantity, split.exact), (100_000, true));
    // no lot moved from one venue to another costs less
    for from in 0..3 {
        for to in 0..3 {
            let (less, more) = (&split.ladders[from], &split.ladders[to]);
            if from != to && split.taken[to] < more.blocks() {
                assert!(less.marginal(split.taken[from]) <= more.marginal(split.taken[to] + 1));
            }
        }
    }
}
