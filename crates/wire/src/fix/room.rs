//! Where an encoder writes: a buffer with room to spare behind what is written.
//!
//! Most values are short. They are written in whole words, over what comes behind them, since a copy of a length that is known
//! costs next to nothing.
use super::SOH;
use super::values::eight_digits;

/// What every field needs beside its value: a tag, `=`, SOH, numbers of any size, and what is written over.
pub const SLACK: usize = 64;
/// `0` in every byte.
pub const ZEROS: u64 = 0x3030_3030_3030_3030;
const EQUALS: u64 = b'=' as u64;

/// A buffer and where the next byte goes; there are `SLACK` bytes more than the value at hand has.
pub struct Room<'a> {
    pub bytes: &'a mut [u8],
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

    /// Text of at least one byte; false if there is a delimiter in it.
    pub fn text(&mut self, value: &[u8]) -> bool {
        let length = value.len();
        let room = &mut self.bytes[self.at..self.at + length];
        self.at += length;
        if let (Some(first), Some(last)) = (value.first_chunk::<8>(), value.last_chunk::<8>())
            && length <= 16
        {
            // the two words may overlap
            room[..8].copy_from_slice(first);
            room[length - 8..].copy_from_slice(last);
            return !has_delimiter(u64::from_le_bytes(*first)) && !has_delimiter(u64::from_le_bytes(*last));
        }
        if let (Some(first), Some(last)) = (value.first_chunk::<16>(), value.last_chunk::<16>())
            && length <= 32
        {
            room[..16].copy_from_slice(first);
            room[length - 16..].copy_from_slice(last);
            let (first, last) = (u128::from_le_bytes(*first), u128::from_le_bytes(*last));
            return ![first, first >> 64, last, last >> 64].iter().any(|word| has_delimiter(*word as u64));
        }
        if let (Some(first), Some(last)) = (value.first_chunk::<4>(), value.last_chunk::<4>())
            && length < 8
        {
            room[..4].copy_from_slice(first);
            room[length - 4..].copy_from_slice(last);
            return !has_delimiter(u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)));
        }
        if length < 4 {
            let mut clean = true;
            for (to, from) in room.iter_mut().zip(value) {
                *to = *from;
                clean &= *from != SOH;
            }
            return clean;
        }
        room.copy_from_slice(value);
        let (words, rest) = value.as_chunks::<8>();
        !words.iter().any(|word| has_delimiter(u64::from_le_bytes(*word))) && !rest.contains(&SOH)
    }

    /// Digits of a number without leading zeros.
    #[inline]
    pub fn number(&mut self, value: u64) {
        if value >= 100_000_000 {
            return self.long_number(value);
        }
        let digits = eight_digits(value as u32);
        let zeros = (digits.trailing_zeros() / 8).min(7);
        self.bytes[self.at..self.at + 8].copy_from_slice(&((digits | ZEROS) >> (8 * zeros)).to_le_bytes());
        self.at += 8 - zeros as usize;
    }

    fn long_number(&mut self, value: u64) {
        self.number(value / 100_000_000);
        self.last_digits((value % 100_000_000) as u32, 8);
    }

    /// The last digits, one to eight, of a number below 10^8.
    #[inline]
    pub fn last_digits(&mut self, value: u32, count: usize) {
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

    /// Any bytes.
    pub fn any(&mut self, value: &[u8]) {
        self.bytes[self.at..self.at + value.len()].copy_from_slice(value);
        self.at += value.len();
    }
}

/// Whether one of eight bytes is the delimiter (Warren, Hacker's Delight 2, section 6-1: is there a zero byte?).
#[inline]
fn has_delimiter(bytes: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let differs = bytes ^ (ONES * SOH as u64);
    differs.wrapping_sub(ONES) & !differs & (ONES << 7) != 0
}
