//! Decimals of FIX and SWIFT texts, exact: a whole number and how many of its digits stand behind the point.

/// Digits that a figure may have; products of two fit 128 bits.
const DIGITS_MAX: usize = 18;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    pub digits: i128,
    pub scale: u32,
}

impl Decimal {
    /// A plain decimal above zero, `1.08455`, with the point that is named. `None` for anything else.
    pub fn parse(text: &str, point: char) -> Option<Decimal> {
        let (whole, fraction) = text.split_once(point).unwrap_or((text, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let fraction = fraction.trim_end_matches('0');
        let whole = whole.trim_start_matches('0');
        if text.is_empty() || text.starts_with(point) || !plain(whole) || !plain(fraction) {
            return None;
        }
        if whole.len() + fraction.len() > DIGITS_MAX {
            return None;
        }
        let digits = format!("{whole}{fraction}").parse().ok().filter(|digits| *digits > 0)?;
        Some(Decimal { digits, scale: u32::try_from(fraction.len()).ok()? })
    }

    /// The product, rounded half up to so many decimals.
    pub fn times(self, other: Decimal, decimals: u32) -> Option<Decimal> {
        round(self.digits.checked_mul(other.digits)?, 1, self.scale + other.scale, decimals)
    }

    /// The quotient, rounded half up to so many decimals.
    pub fn over(self, other: Decimal, decimals: u32) -> Option<Decimal> {
        let digits = self.digits.checked_mul(10_i128.checked_pow(other.scale)?)?;
        round(digits, other.digits, self.scale, decimals)
    }

    /// With a comma and without zeros at the end: `1084550,`, `1,08455`.
    pub fn swift(self) -> String {
        self.text(',', true)
    }

    /// With a point: `1084550`, `1.08455`.
    pub fn plain(self) -> String {
        self.text('.', false)
    }

    fn text(self, point: char, always: bool) -> String {
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.digits, width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let fraction = fraction.trim_end_matches('0');
        if fraction.is_empty() && !always { whole.to_owned() } else { format!("{whole}{point}{fraction}") }
    }
}

/// digits / (divisor * 10^scale), to so many decimals.
fn round(digits: i128, divisor: i128, scale: u32, decimals: u32) -> Option<Decimal> {
    let over = divisor.checked_mul(10_i128.checked_pow(scale)?)?;
    let up = digits.checked_mul(10_i128.checked_pow(decimals)?)?;
    let rounded = up.checked_mul(2)?.checked_add(over)?.checked_div(over.checked_mul(2)?)?;
    Some(Decimal { digits: rounded, scale: decimals })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Decimal {
        Decimal::parse(text, '.').expect(text)
    }

    #[test]
    fn products_and_quotients_are_exact_and_rounded_half_up() {
        assert_eq!(of("1000000").times(of("1.08455"), 2).unwrap().swift(), "1084550,");
        assert_eq!(of("0.5").times(of("0.01"), 2).unwrap().swift(), "0,01");
        assert_eq!(of("1000000").over(of("1.08455"), 2).unwrap().swift(), "922041,4");
        assert_eq!(of("1").over(of("3"), 4).unwrap().plain(), "0.3333");
        assert_eq!(of("5000000").times(of("151.237"), 0).unwrap().swift(), "756185000,");
    }

    #[test]
    fn what_is_no_plain_figure_above_zero_is_refused() {
        for text in ["", "0", "0.0", "-1", "1e5", "1.0.0", ".5", "1,5", " 1", "1234567890123456789"] {
            assert_eq!(Decimal::parse(text, '.'), None, "{text}");
        }
        assert_eq!(Decimal::parse("1,50", ',').unwrap().plain(), "1.5");
        assert_eq!(Decimal::parse("1000000,", ',').unwrap().plain(), "1000000");
    }
}
