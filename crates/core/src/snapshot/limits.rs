//! Limits, and what they remember, in the state.
use super::bytes::{BadState, In, Out};
use crate::engine::Engine;
use crate::history::{History, Wording};
use crate::limits::Row;
use crate::names::Limit;

/// Sums of what is remembered stay within their numbers.
const SUMMED_MAX: u128 = 1 << 120;

impl Engine {
    pub(super) fn put_limits(&self, out: &mut Out) {
        let mut rows: Vec<_> = self.limits.rows.iter().collect();
        rows.sort_unstable_by_key(|(key, _)| **key);
        out.list(rows.into_iter(), |out, ((scope, of), rows)| {
            out.put(*scope);
            out.put(*of);
            out.list(rows.iter(), |out, row| {
                out.put(row.limit as u16);
                out.put(row.instrument);
                out.put(row.value);
            });
        });
        let mut history: Vec<_> = self.limits.history.iter().collect();
        history.sort_unstable_by_key(|(key, _)| **key);
        out.list(history.into_iter(), |out, ((account, instrument), history)| {
            out.put(*account);
            out.put(*instrument);
            put_history(out, history);
        });
    }

    /// Everything else of the state is there already.
    pub(super) fn take_limits(&mut self, bytes: &mut In) -> Result<(), BadState> {
        let rows = bytes.list(|b| {
            let key = (b.take()?, b.take()?);
            let rows = b.list(|b| {
                let limit = Limit::of(b.take()?).ok_or(BadState)?;
                Ok(Row { limit, instrument: b.take()?, value: b.take()? })
            })?;
            Ok((key, rows))
        })?;
        self.limits.rows = rows.into_iter().collect();
        let history = bytes.list(|b| Ok(((b.take()?, b.take()?), take_history(b)?)))?;
        if history.iter().any(|((account, _), _)| self.ledger.accounts.len() <= *account as usize) {
            return Err(BadState);
        }
        self.limits.history = history.into_iter().collect();
        self.watch_everybody();
        Ok(())
    }
}

fn put_history(out: &mut Out, history: &History) {
    out.list(history.stamps.iter(), |out, stamp| out.put(*stamp));
    out.list(history.sizes(), |out, (lots, value)| {
        out.put(*lots);
        out.wide(*value);
    });
    out.list(history.words.iter(), |out, (stamp, words)| {
        out.put(*stamp);
        out.put(words.side);
        out.put(words.kind);
        out.put(words.price);
        out.put(words.quantity);
    });
}

fn take_history(bytes: &mut In) -> Result<History, BadState> {
    let stamps = bytes.list(|b| b.take::<u64>())?;
    let sizes = bytes.list(|b| Ok((b.take::<i64>()?, b.wide()?)))?;
    let can_be = |(_, value): &(i64, i128)| value.unsigned_abs() < SUMMED_MAX;
    if !sizes.iter().all(can_be) {
        return Err(BadState);
    }
    let words = bytes.list(|b| {
        let stamp = b.take::<u64>()?;
        Ok((stamp, Wording { side: b.take()?, kind: b.take()?, price: b.take()?, quantity: b.take()? }))
    })?;
    Ok(History::of(stamps, sizes, words))
}
