//! Market makers: obligations, scores, protections.
//!
//! Whether a maker meets its obligations is looked at when one of its quotes changed, or the market opened or closed; time
//! passes in between.
use std::collections::{BTreeMap, VecDeque};

use crate::engine::{Effects, Engine};
use crate::ledger::Ledger;
use crate::matching::Taker;
use crate::messages::{
    MakerRegistered, MakerScored, PlaceOrder, Protected, ProtectionSet, RegisterMaker, SetProtection,
};
use crate::names::{CancelReason, Reason, SessionState};
use crate::orders::{ALL_OR_NONE, ASIDE, FOK, FRESH, Order, PARKED, PARTLY_SHOWN, QUOTE};
use crate::values::{BPS, PRICE_MAX, QUANTITY_MAX};
use crate::watch::Open;

const WINDOW_MIN_NS: u64 = 1_000_000;
const WINDOW_MAX_NS: u64 = 60_000_000_000;
const SHARE_MAX_BPS: u32 = 1_000_000;
/// Fills that a protection counts at most.
const FILLS_MAX: usize = 65_536;

/// Makers by (place of the instrument, account).
pub type Makers = BTreeMap<(usize, u32), Maker>;

/// Obligations and what became of them in this trading session, up to `since`; from then on `open` and `meets` hold.
#[derive(Debug, Clone, Default)]
pub struct Maker {
    pub spread: i64,
    pub quantity: i64,
    pub presence_bps: u32,
    pub quoted_ns: u64,
    pub open_ns: u64,
    pub since: u64,
    pub open: bool,
    pub meets: bool,
    pub protection: Option<Protection>,
}

/// Sums over the window that pull the quotes when they are exceeded; 0: not watched.
#[derive(Debug, Clone, Default)]
pub struct Protection {
    pub window_ns: u64,
    pub quantity: i64,
    pub delta: i64,
    pub percent_bps: u32,
    pub pulled: bool,
    pub fills: VecDeque<Counted>,
}

/// A fill as a protection counts it: when, lots (sold: negative), its share of what was left of the quote.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    pub stamp: u64,
    pub lots: i64,
    pub share_bps: i64,
}

/// A fill of a quote in this pass.
#[derive(Debug, Clone, Copy)]
pub struct QuoteFill {
    account: u32,
    instrument: u16,
    lots: i64,
    share_bps: i64,
}

impl Ledger {
    /// Notes that an order was filled, if it is a quote; it has what is left after the fill.
    #[inline]
    pub(crate) fn note_quote(&mut self, order: &Order, quantity: i64) {
        if order.flags & QUOTE != 0 {
            let share = i128::from(quantity) * BPS / i128::from(order.left + quantity);
            let lots = if order.buys() { quantity } else { -quantity };
            let (account, instrument) = (order.account, order.instrument);
            self.quote_fills.push(QuoteFill { account, instrument, lots, share_bps: share as i64 });
        }
    }
}

impl Engine {
    pub(crate) fn register_maker(&mut self, c: &RegisterMaker, effects: &mut Effects) -> Result<(), Reason> {
        self.owner(c.account)?;
        let at = self.at(c.instrument)?;
        let key = (at, c.account);
        if c.quantity == 0 {
            if !self.is_maker(c.account, at) {
                return Err(Reason::NotAMaker);
            }
            self.score_maker(key, effects);
            self.makers.remove(&key);
        } else {
            let fits = (1..=QUANTITY_MAX).contains(&c.quantity) && (1..=PRICE_MAX).contains(&c.spread);
            if !fits || i128::from(c.presence_bps) > BPS {
                return Err(Reason::BadMaker);
            }
            self.clock(key);
            let maker = self.makers.entry(key).or_insert_with(|| Maker { since: self.stamp, ..Maker::default() });
            (maker.spread, maker.quantity, maker.presence_bps) = (c.spread, c.quantity, c.presence_bps);
            self.orders.watch.requoted.push((c.account, c.instrument as u16));
        }
        effects.push(&MakerRegistered {
            account: c.account,
            instrument: c.instrument,
            spread: c.spread,
            quantity: c.quantity,
            presence_bps: c.presence_bps,
        });
        Ok(())
    }

    /// It begins anew; quotes are taken again.
    pub(crate) fn set_protection(&mut self, c: &SetProtection, effects: &mut Effects) -> Result<(), Reason> {
        self.owner(c.account)?;
        let at = self.at(c.instrument)?;
        let maker = self.makers.get_mut(&(at, c.account)).ok_or(Reason::NotAMaker)?;
        let watched = c.quantity != 0 || c.delta != 0 || c.percent_bps != 0;
        let window_fits =
            if watched { (WINDOW_MIN_NS..=WINDOW_MAX_NS).contains(&c.window_ns) } else { c.window_ns == 0 };
        if c.quantity < 0 || c.delta < 0 || c.percent_bps > SHARE_MAX_BPS || !window_fits {
            return Err(Reason::BadMaker);
        }
        maker.protection = watched.then(|| Protection {
            window_ns: c.window_ns,
            quantity: c.quantity,
            delta: c.delta,
            percent_bps: c.percent_bps,
            ..Protection::default()
        });
        effects.push(&ProtectionSet {
            account: c.account,
            instrument: c.instrument,
            window_ns: c.window_ns,
            quantity: c.quantity,
            delta: c.delta,
            percent_bps: c.percent_bps,
        });
        Ok(())
    }

    /// Is the account a registered market maker of the instrument?
    pub(crate) fn is_maker(&self, account: u32, at: usize) -> bool {
        self.makers.contains_key(&(at, account))
    }

    /// What the gate asks of a quote. `linked`: is it linked to another order?
    pub(crate) fn check_quote(&self, at: usize, c: &PlaceOrder, linked: bool) -> Result<(), Reason> {
        let maker = self.makers.get(&(at, c.account)).ok_or(Reason::NotAMaker)?;
        if maker.protection.as_ref().is_some_and(|protection| protection.pulled) {
            return Err(Reason::MakerProtected);
        }
        if c.flags & FRESH != 0 && linked { Err(Reason::BadLink) } else { Ok(()) }
    }

    /// Live quotes of the account that go before the first of a mass quote, by id.
    pub(crate) fn earlier_quotes(&mut self, c: &PlaceOrder) -> Vec<u64> {
        if c.flags & FRESH == 0 {
            return Vec::new();
        }
        self.orders.count_changed();
        self.orders.watch.quotes(c.account, c.instrument as u16).collect()
    }

    /// What these orders come to in the sums of their account.
    pub(crate) fn open_of(&self, orders: &[u64]) -> Open {
        let mut open = Open::default();
        for order in orders.iter().filter_map(|id| self.orders.find(*id)).map(|row| self.orders.get(row)) {
            let side = usize::from(!order.buys());
            open.orders += 1;
            if order.marks & ASIDE != 0 {
                continue;
            }
            open.lots[side] += i128::from(order.left);
            open.value[side] += i128::from(order.left) * i128::from(order.price);
        }
        open
    }

    /// Could the order be held for if these live ones of its account were gone? Changes nothing.
    pub(crate) fn afford_without(&mut self, at: usize, taker: &Taker, orders: &[u64]) -> Result<(), Reason> {
        let order = &taker.order;
        if self.instruments[at].is_perpetual() {
            return self.margin_without(at, order, &self.open_of(orders));
        }
        let asset = self.instruments[at].held_asset(order);
        let rows = orders.iter().filter_map(|id| self.orders.find(*id)).map(|row| self.orders.get(row));
        let same = rows.filter(|other| other.side == order.side);
        let held: i128 = same.map(|other| i128::from(other.hold)).sum();
        if held != 0 {
            self.ledger.release(order.account, asset, held);
        }
        let verdict = self.spot_due(at, order).map(|_| ());
        if held != 0 {
            self.ledger.release(order.account, asset, -held);
        }
        verdict
    }

    fn margin_without(&mut self, at: usize, order: &Order, gone: &Open) -> Result<(), Reason> {
        let old = self.instruments[at].positions.get(&order.account).copied().unwrap_or_default();
        let mut lowered = old;
        lowered.count(true, -(gone.lots[0] as i64), -gone.value[0]);
        lowered.count(false, -(gone.lots[1] as i64), -gone.value[1]);
        let Self { instruments, ledger, .. } = self;
        let lower = instruments[at].hold_of(ledger, order.account, &mut lowered);
        let mut new = lowered;
        new.count(order.buys(), order.left, i128::from(order.left) * i128::from(order.price));
        let verdict = self.check_perpetual(at, order.account, &lowered, &new, order.price);
        self.ledger.hold(order.account, self.instruments[at].margin_asset(), old.hold - lower);
        verdict
    }

    /// Takes quotes away, except those that went with one before them.
    pub(crate) fn end_quotes(&mut self, orders: &[u64], reason: CancelReason, effects: &mut Effects) {
        for order in orders {
            if let Some(row) = self.orders.find(*order) {
                self.cancel_row(row, reason, effects);
            }
        }
    }

    /// Between two fills of an order: too much may have happened to a maker. Not where the fills were promised together.
    #[inline]
    pub(crate) fn guard_between(&mut self, taker: &Order, together: bool, effects: &mut Effects) {
        let waits = together || taker.flags & (QUOTE | ALL_OR_NONE) != 0 || taker.tif == FOK;
        if !self.ledger.quote_fills.is_empty() && !waits {
            self.guard_quotes(effects);
        }
    }

    /// Counts the fills of quotes, and pulls the quotes of makers to whom too much happened.
    pub(crate) fn guard_quotes(&mut self, effects: &mut Effects) {
        let mut next = 0;
        while let Some(fill) = self.ledger.quote_fills.get(next).copied() {
            next += 1;
            let QuoteFill { account, instrument, lots, share_bps } = fill;
            let maker = self.makers.get_mut(&(usize::from(instrument) - 1, account));
            let Some(protection) = maker.and_then(|maker| maker.protection.as_mut()).filter(|p| !p.pulled) else {
                continue;
            };
            let cause = protection.count(Counted { stamp: self.stamp, lots, share_bps });
            if cause != 0 {
                protection.pulled = true;
                effects.push(&Protected { account, instrument: instrument.into(), cause });
                self.orders.count_changed();
                let quotes: Vec<u64> = self.orders.watch.quotes(account, instrument).collect();
                self.end_quotes(&quotes, CancelReason::Protection, effects);
            }
        }
        self.ledger.quote_fills.clear();
    }

    /// The market opened or closed: its makers' time counts differently from now on. `None`: every market.
    pub(crate) fn touch_makers(&mut self, at: Option<usize>) {
        let all = self.makers.keys().filter(|(place, _)| at.is_none_or(|at| at == *place));
        self.orders.watch.requoted.extend(all.map(|(place, account)| (*account, *place as u16 + 1)));
    }

    /// At the end of a pass: time went by as it was, and goes by as it is.
    pub(crate) fn clock_makers(&mut self) {
        let mut changed = std::mem::take(&mut self.orders.watch.requoted);
        changed.sort_unstable();
        changed.dedup();
        for (account, instrument) in &changed {
            let key = (usize::from(*instrument) - 1, *account);
            self.clock(key);
            let (open, meets) = (self.is_open(key.0), self.meets(key));
            if let Some(maker) = self.makers.get_mut(&key) {
                (maker.open, maker.meets) = (open, meets);
            }
        }
        changed.clear();
        self.orders.watch.requoted = changed;
    }

    fn clock(&mut self, key: (usize, u32)) {
        if let Some(maker) = self.makers.get_mut(&key) {
            (maker.quoted_ns, maker.open_ns) = maker.score(self.stamp);
            maker.since = self.stamp;
        }
    }

    fn is_open(&self, at: usize) -> bool {
        self.markets[at].state == SessionState::Continuous && !self.halted && !self.instruments[at].halted
    }

    /// Do the maker's best quotes stand within the spread of each other, each with enough lots at its price? Only what
    /// stands in the book and is shown whole counts.
    fn meets(&self, (at, account): (usize, u32)) -> bool {
        let Some(maker) = self.makers.get(&(at, account)) else {
            return false;
        };
        let ids = self.orders.watch.quotes(account, at as u16 + 1);
        let quotes = ids.filter_map(|id| self.orders.find(id)).map(|row| self.orders.get(row));
        let mut best: [Option<(i64, i64)>; 2] = [None, None];
        for order in quotes.filter(|order| order.marks & (PARKED | PARTLY_SHOWN) == 0) {
            let side = &mut best[usize::from(!order.buys())];
            *side = match *side {
                Some((price, lots)) if price == order.price => Some((price, lots + order.left)),
                Some((price, lots)) if (price > order.price) == order.buys() => Some((price, lots)),
                _ => Some((order.price, order.left)),
            };
        }
        let [Some(buy), Some(sell)] = best else {
            return false;
        };
        buy.1.min(sell.1) >= maker.quantity && sell.0 - buy.0 <= maker.spread
    }

    /// A trading session ended: every maker of the instrument is told, by account.
    pub(crate) fn score_makers(&mut self, at: usize, effects: &mut Effects) {
        let keys: Vec<(usize, u32)> = self.makers.range((at, 0)..=(at, u32::MAX)).map(|(key, _)| *key).collect();
        for key in keys {
            self.score_maker(key, effects);
        }
    }

    /// The maker is told how it did, and counts from zero.
    fn score_maker(&mut self, key: (usize, u32), effects: &mut Effects) {
        self.clock(key);
        if let Some(maker) = self.makers.get_mut(&key) {
            let (quoted_ns, open_ns) = (maker.quoted_ns, maker.open_ns);
            let due = i128::from(maker.presence_bps) * i128::from(open_ns);
            let met = u8::from(i128::from(quoted_ns) * BPS >= due);
            (maker.quoted_ns, maker.open_ns) = (0, 0);
            effects.push(&MakerScored { account: key.1, instrument: key.0 as u32 + 1, quoted_ns, open_ns, met });
        }
    }
}

impl Maker {
    /// Nanoseconds in which it met its obligations, of those in which the market was open, up to `now`.
    pub fn score(&self, now: u64) -> (u64, u64) {
        let passed = if self.open { now - self.since } else { 0 };
        (self.quoted_ns + if self.meets { passed } else { 0 }, self.open_ns + passed)
    }
}

impl Protection {
    /// Counts a fill; what is too much then (1 lots, 2 net lots, 3 share), or 0.
    fn count(&mut self, fill: Counted) -> u8 {
        while self.fills.front().is_some_and(|old| fill.stamp - old.stamp >= self.window_ns) {
            self.fills.pop_front();
        }
        if self.fills.len() == FILLS_MAX {
            self.fills.pop_front();
        }
        self.fills.push_back(fill);
        let sum = |of: fn(&Counted) -> i64| self.fills.iter().map(|fill| i128::from(of(fill))).sum::<i128>();
        let over = |limit: i64, sum: i128| limit != 0 && sum > i128::from(limit);
        if over(self.quantity, sum(|fill| fill.lots.abs())) {
            1
        } else if over(self.delta, sum(|fill| fill.lots).abs()) {
            2
        } else {
            3 * u8::from(over(self.percent_bps.into(), sum(|fill| fill.share_bps)))
        }
    }
}
