//! Files of a log as C2SP tlog-tiles lays them out: tiles of 256 hashes, bundles of 256 entries, their paths.
use crate::fault::LogError;
use crate::hash::{Hash, node};
use crate::subtree::Subtree;
use std::fmt;

/// Hashes of a whole tile, entries of a whole bundle.
pub const WIDTH: usize = 256;
/// Levels of the tree that a tile spans.
pub const HEIGHT: u32 = 8;
/// The longest entry that the two bytes of length before it can tell.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;
/// Levels of tiles that a tree of 2^64 leaves has.
pub const LEVELS: u8 = 8;

/// What a file holds: the hashes of a level, or the entries themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Entries,
    Level(u8),
}

/// One file of the log. A width of 256 is whole, less is partial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    pub kind: Kind,
    pub index: u64,
    pub width: u16,
}

impl Tile {
    pub fn is_whole(&self) -> bool {
        self.width as usize == WIDTH
    }

    /// The whole file in the place of a partial one.
    pub fn as_whole(self) -> Self {
        Self { width: WIDTH as u16, ..self }
    }

    /// The tile that has the node `index` of the level in a log of `size`, as wide as it is there.
    pub fn holding(level: u8, index: u64, size: u64) -> Self {
        let (tile, count) = (index / WIDTH as u64, level_count(level, size));
        let width = (count - tile * WIDTH as u64).min(WIDTH as u64) as u16;
        Self { kind: Kind::Level(level), index: tile, width }
    }

    /// The bundle that has the entry, as wide as it is in a log of `size`.
    pub fn bundle(entry: u64, size: u64) -> Self {
        Self { kind: Kind::Entries, ..Self::holding(0, entry, size) }
    }

    /// The folder of the partial files, without a slash at its end.
    pub fn partial_folder(&self) -> String {
        let whole = self.as_whole().to_string();
        format!("{whole}.p")
    }

    /// Reads a path below the log's folder; None for every text that `Display` does not write.
    pub fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("tile/")?;
        let (kind, rest) = rest.split_once('/')?;
        let kind = match kind {
            "entries" => Kind::Entries,
            level => Kind::Level(level.parse().ok().filter(|level| *level < LEVELS)?),
        };
        let (number, width) = match rest.split_once(".p/") {
            None => (rest, WIDTH as u16),
            Some((number, width)) => (number, width.parse().ok().filter(|width| (1..WIDTH as u16).contains(width))?),
        };
        let mut index: u64 = 0;
        for group in number.split('/') {
            let digits: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
            index = index.checked_mul(1000)?.checked_add(digits)?;
        }
        let tile = Self { kind, index, width };
        (tile.to_string() == path).then_some(tile)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Entries => out.write_str("tile/entries")?,
            Kind::Level(level) => write!(out, "tile/{level}")?,
        }
        let mut above = 1;
        while self.index / above >= 1000 {
            above *= 1000;
        }
        while above > 1 {
            write!(out, "/x{:03}", self.index / above % 1000)?;
            above /= 1000;
        }
        write!(out, "/{:03}", self.index % 1000)?;
        if self.is_whole() { Ok(()) } else { write!(out, ".p/{}", self.width) }
    }
}

/// How many whole subtrees of a level's height there are in a log of `size`.
pub fn level_count(level: u8, size: u64) -> u64 {
    size.checked_shr(HEIGHT * u32::from(level)).unwrap_or(0)
}

/// The hashes of a tile's bytes; refused as `truncated_tile` where there are not as many as the width says.
pub fn hashes<'b>(tile: &Tile, bytes: &'b [u8]) -> Result<&'b [Hash], LogError> {
    let (found, rest) = bytes.as_chunks::<32>();
    if rest.is_empty() && found.len() == tile.width as usize {
        return Ok(found);
    }
    let wanted = 32 * tile.width as usize;
    Err(LogError::refused("truncated_tile", format!("{tile} has {} bytes instead of {wanted}", bytes.len())))
}

/// Appends an entry to a bundle's bytes.
#[inline]
pub fn bundle_entry(bundle: &mut Vec<u8>, entry: &[u8]) {
    bundle.extend_from_slice(&(entry.len() as u16).to_be_bytes());
    bundle.extend_from_slice(entry);
}

/// The first entry of a bundle's bytes, and what is behind it; None where it is cut.
pub fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// The entries of a bundle; refused as `truncated_tile` where they are not as many as the width says.
pub fn entries<'b>(tile: &Tile, bytes: &'b [u8]) -> Result<Vec<&'b [u8]>, LogError> {
    let (mut found, mut rest) = (Vec::with_capacity(tile.width as usize), bytes);
    while found.len() < tile.width as usize {
        let Some((entry, behind)) = split_entry(rest) else {
            let reason = format!("{tile} ends in entry {} of {}", found.len(), tile.width);
            return Err(LogError::refused("truncated_tile", reason));
        };
        found.push(entry);
        rest = behind;
    }
    if rest.is_empty() {
        return Ok(found);
    }
    Err(LogError::refused("truncated_tile", format!("{tile} has {} bytes behind its last entry", rest.len())))
}

/// The right edge of a tree: of every level the hashes that fill no tile yet, and the nodes over them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    levels: Vec<Subtree>,
}

impl Edge {
    /// Of a log whose partial tiles are these, the lowest level first.
    pub fn of(size: u64, levels: &[Vec<Hash>]) -> Self {
        Self { size, levels: levels.iter().map(|hashes| Subtree::of(hashes)).collect() }
    }

    /// The root of a whole subtree inside a level's partial tile.
    pub fn part(&self, level: u8, from: usize, count: usize) -> Hash {
        self.levels[usize::from(level)].part(from, count)
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of a level that fill no tile yet.
    pub fn level(&self, level: u8) -> &[Hash] {
        self.levels.get(usize::from(level)).map_or(&[], Subtree::hashes)
    }

    /// How many levels have ever had a hash.
    pub fn height(&self) -> u8 {
        self.levels.len() as u8
    }

    /// One leaf more; `full` is given every tile that it fills, the lowest first.
    #[inline]
    pub fn push(&mut self, leaf: Hash, mut full: impl FnMut(Tile, &Subtree)) {
        self.size += 1;
        self.add(0, leaf);
        if self.levels[0].hashes().len() == WIDTH {
            self.carry(&mut full);
        }
    }

    #[inline]
    fn add(&mut self, level: usize, hash: Hash) {
        if self.levels.len() == level {
            self.levels.push(Subtree::default());
        }
        self.levels[level].push(hash);
    }

    fn carry(&mut self, full: &mut impl FnMut(Tile, &Subtree)) {
        for level in 0.. {
            if self.levels[level].hashes().len() < WIDTH {
                return;
            }
            let index = (level_count(level as u8, self.size) - 1) / WIDTH as u64;
            let tile = Tile { kind: Kind::Level(level as u8), index, width: WIDTH as u16 };
            full(tile, &self.levels[level]);
            let above = self.levels[level].part(0, WIDTH);
            self.levels[level].clear();
            self.add(level + 1, above);
        }
    }

    /// The root of the tree so far: what every level has beyond its whole tiles, from the right.
    pub fn root(&self) -> Hash {
        let mut right = None;
        for level in &self.levels {
            let mut end = level.hashes().len();
            while end > 0 {
                let count = 1 << end.trailing_zeros();
                let left = level.part(end - count, count);
                right = Some(right.map_or(left, |right| node(&left, &right)));
                end -= count;
            }
        }
        right.unwrap_or_else(crate::hash::empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash;
    use crate::tree::{self, Nodes};
    use std::convert::Infallible;

    struct Naive(Vec<Hash>);

    impl Nodes for Naive {
        type Error = Infallible;

        fn node(&mut self, height: u32, index: u64) -> Result<Hash, Infallible> {
            let mut row: Vec<Hash> = self.0[(index << height) as usize..][..1 << height].to_vec();
            while row.len() > 1 {
                row = row.as_chunks::<2>().0.iter().map(|[left, right]| node(left, right)).collect();
            }
            Ok(row[0])
        }
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |kind, index, width| Tile { kind, index, width }.to_string();
        assert_eq!(path(Kind::Level(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(Kind::Level(0), 999, 256), "tile/0/999");
        assert_eq!(path(Kind::Level(1), 1000, 3), "tile/1/x001/000.p/3");
        assert_eq!(path(Kind::Entries, 0, 15), "tile/entries/000.p/15");
    }

    #[test]
    fn a_path_is_read_back_and_no_other_text_is() {
        for index in [0, 7, 999, 1000, 999_999, 1_000_000, u64::MAX] {
            for width in [1, 255, 256] {
                let tile = Tile { kind: Kind::Level(3), index, width };
                assert_eq!(Tile::parse(&tile.to_string()), Some(tile));
            }
        }
        for text in ["", "tile/0", "tile/8/000", "tile/0/0", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/001/000"] {
            assert_eq!(Tile::parse(text), None, "{text}");
        }
        for text in
            ["tile/0/x000/000", "tile/0/000.p/01", "tile/0/+00", "tile/0/x999/x999/x999/x999/x999/x999/x999/999"]
        {
            assert_eq!(Tile::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_edge_has_the_root_of_the_tree_at_every_size() {
        let mut edge = Edge::default();
        let mut leaves = Naive(Vec::new());
        let mut full = Vec::new();
        for at in 0..66_000_u32 {
            let leaf = hash::leaf(&at.to_be_bytes());
            leaves.0.push(leaf);
            edge.push(leaf, |tile, _| full.push(tile));
            if at < 1030 || at % 977 == 0 || at > 65_530 && at < 65_540 {
                assert_eq!(tree::root(edge.size(), &mut leaves), Ok(edge.root()), "size {}", edge.size());
            }
        }
        assert_eq!(full.iter().filter(|tile| tile.kind == Kind::Level(0)).count(), 257);
        assert_eq!(full.iter().filter(|tile| tile.kind == Kind::Level(1)).count(), 1);
        assert_eq!(full.last().map(Tile::to_string), Some("tile/0/256".into()));
    }

    #[test]
    fn a_cut_or_lengthened_bundle_is_refused_by_name() {
        let mut bytes = Vec::new();
        for entry in [&b"one"[..], b"", b"three"] {
            bundle_entry(&mut bytes, entry);
        }
        let tile = Tile { kind: Kind::Entries, index: 0, width: 3 };
        assert_eq!(entries(&tile, &bytes).unwrap(), [&b"one"[..], b"", b"three"]);
        for cut in 0..bytes.len() {
            assert_eq!(entries(&tile, &bytes[..cut]).unwrap_err().name(), "truncated_tile");
        }
        bytes.push(0);
        assert_eq!(entries(&tile, &bytes).unwrap_err().name(), "truncated_tile");
    }
}
