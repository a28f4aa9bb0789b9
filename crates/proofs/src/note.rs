//! Signed notes (C2SP signed-note) and the cosignatures of witnesses (C2SP tlog-cosignature, cosignature/v1).
//!
//! A note is a text, an empty line and signature lines `— name base64(key id || signature)`. Signatures by unknown keys
//! are kept and never judged; whoever wants to trust the text asks for a key's verdict.
use crate::fault::LogError;
use base64ct::{Base64, Encoding};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// An Ed25519 signature of the text itself.
pub const ED25519: u8 = 0x01;
/// An Ed25519 signature of the time and the text, by a witness.
pub const COSIGNATURE: u8 = 0x04;
/// No note that is read is longer; the same limit as that of Go's sumdb/note.
pub const NOTE_BYTES_MAX: usize = 1_000_000;
/// No note that is read has more signatures.
pub const SIGNATURES_MAX: usize = 100;

const DASH: &str = "\u{2014}";
const PRIVATE: &str = "PRIVATE+KEY+";

/// The first four bytes of SHA-256(name || 0x0A || type || key).
pub type KeyId = [u8; 4];

/// One line behind a note: who says that he signed, with which key, and the bytes that are to prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub name: String,
    pub id: KeyId,
    pub signature: Vec<u8>,
}

impl Line {
    /// Reads `— name base64` without its line feed.
    pub fn parse(line: &str) -> Result<Self, LogError> {
        let refused = |reason: &str| LogError::refused("malformed_note", format!("a signature line {reason}"));
        let (name, blob) = line
            .strip_prefix(DASH)
            .and_then(|rest| rest.strip_prefix(' '))
            .and_then(|rest| rest.split_once(' '))
            .ok_or_else(|| refused("is not of the form dash, name, base64"))?;
        if !is_name(name) {
            return Err(refused("has a name that no key can have"));
        }
        let raw = Base64::decode_vec(blob).map_err(|_| refused("is no base64"))?;
        match raw.split_first_chunk::<4>() {
            Some((id, signature)) if !signature.is_empty() => {
                Ok(Self { name: name.into(), id: *id, signature: signature.into() })
            }
            _ => Err(refused("has no key id and signature")),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raw = [&self.id[..], &self.signature].concat();
        write!(out, "{DASH} {} {}", self.name, Base64::encode_string(&raw))
    }
}

/// A text, which ends in a line feed, and the lines that claim to sign it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub text: String,
    pub lines: Vec<Line>,
}

impl Note {
    /// Reads a note; refused as `malformed_note`.
    pub fn parse(raw: &[u8]) -> Result<Self, LogError> {
        let refused = |reason: &str| LogError::refused("malformed_note", reason);
        if raw.len() > NOTE_BYTES_MAX {
            return Err(refused("it is longer than a note may be"));
        }
        let whole = std::str::from_utf8(raw).map_err(|_| refused("it is no UTF-8"))?;
        if whole.chars().any(|sign| sign < ' ' && sign != '\n') {
            return Err(refused("it has a control character"));
        }
        let at = whole.rfind("\n\n").ok_or_else(|| refused("it has no empty line before signatures"))?;
        let (text, lines) = (&whole[..=at], &whole[at + 2..]);
        let lines = lines.strip_suffix('\n').ok_or_else(|| refused("it has no signature line that ends"))?;
        let lines: Vec<Line> = lines.split('\n').take(SIGNATURES_MAX + 1).map(Line::parse).collect::<Result<_, _>>()?;
        if lines.len() > SIGNATURES_MAX {
            return Err(refused("it has too many signatures"));
        }
        Ok(Self { text: text.into(), lines })
    }

    /// The first line by this key that holds: its time if it is a witness's, else None. Else `not_signed` or `bad_signature`.
    pub fn signed_by(&self, key: &Verifier) -> Result<Option<u64>, LogError> {
        let mut found = false;
        for line in self.lines.iter().filter(|line| line.name == key.name && line.id == key.id) {
            found = true;
            if let Some(time) = key.judge(&self.text, &line.signature) {
                return Ok(time);
            }
        }
        let (name, what) = if found { ("bad_signature", "does not hold") } else { ("not_signed", "is absent") };
        Err(LogError::refused(name, format!("the signature by {} {what}", key.name)))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.text)?;
        self.lines.iter().try_for_each(|line| writeln!(out, "{line}"))
    }
}

/// Whose signatures are believed: a name, a kind of signature and an Ed25519 key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    pub name: String,
    pub kind: u8,
    pub id: KeyId,
    key: VerifyingKey,
}

impl Verifier {
    /// Of a key of 32 bytes; refused as `bad_key`.
    pub fn new(name: &str, kind: u8, key: &[u8]) -> Result<Self, LogError> {
        let refused = |reason: &str| LogError::refused("bad_key", format!("the key of {name:?} {reason}"));
        if !is_name(name) {
            return Err(refused("has a name that no key can have"));
        }
        if !matches!(kind, ED25519 | COSIGNATURE) {
            return Err(refused("is neither Ed25519 (1) nor of a witness (4)"));
        }
        let raw: &[u8; 32] = key.try_into().map_err(|_| refused("has not 32 bytes"))?;
        let key = VerifyingKey::from_bytes(raw).map_err(|_| refused("is no point of the curve"))?;
        Ok(Self { name: name.into(), kind, id: key_id(name, kind, raw), key })
    }

    /// Reads `name+id+base64(kind || key)`; refused as `bad_key`.
    pub fn parse(text: &str) -> Result<Self, LogError> {
        let (name, id, blob) = parts(text)?;
        let (kind, key) = blob.split_first().ok_or_else(|| LogError::refused("bad_key", "it is empty"))?;
        let key = Self::new(name, *kind, key)?;
        if key.id == id { Ok(key) } else { Err(LogError::refused("bad_key", "its id is that of another key")) }
    }

    pub fn public(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// The time of a cosignature, None of a plain one, or no verdict at all where it does not hold.
    fn judge(&self, text: &str, signature: &[u8]) -> Option<Option<u64>> {
        let (time, signature) = match self.kind {
            COSIGNATURE => {
                let (time, signature) = signature.split_first_chunk::<8>()?;
                (Some(u64::from_be_bytes(*time)), signature)
            }
            _ => (None, signature),
        };
        let signature = Signature::from_slice(signature).ok()?;
        self.key.verify_strict(message(text, time).as_bytes(), &signature).ok()?;
        Some(time)
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = Base64::encode_string(&[&[self.kind], &self.public()[..]].concat());
        write!(out, "{}+{:08x}+{blob}", self.name, u32::from_be_bytes(self.id))
    }
}

/// Signs notes. Its secret is wiped when dropped, and never shown but by `private`.
pub struct Signer {
    key: SigningKey,
    verifier: Verifier,
}

impl Signer {
    /// Of the 32 secret bytes that RFC 8032 calls the private key.
    pub fn new(name: &str, kind: u8, secret: &[u8; 32]) -> Result<Self, LogError> {
        let key = SigningKey::from_bytes(secret);
        let verifier = Verifier::new(name, kind, key.verifying_key().as_bytes())?;
        Ok(Self { key, verifier })
    }

    /// A new key by the operating system's randomness.
    pub fn generate(name: &str, kind: u8) -> Result<Self, LogError> {
        let key = SigningKey::generate(&mut OsRng);
        Self::new(name, kind, key.as_bytes())
    }

    /// Reads `PRIVATE+KEY+name+id+base64(kind || secret)`; refused as `bad_key`, without showing any of it.
    pub fn parse(text: &str) -> Result<Self, LogError> {
        let refused = |reason: &str| LogError::refused("bad_key", format!("the private key {reason}"));
        let rest = text.trim_end_matches('\n').strip_prefix(PRIVATE).ok_or_else(|| refused("has another form"))?;
        let (name, id, blob) = parts(rest).map_err(|_| refused("is not name, id and base64"))?;
        let (kind, secret) = blob.split_first().ok_or_else(|| refused("is empty"))?;
        let secret: &[u8; 32] = secret.try_into().map_err(|_| refused("has not 32 bytes"))?;
        let signer = Self::new(name, *kind, secret)?;
        if signer.verifier.id == id { Ok(signer) } else { Err(refused("has the id of another key")) }
    }

    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The form that `parse` reads.
    pub fn private(&self) -> Zeroizing<String> {
        let mut blob = Zeroizing::new([self.verifier.kind; 33]);
        blob[1..].copy_from_slice(self.key.as_bytes());
        let secret = Zeroizing::new(Base64::encode_string(&blob[..]));
        let id = u32::from_be_bytes(self.verifier.id);
        Zeroizing::new(format!("{PRIVATE}{}+{id:08x}+{}", self.verifier.name, *secret))
    }

    /// A line of this key below a text; `time` (Unix seconds) is part of a witness's signature and of no other.
    pub fn sign(&self, text: &str, time: u64) -> Line {
        let time = (self.verifier.kind == COSIGNATURE).then_some(time);
        let signature = self.key.sign(message(text, time).as_bytes()).to_bytes();
        let mut bytes = time.map_or(Vec::new(), |time| time.to_be_bytes().to_vec());
        bytes.extend_from_slice(&signature);
        Line { name: self.verifier.name.clone(), id: self.verifier.id, signature: bytes }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Signer({})", self.verifier)
    }
}

fn message(text: &str, time: Option<u64>) -> String {
    match time {
        Some(time) => format!("cosignature/v1\ntime {time}\n{text}"),
        None => text.into(),
    }
}

fn key_id(name: &str, kind: u8, key: &[u8; 32]) -> KeyId {
    let sha = Sha256::new().chain_update(name).chain_update([b'\n', kind]).chain_update(key).finalize();
    *sha.first_chunk().expect("a digest is longer")
}

/// Name, key id and what follows of `name+id+base64`.
fn parts(text: &str) -> Result<(&str, KeyId, Zeroizing<Vec<u8>>), LogError> {
    let refused = |reason: &str| LogError::refused("bad_key", reason);
    let mut fields = text.trim_end_matches('\n').splitn(3, '+');
    let (Some(name), Some(id), Some(blob)) = (fields.next(), fields.next(), fields.next()) else {
        return Err(refused("it is not name+id+base64"));
    };
    let is_hex = id.len() == 8 && id.bytes().all(|sign| matches!(sign, b'0'..=b'9' | b'a'..=b'f'));
    let id = u32::from_str_radix(id, 16).ok().filter(|_| is_hex).ok_or_else(|| refused("its id has not 8 digits"))?;
    let blob = Base64::decode_vec(blob).map_err(|_| refused("its key is no base64"))?;
    Ok((name, id.to_be_bytes(), Zeroizing::new(blob)))
}

/// Not empty, without spaces (of any script) and without `+`.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|sign| sign.is_whitespace() || sign == '+' || sign.is_control())
}
