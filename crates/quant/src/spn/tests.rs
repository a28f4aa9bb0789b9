use super::*;
use isthmus_margin::span::{Months, Side};

/// A small file of the real grammar: two products, tiers, both forms of spreads, a credit, delivery, a minimum.
const FILE: &str = r#"<?xml version="1.0" encoding="ISO-8859-1"?>
<!-- made for tests -->
<spanFile>
<fileFormat>4.00</fileFormat><created>202606242149</created>
<definitions><currencyDef><currency>INR</currency><decimalPos>2</decimalPos></currencyDef></definitions>
<pointInTime><date>20260625</date><isSetl>0</isSetl>
<clearingOrg><ec>NSCCL</ec><capAnov>0</capAnov>
<pointDef><r>1</r><scanPointDef><point>1</point><weight>1.0</weight></scanPointDef></pointDef>
<ccDef><cc>NIFTY</cc><name>NIFTY</name><currency>INR</currency><capAnov>0</capAnov><somMeth>GROSS</somMeth>
<pfLink><exch>NSE</exch><pfId>491</pfId><pfCode>NIFTY</pfCode><pfType>FUT</pfType><sc>1.0</sc></pfLink>
<intraTiers><tier><tn>1</tn><sPe>20260601</sPe><ePe>20260630</ePe></tier></intraTiers>
<interTiers><tier><tn>1</tn><sPe>20260601</sPe><ePe>20991231</ePe></tier></interTiers>
<somTiers><tier><tn>0</tn><rate><r>1</r><val>3.5</val></rate></tier></somTiers>
<spotRate><r>1</r><pe>20260630</pe><sprd>2.5</sprd><outr>10</outr></spotRate>
<adjRate><r>1</r><baseR>1</baseR><val>1.0</val></adjRate>
<dSpread><spread>2</spread><chargeMeth>F</chargeMeth><rate><r>1</r><val>425.000000</val></rate>
<pLeg><cc>NIFTY</cc><pe>20260630</pe><rs>A</rs><i>1.000000</i></pLeg>
<pLeg><cc>NIFTY</cc><pe>20260728</pe><rs>B</rs><i>1.000000</i></pLeg></dSpread>
<dSpread><spread>1</spread><chargeMeth>F</chargeMeth><rate><r>1</r><val>9</val></rate>
<tLeg><cc>NIFTY</cc><tn>1</tn><rs>A</rs><i>1</i></tLeg><tLeg><cc>NIFTY</cc><tn>1</tn><rs>B</rs><i>1</i></tLeg></dSpread>
<dSpread><spread>3</spread><chargeMeth>W</chargeMeth><rate><r>1</r><val>9</val></rate></dSpread>
</ccDef>
<ccDef><cc>M&amp;M</cc><currency>INR</currency></ccDef>
<interSpreads><dSpread><spread>1</spread><chargeMeth>W</chargeMeth><rate><r>1</r><val>0.75</val></rate>
<tLeg><cc>NIFTY</cc><tn>1</tn><rs>A</rs><i>1</i></tLeg><tLeg><cc>M&amp;M</cc><tn>0</tn><rs>B</rs><i>2</i></tLeg></dSpread>
<dSpread><spread>2</spread><chargeMeth>W</chargeMeth><rate><r>1</r><val>0.75</val></rate>
<tLeg><cc>NIFTY</cc><tn>1</tn><rs>A</rs><i>1</i></tLeg><tLeg><cc>GONE</cc><tn>0</tn><rs>B</rs><i>2</i></tLeg></dSpread>
<sSpread><spread>1</spread></sSpread></interSpreads>
<exchange><exch>NSE</exch>
<phyPf><pfId>490</pfId><pfCode>NIFTY</pfCode><currency>INR</currency><cvf>1.00</cvf>
<phy><cId>1</cId><pe>00000000</pe><p>24050.35</p><d>0</d></phy></phyPf>
<futPf><pfId>491</pfId><pfCode>NIFTY</pfCode><currency>INR</currency><cvf>1.00</cvf><valueMeth>FUT</valueMeth>
<fut><cId>1</cId><pe>20260630</pe><p>24051.80</p><d>1.0</d><v>0.17</v><t>0.016438</t>
<intrRate><val>0.07</val><cpm>0</cpm></intrRate><scanRate><r>1</r><priceScan>2234.01</priceScan><volScan>0.04</volScan></scanRate>
<ra><r>1</r>ARRAY<d>1.00000</d></ra></fut></futPf>
<oopPf><pfId>492</pfId><pfCode>NIFTY</pfCode><currency>INR</currency><cvf>1.00</cvf><valueMeth>EQTY</valueMeth>
<series><pe>20260630</pe><v>0.40</v><t>0.016438</t><sc>1.0</sc>
<scanRate><r>1</r><priceScan>2234.01</priceScan><volScan>0.04</volScan></scanRate>
<opt><cId>1</cId><o>P</o><k>23700.00</k><p>260.05</p><d>-0.35</d><v>0.4</v><ra><r>1</r>ARRAY<d>-0.3514</d></ra></opt>
</series></oopPf></exchange></clearingOrg></pointInTime></spanFile>
"#;
const LOSSES: &str = "8.72 8.72 -736.49 -736.49 753.93 753.93 -1481.7 -1481.7 1499.14 1499.14 -2226.91 -2226.91 2244.36 2244.36 -1561.89 1568.0";

fn file() -> String {
    let array: String = LOSSES.split(' ').map(|loss| format!("<a>{loss}</a>")).collect();
    FILE.replace("ARRAY", &array)
}

#[test]
fn a_file_is_read_with_products_contracts_spreads_and_credits() {
    let reference = read(file().as_bytes()).unwrap();
    assert_eq!((reference.date.as_str(), reference.products.len(), reference.contracts.len()), ("20260625", 2, 2));
    let nifty = &reference.products[0];
    assert_eq!((nifty.code.as_str(), nifty.currency.as_str(), nifty.spot), ("NIFTY", "INR", Some(24_050_350_000)));
    assert!(nifty.caps_option_value, "premium is paid at the trade in India");
    assert_eq!(nifty.minimums, [(Months::ALL, 3_500_000)]);
    assert_eq!((nifty.deliveries[0].spread_charge, nifty.deliveries[0].outright_charge), (2_500_000, 10_000_000));
    assert_eq!(
        nifty.spreads.iter().map(|(priority, spread)| (*priority, spread.charge)).collect::<Vec<_>>(),
        [(2, 425_000_000), (1, 9_000_000)]
    );
    assert_eq!(reference.products[1].code, "M&M");
    let (priority, legs) = &reference.credits[0];
    assert_eq!((reference.credits.len(), *priority, legs[1].product, legs[1].side), (1, 1, 1, Side::B));
    assert_eq!((legs[0].rate, legs[1].ratio), (750_000, 2_000_000));
    let skipped: Vec<(&str, u64)> = reference.skipped.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(skipped, [("dSpread", 1), ("interSpreads/dSpread", 1), ("sSpread", 1)]);
}

#[test]
fn contracts_keep_array_delta_price_and_value() {
    let reference = read(file().as_bytes()).unwrap();
    let [future, put] = &reference.contracts[..] else { panic!("two contracts") };
    assert_eq!((future.array[12], future.array[14], future.delta), (2_244_360_000, -1_561_890_000, 1_000_000));
    assert_eq!((put.form, put.strike, put.delta, put.value), (Form::Put, Some(23_700_000_000), -351_400, 260_050_000));
    assert_eq!((put.expiry, put.month), (20_260_630, 20_260_630));
    assert_eq!(reference.pricings[future.pricing as usize].price_scan, 2234.01);
    assert_eq!(reference.pricings[put.pricing as usize].volatility_scan, 0.04);
    let catalogue = reference.catalogue();
    assert_eq!(catalogue.find("NIFTY", Form::Put, 20_260_630, 23_700_000_000), Ok(1));
    assert_eq!(catalogue.find("NIFTY", Form::Future, 20_260_600, 0), Ok(0), "the only contract of a month");
    assert!(catalogue.find("NIFTY", Form::Future, 20_260_700, 0).is_err());
}

#[test]
fn the_margin_of_ten_lots_is_the_published_one() {
    let reference = read(file().as_bytes()).unwrap();
    let (parameters, currencies) = reference.parameters().unwrap();
    let mut space = isthmus_margin::span::Workspace::new();
    let position = isthmus_margin::span::Position { contract: 0, quantity: 650 };
    let needed = parameters.requirement(&mut space, &[position]).unwrap()[0];
    assert_eq!((currencies[0].as_str(), needed.scan_risk, needed.worst_scenario), ("INR", 1_458_834_000_000, 13));
    // 650 outright in the month of delivery, at 10 each
    assert_eq!((needed.delivery, needed.requirement), (6_500_000_000, 1_465_334_000_000));
}

#[test]
fn an_option_on_a_future_counts_its_delta_in_the_month_of_the_future() {
    let text = file().replace("oopPf", "oofPf").replace(
        "<series><pe>20260630</pe>",
        "<series><pe>20260615</pe><undC><exch>NSE</exch><pfId>491</pfId><cId>1</cId></undC>",
    );
    let reference = read(text.as_bytes()).unwrap();
    let put = &reference.contracts[1];
    assert_eq!((put.expiry, put.month), (20_260_615, 20_260_630));
}

#[test]
fn what_is_wrong_is_refused_with_its_line() {
    let text = file();
    for (from, to, line, field) in [
        ("<p>24051.80</p>", "<p>24o51</p>", 33, "p"),
        ("<a>8.72</a><a>8.72</a>", "<a>8.72</a>", 35, "ra"),
        ("<o>P</o>", "<o>X</o>", 39, "o"),
        ("<k>23700.00</k>", "", 39, "k"),
        ("<rs>A</rs>", "<rs>C</rs>", 17, "rs"),
        ("</spanFile>", "", 41, "xml"),
        ("</fut></futPf>", "</futPf></fut>", 35, "fut"),
        ("<pe>20260630</pe><p>", "<pe>June</pe><p>", 33, "pe"),
        ("<spanFile>", "<html>", 3, "spanFile"),
        ("<isSetl>0</isSetl>", "<![CDATA[x]]>", 6, "xml"),
    ] {
        let fault = read(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert_eq!((fault.line, fault.field.as_str()), (line, field), "{to}: {fault}");
    }
}

#[test]
fn no_cut_or_flipped_byte_makes_it_panic() {
    let text = file().into_bytes();
    for end in (0..text.len()).step_by(7) {
        assert!(read(&text[..end]).is_err(), "a file cut at {end} is no file");
    }
    for place in (0..text.len()).step_by(3) {
        let mut broken = text.clone();
        broken[place] ^= 0x15;
        if let Ok(reference) = read(&broken) {
            let _ = reference.parameters();
            let _ = reference.catalogue();
        }
    }
}
