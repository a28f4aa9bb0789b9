//! A whole log checked: every entry hashed again, every tile made again, up to the root that its checkpoint signs; whatever
//! differs is located, by the file and the entry or hash in it.
//!
//! Which of two that differ is wrong is told from above: a stored tile that leads to the signed root is proven, so that
//! what lies below it was altered; one that does not is itself altered where it differs from what lies below.
use crate::checkpoint::Checkpoint;
use crate::fault::LogError;
use crate::hash::{self, Hash};
use crate::note::{Note, Verifier};
use crate::source::{self, CHECKPOINT, Source};
use crate::tiles::{self, Edge, Kind, LEVELS, Tile, WIDTH};
use crate::tree::whole;
use std::collections::{BTreeMap, BTreeSet};

/// How many findings are listed; all are counted.
pub const FINDINGS_MAX: usize = 100;
/// Entries between two reports of progress.
const PROGRESS_ENTRIES: u64 = 1 << 18;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub name: &'static str,
    pub file: String,
    /// The entry of a bundle, or the hash of a tile counted in its level, where one can be told.
    pub index: Option<u64>,
    pub reason: String,
}

/// What was checked and what was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub origin: String,
    pub size: u64,
    pub root: Option<Hash>,
    /// Entries that were read and hashed.
    pub entries: u64,
    pub bytes: u64,
    pub files: u64,
    /// Signed heads that the tree agrees with, the checkpoint among them.
    pub heads: u64,
    /// Files that no checkpoint covers: left by a crash or written since. They are no part of the log.
    pub beyond: u64,
    pub findings: Vec<Finding>,
    pub found: u64,
}

impl Report {
    fn find(&mut self, name: &'static str, file: impl ToString, index: Option<u64>, reason: impl Into<String>) {
        self.found += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { name, file: file.to_string(), index, reason: reason.into() });
        }
    }

    fn refused(&mut self, file: impl ToString, error: LogError) -> Result<(), LogError> {
        match error {
            LogError::Refused { name, reason } => self.find(name, file, None, reason),
            other => return Err(other),
        }
        Ok(())
    }
}

/// Heads published before, by where they were found: each must be of this log and signed, and the tree must have had
/// its root at its size.
pub type Heads = Vec<(String, Vec<u8>)>;

/// Checks the log of a source that also lists its files. `paths` are all that there are; `go_on` is told how many entries
/// are done, and ends it with false. Refusals are findings; an error is the disk's.
pub fn verify<S: Source>(
    source: &S,
    paths: &[String],
    key: Option<&Verifier>,
    heads: Heads,
    go_on: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<Report, LogError> {
    let mut report = Report::default();
    let head = match source.read(CHECKPOINT)? {
        Some(raw) => judged(&raw, key, CHECKPOINT, &mut report)?,
        None => {
            report.find("no_checkpoint", CHECKPOINT, None, "nothing commits to the tiles");
            None
        }
    };
    let Some(head) = head else {
        return Ok(report);
    };
    (report.origin, report.size) = (head.origin.clone(), head.size);
    let heads = older(&head, heads, key, &mut report)?;
    let mut pass = Pass::new(source, &head, report)?;
    if pass.run(&heads, go_on)? {
        pass.others(paths)?;
    }
    Ok(pass.report)
}

/// The checkpoint in a note; what is wrong with its signature is found, and the rest checked all the same.
fn judged(raw: &[u8], key: Option<&Verifier>, file: &str, report: &mut Report) -> Result<Option<Checkpoint>, LogError> {
    let read = Note::parse(raw).and_then(|note| Ok((Checkpoint::parse(&note.text)?, note)));
    let (head, note) = match read {
        Ok(read) => read,
        Err(error) => return report.refused(file, error).map(|()| None),
    };
    let verdict = key.map_or(Ok(None), |key| note.signed_by(key));
    match (verdict, key) {
        (Err(error), Some(key)) if error.name() == "not_signed" && key.name != head.origin => {
            let reason = format!("it is of {:?}, and not signed by {:?}", head.origin, key.name);
            report.find("wrong_log", file, None, reason);
        }
        (Err(error), _) => report.refused(file, error)?,
        (Ok(_), _) => {}
    }
    Ok(Some(head))
}

/// The heads that can be compared, by size: of the same log and not above the checkpoint.
fn older(
    head: &Checkpoint,
    heads: Heads,
    key: Option<&Verifier>,
    report: &mut Report,
) -> Result<BTreeMap<u64, Vec<(String, Hash)>>, LogError> {
    let mut found: BTreeMap<u64, Vec<(String, Hash)>> = BTreeMap::new();
    found.entry(head.size).or_default().push((CHECKPOINT.into(), head.root));
    for (place, raw) in heads {
        let Some(old) = judged(&raw, key, &place, report)? else { continue };
        if old.origin != head.origin {
            let reason = format!("it is of {:?}, the checkpoint of {:?}", old.origin, head.origin);
            report.find("wrong_log", place, None, reason);
        } else if old.size > head.size {
            let reason = format!("the log had {} entries, the checkpoint has {}", old.size, head.size);
            report.find("old_head", place, None, reason);
        } else {
            found.entry(old.size).or_default().push((place, old.root));
        }
    }
    Ok(found)
}

struct Pass<'s, S> {
    source: &'s S,
    size: u64,
    edge: Edge,
    /// The right edge as it is stored, where it leads to the signed root.
    proven: Option<Edge>,
    /// The tiles above the leaves that were asked for, and whether they are proven.
    above: BTreeMap<Tile, Option<Vec<Hash>>>,
    /// The places of findings, as many as are listed.
    found: BTreeSet<(Tile, u64)>,
    report: Report,
}

impl<'s, S: Source> Pass<'s, S> {
    fn new(source: &'s S, head: &Checkpoint, report: Report) -> Result<Self, LogError> {
        let (edge, above) = (Edge::default(), BTreeMap::new());
        let mut pass = Self { source, size: head.size, edge, proven: None, above, found: BTreeSet::new(), report };
        pass.proven = pass.stored_edge()?.filter(|edge| edge.root() == head.root);
        Ok(pass)
    }

    fn stored_edge(&mut self) -> Result<Option<Edge>, LogError> {
        let mut levels = Vec::new();
        for level in 0..LEVELS {
            let count = tiles::level_count(level, self.size);
            let tile = Tile::holding(level, count.saturating_sub(1), self.size);
            match (count, tile.is_whole()) {
                (0, _) => break,
                (_, true) => levels.push(Vec::new()),
                (_, false) => match self.stored(&tile)? {
                    Ok(hashes) => levels.push(hashes),
                    Err(_) => return Ok(None),
                },
            }
        }
        Ok(Some(Edge::of(self.size, &levels)))
    }

    /// The hashes of a tile as it is stored, or why there are none.
    fn stored(&self, tile: &Tile) -> Result<Result<Vec<Hash>, LogError>, LogError> {
        let read = source::bytes(self.source, tile).and_then(|bytes| Ok(tiles::hashes(tile, &bytes)?.to_vec()));
        match read {
            Err(error @ (LogError::Io { .. } | LogError::Journal(_))) => Err(error),
            other => Ok(other),
        }
    }

    /// Whether a tile of these hashes leads to the signed root by stored tiles.
    fn is_proven(&mut self, tile: &Tile, hashes: &[Hash]) -> Result<bool, LogError> {
        let Kind::Level(level) = tile.kind else { unreachable!("tiles of hashes are proven") };
        if !tile.is_whole() {
            return Ok(self.proven.as_ref().is_some_and(|edge| edge.level(level) == hashes));
        }
        let at = tile.index as usize % WIDTH;
        let parent = Tile::holding(level + 1, tile.index, self.size);
        if !parent.is_whole() {
            let known = self.proven.as_ref().and_then(|edge| edge.level(level + 1).get(at));
            return Ok(known.is_some_and(|known| *known == whole(hashes)));
        }
        if !self.above.contains_key(&parent) {
            let found = self.stored(&parent)?.ok();
            let is_proven = found.as_ref().map_or(Ok(false), |found| self.is_proven(&parent, found))?;
            self.above.insert(parent, found.filter(|_| is_proven));
        }
        Ok(self.above[&parent].as_ref().is_some_and(|found| found[at] == whole(hashes)))
    }

    /// Every bundle in order; false where it was told to end.
    fn run(
        &mut self,
        heads: &BTreeMap<u64, Vec<(String, Hash)>>,
        go_on: &mut dyn FnMut(u64, u64) -> bool,
    ) -> Result<bool, LogError> {
        let mut fork = Fork::default();
        self.compare(heads, &mut fork);
        let mut next = 0;
        while next < self.size {
            if next % PROGRESS_ENTRIES == 0 && !go_on(next, self.size) {
                return Ok(false);
            }
            let Some(leaves) = self.bundle(&Tile::bundle(next, self.size))? else {
                // Without entries and hashes nothing behind can be made again.
                return Ok(true);
            };
            next += leaves.len() as u64;
            let mut full = Vec::new();
            for leaf in leaves {
                self.edge.push(leaf, |tile, nodes| {
                    if tile.kind != Kind::Level(0) {
                        full.push((tile, nodes.hashes().to_vec()));
                    }
                });
                if heads.contains_key(&self.edge.size()) {
                    self.compare(heads, &mut fork);
                }
            }
            for (tile, hashes) in full {
                self.tile(&tile, &hashes)?;
            }
        }
        for level in 1..self.edge.height() {
            let hashes = self.edge.level(level).to_vec();
            if let Some(last) = tiles::level_count(level, self.size).checked_sub(1).filter(|_| !hashes.is_empty()) {
                self.tile(&Tile::holding(level, last, self.size), &hashes)?;
            }
        }
        fork.tell(&mut self.report);
        self.report.root = Some(self.edge.root());
        go_on(self.size, self.size);
        Ok(true)
    }

    fn compare(&mut self, heads: &BTreeMap<u64, Vec<(String, Hash)>>, fork: &mut Fork) {
        let size = self.edge.size();
        let Some(found) = heads.get(&size) else { return };
        let (root, agreed) = (self.edge.root(), fork.agreed);
        for (place, wanted) in found {
            if *wanted == root {
                self.report.heads += 1;
                fork.agreed = size;
            } else {
                fork.differs.push((place.clone(), size, agreed));
            }
        }
    }

    /// The leaves of a bundle: those of its entries, or of the tile beside it where that is proven and they are not.
    fn bundle(&mut self, tile: &Tile) -> Result<Option<Vec<Hash>>, LogError> {
        let hashes = Tile { kind: Kind::Level(0), ..*tile };
        let stored = self.stored(&hashes)?;
        let bytes = match source::bytes(self.source, tile) {
            Err(error) => {
                self.report.refused(tile, error)?;
                return Ok(self.fallen_back(&hashes, stored));
            }
            Ok(bytes) => bytes,
        };
        self.report.files += 1;
        self.report.bytes += bytes.len() as u64;
        let (leaves, is_whole) = leaves(tile, &bytes);
        self.report.entries += leaves.len() as u64;
        match (stored, is_whole) {
            (Ok(stored), true) if stored == leaves => {
                self.report.files += 1;
                self.report.bytes += 32 * stored.len() as u64;
                Ok(Some(leaves))
            }
            (Ok(stored), true) => self.arbitrate(tile, leaves, stored).map(Some),
            (Err(error), true) => {
                self.report.refused(hashes, error)?;
                Ok(Some(leaves))
            }
            (stored, false) => {
                let at = stored.as_ref().map_or(leaves.len(), |stored| first_difference(&leaves, stored));
                let index = tile.index * WIDTH as u64 + at as u64;
                let reason = format!("it is not made of {} entries; the first that is wrong is {index}", tile.width);
                self.find("truncated_tile", tile, index, reason);
                Ok(self.fallen_back(&hashes, stored))
            }
        }
    }

    fn fallen_back(&mut self, tile: &Tile, stored: Result<Vec<Hash>, LogError>) -> Option<Vec<Hash>> {
        stored.map_err(|error| self.report.find("missing_tile", tile, None, error.to_string())).ok()
    }

    /// A finding at an entry or hash of a file.
    fn find(&mut self, name: &'static str, tile: &Tile, index: u64, reason: String) {
        if self.found.len() < FINDINGS_MAX {
            self.found.insert((*tile, index));
        }
        self.report.find(name, tile, Some(index), reason);
    }

    fn arbitrate(&mut self, bundle: &Tile, leaves: Vec<Hash>, stored: Vec<Hash>) -> Result<Vec<Hash>, LogError> {
        let tile = Tile { kind: Kind::Level(0), ..*bundle };
        let entries_differ = self.is_proven(&tile, &stored)?;
        for (at, (leaf, kept)) in leaves.iter().zip(&stored).enumerate() {
            let index = bundle.index * WIDTH as u64 + at as u64;
            if leaf == kept {
                continue;
            }
            if entries_differ {
                self.find("leaf_differs", bundle, index, "the entry is not the one that was signed".into());
            } else {
                self.find("tile_differs", &tile, index, "the hash is not that of its entry".into());
            }
        }
        Ok(if entries_differ { stored } else { leaves })
    }

    /// A tile above the leaves, made again from what lies below.
    fn tile(&mut self, tile: &Tile, made: &[Hash]) -> Result<(), LogError> {
        let stored = match self.stored(tile)? {
            Err(error) => return self.report.refused(tile, error),
            Ok(stored) => stored,
        };
        self.report.files += 1;
        self.report.bytes += 32 * stored.len() as u64;
        if stored == made {
            return Ok(());
        }
        let below_differs = self.is_proven(tile, &stored)?;
        for (at, _) in made.iter().zip(&stored).enumerate().filter(|(_, (made, kept))| made != kept) {
            let index = tile.index * WIDTH as u64 + at as u64;
            if below_differs {
                let reason = format!("hash {index} of it is signed, and what lies below was altered with its hashes");
                let Kind::Level(level) = tile.kind else { unreachable!("a tile of hashes") };
                let below = Tile { kind: Kind::Level(level - 1), index, width: WIDTH as u16 };
                self.report.find("leaf_differs", below, None, reason);
            } else {
                self.find("tile_differs", tile, index, "the hash is not that of what lies below".into());
            }
        }
        Ok(())
    }

    /// The files that the pass did not read: other widths of the same tiles must begin as those do.
    fn others(&mut self, paths: &[String]) -> Result<(), LogError> {
        for path in paths {
            let Some(tile) = Tile::parse(path) else { continue };
            let level = if let Kind::Level(level) = tile.kind { level } else { 0 };
            let first = tile.index.saturating_mul(WIDTH as u64);
            let count = tiles::level_count(level, self.size);
            let width = count.saturating_sub(first).min(WIDTH as u64);
            if width < u64::from(tile.width) {
                self.report.beyond += 1;
            } else if width > u64::from(tile.width) {
                self.narrower(&tile, width as u16)?;
            }
        }
        Ok(())
    }

    fn narrower(&mut self, tile: &Tile, width: u16) -> Result<(), LogError> {
        let Some(bytes) = self.source.read(&tile.to_string())? else { return Ok(()) };
        let wider = Tile { width, ..*tile };
        let wide = match source::bytes(self.source, &wider) {
            Err(error) if error.name() == "missing_tile" => return Ok(()),
            other => other?,
        };
        self.report.files += 1;
        self.report.bytes += bytes.len() as u64;
        let (name, (narrow, is_whole), (wide, _)) = match tile.kind {
            Kind::Level(_) => ("tile_differs", whole_hashes(tile, &bytes), whole_hashes(&wider, &wide)),
            Kind::Entries => ("leaf_differs", leaves(tile, &bytes), leaves(&wider, &wide)),
        };
        let first = tile.index * WIDTH as u64;
        let differs = (first..).zip(narrow.iter().zip(&wide)).filter(|(_, (narrow, wide))| narrow != wide);
        // What was found in the wider file is not said again of those that are right.
        let at = differs.map(|(index, _)| index).find(|index| !self.found.contains(&(wider, *index)));
        let explained = wide.len() < narrow.len() && self.found.iter().any(|(found, _)| *found == wider);
        let (name, at) = match (at, is_whole) {
            (Some(index), true) => (name, index),
            (None, true) if explained || narrow.len() <= wide.len() => return Ok(()),
            (_, _) => ("truncated_tile", at.unwrap_or(first + narrow.len() as u64)),
        };
        self.report.find(name, tile, Some(at), "it is not what the wider file begins with");
        Ok(())
    }
}

/// The hashes of a tile's bytes as far as there are whole ones, and whether they are all that it has.
fn whole_hashes(tile: &Tile, bytes: &[u8]) -> (Vec<Hash>, bool) {
    let (found, rest) = bytes.as_chunks::<32>();
    (found.to_vec(), rest.is_empty() && found.len() == usize::from(tile.width))
}

/// Where the tree and the signed heads part.
#[derive(Default)]
struct Fork {
    agreed: u64,
    /// Where the head was found, its size, and that of the last head before it that the tree agrees with.
    differs: Vec<(String, u64, u64)>,
}

impl Fork {
    fn tell(self, report: &mut Report) {
        for (place, size, agreed) in self.differs {
            let reason =
                format!("the tree has another root at {size} entries; the last signed head it has is of {agreed}");
            report.find("forked", place, None, reason);
        }
    }
}

/// The hashes of a bundle's entries as far as it can be read, and whether they are all that it has.
fn leaves(tile: &Tile, bytes: &[u8]) -> (Vec<Hash>, bool) {
    let (mut found, mut rest) = (Vec::with_capacity(usize::from(tile.width)), bytes);
    while found.len() < usize::from(tile.width)
        && let Some((entry, behind)) = tiles::split_entry(rest)
    {
        found.push(hash::leaf(entry));
        rest = behind;
    }
    let is_whole = rest.is_empty() && found.len() == usize::from(tile.width);
    (found, is_whole)
}

fn first_difference(one: &[Hash], other: &[Hash]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}
