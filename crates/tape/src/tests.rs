use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

const LIMITS: Limits = Limits { segment_bytes: 1 << 18, keep_bytes: 1 << 20 };

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("isthmus-tape-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn open(&self) -> Tape {
        Tape::open(&self.0, LIMITS).unwrap()
    }

    fn read(&self, start: u64) -> Vec<(u64, Frame)> {
        let mut reader = Reader::open(&self.0, start).unwrap();
        std::iter::from_fn(|| reader.read().unwrap()).collect()
    }

    fn last_segment(&self) -> PathBuf {
        segment::list(&self.0).unwrap().pop().unwrap().1
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn book(at: u64, levels: usize) -> Frame {
    let side = |start: i64| (0..levels as i64).map(|n| (start + n, 7 + n as u64)).collect();
    Frame { at, venue: 3, instrument: 9, payload: Payload::Book { bids: side(-5), asks: side(100) } }
}

fn frames() -> Vec<Frame> {
    let trade = Payload::Trade { price: -7, quantity: u64::MAX, side: Side::Sell };
    let health = Payload::Health { state: 2, note: "späte Antwort".to_owned() };
    let of = |payload| Frame { at: 5, venue: u32::MAX, instrument: 0, payload };
    vec![book(1, 3), of(trade), of(health), book(2, 0)]
}

#[test]
fn frames_come_back_as_they_went_in_from_any_offset() {
    let folder = Folder::new();
    let mut tape = folder.open();
    for (index, frame) in frames().iter().enumerate() {
        assert_eq!(tape.append(frame).unwrap(), index as u64 + 1);
    }
    tape.flush().unwrap();
    for start in 1..=5u64 {
        let expected: Vec<_> = (1u64..).zip(frames()).filter(|(offset, _)| *offset >= start).collect();
        assert_eq!(folder.read(start), expected);
    }
}

#[test]
fn offsets_go_on_over_starts_and_segments_and_the_chain_holds() {
    let folder = Folder::new();
    let mut next = 1;
    for _ in 0..3 {
        let mut tape = folder.open();
        assert_eq!(tape.next(), next);
        for at in 0..300 {
            assert_eq!(tape.append(&book(at, 20)).unwrap(), next);
            next += 1;
        }
    }
    let verdict = verify(&folder.0).unwrap();
    assert_eq!((verdict.first, verdict.next, verdict.bad, verdict.torn), (1, next, None, 0));
    assert!(verdict.segments > 1);
    assert_eq!(folder.read(1).len() as u64, next - 1);
}

#[test]
fn the_oldest_segments_go_when_the_limit_is_reached() {
    let folder = Folder::new();
    let mut tape = folder.open();
    for at in 0..3_000 {
        tape.append(&book(at, 20)).unwrap();
        assert!(tape.bytes() <= LIMITS.keep_bytes + LIMITS.segment_bytes);
    }
    tape.flush().unwrap();
    let first = tape.first();
    assert!(first > 1 && tape.next() == 3_001);
    assert!(matches!(Reader::open(&folder.0, 1), Err(TapeError::Gone { first: kept }) if kept == first));
    assert_eq!(folder.read(first).len() as u64, 3_001 - first);
    let verdict = verify(&folder.0).unwrap();
    assert_eq!((verdict.first, verdict.bad), (first, None));
}

#[test]
fn a_tail_cut_at_any_byte_is_torn_and_the_sound_blocks_stay() {
    let folder = Folder::new();
    let mut tape = folder.open();
    for frame in frames() {
        tape.append(&frame).unwrap();
    }
    tape.flush().unwrap();
    let sound = fs::metadata(folder.last_segment()).unwrap().len();
    tape.append(&book(9, 2)).unwrap();
    drop(tape);
    let whole = fs::read(folder.last_segment()).unwrap();
    for length in sound as usize..whole.len() {
        fs::write(folder.last_segment(), &whole[..length]).unwrap();
        let verdict = verify(&folder.0).unwrap();
        assert_eq!((verdict.next, verdict.torn, verdict.bad), (5, length as u64 - sound, None));
        let mut tape = folder.open();
        assert_eq!((tape.torn, tape.append(&book(1, 1)).unwrap()), (length as u64 - sound, 5));
        drop(tape);
        assert_eq!(verify(&folder.0).unwrap().next, 6);
    }
}

#[test]
fn a_tail_of_zeros_is_torn() {
    let folder = Folder::new();
    drop(folder.open());
    let whole = {
        let mut tape = folder.open();
        tape.append(&book(9, 2)).unwrap();
        drop(tape);
        fs::read(folder.last_segment()).unwrap()
    };
    for kept in segment::HEAD_BYTES..whole.len() - 40 {
        let mut bytes = whole.clone();
        bytes[kept..].fill(0);
        fs::write(folder.last_segment(), &bytes).unwrap();
        assert_eq!(verify(&folder.0).unwrap().bad, None, "{kept}");
        assert_eq!(folder.open().next(), 1);
        fs::write(folder.last_segment(), &bytes[..segment::HEAD_BYTES]).unwrap();
    }
}

#[test]
fn a_flipped_byte_is_damage_wherever_it_lies() {
    let folder = Folder::new();
    let mut tape = folder.open();
    for frame in frames() {
        tape.append(&frame).unwrap();
        tape.flush().unwrap();
    }
    drop(tape);
    let whole = fs::read(folder.last_segment()).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(folder.last_segment(), &bytes).unwrap();
        assert!(verify(&folder.0).unwrap().bad.is_some(), "byte {at}");
        assert!(matches!(Tape::open(&folder.0, LIMITS), Err(TapeError::Damaged(_))), "byte {at}");
        let read = Reader::open(&folder.0, 1).and_then(|mut reader| {
            while reader.read()?.is_some() {}
            Ok(())
        });
        assert!(matches!(read, Err(TapeError::Damaged(_))), "byte {at}");
    }
}

#[test]
fn a_missing_segment_is_damage() {
    let folder = Folder::new();
    let mut tape = folder.open();
    for at in 0..2_000 {
        tape.append(&book(at, 20)).unwrap();
    }
    drop(tape);
    let segments = segment::list(&folder.0).unwrap();
    assert!(segments.len() > 2);
    fs::remove_file(&segments[1].1).unwrap();
    assert_eq!(verify(&folder.0).unwrap().bad.unwrap().reason, "a segment does not follow on the one before");
}

#[test]
fn a_reader_goes_on_when_the_writer_does() {
    let folder = Folder::new();
    let mut tape = folder.open();
    let mut reader = Reader::open(&folder.0, 1).unwrap();
    for at in 1..=2_000 {
        tape.append(&book(at, 20)).unwrap();
        tape.flush().unwrap();
        assert_eq!(reader.read().unwrap().map(|(offset, frame)| (offset, frame.at)), Some((at, at)));
        assert_eq!(reader.read().unwrap(), None);
    }
}

#[test]
fn a_second_writer_and_frames_beyond_the_limits_are_refused() {
    let folder = Folder::new();
    let mut tape = folder.open();
    assert!(matches!(Tape::open(&folder.0, LIMITS), Err(TapeError::Locked(_))));
    assert!(matches!(tape.append(&book(1, LEVELS_MAX + 1)), Err(TapeError::Refused { field: "levels", .. })));
    let note = "x".repeat(NOTE_BYTES_MAX + 1);
    let health = Frame { payload: Payload::Health { state: 0, note }, ..book(1, 0) };
    assert!(matches!(tape.append(&health), Err(TapeError::Refused { field: "note", .. })));
    assert_eq!(tape.append(&book(1, LEVELS_MAX)).unwrap(), 1);
    for limits in [Limits { segment_bytes: 1, ..LIMITS }, Limits { keep_bytes: 1 << 18, ..LIMITS }] {
        assert!(matches!(Tape::open(&Folder::new().0, limits), Err(TapeError::Refused { .. })));
    }
}
