//! What limits measure, of an order that is asked for and of all that lives.
use std::collections::BTreeMap;

use crate::engine::Engine;
use crate::history::Wording;
use crate::limits::{Row, members};
use crate::names::{Limit, Reason, Scope};
use crate::orders::{ASIDE, CHILD, MARKET_TO_LIMIT, Order, WATCHED};
use crate::values::{BPS, ceil_div, floor_div};
use crate::watch::Open;

/// What an order asks for: to be taken, to be changed, or, as a child whose parent is done, to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    New,
    Change,
    Release,
}

/// What is asked of the limits: the order at the price that it is held for, the live one that it replaces, what of its
/// account's in the instrument goes before it is judged, who sent it, the client's words (of a replacement: the price that
/// is given, or 0, and the new total), what it may trade: lots, price x lots.
pub(crate) struct Asked {
    pub step: Step,
    pub order: Order,
    pub old: Option<Order>,
    pub gone: Open,
    pub session: u32,
    pub words: Wording,
    pub units: i64,
    pub value: i128,
}

/// A measure without and with what is asked.
struct Change {
    before: i128,
    after: i128,
}

impl Engine {
    /// The first limit in its order that the order does not meet, in whatever scope, is the answer.
    pub(crate) fn check_limits(&mut self, asked: &Asked) -> Result<(), Reason> {
        self.count_open();
        let mut first: Option<Limit> = None;
        for key in self.whose(asked.order.account, asked.session) {
            let rows = self.limits.rows.get(&key).map_or(&[][..], Vec::as_slice);
            for row in rows.iter().filter(|row| asked.meets(row.limit) && row.concerns(asked, rows)) {
                if first.is_none_or(|limit| row.limit < limit) && self.fails(row, self.members(key, asked), asked) {
                    first = Some(row.limit);
                }
            }
        }
        first.map_or(Ok(()), |limit| Err(limit.reason()))
    }

    /// As [`Self::check_limits`], of a live order with another price and total quantity; `given` is the client's limit
    /// price, or 0.
    pub(crate) fn check_limits_changed(
        &mut self,
        row: u32,
        given: i64,
        (price, quantity): (i64, i64),
    ) -> Result<(), Reason> {
        let old = *self.orders.get(row);
        if !self.has_limits(old.account) {
            return Ok(());
        }
        let left = quantity - self.orders.filled(row);
        let asked = Asked {
            step: Step::Change,
            order: Order { price, ..old },
            old: Some(old),
            gone: Open::default(),
            session: self.orders.details(row).session,
            words: Wording { side: old.side, kind: old.kind, price: given, quantity },
            units: left,
            value: i128::from(price) * i128::from(left),
        };
        self.check_limits(&asked)
    }

    /// As [`Self::check_limits`], of a child that waited for its parent and held nothing.
    pub(crate) fn check_limits_released(&mut self, row: u32) -> Result<(), Reason> {
        let order = *self.orders.get(row);
        if !self.has_limits(order.account) {
            return Ok(());
        }
        let Order { side, kind, price, left, .. } = order;
        self.check_limits(&Asked {
            step: Step::Release,
            order: Order { marks: order.marks & !ASIDE, ..order },
            old: None,
            gone: Open::default(),
            session: 0,
            words: Wording { side, kind, price, quantity: left },
            units: left,
            value: i128::from(price) * i128::from(left),
        })
    }

    /// Brings the sums up to date; orders of accounts that are newly watched are looked up now, all at once.
    fn count_open(&mut self) {
        if std::mem::take(&mut self.limits.uncounted) {
            let accounts = &self.ledger.accounts;
            let new = |order: &Order| order.marks & (WATCHED | CHILD) == 0 && accounts[order.account as usize].watched;
            let rows: Vec<u32> = self.orders.by_id().filter(|row| new(self.orders.get(*row))).collect();
            rows.into_iter().for_each(|row| self.orders.watch_row(row));
        }
        self.orders.count_changed();
        self.limits.members.get_or_insert_with(|| members(&self.ledger.accounts));
    }

    /// The accounts that a limit counts together.
    fn members<'a>(&'a self, (scope, of): (u8, u32), asked: &'a Asked) -> &'a [u32] {
        if scope == Scope::Group as u8 || scope == Scope::Firm as u8 {
            return self.limits.members.as_ref().and_then(|all| all.get(&(scope, of))).map_or(&[], Vec::as_slice);
        }
        std::slice::from_ref(&asked.order.account)
    }

    fn fails(&self, row: &Row, members: &[u32], asked: &Asked) -> bool {
        let (limit, words) = (row.value, &asked.words);
        let history = |account: u32, instrument: u32| self.limits.history.get(&(account, instrument));
        let own = history(asked.order.account, asked.order.instrument.into());
        match row.limit {
            Limit::Instructions => asked.instructions() & !limit != 0,
            Limit::Permission => limit == 0,
            Limit::Collar => self.is_outside(asked, limit),
            Limit::OrderQuantity => words.quantity > limit,
            Limit::OrderNotional => self.worth(asked.order.at(), asked.units.into(), asked.value) > limit.into(),
            Limit::SizeMultiple => own.is_some_and(|h| h.is_unusual(row.limit, words.quantity.into(), limit)),
            Limit::NotionalMultiple => own.is_some_and(|h| h.is_unusual(row.limit, asked.value, limit)),
            Limit::OrderRate => {
                let of = |account: &u32| history(*account, row.instrument);
                match members {
                    [one] => of(one).map_or(limit == 0, |h| h.reaches(limit, self.stamp)),
                    many => {
                        let rates = many.iter().filter_map(of).map(|h| h.rate(self.stamp));
                        rates.sum::<usize>() as i64 >= limit
                    }
                }
            }
            Limit::OpenOrders => {
                asked.stays() && self.open_orders(row, members) - i64::from(asked.gone.orders) >= limit
            }
            Limit::PositionNet => self.net(members, asked).grows_beyond(limit),
            Limit::PositionGross => self.gross(members, asked).grows_beyond(limit),
            Limit::OpenNotional => self.open_notional(row, members, asked).grows_beyond(limit),
            Limit::Duplicate => own.is_some_and(|h| h.has(words, limit, self.stamp)),
        }
    }

    /// Is the limit price too far from the reference price? Without one nothing is.
    fn is_outside(&self, asked: &Asked, bps: i64) -> bool {
        let (price, reference) = (asked.words.price, self.instruments[asked.order.at()].reference());
        let away = i128::from((price - reference).abs());
        price != 0 && reference != 0 && away * BPS > i128::from(bps) * i128::from(reference)
    }

    /// Quote minor units of a sum of price x lots, rounded up; of an inverse perpetual base minor units of the lots at the mark.
    fn worth(&self, at: usize, lots: i128, value: i128) -> i128 {
        let instrument = &self.instruments[at];
        if instrument.is_inverse() {
            return instrument.notional(lots, instrument.reference());
        }
        ceil_div(value.saturating_mul(instrument.num.into()), instrument.den.into())
    }

    fn open_orders(&self, row: &Row, members: &[u32]) -> i64 {
        let sums = members.iter().flat_map(|account| self.orders.watch.of(*account));
        let counted = sums.filter(|(instrument, _)| row.instrument == 0 || row.instrument == u32::from(*instrument));
        counted.map(|(_, open)| i64::from(open.orders)).sum()
    }

    /// Live orders of the account in the order's instrument.
    fn open(&self, account: u32, asked: &Asked) -> Open {
        let mut open = self.orders.watch.in_instrument(account, asked.order.instrument);
        if account == asked.order.account {
            for side in 0..2 {
                open.lots[side] -= asked.gone.lots[side];
            }
        }
        open
    }

    /// Signed lots: of a perpetual its position, of what is owned whole lots of the base asset.
    fn position(&self, account: u32, at: usize) -> i128 {
        let instrument = &self.instruments[at];
        if instrument.is_perpetual() {
            return instrument.positions.get(&account).map_or(0, |position| position.quantity.into());
        }
        floor_div(self.ledger.look(account, instrument.terms.base).amount, instrument.base_units.into())
    }

    /// Where the accounts together would stand if all their orders on the order's side traded.
    fn net(&self, members: &[u32], asked: &Asked) -> Change {
        let sign = if asked.order.buys() { 1 } else { -1 };
        let stands = |account: &u32| {
            let open = self.open(*account, asked);
            sign * self.position(*account, asked.order.at()) + open.lots[asked.side()]
        };
        let before: i128 = members.iter().map(stands).sum();
        Change { before, after: before + i128::from(asked.more_units()) }
    }

    /// What each account has and may open, long and short added up.
    fn gross(&self, members: &[u32], asked: &Asked) -> Change {
        let mut change = Change { before: 0, after: 0 };
        for account in members {
            let open = self.open(*account, asked);
            let position = self.position(*account, asked.order.at());
            let gross = |lots: [i128; 2]| {
                let buys = (lots[0] - (-position).max(0)).max(0);
                let sells = (lots[1] - position.max(0)).max(0);
                position.abs() + buys + sells
            };
            let mut lots = open.lots;
            change.before += gross(lots);
            if *account == asked.order.account {
                lots[asked.side()] += i128::from(asked.more_units());
            }
            change.after += gross(lots);
        }
        change
    }

    /// What all live orders are worth at their prices; of a limit for every instrument, in those with the same quote asset.
    fn open_notional(&self, row: &Row, members: &[u32], asked: &Asked) -> Change {
        let asset = self.instruments[asked.order.at()].margin_asset();
        let mut values: BTreeMap<usize, (i128, i128)> = BTreeMap::from([(asked.order.at(), (0, 0))]);
        for (instrument, open) in members.iter().flat_map(|account| self.orders.watch.of(*account)) {
            let at = *instrument as usize - 1;
            let counts = row.instrument == 0 || row.instrument == u32::from(*instrument);
            if counts && self.instruments[at].margin_asset() == asset {
                let sum = values.entry(at).or_default();
                *sum = (sum.0 + open.lots[0] + open.lots[1], sum.1 + open.value[0] + open.value[1]);
            }
        }
        let here = values.entry(asked.order.at()).or_default();
        *here = (here.0 - asked.gone.lots[0] - asked.gone.lots[1], here.1 - asked.gone.value[0] - asked.gone.value[1]);
        let (lots, value) = *here;
        let before: i128 = values.iter().map(|(at, (lots, value))| self.worth(*at, *lots, *value)).sum();
        let after = self.worth(asked.order.at(), lots + i128::from(asked.more_units()), value + asked.more_value());
        let grown = after - self.worth(asked.order.at(), lots, value);
        Change { before, after: before + grown }
    }

    /// An order was accepted, or a replacement of one: limits remember it while the account has any.
    pub(crate) fn count_accepted(&mut self, order: &Order, new: Option<(Wording, i128)>) {
        if !self.ledger.accounts[order.account as usize].watched {
            return;
        }
        let now = self.stamp;
        self.limits.history.entry((order.account, 0)).or_default().stamp(now);
        let here = self.limits.history.entry((order.account, order.instrument.into())).or_default();
        here.stamp(now);
        if let Some((words, value)) = new {
            here.order(now, words, value);
        }
    }
}

impl Limit {
    fn reason(self) -> Reason {
        match self {
            Limit::Instructions => Reason::InstructionNotAllowed,
            Limit::Permission => Reason::InstrumentNotAllowed,
            Limit::Collar => Reason::OutsideCollar,
            Limit::OrderQuantity => Reason::OrderTooLarge,
            Limit::OrderNotional | Limit::OpenNotional => Reason::NotionalLimit,
            Limit::SizeMultiple | Limit::NotionalMultiple => Reason::UnusualSize,
            Limit::OrderRate => Reason::RateLimit,
            Limit::OpenOrders => Reason::OpenOrdersLimit,
            Limit::PositionNet | Limit::PositionGross => Reason::PositionLimit,
            Limit::Duplicate => Reason::DuplicateOrder,
        }
    }
}

impl Row {
    /// Is it for the instrument? What is said of one instrument's permission goes before what is said of all.
    fn concerns(&self, asked: &Asked, rows: &[Row]) -> bool {
        let instrument = u32::from(asked.order.instrument);
        let own = |row: &Row| row.limit == Limit::Permission && row.instrument == instrument;
        self.instrument == instrument
            || (self.instrument == 0 && !(self.limit == Limit::Permission && rows.iter().any(own)))
    }
}

impl Asked {
    /// Kind, time in force and flags as bits 0, 9 and 17 on.
    fn instructions(&self) -> i64 {
        1 << (self.words.kind - 1) | 1 << (8 + self.order.tif) | i64::from(self.order.flags) << 17
    }

    /// Is the limit asked about this?
    fn meets(&self, limit: Limit) -> bool {
        match limit {
            Limit::Instructions | Limit::OpenOrders | Limit::Duplicate => self.step == Step::New,
            Limit::PositionNet | Limit::PositionGross | Limit::OpenNotional => true,
            _ => self.step != Step::Release,
        }
    }

    /// May it stand among the live orders as one more? An order that goes to the book at once and never rests may not.
    fn stays(&self) -> bool {
        let at_once = self.order.kind <= MARKET_TO_LIMIT && self.order.marks & ASIDE == 0;
        !(self.order.is_immediate() && at_once)
    }

    fn side(&self) -> usize {
        usize::from(!self.order.buys())
    }

    /// A child whose parent is not done does not count.
    fn more_units(&self) -> i64 {
        if self.order.marks & ASIDE != 0 {
            return 0;
        }
        self.units - self.old.map_or(0, |old| old.left.max(0))
    }

    fn more_value(&self) -> i128 {
        if self.order.marks & ASIDE != 0 {
            return 0;
        }
        self.value - self.old.map_or(0, |old| i128::from(old.price) * i128::from(old.left.max(0)))
    }
}

impl Change {
    /// What brings it down is let through, even if that is not enough.
    fn grows_beyond(&self, limit: i64) -> bool {
        self.after > limit.into() && self.after > self.before
    }
}
