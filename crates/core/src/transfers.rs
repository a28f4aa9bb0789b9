//! Money between accounts: at once, or in two steps of which the second posts or voids; exchanges from asset to asset.
//! Which accounts a move may join is told by `wall.rs`.
use std::collections::BTreeMap;

use crate::deadlines::TRANSFER;
use crate::engine::{Alive, Effects, Engine};
use crate::ledger::FX;
use crate::messages::{Exchange, Move, MovePending, Pending, PendingEnded, PostPending, VoidPending};
use crate::names::{PendingEnd, Purpose, Reason, Template};

/// A move that was agreed and is not posted yet: the source holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub source: u32,
    pub target: u32,
    pub asset: u32,
    pub purpose: Purpose,
    pub amount: i64,
    /// When it ends by itself (ns); 0 never.
    pub expire: u64,
}

/// Transfers that wait to be posted or voided, by the sequence that made them.
#[derive(Debug, Clone, Default)]
pub struct Transfers {
    pub pending: BTreeMap<u64, Waiting>,
}

impl Engine {
    pub(crate) fn move_money(&mut self, c: &Move, effects: &mut Effects) -> Result<(), Reason> {
        self.exists(c.source)?;
        self.exists(c.target)?;
        self.once((c.source, c.client_id), *c, effects, |engine, effects| {
            engine.money(c.asset, c.amount)?;
            let purpose = engine.joins(c.source, c.target, c.purpose)?;
            engine.bears_move(c.source, c.target, c.asset, c.amount)?;
            engine.post(c.source, c.target, c.asset, c.amount, template_of(purpose), effects);
            Ok(false)
        })
    }

    pub(crate) fn move_pending(&mut self, c: &MovePending, effects: &mut Effects) -> Result<(), Reason> {
        self.exists(c.source)?;
        self.exists(c.target)?;
        self.once((c.source, c.client_id), *c, effects, |engine, effects| engine.begin_transfer(c, effects))
    }

    fn begin_transfer(&mut self, c: &MovePending, effects: &mut Effects) -> Result<Alive, Reason> {
        self.money(c.asset, c.amount)?;
        let purpose = self.joins(c.source, c.target, c.purpose)?;
        if c.expire != 0 && c.expire <= self.stamp {
            return Err(Reason::BadExpire);
        }
        self.bears_move(c.source, c.target, c.asset, c.amount)?;
        let (source, target, asset, amount, expire) = (c.source, c.target, c.asset, c.amount, c.expire);
        let waiting = Waiting { source, target, asset, purpose, amount, expire };
        self.reserve(&waiting, amount);
        let transfer = self.sequence;
        self.await_transfer(transfer, waiting);
        effects.push(&Pending { transfer, source, target, asset, amount, expire });
        Ok(false)
    }

    /// The transfer is pending from now on; its time runs.
    pub(crate) fn await_transfer(&mut self, transfer: u64, waiting: Waiting) {
        if waiting.expire != 0 {
            self.deadlines.add(waiting.expire, TRANSFER, transfer);
        }
        self.transfers.pending.insert(transfer, waiting);
    }

    pub(crate) fn post_pending(&mut self, c: &PostPending, effects: &mut Effects) -> Result<(), Reason> {
        self.once((0, c.client_id), *c, effects, |engine, effects| {
            let waiting = engine.waiting(c.transfer)?;
            if c.amount < 0 {
                return Err(Reason::AmountNotPositive);
            }
            if c.amount > waiting.amount {
                return Err(Reason::BeyondPending);
            }
            let amount = if c.amount == 0 { waiting.amount } else { c.amount };
            engine.end_transfer(c.transfer, amount, PendingEnd::Posted, effects);
            Ok(false)
        })
    }

    pub(crate) fn void_pending(&mut self, c: &VoidPending, effects: &mut Effects) -> Result<(), Reason> {
        self.once((0, c.client_id), *c, effects, |engine, effects| {
            engine.waiting(c.transfer)?;
            engine.end_transfer(c.transfer, 0, PendingEnd::Voided, effects);
            Ok(false)
        })
    }

    fn waiting(&self, transfer: u64) -> Result<Waiting, Reason> {
        self.transfers.pending.get(&transfer).copied().ok_or(Reason::UnknownTransfer)
    }

    /// Ends a pending transfer, if it is one: posts so much of it and voids the rest.
    pub(crate) fn end_transfer(&mut self, transfer: u64, posted: i64, cause: PendingEnd, effects: &mut Effects) {
        let Some(waiting) = self.transfers.pending.remove(&transfer) else {
            return;
        };
        if waiting.expire != 0 {
            self.deadlines.remove(waiting.expire, TRANSFER, transfer);
        }
        self.reserve(&waiting, -waiting.amount);
        let released = waiting.amount - posted;
        effects.push(&PendingEnded { transfer, posted, released, cause: cause as u8 });
        if posted != 0 {
            let (source, target) = (waiting.source, waiting.target);
            self.post(source, target, waiting.asset, posted, template_of(waiting.purpose), effects);
        }
    }

    pub(crate) fn exchange(&mut self, c: &Exchange, effects: &mut Effects) -> Result<(), Reason> {
        let place = self.ledger.place(c.account);
        if !place.is_holder() || c.account == FX {
            return Err(Reason::UnknownAccount);
        }
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            engine.money(c.sell_asset, c.sell_amount)?;
            engine.money(c.buy_asset, c.buy_amount)?;
            if c.sell_asset == c.buy_asset {
                return Err(Reason::SameAsset);
            }
            engine.covered(c.account, c.sell_asset, c.sell_amount)?;
            engine.post(c.account, FX, c.sell_asset, c.sell_amount, Template::Exchange, effects);
            engine.post(FX, c.account, c.buy_asset, c.buy_amount, Template::Exchange, effects);
            Ok(false)
        })
    }

    /// Is there such an account, of whatever kind?
    fn exists(&self, account: u32) -> Result<(), Reason> {
        if self.ledger.kind(account) == 0 { Err(Reason::UnknownAccount) } else { Ok(()) }
    }

    /// The purpose, if it may join the two.
    fn joins(&self, source: u32, target: u32, purpose: u8) -> Result<Purpose, Reason> {
        if source == target {
            return Err(Reason::SameAccount);
        }
        let purpose = Purpose::of(purpose).ok_or(Reason::UnknownPurpose)?;
        self.ledger.may_join(purpose, source, target)?;
        Ok(purpose)
    }

    /// Has the source, if it holds money of its own, so much that nothing holds; has the target, if it is a bank, so much
    /// that nothing is promised out of it?
    fn bears_move(&self, source: u32, target: u32, asset: u32, amount: i64) -> Result<(), Reason> {
        if self.ledger.place(source).is_holder() {
            self.covered(source, asset, amount)?;
        }
        let (at_bank, promised) = self.ledger.peek(target, asset);
        if self.ledger.place(target).is_bank() && at_bank + promised + i128::from(amount) > 0 {
            return Err(Reason::CustodianOverdrawn);
        }
        Ok(())
    }

    /// Holds so much more of a pending transfer where it comes from, and at the bank that will pay it out.
    fn reserve(&mut self, waiting: &Waiting, change: i64) {
        if self.ledger.place(waiting.source).is_holder() {
            self.ledger.hold(waiting.source, waiting.asset, change);
        }
        if self.ledger.place(waiting.target).is_bank() {
            self.ledger.hold(waiting.target, waiting.asset, change);
        }
    }
}

/// The template of a purpose's postings has its number.
fn template_of(purpose: Purpose) -> Template {
    Template::of(purpose as u8).unwrap_or(Template::Transfer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_has_a_template_of_its_name() {
        for (number, text) in Purpose::ALL {
            let purpose = Purpose::of(*number as u8).unwrap();
            assert_eq!(template_of(purpose).text(), *text);
        }
    }
}
