//! Does a command cost more when the market is large, and what does a resting order take? The same flow on a small market
//! and on one with many instruments, accounts and orders, taking turns.
use std::fs;
use std::io;

use isthmus_core::Engine;
use isthmus_core::ahead::AHEAD;
use isthmus_core::messages::Command;

use crate::clock::timed;
use crate::flow::{Flow, Shape};
use crate::market;
use crate::rounds::EFFECTS_BYTES;

const SMALL: Shape = Shape { instruments: 1, accounts: 1_024, resting: 2_300 };
const COMMANDS: usize = 1_000_000;
/// Commands before the clock starts: a copied engine has no spare room yet.
const WARM: usize = 200_000;
const ROUNDS: usize = 3;
const PAGE_BYTES: u64 = 4_096;

/// A market with its orders resting, and the commands to come.
struct Market {
    engine: Engine,
    commands: Vec<Command>,
    bytes_per_order: f64,
}

/// {"resting", "bytes_per_order", "small_ns": [..], "large_ns": [..]}: CPU nanoseconds a command, a figure a round.
pub fn measure(large: Shape) -> io::Result<String> {
    let (small, large) = (Market::new(SMALL)?, Market::new(large)?);
    let (mut of_small, mut of_large) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_small.push(format!("{:.2}", small.ns_per_command()));
        of_large.push(format!("{:.2}", large.ns_per_command()));
    }
    Ok(format!(
        r#"{{"resting":{},"bytes_per_order":{:.1},"small_ns":[{}],"large_ns":[{}]}}"#,
        large.engine.orders.len(),
        large.bytes_per_order,
        of_small.join(","),
        of_large.join(",")
    ))
}

impl Market {
    fn new(shape: Shape) -> io::Result<Self> {
        let mut flow = Flow::new(shape);
        let mut engine = market::engine_after(&flow.setup());
        let mut effects = Vec::new();
        let mut orders = Vec::with_capacity(shape.resting as usize);
        for _ in 0..shape.resting {
            orders.push(flow.resting(engine.sequence + 1 + orders.len() as u64));
        }
        let before = resident_bytes()?;
        for command in &orders {
            effects.clear();
            engine.apply(command, 1, &mut effects);
        }
        let bytes_per_order = (resident_bytes()? - before) as f64 / f64::from(shape.resting);
        let commands = drawn(&mut flow, engine.clone());
        Ok(Self { engine, commands, bytes_per_order })
    }

    fn ns_per_command(&self) -> f64 {
        let mut engine = self.engine.clone();
        let mut effects = Vec::with_capacity(2 * EFFECTS_BYTES);
        let mut run = |commands: &[Command]| {
            for batch in commands.chunks(AHEAD) {
                if engine.is_large() {
                    std::hint::black_box(engine.look_ahead(batch));
                }
                for command in batch {
                    engine.apply(command, 1, &mut effects);
                }
                if effects.len() > EFFECTS_BYTES {
                    effects.clear();
                }
            }
        };
        run(&self.commands[..WARM]);
        timed(|| run(&self.commands[WARM..])).cpu_s * 1e9 / (COMMANDS - WARM) as f64
    }
}

/// The commands of the flow; they are tried out on a copy to know which orders live.
fn drawn(flow: &mut Flow, mut copy: Engine) -> Vec<Command> {
    let (mut effects, mut commands) = (Vec::new(), Vec::with_capacity(COMMANDS));
    for _ in 0..COMMANDS {
        let command = flow.next(&copy, copy.sequence + 1);
        effects.clear();
        copy.apply(&command, 1, &mut effects);
        commands.push(command);
    }
    commands
}

/// What this process holds in memory.
fn resident_bytes() -> io::Result<u64> {
    let pages = fs::read_to_string("/proc/self/statm")?;
    let resident = pages.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    Ok(resident.ok_or_else(|| io::Error::other("/proc/self/statm: no second number"))? * PAGE_BYTES)
}
