use super::*;

fn series() -> Series {
    Series {
        exercise: Exercise::European,
        underlying: 24_051.8,
        years: 0.1,
        rate: 0.07,
        carry: 0.0,
        price_scan: 2_234.01,
        volatility_scan: 0.04,
        extreme_multiple: 2.0,
        cover: 0.35,
        look_ahead: 0.002739,
        multiplier: 1e6,
        step: 10_000,
    }
}

fn quotes() -> Vec<Quote> {
    (0..21)
        .map(|place| Quote {
            right: if place % 2 == 0 { Right::Call } else { Right::Put },
            strike: 18_000.0 + 600.0 * f64::from(place),
            volatility: 0.12 + 0.01 * f64::from(place),
        })
        .collect()
}

fn scanned(series: &Series, quotes: &[Quote]) -> Vec<Scanned> {
    let mut places = vec![Scanned::default(); quotes.len()];
    rebuild(series, quotes, &mut places);
    places
}

#[test]
fn lanes_make_the_array_that_the_formula_makes_one_by_one() {
    let series = series();
    for (quote, found) in quotes().iter().zip(scanned(&series, &quotes())) {
        let now = series.terms(quote);
        let later = Terms { years: series.later(), ..now };
        for place in 0..14 {
            let change = if place % 2 == 0 { series.volatility_scan } else { -series.volatility_scan };
            let underlying = series.underlying + MOVES[place / 2] * series.price_scan;
            let value = price(&Terms { underlying, volatility: quote.volatility + change, ..later });
            assert_eq!(found.array[place], series.rounded(price(&now) - value), "{quote:?} {place}");
        }
        let worst = price(&now) - price(&Terms { underlying: series.underlying - 2.0 * series.price_scan, ..later });
        assert_eq!(found.array[15], series.rounded(0.35 * worst));
        assert!((found.delta as f64 / 1e6 - composite_delta(&series, quote)).abs() < 1e-6);
    }
}

#[test]
fn a_future_loses_what_its_price_falls_by() {
    let series = Series {
        underlying: 2_511.0,
        price_scan: 120.0,
        extreme_multiple: 3.0,
        cover: 0.33,
        multiplier: 50e6,
        step: 1_000_000,
        ..series()
    };
    let found = future(&series);
    let thousands: Vec<i64> = found.array.iter().map(|loss| loss / 1_000_000).collect();
    assert_eq!(
        thousands,
        [0, 0, -2000, -2000, 2000, 2000, -4000, -4000, 4000, 4000, -6000, -6000, 6000, 6000, -5940, 5940]
    );
}

#[test]
fn a_series_that_could_fall_below_zero_is_priced_by_bachelier() {
    let series = Series { underlying: 12.0, price_scan: 20.0, multiplier: 1e9, ..series() };
    let put = Quote { right: Right::Put, strike: -5.0, volatility: 0.9 };
    let found = scanned(&series, &[put, Quote { right: Right::Call, strike: 15.0, volatility: 0.9 }]);
    assert!(found[0].array[13] != 0, "a put on a negative strike has a price");
    assert!(found[0].array[13] < found[0].array[11], "it gains when the price falls");
    assert!(found[1].array[13] > 0, "a call loses when the price falls");
    assert!((0..=ONE).contains(&found[1].delta));
}

#[test]
fn an_american_option_is_worth_its_european_twin_at_least() {
    let european = series();
    let american = Series { exercise: Exercise::American, ..european };
    for (quote, (cheap, dear)) in
        quotes().iter().zip(scanned(&european, &quotes()).iter().zip(scanned(&american, &quotes())))
    {
        // the rise of value in the best scenario cannot make up for more than the exercise right
        assert!((cheap.delta - dear.delta).abs() < 60_000, "{quote:?} {} {}", cheap.delta, dear.delta);
        assert!(dear.array.iter().zip(&cheap.array).all(|(a, b)| (a - b).abs() < 60_000_000), "{quote:?}");
    }
}

#[test]
fn without_time_an_option_is_worth_its_intrinsic_value() {
    let series = Series { years: 0.0, look_ahead: 0.0, ..series() };
    let call = Quote { right: Right::Call, strike: 24_000.0, volatility: 0.2 };
    let found = scanned(&series, &[call]);
    assert_eq!(found[0].array[0], 0);
    assert_eq!(found[0].array[12], 51_800_000);
}
