//! A standby follows the same folder, takes it over, and a former owner that still lives is refused.
use crate::support::Folder;
use isthmus_core::broker::{Broker, BrokerError, Options};
use isthmus_core::journal::segment::{SegmentHeader, indices};
use isthmus_core::journal::{BadReason, Durability, Hash, JournalError, Lock, Reader, Tail, frame, verify};
use isthmus_core::messages::{Command, OpenAccount};
use std::fs;

fn options(durability: Durability) -> Options {
    Options { durability, segment_bytes: 1 << 14, snapshot_records: 1_000_000 }
}

fn apply(broker: &mut Broker, count: u64) -> Result<u64, JournalError> {
    for number in 0..count {
        let command = Command::OpenAccount(OpenAccount { kind: (number % 4) as u8, client_id: [0; 16], side: 0 });
        broker.stage_one(&command, 5, &[], |_, _| {});
    }
    broker.settle()
}

/// Catches up to the end and returns the sequences seen.
fn caught_up(standby: &mut Broker) -> Vec<u64> {
    let mut seen = Vec::new();
    while standby.catch_up(50, |entry| seen.push(entry.sequence)).unwrap() > 0 {}
    seen
}

fn epochs(folder: &Folder) -> Vec<u32> {
    let all = indices(&folder.0.join("journal")).unwrap();
    let header = |index: &u64| fs::read(folder.segment(*index)).unwrap()[..64].try_into().unwrap();
    all.iter().map(|index| SegmentHeader::decode(&header(index)).unwrap().epoch).collect()
}

#[test]
fn a_standby_sees_every_record_once_and_takes_over_when_the_lock_is_free() {
    for durability in [Durability::Never, Durability::Os, Durability::Group] {
        let folder = Folder::new();
        let mut owner = Broker::open(&folder.0, options(durability)).unwrap();
        let mut standby = Broker::stand_by(&folder.0, options(durability)).unwrap();
        assert_eq!(caught_up(&mut standby), [0u64; 0]);
        apply(&mut owner, 300).unwrap();
        owner.flusher().flush().unwrap();
        assert_eq!(caught_up(&mut standby), Vec::from_iter(1..=300));
        assert!(matches!(standby.take_over(false, |_| {}), Err(BrokerError::Journal(JournalError::Locked { .. }))));
        assert!(standby.stands_by(), "it goes on standing by");
        apply(&mut owner, 20).unwrap();
        owner.flusher().flush().unwrap();
        let (state, head) = (owner.engine.state(), owner.head());
        drop(owner);
        let mut seen = Vec::new();
        assert_eq!(standby.take_over(false, |entry| seen.push(entry.sequence)).unwrap(), 1);
        assert_eq!(seen, Vec::from_iter(301..=320));
        assert_eq!((standby.engine.state(), standby.head()), (state, head));
        apply(&mut standby, 10).unwrap();
        standby.close().unwrap();
        let verdict = verify(&folder.0, None).unwrap();
        assert_eq!((verdict.ok, verdict.records, verdict.tail), (true, 330, Some(Tail::Sealed)));
        let found = epochs(&folder);
        assert_eq!((found[0], found[found.len() - 1]), (0, 1));
        assert!(found.is_sorted());
    }
}

#[test]
fn a_former_owner_that_wakes_up_is_refused_and_harms_nothing() {
    for durability in [Durability::Os, Durability::Group] {
        let folder = Folder::new();
        let mut owner = Broker::open(&folder.0, options(durability)).unwrap();
        apply(&mut owner, 100).unwrap();
        let mut standby = Broker::stand_by(&folder.0, options(durability)).unwrap();
        let mut seen = 0;
        assert_eq!(standby.take_over(true, |_| seen += 1).unwrap(), 1);
        assert_eq!((seen, standby.engine.sequence), (100, 100));
        apply(&mut standby, 50).unwrap();
        for _ in 0..3 {
            assert!(matches!(apply(&mut owner, 200), Err(JournalError::Fenced { epoch: 1 })));
        }
        assert_eq!(owner.flusher().durable(), 100, "nothing is acknowledged any more");
        assert!(owner.close().is_err());
        drop(owner);
        apply(&mut standby, 5).unwrap();
        let (state, head) = (standby.engine.state_hash(), standby.head());
        drop(standby);
        let verdict = verify(&folder.0, Some(&head)).unwrap();
        assert_eq!((verdict.ok, verdict.records), (true, 155));
        assert_eq!(Broker::open(&folder.0, options(durability)).unwrap().engine.state_hash(), state);
    }
}

#[test]
fn what_a_former_owner_writes_after_the_take_over_reaches_nobody() {
    let folder = Folder::new();
    let mut owner = Broker::open(&folder.0, options(Durability::Never)).unwrap();
    apply(&mut owner, 100).unwrap();
    owner.flusher().flush().unwrap();
    let mut standby = Broker::stand_by(&folder.0, options(Durability::Os)).unwrap();
    standby.take_over(true, |_| {}).unwrap();
    let before = epochs(&folder);
    for _ in 0..2_000 {
        owner.stage(&Command::OpenAccount(OpenAccount { kind: 1, client_id: [0; 16], side: 0 }), 5, &[]);
        let _ = owner.make_room();
    }
    let _ = owner.settle();
    drop(owner);
    assert_eq!(epochs(&folder), before);
    apply(&mut standby, 1).unwrap();
    standby.close().unwrap();
    assert_eq!(verify(&folder.0, None).unwrap().records, 101);
}

#[test]
fn a_torn_end_of_the_former_owner_is_cut_by_the_one_who_takes_over() {
    let folder = Folder::new();
    let mut owner = Broker::open(&folder.0, options(Durability::Os)).unwrap();
    apply(&mut owner, 10).unwrap();
    drop(owner);
    let mut standby = Broker::stand_by(&folder.0, options(Durability::Os)).unwrap();
    assert_eq!(caught_up(&mut standby).len(), 10);
    let end = verify(&folder.0, None).unwrap().position.offset as usize;
    let mut bytes = fs::read(folder.segment(1)).unwrap();
    let begun = bytes[64..64 + 20].to_vec();
    bytes[end..end + 20].copy_from_slice(&begun);
    fs::write(folder.segment(1), bytes).unwrap();
    assert_eq!(caught_up(&mut standby), [0u64; 0], "a record that is not whole is waited for");
    standby.take_over(false, |_| {}).unwrap();
    assert!((1..=20).contains(&standby.recovered.torn_bytes), "{:?}", standby.recovered);
    apply(&mut standby, 1).unwrap();
    standby.close().unwrap();
    assert_eq!(verify(&folder.0, None).unwrap().records, 11);
}

#[test]
fn a_lost_lock_file_learns_the_epoch_from_the_journal() {
    let folder = Folder::new();
    apply(&mut Broker::open(&folder.0, options(Durability::Os)).unwrap(), 3).unwrap();
    for epoch in 1..=2 {
        let mut standby = Broker::stand_by(&folder.0, options(Durability::Os)).unwrap();
        assert_eq!(standby.take_over(false, |_| {}).unwrap(), epoch);
        apply(&mut standby, 1).unwrap();
    }
    fs::remove_file(folder.0.join("lock")).unwrap();
    let opened = Broker::open(&folder.0, options(Durability::Os)).unwrap();
    assert_eq!((opened.epoch(), Lock::epoch_of(&folder.0).unwrap()), (2, 2));
}

/// The frames from record `from` on, as a link sends them.
fn frames_from(folder: &Folder, from: u64) -> Vec<u8> {
    let mut reader = Reader::open(&folder.0, from, isthmus_core::journal::Check::Frames).unwrap();
    let mut frames = Vec::new();
    while let Some(entry) = reader.read().unwrap() {
        frame::whole(&mut frames, entry.body, entry.hash);
    }
    frames
}

#[test]
fn a_standby_elsewhere_takes_in_what_follows_and_nothing_else() {
    let (here, there) = (Folder::new(), Folder::new());
    let mut owner = Broker::open(&here.0, options(Durability::Os)).unwrap();
    let mut standby = Broker::open(&there.0, options(Durability::Os)).unwrap();
    let mut hashes: Vec<(Hash, Hash)> = Vec::new();
    for count in [1, 200, 7] {
        let from = owner.engine.sequence + 1;
        apply(&mut owner, count).unwrap();
        let frames = frames_from(&here, from);
        let receipt = standby.receive(&frames, |_, prev, hash| hashes.push((*prev, *hash))).unwrap();
        assert_eq!(receipt, owner.engine.sequence);
    }
    assert_eq!((standby.engine.state(), standby.head()), (owner.engine.state(), owner.head()));
    assert!(hashes.windows(2).all(|pair| pair[0].1 == pair[1].0));
    assert_eq!(verify(&there.0, Some(&owner.head())).unwrap().records, 208);

    let refused = |standby: &mut Broker, frames: &[u8]| match standby.receive(frames, |_, _, _| {}) {
        Err(BrokerError::Journal(JournalError::Damaged(bad))) => bad.reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&mut standby, &frames_from(&here, 1)), BadReason::Sequence);
    apply(&mut owner, 2).unwrap();
    let good = frames_from(&here, 209);
    for at in 0..good.len() {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        let reason = refused(&mut standby, &flipped);
        assert!(matches!(reason, BadReason::Crc | BadReason::Length | BadReason::Padding), "byte {at}: {reason}");
    }
    assert_eq!(refused(&mut standby, &good[..good.len() - 8]), BadReason::Length);
    assert_eq!(standby.engine.sequence, 208);
    assert_eq!(standby.receive(&good, |_, _, _| {}).unwrap(), 210);
}
