//! The lit book of one instrument: price-time priority.
//!
//! A side keeps its levels in pages of 64 neighbouring prices with a bitmap, pages in a `BTreeMap`. Orders at a price are
//! a linked list through the rows of [`Orders`], so that place, fill and cancel touch a handful of cache lines. Keys
//! make both sides alike: the price for sells, its negative for buys; the best is always the lowest key.
use std::collections::BTreeMap;

use crate::orders::{NONE, Order, Orders};

const BITS: i64 = 6;
const LEVELS: usize = 1 << BITS;
const WORDS: usize = LEVELS / 64;
/// Pages that a side finds without its map.
const RECENT: usize = 8;
/// Empty side.
const NO_KEY: i64 = i64::MAX;

/// All orders at one price. `quantity` is what they show together.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    head: u32,
    tail: u32,
    pub count: u32,
    pub quantity: i64,
}

const EMPTY: Level = Level { head: NONE, tail: NONE, count: 0, quantity: 0 };

#[derive(Debug, Clone)]
struct Page {
    number: i64,
    words: [u64; WORDS],
    levels: [Level; LEVELS],
}

/// One side of a book.
#[derive(Debug, Clone)]
pub struct Side {
    buys: bool,
    best: i64,
    pages: Vec<Page>,
    spare: Vec<u32>,
    by_number: BTreeMap<i64, u32>,
    /// Pages by the last bits of their numbers: of those with the same the one that was pushed to last.
    recent: [(i64, u32); RECENT],
}

impl Side {
    fn new(buys: bool) -> Self {
        Self {
            buys,
            best: NO_KEY,
            pages: Vec::new(),
            spare: Vec::new(),
            by_number: BTreeMap::new(),
            recent: [(0, NONE); RECENT],
        }
    }

    #[inline]
    fn key(&self, price: i64) -> i64 {
        if self.buys { -price } else { price }
    }

    /// The best price.
    #[inline]
    pub fn best(&self) -> Option<i64> {
        (self.best != NO_KEY).then_some(self.key(self.best))
    }

    /// Would an incoming order of the other side with this limit meet this side's best?
    #[inline]
    pub fn meets(&self, limit: i64) -> bool {
        self.best != NO_KEY && self.best <= self.key(limit)
    }

    /// The oldest order at the best price.
    #[inline]
    pub fn first(&self) -> Option<u32> {
        if self.best == NO_KEY {
            return None;
        }
        let page = self.find_page(self.best >> BITS).expect("the best level has a page");
        Some(self.pages[page as usize].levels[slot(self.best)].head)
    }

    /// The last order at a price.
    #[inline]
    pub(crate) fn tail(&self, price: i64) -> u32 {
        self.level(price).tail
    }

    pub fn level(&self, price: i64) -> Level {
        let key = self.key(price);
        self.find_page(key >> BITS).map_or(EMPTY, |page| self.pages[page as usize].levels[slot(key)])
    }

    #[inline]
    fn find_page(&self, number: i64) -> Option<u32> {
        let (recent, page) = self.recent[place(number)];
        if recent == number && page != NONE {
            return Some(page);
        }
        self.by_number.get(&number).copied()
    }

    fn make_page(&mut self, number: i64) -> u32 {
        let at = match self.spare.pop() {
            Some(at) => {
                self.pages[at as usize].number = number;
                at
            }
            None => {
                self.pages.push(Page { number, words: [0; WORDS], levels: [EMPTY; LEVELS] });
                (self.pages.len() - 1) as u32
            }
        };
        self.by_number.insert(number, at);
        at
    }

    /// Puts the order behind the others at its price.
    #[inline]
    pub fn push(&mut self, orders: &mut Orders, row: u32) {
        let (price, left) = (orders.get(row).price, orders.shown(row));
        let key = self.key(price);
        let number = key >> BITS;
        let at = match self.find_page(number) {
            Some(at) => at,
            None => self.make_page(number),
        };
        self.recent[place(number)] = (number, at);
        let page = &mut self.pages[at as usize];
        let level = &mut page.levels[slot(key)];
        let tail = level.tail;
        level.tail = row;
        level.count += 1;
        level.quantity += left;
        if tail == NONE {
            level.head = row;
            page.words[slot(key) / 64] |= 1 << (slot(key) % 64);
        } else {
            orders.place_mut(tail).next = row;
        }
        let order = orders.place_mut(row);
        (order.page, order.prev, order.next) = (at, tail, NONE);
        self.best = self.best.min(key);
    }

    /// Takes the order out of its level, whatever is left of it.
    #[inline]
    pub fn unlink(&mut self, orders: &mut Orders, row: u32) {
        let Order { price, page: at, prev, next, .. } = *orders.get(row);
        let left = orders.shown(row);
        let key = self.key(price);
        let page = &mut self.pages[at as usize];
        let level = &mut page.levels[slot(key)];
        level.count -= 1;
        level.quantity -= left;
        if prev == NONE {
            level.head = next;
        } else {
            orders.place_mut(prev).next = next;
        }
        if next == NONE {
            level.tail = prev;
        } else {
            orders.place_mut(next).prev = prev;
        }
        if level.count == 0 {
            page.words[slot(key) / 64] &= !(1 << (slot(key) % 64));
            self.level_emptied(key, at);
        }
    }

    /// Lowers the level's total when a resting order shrinks where it stands.
    #[inline]
    pub fn shrink(&mut self, orders: &Orders, row: u32, by: i64) {
        let order = orders.get(row);
        let key = self.key(order.price);
        self.pages[order.page as usize].levels[slot(key)].quantity -= by;
    }

    fn level_emptied(&mut self, key: i64, at: u32) {
        let next = next_in(&self.pages[at as usize].words, slot(key));
        if key == self.best {
            self.best = match next {
                Some(slot) => ((key >> BITS) << BITS) + slot as i64,
                None => self.first_after(key >> BITS),
            };
        }
        if next.is_none() && self.pages[at as usize].words == [0; WORDS] {
            self.by_number.remove(&(key >> BITS));
            self.spare.push(at);
            let recent = &mut self.recent[place(key >> BITS)];
            if recent.1 == at {
                *recent = (0, NONE);
            }
        }
    }

    /// The lowest key in the pages after `number`.
    fn first_after(&self, number: i64) -> i64 {
        let Some((number, at)) = self.by_number.range(number + 1..).next() else {
            return NO_KEY;
        };
        let slot = next_in(&self.pages[*at as usize].words, 0).expect("a page in the map is not empty");
        (number << BITS) + slot as i64
    }

    /// Levels from the best on: (price, level).
    pub fn levels(&self) -> impl Iterator<Item = (i64, Level)> + '_ {
        self.by_number.iter().flat_map(move |(number, at)| {
            let page = &self.pages[*at as usize];
            let after = |slot: &usize| if slot + 1 < LEVELS { next_in(&page.words, slot + 1) } else { None };
            std::iter::successors(next_in(&page.words, 0), after)
                .map(move |slot| (self.key((number << BITS) + slot as i64), page.levels[slot]))
        })
    }

    /// Rows at a price, oldest first.
    pub fn queue<'a>(&'a self, orders: &'a Orders, price: i64) -> impl Iterator<Item = u32> + 'a {
        let head = self.level(price).head;
        std::iter::successors((head != NONE).then_some(head), |row| {
            let next = orders.get(*row).next;
            (next != NONE).then_some(next)
        })
    }

    /// Rows in priority.
    pub fn in_priority<'a>(&'a self, orders: &'a Orders) -> impl Iterator<Item = u32> + 'a {
        self.levels().flat_map(move |(price, _)| self.queue(orders, price))
    }
}

/// Where a page is looked for first.
#[inline]
fn place(number: i64) -> usize {
    number as usize % RECENT
}

#[inline]
fn slot(key: i64) -> usize {
    (key & (LEVELS as i64 - 1)) as usize
}

/// The first set bit at or after `from`.
#[inline]
fn next_in(words: &[u64; WORDS], from: usize) -> Option<usize> {
    let mut word = from / 64;
    let mut bits = words[word] & (u64::MAX << (from % 64));
    loop {
        if bits != 0 {
            return Some(word * 64 + bits.trailing_zeros() as usize);
        }
        word += 1;
        if word == WORDS {
            return None;
        }
        bits = words[word];
    }
}

/// Both sides.
#[derive(Debug, Clone)]
pub struct Book {
    pub buys: Side,
    pub sells: Side,
}

impl Default for Book {
    fn default() -> Self {
        Self { buys: Side::new(true), sells: Side::new(false) }
    }
}

impl Book {
    #[inline]
    pub fn side(&self, buys: bool) -> &Side {
        if buys { &self.buys } else { &self.sells }
    }

    #[inline]
    pub fn side_mut(&mut self, buys: bool) -> &mut Side {
        if buys { &mut self.buys } else { &mut self.sells }
    }
}
