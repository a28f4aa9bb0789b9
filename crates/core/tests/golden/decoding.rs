//! What was cut off, or never written, is refused and never a panic; the fuzz targets (`fuzz/`) go further.
use isthmus_core::record::{NOTE_MAX, Origin, TEXT_MAX};
use isthmus_core::{Command, Engine, Message};

use super::{packed::Session, sessions};

fn engine_after(session: &Session) -> Engine {
    let mut engine = Engine::default();
    for (command, at) in &session.commands {
        engine.apply(command, *at, &mut Vec::new());
    }
    engine
}

#[test]
fn no_part_of_a_state_is_a_state() {
    for name in ["dark", "gate", "makers", "triggers"] {
        let state = engine_after(&sessions(name)[0]).state();
        assert!(Engine::from_state(&state).is_ok());
        for end in 0..state.len() {
            assert!(Engine::from_state(&state[..end]).is_err(), "{name}: {end} bytes");
        }
    }
}

#[test]
fn a_state_with_any_byte_at_its_greatest_is_refused_or_read_but_never_a_panic() {
    for name in ["dark", "gate", "makers", "triggers"] {
        let state = engine_after(&sessions(name)[1]).state();
        for at in 0..state.len() {
            let mut changed = state.clone();
            changed[at] = 255;
            let _ = Engine::from_state(&changed);
        }
    }
}

#[test]
fn every_command_of_the_sessions_is_written_as_it_was_read() {
    for (command, _) in sessions("worked").iter().flat_map(|session| &session.commands) {
        let mut bytes = Vec::new();
        command.encode(&mut bytes);
        assert_eq!(Command::decode(&bytes), Ok((*command, bytes.len())));
        assert!(Command::decode(&bytes[..bytes.len() - 1]).is_err(), "{command:?}");
    }
}

#[test]
fn an_origin_whose_text_is_longer_than_the_edge_lets_in_is_none() {
    let text = |length: usize| Origin { text: "x".repeat(length), session: 7, ..Origin::default() };
    let longest = text(TEXT_MAX).encode();
    assert_eq!(Origin::decode(&longest), Some(text(TEXT_MAX)));
    let mut longer = longest.clone();
    longer.push(b'x');
    longer[10] = TEXT_MAX as u8 + 1;
    assert_eq!(Origin::decode(&longer), None);
}

#[test]
fn a_note_stands_behind_the_text_and_one_longer_than_the_edge_lets_in_is_none() {
    let note = |length: usize| Origin { text: "id".into(), note: "x".repeat(length), ..Origin::default() };
    let longest = note(NOTE_MAX).encode();
    assert_eq!(Origin::decode(&longest), Some(note(NOTE_MAX)));
    assert_eq!(Origin::decode(&longest[..longest.len() - 8]), None);
    let mut longer = longest.clone();
    longer.extend_from_slice(&[b'x'; 8]);
    longer[12] += 1;
    assert_eq!(Origin::decode(&longer), None);
    let mut older = note(0).encode();
    assert_eq!(older[12..16], [0; 4]);
    older[12] = 6; // the zeros of the padding
    assert_eq!(Origin::decode(&older).map(|origin| origin.note), Some("\0".repeat(6)));
}

#[test]
fn a_halt_of_everything_is_read_from_a_state_of_rules_1() {
    for halted in [false, true] {
        let mut state = vec![0; 16];
        state.push(u8::from(halted));
        state.extend_from_slice(&[0; 6 * 8]); // no assets, instruments, accounts, orders, answers
        assert_eq!(Engine::from_state_of(1, &state).unwrap().halted, halted);
    }
}
