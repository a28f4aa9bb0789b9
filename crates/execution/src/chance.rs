//! Seeded cases for tests: splitmix64 (Steele, Lea, Flood 2014).
pub struct Chance(u64);

type Levels = Vec<(i64, i64)>;

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    pub fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    /// Bids and asks around a price: up to so many levels a side, of up to so many lots.
    pub fn sides(&mut self, around: i64, levels: u64, lots: u64) -> (Levels, Levels) {
        let mut side = |sign: i64| {
            let mut price = around;
            let count = self.below(levels + 1);
            (0..count)
                .map(|_| {
                    price += sign * (1 + self.below(4) as i64);
                    (price, 1 + self.below(lots) as i64)
                })
                .collect::<Levels>()
        };
        (side(-1), side(1))
    }
}
