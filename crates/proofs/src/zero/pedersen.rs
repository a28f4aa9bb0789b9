//! Pedersen commitments: `C = v B + r B'` (Pedersen 1991, over ristretto255). Two of them add up to the commitment of the sum.
use std::sync::LazyLock;
use std::thread;

use bulletproofs::PedersenGens;
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_TABLE;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoBasepointTable, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity, VartimeMultiscalarMul};
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::{Fault, Refusal};

pub type Bytes = [u8; 32];
pub const WIDTH: usize = 32;
/// Bytes of blindings, wiped when they are let go.
pub type Secret = Zeroizing<Vec<u8>>;

pub(crate) static GENS: LazyLock<PedersenGens> = LazyLock::new(PedersenGens::default);
static BLINDING: LazyLock<RistrettoBasepointTable> =
    LazyLock::new(|| RistrettoBasepointTable::create(&GENS.B_blinding));

/// Base of amounts, then base of blindings, as they are encoded.
pub fn generators() -> [u8; 64] {
    let mut bytes = [0; 64];
    bytes[..WIDTH].copy_from_slice(GENS.B.compress().as_bytes());
    bytes[WIDTH..].copy_from_slice(GENS.B_blinding.compress().as_bytes());
    bytes
}

/// Whoever knows how one base is a multiple of the other can open a commitment to anything: others are refused.
pub fn check_generators(stated: &[u8]) -> Result<(), Refusal> {
    if stated == generators() { Ok(()) } else { Err(Fault::WrongGenerator.at(0)) }
}

pub fn scalar_of(amount: i128) -> Scalar {
    let size = Scalar::from(amount.unsigned_abs());
    if amount < 0 { -size } else { size }
}

/// Bytes in pieces of 32. `place` of a refusal is that of the piece that is short.
pub fn pieces(bytes: &[u8]) -> Result<Vec<&Bytes>, Refusal> {
    let mut found = Vec::with_capacity(bytes.len() / WIDTH);
    for (place, piece) in bytes.chunks(WIDTH).enumerate() {
        found.push(piece.try_into().map_err(|_| Fault::Malformed.at(place))?);
    }
    Ok(found)
}

pub fn points(bytes: &[u8]) -> Result<Vec<RistrettoPoint>, Refusal> {
    let decoded = |(place, piece): (usize, &&Bytes)| {
        CompressedRistretto(**piece).decompress().ok_or(Fault::PointNotCanonical.at(place))
    };
    pieces(bytes)?.iter().enumerate().map(decoded).collect()
}

pub fn scalars(bytes: &[u8]) -> Result<Zeroizing<Vec<Scalar>>, Refusal> {
    let decoded = |(place, piece): (usize, &&Bytes)| {
        Option::from(Scalar::from_canonical_bytes(**piece)).ok_or(Fault::ScalarNotCanonical.at(place))
    };
    pieces(bytes)?.iter().enumerate().map(decoded).collect::<Result<Vec<_>, _>>().map(Zeroizing::new)
}

/// So many blindings from the system's randomness.
pub fn blindings(count: usize) -> Secret {
    let mut bytes = Zeroizing::new(Vec::with_capacity(count.saturating_mul(WIDTH)));
    for _ in 0..count {
        bytes.extend_from_slice(Scalar::random(&mut OsRng).as_bytes());
    }
    bytes
}

/// The commitments of these amounts under these blindings, one after the other.
///
/// Points are encoded together, which saves an inversion each; the batch doubles what it encodes, so that half is put in.
pub fn commit(amounts: &[i128], blindings: &[u8]) -> Result<Vec<u8>, Refusal> {
    let blindings = scalars(blindings)?;
    if amounts.len() != blindings.len() {
        return Err(Fault::Malformed.at(amounts.len().min(blindings.len())));
    }
    let half = Scalar::from(2u8).invert();
    let halved = |(amount, blinding): (&i128, &Scalar)| {
        &(scalar_of(*amount) * half) * RISTRETTO_BASEPOINT_TABLE + &(blinding * half) * &*BLINDING
    };
    let halves: Vec<RistrettoPoint> = amounts.iter().zip(blindings.iter()).map(halved).collect();
    let encoded = RistrettoPoint::double_and_compress_batch(&halves);
    Ok(encoded.iter().flat_map(|point| point.to_bytes()).collect())
}

/// As `commit`, on so many threads; `place` of a refusal is that of the amount.
pub fn commit_all(amounts: &[i128], blindings: &[u8], threads: usize) -> Result<Vec<u8>, Refusal> {
    let share = amounts.len().div_ceil(threads.max(1)).max(1);
    if blindings.len() != amounts.len().saturating_mul(WIDTH) {
        return Err(Fault::Malformed.at(0));
    }
    let parts: Vec<Result<Vec<u8>, Refusal>> = thread::scope(|scope| {
        let work = amounts.chunks(share).zip(blindings.chunks(share.saturating_mul(WIDTH)));
        let working: Vec<_> = work.map(|(amounts, blindings)| scope.spawn(|| commit(amounts, blindings))).collect();
        working.into_iter().map(|thread| thread.join().unwrap_or(Err(Fault::Malformed.at(0)))).collect()
    });
    let mut commitments = Vec::with_capacity(blindings.len());
    for (turn, part) in parts.into_iter().enumerate() {
        commitments.extend(part.map_err(|refusal| refusal.fault.at(turn * share + refusal.place))?);
    }
    Ok(commitments)
}

/// The commitment of the weighted sum: weights one for each, or none for the plain sum.
pub fn combine(commitments: &[u8], weights: &[i128]) -> Result<Bytes, Refusal> {
    let points = points(commitments)?;
    if weights.is_empty() {
        let sum = points.iter().fold(RistrettoPoint::identity(), |sum, point| sum + point);
        return Ok(sum.compress().to_bytes());
    }
    if weights.len() != points.len() {
        return Err(Fault::Malformed.at(points.len().min(weights.len())));
    }
    let scalars = weights.iter().map(|weight| scalar_of(*weight));
    Ok(RistrettoPoint::vartime_multiscalar_mul(scalars, points).compress().to_bytes())
}

/// The blinding of the weighted sum; as `combine`.
pub fn combine_blindings(blindings: &[u8], weights: &[i128]) -> Result<Secret, Refusal> {
    let blindings = scalars(blindings)?;
    if !weights.is_empty() && weights.len() != blindings.len() {
        return Err(Fault::Malformed.at(blindings.len().min(weights.len())));
    }
    let sum: Scalar = if weights.is_empty() {
        blindings.iter().sum()
    } else {
        blindings.iter().zip(weights).map(|(blinding, weight)| blinding * scalar_of(*weight)).sum()
    };
    Ok(Zeroizing::new(sum.to_bytes().to_vec()))
}
