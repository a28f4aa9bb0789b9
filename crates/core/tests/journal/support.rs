//! A folder that goes with the test, and journals to put in it.
use isthmus_core::journal::{Durability, Hash, Position, Scan, Writer, frame};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);

pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let name = format!("isthmus-journal-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn segment(&self, index: u64) -> PathBuf {
        self.0.join(format!("journal/{index:08}.seg"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A small generator of test data, the same for every run (Vigna's splitmix64).
pub struct Mix(pub u64);

impl Mix {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// Makes frames that follow on one another.
pub struct Maker {
    pub sequence: u64,
    pub head: Hash,
    pub mix: Mix,
}

impl Maker {
    pub fn at(position: &Position) -> Self {
        Self { sequence: position.next_sequence, head: position.head, mix: Mix(position.next_sequence) }
    }

    /// One flush group: a frame for each number of words that its body has behind sequence and stamp.
    pub fn group(&mut self, words: &[u64]) -> Vec<u8> {
        let mut out = Vec::new();
        for &count in words {
            let start = frame::begin(&mut out);
            out.extend_from_slice(&self.sequence.to_le_bytes());
            for _ in 0..=count {
                out.extend_from_slice(&self.mix.next().to_le_bytes());
            }
            frame::end(&mut out, start);
            self.sequence += 1;
        }
        frame::seal_all(&mut out, &mut self.head, true, |_| {});
        out
    }
}

pub fn write(data: &Path, segment_bytes: u64, position: Position, groups: &[&[u64]]) -> Writer {
    let mut writer = Writer::open(data, Durability::Os, segment_bytes, position).unwrap();
    let mut maker = Maker::at(&position);
    for group in groups {
        writer.append(&maker.group(group)).unwrap();
    }
    assert_eq!((writer.position().next_sequence, writer.position().head), (maker.sequence, maker.head));
    writer
}

/// All records as (sequence, body), to the end.
pub fn records(scan: &mut Scan) -> Vec<(u64, Vec<u8>)> {
    let mut out = Vec::new();
    while let Some(entry) = scan.read().unwrap() {
        out.push((entry.sequence, entry.body.to_vec()));
    }
    out
}
