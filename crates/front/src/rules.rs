//! The dictionaries of the wire as rules of a session.
use std::sync::Arc;

use isthmus_wire::fix::dictionary::Dictionary;
use isthmus_wire::fix::index::View;

use crate::session::{Fault, Rules, Version};

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
        self.0.validate(view).map_err(|reject| Fault { reason: reject.reason.number(), tag: reject.tag })
    }
}
