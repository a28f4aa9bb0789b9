//! Closing positions of accounts that no longer bear them: by the book, with the insurance fund, or against others.
use crate::engine::{Effects, Engine};
use crate::messages::{Deleverage, Liquidate};
use crate::names::Reason;

impl Engine {
    pub(crate) fn liquidate(&mut self, _c: &Liquidate, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::NotLiquidatable)
    }

    pub(crate) fn deleverage(&mut self, _c: &Deleverage, _effects: &mut Effects) -> Result<(), Reason> {
        Err(Reason::NotLiquidatable)
    }
}
