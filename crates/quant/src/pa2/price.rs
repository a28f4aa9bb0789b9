//! How the positional files write prices: digits, a decimal locator, an alignment code, a sign.
use super::{Record, UNIT};
use crate::decimal::PLACES;
use crate::reference::Unreadable;

/// A family's P record.
#[derive(Clone, Copy, Debug)]
pub struct Quotation {
    locator: i64,
    strike_locator: i64,
    alignment: u8,
    strike_alignment: u8,
    /// Money for a price of one, in millionths.
    pub multiplier: i64,
    /// Options are paid when they are bought.
    pub premium: bool,
    currency: [u8; 3],
}

impl Default for Quotation {
    fn default() -> Self {
        let currency = *b"   ";
        Self {
            locator: 0,
            strike_locator: 0,
            alignment: b' ',
            strike_alignment: b' ',
            multiplier: UNIT,
            premium: true,
            currency,
        }
    }
}

impl Quotation {
    pub fn of(record: Record) -> Result<Self, Unreadable> {
        let factor = record.number(42, 55, "contract value factor")?;
        let exponent = record.number(74, 75, "contract value factor exponent")? as i32;
        let exponent = if record.byte(73) == b'-' { -exponent } else { exponent };
        // seven places in the file, six here
        let multiplier =
            power_of_ten(factor, exponent - 1).ok_or_else(|| record.fault("contract value factor", "is too large"))?;
        let mut currency = *b"   ";
        let code = record.columns(66, 68);
        currency[..code.len()].copy_from_slice(code);
        Ok(Self {
            locator: locator(record, 34, "settlement price decimal locator")?,
            strike_locator: locator(record, 37, "strike price decimal locator")?,
            alignment: record.byte(40),
            strike_alignment: record.byte(41),
            multiplier,
            premium: !record.columns(117, 121).starts_with(b"FUT"),
            currency,
        })
    }

    pub fn currency(&self) -> String {
        String::from_utf8_lossy(&self.currency).trim().to_owned()
    }

    /// A settlement price in millionths; None where the alignment is not known or the number too large.
    pub fn settlement(&self, digits: i64) -> Option<i64> {
        decode(digits, self.locator, self.alignment)
    }

    pub fn strike(&self, digits: i64) -> Option<i64> {
        decode(digits, self.strike_locator, self.strike_alignment)
    }

    /// Money for the price of these digits, in millionths: from the digits, since a price may have more than six places.
    pub fn value(&self, digits: i64) -> Option<i64> {
        let multiplier = i128::from(self.multiplier);
        let value = if matches!(self.alignment, b' ' | 0) && self.locator >= 0 {
            i128::from(digits) * multiplier / 10_i128.checked_pow(u32::try_from(self.locator).ok()?)?
        } else {
            i128::from(self.settlement(digits)?) * multiplier / i128::from(UNIT)
        };
        i64::try_from(value).ok()
    }
}

fn locator(record: Record, first: usize, field: &str) -> Result<i64, Unreadable> {
    let text = record.columns(first, first + 2).trim_ascii();
    match text {
        [b'-', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => {
            Ok(-record.number(first + 1, first + 2, field)?)
        }
        _ => record.number(first, first + 2, field),
    }
}

/// The price behind the digits of a file, in millionths.
///
/// Alignment blank: decimal, with so many places (a negative locator adds zeros). Alignment `C`: points and 32nds, the last
/// digit a tenth of a 32nd, where 2 and 7 stand for quarters (0122060 is 122 and 6/32). Alignment `0`: points and one digit for
/// eighths, truncated (0003757 is 375 and 6/8). The locator does not matter for these two. Any other alignment is not known.
pub fn decode(digits: i64, locator: i64, alignment: u8) -> Option<i64> {
    match alignment {
        b' ' | 0 => power_of_ten(digits, i32::try_from(i64::from(PLACES) - locator).ok()?),
        b'C' => with_sign(digits, |size| {
            let (points, rest) = (size / 1_000, size % 1_000);
            let quarters = match rest % 10 {
                2 => 25,
                7 => 75,
                tenth => 10 * tenth,
            };
            // hundredths of a 32nd
            let parts = rest / 10 * 100 + quarters;
            points.checked_mul(UNIT)?.checked_add(parts * UNIT / 3_200)
        }),
        b'0' => with_sign(digits, |size| {
            const EIGHTHS: [i64; 10] = [0, 125, 250, 375, 400, 500, 625, 750, 875, 900];
            (size / 10).checked_mul(UNIT)?.checked_add(EIGHTHS[(size % 10) as usize] * (UNIT / 1_000))
        }),
        _ => None,
    }
}

fn with_sign(digits: i64, size: impl Fn(i64) -> Option<i64>) -> Option<i64> {
    let price = size(digits.checked_abs()?)?;
    Some(if digits < 0 { -price } else { price })
}

/// `value * 10^exponent`, cut toward zero.
fn power_of_ten(value: i64, exponent: i32) -> Option<i64> {
    let power = 10_i64.checked_pow(exponent.unsigned_abs());
    if exponent >= 0 { value.checked_mul(power?) } else { Some(power.map_or(0, |power| value / power)) }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn prices_are_decoded_as_the_exchange_quotes_them() {
        for (digits, locator, alignment, millionths) in [
            (251_100, 2, b' ', 2_511_000_000),
            (295_800, 5, b' ', 2_958_000),
            (91_905, 7, b' ', 9_190),
            (122_060, 3, b'C', 122_187_500),
            (146_240, 3, b'C', 146_750_000),
            (106_015, 3, b'C', 106_046_875),
            (106_012, 3, b'C', 106_039_062),
            (3_757, 3, b'0', 375_750_000),
            (5_067, 3, b'0', 506_750_000),
            (5_063, 3, b'0', 506_375_000),
            (-3_763, 2, b' ', -37_630_000),
            (-106_015, 3, b'C', -106_046_875),
            (12, -2, b' ', 1_200_000_000),
        ] {
            assert_eq!(decode(digits, locator, alignment), Some(millionths), "{digits}");
        }
        assert_eq!(decode(1, 0, b'Q'), None);
    }
}
