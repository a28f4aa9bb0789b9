//! What one command waits and takes when they arrive by the clock and not when the engine is ready for them.
//!
//! Arrivals are evenly spaced at half of the rate that the engine just reached at full speed. A command's time counts
//! from when it should have arrived, so that one slow command makes the ones behind it late as well.
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use isthmus_core::messages::Command;

use crate::market;
use crate::rounds::{EFFECTS_BYTES, percentiles};
use crate::workload;

/// Runs; the reader takes the best.
const RUNS: usize = 5;

/// {"interval_ns", "runs": [percentiles], "empty": [the same loop around nothing], "even": [around an engine that takes
/// exactly half of the interval for every command, which shows what this machine's pauses do to the ones behind them]}.
pub fn measure(path: &Path) -> io::Result<String> {
    let setup = market::setup();
    let commands = market::commands(&workload::read(path)?, setup.len() as u64);
    let interval = full_speed(&setup, &commands) * 2 / commands.len() as u32;
    let (mut runs, mut empty, mut even) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        runs.push(engine_run(&setup, &commands, interval));
        empty.push(open_loop(&commands, interval, |_| ()));
        even.push(open_loop(&commands, interval, |_| wait(interval / 2)));
    }
    Ok(format!(
        r#"{{"interval_ns":{},"runs":[{}],"empty":[{}],"even":[{}]}}"#,
        interval.as_nanos(),
        runs.join(","),
        empty.join(","),
        even.join(",")
    ))
}

/// Time for all commands, one after the other.
fn full_speed(setup: &[Command], commands: &[Command]) -> Duration {
    let (mut engine, mut effects) = (market::engine_after(setup), Vec::with_capacity(2 * EFFECTS_BYTES));
    let started = Instant::now();
    for command in commands {
        engine.apply(command, 1, &mut effects);
        if effects.len() > EFFECTS_BYTES {
            effects.clear();
        }
    }
    started.elapsed()
}

fn engine_run(setup: &[Command], commands: &[Command], interval: Duration) -> String {
    let (mut engine, mut effects) = (market::engine_after(setup), Vec::with_capacity(2 * EFFECTS_BYTES));
    open_loop(commands, interval, |command| {
        effects.clear();
        engine.apply(command, 1, &mut effects);
    })
}

/// Busy for so long, the looks at the clock included.
fn wait(time: Duration) {
    let started = Instant::now();
    let look = started.elapsed();
    while started.elapsed() + look < time {}
}

/// Hands each command over when it is due, or at once if that is past; percentiles of end minus due.
fn open_loop(commands: &[Command], interval: Duration, mut act: impl FnMut(&Command)) -> String {
    let interval_ns = interval.as_nanos() as u64;
    let mut times = Vec::with_capacity(commands.len());
    let started = Instant::now();
    let since = || started.elapsed().as_nanos() as u64;
    let mut now = 0;
    for (at, command) in commands.iter().enumerate() {
        let due = at as u64 * interval_ns;
        // one look at the clock for a command that is late: its predecessor's end
        while now < due {
            std::hint::spin_loop();
            now = since();
        }
        act(command);
        now = since();
        times.push(now - due);
    }
    percentiles(times.into_iter())
}
