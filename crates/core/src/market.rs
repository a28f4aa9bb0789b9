//! The market of one instrument: its book, its rules, its trading state and what waits beside the book.
use std::collections::{BTreeMap, BTreeSet};

use crate::book::Book;
use crate::names::{Rule, SessionState};
use crate::orders::{BEHIND, Order, Orders, UNPRICED};
use crate::rules::{CALL, LIT, MIXED, PRO_RATA, Rules};
use crate::triggers::Triggers;

/// `plain`: continuous, first come first served, nothing that watches the book: matching takes its short way.
#[derive(Debug, Clone)]
pub struct Market {
    pub book: Book,
    pub plain: bool,
    pub state: SessionState,
    pub rules: Rules,
    /// Hidden orders that stand behind the visible ones at their price.
    pub hidden: Book,
    /// Responses by the request that they answer; those that ended are left where they are until it ends.
    pub responses: BTreeMap<u64, Vec<u64>>,
    /// Pegs that came to their book; those that ended are left where they are until the others move.
    pub pegs: BTreeSet<u64>,
    /// Conditional orders of a dark pool; those that ended are left where they are until others are invited.
    pub conditionals: BTreeSet<u64>,
    /// Orders in the books that are not just a price and a quantity.
    pub specials: u32,
    /// Orders that wait outside the books, and those of them that wait for a price.
    pub waiting: u32,
    pub triggers: Triggers,
    /// Market orders that wait in a call for its price.
    pub unpriced: Book,
    /// The gate has more to ask than form, lot and tick.
    pub guarded: bool,
    /// The price of the last auction since the last mark; 0: none.
    pub auction_price: i64,
    /// The limit state that the market is in.
    pub edge: Option<Edge>,
    /// When the present state ends by itself; 0: never.
    pub timer: u64,
    /// Orders that are held until their auction, and perhaps some that are gone.
    pub held: std::collections::BTreeSet<u64>,
}

/// A limit state: orders of `side` rest at the edge of the band, and the other side is beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub side: u8,
    pub price: i64,
}

impl Default for Market {
    fn default() -> Self {
        Self {
            book: Book::default(),
            plain: true,
            state: SessionState::Continuous,
            rules: Rules::default(),
            hidden: Book::default(),
            responses: BTreeMap::new(),
            pegs: BTreeSet::new(),
            conditionals: BTreeSet::new(),
            specials: 0,
            waiting: 0,
            triggers: Triggers::default(),
            unpriced: Book::default(),
            guarded: false,
            auction_price: 0,
            edge: None,
            timer: 0,
            held: std::collections::BTreeSet::new(),
        }
    }
}

impl Market {
    /// All its orders are gone at once.
    pub fn clear(&mut self) {
        (self.book, self.hidden, self.unpriced) = (Book::default(), Book::default(), Book::default());
        self.held.clear();
    }

    /// The list that a resting order stands in.
    pub fn book_of(&mut self, order: &Order) -> &mut Book {
        self.shelf(order.marks)
    }

    /// A side as everybody sees it: (price, quantity, orders), best first; orders and prices that show nothing are left out.
    pub fn shown<'a>(&'a self, orders: &'a Orders, buys: bool) -> impl Iterator<Item = (i64, i64, u32)> + 'a {
        let side = self.book.side(buys);
        let visible = move |price| side.queue(orders, price).filter(|row| orders.shown(*row) > 0).count() as u32;
        side.levels().filter(|(_, level)| level.quantity > 0).map(move |(price, level)| {
            let count = if self.specials == 0 { level.count } else { visible(price) };
            (price, level.quantity, count)
        })
    }

    /// The best price at which something is shown, and how much.
    pub fn best_shown(&self, buys: bool) -> Option<(i64, i64)> {
        let level = self.book.side(buys).levels().find(|(_, level)| level.quantity > 0);
        level.map(|(price, level)| (price, level.quantity))
    }

    /// Must somebody look when it changes?
    #[inline]
    pub fn watched(&self) -> bool {
        !self.plain || self.waiting > 0
    }

    /// Decides anew whether matching may take its short way and whether the gate has more to ask.
    pub fn replan(&mut self) {
        let set = |rules: &[Rule]| rules.iter().any(|rule| self.rules.get(*rule) != 0);
        let watched = set(&[Rule::StaticBand, Rule::DynamicBand, Rule::MakerPriority]);
        self.plain = self.state == SessionState::Continuous
            && self.specials == 0
            && !watched
            && self.edge.is_none()
            && self.rules.get(Rule::Book) == LIT
            && self.rules.get(Rule::SelfTrade) == crate::rules::CANCEL_NEWEST;
        self.guarded = !self.matches() || set(&[Rule::StaticBand, Rule::MinNotional]);
    }

    /// Do orders trade as they come?
    pub fn matches(&self) -> bool {
        self.state == SessionState::Continuous && self.rules.get(Rule::Book) != CALL
    }

    /// Do orders gather for one price?
    pub fn is_call(&self) -> bool {
        self.has_auctions()
            && match self.state {
                SessionState::Continuous => self.rules.get(Rule::Book) == CALL,
                SessionState::Halted | SessionState::Closed => false,
                _ => true,
            }
    }

    /// Is it a book of orders that can meet in an auction?
    pub fn has_auctions(&self) -> bool {
        matches!(self.rules.get(Rule::Book), LIT | PRO_RATA | MIXED | CALL)
    }

    /// The list in which an order with these marks stands.
    pub fn shelf(&mut self, marks: u16) -> &mut Book {
        if marks & UNPRICED != 0 {
            &mut self.unpriced
        } else if marks & BEHIND != 0 {
            &mut self.hidden
        } else {
            &mut self.book
        }
    }
}
