//! The tokeniser of FIN messages: blocks 1 to 5 and the ones behind them, fields of block 4, tags of the others.
//!
//! What is malformed is told as a fault with its place, and reading goes on with what is meant; nothing panics. Grammar: SWIFT User
//! Handbook, FIN Operations Guide, "Message structure"; fault codes: FIN Error Codes (H headers, U user header, T13 text, Z trailer).
use std::borrow::Cow;

/// A longer text is refused unread; FIN itself ends at 10,000 characters, an appended copy or an ISO 15022 message may be longer.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Blocks of one message; beyond it the rest is told as one fault.
pub const BLOCKS_MAX: usize = 16;
/// Fields or tags of one block.
pub const FIELDS_MAX: usize = 20_000;
/// Faults of one message; a message with more is beyond explaining.
pub const FAULTS_MAX: usize = 100;

/// One field of block 4, or one `{tag:value}` of another block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    pub tag: &'a str,
    /// Lines are parted by `\n`, whatever parted them in the message.
    pub value: Cow<'a, str>,
    /// Of the message, from 1.
    pub line: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block<'a> {
    /// `1` to `5`, `S`, or whatever stood before the first colon.
    pub name: &'a str,
    pub line: u32,
    /// What stands between the colon and the end of the block.
    pub content: &'a str,
    /// Fields of a text block, tags of the others; blocks 1 and 2 have none.
    pub fields: Vec<Field<'a>>,
}

/// What is wrong with the form of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The network's error code.
    pub code: &'static str,
    pub block: String,
    pub line: u32,
    pub message: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fin<'a> {
    pub blocks: Vec<Block<'a>>,
    pub faults: Vec<Fault>,
}

impl<'a> Fin<'a> {
    pub fn block(&self, name: &str) -> Option<&Block<'a>> {
        self.blocks.iter().find(|block| block.name == name)
    }

    /// The fields of the text block; empty without one.
    pub fn text(&self) -> &[Field<'a>] {
        self.block("4").map_or(&[], |block| &block.fields)
    }
}

/// The messages of a text, each from its `{1:` to the next one's. A text without `{1:` is one message.
pub fn split(text: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = text.match_indices("{1:").map(|(at, _)| at).filter(|at| opens(text, *at)).collect();
    if starts.is_empty() {
        return if text.trim().is_empty() { Vec::new() } else { vec![text] };
    }
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([text.len()]).collect();
    starts.drain(..).zip(ends).map(|(from, to)| text[from..to].trim_end_matches(is_between)).collect()
}

/// Whether a `{1:` begins a message: MT 028 has a tag 1 of its own, inside a block.
fn opens(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches(is_between);
    before.is_empty() || (before.ends_with('}') || at > before.len()) && text[at + 3..].starts_with(['F', 'A', 'L'])
}

/// What may stand between two messages: line ends, the `$` of RJE files, the control characters of DOS-PCC files, blanks.
fn is_between(character: char) -> bool {
    matches!(character, '\r' | '\n' | '$' | '\u{1}' | '\u{3}' | ' ' | '\t' | '\0')
}

/// The blocks of one message.
pub fn parse(text: &str) -> Fin<'_> {
    let mut reader = Reader { text, at: 0, line: 1, counted: 0, found: Fin::default() };
    if text.len() > MESSAGE_BYTES_MAX {
        reader.fault("M50", "", 1, format!("a message of {} bytes is longer than {MESSAGE_BYTES_MAX}", text.len()));
        return reader.found;
    }
    reader.blocks();
    reader.found
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Of `counted`, which trails behind `at`: lines are counted once.
    line: u32,
    counted: usize,
    found: Fin<'a>,
}

impl<'a> Reader<'a> {
    fn blocks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let skipped = rest.len() - rest.trim_start_matches(is_between).len();
            self.at += skipped;
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                break;
            }
            let line = self.line_at(self.at);
            if self.found.blocks.len() >= BLOCKS_MAX {
                self.fault("H98", "", line, format!("more than {BLOCKS_MAX} blocks"));
                break;
            }
            if !rest.starts_with('{') {
                let until = rest.find('{').unwrap_or(rest.len());
                self.fault("H98", "", line, format!("{} stands outside the blocks", shown(&rest[..until])));
                self.at += until;
                continue;
            }
            self.block(line);
        }
        if self.found.blocks.is_empty() {
            self.fault("H01", "1", 1, "there is no block".to_owned());
        }
    }

    /// One block, from its opening brace.
    fn block(&mut self, line: u32) {
        let start = self.at + 1;
        let inner = &self.text[start..];
        let Some(colon) = inner.bytes().take(4).position(|byte| byte == b':') else {
            self.fault("H98", "", line, format!("{} opens no block", shown(&inner[..boundary(inner, 8)])));
            self.at = start;
            return;
        };
        let name = inner[..colon].trim_matches(is_between);
        let content = start + colon + 1;
        let is_text = name == "4" && !self.text[content..].trim_start_matches(is_between).starts_with('{');
        if is_text {
            self.text_block(name, line, content);
        } else {
            self.tag_block(name, line, content);
        }
    }

    /// Block 4 of a user message: fields, each from a line that begins with a colon.
    fn text_block(&mut self, name: &'a str, line: u32, from: usize) {
        let (until, after) = self.text_end(from);
        let content = &self.text[from..until];
        let mut fields = Vec::with_capacity(content.len() / 24);
        let mut number = self.line_at(from);
        let mut open: Option<(&'a str, usize, u32)> = None;
        let (mut start, mut first) = (from, true);
        while start <= until {
            let end = memchr::memchr(b'\n', &self.text.as_bytes()[start..until]).map_or(until, |length| start + length);
            let row = self.text[start..end].trim_end_matches('\r');
            if let Some(tag) = tag_of(row) {
                self.close(&mut fields, open.take(), start);
                open = Some((tag, start + tag.len() + 2, number));
            } else if first && row.is_empty() {
                // what follows the block's colon is a line end
            } else {
                self.inside(row, number, open.is_some(), first);
            }
            if fields.len() >= FIELDS_MAX {
                self.fault("M50", name, number, format!("more than {FIELDS_MAX} fields"));
                break;
            }
            (start, first) = (end + 1, false);
            number += 1;
        }
        self.close(&mut fields, open, until + 1);
        if fields.is_empty() {
            self.fault("T13", name, line, "the text block has no field".to_owned());
        }
        self.found.blocks.push(Block { name, line, content, fields });
        self.at = after;
    }

    /// A line that begins no field: it goes on the field above, unless it is none of its own.
    fn inside(&mut self, row: &str, line: u32, open: bool, first: bool) {
        if row.starts_with(':') {
            self.fault("T13", "4", line, format!("{} is no field tag", shown(row)));
        } else if first {
            self.fault("T13", "4", line, "the text does not begin on a line of its own".to_owned());
        } else if !open {
            self.fault("T13", "4", line, format!("{} stands before the first field", shown(row)));
        } else if row.starts_with('-') {
            self.fault("T13", "4", line, "a line begins with a hyphen, which ends the text".to_owned());
        }
    }

    fn close(&self, fields: &mut Vec<Field<'a>>, open: Option<(&'a str, usize, u32)>, next: usize) {
        if let Some((tag, from, line)) = open {
            let raw = self.text[from..(next - 1).max(from)].trim_end_matches('\r');
            fields.push(Field { tag, value: lines_of(raw), line });
        }
    }

    /// (where the text of block 4 ends, where reading goes on).
    fn text_end(&mut self, from: usize) -> (usize, usize) {
        let rest = &self.text[from..];
        if let Some(at) = rest.find("\n-}") {
            let end = from + at - usize::from(rest[..at].ends_with('\r'));
            return (end, from + at + 3);
        }
        let (length, taken, what) = if let Some(at) = rest.find("-}") {
            (at, 2, "the text does not end with a line that begins with -}")
        } else if let Some(at) = rest.rfind('}').map(|last| rest.find("}{").unwrap_or(last)) {
            (at, 1, "the text ends with a brace, without the hyphen before it")
        } else {
            (rest.trim_end_matches(is_between).len(), 0, "the text has no end")
        };
        let line = self.line_at(from + length);
        self.fault("T13", "4", line, what.to_owned());
        (from + length, (from + length + taken).max(from).min(self.text.len()))
    }

    /// Any other block: plain content, or `{tag:value}` one after the other.
    fn tag_block(&mut self, name: &'a str, line: u32, from: usize) {
        let bytes = self.text.as_bytes();
        let mut fields = Vec::new();
        let mut at = from;
        let mut opened: Option<usize> = None;
        while at < bytes.len() {
            match (bytes[at], opened) {
                (b'{', None) => opened = Some(at + 1),
                (b'{', Some(_)) => {
                    let line = self.line_at(at);
                    self.fault(code_of(name), name, line, "a brace opens inside a tag".to_owned());
                    break;
                }
                (b'}', Some(start)) => {
                    self.tag(&mut fields, name, start, at);
                    opened = None;
                }
                (b'}', None) => break,
                _ => {}
            }
            if fields.len() >= FIELDS_MAX {
                let line = self.line_at(at);
                self.fault("M50", name, line, format!("more than {FIELDS_MAX} tags"));
                break;
            }
            at += 1;
        }
        let closed = bytes.get(at) == Some(&b'}') && opened.is_none();
        if !closed {
            self.fault(code_of(name), name, line, format!("block {name} is not closed"));
        }
        self.found.blocks.push(Block { name, line, content: &self.text[from..at.min(bytes.len())], fields });
        self.at = (at + usize::from(closed)).min(bytes.len());
    }

    fn tag(&mut self, fields: &mut Vec<Field<'a>>, block: &str, start: usize, end: usize) {
        let inner = &self.text[start..end];
        let line = self.line_at(start);
        match inner.split_once(':') {
            Some((tag, value)) if !tag.is_empty() => fields.push(Field { tag, value: lines_of(value), line }),
            _ => self.fault(code_of(block), block, line, format!("{} is no tag with a value", shown(inner))),
        }
    }

    fn line_at(&mut self, at: usize) -> u32 {
        if at < self.counted {
            (self.line, self.counted) = (1, 0);
        }
        let passed = memchr::memchr_iter(b'\n', &self.text.as_bytes()[self.counted..at]).count();
        self.line = self.line.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX));
        self.counted = at;
        self.line
    }

    fn fault(&mut self, code: &'static str, block: &str, line: u32, message: String) {
        if self.found.faults.len() < FAULTS_MAX {
            self.found.faults.push(Fault { code, block: block.to_owned(), line, message });
        }
    }
}

/// The code of a fault in a block's form.
fn code_of(block: &str) -> &'static str {
    match block {
        "1" => "H01",
        "2" => "H25",
        "3" => "U00",
        "4" => "T13",
        _ => "Z00",
    }
}

/// The tag that a line begins with: a colon, two digits, perhaps a letter, a colon.
fn tag_of(row: &str) -> Option<&str> {
    let bytes = row.as_bytes();
    let digits = bytes.len() > 3 && bytes[0] == b':' && bytes[1].is_ascii_digit() && bytes[2].is_ascii_digit();
    match (digits, bytes.get(3), bytes.get(4)) {
        (true, Some(b':'), _) => Some(&row[1..3]),
        (true, Some(letter), Some(b':')) if letter.is_ascii_uppercase() => Some(&row[1..4]),
        _ => None,
    }
}

/// A value with `\n` between its lines.
fn lines_of(raw: &str) -> Cow<'_, str> {
    if raw.contains("\r\n") { Cow::Owned(raw.replace("\r\n", "\n")) } else { Cow::Borrowed(raw) }
}

/// The last place up to `at` where a character begins, or the end.
pub fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0)
}

/// The start of what is spoken of, in quotes.
pub fn shown(text: &str) -> String {
    const SHOWN: usize = 24;
    let line = text.lines().next().unwrap_or_default();
    let cut = boundary(line, SHOWN);
    format!("{:?}{}", &line[..cut], if cut < line.len() { " ..." } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "{1:F01BANKGB2LAXXX0000000000}{2:I300CHASUS33XXXXN}{3:{108:REF}{121:uetr}}{4:\r\n:15A:\r\n:20:FX1\r\n\
                           :57A:/117\r\nBANKGB2L\r\n-}{5:{CHK:123456789ABC}{TNG:}}";

    fn fields(text: &str) -> Vec<(String, String, u32)> {
        parse(text).text().iter().map(|field| (field.tag.into(), field.value.to_string(), field.line)).collect()
    }

    #[test]
    fn blocks_and_their_tags_are_told_apart() {
        let found = parse(MESSAGE);
        assert_eq!(found.faults, []);
        assert_eq!(found.blocks.iter().map(|block| block.name).collect::<Vec<_>>(), ["1", "2", "3", "4", "5"]);
        assert_eq!(found.block("2").unwrap().content, "I300CHASUS33XXXXN");
        let tags =
            |name: &str| found.block(name).unwrap().fields.iter().map(|f| (f.tag, &*f.value)).collect::<Vec<_>>();
        assert_eq!(tags("3"), [("108", "REF"), ("121", "uetr")]);
        assert_eq!(tags("5"), [("CHK", "123456789ABC"), ("TNG", "")]);
    }

    #[test]
    fn a_value_of_several_lines_has_plain_line_ends_and_the_line_of_its_tag() {
        let told = |tag: &str, value: &str, line| (tag.to_owned(), value.to_owned(), line);
        let expected = [told("15A", "", 2), told("20", "FX1", 3), told("57A", "/117\nBANKGB2L", 4)];
        assert_eq!(fields(MESSAGE), expected);
        assert_eq!(fields(&MESSAGE.replace("\r\n", "\n")), expected);
    }

    #[test]
    fn braces_and_colons_inside_a_text_stay_in_it() {
        let text = "{1:F01}{4:\n:20:A\n:79:a{b}c\nd:e\n:x\n-}";
        assert_eq!(fields(text)[1].1, "a{b}c\nd:e\n:x");
        assert_eq!(parse(text).faults.iter().map(|fault| (fault.code, fault.line)).collect::<Vec<_>>(), [("T13", 5)]);
    }

    #[test]
    fn what_is_malformed_is_named_and_the_rest_is_read() {
        for (text, code, line) in [
            ("{1:F01}{4:\n:20:A-}{5:{CHK:1}}", "T13", 2),
            ("{1:F01}{4:\n:20:A\n}{5:{CHK:1}}", "T13", 3),
            ("{1:F01}{4:\n:20:A", "T13", 2),
            ("{1:F01}{3:{108:A}{4:\n:20:B\n-}", "U00", 1),
            ("{1:F01}{2:I300", "H25", 1),
            ("{1:F01}x{4:\n:20:A\n-}", "H98", 1),
            ("{1:F01}{5:{CHK}}", "Z00", 1),
            ("{1:F01}{4:\nA\n:20:A\n-}", "T13", 2),
            ("{1:F01}{4:\n:20:A\n-b\n-}", "T13", 3),
            ("", "H01", 1),
        ] {
            let faults = parse(text).faults;
            assert_eq!(faults.first().map(|fault| (fault.code, fault.line)), Some((code, line)), "{text}: {faults:?}");
        }
        assert_eq!(fields("{1:F01}{4:\n:20:A-}{5:{CHK:1}}"), [("20".to_owned(), "A".to_owned(), 2)]);
    }

    #[test]
    fn a_file_is_cut_into_its_messages() {
        let two = "{1:F21A}{4:{177:1}{451:0}}{1:F01A}{4:\n:20:A\n-}$\n{1:F01B}{4:\n:20:B\n-}\n";
        assert_eq!(split(two), ["{1:F21A}{4:{177:1}{451:0}}", "{1:F01A}{4:\n:20:A\n-}", "{1:F01B}{4:\n:20:B\n-}"]);
        assert_eq!(split("{1:F01V}{4:{1:val1}{2:val2}}").len(), 1);
        assert_eq!(split(" \n"), [""; 0]);
        assert_eq!(split(":20:A\n"), [":20:A\n"]);
    }

    #[test]
    fn a_text_beyond_the_limit_is_refused_unread() {
        let found = parse(&"x".repeat(MESSAGE_BYTES_MAX + 1)).faults;
        assert_eq!(found[0].code, "M50");
    }
}
