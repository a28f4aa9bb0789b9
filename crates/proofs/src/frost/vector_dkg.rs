//! The making of a key with a polynomial that is given, as the vectors of the ZcashFoundation state it. For checking only.
use std::collections::BTreeMap;

use frost_core::keys::dkg::{part2, part3, round1, round2};
use frost_core::keys::{SigningShare, VerifiableSecretSharingCommitment};
use frost_core::{Ciphersuite, Signature, SigningKey};

use super::refusal::{Refusal, refused};
use super::suite::{Suite, identifier};
use crate::with_suite;

/// What one holder draws and what it gets.
pub struct Making {
    pub me: u16,
    pub threshold: u16,
    /// The polynomial: the secret, then the coefficients.
    pub polynomial: Vec<Vec<u8>>,
    pub commitments: Vec<Vec<u8>>,
    pub peers: Vec<Peer>,
}

/// What one other holder sends.
pub struct Peer {
    pub identifier: u16,
    pub commitments: Vec<Vec<u8>>,
    pub proof: Vec<u8>,
    pub share: Vec<u8>,
}

/// (signing share, verifying share, the group's public key)
pub type Made = (Vec<u8>, Vec<u8>, Vec<u8>);

pub fn make(suite: Suite, making: &Making) -> Result<Made, Refusal> {
    with_suite!(suite, make_with, making)
}

fn make_with<C: Ciphersuite>(making: &Making) -> Result<Made, Refusal> {
    let me = identifier::<C>(making.me)?;
    let of = u16::try_from(making.peers.len() + 1).map_err(|_| refused("bad_threshold", "too many holders"))?;
    if usize::from(making.threshold) != making.polynomial.len() || making.commitments.len() != making.polynomial.len() {
        return Err(refused("bad_threshold", "a polynomial has as many coefficients as the threshold"));
    }
    let scalars = making.polynomial.iter().map(|bytes| Ok(SigningKey::<C>::deserialize(bytes)?.to_scalar()));
    let scalars = scalars.collect::<Result<Vec<_>, Refusal>>()?;
    let mine = VerifiableSecretSharingCommitment::<C>::deserialize(&making.commitments)?;
    let (mut first, mut second) = (BTreeMap::new(), BTreeMap::new());
    for peer in &making.peers {
        let commitment = VerifiableSecretSharingCommitment::<C>::deserialize(&peer.commitments)?;
        let package = round1::Package::new(commitment, Signature::<C>::deserialize(&peer.proof)?);
        first.insert(identifier::<C>(peer.identifier)?, package);
        let share = SigningShare::<C>::deserialize(&peer.share)?;
        second.insert(identifier::<C>(peer.identifier)?, round2::Package::new(share));
    }
    let secret = round1::SecretPackage::new(me, scalars, mine, making.threshold, of);
    let (secret, _) = part2(secret, &first)?;
    let (share, public) = part3(&secret, &first, &second)?;
    let verifying = share.verifying_share().serialize()?;
    Ok((share.signing_share().serialize(), verifying, public.verifying_key().serialize()?))
}
