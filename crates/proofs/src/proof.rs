//! Proofs of a Merkle log, verified as RFC 9162 has it: inclusion (section 2.1.3.2) and consistency (2.1.4.2).
use crate::hash::{Hash, node};

/// Why a proof does not hold. No panic on any sizes, hashes or lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The leaf's index is not below the size, or the old size is above the new one.
    OutOfRange,
    /// Anything is consistent with an empty tree, and nothing is in it: such a proof would prove nothing.
    Empty,
    /// The proof has fewer hashes than the way to the root.
    TooShort,
    /// The proof has more hashes than the way to the root.
    TooLong,
    /// The hashes lead to another root.
    OtherRoot,
    /// The hashes lead to another root of the older tree.
    OtherOldRoot,
}

impl Fault {
    /// The name that a refusal is told by.
    pub fn name(self) -> &'static str {
        match self {
            Fault::OutOfRange => "out_of_range",
            Fault::Empty => "empty_tree",
            Fault::TooShort => "proof_too_short",
            Fault::TooLong => "proof_too_long",
            Fault::OtherRoot => "other_root",
            Fault::OtherOldRoot => "other_old_root",
        }
    }
}

/// The leaf with this hash is leaf `index` (from 0) of the tree of `size` leaves that has this root.
pub fn inclusion(index: u64, size: u64, leaf: &Hash, path: &[Hash], root: &Hash) -> Result<(), Fault> {
    if index >= size {
        return Err(Fault::OutOfRange);
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in path {
        if last == 0 {
            return Err(Fault::TooLong);
        }
        if at & 1 == 1 || at == last {
            hash = node(beside, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, beside);
        }
        at >>= 1;
        last >>= 1;
    }
    match (last, hash == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(Fault::OtherRoot),
        _ => Err(Fault::TooShort),
    }
}

/// The tree of `new` (size, root) begins with the whole tree of `old`: nothing was altered, taken out or put between.
pub fn consistency(old: (u64, &Hash), new: (u64, &Hash), path: &[Hash]) -> Result<(), Fault> {
    if old.0 > new.0 {
        return Err(Fault::OutOfRange);
    }
    if old.0 == 0 {
        return Err(Fault::Empty);
    }
    if old.0 == new.0 {
        return match (path.is_empty(), old.1 == new.1) {
            (false, _) => Err(Fault::TooLong),
            (true, false) => Err(Fault::OtherRoot),
            (true, true) => Ok(()),
        };
    }
    // An old tree that is one whole subtree of the new one is its own first hash.
    let mut path = path.iter();
    let first = if old.0.is_power_of_two() { old.1 } else { path.next().ok_or(Fault::TooShort)? };
    let (mut at, mut last) = (old.0 - 1, new.0 - 1);
    let whole = at.trailing_ones();
    at >>= whole;
    last >>= whole;
    let (mut was, mut is) = (*first, *first);
    for beside in path {
        if last == 0 {
            return Err(Fault::TooLong);
        }
        if at & 1 == 1 || at == last {
            was = node(beside, &was);
            is = node(beside, &is);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            is = node(&is, beside);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(Fault::TooShort);
    }
    if was != *old.1 {
        return Err(Fault::OtherOldRoot);
    }
    if is == *new.1 { Ok(()) } else { Err(Fault::OtherRoot) }
}
