//! A row while it is made, and rows that were: texts one behind the other, with the length of each.

/// Fields of a row, O01 to O78; here they are counted from 0.
pub const FIELDS: usize = 78;
/// The length of a field that is unknown.
pub const UNKNOWN: u32 = u32::MAX;

/// The fields that a row has of an event, by their numbers: `O03` is at 2.
#[derive(Default)]
pub struct Values {
    text: String,
    at: Slots,
}

struct Slots([(u32, u32); FIELDS]);

impl Default for Slots {
    fn default() -> Self {
        Self([(0, UNKNOWN); FIELDS])
    }
}

impl Values {
    pub fn clear(&mut self) {
        self.text.clear();
        self.at = Slots::default();
    }

    /// Field `number` (O03: 3) becomes what `write` appends.
    pub fn put(&mut self, number: usize, write: impl FnOnce(&mut String)) {
        let begin = self.text.len();
        write(&mut self.text);
        self.at.0[number - 1] = (begin as u32, (self.text.len() - begin) as u32);
    }

    pub fn text(&mut self, number: usize, text: &str) {
        self.put(number, |out| out.push_str(text));
    }

    pub fn empty(&mut self, number: usize) {
        self.at.0[number - 1] = (0, 0);
    }

    pub fn unknown(&mut self, number: usize) {
        self.at.0[number - 1] = (0, UNKNOWN);
    }

    /// What a field says, if it is known and not empty; else unknown.
    pub fn text_or_unknown(&mut self, number: usize, text: &str) {
        if text.is_empty() { self.unknown(number) } else { self.text(number, text) }
    }

    /// The same text as another field.
    pub fn copy(&mut self, number: usize, of: usize) {
        self.at.0[number - 1] = self.at.0[of - 1];
    }

    fn get(&self, at: usize) -> Option<&str> {
        let (begin, length) = self.at.0[at];
        (length != UNKNOWN).then(|| &self.text[begin as usize..(begin + length) as usize])
    }
}

/// What a row is of. `order` 0: of none. `account`: its own number, None where the row names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub sequence: u64,
    pub place: u16,
    pub order: u64,
    pub time: u64,
    pub account: Option<u32>,
}

/// Rows in the order of the journal.
#[derive(Default)]
pub struct Made {
    pub heads: Vec<Head>,
    pub texts: String,
    /// FIELDS a row; UNKNOWN, or bytes of `texts`.
    pub lengths: Vec<u32>,
}

impl Made {
    pub fn take(&mut self, head: Head, values: &Values, unknown: &mut [u64; FIELDS]) {
        self.heads.push(head);
        for (at, count) in unknown.iter_mut().enumerate() {
            match values.get(at) {
                Some(text) => {
                    self.texts.push_str(text);
                    self.lengths.push(text.len() as u32);
                }
                None => {
                    self.lengths.push(UNKNOWN);
                    *count += 1;
                }
            }
        }
    }

    /// The values of each row in order.
    pub fn rows(&self) -> impl Iterator<Item = (&Head, [Option<&str>; FIELDS])> {
        let mut rest = self.texts.as_str();
        self.heads.iter().zip(self.lengths.as_chunks::<FIELDS>().0).map(move |(head, lengths)| {
            let values = lengths.map(|length| {
                (length != UNKNOWN).then(|| {
                    let (text, behind) = rest.split_at(length as usize);
                    rest = behind;
                    text
                })
            });
            (head, values)
        })
    }
}
