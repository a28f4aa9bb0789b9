//! Zero knowledge: amounts as Pedersen commitments over ristretto255, sums that open, Bulletproof range proofs, Merkle-sum trees.
//!
//! Commitment `C = v B + r B'` with the generators of the bulletproofs crate (Pedersen 1991; Bünz et al. 2018, 2.3). Every proof is made
//! over a merlin transcript that begins with the claim, the root of the log, the day and the place (`Context`), so that none of another
//! log, day, claim or place verifies. Decoders take any bytes and refuse by name.
pub mod batch;
pub mod context;
pub mod opening;
pub mod pedersen;
pub mod range;
pub mod tree;
pub mod vector;

pub use context::Context;

/// Why something was refused, and which of the things that were given (from 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub fault: Fault,
    pub place: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The generators that were stated are not these.
    WrongGenerator,
    /// Not the one encoding of a point of ristretto255 (RFC 9496, 4.3.1).
    PointNotCanonical,
    /// Not below the order of the group.
    ScalarNotCanonical,
    /// Of a length that no such thing has.
    Malformed,
    /// The amount does not fit the bits.
    OutOfRange,
    /// The commitment was not shown to open to the amount stated.
    OpeningFails,
    /// The amounts were not shown to be in range.
    RangeFails,
    /// The way does not lead to the root.
    NotInTree,
    /// More amounts in one proof, or fewer bits, than are offered.
    NotOffered,
}

impl Fault {
    pub fn name(self) -> &'static str {
        match self {
            Fault::WrongGenerator => "wrong_generator",
            Fault::PointNotCanonical => "point_not_canonical",
            Fault::ScalarNotCanonical => "scalar_not_canonical",
            Fault::Malformed => "malformed",
            Fault::OutOfRange => "out_of_range",
            Fault::OpeningFails => "opening_fails",
            Fault::RangeFails => "range_fails",
            Fault::NotInTree => "not_in_tree",
            Fault::NotOffered => "not_offered",
        }
    }

    pub fn at(self, place: usize) -> Refusal {
        Refusal { fault: self, place }
    }
}
