//! Decimal text as scaled integers, exactly: what files say becomes what the margin crate reckons with.

/// Decimal places of money, prices and strikes inside: an array of a currency future has six.
pub const PLACES: u32 = 6;
/// One whole unit.
pub const UNIT: i64 = 1_000_000;
/// Digits that a number may have in all.
const MOST_DIGITS: usize = 40;

/// The number in a text in millionths, the seventh place rounded half away from zero; None where it is no number or too large.
/// Signs, a point and an exponent (`-1.5e-3`) are understood.
pub fn millionths(text: &[u8]) -> Option<i64> {
    fixed(text, PLACES)
}

/// The number in a text in units of `10^-places`, rounded half away from zero.
pub fn fixed(text: &[u8], places: u32) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let mut value: i64 = 0;
    let mut seen = 0;
    let mut point = None;
    let mut rounded = None;
    for (place, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                seen += 1;
                let behind = point.map_or(0, |at| place - at);
                if behind > places as usize {
                    rounded.get_or_insert(*byte >= b'5');
                } else {
                    value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
                }
            }
            b'.' if point.is_none() => point = Some(place),
            b'e' | b'E' => return with_exponent(negative, &digits[..place], &digits[place + 1..], places),
            _ => return None,
        }
    }
    if seen == 0 || seen > MOST_DIGITS {
        return None;
    }
    let behind = point.map_or(0, |at| digits.len() - at - 1).min(places as usize) as u32;
    let value =
        value.checked_mul(10_i64.checked_pow(places - behind)?)?.checked_add(i64::from(rounded == Some(true)))?;
    Some(if negative { -value } else { value })
}

/// Moves the point of the mantissa, which is rare enough to be done on text.
fn with_exponent(negative: bool, mantissa: &[u8], exponent: &[u8], places: u32) -> Option<i64> {
    let exponent: i32 = std::str::from_utf8(exponent).ok()?.parse().ok()?;
    if exponent.unsigned_abs() > MOST_DIGITS as u32 {
        return None;
    }
    let point = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(mantissa.len());
    let digits: Vec<u8> = mantissa.iter().copied().filter(|byte| *byte != b'.').collect();
    let at = point as i32 + exponent;
    let mut moved = Vec::with_capacity(digits.len() + MOST_DIGITS);
    moved.resize(usize::try_from(-at).unwrap_or(0), b'0');
    moved.extend(&digits);
    moved.resize(moved.len().max(usize::try_from(at).unwrap_or(0)), b'0');
    moved.insert(usize::try_from(at).unwrap_or(0), b'.');
    let value = fixed(&moved, places)?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_millionths_exactly() {
        for (text, value) in [
            ("0", 0),
            ("8.72", 8_720_000),
            ("-736.49", -736_490_000),
            ("+1.0000005", 1_000_001),
            ("-1.0000005", -1_000_001),
            ("1.00000049999", 1_000_000),
            (".5", 500_000),
            ("7.", 7_000_000),
            ("1.5e-3", 1_500),
            ("-2E2", -200_000_000),
            ("12.5E0", 12_500_000),
        ] {
            assert_eq!(millionths(text.as_bytes()), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_too_large_is_none() {
        for text in ["", "-", ".", "1.2.3", "1,5", "abc", "9999999999999999", "1e99", "1e", "--1", "1 2", "nan"] {
            assert_eq!(millionths(text.as_bytes()), None, "{text}");
        }
    }
}
