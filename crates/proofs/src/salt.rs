//! The leaves of the journal's log: commitments that tell nobody what was recorded until a salt is shown.
//!
//! Entry, 42 bytes: `0x01 | sequence u64 BE | commitment 32 | 0x00`. commitment = SHA-256(salt || record hash), where the
//! record hash is the journal's own chain hash, and salt = the first 16 bytes of HMAC-SHA256(salt key, "record" || sequence BE).
use crate::hash::{self, Hash};
use zeroize::Zeroizing;

pub const ENTRY_BYTES: usize = 42;
pub const SALT_BYTES: usize = 16;
const KIND: u8 = 0x01;
const LABEL: &[u8; 6] = b"record";

/// HMAC-SHA256 (RFC 2104) under one key, with both pads absorbed beforehand: two blocks a message instead of four.
pub struct Keyed {
    inner: Zeroizing<[u32; 8]>,
    outer: Zeroizing<[u32; 8]>,
}

impl Keyed {
    pub fn new(key: &[u8; 32]) -> Self {
        let padded = |pad: u8| {
            let mut block = Zeroizing::new([pad; 64]);
            block.iter_mut().zip(key).for_each(|(place, byte)| *place ^= byte);
            let mut state = Zeroizing::new(hash::BEGINNING);
            hash::absorb(&mut state, *block);
            state
        };
        Self { inner: padded(0x36), outer: padded(0x5c) }
    }

    /// The code of a message of at most 55 bytes.
    #[inline]
    pub fn code(&self, message: &[u8]) -> Hash {
        let mut state = *self.inner;
        hash::close(&mut state, message, 64 + message.len());
        let inner = hash::bytes(&state);
        let mut state = *self.outer;
        hash::close(&mut state, &inner, 64 + inner.len());
        hash::bytes(&state)
    }

    /// The salt of a journal record.
    #[inline]
    pub fn salt(&self, sequence: u64) -> [u8; SALT_BYTES] {
        let mut message = [0; 14];
        message[..6].copy_from_slice(LABEL);
        message[6..].copy_from_slice(&sequence.to_be_bytes());
        *self.code(&message).first_chunk().expect("a code is longer")
    }
}

/// SHA-256(salt || record hash).
#[inline]
pub fn commitment(salt: &[u8; SALT_BYTES], record: &Hash) -> Hash {
    let mut both = [0; 48];
    both[..SALT_BYTES].copy_from_slice(salt);
    both[SALT_BYTES..].copy_from_slice(record);
    hash::short(&both)
}

/// The entry of a record in the journal's log.
#[inline]
pub fn entry(sequence: u64, commitment: &Hash) -> [u8; ENTRY_BYTES] {
    let mut out = [0; ENTRY_BYTES];
    out[0] = KIND;
    out[1..9].copy_from_slice(&sequence.to_be_bytes());
    out[9..41].copy_from_slice(commitment);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_hmac_sha_256() {
        // RFC 4231 has no key of 32 bytes; a key padded with zeros is the same key (RFC 2104, section 2).
        let mut key = [0; 32];
        key[..20].copy_from_slice(&[0x0b; 20]);
        let code: String = Keyed::new(&key).code(b"Hi There").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(code, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }
}
