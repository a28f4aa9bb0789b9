//! What the live orders of watched accounts add up to, kept as they change.
//!
//! An order that is marked [`crate::orders::WATCHED`] says so whenever a row of it is lent out for a change; at the end of
//! the pass the difference to what was counted before goes into the sums. Nobody who changes an order need know of it.
use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::orders::{ASIDE, Order, QUOTE};

/// Live orders of one account in one instrument; buys before sells. Children whose parent is not done have no lots here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Open {
    pub orders: u32,
    pub lots: [i128; 2],
    /// Sums of price x lots.
    pub value: [i128; 2],
}

/// What was counted of an order.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    left: i64,
    price: i64,
}

/// Sums by account, then by instrument; live quotes by account and instrument.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// By row.
    counted: Vec<Option<Counted>>,
    changed: Vec<u32>,
    sums: FxHashMap<u32, Vec<(u16, Open)>>,
    quotes: FxHashMap<(u32, u16), BTreeSet<u64>>,
    /// Whose quotes changed in this pass, and where.
    pub requoted: Vec<(u32, u16)>,
}

impl Watch {
    /// The order in this row is new or about to change.
    #[inline]
    pub(crate) fn note(&mut self, row: u32) {
        self.changed.push(row);
    }

    #[inline]
    pub(crate) fn has_news(&self) -> bool {
        !(self.changed.is_empty() && self.requoted.is_empty())
    }

    /// Rows that changed since they were last asked for.
    pub(crate) fn take_changed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.changed)
    }

    /// Keeps the room of the list for the next pass.
    pub(crate) fn give_back(&mut self, mut changed: Vec<u32>) {
        changed.clear();
        self.changed = changed;
    }

    /// Counts a live order as it is now.
    pub(crate) fn count(&mut self, row: u32, order: &Order) {
        let left = if order.marks & ASIDE == 0 { order.left.max(0) } else { 0 };
        let now = Counted { left, price: order.price };
        if self.counted.len() <= row as usize {
            self.counted.resize(row as usize + 1, None);
        }
        let before = self.counted[row as usize].replace(now);
        let open = self.open_mut(order);
        open.orders += u32::from(before.is_none());
        shift(open, order, before.unwrap_or_default(), now);
        if order.flags & QUOTE != 0 {
            let key = (order.account, order.instrument);
            self.quotes.entry(key).or_default().insert(order.id);
            self.requoted.push(key);
        }
    }

    /// The order is no more. The row may be another's in a moment.
    pub(crate) fn forget(&mut self, row: u32, order: &Order) {
        if let Some(before) = self.counted.get_mut(row as usize).and_then(Option::take) {
            let open = self.open_mut(order);
            open.orders -= 1;
            shift(open, order, before, Counted::default());
        }
        if order.flags & QUOTE != 0 {
            let key = (order.account, order.instrument);
            if let Some(quotes) = self.quotes.get_mut(&key) {
                quotes.remove(&order.id);
                if quotes.is_empty() {
                    self.quotes.remove(&key);
                }
            }
            self.requoted.push(key);
        }
    }

    /// No order is left.
    pub(crate) fn clear(&mut self) {
        self.requoted.extend(self.quotes.drain().map(|(key, _)| key));
        self.counted.clear();
        self.changed.clear();
        self.sums.clear();
    }

    fn open_mut(&mut self, order: &Order) -> &mut Open {
        let sums = self.sums.entry(order.account).or_default();
        let at = match sums.binary_search_by_key(&order.instrument, |(instrument, _)| *instrument) {
            Ok(at) => at,
            Err(at) => {
                sums.insert(at, (order.instrument, Open::default()));
                at
            }
        };
        &mut sums[at].1
    }

    /// All sums of an account: (instrument, sum), by instrument.
    pub fn of(&self, account: u32) -> &[(u16, Open)] {
        self.sums.get(&account).map_or(&[], Vec::as_slice)
    }

    pub fn in_instrument(&self, account: u32, instrument: u16) -> Open {
        let sums = self.of(account);
        let at = sums.binary_search_by_key(&instrument, |(number, _)| *number);
        at.map_or_else(|_| Open::default(), |at| sums[at].1)
    }

    /// Live quotes of an account in an instrument, by id.
    pub fn quotes(&self, account: u32, instrument: u16) -> impl Iterator<Item = u64> + '_ {
        self.quotes.get(&(account, instrument)).into_iter().flatten().copied()
    }
}

fn shift(open: &mut Open, order: &Order, before: Counted, now: Counted) {
    let side = usize::from(!order.buys());
    let value = |counted: Counted| i128::from(counted.left) * i128::from(counted.price);
    open.lots[side] += i128::from(now.left - before.left);
    open.value[side] += value(now) - value(before);
}
