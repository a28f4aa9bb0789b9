//! The engine: sequence, gate, match, post, one command after the other. A value; somebody else drives it.
use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::contracts::Contracts;
use crate::deadlines::Deadlines;
use crate::instrument::{Asset, Instrument};
use crate::kill::{Kills, Timers};
use crate::ledger::{Ledger, SHORT_OF_HOLDS};
use crate::limits::Limits;
use crate::links::Links;
use crate::makers::Makers;
use crate::margining::Margining;
use crate::market::Market;
use crate::memory::{Answer, Key, Memory};
use crate::messages::{Command, Frozen, Message, Rejected, Repeated, Unfrozen};
use crate::names::Reason;
use crate::orders::{NONE, Orders};
use crate::parents::{Parents, VenueFees};
use crate::transfers::Transfers;

/// Where the effects of a pass go.
pub struct Effects<'a> {
    out: &'a mut Vec<u8>,
    pub count: u32,
}

impl<'a> Effects<'a> {
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, count: 0 }
    }

    #[inline]
    pub fn push(&mut self, effect: &impl Message) {
        effect.encode(self.out);
        self.count += 1;
    }
}

/// Does the order of a command live on after it? Decides from when its client id may be forgotten.
pub(crate) type Alive = bool;

/// All state: a function of the commands applied and of nothing else.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    pub sequence: u64,
    pub stamp: u64,
    pub halted: bool,
    pub assets: Vec<Asset>,
    pub instruments: Vec<Instrument>,
    pub markets: Vec<Market>,
    pub orders: Orders,
    pub ledger: Ledger,
    pub memory: Memory,
    pub deadlines: Deadlines,
    pub links: Links,
    /// Trades that were busted or adjusted: (sequence, place among its trades).
    pub corrected: BTreeSet<(u64, u16)>,
    pub limits: Limits,
    pub makers: Makers,
    pub kills: Kills,
    pub timers: Timers,
    pub parents: Parents,
    pub venue_fees: VenueFees,
    pub transfers: Transfers,
    pub margining: Margining,
    pub contracts: Contracts,
    /// Markets that this pass touched and that something watches.
    pub(crate) touched: Vec<u32>,
    pub(crate) scratch: Vec<u8>,
    /// Orders that went, counted so that a plan notices what others set off.
    pub(crate) cancels: u64,
}

/// What the driver needs to know of a pass beyond its effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    pub effects: u32,
    pub clock_held: bool,
}

impl Engine {
    /// The stamp that a command arriving at `at` gets: time never goes back.
    #[inline]
    pub fn stamp_for(&self, at: u64) -> u64 {
        self.stamp.max(at)
    }

    /// Applies one command and appends its effects to `out`.
    #[inline]
    pub fn apply(&mut self, command: &Command, at: u64, out: &mut Vec<u8>) -> Passed {
        let clock_held = at < self.stamp;
        self.sequence += 1;
        self.stamp = self.stamp_for(at);
        self.memory.forget(self.sequence, self.stamp);
        let mut effects = Effects::new(out);
        if self.deadlines.is_due(self.stamp) {
            self.run_deadlines(&mut effects);
            self.guard_quotes(&mut effects);
            while !self.parents.due.is_empty() {
                self.settle_first(&mut effects);
            }
        }
        if let Err(reason) = self.dispatch(command, &mut effects) {
            effects.push(&Rejected { reason: reason as u16 });
        }
        if !self.ledger.quote_fills.is_empty() {
            self.guard_quotes(&mut effects);
        }
        if !self.touched.is_empty() {
            self.react(&mut effects);
        }
        while !self.parents.due.is_empty() {
            self.settle_first(&mut effects);
            self.react(&mut effects);
        }
        if !self.ledger.remargin.is_empty() {
            self.margin_portfolios(&mut effects);
        }
        if !self.ledger.touched.is_empty() {
            self.freeze_or_thaw(&mut effects);
        }
        if self.orders.watch.has_news() {
            self.orders.count_changed();
            self.clock_makers();
        }
        Passed { effects: effects.count, clock_held }
    }

    #[inline]
    fn dispatch(&mut self, command: &Command, effects: &mut Effects) -> Result<(), Reason> {
        match command {
            Command::PlaceOrder(c) => self.place(c, effects),
            Command::CancelOrder(c) => self.cancel(c, effects),
            Command::ReplaceOrder(c) => self.replace(c, effects),
            Command::OpenAccount(c) => self.open_account(c, effects),
            Command::AddAsset(c) => self.add_asset(c, effects),
            Command::AddInstrument(c) => self.add_instrument(c, effects),
            Command::Deposit(c) => self.deposit(c, effects),
            Command::Withdraw(c) => self.withdraw(c, effects),
            Command::Transfer(c) => self.transfer(c, effects),
            Command::Halt(c) => self.halt(c, effects),
            Command::Resume(c) => self.resume(c, effects),
            Command::CancelAll(c) => self.cancel_all(c, effects),
            Command::Mark(c) => self.mark(c, effects),
            Command::VenueAccepted(c) => self.venue_accepted(c, effects),
            Command::VenueFilled(c) => self.venue_filled(c, effects),
            Command::VenueCancelled(c) => self.venue_cancelled(c, effects),
            Command::VenueReplaced(c) => self.venue_replaced(c, effects),
            Command::TimePassed(_) => Ok(()),
            Command::UpgradeEngine(c) => self.upgrade(c, effects),
            Command::SetRule(c) => self.set_rule(c, effects),
            Command::SetTick(c) => self.set_tick(c, effects),
            Command::SetSession(c) => self.set_session(c, effects),
            Command::Uncross(c) => self.uncross(c, effects),
            Command::PlaceSpecial(c) => self.place_special(c, effects),
            Command::ReplaceSpecial(c) => self.replace_special(c, effects),
            Command::ReduceOrder(c) => self.reduce(c, effects),
            Command::AcceptQuote(c) => self.accept_quote(c, effects),
            Command::ClearSealed(c) => self.clear_sealed(c, effects),
            Command::SetAccount(c) => self.set_account(c, effects),
            Command::SetCredit(c) => self.set_credit(c, effects),
            Command::SetLimit(c) => self.set_limit(c, effects),
            Command::Kill(c) => self.kill(c, effects),
            Command::Rearm(c) => self.rearm(c, effects),
            Command::SetDeadMan(c) => self.set_dead_man(c, effects),
            Command::RegisterMaker(c) => self.register_maker(c, effects),
            Command::SetProtection(c) => self.set_protection(c, effects),
            Command::CorrectTrade(c) => self.correct_trade(c, effects),
            Command::PlaceParent(c) => self.place_parent(c, effects),
            Command::PlaceChild(c) => self.place_child(c, effects),
            Command::SetVenueFees(c) => self.set_venue_fees(c, effects),
            // Money between accounts.
            Command::Move(c) => self.move_money(c, effects),
            Command::MovePending(c) => self.move_pending(c, effects),
            Command::PostPending(c) => self.post_pending(c, effects),
            Command::VoidPending(c) => self.void_pending(c, effects),
            Command::Exchange(c) => self.exchange(c, effects),
            // Margined positions.
            Command::SetMarginTier(c) => self.set_margin_tier(c, effects),
            Command::SetLeverage(c) => self.set_leverage(c, effects),
            Command::SetMarginPolicy(c) => self.set_margin_policy(c, effects),
            Command::CloseDay(c) => self.close_day(c, effects),
            Command::EndFreeze(c) => self.end_freeze(c, effects),
            Command::Fund(c) => self.fund(c, effects),
            Command::Liquidate(c) => self.liquidate(c, effects),
            Command::Deleverage(c) => self.deleverage(c, effects),
            // Contracts that expire.
            Command::SetContract(c) => self.set_contract(c, effects),
            Command::SettleExpiry(c) => self.settle_expiry(c, effects),
            Command::Exercise(c) => self.exercise(c, effects),
            Command::SetMarginMode(c) => self.set_margin_mode(c, effects),
            Command::SetRiskProduct(c) => self.set_risk_product(c, effects),
            Command::SetRiskArray(c) => self.set_risk_array(c, effects),
            Command::SetRiskTier(c) => self.set_risk_tier(c, effects),
            Command::SetRiskSpread(c) => self.set_risk_spread(c, effects),
            Command::SetRiskCredit(c) => self.set_risk_credit(c, effects),
            Command::SetRiskDelivery(c) => self.set_risk_delivery(c, effects),
            Command::ApplyRisk(_) => self.apply_risk(effects),
        }
    }

    /// Runs `act` unless the same client id was answered before; remembers the answer.
    #[inline]
    pub(crate) fn once(
        &mut self,
        key: Key,
        command: impl Into<Command>,
        effects: &mut Effects,
        act: impl FnOnce(&mut Self, &mut Effects) -> Result<Alive, Reason>,
    ) -> Result<(), Reason> {
        if key.1 == [0; 16] {
            return act(self, effects).map(|_| ());
        }
        let content = self.content(command.into());
        if let Some(answer) = self.memory.answers.get(&key) {
            if answer.content != content {
                return Err(Reason::DuplicateClientId);
            }
            effects.push(&Repeated { first: answer.first, reason: answer.reason });
            return Ok(());
        }
        let done = act(self, effects);
        let reason = done.err().map_or(0, |r| r as u16);
        self.memory.answers.insert(key, Answer { content, first: self.sequence, reason });
        if done != Ok(true) {
            self.memory.end(self.sequence, self.stamp, key);
        }
        done.map(|_| ())
    }

    fn content(&mut self, command: Command) -> [u8; 16] {
        self.scratch.clear();
        command.encode(&mut self.scratch);
        let digest = Sha256::digest(&self.scratch);
        let mut content = [0; 16];
        content.copy_from_slice(&digest[..16]);
        content
    }

    /// The place of an instrument in the list.
    #[inline]
    pub(crate) fn at(&self, instrument: u32) -> Result<usize, Reason> {
        let at = (instrument as usize).wrapping_sub(1);
        if at < self.instruments.len() { Ok(at) } else { Err(Reason::UnknownInstrument) }
    }

    /// The row of a live order.
    #[inline]
    pub(crate) fn live(&self, order: u64) -> Result<u32, Reason> {
        self.orders.find(order).filter(|row| *row != NONE).ok_or(Reason::UnknownOrder)
    }

    fn freeze_or_thaw(&mut self, effects: &mut Effects) {
        let mut touched = std::mem::take(&mut self.ledger.touched);
        touched.sort_unstable();
        touched.dedup();
        for (account, asset) in touched.drain(..) {
            let balance = self.ledger.balance(account, asset);
            let short = balance.available() < 0 && !balance.endless();
            if short != (balance.frozen & SHORT_OF_HOLDS != 0) {
                balance.frozen ^= SHORT_OF_HOLDS;
                if short {
                    effects.push(&Frozen { account, asset });
                } else {
                    effects.push(&Unfrozen { account, asset });
                }
            }
            self.judge_margin(account, asset, effects);
        }
        self.ledger.touched = touched;
    }
}
