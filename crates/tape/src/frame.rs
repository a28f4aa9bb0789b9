//! A frame and its bytes, little endian: at u64, venue u32, instrument u32, kind u8, then by kind
//! book: bids u16, asks u16, (price i64, quantity u64) each; trade: price i64, quantity u64, side u8;
//! health: state u8, a note in UTF-8.
use crate::TapeError;

/// Levels of one side of a book.
pub const LEVELS_MAX: usize = 1_000;
pub const NOTE_BYTES_MAX: usize = 255;
const HEAD_BYTES: usize = 17;

/// Price and quantity, in the instrument's units.
pub type Level = (i64, u64);

/// Who took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Buy,
    Sell,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The whole book now, best first.
    Book {
        bids: Vec<Level>,
        asks: Vec<Level>,
    },
    Trade {
        price: i64,
        quantity: u64,
        side: Side,
    },
    /// How the venue is: a state of the caller's and a few words.
    Health {
        state: u8,
        note: String,
    },
}

/// Something that an outside market showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// When it was received, ns UTC; it may go back between venues.
    pub at: u64,
    pub venue: u32,
    pub instrument: u32,
    pub payload: Payload,
}

const BOOK: u8 = 1;
const TRADE: u8 = 2;
const HEALTH: u8 = 3;

impl Frame {
    /// Refused when a list or a note is too long.
    pub fn check(&self) -> Result<(), TapeError> {
        let refused = |field, reason| Err(TapeError::Refused { field, reason });
        match &self.payload {
            Payload::Book { bids, asks } if bids.len().max(asks.len()) > LEVELS_MAX => {
                refused("levels", "must be at most 1,000 a side")
            }
            Payload::Health { note, .. } if note.len() > NOTE_BYTES_MAX => refused("note", "must be at most 255 bytes"),
            _ => Ok(()),
        }
    }

    pub(crate) fn encode(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.at.to_le_bytes());
        into.extend_from_slice(&self.venue.to_le_bytes());
        into.extend_from_slice(&self.instrument.to_le_bytes());
        match &self.payload {
            Payload::Book { bids, asks } => {
                into.push(BOOK);
                for side in [bids, asks] {
                    into.extend_from_slice(&(side.len() as u16).to_le_bytes());
                }
                for (price, quantity) in bids.iter().chain(asks) {
                    into.extend_from_slice(&price.to_le_bytes());
                    into.extend_from_slice(&quantity.to_le_bytes());
                }
            }
            Payload::Trade { price, quantity, side } => {
                into.push(TRADE);
                into.extend_from_slice(&price.to_le_bytes());
                into.extend_from_slice(&quantity.to_le_bytes());
                into.push(match side {
                    Side::Buy => 1,
                    Side::Sell => 2,
                });
            }
            Payload::Health { state, note } => {
                into.push(HEALTH);
                into.push(*state);
                into.extend_from_slice(note.as_bytes());
            }
        }
    }

    /// None when the bytes are no frame.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(HEAD_BYTES)?;
        let payload = match head[16] {
            BOOK => book(rest)?,
            TRADE if rest.len() == 17 => Payload::Trade {
                price: i64::from_le_bytes(rest[..8].try_into().ok()?),
                quantity: u64::from_le_bytes(rest[8..16].try_into().ok()?),
                side: match rest[16] {
                    1 => Side::Buy,
                    2 => Side::Sell,
                    _ => return None,
                },
            },
            HEALTH => {
                let (state, note) = rest.split_first()?;
                Payload::Health { state: *state, note: String::from_utf8(note.to_vec()).ok()? }
            }
            _ => return None,
        };
        Some(Self {
            at: u64::from_le_bytes(head[..8].try_into().ok()?),
            venue: u32::from_le_bytes(head[8..12].try_into().ok()?),
            instrument: u32::from_le_bytes(head[12..16].try_into().ok()?),
            payload,
        })
    }
}

fn book(bytes: &[u8]) -> Option<Payload> {
    let (counts, rest) = bytes.split_at_checked(4)?;
    let count = |at: usize| usize::from(u16::from_le_bytes([counts[at], counts[at + 1]]));
    let (bids, asks) = (count(0), count(2));
    if rest.len() != (bids + asks) * 16 {
        return None;
    }
    let (bids, asks) = rest.split_at(bids * 16);
    Some(Payload::Book { bids: levels(bids), asks: levels(asks) })
}

fn levels(bytes: &[u8]) -> Vec<Level> {
    let number = |chunk: &[u8], at: usize| <[u8; 8]>::try_from(&chunk[at..at + 8]).unwrap_or_default();
    let level = |chunk: &[u8]| (i64::from_le_bytes(number(chunk, 0)), u64::from_le_bytes(number(chunk, 8)));
    bytes.chunks_exact(16).map(level).collect()
}
