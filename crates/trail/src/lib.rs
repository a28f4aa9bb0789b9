//! One row of 78 values for every event of every order, from the journal's records alone.
//!
//! A value is unknown where the journal does not say it, and empty where it is known that there is none; nothing is
//! guessed. What the fields are: docs/reference/audit-dimensions.md. The plain twin that must give the same rows is in
//! tests/oracle. No clock, no float, no file.
mod changes;
mod checks;
mod live;
mod order;
mod record;
pub mod rows;
mod state;
mod terms;
mod text;
pub mod values;
mod writer;

pub use record::Fault;
pub use rows::Rows;
pub use values::{FIELDS, Made};
