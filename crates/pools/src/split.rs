//! An order split over pools and books together, at the least total cost.
//!
//! Each source has a cost for a number of lots, and the costs are convex: a book by its levels, a pool by its curve. For such
//! costs, moving lots between two sources at a time finds the optimum, and moving 2^k lots first, then half as
//! many, finds it fast: what is best for steps of s lies within (n - 1)(s - 1) lots of what is best for steps of 1
//! (Murota, "Discrete Convex Analysis", SIAM 2003, theorems 6.26 and 6.37). Gas is a fixed cost of each pool used, which
//! is not convex: every subset of the pools is tried. A pool rounds to whole units, which may bend its costs by a
//! unit; the answer is then exact to a unit for each pool.
use crate::pool::{Pool, Way};
use crate::wide::U256;
use crate::{OVERFLOW, Refused};

/// 2^8 subsets are tried.
pub const POOLS_MAX: usize = 8;
/// Rounding may leave something to gain after a pass from the greatest step to the smallest; each further pass gains.
const PASSES_MAX: usize = 8;

/// What lots cost at one source, in minor units of the quote; a seller's proceeds are a negative cost.
pub trait Curve {
    /// None when the source has not that many lots. 0 lots cost 0.
    fn cost(&self, lots: u64) -> Option<i128>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Buy,
    Sell,
}

/// What is to be bought or sold. `lot` counts minor units of the base in a lot.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub side: Side,
    pub lots: u64,
    pub lot: U256,
}

/// A pool that the order may use: from the quote to the base for a buyer, the other way for a seller. `gas` is what using
/// it costs, in minor units of the quote.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    pub pool: &'a Pool,
    pub way: Way,
    pub gas: u128,
}

/// A level of the books: minor units of the quote for a lot with all fees, and lots.
pub type Level = (u64, u64);

/// Who gets how many lots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Lots that go to the books, to be filled level by level.
    pub book: u64,
    /// Lots of each pool.
    pub pools: Vec<u64>,
    /// Gas included; below 0 for a seller.
    pub cost: i128,
    pub gas: u128,
}

/// The books of all venues as one curve.
struct Books {
    /// (lots up to and with a level, cost of these, price).
    levels: Vec<(u64, i128, i128)>,
}

impl Books {
    fn new(side: Side, levels: &[Level]) -> Result<Self, Refused> {
        let sign = if side == Side::Buy { 1 } else { -1 };
        let (mut lots, mut cost) = (0u64, 0i128);
        let mut made: Vec<(u64, i128, i128)> = Vec::with_capacity(levels.len());
        for (price, quantity) in levels {
            let price = sign * i128::from(*price);
            if made.last().is_some_and(|(_, _, before)| *before > price) {
                return Err(Refused::new("levels", "must come best first"));
            }
            lots = lots.checked_add(*quantity).ok_or(OVERFLOW)?;
            cost = cost.checked_add(price * i128::from(*quantity)).ok_or(OVERFLOW)?;
            made.push((lots, cost, price));
        }
        Ok(Self { levels: made })
    }
}

impl Curve for Books {
    fn cost(&self, lots: u64) -> Option<i128> {
        let level = self.levels.partition_point(|(upto, ..)| *upto < lots);
        if lots == 0 {
            return Some(0);
        }
        let (upto, cost, price) = self.levels.get(level)?;
        Some(cost - price * i128::from(upto - lots))
    }
}

struct PoolCurve<'a> {
    offer: Offer<'a>,
    side: Side,
    lot: U256,
}

impl Curve for PoolCurve<'_> {
    fn cost(&self, lots: u64) -> Option<i128> {
        if lots == 0 {
            return Some(0);
        }
        let amount = self.lot.checked_mul(U256::from(lots))?;
        let (pool, way) = (self.offer.pool, self.offer.way);
        match self.side {
            Side::Buy => i128::try_from(pool.quote_out(way, amount).ok()?).ok(),
            Side::Sell => i128::try_from(pool.quote_in(way, amount).ok()?).ok().map(|proceeds| -proceeds),
        }
    }
}

/// The split of an order over books (levels best first) and pools with the least cost. Refused when all together have not
/// enough, or more than POOLS_MAX pools are offered.
pub fn split(order: &Order, levels: &[Level], offers: &[Offer<'_>]) -> Result<Split, Refused> {
    if order.lots == 0 || order.lot.is_zero() {
        return Err(Refused::new("lots", "must be above 0"));
    }
    if offers.len() > POOLS_MAX {
        return Err(Refused::new("pools", "must be at most 8"));
    }
    let books = Books::new(order.side, levels)?;
    let curves: Vec<PoolCurve<'_>> =
        offers.iter().map(|offer| PoolCurve { offer: *offer, side: order.side, lot: order.lot }).collect();
    let mut best: Option<Split> = None;
    for mask in subsets(offers.len()) {
        let chosen: Vec<usize> = (0..offers.len()).filter(|pool| mask >> pool & 1 == 1).collect();
        let mut sources: Vec<&dyn Curve> = vec![&books];
        sources.extend(chosen.iter().map(|pool| &curves[*pool] as &dyn Curve));
        let Some((lots, cost)) = least(&sources, order.lots) else {
            continue;
        };
        let mut found = Split { book: lots[0], pools: vec![0; offers.len()], cost, gas: 0 };
        for (pool, lots) in chosen.iter().zip(&lots[1..]) {
            found.pools[*pool] = *lots;
            found.gas += if *lots > 0 { offers[*pool].gas } else { 0 };
        }
        found.cost = cost.checked_add(i128::try_from(found.gas).map_err(|_| OVERFLOW)?).ok_or(OVERFLOW)?;
        if best.as_ref().is_none_or(|known| found.cost < known.cost) {
            best = Some(found);
        }
    }
    best.ok_or(Refused::new("lots", "are more than books and pools hold together"))
}

/// Every subset of so many pools, small ones first: of two splits that cost the same, the one over fewer pools is taken.
fn subsets(pools: usize) -> Vec<u32> {
    let mut masks: Vec<u32> = (0..1u32 << pools).collect();
    masks.sort_by_key(|mask| (mask.count_ones(), *mask));
    masks
}

/// The least cost of so many lots over convex curves: (lots of each, cost). None when they have not enough.
pub fn least(curves: &[&dyn Curve], lots: u64) -> Option<(Vec<u64>, i128)> {
    let mut point = Point::filled(curves, lots)?;
    for _ in 0..PASSES_MAX {
        let mut gained = false;
        for power in (0..=lots.ilog2()).rev() {
            gained |= point.descend(1 << power);
        }
        if !gained {
            break;
        }
    }
    Some((point.lots, point.costs.iter().sum()))
}

/// Lots of every source, and what they cost.
struct Point<'a> {
    curves: &'a [&'a dyn Curve],
    lots: Vec<u64>,
    costs: Vec<i128>,
}

impl<'a> Point<'a> {
    /// Any point that holds all lots: each source as much as it has.
    fn filled(curves: &'a [&'a dyn Curve], lots: u64) -> Option<Self> {
        let mut left = lots;
        let mut taken = Vec::with_capacity(curves.len());
        for curve in curves {
            let most = most(*curve, left);
            left -= most;
            taken.push(most);
        }
        let costs = curves.iter().zip(&taken).map(|(curve, lots)| curve.cost(*lots)).collect::<Option<_>>()?;
        (left == 0).then_some(Self { curves, lots: taken, costs })
    }

    /// Move `step` lots between two sources for as long as it gains; whether it ever did.
    fn descend(&mut self, step: u64) -> bool {
        let mut up: Vec<Option<i128>> = (0..self.lots.len()).map(|at| self.after(at, true, step)).collect();
        let mut down: Vec<Option<i128>> = (0..self.lots.len()).map(|at| self.after(at, false, step)).collect();
        let mut gained = false;
        while let Some((from, to)) = self.best_move(&up, &down) {
            self.lots[from] -= step;
            self.lots[to] += step;
            for at in [from, to] {
                self.costs[at] = if at == from { down[at] } else { up[at] }.unwrap_or(self.costs[at]);
            }
            for at in [from, to] {
                up[at] = self.after(at, true, step);
                down[at] = self.after(at, false, step);
            }
            gained = true;
        }
        gained
    }

    /// What a source would cost with so many lots more, or fewer.
    fn after(&self, at: usize, more: bool, step: u64) -> Option<i128> {
        let lots = if more { self.lots[at].checked_add(step) } else { self.lots[at].checked_sub(step) };
        self.curves[at].cost(lots?)
    }

    /// The move between two sources that gains most; None when none gains.
    fn best_move(&self, up: &[Option<i128>], down: &[Option<i128>]) -> Option<(usize, usize)> {
        let mut best = None;
        let mut most = 0;
        for (from, fewer) in down.iter().enumerate() {
            let Some(saved) = fewer.map(|cost| self.costs[from] - cost) else {
                continue;
            };
            for to in (0..self.lots.len()).filter(|to| *to != from) {
                let gain = up[to].map(|cost| saved - (cost - self.costs[to]));
                if gain.is_some_and(|gain| gain > most) {
                    (best, most) = (Some((from, to)), gain.unwrap_or(most));
                }
            }
        }
        best
    }
}

/// The most lots, up to `wanted`, that a source has.
fn most(curve: &dyn Curve, wanted: u64) -> u64 {
    if curve.cost(wanted).is_some() {
        return wanted;
    }
    let (mut has, mut has_not) = (0, wanted);
    while has_not - has > 1 {
        let middle = has + (has_not - has) / 2;
        if curve.cost(middle).is_some() {
            has = middle;
        } else {
            has_not = middle;
        }
    }
    has
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::tests::{FORWARD, concentrated, product, stable};

    /// Numbers that look like chance and are the same in every run.
    fn drawn(state: &mut u64, below: u64) -> u64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % below
    }

    /// A convex curve by its marginal costs.
    struct Table(Vec<i128>);

    impl Table {
        fn drawn(state: &mut u64) -> Self {
            let mut marginal: Vec<i128> =
                (0..1 + drawn(state, 12)).map(|_| i128::from(drawn(state, 30)) - 10).collect();
            marginal.sort_unstable();
            Self(marginal)
        }
    }

    impl Curve for Table {
        fn cost(&self, lots: u64) -> Option<i128> {
            self.0.get(..lots as usize).map(|taken| taken.iter().sum())
        }
    }

    /// The least cost over every way to share out the lots.
    fn brute(curves: &[&dyn Curve], lots: u64) -> Option<i128> {
        let Some((last, others)) = curves.split_last() else {
            return (lots == 0).then_some(0);
        };
        (0..=lots).filter_map(|own| Some(last.cost(own)? + brute(others, lots - own)?)).min()
    }

    #[test]
    fn the_split_over_convex_curves_costs_what_the_best_of_all_splits_costs() {
        let mut state = 3;
        for _ in 0..1_000 {
            let tables: Vec<Table> = (0..1 + drawn(&mut state, 4)).map(|_| Table::drawn(&mut state)).collect();
            let curves: Vec<&dyn Curve> = tables.iter().map(|table| table as &dyn Curve).collect();
            let lots = 1 + drawn(&mut state, 25);
            let found = least(&curves, lots);
            assert_eq!(found.as_ref().map(|(_, cost)| *cost), brute(&curves, lots));
            if let Some((shares, _)) = found {
                assert_eq!(shares.iter().sum::<u64>(), lots);
            }
        }
    }

    /// The least cost over every subset and every way, gas included.
    fn brute_split(order: &Order, levels: &[Level], offers: &[Offer<'_>]) -> Option<i128> {
        let books = Books::new(order.side, levels).unwrap();
        let curves = offers.iter().map(|offer| PoolCurve { offer: *offer, side: order.side, lot: order.lot });
        let pools: Vec<WithGas<'_>> = curves.map(WithGas).collect();
        let mut curves: Vec<&dyn Curve> = vec![&books];
        curves.extend(pools.iter().map(|pool| pool as &dyn Curve));
        brute(&curves, order.lots)
    }

    struct WithGas<'a>(PoolCurve<'a>);

    impl Curve for WithGas<'_> {
        fn cost(&self, lots: u64) -> Option<i128> {
            let gas = if lots > 0 { self.0.offer.gas as i128 } else { 0 };
            Some(self.0.cost(lots)? + gas)
        }
    }

    #[test]
    fn pools_and_books_together_cost_what_the_best_of_all_splits_costs() {
        let mut state = 11;
        for round in 0..120 {
            let side = if round % 2 == 0 { Side::Buy } else { Side::Sell };
            let size = 200_000 + drawn(&mut state, 800_000);
            let pools = [
                product(size, size + drawn(&mut state, 50_000)),
                concentrated(u128::from(size) * 3),
                stable(size, size),
            ];
            let gas: Vec<u128> = pools.iter().map(|_| u128::from(drawn(&mut state, 400))).collect();
            let offers: Vec<Offer<'_>> =
                pools.iter().zip(gas).map(|(pool, gas)| Offer { pool, way: FORWARD, gas }).collect();
            let lot = 500 + drawn(&mut state, 1_000);
            let mut levels: Vec<Level> =
                (0..4).map(|_| (lot * (950 + drawn(&mut state, 100)) / 1_000, 1 + drawn(&mut state, 5))).collect();
            levels.sort_unstable();
            if side == Side::Sell {
                levels.reverse();
            }
            let order = Order { side, lots: 1 + drawn(&mut state, 24), lot: U256::from(lot) };
            let found = split(&order, &levels, &offers).unwrap();
            let best = brute_split(&order, &levels, &offers).unwrap();
            assert_eq!(found.cost, best, "{order:?} {levels:?} {found:?}");
            assert_eq!(found.book + found.pools.iter().sum::<u64>(), order.lots);
        }
    }

    #[test]
    fn gas_keeps_a_pool_out_until_it_pays() {
        let pool = product(1_000_000_000, 1_000_000_000);
        let order = |lots| Order { side: Side::Buy, lots, lot: U256::from(1_000) };
        let offer = |gas| [Offer { pool: &pool, way: FORWARD, gas }];
        let levels = [(1_010, 1_000)];
        assert_eq!(split(&order(100), &levels, &offer(0)).unwrap().pools, [100]);
        assert_eq!(split(&order(100), &levels, &offer(10_000)).unwrap().pools, [0], "it saves 7 a lot: 700");
        assert_eq!(split(&order(100), &levels, &offer(500)).unwrap().gas, 500);
    }

    #[test]
    fn lots_are_exact_and_costs_convex_for_a_block() {
        let pools = [product(900_000_000_000, 900_000_000_000), concentrated(4_000_000_000_000)];
        let offers: Vec<Offer<'_>> = pools.iter().map(|pool| Offer { pool, way: FORWARD, gas: 1_000 }).collect();
        let levels: Vec<Level> = (0..2_000).map(|n| (1_000_000 + n * 500, 40)).collect();
        let order = Order { side: Side::Buy, lots: 100_000, lot: U256::from(1_000_000) };
        let found = split(&order, &levels, &offers).unwrap();
        assert_eq!(found.book + found.pools.iter().sum::<u64>(), 100_000);
        let alone = split(&Order { lots: 80_000, ..order }, &levels, &[]).unwrap();
        assert!(found.cost < alone.cost * 100 / 80, "together they are cheaper than the books alone");
    }

    #[test]
    fn what_cannot_be_split_is_refused_by_name() {
        let pool = product(1_000, 1_000);
        let offer = Offer { pool: &pool, way: FORWARD, gas: 0 };
        let order = Order { side: Side::Buy, lots: 10, lot: U256::from(100) };
        let refused = |order: &Order, levels: &[Level], offers: &[Offer<'_>]| split(order, levels, offers).unwrap_err();
        assert_eq!(refused(&order, &[], &[offer]).field, "lots");
        assert_eq!(refused(&order, &[(5, 20), (4, 20)], &[]).field, "levels");
        assert_eq!(refused(&order, &[], &[offer; 9]).field, "pools");
        assert_eq!(refused(&Order { lots: 0, ..order }, &[(5, 20)], &[]).field, "lots");
    }
}
