//! That a commitment opens to a stated amount, without its blinding: Schnorr's proof of knowledge of `r` in `C - v B = r B'`
//! (Schnorr 1991), made non-interactive by the transcript (Fiat and Shamir 1986). 64 bytes: `R = k B'`, `s = k + c r`.
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use merlin::Transcript;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::pedersen::{Bytes, GENS, WIDTH, points, scalar_of, scalars};
use super::{Context, Fault, Refusal};

pub const PROOF_BYTES: usize = 64;

fn begun(context: &Context<'_>, commitment: &Bytes, amount: i128) -> Transcript {
    let mut transcript = context.transcript();
    transcript.append_message(b"dom-sep", b"opening v1");
    transcript.append_message(b"C", commitment);
    transcript.append_message(b"v", scalar_of(amount).as_bytes());
    transcript
}

fn challenge(transcript: &mut Transcript, nonce: &[u8]) -> Scalar {
    transcript.append_message(b"R", nonce);
    let mut wide = [0; 64];
    transcript.challenge_bytes(b"c", &mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

/// Makes a proof for whatever is given; it verifies only if `blinding` is that of the commitment to `amount`.
pub fn prove(context: &Context<'_>, commitment: &Bytes, amount: i128, blinding: &[u8]) -> Result<Vec<u8>, Refusal> {
    let blindings = scalars(blinding)?;
    let [blinding] = blindings.as_slice() else { return Err(Fault::Malformed.at(0)) };
    let mut transcript = begun(context, commitment, amount);
    let mut chance = transcript.build_rng().rekey_with_witness_bytes(b"r", blinding.as_bytes()).finalize(&mut OsRng);
    let nonce = Zeroizing::new(Scalar::random(&mut chance));
    let shown = (GENS.B_blinding * *nonce).compress();
    let answer = *nonce + challenge(&mut transcript, shown.as_bytes()) * blinding;
    Ok([shown.to_bytes(), answer.to_bytes()].concat())
}

pub fn verify(context: &Context<'_>, commitment: &Bytes, amount: i128, proof: &[u8]) -> Result<(), Refusal> {
    if proof.len() != PROOF_BYTES {
        return Err(Fault::Malformed.at(0));
    }
    let committed = points(commitment)?[0];
    let shown = CompressedRistretto::from_slice(&proof[..WIDTH])
        .ok()
        .and_then(|point| point.decompress())
        .ok_or(Fault::PointNotCanonical.at(0))?;
    let answer = scalars(&proof[WIDTH..])?[0];
    let c = challenge(&mut begun(context, commitment, amount), &proof[..WIDTH]);
    let rest = RistrettoPoint::vartime_multiscalar_mul(
        [answer, -Scalar::ONE, -c, c * scalar_of(amount)],
        [GENS.B_blinding, shown, committed, GENS.B],
    );
    if rest.is_identity() { Ok(()) } else { Err(Fault::OpeningFails.at(0)) }
}
