//! The journal on a real file system: what is written comes back, and nothing can be altered unseen.
mod round_trip;
mod support;
