//! The record: one command and its effects as canonical bytes, staged for the chain that ties each to the one before.
//!
//! Layout of the body: docs/reference/engine.md, "Record and journal".
use crate::engine::{Engine, Passed};
use crate::journal::frame;
use crate::messages::{BadMessage, Command, Effect, Message};

/// The version of the body's layout.
pub const FORMAT: u16 = 1;
/// The version of the engine's behaviour.
pub const RULES: u16 = 4;
/// Flag: the command's time lay before the last stamp; the stamp stands still.
pub const CLOCK_HELD: u16 = 1;
/// Bytes before the origin block.
pub const HEAD: usize = 32;
/// The longest client's id text, and the longest note, in bytes.
pub const TEXT_MAX: usize = 128;
pub const NOTE_MAX: usize = 1_024;

/// Where a command came from, in ids, and a note: what the sender says about it. Copied, never read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    pub session: u32,
    pub user: u32,
    pub role: u8,
    pub gateway: u8,
    pub received_at: u64,
    pub text: String,
    pub instruction: Option<[u8; 32]>,
    pub note: String,
}

impl Origin {
    const FIXED: usize = 24;

    /// The origin block. Text and note are within [`TEXT_MAX`] and [`NOTE_MAX`] bytes by whoever takes them in.
    pub fn encode(&self) -> Vec<u8> {
        assert!(self.text.len() <= TEXT_MAX, "the edge bounds the client's id text");
        assert!(self.note.len() <= NOTE_MAX, "the edge bounds the note");
        let mut out = Vec::with_capacity(Self::FIXED + 32 + TEXT_MAX + self.note.len());
        out.extend_from_slice(&self.session.to_le_bytes());
        out.extend_from_slice(&self.user.to_le_bytes());
        let flags = u8::from(self.instruction.is_some());
        out.extend_from_slice(&[self.role, self.gateway, self.text.len() as u8, flags]);
        out.extend_from_slice(&(self.note.len() as u16).to_le_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&self.received_at.to_le_bytes());
        if let Some(instruction) = &self.instruction {
            out.extend_from_slice(instruction);
        }
        out.extend_from_slice(self.text.as_bytes());
        out.extend_from_slice(self.note.as_bytes());
        out.resize(out.len().next_multiple_of(8), 0);
        out
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        let fixed = bytes.get(..Self::FIXED)?;
        let word = |at: usize| fixed[at..at + 4].try_into().map(u32::from_le_bytes).ok();
        let hashed = fixed[11] & 1 == 1;
        let at = Self::FIXED + if hashed { 32 } else { 0 };
        let note_at = at + fixed[10] as usize;
        let text = bytes.get(at..note_at).filter(|text| text.len() <= TEXT_MAX)?;
        let noted = usize::from(u16::from_le_bytes([fixed[12], fixed[13]]));
        let note = bytes.get(note_at..note_at + noted).filter(|note| note.len() <= NOTE_MAX)?;
        Some(Self {
            session: word(0)?,
            user: word(4)?,
            role: fixed[8],
            gateway: fixed[9],
            received_at: u64::from_le_bytes(fixed[16..24].try_into().ok()?),
            text: String::from_utf8(text.to_vec()).ok()?,
            instruction: if hashed { Some(bytes.get(Self::FIXED..at)?.try_into().ok()?) } else { None },
            note: String::from_utf8(note.to_vec()).ok()?,
        })
    }
}

/// Appends the body of one pass to `out`; returns where in it the effects lie, too.
#[inline]
pub fn write_body(
    engine: &mut Engine,
    command: &Command,
    at: u64,
    origin: &[u8],
    out: &mut Vec<u8>,
) -> (Passed, (usize, usize)) {
    let start = out.len();
    out.extend_from_slice(&[0; HEAD]);
    out.extend_from_slice(origin);
    command.encode(out);
    let effects_at = out.len();
    let passed = engine.apply(command, at, out);
    let effects_end = out.len();
    let effects_bytes = (effects_end - effects_at) as u32;
    out.resize(start + (effects_end - start).next_multiple_of(8), 0);
    let flags = if passed.clock_held { CLOCK_HELD } else { 0 };
    let head = &mut out[start..start + HEAD];
    head[..8].copy_from_slice(&engine.sequence.to_le_bytes());
    head[8..16].copy_from_slice(&engine.stamp.to_le_bytes());
    head[16..18].copy_from_slice(&FORMAT.to_le_bytes());
    head[18..20].copy_from_slice(&RULES.to_le_bytes());
    head[20..22].copy_from_slice(&flags.to_le_bytes());
    head[22..24].copy_from_slice(&(origin.len() as u16).to_le_bytes());
    head[24..28].copy_from_slice(&passed.effects.to_le_bytes());
    head[28..32].copy_from_slice(&effects_bytes.to_le_bytes());
    (passed, (effects_at, effects_end))
}

/// A body taken apart; borrows its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    pub sequence: u64,
    pub stamp: u64,
    pub rules: u16,
    pub flags: u16,
    pub origin: &'a [u8],
    pub command: Command,
    pub effects: &'a [u8],
    pub count: u32,
}

/// The body is not one that this release can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadBody;

impl From<BadMessage> for BadBody {
    fn from(_: BadMessage) -> Self {
        Self
    }
}

impl<'a> Body<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self, BadBody> {
        let head = bytes.get(..HEAD).ok_or(BadBody)?;
        let u16_at = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
        let u32_at = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        if u16_at(16) != FORMAT {
            return Err(BadBody);
        }
        let command_at = HEAD + u16_at(22) as usize;
        let origin = bytes.get(HEAD..command_at).ok_or(BadBody)?;
        let rules = u16_at(18);
        let decode = if rules < RULES { Command::decode_older } else { Command::decode };
        let (command, length) = decode(&bytes[command_at..])?;
        let effects_at = command_at + length;
        let end = effects_at.checked_add(u32_at(28) as usize).ok_or(BadBody)?;
        let effects = bytes.get(effects_at..end).ok_or(BadBody)?;
        let padding = &bytes[end..];
        if bytes.len() != end.next_multiple_of(8) || padding.iter().any(|byte| *byte != 0) {
            return Err(BadBody);
        }
        Ok(Self {
            sequence: u64_at(0),
            stamp: u64_at(8),
            rules,
            flags: u16_at(20),
            origin,
            command,
            effects,
            count: u32_at(24),
        })
    }

    /// The effects in order.
    pub fn each_effect(&self, mut take: impl FnMut(Effect)) -> Result<(), BadBody> {
        let decode = if self.rules < RULES { Effect::decode_older } else { Effect::decode };
        let mut rest = self.effects;
        while !rest.is_empty() {
            let (effect, length) = decode(rest)?;
            take(effect);
            rest = &rest[length..];
        }
        Ok(())
    }
}

/// Where a record lies in the frames that it was staged into.
#[derive(Debug, Clone, Copy)]
pub struct Framed {
    pub start: usize,
    pub end: usize,
    pub passed: Passed,
    effects: (usize, usize),
}

impl Framed {
    /// The encoded effects within the frames.
    #[inline]
    pub fn effects<'a>(&self, frames: &'a [u8]) -> &'a [u8] {
        &frames[self.effects.0..self.effects.1]
    }

    /// The body within the frames.
    #[inline]
    pub fn body<'a>(&self, frames: &'a [u8]) -> &'a [u8] {
        &frames[self.start + frame::HEADER_BYTES..self.end - frame::FOOTER_BYTES]
    }
}

/// Applies one command and appends its frame, which is not chained yet. `summed`: it will be written.
#[inline]
pub fn stage(
    engine: &mut Engine,
    (command, at, origin): (&Command, u64, &[u8]),
    summed: bool,
    frames: &mut Vec<u8>,
) -> Framed {
    let start = frame::begin(frames);
    let (passed, effects) = write_body(engine, command, at, origin, frames);
    if summed {
        frame::end(frames, start)
    } else {
        frame::end_unsummed(frames, start)
    }
    Framed { start, end: frames.len(), passed, effects }
}
