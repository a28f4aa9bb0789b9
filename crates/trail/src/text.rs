//! Numbers, times and JSON as the rows have them.
use std::fmt::Write;

pub const NS_PER_S: u64 = 1_000_000_000;
/// The end of the year 9999, in seconds since 1970.
const CALENDAR_END_S: u64 = 253_402_300_800;
const HEX: &[u8; 16] = b"0123456789abcdef";

/// A count of 10^-decimals as plain decimal text with all its decimals.
pub fn decimal(out: &mut String, count: i64, decimals: u8) {
    if decimals == 0 {
        return whole(out, count);
    }
    if count < 0 {
        out.push('-');
    }
    let (value, scale) = (u128::from(count.unsigned_abs()), 10_u128.pow(u32::from(decimals)));
    number(out, (value / scale) as u64);
    out.push('.');
    padded(out, (value % scale) as u64, usize::from(decimals));
}

pub fn whole(out: &mut String, count: i64) {
    if count < 0 {
        out.push('-');
    }
    number(out, count.unsigned_abs());
}

pub fn number(out: &mut String, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    ascii(out, &digits[at..]);
}

/// With zeros in front up to so many digits.
fn padded(out: &mut String, value: u64, digits: usize) {
    let (mut bytes, mut rest) = ([b'0'; 20], value);
    for place in bytes.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let needed = bytes.len() - bytes.iter().position(|digit| *digit != b'0').unwrap_or(bytes.len());
    for _ in bytes.len()..digits {
        out.push('0');
    }
    let shown = digits.max(needed).min(bytes.len());
    ascii(out, &bytes[bytes.len() - shown..]);
}

/// Nanoseconds since 1970 as RFC 3339 UTC with nanoseconds; the bare count where it is beyond every calendar, as a
/// refused order's may be.
pub fn moment(out: &mut String, at: u64) {
    let (seconds, nanos) = (at / NS_PER_S, at % NS_PER_S);
    if seconds >= CALENDAR_END_S {
        return number(out, at);
    }
    let (year, month, day) = civil(seconds / 86_400);
    let of_day = seconds % 86_400;
    padded(out, year, 4);
    for (mark, value) in [('-', month), ('-', day), ('T', of_day / 3_600), (':', of_day / 60 % 60), (':', of_day % 60)]
    {
        out.push(mark);
        padded(out, value, 2);
    }
    out.push('.');
    padded(out, nanos, 9);
    out.push('Z');
}

/// Year, month and day of so many days since 1970 (H. Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let turned = (5 * of_year + 2) / 153;
    let month = if turned < 10 { turned + 3 } else { turned - 9 };
    (year + era * 400 + u64::from(month <= 2), month, of_year - (153 * turned + 2) / 5 + 1)
}

pub fn hex(out: &mut String, bytes: &[u8]) {
    for piece in bytes.chunks(32) {
        let mut digits = [0; 64];
        for (place, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(piece) {
            *place = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
        }
        ascii(out, &digits[..2 * piece.len()]);
    }
}

fn ascii(out: &mut String, text: &[u8]) {
    out.push_str(std::str::from_utf8(text).expect("ASCII is UTF-8"));
}

/// A text in JSON (RFC 8785, section 3.2.2.2).
pub fn quoted(out: &mut String, text: &str) {
    out.push('"');
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.push_str(text);
    } else {
        text.chars().for_each(|letter| escaped(out, letter));
    }
    out.push('"');
}

fn escaped(out: &mut String, letter: char) {
    match letter {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        control if control < ' ' => write!(out, "\\u{:04x}", u32::from(control)).expect("a text takes all"),
        letter => out.push(letter),
    }
}

/// A text in JSON, or null.
pub fn quoted_or_null(out: &mut String, text: Option<&str>) {
    match text {
        Some(text) => quoted(out, text),
        None => out.push_str("null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn numbers_have_all_their_decimals_and_one_sign() {
        for (count, decimals, text) in [
            (12_500, 4, "1.2500"),
            (-5, 2, "-0.05"),
            (0, 3, "0.000"),
            (7, 0, "7"),
            (i64::MIN, 1, "-922337203685477580.8"),
            (i64::MAX, 19, "0.9223372036854775807"),
        ] {
            assert_eq!(told(|out| decimal(out, count, decimals)), text);
        }
    }

    #[test]
    fn times_are_those_of_the_calendar_to_its_end() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (951_782_400 * NS_PER_S + 1, "2000-02-29T00:00:00.000000001Z"),
            (1_764_374_399 * NS_PER_S + 999_999_999, "2025-11-28T23:59:59.999999999Z"),
            (4_107_542_399 * NS_PER_S, "2100-02-28T23:59:59.000000000Z"),
            (u64::MAX, "2554-07-21T23:34:33.709551615Z"),
        ] {
            assert_eq!(told(|out| moment(out, at)), text);
        }
    }

    #[test]
    fn json_escapes_what_it_must_and_nothing_else() {
        assert_eq!(told(|out| quoted(out, "a\"\\\u{1}\n\u{7f}é\u{2028}")), "\"a\\\"\\\\\\u0001\\n\u{7f}é\u{2028}\"");
    }
}
