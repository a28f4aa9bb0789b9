//! Where an encoder writes: room of a size that the compiler knows, behind what is written.
//!
//! Most values are short. They are written in whole words, over what comes behind them, since a copy of a length that is known
//! costs next to nothing.
use super::SOH;
use super::values::{eight_digits, four_digits};

/// Bytes that a field may need: a tag, `=`, a number of any size or a text of up to `SHORT` bytes, SOH, and what is written over.
pub const ROOM: usize = 96;
/// Texts up to this length are written in whole words.
pub const SHORT: usize = 32;
/// `0` in every byte.
pub const ZEROS: u64 = 0x3030_3030_3030_3030;
const EQUALS: u64 = b'=' as u64;

/// What lies behind the last field, and how much of it the next field has taken.
pub struct Room<'a> {
    pub bytes: &'a mut [u8; ROOM],
    pub at: usize,
}

impl Room<'_> {
    /// A tag and `=`.
    #[inline(always)]
    pub fn tag(&mut self, tag: u32) {
        let digits = |n: u32| (b'0' as u32 + n % 10) as u64;
        let (text, length) = match tag {
            0..10 => (digits(tag) | EQUALS << 8, 2),
            10..100 => (digits(tag / 10) | digits(tag) << 8 | EQUALS << 16, 3),
            100..1_000 => (digits(tag / 100) | digits(tag / 10) << 8 | digits(tag) << 16 | EQUALS << 24, 4),
            _ => {
                self.number(u64::from(tag));
                (EQUALS, 1)
            }
        };
        self.bytes[self.at..self.at + 8].copy_from_slice(&text.to_le_bytes());
        self.at += length;
    }

    /// Text of 1 to `SHORT` bytes; false if there is a delimiter in it. Both ends are written, which may overlap.
    #[inline(always)]
    pub fn text(&mut self, value: &[u8]) -> bool {
        let (at, length) = (self.at, value.len());
        self.at += length;
        if let (Some(first), Some(last)) = (value.first_chunk::<8>(), value.last_chunk::<8>())
            && length <= 16
        {
            self.bytes[at..at + 8].copy_from_slice(first);
            self.bytes[at + length - 8..at + length].copy_from_slice(last);
            return is_clean([u64::from_le_bytes(*first), u64::from_le_bytes(*last)]);
        }
        if let (Some(first), Some(last)) = (value.first_chunk::<4>(), value.last_chunk::<4>())
            && length < 8
        {
            self.bytes[at..at + 4].copy_from_slice(first);
            self.bytes[at + length - 4..at + length].copy_from_slice(last);
            return is_clean([u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))]);
        }
        if let (Some(first), Some(last)) = (value.first_chunk::<16>(), value.last_chunk::<16>()) {
            self.bytes[at..at + 16].copy_from_slice(first);
            self.bytes[at + length - 16..at + length].copy_from_slice(last);
            let (first, last) = (u128::from_le_bytes(*first), u128::from_le_bytes(*last));
            return is_clean([first as u64, (first >> 64) as u64, last as u64, (last >> 64) as u64]);
        }
        // one to three bytes: the first, the one in the middle, the last
        let [first, middle, last] = [0, length / 2, length - 1].map(|place| value[place]);
        self.bytes[at] = first;
        self.bytes[at + length / 2] = middle;
        self.bytes[at + length - 1] = last;
        first != SOH && middle != SOH && last != SOH
    }

    /// Digits of a number without leading zeros.
    #[inline(always)]
    pub fn number(&mut self, value: u64) {
        if value < 10_000 {
            let digits = four_digits(value as u32);
            let zeros = (digits.trailing_zeros() / 8).min(3);
            let text = (digits | ZEROS as u32) >> (8 * zeros);
            self.bytes[self.at..self.at + 4].copy_from_slice(&text.to_le_bytes());
            self.at += 4 - zeros as usize;
            return;
        }
        if value >= 100_000_000 {
            return self.long_number(value);
        }
        let digits = eight_digits(value as u32);
        let zeros = (digits.trailing_zeros() / 8).min(7);
        self.bytes[self.at..self.at + 8].copy_from_slice(&((digits | ZEROS) >> (8 * zeros)).to_le_bytes());
        self.at += 8 - zeros as usize;
    }

    #[cold]
    #[inline(never)]
    fn long_number(&mut self, value: u64) {
        self.number(value / 100_000_000);
        self.last_digits((value % 100_000_000) as u32, 8);
    }

    /// The last digits, one to eight, of a number that has no more.
    #[inline(always)]
    pub fn last_digits(&mut self, value: u32, count: usize) {
        if count <= 4 {
            let digits = (four_digits(value) | ZEROS as u32) >> (32 - 8 * count);
            self.bytes[self.at..self.at + 4].copy_from_slice(&digits.to_le_bytes());
            self.at += count;
            return;
        }
        let digits = (eight_digits(value) | ZEROS) >> (64 - 8 * count);
        self.bytes[self.at..self.at + 8].copy_from_slice(&digits.to_le_bytes());
        self.at += count;
    }

    #[inline(always)]
    pub fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.bytes[self.at..self.at + N].copy_from_slice(&bytes);
        self.at += N;
    }

    /// A point and so many digits.
    #[inline(always)]
    pub fn fraction(&mut self, value: u32, count: usize) {
        self.put([b'.']);
        self.last_digits(value, count);
    }
}

/// Whether none of the bytes is the delimiter (Warren, Hacker's Delight 2, section 6-1: is there a zero byte?).
#[inline(always)]
fn is_clean<const N: usize>(words: [u64; N]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zeros = words.iter().fold(0, |all, word| {
        let differs = word ^ (ONES * SOH as u64);
        all | differs.wrapping_sub(ONES) & !differs
    });
    zeros & (ONES << 7) == 0
}
