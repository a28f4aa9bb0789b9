//! SPAN's positional files of CME (`.pa2`, expanded unpacked format), by the exchange's public record layouts.
//!
//! Read are records 0, 2 (products), 3 with C and E (spreads), 4 (delivery, minimum), 6 (credits), 81 and 82 (arrays), B (array
//! parameters, delta scaling), P (prices) and S (tiers). All others are passed over, counted and named in
//! [`Reference::skipped`]. Columns count from 1, as in the layouts; what is missing at a record's end is blank.
pub mod price;
mod products;

use isthmus_margin::span::SCENARIOS;
use rustc_hash::FxHashMap;

use crate::decimal::UNIT;
use crate::reference::{ContractTerms, Form, Pricing, ProductTerms, Reference, Unreadable, month};
use price::Quotation;
use products::Pending;

/// Bytes of a record at most; the layouts have 132 and later additions.
const LONGEST: usize = 1_000;
/// An array holds nine values in its first record, seven in its second.
const FIRST: usize = 9;

/// One record, by columns.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    pub bytes: &'a [u8],
    pub line: u64,
}

impl<'a> Record<'a> {
    /// Columns from first to last, counting from 1; short where the record is.
    pub fn columns(&self, first: usize, last: usize) -> &'a [u8] {
        let end = last.min(self.bytes.len());
        if first > end { b"" } else { &self.bytes[first - 1..end] }
    }

    pub fn byte(&self, column: usize) -> u8 {
        self.bytes.get(column - 1).copied().unwrap_or(b' ')
    }

    pub fn text(&self, first: usize, last: usize) -> String {
        String::from_utf8_lossy(self.columns(first, last)).trim().to_owned()
    }

    /// Digits as a number; blank is zero.
    pub fn number(&self, first: usize, last: usize, field: &str) -> Result<i64, Unreadable> {
        let digits = self.columns(first, last).trim_ascii();
        let mut value = 0_i64;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return Err(self.fault(field, "is no number"));
            }
            value = value
                .checked_mul(10)
                .and_then(|v| v.checked_add(i64::from(digit - b'0')))
                .ok_or_else(|| self.fault(field, "is too large"))?;
        }
        Ok(value)
    }

    /// A number whose sign stands in a column of its own behind it.
    pub fn signed(&self, first: usize, last: usize, field: &str) -> Result<i64, Unreadable> {
        let value = self.number(first, last, field)?;
        match self.byte(last + 1) {
            b'-' => Ok(-value),
            b'+' | b' ' => Ok(value),
            _ => Err(self.fault(field, "has a sign that is neither + nor -")),
        }
    }

    pub fn fault(&self, field: impl Into<String>, reason: impl Into<String>) -> Unreadable {
        Unreadable::new(self.line, field, reason)
    }

    /// A month of six digits with a day or week code behind it.
    pub fn month(&self, first: usize, field: &str) -> Result<u32, Unreadable> {
        let text = self.columns(first, first + 7).trim_ascii();
        if text.is_empty() || text.iter().all(|digit| *digit == b'0') {
            return Ok(0);
        }
        let compact: Vec<u8> = text.iter().copied().filter(|byte| *byte != b' ').collect();
        month(&compact).ok_or_else(|| self.fault(field, "is no month"))
    }
}

/// What names a contract across records 81, 82: exchange, code, type, right, months and strike.
type Name<'a> = &'a [u8];
/// What names a family: exchange, code and type.
type FamilyName = (String, String, String);

/// What a B record says of a month or series.
#[derive(Clone, Copy)]
struct Parameters {
    pricing: u32,
    /// In ten-thousandths.
    delta_scaling: i64,
    expires: u32,
}

/// An 81 record that waits for its 82.
struct Half<'a> {
    name: Name<'a>,
    losses: [i64; FIRST],
}

/// An array before its family's prices and product are known: P records may come later than 82.
struct Whole<'a> {
    record: Record<'a>,
    losses: [i64; SCENARIOS],
}

#[derive(Default)]
struct Reading<'a> {
    reference: Reference,
    /// Product of each family, and decimal places of its arrays.
    families: FxHashMap<FamilyName, (u32, i32)>,
    quotations: FxHashMap<FamilyName, Quotation>,
    parameters: FxHashMap<(FamilyName, u32, u32), Parameters>,
    half: Option<Half<'a>>,
    whole: Vec<Whole<'a>>,
    pending: Pending,
    skipped: FxHashMap<Vec<u8>, u64>,
}

/// Reads a whole file.
///
/// # Errors
/// The first record that has no sense, with its line and the column's name.
pub fn read(bytes: &[u8]) -> Result<Reference, Unreadable> {
    let mut reading = Reading::default();
    let mut any = false;
    for (place, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let record = Record { bytes: line, line: place as u64 + 1 };
        if line.iter().all(|byte| matches!(byte, b' ' | 0 | 0x1a)) {
            continue;
        }
        if line.len() > LONGEST {
            return Err(record.fault("record", "is longer than 1000 bytes"));
        }
        any = true;
        reading.take(record)?;
    }
    if !any {
        return Err(Unreadable::new(1, "file", "is empty"));
    }
    reading.finish()
}

impl<'a> Reading<'a> {
    fn take(&mut self, record: Record<'a>) -> Result<(), Unreadable> {
        if self.half.is_some() && record.columns(1, 2) != b"82" {
            return Err(record.fault("81", "is not followed by its 82"));
        }
        match record.columns(1, 2) {
            b"0" | b"0 " => self.header(record),
            b"2 " => self.family_list(record),
            b"3 " | b"4 " | b"6 " | b"C " | b"E " | b"S " => self.pending.take(record),
            b"81" => self.first_half(record),
            b"82" => self.second_half(record),
            b"B " => self.array_parameters(record),
            b"P " => self.price_parameters(record),
            other if other.first().is_some_and(u8::is_ascii_alphanumeric) => {
                *self.skipped.entry(other.trim_ascii_end().to_vec()).or_default() += 1;
                Ok(())
            }
            _ => Err(record.fault("record", "has no record type: this is no .pa2 file")),
        }
    }

    fn header(&mut self, record: Record) -> Result<(), Unreadable> {
        let format = record.text(36, 37);
        if format != "U2" {
            return Err(record.fault("format", format!("is {format:?}: only the expanded format U2 is read")));
        }
        self.reference.formats.push(format!("pa2 {}", record.text(3, 8)));
        self.reference.date = record.text(9, 16);
        Ok(())
    }

    /// Record 2: a product and up to six families of contracts in it; further records go on with the same product.
    fn family_list(&mut self, record: Record) -> Result<(), Unreadable> {
        let (exchange, code) = (record.text(3, 5), record.text(7, 12));
        if code.is_empty() {
            return Err(record.fault("combined commodity code", "is blank"));
        }
        let known = self.reference.products.iter().position(|product| product.code == code);
        let number = known.unwrap_or_else(|| {
            let terms = ProductTerms {
                code,
                currency: record.text(14, 16),
                caps_option_value: record.byte(19) == b'Y',
                ..ProductTerms::default()
            };
            self.reference.products.push(terms);
            self.reference.products.len() - 1
        });
        let exponent = record.number(13, 13, "risk exponent")? as i32;
        let futures_style = record.byte(18) == b'F';
        if futures_style {
            self.pending.futures_style.push(number as u32);
        }
        for place in 0..6 {
            let first = 23 + 16 * place;
            let (family, sort) = (record.text(first, first + 9), record.text(first + 10, first + 12));
            if family.is_empty() {
                break;
            }
            let places = record.number(first + 13, first + 13, "array decimal locator")? as i32;
            let places = if record.byte(first + 14) == b'-' { -places } else { places };
            self.families.insert((exchange.clone(), family, sort), (number as u32, places - exponent));
        }
        Ok(())
    }

    fn first_half(&mut self, record: Record<'a>) -> Result<(), Unreadable> {
        let mut losses = [0; FIRST];
        for (place, loss) in losses.iter_mut().enumerate() {
            *loss = array_value(record, place)?;
        }
        self.half = Some(Half { name: record.columns(3, 54), losses });
        Ok(())
    }

    fn second_half(&mut self, record: Record<'a>) -> Result<(), Unreadable> {
        let mut losses = [0; SCENARIOS];
        match self.half.take() {
            Some(half) if half.name == record.columns(3, 54) => losses[..FIRST].copy_from_slice(&half.losses),
            Some(_) => return Err(record.fault("82", "is of another contract than the 81 before it")),
            None => {
                // half an array is no array, and naming it leaves the rest of the file usable
                *self.skipped.entry(b"82 (without 81)".to_vec()).or_default() += 1;
                return Ok(());
            }
        }
        for (place, loss) in losses[FIRST..].iter_mut().enumerate() {
            *loss = array_value(record, place)?;
        }
        self.whole.push(Whole { record, losses });
        Ok(())
    }

    fn array_parameters(&mut self, record: Record) -> Result<(), Unreadable> {
        let whole = |first, last, field, places: i32| -> Result<f64, Unreadable> {
            Ok(record.number(first, last, field)? as f64 / 10_f64.powi(places))
        };
        let pricing = Pricing {
            volatility: whole(37, 44, "base volatility", 6)?,
            volatility_scan: whole(45, 52, "volatility scan range", 6)?,
            price_scan: whole(53, 57, "price scan range", 0)? * 10_f64.powi(self.scan_exponent(record)?),
            extreme_multiple: whole(58, 62, "extreme move multiplier", 3)?,
            cover: whole(63, 67, "extreme move covered fraction", 4)?,
            rate: whole(68, 72, "interest rate", 4)?,
            years: whole(73, 79, "time to expiration", 6)?,
        };
        let delta_scaling = record.number(86, 91, "delta scaling factor")?;
        let parameters = Parameters {
            pricing: self.reference.pricings.len() as u32,
            delta_scaling: if delta_scaling == 0 { 10_000 } else { delta_scaling },
            expires: record.number(92, 99, "expiration date")? as u32,
        };
        self.reference.pricings.push(pricing);
        let months = (record.month(19, "futures month")?, record.month(28, "option month")?);
        self.parameters.insert((family(record), months.0, months.1), parameters);
        Ok(())
    }

    /// Columns 166 and 167 with their sign in 168, in files that have them.
    fn scan_exponent(&self, record: Record) -> Result<i32, Unreadable> {
        let digits = record.columns(166, 167).trim_ascii();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Ok(0);
        }
        Ok(record.number(166, 167, "price scan range exponent")? as i32 * if record.byte(168) == b'-' { -1 } else { 1 })
    }

    fn price_parameters(&mut self, record: Record) -> Result<(), Unreadable> {
        self.quotations.insert(family(record), Quotation::of(record)?);
        Ok(())
    }

    fn finish(mut self) -> Result<Reference, Unreadable> {
        if let Some(half) = self.half {
            let line = self.whole.last().map_or(1, |whole| whole.record.line);
            return Err(Unreadable::new(
                line,
                "81",
                format!("{} has no 82", String::from_utf8_lossy(half.name).trim()),
            ));
        }
        if self.reference.formats.is_empty() {
            self.reference.formats.push("pa2".to_owned());
        }
        let mut codes = FxHashMap::default();
        for whole in std::mem::take(&mut self.whole) {
            let contract = self.contract(&whole, &mut codes)?;
            self.reference.contracts.push(contract);
        }
        let mut skipped: Vec<(String, u64)> =
            self.skipped.iter().map(|(name, count)| (String::from_utf8_lossy(name).into_owned(), *count)).collect();
        skipped.sort();
        self.reference.skipped = skipped;
        self.pending.apply(&mut self.reference)?;
        Ok(self.reference)
    }

    fn contract(&mut self, whole: &Whole, codes: &mut FxHashMap<String, u32>) -> Result<ContractTerms, Unreadable> {
        let record = whole.record;
        let family = array_family(record);
        let quotation = self.quotations.get(&family).copied().unwrap_or_default();
        let (product, places) = self.product_of(&family, &quotation);
        let months = (record.month(30, "futures month")?, record.month(39, "option month")?);
        let parameters = self.parameters.get(&(family.clone(), months.0, months.1)).copied();
        let form = form(record, &family.2)?;
        let delta = record.signed(97, 101, "composite delta")?;
        let scaling = parameters.map_or(10_000, |parameters| parameters.delta_scaling);
        let digits = record.signed(111, 117, "settlement price")?;
        let price = quotation.settlement(digits);
        let strike = record.number(48, 54, "strike")? * if record.byte(119) == b'-' { -1 } else { 1 };
        let mut array = whole.losses;
        for loss in &mut array {
            *loss = shifted(*loss, places).ok_or_else(|| record.fault("array", "is too large"))?;
        }
        let premium = form.is_option() && quotation.premium && !self.pending.futures_style.contains(&product);
        let value = if premium && price.is_some() { quotation.value(digits) } else { Some(0) };
        Ok(ContractTerms {
            product,
            code: *codes.entry(family.1).or_insert_with_key(|name| self.reference.code(name)),
            form,
            expiry: if form.is_option() && months.1 != 0 { months.1 } else { months.0 },
            expires: parameters.map_or(0, |parameters| parameters.expires),
            month: if months.0 != 0 { months.0 } else { months.1 },
            strike: if form.is_option() {
                Some(quotation.strike(strike).ok_or_else(|| record.fault("strike", "cannot be decoded"))?)
            } else {
                None
            },
            lot: 1,
            multiplier: quotation.multiplier,
            price,
            array,
            // ten-thousandths of both, into millionths
            delta: delta * scaling / 100,
            value: value.ok_or_else(|| record.fault("settlement price", "times its multiplier is too large"))?,
            pricing: parameters.map_or(u32::MAX, |parameters| parameters.pricing),
        })
    }

    /// A family's product; one that no record 2 names is a product by itself.
    fn product_of(&mut self, family: &FamilyName, quotation: &Quotation) -> (u32, i32) {
        if let Some(known) = self.families.get(family) {
            return *known;
        }
        let place = self.reference.products.iter().position(|product| product.code == family.1).unwrap_or_else(|| {
            let currency = quotation.currency();
            self.reference.products.push(ProductTerms { code: family.1.clone(), currency, ..ProductTerms::default() });
            self.reference.products.len() - 1
        });
        self.families.insert(family.clone(), (place as u32, 0));
        (place as u32, 0)
    }
}

fn array_value(record: Record, place: usize) -> Result<i64, Unreadable> {
    let first = 55 + 6 * place;
    if record.columns(first, first + 4).len() < 5 {
        return Err(record.fault(format!("array value {}", place + 1), "is missing"));
    }
    let value = record.number(first, first + 4, "array value")?;
    match record.byte(first + 5) {
        b'+' => Ok(value),
        b'-' => Ok(-value),
        _ => Err(record.fault(format!("array value {}", place + 1), "has a sign that is neither + nor -")),
    }
}

/// Of B and P records.
fn family(record: Record) -> FamilyName {
    (record.text(3, 5), record.text(6, 15), record.text(16, 18))
}

/// Of 81 and 82 records.
fn array_family(record: Record) -> FamilyName {
    (record.text(3, 5), record.text(6, 15), record.text(26, 28))
}

fn form(record: Record, sort: &str) -> Result<Form, Unreadable> {
    match (sort, record.byte(29)) {
        (sort, b'C') if sort.starts_with("OO") => Ok(Form::Call),
        (sort, b'P') if sort.starts_with("OO") => Ok(Form::Put),
        (sort, _) if sort.starts_with("OO") => Err(record.fault("option right", "is neither C nor P")),
        ("PHY", _) => Ok(Form::Spot),
        _ => Ok(Form::Future),
    }
}

/// Whole units with so many decimal places, into millionths.
fn shifted(value: i64, places: i32) -> Option<i64> {
    let exponent = 6 - places;
    if exponent >= 0 {
        value.checked_mul(10_i64.checked_pow(exponent.unsigned_abs())?)
    } else {
        Some(value / 10_i64.checked_pow(exponent.unsigned_abs())?)
    }
}

/// One whole unit of currency.
pub const WHOLE: i64 = UNIT;

#[cfg(test)]
mod tests;
