//! As much XML as SPAN's files have: elements, leaves with text, comments, declarations. Nothing is copied.
use crate::reference::Unreadable;

/// Elements in one another at most.
const DEEPEST: usize = 64;

#[derive(Clone, Copy, Debug)]
pub enum Child<'a> {
    /// An element with text only, or with nothing: its name, and its text without space around.
    Leaf(&'a [u8], &'a [u8]),
    /// An element with elements in it: what follows belongs to it, until `child` says None.
    Node(&'a [u8]),
}

pub struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    open: Vec<&'a [u8]>,
}

impl<'a> Scanner<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        let at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self { bytes, at, open: Vec::with_capacity(DEEPEST) }
    }

    /// What is wrong at this place.
    pub fn fault(&self, field: impl Into<String>, reason: impl Into<String>) -> Unreadable {
        let before = &self.bytes[..self.at.min(self.bytes.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64;
        Unreadable::new(line, field, reason)
    }

    /// Opens the outermost element.
    pub fn root(&mut self, name: &[u8]) -> Result<(), Unreadable> {
        self.space()?;
        match self.tag()? {
            Some((found, false)) if found == name => {
                self.open.push(found);
                Ok(())
            }
            _ => Err(self.fault("spanFile", "is not the outermost element: this is no .spn file")),
        }
    }

    /// Nothing may follow the outermost element.
    pub fn end(&mut self) -> Result<(), Unreadable> {
        self.space()?;
        if self.at < self.bytes.len() { Err(self.fault("spanFile", "is followed by more")) } else { Ok(()) }
    }

    /// The next child of the open element, None at its end.
    pub fn child(&mut self) -> Result<Option<Child<'a>>, Unreadable> {
        self.space()?;
        if self.bytes[self.at..].starts_with(b"</") {
            let open = self.open.pop().ok_or_else(|| self.fault("xml", "ends more than it began"))?;
            return self.close(open).map(|()| None);
        }
        let Some((name, empty)) = self.tag()? else {
            return Err(self.fault("xml", "has text beside elements, or ends too early"));
        };
        if empty {
            return Ok(Some(Child::Leaf(name, b"")));
        }
        let start = self.at;
        let end = self.find(b'<')?;
        let text = trimmed(&self.bytes[start..end]);
        self.at = end;
        if self.bytes[end..].starts_with(b"</") {
            self.close(name)?;
            return Ok(Some(Child::Leaf(name, text)));
        }
        if !text.is_empty() {
            return Err(self.fault(String::from_utf8_lossy(name), "has text beside elements"));
        }
        if self.open.len() == DEEPEST {
            return Err(self.fault("xml", "has more than 64 elements in one another"));
        }
        self.open.push(name);
        Ok(Some(Child::Node(name)))
    }

    /// Passes over what is left of the open element.
    pub fn pass(&mut self) -> Result<(), Unreadable> {
        let outside = self.open.len().saturating_sub(1);
        while self.open.len() > outside {
            self.child()?;
        }
        Ok(())
    }

    /// A start tag's name and whether it is an empty element; None where no tag starts.
    fn tag(&mut self) -> Result<Option<(&'a [u8], bool)>, Unreadable> {
        if self.bytes.get(self.at) != Some(&b'<') {
            return Ok(None);
        }
        let start = self.at + 1;
        let mut end = start;
        while self.bytes.get(end).is_some_and(|byte| !matches!(byte, b'>' | b'/' | b'<') && !byte.is_ascii_whitespace())
        {
            end += 1;
        }
        let name = &self.bytes[start..end];
        if name.is_empty() {
            return Err(self.fault("xml", "has a tag without a name"));
        }
        self.at = end;
        let close = if self.bytes.get(end) == Some(&b'>') { end } else { self.find(b'>')? };
        self.at = close + 1;
        Ok(Some((name, self.bytes[close - 1] == b'/')))
    }

    fn close(&mut self, name: &[u8]) -> Result<(), Unreadable> {
        let rest = &self.bytes[self.at + 2..];
        if !rest.starts_with(name) {
            return Err(self.fault(String::from_utf8_lossy(name), "is not closed where another element ends"));
        }
        let after = &rest[name.len()..];
        let space = after.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if after.get(space) != Some(&b'>') {
            return Err(self.fault(String::from_utf8_lossy(name), "is not closed where another element ends"));
        }
        self.at += 2 + name.len() + space + 1;
        Ok(())
    }

    fn find(&self, wanted: u8) -> Result<usize, Unreadable> {
        let found = self.bytes[self.at..].iter().position(|byte| *byte == wanted);
        found.map(|place| self.at + place).ok_or_else(|| self.fault("xml", "ends within an element"))
    }

    /// Passes over space, comments, declarations and processing instructions. Declarations may not hold others (no entities).
    fn space(&mut self) -> Result<(), Unreadable> {
        loop {
            while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
                self.at += 1;
            }
            let rest = &self.bytes[self.at..];
            let end: &[u8] = if rest.starts_with(b"<!--") {
                b"-->"
            } else if rest.starts_with(b"<?") {
                b"?>"
            } else if rest.starts_with(b"<!") {
                return Err(self.fault("xml", "has a declaration or CDATA, which SPAN files do not"));
            } else {
                return Ok(());
            };
            let length = rest.windows(end.len()).position(|window| window == end);
            self.at += length.ok_or_else(|| self.fault("xml", "ends within a comment"))? + end.len();
        }
    }
}

fn trimmed(text: &[u8]) -> &[u8] {
    match (text.first(), text.last()) {
        (Some(first), Some(last)) if first.is_ascii_whitespace() || last.is_ascii_whitespace() => text.trim_ascii(),
        _ => text,
    }
}

/// A text with the five entities of XML put back; what is no UTF-8 is Latin-1, as the files declare.
pub fn text(bytes: &[u8]) -> String {
    let plain = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    if !plain.contains('&') {
        return plain;
    }
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    entities.iter().fold(plain, |text, (entity, character)| text.replace(entity, character))
}
