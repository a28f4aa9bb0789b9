//! The tree of RFC 6962 (and RFC 9162, section 2.1) over nodes that are kept elsewhere: roots, inclusion and consistency proofs.
//!
//! A node is named by its height (0 for leaves) and its place among the nodes of that height; only whole subtrees are asked for.
use crate::hash::{self, Hash, node};

/// The nodes of a log: whoever keeps them.
pub trait Nodes {
    type Error;

    /// The root of the whole subtree of 2^height leaves that begins with leaf `index << height`.
    fn node(&mut self, height: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// The root of the tree of the first `size` leaves.
pub fn root<N: Nodes>(size: u64, nodes: &mut N) -> Result<Hash, N::Error> {
    if size == 0 { Ok(hash::empty()) } else { part(0, size, nodes) }
}

/// PATH(index, D[size]) of RFC 9162, section 2.1.3.1; the index must be below the size.
pub fn inclusion<N: Nodes>(index: u64, size: u64, nodes: &mut N) -> Result<Vec<Hash>, N::Error> {
    assert!(index < size, "a leaf of the tree");
    let (mut from, mut to, mut path) = (0, size, Vec::with_capacity(64));
    while to - from > 1 {
        let middle = from + half(to - from);
        if index < middle {
            path.push(part(middle, to, nodes)?);
            to = middle;
        } else {
            path.push(part(from, middle, nodes)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// PROOF(old, D[new]) of RFC 9162, section 2.1.4.1; empty for equal sizes, where only the roots are compared.
pub fn consistency<N: Nodes>(old: u64, new: u64, nodes: &mut N) -> Result<Vec<Hash>, N::Error> {
    assert!(0 < old && old <= new, "an older tree that is not empty");
    let (mut from, mut to, mut path) = (0, new, Vec::with_capacity(64));
    while old < to {
        let middle = from + half(to - from);
        if old <= middle {
            path.push(part(middle, to, nodes)?);
            to = middle;
        } else {
            path.push(part(from, middle, nodes)?);
            from = middle;
        }
    }
    if from > 0 {
        path.push(part(from, to, nodes)?);
    }
    path.reverse();
    Ok(path)
}

/// The largest power of two below a count of at least two.
fn half(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

/// MTH(D[from:to]) where the range begins as the recursion cuts it: whole subtrees, the largest first.
fn part<N: Nodes>(from: u64, to: u64, nodes: &mut N) -> Result<Hash, N::Error> {
    let (mut rest, mut end, mut right) = (to - from, to, None);
    while rest > 0 {
        let height = rest.trailing_zeros();
        let left = nodes.node(height, (end - 1) >> height)?;
        right = Some(match right {
            None => left,
            Some(right) => node(&left, &right),
        });
        end -= 1 << height;
        rest -= 1 << height;
    }
    Ok(right.expect("a range of leaves"))
}

/// The root of a tree whose leaves are all here; their place is used for the nodes.
pub fn over(leaves: &mut [Hash]) -> Hash {
    let mut count = leaves.len();
    while count > 1 {
        count = joined(leaves, count);
    }
    leaves.first().copied().unwrap_or_else(hash::empty)
}

/// The way from leaf `index` to that root; the leaves' place is used for the nodes.
pub fn way(leaves: &mut [Hash], index: usize) -> Vec<Hash> {
    assert!(index < leaves.len(), "a leaf of the tree");
    let (mut count, mut at, mut path) = (leaves.len(), index, Vec::new());
    while count > 1 {
        if at ^ 1 < count {
            path.push(leaves[at ^ 1]);
        }
        count = joined(leaves, count);
        at /= 2;
    }
    path
}

/// One level up: pairs are joined, and a last one alone stays as it is, which is what RFC 6962 cuts to.
fn joined(row: &mut [Hash], count: usize) -> usize {
    let nodes = hash::up(row, count);
    if count % 2 == 1 {
        row[nodes] = row[count - 1];
    }
    count.div_ceil(2)
}

/// The root over hashes whose count is a power of two, at most 256.
pub fn whole(hashes: &[Hash]) -> Hash {
    match hashes {
        [alone] => *alone,
        [left, right] => node(left, right),
        _ if hashes.len() <= 16 => inside::<16>(hashes),
        _ => inside::<256>(hashes),
    }
}

fn inside<const MOST: usize>(hashes: &[Hash]) -> Hash {
    let (mut row, mut count) = ([[0; 32]; MOST], hashes.len());
    assert!(count.is_power_of_two() && count <= MOST, "a subtree inside one tile");
    row[..count].copy_from_slice(hashes);
    while count > 1 {
        count = hash::up(&mut row, count);
    }
    row[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof;
    use std::convert::Infallible;

    /// The definition of RFC 6962, section 2.1, word by word.
    fn naive(leaves: &[Hash]) -> Hash {
        match leaves.len() {
            0 => hash::empty(),
            1 => leaves[0],
            count => {
                let (left, right) = leaves.split_at(count.next_power_of_two() / 2);
                node(&naive(left), &naive(right))
            }
        }
    }

    struct All<'l>(&'l [Hash]);

    impl Nodes for All<'_> {
        type Error = Infallible;

        fn node(&mut self, height: u32, index: u64) -> Result<Hash, Infallible> {
            let from = (index << height) as usize;
            Ok(naive(&self.0[from..from + (1 << height)]))
        }
    }

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|at| hash::leaf(&[at])).collect()
    }

    #[test]
    fn roots_and_proofs_of_every_size_agree_with_the_definition() {
        let leaves = leaves(70);
        let roots: Vec<Hash> = (0..=leaves.len()).map(|size| naive(&leaves[..size])).collect();
        for new in 1..=leaves.len() {
            let nodes = &mut All(&leaves);
            let size = new as u64;
            assert_eq!(root(size, nodes), Ok(roots[new]));
            for index in 0..size {
                let Ok(path) = inclusion(index, size, nodes);
                assert_eq!(proof::inclusion(index, size, &leaves[index as usize], &path, &roots[new]), Ok(()));
                assert_eq!(way(&mut leaves[..new].to_vec(), index as usize), path);
            }
            assert_eq!(over(&mut leaves[..new].to_vec()), roots[new]);
            for old in 1..=new {
                let Ok(path) = consistency(old as u64, size, nodes);
                assert_eq!(proof::consistency((old as u64, &roots[old]), (size, &roots[new]), &path), Ok(()));
            }
        }
    }

    #[test]
    fn a_whole_subtree_has_the_root_of_the_definition() {
        let leaves = leaves(128);
        for height in 0..8 {
            assert_eq!(whole(&leaves[..1 << height]), naive(&leaves[..1 << height]));
        }
    }
}
