//! A write that an unclean stop cut off is torn, is cut at the last whole record, and nothing else ever is.
use crate::support::{Folder, Maker, records, write};
use isthmus_core::journal::{Check, Durability, JournalError, Position, Scan, Tail, Writer, frame, repair, verify};
use std::fs;

const GROUPS: [&[u64]; 5] = [&[0, 3], &[12], &[1, 1, 1], &[30], &[5, 0, 70]];

fn is_repaired_to_a_beginning_of(folder: &Folder, whole: &[(u64, Vec<u8>)], at: usize) {
    let verdict = verify(&folder.0, None).unwrap();
    assert!(matches!(verdict.exit_code(), 0 | 3), "cut at {at}: {verdict:?}");
    if verdict.exit_code() == 3 {
        assert_eq!(verdict.tail, Some(Tail::Torn));
        repair(&folder.0, &verdict).unwrap();
    }
    let after = verify(&folder.0, None).unwrap();
    assert_eq!((after.ok, after.records, after.head), (true, verdict.records, verdict.head), "cut at {at}");
    assert_eq!(after.position, verdict.position, "cut at {at}");
    let mut writer = Writer::open(&folder.0, Durability::Os, 1024, after.position).unwrap();
    writer.append(&Maker::at(&after.position).group(&[2])).unwrap();
    let mut scan = Scan::open(&folder.0, 1, Check::Chain).unwrap();
    let found = records(&mut scan);
    assert_eq!(found[..found.len() - 1], whole[..found.len() - 1], "cut at {at}");
    assert_eq!(found.len() as u64, verdict.records + 1);
}

#[test]
fn every_cut_of_the_open_segment_is_torn_or_a_shorter_journal() {
    for truncated in [false, true] {
        let folder = Folder::new();
        write(&folder.0, 1024, Position::GENESIS, &GROUPS);
        let all = records(&mut Scan::open(&folder.0, 1, Check::Chain).unwrap());
        let segment = verify(&folder.0, None).unwrap().position.segment;
        assert!(segment > 1);
        let whole = fs::read(folder.segment(segment)).unwrap();
        let content = whole.iter().rposition(|&byte| byte != 0).unwrap() + 1;
        for at in 0..content + 9 {
            let mut cut = whole.clone();
            if truncated {
                cut.truncate(at)
            } else {
                cut[at..].fill(0)
            }
            fs::write(folder.segment(segment), &cut).unwrap();
            is_repaired_to_a_beginning_of(&folder, &all, at);
            let _ = fs::remove_file(folder.segment(segment + 1));
        }
    }
}

#[test]
fn a_cut_of_the_first_segment_goes_back_to_the_beginning() {
    let folder = Folder::new();
    write(&folder.0, 512, Position::GENESIS, &[&[3]]);
    let all = records(&mut Scan::open(&folder.0, 1, Check::Chain).unwrap());
    let whole = fs::read(folder.segment(1)).unwrap();
    for at in 0..whole.len() {
        fs::write(folder.segment(1), &whole[..at]).unwrap();
        is_repaired_to_a_beginning_of(&folder, &all, at);
    }
}

/// One synced group, then one of which a power loss left out the sectors `lost`.
fn with_hole(lost: std::ops::Range<usize>, later_group: bool) -> (Folder, u64) {
    let folder = Folder::new();
    let mut writer = write(&folder.0, 16384, Position::GENESIS, &[&[3, 3]]);
    let mut maker = Maker::at(&writer.position());
    let kept = writer.position().next_sequence - 1;
    writer.append(&maker.group(&[100, 100, 100])).unwrap();
    if later_group {
        writer.append(&maker.group(&[3])).unwrap();
    }
    let mut bytes = fs::read(folder.segment(1)).unwrap();
    bytes[lost].fill(0);
    fs::write(folder.segment(1), bytes).unwrap();
    (folder, kept)
}

#[test]
fn sectors_that_a_power_loss_left_out_of_the_last_group_are_torn() {
    for lost in [512..1024, 1024..2048, 240..512, 240..1024] {
        let (folder, kept) = with_hole(lost.clone(), false);
        let verdict = verify(&folder.0, None).unwrap();
        assert_eq!(verdict.exit_code(), 3, "{lost:?}: {verdict:?}");
        assert!((kept..kept + 2).contains(&verdict.records), "{lost:?}: {verdict:?}");
        repair(&folder.0, &verdict).unwrap();
        assert!(verify(&folder.0, None).unwrap().ok);
    }
}

#[test]
fn sectors_lost_before_a_later_group_are_damage() {
    for lost in [512..1024, 240..512] {
        let (folder, _) = with_hole(lost, true);
        assert_eq!(verify(&folder.0, None).unwrap().exit_code(), 1);
    }
}

#[test]
fn a_repair_refuses_everything_but_a_torn_tail() {
    let folder = Folder::new();
    let mut writer = write(&folder.0, 512, Position::GENESIS, &[&[3], &[20], &[20]]);
    let refused = |folder: &Folder| {
        let verdict = verify(&folder.0, None).unwrap();
        assert!(matches!(repair(&folder.0, &verdict), Err(JournalError::Refused(_))), "{verdict:?}");
    };
    refused(&folder);
    writer.seal().unwrap();
    refused(&folder);
    let whole = fs::read(folder.segment(1)).unwrap();
    fs::write(folder.segment(1), &whole[..whole.len() - 3]).unwrap();
    refused(&folder);
}

#[test]
fn a_rotation_cut_off_before_its_seal_goes_on_where_it_was() {
    let folder = Folder::new();
    let mut writer = write(&folder.0, 512, Position::GENESIS, &[&[3, 3]]);
    let before = fs::read(folder.segment(1)).unwrap();
    let position = writer.position();
    writer.append(&Maker::at(&position).group(&[40])).unwrap();
    let next = fs::read(folder.segment(2)).unwrap();
    fs::write(folder.segment(1), &before).unwrap();
    let mut unused = next.clone();
    unused[64..].fill(0);
    fs::write(folder.segment(2), unused).unwrap();
    assert_eq!(verify(&folder.0, None).unwrap().position, position);
    let mut writer = Writer::open(&folder.0, Durability::Group, 512, position).unwrap();
    assert!(!folder.segment(2).exists());
    writer.append(&Maker::at(&position).group(&[40])).unwrap();
    assert_eq!(fs::read(folder.segment(2)).unwrap(), next);
}

#[test]
fn a_client_cannot_make_a_torn_tail_look_like_damage_with_trailers_in_his_text() {
    let folder = Folder::new();
    let mut writer = write(&folder.0, 4096, Position::GENESIS, &[&[3]]);
    let position = writer.position();
    let mut frames = Vec::new();
    let start = frame::begin(&mut frames);
    frames.extend_from_slice(&position.next_sequence.to_le_bytes());
    frames.extend_from_slice(&[1; 8]);
    for _ in 0..40 {
        frames.extend_from_slice(b"IsG11RsI");
    }
    frame::end(&mut frames, start);
    frame::seal_all(&mut frames, &mut position.head.clone(), true, |_| {});
    writer.append(&frames).unwrap();
    let whole = fs::read(folder.segment(1)).unwrap();
    for cut in (position.offset as usize + 1)..(position.offset as usize + frames.len()) {
        fs::write(folder.segment(1), &whole[..cut]).unwrap();
        assert_eq!(verify(&folder.0, None).unwrap().exit_code(), 3, "cut at {cut}");
    }
}
