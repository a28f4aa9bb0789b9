//! Limits of the gate, credit lines, groups and firms.
use rustc_hash::FxHashMap;

use crate::engine::{Effects, Engine};
use crate::history::{DUPLICATE_NS_MAX, History, ORDER_RATE_MAX};
use crate::ledger::{Account, FIRST_ACCOUNT};
use crate::messages::{AccountSet, CreditSet, LimitSet, SetAccount, SetCredit, SetLimit, Settled};
use crate::names::{Limit, Reason, Scope};
use crate::values::QUANTITY_MAX;

/// A limit as it is set for a subject; `instrument` 0: every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub limit: Limit,
    pub instrument: u32,
    pub value: i64,
}

/// All limits by (scope, number), each list by (limit, instrument); and what is remembered of the accounts that have any,
/// by (account, instrument), 0 for all instruments together.
///
/// The rest follows: `by_session`: is there a limit of a session; `uncounted`: has an account limits whose live orders are
/// not watched yet; `members`: accounts by group and by firm, unless out of date.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    pub rows: FxHashMap<(u8, u32), Vec<Row>>,
    pub history: FxHashMap<(u32, u32), History>,
    pub by_session: bool,
    pub uncounted: bool,
    pub(crate) members: Option<FxHashMap<(u8, u32), Vec<u32>>>,
}

impl Engine {
    pub(crate) fn set_account(&mut self, c: &SetAccount, effects: &mut Effects) -> Result<(), Reason> {
        self.owner(c.account)?;
        let account = &mut self.ledger.accounts[c.account as usize];
        (account.group, account.firm) = (c.group, c.firm);
        self.limits.members = None;
        self.watch_account(c.account);
        self.forget_unwatched();
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
            if !instrument.is_perpetual() || instrument.margin_asset() != c.asset {
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

    /// A negative value takes the limit away.
    pub(crate) fn set_limit(&mut self, c: &SetLimit, effects: &mut Effects) -> Result<(), Reason> {
        let limit = self.check_set_limit(c)?;
        let rows = self.limits.rows.entry((c.scope, c.of)).or_default();
        let found = rows.binary_search_by_key(&(limit, c.instrument), |row| (row.limit, row.instrument));
        let row = Row { limit, instrument: c.instrument, value: c.value };
        match (found, c.value >= 0) {
            (Ok(at), true) => rows[at] = row,
            (Ok(at), false) => {
                rows.remove(at);
            }
            (Err(at), true) => rows.insert(at, row),
            (Err(_), false) => {}
        }
        self.watch_subject(c.scope, c.of);
        effects.push(&LimitSet { scope: c.scope, of: c.of, instrument: c.instrument, limit: c.limit, value: c.value });
        Ok(())
    }

    fn check_set_limit(&self, c: &SetLimit) -> Result<Limit, Reason> {
        if matches!(Scope::of(c.scope), Some(Scope::Instrument | Scope::Venue)) {
            return Err(Reason::UnknownScope);
        }
        let scope = self.check_scope(c.scope, c.of)?;
        if c.instrument != 0 {
            self.at(c.instrument)?;
        }
        let limit = Limit::of(c.limit).ok_or(Reason::UnknownLimit)?;
        let for_a_session = matches!(limit, Limit::Instructions | Limit::Permission);
        let fits = c.value <= limit.greatest() && (scope != Scope::Session || for_a_session);
        if fits { Ok(limit) } else { Err(Reason::BadLimit) }
    }

    /// The rows of a subject changed: whose orders are watched may have, too.
    fn watch_subject(&mut self, scope: u8, of: u32) {
        if self.limits.rows.get(&(scope, of)).is_some_and(Vec::is_empty) {
            self.limits.rows.remove(&(scope, of));
        }
        match Scope::of(scope) {
            Some(Scope::Account) => {
                self.watch_account(of);
                self.forget_unwatched();
            }
            _ => self.watch_everybody(),
        }
    }

    /// Finds anew who has limits.
    pub(crate) fn watch_everybody(&mut self) {
        self.limits.by_session = self.limits.rows.keys().any(|(scope, _)| *scope == Scope::Session as u8);
        for account in FIRST_ACCOUNT..self.ledger.accounts.len() as u32 {
            self.watch_account(account);
        }
        self.forget_unwatched();
    }

    pub(crate) fn watch_account(&mut self, account: u32) {
        let whose = self.whose(account, 0);
        let watched = whose.iter().any(|key| self.limits.rows.contains_key(key));
        let before = std::mem::replace(&mut self.ledger.accounts[account as usize].watched, watched);
        if watched && !before {
            self.limits.uncounted = true;
        }
    }

    fn forget_unwatched(&mut self) {
        let accounts = &self.ledger.accounts;
        self.limits.history.retain(|(account, _), _| accounts[*account as usize].watched);
    }

    /// The subjects whose limits concern an order.
    pub(crate) fn whose(&self, account: u32, session: u32) -> [(u8, u32); 5] {
        let Account { group, firm, .. } = self.ledger.accounts[account as usize];
        [
            (Scope::Everything as u8, 0),
            (Scope::Account as u8, account),
            (Scope::Group as u8, group),
            (Scope::Firm as u8, firm),
            (Scope::Session as u8, session),
        ]
    }

    /// Must an order of the account meet limits? The one branch that everybody pays.
    #[inline]
    pub(crate) fn has_limits(&self, account: u32) -> bool {
        self.ledger.accounts[account as usize].watched | self.limits.by_session
    }
}

impl Limit {
    /// The greatest value that it may have.
    fn greatest(self) -> i64 {
        match self {
            Limit::Instructions => (1 << 25) - 1,
            Limit::Permission => 1,
            Limit::Collar | Limit::SizeMultiple | Limit::NotionalMultiple => 1_000_000,
            Limit::OrderQuantity => QUANTITY_MAX,
            Limit::OrderRate => ORDER_RATE_MAX,
            Limit::OpenOrders => u32::MAX.into(),
            Limit::Duplicate => DUPLICATE_NS_MAX,
            Limit::OrderNotional | Limit::PositionNet | Limit::PositionGross | Limit::OpenNotional => i64::MAX,
        }
    }
}

/// Accounts by group and by firm.
pub(crate) fn members(accounts: &[Account]) -> FxHashMap<(u8, u32), Vec<u32>> {
    let mut members: FxHashMap<(u8, u32), Vec<u32>> = FxHashMap::default();
    for (account, number) in accounts.iter().zip(0u32..) {
        for key in [(Scope::Group as u8, account.group), (Scope::Firm as u8, account.firm)] {
            if key.1 != 0 {
                members.entry(key).or_default().push(number);
            }
        }
    }
    members
}
