//! Yardstick: about as fast as a book can be that knows its prices beforehand. One array of levels for all prices, two
//! bitmaps over it, orders in an array by id with links to their neighbours; no owner, no answers but trades.
use crate::workload::{Instruction, Kind, Trade};

const NONE: u32 = u32::MAX;
const WORD: usize = 64;

#[derive(Debug, Clone, Copy)]
struct Node {
    prev: u32,
    next: u32,
    price: i32,
    /// 0: not resting.
    left: u32,
}

const NOWHERE: Node = Node { prev: NONE, next: NONE, price: 0, left: 0 };

#[derive(Debug, Clone, Copy)]
struct Level {
    head: u32,
    tail: u32,
}

/// A bit for every price with an order, and a bit for every word of those that is not zero.
struct Occupied {
    words: Vec<u64>,
    summary: Vec<u64>,
}

impl Occupied {
    fn new(prices: usize) -> Self {
        let words = prices.div_ceil(WORD);
        Self { words: vec![0; words], summary: vec![0; words.div_ceil(WORD)] }
    }

    #[inline]
    fn set(&mut self, price: usize) {
        let word = price / WORD;
        self.words[word] |= 1 << (price % WORD);
        self.summary[word / WORD] |= 1 << (word % WORD);
    }

    #[inline]
    fn clear(&mut self, price: usize) {
        let word = price / WORD;
        self.words[word] &= !(1 << (price % WORD));
        if self.words[word] == 0 {
            self.summary[word / WORD] &= !(1 << (word % WORD));
        }
    }

    /// The lowest set price at or above.
    #[inline]
    fn at_or_above(&self, price: usize) -> Option<usize> {
        let word = price / WORD;
        let here = self.words.get(word)? & (u64::MAX << (price % WORD));
        if here != 0 {
            return Some(word * WORD + here.trailing_zeros() as usize);
        }
        let next = word + 1;
        let mut mask = u64::MAX << (next % WORD);
        for at in next / WORD..self.summary.len() {
            let words = self.summary[at] & mask;
            if words != 0 {
                let word = at * WORD + words.trailing_zeros() as usize;
                return Some(word * WORD + self.words[word].trailing_zeros() as usize);
            }
            mask = u64::MAX;
        }
        None
    }

    /// The highest set price at or below.
    #[inline]
    fn at_or_below(&self, price: usize) -> Option<usize> {
        let word = price / WORD;
        let here = self.words[word] & (u64::MAX >> (WORD - 1 - price % WORD));
        if here != 0 {
            return Some(word * WORD + WORD - 1 - here.leading_zeros() as usize);
        }
        let before = word.checked_sub(1)?;
        let mut mask = u64::MAX >> (WORD - 1 - before % WORD);
        for at in (0..=before / WORD).rev() {
            let words = self.summary[at] & mask;
            if words != 0 {
                let word = at * WORD + WORD - 1 - words.leading_zeros() as usize;
                return Some(word * WORD + WORD - 1 - self.words[word].leading_zeros() as usize);
            }
            mask = u64::MAX;
        }
        None
    }
}

/// Price-time priority on one instrument with prices under `prices` and ids under `ids`.
pub struct ArrayBook {
    levels: Vec<Level>,
    occupied: Occupied,
    nodes: Vec<Node>,
    /// The highest buy: a price, or -1.
    bid: i32,
    /// The lowest sell: a price, or `i32::MAX`.
    ask: i32,
}

impl ArrayBook {
    pub fn new(prices: usize, ids: usize) -> Self {
        Self {
            levels: vec![Level { head: NONE, tail: NONE }; prices],
            occupied: Occupied::new(prices),
            nodes: vec![NOWHERE; ids],
            bid: -1,
            ask: i32::MAX,
        }
    }

    #[inline]
    pub fn apply(&mut self, c: &Instruction, trades: &mut Vec<Trade>) {
        match (c.kind, c.buys) {
            (Kind::Cancel, _) => self.cancel(c.order),
            (Kind::Market, true) => {
                self.buy(c, i32::MAX - 1, trades);
            }
            (Kind::Market, false) => {
                self.sell(c, 0, trades);
            }
            (Kind::Limit, true) => {
                let left = self.buy(c, c.price, trades);
                if left > 0 {
                    self.rest(c, left);
                    self.bid = self.bid.max(c.price);
                }
            }
            (Kind::Limit, false) => {
                let left = self.sell(c, c.price, trades);
                if left > 0 {
                    self.rest(c, left);
                    self.ask = self.ask.min(c.price);
                }
            }
        }
    }

    #[inline]
    fn buy(&mut self, c: &Instruction, limit: i32, trades: &mut Vec<Trade>) -> u32 {
        let mut left = c.quantity;
        while left > 0 && self.ask <= limit {
            left = self.take_level(self.ask, c.order, left, trades);
            if self.levels[self.ask as usize].head == NONE {
                self.occupied.clear(self.ask as usize);
                self.ask = self.occupied.at_or_above(self.ask as usize).map_or(i32::MAX, |price| price as i32);
            }
        }
        left
    }

    #[inline]
    fn sell(&mut self, c: &Instruction, limit: i32, trades: &mut Vec<Trade>) -> u32 {
        let mut left = c.quantity;
        while left > 0 && self.bid >= limit {
            left = self.take_level(self.bid, c.order, left, trades);
            if self.levels[self.bid as usize].head == NONE {
                self.occupied.clear(self.bid as usize);
                self.bid = self.occupied.at_or_below(self.bid as usize).map_or(-1, |price| price as i32);
            }
        }
        left
    }

    /// Trades with the queue at a price; returns what is left.
    #[inline]
    fn take_level(&mut self, price: i32, taker: u32, mut left: u32, trades: &mut Vec<Trade>) -> u32 {
        let level = &mut self.levels[price as usize];
        while left > 0 && level.head != NONE {
            let maker = level.head;
            let node = &mut self.nodes[maker as usize];
            let quantity = left.min(node.left);
            trades.push(Trade { maker, taker, price, quantity });
            left -= quantity;
            node.left -= quantity;
            if node.left == 0 {
                level.head = node.next;
                match node.next {
                    NONE => level.tail = NONE,
                    next => self.nodes[next as usize].prev = NONE,
                }
            }
        }
        left
    }

    #[inline]
    fn rest(&mut self, c: &Instruction, left: u32) {
        let level = &mut self.levels[c.price as usize];
        let tail = level.tail;
        self.nodes[c.order as usize] = Node { prev: tail, next: NONE, price: c.price, left };
        level.tail = c.order;
        if tail == NONE {
            level.head = c.order;
            self.occupied.set(c.price as usize);
        } else {
            self.nodes[tail as usize].next = c.order;
        }
    }

    #[inline]
    fn cancel(&mut self, order: u32) {
        let Some(node) = self.nodes.get_mut(order as usize).filter(|node| node.left > 0) else { return };
        node.left = 0;
        let Node { prev, next, price, .. } = *node;
        let level = &mut self.levels[price as usize];
        match prev {
            NONE => level.head = next,
            prev => self.nodes[prev as usize].next = next,
        }
        match next {
            NONE => level.tail = prev,
            next => self.nodes[next as usize].prev = prev,
        }
        if level.head == NONE {
            self.occupied.clear(price as usize);
            if price == self.bid {
                self.bid = self.occupied.at_or_below(price as usize).map_or(-1, |price| price as i32);
            } else if price == self.ask {
                self.ask = self.occupied.at_or_above(price as usize).map_or(i32::MAX, |price| price as i32);
            }
        }
    }
}
