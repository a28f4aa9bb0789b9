//! Messages out: one reused buffer, BodyLength and CheckSum filled in at the end, the text of a second made once.
//!
//! What is written for a tag that the caller's code names is worked out by the compiler, which is why these functions are always
//! put in place.
use super::SOH;
use super::frame::{BEGIN_STRING_MAX, MESSAGE_MAX, checksum};
use super::index::{Field, View, data_tag};
use super::room::{ROOM, Room, SHORT, ZEROS};
use super::values::{TIMESTAMP_SECONDS, eight_digits, write_digits, write_seconds};
use memchr::memchr;
use std::fmt;

/// Room for `8=`, BeginString, SOH, `9=`.
const PREFIX: usize = BEGIN_STRING_MAX + 5;
/// Room before the body: that, the digits of BodyLength, SOH.
const HEADROOM: usize = 64;
const SECOND: u64 = 1_000_000_000;

/// Why a message cannot be sent: a field that would break the frame or the rules, or no message begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unencodable {
    pub tag: u32,
    pub reason: UnencodableReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnencodableReason {
    /// A value without a byte.
    Empty,
    /// A value with SOH in it, in a field that is not data.
    Delimiter,
    /// Tag 0, or one that the encoder writes itself (8, 9, 10, 35).
    Tag,
    /// A BeginString of no or too many bytes.
    BeginString,
    /// A message of over `MESSAGE_MAX` bytes.
    TooLong,
}

impl fmt::Display for Unencodable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.reason {
            UnencodableReason::Empty => "has no value",
            UnencodableReason::Delimiter => "has SOH in its value",
            UnencodableReason::Tag => "is not a tag to be set",
            UnencodableReason::BeginString => "is too long or empty",
            UnencodableReason::TooLong => "is over the limit of a message",
        };
        write!(out, "field {} {why}", self.tag)
    }
}

/// Writes one message after the other into the same buffer.
///
/// `begin`, then fields in the order of the wire, then `finish`. What cannot be written is remembered and told by `finish`,
/// so that the calls between need no question marks.
#[derive(Clone, Debug)]
pub struct Encoder {
    buffer: Vec<u8>,
    /// Where the next byte goes.
    at: usize,
    begin_string: Vec<u8>,
    /// What comes before the digits of BodyLength, at the end.
    prefix: [u8; PREFIX],
    prefix_length: usize,
    prefix_sum: u8,
    /// The last second written, and its text.
    second: (u64, [u8; TIMESTAMP_SECONDS]),
    fault: Option<Unencodable>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An encoder with an empty buffer.
    pub fn new() -> Self {
        Self {
            buffer: vec![0; 1024],
            at: HEADROOM,
            begin_string: Vec::new(),
            prefix: [0; PREFIX],
            prefix_length: 0,
            prefix_sum: 0,
            second: (0, write_seconds(0)),
            fault: Some(Unencodable { tag: 8, reason: UnencodableReason::BeginString }),
        }
    }

    /// Begins a message: BeginString (8), and MsgType (35) as the first field of the body. What was begun before is forgotten.
    #[inline]
    pub fn begin(&mut self, begin_string: &[u8], msg_type: &[u8]) {
        self.at = HEADROOM;
        self.fault = None;
        if self.begin_string != begin_string || begin_string.is_empty() {
            self.set_prefix(begin_string);
        }
        self.put(35, msg_type);
    }

    #[cold]
    fn set_prefix(&mut self, begin_string: &[u8]) {
        self.begin_string.clear();
        if begin_string.is_empty() || begin_string.len() > BEGIN_STRING_MAX || begin_string.contains(&SOH) {
            return self.refuse(8, UnencodableReason::BeginString);
        }
        self.begin_string.extend_from_slice(begin_string);
        let text = [b"8=", begin_string, b"\x019="].concat();
        self.prefix[PREFIX - text.len()..].copy_from_slice(&text);
        self.prefix_length = text.len();
        self.prefix_sum = checksum(&text);
    }

    /// A field of text.
    #[inline(always)]
    pub fn field(&mut self, tag: u32, value: &[u8]) {
        if is_own(tag) {
            return self.refuse(tag, UnencodableReason::Tag);
        }
        self.put(tag, value);
    }

    /// A field of one byte: char, Boolean.
    #[inline(always)]
    pub fn char(&mut self, tag: u32, value: u8) {
        if is_own(tag) || value == SOH {
            return self.field(tag, &[value]);
        }
        let mut room = self.room();
        room.tag(tag);
        room.put([value, SOH]);
        self.at += room.at;
    }

    /// A field of an integer.
    #[inline(always)]
    pub fn int(&mut self, tag: u32, value: i64) {
        if is_own(tag) {
            return self.refuse(tag, UnencodableReason::Tag);
        }
        let mut room = self.room();
        room.tag(tag);
        if value < 0 {
            room.put([b'-']);
        }
        room.number(value.unsigned_abs());
        room.put([SOH]);
        self.at += room.at;
    }

    /// A field of a decimal number: 1250 with 2 decimals is `12.50`.
    #[inline(always)]
    pub fn decimal(&mut self, tag: u32, mantissa: i64, decimals: u8) {
        let Some(one) = POWERS_OF_TEN.get(usize::from(decimals)) else {
            return self.long_decimal(tag, mantissa, usize::from(decimals));
        };
        if is_own(tag) {
            return self.refuse(tag, UnencodableReason::Tag);
        }
        let mut room = self.room();
        room.tag(tag);
        if mantissa < 0 {
            room.put([b'-']);
        }
        let (whole, rest) = (mantissa.unsigned_abs() / one, mantissa.unsigned_abs() % one);
        room.number(whole);
        if decimals > 0 {
            room.put([b'.']);
            room.last_digits(rest as u32, usize::from(decimals));
        }
        room.put([SOH]);
        self.at += room.at;
    }

    /// The same with any number of decimals.
    #[cold]
    fn long_decimal(&mut self, tag: u32, mantissa: i64, decimals: usize) {
        let mut digits = [b'0'; 20];
        let from = write_digits(&mut digits, mantissa.unsigned_abs());
        let digits = &digits[from..];
        let mut text = [b'0'; 1 + 20 + 1 + 255];
        let mut length = usize::from(mantissa < 0);
        text[0] = if mantissa < 0 { b'-' } else { b'0' };
        let whole = digits.len().saturating_sub(decimals);
        text[length..length + whole].copy_from_slice(&digits[..whole]);
        length += whole.max(1);
        text[length] = b'.';
        length += 1 + decimals - (digits.len() - whole);
        text[length..length + digits.len() - whole].copy_from_slice(&digits[whole..]);
        self.field(tag, &text[..length + digits.len() - whole]);
    }

    /// A field of a UTCTimestamp: `ns` since 1970 with 0, 3, 6 or 9 decimals of a second (others are taken as the next fewer).
    #[inline(always)]
    pub fn time(&mut self, tag: u32, ns: u64, digits: u8) {
        if is_own(tag) {
            return self.refuse(tag, UnencodableReason::Tag);
        }
        let (second, rest) = (ns / SECOND, (ns % SECOND) as u32);
        if second != self.second.0 {
            self.second = (second, write_seconds(second));
        }
        let text = self.second.1;
        let mut room = self.room();
        room.tag(tag);
        room.put(text);
        match digits {
            0..3 => {}
            3..6 => room.fraction(rest / 1_000_000, 3),
            6..9 => room.fraction(rest / 1_000, 6),
            _ => {
                room.fraction(rest / 1_000, 6);
                room.last_digits(rest % 1_000, 3);
            }
        }
        room.put([SOH]);
        self.at += room.at;
    }

    /// A length field and its data field, which may hold any byte: `length_tag` is one of the standard's.
    pub fn data(&mut self, length_tag: u32, value: &[u8]) {
        let Some(tag) = data_tag(length_tag) else {
            return self.refuse(length_tag, UnencodableReason::Tag);
        };
        if value.is_empty() {
            return self.refuse(tag, UnencodableReason::Empty);
        }
        self.int(length_tag, value.len() as i64);
        self.append(tag, value);
    }

    /// Ends the message with CheckSum (10) and sets BodyLength (9): the bytes to be sent, or the first field that could not be
    /// written.
    pub fn finish(&mut self) -> Result<&[u8], Unencodable> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let length = self.at - HEADROOM;
        if length > MESSAGE_MAX {
            return Err(Unencodable { tag: 9, reason: UnencodableReason::TooLong });
        }
        // the prefix is written over the zeros before the digits
        let digits = eight_digits(length as u32);
        let zeros = (digits.trailing_zeros() / 8) as usize;
        self.buffer[HEADROOM - 9..HEADROOM - 1].copy_from_slice(&(digits | ZEROS).to_le_bytes());
        self.buffer[HEADROOM - 1] = SOH;
        let from = HEADROOM - 9 + zeros;
        self.buffer[from - PREFIX..from].copy_from_slice(&self.prefix);
        let start = from - self.prefix_length;
        // what stands before the body was written just now: it is summed without being read again
        let head = digits.wrapping_mul(0x0101_0101_0101_0101).to_be_bytes()[0];
        let head =
            head.wrapping_add(b'0'.wrapping_mul(8 - zeros as u8)).wrapping_add(self.prefix_sum).wrapping_add(SOH);
        let sum = checksum(&self.buffer[HEADROOM..self.at]).wrapping_add(head);
        let mut room = self.room();
        room.put(*b"10=");
        room.last_digits(u32::from(sum), 3);
        room.put([SOH]);
        self.at += room.at;
        Ok(&self.buffer[start..self.at])
    }

    /// Fields of another message as they stand there, data fields included. Its own 8, 9, 10 and 35 are left out.
    pub fn copy(&mut self, view: &View, fields: &[Field]) {
        for field in fields {
            if !matches!(field.tag, 8..=10 | 35) {
                match view.value(*field) {
                    [] => self.refuse(field.tag, UnencodableReason::Empty),
                    value => self.append(field.tag, value),
                }
            }
        }
    }

    #[inline(always)]
    fn put(&mut self, tag: u32, value: &[u8]) {
        if value.is_empty() {
            return self.refuse(tag, UnencodableReason::Empty);
        }
        if value.len() > SHORT {
            return self.put_long(tag, value);
        }
        let mut room = self.room();
        room.tag(tag);
        let clean = room.text(value);
        room.put([SOH]);
        self.at += room.at;
        if !clean {
            self.refuse(tag, UnencodableReason::Delimiter);
        }
    }

    #[inline(never)]
    fn put_long(&mut self, tag: u32, value: &[u8]) {
        if memchr(SOH, value).is_some() {
            return self.refuse(tag, UnencodableReason::Delimiter);
        }
        self.append(tag, value);
    }

    /// A field whose value may have any bytes.
    fn append(&mut self, tag: u32, value: &[u8]) {
        let mut room = self.room();
        room.tag(tag);
        self.at += room.at;
        if self.at + value.len() + 1 > self.buffer.len() {
            self.grow(value.len() + 1);
        }
        self.buffer[self.at..self.at + value.len()].copy_from_slice(value);
        self.at += value.len() + 1;
        self.buffer[self.at - 1] = SOH;
    }

    /// Room for a field at the end of the message.
    #[inline(always)]
    fn room(&mut self) -> Room<'_> {
        if self.at + ROOM > self.buffer.len() {
            self.grow(ROOM);
        }
        let bytes = self.buffer[self.at..self.at + ROOM].first_chunk_mut().expect("so many bytes");
        Room { bytes, at: 0 }
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        self.buffer.resize((self.at + more).next_power_of_two(), 0);
    }

    #[cold]
    fn refuse(&mut self, tag: u32, reason: UnencodableReason) {
        self.fault.get_or_insert(Unencodable { tag, reason });
    }
}

const POWERS_OF_TEN: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Whether the encoder writes a field itself (or it is none).
#[inline]
fn is_own(tag: u32) -> bool {
    matches!(tag, 0 | 8..=10 | 35)
}

#[cfg(test)]
mod tests {
    use super::super::frame::{Head, head};
    use super::super::index::Index;
    use super::*;

    fn text(encoder: &mut Encoder) -> String {
        String::from_utf8(encoder.finish().unwrap().to_vec()).unwrap().replace('\u{1}', "|")
    }

    #[test]
    fn body_length_and_check_sum_are_right() {
        let mut encoder = Encoder::new();
        encoder.begin(b"FIX.4.4", b"0");
        assert_eq!(text(&mut encoder), "8=FIX.4.4|9=5|35=0|10=163|");
        for length in [1, 99, 100, 5_000] {
            encoder.begin(b"FIXT.1.1", b"B");
            encoder.field(58, &vec![b'x'; length]);
            let message = encoder.finish().unwrap();
            assert_eq!(head(message), Head::Message { length: message.len() });
        }
    }

    #[test]
    fn values_are_written_in_their_forms() {
        let mut encoder = Encoder::new();
        encoder.begin(b"FIX.4.4", b"8");
        encoder.int(34, -12);
        encoder.int(38, i64::MIN);
        encoder.char(54, b'1');
        for (mantissa, decimals) in [(1_250, 2), (-5, 1), (5, 3), (-120, 2), (0, 2), (7, 0), (i64::MIN, 19), (1, 20)] {
            encoder.decimal(44, mantissa, decimals);
        }
        for digits in [0, 3, 6, 9, 5] {
            encoder.time(52, 1_767_225_600_123_456_789, digits);
        }
        let text = text(&mut encoder);
        let body = text.split_once("35=8|").unwrap().1;
        let wanted = "34=-12|38=-9223372036854775808|54=1|44=12.50|44=-0.5|44=0.005|44=-1.20|44=0.00|44=7|\
            44=-0.9223372036854775808|44=0.00000000000000000001|52=20260101-00:00:00|52=20260101-00:00:00.123|\
            52=20260101-00:00:00.123456|52=20260101-00:00:00.123456789|52=20260101-00:00:00.123|";
        assert_eq!(body.rsplit_once("10=").unwrap().0, wanted);
    }

    #[test]
    fn a_delimiter_is_seen_at_every_place_of_a_value() {
        let mut encoder = Encoder::new();
        for length in 1..40 {
            for place in 0..length {
                encoder.begin(b"FIX.4.4", b"B");
                let mut value = vec![0x81; length];
                encoder.field(58, &value);
                let message = encoder.finish().unwrap();
                assert!(message[..message.len() - 7].ends_with(&[b"58=", value.as_slice(), &[SOH]].concat()));
                encoder.begin(b"FIX.4.4", b"B");
                value[place] = SOH;
                encoder.field(58, &value);
                assert_eq!(encoder.finish(), Err(Unencodable { tag: 58, reason: UnencodableReason::Delimiter }));
            }
        }
    }

    #[test]
    fn numbers_of_every_length_are_written() {
        let mut encoder = Encoder::new();
        let powers = (0..19).map(|n| 10i64.pow(n)).flat_map(|n| [n - 1, n, n + 1, -n]);
        for value in powers.chain([i64::MAX, i64::MIN]) {
            encoder.begin(b"FIX.4.4", b"B");
            encoder.int(12_345_678, value);
            encoder.decimal(1_234, value, 0);
            encoder.decimal(1, value, 8);
            let size = value.unsigned_abs();
            let sign = if value < 0 { "-" } else { "" };
            let (whole, rest) = (size / 100_000_000, size % 100_000_000);
            let wanted = format!("|12345678={value}|1234={value}|1={sign}{whole}.{rest:08}|10=");
            let text = text(&mut encoder);
            assert!(text.contains(&wanted), "{text} {wanted}");
        }
    }

    #[test]
    fn a_message_over_the_limit_is_refused() {
        let mut encoder = Encoder::new();
        encoder.begin(b"FIX.4.4", b"B");
        encoder.field(58, &vec![b'x'; MESSAGE_MAX]);
        assert_eq!(encoder.finish(), Err(Unencodable { tag: 9, reason: UnencodableReason::TooLong }));
    }

    #[test]
    fn a_value_cannot_break_the_frame() {
        let mut encoder = Encoder::new();
        for (tag, value, reason) in [
            (58, &b"x\x0110=000"[..], UnencodableReason::Delimiter),
            (58, b"", UnencodableReason::Empty),
            (0, b"x", UnencodableReason::Tag),
            (9, b"5", UnencodableReason::Tag),
        ] {
            encoder.begin(b"FIX.4.4", b"B");
            encoder.field(tag, value);
            encoder.field(55, b"");
            assert_eq!(encoder.finish(), Err(Unencodable { tag, reason }));
        }
        encoder.begin(b"FIX.4.4.4.4.4.4.4", b"B");
        assert_eq!(encoder.finish(), Err(Unencodable { tag: 8, reason: UnencodableReason::BeginString }));
    }

    #[test]
    fn fields_of_another_message_are_copied_as_they_stand() {
        let mut encoder = Encoder::new();
        encoder.begin(b"FIX.4.4", b"B");
        encoder.field(58, b"x");
        encoder.data(95, b"a\x0110=b");
        let first = encoder.finish().unwrap().to_vec();
        let mut index = Index::new();
        index.read(&first).unwrap();
        encoder.begin(b"FIX.4.4", b"B");
        encoder.copy(&index.view(&first), &index.fields);
        assert_eq!(encoder.finish().unwrap(), first);
    }

    #[test]
    fn data_carries_any_byte() {
        let mut encoder = Encoder::new();
        encoder.begin(b"FIX.4.4", b"B");
        encoder.data(95, b"a\x01b");
        assert!(text(&mut encoder).contains("|95=3|96=a|b|10="));
        encoder.begin(b"FIX.4.4", b"B");
        encoder.data(44, b"a");
        assert_eq!(encoder.finish(), Err(Unencodable { tag: 44, reason: UnencodableReason::Tag }));
    }
}
