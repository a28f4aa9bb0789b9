//! What an order's records say of it while nothing happens to it: what changes only with its terms.
use crate::live::*;
use crate::terms::{Instrument, Terms, of_source, role};
use crate::text::{decimal, moment, number, quoted};
use crate::values::Values;

const KINDS: [&str; 11] = [
    "",
    "limit",
    "market",
    "market_to_limit",
    "stop",
    "stop_limit",
    "trailing_stop",
    "peg",
    "request",
    "response",
    "worked",
];
const TIFS: [&str; 9] = ["", "gtc", "ioc", "fok", "day", "gtd", "at_open", "at_close", "good_for_auction"];
/// Roles of those who send an order of somebody else's or of the firm's own.
const ENTERED_WITHIN: [&str; 3] = ["trader", "house", "operator"];
const FX_SPOT: u8 = 2;

pub fn order_id(out: &mut String, order: u64) {
    out.push_str("ord-");
    number(out, order);
}

fn named(values: &mut Values, field: usize, names: &[&str], at: u8) {
    match names.get(usize::from(at)).filter(|name| !name.is_empty()) {
        Some(name) => values.text(field, name),
        None => values.unknown(field),
    }
}

/// All that is known of a live order.
pub fn of_live(terms: &Terms, live: &Live, values: &mut Values) {
    terms.of_instrument(live.instrument, values);
    terms.of_account(live.account, values);
    of_source(&live.origin, values);
    values.put(25, |out| order_id(out, live.number));
    values.text_or_unknown(26, &live.origin.text);
    named(values, 57, &["", "buy", "sell"], live.side);
    if let Some(instrument) = terms.instrument(live.instrument) {
        values.text(57, if live.side == BUY { "buy" } else { "sell" });
        of_form(terms, live, values);
        of_links(live, values);
        of_amounts(instrument, live, values);
    }
}

fn of_form(terms: &Terms, live: &Live, values: &mut Values) {
    let (here, worked, role) = (live.venue == 0, live.path != 0, role(&live.origin));
    if worked {
        values.put(11, |out| path(out, live));
    } else if ENTERED_WITHIN.contains(&role) && live.origin.user != 0 {
        values.put(11, |out| {
            out.push_str("user-");
            number(out, u64::from(live.origin.user));
        });
    }
    values.text(14, if live.flags & QUOTE != 0 { "true" } else { "false" });
    if live.acknowledged != 0 {
        values.put(20, |out| moment(out, live.acknowledged));
    }
    if here && !worked {
        values.copy(27, 25);
    }
    values.text(37, terms.venue_name(live.venue));
    named(values, 58, &KINDS, live.kind);
    named(values, 59, &TIFS, live.tif);
    if live.tif == GTD && live.special.expire != 0 {
        values.put(59, |out| {
            out.push_str("gtd ");
            moment(out, live.special.expire);
        });
    }
    values.text(60, if matches!(live.tif, 6..=8) { "VFAR" } else { "" });
    values.put(61, |out| aggressor(out, None, live));
    if worked {
        values.put(63, |out| path(out, live));
    } else if here {
        values.empty(63);
    }
    values.put(64, |out| indicators(out, live, None));
}

fn of_links(live: &Live, values: &mut Values) {
    match live.of {
        0 => values.empty(28),
        parent => values.put(28, |out| order_id(out, parent)),
    }
    let links = [live.special.one_cancels, live.special.parent];
    values.empty(29);
    if links != [0, 0] {
        values.put(29, |out| {
            for (at, link) in links.into_iter().filter(|link| *link != 0).enumerate() {
                out.push_str(if at == 0 { "[\"" } else { ",\"" });
                order_id(out, link);
                out.push('"');
            }
            out.push(']');
        });
    }
    match live.special.request {
        _ if live.kind == REQUEST => values.copy(34, 25),
        0 => values.empty(34),
        request => values.put(34, |out| order_id(out, request)),
    }
}

fn of_amounts(instrument: &Instrument, live: &Live, values: &mut Values) {
    let decimals = (instrument.price_decimals, instrument.quantity_decimals);
    if live.price != 0 && !matches!(live.kind, MARKET | STOP | MARKET_TO_LIMIT) {
        values.put(45, |out| decimal(out, live.price, decimals.0));
    } else {
        values.empty(45);
    }
    match live.special.stop {
        0 => values.empty(47),
        stop => values.put(47, |out| decimal(out, stop, decimals.0)),
    }
    if live.kind == PEG {
        values.copy(48, 45);
    } else {
        values.empty(48);
    }
    values.put(52, |out| quantity(out, instrument, live.quantity));
    if live.special.min_quantity != 0 {
        values.put(56, |out| {
            out.push_str("{\"minimum\":\"");
            decimal(out, live.special.min_quantity, decimals.1);
            out.push_str("\"}");
        });
    } else {
        values.empty(56);
    }
    if let Some(tape) = live.tape {
        values.put(73, |out| {
            out.push_str("{\"tape\":\"");
            number(out, tape);
            out.push_str("\",\"why\":");
            quoted(out, &live.origin.note);
            out.push('}');
        });
    }
}

/// O52: of foreign exchange a nominal amount, of everything else units.
fn quantity(out: &mut String, instrument: &Instrument, quantity: i64) {
    let is_nominal = instrument.kind == FX_SPOT;
    out.push_str("{\"currency\":");
    quoted(out, if is_nominal { &instrument.base.code } else { "" });
    out.push_str(if is_nominal { ",\"notation\":\"NOML\"" } else { ",\"notation\":\"UNIT\"" });
    out.push_str(",\"quantity\":\"");
    decimal(out, quantity, instrument.quantity_decimals);
    out.push_str("\"}");
}

fn path(out: &mut String, live: &Live) {
    out.push_str("path-");
    number(out, u64::from(live.path));
}

/// O61: which side of a trade it was, and whether it was to add to a book only.
pub fn aggressor(out: &mut String, role: Option<&str>, live: &Live) {
    out.push('{');
    if let Some(role) = role {
        out.push_str("\"aggressor\":\"");
        out.push_str(role);
        out.push_str("\",");
    }
    let is_passive = live.flags & POST_ONLY != 0;
    out.push_str(if is_passive { "\"passive_only\":true}" } else { "\"passive_only\":false}" });
}

/// O64: a short sale as RTS 22 names it, nothing for a purchase; and what kind of trade it was.
pub fn indicators(out: &mut String, live: &Live, trade: Option<&str>) {
    out.push_str("{\"short_sale\":\"");
    if live.side == SELL {
        out.push_str(if live.flags & SHORT != 0 { "SESH" } else { "SELL" });
    }
    out.push('"');
    if let Some(trade) = trade {
        out.push_str(",\"trade\":\"");
        out.push_str(trade);
        out.push('"');
    }
    out.push('}');
}
