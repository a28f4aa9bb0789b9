//! The sockets of the hot path.
//!
//! Owns: the port that understands everyone, TLS, FIX sessions and their stores. Takes: connections. Emits: commands into the
//! engine, descriptors and messages for Python. Never: decides about money or orders.
pub mod order_entry;
pub mod server;
pub mod session;
pub mod shared;
pub mod store;
pub mod port;
