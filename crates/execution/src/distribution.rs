//! What is usual of a figure, kept in two integers: its mean and its mean distance from it, both of late.

/// Binary places that both are kept with.
const PLACES: u32 = 8;
/// A new figure weighs 1/64 once so many were seen; until then all weigh the same.
const WEIGHT: i64 = 64;
/// Figures before anything is called unusual.
pub const WARM: u32 = 64;
/// Greater figures count as this much.
const FIGURE_MAX: i64 = 1 << 50;

/// How far from usual is unusual: more than `times` mean distances and `floor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    pub times: i64,
    pub floor: i64,
}

/// Mean and mean distance, exponentially weighted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Distribution {
    mean: i64,
    distance: i64,
    seen: u32,
}

impl Distribution {
    /// The usual figure.
    pub fn mean(&self) -> i64 {
        self.mean >> PLACES
    }

    /// The greatest figure that is usual.
    pub fn most(&self, bound: Bound) -> i64 {
        let reach = i128::from(self.distance) * i128::from(bound.times);
        crate::values::narrow(((i128::from(self.mean) + reach) >> PLACES) + i128::from(bound.floor))
    }

    /// Is it greater than what is usual? Nothing is before enough was seen.
    pub fn is_high(&self, figure: i64, bound: Bound) -> bool {
        self.seen >= WARM && figure > self.most(bound)
    }

    /// Is it greater or less than what is usual?
    pub fn is_far(&self, figure: i64, bound: Bound) -> bool {
        let reach = self.most(bound).saturating_sub(self.mean());
        self.seen >= WARM && figure.saturating_sub(self.mean()).saturating_abs() > reach
    }

    /// Takes a figure in. An unusual one counts as the greatest usual one, so that a single one spoils nothing and a new
    /// regime is usual in time.
    pub fn learn(&mut self, figure: i64, bound: Bound) {
        let reach = self.most(bound).saturating_sub(self.mean());
        let (low, high) = if self.seen >= WARM { around(self.mean(), reach) } else { (i64::MIN, i64::MAX) };
        let figure = figure.clamp(low, high).clamp(-FIGURE_MAX, FIGURE_MAX) << PLACES;
        if self.seen == 0 {
            self.mean = figure;
        }
        self.seen = self.seen.saturating_add(1);
        let weight = WEIGHT.min(i64::from(self.seen));
        let off = figure - self.mean;
        self.mean += off / weight;
        self.distance += (off.abs() - self.distance) / weight;
    }
}

fn around(mean: i64, reach: i64) -> (i64, i64) {
    (mean.saturating_sub(reach), mean.saturating_add(reach))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Bound = Bound { times: 8, floor: 5 };

    #[test]
    fn mean_and_distance_are_those_of_the_figures() {
        let mut distribution = Distribution::default();
        for figure in [10, 20].repeat(500) {
            distribution.learn(figure, BOUND);
        }
        assert!((14..=15).contains(&distribution.mean()));
        assert!((distribution.most(BOUND) - (15 + 8 * 5 + 5)).abs() <= 3, "{}", distribution.most(BOUND));
    }

    #[test]
    fn nothing_is_unusual_before_enough_was_seen() {
        let mut distribution = Distribution::default();
        for _ in 0..WARM - 1 {
            distribution.learn(10, BOUND);
        }
        assert!(!distribution.is_high(1_000, BOUND));
        distribution.learn(10, BOUND);
        assert!(distribution.is_high(1_000, BOUND));
        assert!(!distribution.is_high(15, BOUND));
        assert!(distribution.is_high(16, BOUND));
        assert!(distribution.is_far(4, BOUND) && !distribution.is_far(5, BOUND));
    }

    #[test]
    fn one_outlier_spoils_nothing_and_a_new_regime_is_usual_in_time() {
        let mut distribution = Distribution::default();
        for figure in [9, 11].repeat(100) {
            distribution.learn(figure, BOUND);
        }
        distribution.learn(1_000_000_000, BOUND);
        assert!(distribution.mean() <= 11);
        let mut needed = 0;
        while distribution.is_high(100, BOUND) {
            distribution.learn(100, BOUND);
            needed += 1;
        }
        assert!((10..200).contains(&needed), "{needed}");
    }
}
