//! The ciphersuites: group, hash and form of signature.
use std::collections::BTreeMap;

use frost_core::{Ciphersuite, Identifier};

use super::refusal::{Refusal, refused};

/// A ciphersuite. The number is the one in the envelope of every package and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    Ed25519 = 1,
    Ristretto255 = 2,
    Secp256k1 = 3,
    /// BIP-340 signatures; keys made by the holders commit to no script (BIP-341).
    Secp256k1Taproot = 4,
}

impl Suite {
    pub const ALL: [(Suite, &'static str); 4] = [
        (Suite::Ed25519, "ed25519"),
        (Suite::Ristretto255, "ristretto255"),
        (Suite::Secp256k1, "secp256k1"),
        (Suite::Secp256k1Taproot, "secp256k1-tr"),
    ];

    pub fn named(name: &str) -> Result<Suite, Refusal> {
        let found = Suite::ALL.iter().find(|(_, known)| *known == name);
        found
            .map(|(suite, _)| *suite)
            .ok_or_else(|| refused("unknown_suite", "is none of ed25519, ristretto255, secp256k1, secp256k1-tr"))
    }

    pub fn name(self) -> &'static str {
        Suite::ALL.iter().find(|(suite, _)| *suite == self).map_or("", |(_, name)| name)
    }

    pub fn numbered(number: u8) -> Option<Suite> {
        Suite::ALL.iter().find(|(suite, _)| *suite as u8 == number).map(|(suite, _)| *suite)
    }
}

/// Calls a function that is generic over the ciphersuite with the one of the value.
#[macro_export]
macro_rules! with_suite {
    ($suite:expr, $function:ident $(, $argument:expr)*) => {
        match $suite {
            $crate::frost::Suite::Ed25519 => $function::<frost_ed25519::Ed25519Sha512>($($argument),*),
            $crate::frost::Suite::Ristretto255 => $function::<frost_ristretto255::Ristretto255Sha512>($($argument),*),
            $crate::frost::Suite::Secp256k1 => $function::<frost_secp256k1::Secp256K1Sha256>($($argument),*),
            $crate::frost::Suite::Secp256k1Taproot => $function::<frost_secp256k1_tr::Secp256K1Sha256TR>($($argument),*),
        }
    };
}

/// Our number of a holder as the suite's identifier; zero is none.
pub fn identifier<C: Ciphersuite>(holder: u16) -> Result<Identifier<C>, Refusal> {
    Identifier::try_from(holder).map_err(|_| refused("unknown_identifier", "a holder's number is 1 to 65535"))
}

/// The number of an identifier; None if it is none of ours (larger than 16 bits).
pub fn holder<C: Ciphersuite>(identifier: &Identifier<C>) -> Option<u16> {
    let one = Identifier::<C>::try_from(1).ok()?.serialize();
    let mut bytes = identifier.serialize();
    if one.first() != Some(&1) {
        bytes.reverse();
    }
    let (low, high) = bytes.split_at_checked(2)?;
    high.iter().all(|byte| *byte == 0).then(|| u16::from_le_bytes([low[0], low[1]]))
}

/// A map by holder's number as a map by identifier, each value read by `read`.
pub fn by_identifier<C: Ciphersuite, T>(
    given: &BTreeMap<u16, Vec<u8>>,
    read: impl Fn(&[u8]) -> Result<T, Refusal>,
) -> Result<BTreeMap<Identifier<C>, T>, Refusal> {
    let one = |(number, bytes): (&u16, &Vec<u8>)| {
        let value = read(bytes).map_err(|refusal| refusal.of(*number))?;
        Ok((identifier(*number)?, value))
    };
    given.iter().map(one).collect()
}
