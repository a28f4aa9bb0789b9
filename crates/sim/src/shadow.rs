//! A book of the plain instrument kept from the effects alone: who must be the next maker, and at what price.
use std::collections::{BTreeMap, HashMap, VecDeque};

use isthmus_core::Engine;
use isthmus_core::messages::{Command, Effect};
use isthmus_core::names::Scope;
use isthmus_core::orders::{BUY, FOK, IOC, MARKET};

use crate::world::PLAIN;

#[derive(Debug, Clone, Copy)]
struct Known {
    account: u32,
    session: u32,
    side: u8,
    price: i64,
    left: i64,
    filled: i64,
    market: bool,
    stays: bool,
}

/// Keyed so that the best price of a side comes first.
type Side = BTreeMap<i64, VecDeque<u64>>;

#[derive(Debug, Default)]
pub struct Shadow {
    orders: HashMap<u64, Known>,
    sides: [Side; 2],
    /// Group and firm of an account.
    members: HashMap<u32, (u32, u32)>,
}

fn key(known: &Known) -> i64 {
    if known.side == BUY { -known.price } else { known.price }
}

impl Shadow {
    /// Takes a record in; the name of the law that it breaks.
    pub fn take(&mut self, sequence: u64, command: &Command, effects: &[Effect]) -> Result<(), &'static str> {
        if let Command::PlaceOrder(c) = command
            && c.instrument == PLAIN
            && c.venue == 0
            && effects.iter().any(|effect| matches!(effect, Effect::Accepted(_)))
        {
            let (market, stays) = (c.kind == MARKET, c.kind != MARKET && c.tif != IOC && c.tif != FOK);
            let (account, session) = (c.account, c.session);
            let known =
                Known { account, session, side: c.side, price: c.price, left: c.quantity, filled: 0, market, stays };
            self.orders.insert(sequence, known);
        }
        let mut moved = None;
        for effect in effects {
            self.one(effect, &mut moved)?;
        }
        let taker = moved.unwrap_or(sequence);
        if self.orders.get(&taker).is_some_and(|known| known.left > 0 && known.stays) {
            self.rest(taker);
        }
        Ok(())
    }

    fn one(&mut self, effect: &Effect, moved: &mut Option<u64>) -> Result<(), &'static str> {
        match effect {
            Effect::Traded(t) if t.instrument == PLAIN && t.flags == 0 => {
                self.trade((t.maker_order, t.taker_order), t.price, t.quantity)
            }
            Effect::Cancelled(c) => {
                self.leave(c.order);
                self.orders.remove(&c.order);
                Ok(())
            }
            Effect::Replaced(r) if self.orders.contains_key(&r.order) => {
                if r.priority_kept == 0 {
                    self.leave(r.order);
                    *moved = Some(r.order);
                }
                let known = self.orders.get_mut(&r.order).expect("it was just found");
                (known.price, known.left) = (r.price, r.quantity - known.filled);
                Ok(())
            }
            Effect::Reduced(r) => {
                if let Some(known) = self.orders.get_mut(&r.order) {
                    known.left = r.left;
                }
                Ok(())
            }
            Effect::AccountSet(set) => {
                self.members.insert(set.account, (set.group, set.firm));
                Ok(())
            }
            Effect::Purged(purged) => {
                self.purge(purged.scope, purged.of);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn purge(&mut self, scope: u8, of: u32) {
        let members = &self.members;
        let gone = |known: &Known| match Scope::of(scope) {
            Some(Scope::Everything) => true,
            Some(Scope::Account) => known.account == of,
            Some(Scope::Group) => members.get(&known.account).is_some_and(|(group, _)| *group == of),
            Some(Scope::Firm) => members.get(&known.account).is_some_and(|(_, firm)| *firm == of),
            Some(Scope::Session) => known.session == of,
            Some(Scope::Instrument) => of == PLAIN,
            _ => false,
        };
        let mut orders: Vec<u64> = self.orders.iter().filter(|(_, known)| gone(known)).map(|(id, _)| *id).collect();
        orders.sort_unstable();
        for order in orders {
            self.leave(order);
            self.orders.remove(&order);
        }
    }

    fn trade(&mut self, (maker, taker): (u64, u64), price: i64, quantity: i64) -> Result<(), &'static str> {
        let known = *self.orders.get(&maker).ok_or("a maker that does not rest")?;
        let side = &mut self.sides[usize::from(known.side != BUY)];
        let mut first = side.first_entry().ok_or("a maker on an empty side")?;
        if first.get().front() != Some(&maker) {
            return Err("priority");
        }
        if price != known.price {
            return Err("a fill away from the maker's price");
        }
        if quantity == known.left {
            first.get_mut().pop_front();
            if first.get().is_empty() {
                first.remove();
            }
            self.orders.remove(&maker);
        } else {
            let known = self.orders.get_mut(&maker).expect("it was just found");
            (known.left, known.filled) = (known.left - quantity, known.filled + quantity);
        }
        let known = self.orders.get_mut(&taker).ok_or("a taker that was not accepted")?;
        let beyond = if known.side == BUY { price > known.price } else { price < known.price };
        if beyond && !known.market {
            return Err("a fill outside the limit");
        }
        (known.left, known.filled) = (known.left - quantity, known.filled + quantity);
        if known.left == 0 {
            self.orders.remove(&taker);
        }
        Ok(())
    }

    fn rest(&mut self, order: u64) {
        let known = self.orders[&order];
        let queue = self.sides[usize::from(known.side != BUY)].entry(key(&known)).or_default();
        if !queue.contains(&order) {
            queue.push_back(order);
        }
    }

    fn leave(&mut self, order: u64) {
        if let Some(known) = self.orders.get(&order) {
            let side = &mut self.sides[usize::from(known.side != BUY)];
            if let Some(queue) = side.get_mut(&key(known)) {
                queue.retain(|other| *other != order);
                if queue.is_empty() {
                    side.remove(&key(known));
                }
            }
        }
    }

    /// The engine's book is this one, order by order.
    pub fn agrees(&self, engine: &Engine) -> bool {
        let Some(book) = engine.markets.get(PLAIN as usize - 1).map(|market| &market.book) else {
            return true;
        };
        [(&book.buys, &self.sides[0]), (&book.sells, &self.sides[1])].into_iter().all(|(side, mine)| {
            let theirs = side.in_priority(&engine.orders).map(|row| {
                let order = engine.orders.get(row);
                (order.id, order.price, order.left)
            });
            theirs.eq(mine.values().flatten().map(|id| (*id, self.orders[id].price, self.orders[id].left)))
        })
    }
}
