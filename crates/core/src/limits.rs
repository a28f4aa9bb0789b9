//! Limits of the gate, credit lines, groups and firms.
use crate::engine::{Effects, Engine};
use crate::messages::{AccountSet, CreditSet, SetAccount, SetCredit, SetLimit, Settled};
use crate::names::Reason;

impl Engine {
    pub(crate) fn set_account(&mut self, c: &SetAccount, effects: &mut Effects) -> Result<(), Reason> {
        self.owner(c.account)?;
        let account = &mut self.ledger.accounts[c.account as usize];
        (account.group, account.firm) = (c.group, c.firm);
        effects.push(&AccountSet { account: c.account, group: c.group, firm: c.firm });
        Ok(())
    }

    /// Spot orders that live keep what they hold; perpetual positions hold anew (Settled of 0 says what).
    pub(crate) fn set_credit(&mut self, c: &SetCredit, effects: &mut Effects) -> Result<(), Reason> {
        self.owner(c.account)?;
        if c.asset == 0 || c.asset as usize > self.assets.len() {
            return Err(Reason::UnknownAsset);
        }
        if c.amount < 0 {
            return Err(Reason::AmountNotPositive);
        }
        self.ledger.lend(c.account, c.asset, c.amount);
        effects.push(&CreditSet { account: c.account, asset: c.asset, amount: c.amount });
        let Self { instruments, ledger, .. } = self;
        for (instrument, number) in instruments.iter_mut().zip(1u32..) {
            if !instrument.is_perpetual() || instrument.terms.quote != c.asset {
                continue;
            }
            let Some(mut position) = instrument.positions.get(&c.account).copied() else {
                continue;
            };
            let before = position.hold;
            let hold = instrument.hold_of(ledger, c.account, &mut position);
            instrument.positions.insert(c.account, position);
            if hold != before {
                let (account, quantity) = (c.account, position.quantity);
                effects.push(&Settled { account, instrument: number, position: quantity, amount: 0, hold });
            }
        }
        Ok(())
    }

    pub(crate) fn set_limit(&mut self, _c: &SetLimit, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::UnknownKind)
    }
}
