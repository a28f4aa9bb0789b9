//! Parts of fields whose contents have rules beyond their characters: dates, times, money, references, parties.
//!
//! Source: SWIFT User Handbook, Standards MT General Information, "Field structure"; error codes: FIN Error Codes.
use super::codes;
use super::form::{Class, Misfit};
use super::party;

/// Parts whose contents have rules beyond their characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// YYYYMMDD (T50).
    Date8,
    /// YYMMDD (T50).
    Date6,
    /// MMDD (T50).
    Date4,
    /// HHMM (T38).
    Time4,
    /// HHMMSS (T38).
    Time6,
    /// YYYY, not 0000 (T50).
    Year,
    /// ISO 4217 (T52).
    Currency,
    /// Currency and amount of at most n characters, its decimals those of the currency (C03, T40, T43, T52).
    Money(usize),
    /// ISO 9362 (T27, T28, T29).
    Bic,
    /// ISO 3166 (T73).
    Country,
    /// n characters without a slash at either end or two in the middle (T26).
    Reference(usize),
    /// `[/1!a][/34x]`, one line.
    Party,
    /// `[/1!a][/34x]` and `[$35x]`, one of them.
    PartyOrPlace,
    /// Option J: `5*40x` of coded values (T78); with codes of payment instructions where agents stand.
    PartyJ(bool),
    /// `[ISIN1!e12!c][$][4*35x]` (T12).
    Instrument,
    /// Y or N (T36).
    YesNo,
    /// C or D.
    CreditDebit,
}

/// The length of a decimal: digits, one comma, perhaps digits; with the comma at most `most` characters.
pub fn decimal(bytes: &[u8], most: usize) -> Result<usize, Misfit> {
    let whole = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if whole == 0 {
        return Err(Misfit::new("T40", "a number must begin with a digit"));
    }
    if bytes.get(whole) != Some(&b',') {
        return Err(Misfit::new("T43", "a number must have a decimal comma"));
    }
    let fraction = bytes[whole + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length = whole + 1 + fraction;
    if length > most {
        return Err(Misfit::new("T33", format!("a number has at most {most} characters, its comma among them")));
    }
    if bytes.get(length) == Some(&b',') {
        return Err(Misfit::new("T43", "a number has one comma"));
    }
    Ok(length)
}

impl Part {
    /// By its name in the notation.
    pub fn of(name: &str) -> Option<Part> {
        Some(match name {
            "date8" => Part::Date8,
            "date6" => Part::Date6,
            "date4" => Part::Date4,
            "time4" => Part::Time4,
            "time6" => Part::Time6,
            "year" => Part::Year,
            "cur" => Part::Currency,
            "money15" => Part::Money(15),
            "bic" => Part::Bic,
            "country" => Part::Country,
            "ref16" => Part::Reference(16),
            "ref42" => Part::Reference(42),
            "party" => Part::Party,
            "party+place" => Part::PartyOrPlace,
            "partyJ" => Part::PartyJ(false),
            "agentJ" => Part::PartyJ(true),
            "instrument" => Part::Instrument,
            "yn" => Part::YesNo,
            "cd" => Part::CreditDebit,
            _ => return None,
        })
    }

    /// How much of the text the part takes.
    pub fn length(self, text: &str) -> Result<usize, Misfit> {
        match self {
            Part::Date8 => date(text, 8),
            Part::Date6 => date(text, 6),
            Part::Date4 => date(text, 4),
            Part::Time4 => time(text, 4),
            Part::Time6 => time(text, 6),
            Part::Year => digits(text, 4)
                .filter(|year| *year != "0000")
                .map(str::len)
                .ok_or_else(|| Misfit::new("T50", "a year is YYYY")),
            Part::Currency => currency(text).map(|_| 3),
            Part::Money(most) => money(text, most),
            Part::Bic => party::bic_length(text),
            Part::Country => codes::is_country(text.get(..2).unwrap_or_default())
                .then_some(2)
                .ok_or_else(|| Misfit::new("T73", "a country has two letters of ISO 3166")),
            Part::Reference(most) => reference(text, most),
            Part::Party => party::identifier_length(text),
            Part::PartyOrPlace => party::identifier_or_place(text),
            Part::PartyJ(agent) => party::coded_length(text, agent),
            Part::Instrument => instrument(text),
            Part::YesNo => one_of(text, "YN"),
            Part::CreditDebit => one_of(text, "CD"),
        }
    }
}

fn one_of(text: &str, letters: &str) -> Result<usize, Misfit> {
    match text.chars().next() {
        Some(letter) if letters.contains(letter) => Ok(1),
        _ => Err(Misfit::new(
            "T36",
            format!(
                "the code must be one of {}",
                letters.split("").filter(|l| !l.is_empty()).collect::<Vec<_>>().join(", ")
            ),
        )),
    }
}

fn digits(text: &str, count: usize) -> Option<&str> {
    text.get(..count).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn date(text: &str, length: usize) -> Result<usize, Misfit> {
    let shape = ["MMDD", "YYMMDD", "YYYYMMDD"][(length - 4) / 2];
    let wrong = || Misfit::new("T50", format!("a date is {shape} and a day of the calendar"));
    let found = digits(text, length).ok_or_else(wrong)?;
    let read = |part: &str| part.parse::<u32>().unwrap_or(0);
    let (years, rest) = found.split_at(length - 4);
    let (month, day) = (read(&rest[..2]), read(&rest[2..]));
    let year = match length {
        8 => read(years),
        // a two-digit year is of this century to 79, of the last one from 80 on
        6 => read(years) + if read(years) > 79 { 1900 } else { 2000 },
        _ => 2000,
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if year > 0 && (1..=last).contains(&day) { Ok(length) } else { Err(wrong()) }
}

fn time(text: &str, length: usize) -> Result<usize, Misfit> {
    let found = digits(text, length).filter(|time| {
        let parts: Vec<u32> = (0..length / 2).map(|at| time[at * 2..at * 2 + 2].parse().unwrap_or(99)).collect();
        parts[0] < 24 && parts[1..].iter().all(|part| *part < 60)
    });
    found
        .map(str::len)
        .ok_or_else(|| Misfit::new("T38", format!("a time is {}", if length == 4 { "HHMM" } else { "HHMMSS" })))
}

fn currency(text: &str) -> Result<u32, Misfit> {
    text.get(..3).and_then(codes::decimals_of).ok_or_else(|| Misfit::new("T52", "a currency is a code of ISO 4217"))
}

/// Currency and amount: at most `most` characters behind the currency, decimals as the currency has them.
fn money(text: &str, most: usize) -> Result<usize, Misfit> {
    let decimals = currency(text)? as usize;
    let amount = &text.as_bytes()[3..];
    let length = decimal(amount, most)?;
    let whole = amount.iter().position(|byte| *byte == b',').unwrap_or(0);
    if length - whole - 1 > decimals {
        return Err(Misfit::new("C03", format!("{} has at most {decimals} decimals", &text[..3])));
    }
    Ok(3 + length)
}

fn reference(text: &str, most: usize) -> Result<usize, Misfit> {
    let length = text.bytes().take_while(|byte| Class::X.holds(*byte)).count();
    if length == 0 || length > most {
        return Err(Misfit::new(
            if length == 0 { "T34" } else { "T33" },
            format!("a reference has 1 to {most} characters"),
        ));
    }
    let reference = &text[..length];
    if reference.starts_with('/') || reference.ends_with('/') || reference.contains("//") {
        return Err(Misfit::new("T26", "must not begin or end with a slash and must not hold two in a row"));
    }
    Ok(length)
}

/// 35B: `[ISIN1!e12!c][$][4*35x]`, one of them. The check digit of an ISIN is no rule of the network.
fn instrument(text: &str) -> Result<usize, Misfit> {
    let wrong = |reason: &str| Misfit::new("T12", reason.to_owned());
    let mut rows = text.split('\n').peekable();
    if rows.peek().is_some_and(|row| row.to_ascii_uppercase().starts_with("ISIN")) {
        let row = rows.next().unwrap_or_default();
        let isin = row
            .strip_prefix("ISIN ")
            .ok_or_else(|| wrong("ISIN is in upper case, followed by a blank and the number"))?;
        if isin.len() != 12 || !isin.bytes().all(|byte| Class::C.holds(byte)) {
            return Err(wrong("an ISIN has twelve letters and digits"));
        }
    }
    let description: Vec<&str> = rows.collect();
    let fits = |row: &&str| !row.is_empty() && row.len() <= 35 && row.bytes().all(|byte| Class::X.holds(byte));
    if description.len() > 4 || !description.iter().all(fits) {
        return Err(wrong("a description has at most four lines of 1 to 35 characters"));
    }
    if text.is_empty() { Err(wrong("an ISIN or a description must be there")) } else { Ok(text.len()) }
}
