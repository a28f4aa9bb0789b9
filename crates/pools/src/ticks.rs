//! Prices by tick (Uniswap v3 whitepaper, section 6.1): tick i stands for the price 1.0001^i, kept as its square root in
//! Q64.96.
use crate::wide::U256;

pub const MIN_TICK: i32 = -887_272;
pub const MAX_TICK: i32 = 887_272;
/// The square-root price at MIN_TICK.
pub const MIN_SQRT_PRICE: U256 = U256::from_limbs([4_295_128_739, 0, 0, 0]);
/// The square-root price at MAX_TICK, 1461446703485210103287273052203988822378723970342; a pool's price stays below it.
pub const MAX_SQRT_PRICE: U256 = U256::from_limbs([0x5d95_1d52_6398_8d26, 0xefd1_fc6a_5064_8849, 0xfffd_8963, 0]);

/// round(2^128 * 1.0001^(-2^i / 2)) for i = 0..=19: a tick's square-root price is the product of those that its bits name.
const ROOTS: [u128; 20] = [
    0xfffc_b933_bd6f_ad37_aa2d_162d_1a59_4001,
    0xfff9_7272_373d_4132_59a4_6990_580e_213a,
    0xfff2_e50f_5f65_6932_ef12_357c_f3c7_fdcc,
    0xffe5_caca_7e10_e4e6_1c36_24ea_a094_1cd0,
    0xffcb_9843_d60f_6159_c9db_5883_5c92_6644,
    0xff97_3b41_fa98_c081_472e_6896_dfb2_54c0,
    0xff2e_a164_66c9_6a38_43ec_78b3_26b5_2861,
    0xfe5d_ee04_6a99_a2a8_11c4_61f1_969c_3053,
    0xfcbe_86c7_900a_88ae_dcff_c83b_479a_a3a4,
    0xf987_a725_3ac4_1317_6f2b_074c_f781_5e54,
    0xf339_2b08_22b7_0005_940c_7a39_8e4b_70f3,
    0xe715_9475_a2c2_9b74_43b2_9c7f_a6e8_89d9,
    0xd097_f3bd_fd20_22b8_845a_d8f7_92aa_5825,
    0xa9f7_4646_2d87_0fdf_8a65_dc1f_90e0_61e5,
    0x70d8_69a1_56d2_a1b8_90bb_3df6_2baf_32f7,
    0x31be_135f_97d0_8fd9_8123_1505_542f_cfa6,
    0x09aa_508b_5b7a_84e1_c677_de54_f3e9_9bc9,
    0x005d_6af8_dedb_8119_6699_c329_225e_e604,
    0x0000_2216_e584_f5fa_1ea9_2604_1bed_fe98,
    0x0000_0000_048a_1703_91f7_dc42_444e_8fa2,
];

/// sqrt(1.0001^tick) in Q64.96, rounded up from Q128.128 as the chain rounds it. Panics outside MIN_TICK..=MAX_TICK.
pub fn sqrt_price_at(tick: i32) -> U256 {
    assert!((MIN_TICK..=MAX_TICK).contains(&tick), "a tick lies within its range");
    let bits = tick.unsigned_abs();
    let mut ratio = U256::ONE << 128;
    for (_, root) in ROOTS.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1) {
        ratio = (ratio * U256::from(*root)) >> 128;
    }
    if tick > 0 {
        ratio = U256::MAX / ratio;
    }
    let (whole, rest): (U256, U256) = (ratio >> 32, ratio & U256::from(u32::MAX));
    if rest.is_zero() { whole } else { whole + U256::ONE }
}

/// The greatest tick whose square-root price is at most this one. The chain takes a logarithm and corrects it; the
/// answer is defined by this property, so a search finds the same. Panics outside MIN_SQRT_PRICE..MAX_SQRT_PRICE.
pub fn tick_at(sqrt_price: U256) -> i32 {
    assert!((MIN_SQRT_PRICE..MAX_SQRT_PRICE).contains(&sqrt_price), "a price lies within its range");
    // A doubling of the square-root price is 13,863.6 ticks: its highest bit leaves that many to search.
    let doublings = sqrt_price.bit_len() as i32 - 97;
    let mut low = (doublings * 13_863 - 800).max(MIN_TICK);
    let mut above = ((doublings + 1) * 13_864 + 800).min(MAX_TICK);
    debug_assert!(sqrt_price_at(low) <= sqrt_price && sqrt_price < sqrt_price_at(above));
    while above - low > 1 {
        let middle = low + (above - low) / 2;
        if sqrt_price_at(middle) <= sqrt_price {
            low = middle;
        } else {
            above = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wide::Q96;

    #[test]
    fn the_ends_of_the_range_are_those_of_the_chain() {
        assert_eq!(sqrt_price_at(MIN_TICK), MIN_SQRT_PRICE);
        assert_eq!(sqrt_price_at(MAX_TICK), MAX_SQRT_PRICE);
        assert_eq!(MAX_SQRT_PRICE.to_string(), "1461446703485210103287273052203988822378723970342");
        assert_eq!(sqrt_price_at(0), Q96);
    }

    #[test]
    fn a_tick_and_its_price_lead_back_to_each_other_over_the_whole_range() {
        let ticks = (MIN_TICK..MAX_TICK).step_by(997).chain(-300..300).chain([MIN_TICK, MIN_TICK + 1, MAX_TICK - 1]);
        for tick in ticks {
            let price = sqrt_price_at(tick);
            assert_eq!(tick_at(price), tick, "the price of a tick has that tick");
            if tick > MIN_TICK {
                assert_eq!(tick_at(price - U256::ONE), tick - 1, "just below it lies the tick before");
            }
        }
        assert_eq!(tick_at(MAX_SQRT_PRICE - U256::ONE), MAX_TICK - 1);
    }
}
