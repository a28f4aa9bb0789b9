//! A disk that is full, slow or broken: the writer says so, and goes on exactly where it stopped.
use crate::support::{Folder, Maker, Mix, records, write};
use isthmus_core::journal::disk::{Disk, OsDisk};
use isthmus_core::journal::segment::SegmentHeader;
use isthmus_core::journal::{Check, Durability, JournalError, Position, Scan, Tail, Writer, verify};
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io;
use std::path::Path;
use std::rc::Rc;

/// A real disk that fails and shortens writes at random, from a seed.
#[derive(Clone)]
struct BadDisk {
    mix: Rc<RefCell<Mix>>,
    failures: Rc<Cell<u32>>,
    sync_fails: Rc<Cell<bool>>,
}

impl BadDisk {
    fn new(seed: u64) -> Self {
        Self { mix: Rc::new(RefCell::new(Mix(seed))), failures: Rc::default(), sync_fails: Rc::default() }
    }

    fn fails(&self) -> io::Result<()> {
        if self.mix.borrow_mut().next().is_multiple_of(3) {
            self.failures.set(self.failures.get() + 1);
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn full(&self, path: &Path) -> Result<(), JournalError> {
        self.fails().map_err(|source| JournalError::Io { doing: "create", path: path.to_path_buf(), source })
    }
}

impl Disk for BadDisk {
    type File = File;

    fn create(&self, folder: &Path, header: &SegmentHeader, bytes: u64, lasting: bool) -> Result<File, JournalError> {
        self.full(folder)?;
        OsDisk.create(folder, header, bytes, lasting)
    }

    fn open(&self, folder: &Path, index: u64, bytes: u64) -> Result<File, JournalError> {
        OsDisk.open(folder, index, bytes)
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.fails()?;
        let count = 2 + self.mix.borrow_mut().next() as usize % (bytes.len() / 2) * 2;
        OsDisk.write_at(file, &bytes[..count], offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        if self.sync_fails.get() { Err(io::Error::from_raw_os_error(5)) } else { OsDisk.sync(file) }
    }

    fn set_len(&self, file: &File, bytes: u64) -> io::Result<()> {
        self.fails()?;
        OsDisk.set_len(file, bytes)
    }
}

/// Tries until it succeeds; returns how often it did not, and checks that what stands there meanwhile is not damage.
fn insist(folder: &Folder, mut attempt: impl FnMut() -> Result<(), JournalError>) -> u32 {
    let mut refused = 0;
    while let Err(error) = attempt() {
        assert!(error.is_disk_full(), "{error}");
        assert_ne!(verify(&folder.0, None).unwrap().exit_code(), 1);
        refused += 1;
    }
    refused
}

#[test]
fn appends_that_fail_go_on_where_they_stopped() {
    let mut refused = 0;
    for seed in 0..12 {
        let groups: [&[u64]; 6] = [&[1, 2, 3], &[50], &[4; 12], &[0], &[100, 1, 1], &[7; 9]];
        let (folder, plain) = (Folder::new(), Folder::new());
        write(&plain.0, 512, Position::GENESIS, &groups).seal().unwrap();
        let disk = BadDisk::new(seed);
        let opened = || Writer::open_on(disk.clone(), &folder.0, Durability::Group, 512, Position::GENESIS);
        let mut writer = (0..20).find_map(|_| opened().ok()).unwrap();
        let mut maker = Maker::at(&Position::GENESIS);
        for group in groups {
            let frames = maker.group(group);
            refused += insist(&folder, || writer.append(&frames));
        }
        refused += insist(&folder, || writer.seal());
        let mut scan = Scan::open(&folder.0, 1, Check::Chain).unwrap();
        assert_eq!(records(&mut scan), records(&mut Scan::open(&plain.0, 1, Check::Chain).unwrap()));
        assert_eq!(scan.end().unwrap().tail, Tail::Sealed);
    }
    assert!(refused > 40, "the disk did fail: {refused}");
}

#[test]
fn a_failed_sync_closes_the_writer_for_good() {
    let folder = Folder::new();
    let disk = BadDisk::new(5);
    let mut writer = Writer::open_on(disk.clone(), &folder.0, Durability::Group, 4096, Position::GENESIS).unwrap();
    disk.sync_fails.set(true);
    assert!(matches!(writer.sync(), Err(JournalError::Io { doing: "sync", .. })));
    disk.sync_fails.set(false);
    assert!(matches!(writer.sync(), Err(JournalError::Poisoned)));
    assert!(matches!(writer.append(&[]), Err(JournalError::Poisoned)));
    assert!(matches!(writer.seal(), Err(JournalError::Poisoned)));
}

#[test]
fn nothing_is_appended_behind_a_seal() {
    let folder = Folder::new();
    let mut writer = write(&folder.0, 4096, Position::GENESIS, &[&[1]]);
    writer.seal().unwrap();
    let frames = Maker::at(&writer.position()).group(&[1]);
    assert!(matches!(writer.append(&frames), Err(JournalError::Refused(_))));
}
