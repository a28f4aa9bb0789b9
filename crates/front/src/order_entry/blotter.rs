//! The orders that FIX sessions placed, as the records tell of them; out of each record come the reports that it owes.
//!
//! A record is the only source: those that sessions made themselves, those that Python staged and those of the journal at a
//! start all go through [`Blotter::take`], so that what a session is told never depends on who staged.
use std::collections::VecDeque;

use isthmus_core::messages::{Command, Effect, PlaceChild, Traded};
use isthmus_core::names::{CancelReason, Reason, Scope};
use isthmus_core::orders::{LIMIT, MARKET, MARKET_TO_LIMIT, STOP, STOP_LIMIT, TRAILING_STOP, WORKED};
use isthmus_core::record::Body;
use rustc_hash::FxHashMap;

use super::report::{Fill, Kind, Report, Status};
pub use super::tracked::{Asker, GATEWAY, Tracked};
use super::tracked::{asker_of, order_of, placed};

/// Orders remembered after their end, for status requests, late cancels and late fills of venues.
pub const FINISHED_MAX: usize = 100_000;
/// Trades remembered for a bust or a correction.
pub const TRADES_MAX: usize = 100_000;
/// All of them.
#[derive(Debug, Default)]
pub struct Blotter {
    orders: FxHashMap<u64, Tracked>,
    by_client: FxHashMap<(u32, Box<str>), u64>,
    parents: FxHashMap<u64, u64>,
    finished: VecDeque<u64>,
    /// By record and place: of each side the order and the report.
    trades: FxHashMap<(u64, u16), [(u64, u32); 2]>,
    trades_kept: VecDeque<(u64, u16)>,
}

/// What one record's reports have in common.
struct Pass<'a> {
    body: &'a Body<'a>,
    asker: Option<Asker>,
    trades: u16,
    /// Where in `out` the reports of this record begin.
    from: usize,
    out: &'a mut Vec<Report>,
}

impl Blotter {
    pub fn order(&self, number: u64) -> Option<&Tracked> {
        self.orders.get(&number)
    }

    /// The order that an account's client id means now.
    pub fn by_client(&self, account: u32, client: &str) -> Option<u64> {
        self.by_client.get(&(account, client.into())).copied()
    }

    /// Takes a record in and appends the reports that it owes to `out`. `belongs`: group and firm of an account.
    /// A body that this release cannot read owes nothing.
    pub fn take(&mut self, body: &[u8], belongs: impl Fn(u32) -> (u32, u32), out: &mut Vec<Report>) {
        let Ok(body) = Body::read(body) else { return };
        let asker = asker_of(body.origin);
        if asker.is_none() && self.orders.is_empty() {
            return;
        }
        let from = out.len();
        let mut pass = Pass { body: &body, asker, trades: 0, from, out };
        let mut effects = Vec::with_capacity(body.count as usize);
        if body.each_effect(|effect| effects.push(effect)).is_err() {
            return;
        }
        let refused = effects.iter().find_map(|effect| match effect {
            Effect::Rejected(rejected) => Some(rejected.reason),
            _ => None,
        });
        self.command(&mut pass, refused, &effects);
        for effect in &effects {
            self.effect(&mut pass, effect, &effects, &belongs);
        }
    }

    fn command(&mut self, pass: &mut Pass<'_>, refused: Option<u16>, effects: &[Effect]) {
        let command = &pass.body.command;
        if let Command::PlaceChild(child) = command {
            if refused.is_none() {
                self.child(pass.body.sequence, child);
            }
            return;
        }
        let Some(asker) = pass.asker.clone() else { return };
        if let Some(order) = placed(command, &asker) {
            let again = effects.iter().find_map(|effect| match effect {
                Effect::Repeated(repeated) => Some(repeated.first),
                _ => None,
            });
            match again {
                Some(first) => self.repeated(pass, first, &order),
                None => self.place(pass, order, refused),
            }
        } else if let (Some(order), Some(reason)) = (order_of(command), refused) {
            let cancel = matches!(command, Command::CancelOrder(_));
            self.refuse_change(pass, order, Kind::ChangeRefused { reason, cancel }, asker.text);
        }
    }

    fn place(&mut self, pass: &mut Pass<'_>, mut order: Tracked, refused: Option<u16>) {
        let number = pass.body.sequence;
        let duplicate = refused == Some(Reason::DuplicateClientId as u16);
        if let Some(reason) = refused {
            order.status = Status::Rejected;
            pass.report(number, &order, Kind::Rejected(reason));
        }
        if !duplicate && !order.client.is_empty() {
            self.by_client.insert((order.account, order.client.clone()), number);
        }
        self.orders.insert(number, order);
        if refused.is_some() {
            self.finish(number);
        }
    }

    /// The same order again: the first one's state is the answer, if it is still known.
    fn repeated(&mut self, pass: &mut Pass<'_>, first: u64, order: &Tracked) {
        match self.orders.get(&first) {
            Some(known) => pass.report(first, known, Kind::Again),
            None => pass.report(first, order, Kind::Rejected(Reason::DuplicateClientId as u16)),
        }
    }

    fn refuse_change(&mut self, pass: &mut Pass<'_>, number: u64, refused: Kind, asked: Box<str>) {
        if let Some(order) = self.orders.get(&number) {
            pass.report_as(number, order, refused, (asked, Some(order.client.clone())));
        }
    }

    fn child(&mut self, number: u64, child: &PlaceChild) {
        if let Some(parent) = self.orders.get_mut(&child.parent) {
            parent.children += 1;
            self.parents.insert(number, child.parent);
        }
    }

    fn effect(&mut self, pass: &mut Pass<'_>, effect: &Effect, all: &[Effect], belongs: &impl Fn(u32) -> (u32, u32)) {
        match effect {
            Effect::Accepted(e) => self.change(pass, e.order, |order| {
                if matches!(order.kind, WORKED) || order.price == 0 {
                    order.price = e.price;
                }
                order.status = Status::New;
                Some(Kind::New)
            }),
            Effect::Traded(e) => self.trade(pass, e),
            Effect::Cancelled(e) => self.cancelled(pass, e.order, e.reason),
            Effect::Replaced(e) => self.replaced(pass, e.order, (e.price, e.quantity)),
            Effect::Reduced(e) => self.change(pass, e.order, |order| {
                order.quantity = order.filled + e.left;
                Some(Kind::Restated)
            }),
            Effect::Repriced(e) => self.change(pass, e.order, |order| {
                if !matches!(order.kind, STOP | MARKET) {
                    order.price = e.price;
                }
                if order.kind == MARKET_TO_LIMIT {
                    order.kind = LIMIT;
                }
                Some(Kind::Restated)
            }),
            Effect::Trailed(e) => self.change(pass, e.order, |order| {
                (order.stop, order.price) = (e.stop, e.price);
                None
            }),
            Effect::Triggered(e) if e.price != 0 => self.change(pass, e.order, |order| {
                order.kind = match order.kind {
                    STOP => MARKET,
                    STOP_LIMIT => LIMIT,
                    TRAILING_STOP if order.price == 0 => MARKET,
                    TRAILING_STOP => LIMIT,
                    kind => kind,
                };
                Some(Kind::Triggered)
            }),
            Effect::CancelRequested(e) => self.pending(pass, e.order, Status::PendingCancel, Kind::PendingCancel),
            Effect::ReplaceRequested(e) => self.pending(pass, e.order, Status::PendingReplace, Kind::PendingReplace),
            Effect::Purged(e) => self.purged(pass, e.scope, e.of, all, belongs),
            Effect::TradeCorrected(e) => self.corrected(pass, (e.sequence, e.index), e.price),
            _ => {}
        }
    }

    /// Changes an order that is not over, and reports what the change is, if it is anything that a session is told.
    fn change(&mut self, pass: &mut Pass<'_>, number: u64, change: impl FnOnce(&mut Tracked) -> Option<Kind>) {
        if let Some(order) = self.orders.get_mut(&number).filter(|order| !order.is_over())
            && let Some(kind) = change(order)
        {
            pass.report(number, order, kind);
        }
    }

    fn pending(&mut self, pass: &mut Pass<'_>, number: u64, status: Status, kind: Kind) {
        let text = pass.asker.as_ref().map(|asker| asker.text.clone());
        self.change(pass, number, |order| {
            order.status = status;
            order.pending = text.filter(|text| !text.is_empty());
            Some(kind)
        });
    }

    fn trade(&mut self, pass: &mut Pass<'_>, traded: &Traded) {
        pass.trades += 1;
        let index = pass.trades;
        let sides = [(traded.maker_order, true), (traded.taker_order, false)];
        let mut ours = [(0, 0); 2];
        for (at, (number, maker)) in sides.into_iter().enumerate() {
            let number = self.parents.get(&number).copied().unwrap_or(number);
            let Some(order) = self.orders.get_mut(&number) else { continue };
            order.filled += traded.quantity;
            order.turnover += i128::from(traded.price) * i128::from(traded.quantity);
            if order.filled >= order.quantity {
                order.status = Status::Filled;
            } else if !order.is_over() {
                order.status = order.status.after_fill();
            }
            let fee = if maker { traded.maker_fee } else { traded.taker_fee };
            let fill = Fill { price: traded.price, quantity: traded.quantity, index, maker, fee };
            ours[at] = (number, (pass.out.len() - pass.from) as u32);
            let order = order.clone();
            pass.report(number, &order, Kind::Trade(fill));
            if order.is_over() {
                self.finish(number);
            }
        }
        if ours.iter().any(|(order, _)| *order != 0) {
            self.remember_trade((pass.body.sequence, index - 1), ours);
        }
    }

    fn remember_trade(&mut self, key: (u64, u16), orders: [(u64, u32); 2]) {
        self.trades.insert(key, orders);
        self.trades_kept.push_back(key);
        if self.trades_kept.len() > TRADES_MAX
            && let Some(oldest) = self.trades_kept.pop_front()
        {
            self.trades.remove(&oldest);
        }
    }

    fn corrected(&mut self, pass: &mut Pass<'_>, trade: (u64, u16), new_price: i64) {
        let Command::CorrectTrade(correction) = pass.body.command else { return };
        for (number, ordinal) in self.trades.get(&trade).copied().unwrap_or_default() {
            let Some(order) = self.orders.get_mut(&number) else { continue };
            let (price, quantity) = (i128::from(correction.price), correction.quantity);
            order.turnover += (i128::from(new_price) - price) * i128::from(quantity);
            if new_price == 0 {
                order.filled -= quantity;
            }
            let fill = Fill { price: new_price, quantity, index: trade.1 + 1, maker: false, fee: 0 };
            let kind = Kind::Corrected { fill, of: (trade.0, ordinal) };
            let order = order.clone();
            pass.report(number, &order, kind);
        }
    }

    fn cancelled(&mut self, pass: &mut Pass<'_>, number: u64, reason: u8) {
        if self.parents.contains_key(&number) {
            return;
        }
        let Some(order) = self.orders.get_mut(&number).filter(|order| !order.is_over()) else { return };
        let why = CancelReason::of(reason).unwrap_or(CancelReason::User);
        order.status = match why {
            CancelReason::Expired => Status::Expired,
            CancelReason::VenueRefused if order.filled == 0 => Status::Rejected,
            _ => Status::Cancelled,
        };
        let asked = match pass.body.command {
            Command::CancelOrder(c) if c.order == number => pass.asker.as_ref().map(|asker| asker.text.clone()),
            _ => order.pending.take(),
        };
        let original = order.client.clone();
        let order = order.clone();
        match asked.filter(|text| !text.is_empty()) {
            Some(text) => pass.report_as(number, &order, Kind::Cancelled(why), (text, Some(original))),
            None => pass.report(number, &order, Kind::Cancelled(why)),
        }
        self.finish(number);
    }

    fn replaced(&mut self, pass: &mut Pass<'_>, number: u64, (price, quantity): (i64, i64)) {
        let Some(order) = self.orders.get_mut(&number).filter(|order| !order.is_over()) else { return };
        order.quantity = quantity;
        match order.kind {
            STOP => order.stop = price,
            MARKET => {}
            _ => order.price = price,
        }
        order.status = if order.filled > 0 { Status::PartlyFilled } else { Status::New };
        let asked = match pass.asker.as_ref() {
            Some(asker) => Some(asker.text.clone()),
            None => order.pending.take(),
        };
        order.pending = None;
        let Some(text) = asked.filter(|text| !text.is_empty()) else {
            let order = order.clone();
            return pass.report(number, &order, Kind::Restated);
        };
        let original = std::mem::replace(&mut order.client, text.clone());
        let order = order.clone();
        self.by_client.insert((order.account, text.clone()), number);
        pass.report_as(number, &order, Kind::Replaced, (text, Some(original)));
    }

    /// A kill names its scope and not its orders: ours are those that match. A venue's orders, and parents with children
    /// there, were asked for.
    fn purged(
        &mut self,
        pass: &mut Pass<'_>,
        scope: u8,
        of: u32,
        all: &[Effect],
        belongs: &impl Fn(u32) -> (u32, u32),
    ) {
        let asked = |number: u64| {
            all.iter().any(|effect| matches!(effect, Effect::CancelRequested(e) if e.order == number && e.venue == 0))
        };
        let matches = |order: &Tracked| match Scope::of(scope) {
            Some(Scope::Everything) => true,
            Some(Scope::Account) => order.account == of,
            Some(Scope::Group) => belongs(order.account).0 == of,
            Some(Scope::Firm) => belongs(order.account).1 == of,
            Some(Scope::Session) => order.session == of,
            Some(Scope::Instrument) => order.instrument == of,
            Some(Scope::Venue) | None => false,
        };
        let mut gone: Vec<u64> = self
            .orders
            .iter()
            .filter(|(number, order)| !order.is_over() && order.venue == 0 && matches(order) && !asked(**number))
            .map(|(number, _)| *number)
            .collect();
        gone.sort_unstable();
        for number in gone {
            self.cancelled(pass, number, CancelReason::Kill as u8);
        }
    }

    fn finish(&mut self, number: u64) {
        self.finished.push_back(number);
        if self.finished.len() > FINISHED_MAX
            && let Some(oldest) = self.finished.pop_front()
            && let Some(order) = self.orders.remove(&oldest)
        {
            let key = (order.account, order.client);
            if self.by_client.get(&key) == Some(&oldest) {
                self.by_client.remove(&key);
            }
            if order.children > 0 {
                self.parents.retain(|_, parent| *parent != oldest);
            }
        }
    }
}

impl Pass<'_> {
    fn report(&mut self, number: u64, order: &Tracked, kind: Kind) {
        self.report_as(number, order, kind, (order.client.clone(), None));
    }

    fn report_as(
        &mut self,
        number: u64,
        order: &Tracked,
        kind: Kind,
        (client, original): (Box<str>, Option<Box<str>>),
    ) {
        self.out.push(Report {
            sequence: self.body.sequence,
            ordinal: (self.out.len() - self.from) as u32,
            stamp: self.body.stamp,
            number,
            kind,
            client,
            original,
            order: order.clone(),
        });
    }
}
