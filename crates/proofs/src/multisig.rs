//! Scripts of m of n keys in Bitcoin: keys sorted by BIP-67, paid by P2SH (BIP-16) or P2WSH (BIP-141).
//! A second way to hold coins together, beside a threshold key; here every signer shows in the script.
use bech32::{Hrp, segwit};
use k256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use k256::ecdsa::{Signature, SigningKey, VerifyingKey};
use ripemd::Ripemd160;
use sha2::{Digest, Sha256};

/// OP_CHECKMULTISIG counts at most so many keys within the 520 bytes of a P2SH script.
pub const MOST: usize = 15;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A key is not 33 bytes beginning with 02 or 03; BIP-67 sorts compressed keys only.
    Uncompressed,
    /// m is zero or above n, or n above 15.
    Threshold,
    Network,
    /// The secret key is zero or not below the order.
    SecretKey,
    /// The bytes are no script of this module.
    Script,
    /// Fewer valid signatures of different keys than the script needs.
    TooFew,
}

impl Fault {
    pub fn text(self) -> &'static str {
        match self {
            Fault::Uncompressed => "a key is not in compressed form",
            Fault::Threshold => "the number of signatures is 1 to the number of keys, of at most 15 keys",
            Fault::Network => "the network's prefix is not bech32",
            Fault::SecretKey => "the secret key is out of range",
            Fault::Script => "the script is no m of n keys",
            Fault::TooFew => "there are fewer valid signatures than the script needs",
        }
    }
}

/// The keys in the order of BIP-67: by their bytes.
pub fn sorted(keys: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Fault> {
    if keys.iter().any(|key| key.len() != 33 || !matches!(key[0], 2 | 3)) {
        return Err(Fault::Uncompressed);
    }
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    Ok(keys)
}

/// `m <keys, sorted> n OP_CHECKMULTISIG`.
pub fn script(needed: u8, keys: &[Vec<u8>]) -> Result<Vec<u8>, Fault> {
    let keys = sorted(keys)?;
    if needed == 0 || keys.len() > MOST || usize::from(needed) > keys.len() {
        return Err(Fault::Threshold);
    }
    let count = u8::try_from(keys.len()).map_err(|_| Fault::Threshold)?;
    let mut script = vec![0x50 + needed];
    for key in &keys {
        script.push(33);
        script.extend_from_slice(key);
    }
    script.extend_from_slice(&[0x50 + count, 0xae]);
    Ok(script)
}

/// The P2SH address of a script: Base58Check of the version (5 on the main network, 196 on test networks) and HASH160.
pub fn p2sh(script: &[u8], version: u8) -> String {
    let hash = Ripemd160::digest(Sha256::digest(script));
    bs58::encode(hash).with_check_version(version).into_string()
}

/// The P2WSH address of a script: segwit version 0 over its SHA-256; `network` is bc, tb or bcrt.
pub fn p2wsh(script: &[u8], network: &str) -> Result<String, Fault> {
    segwit::encode_v0(Hrp::parse(network).map_err(|_| Fault::Network)?, &Sha256::digest(script))
        .map_err(|_| Fault::Network)
}

/// SIGHASH_ALL, the byte after a signature: it covers all inputs and outputs.
const ALL: u8 = 1;

/// A signature of a transaction's signature hash (BIP-143 for P2WSH): DER with low S (BIP-146) and SIGHASH_ALL. Nonces are RFC 6979's.
pub fn sign(secret: &[u8; 32], hash: &[u8; 32]) -> Result<Vec<u8>, Fault> {
    let key = SigningKey::from_slice(secret).map_err(|_| Fault::SecretKey)?;
    let signature: Signature = key.sign_prehash(hash).map_err(|_| Fault::SecretKey)?;
    let signature = signature.normalize_s().unwrap_or(signature);
    Ok([signature.to_der().as_bytes(), &[ALL]].concat())
}

/// (m, keys) of a script that `script` makes.
pub fn parse(script: &[u8]) -> Result<(u8, Vec<&[u8]>), Fault> {
    let [needed @ 0x51..=0x5f, keys @ .., count @ 0x51..=0x5f, 0xae] = script else { return Err(Fault::Script) };
    let keys = keys.chunks(34).map(|push| match push {
        [33, key @ ..] if key.len() == 33 => Ok(key),
        _ => Err(Fault::Script),
    });
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    if keys.len() != usize::from(count - 0x50) || needed > count {
        return Err(Fault::Script);
    }
    Ok((needed - 0x50, keys))
}

fn signed(key: &[u8], hash: &[u8; 32], signature: &[u8]) -> bool {
    let Some((ALL, der)) = signature.split_last().map(|(kind, der)| (*kind, der)) else { return false };
    let (Ok(key), Ok(signature)) = (VerifyingKey::from_sec1_bytes(key), Signature::from_der(der)) else { return false };
    signature.normalize_s().is_none() && key.verify_prehash(hash, &signature).is_ok()
}

/// The witness of a P2WSH input: an empty item (OP_CHECKMULTISIG takes one too many), m signatures in the order of the keys, the script.
/// Signatures of no key of the script are left out.
pub fn combine(script: &[u8], hash: &[u8; 32], signatures: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Fault> {
    let (needed, keys) = parse(script)?;
    let of = |key: &&[u8]| signatures.iter().find(|signature| signed(key, hash, signature)).cloned();
    let found: Vec<_> = keys.iter().filter_map(of).take(usize::from(needed)).collect();
    if found.len() < usize::from(needed) {
        return Err(Fault::TooFew);
    }
    Ok([vec![Vec::new()], found, vec![script.to_vec()]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(hex: &str) -> Vec<u8> {
        (0..33).map(|place| u8::from_str_radix(&hex[2 * place..2 * place + 2], 16).expect("hex")).collect()
    }

    /// BIP-67, first vector.
    #[test]
    fn two_keys_in_the_wrong_order_give_the_address_of_bip_67() {
        let keys = [
            key("02ff12471208c14bd580709cb2358d98975247d8765f92bc25eab3b2763ed605f8"),
            key("02fe6f0a5a297eb38c391581c4413e084773ea23954d93f7753db7dc0adc188b2f"),
        ];
        assert_eq!(p2sh(&script(2, &keys).expect("a script"), 5), "39bgKC7RFbpoCRbtD5KEdkYKtNyhpsNa3Z");
    }

    #[test]
    fn uncompressed_keys_and_thresholds_that_cannot_be_met_are_refused() {
        let keys = vec![[vec![2], vec![1; 32]].concat(); 3];
        assert_eq!(script(0, &keys), Err(Fault::Threshold));
        assert_eq!(script(4, &keys), Err(Fault::Threshold));
        assert_eq!(script(1, &vec![keys[0].clone(); 16]), Err(Fault::Threshold));
        assert_eq!(script(1, &[vec![4; 65]]), Err(Fault::Uncompressed));
    }

    #[test]
    fn a_witness_script_address_has_32_bytes_of_program() {
        let address =
            p2wsh(&script(2, &vec![[vec![3], vec![9; 32]].concat(); 3]).expect("a script"), "bc").expect("an address");
        let (_, version, program) = segwit::decode(&address).expect("bech32");
        assert_eq!((version.to_u8(), program.len()), (0, 32));
    }

    fn public(secret: &[u8; 32]) -> Vec<u8> {
        SigningKey::from_slice(secret).expect("a key").verifying_key().to_encoded_point(true).as_bytes().to_vec()
    }

    #[test]
    fn two_of_three_signatures_in_any_order_make_the_witness_in_the_order_of_the_keys() {
        let secrets = [[1; 32], [2; 32], [3; 32]];
        let script = script(2, &secrets.iter().map(public).collect::<Vec<_>>()).expect("a script");
        let signatures: Vec<_> = secrets.iter().map(|secret| sign(secret, &[9; 32]).expect("a signature")).collect();
        let pair = [signatures[2].clone(), signatures[0].clone()];
        let back = [signatures[0].clone(), signatures[2].clone()];
        let witness = combine(&script, &[9; 32], &pair).expect("a witness");
        assert_eq!(witness, combine(&script, &[9; 32], &back).expect("a witness"));
        assert_eq!((witness.len(), witness[0].len(), &witness[3]), (4, 0, &script));
        let (_, keys) = parse(&script).expect("a script");
        let places = witness[1..3].iter().map(|one| keys.iter().position(|key| signed(key, &[9; 32], one)));
        assert!(places.collect::<Vec<_>>().is_sorted());
    }

    #[test]
    fn the_same_signature_twice_a_foreign_one_and_one_of_another_hash_do_not_count() {
        let script = script(2, &[public(&[1; 32]), public(&[2; 32])]).expect("a script");
        let one = sign(&[1; 32], &[9; 32]).expect("a signature");
        let foreign = sign(&[4; 32], &[9; 32]).expect("a signature");
        let other = sign(&[2; 32], &[8; 32]).expect("a signature");
        for second in [one.clone(), foreign, other, vec![], vec![ALL]] {
            assert_eq!(combine(&script, &[9; 32], &[one.clone(), second]), Err(Fault::TooFew));
        }
    }

    #[test]
    fn a_changed_or_cut_script_or_signature_never_panics() {
        let script = script(1, &[public(&[1; 32]), public(&[2; 32])]).expect("a script");
        let signature = sign(&[1; 32], &[9; 32]).expect("a signature");
        for place in 0..script.len() {
            let mut changed = script.clone();
            changed[place] ^= 0x21;
            let _ = combine(&changed, &[9; 32], std::slice::from_ref(&signature));
            let _ = parse(&script[..place]);
        }
        for place in 0..signature.len() {
            let mut changed = signature.clone();
            changed[place] ^= 0x01;
            assert_eq!(combine(&script, &[9; 32], &[changed]), Err(Fault::TooFew));
        }
    }
}
