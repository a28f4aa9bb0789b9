//! Rows of `isthmus bench wire` that are timed inside Rust: FIX read, checked and written.
use std::io::{self, BufRead, Write};
use std::path::Path;

use isthmus_wire::fix::dictionary::Dictionary;
use isthmus_wire::fix::encode::Encoder;
use isthmus_wire::fix::frame::{Head, head};
use isthmus_wire::fix::index::{Index, View};
use isthmus_wire::fix::values::{decimal, int, timestamp, unsigned};

use crate::clock::{Took, timed};

/// Messages of a round.
const MESSAGES: usize = 100_000;
/// What every message must have beside 8, 9, 35 and 10: MsgSeqNum, SenderCompID, SendingTime, TargetCompID.
const REQUIRED: [u32; 4] = [34, 49, 52, 56];

/// Messages of one kind, read once so that what is written again is known to be the same.
struct Kind {
    name: &'static str,
    messages: Vec<Vec<u8>>,
    fields: Vec<Vec<Value>>,
}

/// A field to write, in its own type.
enum Value {
    Text(u32, Vec<u8>),
    Int(u32, i64),
    Decimal(u32, i64, u8),
    Time(u32, u64, u8),
}

/// Answers lines on standard input: "truth" (is everything right?), "round" (processor time of each row, once).
pub fn serve(folder: &Path) -> io::Result<()> {
    let kinds = [Kind::read(folder, "order")?, Kind::read(folder, "report")?];
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

/// BodyLength, CheckSum, the place of every field, and the fields that every message must have.
#[inline]
fn checked<'a>(message: &'a [u8], index: &'a mut Index) -> Option<View<'a>> {
    let Head::Message { length } = head(message) else { return None };
    index.read(&message[..length]).ok()?;
    let view = index.view(message);
    REQUIRED.iter().all(|tag| view.find(*tag).is_some()).then_some(view)
}

impl Kind {
    fn read(folder: &Path, name: &'static str) -> io::Result<Self> {
        let text = std::fs::read_to_string(folder.join(name))?;
        let messages: Vec<Vec<u8>> = text.lines().map(|line| line.replace('|', "\u{1}").into_bytes()).collect();
        let fields = messages.iter().map(|message| values(message)).collect();
        Ok(Self { name, messages, fields })
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
            let passed = checked(message, &mut index).is_some_and(|view| dictionary.validate(&view).is_ok());
            usize::from(passed)
        })
    }

    fn encode(&self) -> Took {
        let mut encoder = Encoder::new();
        timed(|| {
            let all = (0..MESSAGES).map(|n| encoded(&mut encoder, &self.fields[n % self.fields.len()]).len());
            all.sum::<usize>()
        })
    }

    /// Does every message pass, and is it written again byte by byte?
    fn right(&self) -> bool {
        let (mut index, mut encoder, dictionary) = (Index::new(), Encoder::new(), Dictionary::fix44());
        self.messages.iter().zip(&self.fields).all(|(message, fields)| {
            checked(message, &mut index).is_some_and(|view| dictionary.validate(&view).is_ok())
                && encoded(&mut encoder, fields) == message
        })
    }
}

/// The fields between MsgType and CheckSum as an application holds them.
fn values(message: &[u8]) -> Vec<Value> {
    let mut index = Index::new();
    if index.read(message).is_err() {
        return Vec::new();
    }
    let body = index.view(message).iter().collect::<Vec<_>>();
    let of = |(tag, value): &(u32, &[u8])| match tag {
        34 | 453 | 452 => unsigned(value).map(|number| Value::Int(*tag, number.cast_signed())),
        14 | 32 | 38 | 151 => int(value).map(|number| Value::Int(*tag, number)),
        6 | 31 | 44 => decimal(value, 2).map(|number| Value::Decimal(*tag, number, 2)),
        52 => timestamp(value).map(|time| Value::Time(*tag, time, 3)),
        60 => timestamp(value).map(|time| Value::Time(*tag, time, 6)),
        _ => Ok(Value::Text(*tag, value.to_vec())),
    };
    body.get(2..body.len() - 1).unwrap_or_default().iter().filter_map(|field| of(field).ok()).collect()
}

#[inline]
fn encoded<'a>(encoder: &'a mut Encoder, fields: &[Value]) -> &'a [u8] {
    let Some((Value::Text(35, msg_type), rest)) = fields.split_first() else { return &[] };
    encoder.begin(b"FIX.4.4", msg_type);
    for field in rest {
        match field {
            Value::Text(tag, text) => encoder.field(*tag, text),
            Value::Int(tag, number) => encoder.int(*tag, *number),
            Value::Decimal(tag, mantissa, decimals) => encoder.decimal(*tag, *mantissa, *decimals),
            Value::Time(tag, time, digits) => encoder.time(*tag, *time, *digits),
        }
    }
    encoder.finish().unwrap_or(&[])
}
