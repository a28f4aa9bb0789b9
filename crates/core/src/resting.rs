//! How an order stands in the book: hidden orders, icebergs and their peaks, and which orders keep matching from its
//! short way.
use crate::engine::{Effects, Engine};
use crate::messages::{Reduced, Refreshed};
use crate::names::Rule;
use crate::orders::{
    ALL_OR_NONE, BEHIND, CHILD, CONDITIONAL, COUNTED, HIDDEN, NONE, PARTLY_SHOWN, REDUCE_ONLY, Special, TOP,
};
use crate::place::Walk;
use crate::rules::MIXED;

/// The output of Vigna's splitmix64 whose state before was `state`.
fn splitmix64(state: u64) -> u64 {
    let mut word = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// The lots that an iceberg shows when it has drawn `drawn` peaks before.
pub(crate) fn peak(special: &Special, drawn: u32, lot: i64) -> i64 {
    let high = if special.display_high == 0 { special.display } else { special.display_high };
    let choices = (high - special.display) / lot + 1;
    let word = splitmix64(special.seed.wrapping_add(drawn.into()));
    special.display + (word % choices as u64) as i64 * lot
}

impl Engine {
    /// The order comes to rest behind the others at its price.
    pub(crate) fn rest(&mut self, at: usize, row: u32) {
        let order = *self.orders.get(row);
        let rules = &self.markets[at].rules;
        let mut marks = order.marks & !(PARTLY_SHOWN | BEHIND | CONDITIONAL | TOP);
        let special = self.special_of(row);
        if order.flags & HIDDEN != 0 {
            marks |= if rules.get(Rule::HiddenAfterVisible) == 1 { PARTLY_SHOWN | BEHIND } else { PARTLY_SHOWN };
        } else if special.display != 0 {
            marks |= PARTLY_SHOWN;
        }
        if order.flags & ALL_OR_NONE != 0 || special.min_quantity != 0 {
            marks |= CONDITIONAL;
        }
        if rules.get(Rule::Book) == MIXED && order.flags & HIDDEN == 0 && self.betters(at, order.buys(), order.price) {
            marks |= TOP;
        }
        self.orders.get_mut(row).marks = marks;
        if special.display != 0 {
            self.draw(at, row);
        }
        if marks & (PARTLY_SHOWN | CONDITIONAL | CHILD) != 0 || order.flags & REDUCE_ONLY != 0 {
            self.count(row);
        }
        self.put_in(at, row);
    }

    /// Is the price better than every order's of that side?
    fn betters(&self, at: usize, buys: bool, price: i64) -> bool {
        let market = &self.markets[at];
        let best = [market.book.side(buys).best(), market.hidden.side(buys).best()];
        best.into_iter().flatten().all(|best| if buys { price > best } else { price < best })
    }

    fn put_in(&mut self, at: usize, row: u32) {
        let order = self.orders.get(row);
        let market = &mut self.markets[at];
        market.shelf(order.marks).side_mut(order.buys()).push(&mut self.orders, row);
    }

    /// Does it stand in a book?
    pub(crate) fn stands(&self, row: u32) -> bool {
        self.orders.get(row).page != NONE
    }

    /// Takes the order out of the book that it stands in, if it stands in one.
    #[inline]
    pub(crate) fn take_out(&mut self, row: u32) {
        let order = self.orders.get(row);
        if order.page == NONE {
            return;
        }
        let (market, buys) = (&mut self.markets[order.at()], order.buys());
        market.shelf(order.marks).side_mut(buys).unlink(&mut self.orders, row);
        self.orders.get_mut(row).page = NONE;
    }

    /// The order keeps matching from its short way as long as it lives.
    pub(crate) fn count(&mut self, row: u32) {
        let order = self.orders.get_mut(row);
        let at = order.at();
        if order.marks & COUNTED == 0 {
            order.marks |= COUNTED;
            self.markets[at].specials += 1;
            self.markets[at].replan();
        }
        self.touch(at);
    }

    /// A counted order is gone.
    pub(crate) fn uncount(&mut self, at: usize) {
        self.markets[at].specials -= 1;
        if self.markets[at].specials == 0 {
            self.markets[at].replan();
        }
    }

    /// A new peak; the last one is what is left.
    pub(crate) fn draw(&mut self, at: usize, row: u32) -> i64 {
        let (left, lot) = (self.orders.get(row).left, self.instruments[at].terms.lot);
        let special = self.orders.special_mut(row).expect("an iceberg has special terms");
        special.shown = left.min(peak(special, special.drawn, lot));
        special.drawn += 1;
        special.shown
    }

    /// The level's total, and an iceberg's peak, after a resting order traded `quantity` (perhaps more than it showed).
    pub(crate) fn show_less(&mut self, row: u32, mut quantity: i64) {
        let order = *self.orders.get(row);
        if order.page == NONE || order.flags & HIDDEN != 0 {
            return;
        }
        if order.is_iceberg()
            && let Some(special) = self.orders.special_mut(row)
        {
            quantity = quantity.min(special.shown);
            special.shown -= quantity;
        }
        let market = &mut self.markets[order.at()];
        market.shelf(order.marks).side_mut(order.buys()).shrink(&self.orders, row, quantity);
    }

    /// An iceberg whose peak is used up shows the next one, behind the others.
    pub(crate) fn refresh(&mut self, at: usize, row: u32, effects: &mut Effects) {
        if !self.orders.get(row).is_iceberg() || self.orders.shown(row) > 0 {
            return;
        }
        self.take_out(row);
        let display = self.draw(at, row);
        self.orders.get_mut(row).marks &= !TOP;
        self.put_in(at, row);
        effects.push(&Refreshed { order: self.orders.get(row).id, display });
    }

    /// What of `quantity` lots that leave a resting order was shown: an iceberg's hidden lots leave first.
    pub(crate) fn shown_of(&self, row: u32, quantity: i64) -> i64 {
        let order = self.orders.get(row);
        let shown = self.orders.shown(row);
        shown - shown.min(order.left - quantity)
    }

    /// Takes lots off an order where it stands. `walk`: of an incoming market order that holds for what it finds.
    pub(crate) fn cut(&mut self, at: usize, row: u32, quantity: i64, walk: Option<Walk>, effects: &mut Effects) {
        self.show_less(row, self.shown_of(row, quantity));
        let Self { instruments, ledger, orders, .. } = self;
        orders.details_mut(row).quantity -= quantity;
        let order = orders.get_mut(row);
        order.left -= quantity;
        let instrument = &mut instruments[at];
        let released = if instrument.is_perpetual() {
            let units = if walk.is_some() || order.exposure().0 == 0 { 0 } else { quantity };
            let value = i128::from(units) * i128::from(order.price);
            let before = instrument.positions.get(&order.account).map_or(0, |position| position.hold);
            before - instrument.shift(ledger, order.account, (0, 0), (order.buys(), units, value))
        } else if walk.is_some() && order.buys() {
            0
        } else {
            let before = order.hold;
            self.hold_again(at, row);
            before - self.orders.get(row).hold
        };
        self.look_at_parent(row);
        let order = self.orders.get(row);
        effects.push(&Reduced { order: order.id, quantity, left: order.left, released });
    }
}
