//! SPAN as the Chicago Mercantile Exchange published it ("SPAN: Standard Portfolio Analysis of Risk, Components of SPAN"),
//! over risk arrays that are already made.
//!
//! For each product (combined commodity): **scan risk** is the largest loss among 16 scenarios, tier by tier where the product
//! is scanned by tiers; **intra-commodity spreads** charge for months that offset each other, in the order of the list,
//! consuming composite delta; **delivery** charges for delta in a month near its expiry; **inter-commodity credits** give back
//! part of the price risk of products that offset each other, in the order of the list; and
//!
//! ```text
//! risk = max(scan + intra spread + delivery - inter credit, short option minimum)
//! requirement = max(0, sum over products of (risk - net option value))
//! ```
//!
//! Units: money in minor units of the product's currency, deltas and ratios and rates in millionths. Quantities are whole
//! contracts, long positive. An array holds the *losses* of one long contract, positive when it loses.
//! Rounding: every charge up, every credit down, once each, so that no requirement is below the exact one.
//!
//! A [`Workspace`] is made once and used for every portfolio; nothing is allocated for a portfolio afterwards.
mod amounts;
mod credits;
mod evaluate;
mod parameters;
mod spreads;
#[cfg(test)]
mod tests;

use std::fmt;

pub use evaluate::{Position, ProductRequirement, Requirement, Workspace};
pub use parameters::Parameters;

/// Scenarios of an array: seven price moves with volatility up and down, and two extreme moves.
pub const SCENARIOS: usize = 16;
/// One, as a delta, a ratio or a rate.
pub const ONE: i64 = 1_000_000;
/// No sum of a portfolio may be larger than this: it leaves room for every addition that follows.
pub const LARGEST: i64 = 1 << 60;
/// Most legs of a spread or a credit, most tiers of a product: far above what exchanges publish.
pub const MOST_LEGS: usize = 64;

/// Losses of one long contract in each scenario, in minor units; extreme scenarios carry their cover fraction already.
pub type Array = [i64; SCENARIOS];

/// What a contract is: futures count in deltas, options in premium and the short option minimum too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Future,
    Call,
    Put,
}

/// One contract of the parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    pub product: u32,
    /// When it is delivered, as a number that orders months: 202606 or 20260630, one way for all contracts of a product.
    pub month: u32,
    pub kind: Kind,
    pub array: Array,
    /// Composite delta of one long contract in millionths, already scaled to the product's delta unit; negative for puts.
    pub delta: i64,
    /// Value of one long option at the settlement price; zero where the option is margined like a future.
    pub value: i64,
    /// Short option minimum of one short option.
    pub short_minimum: i64,
}

/// Months from first to last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Months {
    pub first: u32,
    pub last: u32,
}

impl Months {
    pub const ALL: Self = Self { first: 0, last: u32::MAX };

    pub const fn only(month: u32) -> Self {
        Self { first: month, last: month }
    }

    pub const fn holds(self, month: u32) -> bool {
        self.first <= month && month <= self.last
    }
}

/// Legs of side A are long when those of side B are short, and the other way round; both ways are tried, A long first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    A,
    B,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    pub months: Months,
    pub side: Side,
    /// Deltas that one spread takes of this leg.
    pub ratio: i64,
}

/// An intra-commodity spread; its place in the list is its priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    pub legs: Vec<Leg>,
    /// Charge for one spread.
    pub charge: i64,
}

/// Charges for a month in its delivery period, for one delta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub month: u32,
    /// For deltas that intra-commodity spreads consumed.
    pub spread_charge: i64,
    /// For deltas that remain.
    pub outright_charge: i64,
}

/// How short calls and short puts make one minimum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MinimumRule {
    /// Both count.
    #[default]
    Sum,
    /// Only the larger counts.
    Greater,
}

/// The price risk of a net delta, which inter-commodity credits give back in part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PriceRisk {
    /// What scanning found, without time and volatility.
    #[default]
    Scanned,
    /// That, at most this much for each delta (the price scan range).
    CappedAt(i64),
    /// This much for each delta.
    Fixed(i64),
}

/// A combined commodity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Product {
    /// Index of its currency, from 0.
    pub currency: u32,
    /// Months scanned by themselves; what lies in none of them is scanned together. Empty: everything together.
    pub scan_tiers: Vec<Months>,
    /// Months whose deltas offset other products together. Empty: all months. A month in none of them offsets nothing.
    pub inter_tiers: Vec<Months>,
    pub spreads: Vec<Spread>,
    pub deliveries: Vec<Delivery>,
    pub minimum_rule: MinimumRule,
    /// Whether long option value beyond this product's risk is lost (true) or lowers the risk of others (false).
    pub caps_option_value: bool,
    pub price_risk: PriceRisk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditLeg {
    pub product: u32,
    /// Which of the product's `inter_tiers`, from 0.
    pub tier: u32,
    pub side: Side,
    pub ratio: i64,
    /// Part of the leg's price risk that is given back.
    pub rate: i64,
}

/// An inter-commodity spread; its place in the list is its priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    pub legs: Vec<CreditLeg>,
}

/// Why parameters or a portfolio are refused: the field, and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub field: &'static str,
    pub reason: &'static str,
}

impl Fault {
    pub(crate) const fn new(field: &'static str, reason: &'static str) -> Self {
        Self { field, reason }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

pub(crate) const TOO_LARGE: Fault = Fault::new("quantity", "makes sums beyond 2^60");
