//! Readers beside a writer: a follower gets every record once, and a verdict is never worse than "growing".
use crate::support::{Folder, Maker, write};
use isthmus_core::journal::{Check, Durability, Lock, Position, Reader, Tail, Writer, repair, verify};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

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

const KILLS: u64 = 8;
const VICTIM_FOLDER: &str = "ISTHMUS_TEST_VICTIM_FOLDER";

#[test]
#[ignore = "the process that the next test kills"]
fn victim_that_appends_until_it_is_killed() {
    let data = std::env::var(VICTIM_FOLDER).unwrap();
    let data = Path::new(&data);
    let _lock = Lock::take(data).unwrap();
    let verdict = verify(data, None).unwrap();
    if verdict.tail == Some(Tail::Torn) {
        repair(data, &verdict).unwrap();
    }
    let mut writer = Writer::open(data, Durability::Os, 1 << 14, verdict.position).unwrap();
    let mut maker = Maker::at(&verdict.position);
    loop {
        writer.append(&maker.group(&[5, 90, 20])).unwrap();
        std::io::stderr().write_all(&(maker.sequence - 1).to_le_bytes()).unwrap();
    }
}

#[test]
fn nothing_that_was_appended_is_lost_by_kill_9() {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.join("journal")).unwrap();
    let mut records = 0;
    for round in 1..=KILLS {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "live::victim_that_appends_until_it_is_killed", "--ignored", "--nocapture"])
            .env(VICTIM_FOLDER, &folder.0)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = victim.stderr.take().unwrap();
        let mut last = [0; 8];
        told.read_exact(&mut last).unwrap();
        let reader = thread::spawn(move || {
            while told.read_exact(&mut last).is_ok() {}
            u64::from_le_bytes(last)
        });
        thread::sleep(Duration::from_millis(3 * round));
        victim.kill().unwrap();
        victim.wait().unwrap();
        let acknowledged = reader.join().unwrap();
        let verdict = verify(&folder.0, None).unwrap();
        assert_ne!(verdict.exit_code(), 1, "{verdict:?}");
        assert!(verdict.records >= acknowledged && acknowledged > records, "round {round}: {verdict:?}");
        records = verdict.records;
    }
}
