//! A key that its holders make together (RFC 9591 leaves this open; Pedersen's DKG of the FROST paper, figure 1), in three parts.
use std::collections::BTreeMap;

use frost_core::keys::dkg;
use frost_core::{Ciphersuite, Identifier};
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::envelope::{Kind, open, seal, seal_secret};
use super::refusal::{Refusal, refused};
use super::rounds::Packages;
use super::suite::{Suite, by_identifier, holder, identifier};
use crate::with_suite;

/// What a holder keeps between the parts, of one making or refresh; each part takes it once. It never leaves the process.
pub struct Secret {
    pub(super) suite: Suite,
    pub(super) refresh: bool,
    pub(super) part: u8,
    pub(super) bytes: Option<Zeroizing<Vec<u8>>>,
}

impl Secret {
    pub(super) fn new(suite: Suite, refresh: bool, part: u8, bytes: Vec<u8>) -> Secret {
        Secret { suite, refresh, part, bytes: Some(Zeroizing::new(bytes)) }
    }

    pub(super) fn take(&mut self, refresh: bool, part: u8) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        if self.refresh != refresh || self.part != part {
            return Err(refused("wrong_part", "the secret is of another part of the ceremony"));
        }
        self.bytes.take().ok_or_else(|| refused("secret_used", "the secret has served its part of the ceremony"))
    }
}

pub(super) type Sent<T> = BTreeMap<Identifier<T>, dkg::round2::Package<T>>;

pub(super) fn sealed<C: Ciphersuite>(suite: Suite, kind: Kind, packages: &Sent<C>) -> Result<Packages, Refusal> {
    let one = |(to, package): (&Identifier<C>, &dkg::round2::Package<C>)| {
        let to = holder(to).ok_or_else(|| refused("unknown_identifier", "a holder's number is 1 to 65535"))?;
        Ok((to, seal_secret(suite, kind, package.serialize()?)))
    };
    packages.iter().map(one).collect()
}

pub(super) fn first<C: Ciphersuite>(
    suite: Suite,
    kind: Kind,
    given: &Packages,
) -> Result<BTreeMap<Identifier<C>, dkg::round1::Package<C>>, Refusal> {
    by_identifier(given, |bytes| Ok(dkg::round1::Package::deserialize(open(suite, kind, bytes)?)?))
}

pub(super) fn second<C: Ciphersuite>(suite: Suite, kind: Kind, given: &Packages) -> Result<Sent<C>, Refusal> {
    by_identifier(given, |bytes| Ok(dkg::round2::Package::deserialize(open(suite, kind, bytes)?)?))
}

/// Part 1: my secret polynomial, and the commitments with proof that all others get.
pub fn part1(suite: Suite, me: u16, of: u16, threshold: u16) -> Result<(Secret, Vec<u8>), Refusal> {
    with_suite!(suite, part1_with, suite, me, of, threshold)
}

fn part1_with<C: Ciphersuite>(suite: Suite, me: u16, of: u16, threshold: u16) -> Result<(Secret, Vec<u8>), Refusal> {
    let (secret, package) = dkg::part1(identifier::<C>(me)?, of, threshold, OsRng)?;
    let secret = Secret::new(suite, false, 1, secret.serialize()?);
    Ok((secret, seal(suite, Kind::RoundOne, &package.serialize()?)))
}

/// Part 2: checks the others' proofs; a secret for each other holder.
pub fn part2(secret: &mut Secret, packages: &Packages) -> Result<(Secret, Packages), Refusal> {
    let bytes = secret.take(false, 1)?;
    with_suite!(secret.suite, part2_with, secret.suite, &bytes, packages)
}

fn part2_with<C: Ciphersuite>(suite: Suite, secret: &[u8], packages: &Packages) -> Result<(Secret, Packages), Refusal> {
    let secret = dkg::round1::SecretPackage::<C>::deserialize(secret)?;
    let (secret, sent) = dkg::part2(secret, &first::<C>(suite, Kind::RoundOne, packages)?)?;
    let secret = Secret::new(suite, false, 2, secret.serialize()?);
    Ok((secret, sealed(suite, Kind::RoundTwo, &sent)?))
}

/// Part 3: checks each secret against its sender's commitments; my share, and what all know of the key.
pub fn part3(secret: &mut Secret, packages: &Packages, received: &Packages) -> Result<(Vec<u8>, Vec<u8>), Refusal> {
    let bytes = secret.take(false, 2)?;
    with_suite!(secret.suite, part3_with, secret.suite, &bytes, packages, received)
}

fn part3_with<C: Ciphersuite>(
    suite: Suite,
    secret: &[u8],
    packages: &Packages,
    received: &Packages,
) -> Result<(Vec<u8>, Vec<u8>), Refusal> {
    let secret = dkg::round2::SecretPackage::<C>::deserialize(secret)?;
    let packages = first::<C>(suite, Kind::RoundOne, packages)?;
    let (share, public) = dkg::part3(&secret, &packages, &second::<C>(suite, Kind::RoundTwo, received)?)?;
    Ok((seal_secret(suite, Kind::Share, share.serialize()?), seal(suite, Kind::Public, &public.serialize()?)))
}
