//! Resting orders that were passed over, tried again when their market changed.
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
        let mut able = rows.filter(|row| {
            let order = self.orders.get(*row);
            let conditions = order.marks & CONDITIONAL != 0 || order.flags & REDUCE_ONLY != 0;
            let passed_over = conditions || self.special_of(*row).one_cancels != 0;
            passed_over && self.plan_within(at, *row, bounds).traded > 0
        });
        able.next()
    }
}
