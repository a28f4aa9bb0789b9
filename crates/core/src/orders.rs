//! Live orders: a slab of fixed-size rows, and an index from id to row.
//!
//! Ids are sequence numbers, so the index is an array in pages; a page is freed when none of its orders lives.
use crate::messages::ClientId;

/// No row.
pub const NONE: u32 = u32::MAX;
const PAGE: usize = 4_096;

pub const BUY: u8 = 1;
pub const SELL: u8 = 2;
pub const LIMIT: u8 = 1;
pub const MARKET: u8 = 2;
pub const GTC: u8 = 1;
pub const IOC: u8 = 2;
pub const FOK: u8 = 3;
pub const DAY: u8 = 4;
pub const POST_ONLY: u8 = 1;

/// One live order. `page`, `prev`, `next` belong to its book; `hold` is a spot order's own hold (0 for a perpetual's).
#[derive(Debug, Clone, Copy)]
pub struct Order {
    pub id: u64,
    pub account: u32,
    pub instrument: u32,
    pub venue: u32,
    pub page: u32,
    pub prev: u32,
    pub next: u32,
    pub price: i64,
    pub quantity: i64,
    pub filled: i64,
    pub hold: i64,
    pub value_carry: u32,
    pub fee_carry: u32,
    pub side: u8,
    pub kind: u8,
    pub tif: u8,
    pub flags: u8,
    pub client_id: ClientId,
}

impl Order {
    #[inline]
    pub fn left(&self) -> i64 {
        self.quantity - self.filled
    }

    #[inline]
    pub fn buys(&self) -> bool {
        self.side == BUY
    }

    /// Its rest never stays in the book.
    #[inline]
    pub fn is_immediate(&self) -> bool {
        self.kind == MARKET || self.tif == IOC || self.tif == FOK
    }
}

#[derive(Debug, Clone, Default)]
struct Page {
    rows: Vec<u32>,
    live: u32,
}

#[derive(Debug, Clone, Default)]
pub struct Orders {
    rows: Vec<Order>,
    free: Vec<u32>,
    pages: Vec<Page>,
}

impl Orders {
    #[inline]
    pub fn find(&self, id: u64) -> Option<u32> {
        let page = self.pages.get(id as usize / PAGE)?;
        let row = *page.rows.get(id as usize % PAGE)?;
        (row != NONE).then_some(row)
    }

    #[inline]
    pub fn get(&self, row: u32) -> &Order {
        &self.rows[row as usize]
    }

    #[inline]
    pub fn get_mut(&mut self, row: u32) -> &mut Order {
        &mut self.rows[row as usize]
    }

    #[inline]
    pub fn insert(&mut self, order: Order) -> u32 {
        let row = match self.free.pop() {
            Some(row) => {
                self.rows[row as usize] = order;
                row
            }
            None => {
                self.rows.push(order);
                (self.rows.len() - 1) as u32
            }
        };
        let number = order.id as usize / PAGE;
        if self.pages.len() <= number {
            self.pages.resize_with(number + 1, Page::default);
        }
        let page = &mut self.pages[number];
        if page.rows.is_empty() {
            page.rows = vec![NONE; PAGE];
        }
        page.rows[order.id as usize % PAGE] = row;
        page.live += 1;
        row
    }

    #[inline]
    pub fn remove(&mut self, row: u32) {
        let id = self.rows[row as usize].id as usize;
        let last = self.pages.len() - 1;
        let page = &mut self.pages[id / PAGE];
        page.rows[id % PAGE] = NONE;
        page.live -= 1;
        if page.live == 0 && id / PAGE < last {
            page.rows = Vec::new();
        }
        self.free.push(row);
    }

    pub fn len(&self) -> usize {
        self.rows.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows of all live orders, by id.
    pub fn by_id(&self) -> impl Iterator<Item = u32> + '_ {
        self.pages.iter().flat_map(|p| p.rows.iter().copied().filter(|row| *row != NONE))
    }
}
