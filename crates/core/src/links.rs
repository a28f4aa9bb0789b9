//! Orders that hang together: pairs of which one cancels the other, and children that wait for their parent.
use std::collections::{BTreeSet, VecDeque};

use crate::deadlines;
use crate::engine::{Effects, Engine};
use crate::messages::{PlaceOrder, Reheld, Repriced, Trailed, Triggered};
use crate::names::{CancelReason, Reason};
use crate::orders::{
    ASIDE, CHILD, HAS_SPECIAL, Order, PARENT, PARKED, REQUEST, RESPONSE, ROUTED, Special, TRAILING_STOP, UNHELD, WORKED,
};
use crate::place::spot_hold;

/// So many children wait for one parent at most.
const CHILDREN_MAX: usize = 16;

/// `children`: (parent, child). `parted`: orders whose partner ended. `released`: children whose parent ended, with their
/// market and the lots that the parent traded.
#[derive(Debug, Clone, Default)]
pub struct Links {
    children: BTreeSet<(u64, u64)>,
    parted: VecDeque<u64>,
    released: VecDeque<(usize, u64, i64)>,
    /// Orders that hold otherwise because of the other of their pair, to be told.
    reheld: VecDeque<u64>,
}

impl Links {
    /// Does another order of a pair hold otherwise now, which comes before anything else?
    pub(crate) fn tells_holds(&self) -> bool {
        !self.reheld.is_empty()
    }
}

impl Engine {
    /// What an order is linked to must live, and be the same account's in the same instrument.
    pub(crate) fn check_links(&self, c: &PlaceOrder, special: &Special) -> Result<(), Reason> {
        let (other, parent) = (special.one_cancels, special.parent);
        if other == 0 && parent == 0 {
            return Ok(());
        }
        let fits = |id: u64| {
            let Some(row) = self.orders.find(id) else {
                return false;
            };
            let order = self.orders.get(row);
            order.account == c.account && u32::from(order.instrument) == c.instrument && order.marks & CHILD == 0
        };
        let free = |id: u64| {
            let row = self.orders.find(id).expect("the order lives");
            let order = self.orders.get(row);
            id != parent && order.marks & ROUTED == 0 && order.kind != WORKED && self.special_of(row).one_cancels == 0
        };
        let well = !matches!(c.kind, REQUEST | RESPONSE)
            && [other, parent].iter().all(|id| *id == 0 || fits(*id))
            && (other == 0 || free(other));
        if !well {
            return Err(Reason::BadLink);
        }
        let children = self.links.children.range((parent, 0)..=(parent, u64::MAX)).count();
        if parent != 0 && children >= CHILDREN_MAX { Err(Reason::LimitReached) } else { Ok(()) }
    }

    /// A new order with special terms is tied to those it names, and to the time.
    pub(crate) fn tie(&mut self, row: u32) {
        let (order, special) = (*self.orders.get(row), self.special_of(row));
        self.remind(row);
        if special.one_cancels != 0 {
            let other = self.orders.find(special.one_cancels).expect("the gate asks for it");
            if self.orders.special(other).is_none() {
                self.orders.specify(other, Special::default());
            }
            self.orders.special_mut(other).expect("just given").one_cancels = order.id;
            self.count(other);
            self.count(row);
        }
        if special.parent != 0 {
            let parent = self.orders.find(special.parent).expect("the gate asks for it");
            self.orders.get_mut(parent).marks |= PARENT;
        }
    }

    /// What follows from an order's terms and is not written down: its deadline, its parent, what it waits for.
    pub(crate) fn remind(&mut self, row: u32) {
        let (order, special) = (*self.orders.get(row), self.special_of(row));
        if special.expire > self.stamp {
            self.deadlines.add(special.expire, deadlines::ORDER, order.id);
        }
        if special.parent != 0 {
            self.links.children.insert((special.parent, order.id));
        }
        if order.marks & PARKED != 0 {
            self.markets[order.at()].waiting += 1;
            self.watch(row);
        }
    }

    /// An order is about to be forgotten: nothing waits for it in vain any more.
    pub(crate) fn untie(&mut self, row: u32) {
        let (order, special) = (*self.orders.get(row), self.special_of(row));
        if order.marks & PARKED != 0 {
            self.unpark(row);
        }
        if special.expire != 0 {
            self.deadlines.remove(special.expire, deadlines::ORDER, order.id);
        }
        if special.one_cancels != 0 {
            self.links.parted.push_back(special.one_cancels);
            self.touch(order.at());
        }
        self.links.children.remove(&(special.parent, order.id));
        if order.marks & CHILD != 0 {
            self.leave_parent(row);
        }
        if order.kind == WORKED {
            self.forget_family(order.id);
        }
        if order.marks & PARENT != 0 {
            let filled = self.orders.filled(row);
            let children = self.links.children.range((order.id, 0)..=(order.id, u64::MAX));
            self.links.released.extend(children.map(|(_, child)| (order.at(), *child, filled)));
            self.touch(order.at());
        }
    }

    /// The two of a pair are one no more; returns the other, if it lives.
    pub(crate) fn unpair(&mut self, row: u32) -> Option<u32> {
        let other = std::mem::take(&mut self.orders.special_mut(row)?.one_cancels);
        let partner = self.orders.find(other).filter(|_| other != 0)?;
        self.orders.special_mut(partner).expect("a pair has special terms").one_cancels = 0;
        Some(partner)
    }

    /// The other of the pair goes; what it held for both is held by this one.
    pub(crate) fn end_partner(&mut self, row: u32, effects: &mut Effects) {
        if let Some(partner) = self.unpair(row) {
            self.cancel_row(partner, CancelReason::OneCancels, effects);
            self.hold_alone(row);
        }
    }

    /// What is left of a pair holds for itself.
    pub(crate) fn hold_alone(&mut self, row: u32) {
        let order = self.orders.get(row);
        if !order.is_at_market() {
            self.hold_beside(order.at(), row);
        }
    }

    /// As [`Engine::hold_again`], where no other effect tells it.
    fn hold_beside(&mut self, at: usize, row: u32) {
        let before = self.orders.get(row).hold;
        self.hold_again(at, row);
        let order = self.orders.get(row);
        if order.hold != before && !self.links.reheld.contains(&order.id) {
            self.links.reheld.push_back(order.id);
        }
    }

    /// Tells of the first order of the market that holds otherwise.
    pub(crate) fn tell_hold(&mut self, at: usize, effects: &mut Effects) -> bool {
        let orders = &self.orders;
        self.links.reheld.retain(|id| orders.find(*id).is_some());
        let own = |id: &u64| orders.find(*id).is_some_and(|row| orders.get(row).at() == at);
        let Some(place) = self.links.reheld.iter().position(own) else {
            return false;
        };
        let order = self.links.reheld.remove(place).expect("just found");
        let hold = self.orders.find(order).map_or(0, |row| self.orders.get(row).hold);
        effects.push(&Reheld { order, hold });
        true
    }

    /// Tells at what price (or stop) an order goes on that waited, and what it holds then (a perpetual's: of the position).
    pub(crate) fn tell_price(&self, at: usize, row: u32, effects: &mut Effects) {
        let order = self.orders.get(row);
        let position = self.instruments[at].positions.get(&order.account);
        let hold = if self.instruments[at].is_perpetual() { position.map_or(0, |p| p.hold) } else { order.hold };
        if order.kind == TRAILING_STOP {
            let special = self.special_of(row);
            effects.push(&Trailed { order: order.id, stop: special.stop, price: special.limit, hold });
        } else {
            effects.push(&Repriced { order: order.id, price: order.price, hold });
        }
    }

    /// Before a fill: the other of a pair goes. Is that gone already, the order must go instead of trading.
    pub(crate) fn is_parted(&mut self, row: u32, effects: &mut Effects) -> bool {
        if self.orders.get(row).marks & HAS_SPECIAL == 0 {
            return false;
        }
        let other = self.special_of(row).one_cancels;
        if other == 0 {
            return false;
        }
        if self.orders.find(other).is_none() {
            return true;
        }
        self.end_partner(row, effects);
        false
    }

    /// What the earlier order of a spot pair of one side holds for both.
    pub(crate) fn held_by_pair(&self, order: &Order, one_cancels: u64) -> i64 {
        if one_cancels == 0 || one_cancels > order.id || order.is_at_market() {
            return 0;
        }
        let Some(other) = self.orders.find(one_cancels).map(|row| self.orders.get(row)) else {
            return 0;
        };
        if other.side == order.side { other.hold } else { 0 }
    }

    /// What a spot order of that need holds, after what its pair holds for it.
    pub(crate) fn beyond_pair(&self, order: &Order, need: i64) -> i64 {
        if order.marks & HAS_SPECIAL == 0 {
            return need;
        }
        let other = self.orders.find(order.id).map_or(0, |row| self.special_of(row).one_cancels);
        need.saturating_sub(self.held_by_pair(order, other)).max(0)
    }

    /// The later order of a spot pair of one side, if this is the earlier.
    fn follower(&self, order: &Order) -> Option<u32> {
        if order.marks & HAS_SPECIAL == 0 {
            return None;
        }
        let other = self.special_of(self.orders.find(order.id)?).one_cancels;
        let row = self.orders.find(other).filter(|_| other > order.id)?;
        let follower = self.orders.get(row);
        (follower.side == order.side && !follower.is_at_market()).then_some(row)
    }

    /// How much more the later order of its pair holds when this one, the earlier, holds so much.
    pub(crate) fn follows(&self, at: usize, order: &Order, hold: i64) -> i64 {
        let Some(row) = self.follower(order) else {
            return 0;
        };
        let follower = self.orders.get(row);
        self.need(at, follower).saturating_sub(hold).max(0) - follower.hold
    }

    /// What is needed for the rest of a live spot order at its price, without its pair.
    fn need(&self, at: usize, order: &Order) -> i64 {
        spot_hold(&self.instruments[at], order, order.price, order.left).expect("it was held for before")
    }

    /// A live spot order holds what it needs now (a perpetual's hold is of its position).
    pub(crate) fn hold_again(&mut self, at: usize, row: u32) {
        if self.instruments[at].is_perpetual() {
            return;
        }
        let order = *self.orders.get(row);
        let hold = self.beyond_pair(&order, self.need(at, &order));
        self.set_spot_hold(at, row, hold);
    }

    /// After a change of its hold: the later order of its pair holds what it needs beyond.
    pub(crate) fn hold_follower(&mut self, at: usize, row: u32) {
        if let Some(follower) = self.follower(self.orders.get(row)) {
            self.hold_beside(at, follower);
        }
    }

    /// The first order of the market whose partner ended goes.
    pub(crate) fn part(&mut self, at: usize, effects: &mut Effects) -> bool {
        let orders = &self.orders;
        self.links.parted.retain(|id| orders.find(*id).is_some());
        let own = |id: &u64| orders.find(*id).is_some_and(|row| orders.get(row).at() == at);
        let Some(place) = self.links.parted.iter().position(own) else {
            return false;
        };
        let id = self.links.parted.remove(place).expect("just found");
        self.cancel_row(self.orders.find(id).expect("just found"), CancelReason::OneCancels, effects);
        true
    }

    pub(crate) fn part_all(&mut self, effects: &mut Effects) {
        while let Some(id) = self.links.parted.pop_front() {
            if let Some(row) = self.orders.find(id) {
                self.cancel_row(row, CancelReason::OneCancels, effects);
            }
        }
    }

    /// The first child of the market whose parent ended goes on, with no more lots than the parent traded.
    pub(crate) fn release_child(&mut self, at: usize, effects: &mut Effects) -> bool {
        let orders = &self.orders;
        self.links.released.retain(|(_, id, _)| orders.find(*id).is_some());
        let Some(place) = self.links.released.iter().position(|(market, _, _)| *market == at) else {
            return false;
        };
        let (_, id, filled) = self.links.released.remove(place).expect("just found");
        self.go_on(at, self.orders.find(id).expect("just found"), filled, effects);
        true
    }

    fn go_on(&mut self, at: usize, row: u32, filled: i64, effects: &mut Effects) {
        let order = *self.orders.get(row);
        let lots = order.left.min(filled - filled % self.instruments[at].terms.lot);
        if lots <= 0 {
            return self.cancel_row(row, CancelReason::Parent, effects);
        }
        if lots < order.left {
            self.cut(at, row, order.left - lots, None, effects);
        }
        if self.check_limits_released(row).is_err() {
            return self.cancel_row(row, CancelReason::Limit, effects);
        }
        self.unpark(row);
        self.links.children.remove(&(self.special_of(row).parent, order.id));
        self.orders.special_mut(row).expect("a child has special terms").parent = 0;
        self.mark_unheld(at, row);
        if order.is_at_market() {
            effects.push(&Triggered { order: order.id, price: 0 });
            return self.work_at_market(at, row, effects);
        }
        if self.hold_child(at, row).is_err() {
            return self.end_row(row, CancelReason::Funds, effects);
        }
        if !order.is_stop() {
            effects.push(&Triggered { order: order.id, price: 0 });
        }
        self.tell_price(at, row, effects);
        self.start(at, row, effects);
    }

    /// Nothing is held of what the account is without end in.
    fn mark_unheld(&mut self, at: usize, row: u32) {
        let instrument = &self.instruments[at];
        let order = self.orders.get_mut(row);
        let endless = self.ledger.look(order.account, instrument.held_asset(order)).endless();
        order.marks &= !UNHELD;
        if endless && !instrument.is_perpetual() {
            order.marks |= UNHELD;
        }
    }

    /// A child whose parent is done takes its stand and its hold.
    fn hold_child(&mut self, at: usize, row: u32) -> Result<(), Reason> {
        let mut taker = self.taker(row);
        let mut special = self.special_of(row);
        taker.order.marks &= !ASIDE;
        if taker.order.is_stop() {
            self.stand(at, &mut taker.order, &mut special)?;
        }
        taker.special = Some(special);
        self.ask_hold(at, row, &taker)?;
        *self.orders.special_mut(row).expect("a child has special terms") = special;
        Ok(())
    }
}
