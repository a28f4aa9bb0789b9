//! Scripts of m of n keys in Bitcoin: keys sorted by BIP-67, paid by P2SH (BIP-16) or P2WSH (BIP-141).
//! A second way to hold coins together, beside a threshold key; here every signer shows in the script.
use bech32::{Hrp, segwit};
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
}

impl Fault {
    pub fn text(self) -> &'static str {
        match self {
            Fault::Uncompressed => "a key is not in compressed form",
            Fault::Threshold => "the number of signatures is 1 to the number of keys, of at most 15 keys",
            Fault::Network => "the network's prefix is not bech32",
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
}
