//! The market of one instrument: its book, its rules, its trading state and what waits beside the book.
use crate::book::Book;
use crate::names::{Rule, SessionState};
use crate::orders::{BEHIND, Order, Orders};
use crate::rules::Rules;
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
    /// Rows of the tick table after the first: from this price on, this tick.
    pub ticks: Vec<(i64, i64)>,
    /// Orders in the books that are not just a price and a quantity.
    pub specials: u32,
    /// Orders that wait outside the books, and those of them that wait for a price.
    pub waiting: u32,
    pub triggers: Triggers,
}

impl Default for Market {
    fn default() -> Self {
        Self {
            book: Book::default(),
            plain: true,
            state: SessionState::Continuous,
            rules: Rules::default(),
            hidden: Book::default(),
            ticks: Vec::new(),
            specials: 0,
            waiting: 0,
            triggers: Triggers::default(),
        }
    }
}

impl Market {
    /// All its orders are gone at once.
    pub fn clear(&mut self) {
        (self.book, self.hidden) = (Book::default(), Book::default());
    }

    /// The list that a resting order stands in.
    pub fn book_of(&mut self, order: &Order) -> &mut Book {
        if order.marks & BEHIND == 0 { &mut self.book } else { &mut self.hidden }
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

    /// Decides anew whether matching may take its short way.
    pub fn replan(&mut self) {
        let watched =
            [Rule::StaticBand, Rule::DynamicBand, Rule::MakerPriority].iter().any(|rule| self.rules.get(*rule) != 0);
        self.plain = self.state == SessionState::Continuous
            && self.specials == 0
            && !watched
            && self.rules.get(Rule::Book) == crate::rules::LIT
            && self.rules.get(Rule::SelfTrade) == crate::rules::CANCEL_NEWEST;
    }
}
