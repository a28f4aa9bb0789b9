//! Codes of other standards that fields hold: currencies with their decimals (ISO 4217, as of its amendment 179 and 2025), countries (ISO 3166).

/// Currencies of two decimals.
const TWO: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF \
    CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG \
    HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR \
    MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD \
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG \
    YER ZAR ZMW ZWG";
/// Currencies without decimals.
const NONE: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THREE: &str = "BHD IQD JOD KWD LYD OMR TND";
const FOUR: &str = "CLF UYW";
/// Metals and units of account: ISO 4217 gives no decimals, messages give what they have.
const OPEN: &str = "XAG XAU XDR XPD XPT XSU XUA";
/// What an amount of fifteen characters can hold at most.
const OPEN_DECIMALS: u32 = 13;
/// Metals, whose trades are confirmed by messages of category 6 (User Handbook, MT 300, field 32B: C08).
pub const METALS: [&str; 4] = ["XAU", "XAG", "XPD", "XPT"];
/// Countries and territories; XK is Kosovo's code in business identifier codes.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY \
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR \
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK \
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF \
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

/// How many decimals an amount of a currency may have; `None` for what is no currency.
pub fn decimals_of(code: &str) -> Option<u32> {
    [(TWO, 2), (NONE, 0), (THREE, 3), (FOUR, 4), (OPEN, OPEN_DECIMALS)]
        .into_iter()
        .find_map(|(list, decimals)| holds(list, code).then_some(decimals))
}

pub fn is_country(code: &str) -> bool {
    code.len() == 2 && holds(COUNTRIES, code)
}

/// Whether a list of words of one length, parted by blanks, holds a word.
fn holds(list: &str, word: &str) -> bool {
    let same = |chunk: &[u8]| chunk.get(..word.len()) == Some(word.as_bytes());
    !word.is_empty() && !word.contains(' ') && list.as_bytes().chunks(word.len() + 1).any(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_those_of_iso_4217() {
        let found: Vec<_> = ["EUR", "JPY", "KWD", "CLF", "XAU", "ABC", "eur", "UR A", ""].map(decimals_of).into();
        assert_eq!(found, [Some(2), Some(0), Some(3), Some(4), Some(13), None, None, None, None]);
        assert!(is_country("DE") && is_country("XK") && !is_country("QQ") && !is_country("D"));
    }
}
