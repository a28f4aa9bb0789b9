//! Fields of a message held against its table: where each stands, what is missing, what does not belong.
use super::fin::Field;
use super::layout::{Group, Item, Table, Tag};

/// A field in its place.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'t> {
    /// The sequence that it stands in.
    pub group: &'t str,
    /// A number of this run through the sequence, over the whole message: runs of one sequence have different ones.
    pub turn: u32,
    /// Of the message's fields.
    pub field: usize,
}

/// What is wrong with a field or its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Of the network rule; `None` for errors of form.
    pub code: Option<&'static str>,
    /// `C1` and so on, a field's own rule, or `format`.
    pub rule: &'static str,
    /// The network's code of an error of form, or `code` again.
    pub network_code: &'static str,
    pub field: String,
    pub line: u32,
    pub message: String,
}

pub const FORMAT: &str = "format";
/// A message with more errors is beyond explaining.
pub const ERRORS_MAX: usize = 100;

impl Error {
    pub fn form(network_code: &'static str, field: &str, line: u32, message: impl Into<String>) -> Error {
        Error { code: None, rule: FORMAT, network_code, field: field.to_owned(), line, message: message.into() }
    }

    pub fn rule(
        code: &'static str,
        rule: &'static str,
        (field, line): (&str, u32),
        message: impl Into<String>,
    ) -> Error {
        Error { code: Some(code), rule, network_code: code, field: field.to_owned(), line, message: message.into() }
    }
}

/// The places of the fields, and what is wrong with places and formats.
pub fn walk<'t>(table: &'t Table, fields: &[Field<'_>]) -> (Vec<Placed<'t>>, Vec<Error>) {
    let placed = Vec::with_capacity(fields.len());
    let mut walker = Walker { fields, at: 0, known: None, turns: 0, placed, errors: Vec::new() };
    walker.group(&table.root, None);
    while walker.at < fields.len() {
        walker.stranger();
    }
    (walker.placed, walker.errors)
}

/// What may come behind the items at hand.
#[derive(Clone, Copy)]
struct Behind<'t, 'b> {
    items: &'t [Item],
    /// The sequence at hand, where it may begin again.
    again: Option<&'t Group>,
    next: Option<&'b Behind<'t, 'b>>,
}

struct Walker<'t, 'f> {
    fields: &'f [Field<'f>],
    at: usize,
    /// The last field that was found to have a place further on.
    known: Option<usize>,
    turns: u32,
    placed: Vec<Placed<'t>>,
    errors: Vec<Error>,
}

impl<'t> Walker<'t, '_> {
    fn group(&mut self, group: &'t Group, behind: Option<&Behind<'t, '_>>) {
        let turn = self.turns;
        self.turns += 1;
        for (place, item) in group.items.iter().enumerate() {
            let (here, rest) = (&group.items[place..], &group.items[place + 1..]);
            self.pass_strangers(here, behind);
            match item {
                Item::Tag(tag) => self.tag(tag, group, turn),
                Item::Group(inner) => {
                    let next = Behind { items: rest, again: inner.many.then_some(inner), next: behind };
                    let mut found = false;
                    while self.current().is_some_and(|field| inner.begins(field)) {
                        let before = self.at;
                        self.group(inner, Some(&next));
                        found = true;
                        if !inner.many || self.at == before {
                            break;
                        }
                        self.pass_strangers(here, behind);
                    }
                    if inner.must && !found {
                        let message =
                            format!("sequence {} is missing, which begins with {}", inner.name, inner.first());
                        self.missing(inner.first(), message);
                    }
                }
            }
        }
    }

    fn tag(&mut self, tag: &'t Tag, group: &'t Group, turn: u32) {
        let first = self.at;
        while let Some((field, form)) = self.current().and_then(|field| Some((field, tag.form_of(field)?))) {
            let (name, line) = (field.tag, field.line);
            if let Err(misfit) = form.check(&field.value) {
                let message = format!("{} ({})", misfit.reason, form.notation);
                self.error(match misfit.code {
                    "T26" => Error::rule("T26", "slashes of a reference", (name, line), misfit.reason),
                    code => Error::form(code, name, line, message),
                });
            }
            self.placed.push(Placed { group: &group.name, turn, field: self.at });
            self.at += 1;
            if !tag.many {
                break;
            }
        }
        if self.at > first {
            self.qualifiers(tag, first);
        } else if tag.must {
            let place = if group.name.is_empty() { String::new() } else { format!(" in sequence {}", group.name) };
            self.missing(&tag.name, format!("{} must be there{place}", tag.options()));
        }
    }

    /// Generic fields from `first` on, whose contents begin with `:QUAL/`.
    fn qualifiers(&mut self, tag: &Tag, first: usize) {
        if tag.qualifiers.is_empty() {
            return;
        }
        let fields = &self.fields[first..self.at];
        let of = |field: &Field<'_>| field.value.get(1..5).unwrap_or_default().to_owned();
        let mut errors = Vec::new();
        for field in fields {
            let qualifier = of(field);
            if !tag.qualifiers.iter().any(|(known, _)| *known == qualifier) {
                errors.push(Error::form(
                    "T89",
                    field.tag,
                    field.line,
                    format!("qualifier {qualifier} does not belong here"),
                ));
            }
        }
        for (qualifier, must) in &tag.qualifiers {
            if *must && !fields.iter().any(|field| of(field) == *qualifier) {
                errors.push(Error::form("T13", &tag.name, fields[0].line, format!("qualifier {qualifier} is missing")));
            }
        }
        errors.into_iter().for_each(|error| self.error(error));
    }

    fn current(&self) -> Option<&Field<'_>> {
        self.fields.get(self.at)
    }

    /// Passes fields that have no place from here on.
    fn pass_strangers(&mut self, here: &'t [Item], behind: Option<&Behind<'t, '_>>) {
        while self.at < self.fields.len() && self.known != Some(self.at) {
            if has_place(&self.fields[self.at], here, behind) {
                self.known = Some(self.at);
            } else {
                self.stranger();
            }
        }
    }

    fn stranger(&mut self) {
        let field = &self.fields[self.at];
        let error = Error::form("T13", field.tag, field.line, format!("field {} does not belong here", field.tag));
        self.error(error);
        self.at += 1;
    }

    /// A field that must be there is missed at the line of the field that stands in its place.
    fn missing(&mut self, name: &str, message: String) {
        let line = self.current().or_else(|| self.fields.last()).map_or(1, |field| field.line);
        self.error(Error::form("T13", name, line, message));
    }

    fn error(&mut self, error: Error) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(error);
        }
    }
}

fn has_place(field: &Field<'_>, items: &[Item], behind: Option<&Behind<'_, '_>>) -> bool {
    let takes = |item: &Item| match item {
        Item::Tag(tag) => tag.takes(field),
        Item::Group(group) => group.begins(field),
    };
    items.iter().any(takes)
        || behind.is_some_and(|behind| {
            behind.again.is_some_and(|group| group.starts(field)) || has_place(field, behind.items, behind.next)
        })
}
