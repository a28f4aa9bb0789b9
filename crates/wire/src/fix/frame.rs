//! What lies at the head of a receive buffer: a whole message, the beginning of one, or bytes that are none.
use super::SOH;
use super::values::unsigned;
use memchr::{memchr, memmem};

/// A message has at most so many bytes after its BodyLength.
pub const MESSAGE_MAX: usize = 1 << 20;
/// A BeginString has at most so many bytes.
pub const BEGIN_STRING_MAX: usize = 16;
/// Digits of a BodyLength, enough for `MESSAGE_MAX`.
const LENGTH_DIGITS_MAX: usize = 7;
/// So far the CheckSum of a damaged message is waited for.
const SUM_WITHIN: usize = 1 << 16;
/// `10=`, three digits, SOH.
const TRAILER: usize = 7;
/// What every message begins with.
const START: &[u8] = b"8=FIX";

/// What the first bytes of a buffer are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// A message of so many bytes, with BodyLength and CheckSum right.
    Message { length: usize },
    /// So far nothing is wrong, more bytes are needed.
    Incomplete,
    /// The first `skip` bytes (at least one) are no message: the standard has them ignored.
    Garbled { skip: usize, reason: Garbled },
}

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Garbled {
    /// The first field is not BeginString (8), or it does not end within `BEGIN_STRING_MAX`.
    BeginString,
    /// The second field is not BodyLength (9), or it is no number.
    BodyLength,
    /// BodyLength says more than `MESSAGE_MAX`.
    TooLong,
    /// There is no CheckSum (10) where BodyLength ends.
    NoCheckSum,
    /// CheckSum is not three digits, or not the sum.
    CheckSum,
}

impl Garbled {
    /// The reason in words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::BeginString => "the first field is not BeginString(8)",
            Self::BodyLength => "the second field is not a BodyLength(9) in digits",
            Self::TooLong => "BodyLength(9) is over the limit",
            Self::NoCheckSum => "no CheckSum(10) where BodyLength(9) ends",
            Self::CheckSum => "CheckSum(10) is not three digits or not the sum",
        }
    }
}

/// What lies at the head of a buffer.
///
/// A damaged message ends with the first CheckSum behind what its BodyLength covers (wherever BodyLength stands), as common
/// engines have it; nothing is searched inside: a FIX message carried in a data field of a damaged message must not be taken
/// for one.
pub fn head(buffer: &[u8]) -> Head {
    match measure(buffer) {
        Ok(body) => trailer(buffer, body),
        Err(head) => head,
    }
}

/// The sum of all bytes modulo 256, as CheckSum has it.
#[inline]
pub fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte))
}

/// Where the trailer begins, by BodyLength.
#[inline]
fn measure(buffer: &[u8]) -> Result<usize, Head> {
    expect(buffer, 0, b"8=", Garbled::BeginString)?;
    let begin = &buffer[2..buffer.len().min(2 + BEGIN_STRING_MAX + 1)];
    let Some(end) = begin.iter().position(|byte| *byte == SOH) else {
        return Err(short_or(buffer, begin.len() <= BEGIN_STRING_MAX, Garbled::BeginString));
    };
    let at = 2 + end + 1;
    let found = &buffer[at..buffer.len().min(at + 2)];
    if !b"9=".starts_with(found) {
        return Err(misplaced(buffer));
    } else if found.len() < 2 {
        return Err(Head::Incomplete);
    }
    let digits = &buffer[at + 2..buffer.len().min(at + 2 + LENGTH_DIGITS_MAX + 1)];
    let mut length = 0usize;
    for (place, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => length = length * 10 + usize::from(byte - b'0'),
            &SOH if place > 0 => {
                let body = at + 2 + place + 1;
                return if length <= MESSAGE_MAX {
                    Ok(body + length)
                } else {
                    Err(garbled(buffer, body, Garbled::TooLong))
                };
            }
            _ => return Err(garbled(buffer, 1, Garbled::BodyLength)),
        }
    }
    Err(short_or(buffer, digits.len() <= LENGTH_DIGITS_MAX, Garbled::BodyLength))
}

/// Whether CheckSum stands at `at`, and is right.
#[inline]
fn trailer(buffer: &[u8], at: usize) -> Head {
    if let Some(&[b'1', b'0', b'=', a, b, c, SOH]) =
        buffer.get(at..at + TRAILER).and_then(|t| t.first_chunk::<TRAILER>())
        && buffer[at - 1] == SOH
    {
        return compared(buffer, at, [a, b, c]);
    }
    odd_trailer(buffer, at)
}

#[inline]
fn compared(buffer: &[u8], at: usize, digits: [u8; 3]) -> Head {
    let sum = checksum(&buffer[..at]);
    let said = digits.iter().try_fold(0u32, |sum, d| d.is_ascii_digit().then(|| sum * 10 + u32::from(d - b'0')));
    if said == Some(u32::from(sum)) {
        return Head::Message { length: at + TRAILER };
    }
    Head::Garbled { skip: at + TRAILER, reason: Garbled::CheckSum }
}

/// Not `10=nnn` and SOH: still on its way, or wrong.
#[cold]
fn odd_trailer(buffer: &[u8], at: usize) -> Head {
    if at > buffer.len() {
        return Head::Incomplete;
    }
    let rest = &buffer[at..buffer.len().min(at + TRAILER)];
    let tag = &rest[..rest.len().min(3)];
    if buffer[at - 1] != SOH || !b"10=".starts_with(tag) {
        return beyond(buffer, at, Garbled::NoCheckSum);
    }
    match rest.iter().position(|byte| *byte == SOH) {
        Some(end) => Head::Garbled { skip: at + end + 1, reason: Garbled::CheckSum },
        None if rest.len() < TRAILER => Head::Incomplete,
        None => garbled(buffer, at, Garbled::CheckSum),
    }
}

/// The message goes on to the first CheckSum behind the place where BodyLength ends.
#[cold]
fn beyond(buffer: &[u8], at: usize, reason: Garbled) -> Head {
    if at > buffer.len() {
        return Head::Incomplete;
    }
    let sum = memmem::find(&buffer[at - 1..], b"\x0110=").map(|found| at + found + 3);
    match sum.and_then(|sum| Some(sum + memchr(SOH, &buffer[sum..])? + 1)) {
        Some(skip) => Head::Garbled { skip, reason },
        None if buffer.len() - at < SUM_WITHIN => Head::Incomplete,
        None => garbled(buffer, at, reason),
    }
}

/// The second field is not BodyLength: the message ends by the BodyLength that stands elsewhere.
#[cold]
fn misplaced(buffer: &[u8]) -> Head {
    let Some(digits) = memmem::find(buffer, b"\x019=").map(|found| found + 3) else {
        return short_or(buffer, buffer.len() < SUM_WITHIN, Garbled::BodyLength);
    };
    let Some(end) = memchr(SOH, &buffer[digits..]).map(|length| digits + length) else {
        return short_or(buffer, buffer.len() - digits <= LENGTH_DIGITS_MAX, Garbled::BodyLength);
    };
    match unsigned(&buffer[digits..end]) {
        Ok(length) if length <= MESSAGE_MAX as u64 => beyond(buffer, end + 1 + length as usize, Garbled::BodyLength),
        _ => garbled(buffer, end, Garbled::BodyLength),
    }
}

fn expect(buffer: &[u8], at: usize, wanted: &[u8], reason: Garbled) -> Result<(), Head> {
    let found = &buffer[at..buffer.len().min(at + wanted.len())];
    if found == wanted {
        return Ok(());
    }
    Err(short_or(buffer, wanted.starts_with(found), reason))
}

fn short_or(buffer: &[u8], short: bool, reason: Garbled) -> Head {
    if short { Head::Incomplete } else { garbled(buffer, 1, reason) }
}

fn garbled(buffer: &[u8], from: usize, reason: Garbled) -> Head {
    Head::Garbled { skip: next_start(buffer, from), reason }
}

/// Where the next message may begin, at or after `from`: at `8=FIX` (not at the end of another tag, as in `108=FIX`), or at
/// what may become one with the next bytes.
#[cold]
fn next_start(buffer: &[u8], from: usize) -> usize {
    let begins = |at: usize| at == 0 || !buffer[at - 1].is_ascii_digit();
    if let Some(at) = memmem::find_iter(&buffer[from..], START).map(|at| from + at).find(|at| begins(*at)) {
        return at;
    }
    let longest = (START.len() - 1).min(buffer.len() - from);
    let kept = (1..=longest).rev().find(|n| buffer.ends_with(&START[..*n]) && begins(buffer.len() - n));
    buffer.len() - kept.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(text: &str) -> Vec<u8> {
        text.replace('|', "\u{1}").into_bytes()
    }

    fn framed(body: &str) -> Vec<u8> {
        let mut message = wire(&format!("8=FIX.4.4|9={}|{body}", body.len()));
        let sum = checksum(&message);
        message.extend(wire(&format!("10={sum:03}|")));
        message
    }

    const HEARTBEAT: &str = "35=0|49=A|56=B|34=2|52=20260101-00:00:00|";

    #[test]
    fn a_message_is_whole_only_with_its_last_byte() {
        let message = framed(HEARTBEAT);
        for length in 0..message.len() {
            assert_eq!(head(&message[..length]), Head::Incomplete, "{length}");
        }
        assert_eq!(head(&message), Head::Message { length: message.len() });
    }

    #[test]
    fn what_follows_a_message_does_not_matter() {
        let mut message = framed(HEARTBEAT);
        let length = message.len();
        message.extend(b"garbage");
        assert_eq!(head(&message), Head::Message { length });
    }

    #[test]
    fn a_wrong_sum_skips_the_whole_message() {
        let mut message = framed(HEARTBEAT);
        let length = message.len();
        message[length - 10] ^= 1;
        message.extend(framed(HEARTBEAT));
        assert_eq!(head(&message), Head::Garbled { skip: length, reason: Garbled::CheckSum });
    }

    #[test]
    fn a_sum_of_fewer_than_three_digits_is_garbled() {
        let mut message = wire("8=FIX.4.4|9=5|35=0|10=0|");
        let length = message.len();
        message.extend(framed(HEARTBEAT));
        assert_eq!(head(&message), Head::Garbled { skip: length, reason: Garbled::CheckSum });
        assert_eq!(
            head(&wire("8=FIX.4.4|9=5|35=0|10=2561|")[..]),
            Head::Garbled { skip: 27, reason: Garbled::CheckSum }
        );
    }

    #[test]
    fn bytes_before_a_message_are_skipped() {
        let mut bytes = wire("GET / 108=FIX|");
        let skip = bytes.len();
        bytes.extend(framed(HEARTBEAT));
        assert_eq!(head(&bytes), Head::Garbled { skip, reason: Garbled::BeginString });
        assert_eq!(head(b"xx8=F"), Head::Garbled { skip: 2, reason: Garbled::BeginString });
    }

    #[test]
    fn the_second_field_is_the_body_length_in_digits() {
        for text in ["8=FIX.4.4|9=|", "8=FIX.4.4|9=-5|", "8=FIX.4.4|9=12345678|", "8=FIX.4.4|9=5x|"] {
            let found = head(&wire(text));
            assert_eq!(found, Head::Garbled { skip: text.len(), reason: Garbled::BodyLength }, "{text}");
        }
    }

    #[test]
    fn a_begin_string_without_end_is_not_waited_for() {
        assert_eq!(head(b"8=FIX.4.4FIX.4.4FI"), Head::Incomplete);
        assert_eq!(head(b"8=FIX.4.4FIX.4.4FIX"), Head::Garbled { skip: 19, reason: Garbled::BeginString });
    }

    #[test]
    fn a_short_body_length_loses_only_its_message() {
        let mut bytes = wire("8=FIX.4.4|9=5|35=0|49=A|56=B|10=000|");
        let skip = bytes.len();
        bytes.extend(framed(HEARTBEAT));
        assert_eq!(head(&bytes), Head::Garbled { skip, reason: Garbled::NoCheckSum });
    }

    #[test]
    fn what_a_body_length_covers_is_not_searched_for_messages() {
        let inner = framed(HEARTBEAT);
        let mut bytes = wire("8=FIX.4.4|9=");
        bytes.extend(wire(&format!("{}|35=B|96=", inner.len() + 9)));
        bytes.extend(&inner);
        bytes.extend(wire("|"));
        assert_eq!(head(&bytes), Head::Incomplete, "its own CheckSum may come");
        bytes.extend(wire("10=000|"));
        let skip = bytes.len();
        bytes.extend(&inner);
        assert_eq!(head(&bytes), Head::Garbled { skip, reason: Garbled::CheckSum });
    }

    #[test]
    fn a_long_body_length_takes_the_next_message_with_it() {
        let mut bytes = wire("8=FIX.4.4|9=17|35=0|49=A|56=B|10=000|");
        assert_eq!(head(&bytes), Head::Incomplete);
        bytes.extend(framed(HEARTBEAT));
        let skip = bytes.len();
        bytes.extend(framed(HEARTBEAT));
        assert_eq!(head(&bytes), Head::Garbled { skip, reason: Garbled::NoCheckSum });
    }

    #[test]
    fn a_body_length_elsewhere_says_where_its_message_ends() {
        let mut bytes = wire("8=FIX.4.4|35=0|9=5|49=A|10=000|");
        let skip = bytes.len();
        bytes.extend(framed(HEARTBEAT));
        assert_eq!(head(&bytes), Head::Garbled { skip, reason: Garbled::BodyLength });
        assert_eq!(head(&wire("8=FIX.4.4|35=0|49=A|")), Head::Incomplete);
    }

    #[test]
    fn a_sum_that_never_comes_is_not_waited_for_without_end() {
        let mut bytes = wire("8=FIX.4.4|9=5|35=0|49=A|");
        bytes.extend(vec![b'x'; SUM_WITHIN]);
        assert_eq!(head(&bytes), Head::Garbled { skip: bytes.len(), reason: Garbled::NoCheckSum });
    }

    #[test]
    fn a_body_length_over_the_limit_is_not_waited_for() {
        assert_eq!(head(&wire("8=FIX.4.4|9=1048577|")), Head::Garbled { skip: 20, reason: Garbled::TooLong });
        assert_eq!(head(&wire("8=FIX.4.4|9=1048576|")), Head::Incomplete);
    }
}
