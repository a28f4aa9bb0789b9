//! The tree inside one tile: up to 256 hashes and every node over them, so that none is hashed twice.
use crate::hash::{self, Hash};
use crate::tiles::WIDTH;
use crate::tree::whole;

/// Heights of the rows that a tile has: its hashes, and the nodes below its root.
pub const ROWS: usize = 8;
/// Hashes after which nodes are made: so many at once are quicker than one by one.
pub const GROUP: usize = 16;

/// A tile's hashes and nodes; nodes over the last hashes wait until their group is full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subtree {
    rows: [Vec<Hash>; ROWS],
}

impl Subtree {
    /// Of so many hashes, 256 at most.
    pub fn of(hashes: &[Hash]) -> Self {
        let mut made = Self::default();
        made.rows[0].reserve_exact(WIDTH);
        made.rows[0].extend_from_slice(&hashes[..hashes.len() / GROUP * GROUP]);
        made.settle();
        made.rows[0].extend_from_slice(&hashes[made.rows[0].len()..]);
        made
    }

    pub fn hashes(&self) -> &[Hash] {
        &self.rows[0]
    }

    /// The nodes of so many hashes each, as far as they are made.
    pub fn row(&self, height: usize) -> &[Hash] {
        &self.rows[height]
    }

    #[inline]
    pub fn push(&mut self, hash: Hash) {
        self.rows[0].push(hash);
        if self.rows[0].len().is_multiple_of(GROUP) {
            self.settle();
        }
    }

    /// The root of the subtree of `count` hashes, a power of two, from `from` on, a multiple of it.
    pub fn part(&self, from: usize, count: usize) -> Hash {
        let height = count.trailing_zeros() as usize;
        if height == ROWS {
            return whole(&self.rows[ROWS - 1]);
        }
        match self.rows[height].get(from >> height) {
            Some(node) => *node,
            None => whole(&self.rows[0][from..from + count]),
        }
    }

    pub fn clear(&mut self) {
        self.rows.iter_mut().for_each(Vec::clear);
    }

    /// Makes the nodes whose children are there.
    fn settle(&mut self) {
        let mut fresh = [[0; 32]; WIDTH];
        for height in 1..ROWS {
            let (below, above) = self.rows.split_at_mut(height);
            let from = 2 * above[0].len();
            let children = &below[height - 1][from..];
            fresh[..children.len()].copy_from_slice(children);
            let made = hash::up(&mut fresh, children.len());
            above[0].extend_from_slice(&fresh[..made]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf;

    #[test]
    fn every_part_has_its_root_however_far_the_tile_is_filled() {
        let hashes: Vec<Hash> = (0..=255_u8).map(|at| leaf(&[at])).collect();
        let mut pushed = Subtree::default();
        for filled in 1..=WIDTH {
            pushed.push(hashes[filled - 1]);
            let at_once = Subtree::of(&hashes[..filled]);
            assert_eq!(pushed, at_once);
            for height in 0..=ROWS {
                for from in (0..filled).step_by(1 << height).filter(|from| from + (1 << height) <= filled) {
                    let expected = whole(&hashes[from..from + (1 << height)]);
                    assert_eq!(pushed.part(from, 1 << height), expected, "{from} + 2^{height} of {filled}");
                }
            }
        }
    }
}
