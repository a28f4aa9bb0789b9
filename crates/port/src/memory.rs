//! A lane's file in shared memory: who has it, and reading and writing its places in order.
//!
//! A gateway makes the file, holds a lock on it while it lives and is known by it; the engine holds a lock on its name. The
//! system lets go of both when a process ends, however it ends, so nobody has to say that it is alive.
use std::fmt::Display;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use isthmus_core::row::ROW;
use rustix::fs::{FlockOperation, flock};
use vm_memory::{FileOffset, MmapRegion, VolatileMemory};

use crate::lane::{
    ASK_WORDS, Fault, REPLY_WORDS, Reply, SLOTS, ask_lap, ask_row, ask_words, lap, reply_fills, reply_lap, reply_words,
};

const MEMORY: &str = "/dev/shm";
const NAME_MAX: usize = 64;
const ENGINE: &str = "engine";
const LANE: &str = "lane";
const PRIVATE_FOLDER: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;

const LINE: usize = 64;
const WORD: usize = 8;
/// The version of this layout.
const FORMAT: u64 = 1;
const FORMAT_AT: usize = 0;
/// 1 once an engine has the lane; a line of its own, as everything that one side writes.
const TAKEN_AT: usize = LINE;
/// How many replies the gateway has read.
const READ_AT: usize = 2 * LINE;
const ASKS_AT: usize = 3 * LINE;
const REPLIES_AT: usize = ASKS_AT + SLOTS as usize * ASK_WORDS * WORD;
const BYTES: usize = REPLIES_AT + SLOTS as usize * REPLY_WORDS * WORD;

/// The folder of an engine's name, made if it is not there.
pub fn folder(name: &str) -> Result<PathBuf, Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(allowed) {
        return Err(Fault(format!("name: 1 to {NAME_MAX} letters, digits, - or _")));
    }
    let memory = if Path::new(MEMORY).is_dir() { PathBuf::from(MEMORY) } else { std::env::temp_dir() };
    let folder = memory.join(format!("isthmus-{name}"));
    DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(&folder).map_err(|e| fault(&folder, &e))?;
    Ok(folder)
}

/// A name that one engine has, until this is dropped or its process ends.
pub struct Reserved {
    path: PathBuf,
    _locked: File,
}

impl Reserved {
    /// Takes the name of a folder. The file that is locked may be one that the engine before is just removing; then there is
    /// another try.
    pub fn take(folder: &Path) -> Result<Self, Fault> {
        let path = folder.join(ENGINE);
        loop {
            let file = OpenOptions::new().create(true).truncate(false).write(true).mode(PRIVATE_FILE).open(&path);
            let file = file.map_err(|e| fault(&path, &e))?;
            flock(&file, FlockOperation::NonBlockingLockExclusive)
                .map_err(|e| Fault(format!("{}: another engine serves this name ({e})", path.display())))?;
            let mine = file.metadata().map_err(|e| fault(&path, &e))?.ino();
            if fs::metadata(&path).is_ok_and(|there| there.ino() == mine) {
                return Ok(Self { path, _locked: file });
            }
        }
    }
}

/// The last one out of a folder removes it: a folder that is not empty stays.
impl Drop for Reserved {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        let _ = self.path.parent().map(fs::remove_dir);
    }
}

/// Lanes whose gateway lives. Files of those that are gone are removed.
pub fn callers(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != LANE) {
            continue;
        }
        let Ok(file) = File::open(&path) else { continue };
        if flock(&file, FlockOperation::NonBlockingLockShared).is_ok() {
            let _ = fs::remove_file(&path);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// The gateway's number in the name of a lane.
pub fn gateway_of(lane: &Path) -> u8 {
    let name = lane.file_name().and_then(|name| name.to_str()).unwrap_or("");
    name.split('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn fault(path: &Path, error: &impl Display) -> Fault {
    Fault(format!("{}: {error}", path.display()))
}

/// The memory of one lane.
pub struct Memory {
    region: MmapRegion,
    /// A gateway's lock, and its file to be removed.
    held: Option<(File, PathBuf)>,
}

impl Memory {
    /// A new lane of a gateway: seen by engines when it is whole and locked.
    pub fn create(folder: &Path, gateway: u8) -> Result<Self, Fault> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let made = folder.join(format!("{gateway}-{}-{since}-{count}.new", std::process::id()));
        let path = made.with_extension(LANE);
        let file = OpenOptions::new().create_new(true).read(true).write(true).mode(PRIVATE_FILE).open(&made);
        let file = file.map_err(|e| fault(&made, &e))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|e| fault(&made, &e))?;
        file.set_len(BYTES as u64).map_err(|e| fault(&made, &e))?;
        let mut memory = Self::mapped(&file, &made)?;
        memory.word(FORMAT_AT).store(FORMAT, Ordering::Release);
        fs::rename(&made, &path).map_err(|e| fault(&made, &e))?;
        memory.held = Some((file, path));
        Ok(memory)
    }

    /// A gateway's lane, for the engine; a fault if another engine had it.
    pub fn take(path: &Path) -> Result<Self, Fault> {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(|e| fault(path, &e))?;
        let length = file.metadata().map_err(|e| fault(path, &e))?.len();
        if length != BYTES as u64 {
            return Err(fault(path, &format!("{length} bytes, not {BYTES}")));
        }
        let memory = Self::mapped(&file, path)?;
        let format = memory.word(FORMAT_AT).load(Ordering::Acquire);
        if format != FORMAT {
            return Err(fault(path, &format!("format {format}, not {FORMAT}")));
        }
        if memory.word(TAKEN_AT).swap(1, Ordering::AcqRel) != 0 {
            return Err(fault(path, &"another engine had it"));
        }
        Ok(memory)
    }

    fn mapped(file: &File, path: &Path) -> Result<Self, Fault> {
        let whole = file.try_clone().map_err(|e| fault(path, &e))?;
        let region = MmapRegion::from_file(FileOffset::new(whole, 0), BYTES).map_err(|e| fault(path, &e))?;
        Ok(Self { region, held: None })
    }

    /// Has an engine taken the lane?
    pub fn is_taken(&self) -> bool {
        self.word(TAKEN_AT).load(Ordering::Acquire) != 0
    }

    /// How many replies were read, as the gateway says.
    pub fn read(&self) -> u64 {
        self.word(READ_AT).load(Ordering::Acquire)
    }

    #[inline]
    pub fn set_read(&self, replies: u64) {
        self.word(READ_AT).store(replies, Ordering::Release);
    }

    #[inline]
    pub fn write_ask(&self, number: u64, row: [u8; ROW]) {
        self.write(ask_at(number), &ask_words(number, row));
    }

    /// The ask with this number, if it is here.
    #[inline]
    pub fn ask(&self, number: u64) -> Option<[u8; ROW]> {
        let first = self.word(ask_at(number)).load(Ordering::Acquire);
        if ask_lap(first) != lap(number) {
            return None;
        }
        let mut words = [0; ASK_WORDS];
        self.fill(ask_at(number), first, &mut words);
        Some(ask_row(words))
    }

    #[inline]
    pub fn write_reply(&self, number: u64, reply: &Reply) {
        let used = reply_words(reply.fills().len());
        self.write(reply_at(number), &reply.words(number)[..used]);
    }

    /// The reply with this number, if it is here.
    #[inline]
    pub fn reply(&self, number: u64) -> Option<Reply> {
        let first = self.word(reply_at(number)).load(Ordering::Acquire);
        if reply_lap(first) != lap(number) {
            return None;
        }
        let mut words = [0; REPLY_WORDS];
        self.fill(reply_at(number), first, &mut words[..reply_words(reply_fills(first))]);
        Some(Reply::of(&words))
    }

    /// The first word last: whoever sees it sees the others.
    #[inline]
    fn write(&self, at: usize, words: &[u64]) {
        for (place, word) in words.iter().enumerate().skip(1) {
            self.word(at + place * WORD).store(*word, Ordering::Relaxed);
        }
        self.word(at).store(words[0], Ordering::Release);
    }

    #[inline]
    fn fill(&self, at: usize, first: u64, words: &mut [u64]) {
        for (place, word) in words.iter_mut().enumerate().skip(1) {
            *word = self.word(at + place * WORD).load(Ordering::Relaxed);
        }
        words[0] = first;
    }

    #[inline]
    fn word(&self, at: usize) -> &AtomicU64 {
        self.region.get_atomic_ref(at).expect("every word of a lane lies in its memory")
    }
}

#[inline]
fn ask_at(number: u64) -> usize {
    ASKS_AT + (number % SLOTS) as usize * ASK_WORDS * WORD
}

#[inline]
fn reply_at(number: u64) -> usize {
    REPLIES_AT + (number % SLOTS) as usize * REPLY_WORDS * WORD
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Some((_, path)) = &self.held {
            let _ = fs::remove_file(path);
            let _ = path.parent().map(fs::remove_dir);
        }
    }
}
