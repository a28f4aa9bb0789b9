//! Which checks of the gate an order met, and what became of each (O71); docs/reference/gate.md has their order.
//!
//! The journal has the first failure and the order of the checks: what comes before it passed, what comes after was not
//! looked at. It has the limits that were set, and of what was measured against them only what the order itself says.
use crate::live::Live;
use crate::text::{number, quoted_or_null, whole};
use isthmus_core::names::{Limit, Scope};
use rustc_hash::FxHashMap;

const PASSED: &str = "passed";
const FAILED: &str = "failed";
const UNSEEN: &str = "not_reached";
/// Value by (scope, of, instrument, limit).
pub type Limits = FxHashMap<LimitKey, i64>;
pub type LimitKey = (u8, u32, u32, u16);

const PLACING: [&str; 8] = ["account", "kill", "client_id", "form", "reference_price", "maker", "limits", "funds"];
const CHANGING: [&str; 7] = ["account", "client_id", "order", "kill", "form", "limits", "funds"];
/// By the number of the limit, from 1.
const REASON_OF_LIMIT: [&str; 13] = [
    "instruction_not_allowed",
    "instrument_not_allowed",
    "outside_collar",
    "order_too_large",
    "notional_limit",
    "unusual_size",
    "unusual_size",
    "rate_limit",
    "open_orders_limit",
    "position_limit",
    "position_limit",
    "notional_limit",
    "duplicate_order",
];
/// Limits that a replacement does not meet.
const OF_AN_ORDER_ONLY: [u16; 3] = [1, 9, 13];

fn stage_of(reason: &str) -> &'static str {
    match reason {
        "unknown_account" | "account_not_trading" => "account",
        "killed" => "kill",
        "duplicate_client_id" => "client_id",
        "no_reference_price" | "reduce_only" => "reference_price",
        "not_a_maker" | "maker_protected" => "maker",
        "unknown_order" | "not_your_order" => "order",
        "notional_too_large" | "account_frozen" | "no_locate" | "insufficient_funds" | "insufficient_margin" => "funds",
        _ => "form",
    }
}

/// What was asked of the gate: a new order, or a change; and why it was refused, if it was.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub is_change: bool,
    pub reason: Option<&'a str>,
}

/// Stages with verdicts, and every limit in force with its value; `belongs`: the account's group and firm.
pub fn checks(out: &mut String, live: &Live, limits: &Limits, belongs: (u32, u32), asked: Asked<'_>) {
    let reason = asked.reason;
    if live.of != 0 {
        out.push_str("{\"limits\":[],\"reason\":");
        quoted_or_null(out, reason);
        stages(out, &["child"], if reason.is_none() { 1 } else { 0 });
        return;
    }
    let names: &[&str] = if asked.is_change { &CHANGING } else { &PLACING };
    let is_met = |number: u16| (1..=13).contains(&number) && !(asked.is_change && OF_AN_ORDER_ONLY.contains(&number));
    let failing: Vec<u16> = (1..=13)
        .filter(|number| is_met(*number) && Some(REASON_OF_LIMIT[usize::from(*number) - 1]) == reason)
        .collect();
    let failed = if failing.is_empty() { reason.map(stage_of) } else { Some("limits") };
    let at = names.iter().position(|name| Some(*name) == failed).unwrap_or(names.len());
    let is_reached = at >= names.iter().position(|name| *name == "limits").expect("a stage of both");
    let mut met: Vec<(LimitKey, i64)> = Vec::new();
    if !limits.is_empty() {
        let meets = |key: &LimitKey| is_met(key.3) && meets(live, belongs, key);
        met.extend(limits.iter().filter(|(key, _)| meets(key)).map(|(key, value)| (*key, *value)));
        met.sort_unstable_by_key(|((scope, of, instrument, limit), _)| (*limit, *scope, *of, *instrument));
    }
    let is_sure = met.iter().filter(|(key, _)| failing.contains(&key.3)).count() == 1;
    out.push_str("{\"limits\":[");
    for (place, ((scope, of, _, limit), value)) in met.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        let verdict = if is_reached { of_limit(*limit, &failing, is_sure) } else { Some(UNSEEN) };
        row(out, (*scope, *of, *limit, *value), live, verdict);
    }
    out.push_str("],\"reason\":");
    quoted_or_null(out, reason);
    stages(out, names, at);
}

fn row(out: &mut String, met: (u8, u32, u16, i64), live: &Live, verdict: Option<&str>) {
    let (scope, of, limit, value) = met;
    out.push_str("{\"limit\":");
    quoted_or_null(out, Limit::of(limit).map(Limit::text));
    if limit == Limit::OrderQuantity as u16 {
        out.push_str(",\"measured\":\"");
        whole(out, live.quantity);
        out.push('"');
    }
    out.push_str(",\"of\":");
    number(out, u64::from(of));
    out.push_str(",\"scope\":");
    quoted_or_null(out, Scope::of(scope).map(Scope::text));
    out.push_str(",\"value\":\"");
    whole(out, value);
    out.push_str("\",\"verdict\":");
    quoted_or_null(out, verdict);
    out.push('}');
}

/// Those before the one that failed passed; the end of the object.
fn stages(out: &mut String, names: &[&str], failed: usize) {
    out.push_str(",\"stages\":[");
    for (place, name) in names.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        let verdict = match place.cmp(&failed) {
            std::cmp::Ordering::Less => PASSED,
            std::cmp::Ordering::Equal => FAILED,
            std::cmp::Ordering::Greater => UNSEEN,
        };
        for part in ["[\"", name, "\",\"", verdict, "\"]"] {
            out.push_str(part);
        }
    }
    out.push_str("]}");
}

/// None where the reason stands for several limits that are set: the journal does not say which of them it was.
fn of_limit(number: u16, failing: &[u16], is_sure: bool) -> Option<&'static str> {
    match (failing.first(), failing.last()) {
        (Some(first), Some(last)) if number >= *first => match number {
            _ if number > *last => Some(UNSEEN),
            _ if is_sure && failing.contains(&number) => Some(FAILED),
            _ => None,
        },
        _ => Some(PASSED),
    }
}

fn meets(live: &Live, belongs: (u32, u32), key: &LimitKey) -> bool {
    let (scope, of, instrument, _) = *key;
    if instrument != 0 && instrument != live.instrument {
        return false;
    }
    match Scope::of(scope) {
        Some(Scope::Everything) => true,
        Some(Scope::Account) => live.account == of,
        Some(Scope::Group) => belongs.0 == of,
        Some(Scope::Firm) => belongs.1 == of,
        Some(Scope::Session) => live.session == of,
        _ => false,
    }
}
