//! What became of a source or a route, and why.

/// The reason. The figures of each are listed beside it; what is not listed is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reason {
    /// No update for its limit while others moved. Age in ns, moves of the others.
    Stale = 0,
    /// Its own bid is not below its own ask. Bid, ask (price steps x 10^6).
    Crossed = 1,
    /// Crossed with most of the others in a large share of its updates. The share in ppm, how many others.
    CrossedWithOthers = 2,
    /// Its middle is away from the others' median. Apart in ppm, own middle, the median (price steps x 10^6).
    Skewed = 3,
    /// Its middles are another's at a constant shift. Shift in ns (below 0: its stamps are behind), correlation there in ppm,
    /// the other venue.
    ClockShift = 4,
    /// Numbers of its feed do not follow one another, or not its snapshot. Expected, got.
    Sequence = 5,
    /// Crossed, and one side's best level has not changed all the while: left over from before a snapshot. Its price (price
    /// steps x 10^6), side (0 bids), updates without a change.
    StaleLevel = 6,
    /// What it sent was refused. The venue's updates so far.
    Malformed = 7,
    /// Quarantine: more updates in a second than it ever sends. Updates, the most that is usual.
    Rate = 8,
    /// Quarantine: its spread. Spread, the most that is usual (10^-9 of the price).
    Spread = 9,
    /// Quarantine: how long it is behind or ahead of the others. Lag in ns (below 0: ahead), the usual lag.
    Lead = 10,
    /// Its principal is not used: this source stands in. The principal.
    Backup = 11,
    /// Two of three checks lock the route. Votes (1 own, 2 others, 4 hard band), the middle, what it was held against.
    Locked = 12,
    /// One check of three votes against a quote; nothing is locked. Votes, the middle, what it was held against.
    Doubted = 13,
    /// An operator or a forecast took the route out.
    Held = 14,
}

impl Reason {
    /// All, by the names that people use.
    pub const NAMES: [(Reason, &'static str, &'static str); 15] = [
        (Reason::Stale, "stale", "stale"),
        (Reason::Crossed, "crossed", "crossed"),
        (Reason::CrossedWithOthers, "crossed", "crossed_with_others"),
        (Reason::Skewed, "skewed", "skewed"),
        (Reason::ClockShift, "clock_shifted", "clock_shift"),
        (Reason::Sequence, "snapshot", "sequence"),
        (Reason::StaleLevel, "snapshot", "stale_level"),
        (Reason::Malformed, "malformed", "malformed"),
        (Reason::Rate, "quarantined", "rate"),
        (Reason::Spread, "quarantined", "spread"),
        (Reason::Lead, "quarantined", "lead"),
        (Reason::Backup, "backup", "backup"),
        (Reason::Locked, "locked", "votes"),
        (Reason::Doubted, "doubted", "votes"),
        (Reason::Held, "held", "held"),
    ];

    /// The bit of a mark.
    pub fn bit(self) -> u16 {
        1 << self as u8
    }

    /// The state that it puts a source or a route in.
    pub fn state(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].2
    }
}

/// A mark set (`on`) or taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub venue: u32,
    pub at: u64,
    pub reason: Reason,
    pub on: bool,
    pub figures: [i64; 3],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_stands_at_its_number() {
        for (number, (reason, _, _)) in Reason::NAMES.iter().enumerate() {
            assert_eq!(*reason as usize, number);
        }
    }
}
