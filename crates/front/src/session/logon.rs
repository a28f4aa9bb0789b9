//! Logon: who may, with which numbers, and what follows.
use isthmus_wire::fix::encode::Encoder;
use isthmus_wire::fix::index::View;

use super::header::tag;
use super::sequence::flag;
use super::{Application, LogonRefusal, Phase, Role, Session};

/// HeartBtInt is at most a day.
const HEARTBEAT_MAX: u64 = 86_400;

impl Session {
    /// The first message of a link has to be a Logon; an initiator may find its own refused.
    pub(super) fn first_message<A: Application>(&mut self, view: &View, now: u64, application: &mut A) {
        match view.msg_type() {
            b"A" => match self.logon_fault(view, now) {
                Some(why) => self.close(&why),
                None => self.logon(view, now, application),
            },
            b"5" => {
                let text = view.get(tag::TEXT).unwrap_or(b"");
                self.close(&format!("our Logon was refused: {}", String::from_utf8_lossy(text)));
            }
            _ => self.close("the first message is not a Logon"),
        }
    }

    /// What makes a Logon none: the link is closed without a word, since nobody is known to be there.
    fn logon_fault(&mut self, view: &View, now: u64) -> Option<String> {
        if view.get(tag::BEGIN_STRING) != Some(self.settings.identity.version.begin_string()) {
            return Some("a Logon of another version".to_owned());
        }
        if !self.begin_period(now) {
            return Some("a Logon outside of the hours of the session".to_owned());
        }
        let fault = self.settings.rules.as_ref().and_then(|rules| rules.check(view).err());
        let fault = fault.or_else(|| self.header_fault(view, now))?;
        Some(format!("a Logon that is not good: {} (tag {:?})", fault.text(), fault.tag))
    }

    fn logon<A: Application>(&mut self, view: &View, now: u64, application: &mut A) {
        let reset = flag(view, tag::RESET_SEQ_NUM_FLAG);
        if (reset && !self.reset_sent) || (self.settings.role == Role::Acceptor && self.settings.resets.on_logon) {
            self.reset(now);
        }
        if let Err(LogonRefusal(text)) = self.logon_terms(view) {
            return self.end(&text, now);
        }
        if let Err(LogonRefusal(text)) = application.on_logon(self, view, now) {
            return self.end(&text, now);
        }
        self.phase = Phase::LoggedOn;
        self.timing.entered(now);
        self.established(view, reset, now);
        if !self.closing {
            application.on_established(self, now);
            self.work(now, application);
        }
    }

    /// What both sides have to agree on.
    fn logon_terms(&self, view: &View) -> Result<(), LogonRefusal> {
        let refuse = |text: String| Err(LogonRefusal(text));
        let Some(number) = view.seq_num() else { return refuse("MsgSeqNum(34) is missing or not a number".to_owned()) };
        if number < self.next_in {
            return refuse(format!("MsgSeqNum too low, expecting {} but received {number}", self.next_in));
        }
        if number != 1 && flag(view, tag::RESET_SEQ_NUM_FLAG) {
            return refuse("MsgSeqNum(34) is not 1 with ResetSeqNumFlag(141)".to_owned());
        }
        if view.get(tag::ENCRYPT_METHOD) != Some(b"0") {
            return refuse("EncryptMethod(98) is not 0".to_owned());
        }
        if !matches!(view.unsigned(tag::HEART_BT_INT), Some(Ok(0..=HEARTBEAT_MAX))) {
            return refuse("HeartBtInt(108) is missing or out of range".to_owned());
        }
        if view.get(tag::DEFAULT_APPL_VER_ID) != self.settings.identity.version.default_appl_ver_id()
            && self.settings.identity.version.default_appl_ver_id().is_some()
        {
            return refuse("DefaultApplVerID(1137) is not 9 (FIX 5.0 SP2)".to_owned());
        }
        if flag(view, tag::TEST_MESSAGE_INDICATOR) != self.settings.test {
            return refuse("TestMessageIndicator(464) does not fit this session".to_owned());
        }
        self.logon_rights(view)
    }

    fn logon_rights(&self, view: &View) -> Result<(), LogonRefusal> {
        if self.settings.next_expected {
            match view.unsigned(tag::NEXT_EXPECTED_MSG_SEQ_NUM) {
                Some(Ok(number)) if number > self.next_out_at_logon() => {
                    let text =
                        format!("NextExpectedMsgSeqNum(789) too high, {number} over {}", self.next_out_at_logon());
                    return Err(LogonRefusal(text));
                }
                Some(Err(_) | Ok(0)) => {
                    return Err(LogonRefusal("NextExpectedMsgSeqNum(789) is not a number from 1".to_owned()));
                }
                _ => {}
            }
        }
        if let (Role::Acceptor, Some(wanted)) = (self.settings.role, &self.settings.credentials) {
            let user = is_same(view.get(tag::USERNAME).unwrap_or(b""), &wanted.username);
            let password = is_same(view.get(tag::PASSWORD).unwrap_or(b""), &wanted.password);
            if !(user & password) {
                return Err(LogonRefusal("not authorized".to_owned()));
            }
        }
        Ok(())
    }

    fn next_out_at_logon(&self) -> u64 {
        self.store.numbers().next_out
    }

    /// Both sides know each other: the answer, then what is missing on either side.
    fn established(&mut self, view: &View, reset: bool, now: u64) {
        let number = view.seq_num().unwrap_or(self.next_in);
        let acceptor = self.settings.role == Role::Acceptor;
        if let (true, Some(Ok(seconds))) = (acceptor, view.unsigned(tag::HEART_BT_INT)) {
            self.timing.beat(seconds as u32);
        }
        let in_turn = number == self.next_in;
        if in_turn {
            self.next_in += 1;
        }
        // the counterparty has what comes before this; our answer takes the number that follows
        let unsent = self.next_out_at_logon() - u64::from(!acceptor);
        if acceptor || (reset && !self.reset_sent) {
            self.send_logon(reset, now);
        }
        self.reset_sent = false;
        self.note("logged on");
        if let (true, Some(Ok(wanted))) = (self.settings.next_expected, view.unsigned(tag::NEXT_EXPECTED_MSG_SEQ_NUM)) {
            if wanted < unsent {
                self.queue_resend(wanted, unsent - 1);
            }
            if !in_turn {
                self.keep_quietly(number, now);
            }
        } else if !in_turn {
            self.keep_early(number, &[], now);
        }
    }

    fn keep_quietly(&mut self, number: u64, now: u64) {
        self.wait_for(number - 1, now);
        self.keep_early(number, &[], now);
    }

    /// A Logon while logged on: only to begin with new numbers.
    pub(super) fn logon_again(&mut self, view: &View, number: u64, now: u64) {
        if !flag(view, tag::RESET_SEQ_NUM_FLAG) {
            if number < self.next_in && flag(view, tag::POSS_DUP_FLAG) {
                return;
            }
            return self.close("a second Logon");
        }
        if number != 1 {
            return self.end("MsgSeqNum(34) is not 1 with ResetSeqNumFlag(141)", now);
        }
        let answers = std::mem::take(&mut self.reset_sent);
        if !answers {
            self.reset(now);
            if let Some(Ok(seconds @ 0..=HEARTBEAT_MAX)) = view.unsigned(tag::HEART_BT_INT) {
                self.timing.beat(seconds as u32);
            }
        }
        self.next_in = 2;
        if !answers {
            self.send_logon(true, now);
        }
    }

    /// An initiator's first message.
    pub(super) fn send_logon_request(&mut self, now: u64) {
        if self.settings.schedule.opened(now).is_none() {
            return self.close("outside of the hours of the session");
        }
        if self.settings.resets.on_logon {
            self.reset(now);
            self.reset_sent = true;
        }
        self.send_logon(self.reset_sent, now);
    }

    /// Begins with new numbers while logged on: a Logon with ResetSeqNumFlag.
    pub fn restart_numbers(&mut self, now: u64) {
        if self.phase == Phase::LoggedOn {
            self.reset(now);
            self.reset_sent = true;
            self.send_logon(true, now);
        }
    }

    fn send_logon(&mut self, reset: bool, now: u64) {
        let version = self.settings.identity.version;
        let heartbeat = self.timing.heartbeat_s();
        let expected = self.settings.next_expected.then_some(self.next_in);
        let ours = (self.settings.role == Role::Initiator).then(|| self.settings.credentials.clone()).flatten();
        let test = self.settings.test;
        let sent = self.send(b"A", 0, now, |encoder: &mut Encoder| {
            encoder.char(tag::ENCRYPT_METHOD, b'0');
            encoder.int(tag::HEART_BT_INT, heartbeat);
            if reset {
                encoder.char(tag::RESET_SEQ_NUM_FLAG, b'Y');
            }
            if test {
                encoder.char(tag::TEST_MESSAGE_INDICATOR, b'Y');
            }
            if let Some(ours) = &ours {
                encoder.field(tag::USERNAME, &ours.username);
                encoder.field(tag::PASSWORD, &ours.password);
            }
            if let Some(expected) = expected {
                encoder.int(tag::NEXT_EXPECTED_MSG_SEQ_NUM, expected as i64);
            }
            if let Some(default) = version.default_appl_ver_id() {
                encoder.field(tag::DEFAULT_APPL_VER_ID, default);
            }
        });
        self.told_of(sent);
    }
}

/// Compares without telling by the time where the difference is.
fn is_same(given: &[u8], wanted: &[u8]) -> bool {
    let differences = given.iter().zip(wanted).fold(0, |sum, (a, b)| sum | (a ^ b));
    (given.len() == wanted.len()) & (differences == 0)
}
