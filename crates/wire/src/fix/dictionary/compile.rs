//! Lays a dictionary out: components are put in where they are named, groups become tables of their own.
use super::codes::Codes;
use super::kind::Kind;
use super::layout::{Layout, MEMBERS_MAX, NONE, Required, Section, Slot};
use super::source::{DictionaryFault, Member, Source, SourceField};
use rustc_hash::FxHashMap;

/// Components lie at most so deep in each other.
const DEPTH_MAX: usize = 16;
/// Members of all messages and groups together; the largest dictionary of the standard has a tenth of them.
const TOTAL_MAX: usize = 1 << 22;

/// The tables of one or two dictionaries (transport and application share them).
#[derive(Clone, Debug, Default)]
pub struct Tables {
    pub layouts: Vec<Layout>,
    pub codes: Vec<Codes>,
}

/// A field that a dictionary defines, wherever it may stand.
#[derive(Clone, Debug)]
pub struct Defined {
    pub name: Box<str>,
    pub kind: Kind,
    /// The list of codes.
    pub codes: u16,
}

/// Fields by tag.
pub type Fields = FxHashMap<u32, Defined>;

/// The fields of a dictionary; its lists of codes go into `tables`.
pub fn fields(source: &Source, tables: &mut Tables) -> Result<Fields, DictionaryFault> {
    let mut fields = Fields::default();
    for field in &source.fields {
        let codes = if field.codes.is_empty() { NONE } else { list(&mut tables.codes, field)? };
        let defined = Defined { name: field.name.as_str().into(), kind: field.kind, codes };
        if fields.insert(field.tag, defined).is_some() {
            return Err(DictionaryFault::new(format!("field {} ({})", field.tag, field.name), "is defined twice"));
        }
    }
    Ok(fields)
}

fn list(codes: &mut Vec<Codes>, field: &SourceField) -> Result<u16, DictionaryFault> {
    codes.push(Codes::new(&field.codes));
    number(codes.len() - 1, "lists of codes")
}

fn number(index: usize, of: &str) -> Result<u16, DictionaryFault> {
    let number = u16::try_from(index).ok().filter(|number| *number != NONE);
    number.ok_or_else(|| DictionaryFault::new("dictionary", format!("has over {NONE} {of}")))
}

/// A member after components are put in.
struct Flat<'a> {
    tag: u32,
    required: bool,
    group: Option<&'a [Member]>,
}

/// Lays out the messages of one dictionary.
pub struct Compiler<'a> {
    fields: &'a Fields,
    components: FxHashMap<&'a str, &'a [Member]>,
    tables: &'a mut Tables,
    /// Groups that are laid out already, by the place of their members in the source.
    groups: FxHashMap<*const Member, u16>,
    total: usize,
}

impl<'a> Compiler<'a> {
    pub fn new(source: &'a Source, fields: &'a Fields, tables: &'a mut Tables) -> Self {
        let components = source.components.iter().map(|(name, members)| (name.as_str(), members.as_slice())).collect();
        Self { fields, components, tables, groups: FxHashMap::default(), total: 0 }
    }

    /// Members of a header or trailer.
    pub fn section(&mut self, members: &'a [Member], section: Section) -> Result<Vec<(Slot, bool)>, DictionaryFault> {
        let mut flat = Vec::new();
        self.flatten(members, true, 0, &mut flat)?;
        flat.iter().map(|member| Ok((self.slot(member, section)?, member.required))).collect()
    }

    /// The layout of a message of these members between header and trailer.
    pub fn message(&mut self, members: &'a [Member], envelope: &[(Slot, bool)]) -> Result<u16, DictionaryFault> {
        let mut slots = envelope.to_vec();
        slots.extend(self.section(members, Section::Body)?);
        keep_first(&mut slots, |(slot, _)| slot.tag);
        // what is missing is told of the header first, then of the trailer, then of the body, each by tag
        let order = |section| match section {
            Section::Header => 0,
            Section::Trailer => 1,
            Section::Body => 2,
        };
        slots.sort_by_key(|(slot, required)| (!required, order(slot.section), slot.tag));
        let required = slots.iter().filter(|(_, required)| *required).count() as u16;
        let mut slots: Vec<Slot> = slots.into_iter().map(|(slot, _)| slot).collect();
        self.add(&mut slots, Required::Lowest(required))
    }

    fn group(&mut self, tag: u32, members: &'a [Member]) -> Result<u16, DictionaryFault> {
        let key = members.as_ptr();
        if let Some(known) = self.groups.get(&key) {
            return Ok(*known);
        }
        let mut flat = Vec::new();
        self.flatten(members, true, 0, &mut flat)?;
        keep_first(&mut flat, |member| member.tag);
        if flat.is_empty() {
            return Err(DictionaryFault::new(format!("group {tag}"), "has no members"));
        }
        let mut next = flat.len() as u16;
        let mut required = vec![next; flat.len() + 1];
        for (place, member) in flat.iter().enumerate().rev() {
            next = if member.required { place as u16 } else { next };
            required[place] = next;
        }
        let slots = flat.iter().map(|member| self.slot(member, Section::Body));
        let mut slots = slots.collect::<Result<Vec<_>, _>>()?;
        let layout = self.add(&mut slots, Required::Next(required.into()))?;
        self.groups.insert(key, layout);
        Ok(layout)
    }

    fn add(&mut self, slots: &mut [Slot], required: Required) -> Result<u16, DictionaryFault> {
        if slots.len() >= MEMBERS_MAX {
            return Err(DictionaryFault::new(
                "dictionary",
                format!("a message or group has over {MEMBERS_MAX} members"),
            ));
        }
        for (place, slot) in slots.iter_mut().enumerate() {
            slot.place = place as u16;
        }
        self.tables.layouts.push(Layout::new(slots, required));
        number(self.tables.layouts.len() - 1, "messages and groups")
    }

    fn slot(&mut self, member: &Flat<'a>, section: Section) -> Result<Slot, DictionaryFault> {
        let tag = member.tag;
        let defined =
            self.fields.get(&tag).ok_or_else(|| DictionaryFault::new(format!("field {tag}"), "is not defined"))?;
        let group = match member.group {
            None => NONE,
            Some(_) if defined.kind != Kind::Count && defined.kind != Kind::Int => {
                return Err(DictionaryFault::new(format!("group {tag}"), "is counted by a field that is no number"));
            }
            Some(members) => self.group(tag, members)?,
        };
        let kind = if group == NONE { defined.kind } else { Kind::Count };
        let codes = (defined.codes, self.tables.codes.get(usize::from(defined.codes)));
        Ok(Slot::new(tag, kind, group, codes, section))
    }

    fn flatten(
        &mut self,
        members: &'a [Member],
        required: bool,
        depth: usize,
        out: &mut Vec<Flat<'a>>,
    ) -> Result<(), DictionaryFault> {
        self.total += members.len();
        if self.total > TOTAL_MAX {
            return Err(DictionaryFault::new("dictionary", format!("has over {TOTAL_MAX} members")));
        }
        for member in members {
            match member {
                Member::Field { tag, required: own } => {
                    out.push(Flat { tag: *tag, required: required && *own, group: None });
                }
                Member::Group { tag, required: own, members } => {
                    out.push(Flat { tag: *tag, required: required && *own, group: Some(members) });
                }
                Member::Component { name, required: own } => {
                    let members = self.component(name, depth)?;
                    self.flatten(members, required && *own, depth + 1, out)?;
                }
            }
        }
        Ok(())
    }

    fn component(&self, name: &str, depth: usize) -> Result<&'a [Member], DictionaryFault> {
        let fault = |reason: &str| DictionaryFault::new(format!("component {name}"), reason);
        if depth == DEPTH_MAX {
            return Err(fault("lies too deep in components, or in itself"));
        }
        self.components.get(name).copied().ok_or_else(|| fault("is not defined"))
    }
}

/// A tag that stands twice counts where it stands first.
fn keep_first<T>(members: &mut Vec<T>, tag: impl Fn(&T) -> u32) {
    let mut seen = rustc_hash::FxHashSet::default();
    members.retain(|member| seen.insert(tag(member)));
}
