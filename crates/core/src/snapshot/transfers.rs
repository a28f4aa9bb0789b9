//! Sides of accounts and transfers that wait, in the state.
use super::bytes::{BadState, In, Out};
use crate::engine::Engine;
use crate::names::Purpose;
use crate::transfers::Waiting;
use crate::wall::check_side;

impl Engine {
    pub(super) fn put_transfers(&self, out: &mut Out) {
        let accounts = self.ledger.accounts.iter().zip(0u32..);
        let sided: Vec<(u32, u8)> =
            accounts.filter(|(account, _)| account.side != 0).map(|(account, number)| (number, account.side)).collect();
        out.list(sided.iter(), |out, (account, side)| {
            out.put(*account);
            out.put(*side);
        });
        out.list(self.transfers.pending.iter(), |out, (transfer, waiting)| {
            out.put(*transfer);
            out.put(waiting.source);
            out.put(waiting.target);
            out.put(waiting.asset);
            out.put(waiting.purpose as u8);
            out.put(waiting.amount);
            out.put(waiting.expire);
        });
    }

    /// Accounts are there already.
    pub(super) fn take_transfers(&mut self, bytes: &mut In) -> Result<(), BadState> {
        for (number, side) in bytes.list(|b| Ok((b.take::<u32>()?, b.take::<u8>()?)))? {
            let account = self.ledger.accounts.get_mut(number as usize).ok_or(BadState)?;
            check_side(account.kind, side).map_err(|_| BadState)?;
            account.side = side;
        }
        self.ledger.find_places();
        for (transfer, waiting) in bytes.list(take_waiting)? {
            let known = |account: u32| self.ledger.kind(account) != 0;
            let asset = (waiting.asset as usize).checked_sub(1).is_some_and(|at| at < self.assets.len());
            if !known(waiting.source) || !known(waiting.target) || !asset || waiting.amount <= 0 {
                return Err(BadState);
            }
            self.await_transfer(transfer, waiting);
        }
        Ok(())
    }
}

fn take_waiting(bytes: &mut In) -> Result<(u64, Waiting), BadState> {
    let (transfer, source, target, asset) = (bytes.take()?, bytes.take()?, bytes.take()?, bytes.take()?);
    let purpose = Purpose::of(bytes.take()?).ok_or(BadState)?;
    let (amount, expire) = (bytes.take()?, bytes.take()?);
    Ok((transfer, Waiting { source, target, asset, purpose, amount, expire }))
}
