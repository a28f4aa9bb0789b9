//! Repeating groups: a message, or one instance of a group, seen through its dictionary. Nothing is copied.
//!
//! Where instances begin and end is told by the dictionary: an instance begins with the group's first member, its members come
//! in their order, and the group ends with the first field that does not go on with it. Of a message that `validate` let pass
//! this is exact; of another it is what can be made of it.
use super::dictionary::Dictionary;
use super::dictionary::layout::{Layout, NONE, Section};
use super::index::{Field, View};

/// A message without its groups' members, or one instance of a group.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    dictionary: &'a Dictionary,
    shape: Shape,
    view: View<'a>,
}

/// Which message or group of its dictionary a part is, for those who want to look at it again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape(u16);

/// A field of a part; of a field that counts a group, with what it counts.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub tag: u32,
    pub value: &'a [u8],
    /// The instances, if the field counts a group.
    pub group: Option<Group<'a>>,
    /// The field, and all fields of the group behind it.
    pub fields: &'a [Field],
}

/// The instances of a group, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    dictionary: &'a Dictionary,
    shape: Shape,
    /// The instances that are left.
    view: View<'a>,
}

/// The fields of a part in their order.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    part: Part<'a>,
    at: usize,
}

impl Dictionary {
    /// A message with its groups; None if the dictionary does not have its type.
    pub fn part<'a>(&'a self, view: View<'a>) -> Option<Part<'a>> {
        let message = self.message(view.msg_type())?;
        Some(Part { dictionary: self, shape: Shape(message.layout), view })
    }

    /// A part again, by its shape in this same dictionary and its fields.
    pub fn part_of<'a>(&'a self, shape: Shape, view: View<'a>) -> Part<'a> {
        Part { dictionary: self, shape, view }
    }

    /// Where the instances of a group that begin at `at` end.
    fn end_of_group(&self, layout: &Layout, fields: &[Field], mut at: usize) -> usize {
        let mut last = None;
        while let Some(member) = fields.get(at).and_then(|field| layout.member(field.tag)) {
            if member.place != 0 && last.is_none_or(|last| member.place <= last) {
                break;
            }
            last = Some(member.place);
            at = if member.group == NONE {
                at + 1
            } else {
                self.end_of_group(self.layout(member.group), fields, at + 1)
            };
        }
        at
    }
}

impl<'a> Part<'a> {
    /// Which message or group of the dictionary it is.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// All fields, those of groups inside included.
    pub fn view(&self) -> View<'a> {
        self.view
    }

    /// The fields of the part itself, groups as one entry each.
    pub fn entries(&self) -> Entries<'a> {
        Entries { part: *self, at: 0 }
    }

    /// The value of a field of the part itself, not of a group inside.
    pub fn get(&self, tag: u32) -> Option<&'a [u8]> {
        self.entries().find(|entry| entry.tag == tag).map(|entry| entry.value)
    }

    /// The instances of a group, by the tag that counts them. None if the field is not there or counts nothing.
    pub fn group(&self, tag: u32) -> Option<Group<'a>> {
        self.entries().find(|entry| entry.tag == tag)?.group
    }

    /// The entries between header and trailer by tag, those of one tag as they stand. Groups stay whole.
    pub fn sorted_body(&self) -> Vec<Entry<'a>> {
        let of_body = |entry: &Entry| self.dictionary.section(entry.tag).is_none_or(|section| section == Section::Body);
        let mut entries: Vec<Entry> = self.entries().filter(of_body).collect();
        entries.sort_by_key(|entry| entry.tag);
        entries
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let Part { dictionary, shape, view } = self.part;
        let layout = dictionary.layout(shape.0);
        let from = self.at;
        let field = *view.fields.get(from)?;
        let group = layout.member(field.tag).filter(|member| member.group != NONE);
        self.at = from + 1;
        let group = group.map(|member| {
            self.at = dictionary.end_of_group(dictionary.layout(member.group), view.fields, from + 1);
            Group {
                dictionary,
                shape: Shape(member.group),
                view: View { bytes: view.bytes, fields: &view.fields[from + 1..self.at] },
            }
        });
        Some(Entry { tag: field.tag, value: view.value(field), group, fields: &view.fields[from..self.at] })
    }
}

impl<'a> Iterator for Group<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let Self { dictionary, shape, view } = *self;
        let layout = dictionary.layout(shape.0);
        if view.fields.is_empty() {
            return None;
        }
        let first = layout.tags[0];
        let mut end = 0;
        while end == 0 || view.fields.get(end).is_some_and(|field| field.tag != first) {
            let member = view.fields.get(end).and_then(|field| layout.member(field.tag));
            let inner = member.map_or(NONE, |member| member.group);
            end += 1;
            if inner != NONE {
                end = dictionary.end_of_group(dictionary.layout(inner), view.fields, end);
            }
        }
        let (instance, rest) = view.fields.split_at(end);
        self.view.fields = rest;
        Some(Part { dictionary, shape, view: View { bytes: view.bytes, fields: instance } })
    }
}
