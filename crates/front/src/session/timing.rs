//! When a session speaks without being spoken to: heartbeats, test requests, patience, and the limits on what comes in.
use std::time::Duration;

use super::{Application, Limits, Phase, Session};

const SECOND: u64 = 1_000_000_000;
/// A gap that does not move is asked for again after so long.
const GAP_PATIENCE: u64 = 30 * SECOND;

/// Since when what is quiet, ns since 1970.
#[derive(Default)]
pub(super) struct Timing {
    /// HeartBtInt, 0 for none.
    heartbeat: u64,
    last_sent: u64,
    last_received: u64,
    /// Test requests without an answer.
    tests: u64,
    /// When the present phase began.
    entered: u64,
}

impl Timing {
    pub fn connected(&mut self, now: u64, heartbeat_s: u32) {
        *self = Self { last_sent: now, last_received: now, entered: now, ..Self::default() };
        self.beat(heartbeat_s);
    }

    pub fn beat(&mut self, heartbeat_s: u32) {
        self.heartbeat = u64::from(heartbeat_s) * SECOND;
    }

    pub fn heartbeat_s(&self) -> i64 {
        (self.heartbeat / SECOND) as i64
    }

    pub fn received(&mut self, now: u64) {
        self.last_received = now;
        self.tests = 0;
    }

    pub fn sent(&mut self, now: u64) {
        self.last_sent = now;
    }

    pub fn entered(&mut self, now: u64) {
        self.entered = now;
    }

    fn is_over(&self, now: u64, patience: Duration) -> bool {
        u128::from(now.saturating_sub(self.entered)) >= patience.as_nanos()
    }
}

/// What a quiet link needs.
enum Need {
    Nothing,
    Heartbeat,
    TestRequest,
    End,
}

impl Timing {
    /// A heartbeat after one interval without anything sent, a test request after one and a half without anything received,
    /// the end after two and four tenths. While a test request waits for its answer no heartbeats are sent.
    fn need(&self, now: u64) -> Need {
        let (quiet, silent) = (now.saturating_sub(self.last_received), now.saturating_sub(self.last_sent));
        if self.heartbeat == 0 {
            Need::Nothing
        } else if quiet >= self.heartbeat / 10 * 24 {
            Need::End
        } else if quiet >= (self.heartbeat / 2 * 3).saturating_mul(self.tests + 1) {
            Need::TestRequest
        } else if silent >= self.heartbeat && self.tests == 0 {
            Need::Heartbeat
        } else {
            Need::Nothing
        }
    }
}

impl Session {
    /// Time passed: to be called several times a second while there is a connection.
    pub fn tick<A: Application>(&mut self, now: u64, application: &mut A) {
        let settings = &self.settings;
        match self.phase {
            Phase::Down => {}
            Phase::Connected if self.timing.is_over(now, settings.logon_timeout) => self.close("no Logon in time"),
            Phase::LoggingOut if self.timing.is_over(now, settings.logout_timeout) => {
                self.close("no answer to the Logout in time");
            }
            Phase::Connected | Phase::LoggingOut => {}
            Phase::LoggedOn => self.keep_alive(now),
        }
        self.work(now, application);
    }

    fn keep_alive(&mut self, now: u64) {
        let opened = self.settings.schedule.opened(now);
        if opened.is_none_or(|opened| self.store.numbers().began < opened) {
            return self.logout("the hours of this session have ended", now);
        }
        match self.timing.need(now) {
            Need::Nothing => {}
            Need::Heartbeat => self.send_heartbeat(None, now),
            Need::TestRequest => {
                self.timing.tests += 1;
                self.send_test_request(now);
            }
            Need::End => self.close("nothing came for more than two heartbeat intervals"),
        }
        self.ask_again(now, GAP_PATIENCE);
    }
}

/// Limits on messages and bytes a second: what is left for now.
pub(super) struct Bucket {
    messages_per_s: u64,
    bytes_per_s: u64,
    /// When the allowances are whole again, ns since 1970.
    messages_due: u64,
    bytes_due: u64,
    waits_until: Option<u64>,
}

impl Bucket {
    pub fn new(limits: &Limits) -> Self {
        let (messages_per_s, bytes_per_s) = (u64::from(limits.messages_per_s), limits.bytes_per_s);
        Self { messages_per_s, bytes_per_s, messages_due: 0, bytes_due: 0, waits_until: None }
    }

    /// Whether a message of that length may be taken now. A second's allowance may come in one burst.
    pub fn take(&mut self, length: usize, now: u64) -> bool {
        let full = now.saturating_add(SECOND);
        let due = self.messages_due.max(self.bytes_due);
        if due > full {
            self.waits_until = Some(due - SECOND);
            return false;
        }
        self.waits_until = None;
        if let Some(cost) = SECOND.checked_div(self.messages_per_s) {
            self.messages_due = self.messages_due.max(now).saturating_add(cost);
        }
        if let Some(cost) = (length as u64).saturating_mul(SECOND).checked_div(self.bytes_per_s) {
            self.bytes_due = self.bytes_due.max(now).saturating_add(cost);
        }
        true
    }

    pub fn waits_until(&self) -> Option<u64> {
        self.waits_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_a_second_is_taken_and_the_next_message_waits() {
        let limits = Limits { messages_per_s: 10, ..Limits::default() };
        let mut bucket = Bucket::new(&limits);
        let now = 100 * SECOND;
        let taken = (0..100).take_while(|_| bucket.take(50, now)).count();
        assert_eq!(taken, 11);
        let until = bucket.waits_until().unwrap();
        assert!(until > now && bucket.take(50, until));
    }

    #[test]
    fn bytes_count_too() {
        let limits = Limits { bytes_per_s: 1_000, ..Limits::default() };
        let mut bucket = Bucket::new(&limits);
        assert!(bucket.take(3_000, SECOND));
        assert!(!bucket.take(1, SECOND));
        assert!(bucket.take(1, 3 * SECOND));
    }

    #[test]
    fn without_limits_everything_is_taken() {
        let mut bucket = Bucket::new(&Limits::default());
        assert!((0..10_000).all(|_| bucket.take(1 << 20, SECOND)));
    }
}
