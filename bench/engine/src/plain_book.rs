//! Yardstick: the book that most people write first. Ordered maps of queues, and a hash map from id to place.
use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::workload::{Instruction, Kind, Trade};

/// What is left of a resting order.
struct Resting {
    order: u32,
    left: u32,
}

type Levels = BTreeMap<i32, VecDeque<Resting>>;

/// Price-time priority on one instrument. Orders only: no owners, no answers but trades.
#[derive(Default)]
pub struct PlainBook {
    buys: Levels,
    sells: Levels,
    places: HashMap<u32, (bool, i32)>,
}

impl PlainBook {
    pub fn apply(&mut self, c: &Instruction, trades: &mut Vec<Trade>) {
        match c.kind {
            Kind::Cancel => self.cancel(c.order),
            Kind::Market => {
                self.take(c, if c.buys { i32::MAX } else { i32::MIN }, trades);
            }
            Kind::Limit => {
                let left = self.take(c, c.price, trades);
                if left > 0 {
                    let levels = if c.buys { &mut self.buys } else { &mut self.sells };
                    levels.entry(c.price).or_default().push_back(Resting { order: c.order, left });
                    self.places.insert(c.order, (c.buys, c.price));
                }
            }
        }
    }

    /// Trades up to the limit; returns what is left.
    fn take(&mut self, c: &Instruction, limit: i32, trades: &mut Vec<Trade>) -> u32 {
        let mut left = c.quantity;
        while left > 0 {
            let level = if c.buys { self.sells.first_entry() } else { self.buys.last_entry() };
            let Some(mut level) = level else { break };
            let price = *level.key();
            if if c.buys { price > limit } else { price < limit } {
                break;
            }
            let queue = level.get_mut();
            while left > 0
                && let Some(first) = queue.front_mut()
            {
                let quantity = left.min(first.left);
                trades.push(Trade { maker: first.order, taker: c.order, price, quantity });
                left -= quantity;
                first.left -= quantity;
                if first.left == 0 {
                    self.places.remove(&first.order);
                    queue.pop_front();
                }
            }
            if queue.is_empty() {
                level.remove();
            }
        }
        left
    }

    fn cancel(&mut self, order: u32) {
        let Some((buys, price)) = self.places.remove(&order) else { return };
        let levels = if buys { &mut self.buys } else { &mut self.sells };
        let queue = levels.get_mut(&price).expect("a resting order has a level");
        let at = queue.iter().position(|resting| resting.order == order).expect("a resting order is in its queue");
        queue.remove(at);
        if queue.is_empty() {
            levels.remove(&price);
        }
    }
}
