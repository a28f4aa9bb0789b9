//! What changes an order where it stands: each effect of the kind, and the event that it is; and the terms that changed.
use crate::live::{LIMIT, Live, MARKET, MARKET_TO_LIMIT, STOP, Special, Status};
use crate::terms::Instrument;
use crate::text::{decimal, moment, number};
use isthmus_core::messages::{Command, Effect};

/// The order that an effect of the kind is about.
pub fn told_of(effect: &Effect) -> Option<u64> {
    Some(match effect {
        Effect::Acknowledged(made) => made.order,
        Effect::Parked(made) => made.order,
        Effect::Triggered(made) => made.order,
        Effect::Refreshed(made) => made.order,
        Effect::Repriced(made) => made.order,
        Effect::Trailed(made) => made.order,
        Effect::Reduced(made) => made.order,
        Effect::Invited(made) => made.order,
        _ => return None,
    })
}

/// Changes the order and names the event.
pub fn told(live: &mut Live, effect: &Effect, command: &Command, stamp: u64) -> &'static str {
    match effect {
        Effect::Acknowledged(_) => {
            live.acknowledged = stamp;
            "venue_ack"
        }
        Effect::Parked(_) => {
            live.status = Status::Parked;
            "park"
        }
        Effect::Triggered(made) => {
            live.triggered(made.price);
            (live.priority, live.shown) = (stamp, live.rests());
            "trigger"
        }
        Effect::Refreshed(made) => {
            (live.shown, live.priority) = (Some(made.display), stamp);
            "refresh"
        }
        Effect::Repriced(made) => {
            (live.hold, live.priority) = (made.hold, stamp);
            // What these are repriced to is what they are held for.
            if !matches!(live.kind, MARKET | STOP) {
                live.price = made.price;
            }
            if live.kind == MARKET_TO_LIMIT {
                live.kind = LIMIT;
            }
            live.shown = live.rests();
            "reprice"
        }
        Effect::Trailed(made) => {
            live.special.stop = made.stop;
            (live.price, live.hold) = (made.price, made.hold);
            "trail"
        }
        Effect::Reduced(made) => {
            (live.quantity, live.hold) = (live.filled + made.left, (live.hold - made.released).max(0));
            live.shown = live.shown.map(|shown| shown.min(live.left()));
            if matches!(command, Command::ReduceOrder(_)) { "reduce" } else { "reduce_by_market" }
        }
        _ => "invite",
    }
}

/// Price, quantity and terms.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    pub price: i64,
    pub quantity: i64,
    pub special: Special,
}

impl Shown {
    pub fn of(live: &Live) -> Self {
        Self { price: live.price, quantity: live.quantity, special: live.special }
    }
}

enum Kind {
    Price,
    Quantity,
    Time,
    Number,
}

/// Terms that changed, old and new, as people write them (O70); nothing where none did.
pub fn difference(out: &mut String, before: &Shown, after: &Shown, instrument: &Instrument) {
    let (old, new) = (&before.special, &after.special);
    // A count that is no amount fits into i64 as an order's number does.
    let signed = |value: u64| value as i64;
    let terms = [
        ("display", Kind::Quantity, old.display, new.display),
        ("display_high", Kind::Quantity, old.display_high, new.display_high),
        ("expire", Kind::Time, signed(old.expire), signed(new.expire)),
        ("min_quantity", Kind::Quantity, old.min_quantity, new.min_quantity),
        ("offset", Kind::Price, old.offset, new.offset),
        ("one_cancels", Kind::Number, signed(old.one_cancels), signed(new.one_cancels)),
        ("parent", Kind::Number, signed(old.parent), signed(new.parent)),
        ("price", Kind::Price, before.price, after.price),
        ("quantity", Kind::Quantity, before.quantity, after.quantity),
        ("request", Kind::Number, signed(old.request), signed(new.request)),
        ("stop", Kind::Price, old.stop, new.stop),
    ];
    let mut is_first = true;
    for (name, kind, was, is) in terms.iter().filter(|(_, _, was, is)| was != is) {
        out.push_str(if is_first { "{\"" } else { ",\"" });
        is_first = false;
        out.push_str(name);
        for (front, value) in [("\":[\"", *was), ("\",\"", *is)] {
            out.push_str(front);
            match kind {
                Kind::Price => decimal(out, value, instrument.price_decimals),
                Kind::Quantity => decimal(out, value, instrument.quantity_decimals),
                Kind::Time if value != 0 => moment(out, value as u64),
                Kind::Time | Kind::Number => number(out, value as u64),
            }
        }
        out.push_str("\"]");
    }
    if !is_first {
        out.push('}');
    }
}
