//! The verdict over one message: its form, the places and formats of its fields, the network's rules of its type.
use super::fin::{self, Field, Fin};
use super::layout::{self, Table};
use super::rules::{Rules, Seen};
use super::walk::{self, Error, Placed};
use super::{rules, rules_300};

/// What a message is and what is wrong with it.
#[derive(Debug)]
pub struct Verdict<'a> {
    pub fin: Fin<'a>,
    /// Three digits; `None` without a block 2 that says it.
    pub number: Option<String>,
    pub placed: Vec<Placed<'static>>,
    /// In the order of the message.
    pub errors: Vec<Error>,
}

/// The message type of block 2, and the business identifier codes of who sends and who receives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    pub number: String,
    pub sender: Option<String>,
    pub receiver: Option<String>,
}

/// Of blocks 1 and 2; `None` where block 2 does not name a type.
pub fn header(fin: &Fin<'_>) -> Option<Header> {
    let second = fin.block("2")?.content;
    let digits = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = second.get(1..4).filter(|text| digits(text) && second.starts_with(['I', 'O']))?.to_owned();
    let own = fin.block("1").and_then(|block| bic_of(block.content.get(3..15)?));
    let other = if second.starts_with('I') { second.get(4..16) } else { second.get(14..26) }.and_then(bic_of);
    let (sender, receiver) = if second.starts_with('I') { (own, other) } else { (other, own) };
    Some(Header { number, sender, receiver })
}

/// The code in a logical terminal's address of twelve characters: the ninth is the terminal.
fn bic_of(address: &str) -> Option<String> {
    Some(format!("{}{}", address.get(..8)?, address.get(9..12)?))
}

/// Reads a message and says what is wrong with it. A type without a table is judged by its form alone, which an error says.
pub fn validate(text: &str) -> Verdict<'_> {
    let mut fin = fin::parse(text);
    pass_acknowledgement(&mut fin);
    let header = header(&fin);
    let mut errors: Vec<Error> = fin.faults.iter().map(|f| Error::form(f.code, &f.block, f.line, &f.message)).collect();
    for (place, block) in fin.blocks.iter().enumerate() {
        if fin.blocks[..place].iter().any(|earlier| earlier.name == block.name) {
            errors.push(Error::form("H98", block.name, block.line, format!("block {} stands there twice", block.name)));
        }
    }
    let number = header.as_ref().map(|header| header.number.clone());
    let table = number.as_deref().and_then(layout::table_of);
    let mut placed = Vec::new();
    match (&number, table) {
        (_, Some(table)) => {
            let (places, found) = judge(table, fin.text(), &header.unwrap_or_default());
            placed = places;
            errors.extend(found);
        }
        (Some(number), None) => {
            errors.push(Error::form("H03", "2", 1, format!("MT {number} has no table here: only its form was read")));
        }
        // acknowledgements of the network (service 21) have no block 2
        (None, None) if fin.block("1").is_some_and(|block| block.content.starts_with("F21")) => {}
        (None, None) if fin.faults.len() < fin::FAULTS_MAX && !fin.blocks.is_empty() => {
            errors.push(Error::form("H20", "2", 1, "block 2 names no message type"));
        }
        _ => {}
    }
    errors.sort_by_key(|error| error.line);
    errors.truncate(walk::ERRORS_MAX);
    Verdict { fin, number, placed, errors }
}

/// What the network acknowledges (service 21) may stand behind the acknowledgement: that is the message then.
fn pass_acknowledgement(fin: &mut Fin<'_>) {
    let acknowledges = |block: &fin::Block<'_>| block.name == "1" && block.content.starts_with("F21");
    if fin.blocks.first().is_some_and(acknowledges)
        && let Some(next) = fin.blocks.iter().skip(1).position(|block| block.name == "1")
    {
        fin.blocks.drain(..=next);
    }
}

/// Fields against the table of their type, then against the rules of it. Rules are asked of fields whose form is right.
pub fn judge<'t>(table: &'t Table, fields: &[Field<'_>], header: &Header) -> (Vec<Placed<'t>>, Vec<Error>) {
    let (placed, mut errors) = walk::walk(table, fields);
    let bad: Vec<(String, u32)> =
        errors.iter().filter(|error| error.code.is_none()).map(|error| (error.field.clone(), error.line)).collect();
    let seen = Seen { fields, placed: &placed, bad: &bad };
    let rules: Rules = match table.number.as_str() {
        "300" => rules_300::check,
        "103" => rules::mt103,
        "202" | "205" => rules::mt202,
        "910" => rules::mt910,
        "940" | "950" => rules::statement,
        "942" => rules::mt942,
        _ => |_, _| Vec::new(),
    };
    errors.extend(rules(&seen, header));
    (placed, errors)
}
