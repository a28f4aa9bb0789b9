//! FIX sessions: the rules without a socket, the store, and the loop over loopback.
mod rules;
mod server;
mod support;
