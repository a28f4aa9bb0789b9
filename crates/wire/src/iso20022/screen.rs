//! The pass: tags and values in order, limits, and whatever makes a document other than plain.
use memchr::{memchr, memchr2, memmem};
use rustc_hash::FxHashSet;

use super::transfer::Transfer;
pub use super::values::Tables;
use super::values::value_is_right;

/// Bounds beyond which a document is not plain.
#[derive(Clone, Copy)]
pub struct Limits {
    pub depth: usize,
    pub elements: usize,
    pub names: usize,
    pub name_bytes: usize,
    pub tag_bytes: usize,
    pub attributes: usize,
    pub text_bytes: usize,
}

/// What is known of a document after one pass. Each is sufficient: `false` means not known.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// Elements and values alone, well nested, within the limits; no markup declaration, comment, instruction or other reference.
    pub plain: bool,
    /// Bytes beyond ASCII: whoever reads on looks for characters that nobody sees.
    pub beyond_ascii: bool,
    /// Attributes with a prefix (hints at schemas).
    pub prefixed: bool,
    /// All identifiers, codes and amounts are right.
    pub values: bool,
    /// All rules of a transfer between institutions hold, if the document is valid.
    pub transfer: bool,
}

/// An element that is open.
struct Open<'a> {
    name: &'a [u8],
    qualified: &'a [u8],
    currency: Option<&'a [u8]>,
    parent: bool,
}

/// A tag between its brackets.
struct Tag<'a> {
    qualified: &'a [u8],
    currency: Option<&'a [u8]>,
    empty: bool,
    prefixed: bool,
}

struct Pass<'a, 't> {
    tables: &'t Tables,
    limits: Limits,
    open: Vec<Open<'a>>,
    elements: usize,
    values: bool,
    prefixed: bool,
    transfer: Transfer<'a>,
}

/// Looks at every byte once. Anything out of the ordinary ends it, with nothing known.
#[must_use]
pub fn screen(xml: &[u8], tables: &Tables, limits: Limits) -> Verdict {
    let Some(start) = body_start(xml) else { return Verdict::default() };
    let mut pass = Pass {
        tables,
        limits,
        open: Vec::with_capacity(limits.depth.min(64)),
        elements: 0,
        values: true,
        prefixed: false,
        transfer: Transfer::default(),
    };
    if pass.run(&xml[start..]).is_none() || has_controls(xml) || !few_names(&xml[start..], &pass) {
        return Verdict::default();
    }
    Verdict {
        plain: true,
        beyond_ascii: !xml.is_ascii(),
        prefixed: pass.prefixed,
        values: pass.values,
        transfer: pass.transfer.holds(),
    }
}

/// Behind an XML declaration of UTF-8, if there is one.
fn body_start(xml: &[u8]) -> Option<usize> {
    if !xml.starts_with(b"<?") {
        return Some(0);
    }
    let end = memmem::find(&xml[..xml.len().min(120)], b"?>")?;
    let words = std::str::from_utf8(&xml[2..end]).ok()?.to_ascii_lowercase().replace('\'', "\"");
    let rest = words.strip_prefix("xml version=\"1.0\"")?;
    let rest = rest.strip_prefix(" encoding=\"utf-8\"").unwrap_or(rest);
    let rest =
        rest.strip_prefix(" standalone=\"yes\"").or_else(|| rest.strip_prefix(" standalone=\"no\"")).unwrap_or(rest);
    (rest.trim_end().is_empty() && xml.starts_with(b"<?xml")).then_some(end + 2)
}

/// Without a way out before the end, so that many bytes are looked at in one instruction.
fn has_controls(xml: &[u8]) -> bool {
    xml.iter().fold(false, |found, &byte| {
        found | ((byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r')) | (byte == 0x7f)
    })
}

/// Only where there are more elements than names allowed must the names be counted.
fn few_names(xml: &[u8], pass: &Pass<'_, '_>) -> bool {
    if pass.elements <= pass.limits.names {
        return true;
    }
    let mut names: FxHashSet<&[u8]> = FxHashSet::default();
    let mut at = 0;
    while let Some(found) = memchr(b'<', &xml[at..]) {
        at += found + 1;
        names.insert(name_at(&xml[at..]));
        if names.len() > 2 * pass.limits.names {
            return false;
        }
    }
    true
}

/// Bytes that names are made of here: letters, digits, `_`, `-`, `.`, `:`.
const NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
        byte += 1;
    }
    table
};

fn name_at(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|&byte| !NAME[usize::from(byte)]).unwrap_or(text.len());
    &text[..end]
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

fn local(qualified: &[u8]) -> &[u8] {
    memchr(b':', qualified).map_or(qualified, |colon| &qualified[colon + 1..])
}

impl<'a> Pass<'a, '_> {
    /// `None` for what is not plain.
    fn run(&mut self, xml: &'a [u8]) -> Option<()> {
        let mut at = 0;
        let mut rooted = false;
        while let Some(found) = memchr(b'<', &xml[at..]) {
            let text = &xml[at..at + found];
            at += found + 1;
            match *xml.get(at)? {
                b'!' | b'?' => return None,
                b'/' => {
                    let named = at + 1 + self.open.last()?.qualified.len();
                    let end = if xml.get(named) == Some(&b'>') { named } else { at + memchr(b'>', &xml[at..])? };
                    self.close(&xml[at + 1..end], text)?;
                    at = end + 1;
                }
                _ => {
                    self.between(text, rooted)?;
                    rooted = true;
                    let name = name_at(&xml[at..]).len();
                    let end = if xml.get(at + name) == Some(&b'>') { name } else { tag_end(&xml[at..])? };
                    self.begin(&xml[at..at + end], &xml[at..at + name])?;
                    at += end + 1;
                }
            }
        }
        (rooted && self.open.is_empty() && is_blank(&xml[at..])).then_some(())
    }

    /// What stands before an element that begins: blanks alone, and a second root is none.
    fn between(&mut self, text: &[u8], rooted: bool) -> Option<()> {
        if !is_blank(text) || text.len() > self.limits.text_bytes || (rooted && self.open.is_empty()) {
            return None;
        }
        if let Some(around) = self.open.last_mut() {
            around.parent = true;
        }
        Some(())
    }

    fn begin(&mut self, inside: &'a [u8], qualified: &'a [u8]) -> Option<()> {
        let tag = self.tag(inside, qualified)?;
        self.elements += 1;
        if self.elements > self.limits.elements || self.open.len() >= self.limits.depth {
            return None;
        }
        self.prefixed |= tag.prefixed;
        let name = local(tag.qualified);
        self.transfer.begins(self.open.len(), name, tag.currency);
        if tag.empty {
            self.values &= value_is_right(name, self.above(), b"", tag.currency, self.tables);
            self.transfer.ends(self.open.len(), name, b"");
            return Some(());
        }
        self.open.push(Open { name, qualified: tag.qualified, currency: tag.currency, parent: false });
        Some(())
    }

    fn above(&self) -> &'a [u8] {
        self.open.last().map_or(b"", |open| open.name)
    }

    fn tag(&self, inside: &'a [u8], qualified: &'a [u8]) -> Option<Tag<'a>> {
        if inside.len() > self.limits.tag_bytes {
            return None;
        }
        let (inside, empty) = inside.strip_suffix(b"/").map_or((inside, false), |rest| (rest, true));
        if qualified.len() > self.limits.name_bytes || !begins_well(qualified) {
            return None;
        }
        let mut tag = Tag { qualified, currency: None, empty, prefixed: false };
        let rest = &inside[qualified.len()..];
        if rest.is_empty() {
            return Some(tag);
        }
        rest[0].is_ascii_whitespace().then_some(())?;
        let mut rest = rest.trim_ascii();
        let mut count = 0;
        while !rest.is_empty() {
            let (name, value, after) = attribute(rest)?;
            count += 1;
            if count > self.limits.attributes || name.len() > self.limits.name_bytes || name.starts_with(b"xml:") {
                return None;
            }
            if name == b"Ccy" {
                tag.currency = Some(value);
            } else if name.starts_with(b"xmlns") {
                memmem::find(value, b"XInclude").is_none().then_some(())?;
            } else {
                tag.prefixed |= memchr(b':', name).is_some();
            }
            rest = after.trim_ascii_start();
        }
        Some(tag)
    }

    fn close(&mut self, qualified: &[u8], text: &'a [u8]) -> Option<()> {
        let held = self.open.pop()?;
        if held.qualified != qualified.trim_ascii_end() || text.len() > self.limits.text_bytes {
            return None;
        }
        if held.parent {
            if !is_blank(text) {
                return None;
            }
            self.transfer.ends(self.open.len(), held.name, b"");
            return Some(());
        }
        let referring = memchr(b'&', text).is_some();
        if referring {
            known_references(text)?;
        }
        if memchr(b']', text).is_some() && memmem::find(text, b"]]>").is_some() {
            return None;
        }
        self.values &= value_is_right(held.name, self.above(), text, held.currency, self.tables);
        self.transfer.ends(self.open.len(), held.name, text);
        Some(())
    }
}

fn begins_well(name: &[u8]) -> bool {
    name.first().is_some_and(|&byte| byte.is_ascii_alphabetic() || byte == b'_')
}

fn named_well(name: &[u8]) -> bool {
    begins_well(name) && name.iter().all(|&byte| NAME[usize::from(byte)])
}

/// Where the tag ends; a bracket in a quoted value is none.
fn tag_end(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr3(b'>', b'"', b'\'', &text[at..])?;
        match text[at] {
            b'>' => return Some(at),
            quote => at += memchr(quote, &text[at + 1..])? + 2,
        }
    }
}

/// Name, value and what follows.
fn attribute(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let equals = memchr(b'=', text)?;
    let name = text[..equals].trim_ascii_end();
    let rest = text[equals + 1..].trim_ascii_start();
    let quote = *rest.first()?;
    if !matches!(quote, b'"' | b'\'') || name.is_empty() || !named_well(name) {
        return None;
    }
    let end = memchr(quote, &rest[1..])?;
    let value = &rest[1..=end];
    (memchr2(b'<', b'&', value).is_none()).then_some((name, value, &rest[end + 2..]))
}

/// Only the five of XML itself.
fn known_references(text: &[u8]) -> Option<()> {
    let mut at = 0;
    while let Some(found) = memchr(b'&', &text[at..]) {
        at += found + 1;
        [&b"amp;"[..], b"lt;", b"gt;", b"apos;", b"quot;"]
            .iter()
            .any(|word| text[at..].starts_with(word))
            .then_some(())?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { depth: 5, elements: 20, names: 4, name_bytes: 10, tag_bytes: 60, attributes: 2, text_bytes: 20 };

    fn plain(xml: &str) -> bool {
        screen(xml.as_bytes(), &Tables::default(), LIMITS).plain
    }

    #[test]
    fn elements_and_values_are_plain() {
        assert!(plain("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a xmlns='u'><b C=\"1\">x &amp; y</b><c/>\n</a>\n"));
    }

    #[test]
    fn whatever_else_is_not() {
        for xml in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><a/>",
            "<a>x<b/></a>",
            "<a><b/>x</a>",
            "<!-- --><a/>",
            "<a><?p?></a>",
            "<a>&b;</a>",
            "<a>&#1;</a>",
            "<a b=\"<\"/>",
            "<a b=1/>",
            "<a b/>",
            "<a xml:base=\"\"/>",
            "<a>\u{1}</a>",
            "<a xmlns:x=\"http://www.w3.org/2001/XInclude\"/>",
            "<a>]]></a>",
            "<a b=\"1\" c=\"2\" d=\"3\"/>",
            "<?xml version=\"1.0\" encoding=\"latin-1\"?><a/>",
            "<a>123456789012345678901</a>",
            "<abcdefghijk/>",
            "<a><a><a><a><a><a/></a></a></a></a></a>",
            "<a b=\">",
            "<1/>",
            "< a/>",
        ] {
            assert!(!plain(xml), "{xml}");
        }
    }

    #[test]
    fn names_are_counted_where_there_are_many_elements() {
        assert!(plain("<a><b/><b/><b/><b/><b/></a>"));
        assert!(!plain("<a><b/><c/><d/><e/><f/><g/><h/><i/></a>"));
    }
}
