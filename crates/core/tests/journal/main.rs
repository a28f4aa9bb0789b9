//! The journal on a real file system: what is written comes back, and nothing can be altered unseen.
mod cuts;
mod damage;
mod faults;
mod flushing;
mod following;
mod live;
mod releases;
mod replaying;
mod round_trip;
mod snapshots;
mod standby;
mod support;
