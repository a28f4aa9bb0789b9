//! Reads and checks records on a thread of its own, so that whoever runs them again only runs them.
use super::error::JournalError;
use super::frame;
use super::scan::{Check, End, Entry, Scan};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// How much is handed over at a time.
const BATCH_BYTES: usize = 1 << 18;
/// How many batches are read ahead at most.
const BATCHES_AHEAD: usize = 4;

/// Some records, with where they stood.
#[derive(Default)]
struct Batch {
    bodies: Vec<u8>,
    records: Vec<Place>,
}

struct Place {
    sequence: u64,
    body_end: usize,
    hash: frame::Hash,
    prev: frame::Hash,
    segment: u64,
    offset: u64,
}

type Sent = Result<Batch, JournalError>;

/// Hands every record from `from` on to `take`, in order, and returns how the journal ends; the first error of the
/// journal or of `take` ends it. The same as reading a [`Scan`], on two cores.
pub fn scan_ahead<E: From<JournalError>>(
    data: &Path,
    from: u64,
    check: Check,
    mut take: impl FnMut(Entry<'_>) -> Result<(), E>,
) -> Result<End, E> {
    let mut scan = Scan::open(data, from, check)?;
    let (full, filled) = sync_channel::<Sent>(BATCHES_AHEAD);
    let (empty, emptied) = sync_channel::<Batch>(BATCHES_AHEAD + 2);
    thread::scope(|scope| {
        let reader = scope.spawn(move || fill(&mut scan, &full, &emptied));
        let taken = take_all(&filled, &empty, &mut take);
        drop((filled, empty));
        let end = reader.join().expect("reading a journal does not panic");
        taken.map(|()| end.expect("a scan that gave all its records has ended"))
    })
}

/// Fills batches until the journal ends or nobody takes them any more.
fn fill(scan: &mut Scan, full: &SyncSender<Sent>, emptied: &Receiver<Batch>) -> Option<End> {
    loop {
        let mut batch = emptied.try_recv().unwrap_or_default();
        let result = fill_one(scan, &mut batch);
        let ended = scan.end();
        if full.send(Ok(batch)).is_err() {
            return None;
        }
        if let Err(error) = result {
            let _ = full.send(Err(error));
            return None;
        }
        if ended.is_some() {
            return ended;
        }
    }
}

fn fill_one(scan: &mut Scan, batch: &mut Batch) -> Result<(), JournalError> {
    batch.bodies.clear();
    batch.records.clear();
    while batch.bodies.len() < BATCH_BYTES {
        let Some(entry) = scan.read()? else {
            return Ok(());
        };
        batch.bodies.extend_from_slice(entry.body);
        let Entry { sequence, hash, prev, segment, offset, .. } = entry;
        let body_end = batch.bodies.len();
        batch.records.push(Place { sequence, body_end, hash: *hash, prev: *prev, segment, offset });
    }
    Ok(())
}

fn take_all<E: From<JournalError>>(
    filled: &Receiver<Sent>,
    empty: &SyncSender<Batch>,
    take: &mut impl FnMut(Entry<'_>) -> Result<(), E>,
) -> Result<(), E> {
    for batch in filled {
        let batch = batch?;
        let mut start = 0;
        for place in &batch.records {
            let Place { sequence, body_end, hash, prev, segment, offset } = place;
            let body = &batch.bodies[start..*body_end];
            start = *body_end;
            take(Entry { sequence: *sequence, body, hash, prev, segment: *segment, offset: *offset })?;
        }
        let _ = empty.try_send(batch);
    }
    Ok(())
}
