//! The long way of an order through the book: planned, then carried out step by step.
use crate::bands::Bounds;
use crate::engine::{Alive, Effects, Engine};
use crate::fitting::falls_below;
use crate::matching::Taker;
use crate::messages::Repriced;
use crate::names::{CancelReason, Rule};
use crate::orders::{FOK, LIMIT, MARKET_TO_LIMIT, Order, POST_ONLY, SLIDE};
use crate::place::Walk;
use crate::values::PRICE_MAX;
use crate::walking::{Act, Plan, Step};

/// An order on its long way: its row, its number, what it still holds for if it is a market order without a collar, and
/// the price of its last fill; `bounds`: where it may trade.
struct Passage {
    row: u32,
    id: u64,
    walk: Option<Walk>,
    last: i64,
    bounds: Option<Bounds>,
}

impl Engine {
    /// As [`Engine::work`], for every order and every market.
    pub(crate) fn work_long(&mut self, at: usize, taker: Taker, row: Option<u32>, effects: &mut Effects) -> Alive {
        let row = row.unwrap_or_else(|| self.orders.insert(taker.order, taker.details));
        if let Some(alive) = self.gather(at, &taker, row, effects) {
            return alive;
        }
        let bounds = self.bounds(at);
        let mut passage = Passage { row, id: taker.order.id, walk: taker.walk, last: 0, bounds };
        let ended = if taker.walk.is_some_and(|walk| walk.units == 0) {
            Some(if taker.order.tif == FOK { CancelReason::Fok } else { CancelReason::Ioc })
        } else if taker.order.flags & POST_ONLY != 0 && self.crosses(at, &taker.order) {
            self.step_back(at, row, effects)
        } else {
            let ended = self.carry_out(at, &mut passage, effects);
            if !self.lives(&passage) {
                return false;
            }
            if self.orders.get(row).left == 0 {
                self.gone(at, &passage);
                return false;
            }
            let ended = ended.or_else(|| self.meet_band(at, row, bounds?, effects));
            ended.or_else(|| self.stay(at, &passage, effects))
        };
        if let Some(reason) = ended {
            self.end_passage(at, &passage, reason, effects);
            return false;
        }
        self.rest(at, row);
        true
    }

    /// A resting order as an incoming one; what is left of it stays where it stands.
    pub(crate) fn work_resting(&mut self, at: usize, row: u32, effects: &mut Effects) {
        let bounds = self.bounds(at);
        let mut passage = Passage { row, id: self.orders.get(row).id, walk: None, last: 0, bounds };
        let ended = self.carry_out(at, &mut passage, effects);
        if !self.lives(&passage) {
            return;
        }
        if self.orders.get(row).left == 0 {
            self.take_out(row);
            self.gone(at, &passage);
        } else if let Some(reason) =
            ended.or_else(|| self.is_spent(at, self.orders.get(row)).then_some(CancelReason::ReduceOnly))
        {
            self.take_out(row);
            self.end_passage(at, &passage, reason, effects);
        } else {
            self.refresh(at, row, effects);
        }
    }

    /// Does it meet the best of the other side, whoever's order that is?
    fn crosses(&self, at: usize, order: &Order) -> bool {
        let market = &self.markets[at];
        order.price > 0 && [&market.book, &market.hidden].iter().any(|b| b.side(!order.buys()).meets(order.price))
    }

    fn lives(&self, passage: &Passage) -> bool {
        self.orders.find(passage.id) == Some(passage.row)
    }

    /// Filled: the rest of the hold is released.
    fn gone(&mut self, at: usize, passage: &Passage) {
        let mut taker = self.taker(passage.row);
        taker.walk = passage.walk;
        self.release(at, &mut taker);
        self.bury(passage.row);
    }

    fn end_passage(&mut self, at: usize, passage: &Passage, reason: CancelReason, effects: &mut Effects) {
        let mut taker = self.taker(passage.row);
        taker.walk = passage.walk;
        self.end(at, &mut taker, reason, effects);
        self.bury(passage.row);
    }

    /// After the plan: why the rest goes, unless it stays.
    fn stay(&mut self, at: usize, passage: &Passage, effects: &mut Effects) -> Option<CancelReason> {
        let order = *self.orders.get(passage.row);
        if self.is_spent(at, &order) {
            return Some(CancelReason::ReduceOnly);
        }
        if order.is_immediate() {
            return Some(if order.tif == FOK { CancelReason::Fok } else { CancelReason::Ioc });
        }
        if order.kind != MARKET_TO_LIMIT {
            return None;
        }
        if passage.last == 0 {
            return Some(CancelReason::Ioc);
        }
        self.orders.get_mut(passage.row).kind = LIMIT;
        self.reprice(at, passage.row, passage.last, effects).err()
    }

    /// A post-only order that would trade goes, or slides to one tick behind the other side.
    fn step_back(&mut self, at: usize, row: u32, effects: &mut Effects) -> Option<CancelReason> {
        let (order, instrument) = (*self.orders.get(row), &self.instruments[at]);
        let best = self.best_of(at, !order.buys())?;
        let price = if order.buys() { instrument.floor_tick(best - 1) } else { instrument.ceil_tick(best + 1) };
        if order.flags & SLIDE == 0 || !(1..=PRICE_MAX).contains(&price) {
            return Some(CancelReason::PostOnly);
        }
        self.reprice(at, row, price, effects).err()
    }

    /// An order that stands in no book gets another price and holds for that; without the funds it must go.
    pub(crate) fn reprice(
        &mut self,
        at: usize,
        row: u32,
        price: i64,
        effects: &mut Effects,
    ) -> Result<(), CancelReason> {
        let (order, quantity) = (*self.orders.get(row), self.orders.details(row).quantity);
        let hold = self.may_change(at, &order, price, order.left).map_err(|_| CancelReason::Funds)?;
        let hold = self.set_terms_hold(at, row, (price, quantity), hold);
        self.set_terms(row, price, quantity);
        effects.push(&Repriced { order: order.id, price, hold });
        Ok(())
    }

    /// Plans and trades, again if something else was set off on the way; returns why the rest goes.
    fn carry_out(&mut self, at: usize, passage: &mut Passage, effects: &mut Effects) -> Option<CancelReason> {
        loop {
            let plan = self.plan_within(at, passage.row, passage.bounds);
            if passage.walk.is_some_and(|walk| plan.traded > walk.units || plan.value > walk.value) {
                return None;
            }
            if self.take_steps(at, passage, &plan, effects) {
                return plan.end;
            }
            if !self.lives(passage) || self.orders.get(passage.row).left == 0 {
                return None;
            }
        }
    }

    /// Were all steps taken, undisturbed by an order that went without the plan?
    fn take_steps(&mut self, at: usize, passage: &mut Passage, plan: &Plan, effects: &mut Effects) -> bool {
        let before = self.cancels;
        plan.steps.iter().all(|step| {
            match step.act {
                Act::Fill => self.take_fill(at, passage, step, effects),
                Act::Drop(reason) => self.drop_row(step.row, reason, effects),
                Act::Cut => self.take_cut(at, passage, step, effects),
            }
            let taker = *self.orders.get(passage.row);
            self.guard_between(
                &taker,
                passage.walk.is_some() || self.special_of(passage.row).min_quantity != 0,
                effects,
            );
            self.cancels == before
        })
    }

    fn take_fill(&mut self, at: usize, passage: &mut Passage, step: &Step, effects: &mut Effects) {
        if !self.both_alone(at, passage, step.row, effects) {
            return;
        }
        passage.last = self.orders.get(step.row).price;
        self.trade((step.row, passage.row), &mut passage.walk, (passage.last, step.quantity), 0, effects);
        let left = self.orders.get(step.row).left;
        for row in [step.row, passage.row] {
            self.show_less(row, step.quantity);
            if let Some(special) = self.orders.special_mut(row)
                && special.min_quantity != 0
            {
                special.done += step.quantity;
            }
        }
        if left == 0 {
            self.take_out(step.row);
            self.bury(step.row);
        } else if falls_below(&self.markets[at].rules, &self.special_of(step.row), left) {
            self.drop_row(step.row, CancelReason::Minimum, effects);
        } else if self.is_spent(at, self.orders.get(step.row)) {
            self.drop_row(step.row, CancelReason::ReduceOnly, effects);
        } else {
            self.refresh(at, step.row, effects);
        }
    }

    /// Before a fill: the partner of either order goes; one whose partner went before goes itself. Are both still there?
    fn both_alone(&mut self, at: usize, passage: &Passage, maker: u32, effects: &mut Effects) -> bool {
        let id = self.orders.get(maker).id;
        if self.special_of(maker).one_cancels == passage.id {
            // the two of a pair meet: the incoming one goes
            self.unpair(maker);
            self.take_out(passage.row);
            self.end_passage(at, passage, CancelReason::OneCancels, effects);
            self.hold_alone(maker);
            return false;
        }
        if self.is_parted(maker, effects) {
            self.cancel_row(maker, CancelReason::OneCancels, effects);
        }
        if self.is_parted(passage.row, effects) {
            self.take_out(passage.row);
            self.end_passage(at, passage, CancelReason::OneCancels, effects);
        }
        self.lives(passage) && self.orders.find(id) == Some(maker)
    }

    /// Both shrink without a trade; the one that is used up goes (the incoming one at the end of the plan).
    fn take_cut(&mut self, at: usize, passage: &Passage, step: &Step, effects: &mut Effects) {
        if step.quantity == self.orders.get(step.row).left {
            self.drop_row(step.row, CancelReason::SelfTrade, effects);
        } else {
            self.cut(at, step.row, step.quantity, None, effects);
        }
        if step.quantity != self.orders.get(passage.row).left {
            self.cut(at, passage.row, step.quantity, passage.walk, effects);
        }
    }

    /// A resting order goes as the plan says, so that the plan stays good.
    fn drop_row(&mut self, row: u32, reason: CancelReason, effects: &mut Effects) {
        self.take_out(row);
        self.end_row(row, reason, effects);
        self.cancels -= 1;
    }

    /// May the market match by its rules of continuous trading?
    pub(crate) fn is_continuous(&self, at: usize) -> bool {
        use crate::rules::{LIT, MIXED, PRO_RATA};
        let market = &self.markets[at];
        let book = market.rules.get(Rule::Book);
        market.state == crate::names::SessionState::Continuous && matches!(book, LIT | PRO_RATA | MIXED)
    }
}
