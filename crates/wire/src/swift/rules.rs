//! Network validated rules of payments and statements; those of MT 300 have a file of their own.
//!
//! Source: SWIFT User Handbook, the "Network Validated Rules" of each message type.
use super::fin::Field;
use super::validate::Header;
use super::walk::{Error, Placed};

/// The rules of a message type.
pub type Rules = fn(&Seen<'_, '_>, &Header) -> Vec<Error>;

/// The fields of a message in their places.
pub struct Seen<'m, 'f> {
    pub fields: &'m [Field<'f>],
    pub placed: &'m [Placed<'m>],
    /// (tag, line) of fields whose form is wrong.
    pub bad: &'m [(String, u32)],
}

impl<'m, 'f> Seen<'m, 'f> {
    /// The fields of a sequence, with the run that each is of.
    pub fn of(&self, group: &'m str) -> impl Iterator<Item = (u32, &'m Field<'f>)> + use<'m, 'f> {
        let fields = self.fields;
        self.placed
            .iter()
            .filter(move |place| place.group == group)
            .map(move |place| (place.turn, &fields[place.field]))
    }

    /// The first field of a sequence that has this tag, or with `57a` this number.
    pub fn first(&self, group: &'m str, tag: &str) -> Option<&'m Field<'f>> {
        self.of(group).map(|(_, field)| field).find(|field| is(field, tag))
    }

    pub fn well(&self, group: &'m str, tag: &str) -> Option<&'m Field<'f>> {
        self.first(group, tag)
            .filter(|field| !self.bad.iter().any(|(bad, line)| bad == field.tag && *line == field.line))
    }

    /// The line of the last field, where what is missing altogether is told.
    pub fn end(&self) -> u32 {
        self.fields.last().map_or(1, |field| field.line)
    }
}

/// Whether a field has a tag; `57a` stands for every option.
pub fn is(field: &Field<'_>, tag: &str) -> bool {
    match tag.strip_suffix('a') {
        Some(number) => field.tag.starts_with(number) && field.tag.len() <= number.len() + 1,
        None => field.tag == tag,
    }
}

/// The currency of `EUR1,`, of `NEUR1,`, of `C240101EUR1,`: what stands before the amount.
fn currency<'a>(field: &'a Field<'_>) -> &'a str {
    let text: &str = &field.value;
    let end = text.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == ',').len();
    text.get(end.saturating_sub(3)..end).unwrap_or_default()
}

fn at<'a>(field: &'a Field<'_>) -> (&'a str, u32) {
    (field.tag, field.line)
}

/// A field that the presence of another asks for: (the other, the one asked for).
fn asks(
    seen: &Seen<'_, '_>,
    (group, has, needs): (&'static str, &str, &str),
    code: &'static str,
    rule: &'static str,
) -> Option<Error> {
    let cause = seen.first(group, has)?;
    seen.first(group, needs)
        .is_none()
        .then(|| Error::rule(code, rule, (needs, cause.line), format!("{needs} must be there where {} is", cause.tag)))
}

/// MT 103: C1 (exchange rate), C9 (intermediary), C14 and C15 (charges).
pub fn mt103(seen: &Seen<'_, '_>, _: &Header) -> Vec<Error> {
    let mut errors = Vec::new();
    let (settled, rate) = (seen.well("", "32A"), seen.first("", "36"));
    let instructed = seen.well("", "33B");
    let differ = matches!((settled, instructed), (Some(a), Some(b)) if currency(a) != currency(b));
    match (differ, rate) {
        (true, None) => {
            let line = instructed.map_or(1, |field| field.line);
            errors.push(Error::rule(
                "D75",
                "C1",
                ("36", line),
                "36 must be there where the currencies of 32A and 33B differ",
            ));
        }
        (false, Some(rate)) if seen.first("", "33B").is_none() || (settled.is_some() && instructed.is_some()) => {
            errors.push(Error::rule(
                "D75",
                "C1",
                at(rate),
                "36 is not allowed unless the currencies of 32A and 33B differ",
            ));
        }
        _ => {}
    }
    errors.extend(asks(seen, ("", "56a", "57a"), "C81", "C9"));
    errors.extend(charges(seen));
    errors
}

fn charges(seen: &Seen<'_, '_>) -> Vec<Error> {
    let mut errors = Vec::new();
    let (senders, receivers) = (seen.first("", "71F"), seen.first("", "71G"));
    let Some(borne) = seen.well("", "71A") else { return errors };
    match &*borne.value {
        "OUR" => {
            errors.extend(senders.map(|f| Error::rule("E13", "C14", at(f), "71F is not allowed where 71A is OUR")))
        }
        "SHA" => {
            errors.extend(receivers.map(|f| Error::rule("D50", "C14", at(f), "71G is not allowed where 71A is SHA")))
        }
        _ => {
            errors.extend(receivers.map(|f| Error::rule("E15", "C14", at(f), "71G is not allowed where 71A is BEN")));
            if senders.is_none() {
                errors.push(Error::rule("E15", "C14", ("71F", borne.line), "71F must be there where 71A is BEN"));
            }
        }
    }
    if let (Some(charge), None) = (senders.or(receivers), seen.first("", "33B")) {
        errors.push(Error::rule("D51", "C15", ("33B", charge.line), "33B must be there where 71F or 71G is"));
    }
    errors
}

/// MT 202 and 205: an intermediary asks for an account with institution, in either sequence.
pub fn mt202(seen: &Seen<'_, '_>, _: &Header) -> Vec<Error> {
    let first = asks(seen, ("", "56a", "57a"), "C81", "C1");
    first.into_iter().chain(asks(seen, ("B", "56a", "57a"), "C68", "C2")).collect()
}

/// MT 910: C1, the ordering customer or the ordering institution.
pub fn mt910(seen: &Seen<'_, '_>, _: &Header) -> Vec<Error> {
    match (seen.first("", "50a"), seen.first("", "52a")) {
        (None, None) => vec![Error::rule("C06", "C1", ("50a", seen.end()), "50a or 52a must be there")],
        (Some(_), Some(both)) => vec![Error::rule("C06", "C1", at(both), "50a and 52a are not allowed together")],
        _ => Vec::new(),
    }
}

/// MT 940, 950: C2, the first two letters of all balances' currencies are the same.
pub fn statement(seen: &Seen<'_, '_>, _: &Header) -> Vec<Error> {
    same_currency(seen, &["60a", "62a", "64", "65"], "C2")
}

fn same_currency(seen: &Seen<'_, '_>, tags: &[&str], rule: &'static str) -> Vec<Error> {
    let all = seen.of("").map(|(_, field)| field).filter(|field| tags.iter().any(|tag| is(field, tag)));
    let all: Vec<_> = all.collect();
    let Some(first) = all.first() else { return Vec::new() };
    let area = |field: &Field<'_>| {
        // 34F has a mark between currency and amount
        let text = if field.tag == "34F" { field.value.get(..3).unwrap_or_default() } else { currency(field) };
        text.get(..2).unwrap_or_default().to_owned()
    };
    let differs = |field: &&&Field<'_>| area(field) != area(first);
    let told = |field: &&Field<'_>| {
        Error::rule("C27", rule, at(field), format!("its currency and that of {} are of two areas", first.tag))
    };
    all.iter().filter(differs).map(told).collect()
}

/// MT 942: C1 (currencies), C2 (floor limits).
pub fn mt942(seen: &Seen<'_, '_>, _: &Header) -> Vec<Error> {
    let mut errors = same_currency(seen, &["34F", "90C", "90D"], "C1");
    let limits: Vec<_> = seen.of("").map(|(_, field)| field).filter(|field| field.tag == "34F").collect();
    let mark = |field: &Field<'_>| field.value.chars().nth(3).filter(char::is_ascii_uppercase);
    let wanted: &[Option<char>] = if limits.len() > 1 { &[Some('D'), Some('C')] } else { &[None] };
    for (field, wanted) in limits.iter().zip(wanted) {
        if mark(field) != *wanted {
            let reason =
                wanted.map_or("one floor limit has no mark".to_owned(), |mark| format!("its mark must be {mark}"));
            errors.push(Error::rule("C23", "C2", at(field), reason));
        }
    }
    errors
}
