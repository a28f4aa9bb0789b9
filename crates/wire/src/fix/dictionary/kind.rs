//! Kinds of values: what a dictionary calls a type, and whether bytes have its form.
use crate::fix::values::{boolean, date, int, is_decimal, time_of_day, timestamp, unsigned};

/// A type of the standard, as far as its form differs from that of others (FIX 5.0 SP2 volume 1, "FIX field data types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Any bytes but the delimiter: String, Currency, Country, Exchange, Language, XID.
    Text,
    Char,
    Int,
    /// A number that is not negative: SeqNum, Length, TagNum.
    Unsigned,
    /// NumInGroup.
    Count,
    /// Any exact number: float, Qty, Price, PriceOffset, Amt, Percentage.
    Decimal,
    Boolean,
    /// Characters with a space between each two.
    Chars,
    /// Texts with a space between each two.
    Texts,
    Timestamp,
    TimeOnly,
    Date,
    /// YYYYMM, YYYYMMDD, or YYYYMMw1 to w5.
    MonthYear,
    DayOfMonth,
    /// A time with Z or an offset from UTC.
    ZonedTime,
    ZonedTimestamp,
    /// Any bytes, as many as the field before says.
    Data,
}

impl Kind {
    /// By the name that dictionaries use, old versions included.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "STRING" | "CURRENCY" | "COUNTRY" | "EXCHANGE" | "LANGUAGE" | "XID" | "XIDREF" | "TENOR" | "PATTERN" => {
                Self::Text
            }
            "CHAR" => Self::Char,
            "INT" => Self::Int,
            "SEQNUM" | "LENGTH" | "TAGNUM" => Self::Unsigned,
            "NUMINGROUP" => Self::Count,
            "FLOAT" | "QTY" | "QUANTITY" | "PRICE" | "PRICEOFFSET" | "AMT" | "PERCENTAGE" => Self::Decimal,
            "BOOLEAN" => Self::Boolean,
            "MULTIPLECHARVALUE" => Self::Chars,
            "MULTIPLEVALUESTRING" | "MULTIPLESTRINGVALUE" => Self::Texts,
            "UTCTIMESTAMP" | "TIME" => Self::Timestamp,
            "UTCTIMEONLY" | "LOCALMKTTIME" => Self::TimeOnly,
            "UTCDATE" | "UTCDATEONLY" | "LOCALMKTDATE" | "DATE" => Self::Date,
            "MONTHYEAR" => Self::MonthYear,
            "DAYOFMONTH" => Self::DayOfMonth,
            "TZTIMEONLY" => Self::ZonedTime,
            "TZTIMESTAMP" => Self::ZonedTimestamp,
            "DATA" | "XMLDATA" => Self::Data,
            _ => return None,
        })
    }

    /// Whether bytes (at least one) have the form of this kind.
    #[inline]
    pub fn fits(self, bytes: &[u8]) -> bool {
        match self {
            Self::Text | Self::Data => true,
            Self::Char => bytes.len() == 1 && bytes[0] >= b' ',
            // a count below zero is a number, and the wrong one
            Self::Int | Self::Count => int(bytes).is_ok(),
            Self::Unsigned => unsigned(bytes).is_ok(),
            Self::Decimal => is_decimal(bytes),
            Self::Boolean => boolean(bytes).is_ok(),
            Self::Timestamp => timestamp(bytes).is_ok(),
            Self::Date => date(bytes).is_ok(),
            _ => self.fits_seldom(bytes),
        }
    }

    #[cold]
    fn fits_seldom(self, bytes: &[u8]) -> bool {
        match self {
            Self::Chars => bytes.split(|byte| *byte == b' ').all(|part| part.len() == 1),
            Self::Texts => bytes.split(|byte| *byte == b' ').all(|part| !part.is_empty()),
            Self::TimeOnly => time_of_day(bytes).is_ok(),
            Self::MonthYear => is_month_year(bytes),
            Self::DayOfMonth => bytes.len() <= 2 && matches!(unsigned(bytes), Ok(1..=31)),
            Self::ZonedTime => is_zoned_time(bytes),
            Self::ZonedTimestamp => match bytes.split_at_checked(9) {
                Some((day, time)) => day[8] == b'-' && date(&day[..8]).is_ok() && is_zoned_time(time),
                None => false,
            },
            _ => true,
        }
    }
}

fn is_month_year(bytes: &[u8]) -> bool {
    match bytes.len() {
        6 => matches!(unsigned(bytes), Ok(n) if (1..=12).contains(&(n % 100))),
        8 if bytes[6] == b'w' => is_month_year(&bytes[..6]) && matches!(bytes[7], b'1'..=b'5'),
        8 => date(bytes).is_ok(),
        _ => false,
    }
}

/// HH:MM[:SS[.sss...]], then Z or + or - and hh[:mm].
fn is_zoned_time(bytes: &[u8]) -> bool {
    let Some(at) = bytes.iter().position(|byte| matches!(byte, b'Z' | b'+' | b'-')) else { return false };
    let (clock, zone) = bytes.split_at(at);
    let clock_fits = match clock.len() {
        5 => time_of_day(&[clock, b":00"].concat()).is_ok(),
        _ => time_of_day(clock).is_ok(),
    };
    clock_fits
        && match zone {
            b"Z" => true,
            [_, hour @ ..] => match hour.len() {
                2 => matches!(unsigned(hour), Ok(0..=14)),
                5 => hour[2] == b':' && time_of_day(&[hour, b":00"].concat()).is_ok() && &hour[..2] <= b"14".as_slice(),
                _ => false,
            },
            [] => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitting<'a>(kind: Kind, values: &[&'a str]) -> Vec<&'a str> {
        values.iter().copied().filter(|value| kind.fits(value.as_bytes())).collect()
    }

    #[test]
    fn each_kind_takes_its_own_forms_only() {
        for (kind, good, bad) in [
            (Kind::Char, &["A", "0"][..], &["AB", "\t"][..]),
            (Kind::Int, &["0", "-5", "007"], &["+5", "5.0", "-", "x"]),
            (Kind::Unsigned, &["0", "18"], &["-1", "1.", "99999999999999999999"]),
            (Kind::Decimal, &["1", "-1.50", ".5", "002000.00", "5."], &["+200.00", "1.2.3", ".", "1e5", "1,5"]),
            (Kind::Boolean, &["Y", "N"], &["y", "YES", "1"]),
            (Kind::Chars, &["A", "A B C"], &["AB", "A  B", " A"]),
            (Kind::Texts, &["A", "AB C"], &["A  B", " A", "A "]),
            (
                Kind::Timestamp,
                &["20260101-00:00:00", "20260101-23:59:60.123456789"],
                &["20260101", "20261301-00:00:00", "20260101-0:00:00"],
            ),
            (Kind::TimeOnly, &["00:00:00", "23:59:59.999"], &["24:00:00", "00:00"]),
            (Kind::Date, &["20240229"], &["20230229", "2024-02-29"]),
            (Kind::MonthYear, &["202612", "20261231", "202612w5"], &["202613", "2026", "202612w6", "20261232"]),
            (Kind::DayOfMonth, &["1", "31"], &["0", "32", "001"]),
            (
                Kind::ZonedTime,
                &["07:39Z", "02:39-05", "15:39:10+08", "13:09+05:30", "07:39:01.123Z"],
                &["07:39", "07:39+15", "7:39Z", "07:39+5"],
            ),
            (
                Kind::ZonedTimestamp,
                &["20060901-07:39Z", "20060901-13:09:00.123+05:30"],
                &["20060901-07:39", "20060932-07:39Z", "2006"],
            ),
            (Kind::Text, &["any thing"], &[]),
        ] {
            assert_eq!(fitting(kind, good), good, "{kind:?}");
            assert_eq!(fitting(kind, bad), [""; 0], "{kind:?}");
        }
    }

    #[test]
    fn a_type_that_no_version_has_is_not_known() {
        assert_eq!([Kind::of("QTY"), Kind::of("qty"), Kind::of("FLAVOUR")], [Some(Kind::Decimal), None, None]);
    }
}
