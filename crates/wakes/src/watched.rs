//! Who watches one instrument, in the order in which they become due.
use std::collections::BTreeSet;

use crate::{Set, Side};

/// Ordered by price, traded lots or id, so that what is due stands at one end.
#[derive(Debug, Default)]
pub struct Watched {
    pub traded: u64,
    buyers: BTreeSet<(i64, u64)>,
    sellers: BTreeSet<(i64, u64)>,
    volumes: BTreeSet<(u64, u64)>,
    books: BTreeSet<u64>,
}

impl Watched {
    pub fn add(&mut self, parent: u64, set: &Set) {
        match set.wake.price {
            Some((Side::Buy, price)) => self.buyers.insert((price, parent)),
            Some((Side::Sell, price)) => self.sellers.insert((price, parent)),
            None => false,
        };
        if set.wake.volume.is_some() {
            self.volumes.insert((set.until, parent));
        }
        if set.wake.book {
            self.books.insert(parent);
        }
    }

    pub fn remove(&mut self, parent: u64, set: &Set) {
        match set.wake.price {
            Some((Side::Buy, price)) => self.buyers.remove(&(price, parent)),
            Some((Side::Sell, price)) => self.sellers.remove(&(price, parent)),
            None => false,
        };
        self.volumes.remove(&(set.until, parent));
        self.books.remove(&parent);
    }

    /// Everybody who waits for the book, buyers whose price the ask has come down to, sellers whose price the bid has
    /// come up to. A parent may appear twice.
    pub fn at_quote(&self, bid: Option<i64>, ask: Option<i64>) -> Vec<u64> {
        let mut due: Vec<u64> = self.books.iter().copied().collect();
        if let Some(ask) = ask {
            due.extend(self.buyers.range((ask, 0)..).map(|(_, parent)| *parent));
        }
        if let Some(bid) = bid {
            due.extend(self.sellers.range(..=(bid, u64::MAX)).map(|(_, parent)| *parent));
        }
        due
    }

    pub fn at_trade(&mut self, quantity: u64) -> Vec<u64> {
        self.traded = self.traded.saturating_add(quantity);
        self.volumes.range(..=(self.traded, u64::MAX)).map(|(_, parent)| *parent).collect()
    }
}
