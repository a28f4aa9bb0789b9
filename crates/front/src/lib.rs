//! The sockets of the hot path.
//!
//! Owns: the port that understands everyone, TLS, FIX sessions and their stores. Takes: connections. Emits: commands into the
//! engine, descriptors and messages for Python. Never: decides about money or orders.
pub mod echo;
pub mod order_entry;
pub mod port;
pub mod rules;
pub mod server;
pub mod session;
pub mod shared;
pub mod store;
