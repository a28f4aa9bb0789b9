//! Rows written: an order's as it stands behind an event, and those of orders that are not live.
use crate::changes::{Shown, difference};
use crate::checks::{Asked, Limits, checks};
use crate::live::{BUY, Live, Status};
use crate::order::{aggressor, indicators, of_live, order_id};
use crate::record::{Record, refusal};
use crate::terms::{Terms, of_source, role};
use crate::text::{decimal, hex, moment, number, quoted, quoted_or_null};
use crate::values::{FIELDS, Head, Made, Values};
use isthmus_core::messages::{Command, Traded};

/// Flags of Traded.
pub const OUTSIDE: u8 = 1;
const DARK: u8 = 4;
const REQUESTED: u8 = 8;
const ORDER_MAX: u64 = i64::MAX as u64;

/// What happened to an order. `held_before` and `held`: minor units before and behind it, None where the record does not
/// say. `status`: where it is not the order's own.
#[derive(Default, Clone, Copy)]
pub struct Event<'a> {
    pub name: &'static str,
    pub reason: &'static str,
    pub held: Option<i64>,
    pub held_before: Option<i64>,
    pub status: Option<Status>,
    pub before: Option<&'a Shown>,
    pub after: Option<&'a Shown>,
    pub checked: Option<Asked<'a>>,
    pub trade: Option<Fill<'a>>,
}

impl Event<'_> {
    pub fn of(name: &'static str, reason: &'static str) -> Self {
        Self { name, reason, ..Self::default() }
    }

    /// It holds what it held.
    pub fn holding(name: &'static str, reason: &'static str, hold: i64) -> Self {
        Self { name, reason, held: Some(hold), held_before: Some(hold), ..Self::default() }
    }
}

/// An order's side of a trade; `of`: the order whose side it is (a parent's row has its child's), if it is live.
#[derive(Clone, Copy)]
pub struct Fill<'a> {
    pub traded: &'a Traded,
    pub index: usize,
    pub role: &'static str,
    pub of: Option<&'a Live>,
}

/// What is written: rows that were made, and how often nothing said a field.
pub struct Writer {
    pub made: Made,
    pub unknown: [u64; FIELDS],
    pub first: u64,
    pub values: Values,
    pub places: usize,
}

impl Writer {
    /// A row of an order, as it stands behind the event; `is_done`: it is not live any more.
    pub fn order(
        &mut self,
        record: &Record<'_>,
        (terms, limits): (&Terms, &Limits),
        live: &Live,
        is_done: bool,
        event: Event<'_>,
    ) {
        let values = &mut self.values;
        values.clear();
        of_live(terms, live, values);
        if refusal(record.command()).is_some_and(|(_, order)| order == live.number) {
            of_source(&record.origin, values);
            if !record.origin.text.is_empty() {
                values.text(26, &record.origin.text);
            }
        }
        if live.priority != 0 && event.status != Some(Status::Rejected) {
            values.put(21, |out| moment(out, live.priority));
        }
        if let Some(instrument) = terms.instrument(live.instrument) {
            let decimals = instrument.quantity_decimals;
            values.put(53, |out| decimal(out, if is_done { 0 } else { live.left() }, decimals));
            let is_out = is_done || live.venue != 0 || live.status == Status::Parked;
            if let Some(shown) = if is_out { Some(0) } else { live.shown } {
                values.put(54, |out| decimal(out, shown, decimals));
            }
            let asset = instrument.held(live.side == BUY);
            let before = event.held_before.filter(|_| !instrument.is_position());
            values.put(72, |out| {
                out.push_str("{\"after\":");
                amount(out, event.held, asset.decimals);
                out.push_str(",\"asset\":");
                quoted(out, &asset.code);
                out.push_str(",\"before\":");
                amount(out, before, asset.decimals);
                out.push('}');
            });
            values.empty(70);
            if let (Some(before), Some(after)) = (event.before, event.after)
                && before != after
            {
                values.put(70, |out| difference(out, before, after, instrument));
            }
        } else {
            values.empty(70);
        }
        values.empty(71);
        if let Some(asked) = event.checked {
            values.put(71, |out| checks(out, live, limits, terms.belongs(live.account), asked));
        }
        values.text(66, event.status.unwrap_or(live.status).text());
        if let Some(fill) = event.trade {
            self.trade(record, terms, fill);
        }
        self.write(record, (live.number, Some(live.account)), event);
    }

    /// A row of an order that is not live: what its other records said is not repeated here. `of`: order, account,
    /// instrument and side, each 0 where it is not known.
    pub fn ghost(&mut self, record: &Record<'_>, terms: &Terms, of: (u64, u32, u32, u8), event: Event<'_>) {
        self.begin_ghost(record, terms, of);
        if let Some(status) = event.status {
            self.values.text(66, status.text());
        }
        if let Some(fill) = event.trade {
            self.trade(record, terms, fill);
        }
        self.write(record, (of.0, (of.1 != 0).then_some(of.1)), event);
    }

    fn begin_ghost(&mut self, record: &Record<'_>, terms: &Terms, of: (u64, u32, u32, u8)) {
        let (order, account, instrument, side) = of;
        let values = &mut self.values;
        values.clear();
        terms.of_instrument(instrument, values);
        if account != 0 {
            terms.of_account(account, values);
        }
        of_source(&record.origin, values);
        if order != 0 {
            values.put(25, |out| order_id(out, order));
        }
        if side != 0 {
            values.text(57, if side == BUY { "buy" } else { "sell" });
        }
        values.empty(70);
        values.empty(71);
    }

    fn trade(&mut self, record: &Record<'_>, terms: &Terms, fill: Fill<'_>) {
        let (traded, values) = (fill.traded, &mut self.values);
        let Some(instrument) = terms.instrument(traded.instrument) else {
            return;
        };
        let is_outside = traded.flags & OUTSIDE != 0;
        values.put(31, |out| trade_id(out, record.body.sequence, fill.index));
        if is_outside {
            values.unknown(22);
            match record.command() {
                Command::VenueFilled(made) => values.put(32, |out| hex(out, &made.fill_id)),
                _ => values.unknown(32),
            }
        } else {
            values.put(22, |out| moment(out, record.body.stamp));
            values.copy(32, 31);
        }
        values.text(33, "NEWT");
        values.put(49, |out| decimal(out, traded.price, instrument.price_decimals));
        values.put(55, |out| decimal(out, traded.quantity, instrument.quantity_decimals));
        let kind = match traded.flags {
            _ if is_outside => "outside",
            flags if flags & DARK != 0 => "dark",
            flags if flags & REQUESTED != 0 => "by_request",
            _ => "book",
        };
        match fill.of {
            Some(live) => {
                values.put(61, |out| aggressor(out, Some(fill.role), live));
                values.put(64, |out| indicators(out, live, Some(kind)));
            }
            None => {
                values.put(61, |out| joined(out, &["{\"aggressor\":\"", fill.role, "\"}"]));
                values.put(64, |out| joined(out, &["{\"trade\":\"", kind, "\"}"]));
            }
        }
    }

    pub fn corrected(&mut self, record: &Record<'_>, terms: &Terms, corrected: (u64, u16, i64), of: (u32, u8)) {
        let Command::CorrectTrade(made) = record.command() else {
            return;
        };
        let (sequence, index, price) = corrected;
        self.begin_ghost(record, terms, (0, of.0, made.instrument, of.1));
        let values = &mut self.values;
        values.put(31, |out| trade_id(out, sequence, usize::from(index)));
        values.text(33, if price == 0 { "CANC" } else { "[\"CANC\",\"NEWT\"]" });
        if let Some(instrument) = terms.instrument(made.instrument) {
            let shown = if price == 0 { made.price } else { price };
            values.put(49, |out| decimal(out, shown, instrument.price_decimals));
            values.put(55, |out| decimal(out, made.quantity, instrument.quantity_decimals));
            if price != 0 {
                values.put(70, |out| {
                    out.push_str("{\"transaction_price\":[\"");
                    decimal(out, made.price, instrument.price_decimals);
                    out.push_str("\",\"");
                    decimal(out, price, instrument.price_decimals);
                    out.push_str("\"]}");
                });
            }
        }
        self.write(
            record,
            (0, (of.0 != 0).then_some(of.0)),
            Event::of(if price == 0 { "bust" } else { "correct" }, ""),
        );
    }

    /// What every row has; `of`: its order (0 for none) and the account that it names.
    fn write(&mut self, record: &Record<'_>, of: (u64, Option<u32>), event: Event<'_>) {
        let (values, sequence, place) = (&mut self.values, record.body.sequence, self.places);
        values.put(30, |out| {
            number(out, sequence);
            out.push('-');
            number(out, place as u64);
        });
        values.text(65, event.name);
        values.text(69, event.reason);
        if role(&record.origin) == "operator" {
            // Who approved it, if anybody, no record of it says.
            values.put(74, |out| {
                joined(out, &["{\"approver\":null,\"command\":\"", record.command().name(), "\",\"user\":"]);
                number(out, u64::from(record.origin.user));
                out.push('}');
            });
        } else {
            values.empty(74);
        }
        values.put(77, |out| {
            out.push_str("{\"leaf\":");
            number(out, sequence - self.first);
            out.push_str(",\"previous\":\"");
            hex(out, &record.prev);
            out.push_str("\"}");
        });
        values.put(78, |out| {
            out.push_str("{\"rules\":");
            number(out, u64::from(record.body.rules));
            out.push('}');
        });
        let order = if of.0 <= ORDER_MAX { of.0 } else { 0 };
        let head = Head { sequence, place: place as u16, order, time: record.body.stamp, account: of.1 };
        self.made.take(head, values, &mut self.unknown);
        self.places += 1;
    }
}

fn joined(out: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| out.push_str(part));
}

fn amount(out: &mut String, value: Option<i64>, decimals: u8) {
    match value {
        None => quoted_or_null(out, None),
        Some(value) => {
            out.push('"');
            decimal(out, value, decimals);
            out.push('"');
        }
    }
}

fn trade_id(out: &mut String, sequence: u64, index: usize) {
    out.push_str("trd-");
    number(out, sequence);
    out.push('-');
    number(out, index as u64 + 1);
}
