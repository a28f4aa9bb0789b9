//! A counterparty that writes what it is told to, and an application that repeats what it hears.
use isthmus_front::server::Host;
use isthmus_front::session::{Application, Identity, LogonRefusal, Role, Session, Settings, Version};
use isthmus_front::store::{Store, StoreSettings};
use isthmus_wire::fix::frame::{Head, checksum, head};
use isthmus_wire::fix::index::View;
use isthmus_wire::fix::values::write_seconds;
use std::path::Path;

pub const SECOND: u64 = 1_000_000_000;
/// 2026-01-05, a Monday, at noon.
pub const NOON: u64 = 1_767_614_400 * SECOND;

/// Bytes of a message: BodyLength and CheckSum are put in, `|` stands for SOH and `<now>` for the time.
pub fn wire(begin_string: &str, body: &str, now: u64) -> Vec<u8> {
    let time = String::from_utf8(write_seconds(now / SECOND).to_vec()).unwrap();
    let body = body.replace('|', "\u{1}").replace("<now>", &time);
    let mut message = format!("8={begin_string}\u{1}9={}\u{1}{body}", body.len()).into_bytes();
    let sum = checksum(&message);
    message.extend(format!("10={sum:03}\u{1}").into_bytes());
    message
}

/// The messages in those bytes, with `|` for SOH, without BeginString, BodyLength, SendingTimes and CheckSum.
pub fn told(bytes: &[u8]) -> Vec<String> {
    let mut at = 0;
    let mut messages = Vec::new();
    while at < bytes.len() {
        let Head::Message { length } = head(&bytes[at..]) else { panic!("no whole messages: {:?}", &bytes[at..]) };
        let text = String::from_utf8_lossy(&bytes[at..at + length]).into_owned();
        let kept = text.split('\u{1}').filter(|field| {
            !["8=", "9=", "10=", "52=", "122="].iter().any(|start| field.starts_with(start)) && !field.is_empty()
        });
        messages.push(kept.collect::<Vec<_>>().join("|"));
        at += length;
    }
    messages
}

pub fn identity(version: Version) -> Identity {
    Identity { version, sender: b"ISLD".to_vec(), target: b"TW".to_vec() }
}

pub fn settings(role: Role) -> Settings {
    Settings::new(identity(Version::Fix44), role)
}

pub fn store_at(path: &Path) -> Store {
    Store::open(StoreSettings { path: Some(path.to_owned()), keep: 1, sync: false }, NOON).unwrap()
}

/// Sends every application message back and remembers what happened.
#[derive(Default)]
pub struct Echo {
    pub heard: Vec<String>,
    pub refuse: Option<String>,
    pub silent: bool,
}

impl Application for Echo {
    fn on_logon(&mut self, _: &mut Session, _: &View, _: u64) -> Result<(), LogonRefusal> {
        self.refuse.clone().map_or(Ok(()), |text| Err(LogonRefusal(text)))
    }

    fn on_established(&mut self, _: &mut Session, _: u64) {
        self.heard.push("logon".to_owned());
    }

    fn on_message(&mut self, session: &mut Session, view: &View, now: u64) {
        let text = view.get(58).unwrap_or(b"-").to_vec();
        self.heard.push(String::from_utf8_lossy(&text).into_owned());
        if !self.silent {
            session.send(view.msg_type(), 0, now, |encoder| encoder.field(58, &text)).unwrap();
        }
    }

    fn on_reject(&mut self, _: &mut Session, view: &View, _: u64) {
        self.heard.push(format!("reject of {}", String::from_utf8_lossy(view.get(45).unwrap_or(b"?"))));
    }

    fn on_logout(&mut self, _: &mut Session) {
        self.heard.push("logout".to_owned());
    }
}

impl Host for Echo {}
