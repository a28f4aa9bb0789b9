//! Network validated rules of MT 300. Source: SWIFT User Handbook, MT 300, rules C1 to C9 and field specifications.
//!
//! Rules of sequences that must be there (C32 where one is begun without its fields) are the table's.
use super::codes;
use super::fin::Field;
use super::reference;
use super::rules::{Seen, is};
use super::validate::Header;
use super::walk::Error;

pub fn check(seen: &Seen<'_, '_>, header: &Header) -> Vec<Error> {
    let mut errors = Vec::new();
    errors.extend(related_reference(seen));
    errors.extend(broker(seen));
    errors.extend(split_settlement(seen));
    errors.extend(begun_and_empty(seen));
    errors.extend(non_deliverable(seen));
    errors.extend(common_reference(seen, header));
    errors.extend(metals(seen));
    errors
}

fn at<'a>(field: &'a Field<'_>) -> (&'a str, u32) {
    (field.tag, field.line)
}

/// What a code field says, where its form is right.
fn says<'m>(seen: &Seen<'m, '_>, tag: &str) -> Option<&'m str> {
    seen.well("A", tag).map(|field| &*field.value)
}

/// The line of field 15a of a sequence, or of the field that asks for it.
fn line_of(seen: &Seen<'_, '_>, tag: &str) -> u32 {
    seen.first("A", tag).map_or(1, |field| field.line)
}

/// C1: an amendment or a cancellation names what it changes.
fn related_reference(seen: &Seen<'_, '_>) -> Option<Error> {
    let operation = seen.well("A", "22A")?;
    let asks = matches!(&*operation.value, "AMND" | "CANC") && seen.first("A", "21").is_none();
    asks.then(|| {
        Error::rule("D70", "C1", ("21", operation.line), format!("21 must be there where 22A is {}", operation.value))
    })
}

/// C2: broker and commission are told where a broker dealt, and the commission only there.
fn broker(seen: &Seen<'_, '_>) -> Vec<Error> {
    let mut errors = Vec::new();
    if says(seen, "94A") == Some("BROK") {
        if seen.first("C", "15C").is_none() {
            errors.push(Error::rule(
                "D74",
                "C2",
                ("15C", line_of(seen, "94A")),
                "sequence C must be there where 94A is BROK",
            ));
        } else if seen.first("C", "88a").is_none() {
            let line = seen.first("C", "15C").map_or(1, |field| field.line);
            errors.push(Error::rule("D74", "C2", ("88a", line), "88a must be there where 94A is BROK"));
        }
    } else if let Some(commission) = seen.first("C", "71F") {
        errors.push(Error::rule("D74", "C2", at(commission), "71F is allowed only where 94A is BROK"));
    }
    errors
}

/// C3: sequence D is there exactly where the amounts are settled in parts. 16A counts the parts (D96).
fn split_settlement(seen: &Seen<'_, '_>) -> Vec<Error> {
    let mut errors = Vec::new();
    let split = says(seen, "17U");
    let sequence = seen.first("D", "15D");
    match (split, sequence) {
        (Some("Y"), None) => {
            errors.push(Error::rule(
                "D76",
                "C3",
                ("15D", line_of(seen, "17U")),
                "sequence D must be there where 17U is Y",
            ));
        }
        (split, Some(sequence)) if split != Some("Y") && (split.is_some() || seen.first("A", "17U").is_none()) => {
            errors.push(Error::rule("D76", "C3", at(sequence), "sequence D is allowed only where 17U is Y"));
        }
        _ => {}
    }
    if let Some(count) = seen.well("D", "16A") {
        let parts = seen.of("D1").filter(|(_, field)| field.tag == "17A").count();
        if count.value.parse() != Ok(parts) {
            errors.push(Error::rule(
                "D96",
                "16A count",
                at(count),
                format!("there are {parts} settlements in subsequence D1"),
            ));
        }
    }
    errors
}

/// A sequence that is begun has at least one field more (C98).
fn begun_and_empty(seen: &Seen<'_, '_>) -> Vec<Error> {
    let alone = |letter: &'static str, tag: &'static str| {
        let begun = seen.first(letter, tag)?;
        let filled = seen.fields.iter().any(|field| field.line > begun.line) && {
            let place = seen.placed.iter().position(|place| std::ptr::eq(&seen.fields[place.field], begun))?;
            seen.placed.get(place + 1).is_some_and(|next| next.group.starts_with(letter))
        };
        (!filled).then(|| {
            Error::rule("C98", "empty sequence", at(begun), format!("sequence {letter} has no field but {tag}"))
        })
    };
    [alone("C", "15C"), alone("E", "15E")].into_iter().flatten().collect()
}

/// Non-deliverable forwards: whether it is the opening is said where 17F is Y and only there (D03); the opening names settlement currency
/// and valuation date, which no other deal has (D04).
fn non_deliverable(seen: &Seen<'_, '_>) -> Vec<Error> {
    const OPENING: [&str; 2] = ["32E", "30U"];
    let mut errors = Vec::new();
    let (flag, opening) = (says(seen, "17F"), seen.first("A", "17O"));
    match (flag == Some("Y"), opening) {
        (true, None) => errors.push(Error::rule(
            "D03",
            "17O of 17F",
            ("17O", line_of(seen, "17F")),
            "17O must be there where 17F is Y",
        )),
        (false, Some(opening)) => {
            errors.push(Error::rule("D03", "17O of 17F", at(opening), "17O is allowed only where 17F is Y"))
        }
        _ => {}
    }
    let opens = says(seen, "17O") == Some("Y");
    for tag in OPENING {
        match (opens, seen.first("A", tag)) {
            (true, None) => {
                let reason = format!("{tag} must be there where 17O is Y");
                errors.push(Error::rule(
                    "D04",
                    "opening of a non-deliverable deal",
                    (tag, line_of(seen, "17O")),
                    reason,
                ));
            }
            (false, Some(field)) if opening.is_none() => {
                let reason = format!("{tag} is allowed only in the opening of a non-deliverable deal");
                errors.push(Error::rule("D04", "opening of a non-deliverable deal", at(field), reason));
            }
            _ => {}
        }
    }
    errors
}

/// 22C: both parties in alphabetical order (T96), as 82a and 87a name them (T95), around the digits of the rate (T22).
fn common_reference(seen: &Seen<'_, '_>, header: &Header) -> Vec<Error> {
    let mut errors = Vec::new();
    let Some(field) = seen.well("A", "22C") else { return errors };
    let Some((first, digits, second)) = reference::parts(&field.value) else { return errors };
    if reference::order(first, second).is_gt() {
        let reason = format!("{second} must stand before {first}: letters come before digits");
        errors.push(Error::rule("T96", "22C alphabetical order", at(field), reason));
    }
    let parties =
        [party_code(seen, "82a", header.sender.as_deref()), party_code(seen, "87a", header.receiver.as_deref())];
    if let [Some(one), Some(other)] = &parties {
        let same = |a: &str, b: &str| one == a && other == b;
        if !same(first, second) && !same(second, first) {
            let reason = format!("its parties are {first} and {second}, those of 82a and 87a are {one} and {other}");
            errors.push(Error::rule("T95", "22C party codes", at(field), reason));
        }
    }
    if let Some(rate) = seen.well("B", "36") {
        let wanted = reference::rate_digits(&rate.value);
        if digits != wanted {
            let reason = format!("its digits are {digits}, those of the rate {} are {wanted}", rate.value);
            errors.push(Error::rule("T22", "22C rate digits", at(field), reason));
        }
    }
    errors
}

/// Of the business identifier code of a party; one that has none is represented by who sends or receives the message.
fn party_code(seen: &Seen<'_, '_>, tag: &str, represented: Option<&str>) -> Option<String> {
    let field = seen.well("A", tag)?;
    let code = bic_of(field).or(represented)?;
    reference::party_code(code)
}

/// The business identifier code of a party field of option A or J.
pub fn bic_of<'a>(field: &'a Field<'_>) -> Option<&'a str> {
    if field.tag.ends_with('A') {
        return field.value.lines().last();
    }
    let code = field.value.split_once("/ABIC/")?.1.split(['/', '\n']).next()?;
    (code != "UKWN" && code.len() >= 8).then_some(code)
}

/// Metals are confirmed by messages of category 6 (C08).
fn metals(seen: &Seen<'_, '_>) -> Vec<Error> {
    let amounts =
        seen.placed.iter().map(|place| &seen.fields[place.field]).filter(|field| is(field, "32B") || is(field, "33B"));
    let metal = |field: &&Field<'_>| field.value.get(..3).is_some_and(|code| codes::METALS.contains(&code));
    amounts
        .filter(metal)
        .map(|field| Error::rule("C08", "no metals", at(field), "metals are confirmed by category 6"))
        .collect()
}
