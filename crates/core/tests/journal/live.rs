//! Readers beside a writer: a follower gets every record once, and a verdict is never worse than "growing".
use crate::support::{Folder, Maker, write};
use isthmus_core::journal::{Check, Lock, Position, Reader, verify};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

const RECORDS: u64 = 60_000;

#[test]
fn a_journal_that_grows_and_rotates_is_followed_whole_and_verifies_as_growing() {
    let folder = Folder::new();
    let _lock = Lock::take(&folder.0).unwrap();
    let written = AtomicU64::new(0);
    let mut writer = write(&folder.0, 1 << 16, Position::GENESIS, &[]);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut maker = Maker::at(&Position::GENESIS);
            while maker.sequence <= RECORDS {
                let words = [maker.sequence % 300, 7, 30, 2][..1 + maker.sequence as usize % 4].to_vec();
                writer.append(&maker.group(&words)).unwrap();
                written.store(maker.sequence - 1, Ordering::Release);
            }
            writer.seal().unwrap();
        });
        scope.spawn(|| {
            let mut reader = Reader::open(&folder.0, 1, Check::Chain).unwrap();
            let mut next = 1;
            while next <= RECORDS {
                match reader.read().unwrap() {
                    Some(entry) => {
                        assert_eq!(entry.sequence, next);
                        next += 1;
                    }
                    None => thread::yield_now(),
                }
            }
        });
        scope.spawn(|| {
            loop {
                let before = written.load(Ordering::Acquire);
                let verdict = verify(&folder.0, None).unwrap();
                assert_eq!(verdict.exit_code(), 0, "{verdict:?}");
                assert!(verdict.records >= before, "what was written is seen");
                if before >= RECORDS {
                    break;
                }
            }
        });
    });
}
