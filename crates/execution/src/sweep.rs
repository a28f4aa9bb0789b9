//! Taking at once, over all venues or at one: which quantity where, up to which price.
use crate::consolidated::{ConsolidatedBook, Level};
use crate::terms::Terms;
use crate::values::{Side, VENUES_MAX};

/// What goes to one venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    pub venue: u32,
    /// Lots, and the worst price in price steps.
    pub quantity: i64,
    pub price: i64,
    /// The same in the venue's units: a whole number of its lots, and the limit of the order there.
    pub own_quantity: i64,
    pub own_price: i64,
    /// All-in price x lots.
    pub cost: i128,
}

/// A decision; used again and again so that none is made anew for each.
#[derive(Clone, Debug, Default)]
pub struct Sweep {
    /// In the order in which the venues' first levels come.
    pub legs: Vec<Leg>,
    /// Lots, and their all-in prices x lots.
    pub quantity: i64,
    pub cost: i128,
}

const NO_LEG: u8 = u8::MAX;

impl Sweep {
    /// Takes from a side up to a quantity within the limit (price steps; None: at any price), level by level over all open
    /// venues by the all-in price. Each venue gets whole lots of its own; what is less than a lot of the next best venue
    /// goes on to one that takes it.
    pub fn take(&mut self, book: &ConsolidatedBook, side: Side, quantity: i64, limit: Option<i64>) {
        self.clear();
        let mut leg_of = [NO_LEG; VENUES_MAX];
        let mut merge = book.merged(side);
        while self.quantity < quantity {
            let Some((place, level)) = merge.next() else { break };
            if beyond(side, level.price, limit) {
                merge.close(place);
                continue;
            }
            let terms = &book.venues()[place].terms;
            let left = quantity - self.quantity;
            let (own, lots) = usable(terms, level, left);
            if lots < level.quantity && lots < left {
                merge.close(place);
            }
            if lots > 0 {
                let leg = &mut leg_of[place];
                if *leg == NO_LEG {
                    *leg = self.legs.len() as u8;
                    self.legs.push(empty(terms.number));
                }
                add(&mut self.legs[usize::from(*leg)], level, own, lots);
                self.quantity += lots;
            }
        }
        self.cost = self.legs.iter().map(|leg| leg.cost).sum();
    }

    /// The same at one venue alone: where most can be had, and of those where it is cheapest.
    pub fn take_single(&mut self, book: &ConsolidatedBook, side: Side, quantity: i64, limit: Option<i64>) {
        self.clear();
        let sign = i128::from(side.sign());
        for place in book.places(book.open()) {
            let Some(leg) = walk(book, place, side, (quantity, limit)) else { continue };
            let better = self
                .legs
                .first()
                .is_none_or(|best| (leg.quantity, -sign * leg.cost) > (best.quantity, -sign * best.cost));
            if better {
                self.legs.clear();
                self.legs.push(leg);
            }
        }
        (self.quantity, self.cost) = self.legs.first().map_or((0, 0), |leg| (leg.quantity, leg.cost));
    }

    fn clear(&mut self) {
        self.legs.clear();
        (self.quantity, self.cost) = (0, 0);
    }
}

/// One venue's levels up to the quantity and the limit; None when there is nothing.
fn walk(book: &ConsolidatedBook, place: usize, side: Side, wanted: (i64, Option<i64>)) -> Option<Leg> {
    let terms = &book.venues()[place].terms;
    let mut leg = empty(terms.number);
    for level in book.side(place, side) {
        let left = wanted.0 - leg.quantity;
        if left == 0 || beyond(side, level.price, wanted.1) {
            break;
        }
        let (own, lots) = usable(terms, level, left);
        if lots > 0 {
            add(&mut leg, level, own, lots);
        }
        if lots < level.quantity {
            break;
        }
    }
    (leg.quantity > 0).then_some(leg)
}

#[inline]
fn beyond(side: Side, price: i64, limit: Option<i64>) -> bool {
    limit.is_some_and(|limit| side.sign() * (price - limit) > 0)
}

/// Of a level for somebody who wants so many lots: own quantity, lots.
#[inline]
pub fn usable(terms: &Terms, level: &Level, wanted: i64) -> (i64, i64) {
    if level.quantity <= wanted {
        return (level.own_quantity, level.quantity);
    }
    if terms.is_plain() {
        let lots = if terms.lot == 1 { wanted } else { wanted - wanted % terms.lot };
        return (lots, lots);
    }
    let own = terms.own_quantity(wanted, level.own_price).min(level.own_quantity);
    (own, i64::try_from(terms.lots(own, level.own_price)).unwrap_or(0).min(wanted))
}

fn empty(venue: u32) -> Leg {
    Leg { venue, quantity: 0, price: 0, own_quantity: 0, own_price: 0, cost: 0 }
}

#[inline]
fn add(leg: &mut Leg, level: &Level, own: i64, lots: i64) {
    leg.quantity += lots;
    leg.own_quantity += own;
    leg.price = level.price;
    leg.own_price = level.own_price;
    leg.cost += i128::from(level.all_in) * i128::from(lots);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::values::PPM;

    /// Fee, lot, asks.
    type Venue<'a> = (i64, i64, &'a [(i64, i64)]);

    fn book(venues: &[Venue]) -> ConsolidatedBook {
        let mut book = ConsolidatedBook::new();
        for (number, &(fee, lot, asks)) in venues.iter().enumerate() {
            book.list(Terms { lot, ..Terms::plain(number as u32 + 1, fee) }).unwrap();
            book.update(number as u32 + 1, 1, &[], asks).unwrap();
        }
        book
    }

    fn taken(sweep: &Sweep) -> Vec<(u32, i64, i64)> {
        sweep.legs.iter().map(|leg| (leg.venue, leg.quantity, leg.price)).collect()
    }

    #[test]
    fn a_sweep_takes_the_best_all_in_prices_and_no_more_than_it_wants() {
        let book = book(&[(0, 1, &[(100, 5), (102, 5)]), (30_000, 1, &[(99, 5)]), (0, 1, &[(101, 5)])]);
        let mut sweep = Sweep::default();
        sweep.take(&book, Side::Asks, 12, None);
        // 99 with 3 % comes to 101.97: after 100 and 101, before 102
        assert_eq!(taken(&sweep), [(1, 5, 100), (3, 5, 101), (2, 2, 99)]);
        assert_eq!(sweep.quantity, 12);
        assert_eq!(sweep.cost, i128::from(5 * 100 * PPM + 5 * 101 * PPM + 2 * 99 * (PPM + 30_000)));
    }

    #[test]
    fn nothing_is_taken_beyond_the_limit() {
        let book = book(&[(0, 1, &[(100, 5), (102, 5)]), (0, 1, &[(101, 5), (103, 1)])]);
        let mut sweep = Sweep::default();
        sweep.take(&book, Side::Asks, 100, Some(101));
        assert_eq!(taken(&sweep), [(1, 5, 100), (2, 5, 101)]);
        sweep.take(&book, Side::Asks, 100, Some(99));
        assert_eq!((taken(&sweep), sweep.quantity, sweep.cost), (vec![], 0, 0));
    }

    #[test]
    fn whole_lots_of_each_venue_and_the_rest_to_one_that_takes_it() {
        let book = book(&[(0, 100, &[(100, 300)]), (0, 1, &[(105, 40)])]);
        let mut sweep = Sweep::default();
        sweep.take(&book, Side::Asks, 250, None);
        assert_eq!(taken(&sweep), [(1, 200, 100), (2, 40, 105)]);
    }

    #[test]
    fn one_venue_with_most_of_it_comes_before_a_cheaper_one_with_less() {
        let book = book(&[(0, 1, &[(100, 5)]), (0, 1, &[(101, 9), (102, 9)]), (0, 1, &[(101, 10)])]);
        let mut sweep = Sweep::default();
        sweep.take_single(&book, Side::Asks, 10, None);
        assert_eq!(taken(&sweep), [(3, 10, 101)]);
        sweep.take_single(&book, Side::Asks, 5, None);
        assert_eq!(taken(&sweep), [(1, 5, 100)]);
        sweep.take_single(&book, Side::Asks, 5, Some(99));
        assert_eq!(taken(&sweep), []);
    }

    /// All levels in a list, sorted, taken one lot at a time.
    fn naive(book: &ConsolidatedBook, side: Side, quantity: i64, limit: Option<i64>) -> (i64, i128) {
        let mut units: Vec<i64> = Vec::new();
        for place in book.places(book.open()) {
            for level in book.side(place, side) {
                if !beyond(side, level.price, limit) {
                    units.extend(std::iter::repeat_n(level.all_in, level.quantity as usize));
                }
            }
        }
        units.sort_unstable_by_key(|all_in| side.sign() * all_in);
        units.truncate(quantity as usize);
        (units.len() as i64, units.iter().map(|all_in| i128::from(*all_in)).sum())
    }

    #[test]
    fn a_sweep_equals_taking_lot_by_lot_from_one_sorted_list() {
        let mut chance = Chance::new(11);
        let mut sweep = Sweep::default();
        for _ in 0..2_000 {
            let mut book = ConsolidatedBook::new();
            for venue in 0..1 + chance.below(6) {
                book.list(Terms::plain(venue as u32, chance.below(2_000) as i64 - 1_000)).unwrap();
                let (bids, asks) = chance.sides(1_000, 6, 8);
                book.update(venue as u32, 1, &bids, &asks).unwrap();
            }
            for side in Side::BOTH {
                let quantity = 1 + chance.below(60) as i64;
                let limit = chance.coin().then(|| 990 + chance.below(20) as i64);
                sweep.take(&book, side, quantity, limit);
                assert_eq!((sweep.quantity, sweep.cost), naive(&book, side, quantity, limit));
                assert!(sweep.legs.iter().all(|leg| !beyond(side, leg.price, limit)));
            }
        }
    }
}
