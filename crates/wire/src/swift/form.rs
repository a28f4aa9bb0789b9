//! Formats of field contents, in SWIFT's own notation, and whether a value has one.
//!
//! `16x` at most sixteen, `4!c` exactly four, `4*35x` at most four lines, `15d` a decimal with its comma, `[ ]` optional, `$` a new line,
//! `{A|B}` one of the codes, `<name>` a part with rules of its own (`Part`), anything else itself. Source: SWIFT User Handbook, Standards MT
//! General Information, "Field structure"; error codes: FIN Error Codes.
use super::fin::boundary;
use super::parts::{Part, decimal};

/// Steps that one value may cost; formats that backtrack do so over a few characters.
const STEPS_MAX: u32 = 20_000;
/// How deep brackets may nest in a format.
const DEPTH_MAX: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Digits.
    N,
    /// Upper-case letters.
    A,
    /// Upper-case letters and digits.
    C,
    /// Hexadecimal digits.
    H,
    /// The network's set: letters, digits, `/-?:().,'+` and the blank.
    X,
    /// EDIFACT level A.
    Y,
    /// The information service's set.
    Z,
}

impl Class {
    pub fn holds(self, byte: u8) -> bool {
        match self {
            Class::N => byte.is_ascii_digit(),
            Class::A => byte.is_ascii_uppercase(),
            Class::C => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Class::H => byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte),
            Class::X => byte.is_ascii_alphanumeric() || b"/-?:().,'+ ".contains(&byte),
            Class::Y => byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" .,-()/='+:?!\"%&*<>;".contains(&byte),
            Class::Z => byte.is_ascii_alphanumeric() || b".,-()/='+:?@#_!\"%&*;<>{ \r\n".contains(&byte),
        }
    }

    fn of(letter: char) -> Option<Class> {
        Some(match letter {
            'n' => Class::N,
            'a' => Class::A,
            'c' => Class::C,
            'h' => Class::H,
            'x' => Class::X,
            'y' => Class::Y,
            'z' => Class::Z,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone)]
enum Node {
    Set {
        least: usize,
        most: usize,
        class: Class,
    },
    /// At most n characters with a comma.
    Decimal(usize),
    Lines {
        most: usize,
        length: usize,
        class: Class,
    },
    Literal(String),
    Maybe(Vec<Node>),
    /// The codes, and the error code of any other.
    Codes(Vec<String>),
    Part(Part),
}

/// A compiled format.
#[derive(Debug, Clone)]
pub struct Form {
    /// As it was written.
    pub notation: String,
    nodes: Vec<Node>,
}

/// Why a value has not the format: the network's code and a reason that a person understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    pub code: &'static str,
    pub reason: String,
}

impl Misfit {
    pub fn new(code: &'static str, reason: impl Into<String>) -> Misfit {
        Misfit { code, reason: reason.into() }
    }
}

impl Form {
    /// Reads the notation. `None` for one that means nothing: a table of ours is wrong.
    pub fn compile(notation: &str) -> Option<Form> {
        let mut letters = notation;
        let nodes = nodes_of(&mut letters, 0)?;
        letters.is_empty().then(|| Form { notation: notation.to_owned(), nodes })
    }

    /// Whether a value, its lines parted by `\n`, has this format from end to end.
    pub fn check(&self, value: &str) -> Result<(), Misfit> {
        let mut trial = Trial { value, steps: 0, furthest: 0, misfit: None };
        if trial.run(&self.nodes, None, 0) {
            return Ok(());
        }
        Err(trial.misfit.unwrap_or_else(|| {
            let (at, rest) = (trial.furthest, &value[boundary(value, trial.furthest)..]);
            match rest.bytes().next() {
                None => Misfit::new("T34", "it ends too early"),
                Some(byte) if !Class::Z.holds(byte) => {
                    Misfit::new("M60", format!("character {} is not of the network's set", at + 1))
                }
                Some(_) => Misfit::new("T33", format!("character {} ({}) does not belong there", at + 1, shown(rest))),
            }
        }))
    }
}

/// The first character of a rest, as a person sees it.
fn shown(rest: &str) -> String {
    match rest.chars().next() {
        Some('\n') => "a new line".to_owned(),
        Some(character) => format!("{character:?}"),
        None => "the end".to_owned(),
    }
}

fn nodes_of(letters: &mut &str, depth: usize) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while let Some(letter) = letters.chars().next() {
        match letter {
            ']' => return (depth > 0).then_some(nodes),
            '[' => {
                *letters = &letters[1..];
                if depth >= DEPTH_MAX {
                    return None;
                }
                nodes.push(Node::Maybe(nodes_of(letters, depth + 1)?));
                *letters = letters.strip_prefix(']')?;
            }
            '{' => {
                let (inside, rest) = letters[1..].split_once('}')?;
                nodes.push(Node::Codes(inside.split('|').map(str::to_owned).collect()));
                *letters = rest;
            }
            '<' => {
                let (name, rest) = letters[1..].split_once('>')?;
                nodes.push(Node::Part(Part::of(name)?));
                *letters = rest;
            }
            '0'..='9' => nodes.push(counted(letters)?),
            _ => {
                nodes.push(Node::Literal(if letter == '$' { "\n".to_owned() } else { letter.to_string() }));
                *letters = &letters[letter.len_utf8()..];
            }
        }
    }
    (depth == 0).then_some(nodes)
}

/// `16x`, `4!c`, `4*35x`, `15d`.
fn counted(letters: &mut &str) -> Option<Node> {
    let count = number(letters)?;
    if let Some(rest) = letters.strip_prefix('*') {
        *letters = rest;
        let length = number(letters)?;
        let class = Class::of(letters.chars().next()?)?;
        *letters = &letters[1..];
        return Some(Node::Lines { most: count, length, class });
    }
    let exact = letters.starts_with('!');
    *letters = &letters[usize::from(exact)..];
    let letter = letters.chars().next()?;
    *letters = &letters[1..];
    if letter == 'd' {
        return Some(Node::Decimal(count));
    }
    Some(Node::Set { least: if exact { count } else { 1 }, most: count, class: Class::of(letter)? })
}

fn number(letters: &mut &str) -> Option<usize> {
    let digits = letters.bytes().take_while(u8::is_ascii_digit).count();
    let value = letters[..digits].parse().ok()?;
    *letters = &letters[digits..];
    Some(value)
}

/// What is still to be matched behind the nodes at hand.
struct Behind<'a> {
    nodes: &'a [Node],
    behind: Option<&'a Behind<'a>>,
}

struct Trial<'a> {
    value: &'a str,
    steps: u32,
    /// The furthest place that any way came to.
    furthest: usize,
    /// Why the way that came furthest ended, where a part has a reason of its own.
    misfit: Option<Misfit>,
}

impl Trial<'_> {
    fn run(&mut self, nodes: &[Node], behind: Option<&Behind<'_>>, at: usize) -> bool {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return false;
        }
        let Some((node, rest)) = nodes.split_first() else {
            return match behind {
                Some(next) => self.run(next.nodes, next.behind, at),
                None => at == self.value.len() || self.stop(at, None),
            };
        };
        let bytes = self.value.as_bytes();
        match node {
            Node::Maybe(inside) => {
                let next = Behind { nodes: rest, behind };
                self.run(inside, Some(&next), at) || self.run(rest, behind, at)
            }
            Node::Set { least, most, class } => {
                let count = bytes[at..].iter().take(*most).take_while(|byte| class.holds(**byte)).count();
                if count < *least {
                    return self.stop(at + count, None);
                }
                (*least..=count).rev().any(|length| self.run(rest, behind, at + length)) || self.stop(at + count, None)
            }
            Node::Literal(text) => {
                if self.value[at..].starts_with(text.as_str()) {
                    self.run(rest, behind, at + text.len())
                } else {
                    self.stop(at, None)
                }
            }
            Node::Codes(codes) => {
                let found = codes.iter().filter(|code| self.value[at..].starts_with(code.as_str()));
                let lengths: Vec<usize> = found.map(String::len).collect();
                if lengths.is_empty() {
                    let reason = Misfit::new("T36", format!("the code must be one of {}", codes.join(", ")));
                    return self.stop(at, Some(reason));
                }
                lengths.into_iter().any(|length| self.run(rest, behind, at + length))
            }
            Node::Decimal(most) => match decimal(&bytes[at..], *most) {
                Ok(length) => self.run(rest, behind, at + length),
                Err(misfit) => self.stop(at, Some(misfit)),
            },
            Node::Lines { most, length, class } => self.lines((*most, *length, *class), rest, behind, at),
            Node::Part(part) => match part.length(&self.value[at..]) {
                Ok(length) => self.run(rest, behind, at + length),
                Err(misfit) => self.stop(at, Some(misfit)),
            },
        }
    }

    /// Up to so many lines; fewer where what is behind needs some.
    fn lines(&mut self, kind: (usize, usize, Class), rest: &[Node], behind: Option<&Behind<'_>>, at: usize) -> bool {
        let (most, length, class) = kind;
        let bytes = self.value.as_bytes();
        let (mut end, mut ends) = (at, Vec::with_capacity(most));
        for number in 0..most {
            let start = if number == 0 { end } else { end + 1 };
            if number > 0 && bytes.get(end) != Some(&b'\n') {
                break;
            }
            let held = bytes[start.min(bytes.len())..].iter().take_while(|byte| class.holds(**byte)).count();
            if held == 0 || held > length {
                self.stop(start + held.min(length), None);
                break;
            }
            end = start + held;
            ends.push(end);
        }
        ends.into_iter().rev().any(|end| self.run(rest, behind, end)) || self.stop(end, None)
    }

    /// Notes where a way ended; false, for whoever returns it.
    fn stop(&mut self, at: usize, misfit: Option<Misfit>) -> bool {
        if at > self.furthest || (at == self.furthest && (self.misfit.is_none() || misfit.is_some())) {
            self.furthest = at;
            self.misfit = misfit;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(notation: &str, value: &str) -> Result<(), &'static str> {
        Form::compile(notation).expect(notation).check(value).map_err(|misfit| misfit.code)
    }

    #[test]
    fn lengths_and_characters_are_those_of_the_notation() {
        for (notation, good, bad) in [
            ("16x", &["A", "a b/C(1)"][..], &["", "A\nB", "A;B", "12345678901234567"][..]),
            ("4!c", &["AB12"], &["ABC", "ABCDE", "abcd"]),
            ("5n[/5n]", &["1", "12345/1"], &["/1", "1/", "123456"]),
            ("4*35x", &["A", "A\nB\nC\nD"], &["", "A\n", "A\n\nB", "A\nB\nC\nD\nE"]),
            (
                "6a[/<date8>][//<year>]",
                &["ISDA", "ISDA/20200101//2002", "ISDA//2002"],
                &["ISDA/20201301", "ISDA//0000"],
            ),
            ("3!a2n[/<time4>/4!c]", &["EUR1", "USD37/1100/USNY"], &["EU1", "USD37/2500/USNY", "USD37/1100"]),
            ("[N]<money15>", &["NEUR1,", "EUR1,"], &["NNEUR1,", "EURN1,"]),
        ] {
            good.iter().for_each(|value| assert_eq!(check(notation, value), Ok(()), "{notation} {value:?}"));
            bad.iter().for_each(|value| assert!(check(notation, value).is_err(), "{notation} {value:?}"));
        }
    }

    #[test]
    fn each_kind_of_misfit_has_the_code_of_the_network() {
        for (notation, value, code) in [
            ("12d", "1.08455", "T43"),
            ("12d", "1", "T43"),
            ("12d", ",5", "T40"),
            ("12d", "1,0,0", "T43"),
            ("12d", "1234567890,12", "T33"),
            ("<date8>", "20260230", "T50"),
            ("<date8>", "2026-02-03", "T50"),
            ("<date6>", "250229", "T50"),
            ("<money15>", "JPY1,5", "C03"),
            ("<money15>", "KWD1,2345", "C03"),
            ("<money15>", "XXZ1,", "T52"),
            ("<money15>", "EUR1.00", "T43"),
            ("<ref16>", "/A", "T26"),
            ("<ref16>", "A//B", "T26"),
            ("<ref16>", "A/", "T26"),
            ("<yn>", "X", "T36"),
            ("{NEWT|CANC}", "NEWX", "T36"),
            ("16x", "A\u{e9}", "M60"),
            ("4!c", "AB", "T34"),
            ("<instrument>", "ISIN US123", "T12"),
        ] {
            assert_eq!(check(notation, value), Err(code), "{notation} {value}");
        }
        assert_eq!(check("<money15>", "KWD1,234"), Ok(()));
        assert_eq!(check("<date6>", "240229"), Ok(()));
        assert_eq!(check("<instrument>", "ISIN US0378331005\nAPPLE"), Ok(()));
    }

    #[test]
    fn what_is_greedy_gives_back_what_the_rest_needs() {
        assert_eq!(check("16x[//16x][$34x]", "NONREF//8951234\nORDER"), Ok(()));
        assert_eq!(check("<date6>[<date4>]{RC|RD|C|D}[1!a]15d1!a3!c16x", "0906230625D50,NTRFREF"), Ok(()));
        assert_eq!(check("<date6>[<date4>]{RC|RD|C|D}[1!a]15d1!a3!c16x", "090623RCR50,NTRFREF"), Ok(()));
    }

    #[test]
    fn a_notation_that_means_nothing_is_refused() {
        for notation in ["4!", "[3n", "3n]", "<nothing>", "{A", "4*x", "q"] {
            assert!(notation == "q" || Form::compile(notation).is_none(), "{notation}");
        }
    }
}
