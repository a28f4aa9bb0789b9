//! A foreign exchange deal as MT 300 tells it: made of a FIX report, written as a message, read back from one.
//!
//! Perspective: 32B is what party A (82a, who sends the confirmation) bought, 33B what it sold.
use super::codes;
use super::decimal::Decimal;
use super::fin::{self, Field};
use super::form::Class;
use super::reference;
use super::rules_300::bic_of;
use super::validate;
use super::walk::Error;

/// Characters of field 36, its comma among them.
const RATE_MAX: usize = 12;
const AMOUNT_MAX: usize = 15;
/// The branch of a code of eight characters.
const HEAD_OFFICE: &str = concat!("X", "XX");
const REFERENCE_MAX: usize = 16;
/// The settlement party where none is named: both sides' standing instructions are used.
const STANDING: &str = "/SSIS/";

/// Amounts and the rate as decimals with a point, dates as YYYYMMDD, parties as business identifier codes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deal {
    pub reference: String,
    /// What an amendment or a cancellation changes.
    pub related: Option<String>,
    /// `NEWT`, `AMND`, `CANC`, `DUPL`, `EXOP`.
    pub operation: String,
    pub party_a: String,
    pub party_b: String,
    pub trade_date: String,
    pub value_date: String,
    pub rate: String,
    pub bought: (String, String),
    pub sold: (String, String),
    /// Where party A receives what it bought, and party B what it sold: business identifier codes.
    pub receiving: (Option<String>, Option<String>),
}

/// A message that was built, or why it could not be.
#[derive(Debug, Default)]
pub struct Built {
    pub fin: Option<String>,
    /// [(tag, value)] of block 4.
    pub fields: Vec<(&'static str, String)>,
    pub errors: Vec<Error>,
}

/// The message of a deal, with the verdict over it.
pub fn build(deal: &Deal) -> Built {
    match fields_of(deal) {
        Err(error) => Built { errors: vec![error], ..Built::default() },
        Ok(fields) => {
            let fin = text_of(deal, &fields);
            let errors = validate::validate(&fin).errors;
            Built { fin: errors.is_empty().then_some(fin), fields, errors }
        }
    }
}

fn refused(field: &str, message: impl Into<String>) -> Error {
    Error::form("T33", field, 0, message)
}

fn fields_of(deal: &Deal) -> Result<Vec<(&'static str, String)>, Error> {
    let rate = swift(&deal.rate, RATE_MAX).ok_or_else(|| refused("36", "the rate has not at most eleven digits"))?;
    let common = reference::common(&deal.party_a, &deal.party_b, &rate)
        .ok_or_else(|| refused("22C", "a party has no business identifier code"))?;
    let mut fields = vec![("15A", String::new()), ("20", deal.reference.clone())];
    fields.extend(deal.related.as_ref().map(|related| ("21", related.clone())));
    fields.extend([("22A", deal.operation.clone()), ("22C", common)]);
    fields.extend([("82A", deal.party_a.clone()), ("87A", deal.party_b.clone()), ("15B", String::new())]);
    fields.extend([("30T", deal.trade_date.clone()), ("30V", deal.value_date.clone()), ("36", rate)]);
    fields.push(("32B", money("32B", &deal.bought)?));
    fields.push(agent(deal.receiving.0.as_deref()));
    fields.push(("33B", money("33B", &deal.sold)?));
    fields.push(agent(deal.receiving.1.as_deref()));
    Ok(fields)
}

fn swift(text: &str, most: usize) -> Option<String> {
    Some(Decimal::parse(text, '.')?.swift()).filter(|text| text.len() <= most)
}

fn money(field: &str, (currency, amount): &(String, String)) -> Result<String, Error> {
    let wrong = || refused(field, format!("{currency} {amount} is no amount of at most fourteen digits"));
    Ok(format!("{currency}{}", swift(amount, AMOUNT_MAX).ok_or_else(wrong)?))
}

fn agent(bic: Option<&str>) -> (&'static str, String) {
    bic.map_or_else(|| ("57J", STANDING.to_owned()), |bic| ("57A", bic.to_owned()))
}

/// Terminals A (sender) and X (receiver): which of its terminals a bank uses is the network's business.
fn text_of(deal: &Deal, fields: &[(&'static str, String)]) -> String {
    use std::fmt::Write;
    let full = |bic: &str| (bic.get(..8).unwrap_or(bic).to_owned(), bic.get(8..11).unwrap_or(HEAD_OFFICE).to_owned());
    let (own, other) = (full(&deal.party_a), full(&deal.party_b));
    let mut text = String::with_capacity(512);
    let _ = write!(text, "{{1:F01{}A{}0000000000}}{{2:I300{}X{}N}}{{4:\r\n", own.0, own.1, other.0, other.1);
    for (tag, value) in fields {
        let _ = write!(text, ":{tag}:{value}\r\n");
    }
    text.push_str("-}");
    text
}

/// The deal of a message that is right in form; `None` where a field that tells it is missing or says nothing.
pub fn read(text: &str) -> Option<Deal> {
    let found = validate::validate(text);
    if found.number.as_deref() != Some("300") {
        return None;
    }
    let fields = found.fin.text();
    let value = |group: &str, tag: &str| first(&found, group, tag).map(|field| field.value.to_string());
    let amount = |group: &str, tag: &str| {
        let text = value(group, tag)?;
        Some((text.get(..3)?.to_owned(), Decimal::parse(text.get(3..)?, ',')?.plain()))
    };
    let header = validate::header(&found.fin)?;
    let party = |tag: &str, other: Option<String>| {
        let field = fields.iter().find(|field| field.tag.starts_with(tag));
        field.and_then(bic_of).map(str::to_owned).or(other)
    };
    let agent = |group: &str| first(&found, group, "57A").and_then(bic_of).map(str::to_owned);
    Some(Deal {
        reference: value("A", "20")?,
        related: value("A", "21"),
        operation: value("A", "22A")?,
        party_a: party("82", header.sender)?,
        party_b: party("87", header.receiver)?,
        trade_date: value("B", "30T")?,
        value_date: value("B", "30V")?,
        rate: Decimal::parse(&value("B", "36")?, ',')?.plain(),
        bought: amount("B1", "32B")?,
        sold: amount("B2", "33B")?,
        receiving: (agent("B1"), agent("B2")),
    })
}

fn first<'m>(found: &'m validate::Verdict<'_>, group: &str, tag: &str) -> Option<&'m Field<'m>> {
    let fields = found.fin.text();
    found.placed.iter().filter(|place| place.group == group).map(|place| &fields[place.field]).find(|f| f.tag == tag)
}

/// A reference of at most sixteen characters: itself where it has the network's form, else letters and digits of its hash, so that one
/// text always has one reference and two hardly ever share one (64 bits, FNV-1a).
pub fn reference_of(text: &str) -> String {
    let slashes = text.starts_with('/') || text.ends_with('/') || text.contains("//");
    let fits = (1..=REFERENCE_MAX).contains(&text.len()) && text.bytes().all(|byte| Class::X.holds(byte));
    // a line that begins with a hyphen or a colon would end the field
    if fits && !slashes && !text.starts_with(['-', ':', ' ']) && !text.ends_with(' ') {
        return text.to_owned();
    }
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    format!("{:016X}", text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

/// The deal of a FIX report: ExecutionReport (8) of a trade, a correction or a cancel, or TradeCaptureReport (AE).
#[derive(Debug, Clone, Copy)]
pub struct Parties<'a> {
    /// Who sends the confirmation: party A.
    pub sender: &'a str,
    pub receiver: &'a str,
    /// Whether the side of the report is the receiver's, as in a report that the sender wrote itself.
    pub turned: bool,
}

/// Reads a report, fields parted by SOH or by `|`.
pub fn of_fix(text: &str, parties: Parties<'_>) -> Result<Deal, Error> {
    let fix = Fix::read(text, parties)?;
    let (operation, related) = fix.operation()?;
    let reference = fix.reference()?;
    let (base, quote) = pair(fix.must("55", "the pair")?)
        .ok_or_else(|| fix_error("55", "the symbol is no pair of two currencies of ISO 4217"))?;
    let currency = fix.get("15").unwrap_or(base);
    let decimal = |tag: &'static str, what: &str| {
        let text = fix.must(tag, what)?;
        Decimal::parse(text, '.').ok_or_else(|| fix_error(tag, format!("{text:?} is no figure above zero")))
    };
    let (quantity, rate) = (decimal("32", "the quantity")?, decimal("31", "the rate")?);
    if currency != base && currency != quote {
        return Err(fix_error("15", format!("{currency} is none of {base}, {quote}")));
    }
    let other = if currency == base { quote } else { base };
    let counter = fix.counter_amount(other, (quantity, rate), currency == base)?;
    let dealt = (currency.to_owned(), amount_of("32", quantity, currency)?);
    let against = (other.to_owned(), counter);
    let (bought, sold) = if fix.buys()? { (dealt, against) } else { (against, dealt) };
    Ok(Deal {
        reference,
        related,
        operation: operation.to_owned(),
        party_a: parties.sender.to_owned(),
        party_b: parties.receiver.to_owned(),
        trade_date: fix.trade_date()?,
        value_date: fix.must("64", "the settlement date")?.to_owned(),
        rate: rate.plain(),
        bought,
        sold,
        receiving: (None, None),
    })
}

fn fix_error(field: &str, message: impl Into<String>) -> Error {
    Error { code: None, rule: "FIX", network_code: "", field: field.to_owned(), line: 1, message: message.into() }
}

/// `EUR/USD`, `EURUSD` and the like.
fn pair(symbol: &str) -> Option<(&str, &str)> {
    let (base, rest) = (symbol.get(..3)?, symbol.get(3..)?);
    let quote = rest.strip_prefix(['/', '.', '-', '_', ' ']).unwrap_or(rest);
    let known = |code: &str| codes::decimals_of(code).is_some();
    (known(base) && known(quote) && base != quote).then_some((base, quote))
}

fn amount_of(tag: &str, amount: Decimal, currency: &str) -> Result<String, Error> {
    let decimals = codes::decimals_of(currency).unwrap_or(0);
    if amount.scale > decimals {
        return Err(fix_error(tag, format!("{currency} has at most {decimals} decimals")));
    }
    Ok(amount.plain())
}

/// The fields of a report, those of the side that is ours.
struct Fix<'a> {
    fields: Vec<(&'a str, &'a str)>,
    /// Of `NoSides`, in trade capture reports.
    side: Vec<(&'a str, &'a str)>,
    turned: bool,
}

impl<'a> Fix<'a> {
    fn read(text: &'a str, parties: Parties<'_>) -> Result<Fix<'a>, Error> {
        let soh = if text.contains('\u{1}') { '\u{1}' } else { '|' };
        let rows = text.split(soh).filter(|row| !row.trim().is_empty());
        let fields: Option<Vec<_>> = rows.map(|row| row.split_once('=')).collect();
        let fields = fields.ok_or_else(|| fix_error("", "a field is no tag=value"))?;
        let mut fix = Fix { fields, side: Vec::new(), turned: parties.turned };
        match fix.get("35") {
            Some("8") => {}
            Some("AE") => fix.choose_side(parties)?,
            other => {
                let kind = other.unwrap_or("nothing");
                return Err(fix_error(
                    "35",
                    format!("{kind} is no ExecutionReport (8) and no TradeCaptureReport (AE)"),
                ));
            }
        }
        if fix.get("555").is_some_and(|legs| legs != "0") {
            return Err(fix_error("555", "a deal of several legs is confirmed leg by leg"));
        }
        Ok(fix)
    }

    /// The side whose party is the sender; the only one where there is one.
    fn choose_side(&mut self, parties: Parties<'_>) -> Result<(), Error> {
        let Some(start) = self.fields.iter().position(|(tag, _)| *tag == "552") else { return Ok(()) };
        let mut sides: Vec<Vec<(&str, &str)>> = Vec::new();
        for field in self.fields.split_off(start).into_iter().skip(1) {
            match sides.last_mut() {
                _ if field.0 == "54" => sides.push(vec![field]),
                Some(side) => side.push(field),
                None => return Err(fix_error("552", "a side does not begin with 54")),
            }
        }
        let same = |bic: &str, other: &str| bic.get(..8) == other.get(..8);
        let of = |side: &Vec<(&str, &str)>, whose: &str| side.iter().any(|(tag, id)| *tag == "448" && same(id, whose));
        let found = match sides.as_slice() {
            [only] => Some(only.clone()),
            several => several.iter().find(|side| of(side, parties.sender)).cloned().inspect(|_| self.turned = false),
        };
        self.side = found.ok_or_else(|| fix_error("552", "no side names the sender as a party (448)"))?;
        Ok(())
    }

    fn get(&self, tag: &str) -> Option<&'a str> {
        let of = |fields: &[(&'a str, &'a str)]| fields.iter().find(|(name, _)| *name == tag).map(|(_, value)| *value);
        of(&self.side).or_else(|| of(&self.fields)).filter(|value| !value.is_empty())
    }

    fn must(&self, tag: &'static str, what: &str) -> Result<&'a str, Error> {
        self.get(tag).ok_or_else(|| fix_error(tag, format!("{what} is missing")))
    }

    /// (22A, 21): what the report does to an earlier one.
    fn operation(&self) -> Result<(&'static str, Option<String>), Error> {
        let (kind, changed) = if self.get("35") == Some("AE") {
            let kind = match self.get("487").unwrap_or("0") {
                "0" => "NEWT",
                "1" | "4" => "CANC",
                "2" => "AMND",
                other => return Err(fix_error("487", format!("{other} is no new, cancelled or replaced trade"))),
            };
            (kind, "572")
        } else {
            let kind = match (self.must("150", "the kind of execution")?, self.get("20").unwrap_or("0")) {
                ("F" | "1" | "2", "0") => "NEWT",
                ("G", _) | ("F" | "1" | "2", "2") => "AMND",
                ("H", _) | ("F" | "1" | "2", "1") => "CANC",
                (other, _) => return Err(fix_error("150", format!("{other} is no trade"))),
            };
            (kind, "19")
        };
        if kind == "NEWT" {
            return Ok((kind, None));
        }
        let related = self.get(changed).ok_or_else(|| fix_error(changed, "the report that it changes is missing"))?;
        Ok((kind, Some(reference_of(related))))
    }

    fn reference(&self) -> Result<String, Error> {
        let tag = if self.get("35") == Some("AE") { "571" } else { "17" };
        Ok(reference_of(self.must(tag, "the report's own id")?))
    }

    fn buys(&self) -> Result<bool, Error> {
        match self.must("54", "the side")? {
            "1" => Ok(!self.turned),
            "2" => Ok(self.turned),
            other => Err(fix_error("54", format!("{other} is neither buy nor sell"))),
        }
    }

    /// What is paid against the dealt quantity: as the report says (119 in 120), else quantity and rate.
    fn counter_amount(
        &self,
        other: &str,
        (quantity, rate): (Decimal, Decimal),
        of_base: bool,
    ) -> Result<String, Error> {
        if let (Some(amount), Some(currency)) = (self.get("119"), self.get("120"))
            && currency == other
        {
            let amount = Decimal::parse(amount, '.').ok_or_else(|| fix_error("119", "no figure above zero"))?;
            return amount_of("119", amount, other);
        }
        let decimals = codes::decimals_of(other).unwrap_or(0);
        let amount = if of_base { quantity.times(rate, decimals) } else { quantity.over(rate, decimals) };
        amount.map(Decimal::plain).ok_or_else(|| fix_error("31", "the amount is beyond what a message can hold"))
    }

    /// Of field 75, else the day of the transaction.
    fn trade_date(&self) -> Result<String, Error> {
        let day = self.get("75").or_else(|| self.get("60")?.get(..8));
        day.map(str::to_owned).ok_or_else(|| fix_error("75", "the trade date is missing"))
    }
}

/// The trade capture report that tells a deal, from party A's side; without session fields that only a session knows (34, 52).
pub fn to_fix(deal: &Deal) -> Option<String> {
    let (bought, sold) = (Decimal::parse(&deal.bought.1, '.')?, Decimal::parse(&deal.sold.1, '.')?);
    let rate = Decimal::parse(&deal.rate, '.')?;
    let near = |amount: Decimal, other: Decimal, currency: &str| {
        let decimals = codes::decimals_of(currency)?;
        Some(amount.times(rate, decimals)?.plain() == other.plain())
    };
    let buys_base = near(bought, sold, &deal.sold.0)? || !near(sold, bought, &deal.bought.0)?;
    let (base, quote) = if buys_base { (&deal.bought, &deal.sold) } else { (&deal.sold, &deal.bought) };
    let kind = match deal.operation.as_str() {
        "CANC" => "1",
        "AMND" => "2",
        _ => "0",
    };
    let related = deal.related.as_ref().map(|related| format!("572={related}|")).unwrap_or_default();
    let side = if buys_base { "1" } else { "2" };
    let body = format!(
        "35=AE|49={}|56={}|571={}|487={kind}|{related}570=N|55={}/{}|32={}|31={}|75={}|64={}|552=1|54={side}|37=NONE|453=1|448={}|447=B|452=1|15={}|119={}|120={}|",
        deal.party_a, deal.party_b, deal.reference, base.0, quote.0, base.1, deal.rate, deal.trade_date, deal.value_date,
        deal.party_a, base.0, quote.1, quote.0,
    )
    .replace('|', "\u{1}");
    let head = format!("8=FIX.4.4\u{1}9={}\u{1}{body}", body.len());
    let sum = head.bytes().fold(0_u8, u8::wrapping_add);
    Some(format!("{head}10={sum:03}\u{1}"))
}

/// The verdict over the messages of a text, one after the other.
pub fn messages(text: &str) -> impl Iterator<Item = validate::Verdict<'_>> {
    fin::split(text).into_iter().map(validate::validate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str =
        "8=FIX.4.4|35=8|17=X-1|150=F|39=2|55=EUR/USD|54=1|15=EUR|32=1000000|31=1.08455|75=20260302|64=20260304|";
    const PARTIES: Parties<'static> = Parties { sender: "BANKGB2LXXX", receiver: "CHASUS33XXX", turned: false };

    fn built(report: &str) -> Vec<(&'static str, String)> {
        let made = build(&of_fix(report, PARTIES).unwrap());
        assert_eq!(made.errors, []);
        made.fields
    }

    fn value(fields: &[(&'static str, String)], tag: &str) -> String {
        fields.iter().find(|(name, _)| *name == tag).map(|(_, value)| value.clone()).unwrap()
    }

    #[test]
    fn a_report_of_a_buyer_says_what_party_a_bought() {
        let fields = built(REPORT);
        for (tag, expected) in
            [("22C", "BANK2L8455CHAS33"), ("32B", "EUR1000000,"), ("33B", "USD1084550,"), ("36", "1,08455")]
        {
            assert_eq!(value(&fields, tag), expected);
        }
        let sold = built(&REPORT.replace("54=1", "54=2"));
        assert_eq!((value(&sold, "32B"), value(&sold, "33B")), ("USD1084550,".into(), "EUR1000000,".into()));
    }

    #[test]
    fn a_quantity_in_the_quoted_currency_is_divided_by_the_rate() {
        let fields = built(&REPORT.replace("15=EUR", "15=USD"));
        assert_eq!((value(&fields, "32B"), value(&fields, "33B")), ("USD1000000,".into(), "EUR922041,4".into()));
    }

    #[test]
    fn a_correction_names_what_it_changes() {
        let fields = built(&REPORT.replace("150=F", "150=G|19=X-0"));
        assert_eq!((value(&fields, "22A"), value(&fields, "21")), ("AMND".into(), "X-0".into()));
        assert_eq!(of_fix(&REPORT.replace("150=F", "150=H"), PARTIES).unwrap_err().field, "19");
    }

    #[test]
    fn what_a_report_lacks_is_named_by_its_tag() {
        for (from, to, tag) in [
            ("64=20260304|", "", "64"),
            ("150=F", "150=0", "150"),
            ("35=8", "35=D", "35"),
            ("54=1", "54=5", "54"),
            ("55=EUR/USD", "55=AAPL", "55"),
            ("15=EUR", "15=GBP", "15"),
            ("31=1.08455", "31=0", "31"),
            ("32=1000000", "32=0.001", "32"),
            ("17=X-1|", "", "17"),
            ("75=20260302|", "", "75"),
        ] {
            assert_eq!(of_fix(&REPORT.replace(from, to), PARTIES).unwrap_err().field, tag, "{from} -> {to}");
        }
    }

    #[test]
    fn a_capture_report_of_two_sides_is_read_from_the_side_that_names_the_sender() {
        let report = "35=AE|571=T1|55=USD/JPY|32=5000000|31=151.237|75=20260302|64=20260304|552=2|54=1|448=CHASUS33|54=2|448=BANKGB2L|";
        assert_eq!(value(&built(report), "32B"), "JPY756185000,");
        assert_eq!(of_fix(&report.replace("448=BANKGB2L", "448=OTHR"), PARTIES).unwrap_err().field, "552");
    }

    #[test]
    fn a_message_read_back_is_the_deal_and_so_is_its_report() {
        for report in [REPORT.to_owned(), REPORT.replace("54=1", "54=2"), REPORT.replace("15=EUR", "15=USD")] {
            let deal = of_fix(&report, PARTIES).unwrap();
            let message = build(&deal).fin.unwrap();
            assert_eq!(read(&message).as_ref(), Some(&deal));
            assert_eq!(of_fix(&to_fix(&deal).unwrap(), PARTIES).unwrap(), deal);
        }
    }

    #[test]
    fn long_ids_become_references_of_sixteen_characters() {
        assert_eq!(reference_of("X-1"), "X-1");
        for id in ["", "/A", "A//B", "a-much-longer-id-than-that", "-A", "\u{e9}"] {
            let made = reference_of(id);
            assert_eq!((made.len(), reference_of(&made)), (16, made.clone()), "{id}");
        }
        assert_ne!(reference_of("a-much-longer-id-than-that"), reference_of("a-much-longer-id-than-this"));
    }
}
