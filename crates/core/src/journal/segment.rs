//! Segment files: their names, their 64-byte header, and the folder that holds them.
use super::error::{BadReason, JournalError};
use super::frame::Hash;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// How large a segment is made if nothing else is asked for.
pub const SEGMENT_BYTES_DEFAULT: u64 = 64 << 20;
/// Bytes of a segment before its first frame.
pub const SEGMENT_HEADER_BYTES: usize = 64;
/// The version of the segment's layout; before the first take-over there was no epoch, and none needs to be told.
pub const SEGMENT_FORMAT: u32 = 2;
const FORMAT_WITHOUT_EPOCH: u32 = 1;

const MAGIC: [u8; 4] = *b"IsJ1";
const TRAILER: [u8; 4] = *b"1JsI";
const SUFFIX: &str = ".seg";
const UNFINISHED: &str = ".seg.new";

/// What a segment says about itself: its number, its first record and the hash before that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    pub index: u64,
    /// Who wrote it: grows with every take-over.
    pub epoch: u32,
    pub first_sequence: u64,
    pub prev: Hash,
}

impl SegmentHeader {
    /// Magic, u32 format, u32 index, u32 epoch, u64 first sequence, 32 bytes hash before it, u32 CRC-32C, trailer.
    pub fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut out = [0; SEGMENT_HEADER_BYTES];
        out[..4].copy_from_slice(&MAGIC);
        let format = if self.epoch == 0 { FORMAT_WITHOUT_EPOCH } else { SEGMENT_FORMAT };
        out[4..8].copy_from_slice(&format.to_le_bytes());
        out[8..12].copy_from_slice(&(self.index as u32).to_le_bytes());
        out[12..16].copy_from_slice(&self.epoch.to_le_bytes());
        out[16..24].copy_from_slice(&self.first_sequence.to_le_bytes());
        out[24..56].copy_from_slice(&self.prev);
        let crc = crc32c::crc32c(&out[..56]);
        out[56..60].copy_from_slice(&crc.to_le_bytes());
        out[60..].copy_from_slice(&TRAILER);
        out
    }

    pub fn decode(bytes: &[u8; SEGMENT_HEADER_BYTES]) -> Result<Self, BadReason> {
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
        let (index, epoch) = (word(8) & u64::from(u32::MAX), (word(8) >> 32) as u32);
        let prev = bytes[24..56].try_into().expect("32 bytes");
        let header = Self { index, epoch, first_sequence: word(16), prev };
        if header.encode() == *bytes { Ok(header) } else { Err(BadReason::Header) }
    }
}

/// The folder of the segments: DATA/journal, or `data` itself if that is one.
pub fn journal_folder(data: &Path) -> PathBuf {
    let inside = data.join("journal");
    let is_one = !inside.is_dir() && (data.ends_with("journal") || indices(data).is_ok_and(|found| !found.is_empty()));
    if is_one { data.to_path_buf() } else { inside }
}

pub fn segment_path(folder: &Path, index: u64) -> PathBuf {
    folder.join(format!("{index:08}{SUFFIX}"))
}

/// Where a segment is prepared before it gets its name.
pub(super) fn unfinished_path(folder: &Path, index: u64) -> PathBuf {
    folder.join(format!("{index:08}{UNFINISHED}"))
}

/// The numbers of the segments, ascending; none if the folder does not exist.
pub fn indices(folder: &Path) -> Result<Vec<u64>, JournalError> {
    let mut found: Vec<u64> =
        names(folder)?.iter().filter_map(|name| name.strip_suffix(SUFFIX)?.parse().ok()).collect();
    found.sort_unstable();
    Ok(found)
}

/// Removes segments whose preparation was never finished.
pub(super) fn remove_unfinished(folder: &Path) -> Result<(), JournalError> {
    for name in names(folder)?.iter().filter(|name| name.ends_with(UNFINISHED)) {
        let path = folder.join(name);
        fs::remove_file(&path).map_err(JournalError::io("remove", &path))?;
    }
    Ok(())
}

fn names(folder: &Path) -> Result<Vec<String>, JournalError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(JournalError::io("list", folder)(error)),
    };
    let mut out = Vec::new();
    for entry in entries {
        let entry = entry.map_err(JournalError::io("list", folder))?;
        out.extend(entry.file_name().into_string());
    }
    Ok(out)
}

/// Puts a copy in the place of the last segment: whoever has it open writes to a file that nobody reads any more.
pub fn detach_last(data: &Path) -> Result<(), JournalError> {
    let folder = journal_folder(data);
    let Some(&last) = indices(&folder)?.last() else {
        return Ok(());
    };
    let (path, copy) = (segment_path(&folder, last), unfinished_path(&folder, last));
    fs::copy(&path, &copy).map_err(JournalError::io("copy", &path))?;
    let file = File::open(&copy).map_err(JournalError::io("open", &copy))?;
    file.sync_all().map_err(JournalError::io("sync", &copy))?;
    fs::rename(&copy, &path).map_err(JournalError::io("rename", &copy))?;
    sync_folder(&folder)
}

/// Makes names created in `folder`, or removed from it, survive a power loss.
pub(super) fn sync_folder(folder: &Path) -> Result<(), JournalError> {
    let opened = File::open(folder).map_err(JournalError::io("open", folder))?;
    opened.sync_all().map_err(JournalError::io("sync", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_back_and_every_flip_is_seen() {
        for epoch in [0, 1, u32::MAX] {
            let header = SegmentHeader { index: 3, epoch, first_sequence: 77, prev: [8; 32] };
            let bytes = header.encode();
            assert_eq!(SegmentHeader::decode(&bytes), Ok(header));
            for at in 0..bytes.len() {
                let mut flipped = bytes;
                flipped[at] ^= 1;
                assert_eq!(SegmentHeader::decode(&flipped), Err(BadReason::Header), "byte {at}");
            }
        }
    }
}
