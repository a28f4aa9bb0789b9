//! The rows of one record after the other.
//!
//! A purge names its scope: the live orders in it are those that match, as for the engine.
use crate::changes::{Shown, told, told_of};
use crate::checks::{Asked, Limits};
use crate::live::{BUY, Live, PEG, SELL, Status, WORKED, placed, places};
use crate::record::{Fault, Record, account_of, ended_as, reason, refusal};
use crate::terms::Terms;
use crate::values::{FIELDS, Made, Values};
use crate::writer::{Event, Fill, OUTSIDE, Writer};
use isthmus_core::messages::{Command, Effect, Purged, Replaced, Traded};
use isthmus_core::names::{CancelReason, Scope};
use rustc_hash::{FxHashMap, FxHashSet};

/// Of one record: the place of an event is two bytes in the log.
pub const EVENTS_MAX: usize = 65_536;

/// `first`: the sequence of the log's first leaf.
pub struct Rows {
    /// The last record taken in.
    pub sequence: u64,
    pub out: Writer,
    pub(crate) terms: Terms,
    pub(crate) limits: Limits,
    pub(crate) live: FxHashMap<u64, Live>,
    pub(crate) children: FxHashMap<u64, FxHashSet<u64>>,
}

impl Rows {
    pub fn new(first: u64) -> Self {
        let (made, values) = (Made::default(), Values::default());
        Self {
            sequence: 0,
            out: Writer { made, unknown: [0; FIELDS], first, values, places: 0 },
            terms: Terms::new(),
            limits: Limits::default(),
            live: FxHashMap::default(),
            children: FxHashMap::default(),
        }
    }

    /// Appends the rows of the next record; most records that are no orders' have none.
    pub fn take(&mut self, body: &[u8], prev: [u8; 32]) -> Result<(), Fault> {
        let record = Record::read(body, prev)?;
        let sequence = record.body.sequence;
        if self.sequence != 0 && sequence != self.sequence + 1 {
            return Err(Fault(format!("record {sequence} does not follow on record {}", self.sequence)));
        }
        self.sequence = sequence;
        let reason = record.reason();
        self.learn(&record, body, reason.is_some())?;
        self.out.places = 0;
        if let Some(reason) = reason {
            self.refused(&record, reason);
        }
        let mut trades = 0;
        for effect in &record.effects {
            if let Effect::Traded(made) = effect {
                self.traded(&record, made, trades)?;
                trades += 1;
            } else {
                self.happened(&record, effect)?;
            }
        }
        if self.out.places > EVENTS_MAX {
            return Err(Fault(format!("record {sequence} has more than {EVENTS_MAX} events of orders")));
        }
        Ok(())
    }

    /// What the record says of instruments and accounts.
    pub(crate) fn learn(&mut self, record: &Record<'_>, body: &[u8], is_refused: bool) -> Result<(), Fault> {
        if Terms::keeps(record.command()) && !is_refused {
            self.terms.records.push((body.to_vec(), record.prev));
        }
        for effect in &record.effects {
            let learned = self.terms.take(record.command(), &record.origin, effect);
            learned.ok_or_else(|| Fault(format!("record {} names no asset that there is", record.body.sequence)))?;
        }
        Ok(())
    }

    fn happened(&mut self, record: &Record<'_>, effect: &Effect) -> Result<(), Fault> {
        match effect {
            Effect::Accepted(made) if made.order == record.body.sequence && places(record.command()) => {
                let Some(mut live) = self.placed(record) else {
                    return Err(Fault(format!("record {} is a child of no live parent", record.body.sequence)));
                };
                if matches!(live.kind, PEG | WORKED) {
                    live.price = made.price;
                }
                (live.hold, live.shown) = (made.hold, live.rests());
                let checked = Some(Asked { is_change: false, reason: None });
                let (held, held_before) = (Some(made.hold), Some(0));
                let event = Event { held, held_before, checked, ..Event::of("new", "") };
                self.out.order(record, (&self.terms, &self.limits), &live, false, event);
                self.keep(live);
            }
            Effect::Cancelled(made) => self.cancelled(record, made.order, made.reason, made.released),
            Effect::Purged(made) => self.purged(record, made),
            Effect::Replaced(made) => self.replaced(record, made),
            Effect::CancelRequested(_) | Effect::ReplaceRequested(_) => self.asked(record, effect),
            Effect::Repeated(made) => self.repeated(record, made.first, reason(made.reason).unwrap_or_default()),
            Effect::Reheld(made) => {
                if let Some(live) = self.live.get_mut(&made.order) {
                    live.hold = made.hold;
                }
            }
            Effect::TradeCorrected(made) => self.corrected(record, (made.sequence, made.index, made.price)),
            Effect::LimitSet(made) => {
                let key = (made.scope, made.of, made.instrument, made.limit);
                self.limits.remove(&key);
                if made.value >= 0 {
                    self.limits.insert(key, made.value);
                }
            }
            _ => self.told(record, effect),
        }
        Ok(())
    }

    fn placed(&self, record: &Record<'_>) -> Option<Live> {
        let parent = match record.command() {
            Command::PlaceChild(made) => self.live.get(&made.parent),
            _ => None,
        };
        placed(record.command(), (record.body.sequence, record.body.stamp), &record.origin, parent)
    }

    pub(crate) fn keep(&mut self, live: Live) {
        if live.of != 0 {
            self.children.entry(live.of).or_default().insert(live.number);
        }
        self.live.insert(live.number, live);
    }

    /// An order that is not live any more is no child of its parent.
    fn forget(&mut self, live: &Live) {
        if let Some(children) = self.children.get_mut(&live.of) {
            children.remove(&live.number);
            if children.is_empty() {
                self.children.remove(&live.of);
            }
        }
    }

    /// A parent that has all it wanted and no other child.
    fn has_ended(&self, parent: &Live) -> bool {
        parent.is_done() && !self.children.contains_key(&parent.number)
    }

    fn refused(&mut self, record: &Record<'_>, reason: &'static str) {
        if places(record.command()) {
            if record.effects.iter().any(|effect| matches!(effect, Effect::Repeated(_))) {
                return;
            }
            let event = Event { status: Some(Status::Rejected), ..Event::of("reject", reason) };
            let Some(mut live) = self.placed(record) else {
                return self.out.ghost(record, &self.terms, (record.body.sequence, 0, 0, 0), event);
            };
            (live.status, live.shown) = (Status::Rejected, Some(0));
            let checked = Some(Asked { is_change: false, reason: Some(reason) });
            self.out.order(record, (&self.terms, &self.limits), &live, true, Event { checked, ..event });
        } else if let Some((word, order)) = refusal(record.command()) {
            let Some(live) = self.live.get(&order) else {
                let of = (order, account_of(record.command()), 0, 0);
                return self.out.ghost(record, &self.terms, of, Event::of(word, reason));
            };
            let asked = Asked { is_change: true, reason: Some(reason) };
            let checked = (word == "amend_refused").then_some(asked);
            let event = Event { checked, ..Event::holding(word, reason, live.hold) };
            self.out.order(record, (&self.terms, &self.limits), live, false, event);
        }
    }

    fn repeated(&mut self, record: &Record<'_>, first: u64, reason: &'static str) {
        let order = match refusal(record.command()) {
            _ if places(record.command()) => first,
            Some((_, order)) => order,
            None => return,
        };
        match self.live.get(&order) {
            None => {
                let of = (order, account_of(record.command()), 0, 0);
                self.out.ghost(record, &self.terms, of, Event::of("repeat", reason));
            }
            Some(live) => {
                let event = Event::holding("repeat", reason, live.hold);
                self.out.order(record, (&self.terms, &self.limits), live, false, event);
            }
        }
    }

    fn traded(&mut self, record: &Record<'_>, traded: &Traded, index: usize) -> Result<(), Fault> {
        if self.terms.instrument(traded.instrument).is_none() {
            return Err(Fault(format!("record {} trades in no instrument that there is", record.body.sequence)));
        }
        let other = if traded.taker_side == BUY { SELL } else { BUY };
        let sides = [
            (traded.maker_order, traded.maker, traded.taker, other, traded.maker_hold, "PASV"),
            (traded.taker_order, traded.taker, traded.maker, traded.taker_side, traded.taker_hold, "AGRE"),
        ];
        for (order, account, counterparty, side, hold, role) in sides.into_iter().filter(|side| side.0 != 0) {
            let venue = if traded.flags & OUTSIDE != 0 { counterparty } else { 0 };
            let asked = (account, traded.instrument, side, venue);
            let is_asked = |live: &Live| (live.account, live.instrument, live.side, live.venue) == asked;
            let fill = Fill { traded, index, role, of: None };
            match self.live.remove(&order) {
                Some(live) if is_asked(&live) => self.filled(record, live, hold, fill),
                found => {
                    self.live.extend(found.map(|live| (order, live)));
                    let event = Event { trade: Some(fill), ..Event::of("late_fill", "") };
                    self.out.ghost(record, &self.terms, (order, account, traded.instrument, side), event);
                }
            }
        }
        Ok(())
    }

    fn filled(&mut self, record: &Record<'_>, mut live: Live, hold: i64, fill: Fill<'_>) {
        let quantity = fill.traded.quantity;
        let before = std::mem::replace(&mut live.hold, hold);
        live.filled += quantity;
        live.status = Status::PartiallyFilled;
        live.shown = match (fill.role, live.shown) {
            ("PASV", shown) => shown.map(|shown| (shown - quantity).max(0)),
            _ => live.rests(),
        };
        let is_done = live.is_done();
        if is_done {
            (live.status, live.shown) = (Status::Filled, Some(0));
            self.forget(&live);
        }
        let own = Fill { of: Some(&live), ..fill };
        let (held, held_before) = (Some(hold), Some(before));
        let event = Event::of(if is_done { "fill" } else { "partial_fill" }, "");
        let event = Event { held, held_before, trade: Some(own), ..event };
        self.out.order(record, (&self.terms, &self.limits), &live, is_done, event);
        if let Some(mut parent) = self.live.remove(&live.of) {
            parent.filled += quantity;
            parent.status = Status::PartiallyFilled;
            let is_ended = self.has_ended(&parent);
            if is_ended {
                (parent.status, parent.shown) = (Status::Filled, Some(0));
                self.forget(&parent);
            }
            let event = Event { trade: Some(own), ..Event::holding("child_fill", "", parent.hold) };
            self.out.order(record, (&self.terms, &self.limits), &parent, is_ended, event);
            if !is_ended {
                self.live.insert(parent.number, parent);
            }
        }
        if !is_done {
            self.live.insert(live.number, live);
        }
    }

    fn cancelled(&mut self, record: &Record<'_>, order: u64, why: u8, released: i64) {
        let reason = CancelReason::of(why).map_or("", CancelReason::text);
        let word = ended_as(record.command(), reason);
        let Some(live) = self.live.get(&order) else {
            let event = Event { status: Some(Status::Cancelled), ..Event::of(word, reason) };
            return self.out.ghost(record, &self.terms, (order, 0, 0, 0), event);
        };
        let is_position = self.terms.instrument(live.instrument).is_some_and(|found| found.is_position());
        let held = (!is_position).then(|| (live.hold - released).max(0));
        self.gone(record, order, Event { held, ..Event::of(word, reason) });
    }

    /// Its row is the last; so it is with its parent, if that has all it wanted and no other child.
    fn gone(&mut self, record: &Record<'_>, order: u64, event: Event<'_>) {
        let Some(mut live) = self.live.remove(&order) else {
            return;
        };
        (live.status, live.shown) = (Status::Cancelled, Some(0));
        let event = Event { held_before: Some(live.hold), ..event };
        self.out.order(record, (&self.terms, &self.limits), &live, true, event);
        self.forget(&live);
        if self.live.get(&live.of).is_some_and(|parent| self.has_ended(parent))
            && let Some(parent) = self.live.remove(&live.of)
        {
            self.forget(&parent);
        }
    }

    /// A kill names its scope. Orders at venues, and parents with children there, are asked for instead.
    fn purged(&mut self, record: &Record<'_>, made: &Purged) {
        let of_asked = |effect: &Effect| match effect {
            Effect::CancelRequested(asked) if asked.venue == 0 => Some(asked.order),
            _ => None,
        };
        let asked: FxHashSet<u64> = record.effects.iter().filter_map(of_asked).collect();
        let is_hit = |live: &Live| match Scope::of(made.scope) {
            Some(Scope::Everything) => true,
            Some(Scope::Group) => self.terms.belongs(live.account).0 == made.of,
            Some(Scope::Firm) => self.terms.belongs(live.account).1 == made.of,
            Some(Scope::Account) => live.account == made.of,
            Some(Scope::Session) => live.session == made.of,
            Some(Scope::Instrument) => live.instrument == made.of,
            _ => false,
        };
        let is_here = |live: &&Live| live.venue == 0 && is_hit(live) && !asked.contains(&live.number);
        let mut hit: Vec<u64> = self.live.values().filter(is_here).map(|live| live.number).collect();
        hit.sort_unstable();
        for order in hit {
            self.gone(record, order, Event { held: Some(0), ..Event::of("cancel_by_market", "kill") });
        }
    }

    fn replaced(&mut self, record: &Record<'_>, made: &Replaced) {
        let Some(live) = self.live.get_mut(&made.order) else {
            return;
        };
        let (before, held) = (Shown::of(live), live.hold);
        let mut word = "amend";
        match record.command() {
            Command::ReplaceSpecial(asked) => live.specify(asked),
            Command::ReplaceOrder(asked) if live.price != 0 && live.special.stop == 0 => live.price = asked.price,
            Command::VenueReplaced(_) => word = "amend_by_venue",
            _ => {}
        }
        live.replaced(made.price, made.quantity, made.hold);
        if made.priority_kept == 0 {
            live.priority = record.body.stamp;
        }
        live.shown = live.rests();
        let after = Shown::of(live);
        let checked = (live.venue == 0).then_some(Asked { is_change: true, reason: None });
        let (held, held_before) = (Some(made.hold), Some(held));
        let event = Event { held, held_before, before: Some(&before), after: Some(&after), ..Event::of(word, "") };
        self.out.order(record, (&self.terms, &self.limits), live, false, Event { checked, ..event });
    }

    /// An outside venue is asked to change or to end it.
    fn asked(&mut self, record: &Record<'_>, effect: &Effect) {
        let (order, wanted) = match effect {
            Effect::CancelRequested(made) => (made.order, Err(made.reason)),
            Effect::ReplaceRequested(made) => (made.order, Ok(made)),
            _ => return,
        };
        let Some(live) = self.live.get_mut(&order) else {
            return;
        };
        let (held, old) = (live.hold, Shown::of(live));
        let mut new = old;
        let event = match wanted {
            Err(why) => {
                live.status = Status::PendingCancel;
                Event::holding("cancel_asked", CancelReason::of(why).map_or("", CancelReason::text), held)
            }
            Ok(made) => {
                (live.status, live.hold) = (Status::PendingReplace, made.hold);
                (new.price, new.quantity) = (made.price, made.quantity);
                let checked = Some(Asked { is_change: true, reason: None });
                let (held, held_before) = (Some(made.hold), Some(held));
                let event = Event { held, held_before, checked, ..Event::of("amend_asked", "") };
                Event { before: Some(&old), after: Some(&new), ..event }
            }
        };
        self.out.order(record, (&self.terms, &self.limits), live, false, event);
    }

    /// What changes an order where it stands.
    fn told(&mut self, record: &Record<'_>, effect: &Effect) {
        let Some(live) = told_of(effect).and_then(|order| self.live.get_mut(&order)) else {
            return;
        };
        let (before, held) = (Shown::of(live), live.hold);
        let word = told(live, effect, record.command(), record.body.stamp);
        let after = Shown::of(live);
        let (held, held_before) = (Some(live.hold), Some(held));
        let event = Event { held, held_before, before: Some(&before), after: Some(&after), ..Event::of(word, "") };
        self.out.order(record, (&self.terms, &self.limits), live, false, event);
    }

    /// A row for each side; the record names the trade and its accounts, not their orders.
    fn corrected(&mut self, record: &Record<'_>, corrected: (u64, u16, i64)) {
        let Command::CorrectTrade(made) = record.command() else {
            return;
        };
        let other = if made.taker_side == BUY { SELL } else { BUY };
        for (account, side) in [(made.maker, other), (made.taker, made.taker_side)] {
            self.out.corrected(record, &self.terms, corrected, (account, side));
        }
    }
}
