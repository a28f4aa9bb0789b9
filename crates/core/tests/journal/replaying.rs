//! A journal whose chain is whole but whose effects are not those of its commands is found by running it again.
use crate::support::Folder;
use isthmus_core::broker::{Broker, BrokerError};
use isthmus_core::journal::{Durability, Position, Writer, frame};
use isthmus_core::messages::{AddAsset, Code, Command, Deposit, OpenAccount};
use isthmus_core::record::HEAD;
use isthmus_core::replay::Replay;

fn bodies() -> Vec<Vec<u8>> {
    let mut code = [0; 16];
    code[..3].copy_from_slice(b"USD");
    let commands = [
        Command::AddAsset(AddAsset { code: Code(code), decimals: 2 }),
        Command::OpenAccount(OpenAccount { kind: 1, client_id: [0; 16], side: 0 }),
        Command::Deposit(Deposit { account: 16, asset: 1, amount: 5_000, client_id: [9; 16] }),
        Command::Deposit(Deposit { account: 99, asset: 1, amount: 5_000, client_id: [9; 16] }),
    ];
    let mut broker = Broker::in_memory();
    let stage = |command: &Command| broker.stage_one(command, 7, &[], |framed, frames| framed.body(frames).to_vec()).0;
    commands.iter().map(stage).collect()
}

/// Chains the bodies into a journal as a forger would, and runs it again.
fn rerun(bodies: &[Vec<u8>]) -> Result<Replay, BrokerError> {
    let folder = Folder::new();
    let mut frames = Vec::new();
    for body in bodies {
        let start = frame::begin(&mut frames);
        frames.extend_from_slice(body);
        frame::end(&mut frames, start);
    }
    frame::seal_all(&mut frames, &mut [0; 32], true, |_| {});
    let mut writer = Writer::open(&folder.0, Durability::Os, 1 << 16, Position::GENESIS).unwrap();
    writer.append(&frames).unwrap();
    Replay::newest(&folder.0).map(|(replay, _)| replay)
}

#[test]
fn what_was_recorded_runs_again() {
    let replay = rerun(&bodies()).unwrap();
    assert_eq!((replay.records, replay.engine.sequence), (4, 4));
    assert!(Broker::in_memory().engine.state_hash() != replay.engine.state_hash());
}

#[test]
fn every_flip_in_head_effects_and_padding_of_a_chained_record_is_found() {
    let honest = bodies();
    for (nth, body) in honest.iter().enumerate() {
        let command = u16::from_le_bytes([body[HEAD + 2], body[HEAD + 3]]) as usize + 4;
        // A sequence out of turn is the scan's to find; another time (stamp and flag 1) or command, chained anew, is another history.
        let of_no_consequence = |at: usize| at < 16 || at == 20 || (HEAD..HEAD + command).contains(&at);
        for at in (0..body.len()).filter(|at| !of_no_consequence(*at)) {
            let mut forged = honest.clone();
            forged[nth][at] ^= 1;
            match rerun(&forged) {
                Err(BrokerError::Differs { record } | BrokerError::OtherRelease { record, .. }) => {
                    assert_eq!(record, nth as u64 + 1, "byte {at}")
                }
                other => panic!("byte {at} of record {}: {:?}", nth + 1, other.map(|replay| replay.records)),
            }
        }
    }
}
