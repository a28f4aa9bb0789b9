//! A dictionary as it is written down: fields, components, messages by name, before anything is laid out.
use super::kind::Kind;
use std::fmt;

/// A dictionary as its file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// `FIX.4.4`, `FIX.5.0SP2`, `FIXT.1.1`.
    pub version: String,
    pub fields: Vec<SourceField>,
    pub header: Vec<Member>,
    pub trailer: Vec<Member>,
    pub components: Vec<(String, Vec<Member>)>,
    pub messages: Vec<SourceMessage>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceField {
    pub tag: u32,
    pub name: String,
    pub kind: Kind,
    /// The values that are allowed; none means all of the kind.
    pub codes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceMessage {
    pub msg_type: String,
    pub name: String,
    /// Of the session itself, not of the application.
    pub admin: bool,
    pub members: Vec<Member>,
}

/// What a message, a component or an instance of a group consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    Field { tag: u32, required: bool },
    Group { tag: u32, required: bool, members: Vec<Member> },
    Component { name: String, required: bool },
}

/// Why a dictionary cannot be used: where, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DictionaryFault {
    pub place: String,
    pub reason: String,
}

impl DictionaryFault {
    pub(super) fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into() }
    }
}

impl fmt::Display for DictionaryFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.reason)
    }
}

impl std::error::Error for DictionaryFault {}
