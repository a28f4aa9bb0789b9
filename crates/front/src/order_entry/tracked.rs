//! One order of a session, made of the command that places it.
use isthmus_core::messages::Command;
use isthmus_core::orders::{DAY, GTC, SHORT, WORKED};
use isthmus_core::record::Origin;

use super::report::Status;

/// The number of FIX among the gateways of an origin block.
pub const GATEWAY: u8 = 5;
/// Where the gateway's number stands in an origin block.
const GATEWAY_AT: usize = 9;

/// One order of a session, as far as its reports need it.
#[derive(Debug, Clone)]
pub struct Tracked {
    pub member: u32,
    pub account: u32,
    pub instrument: u32,
    pub venue: u32,
    pub session: u32,
    pub side: u8,
    pub short: bool,
    pub kind: u8,
    pub tif: u8,
    pub price: i64,
    pub stop: i64,
    pub quantity: i64,
    pub filled: i64,
    /// Sum of price x quantity of its fills.
    pub turnover: i128,
    pub status: Status,
    /// The client's own id, and the one it had before the last replacement.
    pub client: Box<str>,
    /// What a pending cancel or replacement calls itself.
    pub pending: Option<Box<str>>,
    pub children: u32,
}

impl Tracked {
    pub fn is_over(&self) -> bool {
        self.status.is_over()
    }
}

/// The asker of a record, if it came by FIX.
#[derive(Debug, Clone)]
pub struct Asker {
    pub session: u32,
    pub text: Box<str>,
}

/// Who asked, if by FIX.
pub(super) fn asker_of(origin: &[u8]) -> Option<Asker> {
    if origin.get(GATEWAY_AT) != Some(&GATEWAY) {
        return None;
    }
    let origin = Origin::decode(origin)?;
    Some(Asker { session: origin.session, text: origin.text.into() })
}

/// The order that a command asks to change.
pub(super) fn order_of(command: &Command) -> Option<u64> {
    match command {
        Command::CancelOrder(c) => Some(c.order),
        Command::ReplaceOrder(c) => Some(c.order),
        Command::ReplaceSpecial(c) => Some(c.order),
        Command::ReduceOrder(c) => Some(c.order),
        _ => None,
    }
}

fn blank(asker: &Asker) -> Tracked {
    Tracked {
        member: asker.session,
        account: 0,
        instrument: 0,
        venue: 0,
        session: 0,
        side: 0,
        short: false,
        kind: 0,
        tif: DAY,
        price: 0,
        stop: 0,
        quantity: 0,
        filled: 0,
        turnover: 0,
        status: Status::PendingNew,
        client: asker.text.clone(),
        pending: None,
        children: 0,
    }
}

/// The order that a command places.
pub(super) fn placed(command: &Command, asker: &Asker) -> Option<Tracked> {
    let blank = blank(asker);
    match command {
        Command::PlaceOrder(c) => Some(Tracked {
            account: c.account,
            instrument: c.instrument,
            venue: c.venue,
            session: c.session,
            side: c.side,
            short: c.flags & SHORT != 0,
            kind: c.kind,
            tif: c.tif,
            price: c.price,
            quantity: c.quantity,
            ..blank
        }),
        Command::PlaceSpecial(c) => Some(Tracked {
            account: c.account,
            instrument: c.instrument,
            venue: c.venue,
            session: c.session,
            side: c.side,
            short: c.flags & SHORT != 0,
            kind: c.kind,
            tif: c.tif,
            price: c.price,
            stop: c.stop,
            quantity: c.quantity,
            ..blank
        }),
        Command::PlaceParent(c) => Some(Tracked {
            account: c.account,
            instrument: c.instrument,
            session: c.session,
            side: c.side,
            kind: WORKED,
            tif: GTC,
            price: c.price,
            quantity: c.quantity,
            ..blank
        }),
        _ => None,
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use isthmus_core::orders::LIMIT;

    pub fn order() -> Tracked {
        let asker = Asker { session: 7, text: "a".into() };
        let order = isthmus_core::messages::PlaceOrder {
            account: 16,
            instrument: 1,
            venue: 0,
            side: 1,
            kind: LIMIT,
            tif: GTC,
            flags: 0,
            price: 10_050,
            quantity: 5,
            client_id: [1; 16],
            session: 7,
        };
        placed(&Command::PlaceOrder(order), &asker).expect("an order")
    }
}
