//! Live orders: slabs of fixed-size rows, and an index from id to row.
//!
//! What matching touches is one cache line ([`Order`]); what only placing, changing and snapshots need lies beside it
//! ([`Details`]); terms that few orders have ([`Special`]) are in a slab of their own. Ids are sequence numbers, so the
//! index is an array in pages; a page is freed when none of its orders lives.
use crate::messages::ClientId;
use crate::watch::Watch;

/// No row.
pub const NONE: u32 = u32::MAX;
const PAGE: usize = 4_096;

pub const BUY: u8 = 1;
pub const SELL: u8 = 2;

pub const LIMIT: u8 = 1;
pub const MARKET: u8 = 2;
pub const MARKET_TO_LIMIT: u8 = 3;
pub const STOP: u8 = 4;
pub const STOP_LIMIT: u8 = 5;
pub const TRAILING_STOP: u8 = 6;
pub const PEG: u8 = 7;
pub const REQUEST: u8 = 8;
pub const RESPONSE: u8 = 9;
/// A parent: its children work it (`parents.rs`).
pub const WORKED: u8 = 10;

/// Closes a position that its account no longer bears.
pub const LIQUIDATION: u8 = 11;

pub const GTC: u8 = 1;
pub const IOC: u8 = 2;
pub const FOK: u8 = 3;
pub const DAY: u8 = 4;
pub const GTD: u8 = 5;
pub const AT_OPEN: u8 = 6;
pub const AT_CLOSE: u8 = 7;
pub const GOOD_FOR_AUCTION: u8 = 8;

/// Flags, as a client gives them.
pub const POST_ONLY: u8 = 1;
pub const HIDDEN: u8 = 2;
pub const ALL_OR_NONE: u8 = 4;
pub const REDUCE_ONLY: u8 = 8;
pub const SHORT: u8 = 16;
pub const SLIDE: u8 = 32;
pub const QUOTE: u8 = 64;
pub const FRESH: u8 = 128;

/// Marks, as the engine keeps them: a client id was given.
pub const NAMED: u16 = 1;
/// It has a row of [`Special`] terms.
pub const HAS_SPECIAL: u16 = 2;
/// It works at an outside venue.
pub const ROUTED: u16 = 4;
/// It waits outside the book: for its trigger, its session or its parent.
pub const PARKED: u16 = 8;
/// It shows less than all of it; what it shows is in its special terms (nothing, if hidden).
pub const PARTLY_SHOWN: u16 = 16;
/// It may be passed over: all-or-none, minimum quantity.
pub const CONDITIONAL: u16 = 32;
/// It stands in the list of hidden orders, behind the visible ones at its price.
pub const BEHIND: u16 = 64;
/// Its market counts it among those that keep matching from its short way.
pub const COUNTED: u16 = 128;
/// It was the first at a price that bettered its side, and kept its place.
pub const TOP: u16 = 256;
/// It holds nothing: its account is without end in what it would hold, or its parent holds for it.
pub const UNHELD: u16 = 512;
/// Others wait for its end.
pub const PARENT: u16 = 1_024;
/// Its parent is not done: it holds nothing and counts nowhere.
pub const ASIDE: u16 = 2_048;
/// A market order in a call: it stands before the limit orders at its price, in a list of its own.
pub const UNPRICED: u16 = 4_096;
/// It is parked until its auction.
pub const AWAITS_CALL: u16 = 8_192;
/// A child: it trades for its parent, which holds for it and counts for it.
pub const CHILD: u16 = 1 << 14;
/// Its changes are counted: its account has limits, or it is a market maker's quote. Follows from the rest of the state.
pub const WATCHED: u16 = 1 << 15;

/// One live order. `page`, `prev`, `next` belong to its book; `hold` is a spot order's own hold (0 for a perpetual's).
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Order {
    pub id: u64,
    pub price: i64,
    /// Lots still to trade (negative where an outside venue filled more than was asked).
    pub left: i64,
    pub hold: i64,
    pub account: u32,
    pub page: u32,
    pub prev: u32,
    pub next: u32,
    pub value_carry: u32,
    pub fee_carry: u32,
    pub instrument: u16,
    pub marks: u16,
    pub side: u8,
    pub kind: u8,
    pub tif: u8,
    pub flags: u8,
}
const _: () = assert!(size_of::<Order>() == 64);

/// What only placing, changing and remembering an order need. `special`: its row there, or [`NONE`].
#[derive(Debug, Clone, Copy)]
pub struct Details {
    pub quantity: i64,
    pub client_id: ClientId,
    pub venue: u32,
    pub session: u32,
    pub special: u32,
}

impl Default for Details {
    fn default() -> Self {
        Self { quantity: 0, client_id: [0; 16], venue: 0, session: 0, special: NONE }
    }
}

/// Terms that few orders have, as PlaceSpecial gives them. `shown` is what an iceberg shows now; `drawn` counts its
/// peaks; `done` is what was executed against a minimum quantity that counts in total. `limit`: the limit that a trailing
/// stop or a peg was given. `parent` is 0 once that is done. `arrived`: the pass in which an order came into a dark pool
/// (0: the pass that is its number). `invited`: until when a conditional order may be firmed up (0: it is not asked to).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Special {
    pub stop: i64,
    pub offset: i64,
    pub display: i64,
    pub display_high: i64,
    pub seed: u64,
    pub min_quantity: i64,
    pub expire: u64,
    pub one_cancels: u64,
    pub parent: u64,
    pub request: u64,
    pub shown: i64,
    pub drawn: u32,
    pub done: i64,
    pub peg: u8,
    pub trigger: u8,
    pub limit: i64,
    pub arrived: u64,
    pub invited: u64,
}

impl Order {
    #[inline]
    pub fn buys(&self) -> bool {
        self.side == BUY
    }

    /// Its rest never stays in the book.
    #[inline]
    pub fn is_immediate(&self) -> bool {
        self.kind == MARKET || self.tif == IOC || self.tif == FOK
    }

    /// Nothing but a price and a quantity: the short way through the book is enough.
    #[inline]
    pub fn is_plain(&self) -> bool {
        const MORE: u8 = HIDDEN | ALL_OR_NONE | REDUCE_ONLY | SLIDE;
        self.flags & MORE == 0 && self.kind <= MARKET && self.tif < AT_OPEN && self.marks & HAS_SPECIAL == 0
    }

    /// Shows a part of itself (only asked of resting orders).
    #[inline]
    pub fn is_iceberg(&self) -> bool {
        self.marks & PARTLY_SHOWN != 0 && self.flags & HIDDEN == 0
    }

    /// A live order stands in a book of the house, unless it waits beside it, works at a venue or is a parent.
    #[inline]
    pub fn is_in_a_book(&self) -> bool {
        self.marks & (ROUTED | PARKED) == 0 && self.kind != WORKED
    }

    /// Would it trade at this price of the other side?
    #[inline]
    pub fn reaches(&self, price: i64) -> bool {
        if self.buys() { price <= self.price } else { price >= self.price }
    }

    /// It waits for a price, or waited if that has come.
    #[inline]
    pub fn is_stop(&self) -> bool {
        matches!(self.kind, STOP | STOP_LIMIT | TRAILING_STOP)
    }

    /// It has no limit of its own until it works.
    #[inline]
    pub fn is_at_market(&self) -> bool {
        matches!(self.kind, MARKET | MARKET_TO_LIMIT)
    }

    /// Lots that it may trade, and price x lots of them at worst: what a perpetual's position counts.
    #[inline]
    pub fn exposure(&self) -> (i64, i128) {
        if self.marks & (ASIDE | CHILD) != 0 || self.kind == REQUEST {
            return (0, 0);
        }
        (self.left, i128::from(self.left) * i128::from(self.price))
    }

    /// The place of its instrument in the lists.
    #[inline]
    pub fn at(&self) -> usize {
        self.instrument as usize - 1
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
    details: Vec<Details>,
    free: Vec<u32>,
    specials: Vec<Special>,
    free_specials: Vec<u32>,
    pages: Vec<Page>,
    pub watch: Watch,
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
        let order = &mut self.rows[row as usize];
        if order.marks & WATCHED != 0 {
            self.watch.note(row);
        }
        order
    }

    /// For a book, which changes where an order stands and nothing else of it.
    #[inline]
    pub(crate) fn place_mut(&mut self, row: u32) -> &mut Order {
        &mut self.rows[row as usize]
    }

    /// Two different orders.
    pub fn pair_mut(&mut self, first: u32, second: u32) -> (&mut Order, &mut Order) {
        let pair = self.rows.get_disjoint_mut([first as usize, second as usize]);
        let pair: (&mut Order, &mut Order) = pair.expect("the sides of a trade are two orders").into();
        if (pair.0.marks | pair.1.marks) & WATCHED != 0 {
            self.watch.note(first);
            self.watch.note(second);
        }
        pair
    }

    #[inline]
    pub fn details(&self, row: u32) -> &Details {
        &self.details[row as usize]
    }

    #[inline]
    pub fn details_mut(&mut self, row: u32) -> &mut Details {
        &mut self.details[row as usize]
    }

    /// The special terms of an order that has them.
    pub fn special(&self, row: u32) -> Option<&Special> {
        self.specials.get(self.details[row as usize].special as usize)
    }

    pub fn special_mut(&mut self, row: u32) -> Option<&mut Special> {
        self.specials.get_mut(self.details[row as usize].special as usize)
    }

    /// Lots executed so far.
    pub fn filled(&self, row: u32) -> i64 {
        self.details(row).quantity - self.get(row).left
    }

    /// What the book shows of it.
    #[inline]
    pub fn shown(&self, row: u32) -> i64 {
        let order = self.get(row);
        if order.marks & PARTLY_SHOWN == 0 { order.left } else { self.special(row).map_or(0, |special| special.shown) }
    }

    /// From now on the changes of this order are counted.
    pub(crate) fn watch_row(&mut self, row: u32) {
        self.rows[row as usize].marks |= WATCHED;
        self.watch.note(row);
    }

    /// Brings the sums of watched orders up to date.
    pub(crate) fn count_changed(&mut self) {
        let changed = self.watch.take_changed();
        for row in &changed {
            let order = &self.rows[*row as usize];
            if order.marks & WATCHED != 0 {
                self.watch.count(*row, order);
            }
        }
        self.watch.give_back(changed);
    }

    /// Looks at the row that the order after `later` others will get, if it was another's before.
    pub(crate) fn look_free(&self, later: usize) -> u64 {
        let row = self.free.len().checked_sub(later + 1).map(|at| self.free[at] as usize);
        row.map_or(0, |row| self.rows[row].id ^ self.details[row].quantity as u64)
    }

    #[inline]
    pub fn insert(&mut self, order: Order, details: Details) -> u32 {
        let row = match self.free.pop() {
            Some(row) => {
                self.rows[row as usize] = order;
                self.details[row as usize] = details;
                row
            }
            None => {
                self.rows.push(order);
                self.details.push(details);
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
        if order.marks & WATCHED != 0 {
            self.watch.note(row);
        }
        row
    }

    /// Gives an order special terms.
    pub fn specify(&mut self, row: u32, special: Special) {
        let at = match self.free_specials.pop() {
            Some(at) => {
                self.specials[at as usize] = special;
                at
            }
            None => {
                self.specials.push(special);
                (self.specials.len() - 1) as u32
            }
        };
        self.details[row as usize].special = at;
        self.rows[row as usize].marks |= HAS_SPECIAL;
    }

    #[inline]
    pub fn remove(&mut self, row: u32) {
        let order = &mut self.rows[row as usize];
        if order.marks & (HAS_SPECIAL | WATCHED) != 0 {
            if order.marks & HAS_SPECIAL != 0 {
                self.free_specials.push(self.details[row as usize].special);
            }
            if order.marks & WATCHED != 0 {
                order.marks &= !WATCHED;
                self.watch.forget(row, order);
            }
        }
        let id = order.id as usize;
        let last = self.pages.len() - 1;
        let page = &mut self.pages[id / PAGE];
        page.rows[id % PAGE] = NONE;
        page.live -= 1;
        if page.live == 0 && id / PAGE < last {
            page.rows = Vec::new();
        }
        self.free.push(row);
    }

    /// No order is left; the room stays.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.details.clear();
        self.free.clear();
        self.specials.clear();
        self.free_specials.clear();
        self.pages.iter_mut().for_each(|page| *page = Page::default());
        self.watch.clear();
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
