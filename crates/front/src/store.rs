//! The message store of one FIX session: what was sent, and which number comes next in both directions.
//!
//! One append-only file a session, so that a session survives `kill -9`: a frame is `length u32, CRC-32C u32, body`, little
//! endian, and its body begins with its kind. Nothing is flushed to the disk unless the settings ask for it (`sync`): the
//! system keeps what was written when the process dies, not when the power does. Frames are gathered and written by
//! `commit`, which whoever writes to the socket calls first: a counterparty never holds a message that the store lacks.
//!
//! At the start the file is read once and the index (where is which message) rebuilt in memory. A frame that was only half
//! written (a torn tail) is cut; anything else that is wrong is damage, and the session does not start.
use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"ISTHFIX1";
const FRAME_HEAD: usize = 8;
/// kind, sequence number, cause, admin flag
const SENT_HEAD: usize = 1 + 8 + 8 + 1;
/// A frame is never longer; a length over it is damage.
const FRAME_MAX: usize = (1 << 20) + 4096;
/// Gathered frames over this are written at once, so that a burst needs no endless memory.
const GATHERED_MAX: usize = 1 << 20;
/// A store in memory forgets its oldest half when it holds more.
const MEMORY_MAX: usize = 64 << 20;

const BEGAN: u8 = 1;
const SENT: u8 = 2;
const EXPECTED: u8 = 3;
const NEXT: u8 = 4;
const TOLD: u8 = 5;

/// Where a store lies and what it keeps.
#[derive(Clone, Debug, Default)]
pub struct StoreSettings {
    /// The file of the session; None keeps everything in memory only (nothing survives).
    pub path: Option<PathBuf>,
    /// How many files of earlier numberings are kept (`NAME.1` is the latest).
    pub keep: usize,
    /// Flush each commit to the disk, so that it survives the loss of power.
    pub sync: bool,
}

/// Why a store cannot be opened or written.
#[derive(Debug)]
pub enum StoreError {
    Io {
        path: PathBuf,
        source: io::Error,
    },
    /// Bytes that no torn write explains.
    Damaged {
        path: PathBuf,
        offset: u64,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(out, "message store {}: {source}", path.display()),
            Self::Damaged { path, offset } => {
                write!(out, "message store {} is damaged at byte {offset}", path.display())
            }
        }
    }
}

impl std::error::Error for StoreError {}

/// Where a sent message lies.
#[derive(Clone, Copy)]
struct Entry {
    offset: u64,
    length: u32,
    admin: bool,
}

/// What a store knows besides the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The number that the next message sent will have.
    pub next_out: u64,
    /// The number expected of the counterparty's next message.
    pub next_in: u64,
    /// The latest cause (sequence in the journal) that a stored message tells of; it survives resets.
    pub cause: u64,
    /// When this numbering began, ns since 1970.
    pub began: u64,
}

impl Numbers {
    fn fresh(cause: u64, now: u64) -> Self {
        Self { next_out: 1, next_in: 1, cause, began: now }
    }
}

/// The messages and numbers of one session.
pub struct Store {
    settings: StoreSettings,
    file: Option<File>,
    /// Bytes already in the file.
    written: u64,
    /// Frames not yet in the file (in memory: all of them).
    gathered: Vec<u8>,
    entries: VecDeque<Entry>,
    numbers: Numbers,
}

impl Store {
    /// A store that keeps its messages in memory.
    pub fn in_memory(now: u64) -> Self {
        let mut store = Self::empty(StoreSettings::default(), now);
        store.began();
        store
    }

    /// Open the file, made if absent. `now` counts as the beginning of a new numbering.
    pub fn open(settings: StoreSettings, now: u64) -> Result<Self, StoreError> {
        let Some(path) = settings.path.clone() else {
            return Ok(Self::in_memory(now));
        };
        let mut store = Self::empty(settings, now);
        let failed = |source| StoreError::Io { path: path.clone(), source };
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let sound = store.rebuild(&bytes).map_err(|offset| StoreError::Damaged { path: path.clone(), offset })?;
        if (sound as usize) < bytes.len() {
            file.set_len(sound).map_err(failed)?;
        }
        store.written = sound;
        store.file = Some(file);
        if sound == 0 {
            store.gathered.extend_from_slice(MAGIC);
            store.began();
            store.commit()?;
        }
        Ok(store)
    }

    pub fn numbers(&self) -> Numbers {
        self.numbers
    }

    /// The latest cause told of; a host that starts again tells what came after it.
    pub fn last_cause(&self) -> u64 {
        self.numbers.cause
    }

    /// Keep a message that takes the next number. `admin` messages are never sent again, only filled over.
    pub fn sent(&mut self, message: &[u8], cause: u64, admin: bool) {
        let mut head = [0; SENT_HEAD];
        head[0] = SENT;
        head[1..9].copy_from_slice(&self.numbers.next_out.to_le_bytes());
        head[9..17].copy_from_slice(&cause.to_le_bytes());
        head[17] = u8::from(admin);
        self.frame(&head, message);
        let offset = self.written + (self.gathered.len() - message.len()) as u64;
        self.entries.push_back(Entry { offset, length: message.len() as u32, admin });
        self.numbers.next_out += 1;
        self.numbers.cause = self.numbers.cause.max(cause);
    }

    /// The application took everything before `next_in`.
    pub fn expect(&mut self, next_in: u64) {
        if next_in != self.numbers.next_in {
            self.numbers.next_in = next_in;
            self.number(EXPECTED, next_in);
        }
    }

    /// The next message sent will have this number; what was kept is dropped, since it is no longer numbered in one row.
    pub fn set_next_out(&mut self, next_out: u64) {
        self.numbers.next_out = next_out;
        self.entries.clear();
        self.number(NEXT, next_out);
    }

    /// A cause that needed no message on this session: it counts as told.
    pub fn told(&mut self, cause: u64) {
        if cause > self.numbers.cause {
            self.numbers.cause = cause;
            self.number(TOLD, cause);
        }
    }

    /// Whether the message of this number is administrative (or was never kept); None when it was never sent.
    pub fn is_admin(&self, sequence: u64) -> Option<bool> {
        if sequence >= self.numbers.next_out {
            return None;
        }
        Some(self.entry(sequence).is_none_or(|entry| entry.admin))
    }

    /// Append the bytes of a sent message; false when it is not kept.
    pub fn read(&self, sequence: u64, into: &mut Vec<u8>) -> Result<bool, StoreError> {
        let Some(entry) = self.entry(sequence) else { return Ok(false) };
        let (start, length) = (into.len(), entry.length as usize);
        if entry.offset >= self.written {
            let at = (entry.offset - self.written) as usize;
            into.extend_from_slice(&self.gathered[at..at + length]);
            return Ok(true);
        }
        into.resize(start + length, 0);
        let Some(file) = &self.file else { return Ok(false) };
        file.read_exact_at(&mut into[start..], entry.offset).map_err(|source| self.failed(source))?;
        Ok(true)
    }

    /// Everything so far is in the file when this returns (on the disk, if the settings ask for it).
    pub fn commit(&mut self) -> Result<(), StoreError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        if self.gathered.is_empty() {
            return Ok(());
        }
        let done =
            file.write_all(&self.gathered).and_then(|()| if self.settings.sync { file.sync_data() } else { Ok(()) });
        if let Err(source) = done {
            // half of a frame must not stand before the next try
            let _ = file.set_len(self.written);
            return Err(self.failed(source));
        }
        self.written += self.gathered.len() as u64;
        self.gathered.clear();
        Ok(())
    }

    /// Both directions begin with 1 again. The old file is kept as `NAME.1` and so on, as many as the settings say.
    pub fn reset(&mut self, now: u64) -> Result<(), StoreError> {
        let untouched = self.numbers.next_out == 1 && self.numbers.next_in == 1;
        self.commit()?;
        self.numbers = Numbers::fresh(self.numbers.cause, now);
        self.entries.clear();
        if self.file.is_none() {
            self.gathered.clear();
            self.written = 0;
        } else if !untouched {
            return self.rotate().map_err(|source| self.failed(source));
        }
        self.began();
        self.commit()
    }

    fn empty(settings: StoreSettings, now: u64) -> Self {
        Self {
            settings,
            file: None,
            written: 0,
            gathered: Vec::new(),
            entries: VecDeque::new(),
            numbers: Numbers::fresh(0, now),
        }
    }

    fn failed(&self, source: io::Error) -> StoreError {
        StoreError::Io { path: self.settings.path.clone().unwrap_or_default(), source }
    }

    fn entry(&self, sequence: u64) -> Option<Entry> {
        let first = self.numbers.next_out - self.entries.len() as u64;
        self.entries.get(usize::try_from(sequence.checked_sub(first)?).ok()?).copied()
    }

    fn began(&mut self) {
        let mut body = [0; 33];
        body[0] = BEGAN;
        let n = self.numbers;
        for (place, value) in [n.began, n.next_out, n.next_in, n.cause].into_iter().enumerate() {
            body[1 + place * 8..9 + place * 8].copy_from_slice(&value.to_le_bytes());
        }
        self.frame(&body, &[]);
    }

    fn number(&mut self, kind: u8, value: u64) {
        let mut body = [0; 9];
        body[0] = kind;
        body[1..].copy_from_slice(&value.to_le_bytes());
        self.frame(&body, &[]);
    }

    fn frame(&mut self, head: &[u8], rest: &[u8]) {
        if self.gathered.len() > GATHERED_MAX && self.file.is_some() {
            // a failure is told by the next commit, which writes the same bytes again
            let _ = self.commit();
        } else if self.gathered.len() > MEMORY_MAX && self.file.is_none() {
            self.forget_oldest();
        }
        let sum = crc32c::crc32c_append(crc32c::crc32c(head), rest);
        self.gathered.extend_from_slice(&((head.len() + rest.len()) as u32).to_le_bytes());
        self.gathered.extend_from_slice(&sum.to_le_bytes());
        self.gathered.extend_from_slice(head);
        self.gathered.extend_from_slice(rest);
    }

    fn forget_oldest(&mut self) {
        let half = self.gathered.len() / 2;
        self.gathered.drain(..half);
        self.written += half as u64;
        while self.entries.front().is_some_and(|entry| entry.offset < self.written) {
            self.entries.pop_front();
        }
    }

    /// A new, empty file under the name of the session; at every moment a whole file has the name.
    fn rotate(&mut self) -> io::Result<()> {
        let Some(path) = self.settings.path.clone() else { return Ok(()) };
        for number in (1..self.settings.keep).rev() {
            match fs::rename(numbered(&path, number), numbered(&path, number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if self.settings.keep > 0 {
            let kept = numbered(&path, 1);
            let _ = fs::remove_file(&kept);
            fs::hard_link(&path, &kept)?;
        }
        let fresh = path.with_extension("new");
        let _ = fs::remove_file(&fresh);
        let mut file = OpenOptions::new().read(true).append(true).create_new(true).open(&fresh)?;
        let mut start = Self::empty(StoreSettings::default(), self.numbers.began);
        start.numbers = self.numbers;
        start.gathered.extend_from_slice(MAGIC);
        start.began();
        file.write_all(&start.gathered)?;
        fs::rename(&fresh, &path)?;
        (self.file, self.written) = (Some(file), start.gathered.len() as u64);
        Ok(())
    }

    /// Take all sound frames; the length of them, or where the damage is.
    fn rebuild(&mut self, bytes: &[u8]) -> Result<u64, u64> {
        if bytes.len() < MAGIC.len() {
            return if MAGIC.starts_with(bytes) { Ok(0) } else { Err(0) };
        }
        if !bytes.starts_with(MAGIC) {
            return Err(0);
        }
        let mut at = MAGIC.len();
        while at < bytes.len() {
            match frame_at(&bytes[at..]) {
                Some(body) => {
                    self.apply(body, at + FRAME_HEAD).ok_or(at as u64)?;
                    at += FRAME_HEAD + body.len();
                }
                None if is_torn(&bytes[at..]) => break,
                None => return Err(at as u64),
            }
        }
        Ok(at as u64)
    }

    fn apply(&mut self, body: &[u8], offset: usize) -> Option<()> {
        let value = |place: usize| body.get(1 + place * 8..9 + place * 8)?.try_into().ok().map(u64::from_le_bytes);
        match body[0] {
            BEGAN => {
                self.entries.clear();
                self.numbers = Numbers { began: value(0)?, next_out: value(1)?, next_in: value(2)?, cause: value(3)? };
            }
            SENT => {
                let length = body.len().checked_sub(SENT_HEAD)? as u32;
                if value(0)? != self.numbers.next_out {
                    return None;
                }
                let admin = body[SENT_HEAD - 1] != 0;
                self.entries.push_back(Entry { offset: (offset + SENT_HEAD) as u64, length, admin });
                self.numbers.next_out += 1;
                self.numbers.cause = self.numbers.cause.max(value(1)?);
            }
            EXPECTED => self.numbers.next_in = value(0)?,
            NEXT => {
                self.entries.clear();
                self.numbers.next_out = value(0)?;
            }
            TOLD => self.numbers.cause = value(0)?,
            _ => return None,
        }
        Some(())
    }
}

fn numbered(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

/// The body of the frame that the bytes begin with, if it is whole and sound.
fn frame_at(bytes: &[u8]) -> Option<&[u8]> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let sum = u32::from_le_bytes(bytes.get(4..FRAME_HEAD)?.try_into().ok()?);
    if length == 0 || length > FRAME_MAX {
        return None;
    }
    let body = bytes.get(FRAME_HEAD..FRAME_HEAD + length)?;
    (crc32c::crc32c(body) == sum).then_some(body)
}

/// Part of a frame at the end of the file, or zeros only: what a write that was cut off leaves.
fn is_torn(bytes: &[u8]) -> bool {
    let whole = bytes.get(..4).and_then(|head| head.try_into().ok()).map(u32::from_le_bytes);
    match whole {
        None => true,
        Some(0) => bytes.iter().all(|byte| *byte == 0),
        Some(length) => length as usize <= FRAME_MAX && bytes.len() < FRAME_HEAD + length as usize,
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
