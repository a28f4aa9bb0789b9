//! Resting orders that were passed over, tried again when their market changed.
use crate::bands::Bounds;
use crate::engine::{Effects, Engine};
use crate::orders::{CONDITIONAL, REDUCE_ONLY};

impl Engine {
    /// The first resting order with a condition that can trade as an incoming one does so; buys before sells.
    pub(crate) fn retry_conditional(&mut self, at: usize, effects: &mut Effects) -> bool {
        if self.markets[at].specials == 0 || !self.is_continuous(at) {
            return false;
        }
        let found = [true, false].into_iter().find_map(|buys| self.first_able(at, buys));
        if let Some(row) = found {
            self.work_resting(at, row, effects);
        }
        found.is_some()
    }

    fn first_able(&self, at: usize, buys: bool) -> Option<u32> {
        let (market, best, bounds) = (&self.markets[at], self.best_of(at, !buys)?, self.bounds(at));
        let reach = |price: &i64| if buys { *price >= best } else { *price <= best };
        let rows = self.prices(at, buys).take_while(reach).flat_map(|price| {
            let queues = [&market.book, &market.hidden].map(|book| book.side(buys).queue(&self.orders, price));
            queues.into_iter().flatten()
        });
        let mut able = rows.filter(|row| self.is_able(at, *row, bounds));
        able.next()
    }

    /// Would it trade as an incoming order? One that stood aside in an auction may also end by what it meets then.
    fn is_able(&self, at: usize, row: u32, bounds: Option<Bounds>) -> bool {
        let order = self.orders.get(row);
        if order.marks & CONDITIONAL != 0 {
            return self.plan_within(at, row, bounds).traded > 0;
        }
        if order.flags & REDUCE_ONLY == 0 && self.special_of(row).one_cancels == 0 {
            return false;
        }
        let plan = self.plan_within(at, row, bounds);
        !plan.steps.is_empty() || plan.end.is_some()
    }
}
