//! The engine says what its naive twin in Python says: tests/golden/sessions, whose form tests/oracle/golden.py describes.
mod answers;
mod decoding;
mod packed;

use std::path::PathBuf;

use isthmus_core::Engine;
use isthmus_core::journal::frame::chain;
use isthmus_core::record::write_body;

use packed::{EVERY, Session};

const WORD: usize = 8;
/// Commands between two times that the engine goes on from the bytes of its state.
const RESTORED_EVERY: usize = 25;

fn sessions(name: &str) -> Vec<Session> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/sessions");
    let bytes = std::fs::read(folder.join(name).with_extension("bin")).unwrap();
    packed::sessions(&bytes)
}

/// Every head and all answers are the twin's. `restored_every`: the engine is made anew of its state so often.
fn replay(name: &str, restored_every: usize) {
    let sessions = sessions(name);
    assert!(!sessions.is_empty(), "{name} is empty");
    for (number, session) in sessions.iter().enumerate() {
        let (mut engine, mut head, mut body) = (Engine::default(), [0; 32], Vec::new());
        let mut heads = session.heads.chunks_exact(WORD);
        let commands: Vec<_> = session.commands.iter().map(|(command, _)| *command).collect();
        for (at, (command, moment)) in session.commands.iter().enumerate() {
            body.clear();
            engine.look_ahead(&commands[at..]);
            write_body(&mut engine, command, *moment, &[], &mut body);
            head = chain(&head, &body);
            if (at + 1) % EVERY == 0 || at + 1 == session.commands.len() {
                let expected = heads.next().unwrap();
                assert_eq!(head[..WORD], *expected, "{name} {number}: the records up to {} differ", at + 1);
            }
            if (at + 1) % restored_every == 0 {
                engine = restored(&engine, name, number);
            }
        }
        assert_eq!(answers::digest(&engine)[..WORD], *session.answers, "{name} {number}: the answers differ");
    }
}

fn restored(engine: &Engine, name: &str, number: usize) -> Engine {
    let state = engine.state();
    let again = Engine::from_state(&state).unwrap();
    assert!(again.state() == state, "{name} {number}: the state reads back as another");
    again
}

macro_rules! golden {
    ($($name:ident)*) => {$(
        mod $name {
            #[test]
            fn records_and_answers_are_the_twins() {
                super::replay(stringify!($name), usize::MAX);
            }

            #[test]
            fn an_engine_made_of_its_state_goes_on_as_the_twin() {
                super::replay(stringify!($name), super::RESTORED_EVERY);
            }
        }
    )*};
}
golden! { plain matching triggers sessions dark gate makers parents ledger margin contracts worked }
