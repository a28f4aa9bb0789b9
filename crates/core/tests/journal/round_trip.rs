//! What a writer wrote, a scan and a reader give back.

use crate::support::{Folder, Maker, Mix, records, write};
use isthmus_core::journal::{BadReason, Check, JournalError, Lock, Position, Reader, Scan, Tail, frame, scan_ahead};
use std::fs;

fn groups(seed: u64, count: u64) -> Vec<Vec<u64>> {
    let mut mix = Mix(seed);
    (0..count).map(|_| (0..mix.next() % 5).map(|_| mix.next() % 60).collect()).collect()
}

#[test]
fn random_bodies_come_back_over_many_segments_and_sessions() {
    for seed in 0..20 {
        let folder = Folder::new();
        let mut position = Position::GENESIS;
        for session in 0..3 {
            let made = groups(seed * 3 + session, 30);
            let made: Vec<&[u64]> = made.iter().map(Vec::as_slice).collect();
            let mut writer = write(&folder.0, 2048, position, &made);
            if session != 1 {
                writer.seal().unwrap();
            }
            let mut scan = Scan::open(&folder.0, 1, Check::Chain).unwrap();
            let found = records(&mut scan);
            let end = scan.end().unwrap();
            assert_eq!(found.len() as u64 + 1, end.position.next_sequence);
            assert!(found.iter().zip(1..).all(|((sequence, _), wanted)| *sequence == wanted));
            assert_eq!(end.tail, if session == 1 { Tail::Open } else { Tail::Sealed });
            assert_eq!(end.position.head, writer.position().head);
            position = end.position;
        }
    }
}

#[test]
fn a_scan_from_any_record_gives_the_rest_with_its_hashes() {
    let folder = Folder::new();
    write(&folder.0, 1024, Position::GENESIS, &[&[3, 9, 1], &[40, 2], &[0, 0, 0, 0, 0], &[200], &[7; 20]]);
    let all = records(&mut Scan::open(&folder.0, 1, Check::Chain).unwrap());
    for from in 1..=all.len() as u64 + 1 {
        let mut scan = Scan::open(&folder.0, from, Check::Chain).unwrap();
        let mut wanted = all.iter().skip(from as usize - 1);
        while let Some(entry) = scan.read().unwrap() {
            assert_eq!(Some(&(entry.sequence, entry.body.to_vec())), wanted.next());
            assert_eq!(*entry.hash, frame::chain(entry.prev, entry.body));
        }
        assert_eq!(wanted.next(), None);
        assert_eq!(scan.end().unwrap().tail, Tail::Open);
    }
}

#[test]
fn a_scan_ahead_gives_what_a_scan_gives() {
    let folder = Folder::new();
    let made = groups(3, 4000);
    let made: Vec<&[u64]> = made.iter().map(Vec::as_slice).collect();
    write(&folder.0, 1 << 16, Position::GENESIS, &made);
    for from in [1, 2, 777, 1_000_000] {
        let mut scan = Scan::open(&folder.0, from, Check::Chain).unwrap();
        let end = scan_ahead(&folder.0, from, Check::Chain, |entry| -> Result<(), JournalError> {
            assert_eq!(Some(entry), scan.read()?);
            Ok(())
        });
        assert_eq!(scan.read().unwrap(), None);
        assert_eq!(Some(end.unwrap()), scan.end());
    }
}

#[test]
fn a_scan_ahead_ends_with_the_first_error_of_the_journal_or_of_its_taker() {
    let folder = Folder::new();
    write(&folder.0, 1 << 14, Position::GENESIS, &[&[9; 3000]]);
    let mut count = 0;
    let stopped = scan_ahead(&folder.0, 1, Check::Chain, |entry| {
        count += 1;
        if entry.sequence == 100 { Err(JournalError::Refused("enough")) } else { Ok(()) }
    });
    assert!(matches!(stopped, Err(JournalError::Refused("enough"))));
    assert_eq!(count, 100);
    fs::remove_file(folder.segment(5)).unwrap();
    let mut last = 0;
    let damaged = scan_ahead(&folder.0, 1, Check::Chain, |entry| -> Result<(), JournalError> {
        last = entry.sequence;
        Ok(())
    });
    let Err(JournalError::Damaged(first)) = damaged else {
        panic!("a missing segment is damage");
    };
    assert_eq!((first.record, first.reason), (last + 1, BadReason::MissingSegment));
}

#[test]
fn a_record_larger_than_a_segment_gets_one_that_holds_it() {
    let folder = Folder::new();
    let mut writer = write(&folder.0, 512, Position::GENESIS, &[&[1], &[300_000], &[1, 1]]);
    writer.seal().unwrap();
    let found = records(&mut Scan::open(&folder.0, 1, Check::Chain).unwrap());
    assert_eq!(found.iter().map(|(_, body)| body.len()).collect::<Vec<_>>(), [24, 2_400_016, 24, 24]);
}

#[test]
fn a_journal_that_does_not_exist_scans_as_empty() {
    let folder = Folder::new();
    let mut scan = Scan::open(&folder.0, 1, Check::Chain).unwrap();
    assert_eq!(scan.read().unwrap(), None);
    assert_eq!(scan.end().unwrap().position, Position::GENESIS);
}

#[test]
fn a_reader_follows_across_rotations_and_a_clean_stop() {
    let folder = Folder::new();
    let mut reader = Reader::open(&folder.0, 1, Check::Chain).unwrap();
    assert_eq!(reader.read().unwrap(), None);
    let mut maker = Maker::at(&Position::GENESIS);
    let mut position = Position::GENESIS;
    for session in 0..3 {
        let mut writer = write(&folder.0, 1024, position, &[]);
        for group in groups(session, 25).iter().filter(|group| !group.is_empty()) {
            let first = maker.sequence;
            writer.append(&maker.group(group)).unwrap();
            for sequence in first..maker.sequence {
                assert_eq!(reader.read().unwrap().unwrap().sequence, sequence);
            }
            assert_eq!(reader.read().unwrap(), None);
        }
        writer.seal().unwrap();
        assert_eq!(reader.read().unwrap(), None);
        position = writer.position();
    }
}

#[test]
fn a_second_holder_is_told_that_the_folder_is_locked() {
    let folder = Folder::new();
    let first = Lock::take(&folder.0).unwrap();
    assert!(Lock::is_held(&folder.0));
    assert!(matches!(Lock::take(&folder.0), Err(JournalError::Locked { .. })));
    drop(first);
    assert!(!Lock::is_held(&folder.0));
    Lock::take(&folder.0).unwrap();
}
