use super::*;

const USD: i128 = 1_000_000;

/// A position of `value` USD at 10 % maintenance, 20 % initial.
fn holding(value: i128) -> Holding {
    let tiers = [Tier { from_notional: 0, initial_bps: 2_000, maintenance_bps: 1_000 }];
    Holding { value, requirement: requirement(&tiers, value).unwrap() }
}

#[test]
fn an_account_is_liquidated_below_its_maintenance_margin_and_not_at_it() {
    let at = |money: i128| standing(money * USD, &[holding(5_000 * USD)]).unwrap();
    assert!(!at(-4_500).is_liquidatable());
    assert!(at(-4_501).is_liquidatable());
    assert!(at(-4_001).is_called() && !at(-4_000).is_called());
    assert!(!standing(USD, &[]).unwrap().is_liquidatable());
    assert!(!standing(-USD, &[]).unwrap().is_liquidatable(), "there is nothing to close");
}

#[test]
fn a_bankruptcy_price_shares_what_the_account_has_by_the_margin_that_is_freed() {
    let account = standing(510 * USD, &[holding(-200 * USD), holding(-300 * USD)]).unwrap();
    assert_eq!(account.equity, 10 * USD);
    assert_eq!(bankruptcy_quote(&account, &holding(-300 * USD), &holding(0)), Some(-306 * USD));
}

#[test]
fn a_bankruptcy_quote_rounds_up() {
    let account = standing(-13 * USD, &[holding(50_000 * USD)]).unwrap();
    let after = holding(50_000 * USD - 10_673_500);
    assert_eq!(bankruptcy_quote(&account, &holding(50_000 * USD), &after), Some(2_776));
}

#[test]
fn a_position_without_margin_has_no_bankruptcy_price() {
    let none = Holding::default();
    assert_eq!(bankruptcy_quote(&standing(5, &[]).unwrap(), &none, &none), None);
}

#[test]
fn a_fillable_price_gives_up_at_most_its_share_of_the_maintenance_margin() {
    let price = |money: i128, pricing: Pricing| {
        let account = standing(money * USD, &[holding(5_000 * USD)]).unwrap();
        let quote = fillable_quote(&account, &holding(5_000 * USD), pricing).unwrap();
        (quote.numerator * 10, quote.denominator * USD) // of 0.1 pieces, in USD
    };
    let usual = Pricing { bankruptcy_adjustment_ppm: 1_000_000, spread_ppm: 100_000 };
    let (over, under) = price(-4_501, usual);
    assert_eq!((over % under, over / under), (0, 49_999));
    let (over, under) = price(-4_501, Pricing { bankruptcy_adjustment_ppm: 2_000_000, ..usual });
    assert_eq!((over % under, over / under), (0, 49_998));
    let (over, under) = price(-5_500, usual);
    assert_eq!((over % under, over / under), (0, 49_500), "not beyond the whole spread");
    let (over, under) = price(-4_501, Pricing { spread_ppm: 1, ..usual });
    assert_eq!(over * 100_000, under * 4_999_999_999, "49,999.99999, not rounded");
}

#[test]
fn the_insurance_fund_takes_a_fee_of_a_gain_and_bears_a_loss_whole() {
    assert_eq!(insurance_delta(5_610 * USD, 5_100 * USD, 5_000), Some(28_050_000));
    assert_eq!(insurance_delta(5_610 * USD, 5_100 * USD, 1_000_000), Some(510 * USD));
    assert_eq!(insurance_delta(5_049 * USD, 5_100 * USD, 5_000), Some(-51 * USD));
    assert_eq!(insurance_delta(-4_410 * USD, -4_900 * USD, 25_000), Some(110_250_000));
    assert_eq!(insurance_delta(0, -4_900 * USD, 5_000), Some(0));
}

#[test]
fn the_tier_of_the_whole_position_decides_and_requirements_round_up() {
    let tiers = [
        Tier { from_notional: 0, initial_bps: 500, maintenance_bps: 250 },
        Tier { from_notional: 1_000, initial_bps: 1_000, maintenance_bps: 500 },
    ];
    assert_eq!(requirement(&tiers, -999), Some(Requirement { initial: 50, maintenance: 25 }));
    assert_eq!(requirement(&tiers, 1_000), Some(Requirement { initial: 100, maintenance: 50 }));
    assert_eq!(requirement(&[], 1_000), Some(Requirement::default()));
    assert_eq!(requirement(&tiers, i128::MIN), None);
}

#[test]
fn a_liquidation_steps_into_the_tier_below_before_it_closes_all() {
    let tiers = [
        Tier { from_notional: 0, initial_bps: 500, maintenance_bps: 250 },
        Tier { from_notional: 1_000, initial_bps: 1_000, maintenance_bps: 500 },
    ];
    assert_eq!(step(&tiers, 30, 1_500, 1), Some(11), "19 pieces are worth 950, 20 would be in the tier still");
    assert_eq!(step(&tiers, 30, 1_500, 5), Some(15));
    assert_eq!(step(&tiers, 19, 950, 1), Some(19));
    assert_eq!(step(&[], 7, 950, 1), Some(7));
}

#[test]
fn who_gained_most_with_the_most_leverage_is_first_and_losses_come_last() {
    let at = |gain, margin| Leverage { gain, entry: 1_000, value: 1_000, margin };
    assert_eq!(at(100, 50).rank(&at(100, 100)), Ordering::Greater, "more leverage");
    assert_eq!(at(200, 100).rank(&at(100, 100)), Ordering::Greater, "more gain");
    assert_eq!(at(0, 1).rank(&at(-1, 1)), Ordering::Greater);
    assert_eq!(at(-100, 50).rank(&at(-100, 100)), Ordering::Greater, "a loss is divided by the leverage");
    assert_eq!(at(-100, 50).rank(&at(-100, 50)), Ordering::Equal);
    let huge = Leverage { gain: i64::MAX, entry: 1, value: u64::MAX, margin: 0 };
    assert_eq!(huge.rank(&Leverage { gain: i64::MAX - 1, ..huge }), Ordering::Greater);
}
