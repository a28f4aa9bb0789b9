//! The text of a checkpoint (C2SP tlog-checkpoint): a log's name, its size and the root of its tree.
use crate::fault::LogError;
use crate::hash::Hash;
use base64ct::{Base64, Encoding};
use std::fmt;

/// What a log commits to; any lines behind are its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// Reads the text of a note; refused as `malformed_checkpoint`.
    pub fn parse(text: &str) -> Result<Self, LogError> {
        let refused = |reason: &str| LogError::refused("malformed_checkpoint", reason);
        let text = text.strip_suffix('\n').ok_or_else(|| refused("its last line does not end"))?;
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(refused("it has not three lines"));
        };
        if origin.is_empty() {
            return Err(refused("it names no log"));
        }
        let size = decimal(size).ok_or_else(|| refused("its size is no number"))?;
        let mut bytes = [0; 33];
        let root = Base64::decode(root, &mut bytes).ok().and_then(|raw| raw.try_into().ok());
        let root = root.ok_or_else(|| refused("its root is not 32 bytes in base64"))?;
        let extensions: Vec<String> = lines.map(String::from).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(refused("it has an empty line"));
        }
        Ok(Self { origin: origin.into(), size, root, extensions })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}\n{}\n{}", self.origin, self.size, Base64::encode_string(&self.root))?;
        self.extensions.iter().try_for_each(|line| writeln!(out, "{line}"))
    }
}

/// A number as a machine prints it: no sign, no zeros in front. A size is below 2^63, as the formats have it.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|sign| sign.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|number| plain && *number <= i64::MAX as u64)
}
