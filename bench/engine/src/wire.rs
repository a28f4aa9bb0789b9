//! Rows of `isthmus bench wire` that are timed inside Rust: FIX read, checked and written.
use std::io::{self, BufRead, Write};
use std::path::Path;

use isthmus_wire::fix::dictionary::Dictionary;
use isthmus_wire::fix::encode::Encoder;
use isthmus_wire::fix::frame::{Head, head};
use isthmus_wire::fix::index::{Index, View};
use isthmus_wire::fix::values::{decimal, int, timestamp};

use crate::clock::{Took, timed};

/// Messages of a round.
const MESSAGES: usize = 100_000;
/// What every message must have beside 8, 9, 35 and 10: MsgSeqNum, SenderCompID, SendingTime, TargetCompID.
const REQUIRED: [u32; 4] = [34, 49, 52, 56];

/// Messages of one kind, and what an application knows when it writes them.
struct Kind {
    name: &'static str,
    messages: Vec<Vec<u8>>,
    known: Vec<Known>,
    write: fn(&mut Encoder, &Known),
}

/// What an application knows of a message: numbers and times, and its texts in the order in which they are written.
#[derive(Default)]
struct Known {
    texts: Vec<Vec<u8>>,
    sequence: i64,
    sent: u64,
    happened: u64,
    order: i64,
    price: i64,
    last: i64,
    leaves: i64,
    done: i64,
}

/// Answers lines on standard input: "truth" (is everything right?), "round" (processor time of each row, once).
pub fn serve(folder: &Path) -> io::Result<()> {
    let kinds = [Kind::read(folder, "order", write_order)?, Kind::read(folder, "report", write_report)?];
    for line in io::stdin().lock().lines() {
        let answer = match line?.trim() {
            "truth" => kinds.iter().all(Kind::right).to_string(),
            "round" => round(&kinds),
            other => return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("what is {other:?}?"))),
        };
        println!("{answer}");
        io::stdout().flush()?;
    }
    Ok(())
}

fn round(kinds: &[Kind]) -> String {
    let rows = kinds.iter().flat_map(|kind| {
        [("parse", kind.parse()), ("validate", kind.validate()), ("encode", kind.encode())]
            .map(|(what, took)| format!(r#""fix_{}_{what}":{:.2}"#, kind.name, took.cpu_s * 1e9 / MESSAGES as f64))
    });
    format!("{{{}}}", rows.collect::<Vec<_>>().join(","))
}

/// BodyLength, CheckSum and the place of every field.
#[inline]
fn framed<'a>(message: &'a [u8], index: &'a mut Index) -> Option<View<'a>> {
    let Head::Message { length } = head(message) else { return None };
    index.read(&message[..length]).ok()?;
    Some(index.view(message))
}

/// The same, and the fields that every message must have.
#[inline]
fn checked<'a>(message: &'a [u8], index: &'a mut Index) -> Option<View<'a>> {
    framed(message, index).filter(|view| REQUIRED.iter().all(|tag| view.find(*tag).is_some()))
}

impl Kind {
    fn read(folder: &Path, name: &'static str, write: fn(&mut Encoder, &Known)) -> io::Result<Self> {
        let text = std::fs::read_to_string(folder.join(name))?;
        let messages: Vec<Vec<u8>> = text.lines().map(|line| line.replace('|', "\u{1}").into_bytes()).collect();
        let known = messages.iter().map(|message| known(message)).collect();
        Ok(Self { name, messages, known, write })
    }

    fn each(&self, mut act: impl FnMut(&[u8]) -> usize) -> Took {
        timed(|| (0..MESSAGES).map(|n| act(&self.messages[n % self.messages.len()])).sum::<usize>())
    }

    fn parse(&self) -> Took {
        let mut index = Index::new();
        self.each(|message| checked(message, &mut index).map_or(0, |view| view.fields.len()))
    }

    fn validate(&self) -> Took {
        let (mut index, dictionary) = (Index::new(), Dictionary::fix44());
        self.each(|message| {
            // the dictionary looks after the required fields itself
            usize::from(framed(message, &mut index).is_some_and(|view| dictionary.validate(&view).is_ok()))
        })
    }

    fn encode(&self) -> Took {
        let mut encoder = Encoder::new();
        timed(|| (0..MESSAGES).map(|n| self.encoded(&mut encoder, n % self.known.len()).len()).sum::<usize>())
    }

    #[inline]
    fn encoded<'a>(&self, encoder: &'a mut Encoder, number: usize) -> &'a [u8] {
        (self.write)(encoder, &self.known[number]);
        encoder.finish().unwrap_or(&[])
    }

    /// Does every message pass, and is it written again byte by byte?
    fn right(&self) -> bool {
        let (mut index, mut encoder, dictionary) = (Index::new(), Encoder::new(), Dictionary::fix44());
        self.messages.iter().enumerate().all(|(number, message)| {
            checked(message, &mut index).is_some_and(|view| dictionary.validate(&view).is_ok())
                && self.encoded(&mut encoder, number) == message
        })
    }
}

/// The fields of a message in their own types.
fn known(message: &[u8]) -> Known {
    let (mut index, mut known) = (Index::new(), Known::default());
    if index.read(message).is_err() {
        return known;
    }
    for (tag, value) in index.view(message).iter() {
        let number = || int(value).unwrap_or(-1);
        match tag {
            34 => known.sequence = number(),
            52 => known.sent = timestamp(value).unwrap_or(0),
            60 => known.happened = timestamp(value).unwrap_or(0),
            38 => known.order = number(),
            32 => known.last = number(),
            151 => known.leaves = number(),
            14 => known.done = number(),
            44 => known.price = decimal(value, 2).unwrap_or(-1),
            8 | 9 | 35 | 10 | 31 | 6 | 453 => {}
            _ => known.texts.push(value.to_vec()),
        }
    }
    known
}

fn write_order(encoder: &mut Encoder, known: &Known) {
    encoder.begin(b"FIX.4.4", b"D");
    let [sender, target, desk, id, account, handling, instruction, symbol, market, side, kind, currency, validity] =
        &known.texts[..]
    else {
        return;
    };
    encoder.int(34, known.sequence);
    encoder.field(49, sender);
    encoder.time(52, known.sent, 3);
    encoder.field(56, target);
    encoder.field(57, desk);
    encoder.field(11, id);
    encoder.field(1, account);
    encoder.char(21, handling[0]);
    encoder.char(18, instruction[0]);
    encoder.field(55, symbol);
    encoder.field(207, market);
    encoder.char(54, side[0]);
    encoder.time(60, known.happened, 6);
    encoder.int(38, known.order);
    encoder.char(40, kind[0]);
    encoder.decimal(44, known.price, 2);
    encoder.field(15, currency);
    encoder.char(59, validity[0]);
}

fn write_report(encoder: &mut Encoder, known: &Known) {
    encoder.begin(b"FIX.4.4", b"8");
    let (Some(head), Some(parties), Some(rest)) = (known.texts.get(..5), known.texts.get(5..11), known.texts.get(11..))
    else {
        return;
    };
    let (
        [sender, target, desk, order, id],
        (parties, []),
        [execution, what, state, account, settled, symbol, market, side, kind, currency, validity, venue],
    ) = (head, parties.as_chunks::<3>(), rest)
    else {
        return;
    };
    encoder.int(34, known.sequence);
    encoder.field(49, sender);
    encoder.time(52, known.sent, 3);
    encoder.field(56, target);
    encoder.field(50, desk);
    encoder.field(37, order);
    encoder.field(11, id);
    encoder.int(453, parties.len() as i64);
    for [party, source, role] in parties {
        encoder.field(448, party);
        encoder.char(447, source[0]);
        encoder.field(452, role);
    }
    encoder.field(17, execution);
    encoder.char(150, what[0]);
    encoder.char(39, state[0]);
    encoder.field(1, account);
    encoder.char(63, settled[0]);
    encoder.field(55, symbol);
    encoder.field(207, market);
    encoder.char(54, side[0]);
    encoder.int(38, known.order);
    encoder.char(40, kind[0]);
    encoder.decimal(44, known.price, 2);
    encoder.field(15, currency);
    encoder.char(59, validity[0]);
    encoder.int(32, known.last);
    encoder.decimal(31, known.price, 2);
    encoder.field(30, venue);
    encoder.int(151, known.leaves);
    encoder.int(14, known.done);
    encoder.decimal(6, known.price, 2);
    encoder.time(60, known.happened, 6);
}
