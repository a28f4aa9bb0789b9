//! A seeded simulator in the manner of TigerBeetle's: one thread, a virtual clock, a virtual disk, clients whose messages
//! are delayed, doubled and lost, and crashes. The same seed gives the same run.
//!
//! `chance` draws, `world` is what every run begins with, `clients` write commands, `shadow` and `oracles` know what
//! must hold without asking the engine how it did it, `run` ties them together.
mod booked;
mod chance;
mod clients;
mod contracts;
mod desk;
mod disk;
mod journal;
mod oracles;
mod plant;
mod router;
mod run;
mod shadow;
mod treasury;
mod world;

pub use plant::Plant;
pub use run::{Report, Violation, simulate};
pub use world::World;
