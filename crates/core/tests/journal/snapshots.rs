//! Snapshot files: whole or absent, and a damaged one falls back to the one before.
use crate::support::Folder;
use isthmus_core::journal::snapshot_file::{SNAPSHOTS_KEPT, latest, list, load, save};
use isthmus_core::journal::{JournalError, SnapshotHead};
use std::fs;

fn head(sequence: u64) -> SnapshotHead {
    SnapshotHead { rules: 1, sequence, stamp: sequence * 1000, head: [sequence as u8; 32] }
}

#[test]
fn the_newest_snapshot_comes_back_and_old_ones_go() {
    let folder = Folder::new();
    assert_eq!(latest(&folder.0).unwrap(), None);
    for sequence in [5, 70, 900] {
        let path = save(&folder.0, &head(sequence), &[sequence as u8; 1000]).unwrap();
        let found = latest(&folder.0).unwrap().unwrap();
        assert_eq!((found.of, found.state), (head(sequence), vec![sequence as u8; 1000]));
        assert_eq!(list(&folder.0).unwrap()[0], path);
    }
    assert_eq!(list(&folder.0).unwrap().len(), SNAPSHOTS_KEPT);
}

#[test]
fn every_flip_and_every_cut_of_a_snapshot_is_seen_and_falls_back() {
    let folder = Folder::new();
    save(&folder.0, &head(1), b"older").unwrap();
    let path = save(&folder.0, &head(2), b"the state after record two").unwrap();
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        for damaged in [&flipped[..], &whole[..at]] {
            fs::write(&path, damaged).unwrap();
            assert!(matches!(load(&path), Err(JournalError::BadSnapshot { .. })), "byte {at}");
            assert_eq!(latest(&folder.0).unwrap().unwrap().state, b"older");
        }
    }
}
