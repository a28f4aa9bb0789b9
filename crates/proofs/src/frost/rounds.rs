//! The two rounds of a signature, and its aggregate (RFC 9591, sections 5.1 to 5.3).
use std::collections::BTreeMap;

use frost_core::keys::{KeyPackage, PublicKeyPackage};
use frost_core::round1::{self, SigningCommitments, SigningNonces};
use frost_core::round2::{self, SignatureShare};
use frost_core::{CheaterDetection, Ciphersuite, Signature, SigningPackage, VerifyingKey};
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::envelope::{Kind, open, seal, suite_of};
use super::refusal::{Refusal, refused};
use super::suite::{Suite, by_identifier, holder};
use crate::with_suite;

/// Packages by the holder they are of, or for.
pub type Packages = BTreeMap<u16, Vec<u8>>;

/// A holder's secret nonces, for one signature: `take` hands them out once.
pub struct Nonces {
    suite: Suite,
    secret: Option<Zeroizing<Vec<u8>>>,
}

impl Nonces {
    pub fn suite(&self) -> Suite {
        self.suite
    }

    pub fn used(&self) -> bool {
        self.secret.is_none()
    }

    fn take(&mut self) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        self.secret
            .take()
            .ok_or_else(|| refused("nonces_reused", "these nonces have signed once; a second use tells the share"))
    }
}

pub(super) fn share<C: Ciphersuite>(suite: Suite, bytes: &[u8]) -> Result<KeyPackage<C>, Refusal> {
    let share = KeyPackage::<C>::deserialize(open(suite, Kind::Share, bytes)?)?;
    if *share.min_signers() < 2 {
        return Err(refused("malformed", "the share states a threshold below 2"));
    }
    Ok(share)
}

pub(super) fn public<C: Ciphersuite>(suite: Suite, bytes: &[u8]) -> Result<PublicKeyPackage<C>, Refusal> {
    Ok(PublicKeyPackage::<C>::deserialize(open(suite, Kind::Public, bytes)?)?)
}

fn package<C: Ciphersuite>(suite: Suite, message: &[u8], commitments: &Packages) -> Result<SigningPackage<C>, Refusal> {
    let read = |bytes: &[u8]| Ok(SigningCommitments::<C>::deserialize(open(suite, Kind::Commitments, bytes)?)?);
    Ok(SigningPackage::new(by_identifier::<C, _>(commitments, read)?, message))
}

/// Round one: fresh nonces, and the commitments to them that the others see.
pub fn commit(sealed: &[u8]) -> Result<(Nonces, Vec<u8>), Refusal> {
    let suite = suite_of(sealed)?;
    with_suite!(suite, commit_with, suite, sealed)
}

fn commit_with<C: Ciphersuite>(suite: Suite, sealed: &[u8]) -> Result<(Nonces, Vec<u8>), Refusal> {
    let share = share::<C>(suite, sealed)?;
    let (nonces, commitments) = round1::commit(share.signing_share(), &mut OsRng);
    let secret = Some(Zeroizing::new(nonces.serialize()?));
    Ok((Nonces { suite, secret }, seal(suite, Kind::Commitments, &commitments.serialize()?)))
}

/// Round two: a holder's share of the signature. The nonces are gone afterwards, whatever the answer.
pub fn sign(sealed: &[u8], nonces: &mut Nonces, message: &[u8], commitments: &Packages) -> Result<Vec<u8>, Refusal> {
    let secret = nonces.take()?;
    let suite = suite_of(sealed)?;
    if suite != nonces.suite {
        return Err(refused("wrong_suite", "the nonces are of another suite than the share"));
    }
    with_suite!(suite, sign_with, suite, sealed, &secret, message, commitments)
}

fn sign_with<C: Ciphersuite>(
    suite: Suite,
    sealed: &[u8],
    secret: &[u8],
    message: &[u8],
    commitments: &Packages,
) -> Result<Vec<u8>, Refusal> {
    let nonces = SigningNonces::<C>::deserialize(secret)?;
    let share = share::<C>(suite, sealed)?;
    let signed = round2::sign(&package::<C>(suite, message, commitments)?, &nonces, &share)?;
    Ok(seal(suite, Kind::SignatureShare, &signed.serialize()))
}

/// The signature of the holders' shares; a refusal names every holder whose share is false.
pub fn aggregate(key: &[u8], message: &[u8], commitments: &Packages, shares: &Packages) -> Result<Vec<u8>, Refusal> {
    let suite = suite_of(key)?;
    with_suite!(suite, aggregate_with, suite, key, message, commitments, shares)
}

fn aggregate_with<C: Ciphersuite>(
    suite: Suite,
    key: &[u8],
    message: &[u8],
    commitments: &Packages,
    shares: &Packages,
) -> Result<Vec<u8>, Refusal> {
    let read = |bytes: &[u8]| Ok(SignatureShare::<C>::deserialize(open(suite, Kind::SignatureShare, bytes)?)?);
    let shares = by_identifier::<C, _>(shares, read)?;
    let package = package::<C>(suite, message, commitments)?;
    let public = public::<C>(suite, key)?;
    let signature = frost_core::aggregate_custom(&package, &shares, &public, CheaterDetection::AllCheaters)?;
    Ok(signature.serialize()?)
}

/// Whether a signature is the public key's over the message; bytes that are no key or no signature are refused.
pub fn verify(suite: Suite, key: &[u8], message: &[u8], signature: &[u8]) -> Result<bool, Refusal> {
    with_suite!(suite, verify_with, key, message, signature)
}

fn verify_with<C: Ciphersuite>(key: &[u8], message: &[u8], signature: &[u8]) -> Result<bool, Refusal> {
    let key = VerifyingKey::<C>::deserialize(key)?;
    let signature = Signature::<C>::deserialize(signature)?;
    Ok(key.verify(message, &signature).is_ok())
}

/// What all know of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub suite: Suite,
    pub key: Vec<u8>,
    pub threshold: Option<u16>,
    pub holders: Vec<u16>,
}

pub fn known(key: &[u8]) -> Result<Known, Refusal> {
    let suite = suite_of(key)?;
    with_suite!(suite, known_with, suite, key)
}

fn known_with<C: Ciphersuite>(suite: Suite, key: &[u8]) -> Result<Known, Refusal> {
    let public = public::<C>(suite, key)?;
    let holders = public.verifying_shares().keys().filter_map(holder).collect();
    Ok(Known { suite, key: public.verifying_key().serialize()?, threshold: public.min_signers(), holders })
}
