//! Reading the canonical bytes of a state never panics, whatever they are. Whether they are those that were written is
//! not for the reader to find out: a snapshot carries their SHA-256.
//!
//! The input says which state of the golden sessions is taken and what of it is overwritten: (place, byte), three bytes
//! each, the place counted from the one before. The sequence stays: room is made for orders up to it. `RAW` takes the input itself as a state; so does `OLDER`, of rules 1.
#![no_main]
use isthmus_core::Engine;
use libfuzzer_sys::fuzz_target;

#[path = "../../crates/core/tests/golden/packed.rs"]
mod packed;

const RAW: u8 = 255;
const OLDER: u8 = 254;
const SEQUENCE_BYTES: usize = 8;
/// A greater one would ask for more memory than is worth the while.
const SEQUENCE_MAX: u64 = 1 << 24;
/// Of each golden file.
const STATES: usize = 6;

fn states() -> Vec<Vec<u8>> {
    let files: [&[u8]; 5] = [
        include_bytes!("../../tests/golden/sessions/matching.bin"),
        include_bytes!("../../tests/golden/sessions/triggers.bin"),
        include_bytes!("../../tests/golden/sessions/dark.bin"),
        include_bytes!("../../tests/golden/sessions/makers.bin"),
        include_bytes!("../../tests/golden/sessions/gate.bin"),
    ];
    files.iter().flat_map(|file| packed::sessions(file).into_iter().take(STATES)).map(|s| state_of(&s)).collect()
}

fn state_of(session: &packed::Session) -> Vec<u8> {
    let mut engine = Engine::default();
    for (command, at) in &session.commands {
        engine.apply(command, *at, &mut Vec::new());
    }
    engine.state()
}

thread_local! {
    static GOLDEN: Vec<Vec<u8>> = states();
}

fn changed(state: &mut [u8], patches: &[u8]) {
    let mut place = 0;
    for patch in patches.chunks_exact(3) {
        place = (place + usize::from(patch[0]) + 256 * usize::from(patch[1])) % (state.len() - SEQUENCE_BYTES);
        state[SEQUENCE_BYTES + place] = patch[2];
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((which, rest)) = bytes.split_first() else { return };
    let sequence = rest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    match *which {
        RAW | OLDER if sequence > SEQUENCE_MAX => {}
        RAW => drop(Engine::from_state(rest)),
        OLDER => drop(Engine::from_state_of(1, rest)),
        which => {
            let mut state = GOLDEN.with(|golden| golden[which as usize % golden.len()].clone());
            changed(&mut state, rest);
            let read = Engine::from_state(&state);
            assert!(!rest.is_empty() || read.is_ok_and(|engine| engine.state() == state), "a golden state is refused");
        }
    }
});
