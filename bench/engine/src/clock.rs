//! Time as the rows need it: this thread's processor time, and the wall.
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// Seconds that something took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    pub cpu_s: f64,
    pub wall_s: f64,
}

/// Times one act; its result is dropped after the clock was read.
pub fn timed<T>(act: impl FnOnce() -> T) -> Took {
    let (wall, cpu) = (Instant::now(), thread_s());
    let made = std::hint::black_box(act());
    let took = Took { cpu_s: thread_s() - cpu, wall_s: wall.elapsed().as_secs_f64() };
    drop(made);
    took
}

fn thread_s() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}
