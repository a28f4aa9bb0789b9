//! Reading ahead. In a large market nearly every command touches memory that no cache holds, one place after the other.
//! What a few commands will touch is looked at together first, stage by stage: within a stage no read waits for
//! another's answer, so that a processor fetches for all of them at once. Nothing is changed and nothing is decided.
use crate::book::Level;
use crate::engine::Engine;
use crate::messages::{Command, PlaceOrder};
use crate::orders::{BUY, NONE, Order, Orders};
use crate::values::PRICE_MAX;

/// So many commands are looked at together.
pub const AHEAD: usize = 16;
/// Below this many live orders the caches hold what is touched, and looking costs more than it saves.
const LARGE: usize = 50_000;

/// Where a command's way leads.
#[derive(Clone, Copy)]
struct Way {
    at: usize,
    account: usize,
    /// The order that it names, or the first that it may meet.
    row: u32,
    /// The last order at its price.
    tail: u32,
}

const NOWHERE: Way = Way { at: usize::MAX, account: 0, row: NONE, tail: NONE };

impl Engine {
    /// Is it worth looking ahead?
    #[inline]
    pub fn is_large(&self) -> bool {
        self.orders.len() >= LARGE
    }

    /// Looks at what the first [`AHEAD`] of these commands will touch. The number has no meaning: it keeps the reads alive.
    pub fn look_ahead(&self, commands: &[Command]) -> u64 {
        let mut ways = [NOWHERE; AHEAD];
        let ways = &mut ways[..commands.len().min(AHEAD)];
        let mut fresh = 0;
        let mut seen = 0;
        for (way, command) in ways.iter_mut().zip(commands) {
            match command {
                Command::PlaceOrder(c) => {
                    *way = self.way_of(c);
                    seen ^= self.orders.look_free(fresh);
                    fresh += 1;
                }
                Command::CancelOrder(c) => way.row = self.orders.find(c.order).unwrap_or(NONE),
                Command::ReplaceOrder(c) => way.row = self.orders.find(c.order).unwrap_or(NONE),
                _ => {}
            }
        }
        for way in ways.iter_mut() {
            seen ^= self.reach(way);
        }
        for way in ways.iter() {
            seen ^= self.look_around(way);
        }
        for way in ways.iter() {
            seen ^= self.look_at_money(way);
        }
        seen
    }

    fn way_of(&self, c: &PlaceOrder) -> Way {
        let at = (c.instrument as usize).wrapping_sub(1);
        let Some(market) = self.markets.get(at) else {
            return NOWHERE;
        };
        let buys = c.side == BUY;
        let row = market.book.side(!buys).first().unwrap_or(NONE);
        let fits = (1..=PRICE_MAX).contains(&c.price);
        let tail = if fits { market.book.side(buys).tail(c.price) } else { NONE };
        Way { at, account: c.account as usize, row, tail }
    }

    /// The orders themselves.
    fn reach(&self, way: &mut Way) -> u64 {
        let tail = self.orders.glance(way.tail);
        let Some(order) = self.orders.peek(way.row) else {
            return tail;
        };
        if way.at == usize::MAX {
            (way.at, way.account) = (order.at(), order.account as usize);
        }
        tail ^ self.orders.details(way.row).quantity as u64
    }

    /// Their neighbours, their level, the account.
    fn look_around(&self, way: &Way) -> u64 {
        let balances = self.ledger.accounts.get(way.account).map_or(0, |account| account.balances.len() as u64);
        let Some(order) = self.orders.peek(way.row) else {
            return balances;
        };
        let level = self.level_of(order).quantity as u64;
        balances ^ level ^ self.orders.glance(order.prev) ^ self.orders.glance(order.next)
    }

    fn level_of(&self, order: &Order) -> Level {
        self.markets[order.at()].book.side(order.buys()).level(order.price)
    }

    /// What the account has of either asset, and what the first order's has.
    fn look_at_money(&self, way: &Way) -> u64 {
        let Some(instrument) = self.instruments.get(way.at) else {
            return 0;
        };
        let (base, quote) = (instrument.terms.base, instrument.terms.quote);
        let other = self.orders.peek(way.row).map_or(0, |order| order.account);
        let account = way.account as u32;
        let mut seen = self.ledger.peek(account, base).1 ^ self.ledger.peek(account, quote).1;
        if other != account {
            seen ^= self.ledger.peek(other, base).1 ^ self.ledger.peek(other, quote).1;
        }
        seen as u64
    }
}

impl Orders {
    fn peek(&self, row: u32) -> Option<&Order> {
        if row == NONE { None } else { Some(self.get(row)) }
    }

    fn glance(&self, row: u32) -> u64 {
        self.peek(row).map_or(0, |order| order.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{CancelOrder, ReplaceOrder};

    #[test]
    fn whatever_is_asked_can_be_looked_at() {
        let engine = Engine::default();
        let client_id = [0; 16];
        for extreme in [0, 1, i64::MAX, i64::MIN] {
            let number = extreme as u32;
            let order = extreme as u64;
            let place = PlaceOrder {
                account: number,
                instrument: number,
                venue: number,
                side: 1,
                kind: 1,
                tif: 1,
                flags: 0,
                price: extreme,
                quantity: extreme,
                client_id,
                session: 0,
            };
            let cancel = CancelOrder { order, account: number, reason: 0, client_id };
            let replace = ReplaceOrder { order, account: number, price: extreme, quantity: extreme, client_id };
            let commands: Vec<Command> = [place.into(), cancel.into(), replace.into()].repeat(AHEAD);
            assert_eq!(engine.look_ahead(&commands), 0);
        }
        assert!(!engine.is_large());
    }
}
