//! The deterministic engine: gate, books, posting and journal. One writer, integers only; time is handed in.
//!
//! `messages` is the vocabulary; `engine` applies one command after the other; `place`, `matching`, `change`, `venue` and
//! `operator` are what the commands do; `journal` makes them last.
pub mod book;
pub mod broker;
mod change;
pub mod engine;
pub mod instrument;
pub mod journal;
pub mod ledger;
mod matching;
pub mod memory;
pub mod messages;
mod operator;
pub mod orders;
pub mod perpetual;
mod place;
pub mod postings;
pub mod record;
pub mod replay;
pub mod snapshot;
pub mod values;
pub mod venue;

pub use engine::Engine;
pub use messages::{CancelReason, Command, Effect, Message, Reason, Template};
