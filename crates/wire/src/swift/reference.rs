//! The common reference 22C of MT 300: `AAAABBrrrrCCCCDD`, both parties' codes in alphabetical order around digits of the rate.
//!
//! A party's code is the first four letters (bank) and the two characters of the location of its business identifier code; letters come
//! before digits. The four digits are the rightmost digit of field 36 that is no zero and the three to its left, filled up with zeros.
//! Source: SWIFT User Handbook, MT 300, field 22C (T22, T95, T96).
use std::cmp::Ordering;

/// Characters of a common reference.
pub const LENGTH: usize = 16;
const CODE: usize = 6;
const DIGITS: usize = 4;

/// Bank and location of a business identifier code: `DEUTFF` of DEUTDEFF. `None` for what is too short.
pub fn party_code(bic: &str) -> Option<String> {
    Some(format!("{}{}", bic.get(..4)?, bic.get(6..8)?))
}

/// Letters before digits, one character after the other.
pub fn order(one: &str, other: &str) -> Ordering {
    let rank = |text: &str| text.bytes().map(|byte| (byte.is_ascii_digit(), byte)).collect::<Vec<_>>();
    rank(one).cmp(&rank(other))
}

/// The digits of a rate as field 36 has it.
pub fn rate_digits(rate: &str) -> String {
    let digits: String = rate.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    format!("{:0>4}", &digits[digits.len().saturating_sub(DIGITS)..])
}

/// The reference of a deal; `None` where a code is too short.
pub fn common(one: &str, other: &str, rate: &str) -> Option<String> {
    let (one, other) = (party_code(one)?, party_code(other)?);
    let (first, second) = if order(&one, &other) == Ordering::Greater { (other, one) } else { (one, other) };
    Some(format!("{first}{}{second}", rate_digits(rate)))
}

/// (first party, digits, second party) of a reference; `None` for what has another length.
pub fn parts(reference: &str) -> Option<(&str, &str, &str)> {
    let fits = reference.len() == LENGTH && reference.is_ascii();
    fits.then(|| (&reference[..CODE], &reference[CODE..CODE + DIGITS], &reference[CODE + DIGITS..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_end_with_the_last_that_is_no_zero() {
        for (rate, digits) in [
            ("1,08455", "8455"),
            ("1,5", "0015"),
            ("105,00", "0105"),
            ("151,237", "1237"),
            ("0,00012", "0012"),
            ("1,0010", "1001"),
            ("1000,", "0001"),
            ("0,", "0000"),
        ] {
            assert_eq!(rate_digits(rate), digits, "{rate}");
        }
    }

    #[test]
    fn parties_stand_in_alphabetical_order_with_letters_before_digits() {
        assert_eq!(common("CHASUS33XXX", "BANKGB2L", "1,08455").as_deref(), Some("BANK2L8455CHAS33"));
        assert_eq!(order("BANK2L", "BANKGB"), Ordering::Greater);
        assert_eq!(common("BANKGB2L", "BANKUSAA", "1,5").as_deref(), Some("BANKAA0015BANK2L"));
        assert_eq!(common("BANK", "BANKUSAA", "1,5"), None);
    }
}
