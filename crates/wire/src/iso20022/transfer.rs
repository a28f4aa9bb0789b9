//! Whether the rules of pacs.008 and pacs.009 hold that relate elements to one another: counts, sums, dates, agents, rates.
//!
//! Depths: 0 Document, 1 body, 2 group header or transaction, 3 their fields, 4 and deeper what those hold.
use rustc_hash::FxHashSet;

const BODIES: [&[u8]; 2] = [b"FIToFICstmrCdtTrf", b"FICdtTrf"];
const NOT_PROVIDED: &[u8] = b"NOTPROVIDED";
/// Amounts have at most five decimals (schema).
const DECIMALS: usize = 5;

/// Fields of depth 3, one bit each.
#[derive(Default, Clone, Copy)]
struct Seen(u32);

/// The bit of a field that the rules ask for; 0 for another.
fn bit(name: &[u8]) -> u32 {
    1 << match name {
        b"IntrBkSttlmDt" => 0,
        b"PmtTpInf" => 1,
        b"InstgAgt" => 2,
        b"InstdAgt" => 3,
        b"InstdAmt" => 4,
        b"XchgRate" => 5,
        b"ChrgsInf" => 6,
        b"IntrmyAgt1" => 7,
        b"IntrmyAgt2" => 8,
        b"IntrmyAgt3" => 9,
        b"PrvsInstgAgt1" => 10,
        b"PrvsInstgAgt2" => 11,
        b"PrvsInstgAgt3" => 12,
        b"InstgRmbrsmntAgt" => 13,
        b"InstdRmbrsmntAgt" => 14,
        b"ThrdRmbrsmntAgt" => 15,
        b"ClrSys" => 16,
        _ => 17,
    }
}

impl Seen {
    fn note(&mut self, name: &[u8]) {
        self.0 |= bit(name);
    }

    fn has(self, name: &[u8]) -> bool {
        self.0 & bit(name) != 0
    }
}

/// What the pass has met so far.
#[derive(Default)]
pub struct Transfer<'a> {
    is_transfer: bool,
    broken: bool,
    in_header: bool,
    in_settlement: bool,
    header: Seen,
    settlement: Seen,
    fields: Seen,
    method: &'a [u8],
    count: Option<&'a [u8]>,
    control_sum: Option<&'a [u8]>,
    total: Option<&'a [u8]>,
    total_currency: Option<&'a [u8]>,
    transactions: usize,
    sum: i128,
    currencies: Vec<&'a [u8]>,
    settled_in: Option<&'a [u8]>,
    instructed_in: Option<&'a [u8]>,
    current: Option<&'a [u8]>,
    end_to_end: Vec<&'a [u8]>,
    uetrs: Vec<&'a [u8]>,
}

impl<'a> Transfer<'a> {
    pub fn begins(&mut self, depth: usize, name: &'a [u8], currency: Option<&'a [u8]>) {
        self.current = currency;
        match depth {
            0 => self.is_transfer = name == b"Document",
            1 => self.is_transfer &= BODIES.contains(&name),
            2 => {
                self.in_header = name == b"GrpHdr";
                self.fields = Seen::default();
                self.settled_in = None;
                self.instructed_in = None;
                self.broken |= !self.in_header && name != b"CdtTrfTxInf" && name != b"SplmtryData";
            }
            3 => {
                self.in_settlement = self.in_header && name == b"SttlmInf";
                if self.in_header {
                    self.header.note(name);
                    if name == b"TtlIntrBkSttlmAmt" {
                        self.total_currency = currency;
                    }
                } else {
                    self.fields.note(name);
                    match name {
                        b"IntrBkSttlmAmt" => self.settled_in = currency,
                        b"InstdAmt" => self.instructed_in = currency,
                        _ => {}
                    }
                }
            }
            4 if self.in_settlement => self.settlement.note(name),
            _ => {}
        }
    }

    pub fn ends(&mut self, depth: usize, name: &'a [u8], text: &'a [u8]) {
        match depth {
            2 if name == b"CdtTrfTxInf" => self.transaction_ends(),
            3 if self.in_header => match name {
                b"NbOfTxs" => self.count = Some(text),
                b"CtrlSum" => self.control_sum = Some(text),
                b"TtlIntrBkSttlmAmt" => self.total = Some(text),
                _ => {}
            },
            3 if name == b"IntrBkSttlmAmt" => match scaled(text).and_then(|amount| self.sum.checked_add(amount)) {
                Some(sum) => self.sum = sum,
                None => self.broken = true,
            },
            4 if self.in_settlement && name == b"SttlmMtd" => self.method = text,
            4 if name == b"UETR" && !self.in_header => self.uetrs.push(text),
            4 if name == b"EndToEndId" && !self.in_header && text != NOT_PROVIDED => self.end_to_end.push(text),
            _ => {}
        }
    }

    fn transaction_ends(&mut self) {
        self.transactions += 1;
        let (fields, header) = (self.fields, self.header);
        let both = |name: &[u8]| fields.has(name) && header.has(name);
        let dated = fields.has(b"IntrBkSttlmDt") != header.has(b"IntrBkSttlmDt");
        let twice = both(b"PmtTpInf") || both(b"InstgAgt") || both(b"InstdAgt");
        let after = |name: &[u8], before: &[u8]| !fields.has(name) || fields.has(before);
        let chained = after(b"IntrmyAgt2", b"IntrmyAgt1")
            && after(b"IntrmyAgt3", b"IntrmyAgt2")
            && after(b"PrvsInstgAgt2", b"PrvsInstgAgt1")
            && after(b"PrvsInstgAgt3", b"PrvsInstgAgt2");
        let rated = if fields.has(b"InstdAmt") {
            fields.has(b"XchgRate") != (self.instructed_in == self.settled_in)
        } else {
            !fields.has(b"XchgRate") && !fields.has(b"ChrgsInf")
        };
        match self.settled_in {
            Some(currency) if self.currencies.contains(&currency) => {}
            Some(currency) => self.currencies.push(currency),
            None => self.broken = true,
        }
        self.broken |= !dated || twice || !chained || !rated;
    }

    /// Whether nothing was found that a rule could object to.
    pub fn holds(&self) -> bool {
        self.is_transfer && !self.broken && self.counts() && self.sums() && self.settles() && self.told_apart()
    }

    fn counts(&self) -> bool {
        self.count.is_some_and(|text| text == self.transactions.to_string().as_bytes())
    }

    fn sums(&self) -> bool {
        let control = self.control_sum.is_none_or(|text| scaled(text) == Some(self.sum));
        let total = self.total.is_none_or(|text| {
            scaled(text) == Some(self.sum)
                && self.currencies.iter().all(|currency| Some(*currency) == self.total_currency)
        });
        control && total
    }

    fn settles(&self) -> bool {
        let (instructing, instructed) =
            (self.settlement.has(b"InstgRmbrsmntAgt"), self.settlement.has(b"InstdRmbrsmntAgt"));
        let any = instructing || instructed || self.settlement.has(b"ThrdRmbrsmntAgt");
        match self.method {
            b"INDA" | b"INGA" => !any,
            b"CLRG" => !any && self.settlement.has(b"ClrSys"),
            b"COVE" => instructing || instructed,
            _ => false,
        }
    }

    fn told_apart(&self) -> bool {
        all_differ(&self.end_to_end) && all_differ(&self.uetrs)
    }
}

fn all_differ(texts: &[&[u8]]) -> bool {
    texts.len() < 2 || texts.iter().copied().collect::<FxHashSet<&[u8]>>().len() == texts.len()
}

/// A decimal in 10^-5; `None` for what is none, or has more decimals.
fn scaled(text: &[u8]) -> Option<i128> {
    let point = text.iter().position(|&byte| byte == b'.').unwrap_or(text.len());
    let fraction = text.get(point + 1..).unwrap_or(b"");
    if fraction.len() > DECIMALS || text.len() > 30 || (point == 0 && fraction.is_empty()) {
        return None;
    }
    let mut value = 0_i128;
    for &byte in text[..point].iter().chain(fraction) {
        value = value.checked_mul(10)?.checked_add(i128::from(byte.is_ascii_digit().then(|| byte - b'0')?))?;
    }
    value.checked_mul(10_i128.checked_pow(u32::try_from(DECIMALS - fraction.len()).ok()?)?)
}
