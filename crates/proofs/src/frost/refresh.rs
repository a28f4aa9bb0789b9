//! New shares of the same key, so that shares stolen before are worth nothing, and a lost share made again by a threshold of holders
//! (the repairable scheme of Stinson and Wei, "Combinatorial repairability for threshold schemes", 2018).
use std::collections::BTreeMap;

use frost_core::Ciphersuite;
use frost_core::keys::dkg;
use frost_core::keys::refresh::{refresh_dkg_part1, refresh_dkg_part2, refresh_dkg_shares};
use frost_core::keys::repairable::{Delta, Sigma, repair_share_part1, repair_share_part2, repair_share_part3};
use rand::rngs::OsRng;

use super::dkg::{Secret, first, sealed, second};
use super::envelope::{Kind, open, seal, seal_secret, suite_of};
use super::refusal::{Refusal, refused};
use super::rounds::{Packages, public, share};
use super::suite::{Suite, holder, identifier};
use crate::with_suite;

/// Part 1 of a refresh: a polynomial whose secret is zero.
pub fn part1(suite: Suite, me: u16, of: u16, threshold: u16) -> Result<(Secret, Vec<u8>), Refusal> {
    with_suite!(suite, part1_with, suite, me, of, threshold)
}

fn part1_with<C: Ciphersuite>(suite: Suite, me: u16, of: u16, threshold: u16) -> Result<(Secret, Vec<u8>), Refusal> {
    let (secret, package) = refresh_dkg_part1(identifier::<C>(me)?, of, threshold, OsRng)?;
    let secret = Secret::new(suite, true, 1, secret.serialize()?);
    Ok((secret, seal(suite, Kind::RefreshOne, &package.serialize()?)))
}

pub fn part2(secret: &mut Secret, packages: &Packages) -> Result<(Secret, Packages), Refusal> {
    let bytes = secret.take(true, 1)?;
    with_suite!(secret.suite, part2_with, secret.suite, &bytes, packages)
}

fn part2_with<C: Ciphersuite>(suite: Suite, secret: &[u8], packages: &Packages) -> Result<(Secret, Packages), Refusal> {
    let secret = dkg::round1::SecretPackage::<C>::deserialize(secret)?;
    let (secret, sent) = refresh_dkg_part2(secret, &first::<C>(suite, Kind::RefreshOne, packages)?)?;
    let secret = Secret::new(suite, true, 2, secret.serialize()?);
    Ok((secret, sealed(suite, Kind::RefreshTwo, &sent)?))
}

/// The packages of the two rounds that the others sent me.
pub struct Rounds<'a> {
    pub first: &'a Packages,
    pub second: &'a Packages,
}

/// A holder's share, and what all know of the key.
pub struct Holding<'a> {
    pub share: &'a [u8],
    pub public: &'a [u8],
}

/// Part 3: my new share, and the new public shares. The key itself stays.
pub fn part3(secret: &mut Secret, rounds: &Rounds<'_>, old: &Holding<'_>) -> Result<(Vec<u8>, Vec<u8>), Refusal> {
    let bytes = secret.take(true, 2)?;
    with_suite!(secret.suite, part3_with, secret.suite, &bytes, rounds, old)
}

fn part3_with<C: Ciphersuite>(
    suite: Suite,
    secret: &[u8],
    rounds: &Rounds<'_>,
    old: &Holding<'_>,
) -> Result<(Vec<u8>, Vec<u8>), Refusal> {
    let secret = dkg::round2::SecretPackage::<C>::deserialize(secret)?;
    let packages = first::<C>(suite, Kind::RefreshOne, rounds.first)?;
    let received = second::<C>(suite, Kind::RefreshTwo, rounds.second)?;
    let (key, mine) = (public::<C>(suite, old.public)?, share::<C>(suite, old.share)?);
    if key.verifying_key() != mine.verifying_key() {
        return Err(refused("wrong_key", "the share is of another key than the public package"));
    }
    let (share, public) = refresh_dkg_shares(&secret, &packages, &received, key, mine)?;
    Ok((seal_secret(suite, Kind::Share, share.serialize()?), seal(suite, Kind::Public, &public.serialize()?)))
}

/// Repair, part 1: of my share, a secret for each of those who repair, myself among them.
pub fn repair1(sealed: &[u8], repairers: &[u16], lost: u16) -> Result<Packages, Refusal> {
    let suite = suite_of(sealed)?;
    if repairers.contains(&lost) {
        return Err(refused("unknown_identifier", "the one who lost the share is no repairer"));
    }
    with_suite!(suite, repair1_with, suite, sealed, repairers, lost)
}

fn repair1_with<C: Ciphersuite>(
    suite: Suite,
    sealed: &[u8],
    repairers: &[u16],
    lost: u16,
) -> Result<Packages, Refusal> {
    let share = share::<C>(suite, sealed)?;
    let all = repairers.iter().map(|number| identifier::<C>(*number)).collect::<Result<Vec<_>, _>>()?;
    let deltas: BTreeMap<_, Delta<C>> = repair_share_part1(&all, &share, &mut OsRng, identifier(lost)?)?;
    let one = |(to, delta): (_, &Delta<C>)| Some((holder(to)?, seal_secret(suite, Kind::Delta, delta.serialize())));
    Ok(deltas.iter().filter_map(one).collect())
}

/// Repair, part 2: the secrets that I got, summed for the one who lost the share.
pub fn repair2(deltas: &[Vec<u8>]) -> Result<Vec<u8>, Refusal> {
    let suite = suite_of(deltas.first().ok_or_else(|| refused("too_few_signers", "no repairer sent anything"))?)?;
    with_suite!(suite, repair2_with, suite, deltas)
}

fn repair2_with<C: Ciphersuite>(suite: Suite, deltas: &[Vec<u8>]) -> Result<Vec<u8>, Refusal> {
    let read = |bytes: &Vec<u8>| Ok(Delta::<C>::deserialize(open(suite, Kind::Delta, bytes)?)?);
    let deltas = deltas.iter().map(read).collect::<Result<Vec<_>, Refusal>>()?;
    Ok(seal_secret(suite, Kind::Sigma, repair_share_part2(&deltas).serialize()))
}

/// Repair, part 3: my share again. It is refused unless it is the one that the public share of mine names.
pub fn repair3(sigmas: &[Vec<u8>], lost: u16, key: &[u8]) -> Result<Vec<u8>, Refusal> {
    let suite = suite_of(key)?;
    with_suite!(suite, repair3_with, suite, sigmas, lost, key)
}

fn repair3_with<C: Ciphersuite>(suite: Suite, sigmas: &[Vec<u8>], lost: u16, key: &[u8]) -> Result<Vec<u8>, Refusal> {
    let key = public::<C>(suite, key)?;
    let read = |bytes: &Vec<u8>| Ok(Sigma::<C>::deserialize(open(suite, Kind::Sigma, bytes)?)?);
    let sigmas = sigmas.iter().map(read).collect::<Result<Vec<_>, Refusal>>()?;
    let me = identifier::<C>(lost)?;
    let expected =
        key.verifying_shares().get(&me).ok_or_else(|| refused("unknown_identifier", "no holder of this key"))?;
    let share = repair_share_part3(&sigmas, me, &key)?;
    if share.verifying_share() != expected {
        return Err(refused("forged_share", "what the repairers sent does not make the share that was lost"));
    }
    Ok(seal_secret(suite, Kind::Share, share.serialize()?))
}
