//! Children of a parent: they hold nothing and trade for it, at the house book or at an outside venue.
use crate::engine::{Effects, Engine};
use crate::form;
use crate::matching::{Taker, exchange};
use crate::messages::{Accepted, PlaceChild, PlaceOrder, PlaceSpecial, Reheld, VenueFilled};
use crate::names::Reason;
use crate::orders::{
    CHILD, FRESH, LIMIT, Order, PEG, QUOTE, REDUCE_ONLY, REQUEST, RESPONSE, ROUTED, SHORT, Special, UNHELD, WORKED,
};
use crate::place::{Walk, check_quantity, spot_hold};

/// So many children of one parent live at a time.
const CHILDREN_MAX: usize = 1_000;

impl Engine {
    /// The gate of a child in its order: its parent's account has passed it before, so that funds and limits are not asked
    /// for again.
    pub(crate) fn place_child(&mut self, c: &PlaceChild, effects: &mut Effects) -> Result<(), Reason> {
        let row = self.orders.find(c.parent).filter(|row| self.orders.get(*row).kind == WORKED);
        let row = row.ok_or(Reason::UnknownParent)?;
        let (parent, session) = (*self.orders.get(row), self.orders.details(row).session);
        let (at, family) = (parent.at(), self.family(c.parent));
        if (1..=family.placed).contains(&c.ordinal) {
            return Err(Reason::AlreadyPlaced);
        }
        if c.ordinal.checked_sub(1) != Some(family.placed) {
            return Err(Reason::BadOrdinal);
        }
        self.check_killed(parent.account, session, parent.instrument.into(), c.venue)?;
        if family.ending.is_some() {
            return Err(Reason::ParentEnding);
        }
        if family.children.len() >= CHILDREN_MAX {
            return Err(Reason::LimitReached);
        }
        let (words, special) = form::split(&as_special(c, &parent, session));
        self.check_child_form(at, &words, &special)?;
        self.check_share(row, &words, &special)?;
        let taker = self.admit_child(at, &words, special)?;
        self.take_child(at, c.parent, taker, effects);
        Ok(())
    }

    /// What any order's form and market ask.
    fn check_child_form(&self, at: usize, c: &PlaceOrder, special: &Special) -> Result<(), Reason> {
        if !matches!(c.kind, LIMIT | PEG | REQUEST | RESPONSE) {
            return Err(Reason::UnknownKind);
        }
        form::check_special(c)?;
        if c.flags & (SHORT | QUOTE | FRESH) != 0 {
            return Err(Reason::BadTerms);
        }
        if c.venue != 0 {
            self.check_routed(c, Some(special))?;
        }
        let instrument = &self.instruments[at];
        if self.halted || instrument.halted {
            return Err(Reason::InstrumentHalted);
        }
        self.check_session(at, c, Some(special))?;
        check_quantity(c.quantity, instrument.terms.lot)?;
        if c.price == 0 {
            return Err(Reason::PriceNotPositive);
        }
        form::check_limit(c, instrument)?;
        form::check_terms(c, special, instrument, self.stamp)
    }

    /// A child takes free lots of its parent (a firm order: those of the conditional child that it firms up, too), and
    /// stays within its limit.
    fn check_share(&self, row: u32, c: &PlaceOrder, special: &Special) -> Result<(), Reason> {
        let family = self.family(self.orders.get(row).id);
        let lots = |id: &u64| self.orders.find(*id).map_or(0, |row| self.orders.get(row).left.max(0));
        let firmed = if c.kind == RESPONSE { special.request } else { 0 };
        if c.kind == RESPONSE && !family.children.contains(&firmed) {
            return Err(Reason::UnknownRequest);
        }
        let worked: i64 = family.children.iter().filter(|id| **id != firmed).map(lots).sum();
        if c.quantity > family.total - self.orders.filled(row) - worked {
            return Err(Reason::BeyondParent);
        }
        let beyond = if self.orders.get(row).buys() { c.price > family.limit } else { c.price < family.limit };
        if beyond { Err(Reason::BeyondLimit) } else { Ok(()) }
    }

    /// Is the price beyond the limit of a child's parent?
    pub(crate) fn is_beyond_limit(&self, child: u32, price: i64) -> bool {
        let parent = self.orders.get(self.payer(child));
        let limit = self.family(parent.id).limit;
        if parent.buys() { price > limit } else { price < limit }
    }

    /// What the book takes; its amounts must fit like any order's.
    fn admit_child(&self, at: usize, c: &PlaceOrder, special: Special) -> Result<Taker, Reason> {
        let mut taker = self.newcomer(c);
        taker.special = Some(special);
        taker.order.marks |= CHILD | UNHELD;
        if c.venue == 0 {
            self.admit_childs_book(at, c, &special)?;
            self.shade(at, &mut taker);
        }
        self.price(at, &mut taker)?;
        if c.flags & REDUCE_ONLY != 0 && self.is_spent(at, &taker.order) {
            return Err(Reason::ReduceOnly);
        }
        self.check_guards(at, c, &taker)?;
        let (instrument, order) = (&self.instruments[at], &taker.order);
        if instrument.is_perpetual() {
            let position = instrument.positions.get(&order.account).copied().unwrap_or_default();
            if !position.fits(instrument, 0, order.price) {
                return Err(Reason::NotionalTooLarge);
            }
        } else {
            spot_hold(instrument, order, order.price, order.left)?;
        }
        Ok(taker)
    }

    /// Requests and responses of children are conditional orders of a dark pool, firmed up within the family.
    fn admit_childs_book(&self, at: usize, c: &PlaceOrder, special: &Special) -> Result<(), Reason> {
        if c.kind != RESPONSE {
            return if c.kind == REQUEST && !self.is_dark(at) {
                Err(Reason::WrongBook)
            } else {
                self.admit(at, c, special)
            };
        }
        if !self.is_dark(at) {
            return Err(Reason::WrongBook);
        }
        self.admit_conditional(at, c, special)
    }

    fn take_child(&mut self, at: usize, parent: u64, taker: Taker, effects: &mut Effects) {
        let Order { id: order, price, account, .. } = taker.order;
        let family = self.family_mut(parent);
        family.placed += 1;
        family.children.insert(order);
        self.parents.of.insert(order, parent);
        let hold = self.hold_shown(at, account);
        effects.push(&Accepted { order, hold, price });
        self.enter(at, taker, effects);
    }

    /// What effects tell as the hold of an order that has none of its own: a perpetual's position's.
    fn hold_shown(&self, at: usize, account: u32) -> i64 {
        self.instruments[at].positions.get(&account).map_or(0, |position| position.hold)
    }

    /// A trade between two live orders. A child's is booked on its parent, which pays, holds anew and is told so.
    pub(crate) fn trade(
        &mut self,
        rows: (u32, u32),
        walk: &mut Option<Walk>,
        deal: (i64, i64),
        flags: u8,
        effects: &mut Effects,
    ) {
        let payers = (self.payer(rows.0), self.payer(rows.1));
        let Self { instruments, ledger, orders, .. } = self;
        let (maker, taker) = orders.pair_mut(payers.0, payers.1);
        let at = maker.at();
        let mut traded = exchange(&mut instruments[at], ledger, (maker, taker), walk, deal);
        traded.flags = flags;
        if payers == rows {
            return effects.push(&traded);
        }
        let perpetual = self.instruments[at].is_perpetual();
        let mut reheld = [None; 2];
        let sides = [
            (rows.0, payers.0, &mut traded.maker_order, &mut traded.maker_hold),
            (rows.1, payers.1, &mut traded.taker_order, &mut traded.taker_hold),
        ];
        for ((row, payer, order, hold), told) in sides.into_iter().zip(&mut reheld) {
            if row != payer {
                *told = Some(Reheld { order: *order, hold: *hold });
                *order = self.orders.get(row).id;
                *hold = if perpetual { *hold } else { 0 };
                self.orders.get_mut(row).left -= deal.1;
                self.filled_for(payer);
            }
        }
        effects.push(&traded);
        reheld.into_iter().flatten().for_each(|told| effects.push(&told));
    }

    /// The row of the order that a fill is booked on.
    #[inline]
    fn payer(&self, row: u32) -> u32 {
        let order = self.orders.get(row);
        if order.marks & CHILD == 0 {
            return row;
        }
        self.parents.of.get(&order.id).and_then(|id| self.orders.find(*id)).expect("a child's parent lives")
    }

    /// The terms of a child changed: others may hold for its parent from now on.
    pub(crate) fn look_at_parent(&mut self, child: u32) {
        let order = self.orders.get(child);
        if order.marks & CHILD != 0 {
            self.parents.due.extend(self.parents.of.get(&order.id));
        }
    }

    /// A child traded: a parent that is filled goes when its children are gone.
    fn filled_for(&mut self, parent: u32) {
        let order = self.orders.get(parent);
        if order.left == 0 {
            self.parents.due.insert(order.id);
        }
    }

    /// Whom a fill at a venue is booked on: the order's row, or its parent's where it is a child's, even if that has ended.
    pub(crate) fn payer_of_fill(&self, c: &VenueFilled, row: Option<u32>) -> Option<u32> {
        if let Some(row) = row {
            return Some(self.payer(row));
        }
        let id = self.parents.of.get(&c.order)?;
        let row = self.orders.find(*id)?;
        let order = self.orders.get(row);
        let agrees = self.family(*id).late.get(&c.order) == Some(&c.venue)
            && order.account == c.account
            && u32::from(order.instrument) == c.instrument
            && order.side == c.side;
        agrees.then_some(row)
    }

    /// A venue filled a child (`row`, while it lives), and its parent with it. Where that was more than asked, or more than
    /// new terms leave room for, the other children must fit what is left.
    pub(crate) fn fill_at_venue(&mut self, parent: u32, row: Option<u32>, quantity: i64, effects: &mut Effects) {
        let order = *self.orders.get(parent);
        if order.left < 0 {
            self.orders.details_mut(parent).quantity -= order.left;
            self.orders.get_mut(parent).left = 0;
        }
        let at = order.at();
        let perpetual = self.instruments[at].is_perpetual();
        let hold = if perpetual { self.hold_shown(at, order.account) } else { order.hold };
        effects.push(&Reheld { order: order.id, hold });
        let more = row.is_none_or(|row| quantity > self.orders.get(row).left);
        if let Some(row) = row {
            self.orders.get_mut(row).left -= quantity;
            if self.orders.get(row).left <= 0 {
                self.bury(row);
            }
        }
        let family = self.family(order.id);
        if more || family.pending {
            let misfits = self.misfits(order.id, family.limit, family.total);
            self.end_children(&misfits, effects);
        }
        self.parents.due.insert(order.id);
    }

    /// Children that do not fit such terms of their parent: those beyond the limit, then the youngest until the rest of
    /// the total has room for the others.
    pub(crate) fn misfits(&self, parent: u64, limit: i64, total: i64) -> Vec<u64> {
        let row = self.orders.find(parent).expect("a family's parent lives");
        let buys = self.orders.get(row).buys();
        let live = self.family(parent).children.iter().filter_map(|id| Some((*id, self.orders.find(*id)?)));
        let live: Vec<(u64, u32)> = live.collect();
        let is_beyond = |row: u32| {
            let price = self.cap(row);
            if buys { price > limit } else { price < limit }
        };
        let lots = |row: u32| self.orders.get(row).left.max(0);
        let (beyond, within): (Vec<_>, Vec<_>) = live.into_iter().partition(|(_, row)| is_beyond(*row));
        let mut worked: i64 = within.iter().map(|(_, row)| lots(*row)).sum();
        let room = total - self.orders.filled(row);
        let youngest = within.into_iter().rev().take_while(|(_, row)| {
            let over = worked > room;
            worked -= lots(*row);
            over
        });
        beyond.into_iter().chain(youngest).map(|(id, _)| id).collect()
    }

    /// The worst price that a child may trade at.
    fn cap(&self, row: u32) -> i64 {
        let order = self.orders.get(row);
        if order.kind == PEG { self.special_of(row).limit } else { order.price }
    }

    /// A child is about to be forgotten: its lots are free again.
    pub(crate) fn leave_parent(&mut self, row: u32) {
        let (id, routed, venue) =
            (self.orders.get(row).id, self.orders.get(row).marks & ROUTED != 0, self.orders.details(row).venue);
        let Some(parent) = self.parents.of.get(&id).copied() else {
            return;
        };
        let family = self.family_mut(parent);
        family.children.remove(&id);
        if routed {
            family.late.insert(id, venue);
        } else {
            self.parents.of.remove(&id);
        }
        self.parents.due.insert(parent);
    }

    /// A parent is about to be forgotten, and all that was its.
    pub(crate) fn forget_family(&mut self, parent: u64) {
        if let Some(family) = self.parents.families.remove(&parent) {
            for child in family.children.iter().chain(family.late.keys()) {
                self.parents.of.remove(child);
            }
        }
    }
}

/// The child as an order of its parent's account.
fn as_special(c: &PlaceChild, parent: &Order, session: u32) -> PlaceSpecial {
    PlaceSpecial {
        account: parent.account,
        instrument: parent.instrument.into(),
        venue: c.venue,
        side: parent.side,
        kind: c.kind,
        tif: c.tif,
        flags: c.flags,
        price: c.price,
        quantity: c.quantity,
        client_id: [0; 16],
        session,
        stop: 0,
        offset: c.offset,
        display: c.display,
        display_high: c.display_high,
        seed: c.seed,
        min_quantity: c.min_quantity,
        expire: c.expire,
        one_cancels: 0,
        parent: 0,
        request: c.request,
        peg: c.peg,
        trigger: 0,
    }
}
