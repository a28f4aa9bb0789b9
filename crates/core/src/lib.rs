//! The deterministic engine: gate, books, posting and journal. One writer, integers only; time is handed in.
//!
//! `messages` is the vocabulary; `engine` applies one command after the other; `place`, `matching`, `change`, `venue` and
//! `operator` are what the commands do; `journal` makes them last.
mod allocation;
pub mod book;
pub mod broker;
mod change;
mod combining;
mod conditions;
mod corrections;
mod dark;
pub mod deadlines;
pub mod engine;
mod fitting;
pub mod flusher;
pub mod follower;
mod form;
pub mod instrument;
pub mod journal;
mod kill;
pub mod ledger;
mod limits;
pub mod links;
mod makers;
pub mod market;
mod matching;
pub mod memory;
pub mod messages;
pub mod names;
mod negotiation;
mod operator;
pub mod orders;
mod pegs;
pub mod perpetual;
mod place;
pub mod postings;
mod reactions;
pub mod record;
pub mod recorded;
mod replacing;
pub mod replay;
mod resting;
pub mod row;
pub mod rules;
mod session;
pub mod snapshot;
mod special;
pub mod triggers;
pub mod values;
pub mod venue;
mod walking;
pub mod wire;
mod working;

pub use engine::Engine;
pub use messages::{Command, Effect, Message};
