//! The fingerprint of an order's row: a salted Merkle tree over its 78 fields, so that any of them can be shown alone.
//!
//! Leaf of field i: SHA-256(0x00 || u8 i || salt 16 || value), value = 0x00 for unknown, else 0x01 || UTF-8 text. Salt of
//! field i: half i % 2 of SHA-256(seed || u8 (i / 2)). Root: RFC 6962 over the 78 leaves. Without the seed the salts cannot
//! be made again, and a value that is not shown cannot be guessed from its hash.
use crate::hash::{self, Hash};
use crate::lanes;
use crate::proof::{self, Fault};
use crate::tree;

/// Fields of a row, O01 to O78.
pub const FIELDS: usize = 78;
pub const SALT_BYTES: usize = 16;
/// What a row's salts are made from.
pub type Seed = [u8; 32];
pub type Salt = [u8; SALT_BYTES];

const UNKNOWN: u8 = 0;
const KNOWN: u8 = 1;
/// 0x00, the field's number, its salt, and whether its value is known.
const FRONT_BYTES: usize = 3 + SALT_BYTES;
/// Longer leaves take more than one block.
const SHORT_BYTES: usize = 55;

/// The salts of all fields.
#[inline]
fn salts(seed: &Seed) -> [Salt; FIELDS] {
    let (mut messages, mut made) = ([[[0; 64]]; FIELDS / 2], [[0; 32]; FIELDS / 2]);
    for (block, [message]) in messages.iter_mut().enumerate() {
        message[..32].copy_from_slice(seed);
        message[32] = block as u8;
        hash::end(message, 33);
    }
    lanes::digests(&messages, &mut made);
    *made.as_flattened().as_chunks().0.first_chunk().expect("two salts a digest")
}

/// The salt of field `field` (from 0).
pub fn salt(seed: &Seed, field: u8) -> Salt {
    salts(seed)[usize::from(field)]
}

/// Puts what is hashed for a field (from 0) into a block that is empty; false where it is too long for one.
#[inline]
fn fits(message: &mut [u8; 64], field: u8, salt: &Salt, value: Option<&str>) -> bool {
    let text = value.unwrap_or_default().as_bytes();
    let Some(place) = message[FRONT_BYTES..SHORT_BYTES].get_mut(..text.len()) else {
        return false;
    };
    place.copy_from_slice(text);
    message[..FRONT_BYTES].copy_from_slice(&front(field, salt, value));
    hash::end(message, FRONT_BYTES + text.len());
    true
}

#[inline]
fn front(field: u8, salt: &Salt, value: Option<&str>) -> [u8; FRONT_BYTES] {
    let mut front = [0; FRONT_BYTES];
    front[1] = field;
    front[2..FRONT_BYTES - 1].copy_from_slice(salt);
    front[FRONT_BYTES - 1] = if value.is_some() { KNOWN } else { UNKNOWN };
    front
}

/// The hash of a field (from 0) with its salt and its value, None where it is unknown.
pub fn leaf(field: u8, salt: &Salt, value: Option<&str>) -> Hash {
    hash::leaf(&[&front(field, salt, value)[1..], value.unwrap_or_default().as_bytes()].concat())
}

/// The leaves of a row: those of one block at once, then the long ones.
#[inline]
fn leaves<'v>(seed: &Seed, values: impl IntoIterator<Item = Option<&'v str>>) -> [Hash; FIELDS] {
    let (mut messages, mut out) = ([[[0; 64]]; FIELDS], [[0; 32]; FIELDS]);
    let (salts, mut long, mut count) = (salts(seed), Vec::new(), 0);
    for (field, value) in values.into_iter().enumerate() {
        let salt = &salts[field];
        if !fits(&mut messages[field][0], field as u8, salt, value) {
            long.push((field, leaf(field as u8, salt, value)));
        }
        count += 1;
    }
    assert_eq!(count, FIELDS, "a row has all its fields");
    lanes::digests(&messages, &mut out);
    for (field, hash) in long {
        out[field] = hash;
    }
    out
}

/// The root of a row of 78 values.
pub fn fingerprint<'v>(seed: &Seed, values: impl IntoIterator<Item = Option<&'v str>>) -> Hash {
    tree::over(&mut leaves(seed, values))
}

/// The way from a field (from 0) of a row to its fingerprint, and the field's salt.
pub fn field_proof<'v>(seed: &Seed, values: impl IntoIterator<Item = Option<&'v str>>, field: u8) -> (Salt, Vec<Hash>) {
    assert!(usize::from(field) < FIELDS, "a field of the row");
    let path = tree::way(&mut leaves(seed, values), usize::from(field));
    (salt(seed, field), path)
}

/// The row with this fingerprint has this value in the field (from 0).
pub fn verify(field: u8, salt: &Salt, value: Option<&str>, path: &[Hash], fingerprint: &Hash) -> Result<(), Fault> {
    proof::inclusion(u64::from(field), FIELDS as u64, &leaf(field, salt, value), path, fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Nodes;
    use sha2::{Digest, Sha256};
    use std::convert::Infallible;

    const SEED: Seed = [7; 32];

    fn row() -> Vec<Option<String>> {
        let text = |field: usize| (!field.is_multiple_of(5)).then(|| "v".repeat(field * field % 90));
        (0..FIELDS).map(text).collect()
    }

    fn of(row: &[Option<String>]) -> impl Iterator<Item = Option<&str>> {
        row.iter().map(Option::as_deref)
    }

    struct Plain(Vec<Hash>);

    impl Nodes for Plain {
        type Error = Infallible;

        fn node(&mut self, height: u32, index: u64) -> Result<Hash, Infallible> {
            Ok(tree::whole(&self.0[(index << height) as usize..][..1 << height]))
        }
    }

    #[test]
    fn a_fingerprint_is_the_rfc_6962_root_over_plainly_hashed_fields() {
        let row = row();
        let plain = |(field, value): (usize, &Option<String>)| {
            let block = Sha256::new().chain_update(SEED).chain_update([field as u8 / 2]).finalize();
            let known = [u8::from(value.is_some())];
            let sha = Sha256::new().chain_update([0, field as u8]).chain_update(&block[field % 2 * 16..][..16]);
            sha.chain_update(known).chain_update(value.as_deref().unwrap_or("")).finalize().into()
        };
        let mut leaves = Plain(row.iter().enumerate().map(plain).collect());
        assert_eq!(tree::root(FIELDS as u64, &mut leaves), Ok(fingerprint(&SEED, of(&row))));
    }

    #[test]
    fn every_field_is_proven_alone_and_no_other_value_salt_or_place_is() {
        let row = row();
        let root = fingerprint(&SEED, of(&row));
        for field in 0..FIELDS as u8 {
            let value = row[usize::from(field)].as_deref();
            let (salt, path) = field_proof(&SEED, of(&row), field);
            assert_eq!(verify(field, &salt, value, &path, &root), Ok(()), "field {field}");
            assert!(verify(field, &salt, Some("other"), &path, &root).is_err());
            assert!(verify(field, &[0; 16], value, &path, &root).is_err());
            assert!(verify((field + 1) % FIELDS as u8, &salt, value, &path, &root).is_err());
        }
    }

    #[test]
    fn unknown_and_empty_are_two_values() {
        let salt = [1; SALT_BYTES];
        assert_ne!(leaf(3, &salt, None), leaf(3, &salt, Some("")));
    }
}
