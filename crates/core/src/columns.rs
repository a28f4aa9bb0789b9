//! Postings of recorded effects as columns, for books of record: no command is run again.
use crate::broker::BrokerError;
use crate::journal::{Entry, Hash};
use crate::messages::{Effect, Posted};
use crate::postings::Listing;
use crate::record::Body;

/// One row a posting: the record's sequence, the posting's place in it (from 0), the record's stamp (ns UTC), then the
/// posting. Sequence and stamp are as databases have them, signed.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    pub sequence: Vec<i64>,
    pub place: Vec<u32>,
    pub stamp: Vec<i64>,
    pub source: Vec<u32>,
    pub target: Vec<u32>,
    pub asset: Vec<u32>,
    pub template: Vec<u8>,
    pub amount: Vec<i64>,
}

impl Columns {
    pub fn len(&self) -> usize {
        self.sequence.len()
    }

    pub fn is_empty(&self) -> bool {
        self.sequence.is_empty()
    }

    fn push(&mut self, (sequence, stamp): (i64, i64), place: u32, posted: &Posted) {
        self.sequence.push(sequence);
        self.place.push(place);
        self.stamp.push(stamp);
        self.source.push(posted.source);
        self.target.push(posted.target);
        self.asset.push(posted.asset);
        self.template.push(posted.template);
        self.amount.push(posted.amount);
    }
}

/// Records added up to columns, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Postings {
    listing: Listing,
    effects: Vec<Effect>,
    pub columns: Columns,
    /// Records that listed something, with their sequence: whoever begins behind them must be shown them.
    pub noted: Vec<(u64, Vec<u8>)>,
    /// The last record taken, its stamp and its hash; zeros before the first.
    pub sequence: u64,
    pub stamp: u64,
    pub head: Hash,
}

impl Postings {
    /// Goes on behind record `sequence`, whose hash is `head`. `noted`: bodies of earlier records that listed something.
    pub fn behind(sequence: u64, head: Hash, noted: &[impl AsRef<[u8]>]) -> Result<Self, BrokerError> {
        let mut postings = Self::default();
        for body in noted {
            postings.fold(body.as_ref())?;
        }
        (postings.sequence, postings.stamp, postings.head) = (sequence, 0, head);
        (postings.columns, postings.noted) = Default::default();
        Ok(postings)
    }

    /// The next record. [`BrokerError::Differs`]: it does not follow on the last one, or cannot be read.
    #[inline]
    pub fn take(&mut self, entry: &Entry<'_>) -> Result<(), BrokerError> {
        if entry.sequence != self.sequence + 1 || *entry.prev != self.head {
            return Err(BrokerError::Differs { record: entry.sequence });
        }
        self.fold(entry.body)?;
        self.head = *entry.hash;
        Ok(())
    }

    /// What was gathered so far, and begins anew.
    pub fn hand_out(&mut self) -> (Columns, Vec<(u64, Vec<u8>)>) {
        (std::mem::take(&mut self.columns), std::mem::take(&mut self.noted))
    }

    fn fold(&mut self, body: &[u8]) -> Result<(), BrokerError> {
        let record = Body::read(body).map_err(differs_at(self.sequence + 1))?;
        let Self { listing, effects, columns, .. } = self;
        effects.clear();
        record.each_effect(|effect| effects.push(effect)).map_err(differs_at(record.sequence))?;
        let at = (record.sequence as i64, record.stamp as i64);
        let (mut lists, mut place) = (false, 0);
        for effect in &*effects {
            let listed = listing.take(&record.command, effect);
            lists |= listed.ok_or(BrokerError::Differs { record: record.sequence })?;
            listing.each_posting(effect, |posted| {
                columns.push(at, place, &posted);
                place += 1;
            });
        }
        if lists {
            self.noted.push((record.sequence, body.to_vec()));
        }
        (self.sequence, self.stamp) = (record.sequence, record.stamp);
        Ok(())
    }
}

fn differs_at<E>(record: u64) -> impl FnOnce(E) -> BrokerError {
    move |_| BrokerError::Differs { record }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::journal::frame;
    use crate::messages::{AddAsset, Code, Command, Deposit};
    use crate::record::write_body;

    fn usd() -> Command {
        let mut code = [0; 16];
        code[..3].copy_from_slice(b"USD");
        Command::AddAsset(AddAsset { code: Code(code), decimals: 2 })
    }

    /// Bodies and hashes of a short journal.
    fn journal() -> Vec<(Vec<u8>, Hash)> {
        let (mut engine, mut head) = (Engine::default(), [0; 32]);
        let deposit = |amount| Command::Deposit(Deposit { account: 16, asset: 1, amount, client_id: [0; 16] });
        let mut client = vec![1, 0, 17, 0, 1];
        client.resize(21, 0);
        let (open, _) = Command::decode_older(&client).expect("OpenAccount of a client");
        let commands = [usd(), open, deposit(500), deposit(-1), deposit(7)];
        let mut all = Vec::new();
        for (at, command) in (1_000..).zip(&commands) {
            let mut body = Vec::new();
            write_body(&mut engine, command, at, &[], &mut body);
            head = frame::chain(&head, &body);
            all.push((body, head));
        }
        all
    }

    fn read(postings: &mut Postings, records: &[(Vec<u8>, Hash)]) -> Result<(), BrokerError> {
        for (body, hash) in records {
            let (sequence, prev) = (postings.sequence + 1, postings.head);
            postings.take(&Entry { sequence, body, hash, prev: &prev, segment: 1, offset: 0 })?;
        }
        Ok(())
    }

    #[test]
    fn every_posting_names_its_record_and_a_refusal_has_none() {
        let mut postings = Postings::default();
        read(&mut postings, &journal()).expect("a journal of this release");
        let columns = &postings.columns;
        assert_eq!((columns.len(), &columns.sequence[..], &columns.place[..]), (2, &[3, 5][..], &[0, 0][..]));
        assert_eq!((&columns.stamp[..], &columns.amount[..]), (&[1_002, 1_004][..], &[500, 7][..]));
        assert_eq!((&columns.source[..], &columns.target[..]), (&[1, 1][..], &[16, 16][..]));
        assert_eq!(postings.noted.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn whoever_begins_behind_a_record_reads_the_rest_as_the_whole_was_read() {
        let records = journal();
        let (mut whole, mut first) = (Postings::default(), Postings::default());
        read(&mut whole, &records).expect("whole");
        read(&mut first, &records[..3]).expect("the first three");
        let noted: Vec<_> = first.noted.iter().map(|(_, body)| body.clone()).collect();
        let mut rest = Postings::behind(3, first.head, &noted).expect("behind the third");
        read(&mut rest, &records[3..]).expect("the rest");
        assert_eq!((rest.head, rest.sequence, rest.columns.len()), (whole.head, 5, 1));
        assert_eq!(rest.columns.amount, [7]);
    }

    #[test]
    fn a_record_of_another_chain_is_refused_by_its_number() {
        let records = journal();
        let mut other = Postings::behind(3, [9; 32], &[&records[0].0]).expect("behind the third");
        let (body, hash) = &records[3];
        let prev = records[2].1;
        let entry = Entry { sequence: 4, body, hash, prev: &prev, segment: 1, offset: 0 };
        assert!(matches!(other.take(&entry), Err(BrokerError::Differs { record: 4 })));
    }
}
