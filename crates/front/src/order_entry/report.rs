//! What a session is told of an order, and how FIX writes it.
use isthmus_core::names::{CancelReason, Reason};

use super::blotter::Tracked;

/// OrdStatus(39) as we keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    PendingNew,
    New,
    PartlyFilled,
    Filled,
    Cancelled,
    PendingCancel,
    PendingReplace,
    Rejected,
    Expired,
}

impl Status {
    /// The value of OrdStatus(39).
    pub fn code(self) -> &'static [u8] {
        match self {
            Self::PendingNew => b"A",
            Self::New => b"0",
            Self::PartlyFilled => b"1",
            Self::Filled => b"2",
            Self::Cancelled => b"4",
            Self::PendingCancel => b"6",
            Self::PendingReplace => b"E",
            Self::Rejected => b"8",
            Self::Expired => b"C",
        }
    }

    /// Nothing more is to come but late fills of a venue.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Rejected | Self::Expired)
    }

    /// What a partial fill makes of it: a pending change stays pending (FIX 4.4, vol. 4, order state precedence).
    pub fn after_fill(self) -> Self {
        match self {
            Self::PendingCancel | Self::PendingReplace => self,
            _ => Self::PartlyFilled,
        }
    }
}

/// A fill of one order. `index` counts the trades of its record from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    pub price: i64,
    pub quantity: i64,
    pub index: u16,
    pub maker: bool,
    /// In minor units of the quote asset; negative is a rebate.
    pub fee: i64,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    New,
    Rejected(u16),
    Trade(Fill),
    /// A bust (price 0) or a correction of a trade; `of`: the record and the ordinal of the report that told of it.
    Corrected {
        fill: Fill,
        of: (u64, u32),
    },
    Cancelled(CancelReason),
    Replaced,
    Restated,
    Triggered,
    PendingCancel,
    PendingReplace,
    /// The same order came again: its state as it is.
    Again,
    /// A cancel or a replacement was refused.
    ChangeRefused {
        reason: u16,
        cancel: bool,
    },
}

/// One message that is owed to a session; `order` is the order right after what happened.
#[derive(Debug, Clone)]
pub struct Report {
    pub sequence: u64,
    /// Among the reports of its record, from 0.
    pub ordinal: u32,
    pub stamp: u64,
    pub number: u64,
    pub kind: Kind,
    pub client: Box<str>,
    pub original: Option<Box<str>>,
    pub order: Tracked,
}

/// OrdRejReason(103) of a refusal of the engine's gate.
pub fn order_reject_reason(reason: u16) -> i64 {
    match Reason::of(reason) {
        Some(Reason::UnknownInstrument) => 1,
        Some(Reason::InstrumentHalted | Reason::WrongSession | Reason::Killed) => 2,
        Some(
            Reason::OrderTooLarge
            | Reason::NotionalLimit
            | Reason::UnusualSize
            | Reason::OpenOrdersLimit
            | Reason::PositionLimit
            | Reason::InsufficientFunds
            | Reason::NotionalTooLarge
            | Reason::QuantityTooLarge,
        ) => 3,
        Some(Reason::DuplicateClientId | Reason::DuplicateOrder) => 6,
        Some(Reason::UnknownKind | Reason::UnknownTif | Reason::UnknownFlag | Reason::BadTerms) => 11,
        Some(Reason::QuantityNotPositive | Reason::OffLot | Reason::BadMinimum | Reason::BelowMinimumNotional) => 13,
        Some(Reason::UnknownAccount | Reason::AccountNotTrading | Reason::AccountFrozen) => 15,
        Some(
            Reason::OffTick
            | Reason::PriceNotPositive
            | Reason::PriceTooLarge
            | Reason::OutsideCollar
            | Reason::OutsideBand,
        ) => 16,
        _ => 99,
    }
}

/// CxlRejReason(102) of a refusal of the engine.
pub fn change_reject_reason(reason: u16) -> i64 {
    match Reason::of(reason) {
        Some(Reason::UnknownOrder | Reason::NotYourOrder) => 1,
        Some(Reason::DuplicateClientId) => 6,
        Some(
            Reason::OffTick
            | Reason::PriceNotPositive
            | Reason::PriceTooLarge
            | Reason::OutsideCollar
            | Reason::OutsideBand,
        ) => 7,
        Some(Reason::QuantityNotAboveFilled) => 0,
        _ => 99,
    }
}

/// The name of a reason, for Text(58).
pub fn reason_text(reason: u16) -> &'static str {
    Reason::of(reason).map_or("unknown", Reason::text)
}
