//! Any flipped byte is damage, at the record where it was flipped; never an error, never a torn tail, never well.
use crate::support::{Folder, Maker, write};
use isthmus_core::journal::segment::indices;
use isthmus_core::journal::{BadReason, Check, FirstBad, Hash, Position, Scan, Tail, Verdict, verify};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;

const MASKS: [u8; 3] = [0x01, 0x80, 0xFF];

/// Where each record of a segment stands: (sequence, first byte, byte behind it).
fn extents(folder: &Folder, segment: u64) -> Vec<(u64, u64, u64)> {
    let mut scan = Scan::open(&folder.0, 1, Check::Chain).unwrap();
    let mut out = Vec::new();
    while let Some(entry) = scan.read().unwrap() {
        if entry.segment == segment {
            out.push((entry.sequence, entry.offset, entry.offset + entry.body.len() as u64 + 48));
        }
    }
    out
}

fn every_flip_is_found(folder: &Folder) {
    flips_are_found(folder, &MASKS);
}

/// Flips every byte of every segment and asks for the verdict; the record named must be the one that was hit, or
/// for a byte outside any record the next one.
fn flips_are_found(folder: &Folder, masks: &[u8]) {
    let clean = verify(&folder.0, None).unwrap();
    assert!(clean.ok);
    let mut first_of_segment = 1;
    for segment in indices(&folder.0.join("journal")).unwrap() {
        let records = extents(folder, segment);
        let behind = records.last().map_or(first_of_segment, |(sequence, ..)| sequence + 1);
        let path = folder.segment(segment);
        let whole = fs::read(&path).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        for (at, &byte) in whole.iter().enumerate() {
            let hit = records.iter().find(|(_, start, end)| (*start..*end).contains(&(at as u64)));
            let record = if at < 64 { first_of_segment } else { hit.map_or(behind, |(sequence, ..)| *sequence) };
            for mask in masks {
                file.write_all_at(&[byte ^ mask], at as u64).unwrap();
                let verdict = verify(&folder.0, None).unwrap();
                let found = verdict.first_bad.map(|bad| (bad.record, bad.segment));
                let place = format!("byte {at} of segment {segment}, mask {mask:#x}: {verdict:?}");
                assert_eq!((verdict.exit_code(), found), (1, Some((record, segment))), "{place}");
                assert_eq!(verdict.records, record - 1, "{place}");
            }
            file.write_all_at(&[byte], at as u64).unwrap();
        }
        first_of_segment = behind;
    }
    assert_eq!(verify(&folder.0, None).unwrap(), clean);
}

const GROUPS: [&[u64]; 6] = [&[0, 3], &[12], &[1, 1, 1], &[30], &[5, 0], &[8, 2]];

#[test]
fn every_flip_in_a_sealed_journal_is_found() {
    let folder = Folder::new();
    write(&folder.0, 512, Position::GENESIS, &GROUPS).seal().unwrap();
    every_flip_is_found(&folder);
}

#[test]
fn many_changes_of_every_byte_of_a_sealed_journal_are_found() {
    let folder = Folder::new();
    write(&folder.0, 4096, Position::GENESIS, &[&[0], &[1]]).seal().unwrap();
    flips_are_found(&folder, &Vec::from_iter((1..=255).step_by(8)));
}

#[test]
fn every_flip_in_an_open_journal_and_its_empty_remainder_is_found() {
    let folder = Folder::new();
    write(&folder.0, 768, Position::GENESIS, &GROUPS);
    every_flip_is_found(&folder);
}

#[test]
fn every_flip_in_a_journal_of_several_sessions_is_found() {
    let folder = Folder::new();
    let mut position = Position::GENESIS;
    for _ in 0..3 {
        let mut writer = write(&folder.0, 512, position, &[&[1], &[9, 4]]);
        writer.seal().unwrap();
        position = writer.position();
    }
    write(&folder.0, 2048, position, &[&[1], &[200], &[0]]);
    every_flip_is_found(&folder);
}

#[test]
fn every_flip_in_an_open_journal_without_a_record_is_found() {
    let folder = Folder::new();
    write(&folder.0, 512, Position::GENESIS, &[]);
    every_flip_is_found(&folder);
}

#[test]
fn every_flip_behind_a_rotation_cut_off_before_its_seal_is_found() {
    let folder = Folder::new();
    let before = write(&folder.0, 512, Position::GENESIS, &[&[3, 3]]);
    let whole = fs::read(folder.segment(1)).unwrap();
    let mut maker = Maker::at(&before.position());
    let mut writer = before;
    writer.append(&maker.group(&[40])).unwrap();
    let mut next = fs::read(folder.segment(2)).unwrap();
    next[64..].fill(0);
    fs::write(folder.segment(1), &whole).unwrap();
    fs::write(folder.segment(2), &next).unwrap();
    assert_eq!(verify(&folder.0, None).unwrap().tail, Some(Tail::Open));
    every_flip_is_found(&folder);
}

fn bad(folder: &Folder) -> FirstBad {
    verify(&folder.0, None).unwrap().first_bad.unwrap()
}

#[test]
fn a_missing_segment_is_named_wherever_it_was() {
    let folder = Folder::new();
    write(&folder.0, 512, Position::GENESIS, &[&[20], &[20], &[20], &[20]]);
    let all = indices(&folder.0.join("journal")).unwrap();
    assert_eq!(all, [1, 2, 3, 4]);
    for missing in all {
        let path = folder.segment(missing);
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let wanted =
            FirstBad { record: bad(&folder).record, segment: missing, offset: 0, reason: BadReason::MissingSegment };
        assert_eq!(bad(&folder), wanted);
        fs::write(&path, whole).unwrap();
    }
}

#[test]
fn a_byte_behind_a_seal_is_padding_even_if_it_is_zero() {
    let folder = Folder::new();
    write(&folder.0, 512, Position::GENESIS, &[&[20], &[20]]).seal().unwrap();
    for segment in [1, 2] {
        let whole = fs::read(folder.segment(segment)).unwrap();
        for byte in [0, 1] {
            fs::write(folder.segment(segment), [&whole[..], &[byte]].concat()).unwrap();
            assert_eq!(bad(&folder).reason, BadReason::Padding);
        }
        fs::write(folder.segment(segment), whole).unwrap();
    }
}

#[test]
fn records_replaced_with_a_chain_of_their_own_are_found_by_the_head() {
    let folder = Folder::new();
    let honest: Hash = write(&folder.0, 512, Position::GENESIS, &GROUPS).position().head;
    let shorter = Folder::new();
    write(&shorter.0, 512, Position::GENESIS, &GROUPS[..4]);
    let with = |folder: &Folder, head: &Hash| -> Verdict { verify(&folder.0, Some(head)).unwrap() };
    assert_eq!(with(&folder, &honest).exit_code(), 0);
    let earlier = verify(&shorter.0, None).unwrap().head;
    assert_eq!(with(&folder, &earlier).exit_code(), 0);
    let found = with(&shorter, &honest);
    assert_eq!((found.exit_code(), found.first_bad.unwrap().reason), (1, BadReason::Head));
    assert_eq!(found.first_bad.unwrap().record, found.records + 1);
}

#[test]
fn a_record_of_another_chain_is_a_wrong_hash_and_a_repeated_one_a_wrong_sequence() {
    let folder = Folder::new();
    write(&folder.0, 4096, Position::GENESIS, &[&[3], &[3], &[3]]);
    let whole = fs::read(folder.segment(1)).unwrap();
    let size = 48 + 32 + 8;
    let mut repeated = whole.clone();
    repeated.copy_within(64..64 + size, 64 + size);
    fs::write(folder.segment(1), &repeated).unwrap();
    assert_eq!((bad(&folder).record, bad(&folder).reason), (2, BadReason::Sequence));
    let mut maker = Maker::at(&Position { next_sequence: 2, head: [1; 32], ..Position::GENESIS });
    let mut foreign = whole;
    foreign[64 + size..64 + 2 * size].copy_from_slice(&maker.group(&[3]));
    fs::write(folder.segment(1), &foreign).unwrap();
    assert_eq!((bad(&folder).record, bad(&folder).reason), (2, BadReason::Hash));
}

#[test]
fn an_empty_journal_folder_is_well_and_an_absent_one_an_error() {
    let folder = Folder::new();
    assert!(verify(&folder.0, None).is_err());
    fs::create_dir(folder.0.join("journal")).unwrap();
    let verdict = verify(&folder.0, None).unwrap();
    assert_eq!((verdict.ok, verdict.records, verdict.exit_code()), (true, 0, 0));
    assert_eq!(verify(&folder.0.join("journal"), None).unwrap(), verdict);
}
