//! Whether a value is right: identifiers by check digits and tables, amounts by the decimals of their currency.
//!
//! Sources: ISO 13616 and 7064 (IBAN), 9362 (BIC), 17442 (LEI), 3166-1, 4217, RFC 4122.
use rustc_hash::{FxHashMap, FxHashSet};

/// What an element holds.
#[derive(Clone, Copy)]
enum Kind {
    Iban,
    Bic,
    Lei,
    Uetr,
    Country,
    Currency,
    Code,
    /// Judged elsewhere.
    Other,
}

const NAMES: [(&str, Kind); 12] = [
    ("IBAN", Kind::Iban),
    ("BICFI", Kind::Bic),
    ("BIC", Kind::Bic),
    ("AnyBIC", Kind::Bic),
    ("BICOrBEI", Kind::Bic),
    ("OrgnlRcvr", Kind::Bic),
    ("LEI", Kind::Lei),
    ("LglNttyIdr", Kind::Lei),
    ("UETR", Kind::Uetr),
    ("OrgnlUETR", Kind::Uetr),
    ("Cd", Kind::Code),
    ("ISIN", Kind::Other),
];

/// What values are looked up in, handed in by whoever owns the lists.
#[derive(Default)]
pub struct Tables {
    countries: FxHashSet<Vec<u8>>,
    /// Decimals; `None` where the standard states none.
    currencies: FxHashMap<Vec<u8>, Option<u8>>,
    /// Country -> (how many, class `n`, `a` or `c`) of each stretch behind the check digits.
    ibans: FxHashMap<Vec<u8>, Stretches>,
    names: FxHashMap<Vec<u8>, Kind>,
}

impl Tables {
    /// `structures` are words such as `DE18n`.
    #[must_use]
    pub fn new(
        countries: &[&str],
        currencies: &[(&str, Option<u8>)],
        structures: &[&str],
        country_names: &[&str],
        currency_names: &[&str],
    ) -> Self {
        let named = |words: &[&str], kind: Kind| -> Vec<(Vec<u8>, Kind)> {
            words.iter().map(|word| (word.as_bytes().to_vec(), kind)).collect()
        };
        let fixed = NAMES.iter().map(|(name, kind)| (name.as_bytes().to_vec(), *kind));
        Self {
            countries: countries.iter().map(|word| word.as_bytes().to_vec()).collect(),
            currencies: currencies.iter().map(|(code, decimals)| (code.as_bytes().to_vec(), *decimals)).collect(),
            ibans: structures.iter().filter_map(|word| structure(word.as_bytes())).collect(),
            names: fixed
                .chain(named(country_names, Kind::Country))
                .chain(named(currency_names, Kind::Currency))
                .collect(),
        }
    }
}

/// (how many, class)
type Stretches = Vec<(usize, u8)>;

fn structure(word: &[u8]) -> Option<(Vec<u8>, Stretches)> {
    let mut stretches = Vec::new();
    let mut count = 0_usize;
    for &byte in word.get(2..)? {
        if byte.is_ascii_digit() {
            count = count.checked_mul(10)?.checked_add(usize::from(byte - b'0'))?;
        } else {
            stretches.push((count, byte));
            count = 0;
        }
    }
    Some((word[..2].to_vec(), stretches))
}

/// Sufficient: a value that cannot be judged here (an ISIN, one with a reference) is not known to be right.
pub fn value_is_right(name: &[u8], above: &[u8], text: &[u8], currency: Option<&[u8]>, tables: &Tables) -> bool {
    if let Some(currency) = currency {
        return amount_is_right(text, currency, tables);
    }
    match tables.names.get(name) {
        None => true,
        Some(Kind::Iban) => iban_is_right(text, tables),
        Some(Kind::Bic) => bic_is_right(text, tables),
        Some(Kind::Lei) => text.len() == 20 && text.iter().all(is_capital_or_digit) && mod_97(text.iter()) == Some(1),
        Some(Kind::Uetr) => uetr_is_right(text),
        Some(Kind::Country) => tables.countries.contains(text),
        Some(Kind::Currency) => tables.currencies.contains_key(text),
        Some(Kind::Code) => {
            !matches!(above, b"Purp" | b"CtgyPurp") || (text.len() == 4 && text.iter().all(is_capital_or_digit))
        }
        Some(Kind::Other) => false,
    }
}

fn is_capital_or_digit(byte: &u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn amount_is_right(text: &[u8], currency: &[u8], tables: &Tables) -> bool {
    let Some(decimals) = tables.currencies.get(currency) else { return false };
    if !text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
        return false;
    }
    let Some(point) = text.iter().position(|&byte| byte == b'.') else { return true };
    let zeros = text.iter().rev().take_while(|&&byte| byte == b'0').count();
    let fraction = text.len().saturating_sub(point + 1).saturating_sub(zeros);
    decimals.is_none_or(|most| fraction <= usize::from(most))
}

fn bic_is_right(text: &[u8], tables: &Tables) -> bool {
    matches!(text.len(), 8 | 11) && text.iter().all(is_capital_or_digit) && tables.countries.contains(&text[4..6])
}

fn iban_is_right(text: &[u8], tables: &Tables) -> bool {
    if text.len() < 5 || !text[2].is_ascii_digit() || !text[3].is_ascii_digit() {
        return false;
    }
    let Some(stretches) = tables.ibans.get(&text[..2]) else { return false };
    let mut rest = &text[4..];
    for &(count, class) in stretches {
        let Some((stretch, after)) = rest.split_at_checked(count) else { return false };
        let fits = match class {
            b'n' => stretch.iter().all(u8::is_ascii_digit),
            b'a' => stretch.iter().all(u8::is_ascii_uppercase),
            _ => stretch.iter().all(is_capital_or_digit),
        };
        if !fits {
            return false;
        }
        rest = after;
    }
    rest.is_empty() && mod_97(text[4..].iter().chain(&text[..4])) == Some(1)
}

/// ISO 7064 mod 97-10 over digits and capitals (A = 10 ... Z = 35).
fn mod_97<'b>(characters: impl Iterator<Item = &'b u8>) -> Option<u32> {
    let mut rest = 0_u32;
    for &byte in characters {
        rest = match byte {
            b'0'..=b'9' => rest * 10 + u32::from(byte - b'0'),
            b'A'..=b'Z' => rest * 100 + u32::from(byte - b'A') + 10,
            _ => return None,
        } % 97;
    }
    Some(rest)
}

/// Version 4, lower case.
fn uetr_is_right(text: &[u8]) -> bool {
    text.len() == 36
        && text[14] == b'4'
        && matches!(text[19], b'8' | b'9' | b'a' | b'b')
        && text.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> Tables {
        Tables::new(
            &["DE", "US"],
            &[("EUR", Some(2)), ("JPY", Some(0)), ("XAU", None)],
            &["DE18n", "GB4a14n"],
            &["Ctry"],
            &["UnitCcy"],
        )
    }

    fn right(name: &str, text: &str) -> bool {
        value_is_right(name.as_bytes(), b"Purp", text.as_bytes(), None, &tables())
    }

    #[test]
    fn right_values_are_known_as_such() {
        for (name, text) in [
            ("IBAN", "DE89370400440532013000"),
            ("IBAN", "GB29NWBK60161331926819"),
            ("BICFI", "DEUTDEFF"),
            ("LEI", "529900T8BM49AURSDO55"),
            ("UETR", "7a562c67-ca16-48ba-b074-65581be6f001"),
            ("Ctry", "DE"),
            ("UnitCcy", "EUR"),
            ("Cd", "SALA"),
            ("Nm", "anything"),
        ] {
            assert!(right(name, text), "{name} {text}");
        }
    }

    #[test]
    fn no_other_value_is() {
        for (name, text) in [
            ("IBAN", "DE88370400440532013000"),
            ("IBAN", "DE8937040044053201300"),
            ("IBAN", "FR1420041010050500013M02606"),
            ("IBAN", ""),
            ("BICFI", "DEUTGBFF"),
            ("BICFI", "DEUTDEF"),
            ("LEI", "529900T8BM49AURSDO54"),
            ("UETR", "7a562c67-ca16-18ba-b074-65581be6f001"),
            ("Ctry", "UK"),
            ("UnitCcy", "ZZZ"),
            ("Cd", "sala"),
            ("ISIN", "US0378331005"),
        ] {
            assert!(!right(name, text), "{name} {text}");
        }
    }

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        let amount = |text: &str, currency: &str| amount_is_right(text.as_bytes(), currency.as_bytes(), &tables());
        assert!(amount("10", "JPY") && amount("10.00", "JPY") && amount("10.55", "EUR") && amount("1.23456", "XAU"));
        assert!(!amount("10.5", "JPY") && !amount("10.555", "EUR") && !amount("1", "ZZZ") && !amount("-1", "EUR"));
    }
}
