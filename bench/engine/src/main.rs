//! The command that `isthmus bench engine` runs. Every answer is one JSON object on a line of standard output.
use std::io;
use std::path::Path;
use std::process::ExitCode;

use isthmus_bench::flow::Shape;
use isthmus_bench::{fix_orders, latency, purge, revalue, rounds, route, scale, shared_memory, wire};

const USE: &str = "isthmus-bench rounds COMMANDS          asked line by line: truth, round, each match, each gated
isthmus-bench latency COMMANDS
isthmus-bench route
isthmus-bench wire FOLDER              asked line by line: truth, round
isthmus-bench fix-orders FOLDER os|group PINGS ORDERS
isthmus-bench scale INSTRUMENTS ACCOUNTS RESTING
isthmus-bench purge FOLDER INSTRUMENTS ACCOUNTS RESTING
isthmus-bench revalue ACCOUNTS MARKS
isthmus-bench shared-memory PORT FOLDER COMMANDS     PORT: the isthmus-port command";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match answer(&words) {
        Ok(Some(line)) => println!("{line}"),
        Ok(None) => {}
        Err(error) => {
            eprintln!("isthmus-bench: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn answer(words: &[&str]) -> io::Result<Option<String>> {
    match words {
        ["rounds", commands] => rounds::serve(Path::new(commands)).map(|()| None),
        ["wire", folder] => wire::serve(Path::new(folder)).map(|()| None),
        ["fix-orders", folder, durability, pings, orders] => {
            let counts = [pings, orders]
                .map(|count| count.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, USE)));
            let [pings, orders] = counts;
            fix_orders::measure(Path::new(folder), durability, pings?, orders?).map(Some)
        }
        ["route"] => Ok(Some(route::measure())),
        ["latency", commands] => latency::measure(Path::new(commands)).map(Some),
        ["scale", numbers @ ..] => scale::measure(shape(numbers)?).map(Some),
        ["purge", folder, numbers @ ..] => purge::measure(Path::new(folder), shape(numbers)?).map(Some),
        ["revalue", accounts, marks] => {
            let counts =
                [accounts, marks].map(|n| n.parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, USE)));
            let [accounts, marks] = counts;
            Ok(Some(revalue::measure(accounts?, marks?)))
        }
        ["shared-memory", port, folder, commands] => {
            shared_memory::measure(Path::new(port), Path::new(folder), Path::new(commands)).map(Some)
        }
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, USE)),
    }
}

fn shape(numbers: &[&str]) -> io::Result<Shape> {
    let parsed: Result<Vec<u32>, _> = numbers.iter().map(|number| number.parse()).collect();
    match parsed.as_deref() {
        Ok([instruments, accounts, resting]) if *instruments > 0 && *accounts > 0 => {
            Ok(Shape { instruments: *instruments, accounts: *accounts, resting: *resting })
        }
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, USE)),
    }
}
