//! What came before its turn, and what is missing in between.
use super::header::tag;
use super::{Application, Fault, Session};
use isthmus_wire::fix::index::View;
use isthmus_wire::fix::values::boolean;

/// No session comes so far; a counterparty that says so is wrong.
const NUMBER_MAX: u64 = 1 << 53;

/// Messages that are missing and were asked for.
pub(super) struct Gap {
    /// The last number asked for in the present request, 0 for all.
    end: u64,
    /// The last number known to be missing.
    upto: u64,
    /// When it was asked for, and what was expected then.
    asked: u64,
    begin: u64,
}

impl Session {
    /// Keeps a message that came before its turn (an empty one was dealt with already), and asks for what is missing. Over the
    /// limits it is not kept, and will be asked for too.
    pub(super) fn keep_early(&mut self, number: u64, bytes: &[u8], now: u64) {
        let limits = &self.settings.limits;
        let fits = self.early.len() < limits.early_messages && self.early_bytes + bytes.len() <= limits.early_bytes;
        if fits && !self.early.contains_key(&number) {
            self.early_bytes += bytes.len();
            self.early.insert(number, bytes.to_vec());
        }
        if self.gap.is_none() {
            self.note(&format!("expected message {}, received {number}", self.next_in));
            self.ask(number - 1, now);
        }
    }

    /// What is missing up to that number will come without being asked for (NextExpectedMsgSeqNum told it).
    pub(super) fn wait_for(&mut self, upto: u64, now: u64) {
        self.gap = Some(Gap { end: 0, upto, asked: now, begin: self.next_in });
    }

    fn ask(&mut self, upto: u64, now: u64) {
        let (begin, chunk) = (self.next_in, self.settings.resend_chunk);
        let end = if chunk == 0 || begin.saturating_add(chunk) > upto { 0 } else { begin + chunk - 1 };
        self.gap = Some(Gap { end, upto, asked: now, begin });
        self.send_resend_request(begin, end, now);
    }

    /// A gap that did not move for that long is asked for again.
    pub(super) fn ask_again(&mut self, now: u64, patience: u64) {
        let Some(gap) = &mut self.gap else { return };
        if gap.begin != self.next_in {
            (gap.begin, gap.asked) = (self.next_in, now);
        } else if now.saturating_sub(gap.asked) >= patience {
            let upto = gap.upto;
            self.ask(upto, now);
        }
    }

    /// Takes the messages whose turn has come, then asks for what is missing next.
    pub(super) fn take_early<A: Application>(&mut self, now: u64, application: &mut A) {
        while let Some(entry) = self.early.first_entry() {
            if *entry.key() > self.next_in || self.closing {
                break;
            }
            let (number, bytes) = entry.remove_entry();
            self.early_bytes -= bytes.len();
            if number == self.next_in {
                if bytes.is_empty() {
                    self.next_in += 1;
                } else {
                    self.kept_message(&bytes, now, application);
                }
            }
        }
        self.settle_gap(now);
    }

    fn settle_gap(&mut self, now: u64) {
        if self.closing {
            return;
        }
        if let Some(gap) = &self.gap {
            let upto = gap.upto;
            if self.next_in > upto {
                self.note(&format!("no message is missing before {}", self.next_in));
                self.gap = None;
            } else if gap.end != 0 && self.next_in > gap.end {
                self.ask(upto, now);
            }
        }
        if let (None, Some((first, _))) = (&self.gap, self.early.first_key_value()) {
            let upto = first - 1;
            self.ask(upto, now);
        }
    }

    /// SequenceReset (4): in gap-fill mode in its turn, in reset mode at any time.
    pub(super) fn sequence_reset(&mut self, view: &View, now: u64) {
        let fill = is_gap_fill(view);
        let fault = match view.unsigned(tag::NEW_SEQ_NO) {
            None => Some(Fault::of_tag(Fault::REQUIRED_TAG_MISSING, tag::NEW_SEQ_NO)),
            Some(Err(_)) => Some(Fault::of_tag(Fault::FORMAT, tag::NEW_SEQ_NO)),
            Some(Ok(new)) if new < self.next_in || (fill && new == self.next_in) || new > NUMBER_MAX => {
                Some(Fault::of_message(Fault::VALUE_INCORRECT))
            }
            Some(Ok(new)) => {
                self.note(&format!("the counterparty goes on with message {new}"));
                self.next_in = new;
                None
            }
        };
        if let Some(fault) = fault {
            if fill {
                self.next_in += 1;
            }
            self.send_reject(view, fault, now);
        }
    }
}

/// Whether a SequenceReset fills a gap.
pub(super) fn is_gap_fill(view: &View) -> bool {
    flag(view, tag::GAP_FILL_FLAG)
}

/// Whether a Boolean field is there and `Y`.
pub(super) fn flag(view: &View, tag: u32) -> bool {
    view.get(tag).is_some_and(|value| boolean(value) == Ok(true))
}
