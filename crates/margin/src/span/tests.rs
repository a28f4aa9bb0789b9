//! Every figure here is worked by hand; docs/reference/span.md shows the workings.
use super::*;

/// Losses of one long future whose price scan is `scan`, with extreme moves of `extreme` after cover.
fn future_array(scan: i64, extreme: i64) -> Array {
    let third = scan / 3;
    let moves = [0, third, -third, 2 * third, -2 * third, scan, -scan];
    let mut array = [0; SCENARIOS];
    for (place, change) in moves.into_iter().enumerate() {
        (array[2 * place], array[2 * place + 1]) = (-change, -change);
    }
    (array[14], array[15]) = (-extreme, extreme);
    array
}

fn future(product: u32, month: u32, scan: i64) -> Contract {
    let array = future_array(scan, scan * 99 / 100);
    Contract { product, month, kind: Kind::Future, array, delta: ONE, value: 0, short_minimum: 0 }
}

fn leg(first: u32, last: u32, side: Side, ratio: i64) -> Leg {
    Leg { months: Months { first, last }, side, ratio: ratio * ONE }
}

fn position(contract: u32, quantity: i64) -> Position {
    Position { contract, quantity }
}

fn only(parameters: &Parameters, positions: &[Position]) -> Requirement {
    let mut space = Workspace::new();
    parameters.requirement(&mut space, positions).unwrap()[0]
}

/// Two tiers (months 1 to 2, months 3 to 4), spreads within each and between them.
fn tiered() -> Parameters {
    let near = |side| leg(1, 2, side, 1);
    let far = |side| leg(3, 4, side, 1);
    let product = Product {
        spreads: vec![
            Spread { legs: vec![near(Side::A), near(Side::B)], charge: 100 },
            Spread { legs: vec![far(Side::A), far(Side::B)], charge: 80 },
            Spread { legs: vec![near(Side::A), far(Side::B)], charge: 150 },
        ],
        deliveries: vec![Delivery { month: 1, spread_charge: 20, outright_charge: 50 }],
        ..Product::default()
    };
    let mut parameters = Parameters::new();
    parameters.add_product(product).unwrap();
    for month in 1..=4 {
        parameters.add_contract(&future(0, month, 3000)).unwrap();
    }
    parameters
}

#[test]
fn a_future_needs_its_price_scan_in_the_first_of_two_equal_scenarios() {
    let needed = only(&tiered(), &[position(3, 2)]);
    assert_eq!((needed.scan_risk, needed.worst_scenario, needed.requirement), (6000, 13, 6000));
    let needed = only(&tiered(), &[position(3, -2)]);
    assert_eq!((needed.scan_risk, needed.worst_scenario, needed.requirement), (6000, 11, 6000));
}

#[test]
fn nothing_held_needs_nothing() {
    assert_eq!(only(&tiered(), &[]), Requirement::default());
    assert_eq!(
        only(&tiered(), &[position(3, 1), position(3, -1)]),
        Requirement { worst_scenario: 1, ..Requirement::default() }
    );
}

#[test]
fn tiers_are_spread_in_priority_and_what_is_left_goes_to_the_next() {
    // +5 month 1, -2 month 2, -4 month 3, +1 month 4; scan nets to nothing
    let needed = only(&tiered(), &[position(0, 5), position(1, -2), position(2, -4), position(3, 1)]);
    // near: 2 x 100; far: 1 x 80; near over far: min(3, 3) = 3 x 150
    assert_eq!(needed.intra_spread, 200 + 80 + 450);
    // month 1 is wholly consumed: 5 x 20
    assert_eq!(needed.delivery, 100);
    assert_eq!(needed.requirement, 830);
}

#[test]
fn delivery_charges_the_outright_part_and_the_spread_part_apart() {
    // +5 month 1, -2 month 3: two spreads, three outright
    let needed = only(&tiered(), &[position(0, 5), position(2, -2)]);
    assert_eq!((needed.intra_spread, needed.delivery), (300, 2 * 20 + 3 * 50));
    assert_eq!(needed.requirement, 3 * 3000 + 300 + 190);
}

#[test]
fn a_leg_takes_its_ratio_and_a_charge_is_rounded_up() {
    let legs = vec![leg(1, 1, Side::A, 3), leg(2, 2, Side::B, 2)];
    let product = Product { spreads: vec![Spread { legs, charge: 100 }], ..Product::default() };
    let mut parameters = Parameters::new();
    parameters.add_product(product).unwrap();
    parameters.add_contract(&future(0, 1, 3000)).unwrap();
    parameters.add_contract(&future(0, 2, 3000)).unwrap();
    // 4 / 3 spreads are fewer than 4 / 2: 133.33 up
    assert_eq!(only(&parameters, &[position(0, 4), position(1, -4)]).intra_spread, 134);
    // the other way round: 4 / 3 again
    assert_eq!(only(&parameters, &[position(0, -4), position(1, 4)]).intra_spread, 134);
}

#[test]
fn scan_tiers_are_scanned_by_themselves_and_added() {
    let mut parameters = tiered();
    let scan_tiers = vec![Months { first: 1, last: 2 }, Months { first: 3, last: 4 }];
    let product = Product { scan_tiers, ..Product::default() };
    parameters.set_product(0, product).unwrap();
    let needed = only(&parameters, &[position(0, 2), position(2, -3)]);
    assert_eq!((needed.scan_risk, needed.worst_scenario), (2 * 3000 + 3 * 3000, 11));
}

fn two_products(rate: i64) -> Parameters {
    let mut parameters = Parameters::new();
    for _ in 0..3 {
        parameters.add_product(Product::default()).unwrap();
    }
    for (product, scan) in [(0, 3000), (1, 1500), (2, 900)] {
        parameters.add_contract(&future(product, 1, scan)).unwrap();
    }
    let leg = |product, side, ratio| CreditLeg { product, tier: 0, side, ratio: ratio * ONE, rate };
    let credits = vec![
        Credit { legs: vec![leg(0, Side::A, 1), leg(1, Side::B, 2)] },
        Credit { legs: vec![leg(0, Side::A, 1), leg(2, Side::B, 3)] },
    ];
    parameters.set_credits(credits).unwrap();
    parameters
}

#[test]
fn credits_come_in_priority_and_consume_deltas() {
    // +5 of A, -4 of B, -9 of C: first min(5, 4 / 2) = 2 spreads, then min(3, 9 / 3) = 3
    let needed = only(&two_products(ONE / 2), &[position(0, 5), position(1, -4), position(2, -9)]);
    let first = 2 * 3000 / 2 + 4 * 1500 / 2;
    let second = 3 * 3000 / 2 + 9 * 900 / 2;
    assert_eq!(needed.inter_credit, first + second);
    assert_eq!(needed.scan_risk, 5 * 3000 + 4 * 1500 + 9 * 900);
    assert_eq!(needed.requirement, needed.scan_risk - needed.inter_credit);
}

#[test]
fn credits_need_opposite_sides_and_either_way_round_will_do() {
    assert_eq!(only(&two_products(ONE / 2), &[position(0, 5), position(1, 4)]).inter_credit, 0);
    let needed = only(&two_products(ONE / 2), &[position(0, -5), position(1, 4)]);
    assert_eq!(needed.inter_credit, 2 * 3000 / 2 + 4 * 1500 / 2);
}

#[test]
fn a_credit_is_rounded_down() {
    // a third of 3000 and of 2 x 1500 at 33.3333 %: 999.999 each
    let needed = only(&two_products(333_333), &[position(0, 1), position(1, -2)]);
    assert_eq!(needed.inter_credit, 999 + 999);
}

/// A call worth 500 that gains at most its premium for the writer.
fn with_options() -> Parameters {
    let mut parameters = Parameters::new();
    parameters.add_product(Product::default()).unwrap();
    let mut array = [0; SCENARIOS];
    array[..14].copy_from_slice(&[-60, 60, -300, -200, 180, 250, -600, -500, 300, 380, -1000, -900, 400, 450]);
    (array[14], array[15]) = (-800, 160);
    let call =
        Contract { product: 0, month: 1, kind: Kind::Call, array, delta: 400_000, value: 500, short_minimum: 70 };
    parameters.add_contract(&call).unwrap();
    let put = Contract { kind: Kind::Put, array: [0; SCENARIOS], delta: -10_000, value: 1, short_minimum: 70, ..call };
    parameters.add_contract(&put).unwrap();
    parameters
}

#[test]
fn a_long_option_needs_nothing_and_a_short_one_its_risk_and_its_value() {
    let long = only(&with_options(), &[position(0, 3)]);
    assert_eq!((long.scan_risk, long.worst_scenario, long.net_option_value), (3 * 450, 14, 1500));
    assert_eq!(long.requirement, 0);
    let short = only(&with_options(), &[position(0, -3)]);
    assert_eq!((short.scan_risk, short.worst_scenario, short.net_option_value), (3000, 11, -1500));
    assert_eq!(short.requirement, 4500);
}

#[test]
fn the_short_option_minimum_stands_where_scanning_finds_less() {
    let needed = only(&with_options(), &[position(1, -4)]);
    assert_eq!((needed.scan_risk, needed.short_option_minimum, needed.requirement), (0, 280, 284));
    let mut parameters = with_options();
    parameters.set_product(0, Product { minimum_rule: MinimumRule::Greater, ..Product::default() }).unwrap();
    let needed = only(&parameters, &[position(1, -4), position(0, -1)]);
    assert_eq!(needed.short_option_minimum, 280);
}

#[test]
fn long_option_value_helps_other_products_unless_its_product_caps_it() {
    for (caps, requirement) in [(false, 3000 - (1500 - 1350)), (true, 3000)] {
        let mut parameters = with_options();
        parameters.set_product(0, Product { caps_option_value: caps, ..Product::default() }).unwrap();
        parameters.add_product(Product::default()).unwrap();
        let other = parameters.add_contract(&future(1, 1, 3000)).unwrap();
        assert_eq!(only(&parameters, &[position(0, 3), position(other, 1)]).requirement, requirement);
    }
}

#[test]
fn price_risk_leaves_out_time_and_volatility() {
    let mut parameters = with_options();
    parameters.add_product(Product::default()).unwrap();
    let other = parameters.add_contract(&future(1, 1, 3000)).unwrap();
    let leg = |product, side| CreditLeg { product, tier: 0, side, ratio: ONE, rate: ONE };
    parameters.set_credits(vec![Credit { legs: vec![leg(0, Side::A), leg(1, Side::B)] }]).unwrap();
    // 5 short calls: delta -2; price risk 5 x ((1000 + 900) / 2 - 0) = 4750, all of it against 2 of 2 futures
    let needed = only(&parameters, &[position(0, -5), position(other, 2)]);
    assert_eq!(needed.inter_credit, 4750 + 6000);
    // against 1 future: half of it
    let needed = only(&parameters, &[position(0, -5), position(other, 1)]);
    assert_eq!(needed.inter_credit, 2375 + 3000);
}

#[test]
fn inter_tiers_offset_by_themselves() {
    let mut parameters = two_products(ONE);
    let inter_tiers = vec![Months { first: 1, last: 1 }, Months { first: 2, last: 2 }];
    parameters.set_product(0, Product { inter_tiers, ..Product::default() }).unwrap();
    let far = parameters.add_contract(&future(0, 2, 3000)).unwrap();
    // the credit names tier 0, so that month 2 offsets nothing
    assert_eq!(only(&parameters, &[position(far, 5), position(1, -4)]).inter_credit, 0);
    assert_eq!(only(&parameters, &[position(0, 5), position(1, -4)]).inter_credit, 2 * 3000 + 4 * 1500);
}

#[test]
fn currencies_are_added_up_apart() {
    let mut parameters = tiered();
    let other = parameters.add_product(Product { currency: 1, ..Product::default() }).unwrap();
    let contract = parameters.add_contract(&future(other, 1, 900)).unwrap();
    let mut space = Workspace::new();
    let needed = parameters.requirement(&mut space, &[position(3, 1), position(contract, 1)]).unwrap();
    assert_eq!((needed[0].requirement, needed[1].requirement), (3000, 900));
    assert_eq!(space.products().len(), 2);
}

#[test]
fn a_portfolio_beyond_sixty_bits_is_refused_and_leaves_no_trace() {
    let parameters = tiered();
    let mut space = Workspace::new();
    let huge = [position(0, 1), position(0, i64::MAX)];
    assert_eq!(parameters.requirement(&mut space, &huge).unwrap_err().field, "quantity");
    assert_eq!(parameters.requirement(&mut space, &[position(9, 1)]).unwrap_err().field, "contract");
    assert_eq!(parameters.requirement(&mut space, &[position(3, 2)]).unwrap()[0].requirement, 6000);
}

#[test]
fn a_workspace_used_again_answers_as_a_new_one() {
    let parameters = two_products(ONE / 2);
    let mut space = Workspace::new();
    for quantity in [-7, 0, 3, 12] {
        let positions = [position(0, quantity), position(1, -4), position(2, 5)];
        assert_eq!(parameters.requirement(&mut space, &positions).unwrap()[0], only(&parameters, &positions));
    }
}

#[test]
fn senseless_parameters_are_refused_by_field() {
    let mut parameters = tiered();
    let one_sided = Spread { legs: vec![leg(1, 1, Side::A, 1), leg(2, 2, Side::A, 1)], charge: 1 };
    let refused = |product| Parameters::new().add_product(product).unwrap_err().field;
    assert_eq!(refused(Product { spreads: vec![one_sided], ..Product::default() }), "spread");
    let free = Spread { legs: vec![leg(1, 1, Side::A, 1), leg(2, 2, Side::B, 1)], charge: -1 };
    assert_eq!(refused(Product { spreads: vec![free], ..Product::default() }), "charge");
    let nothing = Spread { legs: vec![leg(1, 1, Side::A, 0), leg(2, 2, Side::B, 1)], charge: 1 };
    assert_eq!(refused(Product { spreads: vec![nothing], ..Product::default() }), "ratio");
    assert_eq!(parameters.add_contract(&future(5, 1, 3)).unwrap_err().field, "product");
    let leg = CreditLeg { product: 0, tier: 1, side: Side::A, ratio: ONE, rate: ONE };
    let credit = Credit { legs: vec![leg, CreditLeg { side: Side::B, ..leg }] };
    assert_eq!(parameters.set_credits(vec![credit]).unwrap_err().field, "credit");
}

#[test]
fn price_risk_is_capped_or_fixed_where_the_product_says_so() {
    for (price_risk, credit) in [
        (PriceRisk::Scanned, 4750),
        (PriceRisk::CappedAt(2000), 2 * 2000),
        (PriceRisk::CappedAt(9000), 4750),
        (PriceRisk::Fixed(9000), 2 * 9000),
    ] {
        let mut parameters = with_options();
        parameters.add_product(Product::default()).unwrap();
        parameters.set_product(0, Product { price_risk, ..Product::default() }).unwrap();
        let other = parameters.add_contract(&future(1, 1, 3000)).unwrap();
        let leg = |product, side| CreditLeg { product, tier: 0, side, ratio: ONE, rate: ONE };
        parameters.set_credits(vec![Credit { legs: vec![leg(0, Side::A), leg(1, Side::B)] }]).unwrap();
        let needed = only(&parameters, &[position(0, -5), position(other, 2)]);
        assert_eq!(needed.inter_credit, credit + 6000);
    }
}
