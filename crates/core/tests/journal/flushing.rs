//! What is staged is chained and written once, in order, by whoever flushes or by the thread that drains ahead.
use crate::support::Folder;
use isthmus_core::broker::{Broker, Options};
use isthmus_core::flusher::{Drain, Flusher, Link};
use isthmus_core::journal::{Durability, Hash, JournalError, frame, verify_with};
use isthmus_core::messages::{AddAsset, Code, Command, OpenAccount};
use std::fs;

fn options(durability: Durability) -> Options {
    Options { durability, segment_bytes: 1 << 20, snapshot_records: 3_000 }
}

fn command(number: u64) -> Command {
    if number.is_multiple_of(3) {
        let mut code = [0; 16];
        code[..8].copy_from_slice(format!("{number:08}").as_bytes());
        return Command::AddAsset(AddAsset { code: Code(code), decimals: 2 });
    }
    Command::OpenAccount(OpenAccount { kind: 1, client_id: [0; 16], side: 0 })
}

fn single(broker: &mut Broker, number: u64) -> (Vec<u8>, Link) {
    broker.stage_one(&command(number), number, &[], |framed, frames| framed.body(frames).to_vec())
}

fn batch(broker: &mut Broker, numbers: std::ops::Range<u64>, bodies: &mut Vec<Vec<u8>>) -> Result<(), JournalError> {
    for number in numbers {
        let framed = broker.stage(&command(number), number, &[]);
        bodies.push(framed.body(broker.frames()).to_vec());
        broker.make_room()?;
    }
    broker.settle().map(|_| ())
}

/// The hashes of a chain that begins with nothing.
fn chained(bodies: &[Vec<u8>]) -> Vec<Hash> {
    let mut head = [0; 32];
    let next = |body: &Vec<u8>| {
        head = frame::chain(&head, body);
        head
    };
    bodies.iter().map(next).collect()
}

fn written(folder: &Folder) -> Vec<(Vec<u8>, Hash)> {
    let mut found = Vec::new();
    let verdict = verify_with(&folder.0, None, |_, body, hash| found.push((body.to_vec(), *hash))).unwrap();
    assert!(verdict.ok, "{verdict:?}");
    found
}

/// Singles and batches in turns, batches large enough that the draining thread has work.
fn session(broker: &mut Broker) -> (Vec<Vec<u8>>, Vec<(usize, Link)>) {
    let (mut bodies, mut links) = (Vec::new(), Vec::new());
    let mut number = 1;
    for round in 0..6u64 {
        for _ in 0..round * 40 {
            let (body, link) = single(broker, number);
            bodies.push(body);
            if number.is_multiple_of(7) {
                links.push((bodies.len() - 1, link));
            }
            number += 1;
        }
        broker.settle().unwrap();
        let most = number + 4_000 * (round % 3);
        batch(broker, number..most, &mut bodies).unwrap();
        number = most;
    }
    (bodies, links)
}

fn links_are_right(links: &[(usize, Link)], hashes: &[Hash]) {
    assert!(!links.is_empty());
    for (at, link) in links {
        let before = if *at == 0 { [0; 32] } else { hashes[at - 1] };
        assert_eq!((link.prev(), link.hash()), (before, hashes[*at]), "record {}", at + 1);
    }
}

#[test]
fn singles_and_batches_are_one_chain_on_disk_under_every_durability() {
    for durability in [Durability::Never, Durability::Os, Durability::Group] {
        let folder = Folder::new();
        let mut broker = Broker::open(&folder.0, options(durability)).unwrap();
        let (bodies, links) = session(&mut broker);
        let hashes = chained(&bodies);
        if durability != Durability::Never {
            assert_eq!(broker.flusher().durable(), bodies.len() as u64);
            assert_eq!(written(&folder).len(), bodies.len(), "{durability:?}: what is durable is in the file");
        }
        assert_eq!(broker.head(), *hashes.last().unwrap());
        links_are_right(&links, &hashes);
        broker.close().unwrap();
        assert_eq!(written(&folder), bodies.into_iter().zip(hashes).collect::<Vec<_>>(), "{durability:?}");
    }
}

#[test]
fn an_engine_in_memory_has_the_same_chain() {
    let mut broker = Broker::in_memory();
    let (bodies, links) = session(&mut broker);
    let hashes = chained(&bodies);
    links_are_right(&links, &hashes);
    assert_eq!(broker.head(), *hashes.last().unwrap());
}

#[test]
fn a_batch_that_was_not_settled_is_gone_on_with_by_whatever_comes_next() {
    let mut broker = Broker::in_memory();
    let mut bodies = Vec::new();
    for number in 1..=3 {
        let framed = broker.stage(&command(number), number, &[]);
        bodies.push(framed.body(broker.frames()).to_vec());
    }
    let (body, link) = single(&mut broker, 4);
    bodies.push(body);
    let framed = broker.stage(&command(5), 5, &[]);
    bodies.push(framed.body(broker.frames()).to_vec());
    let hashes = chained(&bodies);
    assert_eq!(broker.head(), hashes[4]);
    links_are_right(&[(3, link)], &hashes);
}

#[test]
fn a_record_that_outlives_its_engine_keeps_its_hash() {
    let mut broker = Broker::in_memory();
    let (first, _) = single(&mut broker, 1);
    let (second, link) = single(&mut broker, 2);
    drop(broker);
    let hashes = chained(&[first, second]);
    assert_eq!((link.prev(), link.hash()), (hashes[0], hashes[1]));
}

#[test]
fn a_flusher_that_outlives_its_engine_writes_nothing_more() {
    let folder = Folder::new();
    let mut broker = Broker::open(&folder.0, options(Durability::Group)).unwrap();
    single(&mut broker, 1);
    let flusher = broker.flusher().clone();
    drop(broker);
    assert!(matches!(flusher.flush(), Err(JournalError::Refused(_))));
    assert_eq!(Broker::open(&folder.0, options(Durability::Group)).unwrap().engine.sequence, 0);
}

#[test]
fn a_disk_that_fails_is_told_to_whoever_writes_and_loses_nothing() {
    let folder = Folder::new();
    let journal = folder.0.join("journal");
    let mut broker = Broker::open(&folder.0, options(Durability::Never)).unwrap();
    let mut bodies = Vec::new();
    fs::rename(&journal, folder.0.join("away")).unwrap();
    let mut number = 1;
    let failed = loop {
        let told = batch(&mut broker, number..number + 5_000, &mut bodies);
        number = broker.engine.sequence + 1;
        if told.is_err() {
            break told;
        }
        assert!(number < 500_000, "the next segment cannot be made, and nobody is told");
    };
    assert!(matches!(failed, Err(JournalError::Io { .. })));
    fs::rename(folder.0.join("away"), &journal).unwrap();
    batch(&mut broker, number..number + 5_000, &mut bodies).unwrap();
    broker.close().unwrap();
    let hashes = chained(&bodies);
    assert_eq!(written(&folder), bodies.into_iter().zip(hashes).collect::<Vec<_>>());
}

#[test]
fn a_thread_that_drains_ends_when_it_is_stopped_and_can_be_started_again() {
    let flusher = Flusher::new(Durability::Os, None, 0, [0; 32]);
    let mut drain = Drain::of(&flusher);
    for _ in 0..2 {
        drain.start();
        assert!(drain.runs());
        drain.stop();
        assert!(!drain.runs());
    }
}
