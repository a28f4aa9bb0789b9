//! Snapshots come from a follower that runs the journal again; a start re-runs no more than the follower left.
use crate::support::{Folder, Mix};
use isthmus_core::broker::{Broker, BrokerError, Options};
use isthmus_core::follower::Follower;
use isthmus_core::journal::{Durability, snapshot_file};
use isthmus_core::messages::{Command, OpenAccount};
use std::fs;
use std::time::{Duration, Instant};

const EVERY: u64 = 500;
const OPTIONS: Options = Options { durability: Durability::Os, segment_bytes: 1 << 16, snapshot_records: EVERY };

fn open(folder: &Folder) -> Broker {
    Broker::open(&folder.0, OPTIONS).unwrap()
}

fn apply(broker: &mut Broker, count: u64) {
    let mut mix = Mix(broker.engine.sequence);
    for _ in 0..count {
        let command = Command::OpenAccount(OpenAccount { kind: (mix.next() % 5) as u8, client_id: [0; 16], side: 0 });
        broker.stage(&command, 1, &[]);
        broker.make_room().unwrap();
    }
    broker.settle().unwrap();
}

fn wait_until(what: impl Fn() -> bool) {
    let started = Instant::now();
    while !what() {
        assert!(started.elapsed() < Duration::from_secs(20), "it never came");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_follower_comes_to_the_state_that_the_engine_is_in() {
    let folder = Folder::new();
    let mut broker = open(&folder);
    let mut follower = Follower::open(&folder.0, 0).unwrap();
    assert_eq!(follower.step(10, |_| {}).unwrap(), 0, "there is nothing yet");
    for count in [1, 40, 0, 700] {
        apply(&mut broker, count);
        while follower.step(64, |_| {}).unwrap() > 0 {}
        assert_eq!(follower.sequence(), broker.engine.sequence);
        assert_eq!(follower.replay.engine.state(), broker.engine.state());
        assert_eq!(follower.replay.head, broker.head());
    }
}

#[test]
fn a_snapshot_is_made_whenever_so_many_records_came_and_bounds_what_a_start_runs_again() {
    let folder = Folder::new();
    let mut broker = open(&folder);
    for _ in 0..8 {
        apply(&mut broker, 300);
        if let Some(following) = broker.followed() {
            wait_until(|| {
                following.sequence() - following.saved() < EVERY && following.sequence() == broker.engine.sequence
            });
        }
    }
    let state = broker.engine.state_hash();
    drop(broker);
    let broker = open(&folder);
    assert!(broker.recovered.records < EVERY, "{:?}", broker.recovered);
    assert_eq!((broker.engine.sequence, broker.engine.state_hash()), (2_400, state));
}

#[test]
fn few_records_need_no_follower_and_a_clean_stop_leaves_a_snapshot_of_all() {
    let folder = Folder::new();
    let mut broker = open(&folder);
    apply(&mut broker, EVERY - 1);
    assert!(broker.followed().is_none());
    let state = broker.engine.state();
    broker.close().unwrap();
    let found = snapshot_file::latest(&folder.0).unwrap().unwrap();
    assert_eq!((found.of.sequence, found.of.stamp, found.state), (EVERY - 1, 1, state));
    assert_eq!(open(&folder).recovered.records, 0);
}

#[test]
fn an_empty_journal_has_nothing_to_snapshot_and_closes_well() {
    let folder = Folder::new();
    let mut broker = open(&folder);
    assert!(broker.snapshot().is_err());
    broker.close().unwrap();
    assert_eq!(snapshot_file::list(&folder.0).unwrap(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_snapshot_that_cannot_be_written_is_told_and_comes_when_there_is_room() {
    let folder = Folder::new();
    let mut broker = open(&folder);
    apply(&mut broker, 10);
    let following = broker.following().unwrap();
    fs::write(folder.0.join("snapshots"), b"in the way").unwrap();
    let fault = broker.snapshot().unwrap_err();
    assert!(matches!(*fault, BrokerError::Journal(_)), "{fault}");
    assert!(following.fault().unwrap().contains("snapshots"));
    fs::remove_file(folder.0.join("snapshots")).unwrap();
    assert!(broker.snapshot().unwrap().exists());
    assert_eq!(following.fault(), None);
}

#[test]
fn a_follower_whose_journal_is_damaged_says_so_and_makes_no_snapshot() {
    let folder = Folder::new();
    let mut broker = open(&folder);
    apply(&mut broker, 100);
    let path = folder.segment(1);
    let mut bytes = fs::read(&path).unwrap();
    bytes[64 + 8 + 40] ^= 1;
    fs::write(&path, bytes).unwrap();
    let fault = broker.snapshot().unwrap_err();
    assert!(fault.to_string().contains("record 1 "), "{fault}");
    assert!(broker.snapshot().is_err(), "a second time too");
}
