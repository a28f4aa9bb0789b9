//! What a session sends: numbered, kept, then put into the output, all in one order.
use std::collections::VecDeque;

use isthmus_wire::fix::encode::{Encoder, Unencodable};
use isthmus_wire::fix::index::{Index, View};

use super::fault::{BusinessReason, Fault};
use super::header::{Header, tag};
use super::resend::Resend;
use super::{Phase, Session};

/// Buffers and queues of the way out.
#[derive(Default)]
pub(super) struct Outbound {
    pub output: Vec<u8>,
    pub encoder: Encoder,
    /// What the counterparty asked for again, in the order of its requests.
    pub resends: VecDeque<Resend>,
    /// The first message that waits behind them: everything from here on is kept but not yet sent for the first time.
    pub deferred: Option<u64>,
    /// A message read from the store, and its fields.
    pub scratch: Vec<u8>,
    pub fields: Index,
}

impl Outbound {
    pub fn begin_link(&mut self) {
        self.output.clear();
        self.forget();
    }

    pub fn end_link(&mut self) {
        self.begin_link();
    }

    pub fn forget(&mut self) {
        self.resends.clear();
        self.deferred = None;
    }

    pub fn is_behind(&self) -> bool {
        self.deferred.is_some() || !self.resends.is_empty()
    }
}

/// A message to be sent: its type, further header fields (ascending tags) and the journal's sequence that it tells of (0: none).
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    pub msg_type: &'a [u8],
    pub header: &'a [(u32, &'a [u8])],
    pub cause: u64,
}

impl<'a> Outgoing<'a> {
    pub const fn new(msg_type: &'a [u8], cause: u64) -> Self {
        Self { msg_type, header: &[], cause }
    }
}

/// Types of the session layer: never sent again, only filled over.
pub(super) const fn is_admin(msg_type: &[u8]) -> bool {
    matches!(msg_type, [b'0'..=b'5' | b'A'])
}

impl Session {
    /// Sends an application message and says which number it has. `fill` writes the body. Without a link it is kept, and goes
    /// out when the counterparty asks for it after its next Logon.
    pub fn send(
        &mut self,
        msg_type: &[u8],
        cause: u64,
        now: u64,
        fill: impl FnOnce(&mut Encoder),
    ) -> Result<u64, Unencodable> {
        self.send_with(Outgoing::new(msg_type, cause), now, fill)
    }

    /// `send` with further fields of the header.
    pub fn send_with(
        &mut self,
        message: Outgoing,
        now: u64,
        fill: impl FnOnce(&mut Encoder),
    ) -> Result<u64, Unencodable> {
        let number = self.store.numbers().next_out;
        let is_behind = self.out.is_behind();
        let identity = &self.settings.identity;
        let encoder = &mut self.out.encoder;
        encoder.begin(identity.version.begin_string(), message.msg_type);
        let processed = self.settings.last_processed.then(|| self.next_in - 1);
        let header = Header { number, now, duplicate_of: None, processed, extra: message.header };
        header.write(&self.settings, encoder);
        fill(encoder);
        let bytes = encoder.finish()?;
        self.store.sent(bytes, message.cause, is_admin(message.msg_type));
        let is_waiting = match self.phase {
            Phase::Down => true,
            Phase::Connected => !is_admin(message.msg_type),
            Phase::LoggedOn | Phase::LoggingOut => false,
        };
        if is_waiting {
            return Ok(number);
        }
        // nothing overtakes what is sent again, except what begins or ends the numbering
        if is_behind && !self.closing && message.msg_type != b"A" {
            self.out.deferred.get_or_insert(number);
        } else {
            self.out.output.extend_from_slice(bytes);
            self.timing.sent(now);
            self.counts.sent += 1;
        }
        Ok(number)
    }

    /// Rejects an application message for a reason of the business (BusinessMessageReject, j). `id` is the message's own.
    pub fn reject_business(&mut self, view: &View, reason: BusinessReason, id: Option<&[u8]>, text: &str, now: u64) {
        let mut route = Vec::with_capacity(8);
        reverse_route(view, &mut route);
        let version = self.settings.identity.version;
        let message = Outgoing { msg_type: b"j", header: &route, cause: 0 };
        self.counts.rejected += 1;
        let sent = self.send_with(message, now, |encoder| {
            if let Some(number) = view.get(tag::MSG_SEQ_NUM) {
                encoder.field(tag::REF_SEQ_NUM, number);
            }
            encoder.field(tag::TEXT, if text.is_empty() { reason.text() } else { text }.as_bytes());
            encoder.field(tag::REF_MSG_TYPE, view.msg_type());
            if let Some(id) = id {
                encoder.field(tag::BUSINESS_REJECT_REF_ID, id);
            }
            encoder.int(tag::BUSINESS_REJECT_REASON, reason as i64);
            if let Some(default) = version.default_appl_ver_id() {
                encoder.field(tag::DEFAULT_APPL_VER_ID, default);
            }
        });
        self.told_of(sent);
    }

    /// Rejects a message that breaks the rules of the session layer (Reject, 3).
    pub(super) fn send_reject(&mut self, view: &View, fault: Fault, now: u64) {
        let mut route = Vec::with_capacity(8);
        reverse_route(view, &mut route);
        let version = self.settings.identity.version;
        let number = view.get(tag::MSG_SEQ_NUM).filter(|value| !value.is_empty());
        self.note(&format!(
            "rejected {}: {} {:?}",
            String::from_utf8_lossy(number.unwrap_or(b"?")),
            fault.text(),
            fault.tag
        ));
        self.counts.rejected += 1;
        let sent = self.send_with(Outgoing { msg_type: b"3", header: &route, cause: 0 }, now, |encoder| {
            if let Some(number) = number {
                encoder.field(tag::REF_SEQ_NUM, number);
            }
            encoder.field(tag::TEXT, fault.text().as_bytes());
            if let Some(about) = fault.tag {
                encoder.int(tag::REF_TAG_ID, i64::from(about.cast_signed()));
            }
            if !view.msg_type().is_empty() {
                encoder.field(tag::REF_MSG_TYPE, view.msg_type());
            }
            if version.knows_reason(fault.reason) {
                encoder.int(tag::SESSION_REJECT_REASON, i64::from(fault.reason));
            }
        });
        self.told_of(sent);
    }

    pub(super) fn send_heartbeat(&mut self, answers: Option<&[u8]>, now: u64) {
        let sent = self.send(b"0", 0, now, |encoder| {
            if let Some(id) = answers {
                encoder.field(tag::TEST_REQ_ID, id);
            }
        });
        self.told_of(sent);
    }

    pub(super) fn send_test_request(&mut self, now: u64) {
        let sent = self.send(b"1", 0, now, |encoder| encoder.field(tag::TEST_REQ_ID, b"TEST"));
        self.told_of(sent);
    }

    pub(super) fn send_resend_request(&mut self, begin: u64, end: u64, now: u64) {
        self.note(&format!("asked for messages from {begin} to {end} (0: all) again"));
        let sent = self.send(b"2", 0, now, |encoder| {
            encoder.int(tag::BEGIN_SEQ_NO, begin as i64);
            encoder.int(tag::END_SEQ_NO, end as i64);
        });
        self.told_of(sent);
    }

    /// Asks for the end of the session; the connection is closed when the answer has come, or after a while without one.
    pub fn logout(&mut self, text: &str, now: u64) {
        if self.phase == Phase::LoggedOn {
            self.send_logout(text, now);
            self.phase = Phase::LoggingOut;
            self.timing.entered(now);
        }
    }

    pub(super) fn send_logout(&mut self, text: &str, now: u64) {
        self.note(if text.is_empty() { "sent Logout" } else { text });
        let sent = self.send(b"5", 0, now, |encoder| {
            if !text.is_empty() {
                encoder.field(tag::TEXT, text.as_bytes());
            }
        });
        self.told_of(sent);
    }

    /// Tells the counterparty why the session ends here, and closes.
    pub(super) fn end(&mut self, text: &str, now: u64) {
        self.close(text);
        self.send_logout(text, now);
    }

    /// Our own messages are always encodable, unless a counterparty's bytes that we repeat are not.
    pub(super) fn told_of(&mut self, sent: Result<u64, Unencodable>) {
        if let Err(fault) = sent {
            self.note(&format!("could not be sent: {fault}"));
        }
    }
}

/// Where an answer to that message goes: the third parties of its header, reversed; ascending tags, empty ones left out.
pub(super) fn reverse_route<'a>(view: &View<'a>, route: &mut Vec<(u32, &'a [u8])>) {
    const WAYS: [(u32, u32); 6] = [
        (tag::ON_BEHALF_OF_COMP_ID, tag::DELIVER_TO_COMP_ID),
        (tag::ON_BEHALF_OF_SUB_ID, tag::DELIVER_TO_SUB_ID),
        (tag::DELIVER_TO_COMP_ID, tag::ON_BEHALF_OF_COMP_ID),
        (tag::DELIVER_TO_SUB_ID, tag::ON_BEHALF_OF_SUB_ID),
        (tag::ON_BEHALF_OF_LOCATION_ID, tag::DELIVER_TO_LOCATION_ID),
        (tag::DELIVER_TO_LOCATION_ID, tag::ON_BEHALF_OF_LOCATION_ID),
    ];
    for (place, (found, value)) in view.iter().enumerate() {
        if place > 2 && !is_routing_area(found) {
            break;
        }
        if let Some((_, to)) = WAYS.iter().find(|(from, _)| *from == found && !value.is_empty())
            && route.iter().all(|(there, _)| there != to)
        {
            route.push((*to, value));
        }
    }
    route.sort_unstable_by_key(|(there, _)| *there);
}

fn is_routing_area(tag: u32) -> bool {
    super::is_header(tag)
}
