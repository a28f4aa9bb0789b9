//! The engine in a process of its own, and gateway processes beside it on the same host, over shared memory.
//!
//! Owns: the form of what is asked and replied, one lane for each gateway, numbering and flow control on it. Takes:
//! instruction rows ([`isthmus_core::row`]). Emits: replies, in the order of the asks of a lane, when the durability's
//! promise is kept. Never: decides anything, or lets a slow gateway hold up the engine or another gateway.
//!
//! A lane is a file in shared memory with [`lane::SLOTS`] places for asks, which the gateway writes, and as many for
//! replies, which the engine writes. An ask's place is free again when its reply was read, a reply's when the gateway says
//! that it has read so far. Whoever reads looks at the place where the next number must appear. A lane lives as long as
//! both of its processes; a gateway that comes back opens another one. What becomes of an order that rests is not told
//! here; it is read from the journal.
pub mod gateway;
pub mod lane;
mod memory;
pub mod port;
mod watch;

pub use gateway::Gateway;
pub use lane::{Fault, Fill, Reply};
pub use port::Port;
