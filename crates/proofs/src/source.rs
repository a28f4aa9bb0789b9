//! The files of a log read one by one, wherever they lie, and the nodes and proofs that are made from them.
use crate::checkpoint::Checkpoint;
use crate::fault::LogError;
use crate::hash::Hash;
use crate::note::Note;
use crate::subtree::{GROUP, ROWS, Subtree};
use crate::tiles::{self, Edge, HEIGHT, Kind, Tile, WIDTH};
use crate::tree::{self, Nodes};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The name of the file that commits to all others.
pub const CHECKPOINT: &str = "checkpoint";

/// Files by their path below the log's folder.
pub trait Source {
    /// None where there is no such file.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError>;

    /// `bytes` bytes of a file from an offset on; None where there is no such file or it is shorter.
    fn read_part(&self, path: &str, offset: usize, bytes: usize) -> Result<Option<Vec<u8>>, LogError> {
        let whole = self.read(path)?;
        Ok(whole.and_then(|whole| Some(whole.get(offset..offset.checked_add(bytes)?)?.to_vec())))
    }
}

/// A folder, as a web server would serve it.
#[derive(Clone, Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    /// The paths of all tiles and bundles, in no order.
    pub fn paths(&self) -> Result<Vec<String>, LogError> {
        let (mut found, mut open) = (Vec::new(), vec![self.0.join("tile")]);
        while let Some(folder) = open.pop() {
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                other => other.map_err(LogError::io("list", &folder))?,
            };
            for entry in entries {
                let entry = entry.map_err(LogError::io("list", &folder))?;
                let kind = entry.file_type().map_err(LogError::io("list", &folder))?;
                if kind.is_dir() {
                    open.push(entry.path());
                } else {
                    found.extend(entry.path().strip_prefix(&self.0).ok().and_then(Path::to_str).map(String::from));
                }
            }
        }
        Ok(found)
    }
}

impl Source for Folder {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        let path = self.0.join(path);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LogError::io("read", &path)(error)),
        }
    }

    fn read_part(&self, path: &str, offset: usize, bytes: usize) -> Result<Option<Vec<u8>>, LogError> {
        let path = self.0.join(path);
        let mut found = vec![0; bytes];
        match fs::File::open(&path).and_then(|file| file.read_exact_at(&mut found, offset as u64)) {
            Ok(()) => Ok(Some(found)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) => Ok(None),
            Err(error) => Err(LogError::io("read", &path)(error)),
        }
    }
}

impl Source for BTreeMap<String, Vec<u8>> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        Ok(self.get(path).cloned())
    }
}

/// The published checkpoint, its note unjudged; None where there is none.
pub fn checkpoint(source: &impl Source) -> Result<Option<(Note, Checkpoint)>, LogError> {
    let Some(raw) = source.read(CHECKPOINT)? else {
        return Ok(None);
    };
    let note = Note::parse(&raw)?;
    let checkpoint = Checkpoint::parse(&note.text)?;
    Ok(Some((note, checkpoint)))
}

/// The bytes of a tile or bundle: its own file, or the front of the whole one, which may have taken its place.
pub fn bytes(source: &impl Source, tile: &Tile) -> Result<Vec<u8>, LogError> {
    if let Some(bytes) = source.read(&tile.to_string())? {
        return Ok(bytes);
    }
    if !tile.is_whole()
        && let Some(mut bytes) = source.read(&tile.as_whole().to_string())?
    {
        bytes.truncate(front(tile, &bytes));
        return Ok(bytes);
    }
    Err(LogError::refused("missing_tile", format!("{tile} is not there")))
}

/// How many bytes of the whole file are those of the partial one.
fn front(tile: &Tile, whole: &[u8]) -> usize {
    if let Kind::Level(_) = tile.kind {
        return 32 * usize::from(tile.width);
    }
    let mut rest = whole;
    for _ in 0..tile.width {
        match tiles::split_entry(rest) {
            Some((_, behind)) => rest = behind,
            None => return whole.len(),
        }
    }
    whole.len() - rest.len()
}

/// Slots of the memory of leaves' tiles: of 16 million leaves, in 62 MiB at most.
const LEAF_SLOTS: usize = 1 << 16;
/// Slots of the memory of whole tiles above the leaves: of 16 million leaves, in 4 MiB at most.
const ABOVE_SLOTS: usize = 256;
/// From this height on the nodes of leaves' tiles are remembered; the ones below are made of a group that is read.
const KEPT_FROM: usize = GROUP.trailing_zeros() as usize;
/// Of heights 4 to 7: 16, 8, 4 and 2.
const KEPT: usize = 30;

type Slot<T> = Option<(Tile, T)>;

/// What was read or made of tiles, remembered: a proof in a tile seen before makes 11 nodes anew instead of 247.
/// A slot holds one tile, the last that came.
#[derive(Debug, Default)]
pub struct Near {
    leaves: Vec<Slot<Box<[Hash; KEPT]>>>,
    above: Vec<Slot<Subtree>>,
}

impl Near {
    /// Remembers a whole tile.
    pub fn keep(&mut self, tile: Tile, nodes: &Subtree) {
        if tile.kind != Kind::Level(0) {
            self.above.resize_with(ABOVE_SLOTS, || None);
            self.above[above_slot(&tile)] = Some((tile, nodes.clone()));
            return;
        }
        let slot = leaf_slot(&tile);
        if self.leaves.len() <= slot {
            self.leaves.resize_with((slot + 1).next_power_of_two(), || None);
        }
        let mut kept = Box::new([[0; 32]; KEPT]);
        let rows = (KEPT_FROM..ROWS).flat_map(|height| nodes.row(height));
        kept.iter_mut().zip(rows).for_each(|(place, node)| *place = *node);
        self.leaves[slot] = Some((tile, kept));
    }

    /// The node over `count` hashes of a tile from `from` on; None where it is not remembered.
    fn part(&self, tile: &Tile, from: usize, count: usize) -> Option<Hash> {
        if tile.kind != Kind::Level(0) {
            let (kept, nodes) = self.above.get(above_slot(tile))?.as_ref()?;
            return (kept == tile).then(|| nodes.part(from, count));
        }
        let height = count.trailing_zeros() as usize;
        let before = WIDTH >> height << 1;
        let kept = self.leaf(tile).filter(|_| height >= KEPT_FROM)?;
        kept.get(2 * GROUP - before + (from >> height)).copied()
    }

    fn leaf(&self, tile: &Tile) -> Option<&[Hash; KEPT]> {
        let (kept, nodes) = self.leaves.get(leaf_slot(tile))?.as_ref()?;
        (kept == tile).then_some(nodes)
    }
}

fn leaf_slot(tile: &Tile) -> usize {
    (tile.index % LEAF_SLOTS as u64) as usize
}

fn above_slot(tile: &Tile) -> usize {
    let level = if let Kind::Level(level) = tile.kind { u64::from(level) } else { 0 };
    // Levels above the first have few tiles: each begins elsewhere, from the end.
    (tile.index.wrapping_sub(level - 1) % ABOVE_SLOTS as u64) as usize
}

/// The nodes of a log of a size: its stored tiles, and the right edge where a writer has it in memory.
pub struct Stored<'s, S> {
    pub source: &'s S,
    pub size: u64,
    pub edge: Option<&'s Edge>,
    pub near: &'s mut Near,
    /// What was read last, and the place of its first hash: a proof asks for several nodes of one tile.
    pub last: Option<(Tile, usize, Vec<Hash>)>,
}

impl<'s, S: Source> Stored<'s, S> {
    pub fn new(source: &'s S, size: u64, near: &'s mut Near) -> Self {
        Self { source, size, edge: None, near, last: None }
    }

    /// The root of the tree of the first `size` leaves; refused as `out_of_range`.
    pub fn root_at(&mut self, size: u64) -> Result<Hash, LogError> {
        if size > self.size {
            return Err(self.out_of_range(size, self.size));
        }
        tree::root(size, self)
    }

    /// The proof that leaf `index` is in the tree of the first `size` leaves; refused as `out_of_range`.
    pub fn inclusion(&mut self, index: u64, size: u64) -> Result<Vec<Hash>, LogError> {
        if index >= size || size > self.size {
            return Err(self.out_of_range(index, size));
        }
        tree::inclusion(index, size, self)
    }

    /// The proof that the tree of `new` leaves begins with that of `old`; refused as `out_of_range`.
    pub fn consistency(&mut self, old: u64, new: u64) -> Result<Vec<Hash>, LogError> {
        if old == 0 || old > new || new > self.size {
            return Err(self.out_of_range(old, new));
        }
        tree::consistency(old, new, self)
    }

    fn out_of_range(&self, first: u64, second: u64) -> LogError {
        LogError::refused("out_of_range", format!("{first} and {second} of a log of {} entries", self.size))
    }

    fn part(&mut self, tile: Tile, from: usize, count: usize) -> Result<Hash, LogError> {
        let Kind::Level(level) = tile.kind else { unreachable!("nodes lie in tiles of hashes") };
        if let Some(edge) = self.edge
            && !tile.is_whole()
        {
            return Ok(edge.part(level, from, count));
        }
        if let Some(node) = self.near.part(&tile, from, count) {
            return Ok(node);
        }
        let end = from + count;
        if self
            .last
            .as_ref()
            .is_none_or(|(last, first, hashes)| *last != tile || from < *first || first + hashes.len() < end)
        {
            self.last = Some(self.read(tile, from, count)?);
        }
        let (_, first, hashes) = self.last.as_ref().expect("it was read");
        Ok(tree::whole(&hashes[from - first..end - first]))
    }

    /// A tile, or the sixteen hashes around the ones asked for where the rest is remembered.
    fn read(&mut self, tile: Tile, from: usize, count: usize) -> Result<(Tile, usize, Vec<Hash>), LogError> {
        if tile.kind == Kind::Level(0) && count < GROUP && self.near.leaf(&tile).is_some() {
            let first = from / GROUP * GROUP;
            let part = self.source.read_part(&tile.to_string(), 32 * first, 32 * GROUP)?;
            if let Some(part) = part {
                return Ok((tile, first, part.as_chunks::<32>().0.to_vec()));
            }
        }
        let bytes = bytes(self.source, &tile)?;
        let hashes = tiles::hashes(&tile, &bytes)?.to_vec();
        if tile.is_whole() {
            self.near.keep(tile, &Subtree::of(&hashes));
        }
        Ok((tile, 0, hashes))
    }
}

impl<S: Source> Nodes for Stored<'_, S> {
    type Error = LogError;

    fn node(&mut self, height: u32, index: u64) -> Result<Hash, LogError> {
        let (level, inside) = ((height / HEIGHT) as u8, height % HEIGHT);
        let (first, count) = (index << inside, 1 << inside);
        let tile = Tile::holding(level, first, self.size);
        self.part(tile, first as usize % WIDTH, count)
    }
}

/// Entry `index` of a log of `size` entries; refused as `out_of_range`, `missing_tile` or `truncated_tile`.
pub fn entry(source: &impl Source, index: u64, size: u64) -> Result<Vec<u8>, LogError> {
    if index >= size {
        return Err(LogError::refused("out_of_range", format!("entry {index} of a log of {size} entries")));
    }
    let tile = Tile::bundle(index, size);
    let bytes = bytes(source, &tile)?;
    Ok(tiles::entries(&tile, &bytes)?[index as usize % WIDTH].to_vec())
}

/// The folder that a source of files lies in.
pub fn folder(path: &Path) -> Folder {
    Folder(path.to_path_buf())
}
