//! The dictionaries of the wire as rules of a session.
use std::sync::Arc;

use isthmus_wire::fix::dictionary::{Dictionary, Kind};
use isthmus_wire::fix::index::View;

use crate::session::{Fault, Rules, Version};

/// NumInGroup does not count what follows it.
const GROUP_COUNT: u16 = 16;
const GROUP_ORDER: u16 = 15;

/// Every message is checked against a dictionary.
pub struct DictionaryRules(pub &'static Dictionary);

impl DictionaryRules {
    /// The standard's dictionary of that version.
    pub fn of(version: Version) -> Arc<dyn Rules> {
        Arc::new(Self(dictionary_of(version)))
    }
}

/// The standard's dictionary of that version; with FIXT 1.1 both transport and application.
pub fn dictionary_of(version: Version) -> &'static Dictionary {
    match version {
        Version::Fix42 => Dictionary::fix42(),
        Version::Fix44 => Dictionary::fix44(),
        Version::Fix50Sp2 => Dictionary::fix50sp2(),
    }
}

impl Rules for DictionaryRules {
    fn check(&self, view: &View) -> Result<(), Fault> {
        self.0.validate(view).map_err(|reject| {
            let reason = reject.reason.number();
            // a group that does not begin with its first member has no instance: what is wrong is the count
            let count =
                reject.field.filter(|_| reason == GROUP_ORDER).and_then(|at| view.fields.get(at.checked_sub(1)?));
            match count.filter(|field| self.0.kind(field.tag) == Some(Kind::Count)) {
                Some(field) => Fault { reason: GROUP_COUNT, tag: Some(field.tag) },
                None => Fault { reason, tag: reject.tag },
            }
        })
    }
}
