//! A disk that forgets: what was not flushed when the power goes is kept, lost or torn, sector by sector, by chance; it
//! may be full for a while, write less than it was given, or say that it flushed when it did not.
use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::rc::Rc;

use isthmus_core::journal::JournalError;
use isthmus_core::journal::disk::{Disk, OsDisk};
use isthmus_core::journal::segment::SegmentHeader;

use crate::chance::Chance;

/// What is written as one, or not at all.
const SECTOR: usize = 512;

/// Bytes that a write put in the place of others, which no flush has made to last.
struct Unflushed {
    file: File,
    offset: u64,
    before: Vec<u8>,
}

struct State {
    chance: Chance,
    unflushed: Vec<Unflushed>,
    /// Bytes until the power goes in the middle of a write.
    power: Option<u64>,
    lies: bool,
}

/// Shared by the writer and by whoever turns the power off.
#[derive(Clone)]
pub struct SimDisk(Rc<RefCell<State>>);

impl SimDisk {
    pub fn new(chance: Chance, lies: bool) -> Self {
        Self(Rc::new(RefCell::new(State { chance, unflushed: Vec::new(), power: None, lies })))
    }

    /// The power goes after so many more bytes.
    pub fn cut_after(&self, bytes: u64) {
        self.0.borrow_mut().power = Some(bytes);
    }

    /// The power is gone: of what was not flushed, each sector lasts or does not.
    pub fn lose(&self) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        let unflushed = std::mem::take(&mut state.unflushed);
        for write in unflushed.into_iter().rev() {
            let all_of_it = state.chance.below(3);
            let mut at = 0;
            while at < write.before.len() {
                let offset = write.offset + at as u64;
                let length = (SECTOR - offset as usize % SECTOR).min(write.before.len() - at);
                if all_of_it == 0 || (all_of_it == 1 && state.chance.permille(500)) {
                    write.file.write_all_at(&write.before[at..at + length], offset)?;
                }
                at += length;
            }
        }
        Ok(())
    }

    /// The process ends and the machine goes on: what was written stays.
    pub fn forget(&self) {
        self.0.borrow_mut().unflushed.clear();
    }
}

impl State {
    /// How many of `wanted` bytes are written before something happens.
    fn room(&mut self, wanted: usize) -> io::Result<usize> {
        if let Some(left) = &mut self.power {
            if *left == 0 {
                return Err(io::Error::from_raw_os_error(5));
            }
            let some = (*left).min(wanted as u64);
            *left -= some;
            return Ok(some as usize);
        }
        if self.chance.permille(20) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(if self.chance.permille(50) { 1 + self.chance.below(wanted as u64) as usize } else { wanted })
    }
}

impl Disk for SimDisk {
    type File = File;

    fn create(&self, folder: &Path, header: &SegmentHeader, bytes: u64, lasting: bool) -> Result<File, JournalError> {
        OsDisk.create(folder, header, bytes, lasting)
    }

    fn open(&self, folder: &Path, index: u64, bytes: u64) -> Result<File, JournalError> {
        OsDisk.open(folder, index, bytes)
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut state = self.0.borrow_mut();
        let count = state.room(bytes.len())?;
        let mut before = vec![0; count];
        let known = file.read_at(&mut before, offset)?;
        before[known..].fill(0);
        file.write_all_at(&bytes[..count], offset)?;
        state.unflushed.push(Unflushed { file: file.try_clone()?, offset, before });
        Ok(count)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        if state.power == Some(0) {
            return Err(io::Error::from_raw_os_error(5));
        }
        if !state.lies {
            state.unflushed.clear();
        }
        let _ = file;
        Ok(())
    }

    fn set_len(&self, file: &File, bytes: u64) -> io::Result<()> {
        OsDisk.set_len(file, bytes)
    }
}
