//! Commands and outcomes as rows of fixed width: what machines hand over many of, in batches and over shared memory.
//!
//! An instruction row (64 bytes, little-endian): u16 command; u8 side, kind, tif, flags, reason, unused; u32 account,
//! instrument, venue, session; u64 order; i64 price, quantity; 16 bytes client id.
use crate::messages::{CancelOrder, Cancelled, Command, HEAD, PlaceOrder, Rejected, Repeated, ReplaceOrder, Traded};

/// Bytes of an instruction row.
pub const ROW: usize = 64;
/// In [`Outcome::cancelled`]: nothing went.
pub const NOT_CANCELLED: u8 = 255;
/// In [`Outcome::status`].
pub const REFUSED: u8 = 0;
pub const DONE: u8 = 1;
pub const REPEATED: u8 = 2;

/// The command of a row; a command number that is none of the three becomes a cancel of order 0.
pub fn command(row: &[u8]) -> Command {
    let u32_at = |at: usize| u32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]);
    let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
    let mut client_id = [0; 16];
    client_id.copy_from_slice(&row[48..64]);
    let (account, price, quantity) = (u32_at(8), u64_at(32) as i64, u64_at(40) as i64);
    match u16::from_le_bytes([row[0], row[1]]) {
        PlaceOrder::KIND => Command::PlaceOrder(PlaceOrder {
            account,
            instrument: u32_at(12),
            venue: u32_at(16),
            side: row[2],
            kind: row[3],
            tif: row[4],
            flags: row[5],
            price,
            quantity,
            client_id,
            session: u32_at(20),
        }),
        ReplaceOrder::KIND => {
            Command::ReplaceOrder(ReplaceOrder { order: u64_at(24), account, price, quantity, client_id })
        }
        _ => Command::CancelOrder(CancelOrder { order: u64_at(24), account, reason: row[6], client_id }),
    }
}

/// The row of a command; None for commands that rows do not carry.
pub fn row(command: &Command) -> Option<[u8; ROW]> {
    let mut row = [0; ROW];
    let kind = command.kind();
    row[..2].copy_from_slice(&kind.to_le_bytes());
    let (account, order, price, quantity, client_id) = match command {
        Command::PlaceOrder(c) => {
            row[2..6].copy_from_slice(&[c.side, c.kind, c.tif, c.flags]);
            row[12..16].copy_from_slice(&c.instrument.to_le_bytes());
            row[16..20].copy_from_slice(&c.venue.to_le_bytes());
            row[20..24].copy_from_slice(&c.session.to_le_bytes());
            (c.account, 0, c.price, c.quantity, c.client_id)
        }
        Command::ReplaceOrder(c) => (c.account, c.order, c.price, c.quantity, c.client_id),
        Command::CancelOrder(c) => {
            row[6] = c.reason;
            (c.account, c.order, 0, 0, c.client_id)
        }
        _ => return None,
    };
    row[8..12].copy_from_slice(&account.to_le_bytes());
    row[24..32].copy_from_slice(&order.to_le_bytes());
    row[32..40].copy_from_slice(&price.to_le_bytes());
    row[40..48].copy_from_slice(&quantity.to_le_bytes());
    row[48..].copy_from_slice(&client_id);
    Some(row)
}

/// The order that a command is about: its own for one that is placed, 0 where there is none.
#[inline]
pub fn order_of(command: &Command, sequence: u64) -> u64 {
    match command {
        Command::PlaceOrder(_) => sequence,
        Command::CancelOrder(c) => c.order,
        Command::ReplaceOrder(c) => c.order,
        _ => 0,
    }
}

/// What one command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Lots that traded.
    pub filled: i64,
    /// A [`crate::names::Reason`], 0 if it was not refused; of a repeated command, why it was refused then.
    pub reason: u16,
    pub status: u8,
    /// A [`crate::names::CancelReason`], or [`NOT_CANCELLED`].
    pub cancelled: u8,
}

impl Outcome {
    /// Reads encoded effects; `each_fill` gets the fields of every Traded.
    #[inline]
    pub fn of(effects: &[u8], mut each_fill: impl FnMut(&[u8])) -> Self {
        let mut found = Self { filled: 0, reason: 0, status: DONE, cancelled: NOT_CANCELLED };
        let mut rest = effects;
        while rest.len() >= HEAD {
            let kind = u16::from_le_bytes([rest[0], rest[1]]);
            let length = u16::from_le_bytes([rest[2], rest[3]]) as usize;
            let fields = &rest[HEAD..HEAD + length];
            match kind {
                Traded::KIND => {
                    each_fill(fields);
                    found.filled += Traded::read(fields).quantity;
                }
                Cancelled::KIND => found.cancelled = Cancelled::read(fields).reason,
                Rejected::KIND => (found.status, found.reason) = (REFUSED, Rejected::read(fields).reason),
                Repeated::KIND => (found.status, found.reason) = (REPEATED, Repeated::read(fields).reason),
                _ => {}
            }
            rest = &rest[HEAD + length..];
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_and_its_command_are_the_same_thing() {
        let client_id = [7; 16];
        let placed = PlaceOrder {
            account: 16,
            instrument: 2,
            venue: 3,
            side: 1,
            kind: 2,
            tif: 3,
            flags: 4,
            price: -5,
            quantity: i64::MAX,
            client_id,
            session: 9,
        };
        let commands = [
            Command::PlaceOrder(placed),
            Command::CancelOrder(CancelOrder { order: u64::MAX, account: 1, reason: 8, client_id }),
            Command::ReplaceOrder(ReplaceOrder { order: 4, account: 1, price: 5, quantity: 6, client_id }),
        ];
        for made in commands {
            assert_eq!(row(&made).map(|row| command(&row)), Some(made));
        }
        assert_eq!(row(&Command::TimePassed(crate::messages::TimePassed {})), None);
    }

    #[test]
    fn a_row_of_no_known_command_cancels_order_0() {
        let Command::CancelOrder(cancel) = command(&[0; ROW]) else { panic!("not a cancel") };
        assert_eq!((cancel.order, cancel.account), (0, 0));
    }
}
