//! The wall between the money of clients and the firm's own: what may pass it, and for what (docs/reference/ledger.md).
use crate::ledger::{
    Account, CLIENT, CUSTODIAN, INSURANCE, INSURANCE_FUND, Ledger, OMNIBUS, SUSPENSE, SYSTEM, TAX, VENUE, WORLD,
};
use crate::names::{Purpose, Reason};

/// Values of `OpenAccount.side`, which custodians and suspense accounts need; of all others the kind tells it.
const BY_KIND: u8 = 0;
const CLIENT_MONEY: u8 = 1;
const FIRM_MONEY: u8 = 2;

/// Where an account stands. A bank holds what its side has, so that its balance is a debit: zero or below.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Place {
    #[default]
    Outside = 0,
    Client = 1,
    ClientBank = 2,
    Firm = 3,
    FirmBank = 4,
}

impl Place {
    pub fn is_bank(self) -> bool {
        matches!(self, Self::ClientBank | Self::FirmBank)
    }

    /// Has it money of its own, which moves may not overdraw?
    pub fn is_holder(self) -> bool {
        matches!(self, Self::Client | Self::Firm)
    }

    fn is_clients(self) -> bool {
        matches!(self, Self::Client | Self::ClientBank)
    }

    fn is_firms(self) -> bool {
        matches!(self, Self::Firm | Self::FirmBank)
    }
}

/// The place of an account with this number.
pub(crate) fn place_of(number: usize, account: &Account) -> Place {
    match (account.kind, account.side) {
        (CLIENT | OMNIBUS, _) | (SUSPENSE, CLIENT_MONEY) => Place::Client,
        (CUSTODIAN, CLIENT_MONEY) => Place::ClientBank,
        (CUSTODIAN, _) => Place::FirmBank,
        (0 | VENUE, _) => Place::Outside,
        (SYSTEM, _) if number == WORLD as usize => Place::Outside,
        _ => Place::Firm,
    }
}

/// Has an account of this kind this side?
pub(crate) fn check_side(kind: u8, side: u8) -> Result<(), Reason> {
    let fits = match kind {
        CUSTODIAN | SUSPENSE => side == CLIENT_MONEY || side == FIRM_MONEY,
        _ => side == BY_KIND,
    };
    if fits { Ok(()) } else { Err(Reason::WrongSide) }
}

const O: u8 = 1 << Place::Outside as u8;
const C: u8 = 1 << Place::Client as u8;
const CB: u8 = 1 << Place::ClientBank as u8;
const F: u8 = 1 << Place::Firm as u8;
const FB: u8 = 1 << Place::FirmBank as u8;

/// Targets by the place of the source, in the order of [`Place`]: outside, client, client's bank, firm, firm's bank.
type Targets = [u8; 5];

/// Within a side; a bank meets holders only.
const WITHIN: Targets = [0, C | CB, C, F | FB, F];
/// Between holders and the outside.
const OUTSIDE: Targets = [C | F, O, 0, O, 0];
/// A client pays the firm.
const CHARGED: Targets = [0, F, 0, 0, 0];
/// The firm pays a client.
const PAID: Targets = [0, 0, 0, C, 0];

/// Which places a move for this purpose may join.
fn targets(purpose: Purpose, source: Place) -> u8 {
    let rows: &[Targets] = match purpose {
        Purpose::Deposit => &[[C | F, 0, C, 0, F]],
        Purpose::Withdrawal => &[[0, O | CB, 0, O | FB, 0]],
        Purpose::Custody => &[[CB | FB, 0, O | CB, 0, O | FB]],
        Purpose::Fee | Purpose::Tax | Purpose::Interest => &[WITHIN, OUTSIDE, CHARGED, PAID],
        Purpose::Settlement | Purpose::Dividend | Purpose::Collateral => &[WITHIN, OUTSIDE],
        Purpose::Correction => &[WITHIN, OUTSIDE, PAID],
        // Cash that goes from the firm's bank to that of clients is a debit that goes the other way.
        Purpose::TopUp => &[[0, 0, FB, C, 0]],
        Purpose::Excess => &[[0, F, 0, 0, CB]],
        Purpose::Allocation => &[[0, C, 0, 0, 0]],
        Purpose::Insurance => &[CHARGED, PAID, [0, 0, 0, F, 0]],
        Purpose::Invoice => &[CHARGED, [F, 0, 0, F | FB | O, F]],
    };
    rows.iter().fold(0, |all, row| all | row[source as usize])
}

impl Ledger {
    /// May money go from `source` to `target` for this purpose?
    pub(crate) fn may_join(&self, purpose: Purpose, source: u32, target: u32) -> Result<(), Reason> {
        let joined = targets(purpose, self.place(source)) & (1 << self.place(target) as u8) != 0;
        if joined && self.suits(purpose, source, target) {
            return Ok(());
        }
        Err(if self.mixes(source, target) { Reason::MixesClientMoney } else { Reason::PurposeNotAllowed })
    }

    /// Is one of them of clients and the other of the firm?
    pub(crate) fn mixes(&self, source: u32, target: u32) -> bool {
        let (source, target) = (self.place(source), self.place(target));
        (source.is_clients() && target.is_firms()) || (source.is_firms() && target.is_clients())
    }

    /// What the places do not tell: a client's own money is never excess, insurance concerns a fund, and tax that is kept
    /// from a client goes to an account for tax.
    fn suits(&self, purpose: Purpose, source: u32, target: u32) -> bool {
        let is_fund = |account: u32| account == INSURANCE || self.kind(account) == INSURANCE_FUND;
        match purpose {
            Purpose::Excess => self.kind(source) != CLIENT,
            Purpose::Insurance => is_fund(source) || is_fund(target),
            Purpose::Tax => !self.mixes(source, target) || self.kind(target) == TAX || self.kind(source) == TAX,
            _ => true,
        }
    }
}
