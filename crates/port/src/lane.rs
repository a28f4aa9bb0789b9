//! What travels on a lane, and how it lies in memory: 64-bit words, eight to a cache line, written by one side each.
//!
//! An ask is one line. A reply is three, of which the second and third are only read when it has more than one fill. The
//! first word of each is written last and carries the lap: the place is passed once for every [`SLOTS`] numbers, and
//! whoever reads waits for the lap that its next number is on.
use isthmus_core::row::{Outcome, ROW};

/// Asks of one gateway under way at most, and replies that it has not read.
pub const SLOTS: u64 = 64;
/// Fills in one reply; an ask with more of them gets several replies.
pub const FILLS: usize = 6;
/// In [`Reply::status`], beside the statuses of [`isthmus_core::row`]: another reply to the same ask follows.
pub const MORE: u8 = 3;
/// Gateways that one engine serves at a time.
pub const GATEWAYS_MAX: usize = 64;

/// Words of a place.
pub const ASK_WORDS: usize = ROW / 8;
pub const REPLY_WORDS: usize = 24;
/// Words of the first line of a reply before its fills.
const HEAD_WORDS: usize = 5;
const FILL_WORDS: usize = 3;
/// Laps are told apart modulo this; 0 is a place that was never written.
const LAPS: u64 = 255;
/// The byte of an instruction row that is not used: the lap travels in it.
const LAP_BYTE: usize = 7;

const _: () = assert!(HEAD_WORDS + FILLS * FILL_WORDS <= REPLY_WORDS && ASK_WORDS == 8);

/// Why shared memory cannot be used, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(pub String);

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

/// The lap of a number, from 1; never 0.
#[inline]
pub fn lap(number: u64) -> u8 {
    ((number - 1) / SLOTS % LAPS + 1) as u8
}

/// The words of an ask.
#[inline]
pub fn ask_words(number: u64, mut row: [u8; ROW]) -> [u64; ASK_WORDS] {
    row[LAP_BYTE] = lap(number);
    let mut words = [0; ASK_WORDS];
    for (word, bytes) in words.iter_mut().zip(row.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

/// The row that an ask's words are.
#[inline]
pub fn ask_row(words: [u64; ASK_WORDS]) -> [u8; ROW] {
    let mut row = [0; ROW];
    for (bytes, word) in row.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    row[LAP_BYTE] = 0;
    row
}

/// The lap in the first word of an ask, and of a reply.
#[inline]
pub fn ask_lap(first: u64) -> u8 {
    first.to_le_bytes()[LAP_BYTE]
}

#[inline]
pub fn reply_lap(first: u64) -> u8 {
    first.to_le_bytes()[0]
}

/// Fills in a reply, by its first word.
#[inline]
pub fn reply_fills(first: u64) -> usize {
    (first.to_le_bytes()[3] as usize).min(FILLS)
}

/// Words of a reply with so many fills.
#[inline]
pub fn reply_words(fills: usize) -> usize {
    HEAD_WORDS + fills.max(1) * FILL_WORDS
}

/// One trade of the order that was placed or replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fill {
    pub maker_order: u64,
    pub price: i64,
    pub quantity: i64,
}

/// What became of the ask numbered `ask`, said when the durability's promise is kept. Of several replies to one ask all
/// but the last have the status [`MORE`]; `filled`, `reason` and `cancelled` are as in an OUTCOME row, the same in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    pub ask: u64,
    pub sequence: u64,
    pub order: u64,
    pub filled: i64,
    pub reason: u16,
    pub status: u8,
    pub cancelled: u8,
    count: u8,
    fill: [Fill; FILLS],
}

impl Reply {
    /// A reply without fills.
    #[inline]
    pub fn new(ask: u64, sequence: u64, order: u64, outcome: Outcome) -> Self {
        let Outcome { filled, reason, status, cancelled } = outcome;
        Self { ask, sequence, order, filled, reason, status, cancelled, count: 0, fill: [Fill::default(); FILLS] }
    }

    /// The fills that this reply carries.
    pub fn fills(&self) -> &[Fill] {
        &self.fill[..(self.count as usize).min(FILLS)]
    }

    /// The same with these fills, at most [`FILLS`].
    #[inline]
    pub fn with(mut self, fills: &[Fill]) -> Self {
        self.fill[..fills.len()].copy_from_slice(fills);
        self.count = fills.len() as u8;
        self
    }

    /// The words of the reply with this number.
    #[inline]
    pub fn words(&self, number: u64) -> [u64; REPLY_WORDS] {
        let mut words = [0; REPLY_WORDS];
        let [low, high] = self.reason.to_le_bytes();
        words[0] = u64::from_le_bytes([lap(number), self.status, self.cancelled, self.count, low, high, 0, 0]);
        (words[1], words[2], words[3], words[4]) = (self.ask, self.sequence, self.order, self.filled as u64);
        for (words, fill) in words[HEAD_WORDS..].chunks_exact_mut(FILL_WORDS).zip(self.fills()) {
            (words[0], words[1], words[2]) = (fill.maker_order, fill.price as u64, fill.quantity as u64);
        }
        words
    }

    /// The reply that these words are.
    #[inline]
    pub fn of(words: &[u64; REPLY_WORDS]) -> Self {
        let [_, status, cancelled, count, low, high, ..] = words[0].to_le_bytes();
        let mut reply = Self {
            ask: words[1],
            sequence: words[2],
            order: words[3],
            filled: words[4] as i64,
            reason: u16::from_le_bytes([low, high]),
            status,
            cancelled,
            count,
            fill: [Fill::default(); FILLS],
        };
        for (fill, words) in reply.fill.iter_mut().zip(words[HEAD_WORDS..].chunks_exact(FILL_WORDS)) {
            *fill = Fill { maker_order: words[0], price: words[1] as i64, quantity: words[2] as i64 };
        }
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lap_is_never_zero_and_never_that_of_the_lap_before() {
        for number in 1..SLOTS * (2 * LAPS + 3) {
            assert_ne!(lap(number), 0);
            assert_ne!(lap(number), lap(number + SLOTS));
        }
        assert_eq!((lap(1), lap(SLOTS), lap(SLOTS + 1), lap(SLOTS * LAPS + 1)), (1, 1, 2, 1));
    }

    #[test]
    fn words_of_an_ask_are_its_row_but_for_the_lap() {
        let mut row: [u8; ROW] = std::array::from_fn(|at| at as u8 + 1);
        let words = ask_words(SLOTS + 1, row);
        assert_eq!(ask_lap(words[0]), 2);
        row[LAP_BYTE] = 0;
        assert_eq!(ask_row(words), row);
    }

    #[test]
    fn words_of_a_reply_are_the_reply() {
        let fills: [Fill; FILLS] =
            std::array::from_fn(|at| Fill { maker_order: 7 + at as u64, price: -3, quantity: 9 });
        let head = Reply::new(1, 2, u64::MAX, Outcome { filled: -4, reason: 500, status: 3, cancelled: 8 });
        for count in 0..=FILLS {
            let reply = head.with(&fills[..count]);
            let words = reply.words(SLOTS);
            assert_eq!((reply_lap(words[0]), reply_fills(words[0])), (1, count));
            assert!(words[reply_words(count)..].iter().all(|word| *word == 0));
            assert_eq!((Reply::of(&words), Reply::of(&words).fills()), (reply, &fills[..count]));
        }
    }
}
