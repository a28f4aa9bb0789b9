//! What a proof is about: it begins every transcript.
use merlin::Transcript;

use super::pedersen;

/// `position`: the place of what is proven in the claim, as bytes that only this place has.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub claim: &'a str,
    pub root: &'a [u8; 32],
    pub day: &'a str,
    pub position: &'a [u8],
}

impl Context<'_> {
    pub(crate) fn transcript(&self) -> Transcript {
        let mut transcript = Transcript::new(b"isthmus/zero/v1");
        transcript.append_message(b"claim", self.claim.as_bytes());
        transcript.append_message(b"root", self.root);
        transcript.append_message(b"day", self.day.as_bytes());
        transcript.append_message(b"position", self.position);
        transcript.append_message(b"generators", &pedersen::generators());
        transcript
    }
}
