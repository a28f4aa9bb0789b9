//! The kill switch, its re-arming by two operators, and the dead-man timer.
//!
//! A purge is summed: its record has how many orders went, a digest of them and what was released, not a line for each.
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use crate::deadlines;
use crate::engine::{Effects, Engine};
use crate::ledger::VENUE;
use crate::messages::{
    DeadManFired, DeadManSet, Kill, Killed, Purged, Rearm, RearmAsked, Rearmed, Released, SetDeadMan, Settled,
};
use crate::names::{CancelReason, Reason, Scope};
use crate::orders::{CHILD, COUNTED, HAS_SPECIAL, NAMED, Order, PARENT, PARKED, ROUTED, WORKED};

/// Bytes that are hashed at a time.
const DIGEST_BYTES: usize = 1 << 14;
const TIMEOUT_MIN_NS: u64 = 1_000_000;
const TIMEOUT_MAX_NS: u64 = 24 * 3_600 * 1_000_000_000;

/// Kills that stand: by scope and number, the operator who agreed to re-arm.
pub type Kills = BTreeMap<(u8, u32), Option<u32>>;

/// Dead-man timers: by account and session, when they fire (ns).
pub type Timers = BTreeMap<(u32, u32), u64>;

/// Live orders of one account in a perpetual that a purge takes off.
#[derive(Clone, Copy, Default)]
struct Off {
    lots: [i64; 2],
    value: [i128; 2],
}

/// What a purge finds in its one look at the orders, before it touches anything.
#[derive(Default)]
struct Found {
    /// Orders on the house's books, by id.
    rows: Vec<u32>,
    /// Orders at outside venues, and parents with children there, by id.
    routed: Vec<u32>,
    /// Of `rows`, those with more to forget than a place in a book.
    remembered: Vec<u32>,
    digest: Sha256,
    lots: i128,
    /// Spot holds by account and asset: each balance is looked up once and not once an order.
    holds: FxHashMap<(u32, u32), i128>,
    /// By place of the instrument, by account.
    positions: BTreeMap<usize, BTreeMap<u32, Off>>,
}

fn words(sum: i128) -> (u64, i64) {
    (sum as u64, (sum >> 64) as i64)
}

impl Engine {
    /// Is the kill switch on for what this command concerns? `venue` and `instrument` as the command names them.
    #[inline]
    pub(crate) fn check_killed(&self, account: u32, session: u32, instrument: u32, venue: u32) -> Result<(), Reason> {
        if self.kills.is_empty() {
            return Ok(());
        }
        let of = &self.ledger.accounts[account as usize];
        let whose = [
            (Scope::Everything, 0),
            (Scope::Account, account),
            (Scope::Group, of.group),
            (Scope::Firm, of.firm),
            (Scope::Session, session),
            (Scope::Instrument, instrument),
            (Scope::Venue, venue),
        ];
        let on = |(scope, number): &(Scope, u32)| self.kills.contains_key(&(*scope as u8, *number));
        if whose.iter().any(on) { Err(Reason::Killed) } else { Ok(()) }
    }

    /// There must be something of this number in the scope.
    pub(crate) fn check_scope(&self, scope: u8, of: u32) -> Result<Scope, Reason> {
        let scope = Scope::of(scope).ok_or(Reason::UnknownScope)?;
        match scope {
            Scope::Account => self.owner(of)?,
            Scope::Instrument => {
                self.at(of)?;
            }
            Scope::Venue if self.ledger.kind(of) != VENUE => return Err(Reason::UnknownVenue),
            Scope::Everything if of != 0 => return Err(Reason::UnknownScope),
            Scope::Group | Scope::Firm | Scope::Session if of == 0 => return Err(Reason::UnknownScope),
            _ => {}
        }
        Ok(scope)
    }

    pub(crate) fn kill(&mut self, c: &Kill, effects: &mut Effects) -> Result<(), Reason> {
        let scope = self.check_scope(c.scope, c.of)?;
        self.kills.insert((c.scope, c.of), None);
        effects.push(&Killed { scope: c.scope, of: c.of, user: c.user });
        self.purge(scope, c.of, effects);
        Ok(())
    }

    pub(crate) fn rearm(&mut self, c: &Rearm, effects: &mut Effects) -> Result<(), Reason> {
        self.check_scope(c.scope, c.of)?;
        let (scope, of, user) = (c.scope, c.of, c.user);
        match self.kills.get(&(scope, of)) {
            None => return Err(Reason::NotKilled),
            Some(Some(first)) if *first == user => return Err(Reason::SameOperator),
            Some(Some(first)) => {
                let first = *first;
                self.kills.remove(&(scope, of));
                effects.push(&Rearmed { scope, of, first, second: user });
            }
            Some(None) => {
                self.kills.insert((scope, of), Some(user));
                effects.push(&RearmAsked { scope, of, user });
            }
        }
        Ok(())
    }

    fn purge(&mut self, scope: Scope, of: u32, effects: &mut Effects) {
        let found = self.look_for(scope, of);
        let (released, settled) = self.release_sums(&found);
        let whole = matches!(scope, Scope::Everything | Scope::Instrument);
        self.forget_rows(whole, &found);
        let ((lots_low, lots_high), digest) = (words(found.lots), found.digest.finalize().into());
        effects.push(&Purged { scope: scope as u8, of, orders: found.rows.len() as u64, lots_low, lots_high, digest });
        for (asset, amount) in released {
            let (amount_low, amount_high) = words(amount);
            effects.push(&Released { asset, amount_low, amount_high });
        }
        settled.iter().for_each(|effect| effects.push(effect));
        for row in found.routed {
            self.cancel_row(row, CancelReason::Kill, effects);
        }
    }

    fn look_for(&self, scope: Scope, of: u32) -> Found {
        let mut found = Found::default();
        let mut block = Vec::with_capacity(DIGEST_BYTES);
        for row in self.orders.by_id().filter(|row| self.is_in(scope, of, *row)) {
            let order = self.orders.get(row);
            if order.marks & ROUTED != 0 || self.has_routed_children(order) {
                // a child's is asked for with its parent's others, where that goes too
                if order.marks & CHILD == 0 || scope == Scope::Venue {
                    found.routed.push(row);
                }
                continue;
            }
            found.rows.push(row);
            if order.marks & (NAMED | COUNTED | HAS_SPECIAL | PARKED | PARENT) != 0 {
                found.remembered.push(row);
            }
            block.extend_from_slice(&order.id.to_le_bytes());
            block.extend_from_slice(&order.left.to_le_bytes());
            if block.len() >= DIGEST_BYTES {
                found.digest.update(&block);
                block.clear();
            }
            found.lots += i128::from(order.left);
            self.sum(order, &mut found);
        }
        found.digest.update(&block);
        found
    }

    fn has_routed_children(&self, order: &Order) -> bool {
        let routed = |id: &u64| self.orders.find(*id).is_some_and(|row| self.orders.get(row).marks & ROUTED != 0);
        order.kind == WORKED && self.family(order.id).children.iter().any(routed)
    }

    fn sum(&self, order: &Order, found: &mut Found) {
        let instrument = &self.instruments[order.at()];
        if instrument.is_perpetual() {
            let by_account = found.positions.entry(order.at()).or_default();
            by_account.entry(order.account).or_default().add(order);
        } else if order.hold != 0 {
            *found.holds.entry((order.account, instrument.held_asset(order))).or_default() += i128::from(order.hold);
        }
    }

    fn is_in(&self, scope: Scope, of: u32, row: u32) -> bool {
        let order = self.orders.get(row);
        match scope {
            Scope::Everything => true,
            Scope::Account => order.account == of,
            Scope::Group => self.ledger.accounts[order.account as usize].group == of,
            Scope::Firm => self.ledger.accounts[order.account as usize].firm == of,
            Scope::Session => self.orders.details(row).session == of,
            Scope::Instrument => u32::from(order.instrument) == of,
            Scope::Venue => self.orders.details(row).venue == of,
        }
    }

    /// Gives back what the orders held, by asset; a perpetual position that holds less says so.
    fn release_sums(&mut self, found: &Found) -> (BTreeMap<u32, i128>, Vec<Settled>) {
        let Self { instruments, ledger, .. } = self;
        let (mut released, mut settled) = (BTreeMap::new(), Vec::new());
        let mut holds: Vec<_> = found.holds.iter().collect();
        holds.sort_unstable();
        for ((account, asset), amount) in holds {
            ledger.release(*account, *asset, *amount);
            *released.entry(*asset).or_default() += *amount;
        }
        for (at, by_account) in &found.positions {
            let instrument = &mut instruments[*at];
            for (account, off) in by_account {
                let mut position = instrument.positions.get(account).copied().unwrap_or_default();
                let before = position.hold;
                position.count(true, -off.lots[0], -off.value[0]);
                position.count(false, -off.lots[1], -off.value[1]);
                let hold = instrument.hold_of(ledger, *account, &mut position);
                instrument.positions.insert(*account, position);
                if hold != before {
                    *released.entry(instrument.margin_asset()).or_default() += i128::from(before - hold);
                    let (account, quantity) = (*account, position.quantity);
                    settled.push(Settled { account, instrument: *at as u32 + 1, position: quantity, amount: 0, hold });
                }
            }
        }
        (released, settled)
    }

    /// The orders are no more. Books that a purge empties whole are dropped whole.
    fn forget_rows(&mut self, whole: bool, found: &Found) {
        let mut touched = vec![false; self.markets.len()];
        for row in &found.rows {
            touched[self.orders.get(*row).at()] = true;
            if !whole {
                self.take_out(*row);
            }
        }
        for row in &found.remembered {
            self.leave(*row);
        }
        if found.rows.len() == self.orders.len() {
            self.orders.clear();
        } else {
            found.rows.iter().for_each(|row| self.orders.remove(*row));
        }
        if whole {
            let emptied = self.markets.iter_mut().zip(&touched).filter(|(_, touched)| **touched);
            emptied.for_each(|(market, _)| market.clear());
        }
        (0..touched.len()).filter(|at| touched[*at]).for_each(|at| self.touch(at));
    }

    pub(crate) fn set_dead_man(&mut self, c: &SetDeadMan, effects: &mut Effects) -> Result<(), Reason> {
        self.owner(c.account)?;
        if c.timeout_ns != 0 && !(TIMEOUT_MIN_NS..=TIMEOUT_MAX_NS).contains(&c.timeout_ns) {
            return Err(Reason::BadTimeout);
        }
        let key = (c.account, c.session);
        let number = u64::from(c.account) << 32 | u64::from(c.session);
        if let Some(due) = self.timers.remove(&key) {
            self.deadlines.remove(due, deadlines::DEAD_MAN, number);
        }
        if c.timeout_ns != 0 {
            let due = self.stamp.saturating_add(c.timeout_ns);
            self.timers.insert(key, due);
            self.deadlines.add(due, deadlines::DEAD_MAN, number);
        }
        effects.push(&DeadManSet { account: c.account, session: c.session, timeout_ns: c.timeout_ns });
        Ok(())
    }

    /// Nothing was heard in time: the orders of the account, or of its session, go.
    pub(crate) fn fire_dead_man(&mut self, number: u64, effects: &mut Effects) {
        let (account, session) = ((number >> 32) as u32, number as u32);
        self.timers.remove(&(account, session));
        effects.push(&DeadManFired { account, session });
        let from = |row: &u32| session == 0 || self.orders.details(*row).session == session;
        let own = |row: &u32| {
            let order = self.orders.get(*row);
            order.account == account && order.marks & CHILD == 0
        };
        let rows: Vec<u64> = self.orders.by_id().filter(own).filter(from).map(|row| self.orders.get(row).id).collect();
        for order in rows {
            if let Some(row) = self.orders.find(order) {
                self.cancel_row(row, CancelReason::DeadMan, effects);
            }
        }
    }
}

impl Off {
    fn add(&mut self, order: &Order) {
        let side = usize::from(!order.buys());
        let (lots, value) = order.exposure();
        self.lots[side] += lots;
        self.value[side] += value;
    }
}
