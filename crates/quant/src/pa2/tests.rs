use super::*;
use isthmus_margin::span::{Months, PriceRisk, Side};

/// Records of the shapes that CME's files have (cme.20190102.s.pa2 and later ones).
const FILE: &str = "\
0 CME   20190102SF     201901021814U2YNCLR        C CUST  H HEDGE 1 CORE  M MAINT \n\
T CLPCUSD$0000001063\n\
1 CME  07\n\
2 CME ES    0USD$PN   ES        FUT   ES        OOF                                                  \n\
2 CME YM    0USD$PN   YM        FUT                                                                  \n\
3 ES    1001201903201906022019092019120320200320200604202009202012  100010001100\n\
C ES    1001020000100010101A020201B\n\
C ES    1002030000200010101A020202B030301A\n\
E ES    0000100002501903   010000A1906   020000B1909   010000A\n\
4 ES    10010120190300010000001000                            00001701001001001\n\
B CMEES        FUT201903            000000003500000006000030000330000000019726000000000200020190315ES          00000000         0000050000000000 00 00 010000000\n\
P CMEES        FUTE-MINI S&P 500 002000  000005000000000000000001USD$IDX 00    E-MINI S&P 500 FUTURES             YFFUT  CASH                  0000001000000000  \n\
P CMEES        OOFE-MINI S&P OPT 002002  000005000000000000000001USD$IDX 00AMERE-MINI S&P 500 OPTIONS             YFEQTY CASH                  0000001000000000  \n\
81CMEES        ES        FUT 201903            000000000000+00000+02000-02000-02000+02000+04000-04000-04000+00000000251100N\n\
82CMEES        ES        FUT 201903            000000004000+06000-06000-06000+06000+05940-05940+10000+000000000251100++10000+C\n\
81CMEES        ES        OOFC201903   201902   025000000010-00020+00300-00200-00250+00300+00700-00600-00500+00000000002500N\n\
82CMEES        ES        OOFC201903   201902   025000000600+01200-01100-00650+00700+02000-00500+05500+000000000002500++05500+C\n\
S ES    20010120190320191200000000000000                                          2\n\
6 ALL00010980000CME ES    0010000ACME YM    0020000B                                        \n\
6 ALL00020980000NYMNNY-HH 0010000ANYMNNY-HP 0010000B                                    04NYMNNY-NG          S00100000001\n\
V CMEGA        202506  202506200000000000000+P0000000000000+P 100100Y100100Y100100GSCIER\n\
V CMEGA        202506  202506200000000000000+P0000000000000+P 100100Y100100Y100100GSCIER\n";

#[test]
fn a_file_is_read_and_what_is_not_read_is_counted_by_name() {
    let reference = read(FILE.as_bytes()).unwrap();
    assert_eq!((reference.formats[0].as_str(), reference.date.as_str()), ("pa2 CME", "20190102"));
    let skipped: Vec<(&str, u64)> = reference.skipped.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(skipped, [("1", 1), ("6 (not applied)", 1), ("T", 1), ("V", 2)]);
}

#[test]
fn arrays_prices_deltas_and_values_are_decoded() {
    let reference = read(FILE.as_bytes()).unwrap();
    let [future, call] = &reference.contracts[..] else { panic!("two contracts") };
    let dollars: Vec<i64> = future.array.iter().map(|loss| loss / WHOLE).collect();
    assert_eq!(
        dollars,
        [0, 0, -2000, -2000, 2000, 2000, -4000, -4000, 4000, 4000, -6000, -6000, 6000, 6000, -5940, 5940]
    );
    assert_eq!((future.price, future.expiry, future.expires), (Some(2_511_000_000), 20_190_300, 20_190_315));
    assert_eq!(future.delta, 200_000, "a fifth of the big contract");
    assert_eq!(
        (call.form, call.strike, call.month, call.expiry),
        (Form::Call, Some(2_500_000_000), 20_190_300, 20_190_200)
    );
    assert_eq!((call.price, call.value, call.delta), (Some(25_000_000), 1_250_000_000, 550_000));
    let pricing = reference.pricings[future.pricing as usize];
    assert_eq!(
        (pricing.price_scan, pricing.extreme_multiple, pricing.cover, pricing.years),
        (6000.0, 3.0, 0.33, 0.19726)
    );
    let catalogue = reference.catalogue();
    assert_eq!(catalogue.find("ES", Form::Future, 20_190_315, 0), Ok(0));
    assert_eq!(catalogue.find("ES", Form::Future, 20_190_300, 0), Ok(0));
}

#[test]
fn rules_of_a_product_come_from_its_records() {
    let reference = read(FILE.as_bytes()).unwrap();
    let product = &reference.products[0];
    assert_eq!((product.code.as_str(), product.currency.as_str(), product.caps_option_value), ("ES", "USD", false));
    assert_eq!((product.minimums.as_slice(), product.greater_minimum), ([(Months::ALL, 170 * WHOLE)].as_slice(), true));
    let delivery = product.deliveries[0];
    assert_eq!(
        (delivery.month, delivery.spread_charge, delivery.outright_charge),
        (20_190_300, 1000 * WHOLE, 1000 * WHOLE)
    );
    let charges: Vec<(u32, i64, usize)> = product
        .spreads
        .iter()
        .map(|(priority, spread)| (*priority, spread.charge / WHOLE, spread.legs.len()))
        .collect();
    assert_eq!(charges, [(100_001, 100, 2), (100_002, 200, 3), (1, 250, 3)]);
    let series = &product.spreads[2].1;
    assert_eq!(
        (series.legs[1].months, series.legs[1].ratio, series.legs[1].side),
        (Months { first: 20_190_600, last: 20_190_699 }, 2 * WHOLE, Side::B)
    );
    assert_eq!(product.inter_tiers, [(1, Months { first: 20_190_300, last: 20_191_299 })]);
    // 6,000 for a fifth of a delta
    assert_eq!(product.price_risk, PriceRisk::CappedAt(30_000 * WHOLE));
    let (priority, legs) = &reference.credits[0];
    assert_eq!((*priority, legs[0].rate, legs[1].ratio, legs[1].product), (1, 980_000, 2 * WHOLE, 1));
}

#[test]
fn an_array_without_its_other_half_is_named_or_refused() {
    let alone =
        FILE.lines().filter(|line| !line.starts_with("81CMEES        ES        FUT")).collect::<Vec<_>>().join("\n");
    let reference = read(alone.as_bytes()).unwrap();
    assert_eq!(reference.contracts.len(), 1);
    assert!(reference.skipped.contains(&("82 (without 81)".to_owned(), 1)));
    let cut = FILE.split("82CMEES        ES        OOFC").next().unwrap();
    assert_eq!(read(cut.as_bytes()).unwrap_err().field, "81");
    let mixed = FILE.replace("82CMEES        ES        FUT 201903", "82CMEES        ES        FUT 201906");
    assert_eq!(read(mixed.as_bytes()).unwrap_err().field, "82");
}

#[test]
fn what_is_wrong_is_refused_with_its_line() {
    for (from, to, line, field) in [
        ("U2YN", "U YN", 1, "format"),
        ("+06000-06000-06000+06000+05940", "+0600x-06000-06000+06000+05940", 15, "array value"),
        ("000000000000+00000+02000-", "000000000000+00000*02000-", 14, "array value 2"),
        ("OOFC201903   201902   025000000010-", "OOFX201903   201902   025000000010-", 17, "82"),
        ("002000  0000050000", "0x2000  0000050000", 12, "settlement price decimal locator"),
        ("010101A020201B", "010101A020201X", 7, "leg's side"),
        ("0 CME", "#!CME", 1, "record"),
        ("1001201903201906", "1001201912201906", 6, "tier"),
        ("FUT201903  ", "FUT2019x3  ", 11, "futures month"),
    ] {
        let text = FILE.replacen(from, to, 1);
        assert_ne!(text, FILE, "{from} is in the file");
        let fault = read(text.as_bytes()).unwrap_err();
        assert_eq!((fault.line, fault.field.as_str()), (line, field), "{to}: {fault}");
    }
    assert_eq!(read(b"").unwrap_err().field, "file");
    assert_eq!(read(&[b'8'; 2000]).unwrap_err().field, "record");
}

#[test]
fn no_cut_or_flipped_byte_makes_it_panic() {
    let text = FILE.as_bytes();
    for end in (0..text.len()).step_by(5) {
        let _ = read(&text[..end]);
    }
    for place in 0..text.len() {
        for flip in [0x01, 0x15, 0x80] {
            let mut broken = text.to_vec();
            broken[place] ^= flip;
            if let Ok(reference) = read(&broken) {
                let _ = reference.parameters();
                let _ = reference.catalogue();
            }
        }
    }
}

#[test]
fn an_option_on_a_price_of_seven_places_has_its_whole_value() {
    let text = FILE
        .replace("OOFE-MINI S&P OPT 002002  00000500000000", "OOFE-MINI S&P OPT 007002  12500000000000")
        .replace("+05500+000000000002500++", "+05500+000000000000455++");
    let call = &read(text.as_bytes()).unwrap().contracts[1];
    assert_eq!((call.price, call.value), (Some(45), 56_875_000), "0.0000455 for each of 1,250,000");
}
