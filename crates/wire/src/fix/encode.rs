//! Messages out: one reused buffer, BodyLength and CheckSum filled in at the end, the text of a second made once.
use super::SOH;
use super::frame::{BEGIN_STRING_MAX, checksum};
use super::index::{Field, View, data_tag};
use super::values::{TIMESTAMP_SECONDS, two_digits, write_digits, write_seconds};
use std::fmt;

/// Room before the body for `8=`, BeginString, SOH, `9=`, digits, SOH.
const HEADROOM: usize = BEGIN_STRING_MAX + 32;
/// Room that every field needs beside its value: a tag, `=`, SOH, and what is written over and taken back.
const SLACK: usize = 64;
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
}

impl fmt::Display for Unencodable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.reason {
            UnencodableReason::Empty => "has no value",
            UnencodableReason::Delimiter => "has SOH in its value",
            UnencodableReason::Tag => "is not a tag to be set",
            UnencodableReason::BeginString => "is too long or empty",
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
    begin_string: [u8; BEGIN_STRING_MAX],
    begin_length: usize,
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
            begin_string: [0; BEGIN_STRING_MAX],
            begin_length: 0,
            second: (0, write_seconds(0)),
            fault: None,
        }
    }

    /// Begins a message: BeginString (8), and MsgType (35) as the first field of the body. What was begun before is forgotten.
    pub fn begin(&mut self, begin_string: &[u8], msg_type: &[u8]) {
        self.at = HEADROOM;
        self.fault = None;
        self.begin_length = 0;
        match self.begin_string.get_mut(..begin_string.len()) {
            Some(room) if !begin_string.is_empty() && !begin_string.contains(&SOH) => {
                room.copy_from_slice(begin_string);
                self.begin_length = begin_string.len();
            }
            _ => self.refuse(8, UnencodableReason::BeginString),
        }
        self.put(35, msg_type);
    }

    /// A field of text.
    #[inline]
    pub fn field(&mut self, tag: u32, value: &[u8]) {
        if matches!(tag, 0 | 8..=10 | 35) {
            return self.refuse(tag, UnencodableReason::Tag);
        }
        self.put(tag, value);
    }

    /// A field of one byte: char, Boolean.
    #[inline]
    pub fn char(&mut self, tag: u32, value: u8) {
        self.field(tag, &[value]);
    }

    /// A field of an integer.
    #[inline]
    pub fn int(&mut self, tag: u32, value: i64) {
        let mut digits = [0; 20];
        let mut from = write_digits(&mut digits, value.unsigned_abs());
        if value < 0 {
            from -= 1;
            digits[from] = b'-';
        }
        self.field(tag, &digits[from..]);
    }

    /// A field of a decimal number: 1250 with 2 decimals is `12.50`.
    pub fn decimal(&mut self, tag: u32, mantissa: i64, decimals: u8) {
        if decimals == 0 {
            return self.int(tag, mantissa);
        }
        let mut digits = [b'0'; 20];
        let from = write_digits(&mut digits, mantissa.unsigned_abs());
        let digits = &digits[from..];
        let decimals = usize::from(decimals);
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
    #[inline]
    pub fn time(&mut self, tag: u32, ns: u64, digits: u8) {
        let (second, rest) = (ns / SECOND, ns % SECOND);
        if second != self.second.0 {
            self.second = (second, write_seconds(second));
        }
        let mut text = [b'.'; TIMESTAMP_SECONDS + 10];
        text[..TIMESTAMP_SECONDS].copy_from_slice(&self.second.1);
        let mut at = TIMESTAMP_SECONDS + 1;
        for part in [rest / 1_000_000, rest / 1_000 % 1_000, rest % 1_000].into_iter().take(usize::from(digits / 3)) {
            text[at] = b'0' + (part / 100) as u8;
            text[at + 1..at + 3].copy_from_slice(&two_digits(part));
            at += 3;
        }
        let length = if digits < 3 { TIMESTAMP_SECONDS } else { at };
        self.field(tag, &text[..length]);
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
        let mut digits = [0; 20];
        let from = write_digits(&mut digits, (self.at - HEADROOM) as u64);
        let mut start = HEADROOM;
        let begin = &self.begin_string[..self.begin_length];
        for part in [&[SOH][..], &digits[from..], b"\x019=", begin, b"8="] {
            start -= part.len();
            self.buffer[start..start + part.len()].copy_from_slice(part);
        }
        let sum = checksum(&self.buffer[start..self.at]);
        self.reserve(7);
        let [tens, ones] = two_digits(u64::from(sum));
        let trailer = [b'1', b'0', b'=', b'0' + sum / 100, tens, ones, SOH];
        self.buffer[self.at..self.at + 7].copy_from_slice(&trailer);
        self.at += 7;
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

    #[inline]
    fn put(&mut self, tag: u32, value: &[u8]) {
        if value.is_empty() {
            return self.refuse(tag, UnencodableReason::Empty);
        }
        if value.contains(&SOH) {
            return self.refuse(tag, UnencodableReason::Delimiter);
        }
        self.append(tag, value);
    }

    #[inline]
    fn append(&mut self, tag: u32, value: &[u8]) {
        self.reserve(value.len() + SLACK);
        let mut digits = [0; 20];
        let from = write_digits(&mut digits, u64::from(tag));
        let length = 20 - from;
        self.buffer[self.at..self.at + length].copy_from_slice(&digits[from..]);
        self.at += length;
        self.buffer[self.at] = b'=';
        self.buffer[self.at + 1..self.at + 1 + value.len()].copy_from_slice(value);
        self.at += value.len() + 2;
        self.buffer[self.at - 1] = SOH;
    }

    #[inline]
    fn reserve(&mut self, more: usize) {
        let needed = self.at + more;
        if needed > self.buffer.len() {
            self.buffer.resize(needed.next_power_of_two(), 0);
        }
    }

    #[cold]
    fn refuse(&mut self, tag: u32, reason: UnencodableReason) {
        self.fault.get_or_insert(Unencodable { tag, reason });
    }
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
