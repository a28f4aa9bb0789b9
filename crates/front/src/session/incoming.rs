//! What comes in: each message is judged in the order of the standard, then taken.
use std::mem;

use isthmus_wire::fix::index::View;
use isthmus_wire::fix::values::timestamp;

use super::header::tag;
use super::sequence::{flag, is_gap_fill};
use super::{Application, Fault, Phase, Session};

/// Whether a message waits for its turn; the others are dealt with whatever their number is.
fn is_in_turn(view: &View) -> bool {
    match view.msg_type() {
        b"A" | b"2" | b"5" => false,
        b"4" => is_gap_fill(view),
        _ => true,
    }
}

impl Session {
    /// A framed message from the wire.
    pub(super) fn message<A: Application>(&mut self, bytes: &[u8], now: u64, application: &mut A) {
        let mut index = mem::take(&mut self.index);
        match index.read(bytes) {
            Err(malformed) => self.garbled(&malformed.to_string()),
            Ok(()) => {
                self.counts.received += 1;
                let view = index.view(bytes);
                if self.phase == Phase::Connected {
                    self.first_message(&view, now, application);
                } else if let Some(number) = self.judge(&view, now) {
                    self.look_and_take(&view, number, now, application);
                }
            }
        }
        self.index = index;
    }

    /// A message that came before its turn, and its turn is now.
    pub(super) fn kept_message<A: Application>(&mut self, bytes: &[u8], now: u64, application: &mut A) {
        let mut index = mem::take(&mut self.index);
        if index.read(bytes).is_ok() {
            let number = self.next_in;
            self.look_and_take(&index.view(bytes), number, now, application);
        }
        self.index = index;
    }

    /// The number of a message that is to be taken now; one that is not was dealt with.
    fn judge(&mut self, view: &View, now: u64) -> Option<u64> {
        if view.get(tag::BEGIN_STRING) != Some(self.settings.identity.version.begin_string()) {
            self.unexpected_version(view, now);
            return None;
        }
        let Some(number) = view.seq_num() else {
            self.end("MsgSeqNum(34) is missing or not a number", now);
            return None;
        };
        if let Some(fault) = self.content_fault(view) {
            self.refuse_content(view, fault, now);
            return None;
        }
        if !is_in_turn(view) || number == self.next_in {
            return Some(number);
        }
        if let Some(fault) = self.header_fault(view, now) {
            self.refuse_header(view, fault, now);
        } else if number > self.next_in {
            self.keep_early(number, view.bytes, now);
        } else {
            self.too_low(view, number, now);
        }
        None
    }

    /// What is wrong whatever the number is: a bad message is rejected at once, and counts only in its turn.
    fn content_fault(&self, view: &View) -> Option<Fault> {
        let missing = [tag::SENDER_COMP_ID, tag::TARGET_COMP_ID].into_iter().find(|tag| view.get(*tag).is_none());
        let missing = missing.map(|tag| Fault::of_tag(Fault::REQUIRED_TAG_MISSING, tag));
        missing.or_else(|| self.settings.rules.as_ref()?.check(view).err())
    }

    fn refuse_content(&mut self, view: &View, fault: Fault, now: u64) {
        if view.seq_num() == Some(self.next_in) && !matches!(view.msg_type(), b"A" | b"4") {
            self.next_in += 1;
        }
        self.send_reject(view, fault, now);
    }

    /// A message of another version of FIX on this link.
    fn unexpected_version(&mut self, view: &View, now: u64) {
        if view.msg_type() == b"5" {
            return self.logged_out(view, now);
        }
        if view.seq_num() == Some(self.next_in) {
            self.next_in += 1;
        }
        self.logout("Incorrect BeginString", now);
    }

    /// A number that was there before: a duplicate is passed over, anything else ends the session.
    fn too_low(&mut self, view: &View, number: u64, now: u64) {
        if !flag(view, tag::POSS_DUP_FLAG) {
            let text = format!("MsgSeqNum too low, expecting {} but received {number}", self.next_in);
            return self.end(&text, now);
        }
        if let Some(fault) = duplicate_fault(view) {
            self.refuse_header(view, fault, now);
        }
    }

    /// Missing names or times, wrong names, a clock that is off.
    pub(super) fn header_fault(&self, view: &View, now: u64) -> Option<Fault> {
        for tag in [tag::SENDER_COMP_ID, tag::TARGET_COMP_ID, tag::SENDING_TIME] {
            if view.get(tag).is_none() {
                return Some(Fault::of_tag(Fault::REQUIRED_TAG_MISSING, tag));
            }
        }
        let Ok(time) = timestamp(view.get(tag::SENDING_TIME)?) else {
            return Some(Fault::of_tag(Fault::FORMAT, tag::SENDING_TIME));
        };
        let is_off = |latency: std::time::Duration| u128::from(now.abs_diff(time)) > latency.as_nanos();
        if self.settings.latency.is_some_and(is_off) {
            return Some(Fault::of_message(Fault::SENDING_TIME));
        }
        let identity = &self.settings.identity;
        let right = view.get(tag::SENDER_COMP_ID) == Some(&identity.target)
            && view.get(tag::TARGET_COMP_ID) == Some(&identity.sender);
        (!right).then_some(Fault::of_message(Fault::COMP_ID))
    }

    /// Rejects; wrong names and times end the session too.
    fn refuse_header(&mut self, view: &View, fault: Fault, now: u64) {
        if view.seq_num() == Some(self.next_in) {
            self.next_in += 1;
        }
        self.send_reject(view, fault, now);
        if matches!(fault.reason, Fault::COMP_ID | Fault::SENDING_TIME) {
            self.logout("", now);
        }
    }

    fn look_and_take<A: Application>(&mut self, view: &View, number: u64, now: u64, application: &mut A) {
        if let Some(fault) = self.header_fault(view, now).or_else(|| self.strict_fault(view)) {
            return self.refuse_header(view, fault, now);
        }
        self.take(view, number, now, application);
    }

    fn strict_fault(&self, view: &View) -> Option<Fault> {
        let looked_at = self.settings.strict_duplicates && flag(view, tag::POSS_DUP_FLAG);
        if looked_at { duplicate_fault(view) } else { None }
    }

    fn take<A: Application>(&mut self, view: &View, number: u64, now: u64, application: &mut A) {
        match view.msg_type() {
            b"A" => return self.logon_again(view, number, now),
            b"2" => return self.resend_request(view, number, now, application),
            b"4" => return self.sequence_reset(view, now),
            b"5" => return self.logged_out(view, now),
            _ => self.next_in += 1,
        }
        match view.msg_type() {
            b"0" => {}
            b"1" => {
                let id = view.get(tag::TEST_REQ_ID).filter(|id| !id.is_empty());
                self.send_heartbeat(id, now);
            }
            b"3" => application.on_reject(self, view, now),
            _ => {
                if self.settings.taken_by_host {
                    self.untaken.push_back(number);
                }
                application.on_message(self, view, now);
            }
        }
    }

    /// The counterparty's Logout: an answer to ours, or to be answered. Both end the link.
    pub(super) fn logged_out(&mut self, view: &View, now: u64) {
        let text = view.get(tag::TEXT).unwrap_or(b"");
        self.note(&format!("received Logout {}", String::from_utf8_lossy(text)));
        if view.seq_num() == Some(self.next_in) {
            self.next_in += 1;
        }
        let asked = self.phase == Phase::LoggingOut;
        self.close("logged out");
        if !asked {
            self.send_logout("", now);
        }
        self.reset_after = self.settings.resets.on_logout;
    }
}

/// A duplicate says when it was sent first, which is not after it was sent now. Gap fills need not.
fn duplicate_fault(view: &View) -> Option<Fault> {
    if view.msg_type() == b"4" {
        return None;
    }
    let Some(original) = view.get(tag::ORIG_SENDING_TIME) else {
        return Some(Fault::of_tag(Fault::REQUIRED_TAG_MISSING, tag::ORIG_SENDING_TIME));
    };
    let Ok(original) = timestamp(original) else {
        return Some(Fault::of_tag(Fault::FORMAT, tag::ORIG_SENDING_TIME));
    };
    let sent = timestamp(view.get(tag::SENDING_TIME)?).ok()?;
    (original > sent).then_some(Fault::of_message(Fault::SENDING_TIME))
}
