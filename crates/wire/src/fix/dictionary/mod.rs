//! Dictionaries: which messages there are, what each consists of, what values may be. Standard ones are compiled in, others are
//! read from XML; all are laid out as flat tables once, at the start.
mod codes;
mod compile;
mod kind;
pub(super) mod layout;
mod source;
mod table;
mod xml;

use codes::{Codes, packed};
use compile::{Compiler, Defined, Fields, Tables, fields};
use layout::{NONE, Section};
use rustc_hash::FxHashMap;
use source::Source;
use std::sync::{LazyLock, OnceLock};

pub use kind::Kind;
pub use source::DictionaryFault;
pub use xml::XML_MAX;

/// Tags have at most nine digits.
pub const TAG_MAX: u32 = 999_999_999;
/// From here on tags are for those who agree on them (5000 to 9999 of old, 20000 to 39999 since; others are bilateral too).
pub const USER_DEFINED: u32 = 5_000;

/// Names of application versions in ApplVerID (1128), FIXT 1.1.
const APPLICATION_VERSIONS: [(&str, &str); 9] = [
    ("FIX.2.7", "0"),
    ("FIX.4.0", "2"),
    ("FIX.4.1", "3"),
    ("FIX.4.2", "4"),
    ("FIX.4.3", "5"),
    ("FIX.4.4", "6"),
    ("FIX.5.0", "7"),
    ("FIX.5.0SP1", "8"),
    ("FIX.5.0SP2", "9"),
];

/// A message that a dictionary has.
#[derive(Clone, Debug)]
pub struct Message {
    pub msg_type: Box<str>,
    pub name: Box<str>,
    /// Of the session, not of the application.
    pub admin: bool,
    pub(super) layout: u16,
    /// Whose fields its body has: 0 the transport's (or the only ones), 1 the application's.
    pub(super) side: usize,
}

/// A dictionary, ready to check messages with.
#[derive(Clone, Debug)]
pub struct Dictionary {
    version: String,
    begin_string: String,
    /// What ApplVerID may say, where the transport is FIXT.
    application: Option<&'static str>,
    tables: Tables,
    messages: Vec<Message>,
    by_type: FxHashMap<u64, u16>,
    /// The same for types of one byte, which nearly all messages have.
    by_byte: [u16; 256],
    fields: Vec<Fields>,
    /// Header and trailer, for messages whose type is not known.
    envelope: u16,
    user_defined: bool,
}

macro_rules! standard {
    ($(#[$doc:meta])* $name:ident, $source:ident, $file:literal, $transport:expr) => {
        static $source: LazyLock<Source> = LazyLock::new(|| {
            table::read(include_str!(concat!("tables/", $file))).expect("the tables that ship are right, as the tests show")
        });
        impl Dictionary {
            $(#[$doc])*
            pub fn $name() -> &'static Self {
                static DICTIONARY: OnceLock<Dictionary> = OnceLock::new();
                DICTIONARY.get_or_init(|| {
                    let transport: Option<&Source> = $transport;
                    Dictionary::compile(&$source, transport).expect("the tables that ship are right, as the tests show")
                })
            }
        }
    };
}

standard!(
    /// FIX 4.2.
    fix42, FIX42, "fix42.txt", None
);
standard!(
    /// FIX 4.4.
    fix44, FIX44, "fix44.txt", None
);
standard!(
    /// FIX 5.0 SP2 over FIXT 1.1: header, trailer and the session's messages are the transport's.
    fix50sp2, FIX50SP2, "fix50sp2.txt", Some(&FIXT11)
);
standard!(
    /// FIXT 1.1 alone: the session's messages.
    fixt11, FIXT11, "fixt11.txt", None
);

impl Dictionary {
    /// A dictionary of one's own, in the XML form that FIX engines share. One without a header goes over FIXT 1.1.
    pub fn from_xml(text: &str) -> Result<Self, DictionaryFault> {
        let source = xml::read(text)?;
        let transport = if source.header.is_empty() { Some(&*FIXT11) } else { None };
        Self::compile(&source, transport)
    }

    /// The application's messages of one XML dictionary over the header, trailer and session messages of another.
    pub fn from_xml_over(transport: &str, application: &str) -> Result<Self, DictionaryFault> {
        Self::compile(&xml::read(application)?, Some(&xml::read(transport)?))
    }

    /// The same, but with tags from `USER_DEFINED` on that it does not define allowed in every message.
    #[must_use]
    pub fn with_user_defined(mut self) -> Self {
        self.user_defined = true;
        self
    }

    fn compile(source: &Source, transport: Option<&Source>) -> Result<Self, DictionaryFault> {
        let base = transport.unwrap_or(source);
        let mut tables = Tables::default();
        let mut all = vec![fields(base, &mut tables)?];
        let mut compiler = Compiler::new(base, &all[0], &mut tables);
        let mut envelope = compiler.section(&base.header, Section::Header)?;
        envelope.extend(compiler.section(&base.trailer, Section::Trailer)?);
        let bare = compiler.message(&[], &envelope)?;
        let mut messages = Vec::new();
        for message in &base.messages {
            messages.push(laid_out(message, compiler.message(&message.members, &envelope)?, 0));
        }
        if transport.is_some() {
            let application = fields(source, &mut tables)?;
            let mut compiler = Compiler::new(source, &application, &mut tables);
            for message in &source.messages {
                if !base.messages.iter().any(|known| known.msg_type == message.msg_type) {
                    messages.push(laid_out(message, compiler.message(&message.members, &envelope)?, 1));
                }
            }
            all.push(application);
        }
        let mut dictionary = Self {
            version: source.version.clone(),
            begin_string: base.version.clone(),
            application: transport.and_then(|_| application_version(&source.version)),
            tables,
            messages,
            by_type: FxHashMap::default(),
            by_byte: [NONE; 256],
            fields: all,
            envelope: bare,
            user_defined: false,
        };
        dictionary.index_messages()?;
        Ok(dictionary)
    }

    fn index_messages(&mut self) -> Result<(), DictionaryFault> {
        for (place, message) in self.messages.iter().enumerate() {
            let fault = |reason: &str| DictionaryFault::new(format!("message {:?}", message.msg_type), reason);
            let key = packed(message.msg_type.as_bytes()).ok_or_else(|| fault("has a type of over 8 bytes"))?;
            if self.by_type.insert(key, place as u16).is_some() {
                return Err(fault("is defined twice"));
            }
            if let [byte] = message.msg_type.as_bytes() {
                self.by_byte[usize::from(*byte)] = place as u16;
            }
        }
        Ok(())
    }

    /// `FIX.4.4`, `FIX.5.0SP2`: the version of the application's messages.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// BeginString (8) of its messages.
    pub fn begin_string(&self) -> &str {
        &self.begin_string
    }

    /// What ApplVerID (1128) says of its messages, where the transport is FIXT.
    pub fn application(&self) -> Option<&'static str> {
        self.application
    }

    /// A message by its MsgType (35).
    #[inline]
    pub fn message(&self, msg_type: &[u8]) -> Option<&Message> {
        let place = match msg_type {
            [byte] => self.by_byte[usize::from(*byte)],
            _ => *self.by_type.get(&packed(msg_type)?)?,
        };
        self.messages.get(usize::from(place))
    }

    /// All messages.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The name of a field.
    pub fn name(&self, tag: u32) -> Option<&str> {
        self.fields.iter().rev().find_map(|fields| fields.get(&tag)).map(|field| &*field.name)
    }

    /// The kind of a field's values.
    pub fn kind(&self, tag: u32) -> Option<Kind> {
        self.fields.iter().rev().find_map(|fields| fields.get(&tag)).map(|field| field.kind)
    }

    /// The tag of a field's name.
    pub fn tag(&self, name: &str) -> Option<u32> {
        let all = self.fields.iter().rev().flatten();
        all.filter(|(_, field)| &*field.name == name).map(|(tag, _)| *tag).min()
    }

    /// Whether a tag belongs to the header.
    #[inline]
    pub fn is_header(&self, tag: u32) -> bool {
        self.section(tag) == Some(Section::Header)
    }

    /// Whether a tag belongs to the trailer.
    #[inline]
    pub fn is_trailer(&self, tag: u32) -> bool {
        self.section(tag) == Some(Section::Trailer)
    }

    #[inline]
    pub(super) fn section(&self, tag: u32) -> Option<Section> {
        self.layout(self.envelope).member(tag).map(|slot| slot.section)
    }

    #[inline]
    pub(super) fn layout(&self, number: u16) -> &layout::Layout {
        &self.tables.layouts[usize::from(number)]
    }

    #[inline]
    pub(super) fn codes(&self, number: u16) -> Option<&Codes> {
        self.tables.codes.get(usize::from(number))
    }

    #[inline]
    pub(super) fn envelope(&self) -> u16 {
        self.envelope
    }

    pub(super) fn defined(&self, side: usize, tag: u32) -> Option<&Defined> {
        self.fields.get(side)?.get(&tag)
    }

    pub(super) fn takes_user_defined(&self, tag: u32) -> bool {
        self.user_defined && (USER_DEFINED..=TAG_MAX).contains(&tag)
    }
}

fn laid_out(message: &source::SourceMessage, layout: u16, side: usize) -> Message {
    let (msg_type, name) = (message.msg_type.as_str().into(), message.name.as_str().into());
    Message { msg_type, name, admin: message.admin, layout, side }
}

/// What ApplVerID (1128) and DefaultApplVerID (1137) say for a version.
pub fn application_version(version: &str) -> Option<&'static str> {
    APPLICATION_VERSIONS.iter().find(|(name, _)| *name == version).map(|(_, number)| *number)
}
