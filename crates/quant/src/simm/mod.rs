//! ISDA SIMM: initial margin of bilateral derivatives from sensitivities (CRIF).
//!
//! Source: "ISDA SIMM Methodology, version 2.5", sections A to M. Sensitivities are in USD, as CRIF's AmountUSD; the calculation
//! currency matters for FX only. Netting, concentration, correlations, curvature and the combination of classes are those
//! sections'; what the text leaves open is said where it is decided.
pub mod calibration;
pub mod crif;
mod curvature;
mod margin;
mod net;

pub use margin::{Margin, margin};

/// Tenors of a sensitivity.
pub const MATURITIES: usize = 12;
pub const TENORS: [&str; MATURITIES] = ["2w", "1m", "3m", "6m", "1y", "2y", "3y", "5y", "10y", "15y", "20y", "30y"];

/// Classes of risk, in the order of the correlations between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    Rates,
    Fx,
    CreditQ,
    CreditNonQ,
    Equity,
    Commodity,
}

pub const CLASSES: [Class; 6] =
    [Class::Rates, Class::Fx, Class::CreditQ, Class::CreditNonQ, Class::Equity, Class::Commodity];

/// What a row of CRIF tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    Delta,
    Inflation,
    Basis,
    BaseCorrelation,
    Vega,
    InflationVega,
    Multiplier,
    FixedAmount,
    NotionalFactor,
    Notional,
}

/// One row. `product`: place of its class of products (RatesFX, Credit, Equity, Commodity). `bucket`: place of a numbered bucket
/// (the residual one last), of a currency for rates. `name`, `label`: places in [`crif::Crif::names`]. `tenor`: its place; 0 where
/// there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensitivity {
    pub product: u8,
    pub class: Class,
    pub kind: Kind,
    pub bucket: u16,
    pub name: u32,
    pub tenor: u8,
    pub label: u32,
    pub amount: f64,
}
