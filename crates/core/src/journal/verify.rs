//! The verdict over a whole journal, and the one repair there is.
use super::disk::preallocate;
use super::error::{BadReason, FirstBad, JournalError};
use super::frame::Hash;
use super::lock::Lock;
use super::scan::{Check, End, Scan, Tail};
use super::segment::{self, SEGMENT_HEADER_BYTES, SegmentHeader, journal_folder, segment_path};
use super::writer::{Position, remove_unused};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// How often a tail that looks torn is looked at again while another process holds the folder: its writer may be in
/// the middle of a write.
const LIVE_LOOKS: u32 = 50;
const LIVE_PAUSE: Duration = Duration::from_millis(4);

/// What `isthmus verify` says of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whole and unaltered to its end, which is sealed or open.
    pub ok: bool,
    /// Good records from the first on.
    pub records: u64,
    /// The hash of the last good record.
    pub head: Hash,
    /// How it ends; unknown behind damage.
    pub tail: Option<Tail>,
    pub first_bad: Option<FirstBad>,
    /// What a repair would cut.
    pub torn_bytes: u64,
    /// Where the good records end, which is where a repair would cut.
    pub position: Position,
}

impl Verdict {
    /// 0 sealed or cleanly growing, 1 damaged, 3 torn tail.
    pub fn exit_code(&self) -> i32 {
        match (self.ok, self.first_bad) {
            (true, _) => 0,
            (false, Some(_)) => 1,
            (false, None) => 3,
        }
    }
}

/// Checks every byte of the journal in `data` (the data folder or its journal folder). With `head`, that hash must
/// be in the chain: whoever wrote it down proves that nothing up to it was cut off.
pub fn verify(data: &Path, head: Option<&Hash>) -> Result<Verdict, JournalError> {
    verify_with(data, head, |_, _, _| {})
}

/// As [`verify`], of what stands behind records that were proven elsewhere, up to `position`.
pub fn verify_behind(data: &Path, head: Option<&Hash>, position: &Position) -> Result<Verdict, JournalError> {
    judge(data, Scan::open_behind(data, position, Check::Chain)?, head, |_, _, _| {})
}

/// As [`verify`], handing each good record's sequence, body and hash to `visit` on the way.
pub fn verify_with(
    data: &Path,
    head: Option<&Hash>,
    visit: impl FnMut(u64, &[u8], &Hash),
) -> Result<Verdict, JournalError> {
    judge(data, Scan::open(data, 1, Check::Chain)?, head, visit)
}

fn judge(
    data: &Path,
    mut scan: Scan,
    head: Option<&Hash>,
    mut visit: impl FnMut(u64, &[u8], &Hash),
) -> Result<Verdict, JournalError> {
    let folder = journal_folder(data);
    std::fs::read_dir(&folder).map_err(JournalError::io("read", &folder))?;
    let mut seen = head.is_none_or(|wanted| *wanted == Position::GENESIS.head);
    let mut looks = 0;
    loop {
        match scan.read() {
            Ok(Some(entry)) => {
                seen |= head == Some(entry.hash);
                visit(entry.sequence, entry.body, entry.hash);
            }
            Ok(None) => {
                let end = scan.end().expect("the scan ended");
                if end.tail != Tail::Torn || looks == LIVE_LOOKS || !Lock::is_held(data) {
                    return Ok(verdict_at_end(&end, seen));
                }
                looks += 1;
                sleep(LIVE_PAUSE);
                scan.look_again();
            }
            Err(JournalError::Damaged(first_bad)) => {
                return Ok(verdict_of_damage(scan.position(), first_bad));
            }
            Err(error) => return Err(error),
        }
    }
}

fn verdict_at_end(end: &End, head_seen: bool) -> Verdict {
    let End { tail, position, torn_bytes } = *end;
    let Position { segment, offset, next_sequence, head, .. } = position;
    let missing = FirstBad { record: next_sequence, segment, offset, reason: BadReason::Head };
    let first_bad = (!head_seen).then_some(missing);
    let ok = tail != Tail::Torn && head_seen;
    Verdict { ok, records: next_sequence - 1, head, tail: Some(tail), first_bad, torn_bytes, position }
}

fn verdict_of_damage(position: Position, first_bad: FirstBad) -> Verdict {
    let (records, head) = (position.next_sequence - 1, position.head);
    Verdict { ok: false, records, head, tail: None, first_bad: Some(first_bad), torn_bytes: 0, position }
}

/// Cuts a torn tail off, so that the journal is open and whole; its verdict must be of now. Refuses anything else:
/// damage is never cut away, nor is anything of a sealed segment. The caller holds the [`Lock`].
pub fn repair(data: &Path, verdict: &Verdict) -> Result<(), JournalError> {
    let Verdict { tail: Some(Tail::Torn), first_bad: None, position, .. } = verdict else {
        return Err(JournalError::Refused("only a torn tail is ever cut"));
    };
    cut(data, position)
}

/// As [`repair`], from the end of a scan.
pub fn repair_end(data: &Path, end: &End) -> Result<(), JournalError> {
    if end.tail != Tail::Torn {
        return Err(JournalError::Refused("only a torn tail is ever cut"));
    }
    cut(data, &end.position)
}

fn cut(data: &Path, position: &Position) -> Result<(), JournalError> {
    let folder = journal_folder(data);
    let path = segment_path(&folder, position.segment);
    remove_unused(&folder, position.segment + 1)?;
    let file = File::options().write(true).read(true).open(&path).map_err(JournalError::io("open", &path))?;
    let failed = || JournalError::io("cut", &path);
    let length = file.metadata().map_err(failed())?.len();
    file.set_len(position.offset).map_err(failed())?;
    if position.offset == SEGMENT_HEADER_BYTES as u64 {
        let Position { segment: index, epoch, next_sequence: first_sequence, head: prev, .. } = *position;
        let header = SegmentHeader { index, epoch, first_sequence, prev };
        file.write_all_at(&header.encode(), 0).map_err(failed())?;
    }
    file.sync_all().map_err(failed())?;
    preallocate(&file, length.max(position.offset)).map_err(failed())?;
    file.sync_all().map_err(failed())?;
    segment::sync_folder(&folder)
}
