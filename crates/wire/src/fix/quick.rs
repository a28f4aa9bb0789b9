//! Forms of the commonest values, eight bytes at a time. Each says yes only where `Kind::fits` does, and seldom no where it
//! would say yes: who asks must ask there again after a no.
use super::index::Field;

/// The highest bit of every byte.
const HIGH: u64 = 0x8080_8080_8080_8080;
/// `0` in every byte.
const ZEROS: u64 = 0x3030_3030_3030_3030;
/// What, added to a byte, sets its highest bit if it is over 9.
const OVER_NINE: u64 = 0x7676_7676_7676_7676;

/// The bits of bytes that are no digits: of a value of two to eight bytes, its first byte lowest.
#[inline]
fn no_digits(bytes: &[u8], field: Field) -> Option<u64> {
    let (start, length) = (field.start as usize, field.end - field.start);
    let word = bytes.get(start..start + 8)?.first_chunk()?;
    if length > 8 {
        return None;
    }
    // bytes behind the value are shifted out; zeros, which pass for digits, come in below it
    let digits = (u64::from_le_bytes(*word) ^ ZEROS) << (64 - 8 * length);
    let odd = (((digits & !HIGH) + OVER_NINE) | digits) & HIGH;
    Some(odd >> (64 - 8 * length))
}

/// Two to eight digits.
#[inline]
pub fn is_digits(bytes: &[u8], field: Field) -> bool {
    no_digits(bytes, field) == Some(0)
}

/// Two to eight digits and at most one point, or a minus before them.
#[inline]
pub fn is_decimal(bytes: &[u8], field: Field) -> bool {
    match no_digits(bytes, field) {
        Some(0) => true,
        Some(odd) => {
            let place = odd.trailing_zeros() as usize / 8;
            let byte = bytes[field.start as usize + place];
            odd & (odd - 1) == 0 && (byte == b'.' || (byte == b'-' && place == 0))
        }
        None => false,
    }
}

/// `YYYYMMDD-HH:MM:SS`, then nothing or a point and 3 or 6 digits; years 1970 to 2499, days up to the 28th of every month.
#[inline]
pub fn is_timestamp(value: &[u8]) -> bool {
    let Some((seconds, fraction)) = value.split_at_checked(17) else { return false };
    let ([day, clock], [last]) = seconds.as_chunks::<8>() else { return false };
    let day = u64::from_le_bytes(*day) ^ ZEROS;
    // the clock begins with the minus before it
    let clock = u64::from_le_bytes(*clock) ^ u64::from_le_bytes(*b"-00:00:0");
    let digits = ((day & !HIGH) + OVER_NINE) | day;
    // nothing may be left of minus and colons, at most 9 of digits
    let clocks = ((clock & !HIGH) + u64::from_le_bytes([0x7F, 0x76, 0x76, 0x7F, 0x76, 0x76, 0x7F, 0x76])) | clock;
    let [y, yy, yyy, yyyy, m, mm, d, dd] = day.to_le_bytes().map(u32::from);
    let [_, h, hh, _, n, nn, _, s] = clock.to_le_bytes();
    (digits | clocks) & HIGH == 0
        && last.is_ascii_digit()
        && (1970..2500).contains(&(y * 1_000 + yy * 100 + yyy * 10 + yyyy))
        && (1..=12).contains(&(m * 10 + mm))
        && (1..=28).contains(&(d * 10 + dd))
        && h * 10 + hh < 24
        && n < 6
        && nn < 10
        && s < 6
        && is_fraction(fraction)
}

#[inline]
fn is_fraction(fraction: &[u8]) -> bool {
    match fraction {
        [] => true,
        [b'.', a, b, c] => digits([*a, *b, *c]),
        [b'.', a, b, c, d, e, f] => digits([*a, *b, *c]) && digits([*d, *e, *f]),
        _ => false,
    }
}

#[inline]
fn digits(bytes: [u8; 3]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::super::dictionary::Kind;
    use super::*;

    /// Every value of up to nine characters that matter, over a few of them.
    fn values() -> impl Iterator<Item = Vec<u8>> {
        let characters = *b"09.-:x";
        (2..=9u32).flat_map(move |length| {
            (0..2_000u64).map(move |seed| {
                let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + u64::from(length);
                let next = |_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    // mostly digits, so that many are right
                    characters[(state >> 60).saturating_sub(8).min(5) as usize]
                };
                (0..length).map(next).collect()
            })
        })
    }

    #[test]
    fn what_passes_quickly_passes_in_full() {
        let (mut passed, mut right) = (0, 0);
        for value in values() {
            let field = Field { tag: 1, start: 0, end: value.len() as u32 };
            let bytes = [value.as_slice(), b"\x0110=000\x01"].concat();
            for (quick, kind) in
                [(is_digits(&bytes, field), Kind::Unsigned), (is_decimal(&bytes, field), Kind::Decimal)]
            {
                let full = kind.fits(&value);
                assert!(full || !quick, "{kind:?} {value:?}");
                (passed, right) = (passed + u32::from(quick), right + u32::from(full));
            }
        }
        assert!(passed > right / 2 && passed > 4_000, "{passed} of {right}");
    }

    #[test]
    fn a_timestamp_passes_quickly_if_it_passes_in_full() {
        let right = b"20260228-23:59:59.123456";
        for length in [17, 21, 24] {
            assert!(is_timestamp(&right[..length]));
        }
        for place in 0..24 {
            for byte in 0..=255 {
                let mut value = *right;
                value[place] = byte;
                for length in [17, 18, 21, 24] {
                    let value = &value[..length];
                    assert!(Kind::Timestamp.fits(value) || !is_timestamp(value), "{value:?}");
                }
            }
        }
    }
}
