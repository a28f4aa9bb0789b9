//! From a gateway process to the engine process and back over shared memory, one order at a time: gate, match, post and
//! record included.
//! Each process has a core of its own.
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use isthmus_core::broker::{Broker, Options};
use isthmus_core::journal::Durability;
use isthmus_core::row::row;
use isthmus_port::lane::MORE;
use isthmus_port::{Fault, Gateway};
use rustix::process::{Signal, kill_process};
use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};

use crate::market;
use crate::rounds::percentiles;
use crate::workload::{self, Trade, trade_hash};

const OPTIONS: Options = Options { durability: Durability::Never, segment_bytes: 64 << 20, snapshot_records: u64::MAX };
const LIMIT: Duration = Duration::from_secs(10);
/// Passes of a word between two threads, for scale.
const BARE: u64 = 20_000;

/// {"trade_hash", "times": percentiles of round trips, "bare": percentiles of one word there and back between threads}.
pub fn measure(port: &Path, folder: &Path, commands: &Path) -> io::Result<String> {
    let cores = cores()?;
    if cores.len() < 2 {
        return Err(io::Error::other("needs two cores"));
    }
    let workload = workload::read(commands)?;
    let setup = market::setup();
    prepare(folder, &setup)?;
    let bare = bare_words(&cores);
    let name = format!("bench-{}", std::process::id());
    let mut engine = start(port, folder, &name)?;
    pin(Pid::from_child(&engine), cores[0]);
    pin_self(cores[1]);
    let mut gateway = Gateway::open(&name, 1, LIMIT).map_err(faulty)?;
    let asked = market::commands(&workload, setup.len() as u64);
    let rows: Vec<_> = asked.iter().map(|command| row(command).expect("rows carry orders and cancels")).collect();
    let id = |order: u64| workload[order as usize - setup.len() - 1].order;
    let (mut times, mut trades) = (Vec::with_capacity(rows.len()), Vec::new());
    for (at, row) in rows.into_iter().enumerate() {
        let started = Instant::now();
        gateway.send(row).ok_or_else(|| io::Error::other("no free place for a single ask"))?;
        loop {
            let reply = gateway.wait(LIMIT).ok_or_else(|| io::Error::other("the engine does not answer"))?;
            if reply.status != MORE {
                times.push(started.elapsed().as_nanos() as u64);
            }
            trades.extend(reply.fills().iter().map(|fill| Trade {
                maker: id(fill.maker_order),
                taker: workload[at].order,
                price: fill.price as i32,
                quantity: fill.quantity as u32,
            }));
            if reply.status != MORE {
                break;
            }
        }
    }
    drop(gateway);
    kill_process(Pid::from_child(&engine), Signal::TERM)?;
    engine.wait()?;
    Ok(format!(
        r#"{{"trade_hash":"{:016x}","times":{},"bare":{bare}}}"#,
        trade_hash(&trades),
        percentiles(times.into_iter())
    ))
}

/// A data folder whose engine knows instrument and accounts.
fn prepare(folder: &Path, setup: &[isthmus_core::Command]) -> io::Result<()> {
    let mut broker = Broker::open(folder, OPTIONS).map_err(|e| io::Error::other(e.to_string()))?;
    for command in setup {
        broker.stage(command, 1, &[]);
    }
    broker.settle().map_err(|e| io::Error::other(e.to_string()))?;
    broker.close().map_err(|e| io::Error::other(e.to_string()))
}

fn start(port: &Path, folder: &Path, name: &str) -> io::Result<Child> {
    let mut engine = Process::new(port)
        .args(["--durability", "never", "--name", name, "--data"])
        .arg(folder)
        .stdout(Stdio::piped())
        .spawn()?;
    let out = engine.stdout.take().ok_or_else(|| io::Error::other("no standard output"))?;
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    if line.is_empty() {
        return Err(io::Error::other("the engine process ended before it was ready"));
    }
    Ok(engine)
}

/// The cores that this process may use: the first two.
fn cores() -> io::Result<Vec<usize>> {
    let allowed = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).take(2).collect())
}

fn pin(process: Pid, core: usize) {
    pin_to(Some(process), core);
}

fn pin_self(core: usize) {
    pin_to(None, core);
}

/// Where the system does not allow it, the figure speaks for itself.
fn pin_to(process: Option<Pid>, core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    let _ = sched_setaffinity(process, &set);
}

/// One word there and back between two threads: the least that two cores need.
fn bare_words(cores: &[usize]) -> String {
    #[repr(align(128))]
    struct Word(AtomicU64);
    let words = Arc::new((Word(AtomicU64::new(0)), Word(AtomicU64::new(0))));
    let (theirs, core) = (words.clone(), cores[0]);
    let answering = std::thread::spawn(move || {
        pin_self(core);
        for number in 1..=BARE {
            while theirs.0.0.load(Ordering::Acquire) != number {
                std::hint::spin_loop();
            }
            theirs.1.0.store(number, Ordering::Release);
        }
    });
    pin_self(cores[1]);
    let each = (1..=BARE).map(|number| {
        let started = Instant::now();
        words.0.0.store(number, Ordering::Release);
        while words.1.0.load(Ordering::Acquire) != number {
            std::hint::spin_loop();
        }
        started.elapsed().as_nanos() as u64
    });
    let found = percentiles(each);
    let _ = answering.join();
    found
}

fn faulty(fault: Fault) -> io::Error {
    io::Error::other(fault.0)
}
