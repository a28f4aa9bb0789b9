//! Values of fields: text to integers and back, without floats. FIX 5.0 SP2 volume 1, "FIX field data types".
use std::fmt;

/// Nanoseconds of a second and seconds of a day.
const SECOND: u64 = 1_000_000_000;
const DAY_S: u64 = 86_400;
/// Bytes of `YYYYMMDD-HH:MM:SS`.
pub const TIMESTAMP_SECONDS: usize = 17;

/// Why a value is not of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueFault {
    /// No byte at all.
    Empty,
    /// A byte that the type does not have.
    Format,
    /// A number, a month or an hour out of its range, or a number that 64 bits do not hold.
    Range,
    /// More decimals than asked for, and they are not zeros.
    Decimals,
}

impl fmt::Display for ValueFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Empty => "the value is empty",
            Self::Format => "the value is not of its type",
            Self::Range => "the value is out of range",
            Self::Decimals => "the value has too many decimals",
        })
    }
}

/// `int`: an optional minus and digits, leading zeros allowed.
#[inline]
pub fn int(bytes: &[u8]) -> Result<i64, ValueFault> {
    match bytes {
        [] => Err(ValueFault::Empty),
        [b'-', digits @ ..] => {
            let value = unsigned(digits).map_err(|fault| if digits.is_empty() { ValueFault::Format } else { fault })?;
            0i64.checked_sub_unsigned(value).ok_or(ValueFault::Range)
        }
        digits => i64::try_from(unsigned(digits)?).map_err(|_| ValueFault::Range),
    }
}

/// Digits only: SeqNum, Length, NumInGroup.
#[inline]
pub fn unsigned(bytes: &[u8]) -> Result<u64, ValueFault> {
    if bytes.is_empty() {
        return Err(ValueFault::Empty);
    }
    let mut value = 0u64;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(ValueFault::Format);
        }
        value = value.checked_mul(10).and_then(|v| v.checked_add(u64::from(digit))).ok_or(ValueFault::Range)?;
    }
    Ok(value)
}

/// `float` and its kinds (Qty, Price, Amt ...) as an integer of the last of `decimals` decimals: `12.5` with 2 is 1250.
/// Exact: more decimals than that are refused unless they are zeros. Leading and trailing zeros are allowed.
pub fn decimal(bytes: &[u8], decimals: u8) -> Result<i64, ValueFault> {
    let (negative, digits) = match bytes {
        [] => return Err(ValueFault::Empty),
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let (whole, fraction) = split_decimal(digits)?;
    let mut value = 0i64;
    let mut push = |digit: u8| {
        value = value.checked_mul(10).and_then(|v| v.checked_sub(i64::from(digit))).ok_or(ValueFault::Range)?;
        Ok(())
    };
    // summed below zero, since there is one more negative number than positive ones
    whole.iter().try_for_each(|byte| push(byte - b'0'))?;
    let (kept, rest) = fraction.split_at(fraction.len().min(usize::from(decimals)));
    kept.iter().try_for_each(|byte| push(byte - b'0'))?;
    if rest.iter().any(|byte| *byte != b'0') {
        return Err(ValueFault::Decimals);
    }
    if value != 0 {
        for _ in kept.len()..usize::from(decimals) {
            value = value.checked_mul(10).ok_or(ValueFault::Range)?;
        }
    }
    if negative { Ok(value) } else { value.checked_neg().ok_or(ValueFault::Range) }
}

/// Whether the bytes have the form of a `float`: optional minus, digits, at most one point, at least one digit.
#[inline]
pub fn is_decimal(bytes: &[u8]) -> bool {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let mut points = 0;
    for byte in digits {
        if *byte == b'.' {
            points += 1;
        } else if !byte.is_ascii_digit() {
            return false;
        }
    }
    points <= 1 && digits.len() > points
}

fn split_decimal(digits: &[u8]) -> Result<(&[u8], &[u8]), ValueFault> {
    if !is_decimal(digits) || digits[0] == b'-' {
        return Err(ValueFault::Format);
    }
    match digits.iter().position(|byte| *byte == b'.') {
        Some(point) => Ok((&digits[..point], &digits[point + 1..])),
        None => Ok((digits, &[])),
    }
}

/// `char`: one byte, printable, not the delimiter.
pub fn char(bytes: &[u8]) -> Result<u8, ValueFault> {
    match bytes {
        [] => Err(ValueFault::Empty),
        [byte] if *byte >= b' ' => Ok(*byte),
        _ => Err(ValueFault::Format),
    }
}

/// `Boolean`: `Y` or `N`.
#[inline]
pub fn boolean(bytes: &[u8]) -> Result<bool, ValueFault> {
    match bytes {
        b"Y" => Ok(true),
        b"N" => Ok(false),
        [] => Err(ValueFault::Empty),
        _ => Err(ValueFault::Format),
    }
}

/// `UTCDateOnly`, `LocalMktDate` (YYYYMMDD): days since 1970-01-01.
pub fn date(bytes: &[u8]) -> Result<i64, ValueFault> {
    let digits: &[u8; 8] = bytes.try_into().map_err(|_| fault_of_length(bytes))?;
    let part = |from: usize, to: usize| unsigned(&digits[from..to]);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    if month == 0 || month > 12 || day == 0 || day > days_of(year, month) {
        return Err(ValueFault::Range);
    }
    Ok(days_from_civil(year.cast_signed(), month.cast_signed(), day.cast_signed()))
}

/// `UTCTimeOnly` (HH:MM:SS, then nothing or `.` and 3, 6, 9 or 12 digits): nanoseconds since midnight. 60 seconds are allowed
/// for a leap second; digits after the ninth must be zeros.
pub fn time_of_day(bytes: &[u8]) -> Result<u64, ValueFault> {
    let (clock, fraction) = bytes.split_at_checked(8).ok_or_else(|| fault_of_length(bytes))?;
    if clock[2] != b':' || clock[5] != b':' {
        return Err(ValueFault::Format);
    }
    let (hour, minute, second) = (unsigned(&clock[..2])?, unsigned(&clock[3..5])?, unsigned(&clock[6..])?);
    if hour > 23 || minute > 59 || second > 60 {
        return Err(ValueFault::Range);
    }
    Ok(((hour * 60 + minute) * 60 + second) * SECOND + nanoseconds(fraction)?)
}

/// `UTCTimestamp` (`YYYYMMDD-` and a time of day): nanoseconds since 1970-01-01, at most until 2554.
pub fn timestamp(bytes: &[u8]) -> Result<u64, ValueFault> {
    let (day, clock) = bytes.split_at_checked(9).ok_or_else(|| fault_of_length(bytes))?;
    if day[8] != b'-' {
        return Err(ValueFault::Format);
    }
    let days = u64::try_from(date(&day[..8])?).map_err(|_| ValueFault::Range)?;
    let midnight = days.checked_mul(DAY_S * SECOND).ok_or(ValueFault::Range)?;
    midnight.checked_add(time_of_day(clock)?).ok_or(ValueFault::Range)
}

fn nanoseconds(fraction: &[u8]) -> Result<u64, ValueFault> {
    let digits = match fraction {
        [] => return Ok(0),
        [b'.', digits @ ..] if matches!(digits.len(), 3 | 6 | 9 | 12) => digits,
        _ => return Err(ValueFault::Format),
    };
    let value = unsigned(digits)?;
    match digits.len() {
        3 => Ok(value * 1_000_000),
        6 => Ok(value * 1_000),
        9 => Ok(value),
        _ if value.is_multiple_of(1_000) => Ok(value / 1_000),
        _ => Err(ValueFault::Decimals),
    }
}

fn fault_of_length(bytes: &[u8]) -> ValueFault {
    if bytes.is_empty() { ValueFault::Empty } else { ValueFault::Format }
}

fn days_of(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar: Howard Hinnant, "chrono-compatible low-level date algorithms",
/// days_from_civil (years count from March, so that the leap day is the last).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The other way: (year, month, day); same source, civil_from_days. For days since 1970-01-01 that are not negative.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// `YYYYMMDD-HH:MM:SS` of whole seconds since 1970-01-01; years past 9999 come out as 9999.
pub fn write_seconds(second: u64) -> [u8; TIMESTAMP_SECONDS] {
    let (year, month, day) = civil_from_days(second / DAY_S);
    let of_day = second % DAY_S;
    let mut out = *b"00000000-00:00:00";
    for (at, value) in [
        (0, year.min(9_999) / 100),
        (2, year.min(9_999) % 100),
        (4, month),
        (6, day),
        (9, of_day / 3_600),
        (12, of_day / 60 % 60),
        (15, of_day % 60),
    ] {
        out[at..at + 2].copy_from_slice(&two_digits(value));
    }
    out
}

/// The last two decimal digits.
#[inline]
pub fn two_digits(value: u64) -> [u8; 2] {
    let value = (value % 100) as u8;
    [b'0' + value / 10, b'0' + value % 10]
}

/// The four decimal digits of a number below 10^4, as `eight_digits` has them.
#[inline]
pub fn four_digits(value: u32) -> u32 {
    let hundreds = (value * 10_486) >> 20;
    let twos = hundreds | (value - hundreds * 100) << 16;
    let tens = ((twos * 103) >> 10) & 0x000F_000F;
    tens | (twos - tens * 10) << 8
}

/// The eight decimal digits of a number below 10^8, as values 0 to 9, the first in the lowest byte: halves by halves, all
/// parts of a step at once (the divisions are multiplications that are exact in these ranges).
#[inline]
pub fn eight_digits(value: u32) -> u64 {
    let fours = u64::from(value / 10_000) | u64::from(value % 10_000) << 32;
    let hundreds = ((fours * 10_486) >> 20) & 0x7F_0000_007F;
    let twos = hundreds | (fours - hundreds * 100) << 16;
    let tens = ((twos * 103) >> 10) & 0x000F_000F_000F_000F;
    tens | (twos - tens * 10) << 8
}

/// Decimal digits of `value` at the end of `out`; where they begin. Twenty bytes hold every value.
#[inline]
pub fn write_digits(out: &mut [u8; 20], mut value: u64) -> usize {
    let mut at = 20;
    while value >= 100 {
        at -= 2;
        out[at..at + 2].copy_from_slice(&two_digits(value));
        value /= 100;
    }
    if value >= 10 {
        at -= 2;
        out[at..at + 2].copy_from_slice(&two_digits(value));
    } else {
        at -= 1;
        out[at] = b'0' + value as u8;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_take_a_minus_and_leading_zeros_and_nothing_else() {
        assert_eq!(int(b"00023"), Ok(23));
        assert_eq!(int(b"-23"), Ok(-23));
        assert_eq!(int(b"-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(int(b"9223372036854775808"), Err(ValueFault::Range));
        for text in ["+1", "1.0", "-", "1 ", "x"] {
            assert_eq!(int(text.as_bytes()), Err(ValueFault::Format), "{text}");
        }
        assert_eq!(int(b""), Err(ValueFault::Empty));
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        assert_eq!(decimal(b"002000.00", 0), Ok(2_000));
        assert_eq!(decimal(b"12.5", 2), Ok(1_250));
        assert_eq!(decimal(b"-.5", 1), Ok(-5));
        assert_eq!(decimal(b"23.", 0), Ok(23));
        assert_eq!(decimal(b"0.001", 2), Err(ValueFault::Decimals));
        assert_eq!(decimal(b"-9223372036854775808", 0), Ok(i64::MIN));
        assert_eq!(decimal(b"9223372036854775808", 0), Err(ValueFault::Range));
        assert_eq!(decimal(b"1", 200), Err(ValueFault::Range));
        assert_eq!(decimal(b"0", 200), Ok(0));
        for text in [".", "-", "--1", "1.2.3", "1e5", "+1", "1,5"] {
            assert_eq!(decimal(text.as_bytes(), 2), Err(ValueFault::Format), "{text}");
        }
    }

    #[test]
    fn timestamps_go_from_seconds_to_nanoseconds() {
        assert_eq!(timestamp(b"19700101-00:00:00"), Ok(0));
        assert_eq!(timestamp(b"20240229-23:59:60.000"), timestamp(b"20240301-00:00:00"));
        assert_eq!(timestamp(b"20260101-00:00:00.123456789"), Ok(1_767_225_600_123_456_789));
        assert_eq!(timestamp(b"20260101-00:00:00.123456789001"), Err(ValueFault::Decimals));
        assert_eq!(timestamp(b"20230229-00:00:00"), Err(ValueFault::Range));
        assert_eq!(timestamp(b"20230228-24:00:00"), Err(ValueFault::Range));
        assert_eq!(timestamp(b"99990101-00:00:00"), Err(ValueFault::Range));
        for text in
            ["20230228 10:00:00", "20230228-10:00", "20230228-10:00:00.1", "20230228-10:00:00Z", "2023022x-10:00:00"]
        {
            assert_eq!(timestamp(text.as_bytes()), Err(ValueFault::Format), "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for second in (0..18_446_744_073).step_by(86_399 * 7) {
            assert_eq!(timestamp(&write_seconds(second)), Ok(second * SECOND));
        }
    }

    #[test]
    fn eight_digits_are_those_of_the_number() {
        for value in
            (0..100_000_000u32).step_by(997).chain((0..10_000).map(|n| n * 10_000)).chain(0..10_000).chain([99_999_999])
        {
            let text = format!("{value:08}");
            assert_eq!((eight_digits(value) | 0x3030_3030_3030_3030).to_le_bytes(), text.as_bytes());
            if value < 10_000 {
                assert_eq!(u64::from(four_digits(value)) << 32, eight_digits(value));
            }
        }
    }

    #[test]
    fn digits_are_those_of_the_number() {
        for value in [0, 9, 10, 99, 100, 12_345, u64::MAX] {
            let mut out = [0; 20];
            let at = write_digits(&mut out, value);
            assert_eq!(std::str::from_utf8(&out[at..]), Ok(value.to_string().as_str()));
        }
    }
}
