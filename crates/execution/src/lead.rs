//! How long a source is behind the agreement of all, or ahead of it.
use crate::values::{PPM, SECOND};

/// Moves of less than this are noise: 100 millionths, a basis point.
const MOVE_PPM: i64 = 100;
/// Moves that are further apart have nothing to do with one another.
const APART_NS: u64 = 10 * SECOND;

/// A move that was not yet followed.
#[derive(Clone, Copy, Debug, Default)]
struct Move {
    at: u64,
    up: bool,
    open: bool,
}

/// A price's last turn of at least MOVE_PPM.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mover {
    from: i64,
}

impl Mover {
    /// Whether the price moved far enough from where it last did, and which way.
    pub fn see(&mut self, price: i64) -> Option<bool> {
        if self.from == 0 {
            self.from = price;
            return None;
        }
        let moved = i128::from(price - self.from) * i128::from(PPM) / i128::from(self.from.max(1));
        if moved.abs() < i128::from(MOVE_PPM) {
            return None;
        }
        self.from = price;
        Some(moved > 0)
    }
}

/// One source against the agreement.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lead {
    mover: Mover,
    own: Move,
    theirs: Move,
}

impl Lead {
    /// The source's price: the lag in ns if it follows a move of the agreement.
    pub fn own(&mut self, at: u64, price: i64) -> Option<i64> {
        let up = self.mover.see(price)?;
        if self.theirs.open && self.theirs.up == up && at.saturating_sub(self.theirs.at) <= APART_NS {
            self.theirs.open = false;
            return Some(at.saturating_sub(self.theirs.at) as i64);
        }
        self.own = Move { at, up, open: true };
        None
    }

    /// The agreement moved: minus the lag in ns if the source had moved before it.
    pub fn theirs(&mut self, at: u64, up: bool) -> Option<i64> {
        if self.own.open && self.own.up == up && at.saturating_sub(self.own.at) <= APART_NS {
            self.own.open = false;
            return Some(-(at.saturating_sub(self.own.at) as i64));
        }
        self.theirs = Move { at, up, open: true };
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_follows_is_behind_and_who_is_followed_ahead() {
        let mut lead = Lead::default();
        assert_eq!(lead.own(0, 1_000_000), None);
        assert_eq!(lead.theirs(10, true), None);
        assert_eq!(lead.own(35, 1_000_100), Some(25));
        assert_eq!(lead.own(50, 1_000_300), None);
        assert_eq!(lead.theirs(57, true), Some(-7));
    }

    #[test]
    fn other_ways_small_moves_and_long_ago_do_not_count() {
        let mut lead = Lead::default();
        lead.own(0, 1_000_000);
        lead.theirs(10, false);
        assert_eq!(lead.own(20, 1_000_200), None, "the other way");
        assert_eq!(lead.own(30, 1_000_250), None, "too little");
        lead.theirs(10, true);
        assert_eq!(lead.own(10 + APART_NS + 1, 1_000_500), None, "too long ago");
    }
}
