//! What margined positions and their accounts are known by, in the state. Sums follow from the positions.
use isthmus_margin::perpetual::Tier;

use super::bytes::{BadState, In, Out};
use crate::deadlines::MARGIN_CALL;
use crate::engine::Engine;
use crate::ledger::VENUE;
use crate::margining::{Day, Margin, OVERDUE, Policy, call_of};

impl Engine {
    pub(super) fn put_margining(&self, out: &mut Out) {
        out.list(self.instruments.iter(), |out, instrument| {
            out.list(instrument.tiers.iter(), |out, tier| {
                out.put(tier.from_notional);
                out.put(tier.initial_bps);
                out.put(tier.maintenance_bps);
            });
            out.list(instrument.positions.values(), |out, position| {
                out.put(position.leverage_bps);
                out.wide(position.entry);
            });
        });
        out.list(self.margining.policies.iter(), |out, (asset, policy)| {
            out.put(*asset);
            out.put(policy.loss_bps);
            out.put(policy.call_ns);
            out.put(policy.fee_ppm);
        });
        out.list(self.ledger.closed.iter(), |out, asset| out.put(*asset));
        let mut margins: Vec<_> = self.ledger.margins.iter().collect();
        margins.sort_unstable_by_key(|(pair, _)| **pair);
        out.list(margins.into_iter(), |out, ((account, asset), margin)| {
            out.put(*account);
            out.put(*asset);
            out.put(margin.state);
            out.put(margin.due);
            out.wide(margin.earned);
            out.put(u8::from(margin.day.is_some()));
            let day = margin.day.unwrap_or_default();
            out.wide(day.balance);
            out.wide(day.unrealised);
        });
    }

    /// Instruments and accounts are there already.
    pub(super) fn take_margining(&mut self, bytes: &mut In) -> Result<(), BadState> {
        let listed = bytes.list(|b| {
            let tiers =
                b.list(|b| Ok(Tier { from_notional: b.take()?, initial_bps: b.take()?, maintenance_bps: b.take()? }))?;
            Ok((tiers, b.list(|b| Ok((b.take::<u32>()?, b.wide()?)))?))
        })?;
        if listed.len() != self.instruments.len() {
            return Err(BadState);
        }
        for (instrument, (tiers, known)) in self.instruments.iter_mut().zip(listed) {
            let falls = |tier: &Tier| tier.maintenance_bps >= tier.initial_bps;
            if known.len() != instrument.positions.len() || tiers.iter().any(falls) {
                return Err(BadState);
            }
            instrument.tiers = tiers;
            for (position, (leverage_bps, entry)) in instrument.positions.values_mut().zip(known) {
                (position.leverage_bps, position.entry) = (leverage_bps, entry);
            }
        }
        let policies = bytes.list(|b| {
            let asset = b.take()?;
            Ok((asset, Policy { loss_bps: b.take()?, call_ns: b.take()?, fee_ppm: b.take()? }))
        })?;
        self.margining.policies = policies.into_iter().collect();
        self.ledger.closed = bytes.list(|b| b.take())?.into_iter().collect();
        for (pair, margin) in bytes.list(take_margin)? {
            self.ledger.margins.insert(pair, margin);
            if margin.due > self.stamp {
                self.deadlines.add(margin.due, MARGIN_CALL, call_of(pair.0, pair.1));
            }
        }
        self.value_positions()
    }

    /// Every margined balance has its margin, and every position counts in it.
    pub(super) fn value_positions(&mut self) -> Result<(), BadState> {
        for (account, number) in self.ledger.accounts.iter().zip(0u32..) {
            for balance in account.balances.iter().filter(|balance| balance.margined) {
                self.ledger.margins.entry((number, balance.asset)).or_default();
            }
        }
        let Self { instruments, ledger, .. } = self;
        for instrument in instruments.iter_mut() {
            if instrument.is_perpetual() && instrument.settlement_mark.min(instrument.reference()) <= 0 {
                return Err(BadState);
            }
            let mut positions = std::mem::take(&mut instrument.positions);
            for (account, position) in &mut positions {
                let asset = instrument.margin_asset();
                let counts = ledger.kind(*account) != VENUE && position.quantity != 0;
                if counts && !ledger.margins.contains_key(&(*account, asset)) {
                    return Err(BadState);
                }
                instrument.revalue(ledger, *account, position);
            }
            instrument.positions = positions;
        }
        self.ledger.touched.clear();
        Ok(())
    }

    /// Rules 3 kept no entries: a position of theirs counts as opened at its settlement mark.
    pub(super) fn begin_margining(&mut self) -> Result<(), BadState> {
        for instrument in &mut self.instruments {
            let mut positions = std::mem::take(&mut instrument.positions);
            for position in positions.values_mut() {
                position.entry = instrument.worth(position.quantity, instrument.settlement_mark);
            }
            instrument.positions = positions;
        }
        self.value_positions()
    }
}

fn take_margin(bytes: &mut In) -> Result<((u32, u32), Margin), BadState> {
    let pair = (bytes.take()?, bytes.take()?);
    let (state, due, earned) = (bytes.take()?, bytes.take()?, bytes.wide()?);
    let known = bytes.flag()?;
    let day = Day { balance: bytes.wide()?, unrealised: bytes.wide()? };
    if state > OVERDUE {
        return Err(BadState);
    }
    Ok((pair, Margin { state, due, earned, day: known.then_some(day), ..Margin::default() }))
}
