//! Bulletproofs (Bünz et al. 2018, 4.2 and 4.3): that committed amounts lie in `[0, 2^bits)`, up to 16 of them in one proof.
use std::sync::LazyLock;
use std::thread;

use bulletproofs::{BulletproofGens, RangeProof};
use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::pedersen::{GENS, pieces, scalars};
use super::{Context, Fault, Refusal};

pub const BITS_MAX: usize = 64;
/// Amounts in one proof; more make it shorter for each and dearer to hold while it is made.
pub const AMOUNTS_MAX: usize = 16;
pub(crate) static RANGES: LazyLock<BulletproofGens> = LazyLock::new(|| BulletproofGens::new(BITS_MAX, AMOUNTS_MAX));

/// What one proof is to show.
pub struct Hidden {
    pub position: Vec<u8>,
    pub amounts: Zeroizing<Vec<u64>>,
    pub blindings: Zeroizing<Vec<u8>>,
}

/// What one proof is said to show: commitments of 32 bytes each, one after the other.
#[derive(Debug, Clone)]
pub struct Stated {
    pub position: Vec<u8>,
    pub commitments: Vec<u8>,
    pub proof: Vec<u8>,
}

/// What a proof has in front of its own transcript, and its bits.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    pub claim: &'a str,
    pub root: &'a [u8; 32],
    pub day: &'a str,
    pub bits: usize,
}

impl About<'_> {
    pub(crate) fn transcript(&self, position: &[u8]) -> Transcript {
        Context { claim: self.claim, root: self.root, day: self.day, position }.transcript()
    }
}

/// The number of amounts that the proof is made for: the next power of two, the rest being commitments of nothing.
pub(crate) fn padded(amounts: usize, bits: usize) -> Result<usize, Refusal> {
    if !matches!(bits, 8 | 16 | 32 | 64) || amounts == 0 || amounts > AMOUNTS_MAX {
        return Err(Fault::NotOffered.at(0));
    }
    Ok(amounts.next_power_of_two())
}

pub fn prove(about: &About<'_>, hidden: &Hidden) -> Result<Vec<u8>, Refusal> {
    let width = padded(hidden.amounts.len(), about.bits)?;
    let mut blindings = scalars(&hidden.blindings)?;
    if blindings.len() != hidden.amounts.len() {
        return Err(Fault::Malformed.at(0));
    }
    let bits = about.bits;
    if let Some(place) = hidden.amounts.iter().position(|amount| bits < BITS_MAX && amount >> bits != 0) {
        return Err(Fault::OutOfRange.at(place));
    }
    let mut amounts = hidden.amounts.clone();
    amounts.resize(width, 0);
    blindings.resize(width, Scalar::ZERO);
    let mut transcript = about.transcript(&hidden.position);
    RangeProof::prove_multiple_with_rng(&RANGES, &GENS, &mut transcript, &amounts, &blindings, bits, &mut OsRng)
        .map(|(proof, _)| proof.to_bytes())
        .map_err(|_| Fault::NotOffered.at(0))
}

/// All of them, on so many threads; the first refusal, by place, if there is one.
pub fn prove_all(about: &About<'_>, hidden: &[Hidden], threads: usize) -> Result<Vec<Vec<u8>>, Refusal> {
    let share = hidden.len().div_ceil(threads.max(1)).max(1);
    let one = |(place, hidden): (usize, &Hidden)| prove(about, hidden).map_err(|refusal| refusal.fault.at(place));
    let made: Vec<Result<Vec<Vec<u8>>, Refusal>> = thread::scope(|scope| {
        let mut working = Vec::new();
        for (turn, part) in hidden.chunks(share).enumerate() {
            let places = move |(place, hidden)| (turn * share + place, hidden);
            working.push(scope.spawn(move || part.iter().enumerate().map(places).map(one).collect()));
        }
        working.into_iter().map(|thread| thread.join().unwrap_or(Err(Fault::NotOffered.at(0)))).collect()
    });
    let mut proofs = Vec::with_capacity(hidden.len());
    for part in made {
        proofs.extend(part?);
    }
    Ok(proofs)
}

/// By the crate's own verification, which is the twin of `batch`.
pub fn verify(about: &About<'_>, stated: &Stated) -> Result<(), Refusal> {
    verify_over(&mut about.transcript(&stated.position), &stated.commitments, &stated.proof, about.bits)
}

/// Over a transcript that was begun already.
pub(crate) fn verify_over(
    transcript: &mut Transcript,
    commitments: &[u8],
    proof: &[u8],
    bits: usize,
) -> Result<(), Refusal> {
    let mut encoded: Vec<_> = pieces(commitments)?.into_iter().map(|bytes| CompressedRistretto(*bytes)).collect();
    let width = padded(encoded.len(), bits)?;
    if let Some(place) = encoded.iter().position(|point| point.decompress().is_none()) {
        return Err(Fault::PointNotCanonical.at(place));
    }
    encoded.resize(width, CompressedRistretto::default());
    let proof = RangeProof::from_bytes(proof).map_err(|_| Fault::Malformed.at(0))?;
    proof
        .verify_multiple_with_rng(&RANGES, &GENS, transcript, &encoded, bits, &mut OsRng)
        .map_err(|_| Fault::RangeFails.at(0))
}
