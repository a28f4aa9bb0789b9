//! `isthmus-port`: the engine of a data folder, served to gateway processes over shared memory until SIGTERM.
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use isthmus_core::broker::{Broker, Options};
use isthmus_core::journal::Durability;
use isthmus_port::Port;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

const USE: &str = "isthmus-port --data DIR [--durability never|os|group] [--name isthmus]";
const SEGMENT_BYTES: u64 = 64 << 20;
/// A start runs about this many records again at most.
const SNAPSHOT_RECORDS: u64 = 1_000_000;
/// Turns without work after which the core is offered to others between two turns.
const IDLE_TURNS: u32 = 20_000;

/// What was asked for on the command line.
struct Settings {
    data: String,
    durability: Durability,
    name: String,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(settings) = settings(&arguments) else {
        eprintln!("{USE}");
        return ExitCode::from(2);
    };
    match serve(&settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("isthmus-port: {why}");
            ExitCode::FAILURE
        }
    }
}

fn settings(arguments: &[String]) -> Option<Settings> {
    let mut found = Settings { data: String::new(), durability: Durability::Group, name: "isthmus".to_owned() };
    for pair in arguments.chunks(2) {
        let [option, value] = pair else { return None };
        match (option.as_str(), value.as_str()) {
            ("--data", data) => data.clone_into(&mut found.data),
            ("--durability", "never") => found.durability = Durability::Never,
            ("--durability", "os") => found.durability = Durability::Os,
            ("--durability", "group") => found.durability = Durability::Group,
            ("--name", name) => name.clone_into(&mut found.name),
            _ => return None,
        }
    }
    (!found.data.is_empty()).then_some(found)
}

fn serve(settings: &Settings) -> Result<(), String> {
    let options =
        Options { durability: settings.durability, segment_bytes: SEGMENT_BYTES, snapshot_records: SNAPSHOT_RECORDS };
    let mut broker = Broker::open(Path::new(&settings.data), options).map_err(|error| error.to_string())?;
    let mut port = Port::create(&settings.name).map_err(|fault| fault.to_string())?;
    let asked_to_end = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        flag::register(signal, asked_to_end.clone()).map_err(|error| error.to_string())?;
    }
    println!(
        r#"{{"event":"ready","pid":{},"name":"{}","sequence":{}}}"#,
        std::process::id(),
        settings.name,
        broker.engine.sequence
    );
    let mut idle = 0u32;
    while !asked_to_end.load(Ordering::Relaxed) {
        let applied = port.turn(&mut broker).map_err(|error| error.to_string())?;
        idle = if applied == 0 { idle.saturating_add(1) } else { 0 };
        if idle > IDLE_TURNS {
            std::thread::yield_now();
        } else {
            std::hint::spin_loop();
        }
    }
    drop(port);
    broker.close().map_err(|error| error.to_string())
}
