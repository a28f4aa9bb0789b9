//! Reports as FIX fields: ExecutionReport(8) and OrderCancelReject(9) of FIX 4.2, 4.4 and 5.0 SP2.
use isthmus_core::names::CancelReason;
use isthmus_core::orders::{
    AT_CLOSE, AT_OPEN, DAY, FOK, GOOD_FOR_AUCTION, GTC, GTD, IOC, LIMIT, MARKET, MARKET_TO_LIMIT, PEG, STOP,
    STOP_LIMIT, TRAILING_STOP, WORKED,
};
use isthmus_wire::fix::encode::Encoder;
use isthmus_wire::fix::index::View;

use super::blotter::Tracked;
use super::instruction::Listed;
use super::report::{Fill, Kind, Report, Status, change_reject_reason, order_reject_reason, reason_text};
use crate::session::Version;

/// Decimals that an average price has beyond the instrument's; zeros at the end are left out.
const AVERAGE_DECIMALS: u8 = 6;
/// The most decimals that an average price is written with.
const DECIMALS_MAX: u8 = 12;

/// The digits of a number as text, without allocation for what is short.
fn order_id(number: u64) -> String {
    format!("ord-{number}")
}

/// MsgType(35) of a report.
pub fn msg_type(report: &Report) -> &'static [u8] {
    if matches!(report.kind, Kind::ChangeRefused { .. }) { b"9" } else { b"8" }
}

/// Writes the body of a report.
pub fn write(report: &Report, listed: &Listed, version: Version, encoder: &mut Encoder) {
    if let Kind::ChangeRefused { reason, cancel } = report.kind {
        return write_refused_change(report, (reason, cancel), version, encoder);
    }
    let order = &report.order;
    encoder.field(37, order_id(report.number).as_bytes());
    if !report.client.is_empty() {
        encoder.field(11, report.client.as_bytes());
    }
    if let Some(original) = report.original.as_ref().filter(|original| !original.is_empty()) {
        encoder.field(41, original.as_bytes());
    }
    encoder.field(17, format!("{}-{}", report.sequence, report.ordinal).as_bytes());
    write_kind(report, version, encoder);
    encoder.field(1, format!("acc-{}", order.account).as_bytes());
    encoder.field(55, &listed.symbol);
    encoder.field(54, side(order));
    encoder.decimal(38, order.quantity, listed.quantity_decimals);
    encoder.field(40, order_type(order.kind, version));
    if order.price > 0 && !matches!(order.kind, MARKET | STOP) {
        encoder.decimal(44, order.price, listed.price_decimals);
    }
    if order.stop > 0 && matches!(order.kind, STOP | STOP_LIMIT | TRAILING_STOP) {
        encoder.decimal(99, order.stop, listed.price_decimals);
    }
    encoder.field(59, time_in_force(order.tif));
    write_quantities(report, listed, version, encoder);
    encoder.time(60, report.stamp, 3);
}

fn write_kind(report: &Report, version: Version, encoder: &mut Encoder) {
    let order = &report.order;
    if version == Version::Fix42 {
        let transaction = match report.kind {
            Kind::Corrected { fill, .. } if fill.price == 0 => b"1",
            Kind::Corrected { .. } => b"2",
            Kind::Again => b"3",
            _ => b"0",
        };
        encoder.field(20, transaction);
    }
    if let Kind::Corrected { of: (sequence, ordinal), .. } = report.kind {
        encoder.field(19, format!("{sequence}-{ordinal}").as_bytes());
    }
    encoder.field(150, exec_type(report.kind, order.status, version));
    encoder.field(39, order.status.code());
    match report.kind {
        Kind::Rejected(reason) => {
            let code = order_reject_reason(reason);
            encoder.int(103, if version == Version::Fix42 && code > 8 { 0 } else { code });
            encoder.field(58, reason_text(reason).as_bytes());
        }
        Kind::Cancelled(why) if why != CancelReason::User => encoder.field(58, why.text().as_bytes()),
        Kind::Restated => encoder.int(378, 3),
        _ => {}
    }
}

fn write_quantities(report: &Report, listed: &Listed, version: Version, encoder: &mut Encoder) {
    let order = &report.order;
    if let Kind::Trade(fill) | Kind::Corrected { fill, .. } = report.kind {
        write_fill(report, fill, listed, version, encoder);
    }
    let left = if order.is_over() { 0 } else { (order.quantity - order.filled).max(0) };
    encoder.decimal(151, left, listed.quantity_decimals);
    encoder.decimal(14, order.filled, listed.quantity_decimals);
    let (average, decimals) = average(order, listed.price_decimals);
    encoder.decimal(6, average, decimals);
}

fn write_fill(report: &Report, fill: Fill, listed: &Listed, version: Version, encoder: &mut Encoder) {
    encoder.decimal(32, fill.quantity, listed.quantity_decimals);
    encoder.decimal(31, fill.price, listed.price_decimals);
    if version >= Version::Fix44 {
        let trade = format!("trd-{}-{}", report.sequence, fill.index);
        encoder.field(if version == Version::Fix44 { 527 } else { 880 }, trade.as_bytes());
        encoder.field(851, if fill.maker { b"1" } else { b"2" });
    }
    if fill.fee != 0 {
        encoder.decimal(12, fill.fee, listed.quote_decimals);
        encoder.field(13, b"3");
        if version >= Version::Fix44 {
            encoder.field(479, &listed.quote);
        }
    }
}

fn write_refused_change(report: &Report, (reason, cancel): (u16, bool), version: Version, encoder: &mut Encoder) {
    encoder.field(37, order_id(report.number).as_bytes());
    if !report.client.is_empty() {
        encoder.field(11, report.client.as_bytes());
    }
    if let Some(original) = report.original.as_ref().filter(|original| !original.is_empty()) {
        encoder.field(41, original.as_bytes());
    }
    encoder.field(39, report.order.status.code());
    encoder.field(434, if cancel { b"1" } else { b"2" });
    let code = match (change_reject_reason(reason), version) {
        (code, Version::Fix42) if code > 3 => 2,
        (code, Version::Fix44) if code > 6 => 99,
        (code, _) => code,
    };
    encoder.int(102, code);
    encoder.field(58, reason_text(reason).as_bytes());
    encoder.time(60, report.stamp, 3);
}

/// ExecutionReport that refuses an order which never became a command: `why` names field and reason.
pub fn write_bad_order(view: &View<'_>, why: &str, version: Version, encoder: &mut Encoder) {
    encoder.field(37, b"NONE");
    for tag in [11, 1, 55, 54, 38, 40, 44, 59] {
        if let Some(value) = view.get(tag) {
            encoder.field(tag, value);
        }
    }
    encoder.field(17, format!("refused-{}", view.seq_num().unwrap_or(0)).as_bytes());
    if version == Version::Fix42 {
        encoder.field(20, b"0");
    }
    for (tag, value) in [(150, b"8"), (39, b"8"), (151, b"0"), (14, b"0"), (6, b"0")] {
        encoder.field(tag, value);
    }
    encoder.int(103, if version == Version::Fix42 { 0 } else { 99 });
    encoder.field(58, why.as_bytes());
}

/// OrderCancelReject of a replacement that never became a command.
pub fn write_bad_change(view: &View<'_>, number: u64, status: Status, why: &str, encoder: &mut Encoder) {
    encoder.field(37, order_id(number).as_bytes());
    for tag in [11, 41] {
        if let Some(value) = view.get(tag) {
            encoder.field(tag, value);
        }
    }
    encoder.field(39, status.code());
    encoder.field(434, b"2");
    encoder.int(102, 2);
    encoder.field(58, why.as_bytes());
}

/// ExecType(150): FIX 4.2 has no trade, correction, trigger or status of its own.
fn exec_type(kind: Kind, status: Status, version: Version) -> &'static [u8] {
    let old = version == Version::Fix42;
    match kind {
        Kind::New => b"0",
        Kind::Rejected(_) => b"8",
        Kind::Trade(_) if old => {
            if status == Status::Filled {
                b"2"
            } else {
                b"1"
            }
        }
        Kind::Trade(_) => b"F",
        Kind::Corrected { .. } | Kind::Again if old => status.code(),
        Kind::Corrected { fill, .. } if fill.price == 0 => b"H",
        Kind::Corrected { .. } => b"G",
        Kind::Again => b"I",
        Kind::Cancelled(_) => match status {
            Status::Expired => b"C",
            Status::Rejected => b"8",
            _ => b"4",
        },
        Kind::Replaced => b"5",
        Kind::Triggered if !old => b"L",
        Kind::Restated | Kind::Triggered => b"D",
        Kind::PendingCancel => b"6",
        Kind::PendingReplace => b"E",
        Kind::ChangeRefused { .. } => unreachable!("an OrderCancelReject has no ExecType"),
    }
}

fn side(order: &Tracked) -> &'static [u8] {
    match (order.side, order.short) {
        (1, _) => b"1",
        (_, true) => b"5",
        _ => b"2",
    }
}

/// OrdType(40).
fn order_type(kind: u8, version: Version) -> &'static [u8] {
    match kind {
        MARKET => b"1",
        STOP => b"3",
        TRAILING_STOP if version != Version::Fix42 => b"P",
        STOP_LIMIT | TRAILING_STOP => b"4",
        PEG => b"P",
        MARKET_TO_LIMIT if version != Version::Fix42 => b"K",
        LIMIT | WORKED => b"2",
        _ => b"2",
    }
}

/// TimeInForce(59).
fn time_in_force(tif: u8) -> &'static [u8] {
    match tif {
        GTC => b"1",
        IOC => b"3",
        FOK => b"4",
        GTD => b"6",
        AT_OPEN => b"2",
        AT_CLOSE | GOOD_FOR_AUCTION => b"7",
        DAY => b"0",
        _ => b"0",
    }
}

/// Turnover over quantity, rounded half up, without zeros at its end: mantissa and decimals.
fn average(order: &Tracked, price_decimals: u8) -> (i64, u8) {
    if order.filled <= 0 {
        return (0, 0);
    }
    let more = AVERAGE_DECIMALS.min(DECIMALS_MAX.saturating_sub(price_decimals));
    let filled = i128::from(order.filled);
    let scaled =
        order.turnover.checked_mul(10_i128.pow(u32::from(more))).map(|turnover| (turnover + filled / 2) / filled);
    let (mut mantissa, mut decimals) = match scaled.map(i64::try_from) {
        Some(Ok(mantissa)) => (mantissa, price_decimals + more),
        _ => (i64::try_from(order.turnover / filled).unwrap_or(i64::MAX), price_decimals),
    };
    while decimals > 0 && mantissa % 10 == 0 {
        (mantissa, decimals) = (mantissa / 10, decimals - 1);
    }
    (mantissa, decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_is_rounded_and_has_no_zeros_at_its_end() {
        let mut order = super::super::tracked::tests::order();
        (order.filled, order.turnover) = (3, 3 * 10_050);
        assert_eq!(average(&order, 2), (1_005, 1));
        (order.filled, order.turnover) = (3, 2 * 10_050 + 10_051);
        assert_eq!(average(&order, 2), (10_050_333_333, 8));
        (order.filled, order.turnover) = (0, 0);
        assert_eq!(average(&order, 2), (0, 0));
    }
}
