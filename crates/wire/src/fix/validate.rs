//! Whether a message is as its dictionary has it: the rules of the session layer, in the order in which engines tell of breaches.
//!
//! Order: fields of the header behind the body or of the body behind the trailer; the application's version; the type of the
//! message; required fields (header, trailer, body, each by tag, then groups); then, field by field, header, trailer and body
//! each by tag: twice, without value, form, codes, tag not known, tag not of this message, groups. All is looked at in one pass;
//! the breach that stands first in that order is told.
use super::dictionary::layout::{Layout, NONE, Places, Required, Section, Slot, put};
use super::dictionary::{Dictionary, Kind, Message};
use super::index::{Field, View, tags};
use super::quick;
use super::values::unsigned;
use std::fmt;

const APPL_VER_ID: u32 = 1128;

/// SessionRejectReason (373), FIX 4.4 and FIXT 1.1. FIX 4.2 has those up to 11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum SessionRejectReason {
    InvalidTagNumber = 0,
    RequiredTagMissing = 1,
    TagNotDefinedForMessage = 2,
    TagWithoutValue = 4,
    ValueIncorrect = 5,
    IncorrectFormat = 6,
    InvalidMsgType = 11,
    TagTwice = 13,
    TagOutOfOrder = 14,
    GroupOutOfOrder = 15,
    GroupCount = 16,
    ApplicationVersion = 18,
}

impl SessionRejectReason {
    /// As the field says it.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// In the standard's words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::InvalidTagNumber => "Invalid tag number",
            Self::RequiredTagMissing => "Required tag missing",
            Self::TagNotDefinedForMessage => "Tag not defined for this message type",
            Self::TagWithoutValue => "Tag specified without a value",
            Self::ValueIncorrect => "Value is incorrect (out of range) for this tag",
            Self::IncorrectFormat => "Incorrect data format for value",
            Self::InvalidMsgType => "Invalid MsgType",
            Self::TagTwice => "Tag appears more than once",
            Self::TagOutOfOrder => "Tag specified out of required order",
            Self::GroupOutOfOrder => "Repeating group fields out of order",
            Self::GroupCount => "Incorrect NumInGroup count for repeating group",
            Self::ApplicationVersion => "Invalid/Unsupported Application Version",
        }
    }
}

/// Why a message is to be rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    pub reason: SessionRejectReason,
    /// RefTagID (371); a tag below zero as its two's complement. None for a wrong type of message.
    pub tag: Option<u32>,
    /// Which field of the message it is, counted from 0, if it is there.
    pub field: Option<usize>,
}

impl fmt::Display for Reject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.reason.text())?;
        match self.tag {
            Some(tag) => write!(out, ": {}", tag.cast_signed()),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Reject {}

/// Where a breach stands in the order of telling: the phase, the tag, the place in the message.
type Rank = (Phase, u32, usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Structure,
    Version,
    MsgType,
    Required,
    Header,
    Trailer,
    Body,
}

impl Dictionary {
    /// Looks at every field of a message. Errors tell the first breach in the order of the module.
    pub fn validate(&self, view: &View) -> Result<(), Reject> {
        let message = self.message(view.msg_type());
        let layout = self.layout(message.map_or(self.envelope(), |message| message.layout));
        let mut check = Check { dictionary: self, view, message, layout, seen: Places::NONE, first: None };
        check.fields();
        check.required();
        match check.first {
            None => Ok(()),
            Some((_, reject)) => Err(reject),
        }
    }
}

/// A group that is being read: how far its current instance has come, and the group around it.
struct Level<'a> {
    layout: &'a Layout,
    place: u16,
    up: Option<&'a Level<'a>>,
}

struct Check<'a> {
    dictionary: &'a Dictionary,
    view: &'a View<'a>,
    message: Option<&'a Message>,
    layout: &'a Layout,
    seen: Places,
    first: Option<(Rank, Reject)>,
}

impl<'a> Check<'a> {
    fn fields(&mut self) {
        let fields = self.view.fields;
        let mut section = Section::Header;
        let mut at = 0;
        // the lowest places, which required and common members have, are kept at hand
        let mut low = 0;
        while let Some(field) = fields.get(at) {
            let Some(slot) = self.layout.member(field.tag) else {
                section = self.section(Section::Body, section, at);
                self.unknown(*field, at);
                at += 1;
                continue;
            };
            if slot.section != section {
                section = self.section(slot.section, section, at);
            }
            let twice = if slot.place < 64 { put(&mut low, slot.place) } else { self.seen.insert(slot.place) };
            if twice || field.tag == APPL_VER_ID || !self.passes(slot, *field) {
                self.odd(slot, *field, at, twice);
            }
            at += 1;
            if slot.group != NONE {
                self.seen.set_low(low);
                at = self.group(slot, at - 1, (slot.section, field.tag), None);
            }
        }
        self.seen.set_low(low);
        if self.message.is_none() {
            let rank = (Phase::MsgType, 0, 0);
            self.note(rank, Reject { reason: SessionRejectReason::InvalidMsgType, tag: None, field: Some(2) });
        }
    }

    /// A member of the message itself that may be in breach.
    #[cold]
    fn odd(&mut self, slot: &Slot, field: Field, at: usize, twice: bool) {
        let reason = if twice { Some(SessionRejectReason::TagTwice) } else { self.fault(slot, field) };
        if let Some(reason) = reason {
            self.breach(slot.section, field.tag, at, reason);
        }
        if field.tag == APPL_VER_ID {
            self.version(field, at);
        }
    }

    /// A step from one section to another: only forward.
    fn section(&mut self, of: Section, section: Section, at: usize) -> Section {
        if of < section {
            self.note((Phase::Structure, 0, at), self.reject(SessionRejectReason::TagOutOfOrder, at));
        }
        of.max(section)
    }

    /// What is wrong with a value, if something is.
    #[inline]
    fn value(&self, slot: &Slot, field: Field) -> Option<SessionRejectReason> {
        if self.passes(slot, field) { None } else { self.fault(slot, field) }
    }

    /// Whether a value is surely right: what nearly all values are, seen without looking at the kind where possible.
    #[inline(always)]
    fn passes(&self, slot: &Slot, field: Field) -> bool {
        let value = self.view.value(field);
        match value {
            [] => false,
            [byte] => slot.has_single(*byte),
            _ if slot.is_free() => true,
            // codes of a field are of its kind
            _ if slot.codes != NONE => self.allowed(slot.codes, slot.kind, value),
            _ => match slot.kind {
                Kind::Decimal => quick::is_decimal(self.view.bytes, field),
                Kind::Timestamp => quick::is_timestamp(value),
                Kind::Int | Kind::Unsigned | Kind::Count => quick::is_digits(self.view.bytes, field),
                _ => false,
            },
        }
    }

    /// The same in full.
    #[cold]
    fn fault(&self, slot: &Slot, field: Field) -> Option<SessionRejectReason> {
        let value = self.view.value(field);
        if value.is_empty() {
            return Some(SessionRejectReason::TagWithoutValue);
        }
        if !slot.kind.fits(value) {
            return Some(SessionRejectReason::IncorrectFormat);
        }
        let allowed = slot.codes == NONE || self.allowed(slot.codes, slot.kind, value);
        (!allowed).then_some(SessionRejectReason::ValueIncorrect)
    }

    #[inline]
    fn allowed(&self, codes: u16, kind: Kind, value: &[u8]) -> bool {
        self.dictionary.codes(codes).is_none_or(|codes| codes.allow(kind, value))
    }

    /// A field that the message does not have.
    #[cold]
    fn unknown(&mut self, field: Field, at: usize) {
        let Some(message) = self.message else { return };
        if self.dictionary.takes_user_defined(field.tag) && field.start < field.end {
            return;
        }
        let defined = self.dictionary.defined(message.side, field.tag);
        let value = self.view.value(field);
        let reason = match defined {
            _ if value.is_empty() => SessionRejectReason::TagWithoutValue,
            None => SessionRejectReason::InvalidTagNumber,
            Some(defined) if !defined.kind.fits(value) => SessionRejectReason::IncorrectFormat,
            Some(defined) if !self.allowed(defined.codes, defined.kind, value) => SessionRejectReason::ValueIncorrect,
            Some(_) => SessionRejectReason::TagNotDefinedForMessage,
        };
        self.breach(Section::Body, field.tag, at, reason);
    }

    /// ApplVerID says another version than the dictionary's.
    fn version(&mut self, field: Field, at: usize) {
        let wanted = self.dictionary.application();
        if wanted.is_some_and(|wanted| wanted.as_bytes() != self.view.value(field)) {
            self.note((Phase::Version, 0, at), self.reject(SessionRejectReason::ApplicationVersion, at));
        }
    }

    /// A group from its count on; says where it ends. `key` is the section and tag of the outermost group.
    fn group(&mut self, slot: &Slot, count_at: usize, key: (Section, u32), up: Option<&Level>) -> usize {
        let layout = self.dictionary.layout(slot.group);
        let fields = self.view.fields;
        let mut level = Level { layout, place: 0, up };
        let (mut instances, mut at) = (0u64, count_at + 1);
        // the place before which the current instance has all that is required
        let mut done = 0;
        while let Some(field) = fields.get(at) {
            let Some(member) = layout.member(field.tag) else { break };
            if member.place == 0 {
                if instances > 0 {
                    self.required_of(layout, done, u16::MAX, at);
                }
                (instances, done) = (instances + 1, 0);
            } else if instances == 0 || member.place <= level.place {
                if self.belongs_outside(field.tag, up) {
                    break;
                }
                // told where the count is told, and before it
                let rank = rank(key.0, key.1, count_at);
                self.misplaced(&mut instances, member.place == level.place, rank, at);
            }
            self.required_of(layout, done, member.place, at);
            done = member.place + 1;
            level.place = member.place;
            if let Some(reason) = self.value(member, *field) {
                self.note(rank(key.0, key.1, at), self.reject(reason, at));
            }
            at = if member.group == NONE { at + 1 } else { self.group(member, at, key, Some(&level)) };
        }
        if instances > 0 {
            self.required_of(layout, done, u16::MAX, at);
        }
        if unsigned(self.view.value(fields[count_at])) != Ok(instances) {
            self.note(rank(key.0, key.1, count_at), self.reject(SessionRejectReason::GroupCount, count_at));
        }
        at
    }

    #[cold]
    fn misplaced(&mut self, instances: &mut u64, twice: bool, rank: Rank, at: usize) {
        let twice = twice && *instances > 0;
        let reason = if twice { SessionRejectReason::TagTwice } else { SessionRejectReason::GroupOutOfOrder };
        *instances = (*instances).max(1);
        self.note(rank, self.reject(reason, at));
    }

    /// Whether a field that does not go on with a group goes on with what is around it.
    #[cold]
    fn belongs_outside(&self, tag: u32, up: Option<&Level>) -> bool {
        let mut level = up;
        while let Some(outer) = level {
            if outer.layout.member(tag).is_some_and(|member| member.place == 0 || member.place > outer.place) {
                return true;
            }
            level = outer.up;
        }
        self.layout.member(tag).is_some_and(|slot| !self.seen.has(slot.place))
    }

    /// Required members of an instance from the place `from` on and before `to`.
    #[inline]
    fn required_of(&mut self, layout: &Layout, from: u16, to: u16, at: usize) {
        let Required::Next(all) = &layout.required else { return };
        let next = all[usize::from(from)];
        if next < to && usize::from(next) < layout.tags.len() {
            let reject = Reject {
                reason: SessionRejectReason::RequiredTagMissing,
                tag: Some(layout.tags[usize::from(next)]),
                field: None,
            };
            self.note((Phase::Required, u32::MAX, at), reject);
        }
    }

    #[inline]
    fn required(&mut self) {
        if let Required::Lowest(count) = self.layout.required
            && !self.seen.has_first(count)
        {
            self.missing(count);
        }
    }

    #[cold]
    fn missing(&mut self, count: u16) {
        if let Some(place) = (0..count).find(|place| !self.seen.has(*place)) {
            let tag = Some(self.layout.tags[usize::from(place)]);
            let reject = Reject { reason: SessionRejectReason::RequiredTagMissing, tag, field: None };
            self.note((Phase::Required, 0, 0), reject);
        }
    }

    fn reject(&self, reason: SessionRejectReason, at: usize) -> Reject {
        Reject { reason, tag: Some(self.view.fields[at].tag), field: Some(at) }
    }

    #[cold]
    fn breach(&mut self, section: Section, tag: u32, at: usize, reason: SessionRejectReason) {
        self.note(rank(section, tag, at), self.reject(reason, at));
    }

    #[cold]
    fn note(&mut self, rank: Rank, reject: Reject) {
        if self.first.is_none_or(|(first, _)| rank < first) {
            self.first = Some((rank, reject));
        }
    }
}

/// Header, trailer, body, each by tag (those below zero first; of the header the first three before all), then by place.
fn rank(section: Section, tag: u32, at: usize) -> Rank {
    let by_tag = (tag.cast_signed() ^ i32::MIN).cast_unsigned();
    match section {
        Section::Header if matches!(tag, tags::BEGIN_STRING | tags::BODY_LENGTH | tags::MSG_TYPE) => {
            (Phase::Header, 0, at)
        }
        Section::Header => (Phase::Header, by_tag, at),
        Section::Trailer => (Phase::Trailer, by_tag, at),
        Section::Body => (Phase::Body, by_tag, at),
    }
}
