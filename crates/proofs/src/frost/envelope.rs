//! The bytes in which a package travels: `F5 01 | suite u8 | kind u8 | package`, the package as the frost crates serialise it.
use zeroize::Zeroizing;

use super::refusal::{Refusal, refused};
use super::suite::Suite;

const HEAD: [u8; 2] = [0xf5, 0x01];

/// What a package is. The number never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// First round of making or refreshing a key: to every other holder.
    RoundOne = 1,
    /// Second round: a secret for one other holder, over a private channel only.
    RoundTwo = 2,
    /// A holder's share of the key: secret.
    Share = 3,
    /// What all know of a key: its public key, the holders' public shares, the threshold.
    Public = 4,
    /// Commitments to a holder's nonces, for one signature.
    Commitments = 5,
    SignatureShare = 6,
    /// From one who repairs to another who repairs: secret.
    Delta = 7,
    /// From one who repairs to the one who lost the share: secret.
    Sigma = 8,
    /// First round of a refresh; not one of a new key.
    RefreshOne = 9,
    /// Second round of a refresh: secret.
    RefreshTwo = 10,
}

pub fn seal(suite: Suite, kind: Kind, package: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(package.len() + 4);
    bytes.extend_from_slice(&HEAD);
    bytes.extend_from_slice(&[suite as u8, kind as u8]);
    bytes.extend_from_slice(package);
    bytes
}

/// `seal` for a secret: what it is made of is wiped.
pub fn seal_secret(suite: Suite, kind: Kind, package: Vec<u8>) -> Vec<u8> {
    seal(suite, kind, &Zeroizing::new(package))
}

/// The suite of a sealed package.
pub fn suite_of(bytes: &[u8]) -> Result<Suite, Refusal> {
    match bytes {
        [0xf5, 0x01, suite, _, ..] => Suite::numbered(*suite)
            .ok_or_else(|| refused("unknown_suite", "the package names a suite that is not known")),
        _ => Err(refused("malformed", "the bytes are no package of a threshold key")),
    }
}

/// The content of a package that must be of this suite and kind.
pub fn open(suite: Suite, kind: Kind, bytes: &[u8]) -> Result<&[u8], Refusal> {
    let found = suite_of(bytes)?;
    if found != suite {
        return Err(refused("wrong_suite", &format!("the package is of {}, not of {}", found.name(), suite.name())));
    }
    if bytes[3] != kind as u8 {
        return Err(refused("wrong_package", &format!("the package is of another kind than {kind:?}")));
    }
    Ok(&bytes[4..])
}
