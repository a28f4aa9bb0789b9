//! Faults that can be planted, to show that the simulator finds them.
use isthmus_core::Engine;
use isthmus_core::ledger::{FEES, WORLD};

use crate::world::PLAIN;

/// What is done wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plant {
    #[default]
    Nothing,
    /// A replacement that should keep its place loses it.
    Priority,
    /// Now and then a posting loses a unit.
    Money,
    /// Now and then a unit goes from one account to another and no record tells.
    Posting,
    /// The disk says that it flushed and did not.
    Flush,
}

impl Plant {
    pub const NAMES: [(&'static str, Self); 5] = [
        ("nothing", Self::Nothing),
        ("priority", Self::Priority),
        ("money", Self::Money),
        ("posting", Self::Posting),
        ("flush", Self::Flush),
    ];

    /// The plant of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|known| known.0 == name).map(|known| known.1)
    }

    /// Does its harm to the engine after a command in which `kept` orders kept their place and `traded` tells of trades.
    pub fn harm(self, engine: &mut Engine, kept: Option<u64>, traded: bool) {
        match (self, kept) {
            (Self::Priority, Some(order)) => lose_place(engine, order),
            (Self::Posting, _) if traded && engine.sequence.is_multiple_of(7) => engine.ledger.post(FEES, WORLD, 1, 1),
            (Self::Money, _) if traded && engine.sequence.is_multiple_of(7) => lose_unit(engine),
            _ => {}
        }
    }
}

fn lose_place(engine: &mut Engine, order: u64) {
    let Some(row) = engine.orders.find(order) else {
        return;
    };
    let found = *engine.orders.get(row);
    if u32::from(found.instrument) != PLAIN {
        return;
    }
    let side = engine.markets[found.at()].book.side_mut(found.buys());
    side.unlink(&mut engine.orders, row);
    side.push(&mut engine.orders, row);
}

fn lose_unit(engine: &mut Engine) {
    if let Some(balance) = engine.ledger.accounts.iter_mut().flat_map(|account| account.balances.first_mut()).next() {
        balance.amount -= 1;
    }
}
