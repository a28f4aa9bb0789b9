//! The journal of a run: records are chained and written in groups, the power goes, and what comes back must be a whole
//! beginning of what was, with everything in it that was acknowledged.
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use isthmus_core::Engine;
use isthmus_core::broker::BrokerError;
use isthmus_core::journal::{
    BadReason, Durability, End, FirstBad, Hash, JournalError, Position, SnapshotHead, Tail, Writer, frame,
    journal_folder, repair_end, snapshot_file, verify,
};
use isthmus_core::messages::Command;
use isthmus_core::record::{self, RULES};
use isthmus_core::replay::Replay;

use crate::chance::Chance;
use crate::disk::SimDisk;

/// Fewer bytes than these behind a lost sector are taken for a fault of the medium, not for a write that was cut off.
const FRAGMENT_BYTES_MIN: usize = 8;

/// Small, so that a run fills several.
const SEGMENT_BYTES: u64 = 16 << 10;

/// Records on their way to a virtual disk. `heads` has the hash of every record of the run, from the first.
pub struct Journal {
    chance: Chance,
    data: PathBuf,
    disk: SimDisk,
    writer: Writer<SimDisk>,
    durability: Durability,
    staged: Vec<u8>,
    heads: Vec<Hash>,
    /// Acknowledged: it must never be lost.
    pub durable: u64,
    lies: bool,
}

type Broken = &'static str;

fn broken<E>(law: Broken) -> impl FnOnce(E) -> Broken {
    move |_| law
}

impl Journal {
    /// An empty folder. `lies`: its disk says that it flushed when it did not.
    pub fn new(data: &Path, mut chance: Chance, lies: bool) -> Result<Self, Broken> {
        fs::create_dir_all(data).map_err(broken("a folder to simulate in"))?;
        let durability = if chance.permille(700) { Durability::Group } else { Durability::Os };
        let disk = SimDisk::new(Chance::new(chance.next()), lies);
        let writer = open(&disk, data, durability, Position::GENESIS)?;
        Ok(Self {
            chance,
            data: data.to_owned(),
            disk,
            writer,
            durability,
            staged: Vec::new(),
            heads: Vec::new(),
            durable: 0,
            lies,
        })
    }

    /// Applies a command and stages its record; its effects.
    pub fn apply(&mut self, engine: &mut Engine, command: &Command, at: u64) -> Vec<u8> {
        let framed = record::stage(engine, (command, at, &[]), true, &mut self.staged);
        framed.effects(&self.staged).to_vec()
    }

    /// Now and then: a group is committed, a snapshot written, the power cut. The engine that came back, if it did.
    pub fn live(&mut self, engine: &Engine) -> Result<Option<Engine>, Broken> {
        if self.chance.permille(300) && !self.commit() {
            return self.come_back().map(Some);
        }
        if self.chance.permille(15) && self.staged.is_empty() && self.durable == engine.sequence {
            self.snapshot(engine)?;
        }
        if self.chance.permille(8) {
            return self.crash().map(Some);
        }
        Ok(None)
    }

    /// Chains, writes and (under `group`) flushes what is staged; false if the disk gave up for good.
    fn commit(&mut self) -> bool {
        let mut head = self.heads.last().copied().unwrap_or_default();
        let heads = &mut self.heads;
        frame::seal_all(&mut self.staged, &mut head, true, |hash| heads.push(*hash));
        while self.writer.append(&self.staged).is_err() {
            if self.chance.permille(100) {
                return false;
            }
        }
        self.staged.clear();
        if self.durability == Durability::Group && self.writer.sync().is_err() {
            return false;
        }
        self.durable = self.heads.len() as u64;
        true
    }

    fn snapshot(&mut self, engine: &Engine) -> Result<(), Broken> {
        let head = self.heads.last().copied().unwrap_or_default();
        let of = SnapshotHead { rules: RULES, sequence: engine.sequence, stamp: engine.stamp, head };
        snapshot_file::save(&self.data, &of, &engine.state()).map_err(broken("a snapshot that is written"))?;
        Ok(())
    }

    /// Between two writes, or in the middle of one.
    fn crash(&mut self) -> Result<Engine, Broken> {
        if self.chance.permille(600) && !self.staged.is_empty() {
            self.disk.cut_after(self.chance.below(self.staged.len() as u64 + 200));
            self.commit();
        }
        self.come_back()
    }

    /// What was chained and not acknowledged may or may not be there; the rest must be, and nothing else.
    fn come_back(&mut self) -> Result<Engine, Broken> {
        if self.durability == Durability::Group {
            self.disk.lose().map_err(broken("a disk to simulate on"))?;
        } else {
            self.disk.forget();
        }
        let (mut replay, mut end) = self.newest()?;
        if end.tail == Tail::Torn {
            repair_end(&self.data, &end).map_err(broken("a torn tail that is cut"))?;
            end = replay.run(&self.data).map_err(broken("a journal that recovers"))?;
        }
        let sequence = replay.engine.sequence;
        if sequence < self.durable {
            return Err("nothing acknowledged is lost");
        }
        self.heads.truncate(sequence as usize);
        if self.heads.len() as u64 != sequence || self.heads.last().copied().unwrap_or_default() != replay.head {
            return Err("recovery equals the original");
        }
        self.staged.clear();
        self.durable = sequence;
        self.disk = SimDisk::new(Chance::new(self.chance.next()), self.lies);
        self.writer = open(&self.disk, &self.data, self.durability, end.position)?;
        Ok(replay.engine)
    }

    /// The newest state. A lost sector that left next to nothing behind it looks as a flipped bit does, and is told as
    /// damage rather than cut: then somebody looks, finds nothing acknowledged there, and takes it away.
    fn newest(&self) -> Result<(Replay, End), Broken> {
        match Replay::newest(&self.data) {
            Err(BrokerError::Journal(JournalError::Damaged(bad))) if self.is_next_to_nothing(&bad)? => {
                self.wipe(&bad).map_err(broken("a segment to wipe"))?;
                Replay::newest(&self.data)
            }
            other => other,
        }
        .map_err(broken("a journal that recovers"))
    }

    fn is_next_to_nothing(&self, bad: &FirstBad) -> Result<bool, Broken> {
        let rest = fs::read(self.segment(bad)).map_err(broken("a segment to look at"))?;
        let written = rest.iter().skip(bad.offset as usize).filter(|byte| **byte != 0).count();
        Ok(bad.reason == BadReason::Padding && bad.record > self.durable && written < FRAGMENT_BYTES_MIN)
    }

    fn wipe(&self, bad: &FirstBad) -> std::io::Result<()> {
        let file = File::options().write(true).open(self.segment(bad))?;
        let length = file.metadata()?.len();
        file.set_len(bad.offset)?;
        file.set_len(length)
    }

    fn segment(&self, bad: &FirstBad) -> PathBuf {
        journal_folder(&self.data).join(format!("{:08}.seg", bad.segment))
    }

    /// At the end of a run: the journal verifies, and a flipped bit does not go unseen.
    pub fn examine(&mut self) -> Result<(), Broken> {
        if !self.staged.is_empty() && !self.commit() {
            self.come_back()?;
        }
        let found = verify(&self.data, None).map_err(broken("a journal that verifies"))?;
        if !found.ok {
            return Err("a journal that verifies");
        }
        self.flip()?;
        let after = verify(&self.data, None).map_err(broken("a flipped bit that is seen"))?;
        let same = after.ok && after.records == found.records && after.head == found.head;
        if same { Err("a flipped bit that is seen") } else { Ok(()) }
    }

    /// Flips one bit of what was written.
    fn flip(&mut self) -> Result<(), Broken> {
        let gone = "a segment to flip a bit in";
        let mut segments: Vec<PathBuf> = fs::read_dir(journal_folder(&self.data))
            .map_err(broken(gone))?
            .flatten()
            .map(|entry| entry.path())
            .collect();
        segments.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
        segments.sort();
        let last = segments.len() - 1;
        let at = self.chance.below(segments.len() as u64) as usize;
        let length = fs::metadata(&segments[at]).map_err(broken(gone))?.len();
        let written = if at == last { self.writer.position().offset } else { length };
        let offset = self.chance.below(written);
        let file = File::options().read(true).write(true).open(&segments[at]).map_err(broken(gone))?;
        let mut byte = [0];
        file.read_exact_at(&mut byte, offset).map_err(broken(gone))?;
        byte[0] ^= 1 << self.chance.below(8);
        file.write_all_at(&byte, offset).map_err(broken(gone))
    }
}

fn open(disk: &SimDisk, data: &Path, durability: Durability, position: Position) -> Result<Writer<SimDisk>, Broken> {
    Writer::open_on(disk.clone(), data, durability, SEGMENT_BYTES, position).map_err(broken("a journal to write on"))
}
