//! How long it takes to purge every resting order with one command, journalled and flushed.
use std::io;
use std::path::Path;

use isthmus_core::broker::{Broker, Options};
use isthmus_core::journal::{Durability, JournalError};
use isthmus_core::messages::{Command, Kill};
use isthmus_core::names::Scope;

use crate::clock::timed;
use crate::flow::{Flow, Shape};

/// No snapshot is made meanwhile.
const OPTIONS: Options = Options { durability: Durability::Group, segment_bytes: 64 << 20, snapshot_records: u64::MAX };
/// Commands between two looks at how much waits for the disk.
const CHUNK: usize = 64;

/// The command that purges everything and stops new orders.
const PURGE: Command = Command::Kill(Kill { scope: Scope::Everything as u8, of: 0, user: 1 });

/// {"purged", "cpu_s", "wall_s", "journal_bytes"} of an engine in a fresh folder.
pub fn measure(folder: &Path, shape: Shape) -> io::Result<String> {
    let mut broker = Broker::open(folder, OPTIONS).map_err(|e| io::Error::other(e.to_string()))?;
    let mut flow = Flow::new(shape);
    stage_all(&mut broker, flow.setup().into_iter())?;
    let first = broker.engine.sequence + 1;
    stage_all(&mut broker, (0..u64::from(shape.resting)).map(|at| flow.resting(first + at)))?;
    let (before, resting) = (journal_bytes(folder)?, broker.engine.orders.len());
    let took = timed(|| {
        broker.stage(&PURGE, 1, &[]);
        broker.settle()
    });
    if !broker.engine.orders.is_empty() {
        return Err(io::Error::other("orders are left after the purge"));
    }
    let bytes = journal_bytes(folder)? - before;
    Ok(format!(
        r#"{{"purged":{resting},"cpu_s":{:.9},"wall_s":{:.9},"journal_bytes":{bytes}}}"#,
        took.cpu_s, took.wall_s
    ))
}

fn stage_all(broker: &mut Broker, commands: impl Iterator<Item = Command>) -> io::Result<()> {
    let failed = |error: JournalError| io::Error::other(error.to_string());
    for (at, command) in commands.enumerate() {
        broker.stage(&command, 1, &[]);
        if at % CHUNK == 0 {
            broker.make_room().map_err(failed)?;
        }
    }
    broker.settle().map(|_| ()).map_err(failed)
}

/// Bytes of whole segments: they are made at their full length.
fn journal_bytes(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder.join("journal"))? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}
