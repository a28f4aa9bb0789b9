//! The engine's own books alone: matching with owners, self-trade check and an event for everything that happens.
//! No accounts, no money, no records.
use isthmus_core::book::Book;
use isthmus_core::orders::{BUY, Details, GTC, LIMIT, NONE, Order, Orders, SELL};
use isthmus_core::values::PRICE_MAX;

use crate::workload::{Instruction, Kind, Trade};

/// Events that are kept before their room is used again: what a reader a little behind would have to see.
const KEPT: usize = 16_384;

/// What happened, as somebody outside the books would have to be told.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    Accepted { order: u64, owner: u32, instrument: u32, price: i64, quantity: i64 },
    Traded { maker: u64, taker: u64, owners: (u32, u32), price: i64, quantity: i64 },
    Cancelled { order: u64, owner: u32, self_trade: bool, quantity: i64 },
    Unknown { order: u64, owner: u32 },
}

/// The books of some instruments, the orders in them, and what they told.
pub struct CoreBooks {
    books: Vec<Book>,
    orders: Orders,
    pub events: Vec<Event>,
    keep: bool,
}

impl CoreBooks {
    /// `keep`: all events stay. Not for timing.
    pub fn new(instruments: usize, keep: bool) -> Self {
        Self {
            books: vec![Book::default(); instruments],
            orders: Orders::default(),
            events: Vec::with_capacity(2 * KEPT),
            keep,
        }
    }

    #[inline]
    pub fn apply(&mut self, instrument: u32, c: &Instruction) {
        if self.events.len() > KEPT && !self.keep {
            self.events.clear();
        }
        match c.kind {
            Kind::Cancel => self.cancel(c),
            Kind::Limit => self.place(instrument, c, i64::from(c.price)),
            Kind::Market => self.place(instrument, c, if c.buys { PRICE_MAX } else { 1 }),
        }
    }

    #[inline]
    fn place(&mut self, instrument: u32, c: &Instruction, limit: i64) {
        let (order, owner, quantity) = (u64::from(c.order), c.owner, i64::from(c.quantity));
        self.events.push(Event::Accepted { order, owner, instrument, price: limit, quantity });
        let mut left = quantity;
        while left > 0 && self.books[instrument as usize].side(!c.buys).meets(limit) {
            match self.fill(instrument, c, left) {
                0 => {
                    self.events.push(Event::Cancelled { order, owner, self_trade: true, quantity: left });
                    return;
                }
                filled => left -= filled,
            }
        }
        if left == 0 {
            return;
        }
        if c.kind == Kind::Market {
            self.events.push(Event::Cancelled { order, owner, self_trade: false, quantity: left });
            return;
        }
        let row = self.orders.insert(resting(instrument, c, left), Details { quantity, ..Details::default() });
        self.books[instrument as usize].side_mut(c.buys).push(&mut self.orders, row);
    }

    /// Trades with the first order of the other side; returns how much, 0 when it is the owner's own.
    #[inline]
    fn fill(&mut self, instrument: u32, c: &Instruction, wanted: i64) -> i64 {
        let Self { books, orders, events, .. } = self;
        let side = books[instrument as usize].side_mut(!c.buys);
        let row = side.first().expect("a side that is met has a first order");
        let maker = orders.get_mut(row);
        if maker.account == c.owner {
            return 0;
        }
        let quantity = wanted.min(maker.left);
        maker.left -= quantity;
        events.push(Event::Traded {
            maker: maker.id,
            taker: u64::from(c.order),
            owners: (maker.account, c.owner),
            price: maker.price,
            quantity,
        });
        let done = maker.left == 0;
        side.shrink(orders, row, quantity);
        if done {
            side.unlink(orders, row);
            orders.remove(row);
        }
        quantity
    }

    #[inline]
    fn cancel(&mut self, c: &Instruction) {
        let (order, owner) = (u64::from(c.order), c.owner);
        let Some(row) = self.orders.find(order).filter(|row| self.orders.get(*row).account == owner) else {
            self.events.push(Event::Unknown { order, owner });
            return;
        };
        let resting = self.orders.get(row);
        let (buys, at, quantity) = (resting.buys(), resting.at(), resting.left);
        self.books[at].side_mut(buys).unlink(&mut self.orders, row);
        self.orders.remove(row);
        self.events.push(Event::Cancelled { order, owner, self_trade: false, quantity });
    }

    /// The trades among the events.
    pub fn trades(&self) -> Vec<Trade> {
        let each = |event: &Event| match *event {
            Event::Traded { maker, taker, price, quantity, .. } => {
                Some(Trade { maker: maker as u32, taker: taker as u32, price: price as i32, quantity: quantity as u32 })
            }
            _ => None,
        };
        self.events.iter().filter_map(each).collect()
    }
}

#[inline]
fn resting(instrument: u32, c: &Instruction, left: i64) -> Order {
    Order {
        id: u64::from(c.order),
        price: i64::from(c.price),
        left,
        hold: 0,
        account: c.owner,
        page: NONE,
        prev: NONE,
        next: NONE,
        value_carry: 0,
        fee_carry: 0,
        instrument: instrument as u16 + 1,
        marks: 0,
        side: if c.buys { BUY } else { SELL },
        kind: LIMIT,
        tif: GTC,
        flags: 0,
    }
}
