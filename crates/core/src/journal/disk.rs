//! The few things that the writer asks of a file system, so that a test can let them fail.
use super::error::JournalError;
use super::segment::{SegmentHeader, segment_path, sync_folder, unfinished_path};
use rustix::fs::{CWD, FallocateFlags, RenameFlags, fallocate, renameat_with};
use rustix::io::Errno;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A file system, as the journal's writer needs it.
pub trait Disk {
    type File;

    /// Makes a segment of `bytes` zeros behind its header; it appears under its name only when whole.
    fn create(
        &self,
        folder: &Path,
        header: &SegmentHeader,
        bytes: u64,
        lasting: bool,
    ) -> Result<Self::File, JournalError>;
    /// Opens an existing segment to write on, made `bytes` long if it is shorter.
    fn open(&self, folder: &Path, index: u64, bytes: u64) -> Result<Self::File, JournalError>;
    /// Writes some of `bytes` at `offset`; says how many.
    fn write_at(&self, file: &Self::File, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// fdatasync.
    fn sync(&self, file: &Self::File) -> io::Result<()>;
    fn set_len(&self, file: &Self::File, bytes: u64) -> io::Result<()>;
}

/// The operating system's own.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsDisk;

impl Disk for OsDisk {
    type File = File;

    fn create(&self, folder: &Path, header: &SegmentHeader, bytes: u64, lasting: bool) -> Result<File, JournalError> {
        let path = unfinished_path(folder, header.index);
        let opened = File::options().create(true).truncate(true).write(true).read(true).open(&path);
        let file = opened.map_err(JournalError::io("create", &path))?;
        preallocate(&file, bytes).map_err(JournalError::io("preallocate", &path))?;
        file.write_all_at(&header.encode(), 0).map_err(JournalError::io("write", &path))?;
        if lasting {
            file.sync_all().map_err(JournalError::io("sync", &path))?;
        }
        name(&path, &segment_path(folder, header.index)).map_err(JournalError::io("rename", &path))?;
        if lasting {
            sync_folder(folder)?;
        }
        Ok(file)
    }

    fn open(&self, folder: &Path, index: u64, bytes: u64) -> Result<File, JournalError> {
        let path = segment_path(folder, index);
        let file = File::options().write(true).read(true).open(&path).map_err(JournalError::io("open", &path))?;
        let length = file.metadata().map_err(JournalError::io("read", &path))?.len();
        if length < bytes {
            preallocate(&file, bytes).map_err(JournalError::io("preallocate", &path))?;
        }
        Ok(file)
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        file.write_at(bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn set_len(&self, file: &File, bytes: u64) -> io::Result<()> {
        file.set_len(bytes)
    }
}

/// Gives a prepared segment its name, which must be free: an owner that was taken over and does not know it yet never
/// replaces a segment of the new one.
fn name(prepared: &Path, path: &Path) -> io::Result<()> {
    match renameat_with(CWD, prepared, CWD, path, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) if !path.exists() => fs::rename(prepared, path),
        other => Ok(other?),
    }
}

/// Takes disk space for `bytes`, so that a full disk shows here and not in the middle of a record; where the file
/// system cannot, the file only grows.
pub(super) fn preallocate(file: &File, bytes: u64) -> io::Result<()> {
    loop {
        match fallocate(file, FallocateFlags::empty(), 0, bytes) {
            Err(Errno::INTR) => {}
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return file.set_len(bytes),
            other => return Ok(other?),
        }
    }
}
