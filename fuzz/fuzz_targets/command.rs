//! Decoding a command or an effect never panics, and what is decoded is written as it was read.
#![no_main]
use isthmus_core::{Command, Effect, Message};
use libfuzzer_sys::fuzz_target;

fn written(message: &impl Message) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(&mut out);
    out
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok((command, length)) = Command::decode(bytes) {
        assert_eq!(written(&command), bytes[..length]);
        assert_eq!(Command::decode_older(bytes), Ok((command, length)));
    }
    if let Ok((effect, length)) = Effect::decode(bytes) {
        assert_eq!(written(&effect), bytes[..length]);
        assert_eq!(Effect::decode_older(bytes), Ok((effect, length)));
    }
    if let Ok((older, _)) = Command::decode_older(bytes) {
        let whole = written(&older);
        assert_eq!(Command::decode(&whole), Ok((older, whole.len())));
    }
});
