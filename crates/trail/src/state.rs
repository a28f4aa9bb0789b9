//! All that rows need to go on behind the last record, as bytes: little-endian numbers, lists with their length in front.
use crate::live::{Live, Special, Status};
use crate::record::Record;
use crate::rows::Rows;
use isthmus_core::record::Origin;

const FORM: &[u8; 8] = b"ISTROWS2";

struct Out(Vec<u8>);

impl Out {
    fn number(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn signed(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn numbers<const N: usize>(&mut self, values: [u64; N]) {
        values.into_iter().for_each(|value| self.number(value));
    }

    fn all_signed<const N: usize>(&mut self, values: [i64; N]) {
        values.into_iter().for_each(|value| self.signed(value));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn cut(&mut self, count: usize) -> Option<&'a [u8]> {
        let (cut, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(cut)
    }

    fn number(&mut self) -> Option<u64> {
        self.cut(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn signed(&mut self) -> Option<i64> {
        self.cut(8)?.try_into().ok().map(i64::from_le_bytes)
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.number()?).ok()
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.small()?;
        self.cut(count)
    }
}

impl Rows {
    pub fn state(&self) -> Vec<u8> {
        let mut out = Out(FORM.to_vec());
        out.number(self.sequence);
        out.number(self.out.first);
        self.out.unknown.iter().for_each(|count| out.number(*count));
        out.number(self.terms.records.len() as u64);
        for (body, prev) in &self.terms.records {
            out.bytes(body);
            out.0.extend_from_slice(prev);
        }
        out.number(self.terms.sessions.len() as u64);
        for (instrument, state) in &self.terms.sessions {
            out.number(u64::from(*instrument));
            out.number(u64::from(*state));
        }
        out.number(self.terms.self_trade.len() as u64);
        for (instrument, value) in &self.terms.self_trade {
            out.number(u64::from(*instrument));
            out.signed(*value);
        }
        out.number(self.limits.len() as u64);
        for ((scope, of, instrument, limit), value) in &self.limits {
            out.numbers([u64::from(*scope), u64::from(*of), u64::from(*instrument), u64::from(*limit)]);
            out.signed(*value);
        }
        out.number(self.live.len() as u64);
        self.live.values().for_each(|live| write_live(&mut out, live));
        out.0
    }

    /// None where it is not what `state` said.
    pub fn from_state(state: &[u8]) -> Option<Self> {
        let mut read = In(state.strip_prefix(FORM)?);
        let sequence = read.number()?;
        let mut rows = Self::new(read.number()?);
        rows.sequence = sequence;
        for count in &mut rows.out.unknown {
            *count = read.number()?;
        }
        for _ in 0..read.number()? {
            let body = read.bytes()?;
            let record = Record::read(body, read.cut(32)?.try_into().ok()?).ok()?;
            rows.learn(&record, body, false).ok()?;
        }
        rows.terms.sessions.clear();
        rows.terms.self_trade.clear();
        for _ in 0..read.number()? {
            rows.terms.sessions.insert(read.small()?, read.small()?);
        }
        for _ in 0..read.number()? {
            rows.terms.self_trade.insert(read.small()?, read.signed()?);
        }
        for _ in 0..read.number()? {
            let key = (read.small()?, read.small()?, read.small()?, read.small()?);
            rows.limits.insert(key, read.signed()?);
        }
        for _ in 0..read.number()? {
            let live = read_live(&mut read)?;
            rows.keep(live);
        }
        read.0.is_empty().then_some(rows)
    }
}

fn write_live(out: &mut Out, live: &Live) {
    let special = &live.special;
    out.numbers([live.number, live.of, live.priority, live.acknowledged]);
    out.numbers([live.account, live.instrument, live.venue, live.session].map(u64::from));
    out.numbers([live.side, live.kind, live.tif, live.flags, live.path, live.status as u8].map(u64::from));
    out.all_signed([live.price, live.quantity, live.filled, live.hold]);
    out.all_signed([special.stop, special.offset, special.display, special.display_high, special.min_quantity]);
    out.numbers([special.expire, special.one_cancels, special.parent, special.request]);
    out.number(u64::from(live.tape.is_some()));
    out.number(live.tape.unwrap_or_default());
    out.number(u64::from(live.shown.is_some()));
    out.signed(live.shown.unwrap_or_default());
    out.bytes(&live.origin.encode());
}

fn read_live(read: &mut In<'_>) -> Option<Live> {
    let (number, of, priority, acknowledged) = (read.number()?, read.number()?, read.number()?, read.number()?);
    let (account, instrument, venue, session) = (read.small()?, read.small()?, read.small()?, read.small()?);
    let (side, kind, tif, flags, path) = (read.small()?, read.small()?, read.small()?, read.small()?, read.small()?);
    let status: usize = read.small()?;
    let (status, _) = *Status::ALL.get(status)?;
    let (price, quantity, filled, hold) = (read.signed()?, read.signed()?, read.signed()?, read.signed()?);
    let special = Special {
        stop: read.signed()?,
        offset: read.signed()?,
        display: read.signed()?,
        display_high: read.signed()?,
        min_quantity: read.signed()?,
        expire: read.number()?,
        one_cancels: read.number()?,
        parent: read.number()?,
        request: read.number()?,
    };
    let (is_taped, tape) = (read.number()? == 1, read.number()?);
    let (is_told, shown) = (read.number()? == 1, read.signed()?);
    let origin = Origin::decode(read.bytes()?)?;
    Some(Live {
        number,
        account,
        instrument,
        venue,
        side,
        kind,
        tif,
        flags,
        price,
        quantity,
        session,
        special,
        of,
        path,
        tape: is_taped.then_some(tape),
        filled,
        hold,
        shown: is_told.then_some(shown),
        priority,
        acknowledged,
        status,
        origin,
    })
}
