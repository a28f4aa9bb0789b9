//! A signature from given shares and given nonces, as the vectors of RFC 9591 (appendix E) state them. For checking only: nonces that
//! are given are nonces that somebody knows.
use std::collections::BTreeMap;

use frost_core::keys::{KeyPackage, PublicKeyPackage, SigningShare, VerifyingShare, reconstruct};
use frost_core::round1::{Nonce, SigningNonces};
use frost_core::{Ciphersuite, Error, Group, SigningPackage, VerifyingKey, aggregate, round2};
use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use super::refusal::{Refusal, refused};
use super::suite::{Suite, identifier};
use crate::with_suite;

/// One of a signer's two nonces: the randomness it is made of (section 4.1), the nonce itself, or both, which must agree.
pub struct Given {
    pub randomness: Option<Vec<u8>>,
    pub nonce: Option<Vec<u8>>,
}

pub struct Signer {
    pub identifier: u16,
    pub share: Zeroizing<Vec<u8>>,
    pub hiding: Given,
    pub binding: Given,
}

pub struct Case {
    pub message: Vec<u8>,
    pub threshold: u16,
    /// The group's public key, if stated; it is compared with that of the shares.
    pub key: Option<Vec<u8>>,
    pub signers: Vec<Signer>,
}

pub struct Signed {
    pub signature: Vec<u8>,
    pub key: Vec<u8>,
    pub verified: bool,
    pub shares: BTreeMap<u16, Vec<u8>>,
}

/// Hands out bytes that were given; RFC 9591 draws 32 for a nonce.
struct Drawn(Zeroizing<[u8; 32]>);

impl CryptoRng for Drawn {}

impl RngCore for Drawn {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, into: &mut [u8]) {
        for (to, from) in into.iter_mut().zip(self.0.iter().cycle()) {
            *to = *from;
        }
    }

    fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), rand::Error> {
        self.fill_bytes(into);
        Ok(())
    }
}

fn nonce<C: Ciphersuite>(given: &Given, share: &SigningShare<C>) -> Result<Nonce<C>, Refusal> {
    let stated = given.nonce.as_deref().map(Nonce::<C>::deserialize).transpose()?;
    let Some(randomness) = &given.randomness else {
        return stated.ok_or_else(|| refused("nonce_missing", "a signer has neither a nonce nor randomness for it"));
    };
    let drawn = <[u8; 32]>::try_from(randomness.as_slice());
    let drawn = drawn.map_err(|_| refused("malformed", "the randomness of a nonce has 32 bytes"))?;
    let made = Nonce::new(share, &mut Drawn(Zeroizing::new(drawn)));
    match stated {
        Some(stated) if stated.serialize() != made.serialize() => {
            Err(refused("nonce_differs", "a nonce is not the one of its randomness in this suite"))
        }
        _ => Ok(made),
    }
}

pub fn sign(suite: Suite, case: &Case) -> Result<Signed, Refusal> {
    with_suite!(suite, sign_with, case)
}

fn holding<C: Ciphersuite>(case: &Case, signer: &Signer, key: &VerifyingKey<C>) -> Result<KeyPackage<C>, Refusal> {
    let share = SigningShare::<C>::deserialize(&signer.share)?;
    let public = VerifyingShare::from(share);
    Ok(KeyPackage::new(identifier(signer.identifier)?, share, public, *key, case.threshold))
}

/// The group's key by interpolation of the signers' shares.
fn group<C: Ciphersuite>(case: &Case) -> Result<VerifyingKey<C>, Refusal> {
    let any =
        VerifyingKey::deserialize(C::Group::serialize(&C::Group::generator()).map_err(Error::<C>::from)?.as_ref())?;
    let shares = case.signers.iter().map(|signer| holding(case, signer, &any)).collect::<Result<Vec<_>, _>>()?;
    let key = VerifyingKey::from(reconstruct(&shares)?);
    match &case.key {
        Some(stated) if *stated != key.serialize()? => {
            Err(refused("wrong_key", "the signers' shares are not of the group's public key"))
        }
        _ => Ok(key),
    }
}

fn sign_with<C: Ciphersuite>(case: &Case) -> Result<Signed, Refusal> {
    let key = group::<C>(case)?;
    let mut held = Vec::new();
    for signer in &case.signers {
        let share = holding(case, signer, &key)?;
        let hiding = nonce(&signer.hiding, share.signing_share()).map_err(|refusal| refusal.of(signer.identifier))?;
        let binding = nonce(&signer.binding, share.signing_share()).map_err(|refusal| refusal.of(signer.identifier))?;
        held.push((signer.identifier, share, SigningNonces::from_nonces(hiding, binding)));
    }
    let commitments = held.iter().map(|(_, share, nonces)| (*share.identifier(), *nonces.commitments())).collect();
    let package = SigningPackage::new(commitments, &case.message);
    let (mut told, mut shares) = (BTreeMap::new(), BTreeMap::new());
    for (number, share, nonces) in &held {
        let signed = round2::sign(&package, nonces, share)?;
        told.insert(*number, signed.serialize());
        shares.insert(*share.identifier(), signed);
    }
    let public = held.iter().map(|(_, share, _)| (*share.identifier(), *share.verifying_share())).collect();
    let signature = aggregate(&package, &shares, &PublicKeyPackage::new(public, key, Some(case.threshold)))?;
    let verified = key.verify(&case.message, &signature).is_ok();
    Ok(Signed { signature: signature.serialize()?, key: key.serialize()?, verified, shares: told })
}
