//! Why a round was refused, by a name that a program can act on, and who is to blame.
use std::fmt;

use frost_core::{Ciphersuite, Error};

use super::suite::holder;

/// A refusal never holds secret bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub name: &'static str,
    pub reason: String,
    /// The holders whose message was at fault, where that can be told.
    pub holders: Vec<u16>,
}

impl Refusal {
    /// The same refusal with the holder whose message it was.
    pub fn of(mut self, holder: u16) -> Refusal {
        if self.holders.is_empty() {
            self.holders.push(holder);
        }
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)
    }
}

impl std::error::Error for Refusal {}

pub fn refused(name: &'static str, reason: &str) -> Refusal {
    Refusal { name, reason: reason.to_owned(), holders: Vec::new() }
}

fn name<C: Ciphersuite>(error: &Error<C>) -> &'static str {
    match error {
        Error::InvalidSignatureShare { .. } => "forged_signature_share",
        Error::InvalidSecretShare { .. } => "forged_share",
        Error::InvalidProofOfKnowledge { .. } => "forged_proof",
        Error::UnknownIdentifier | Error::MalformedIdentifier => "unknown_identifier",
        Error::DuplicatedIdentifier | Error::DuplicatedShares => "duplicated_identifier",
        Error::IncorrectNumberOfShares | Error::IncorrectNumberOfCommitments | Error::IncorrectNumberOfIdentifiers => {
            "too_few_signers"
        }
        Error::IncorrectNumberOfPackages | Error::PackageNotFound | Error::IncorrectPackage => "packages_missing",
        Error::MissingCommitment => "commitment_missing",
        Error::IncorrectCommitment => "commitment_differs",
        Error::InvalidMinSigners | Error::InvalidMaxSigners => "bad_threshold",
        Error::InvalidSignature => "invalid_signature",
        _ => "malformed",
    }
}

impl<C: Ciphersuite> From<Error<C>> for Refusal {
    fn from(error: Error<C>) -> Refusal {
        let holders = error.culprits().iter().filter_map(holder).collect();
        Refusal { name: name(&error), reason: error.to_string(), holders }
    }
}
