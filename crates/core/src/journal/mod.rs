//! The journal: append-only segments of hash-chained records (docs/reference/engine.md, "Record and journal").
//!
//! Owns DATA/journal, DATA/snapshots and DATA/lock. Takes frames, gives records back; never reads a body beyond its
//! sequence, never writes what was sealed.
//!
//! Writing, allocation-free while `out` has room:
//! ```text
//! let start = frame::begin(&mut out);                   // then append the body, padded to 8 bytes
//! frame::end(&mut out, start);                          // its length, and room for what follows
//! frame::seal_all(&mut out, &mut head, true, |_| {});   // SHA-256(previous hash || body), CRC, trailer of each
//! let lock = Lock::take(data)?;                         // for as long as the process owns the folder
//! let mut writer = Writer::open(data, Durability::Group, SEGMENT_BYTES_DEFAULT, position)?;
//! writer.append(&out)?;                                 // after an error: again, with the same bytes
//! writer.sync()?;                                       // under Group, before anything is acknowledged
//! writer.seal()?;                                       // a clean stop
//! ```
//! Reading:
//! ```text
//! let mut scan = Scan::open(data, from_sequence, Check::Chain)?;
//! while let Some(entry) = scan.read()? { ... }          // Err(JournalError::Damaged(first_bad))
//! let end = scan.end();                                 // tail Sealed | Open | Torn, and the Position to write on from
//! let end = scan_ahead(data, from, Check::Chain, |entry| ...)?;   // the same with reading and hashing on a second core
//! let mut reader = Reader::open(data, from_sequence, Check::Frames)?;   // follows a journal that grows
//! let verdict = verify(data, head)?;                    // every byte; verdict.exit_code() is 0, 1 or 3
//! snapshot_file::save(data, &SnapshotHead { .. }, &state)?;   snapshot_file::latest(data)?;
//! ```
//! Starting a broker: take the lock, scan (from a snapshot), `repair_end` if the tail is torn, open the writer at
//! `end.position` (a repair does not move it). A folder without a journal scans as empty, with `Position::GENESIS`.
pub mod ahead;
pub mod disk;
pub mod error;
pub mod follow;
pub mod frame;
pub mod lock;
pub mod probe;
pub mod scan;
pub mod segment;
pub mod snapshot_file;
mod tail;
pub mod verify;
mod window;
pub mod writer;

pub use ahead::scan_ahead;
pub use error::{BadReason, FirstBad, JournalError};
pub use follow::Reader;
pub use frame::{Hash, SealKind};
pub use lock::{Fence, Lock};
pub use probe::bare_write_sync;
pub use scan::{Check, End, Entry, Scan, Tail};
pub use segment::{SEGMENT_BYTES_DEFAULT, journal_folder};
pub use snapshot_file::{Snapshot, SnapshotHead};
pub use verify::{Verdict, repair, repair_end, verify, verify_behind, verify_with};
pub use writer::{Durability, Position, Writer};
