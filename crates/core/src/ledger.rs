//! Accounts and their balances. Every change is a double-entry posting; the sum over all accounts is zero for every asset.
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::makers::QuoteFill;
use crate::margining::{Day, Margin};
use crate::names::Reason;
use crate::perpetual::Valued;
use crate::portfolio::Portfolio;
use crate::values::ACCOUNTS_MAX;
use crate::wall::{Place, check_side, place_of};

pub const WORLD: u32 = 1;
pub const FEES: u32 = 2;
pub const ROUNDING: u32 = 3;
pub const SETTLEMENT: u32 = 4;
pub const INSURANCE: u32 = 5;
pub const FX: u32 = 6;
/// The system's accounts.
const SYSTEM_ACCOUNTS: [u32; 6] = [WORLD, FEES, ROUNDING, SETTLEMENT, INSURANCE, FX];
pub const FIRST_ACCOUNT: u32 = 16;

pub const CLIENT: u8 = 1;
pub const HOUSE: u8 = 2;
pub const VENUE: u8 = 3;
pub const SYSTEM: u8 = 4;
pub const CUSTODIAN: u8 = 5;
pub const OMNIBUS: u8 = 6;
pub const TAX: u8 = 7;
pub const SUSPENSE: u8 = 8;
pub const INSURANCE_FUND: u8 = 9;
pub const FEE: u8 = 10;

/// A credit line of this much is one without end.
pub const ENDLESS: i64 = i64::MAX;

/// Why an account may not open: its balance is below its holds.
pub const SHORT_OF_HOLDS: u8 = 1;
/// It lost too much since the daily close.
pub const LOST_TOO_MUCH: u8 = 2;

/// One asset of one account. `margined`: a perpetual ever drew on it; only then can it freeze. `frozen`: [`SHORT_OF_HOLDS`],
/// [`LOST_TOO_MUCH`]. `credit`: how far it may go below zero.
#[derive(Debug, Clone, Copy, Default)]
pub struct Balance {
    pub asset: u32,
    pub margined: bool,
    pub frozen: u8,
    pub credit: i64,
    pub amount: i128,
    pub held: i128,
}

impl Balance {
    /// Without credit: what may be taken out.
    #[inline]
    pub fn own(&self) -> i128 {
        self.amount - self.held
    }

    /// With credit: what may be traded with.
    #[inline]
    pub fn available(&self) -> i128 {
        self.own() + i128::from(self.credit)
    }

    /// It never lacks anything, so nothing is held of it.
    #[inline]
    pub fn endless(&self) -> bool {
        self.credit == ENDLESS
    }
}

/// `group` and `firm`: whom limits and kills count it under; 0 for none. `watched`: it, its group, its firm or everybody
/// has a limit (follows from the limits). `side`: what it was opened with; `place` follows from kind and side.
#[derive(Debug, Clone, Default)]
pub struct Account {
    pub kind: u8,
    pub group: u32,
    pub firm: u32,
    pub watched: bool,
    pub side: u8,
    pub place: Place,
    pub balances: Vec<Balance>,
}

/// All accounts, by number. Numbers under [`FIRST_ACCOUNT`] are the system's.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub accounts: Vec<Account>,
    /// Margined balances touched in this pass.
    pub touched: Vec<(u32, u32)>,
    /// What margined positions count for, by (account, asset).
    /// They begin with the first perpetual order of the account.
    pub margins: FxHashMap<(u32, u32), Margin>,
    /// Assets whose day was ever closed: losses count in them.
    pub closed: BTreeSet<u32>,
    /// Fills of quotes that no protection has looked at yet.
    pub(crate) quote_fills: Vec<QuoteFill>,
    /// Accounts whose positions are margined together.
    pub portfolios: BTreeMap<u32, Portfolio>,
    /// Those of them whose positions or orders were touched in this pass.
    pub(crate) remargin: Vec<u32>,
}

impl Default for Ledger {
    fn default() -> Self {
        let accounts = vec![Account::default(); FIRST_ACCOUNT as usize];
        let mut ledger = Self {
            accounts,
            touched: Vec::new(),
            margins: FxHashMap::default(),
            closed: BTreeSet::new(),
            quote_fills: Vec::new(),
            portfolios: BTreeMap::new(),
            remargin: Vec::new(),
        };
        ledger.found_system();
        ledger.find_places();
        ledger
    }
}

impl Ledger {
    /// The accounts of an earlier release get those of the system that were added since.
    pub(crate) fn found_system(&mut self) {
        for (number, account) in self.accounts.iter_mut().enumerate() {
            if SYSTEM_ACCOUNTS.contains(&(number as u32)) {
                account.kind = SYSTEM;
            }
        }
    }

    /// Where each account stands follows from its kind and side.
    pub(crate) fn find_places(&mut self) {
        for (number, account) in self.accounts.iter_mut().enumerate() {
            account.place = place_of(number, account);
        }
    }

    pub fn open(&mut self, kind: u8, side: u8) -> Result<u32, Reason> {
        if !(CLIENT..=FEE).contains(&kind) || kind == SYSTEM {
            return Err(Reason::UnknownKind);
        }
        check_side(kind, side)?;
        if self.accounts.len() >= ACCOUNTS_MAX {
            return Err(Reason::LimitReached);
        }
        let number = self.accounts.len();
        let mut account = Account { kind, side, ..Account::default() };
        account.place = place_of(number, &account);
        self.accounts.push(account);
        Ok(number as u32)
    }

    /// The kind of an account; 0 if there is none.
    #[inline]
    pub fn kind(&self, account: u32) -> u8 {
        self.accounts.get(account as usize).map_or(0, |a| a.kind)
    }

    /// May hold money of its own and trade.
    #[inline]
    pub fn trades(&self, account: u32) -> bool {
        matches!(self.kind(account), CLIENT | HOUSE | OMNIBUS)
    }

    /// Where the account stands; outside if there is none.
    #[inline]
    pub fn place(&self, account: u32) -> Place {
        self.accounts.get(account as usize).map_or(Place::Outside, |a| a.place)
    }

    /// The balance of an asset; made when first asked for.
    #[inline]
    pub fn balance(&mut self, account: u32, asset: u32) -> &mut Balance {
        let balances = &mut self.accounts[account as usize].balances;
        let at = match balances.iter().position(|b| b.asset >= asset) {
            Some(at) if balances[at].asset == asset => at,
            found => {
                let at = found.unwrap_or(balances.len());
                balances.insert(at, Balance { asset, ..Balance::default() });
                at
            }
        };
        &mut balances[at]
    }

    /// (balance, held); zeros if the account never had the asset.
    pub fn peek(&self, account: u32, asset: u32) -> (i128, i128) {
        let found = self.look(account, asset);
        (found.amount, found.held)
    }

    /// The balance as it is; an empty one if the account never had the asset.
    #[inline]
    pub fn look(&self, account: u32, asset: u32) -> Balance {
        let found = self.accounts.get(account as usize).and_then(|a| a.balances.iter().find(|b| b.asset == asset));
        found.copied().unwrap_or_default()
    }

    /// Are the account's positions margined together, as far as they have risk arrays?
    pub fn is_portfolio(&self, account: u32) -> bool {
        self.portfolios.contains_key(&account)
    }

    /// A position with a risk array, or its orders, changed.
    pub(crate) fn note_margined(&mut self, account: u32, instrument: u32) {
        if let Some(portfolio) = self.portfolios.get_mut(&account) {
            portfolio.instruments.insert(instrument);
            self.remargin.push(account);
        }
    }

    pub fn is_frozen(&self, account: u32, asset: u32) -> bool {
        self.accounts[account as usize].balances.iter().any(|b| b.asset == asset && b.frozen != 0)
    }

    /// May the account open nothing, since it is frozen or its margin is called?
    pub fn may_only_close(&self, account: u32, asset: u32) -> bool {
        self.is_frozen(account, asset) || self.margins.get(&(account, asset)).is_some_and(|margin| margin.state != 0)
    }

    /// Loss at the marks that no settlement has booked yet: it is as good as gone.
    pub fn unrealised_loss(&self, account: u32, asset: u32) -> i128 {
        self.margins.get(&(account, asset)).map_or(0, |margin| (-margin.sum.unrealised).max(0))
    }

    /// A position counts for `now` in its account's margin, after `before`.
    pub(crate) fn count_margin(&mut self, account: u32, asset: u32, before: &Valued, now: &Valued) {
        if before != now {
            let sum = &mut self.margins.get_mut(&(account, asset)).expect("whoever has a position is margined").sum;
            sum.unrealised += now.unrealised - before.unrealised;
            sum.notional += now.notional - before.notional;
            sum.initial += now.initial - before.initial;
            sum.maintenance += now.maintenance - before.maintenance;
            self.touched.push((account, asset));
        }
    }

    /// Are they one account, of one group or of one firm: one beneficial owner, as far as is known?
    pub fn same_owner(&self, one: u32, other: u32) -> bool {
        let (a, b) = (&self.accounts[one as usize], &self.accounts[other as usize]);
        one == other || (a.group != 0 && a.group == b.group) || (a.firm != 0 && a.firm == b.firm)
    }

    /// The account gained (lost) by a margined position: no deposit, no withdrawal.
    #[inline]
    pub(crate) fn earn(&mut self, account: u32, asset: u32, amount: i64) {
        if let Some(margin) = self.margins.get_mut(&(account, asset)) {
            margin.earned += i128::from(amount);
        }
    }

    /// Moves `amount` (negative: the other way round) from `source` to `target`.
    #[inline]
    pub fn post(&mut self, source: u32, target: u32, asset: u32, amount: i64) {
        if amount == 0 {
            return;
        }
        self.add(source, asset, -i128::from(amount));
        self.add(target, asset, i128::from(amount));
    }

    #[inline]
    fn add(&mut self, account: u32, asset: u32, amount: i128) {
        let balance = self.balance(account, asset);
        balance.amount += amount;
        if balance.margined {
            self.touched.push((account, asset));
        }
    }

    /// Raises (lowers) what is held.
    #[inline]
    pub fn hold(&mut self, account: u32, asset: u32, change: i64) {
        if change == 0 {
            return;
        }
        let balance = self.balance(account, asset);
        balance.held += i128::from(change);
        if balance.margined {
            self.touched.push((account, asset));
        }
    }

    /// Lowers what is held by a sum over many orders.
    pub fn release(&mut self, account: u32, asset: u32, amount: i128) {
        let balance = self.balance(account, asset);
        balance.held -= amount;
        if balance.margined {
            self.touched.push((account, asset));
        }
    }

    /// Sets how far the balance may go below zero.
    pub fn lend(&mut self, account: u32, asset: u32, credit: i64) {
        let balance = self.balance(account, asset);
        balance.credit = credit;
        if balance.margined {
            self.touched.push((account, asset));
        }
    }

    /// Marks the balance as one that perpetuals draw on.
    pub fn margin(&mut self, account: u32, asset: u32) {
        let balance = self.balance(account, asset);
        if std::mem::replace(&mut balance.margined, true) {
            return;
        }
        let day = Day { balance: balance.amount, unrealised: 0 };
        let day = self.closed.contains(&asset).then_some(day);
        self.margins.insert((account, asset), Margin { day, ..Margin::default() });
        self.touched.push((account, asset));
    }
}
