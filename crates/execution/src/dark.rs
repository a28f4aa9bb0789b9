//! How a quantity is spread over dark pools, which say nothing of what they hold.
//!
//! Two ways. By tails: Ganchev, Kearns, Nevmyvaka and Wortman Vaughan, "Censored exploration and the dark pool problem"
//! (UAI 2009; CACM 53(5) 2010): unit by unit to the pool with the greatest probability of having one unit more, the
//! probabilities estimated as Kaplan and Meier do, since a child that filled whole only tells that there was at least so
//! much. By weights: Laruelle, Lehalle and Pagès, "Optimal split of orders across liquidity pools" (SIAM J. Financial
//! Mathematics 2, 2011).
//!
//! A unit is a block of lots that the caller chooses.
use crate::values::{PPM, Refused, refuse};

/// Dark pools that one allocation looks at.
pub const POOLS_MAX: usize = 16;
/// Units of one allocation.
pub const UNITS_MAX: usize = 1_024;
/// Probabilities are kept in 2^-40, so that a product of a thousand of them is still exact to a millionth.
const ONE: u64 = 1 << 40;

/// What was learnt of one pool.
#[derive(Clone, Debug)]
pub struct Tails {
    /// At s: how often exactly s units came when more were asked for.
    ended: Vec<u32>,
    /// At s: how often at least s came when more than s were asked for.
    reached: Vec<u32>,
    /// At s: the probability of at least s units. At 0: one.
    tails: Vec<u64>,
    /// Observations of a size before it counts as known.
    least: u32,
}

impl Tails {
    /// Nothing is known yet; every size up to `units` may be there. A size counts as explored after `least` observations.
    pub fn new(units: usize, least: u32) -> Result<Self, Refused> {
        if !(1..=UNITS_MAX).contains(&units) {
            return refuse("units", "must be from 1 to 1024");
        }
        if least == 0 {
            return refuse("least", "must be at least 1");
        }
        let zeros = vec![0; units];
        Ok(Self { ended: zeros.clone(), reached: zeros, tails: vec![ONE; units + 1], least })
    }

    /// Most units that can be asked for.
    pub fn units(&self) -> usize {
        self.ended.len()
    }

    /// P(at least so many units), in millionths.
    pub fn tail_ppm(&self, units: usize) -> u32 {
        let tail = self.tails.get(units).copied().unwrap_or(0);
        ((tail * PPM as u64 + ONE / 2) >> 40) as u32
    }

    /// A child for `asked` units got `filled`: all of it (censored: there may have been more) or less (seen).
    ///
    /// At s the hazard is ended / reached: of those that were seen to have s units and could have shown more, how many
    /// ended there. The tail at s + 1 is the product of what survives. Beyond the sizes that were explored the last known
    /// tail holds (optimism: what was never tried is tried).
    pub fn learn(&mut self, asked: usize, filled: usize) -> Result<(), Refused> {
        if asked == 0 || asked > self.units() {
            return refuse("asked", "must be from 1 to the units of the table");
        }
        if filled > asked {
            return refuse("filled", "is more than was asked for");
        }
        for reached in &mut self.reached[..=filled.min(asked - 1)] {
            *reached = reached.saturating_add(1);
        }
        if filled < asked {
            self.ended[filled] = self.ended[filled].saturating_add(1);
        }
        let mut tail = ONE;
        for (units, next) in self.tails[1..].iter_mut().enumerate() {
            let (ended, reached) = (u64::from(self.ended[units]), u64::from(self.reached[units]));
            if self.reached[units] >= self.least {
                tail = ((u128::from(tail) * u128::from(reached - ended)) / u128::from(reached)) as u64;
            }
            *next = tail;
        }
        Ok(())
    }
}

/// An allocation in the making, over pools whose places are those of the tails handed in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allocation {
    /// Units of each pool so far.
    pub units: [u16; POOLS_MAX],
}

impl Allocation {
    /// The pool that gets the next unit: of those that may be used (bit = place) the one most likely to have one more, the
    /// first of equals. None when no pool may have one.
    #[inline]
    pub fn next(&mut self, tails: &[Tails], open: u32) -> Option<usize> {
        let (mut best, mut at) = (0, POOLS_MAX);
        for (place, tails) in tails.iter().enumerate().take(POOLS_MAX) {
            let more = usize::from(self.units[place]) + 1;
            let tail = tails.tails.get(more).copied().unwrap_or(0);
            if tail > best && open >> place & 1 == 1 {
                (best, at) = (tail, place);
            }
        }
        if at == POOLS_MAX {
            return None;
        }
        self.units[at] += 1;
        Some(at)
    }

    /// So many units, one by one; what no pool is likely to have is not given out.
    pub fn spread(tails: &[Tails], open: u32, units: usize) -> Self {
        let mut allocation = Self::default();
        for _ in 0..units {
            if allocation.next(tails, open).is_none() {
                break;
            }
        }
        allocation
    }
}

/// Shares of a quantity by stochastic approximation; they sum to 10^9 at any time.
#[derive(Clone, Debug)]
pub struct Weights {
    shares: Vec<i64>,
    steps: i64,
}

/// What the shares sum to.
pub const WHOLE: i64 = 1_000_000_000;

/// What one pool did with its share.
#[derive(Clone, Copy, Debug)]
pub struct Response {
    /// What its fills are worth against the others', in millionths (a rebate below the fee of the lit market).
    pub value_ppm: i64,
    /// Its child filled whole: it may have had more.
    pub whole: bool,
}

impl Weights {
    /// Equal shares.
    pub fn new(pools: usize) -> Result<Self, Refused> {
        if !(1..=POOLS_MAX).contains(&pools) {
            return refuse("pools", "must be from 1 to 16");
        }
        let each = WHOLE / pools as i64;
        let mut shares = vec![each; pools];
        shares[0] += WHOLE - each * pools as i64;
        Ok(Self { shares, steps: 0 })
    }

    /// The shares, in 10^-9.
    pub fn shares(&self) -> &[i64] {
        &self.shares
    }

    /// Lots of a quantity, by shares; what rounding leaves goes to the greatest share.
    pub fn split(&self, quantity: i64) -> Vec<i64> {
        let part = |share: &i64| (i128::from(quantity) * i128::from(*share) / i128::from(WHOLE)) as i64;
        let mut parts: Vec<i64> = self.shares.iter().map(part).collect();
        let rest = quantity - parts.iter().sum::<i64>();
        parts[greatest(&self.shares)] += rest;
        parts
    }

    /// One step of the algorithm: r_i += g_n V (rho_i 1{filled whole} - mean of all), g_n = `gain_ppm` / n, with V the
    /// quantity in millionths of a usual one; then the nearest point of the simplex.
    ///
    /// The paper's indicator is 1{r_i V < D_i}; a child that filled whole is what can be seen of it.
    pub fn learn(&mut self, responses: &[Response], volume_ppm: i64, gain_ppm: i64) -> Result<(), Refused> {
        if responses.len() != self.shares.len() {
            return refuse("responses", "must be one of each pool");
        }
        if !(0..=1_000 * PPM).contains(&volume_ppm) || !(0..=1_000 * PPM).contains(&gain_ppm) {
            return refuse("gain_ppm", "gain and volume must be from 0 to 1000");
        }
        if responses.iter().any(|response| response.value_ppm.abs() > 1_000 * PPM) {
            return refuse("value_ppm", "must be from -1000 to 1000");
        }
        self.steps = self.steps.saturating_add(1);
        let pull = |response: &Response| if response.whole { i128::from(response.value_ppm) } else { 0 };
        let (count, sum) = (responses.len() as i128, responses.iter().map(pull).sum::<i128>());
        // value, volume and gain are millionths, and the shares 10^-9: 10^18 / 10^9 remains
        let unit = i128::from(WHOLE) * i128::from(self.steps) * count;
        for (share, response) in self.shares.iter_mut().zip(responses) {
            let step = (pull(response) * count - sum) * i128::from(volume_ppm) * i128::from(gain_ppm);
            *share += (step / unit) as i64;
        }
        onto_simplex(&mut self.shares);
        Ok(())
    }
}

fn greatest(shares: &[i64]) -> usize {
    (0..shares.len()).max_by_key(|at| (shares[*at], std::cmp::Reverse(*at))).unwrap_or(0)
}

/// The nearest shares that are not negative and sum to the whole: all less by the same, cut at 0 (Held, Wolfe, Crowder
/// 1974). What integer division leaves goes to the greatest.
fn onto_simplex(shares: &mut [i64]) {
    let mut ordered = shares.to_vec();
    ordered.sort_unstable_by(|one, other| other.cmp(one));
    let (mut sum, mut less) = (0, 0);
    for (at, share) in ordered.iter().enumerate() {
        sum += share;
        let candidate = (sum - WHOLE).div_euclid(at as i64 + 1);
        if share - candidate > 0 {
            less = candidate;
        }
    }
    for share in shares.iter_mut() {
        *share = (*share - less).max(0);
    }
    let rest = WHOLE - shares.iter().sum::<i64>();
    shares[greatest(shares)] += rest;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    #[test]
    fn without_censoring_the_estimate_is_the_share_of_what_was_seen() {
        let mut tails = Tails::new(10, 1).unwrap();
        for filled in [0, 2, 2, 5] {
            tails.learn(10, filled).unwrap();
        }
        let found: Vec<u32> = (0..=6).map(|units| tails.tail_ppm(units)).collect();
        assert_eq!(found, [1_000_000, 750_000, 750_000, 250_000, 250_000, 250_000, 0]);
    }

    #[test]
    fn a_child_that_filled_whole_says_nothing_about_more() {
        // worked by hand: at 0 three looked, none ended; at 1 (only those asked for more than 1) two, one ended
        let mut tails = Tails::new(4, 1).unwrap();
        tails.learn(1, 1).unwrap();
        tails.learn(3, 1).unwrap();
        tails.learn(3, 3).unwrap();
        let found: Vec<u32> = (1..=4).map(|units| tails.tail_ppm(units)).collect();
        assert_eq!(found, [1_000_000, 500_000, 500_000, 500_000]);
    }

    #[test]
    fn sizes_that_were_never_tried_are_hoped_for() {
        let mut tails = Tails::new(8, 2).unwrap();
        assert_eq!(tails.tail_ppm(8), 1_000_000);
        tails.learn(2, 0).unwrap();
        assert_eq!(tails.tail_ppm(1), 1_000_000, "one observation is not enough");
        tails.learn(2, 1).unwrap();
        assert_eq!((tails.tail_ppm(1), tails.tail_ppm(2), tails.tail_ppm(8)), (500_000, 500_000, 500_000));
        assert_eq!(tails.tail_ppm(9), 0);
    }

    #[test]
    fn the_estimate_finds_the_distribution_through_the_censoring() {
        // 0 to 9 units are equally likely; children of random size
        let (mut tails, mut chance) = (Tails::new(10, 1).unwrap(), Chance::new(5));
        for _ in 0..40_000 {
            let (there, asked) = (chance.below(10) as usize, 1 + chance.below(10) as usize);
            tails.learn(asked, there.min(asked)).unwrap();
        }
        for units in 1..10 {
            let truth = 100_000 * (10 - units as i64);
            assert!((i64::from(tails.tail_ppm(units)) - truth).abs() < 10_000, "{units}: {}", tails.tail_ppm(units));
        }
    }

    fn known(fills: &[usize]) -> Tails {
        let mut tails = Tails::new(6, 1).unwrap();
        for filled in fills {
            tails.learn(6, *filled).unwrap();
        }
        tails
    }

    #[test]
    fn units_go_one_by_one_to_the_pool_most_likely_to_have_one_more() {
        let pools = [known(&[0, 3]), known(&[1, 1, 1, 0]), known(&[2, 2, 2, 0, 0])];
        let mut allocation = Allocation::default();
        let order: Vec<usize> = std::iter::from_fn(|| allocation.next(&pools, 7)).collect();
        // first units .5, .75, .6; then .5 and .6 again: 1, 2, 2, 0, 0, 0, and then nobody has more
        assert_eq!(order, [1, 2, 2, 0, 0, 0]);
        assert_eq!(Allocation::spread(&pools, 0b101, 4).units[..3], [2, 0, 2]);
        assert_eq!(Allocation::spread(&pools, 0, 4).units[..3], [0, 0, 0]);
    }

    /// Expected units of an allocation: the sum of the tails up to it.
    fn expected(pools: &[Tails], units: &[usize]) -> u64 {
        pools.iter().zip(units).map(|(tails, units)| tails.tails[1..=*units].iter().sum::<u64>()).sum()
    }

    #[test]
    fn the_greedy_allocation_is_the_best_of_all() {
        let mut chance = Chance::new(3);
        for _ in 0..300 {
            let pools: Vec<Tails> = (0..3)
                .map(|_| known(&(0..1 + chance.below(5)).map(|_| chance.below(7) as usize).collect::<Vec<_>>()))
                .collect();
            let units = 1 + chance.below(6) as usize;
            let greedy = Allocation::spread(&pools, 7, units).units.map(usize::from);
            let mut best = 0;
            for first in 0..=units {
                for second in 0..=units - first {
                    best = best.max(expected(&pools, &[first, second, units - first - second]));
                }
            }
            assert_eq!(expected(&pools, &greedy[..3]), best);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert_eq!(Tails::new(0, 1).unwrap_err().field, "units");
        assert_eq!(Tails::new(5, 0).unwrap_err().field, "least");
        let mut tails = Tails::new(5, 1).unwrap();
        assert_eq!(tails.learn(6, 1).unwrap_err().field, "asked");
        assert_eq!(tails.learn(0, 0).unwrap_err().field, "asked");
        assert_eq!(tails.learn(3, 4).unwrap_err().field, "filled");
        assert_eq!(Weights::new(0).unwrap_err().field, "pools");
        assert_eq!(Weights::new(2).unwrap().learn(&[], PPM, PPM).unwrap_err().field, "responses");
    }

    #[test]
    fn shares_sum_to_the_whole_and_lots_to_the_quantity_at_every_step() {
        let (mut weights, mut chance) = (Weights::new(3).unwrap(), Chance::new(8));
        for _ in 0..2_000 {
            let responses: Vec<Response> =
                (0..3).map(|_| Response { value_ppm: chance.below(2_000_000) as i64, whole: chance.coin() }).collect();
            weights.learn(&responses, chance.below(3_000_000) as i64, 500_000).unwrap();
            assert_eq!(weights.shares().iter().sum::<i64>(), WHOLE);
            assert!(weights.shares().iter().all(|share| *share >= 0));
            let quantity = chance.below(10_000) as i64;
            assert_eq!(weights.split(quantity).iter().sum::<i64>(), quantity);
        }
    }

    #[test]
    fn shares_move_to_where_the_volume_is() {
        // pools of 0 to 60, 0 to 30 and 0 to 10 lots; 50 lots each time. In the optimum all are filled whole as often as
        // one another: shares near 6 : 3 : 1
        let (mut weights, mut chance) = (Weights::new(3).unwrap(), Chance::new(21));
        for _ in 0..200_000 {
            let parts = weights.split(50_000);
            let whole = |most: u64, part: i64, chance: &mut Chance| part < chance.below(most * 1_000) as i64;
            let responses: Vec<Response> = [60, 30, 10]
                .into_iter()
                .zip(&parts)
                .map(|(most, part)| Response { value_ppm: PPM, whole: whole(most, *part, &mut chance) })
                .collect();
            weights.learn(&responses, PPM, 2 * PPM).unwrap();
        }
        for (share, truth) in weights.shares().iter().zip([600, 300, 100]) {
            assert!((share / (WHOLE / 1_000) - truth).abs() < 40, "{:?}", weights.shares());
        }
    }

    #[test]
    fn the_simplex_is_reached_from_anywhere() {
        let mut shares = [2 * WHOLE, -WHOLE, 0];
        onto_simplex(&mut shares);
        assert_eq!(shares, [WHOLE, 0, 0]);
        let mut shares = [600_000_000, 600_000_000, 0];
        onto_simplex(&mut shares);
        assert_eq!(shares, [500_000_000, 500_000_000, 0]);
    }
}
