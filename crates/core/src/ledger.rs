//! Accounts and their balances. Every change is a double-entry posting; the sum over all accounts is zero for every asset.
use crate::names::Reason;
use crate::values::ACCOUNTS_MAX;

pub const WORLD: u32 = 1;
pub const FEES: u32 = 2;
pub const ROUNDING: u32 = 3;
pub const SETTLEMENT: u32 = 4;
pub const FIRST_ACCOUNT: u32 = 16;

pub const CLIENT: u8 = 1;
pub const HOUSE: u8 = 2;
pub const VENUE: u8 = 3;
pub const SYSTEM: u8 = 4;

/// One asset of one account. `margined`: a perpetual ever drew on it; only then can it freeze.
#[derive(Debug, Clone, Copy)]
pub struct Balance {
    pub asset: u32,
    pub margined: bool,
    pub frozen: bool,
    pub amount: i128,
    pub held: i128,
}

impl Balance {
    pub fn available(&self) -> i128 {
        self.amount - self.held
    }
}

#[derive(Debug, Clone, Default)]
pub struct Account {
    pub kind: u8,
    pub balances: Vec<Balance>,
}

/// All accounts, by number. Numbers under [`FIRST_ACCOUNT`] are the system's.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub accounts: Vec<Account>,
    /// Margined balances touched in this pass.
    pub touched: Vec<(u32, u32)>,
}

impl Default for Ledger {
    fn default() -> Self {
        let mut accounts = vec![Account::default(); FIRST_ACCOUNT as usize];
        for number in [WORLD, FEES, ROUNDING, SETTLEMENT] {
            accounts[number as usize].kind = SYSTEM;
        }
        Self { accounts, touched: Vec::new() }
    }
}

impl Ledger {
    pub fn open(&mut self, kind: u8) -> Result<u32, Reason> {
        if !(CLIENT..=VENUE).contains(&kind) {
            return Err(Reason::UnknownKind);
        }
        if self.accounts.len() >= ACCOUNTS_MAX {
            return Err(Reason::LimitReached);
        }
        self.accounts.push(Account { kind, balances: Vec::new() });
        Ok((self.accounts.len() - 1) as u32)
    }

    /// The kind of an account; 0 if there is none.
    #[inline]
    pub fn kind(&self, account: u32) -> u8 {
        self.accounts.get(account as usize).map_or(0, |a| a.kind)
    }

    /// May hold money of its own and trade.
    #[inline]
    pub fn trades(&self, account: u32) -> bool {
        matches!(self.kind(account), CLIENT | HOUSE)
    }

    /// The balance of an asset; made when first asked for.
    #[inline]
    pub fn balance(&mut self, account: u32, asset: u32) -> &mut Balance {
        let balances = &mut self.accounts[account as usize].balances;
        let at = match balances.iter().position(|b| b.asset >= asset) {
            Some(at) if balances[at].asset == asset => at,
            found => {
                let at = found.unwrap_or(balances.len());
                balances.insert(at, Balance { asset, margined: false, frozen: false, amount: 0, held: 0 });
                at
            }
        };
        &mut balances[at]
    }

    /// (balance, held); zeros if the account never had the asset.
    pub fn peek(&self, account: u32, asset: u32) -> (i128, i128) {
        let found = self.accounts.get(account as usize).and_then(|a| a.balances.iter().find(|b| b.asset == asset));
        found.map_or((0, 0), |b| (b.amount, b.held))
    }

    #[inline]
    pub fn available(&self, account: u32, asset: u32) -> i128 {
        let (amount, held) = self.peek(account, asset);
        amount - held
    }

    pub fn is_frozen(&self, account: u32, asset: u32) -> bool {
        self.accounts[account as usize].balances.iter().any(|b| b.asset == asset && b.frozen)
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

    /// Marks the balance as one that perpetuals draw on.
    pub fn margin(&mut self, account: u32, asset: u32) {
        self.balance(account, asset).margined = true;
    }
}
