//! Which fills suit an order: all-or-none, minimum quantity, reduce-only.
use crate::engine::Engine;
use crate::names::Rule;
use crate::orders::{ALL_OR_NONE, FOK, Order, REDUCE_ONLY, Special};
use crate::rules::{CANCEL_REMAINDER, MINIMUM_EACH, MINIMUM_TOTAL, Rules};

/// As an incoming order it trades whole or not at all.
pub(crate) fn wants_all(order: &Order) -> bool {
    order.flags & ALL_OR_NONE != 0 || order.tif == FOK
}

/// The smallest single fill that a resting order with `left` to go takes part in.
pub(crate) fn least(rules: &Rules, order: &Order, special: &Special, left: i64) -> i64 {
    if order.flags & ALL_OR_NONE != 0 {
        return left;
    }
    let binds = rules.get(Rule::MinQuantity) == MINIMUM_EACH || special.done == 0;
    if binds { special.min_quantity.min(left) } else { 0 }
}

/// The same for the incoming order, whose other conditions are about all its fills together.
pub(crate) fn least_taken(rules: &Rules, special: &Special, left: i64) -> i64 {
    if rules.get(Rule::MinQuantity) == MINIMUM_EACH { special.min_quantity.min(left) } else { 0 }
}

/// Is this too little for all fills of an incoming order together?
pub(crate) fn too_little(rules: &Rules, order: &Order, special: &Special, traded: i64) -> bool {
    if wants_all(order) {
        return traded < order.left;
    }
    let total = rules.get(Rule::MinQuantity) == MINIMUM_TOTAL && special.done == 0;
    total && traded < special.min_quantity.min(order.left)
}

/// Does a rest of `left` end the order because it is below its minimum?
pub(crate) fn falls_below(rules: &Rules, special: &Special, left: i64) -> bool {
    let cancels = rules.get(Rule::HiddenRemainder) == CANCEL_REMAINDER && rules.get(Rule::MinQuantity) == MINIMUM_EACH;
    cancels && left > 0 && left < special.min_quantity
}

impl Engine {
    /// Whole lots that a reduce-only order could trade if its account's position moved by `moved` before.
    pub(crate) fn capacity(&self, at: usize, order: &Order, moved: i128) -> i64 {
        let instrument = &self.instruments[at];
        let toward_zero = |amount: i128| if order.buys() { -amount } else { amount }.max(0);
        let lots = if instrument.is_perpetual() {
            let position = instrument.positions.get(&order.account).map_or(0, |position| position.quantity);
            toward_zero(i128::from(position) + moved)
        } else {
            let units = i128::from(instrument.base_units);
            toward_zero(self.ledger.peek(order.account, instrument.terms.base).0 + moved * units) / units
        };
        let whole = lots - lots % i128::from(instrument.terms.lot);
        whole.min(i128::from(i64::MAX)) as i64
    }

    /// Is it a reduce-only order that can reduce nothing?
    pub(crate) fn is_spent(&self, at: usize, order: &Order) -> bool {
        order.flags & REDUCE_ONLY != 0 && self.capacity(at, order, 0) == 0
    }

    /// The special terms of a live order; nothing where it has none.
    pub(crate) fn special_of(&self, row: u32) -> Special {
        self.orders.special(row).copied().unwrap_or_default()
    }
}
