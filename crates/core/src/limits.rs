//! Limits of the gate, credit lines, groups and firms.
use crate::engine::{Effects, Engine};
use crate::messages::{AccountSet, CreditSet, SetAccount, SetCredit, SetLimit};
use crate::names::Reason;

impl Engine {
    pub(crate) fn set_account(&mut self, c: &SetAccount, effects: &mut Effects) -> Result<(), Reason> {
        self.owner(c.account)?;
        let account = &mut self.ledger.accounts[c.account as usize];
        (account.group, account.firm) = (c.group, c.firm);
        effects.push(&AccountSet { account: c.account, group: c.group, firm: c.firm });
        Ok(())
    }

    /// Spot orders that live keep what they hold; perpetual positions hold anew.
    pub(crate) fn set_credit(&mut self, c: &SetCredit, effects: &mut Effects) -> Result<(), Reason> {
        self.owner(c.account)?;
        if c.asset == 0 || c.asset as usize > self.assets.len() {
            return Err(Reason::UnknownAsset);
        }
        if c.amount < 0 {
            return Err(Reason::AmountNotPositive);
        }
        self.ledger.lend(c.account, c.asset, c.amount);
        let Self { instruments, ledger, .. } = self;
        for instrument in instruments.iter_mut().filter(|i| i.is_perpetual() && i.terms.quote == c.asset) {
            if let Some(mut position) = instrument.positions.get(&c.account).copied() {
                instrument.hold_of(ledger, c.account, &mut position);
                instrument.positions.insert(c.account, position);
            }
        }
        effects.push(&CreditSet { account: c.account, asset: c.asset, amount: c.amount });
        Ok(())
    }

    pub(crate) fn set_limit(&mut self, _c: &SetLimit, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }
}
