//! FIX sessions: the rules without a socket, the store, and the loop over loopback.
mod server;
mod support;
mod rules;
