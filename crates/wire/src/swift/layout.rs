//! Which fields a message has, in which order, sequence by sequence: read from the tables, held against the fields of a message.
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::fin::Field;
use super::form::Form;

const FIELDS: &str = include_str!("tables/fields.txt");
const MESSAGES: [&str; 5] = [
    include_str!("tables/common.txt"),
    include_str!("tables/mt300.txt"),
    include_str!("tables/payments.txt"),
    include_str!("tables/settlement.txt"),
    include_str!("tables/statements.txt"),
];

/// A message type's fields.
#[derive(Debug)]
pub struct Table {
    pub number: String,
    pub root: Group,
}

/// A sequence or subsequence; the whole message is one without a name.
#[derive(Debug)]
pub struct Group {
    pub name: String,
    pub must: bool,
    pub many: bool,
    pub items: Vec<Item>,
}

#[derive(Debug)]
pub enum Item {
    Tag(Tag),
    Group(Group),
}

/// One place where a field stands.
#[derive(Debug)]
pub struct Tag {
    /// As the handbook writes it: `57a` where several options are allowed.
    pub name: String,
    pub must: bool,
    pub many: bool,
    /// The only value: what `16R` begins.
    only: Option<String>,
    /// Of generic fields: the qualifiers, and whether each must be there.
    pub qualifiers: Vec<(String, bool)>,
    tags: Vec<(String, Form)>,
}

impl Tag {
    /// The format of a field that may stand here.
    pub fn form_of(&self, field: &Field<'_>) -> Option<&Form> {
        let form = self.tags.iter().find(|(tag, _)| tag == field.tag).map(|(_, form)| form);
        form.filter(|_| self.only.as_deref().is_none_or(|only| only == field.value))
    }

    pub fn takes(&self, field: &Field<'_>) -> bool {
        self.form_of(field).is_some()
    }

    /// The tags that may stand here: `57A, 57J`.
    pub fn options(&self) -> String {
        self.tags.iter().map(|(tag, _)| tag.as_str()).collect::<Vec<_>>().join(", ")
    }
}

impl Group {
    /// Whether a field begins it: the first of its fields, or, where the group must be there, any that must be.
    pub fn begins(&self, field: &Field<'_>) -> bool {
        self.starts(field)
            || self.must && self.items.iter().any(|item| matches!(item, Item::Tag(tag) if tag.must && tag.takes(field)))
    }

    pub fn starts(&self, field: &Field<'_>) -> bool {
        match self.items.first() {
            Some(Item::Tag(tag)) => tag.takes(field),
            Some(Item::Group(group)) => group.starts(field),
            None => false,
        }
    }

    /// The name of the field that it begins with.
    pub fn first(&self) -> &str {
        match self.items.first() {
            Some(Item::Tag(tag)) => &tag.name,
            Some(Item::Group(group)) => group.first(),
            None => "",
        }
    }
}

/// The table of a message type.
pub fn table_of(number: &str) -> Option<&'static Table> {
    tables().get(number)
}

/// The message types that have a table, in order.
pub fn known() -> Vec<&'static str> {
    let mut numbers: Vec<&str> = tables().keys().map(String::as_str).collect();
    numbers.sort_unstable();
    numbers
}

fn tables() -> &'static FxHashMap<String, Table> {
    static TABLES: OnceLock<FxHashMap<String, Table>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let forms: FxHashMap<&str, &str> = lines(FIELDS).filter_map(|line| line.trim().split_once(' ')).collect();
        let read = MESSAGES.iter().flat_map(|text| tables_in(text, &forms));
        read.map(|table| (table.number.clone(), table)).collect()
    })
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

type Forms = FxHashMap<&'static str, &'static str>;
type Parts = FxHashMap<&'static str, Vec<&'static str>>;

/// One line of a table, with the word that chose among its statuses.
#[derive(Clone, Copy)]
struct Row {
    indent: usize,
    text: &'static str,
    word: &'static str,
}

/// The tables of a file. What a line says that means nothing is our mistake, and a test reads every table.
fn tables_in(text: &'static str, forms: &Forms) -> Vec<Table> {
    let mut parts = Parts::default();
    let mut messages: Vec<(&str, Vec<&'static str>)> = Vec::new();
    let mut part: Option<&'static str> = None;
    for line in lines(text) {
        if let Some(number) = line.strip_prefix("message ") {
            part = None;
            messages.push((number, Vec::new()));
        } else if let Some(name) = line.strip_prefix("part ") {
            part = Some(name);
        } else if let Some(name) = part {
            parts.entry(name).or_default().push(line);
        } else if let Some((_, rows)) = messages.last_mut() {
            rows.push(line);
        }
    }
    messages.into_iter().map(|(number, rows)| table(number, &rows, &parts, forms)).collect()
}

fn table(number: &str, rows: &[&'static str], parts: &Parts, forms: &Forms) -> Table {
    let mut flat = Vec::new();
    flatten(rows, "", parts, &mut flat);
    let mut own = forms.clone();
    own.extend(flat.iter().filter_map(|row| row.text.strip_prefix("form ")?.split_once(' ')));
    flat.retain(|row| !row.text.starts_with("form "));
    let indent = flat.first().map_or(0, |row| row.indent);
    let items = items_of(&flat, &mut 0, indent, &own);
    Table { number: number.to_owned(), root: Group { name: String::new(), must: true, many: false, items } }
}

/// Rows with the parts that they include; a part is told the word behind its name.
fn flatten(rows: &[&'static str], word: &'static str, parts: &Parts, out: &mut Vec<Row>) {
    for row in rows {
        let text = row.trim();
        if let Some(rest) = text.strip_prefix("include ") {
            let (name, inner) = rest.split_once(' ').unwrap_or((rest, word));
            flatten(parts.get(name).map_or(&[][..], Vec::as_slice), inner, parts, out);
        } else {
            out.push(Row { indent: row.len() - row.trim_start().len(), text, word });
        }
    }
}

/// The items of one depth, from `at` on; deeper rows belong to the sequence above them.
fn items_of(rows: &[Row], at: &mut usize, indent: usize, forms: &Forms) -> Vec<Item> {
    let mut items = Vec::new();
    while let Some(row) = rows.get(*at).filter(|row| row.indent >= indent) {
        *at += 1;
        let Some(rest) = row.text.strip_prefix("sequence ") else {
            items.push(Item::Tag(tag_of(row.text, forms)));
            continue;
        };
        let mut words = rest.split_whitespace();
        let name = words.next().unwrap_or_default().to_owned();
        let must = chosen(words.next().unwrap_or_default(), row.word) == "M";
        let many = words.next() == Some("*");
        let inner = items_of(rows, at, row.indent + 1, forms);
        items.push(Item::Group(Group { name, must, many, items: inner }));
    }
    items
}

/// A status, or the one of `{free:O|against:M}` that a word chooses.
fn chosen<'a>(status: &'a str, word: &str) -> &'a str {
    let inside = status.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inside.map_or(status, |list| {
        list.split('|').filter_map(|pair| pair.split_once(':')).find(|(name, _)| *name == word).map_or("", |(_, s)| s)
    })
}

/// `57a M AJ`, `16R=GENL M`, `98a M * ABCE SETT! TRAD`.
fn tag_of(text: &'static str, forms: &Forms) -> Tag {
    let mut words = text.split_whitespace().peekable();
    let (name, only) = match words.next().unwrap_or_default().split_once('=') {
        Some((name, only)) => (name, Some(only.to_owned())),
        None => (text.split_whitespace().next().unwrap_or_default(), None),
    };
    let must = words.next() == Some("M");
    let many = words.next_if(|word| *word == "*").is_some();
    let tags: Vec<String> = match name.strip_suffix('a') {
        Some(number) => {
            let letters = words.next().unwrap_or_default().chars();
            letters.map(|letter| if letter == '_' { number.to_owned() } else { format!("{number}{letter}") }).collect()
        }
        None => vec![name.to_owned()],
    };
    let qualifiers = words.map(|word| (word.trim_end_matches('!').to_owned(), word.ends_with('!'))).collect();
    let with_form = |tag: String| {
        let form = Form::compile(forms.get(tag.as_str()).copied().unwrap_or_default());
        form.map(|form| (tag, form))
    };
    Tag { name: name.to_owned(), must, many, only, qualifiers, tags: tags.into_iter().filter_map(with_form).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(group: &'static Group) -> Vec<&'static Tag> {
        let inside = |item: &'static Item| match item {
            Item::Tag(tag) => vec![tag],
            Item::Group(group) => tags(group),
        };
        group.items.iter().flat_map(inside).collect()
    }

    #[test]
    fn every_line_of_the_tables_means_something() {
        for number in known() {
            for tag in tags(&table_of(number).unwrap().root) {
                assert!(!tag.tags.is_empty(), "MT {number}: {}", tag.name);
                for (name, form) in &tag.tags {
                    let empty = form.notation.is_empty();
                    assert_eq!(empty, name.starts_with("15"), "MT {number}: {name} has the format {:?}", form.notation);
                }
                assert!(tag.qualifiers.iter().all(|(word, _)| word.len() == 4), "MT {number}: {:?}", tag.qualifiers);
            }
        }
    }

    #[test]
    fn sequences_nest_as_the_handbook_has_them() {
        let outline = |number: &str| {
            fn told(group: &Group) -> String {
                let inner = |item: &Item| match item {
                    Item::Group(group) => told(group),
                    Item::Tag(_) => String::new(),
                };
                let mark = if group.must { "" } else { "?" };
                let inside: String = group.items.iter().map(inner).collect();
                format!("{}{mark}{}({inside})", group.name, if group.many { "*" } else { "" })
            }
            told(&table_of(number).unwrap().root)
        };
        assert_eq!(outline("300"), "(A()B(B1()B2())C?()D?(D1?*())E?(E1?*(E1a?*(E1a1?*())))F?())");
        assert_eq!(outline("541"), "(A(A1?*())B(B1?())C*(C1?*())D?()E(E1*()E2?*()E3*())F?*())");
        assert_eq!(outline("540"), outline("541").replace("E3*", "E3?*"));
        assert_eq!(outline("103"), "()");
    }
}
