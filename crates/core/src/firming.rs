//! Conditional orders of a dark pool: they hold nothing, are invited when they could trade, and are firmed up or go.
use crate::deadlines::FIRM_UP;
use crate::engine::{Effects, Engine};
use crate::messages::Invited;
use crate::names::{CancelReason, Rule};
use crate::orders::LIMIT;

impl Engine {
    /// A firm order takes the place of the conditional order that was invited: that goes, and this comes in.
    pub(crate) fn firm_up(&mut self, at: usize, row: u32, effects: &mut Effects) {
        self.orders.get_mut(row).kind = LIMIT;
        let special = self.orders.special_mut(row).expect("a response has special terms");
        let asked = std::mem::take(&mut special.request);
        let asked = self.orders.find(asked).expect("the gate asks for it");
        self.cancel_row(asked, CancelReason::Cleared, effects);
        self.work(at, self.taker(row), Some(row), effects);
    }

    /// The first conditional order by number that suits a firm order, or else another conditional one, is invited; that
    /// other one too.
    pub(crate) fn invite(&mut self, at: usize, effects: &mut Effects) -> bool {
        if self.markets[at].conditionals.is_empty() {
            return false;
        }
        let orders = &self.orders;
        self.markets[at].conditionals.retain(|id| orders.find(*id).is_some());
        let Some(pair) = self.conditional_pair(at) else {
            return false;
        };
        let until = self.stamp.saturating_add(self.markets[at].rules.get(Rule::FirmUp) as u64).max(1);
        for row in [Some(pair.0), pair.1].into_iter().flatten() {
            let order = self.orders.get(row).id;
            self.orders.special_mut(row).expect("a conditional order has special terms").invited = until;
            self.deadlines.add(until, FIRM_UP, order);
            effects.push(&Invited { order, until });
        }
        true
    }

    /// A conditional order that could trade, and the other one if that is conditional too.
    fn conditional_pair(&self, at: usize) -> Option<(u32, Option<u32>)> {
        let price = self.pool_price(at)?;
        let open = |row: &u32| {
            let order = self.orders.get(*row);
            self.special_of(*row).invited == 0 && (order.price == 0 || order.reaches(price))
        };
        let rows = self.markets[at].conditionals.iter().filter_map(|id| self.orders.find(*id));
        let rows: Vec<u32> = rows.filter(open).collect();
        rows.iter().find_map(|row| {
            let (buys, left) = (self.orders.get(*row).buys(), self.orders.get(*row).left);
            let suits = |other: &u32| self.common(at, *other, *row, left) > 0;
            if self.ranked(at, !buys, price).iter().any(suits) {
                return Some((*row, None));
            }
            let others = rows.iter().filter(|other| self.orders.get(**other).buys() != buys);
            others.copied().find(|other| suits(other)).map(|other| (*row, Some(other)))
        })
    }
}
