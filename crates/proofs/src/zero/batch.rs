//! Many range proofs verified as one sum: each verification equation (Bünz et al. 2018, 6.1 and 6.2) times a random weight, so that the
//! generators, which all have in common, are multiplied once (Bellare, Garay and Rabin 1998).
//!
//! The bulletproofs crate verifies one by one; layout and transcript here are that crate's, which is the twin in the tests.
use std::iter;
use std::sync::LazyLock;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use merlin::Transcript;
use rand::rngs::OsRng;
use sha3::Shake256;
use sha3::digest::{ExtendableOutput, Update, XofReader};

use super::pedersen::{Bytes, GENS, WIDTH, pieces, scalars};
use super::range::{AMOUNTS_MAX, About, BITS_MAX, Stated, padded, verify};
use super::{Fault, Refusal};

/// Proofs in one sum: what it holds in memory is bounded.
const TOGETHER: usize = 4_096;

/// All of them: by the sum first; if that fails, one by one, so that the refusal names the place.
pub fn verify_all(about: &About<'_>, stated: &[Stated]) -> Result<(), Refusal> {
    for (turn, part) in stated.chunks(TOGETHER).enumerate() {
        if sums_to_nothing(about, part) {
            continue;
        }
        for (place, one) in part.iter().enumerate() {
            verify(about, one).map_err(|refusal| refusal.fault.at(turn * TOGETHER + place))?;
        }
    }
    Ok(())
}

/// What is gathered of all proofs: factors of the common generators, and each proof's own points with theirs.
#[derive(Default)]
struct Sum {
    base: Scalar,
    blinding: Scalar,
    g: Vec<Scalar>,
    h: Vec<Scalar>,
    factors: Vec<Scalar>,
    points: Vec<Bytes>,
    used: usize,
}

fn sums_to_nothing(about: &About<'_>, stated: &[Stated]) -> bool {
    let none = || vec![Scalar::ZERO; BITS_MAX * AMOUNTS_MAX];
    let mut sum = Sum { g: none(), h: none(), ..Sum::default() };
    stated.iter().all(|one| sum.add(about, one).is_ok()) && sum.is_nothing(about.bits)
}

/// A proof's parts: points A, S, T1, T2; scalars t_x, its blinding, e's blinding; pairs L, R; scalars a, b.
struct Parts<'a> {
    points: [&'a Bytes; 4],
    t_x: Scalar,
    t_x_blinding: Scalar,
    e_blinding: Scalar,
    sides: Vec<(&'a Bytes, &'a Bytes)>,
    a: Scalar,
    b: Scalar,
}

fn parts(proof: &[u8]) -> Result<Parts<'_>, Refusal> {
    let all = pieces(proof)?;
    if all.len() < 9 || all.len() % 2 == 0 {
        return Err(Fault::Malformed.at(0));
    }
    let end = all.len() - 2;
    let (middle, last) = (scalars(&proof[4 * WIDTH..7 * WIDTH])?, scalars(&proof[end * WIDTH..])?);
    Ok(Parts {
        points: [all[0], all[1], all[2], all[3]],
        t_x: middle[0],
        t_x_blinding: middle[1],
        e_blinding: middle[2],
        sides: all[7..end].chunks_exact(2).map(|pair| (pair[0], pair[1])).collect(),
        a: last[0],
        b: last[1],
    })
}

fn challenge(transcript: &mut Transcript, label: &'static [u8]) -> Scalar {
    let mut wide = [0; 64];
    transcript.challenge_bytes(label, &mut wide);
    Scalar::from_bytes_mod_order_wide(&wide)
}

/// The identity would take a challenge out of the equation: it is refused.
fn heard(transcript: &mut Transcript, label: &'static [u8], point: &Bytes) -> Result<(), Refusal> {
    if point == &[0; WIDTH] {
        return Err(Fault::RangeFails.at(0));
    }
    transcript.append_message(label, point);
    Ok(())
}

fn powers(of: Scalar) -> impl Iterator<Item = Scalar> {
    iter::successors(Some(Scalar::ONE), move |power| Some(power * of))
}

struct Challenges {
    y: Scalar,
    z: Scalar,
    x: Scalar,
    w: Scalar,
    u: Vec<Scalar>,
}

fn challenges(
    transcript: &mut Transcript,
    amounts: &[Bytes],
    bits: usize,
    parts: &Parts,
) -> Result<Challenges, Refusal> {
    transcript.append_message(b"dom-sep", b"rangeproof v1");
    transcript.append_u64(b"n", bits as u64);
    transcript.append_u64(b"m", amounts.len() as u64);
    for amount in amounts {
        transcript.append_message(b"V", amount);
    }
    heard(transcript, b"A", parts.points[0])?;
    heard(transcript, b"S", parts.points[1])?;
    let (y, z) = (challenge(transcript, b"y"), challenge(transcript, b"z"));
    heard(transcript, b"T_1", parts.points[2])?;
    heard(transcript, b"T_2", parts.points[3])?;
    let x = challenge(transcript, b"x");
    transcript.append_message(b"t_x", parts.t_x.as_bytes());
    transcript.append_message(b"t_x_blinding", parts.t_x_blinding.as_bytes());
    transcript.append_message(b"e_blinding", parts.e_blinding.as_bytes());
    let w = challenge(transcript, b"w");
    transcript.append_message(b"dom-sep", b"ipp v1");
    transcript.append_u64(b"n", (bits * amounts.len()) as u64);
    let mut u = Vec::with_capacity(parts.sides.len());
    for (left, right) in &parts.sides {
        heard(transcript, b"L", left)?;
        heard(transcript, b"R", right)?;
        u.push(challenge(transcript, b"u"));
    }
    Ok(Challenges { y, z, x, w, u })
}

/// `s` of the inner product argument (Bünz et al. 2018, 3.1), from the squares of the challenges and the inverse of their product.
fn spread(squares: &[Scalar], all_inverse: Scalar, size: usize) -> Vec<Scalar> {
    let mut s = Vec::with_capacity(size);
    s.push(all_inverse);
    for place in 1..size {
        let depth = place.ilog2() as usize;
        s.push(s[place - (1 << depth)] * squares[squares.len() - 1 - depth]);
    }
    s
}

impl Sum {
    fn add(&mut self, about: &About<'_>, one: &Stated) -> Result<(), Refusal> {
        let mut amounts: Vec<Bytes> = pieces(&one.commitments)?.into_iter().copied().collect();
        amounts.resize(padded(amounts.len(), about.bits)?, [0; WIDTH]);
        let parts = parts(&one.proof)?;
        let size = about.bits * amounts.len();
        if 1usize.checked_shl(parts.sides.len() as u32) != Some(size) {
            return Err(Fault::Malformed.at(0));
        }
        let of = challenges(&mut about.transcript(&one.position), &amounts, about.bits, &parts)?;
        self.used = self.used.max(size);
        self.weigh(&parts, &of, &amounts, about.bits);
        Ok(())
    }

    /// `weight` joins the proofs, `c` the two equations of one proof.
    fn weigh(&mut self, parts: &Parts, of: &Challenges, amounts: &[Bytes], bits: usize) {
        let (weight, c) = (Scalar::random(&mut OsRng), Scalar::random(&mut OsRng));
        let (zz, size) = (of.z * of.z, bits * amounts.len());
        let mut inverses = of.u.clone();
        let all_inverse = Scalar::batch_invert(&mut inverses);
        let squares: Vec<Scalar> = of.u.iter().map(|u| u * u).collect();
        let s = spread(&squares, all_inverse, size);
        self.generators(parts, of, &s, (weight, bits));
        let delta = (of.z - zz) * powers(of.y).take(size).sum::<Scalar>()
            - zz * of.z * Scalar::from(u64::MAX >> (64 - bits)) * powers(of.z).take(amounts.len()).sum::<Scalar>();
        self.base += weight * (of.w * (parts.t_x - parts.a * parts.b) + c * (delta - parts.t_x));
        self.blinding -= weight * (parts.e_blinding + c * parts.t_x_blinding);
        self.own(weight, &[Scalar::ONE, of.x, c * of.x, c * of.x * of.x], parts.points);
        for (((left, right), square), inverse) in parts.sides.iter().zip(&squares).zip(&inverses) {
            self.own(weight, &[*square, inverse * inverse], [*left, *right]);
        }
        for (amount, power) in amounts.iter().zip(powers(of.z)) {
            self.own(weight, &[c * zz * power], [amount]);
        }
    }

    fn generators(&mut self, parts: &Parts, of: &Challenges, s: &[Scalar], (weight, bits): (Scalar, usize)) {
        let (a, b, z) = (weight * parts.a, weight * parts.b, weight * of.z);
        let twos: Vec<Scalar> = powers(Scalar::from(2u8)).take(bits).collect();
        let mut z_power = z * of.z;
        let mut y_inverse = powers(of.y.invert());
        for (place, (forth, back)) in s.iter().zip(s.iter().rev()).enumerate() {
            if place > 0 && place % bits == 0 {
                z_power *= of.z;
            }
            let y = y_inverse.next().unwrap_or(Scalar::ZERO);
            self.g[place] -= z + a * forth;
            self.h[place] += z + y * (z_power * twos[place % bits] - b * back);
        }
    }

    fn own<'a>(&mut self, weight: Scalar, factors: &[Scalar], points: impl IntoIterator<Item = &'a Bytes>) {
        self.factors.extend(factors.iter().map(|factor| weight * factor));
        self.points.extend(points);
    }

    /// `g` and `h` are filled party by party, `bits` each, as the generators are handed out.
    fn is_nothing(&self, bits: usize) -> bool {
        let parties = self.used.div_ceil(bits);
        let own = self.points.iter().map(|bytes| CompressedRistretto(*bytes).decompress());
        let common = [GENS.B, GENS.B_blinding].into_iter();
        let g = BASES.iter().take(parties).flat_map(|party| party.0.iter().take(bits).copied());
        let h = BASES.iter().take(parties).flat_map(|party| party.1.iter().take(bits).copied());
        let factors = self.factors.iter().chain([&self.base, &self.blinding]);
        let factors: Vec<&Scalar> = factors.chain(&self.g[..self.used]).chain(&self.h[..self.used]).collect();
        let points: Vec<_> = own.chain(common.chain(g).chain(h).map(Some)).collect();
        RistrettoPoint::optional_multiscalar_mul(factors, points).is_some_and(|sum| sum.is_identity())
    }
}

/// A party's generators of both vectors.
type Party = (Vec<RistrettoPoint>, Vec<RistrettoPoint>);

/// The crate's generators, made anew as it makes them (generators.rs), since it hands out only half of them: SHAKE-256 of
/// "GeneratorsChain", a letter and the party's number, 64 bytes a point, by the map of RFC 9496, 4.3.4.
static BASES: LazyLock<Vec<Party>> = LazyLock::new(|| {
    let parties = 0..AMOUNTS_MAX as u32;
    parties.map(|party| (chain(b'G', party), chain(b'H', party))).collect()
});

fn chain(letter: u8, party: u32) -> Vec<RistrettoPoint> {
    let mut shake = Shake256::default();
    shake.update(b"GeneratorsChain");
    shake.update(&[letter]);
    shake.update(&party.to_le_bytes());
    let mut reader = shake.finalize_xof();
    let next = |_| {
        let mut uniform = [0; 64];
        reader.read(&mut uniform);
        RistrettoPoint::from_uniform_bytes(&uniform)
    };
    (0..BITS_MAX).map(next).collect()
}
