//! Order entry of FIX sessions: orders in, commands to the engine; records out, execution reports.
//!
//! Owns: the blotter of what sessions placed, the reading of orders and the writing of reports. Takes: messages that their
//! session has checked, records. Emits: commands with their origin, reports. Never: answers before the record is as durable
//! as promised.
pub mod blotter;
pub mod channel;
pub mod desk;
pub mod host;
pub mod instruction;
pub mod member;
pub mod report;
mod tracked;
pub mod writing;
