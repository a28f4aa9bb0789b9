//! Parties: business identifier codes (ISO 9362), party identifiers, and option J's coded lines.
use super::codes;
use super::form::{Class, Misfit};

const IDENTIFIER_MAX: usize = 34;
const LINE_MAX: usize = 35;
/// Characters of a code with its slashes.
const CODE: usize = 6;
const CODED_LINE_MAX: usize = 40;
const CODED_LINES_MAX: usize = 5;

/// Codes of option J with the format of what follows (User Handbook, MT 300, fields 82a to 58a).
const CODED: &[(&str, Coded)] = &[
    ("ABIC", Coded::Bic),
    ("ACCT", Coded::Text(34)),
    ("ADD1", Coded::Text(35)),
    ("ADD2", Coded::Text(35)),
    ("CITY", Coded::Text(35)),
    ("CLRC", Coded::Text(35)),
    ("GBSC", Coded::Digits(6)),
    ("LEIC", Coded::Lei),
    ("NAME", Coded::Text(34)),
    ("USCH", Coded::Digits(6)),
    ("USFW", Coded::Digits(9)),
];
/// What stands for a code that a party has not.
const UNKNOWN: &str = "UKWN";
/// Codes that stand alone, of agents only.
const ALONE: &[&str] = &["/NETS/", "/SSIS/"];

#[derive(Clone, Copy)]
enum Coded {
    Bic,
    Text(usize),
    Digits(usize),
    /// ISO 17442: 18 letters or digits and two check digits.
    Lei,
}

/// The length of the business identifier code that a text begins with: to the end of the line.
pub fn bic_length(text: &str) -> Result<usize, Misfit> {
    let line = text.split('\n').next().unwrap_or_default();
    let all = |part: &str, class: Class| part.bytes().all(|byte| class.holds(byte));
    if !line.is_ascii() || !all(line, Class::C) {
        return Err(Misfit::new("T27", "a business identifier code has upper-case letters and digits"));
    }
    if line.len() != 8 && line.len() != 11 {
        return Err(Misfit::new("T28", "a business identifier code has 8 or 11 characters"));
    }
    if !all(&line[..6], Class::A) {
        return Err(Misfit::new("T27", "a business identifier code begins with four letters and a country"));
    }
    if !codes::is_country(&line[4..6]) {
        return Err(Misfit::new("T29", format!("{} is no country of ISO 3166", &line[4..6])));
    }
    Ok(line.len())
}

/// `[/1!a][/34x]`: one line, which begins with a slash.
pub fn identifier_length(text: &str) -> Result<usize, Misfit> {
    let line = text.split('\n').next().unwrap_or_default();
    let wrong =
        || Misfit::new("T33", format!("a party identifier is [/1!a][/34x], at most {IDENTIFIER_MAX} characters"));
    let rest = line.strip_prefix('/').ok_or_else(wrong)?;
    let bytes = rest.as_bytes();
    let account = match bytes {
        [letter, b'/', ..] if letter.is_ascii_uppercase() => &bytes[2..],
        _ => bytes,
    };
    let fits =
        !account.is_empty() && account.len() <= IDENTIFIER_MAX && account.iter().all(|byte| Class::X.holds(*byte));
    if fits { Ok(line.len()) } else { Err(wrong()) }
}

/// Option B: a party identifier, a place, or both; all of the text.
pub fn identifier_or_place(text: &str) -> Result<usize, Misfit> {
    let wrong = || Misfit::new("T33", "a party identifier and a place of at most 35 characters, or one of them");
    let place = if text.starts_with('/') {
        let length = identifier_length(text)?;
        if length == text.len() {
            return Ok(length);
        }
        &text[length + 1..]
    } else {
        text
    };
    let fits = !place.is_empty() && place.len() <= LINE_MAX && place.bytes().all(|byte| Class::X.holds(byte));
    if fits { Ok(text.len()) } else { Err(wrong()) }
}

/// Option J: at most five lines of forty characters that read `/CODE/value` one after the other; all of the text.
pub fn coded_length(text: &str, agent: bool) -> Result<usize, Misfit> {
    let lines = text.split('\n').count();
    let fits =
        |line: &str| !line.is_empty() && line.len() <= CODED_LINE_MAX && line.bytes().all(|byte| Class::X.holds(byte));
    if lines > CODED_LINES_MAX || !text.split('\n').all(fits) {
        return Err(Misfit::new("T33", format!("at most {CODED_LINES_MAX} lines of 1 to {CODED_LINE_MAX} characters")));
    }
    if agent && ALONE.contains(&text) {
        return Ok(text.len());
    }
    let joined = text.replace('\n', "");
    let pairs =
        pairs_of(&joined).ok_or_else(|| Misfit::new("T78", format!("codes of option J: {}", list_of(agent))))?;
    for (place, (code, value)) in pairs.iter().enumerate() {
        if pairs[..place].iter().any(|(earlier, _)| earlier == code) {
            return Err(Misfit::new("T78", format!("/{code}/ stands there twice")));
        }
        let kind = CODED.iter().find(|(name, _)| name == code).map(|(_, kind)| *kind);
        if !kind.is_some_and(|kind| has(value, kind)) {
            return Err(Misfit::new("T78", format!("what follows /{code}/ has not its format")));
        }
    }
    let told = |wanted: &str| pairs.iter().find(|(code, _)| *code == wanted).map(|(_, value)| *value);
    match (told("ABIC"), told("NAME")) {
        (None, None) => Err(Misfit::new("T78", "/ABIC/ or /NAME/ must be there")),
        (None, _) if !agent => Err(Misfit::new("T78", "/ABIC/ must be there, UKWN where there is no code")),
        (Some(UNKNOWN), None) => Err(Misfit::new("T78", "/NAME/ must be there where /ABIC/ is UKWN")),
        _ => Ok(text.len()),
    }
}

fn list_of(agent: bool) -> String {
    let codes = CODED.iter().map(|(code, _)| format!("/{code}/"));
    codes.chain(ALONE.iter().filter(|_| agent).map(|code| (*code).to_owned())).collect::<Vec<_>>().join(" ")
}

/// [(code, value)]: a value ends where a known code begins, since it may hold slashes itself.
fn pairs_of(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut starts: Vec<usize> = Vec::new();
    for (at, _) in text.match_indices('/') {
        // the slash that ends a code begins no other
        let behind = starts.last().is_none_or(|last| at >= last + CODE);
        if behind && code_at(text, at).is_some() {
            starts.push(at);
        }
    }
    if starts.first() != Some(&0) {
        return None;
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    Some(starts.iter().zip(ends).map(|(from, to)| (&text[from + 1..from + 5], &text[from + CODE..to])).collect())
}

fn code_at(text: &str, at: usize) -> Option<&str> {
    let code = text.get(at + 1..at + 5)?;
    let closed = text.as_bytes().get(at + 5) == Some(&b'/');
    (closed && CODED.iter().any(|(name, _)| *name == code)).then_some(code)
}

fn has(value: &str, kind: Coded) -> bool {
    match kind {
        Coded::Bic => value == UNKNOWN || bic_length(value).is_ok(),
        Coded::Text(most) => !value.is_empty() && value.len() <= most,
        Coded::Digits(count) => value.len() == count && value.bytes().all(|byte| byte.is_ascii_digit()),
        Coded::Lei => {
            value.len() == 20
                && value.bytes().all(|byte| Class::C.holds(byte))
                && value[18..].bytes().all(|byte| byte.is_ascii_digit())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_identifier_code_names_its_country() {
        assert_eq!(bic_length("DEUTDEFF"), Ok(8));
        assert_eq!(bic_length("DEUTDEFF500\nX"), Ok(11));
        for (bic, code) in
            [("DEUTDEF", "T28"), ("deutdeff", "T27"), ("DEUTQQFF", "T29"), ("DEU1DEFF", "T27"), ("", "T28")]
        {
            assert_eq!(bic_length(bic).unwrap_err().code, code, "{bic}");
        }
    }

    #[test]
    fn option_j_names_the_party_by_its_code_or_by_its_name() {
        assert!(coded_length("/ABIC/DEUTDEFF/NAME/DEUTSCHE/BANK", false).is_ok());
        assert!(coded_length("/ABIC/UKWN\n/NAME/FUND\n/LEIC/529900T8BM49AURSDO55", false).is_ok());
        assert!(coded_length("/ABIC/DEUTDEFF", false).is_ok());
        assert!(coded_length("/SSIS/", true).is_ok() && coded_length("/USFW/021000021/NAME/A", true).is_ok());
        for text in [
            "/SSIS/",
            "/ABIC/UKWN",
            "/NAME/A",
            "/ABIC/NAME/A",
            "/ABIC/NAME/ABIC/",
            "NAME",
            "/ABIC/X/NAME/A",
            "/ABIC/UKWN/NAME/A/NAME/B",
            "/ABIC/UKWN/NAME/A\n\n",
        ] {
            assert!(coded_length(text, false).is_err(), "{text}");
        }
    }

    #[test]
    fn a_party_identifier_is_one_line_after_a_slash() {
        for good in ["/1", "/C/12345", "//FW021000021", "/ES3021000122390200002631", "/-"] {
            assert_eq!(identifier_length(good), Ok(good.len()), "{good}");
        }
        for bad in ["", "/", "12", "/C/", &format!("/{}", "1".repeat(35))] {
            assert!(identifier_length(bad).is_err(), "{bad}");
        }
    }
}
