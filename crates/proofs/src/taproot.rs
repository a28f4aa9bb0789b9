//! Schnorr signatures of Bitcoin (BIP-340), output keys (BIP-341) and their addresses (BIP-350).
use bech32::{Hrp, segwit};
use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::sec1::ToEncodedPoint;
use k256::schnorr::{Signature, SigningKey, VerifyingKey};
use k256::{FieldBytes, ProjectivePoint, Scalar};
use sha2::{Digest, Sha256};

/// Why a key, a signature or a tweak is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The 32 bytes are no x coordinate of a point of the curve.
    PublicKey,
    /// The scalar is zero or not below the order of the group.
    SecretKey,
    /// r or s is out of range, or r is no x coordinate.
    Signature,
    /// The equation does not hold.
    Equation,
    /// The tweak is not below the order, or leads to infinity.
    Tweak,
    /// The human-readable part is not lowercase bech32.
    Network,
}

impl Fault {
    pub fn text(self) -> &'static str {
        match self {
            Fault::PublicKey => "the public key is no point of the curve",
            Fault::SecretKey => "the secret key is out of range",
            Fault::Signature => "the signature is out of range or no point of the curve",
            Fault::Equation => "the signature is not of this key and message",
            Fault::Tweak => "the tweak is out of range",
            Fault::Network => "the network's prefix is not bech32",
        }
    }
}

/// BIP-340 verification of a message of any length.
pub fn verify(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> Result<(), Fault> {
    let key = VerifyingKey::from_bytes(key).map_err(|_| Fault::PublicKey)?;
    let signature = Signature::try_from(signature.as_slice()).map_err(|_| Fault::Signature)?;
    key.verify_raw(message, &signature).map_err(|_| Fault::Equation)
}

/// BIP-340 signature of a message of any length with 32 bytes of auxiliary randomness; and the public key.
pub fn sign(secret: &[u8; 32], message: &[u8], auxiliary: &[u8; 32]) -> Result<([u8; 64], [u8; 32]), Fault> {
    let key = SigningKey::from_bytes(secret).map_err(|_| Fault::SecretKey)?;
    let signature = key.sign_raw(message, auxiliary).map_err(|_| Fault::Equation)?;
    Ok((signature.to_bytes(), key.verifying_key().to_bytes().into()))
}

/// SHA-256(SHA-256(tag) || SHA-256(tag) || data), BIP-340's tagged hash.
pub fn tagged(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let tag = Sha256::digest(tag.as_bytes());
    let mut sha = Sha256::new();
    sha.update(tag);
    sha.update(tag);
    parts.iter().for_each(|part| sha.update(part));
    sha.finalize().into()
}

/// The output key of an internal key: P + H_TapTweak(P || root) G. Without scripts the root is empty, which commits to there being none.
pub fn output_key(internal: &[u8; 32], root: Option<&[u8; 32]>) -> Result<[u8; 32], Fault> {
    let point = VerifyingKey::from_bytes(internal).map_err(|_| Fault::PublicKey)?;
    let tweak = tagged("TapTweak", &[internal, root.map_or(&[][..], |root| root)]);
    let tweak = Option::<Scalar>::from(Scalar::from_repr(FieldBytes::from(tweak))).ok_or(Fault::Tweak)?;
    let point = ProjectivePoint::from(*point.as_affine()) + ProjectivePoint::GENERATOR * tweak;
    let encoded = point.to_affine().to_encoded_point(false);
    Ok((*encoded.x().ok_or(Fault::Tweak)?).into())
}

/// The address of an output key: segwit version 1, bech32m; `network` is bc, tb or bcrt.
pub fn address(output: &[u8; 32], network: &str) -> Result<String, Fault> {
    VerifyingKey::from_bytes(output).map_err(|_| Fault::PublicKey)?;
    segwit::encode_v1(Hrp::parse(network).map_err(|_| Fault::Network)?, output).map_err(|_| Fault::Network)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> [u8; 32] {
        let mut out = [0; 32];
        for (place, byte) in out.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * place..2 * place + 2], 16).expect("hex");
        }
        out
    }

    /// BIP-341, wallet test vectors: scriptPubKey, first case (no script tree).
    #[test]
    fn an_internal_key_without_scripts_gives_the_address_of_bip_341() {
        let internal = bytes("d6889cb081036e0faefa3a35157ad71086b123b2b144b649798b494c300a961d");
        let output = output_key(&internal, None).expect("a point");
        assert_eq!(output, bytes("53a1f6e454df1aa2776a2814a721372d6258050de330b3c6d10ee8f4e0dda343"));
        let address = address(&output, "bc").expect("an address");
        assert_eq!(address, "bc1p2wsldez5mud2yam29q22wgfh9439spgduvct83k3pm50fcxa5dps59h4z5");
    }

    /// BIP-86, first receiving address of the test mnemonic.
    #[test]
    fn the_first_key_of_bip_86_gives_its_address() {
        let internal = bytes("cc8a4bc64d897bddc5fbc2f670f7a8ba0b386779106cf1223c6fc5d7cd6fc115");
        let output = output_key(&internal, None).expect("a point");
        assert_eq!(output, bytes("a60869f0dbcf1dc659c9cecbaf8050135ea9e8cdc487053f1dc6880949dc684c"));
        assert_eq!(
            address(&output, "bc").expect("an address"),
            "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"
        );
    }

    #[test]
    fn a_key_that_is_no_point_and_a_signature_with_a_flipped_bit_are_refused() {
        let (mut signature, key) = sign(&[7; 32], b"of any length", &[1; 32]).expect("a key");
        assert_eq!(verify(&key, b"of any length", &signature), Ok(()));
        assert_eq!(verify(&key, b"of another length", &signature), Err(Fault::Equation));
        assert_eq!(verify(&[0xff; 32], b"", &signature), Err(Fault::PublicKey));
        signature[63] ^= 1;
        assert_eq!(verify(&key, b"of any length", &signature), Err(Fault::Equation));
        assert_eq!(sign(&[0; 32], b"", &[0; 32]), Err(Fault::SecretKey));
    }
}
