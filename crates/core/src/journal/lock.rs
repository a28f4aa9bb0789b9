//! One process owns a data folder.
use super::error::JournalError;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{self, File};
use std::path::Path;

/// The name of the lock file in the data folder.
pub const LOCK_NAME: &str = "lock";

/// Holds DATA/lock until dropped (or until the process ends, however it ends).
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, making the folder if need be; `Locked` if another holds it.
    pub fn take(data: &Path) -> Result<Self, JournalError> {
        fs::create_dir_all(data).map_err(JournalError::io("create", data))?;
        let path = data.join(LOCK_NAME);
        let opened = File::options().create(true).truncate(false).write(true).read(true).open(&path);
        let file = opened.map_err(JournalError::io("open", &path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(Errno::WOULDBLOCK) => Err(JournalError::Locked { path: data.to_path_buf() }),
            Err(errno) => Err(JournalError::io("lock", &path)(errno.into())),
        }
    }

    /// Whether some process holds the lock now.
    pub fn is_held(data: &Path) -> bool {
        File::open(data.join(LOCK_NAME))
            .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK))
    }
}
