//! The split of a block over several books that costs least: fees, the depth that is walked, and the impact.
//!
//! Cost of x lots at a venue = sum of the all-in prices walked + slope x (1 + 2 + ... + x): the x-th lot moves the venue's
//! price by slope. Both grow ever faster, so the problem is convex and separable, and a split is optimal when no lot can
//! move to a venue where the next one costs less: all venues stand at one marginal cost (Fox 1966 for integers). That
//! multiplier is found by bisection; what is left at the very margin is given out lot by lot.
use crate::consolidated::ConsolidatedBook;
use crate::values::{LEVELS_MAX, PPM, QUANTITY_MAX, Refused, Side, VENUES_MAX, refuse};

/// The steepest slope: an all-in price of 10^6 price steps a lot.
pub const SLOPE_MAX: i64 = 1_000_000_000_000_000_000;

/// One venue as the split sees it.
#[derive(Clone, Debug)]
struct Ladder {
    place: usize,
    lot: i128,
    slope: i128,
    /// Twice the marginal cost of the first block of each level, in all-in price x 10^6 a lot; rises.
    firsts: Vec<i128>,
    /// Twice the all-in price x 10^6, signed so that less is better.
    prices: Vec<i128>,
    /// Blocks up to the end of each level.
    ends: Vec<i128>,
}

/// What goes to one venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub venue: u32,
    pub quantity: i64,
    /// The worst price, in price steps and in the venue's own unit.
    pub price: i64,
    pub own_price: i64,
    /// Whole lots of the venue.
    pub own_quantity: i64,
}

/// The split, kept and used again.
#[derive(Clone, Debug, Default)]
pub struct Split {
    pub parts: Vec<Part>,
    pub quantity: i64,
    /// All-in price x lots that are paid, or got.
    pub paid: i128,
    /// Estimated impact, in all-in price x lots.
    pub impact: i128,
    /// No other split of that quantity costs less. Not sure only when venues' lots differ and a rest smaller than one of
    /// them is left at the margin; `gap` bounds what it can be off by, in all-in price x lots.
    pub exact: bool,
    pub gap: i128,
    ladders: Vec<Ladder>,
    taken: Vec<i128>,
}

/// What is asked: from a side, so many lots, within a price (price steps).
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub side: Side,
    pub quantity: i64,
    pub limit: Option<i64>,
}

impl Split {
    /// Splits a block over the open venues. `slopes`: venue and what a lot moves its price by, in all-in price (price steps
    /// x 10^6) x 10^-6; venues that are not named do not take part.
    pub fn make(&mut self, book: &ConsolidatedBook, block: Block, slopes: &[(u32, i64)]) -> Result<(), Refused> {
        if !(0..=QUANTITY_MAX).contains(&block.quantity) {
            return refuse("quantity", "must be from 0 to 10^12");
        }
        if slopes.len() > VENUES_MAX {
            return refuse("slopes", "more than 64 venues");
        }
        self.ladders.truncate(slopes.len());
        let mut used = 0;
        for &(number, slope) in slopes {
            let place = book.known(number)?;
            if !(0..=SLOPE_MAX).contains(&slope) {
                return refuse("slopes", "a slope is negative or too steep");
            }
            if self.ladders[..used].iter().any(|ladder| ladder.place == place) {
                return refuse("slopes", "a venue is named twice");
            }
            if book.open() >> place & 1 == 1 {
                if used == self.ladders.len() {
                    self.ladders.push(Ladder::new());
                }
                self.ladders[used].read(book, place, &block, slope);
                used += 1;
            }
        }
        self.ladders.truncate(used);
        self.solve(i128::from(block.quantity));
        self.tell(book, &block);
        Ok(())
    }

    fn solve(&mut self, quantity: i128) {
        self.taken.clear();
        self.taken.resize(self.ladders.len(), 0);
        (self.exact, self.gap) = (true, 0);
        let all: i128 = self.ladders.iter().map(Ladder::all).sum();
        if all <= quantity {
            self.taken.iter_mut().zip(&self.ladders).for_each(|(taken, ladder)| *taken = ladder.blocks());
            return;
        }
        let margin = self.margin(quantity);
        for (taken, ladder) in self.taken.iter_mut().zip(&self.ladders) {
            *taken = ladder.within(margin - 1);
        }
        let left = quantity - self.lots();
        let left = self.at_margin(margin, left);
        if left > 0 {
            self.beyond_margin(margin, left);
        }
    }

    /// The least marginal cost at which all blocks of at most that cost come to the quantity or more.
    fn margin(&self, quantity: i128) -> i128 {
        let firsts = self.ladders.iter().filter_map(|ladder| ladder.firsts.first());
        let mut low = firsts.min().map_or(0, |first| first - 1);
        let mut high =
            self.ladders.iter().filter(|ladder| !ladder.ends.is_empty()).map(Ladder::last).max().unwrap_or(0);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let lots: i128 = self.ladders.iter().map(|ladder| ladder.within(middle) * ladder.lot).sum();
            if lots >= quantity { high = middle } else { low = middle }
        }
        high
    }

    fn lots(&self) -> i128 {
        self.ladders.iter().zip(&self.taken).map(|(ladder, taken)| ladder.lot * taken).sum()
    }

    /// Blocks that cost exactly the margin, the first venues first: the lots that are left after them.
    fn at_margin(&mut self, margin: i128, mut left: i128) -> i128 {
        for (taken, ladder) in self.taken.iter_mut().zip(&self.ladders) {
            let more = (ladder.within(margin) - *taken).min(left / ladder.lot);
            *taken += more;
            left -= more * ladder.lot;
        }
        left
    }

    /// Venues' lots differ and a rest is left: it goes to the cheapest blocks that are small enough. The multiplier is a
    /// lower bound of what it costs (weak duality), the difference is the gap.
    fn beyond_margin(&mut self, margin: i128, mut left: i128) {
        let mut over = 0;
        while left > 0 {
            let next = self
                .ladders
                .iter()
                .zip(&self.taken)
                .enumerate()
                .filter(|(_, (ladder, taken))| ladder.lot <= left && **taken < ladder.blocks());
            let cheapest = next.map(|(at, (ladder, taken))| (ladder.marginal(taken + 1), at)).min();
            let Some((cost, at)) = cheapest else { break };
            self.taken[at] += 1;
            left -= self.ladders[at].lot;
            over = (cost - margin).saturating_mul(self.ladders[at].lot).saturating_add(over);
        }
        self.exact = over == 0;
        self.gap = over / (2 * i128::from(PPM));
    }

    /// The answer in the words of each venue.
    fn tell(&mut self, book: &ConsolidatedBook, block: &Block) {
        self.parts.clear();
        (self.quantity, self.paid, self.impact) = (0, 0, 0);
        for (ladder, taken) in self.ladders.iter().zip(&self.taken) {
            let terms = &book.venues()[ladder.place].terms;
            let wanted = (taken * ladder.lot) as i64;
            let mut part = Part { venue: terms.number, quantity: 0, price: 0, own_price: 0, own_quantity: 0 };
            for level in book.side(ladder.place, block.side) {
                let (own, lots) = crate::sweep::usable(terms, level, wanted - part.quantity);
                if lots == 0 {
                    break;
                }
                part.quantity += lots;
                part.own_quantity += own;
                (part.price, part.own_price) = (level.price, level.own_price);
                self.paid += i128::from(level.all_in) * i128::from(lots);
            }
            if part.quantity > 0 {
                self.quantity += part.quantity;
                let lots = i128::from(part.quantity);
                let impact = ladder.slope.saturating_mul(lots * (lots + 1) / 2) / i128::from(PPM);
                self.impact = self.impact.saturating_add(impact);
                self.parts.push(part);
            }
        }
    }
}

impl Ladder {
    fn new() -> Self {
        let room = || Vec::with_capacity(LEVELS_MAX);
        Self { place: 0, lot: 1, slope: 0, firsts: room(), prices: room(), ends: room() }
    }

    fn read(&mut self, book: &ConsolidatedBook, place: usize, block: &Block, slope: i64) {
        let terms = &book.venues()[place].terms;
        self.place = place;
        self.slope = i128::from(slope);
        // contracts come to lots that no fixed number divides: their own lots are made whole at the end
        self.lot = if terms.is_plain() { i128::from(terms.lot) } else { 1 };
        for list in [&mut self.firsts, &mut self.prices, &mut self.ends] {
            list.clear();
        }
        let sign = block.side.sign();
        let mut blocks = 0;
        for level in book.side(place, block.side) {
            if block.limit.is_some_and(|limit| sign * (level.price - limit) > 0) {
                break;
            }
            self.prices.push(2 * i128::from(sign * level.all_in) * i128::from(PPM));
            self.firsts.push(self.prices[self.prices.len() - 1] + self.impact(blocks + 1));
            blocks += i128::from(level.quantity) / self.lot;
            self.ends.push(blocks);
        }
    }

    /// Twice the mean impact over the lots of the block with that number.
    #[inline]
    fn impact(&self, block: i128) -> i128 {
        self.slope * (2 * self.lot * block - self.lot + 1)
    }

    fn blocks(&self) -> i128 {
        self.ends.last().copied().unwrap_or(0)
    }

    fn all(&self) -> i128 {
        self.blocks() * self.lot
    }

    /// Twice what a lot of that block costs.
    fn marginal(&self, block: i128) -> i128 {
        let level = self.ends.partition_point(|end| *end < block);
        self.prices[level] + self.impact(block)
    }

    fn last(&self) -> i128 {
        self.marginal(self.blocks())
    }

    /// Blocks that cost at most so much.
    #[inline]
    fn within(&self, cost: i128) -> i128 {
        let levels = self.firsts.partition_point(|first| *first <= cost);
        if levels == 0 {
            return 0;
        }
        let end = self.ends[levels - 1];
        if self.slope == 0 {
            return end;
        }
        let most = quotient(cost - self.prices[levels - 1] + self.slope * (self.lot - 1), 2 * self.slope * self.lot);
        most.min(end)
    }
}

/// Both are positive; 64 bits where they suffice, which is three times as fast.
#[inline]
fn quotient(value: i128, by: i128) -> i128 {
    match (u64::try_from(value), u64::try_from(by)) {
        (Ok(value), Ok(by)) => i128::from(value / by),
        _ => value / by,
    }
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
