//! Wire formats of the hot tier: bytes in, fields out, and back.
//!
//! Owns: the tokenisers, dictionaries and encoders of FIX and SWIFT MT, the pass over ISO 20022. Takes: bytes. Emits: fields as slices of what came in, bytes.
//! Never: opens a socket, reads a clock, decides about money or orders.
pub mod fix;
pub mod iso20022;
pub mod swift;
