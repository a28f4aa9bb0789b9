//! The values that a field may have, where a dictionary lists them.
use super::kind::Kind;

/// Codes of one byte as bits, of up to eight bytes as numbers, longer ones as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    single: [u64; 4],
    short: Box<[u64]>,
    long: Box<[Box<[u8]>]>,
}

impl Codes {
    /// Of a dictionary's list.
    pub fn new(codes: &[String]) -> Self {
        let mut single = [0; 4];
        let (mut short, mut long) = (Vec::new(), Vec::new());
        for code in codes {
            match code.as_bytes() {
                [byte] => single[usize::from(byte >> 6)] |= 1 << (byte & 63),
                bytes => match packed(bytes) {
                    Some(number) => short.push(number),
                    None => long.push(bytes.into()),
                },
            }
        }
        short.sort_unstable();
        Self { single, short: short.into(), long: long.into() }
    }

    /// Whether a value is among them; of kinds with several values, whether each is.
    #[inline]
    pub fn allow(&self, kind: Kind, value: &[u8]) -> bool {
        match value {
            [byte] => self.has_byte(*byte),
            _ => self.allow_longer(kind, value),
        }
    }

    fn allow_longer(&self, kind: Kind, value: &[u8]) -> bool {
        match kind {
            Kind::Chars | Kind::Texts => value.split(|byte| *byte == b' ').all(|part| self.has(part)),
            _ => self.has(value),
        }
    }

    #[inline]
    fn has_byte(&self, byte: u8) -> bool {
        self.single[usize::from(byte >> 6)] & (1 << (byte & 63)) != 0
    }

    fn has(&self, code: &[u8]) -> bool {
        match code {
            [byte] => self.has_byte(*byte),
            _ => match packed(code) {
                Some(number) => self.short.binary_search(&number).is_ok(),
                None => self.long.iter().any(|known| **known == *code),
            },
        }
    }
}

/// Up to eight bytes as a number; the bytes themselves have no zeros (that would be no text).
#[inline]
pub fn packed(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > 8 || bytes.contains(&0) {
        return None;
    }
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_among_the_codes_of_its_length() {
        let codes = Codes::new(&["1", "A", "CS", "SECPLEDGE", "é"].map(str::to_owned));
        let has = |value: &str| codes.allow(Kind::Text, value.as_bytes());
        assert!(["1", "A", "CS", "SECPLEDGE", "é"].into_iter().all(has));
        assert!(!["2", "a", "C", "CSS", "SC", "SECPLEDGE2", "1 A", ""].into_iter().any(has));
    }

    #[test]
    fn several_values_are_looked_at_one_by_one() {
        let codes = Codes::new(&["1", "A", "CS"].map(str::to_owned));
        assert!(codes.allow(Kind::Texts, b"1 CS A") && codes.allow(Kind::Chars, b"1 A"));
        assert!(!codes.allow(Kind::Texts, b"1 X") && !codes.allow(Kind::Text, b"1 A"));
    }
}
