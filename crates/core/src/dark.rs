//! The dark pool: nobody is shown, and everything trades at one price from outside.
use crate::dealing::DARK_TRADE;
use crate::engine::{Alive, Effects, Engine};
use crate::fitting::falls_below;
use crate::names::{CancelReason, Rule, SessionState};
use crate::orders::{ALL_OR_NONE, FOK, Order, PEG, Special};
use crate::rules::{CANCEL_REMAINDER, DARK, MINIMUM_EACH, SELF_TRADE_ALLOWED};

const BY_SIZE: i64 = 1;

impl Engine {
    pub(crate) fn is_dark(&self, at: usize) -> bool {
        self.markets[at].rules.get(Rule::Book) == DARK
    }

    /// Where a dark pool trades now, if it does.
    pub(crate) fn pool_price(&self, at: usize) -> Option<i64> {
        let instrument = &self.instruments[at];
        let trades = self.markets[at].state == SessionState::Continuous && !instrument.halted && !self.halted;
        (trades && instrument.mark > 0).then_some(instrument.mark)
    }

    /// An order comes into the pool: it trades now or goes, or it waits for others (`match_dark`).
    pub(crate) fn work_dark(&mut self, at: usize, row: u32, effects: &mut Effects) -> Alive {
        self.note_arrival(row);
        if self.orders.get(row).kind == PEG
            && let Some(alive) = self.follow_peg(at, row, effects)
        {
            return alive;
        }
        let order = *self.orders.get(row);
        if !order.is_immediate() {
            self.rest(at, row);
            return true;
        }
        let mut fills = self.reachable(at, row);
        if order.tif == FOK && fills.iter().map(|(_, quantity)| quantity).sum::<i64>() < order.left {
            fills.clear();
        }
        for (maker, quantity) in fills {
            let row = (self.orders.find(maker), self.orders.find(order.id));
            if let (Some(maker), Some(taker)) = row {
                self.trade_dark(at, (maker, taker), quantity, effects);
            }
        }
        if self.orders.find(order.id).is_some() {
            let reason = if order.tif == FOK { CancelReason::Fok } else { CancelReason::Ioc };
            self.end_row(row, reason, effects);
        }
        false
    }

    /// Most orders come into the pool in the pass that is their number; that needs no note.
    fn note_arrival(&mut self, row: u32) {
        let arrived = if self.orders.get(row).id == self.sequence { 0 } else { self.sequence };
        match self.orders.special_mut(row) {
            Some(special) => special.arrived = arrived,
            None if arrived != 0 => self.orders.specify(row, Special { arrived, ..Special::default() }),
            None => {}
        }
    }

    /// When it came into the pool, and its number.
    fn arrival(&self, row: u32) -> (u64, u64) {
        let id = self.orders.get(row).id;
        let arrived = self.orders.special(row).map_or(0, |special| special.arrived);
        (if arrived == 0 { id } else { arrived }, id)
    }

    /// Trades as long as there are two that suit each other: the first buy that suits a sell, with the first such sell.
    pub(crate) fn match_dark(&mut self, at: usize, effects: &mut Effects) -> bool {
        if !self.is_dark(at) {
            return false;
        }
        let Some((buy, sell)) = self.dark_pair(at) else {
            return false;
        };
        let quantity = self.common(at, buy, sell, self.orders.get(sell).left);
        let pair = if self.arrival(buy) < self.arrival(sell) { (buy, sell) } else { (sell, buy) };
        self.trade_dark(at, pair, quantity, effects);
        true
    }

    fn dark_pair(&self, at: usize) -> Option<(u32, u32)> {
        let price = self.pool_price(at)?;
        let sells = self.ranked(at, false, price);
        if sells.is_empty() {
            return None;
        }
        let suits =
            |buy: u32| sells.iter().copied().find(|sell| self.common(at, buy, *sell, self.orders.get(*sell).left) > 0);
        self.ranked(at, true, price).into_iter().find_map(|buy| Some((buy, suits(buy)?)))
    }

    /// Orders of a side that trade at the pool's price, in their priority.
    pub(crate) fn ranked(&self, at: usize, buys: bool, price: i64) -> Vec<u32> {
        let market = &self.markets[at];
        let both = [market.book.side(buys), market.hidden.side(buys)];
        let levels = both.into_iter().flat_map(|side| side.levels().map(move |(level, _)| (side, level)));
        let reached = levels.filter(|(_, level)| if buys { *level >= price } else { *level <= price });
        let mut rows: Vec<u32> = reached.flat_map(|(side, level)| side.queue(&self.orders, level)).collect();
        let by_size = market.rules.get(Rule::DarkPriority) == BY_SIZE;
        rows.sort_by_key(|row| (if by_size { -self.orders.get(*row).left } else { 0 }, self.arrival(*row)));
        rows
    }

    /// What an order that does not stay trades now, in the others' priority.
    fn reachable(&self, at: usize, row: u32) -> Vec<(u64, i64)> {
        let (order, special) = (self.orders.get(row), self.special_of(row));
        let (mut left, mut fills) = (order.left, Vec::new());
        // whom the others, when they trade, take with them
        let mut gone = vec![special.one_cancels];
        let Some(price) = self.pool_price(at).filter(|price| order.reaches(*price)) else {
            return fills;
        };
        for maker in self.ranked(at, !order.buys(), price) {
            let id = self.orders.get(maker).id;
            let quantity = if gone.contains(&id) { 0 } else { self.common(at, maker, row, left) };
            if quantity > 0 {
                gone.push(self.special_of(maker).one_cancels);
                fills.push((id, quantity));
                left -= quantity;
                if left == 0 || self.falls_below_dark(at, &special, left) {
                    break;
                }
            }
        }
        fills
    }

    /// The lots that two orders trade, `left` being what the taker still has to go; 0: they do not suit each other.
    pub(crate) fn common(&self, at: usize, maker: u32, taker: u32, left: i64) -> i64 {
        let rules = &self.markets[at].rules;
        let (one, other) = (self.orders.get(maker), self.orders.get(taker));
        if one.account == other.account && rules.get(Rule::SelfTrade) != SELF_TRADE_ALLOWED {
            return 0;
        }
        let quantity = one.left.min(left);
        let least = self.least_dark(at, maker, one.left).max(self.least_dark(at, taker, left));
        if quantity >= least.max(rules.get(Rule::DarkMinimum)) { quantity } else { 0 }
    }

    /// All-or-none: all of it at once. A minimum quantity: each execution, or (by the rule) the first alone.
    fn least_dark(&self, at: usize, row: u32, left: i64) -> i64 {
        let (order, special): (&Order, Special) = (self.orders.get(row), self.special_of(row));
        if order.flags & ALL_OR_NONE != 0 {
            return order.left;
        }
        let each = self.markets[at].rules.get(Rule::MinQuantity) == MINIMUM_EACH;
        let first = special.done == 0 && left == order.left;
        if each || first { special.min_quantity.min(left) } else { 0 }
    }

    /// Is what is left too little to trade again, so that it goes (by the rule)?
    fn falls_below_dark(&self, at: usize, special: &Special, left: i64) -> bool {
        let rules = &self.markets[at].rules;
        let cancels = rules.get(Rule::HiddenRemainder) == CANCEL_REMAINDER;
        falls_below(rules, special, left) || (cancels && left > 0 && left < rules.get(Rule::DarkMinimum))
    }

    /// Before a trade: the partner of either order goes; one whose partner went before goes itself. Are both still there?
    fn are_alone(&mut self, rows: [u32; 2], effects: &mut Effects) -> bool {
        let ids = rows.map(|row| self.orders.get(row).id);
        for id in ids {
            if let Some(row) = self.orders.find(id)
                && self.is_parted(row, effects)
            {
                self.cancel_row(row, CancelReason::OneCancels, effects);
            }
        }
        ids.iter().all(|id| self.orders.find(*id).is_some())
    }

    /// One trade at the pool's price, maker first; an order whose rest is too little goes.
    fn trade_dark(&mut self, at: usize, pair: (u32, u32), quantity: i64, effects: &mut Effects) {
        let rows = [pair.0, pair.1];
        if !self.are_alone(rows, effects) {
            return;
        }
        for row in rows {
            if self.orders.get(row).left == quantity {
                self.take_out(row);
            }
            if let Some(special) = self.orders.special_mut(row)
                && special.min_quantity != 0
            {
                special.done += quantity;
            }
        }
        let rests = rows.map(|row| (row, self.orders.get(row).left - quantity, self.special_of(row)));
        self.deal(pair, (self.instruments[at].mark, quantity), DARK_TRADE, effects);
        for (row, left, special) in rests {
            if self.falls_below_dark(at, &special, left) {
                self.take_out(row);
                self.end_row(row, CancelReason::Minimum, effects);
            }
        }
    }
}
