//! One process owns a data folder, and knows when another has taken it over.
//!
//! DATA/lock is held by flock for as long as its owner lives. Its content is the epoch: it grows by one whenever somebody
//! takes over. An owner that was stopped and wakes up still holds its flock, on a file that is not DATA/lock any more;
//! it finds the new epoch there and is refused.
use super::error::JournalError;
use super::segment::sync_folder;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The name of the lock file in the data folder.
pub const LOCK_NAME: &str = "lock";
const NEXT_NAME: &str = "lock.new";
/// Held while somebody takes over, so that two never do at once.
const TAKEOVER_NAME: &str = "lock.takeover";

/// Holds DATA/lock until dropped (or until the process ends, however it ends).
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
    epoch: u32,
}

impl Lock {
    /// Takes the lock, making the folder if need be; `Locked` if another holds it.
    pub fn take(data: &Path) -> Result<Self, JournalError> {
        fs::create_dir_all(data).map_err(JournalError::io("create", data))?;
        let path = data.join(LOCK_NAME);
        let file = hold(data, &path)?;
        let epoch = read_epoch(&file).map_err(JournalError::io("read", &path))?;
        Ok(Self { file, path, epoch })
    }

    /// Takes the lock from whoever holds it, if anybody does, under a new epoch: what the former owner writes from now on
    /// is refused by himself, since he asks before he acknowledges.
    pub fn take_over(data: &Path) -> Result<Self, JournalError> {
        let _alone = hold(data, &data.join(TAKEOVER_NAME))?;
        let path = data.join(LOCK_NAME);
        let opened = File::options().create(true).truncate(false).write(true).read(true).open(&path);
        let former = opened.map_err(JournalError::io("open", &path))?;
        let epoch = read_epoch(&former).map_err(JournalError::io("read", &path))? + 1;
        write_epoch(&former, epoch).map_err(JournalError::io("write", &path))?;
        let next = data.join(NEXT_NAME);
        let _ = fs::remove_file(&next);
        let file = hold(data, &next)?;
        write_epoch(&file, epoch).map_err(JournalError::io("write", &next))?;
        fs::rename(&next, &path).map_err(JournalError::io("rename", &next))?;
        sync_folder(data)?;
        Ok(Self { file, path, epoch })
    }

    /// A journal knows a later epoch than the lock file, which was lost: the lock file is told.
    pub fn raise(&mut self, epoch: u32) -> Result<(), JournalError> {
        if epoch > self.epoch {
            write_epoch(&self.file, epoch).map_err(JournalError::io("write", &self.path))?;
            self.epoch = epoch;
        }
        Ok(())
    }

    /// Grows with every take-over.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Another handle to ask [`Fence::check`] of.
    pub fn fence(&self) -> Result<Fence, JournalError> {
        let file = self.file.try_clone().map_err(JournalError::io("open", &self.path))?;
        Ok(Fence { file, path: self.path.clone(), epoch: self.epoch })
    }

    /// Whether some process holds the lock now.
    pub fn is_held(data: &Path) -> bool {
        File::open(data.join(LOCK_NAME))
            .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK))
    }

    /// The epoch of the folder's owner, or of its last one; 0 before anybody took over.
    pub fn epoch_of(data: &Path) -> Result<u32, JournalError> {
        let path = data.join(LOCK_NAME);
        match File::open(&path) {
            Ok(file) => read_epoch(&file).map_err(JournalError::io("read", &path)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(JournalError::io("open", &path)(error)),
        }
    }
}

/// Tells an owner whether the folder is still his.
#[derive(Debug)]
pub struct Fence {
    file: File,
    path: PathBuf,
    epoch: u32,
}

impl Fence {
    /// `Fenced` once another has taken over. Asked after every write and before anything is acknowledged: whoever takes
    /// over raises the epoch first and reads the journal afterwards, so that what was acknowledged is there.
    pub fn check(&self) -> Result<(), JournalError> {
        let found = read_epoch(&self.file).map_err(JournalError::io("read", &self.path))?;
        if found == self.epoch { Ok(()) } else { Err(JournalError::Fenced { epoch: found }) }
    }
}

fn hold(data: &Path, path: &Path) -> Result<File, JournalError> {
    let opened = File::options().create(true).truncate(false).write(true).read(true).open(path);
    let file = opened.map_err(JournalError::io("open", path))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(JournalError::Locked { path: data.to_path_buf() }),
        Err(errno) => Err(JournalError::io("lock", path)(errno.into())),
    }
}

/// Epoch and its complement, so that a file of something else is not taken for one; an empty file is epoch 0.
fn read_epoch(file: &File) -> std::io::Result<u32> {
    let mut raw = [0; 8];
    match file.read_at(&mut raw, 0)? {
        0 => return Ok(0),
        8 => {}
        _ => return Err(std::io::ErrorKind::InvalidData.into()),
    }
    let word = u64::from_le_bytes(raw);
    let epoch = word as u32;
    if (word >> 32) as u32 == !epoch { Ok(epoch) } else { Err(std::io::ErrorKind::InvalidData.into()) }
}

fn write_epoch(file: &File, epoch: u32) -> std::io::Result<()> {
    let word = u64::from(epoch) | u64::from(!epoch) << 32;
    file.write_all_at(&word.to_le_bytes(), 0)?;
    file.sync_all()
}
