//! Whether a source's stamps are off by whole half hours: its middles are another's at a constant shift.
//!
//! Middles are kept every 30 seconds. The changes of the last hour are correlated with those of another source at every
//! shift of k x 30 minutes, up to 12 hours either way. Aligned sources of one instrument correlate at 0 and nowhere else.
use crate::values::{PPM, SECOND, narrow};

/// Time between two kept middles.
pub const SLOT_NS: u64 = 30 * SECOND;
/// Slots of half an hour.
const HALF_HOUR: i64 = 60;
/// Shifts of up to 12 hours: the time zones.
const SHIFTS: i64 = 24;
/// Changes that are compared: an hour of them.
const WINDOW: i64 = 120;
/// Slots kept: twelve hours and two windows.
const KEPT: usize = 2_048;
/// Changes of the window that are not zero, of each; less says nothing.
const MOVES_LEAST: usize = 30;
/// A change in 10^-9 of the price counts at most as this, so that one jump does not make a correlation of its own.
const CHANGE_MAX: i64 = 2_000_000;
/// Correlation that says "the same".
pub const SAME_PPM: i64 = 700_000;
/// Correlation at 0 below which two sources are not aligned.
pub const APART_PPM: i64 = 350_000;

/// The middles of one source by slot.
#[derive(Clone, Debug, Default)]
pub struct Track {
    middles: Vec<i64>,
    first: i64,
    next: i64,
}

/// What the comparison of two tracks says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Aligned,
    /// The first one's stamps are off by so many ns; the correlation there.
    Shifted(i64, i64),
    Unclear,
}

impl Track {
    /// A middle at a time; the slots since the last one held the middle before. Tells whether a slot was completed.
    pub fn see(&mut self, at: u64, middle: i64) -> bool {
        let slot = (at / SLOT_NS) as i64;
        if self.middles.is_empty() {
            self.middles = vec![0; KEPT];
            (self.first, self.next) = (slot, slot + 1);
        }
        let completed = slot >= self.next;
        if completed {
            let last = self.middles[place(self.next - 1)];
            for gap in self.next.max(slot + 1 - KEPT as i64)..slot {
                self.middles[place(gap)] = last;
            }
            self.next = slot + 1;
            self.first = self.first.max(self.next - KEPT as i64);
        }
        if slot >= self.first && slot + 1 == self.next {
            self.middles[place(slot)] = middle;
        }
        completed
    }

    /// The change into a slot in 10^-9, None where the slot or the one before it is not kept. The newest slot is not yet
    /// complete and is not asked for.
    fn change(&self, slot: i64) -> Option<i64> {
        if slot <= self.first || slot + 1 >= self.next {
            return None;
        }
        let (before, now) = (self.middles[place(slot - 1)], self.middles[place(slot)]);
        if before <= 0 || now <= 0 {
            return None;
        }
        let change = (i128::from(now) - i128::from(before)) * 1_000_000_000 / i128::from(before);
        Some(narrow(change).clamp(-CHANGE_MAX, CHANGE_MAX))
    }

    /// Correlation in ppm of the window's changes with another's when this one's stamps are `shift` slots off.
    fn correlation(&self, other: &Track, shift: i64) -> Option<i64> {
        let end = (other.next - 2).min(self.next - 2 - shift);
        let (mut both, mut own, mut theirs) = (0i128, 0i128, 0i128);
        let mut moves = (0, 0);
        for slot in end + 1 - WINDOW..=end {
            let (one, two) = (self.change(slot + shift)?, other.change(slot)?);
            moves = (moves.0 + usize::from(one != 0), moves.1 + usize::from(two != 0));
            both += i128::from(one) * i128::from(two);
            own += i128::from(one) * i128::from(one);
            theirs += i128::from(two) * i128::from(two);
        }
        if moves.0.min(moves.1) < MOVES_LEAST {
            return None;
        }
        let scale = (own.isqrt() * theirs.isqrt()).max(1);
        Some(narrow(both * i128::from(PPM) / scale))
    }

    /// Compares with another source.
    pub fn compare(&self, other: &Track) -> Verdict {
        if self.middles.is_empty() || other.middles.is_empty() {
            return Verdict::Unclear;
        }
        let now = self.correlation(other, 0);
        if now.is_some_and(|now| now >= SAME_PPM) {
            return Verdict::Aligned;
        }
        let shifts = (-SHIFTS..=SHIFTS).filter(|shift| *shift != 0);
        let best = shifts.filter_map(|shift| Some((self.correlation(other, shift * HALF_HOUR)?, shift))).max();
        match best {
            Some((found, shift)) if found >= SAME_PPM && now.is_none_or(|now| now <= APART_PPM) => {
                Verdict::Shifted(shift * HALF_HOUR * SLOT_NS as i64, found)
            }
            _ => Verdict::Unclear,
        }
    }
}

fn place(slot: i64) -> usize {
    slot.rem_euclid(KEPT as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    /// The price at a time, the same for everybody.
    fn walk(slots: usize) -> Vec<i64> {
        let (mut chance, mut price) = (Chance::new(31), 1_000_000_000);
        (0..slots)
            .map(|_| {
                price += chance.below(200_001) as i64 - 100_000;
                price
            })
            .collect()
    }

    /// Two sources that see the walk, the first with stamps that are so many slots off, told in the order of the stamps.
    fn verdict(off: i64, noise: u64) -> Verdict {
        let (prices, mut chance) = (walk(6_000), Chance::new(7));
        let (mut one, mut other) = (Track::default(), Track::default());
        for stamp in 1_500..4_400i64 {
            let mut quote = |at: i64| prices[at as usize] + chance.below(noise) as i64;
            one.see(stamp as u64 * SLOT_NS, quote(stamp - off));
            other.see(stamp as u64 * SLOT_NS, quote(stamp));
        }
        one.compare(&other)
    }

    #[test]
    fn aligned_sources_are_aligned_and_noise_does_not_change_it() {
        assert_eq!(verdict(0, 1), Verdict::Aligned);
        assert_eq!(verdict(0, 20_000), Verdict::Aligned);
    }

    #[test]
    fn whole_half_hours_are_found_either_way() {
        for half_hours in [-24, -10, -1, 1, 4, 11] {
            let Verdict::Shifted(shift, correlation) = verdict(half_hours * HALF_HOUR, 20_000) else {
                panic!("{half_hours}: not found")
            };
            assert_eq!(shift, half_hours * 1_800 * SECOND as i64);
            assert!(correlation >= SAME_PPM);
        }
    }

    #[test]
    fn sources_that_have_nothing_in_common_are_not_judged() {
        assert_eq!(verdict(37, 1), Verdict::Unclear, "a shift that is no half hour");
        let (mut one, mut other, mut chance) = (Track::default(), Track::default(), Chance::new(2));
        for slot in 0..2_000 {
            one.see(slot * SLOT_NS, 1_000_000_000 + chance.below(500_000) as i64);
            other.see(slot * SLOT_NS, 1_000_000_000 + chance.below(500_000) as i64);
        }
        assert_eq!(one.compare(&other), Verdict::Unclear);
        assert_eq!(Track::default().compare(&one), Verdict::Unclear);
    }

    #[test]
    fn a_market_that_stands_still_says_nothing() {
        let mut one = Track::default();
        for slot in 0..2_000 {
            one.see(slot * SLOT_NS, 1_000_000_000);
        }
        assert_eq!(one.compare(&one.clone()), Verdict::Unclear);
    }

    #[test]
    fn time_that_goes_back_changes_nothing_but_the_newest_slot_may_change() {
        let mut one = Track::default();
        for slot in 0..10u64 {
            one.see(slot * SLOT_NS, 1_000_000_000 + slot as i64 * 1_000);
        }
        let before = one.clone();
        assert!(!one.see(3 * SLOT_NS, 5));
        assert_eq!(one.middles, before.middles);
        assert!(one.see(9_000 * SLOT_NS, 7), "a gap longer than what is kept");
        assert_eq!((one.first, one.next), (9_001 - KEPT as i64, 9_001));
    }
}
