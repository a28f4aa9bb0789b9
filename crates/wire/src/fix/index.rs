//! Where each field of a message lies: one pass over the bytes, nothing copied.
use super::SOH;
use super::values::{ValueFault, unsigned};
use std::fmt;
use std::ops::Range;
use wide::{CmpEq, i8x16};

/// A message has at most so many fields.
pub const FIELDS_MAX: usize = 1 << 16;

/// Tags that the codec itself looks at.
pub mod tags {
    pub const BEGIN_STRING: u32 = 8;
    pub const BODY_LENGTH: u32 = 9;
    pub const CHECK_SUM: u32 = 10;
    pub const MSG_SEQ_NUM: u32 = 34;
    pub const MSG_TYPE: u32 = 35;
}

/// A field: its tag, and where its value lies. A tag below zero (no valid one, but told to the sender) is kept as its two's complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub tag: u32,
    pub start: u32,
    pub end: u32,
}

impl Field {
    /// Where the value lies.
    #[inline]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Why the bytes of a frame are no fields. The standard has such a message ignored, without counting it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The field, counted from 1.
    pub field: usize,
    /// The byte where it begins.
    pub at: usize,
    pub reason: MalformedReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedReason {
    /// No `=` after the tag, or the tag is not a number without leading zeros.
    Tag,
    /// A field that does not end with SOH.
    Unended,
    /// A length field that is no number, or whose data does not end with SOH.
    DataLength,
    /// The message does not begin with BeginString, BodyLength, MsgType, or does not end with CheckSum.
    Order,
    /// More than `FIELDS_MAX` fields.
    TooMany,
}

impl fmt::Display for Malformed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.reason {
            MalformedReason::Tag => "has no tag number before =",
            MalformedReason::Unended => "does not end with SOH",
            MalformedReason::DataLength => "is data of another length than the field before it says",
            MalformedReason::Order => "stands where 8, 9, 35 (first) or 10 (last) belong",
            MalformedReason::TooMany => "is one more than a message may have",
        };
        write!(out, "field {} at byte {} {why}", self.field, self.at)
    }
}

/// The fields of a message, in their order; reused between messages.
#[derive(Clone, Debug, Default)]
pub struct Index {
    pub fields: Vec<Field>,
}

impl Index {
    /// An index without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the fields of one framed message. After an error the fields read so far are left, for a log.
    pub fn read(&mut self, message: &[u8]) -> Result<(), Malformed> {
        self.fields.clear();
        let mut start = 0;
        let mut from = 0;
        while from < message.len() {
            let mut ends = delimiters(message, from);
            let block = from;
            from += BLOCK;
            if self.fields.len() + ends.count_ones() as usize > FIELDS_MAX {
                return Err(self.malformed(start, MalformedReason::TooMany));
            }
            while ends != 0 {
                let end = block + ends.trailing_zeros() as usize;
                ends &= ends - 1;
                let (tag, value) = tag(message, start).ok_or_else(|| self.malformed(start, MalformedReason::Tag))?;
                self.fields.push(Field { tag, start: value as u32, end: end as u32 });
                start = end + 1;
                if announces_data(tag)
                    && let Some(next) = self.data(message, tag, value..end)?
                {
                    (start, from) = (next, next);
                    break;
                }
            }
        }
        if start < message.len() {
            let reason = if tag(message, start).is_some() { MalformedReason::Unended } else { MalformedReason::Tag };
            return Err(self.malformed(start, reason));
        }
        self.check_order()
    }

    /// The data field behind a length field, if it stands there; says where the next field begins.
    #[cold]
    fn data(&mut self, message: &[u8], of: u32, length: Range<usize>) -> Result<Option<usize>, Malformed> {
        let at = length.end + 1;
        let Some(wanted) = data_tag(of) else { return Ok(None) };
        let Some((tag, start)) = tag(message, at).filter(|(tag, _)| *tag == wanted) else { return Ok(None) };
        let end = self.end_of_data(message, at, start, &message[length])?;
        self.fields.push(Field { tag, start: start as u32, end: end as u32 });
        Ok(Some(end + 1))
    }

    /// The message that was read, as a view.
    pub fn view<'a>(&'a self, bytes: &'a [u8]) -> View<'a> {
        View { bytes, fields: &self.fields }
    }

    fn end_of_data(&self, message: &[u8], at: usize, start: usize, length: &[u8]) -> Result<usize, Malformed> {
        let end = unsigned(length).ok().and_then(|n| start.checked_add(usize::try_from(n).ok()?));
        let end = end.filter(|end| message.get(*end) == Some(&SOH));
        end.ok_or_else(|| self.malformed(at, MalformedReason::DataLength))
    }

    fn check_order(&self) -> Result<(), Malformed> {
        let head = [tags::BEGIN_STRING, tags::BODY_LENGTH, tags::MSG_TYPE];
        let wrong = (0..3).find(|place| self.fields.get(*place).map(|field| field.tag) != Some(head[*place]));
        let last = self.fields.len().saturating_sub(1);
        let wrong = wrong.or((self.fields.get(last).map(|field| field.tag) != Some(tags::CHECK_SUM)).then_some(last));
        match wrong {
            None => Ok(()),
            Some(place) => {
                let at = self.fields.get(place).map_or(0, |field| field.start as usize);
                Err(Malformed { field: place + 1, at, reason: MalformedReason::Order })
            }
        }
    }

    #[cold]
    fn malformed(&self, at: usize, reason: MalformedReason) -> Malformed {
        Malformed { field: self.fields.len() + 1, at, reason }
    }
}

/// Bytes that are searched for delimiters at once.
const BLOCK: usize = 64;

/// Which of the next `BLOCK` bytes are delimiters, the first as the lowest bit.
#[inline]
fn delimiters(message: &[u8], from: usize) -> u64 {
    if let Some(block) = message.get(from..from + BLOCK).and_then(|rest| rest.first_chunk()) {
        return delimiters_of(block);
    }
    if let Some(block) = message.last_chunk() {
        // the last bytes of the message, without those that were looked at before
        return delimiters_of(block) >> (from + BLOCK - message.len());
    }
    let mut block = [0; BLOCK];
    let rest = &message[from..];
    block[..rest.len()].copy_from_slice(rest);
    delimiters_of(&block)
}

#[inline]
fn delimiters_of(block: &[u8; BLOCK]) -> u64 {
    let wanted = i8x16::splat(SOH.cast_signed());
    let (parts, _) = block.as_chunks::<16>();
    parts.iter().rev().fold(0, |mask, part| {
        let equal = i8x16::new(part.map(u8::cast_signed)).cmp_eq(wanted);
        mask << 16 | u64::from(equal.move_mask().cast_unsigned() & 0xFFFF)
    })
}

/// The tag at `at` and where its value begins.
#[inline]
fn tag(message: &[u8], at: usize) -> Option<(u32, usize)> {
    if let Some(bytes) = message.get(at..at + 5).and_then(|rest| rest.first_chunk::<5>())
        && let Some((tag, digits)) = short_tag(*bytes)
    {
        return Some((tag, at + digits + 1));
    }
    any_tag(message, at)
}

/// A tag of one to four digits, `=` behind it.
#[inline]
fn short_tag([a, b, c, d, e]: [u8; 5]) -> Option<(u32, usize)> {
    let digit = |byte: u8| u32::from(byte.wrapping_sub(b'0'));
    let (first, second, third, fourth) = (digit(a), digit(b), digit(c), digit(d));
    if first == 0 || first > 9 {
        return None;
    }
    if b == b'=' {
        return Some((first, 1));
    }
    let two = first * 10 + second;
    if second > 9 {
        return None;
    }
    if c == b'=' {
        return Some((two, 2));
    }
    let three = two * 10 + third;
    if third > 9 {
        return None;
    }
    if d == b'=' {
        return Some((three, 3));
    }
    (fourth <= 9 && e == b'=').then_some((three * 10 + fourth, 4))
}

/// The same for every length and sign, byte by byte.
#[cold]
fn any_tag(message: &[u8], at: usize) -> Option<(u32, usize)> {
    let mut value = 0u32;
    for (place, byte) in message.get(at..)?.iter().enumerate() {
        match byte {
            b'0'..=b'9' if place < 9 => value = value * 10 + u32::from(byte - b'0'),
            b'=' if place > 0 && (place == 1 || message[at] != b'0') => return Some((value, at + place + 1)),
            b'-' if place == 0 && matches!(message.get(at + 1), Some(b'1'..=b'9')) => {
                let (value, start) = any_tag(message, at + 1)?;
                return Some((value.wrapping_neg(), start));
            }
            _ => return None,
        }
    }
    None
}

/// Whether a field is the length of a data field behind it.
#[inline]
fn announces_data(tag: u32) -> bool {
    // most fields of most messages have lower tags than the lowest of those
    tag >= DATA_FIELDS[0].0
        && LENGTH_TAGS_SEEN.get((tag / 64) as usize).is_some_and(|word| word & (1 << (tag % 64)) != 0)
}

/// The data field whose length the field `length_tag` gives, if it gives one.
#[inline]
pub fn data_tag(length_tag: u32) -> Option<u32> {
    let place = DATA_FIELDS.binary_search_by_key(&length_tag, |(length, _)| *length).ok()?;
    Some(DATA_FIELDS[place].1)
}

static LENGTH_TAGS_SEEN: [u64; 680] = {
    let mut seen = [0; 680];
    let mut at = 0;
    while at < DATA_FIELDS.len() {
        let tag = DATA_FIELDS[at].0;
        seen[(tag / 64) as usize] |= 1 << (tag % 64);
        at += 1;
    }
    seen
};

/// Length fields and the data field that follows each, FIX 4.0 to 5.0 SP2 with its extension packs. In order of the length tag.
#[rustfmt::skip]
const DATA_FIELDS: [(u32, u32); 83] = [
    (90, 91), (93, 89), (95, 96), (212, 213), (348, 349), (350, 351), (352, 353), (354, 355), (356, 357), (358, 359),
    (360, 361), (362, 363), (364, 365), (445, 446), (618, 619), (621, 622), (1184, 1185), (1277, 1278), (1280, 1281),
    (1282, 1283), (1397, 1398), (1401, 1402), (1403, 1404), (1468, 1469), (1525, 1527), (1578, 1579), (1620, 1621),
    (1664, 1665), (1678, 1697), (1733, 1734), (1871, 1872), (1874, 1875), (2072, 2073), (2074, 2075), (2111, 2112),
    (2179, 2180), (2287, 2288), (2351, 2352), (2372, 2371), (2481, 2482), (2494, 2493), (2522, 2521), (2637, 2638),
    (2651, 2652), (2665, 2666), (2715, 2716), (2718, 2719), (2721, 2722), (2797, 2798), (2802, 2801), (2809, 2808),
    (2815, 2814), (40004, 40005), (40008, 40009), (40978, 40979), (40980, 40981), (40982, 40983), (40984, 40985),
    (40986, 40987), (40988, 40989), (41083, 41084), (41101, 41102), (41107, 41108), (41256, 41257), (41320, 41321),
    (41324, 41325), (41458, 41459), (41476, 41477), (41482, 41483), (41653, 41654), (41710, 41711), (41806, 41807),
    (41811, 41812), (41873, 41874), (41969, 41970), (42025, 42026), (42171, 42172), (42451, 42452), (42652, 42653),
    (42947, 42948), (43109, 42684), (43110, 42486), (43111, 42982),
];

/// A message as it came, and where its fields lie.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub bytes: &'a [u8],
    pub fields: &'a [Field],
}

impl<'a> View<'a> {
    /// The value of a field.
    #[inline]
    pub fn value(&self, field: Field) -> &'a [u8] {
        &self.bytes[field.range()]
    }

    /// The first field of that tag, wherever it stands.
    #[inline]
    pub fn find(&self, tag: u32) -> Option<Field> {
        self.fields.iter().find(|field| field.tag == tag).copied()
    }

    /// The value of the first field of that tag.
    #[inline]
    pub fn get(&self, tag: u32) -> Option<&'a [u8]> {
        self.find(tag).map(|field| self.value(field))
    }

    /// MsgType (35), which is always the third field.
    #[inline]
    pub fn msg_type(&self) -> &'a [u8] {
        self.fields.get(2).map_or(&[], |field| self.value(*field))
    }

    /// MsgSeqNum (34), if it is there and a number.
    #[inline]
    pub fn seq_num(&self) -> Option<u64> {
        self.unsigned(tags::MSG_SEQ_NUM)?.ok()
    }

    /// A field of digits.
    pub fn unsigned(&self, tag: u32) -> Option<Result<u64, ValueFault>> {
        self.get(tag).map(unsigned)
    }

    /// Tags and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &'a [u8])> + use<'a> {
        let view = *self;
        view.fields.iter().map(move |field| (field.tag, view.value(*field)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(text: &str) -> Vec<u8> {
        text.replace('|', "\u{1}").into_bytes()
    }

    fn read(text: &str) -> Result<Vec<(u32, String)>, Malformed> {
        let message = wire(text);
        let mut index = Index::new();
        index.read(&message)?;
        let view = index.view(&message);
        Ok(view.iter().map(|(tag, value)| (tag, String::from_utf8_lossy(value).into_owned())).collect())
    }

    fn reason(text: &str) -> (usize, MalformedReason) {
        let malformed = read(text).expect_err(text);
        (malformed.field, malformed.reason)
    }

    #[test]
    fn the_table_of_data_fields_is_in_order_and_found() {
        assert!(DATA_FIELDS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(DATA_FIELDS.iter().all(|(length, data)| data_tag(*length) == Some(*data)));
        assert_eq!([data_tag(0), data_tag(96), data_tag(u32::MAX)], [None; 3]);
    }

    #[test]
    fn fields_come_in_their_order() {
        let found = read("8=FIX.4.4|9=5|35=D|11=a=b|58=|10=000|").unwrap();
        let tags: Vec<u32> = found.iter().map(|(tag, _)| *tag).collect();
        assert_eq!(tags, [8, 9, 35, 11, 58, 10]);
        assert_eq!(found[3].1, "a=b");
        assert_eq!(found[4].1, "");
    }

    #[test]
    fn a_view_finds_by_tag() {
        let message = wire("8=FIX.4.4|9=5|35=AE|34=12|34=13|10=000|");
        let mut index = Index::new();
        index.read(&message).unwrap();
        let view = index.view(&message);
        assert_eq!((view.msg_type(), view.seq_num(), view.get(49)), (&b"AE"[..], Some(12), None));
    }

    #[test]
    fn data_may_hold_the_delimiter() {
        let found = read("8=FIX.4.4|9=5|35=B|95=5|96=a|1=b|58=x|10=000|").unwrap();
        assert_eq!(found[4], (96, "a\u{1}1=b".to_owned()));
        assert_eq!(found[5], (58, "x".to_owned()));
    }

    #[test]
    fn data_of_another_length_is_malformed() {
        for text in ["95=4|96=a|1=b|", "95=x|96=a|", "95=-1|96=a|", "95=99999999999999999999|96=a|", "95=400|96=a|"] {
            assert_eq!(reason(&format!("8=F|9=5|35=B|{text}10=000|")), (5, MalformedReason::DataLength), "{text}");
        }
    }

    #[test]
    fn data_without_its_length_ends_at_the_delimiter() {
        assert_eq!(read("8=F|9=5|35=B|96=a|10=000|").unwrap()[3], (96, "a".to_owned()));
    }

    #[test]
    fn a_tag_is_a_number_without_leading_zeros() {
        for text in [
            "x=1|",
            "=1|",
            "4garbled9=1|",
            "49garbled=1|",
            "049=1|",
            "1 =1|",
            "+1=1|",
            "-=1|",
            "--1=2|",
            "1234567890=1|",
            "|",
            "58|",
        ] {
            assert_eq!(reason(&format!("8=F|9=5|35=0|{text}10=000|")), (4, MalformedReason::Tag), "{text}");
        }
    }

    #[test]
    fn tags_that_no_standard_has_are_kept_to_be_told() {
        let found = read("8=F|9=5|35=0|0=a|-1=b|10=000|").unwrap();
        assert_eq!([found[3].0, found[4].0], [0, (-1i32).cast_unsigned()]);
    }

    #[test]
    fn the_first_three_fields_and_the_last_have_their_places() {
        assert_eq!(reason("9=5|8=F|35=0|10=000|"), (1, MalformedReason::Order));
        assert_eq!(reason("8=F|35=0|9=5|10=000|"), (2, MalformedReason::Order));
        assert_eq!(reason("8=F|9=5|34=1|35=0|10=000|"), (3, MalformedReason::Order));
        assert_eq!(reason("8=F|9=5|35=0|10=000|34=1|"), (5, MalformedReason::Order));
        assert_eq!(reason("8=F|9=5|35=0|"), (3, MalformedReason::Order));
        assert_eq!(reason(""), (1, MalformedReason::Order));
    }

    #[test]
    fn short_tags_are_read_as_all_tags_are() {
        let texts = [
            "=", "0=", "1=", "00=", "01=", "9=9", "10=", "99==", "123=", "1234=", "12345=", "1a=", ":=", "/1=", "12",
            "1\u{1}2=", "x",
        ];
        let bytes =
            (0..=255u8).flat_map(|byte| [vec![byte, b'='], vec![b'1', byte, b'='], vec![b'1', b'2', b'3', byte, b'=']]);
        for mut text in texts.iter().map(|text| text.as_bytes().to_vec()).chain(bytes) {
            text.extend(b"value behind");
            let short = short_tag(*text.first_chunk().unwrap());
            let all = any_tag(&text, 0).filter(|(tag, _)| (1..10_000).contains(tag));
            assert_eq!(short.map(|(tag, digits)| (tag, digits + 1)), all, "{text:?}");
        }
    }

    #[test]
    fn delimiters_are_found_at_every_place_of_a_block() {
        for place in 0..BLOCK {
            let mut block = std::array::from_fn(|n| [0, 2, 0x81, 0x80, 0xFF][n % 5]);
            block[place] = SOH;
            assert_eq!(delimiters_of(&block), 1 << place);
        }
        for length in 0..200 {
            let message: Vec<u8> = (0..length).map(|n| if n % 7 == 3 { SOH } else { b'x' }).collect();
            for from in (0..length).step_by(5) {
                let wanted =
                    (from..length.min(from + BLOCK)).filter(|n| n % 7 == 3).fold(0, |mask, n| mask | 1 << (n - from));
                assert_eq!(delimiters(&message, from), wanted, "{length} {from}");
            }
        }
    }

    #[test]
    fn a_field_ends_with_the_delimiter() {
        assert_eq!(reason("8=F|9=5|35=0|10=000"), (4, MalformedReason::Unended));
    }
}
