//! Pegged orders: they follow a reference price, and wait outside the book while there is none.
use crate::engine::{Effects, Engine};
use crate::matching::Taker;
use crate::names::{CancelReason, Rule, SessionState};
use crate::orders::{FOK, Order, PARKED, PEG, Special};
use crate::rules::DARK;
use crate::special::PENDING;
use crate::values::PRICE_MAX;

/// What a peg follows: its own side's best price, the middle, the other side's best price.
pub const PRIMARY: u8 = 1;
pub const MID: u8 = 2;

impl Engine {
    /// The best price of a side that somebody shows who does not follow others.
    fn best_visible(&self, at: usize, buys: bool) -> Option<i64> {
        let side = self.markets[at].book.side(buys);
        let leads = |row: u32| self.orders.get(row).kind != PEG && self.orders.shown(row) > 0;
        let mut levels = side.levels().filter(|(_, level)| level.quantity > 0).map(|(price, _)| price);
        levels.find(|price| side.queue(&self.orders, *price).any(leads))
    }

    /// The price that a peg follows, in price steps: the middle is rounded down for a buy, up for a sell.
    fn peg_reference(&self, at: usize, buys: bool, peg: u8) -> Option<i64> {
        let market = &self.markets[at];
        if market.state != SessionState::Continuous {
            return None;
        }
        if market.rules.get(Rule::Book) == DARK {
            return Some(self.instruments[at].mark).filter(|mark| *mark > 0);
        }
        match peg {
            PRIMARY => self.best_visible(at, buys),
            MID => {
                let both = self.best_visible(at, true)? + self.best_visible(at, false)?;
                Some(if buys { both / 2 } else { both - both / 2 })
            }
            _ => self.best_visible(at, !buys),
        }
    }

    /// Reference and offset, never beyond the limit (0: none) nor, where orders rest at the edge of a band, beyond that;
    /// None where there is no such price.
    fn peg_price(&self, order: &Order, special: &Special, limit: i64) -> Option<i64> {
        let price = self.peg_reference(order.at(), order.buys(), special.peg)? + special.offset;
        let price = match limit {
            0 => price,
            _ if order.buys() => price.min(limit),
            _ => price.max(limit),
        };
        let price = if self.is_dark(order.at()) { price } else { self.at_edge(order, price) };
        (1..=PRICE_MAX).contains(&price).then_some(price)
    }

    /// A new peg keeps its limit beside its price, which it holds for; without a reference it holds for its limit.
    pub(crate) fn price_peg(&self, taker: &mut Taker) {
        if let Some(special) = &mut taker.special {
            special.limit = taker.order.price;
            taker.order.price = self.peg_price(&taker.order, special, special.limit).unwrap_or(special.limit);
        }
    }

    /// The price that a peg stands at when its terms become these; without a reference it keeps what it is held for.
    pub(crate) fn replaced_peg(&self, order: &Order, special: &Special) -> i64 {
        let without = if special.limit == 0 { order.price } else { special.limit };
        self.peg_price(order, special, special.limit).unwrap_or(without)
    }

    /// A peg that comes to its book takes its price, waits without one, or goes. `Some`: it goes no further; does it live?
    pub(crate) fn follow_peg(&mut self, at: usize, row: u32, effects: &mut Effects) -> Option<bool> {
        let order = *self.orders.get(row);
        let special = self.special_of(row);
        self.markets[at].pegs.insert(order.id);
        self.count(row);
        let price = self.peg_price(&order, &special, special.limit);
        match price {
            Some(price) if price == order.price => None,
            Some(price) => {
                let reason = self.reprice(at, row, price, effects).err()?;
                self.end_row(row, reason, effects);
                Some(false)
            }
            None if order.is_immediate() => {
                let reason = if order.tif == FOK { CancelReason::Fok } else { CancelReason::Ioc };
                self.end_row(row, reason, effects);
                Some(false)
            }
            None => {
                self.park(row, PENDING, effects);
                Some(true)
            }
        }
    }

    /// Moves the pegs that do not stand where their reference says, by number; stops after one that did more than move.
    pub(crate) fn reprice_peg(&mut self, at: usize, effects: &mut Effects) -> bool {
        if self.markets[at].pegs.is_empty() || self.halted || self.instruments[at].halted {
            return false;
        }
        let before = effects.count;
        let pegs: Vec<u64> = self.markets[at].pegs.iter().copied().collect();
        for id in pegs {
            let Some(row) = self.orders.find(id) else {
                self.markets[at].pegs.remove(&id);
                continue;
            };
            let told = effects.count;
            self.move_peg(at, row, effects);
            if effects.count > told + 1 || self.orders.find(id).is_none() || self.links.tells_holds() {
                return true;
            }
        }
        effects.count > before
    }

    fn move_peg(&mut self, at: usize, row: u32, effects: &mut Effects) {
        let (order, special) = (*self.orders.get(row), self.special_of(row));
        let waits = order.marks & PARKED != 0;
        match self.peg_price(&order, &special, special.limit) {
            None if !waits => {
                self.take_out(row);
                self.park(row, PENDING, effects);
            }
            Some(price) if waits || price != order.price => {
                self.unpark(row);
                self.take_out(row);
                if let Err(reason) = self.reprice(at, row, price, effects) {
                    self.end_row(row, reason, effects);
                } else if self.is_dark(at) {
                    self.rest(at, row);
                } else {
                    self.work(at, self.taker(row), Some(row), effects);
                }
            }
            _ => {}
        }
    }
}
