//! Parents: orders that are worked by children. A parent passes the gate and holds; it stands in no book. Its children hold
//! nothing and trade for it (`children.rs`); docs/reference/parents.md.
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::deadlines;
use crate::engine::{Alive, Effects, Engine};
use crate::form;
use crate::messages::{
    Accepted, CancelRequested, PlaceOrder, PlaceParent, Reheld, ReplaceSpecial, Replaced, SetVenueFees, VenueFeesSet,
};
use crate::names::{CancelReason, Reason};
use crate::orders::{BUY, GTC, LIMIT, MARKET, ROUTED, SELL, Special, WORKED};
use crate::place::{check_price, check_quantity, spot_hold};
use crate::replacing::{EXPIRE, PRICE, QUANTITY};
use crate::venue::check_venue_fee;

/// What is known of a live parent beside its order, whose price and rest are what it holds for.
///
/// `limit`, `total`: as asked for last; `pending`: children at venues do not fit them yet, and until they have answered the
/// order holds for the old terms too. `late`: children at venues that ended, with the venue: a fill may come late.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Family {
    pub path: u8,
    pub placed: u32,
    pub limit: i64,
    pub total: i64,
    pub pending: bool,
    pub ending: Option<CancelReason>,
    pub children: BTreeSet<u64>,
    pub late: BTreeMap<u64, u32>,
}

/// All live parents. `of`: the parent of a child that lives or may be filled late; `due`: parents that the pass looks at
/// again before it ends.
#[derive(Debug, Clone, Default)]
pub struct Parents {
    pub families: BTreeMap<u64, Family>,
    pub(crate) of: FxHashMap<u64, u64>,
    pub(crate) due: BTreeSet<u64>,
}

impl Parents {
    /// The parent of a child that lives, or may be filled late.
    pub fn parent_of(&self, child: u64) -> Option<u64> {
        self.of.get(&child).copied()
    }
}

/// Fees of fills at a venue, (maker, taker) in ppm, by venue and instrument.
pub type VenueFees = BTreeMap<(u32, u32), (i32, i32)>;

/// Terms of a parent: limit, total, when it expires.
#[derive(Debug, Clone, Copy)]
struct Terms {
    limit: i64,
    total: i64,
    expire: u64,
}

impl Engine {
    pub(crate) fn place_parent(&mut self, c: &PlaceParent, effects: &mut Effects) -> Result<(), Reason> {
        self.may_trade(c.account)?;
        self.check_killed(c.account, c.session, c.instrument, 0)?;
        self.once((c.account, c.client_id), *c, effects, |engine, effects| {
            let at = engine.at(c.instrument)?;
            engine.take_parent(at, c, effects)
        })
    }

    /// The gate, as for an order of that quantity; then it lives beside the books.
    fn take_parent(&mut self, at: usize, c: &PlaceParent, effects: &mut Effects) -> Result<Alive, Reason> {
        if c.side != BUY && c.side != SELL {
            return Err(Reason::UnknownSide);
        }
        if c.path == 0 {
            return Err(Reason::BadPath);
        }
        let (words, instrument) = (as_order(c), &self.instruments[at]);
        if self.halted || instrument.halted {
            return Err(Reason::InstrumentHalted);
        }
        self.check_state(at)?;
        check_quantity(c.quantity, instrument.terms.lot)?;
        form::check_limit(&words, instrument)?;
        if c.expire != 0 && c.expire <= self.stamp {
            return Err(Reason::BadExpire);
        }
        let mut taker = self.newcomer(&words);
        if words.kind == MARKET {
            taker.order.price = self.protection(at, c.side)?;
        }
        self.check_guards(at, &words, &taker)?;
        taker.order.kind = WORKED;
        self.meet_limits(at, &words, &mut taker, effects)?;
        let perpetual = self.instruments[at].is_perpetual();
        let hold = if perpetual { self.hold_perpetual(at, &taker)? } else { self.hold_spot(at, &mut taker)? };
        self.remember_accepted(&words, &taker);
        let order = taker.order;
        effects.push(&Accepted { order: order.id, hold, price: order.price });
        let row = self.orders.insert(order, taker.details);
        self.orders.specify(row, Special { expire: c.expire, ..Special::default() });
        self.remind(row);
        let family = Family { path: c.path, limit: order.price, total: c.quantity, ..Family::default() };
        self.parents.families.insert(order.id, family);
        Ok(true)
    }

    /// The parent takes no more children; those it has go, at a venue when that has answered, and it goes with the last.
    pub(crate) fn end_parent(&mut self, row: u32, reason: CancelReason, effects: &mut Effects) {
        let order = self.orders.get(row).id;
        let family = self.family_mut(order);
        family.ending.get_or_insert(reason);
        let children: Vec<u64> = family.children.iter().copied().collect();
        self.end_children(&children, effects);
        if !self.settle_parent(order, effects) {
            effects.push(&CancelRequested { order, venue: 0, reason: reason as u8 });
        }
    }

    pub(crate) fn end_children(&mut self, children: &[u64], effects: &mut Effects) {
        for child in children {
            if let Some(row) = self.orders.find(*child) {
                self.cancel_row(row, CancelReason::Parent, effects);
            }
        }
    }

    pub(crate) fn family(&self, parent: u64) -> &Family {
        self.parents.families.get(&parent).expect("a live parent has a family")
    }

    pub(crate) fn family_mut(&mut self, parent: u64) -> &mut Family {
        self.parents.families.get_mut(&parent).expect("a live parent has a family")
    }

    /// Looks at the first parent that a child or a fill was reported of.
    pub(crate) fn settle_first(&mut self, effects: &mut Effects) {
        if let Some(parent) = self.parents.due.pop_first() {
            self.settle_parent(parent, effects);
        }
    }

    /// New terms hold once every child fits them; without children a parent that is filled or ending goes. Is it gone?
    fn settle_parent(&mut self, parent: u64, effects: &mut Effects) -> bool {
        let Some(row) = self.orders.find(parent) else {
            return true;
        };
        let Family { limit, total, pending, .. } = *self.family(parent);
        if pending && self.misfits(parent, limit, total).is_empty() {
            self.adopt_terms(row, effects);
        }
        let family = self.family(parent);
        let ending = family.ending;
        if !family.children.is_empty() {
            return false;
        }
        if self.orders.get(row).left == 0 {
            self.bury(row);
        } else if let Some(reason) = ending {
            self.end_row(row, reason, effects);
        } else {
            return false;
        }
        true
    }

    /// The parent holds for the terms that were asked for, and for nothing else any more.
    fn adopt_terms(&mut self, row: u32, effects: &mut Effects) {
        let (order, filled) = (*self.orders.get(row), self.orders.filled(row));
        let family = self.family_mut(order.id);
        family.pending = false;
        let (price, quantity) = (family.limit, family.total.max(filled));
        let hold = spot_hold(&self.instruments[order.at()], &order, price, quantity - filled);
        let hold = if self.instruments[order.at()].is_perpetual() { 0 } else { hold.expect("it was held for before") };
        let hold = self.set_terms_hold(order.at(), row, (price, quantity), hold);
        self.set_terms(row, price, quantity);
        effects.push(&Reheld { order: order.id, hold });
    }

    /// ReplaceOrder and ReplaceSpecial of a parent; a price of 0 is the limit that it has.
    pub(crate) fn replace_parent(&mut self, row: u32, c: &ReplaceSpecial, effects: &mut Effects) -> Result<(), Reason> {
        let order = *self.orders.get(row);
        self.check_killed_row(row)?;
        if c.given == 0 || c.given & !(PRICE | QUANTITY | EXPIRE) != 0 {
            return Err(Reason::BadTerms);
        }
        self.check_ending(order.id)?;
        let (at, given) = (order.at(), |bit: u16| c.given & bit != 0);
        if self.halted || self.instruments[at].halted {
            return Err(Reason::InstrumentHalted);
        }
        self.check_state(at)?;
        let mut terms = self.terms_of(row);
        if given(QUANTITY) {
            check_quantity(c.quantity, self.instruments[at].terms.lot)?;
            terms.total = c.quantity;
        }
        if terms.total < self.orders.filled(row) {
            return Err(Reason::QuantityNotAboveFilled);
        }
        let moves = given(PRICE) && c.price != 0 && c.price != terms.limit;
        if moves {
            check_price(c.price, self.instruments[at].tick_at(c.price))?;
            self.check_band(at, c.price)?;
            terms.limit = c.price;
        }
        if given(EXPIRE) {
            terms.expire = c.expire;
            if c.expire != 0 && c.expire <= self.stamp {
                return Err(Reason::BadExpire);
            }
        }
        self.check_worth(at, &crate::orders::Order { price: terms.limit, ..order }, terms.total)?;
        self.check_limits_changed(row, if moves { c.price } else { 0 }, (terms.limit, terms.total))?;
        self.change_parent(row, terms, effects)
    }

    /// ReduceOrder of a parent: so many lots fewer; all that is left, or more, ends it.
    pub(crate) fn reduce_parent(&mut self, row: u32, quantity: i64, effects: &mut Effects) -> Result<(), Reason> {
        let order = *self.orders.get(row);
        let mut terms = self.terms_of(row);
        if quantity <= 0 {
            return Err(Reason::QuantityNotPositive);
        }
        if quantity >= terms.total - self.orders.filled(row) {
            self.cancel_row(row, CancelReason::User, effects);
            return Ok(());
        }
        self.check_ending(order.id)?;
        if quantity % self.instruments[order.at()].terms.lot != 0 {
            return Err(Reason::OffLot);
        }
        terms.total -= quantity;
        self.change_parent(row, terms, effects)
    }

    fn check_ending(&self, parent: u64) -> Result<(), Reason> {
        if self.family(parent).ending.is_some() { Err(Reason::ParentEnding) } else { Ok(()) }
    }

    fn terms_of(&self, row: u32) -> Terms {
        let family = self.family(self.orders.get(row).id);
        Terms { limit: family.limit, total: family.total, expire: self.special_of(row).expire }
    }

    /// The parent gets new terms; children that do not fit them go. While some at venues have not answered, it holds for
    /// the greater of old and new.
    fn change_parent(&mut self, row: u32, terms: Terms, effects: &mut Effects) -> Result<(), Reason> {
        let (order, old) = (*self.orders.get(row), self.orders.details(row).quantity);
        let misfits = self.misfits(order.id, terms.limit, terms.total);
        let at_venue = |id: &u64| self.orders.find(*id).is_some_and(|row| self.orders.get(row).marks & ROUTED != 0);
        let pending = misfits.iter().any(at_venue);
        let (price, quantity) = match pending {
            true => (terms.limit.max(order.price), terms.total.max(old)),
            false => (terms.limit, terms.total),
        };
        let hold = self.may_change(order.at(), &order, price, quantity - self.orders.filled(row))?;
        self.count_accepted(&order, None);
        let family = self.family_mut(order.id);
        (family.limit, family.total, family.pending) = (terms.limit, terms.total, pending);
        let hold = self.set_terms_hold(order.at(), row, (price, quantity), hold);
        self.set_terms(row, price, quantity);
        self.set_expire(row, terms.expire);
        let Terms { limit, total, .. } = terms;
        effects.push(&Replaced { order: order.id, price: limit, quantity: total, hold, priority_kept: 0 });
        self.end_children(&misfits, effects);
        self.parents.due.insert(order.id);
        Ok(())
    }

    fn set_expire(&mut self, row: u32, expire: u64) {
        let id = self.orders.get(row).id;
        let special = self.orders.special_mut(row).expect("a parent has special terms");
        let old = std::mem::replace(&mut special.expire, expire);
        if old != 0 {
            self.deadlines.remove(old, deadlines::ORDER, id);
        }
        if expire != 0 {
            self.deadlines.add(expire, deadlines::ORDER, id);
        }
    }

    /// Fees must be within what the instrument's own let orders hold for.
    pub(crate) fn set_venue_fees(&mut self, c: &SetVenueFees, effects: &mut Effects) -> Result<(), Reason> {
        let SetVenueFees { venue, instrument, maker_fee_ppm, taker_fee_ppm } = *c;
        self.check_venue(venue)?;
        let at = self.at(instrument)?;
        for fee in [maker_fee_ppm, taker_fee_ppm] {
            check_venue_fee(&self.instruments[at], fee)?;
        }
        self.venue_fees.insert((venue, instrument), (maker_fee_ppm, taker_fee_ppm));
        effects.push(&VenueFeesSet { venue, instrument, maker_fee_ppm, taker_fee_ppm });
        Ok(())
    }
}

/// The parent as an order of its quantity, for the gate.
fn as_order(c: &PlaceParent) -> PlaceOrder {
    PlaceOrder {
        account: c.account,
        instrument: c.instrument,
        venue: 0,
        side: c.side,
        kind: if c.price == 0 { MARKET } else { LIMIT },
        tif: GTC,
        flags: 0,
        price: c.price,
        quantity: c.quantity,
        client_id: c.client_id,
        session: c.session,
    }
}
