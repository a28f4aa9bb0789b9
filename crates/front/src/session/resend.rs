//! Sending again what the counterparty asks for: application messages as duplicates, gap fills over the rest, in slices.
use isthmus_wire::fix::encode::Unencodable;
use isthmus_wire::fix::index::View;

use super::header::{Header, Original, is_header, tag};
use super::{Application, Fault, Session};

/// Bytes that one slice writes at most, and output over which none is begun: others want to be served too.
const SLICE: usize = 64 * 1024;
const WAITING_MAX: usize = 256 * 1024;
/// Numbers that one slice looks at, at most.
const LOOKED_AT_MAX: u32 = 4096;

/// What is left of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resend {
    next: u64,
    end: u64,
    /// The first of the messages to be filled over that come before `next`.
    fill: Option<u64>,
}

impl Session {
    /// ResendRequest (2): dealt with whatever its number is, then its own number is looked at.
    pub(super) fn resend_request<A: Application>(&mut self, view: &View, number: u64, now: u64, application: &mut A) {
        if number < self.next_in {
            return self.late_request(view, number, now);
        }
        if number == self.next_in {
            self.next_in += 1;
        }
        let last = self.store.numbers().next_out - 1;
        match asked(view, last) {
            Ok((begin, end)) => {
                self.note(&format!("the counterparty asks for messages from {begin} to {end} again"));
                self.queue_resend(begin, end);
                self.work(now, application);
            }
            Err(fault) => self.send_reject(view, fault, now),
        }
        if number > self.next_in {
            self.keep_early(number, &[], now);
        }
    }

    fn late_request(&mut self, view: &View, number: u64, now: u64) {
        if !super::sequence::flag(view, tag::POSS_DUP_FLAG) {
            self.end(&format!("MsgSeqNum too low, expecting {} but received {number}", self.next_in), now);
        }
    }

    pub(super) fn queue_resend(&mut self, begin: u64, end: u64) {
        self.out.resends.push_back(Resend { next: begin, end, fill: None });
    }

    /// Writes one slice of what is to be sent again, and then of what waited behind it. True if there is more to do.
    pub fn work<A: Application>(&mut self, now: u64, application: &mut A) -> bool {
        if self.closing || !self.out.is_behind() {
            return false;
        }
        if self.out.output.len() >= WAITING_MAX {
            return true;
        }
        let limit = self.out.output.len() + SLICE;
        let mut looked_at = 0;
        while self.out.output.len() < limit && looked_at < LOOKED_AT_MAX {
            looked_at += 1;
            if let Some(mut resend) = self.out.resends.pop_front() {
                self.resend_one(&mut resend, now, application);
                if resend.next <= resend.end && !self.closing {
                    self.out.resends.push_front(resend);
                }
            } else if !self.send_deferred(now) {
                break;
            }
        }
        self.out.is_behind()
    }

    /// The next message that was kept back behind a resend; false when there is none left.
    fn send_deferred(&mut self, now: u64) -> bool {
        let Some(number) = self.out.deferred else { return false };
        if number >= self.store.numbers().next_out {
            self.out.deferred = None;
            return false;
        }
        match self.store.read(number, &mut self.out.output) {
            Ok(_) => {
                self.timing.sent(now);
                self.counts.sent += 1;
                self.out.deferred = Some(number + 1);
            }
            Err(error) => self.fail(&error),
        }
        !self.closing
    }

    fn resend_one<A: Application>(&mut self, resend: &mut Resend, now: u64, application: &mut A) {
        let number = resend.next;
        resend.next += 1;
        let is_kept = self.store.is_admin(number) == Some(false) && self.read_kept(number);
        let worth = is_kept && application.may_resend(&self.out.fields.view(&self.out.scratch));
        if !worth {
            resend.fill.get_or_insert(number);
        }
        let is_last = resend.next > resend.end;
        if let (true, Some(first)) = (worth || is_last, resend.fill) {
            resend.fill = None;
            self.fill_gap(first, if worth { number } else { resend.next }, now);
        }
        if worth {
            self.repeat(number, now);
        }
    }

    /// Reads a kept message into the scratch; false if it cannot be.
    fn read_kept(&mut self, number: u64) -> bool {
        self.out.scratch.clear();
        match self.store.read(number, &mut self.out.scratch) {
            Ok(there) => there && self.out.fields.read(&self.out.scratch).is_ok(),
            Err(error) => {
                self.fail(&error);
                false
            }
        }
    }

    /// SequenceReset in gap-fill mode, from `first` to before `next`.
    fn fill_gap(&mut self, first: u64, next: u64, now: u64) {
        let encoder = &mut self.out.encoder;
        encoder.begin(self.settings.identity.version.begin_string(), b"4");
        let processed = self.settings.last_processed.then(|| self.next_in - 1);
        Header { number: first, now, duplicate_of: Some(Original::Now), processed, extra: &[] }
            .write(&self.settings, encoder);
        encoder.int(tag::NEW_SEQ_NO, next as i64);
        encoder.char(tag::GAP_FILL_FLAG, b'Y');
        self.write_again(now);
    }

    /// The message in the scratch once more, marked as a duplicate.
    fn repeat(&mut self, number: u64, now: u64) {
        let view = self.out.fields.view(&self.out.scratch);
        let original = view.get(tag::SENDING_TIME).unwrap_or(b"");
        let extra = kept_header(&view);
        let encoder = &mut self.out.encoder;
        encoder.begin(self.settings.identity.version.begin_string(), view.msg_type());
        let processed = self.settings.last_processed.then(|| self.next_in - 1);
        Header { number, now, duplicate_of: Some(Original::At(original)), processed, extra: &extra }
            .write(&self.settings, encoder);
        let body = view.fields.iter().position(|field| !is_header(field.tag)).unwrap_or(view.fields.len());
        encoder.copy(&view, &view.fields[body..]);
        self.counts.resent += 1;
        self.write_again(now);
    }

    fn write_again(&mut self, now: u64) {
        match self.out.encoder.finish() {
            Ok(bytes) => {
                self.out.output.extend_from_slice(bytes);
                self.timing.sent(now);
            }
            Err(fault) => self.told_of(Err::<u64, Unencodable>(fault)),
        }
    }
}

/// What a request asks for, `last` being the last number sent.
fn asked(view: &View, last: u64) -> Result<(u64, u64), Fault> {
    let number = |tag| match view.unsigned(tag) {
        None => Err(Fault::of_tag(Fault::REQUIRED_TAG_MISSING, tag)),
        Some(value) => value.map_err(|_| Fault::of_tag(Fault::FORMAT, tag)),
    };
    let (begin, end) = (number(tag::BEGIN_SEQ_NO)?, number(tag::END_SEQ_NO)?);
    if begin == 0 || begin > last {
        return Err(Fault::of_tag(Fault::VALUE_INCORRECT, tag::BEGIN_SEQ_NO));
    }
    if end != 0 && end < begin {
        return Err(Fault::of_tag(Fault::VALUE_INCORRECT, tag::END_SEQ_NO));
    }
    Ok((begin, if end == 0 { last } else { end.min(last) }))
}

/// Fields of the header that a repeated message keeps, ascending.
fn kept_header<'a>(view: &View<'a>) -> Vec<(u32, &'a [u8])> {
    const OURS: [u32; 12] = [8, 9, 34, 35, 43, 49, 50, 52, 56, 57, 122, 369];
    view.iter()
        .take_while(|(tag, _)| is_header(*tag))
        .filter(|(tag, value)| !OURS.contains(tag) && !value.is_empty())
        .collect()
}
