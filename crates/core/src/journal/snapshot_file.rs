//! Snapshots of the engine's state, each in a file of its own that carries its hash.
use super::error::JournalError;
use super::frame::Hash;
use super::segment::sync_folder;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How many snapshots are kept; a damaged newest one falls back to the one before.
pub const SNAPSHOTS_KEPT: usize = 2;
pub const SNAPSHOT_FORMAT: u16 = 1;

const MAGIC: [u8; 4] = *b"IsN1";
const HEADER_BYTES: usize = 64;
const HASH_BYTES: usize = 32;
const SUFFIX: &str = ".snap";
/// What a release of other rules began with. It is never removed: earlier records are not run again by that release.
const BASE_SUFFIX: &str = ".base";
const UNFINISHED: &str = ".snap.new";

/// What a snapshot is of: the state after record `sequence`, whose stamp and hash it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotHead {
    pub rules: u16,
    pub sequence: u64,
    pub stamp: u64,
    pub head: Hash,
}

/// A snapshot that was read back whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub of: SnapshotHead,
    pub state: Vec<u8>,
}

/// Writes DATA/snapshots/<20-digit sequence>.snap: there whole and on the medium, or not at all. Older ones beyond
/// [`SNAPSHOTS_KEPT`] are removed.
pub fn save(data: &Path, of: &SnapshotHead, state: &[u8]) -> Result<PathBuf, JournalError> {
    let path = save_as(data, &path(data, of.sequence), of, state)?;
    prune(&data.join("snapshots"))?;
    Ok(path)
}

/// As [`save`], of the state that these rules begin with; it stays.
pub fn save_base(data: &Path, of: &SnapshotHead, state: &[u8]) -> Result<PathBuf, JournalError> {
    save_as(data, &base_path(data, of.sequence), of, state)
}

fn save_as(data: &Path, path: &Path, of: &SnapshotHead, state: &[u8]) -> Result<PathBuf, JournalError> {
    let folder = data.join("snapshots");
    fs::create_dir_all(&folder).map_err(JournalError::io("create", &folder))?;
    let unfinished = folder.join(format!("{:020}{UNFINISHED}", of.sequence));
    write_whole(&unfinished, of, state).map_err(JournalError::io("write", &unfinished))?;
    fs::rename(&unfinished, path).map_err(JournalError::io("rename", &unfinished))?;
    sync_folder(&folder)?;
    Ok(path.to_path_buf())
}

/// Where the snapshot of a record is, or would be.
pub fn path(data: &Path, sequence: u64) -> PathBuf {
    data.join("snapshots").join(format!("{sequence:020}{SUFFIX}"))
}

/// Where the state that other rules began with after a record is, or would be.
pub fn base_path(data: &Path, sequence: u64) -> PathBuf {
    path(data, sequence).with_extension(&BASE_SUFFIX[1..])
}

/// The snapshot files, newest first; of the same record that of the later rules first.
pub fn list(data: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let folder = data.join("snapshots");
    let mut found = files(&folder, SUFFIX)?;
    found.extend(files(&folder, BASE_SUFFIX)?);
    let key =
        |path: &PathBuf| (path.file_stem().map(|stem| stem.to_owned()), path.extension() == Some("base".as_ref()));
    found.sort_unstable_by_key(|path| std::cmp::Reverse(key(path)));
    Ok(found)
}

/// The newest snapshot that is whole, if there is one.
pub fn latest(data: &Path) -> Result<Option<Snapshot>, JournalError> {
    for path in list(data)? {
        match load(&path) {
            Ok(snapshot) => return Ok(Some(snapshot)),
            Err(JournalError::BadSnapshot { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Reads a snapshot and checks its hash.
pub fn load(path: &Path) -> Result<Snapshot, JournalError> {
    let mut bytes = fs::read(path).map_err(JournalError::io("read", path))?;
    let bad = |reason| JournalError::BadSnapshot { path: path.to_path_buf(), reason };
    if bytes.len() < HEADER_BYTES + HASH_BYTES {
        return Err(bad("too short"));
    }
    let end = bytes.len() - HASH_BYTES;
    if Sha256::digest(&bytes[..end])[..] != bytes[end..] {
        return Err(bad("its hash differs"));
    }
    let of = decode(&bytes).ok_or_else(|| bad("unknown format"))?;
    if word(&bytes, 24) != (end - HEADER_BYTES) as u64 {
        return Err(bad("its length differs"));
    }
    bytes.truncate(end);
    bytes.drain(..HEADER_BYTES);
    Ok(Snapshot { of, state: bytes })
}

fn write_whole(path: &Path, of: &SnapshotHead, state: &[u8]) -> io::Result<()> {
    let header = encode(of, state.len());
    let hash = Sha256::new().chain_update(header).chain_update(state).finalize();
    let mut file = File::create(path)?;
    for part in [&header[..], state, &hash[..]] {
        file.write_all(part)?;
    }
    file.sync_all()
}

/// Magic, u16 format, u16 rules, u64 sequence, u64 stamp, u64 bytes of state, 32 bytes head.
fn encode(of: &SnapshotHead, state_bytes: usize) -> [u8; HEADER_BYTES] {
    let mut out = [0; HEADER_BYTES];
    out[..4].copy_from_slice(&MAGIC);
    out[4..6].copy_from_slice(&SNAPSHOT_FORMAT.to_le_bytes());
    out[6..8].copy_from_slice(&of.rules.to_le_bytes());
    out[8..16].copy_from_slice(&of.sequence.to_le_bytes());
    out[16..24].copy_from_slice(&of.stamp.to_le_bytes());
    out[24..32].copy_from_slice(&(state_bytes as u64).to_le_bytes());
    out[32..].copy_from_slice(&of.head);
    out
}

fn decode(bytes: &[u8]) -> Option<SnapshotHead> {
    if bytes[..4] != MAGIC || bytes[4..6] != SNAPSHOT_FORMAT.to_le_bytes() {
        return None;
    }
    Some(SnapshotHead {
        rules: u16::from_le_bytes([bytes[6], bytes[7]]),
        sequence: word(bytes, 8),
        stamp: word(bytes, 16),
        head: bytes[32..64].try_into().expect("32 bytes"),
    })
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"))
}

/// Keeps the newest, and nothing that was never finished.
fn prune(folder: &Path) -> Result<(), JournalError> {
    let mut old = files(folder, SUFFIX)?;
    old.sort_unstable_by(|a, b| b.cmp(a));
    old.drain(..SNAPSHOTS_KEPT.min(old.len()));
    for path in old.into_iter().chain(files(folder, UNFINISHED)?) {
        fs::remove_file(&path).map_err(JournalError::io("remove", &path))?;
    }
    Ok(())
}

fn files(folder: &Path, suffix: &str) -> Result<Vec<PathBuf>, JournalError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(JournalError::io("list", folder)(error)),
    };
    let paths = entries.map(|entry| entry.map(|found| found.path()));
    let all: io::Result<Vec<PathBuf>> = paths.collect();
    let mut all = all.map_err(JournalError::io("list", folder))?;
    all.retain(|path| path.as_os_str().to_string_lossy().ends_with(suffix));
    Ok(all)
}
