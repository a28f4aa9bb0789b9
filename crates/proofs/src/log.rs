//! The writer of a log: entries and tiles on disk before the checkpoint that covers them, and nothing trusted beyond it.
//!
//! After a crash the log is what its checkpoint says. Whatever lies beyond is made again by whoever appends again, and
//! compared: a file that differs (a cut write) is replaced, and counted.
use crate::checkpoint::Checkpoint;
use crate::fault::LogError;
use crate::hash::{self, Hash};
use crate::note::{Line, Note, Signer, Verifier};
use crate::salt::{self, Keyed};
use crate::source::{self, CHECKPOINT, Folder, Near, Stored};
use crate::tiles::{self, ENTRY_BYTES_MAX, Edge, Kind, LEVELS, Tile, WIDTH};
use isthmus_core::journal::Reader;
use rustix::fs::{FlockOperation, flock, syncfs};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// From so many files on, one flush of the whole file system is less work than one of each.
const FILES_ONE_BY_ONE: usize = 64;
const LOCK: &str = "lock";
const UNFINISHED: &str = ".new";

/// The one writer of a log's folder.
pub struct Log {
    files: Folder,
    origin: String,
    key: Option<Verifier>,
    _lock: File,
    edge: Edge,
    bundle: Vec<u8>,
    near: Near,
    /// Made and not yet written, oldest first.
    waiting: Vec<(Tile, Vec<u8>)>,
    /// Written and not yet flushed.
    unflushed: Vec<PathBuf>,
    /// Whole now, with partial files before them that nobody needs once a checkpoint covers the whole.
    filled: Vec<Tile>,
    made: Option<Checkpoint>,
    published: Option<(Note, Checkpoint)>,
    rewritten: u64,
    poisoned: bool,
}

impl Log {
    /// Opens the log in `folder`, or begins it. A checkpoint there must be of this origin (`wrong_log`), signed by `key`
    /// if one is given (`bad_signature`, `not_signed`), and what it covers must have its root (`root_differs`).
    /// One process at a time: `locked`.
    pub fn open(folder: &Path, origin: &str, key: Option<Verifier>) -> Result<Self, LogError> {
        fs::create_dir_all(folder).map_err(LogError::io("create", folder))?;
        let lock = locked(&folder.join(LOCK))?;
        let files = source::folder(folder);
        let published = source::checkpoint(&files)?;
        if let Some((note, checkpoint)) = &published {
            judge(note, checkpoint, origin, key.as_ref())?;
        }
        let (edge, bundle) = match &published {
            Some((_, checkpoint)) => right_edge(&files, checkpoint)?,
            None => (Edge::default(), Vec::new()),
        };
        Ok(Self {
            files,
            origin: origin.into(),
            key,
            _lock: lock,
            edge,
            bundle,
            near: Near::default(),
            waiting: Vec::new(),
            unflushed: Vec::new(),
            filled: Vec::new(),
            made: None,
            published,
            rewritten: 0,
            poisoned: false,
        })
    }

    /// Entries appended, whether a checkpoint covers them or not.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// Entries that the published checkpoint covers.
    pub fn covered(&self) -> u64 {
        self.published.as_ref().map_or(0, |(_, checkpoint)| checkpoint.size)
    }

    pub fn root(&self) -> Hash {
        self.edge.root()
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The published checkpoint.
    pub fn published(&self) -> Option<&Note> {
        self.published.as_ref().map(|(note, _)| note)
    }

    /// Files beyond the checkpoint that differed from what belongs there, and were replaced.
    pub fn rewritten(&self) -> u64 {
        self.rewritten
    }

    /// One entry more. After an error nothing of it was taken.
    #[inline]
    pub fn append(&mut self, entry: &[u8]) -> Result<(), LogError> {
        if entry.len() > ENTRY_BYTES_MAX {
            let reason = format!("{} bytes are more than {ENTRY_BYTES_MAX}", entry.len());
            return Err(LogError::refused("entry_too_long", reason));
        }
        if !self.waiting.is_empty() {
            self.write_waiting()?;
        }
        tiles::bundle_entry(&mut self.bundle, entry);
        let (waiting, filled, near, bundle) = (&mut self.waiting, &mut self.filled, &mut self.near, &mut self.bundle);
        self.edge.push(hash::leaf(entry), |tile, nodes| {
            if tile.kind == Kind::Level(0) {
                let entries = Tile { kind: Kind::Entries, ..tile };
                let capacity = bundle.capacity();
                waiting.push((entries, std::mem::replace(bundle, Vec::with_capacity(capacity))));
                filled.push(entries);
            }
            near.keep(tile, nodes);
            waiting.push((tile, nodes.hashes().as_flattened().to_vec()));
            filled.push(tile);
        });
        Ok(())
    }

    /// The records of a journal from the next one on, up to `to`, at most `most`: their sequences follow on `first`, which
    /// is that of entry 0. Says how many came; fewer than asked where the journal ends. `journal` must stand at the next
    /// record. Nothing beyond `to` is read, since it may not be on the medium yet.
    pub fn append_journal(&mut self, journal: &mut Reader, salts: &Keyed, upto: Upto) -> Result<u64, LogError> {
        let mut count = 0;
        let next = |log: &Self| upto.first.checked_add(log.size());
        while count < upto.most && next(self).is_some_and(|next| next <= upto.to) {
            self.write_waiting()?;
            let Some(record) = journal.read()? else {
                break;
            };
            if Some(record.sequence) != next(self) {
                let reason = format!("record {} is not the next one of the log", record.sequence);
                return Err(LogError::refused("wrong_sequence", reason));
            }
            let commitment = salt::commitment(&salts.salt(record.sequence), record.hash);
            self.append(&salt::entry(record.sequence, &commitment))?;
            count += 1;
        }
        Ok(count)
    }

    /// Flushes all that was appended and gives the text of the checkpoint that covers it, for whoever signs it.
    pub fn text(&mut self) -> Result<String, LogError> {
        self.write_waiting()?;
        for (tile, bytes) in self.partial() {
            self.write(&tile, &bytes)?;
        }
        self.flush()?;
        let (origin, size, root) = (self.origin.clone(), self.size(), self.root());
        let checkpoint = Checkpoint { origin, size, root, extensions: Vec::new() };
        let text = checkpoint.to_string();
        self.made = Some(checkpoint);
        Ok(text)
    }

    /// Publishes a signed checkpoint: the one that `text` made last, or the published one again with more signatures.
    /// Refused: `wrong_log`, `old_head`, `forked`, and `not_signed` or `bad_signature` where the log's key is known.
    pub fn publish(&mut self, note: Note) -> Result<(), LogError> {
        let checkpoint = Checkpoint::parse(&note.text)?;
        judge(&note, &checkpoint, &self.origin, self.key.as_ref())?;
        let again = self.published.as_ref().is_some_and(|(old, _)| old.text == note.text);
        if !again {
            self.expected(&checkpoint)?;
        }
        self.replace(CHECKPOINT, note.to_string().as_bytes())?;
        self.published = Some((note, checkpoint));
        self.prune()
    }

    /// Signs and publishes what was appended; the same note again where nothing is new.
    pub fn checkpoint(&mut self, signer: &Signer, time: u64) -> Result<String, LogError> {
        let text = self.text()?;
        if let Some((note, _)) = self.published.as_ref().filter(|(note, _)| note.text == text) {
            return Ok(note.to_string());
        }
        let lines = vec![signer.sign(&text, time)];
        let note = Note { text, lines };
        let shown = note.to_string();
        self.publish(note)?;
        Ok(shown)
    }

    /// Adds signature lines to the published checkpoint, each key once; the note as it is then.
    pub fn cosign(&mut self, lines: Vec<Line>) -> Result<String, LogError> {
        let Some(mut note) = self.published().cloned() else {
            return Err(LogError::refused("no_checkpoint", "nothing is published that could be signed"));
        };
        for line in lines {
            if note.lines.iter().all(|there| (&there.name, there.id) != (&line.name, line.id)) {
                note.lines.push(line);
            }
        }
        let shown = note.to_string();
        self.publish(note)?;
        Ok(shown)
    }

    /// The nodes of the log as it is now.
    pub fn nodes(&mut self) -> Result<Stored<'_, Folder>, LogError> {
        self.write_waiting()?;
        let (size, edge) = (self.size(), Some(&self.edge));
        Ok(Stored { source: &self.files, size, edge, near: &mut self.near, last: None })
    }

    /// Entry `index`; refused as `out_of_range`.
    pub fn entry(&mut self, index: u64) -> Result<Vec<u8>, LogError> {
        self.write_waiting()?;
        let (size, width) = (self.size(), WIDTH as u64);
        if index < size && index / width == size / width {
            let tile = Tile::bundle(index, size);
            return Ok(tiles::entries(&tile, &self.bundle)?[(index % width) as usize].to_vec());
        }
        source::entry(&self.files, index, size)
    }

    fn expected(&self, checkpoint: &Checkpoint) -> Result<(), LogError> {
        let Some(made) = &self.made else {
            return Err(LogError::refused("old_head", "no checkpoint was made since the log was opened"));
        };
        if checkpoint.size != made.size {
            let reason = format!("it has {} entries, the checkpoint made last {}", checkpoint.size, made.size);
            return Err(LogError::refused("old_head", reason));
        }
        if checkpoint.root != made.root {
            return Err(LogError::refused("forked", format!("its root at {} entries is another one", made.size)));
        }
        Ok(())
    }

    /// The files of the right edge: none of a level without a hash beyond its whole tiles.
    fn partial(&self) -> Vec<(Tile, Vec<u8>)> {
        let mut found = Vec::new();
        for level in 0..self.edge.height() {
            let hashes = self.edge.level(level);
            let Some(last) = tiles::level_count(level, self.size()).checked_sub(1).filter(|_| !hashes.is_empty())
            else {
                continue;
            };
            let tile = Tile::holding(level, last, self.size());
            if level == 0 {
                found.push((Tile { kind: Kind::Entries, ..tile }, self.bundle.clone()));
            }
            found.push((tile, hashes.as_flattened().to_vec()));
        }
        found
    }

    fn write_waiting(&mut self) -> Result<(), LogError> {
        if self.poisoned {
            return Err(LogError::refused("poisoned", "an earlier flush failed, and written pages may be lost"));
        }
        let waiting = std::mem::take(&mut self.waiting);
        for (at, (tile, bytes)) in waiting.iter().enumerate() {
            if let Err(error) = self.write(tile, bytes) {
                self.waiting = waiting[at..].to_vec();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Writes a file, or compares it where it is there already: whatever a crash left is not trusted.
    fn write(&mut self, tile: &Tile, bytes: &[u8]) -> Result<(), LogError> {
        let name = tile.to_string();
        let path = self.files.0.join(&name);
        match create(&path, bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if fs::read(&path).map_err(LogError::io("read", &path))? != bytes {
                    self.replace(&name, bytes)?;
                    self.rewritten += 1;
                }
            }
            Err(error) => return Err(LogError::io("write", &path)(error)),
        }
        self.unflushed.push(path);
        Ok(())
    }

    /// Writes a file under another name, flushes it, and gives it its name in the place of the old one.
    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), LogError> {
        let path = self.files.0.join(name);
        let fresh = self.files.0.join(format!("{name}{UNFINISHED}"));
        let written = File::create(&fresh).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(LogError::io("write", &fresh))?;
        fs::rename(&fresh, &path).map_err(LogError::io("rename", &fresh))?;
        let folder = path.parent().expect("a file of the log's folder");
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(LogError::io("flush", folder))
    }

    fn flush(&mut self) -> Result<(), LogError> {
        let unflushed = std::mem::take(&mut self.unflushed);
        let flushed = if unflushed.len() > FILES_ONE_BY_ONE {
            File::open(&self.files.0).and_then(|folder| Ok(syncfs(folder)?))
        } else {
            flush_each(&unflushed, &self.files.0)
        };
        self.poisoned |= flushed.is_err();
        flushed.map_err(LogError::io("flush", &self.files.0))
    }

    /// Removes the partial files whose whole one is covered now.
    fn prune(&mut self) -> Result<(), LogError> {
        let covered = self.covered();
        let (gone, kept) = std::mem::take(&mut self.filled).into_iter().partition(|tile| ends(tile) <= covered);
        self.filled = kept;
        let gone: Vec<Tile> = gone;
        for tile in gone {
            let folder = self.files.0.join(tile.partial_folder());
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(LogError::io("remove", &folder)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Which records of a journal become entries: `first` is entry 0, `to` the last that may be read.
#[derive(Clone, Copy, Debug)]
pub struct Upto {
    pub first: u64,
    pub to: u64,
    pub most: u64,
}

/// The size of a log whose last leaf ends this whole tile.
fn ends(tile: &Tile) -> u64 {
    let level = if let Kind::Level(level) = tile.kind { u32::from(level) } else { 0 };
    (tile.index + 1).checked_shl(tiles::HEIGHT * (level + 1)).unwrap_or(u64::MAX)
}

fn locked(path: &Path) -> Result<File, LogError> {
    let file = File::options().create(true).truncate(false).write(true).open(path);
    let file = file.map_err(LogError::io("open", path))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            Err(LogError::refused("locked", format!("another process writes the log: {}", path.display())))
        }
        Err(error) => Err(LogError::io("lock", path)(error.into())),
    }
}

fn judge(note: &Note, checkpoint: &Checkpoint, origin: &str, key: Option<&Verifier>) -> Result<(), LogError> {
    if checkpoint.origin != origin {
        return Err(LogError::refused("wrong_log", format!("it is of {:?}, not of {origin:?}", checkpoint.origin)));
    }
    key.map_or(Ok(()), |key| note.signed_by(key).map(|_| ()))
}

/// The right edge of the log that a checkpoint covers, from its partial files, which must lead to its root.
fn right_edge(files: &Folder, checkpoint: &Checkpoint) -> Result<(Edge, Vec<u8>), LogError> {
    let mut levels = Vec::new();
    for level in 0..LEVELS {
        let count = tiles::level_count(level, checkpoint.size);
        if count == 0 {
            break;
        }
        let tile = Tile::holding(level, count - 1, checkpoint.size);
        let mut hashes = Vec::with_capacity(WIDTH);
        if !tile.is_whole() {
            hashes.extend_from_slice(tiles::hashes(&tile, &source::bytes(files, &tile)?)?);
        }
        levels.push(hashes);
    }
    let edge = Edge::of(checkpoint.size, &levels);
    if edge.root() != checkpoint.root {
        return Err(LogError::refused("root_differs", "the tiles lead to another root than the checkpoint has"));
    }
    let tile = Tile::bundle(checkpoint.size.saturating_sub(1), checkpoint.size);
    let mut bundle = Vec::new();
    if checkpoint.size > 0 && !tile.is_whole() {
        bundle = source::bytes(files, &tile)?;
    }
    let entries = if bundle.is_empty() { Vec::new() } else { tiles::entries(&tile, &bundle)? };
    for (at, (entry, leaf)) in entries.iter().zip(edge.level(0)).enumerate() {
        if hash::leaf(entry) != *leaf {
            let index = tile.index * WIDTH as u64 + at as u64;
            return Err(LogError::refused("leaf_differs", format!("entry {index} in {tile} has another hash")));
        }
    }
    Ok((edge, bundle))
}

/// Writes a new file, with the folders above it where they are absent.
fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let open = || File::options().write(true).create_new(true).open(path);
    let mut file = match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().expect("a file of the log's folder"))?;
            open()?
        }
        other => other?,
    };
    file.write_all(bytes)
}

/// Flushes files, and every folder between them and the log's own.
fn flush_each(paths: &[PathBuf], root: &Path) -> io::Result<()> {
    let mut folders = BTreeSet::new();
    for path in paths {
        File::open(path)?.sync_all()?;
        folders.extend(path.ancestors().skip(1).take_while(|folder| folder.starts_with(root)));
    }
    folders.into_iter().try_for_each(|folder| File::open(folder)?.sync_all())
}
