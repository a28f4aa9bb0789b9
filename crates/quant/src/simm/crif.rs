//! Common Risk Interchange Format: rows of sensitivities, separated by tabs or commas, with a header.
use rustc_hash::FxHashMap;

use super::{Class, Kind, Sensitivity, TENORS, calibration};

pub const PRODUCTS: [&str; 4] = ["RatesFX", "Credit", "Equity", "Commodity"];
/// The product class of rows that have none (parameters and notionals).
pub const NO_PRODUCT: u8 = 4;

/// What is wrong, in which column of which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    pub line: usize,
    pub field: &'static str,
    pub reason: String,
}

/// Rows and the texts that they name. `ids`: of each row, as the file has them (CaseId, id or TradeID; empty without);
/// `portfolios` likewise (PortfolioID).
#[derive(Debug, Default)]
pub struct Crif {
    pub rows: Vec<Sensitivity>,
    pub ids: Vec<String>,
    pub portfolios: Vec<String>,
    pub names: Vec<String>,
    places: FxHashMap<String, u32>,
}

#[derive(Debug, Default)]
struct Columns {
    id: Option<usize>,
    portfolio: Option<usize>,
    product: usize,
    kind: usize,
    qualifier: usize,
    bucket: usize,
    label1: usize,
    label2: usize,
    amount: usize,
    usd: Option<usize>,
    currency: Option<usize>,
}

impl Crif {
    /// Reads a whole file. The first row that cannot be a sensitivity refuses it.
    pub fn read(text: &str) -> Result<Self, BadRow> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let (at, header) = lines.next().ok_or_else(|| bad(1, "crif", "is empty"))?;
        let separator = if header.contains('\t') { '\t' } else { ',' };
        let columns = Columns::of(&split(header.trim_start_matches('\u{feff}'), separator), at + 1)?;
        let mut crif = Self::default();
        for (at, line) in lines {
            crif.take(&columns, &split(line, separator), at + 1)?;
        }
        Ok(crif)
    }

    fn take(&mut self, columns: &Columns, cells: &[String], line: usize) -> Result<(), BadRow> {
        let cell = |at: usize| cells.get(at).map_or("", |cell| cell.trim());
        let (class, kind) = kind_of(cell(columns.kind)).ok_or_else(|| unknown(line, "RiskType", cell(columns.kind)))?;
        let product = product_of(cell(columns.product), kind, line)?;
        let amount = amount_of(columns, kind, &cell, line)?;
        let qualifier = cell(columns.qualifier);
        if qualifier.is_empty() && kind != Kind::FixedAmount {
            return Err(bad(line, "Qualifier", "is missing"));
        }
        let name = if class == Class::Fx && kind == Kind::Vega { pair(qualifier, line)? } else { qualifier.to_owned() };
        if class == Class::Rates && kind < Kind::Multiplier || class == Class::Fx && kind == Kind::Delta {
            currency(&name, line)?;
        }
        let name = self.place(&name);
        let bucket = match calibration::buckets(class) {
            Some(known) if kind == Kind::Delta || kind == Kind::Vega => bucket_of(cell(columns.bucket), known, line)?,
            _ => 0,
        };
        let tenor = if has_tenor(class, kind) {
            TENORS
                .iter()
                .position(|tenor| tenor.eq_ignore_ascii_case(cell(columns.label1)))
                .ok_or_else(|| unknown(line, "Label1", cell(columns.label1)))? as u8
        } else {
            0
        };
        let keeps = kind == Kind::Delta || matches!(class, Class::CreditQ | Class::CreditNonQ);
        let label = self.place(if keeps { cell(columns.label2) } else { "" });
        self.rows.push(Sensitivity { product, class, kind, bucket, name, tenor, label, amount });
        self.ids.push(columns.id.map_or("", cell).to_owned());
        self.portfolios.push(columns.portfolio.map_or("", cell).to_owned());
        Ok(())
    }

    fn place(&mut self, name: &str) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        place
    }
}

impl Columns {
    fn of(header: &[String], line: usize) -> Result<Self, BadRow> {
        let find =
            |names: &[&str]| header.iter().position(|cell| names.iter().any(|n| n.eq_ignore_ascii_case(cell.trim())));
        let need = |name: &'static str| find(&[name]).ok_or_else(|| bad(line, name, "is no column of the file"));
        Ok(Self {
            id: find(&["CaseId", "id", "TradeID", "Trade_ID"]),
            portfolio: find(&["PortfolioID", "Portfolio_ID"]),
            product: need("ProductClass")?,
            kind: need("RiskType")?,
            qualifier: need("Qualifier")?,
            bucket: need("Bucket")?,
            label1: need("Label1")?,
            label2: need("Label2")?,
            amount: need("Amount")?,
            usd: find(&["AmountUSD"]),
            currency: find(&["AmountCurrency"]),
        })
    }
}

/// Cells of a line; a quoted one may hold the separator, and a doubled quote.
fn split(line: &str, separator: char) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            _ if letter == separator && !quoted => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(letter),
        }
    }
    cells.push(cell);
    cells
}

fn kind_of(text: &str) -> Option<(Class, Kind)> {
    Some(match text {
        "Risk_IRCurve" => (Class::Rates, Kind::Delta),
        "Risk_Inflation" => (Class::Rates, Kind::Inflation),
        "Risk_XCcyBasis" => (Class::Rates, Kind::Basis),
        "Risk_IRVol" => (Class::Rates, Kind::Vega),
        "Risk_InflationVol" => (Class::Rates, Kind::InflationVega),
        "Risk_FX" => (Class::Fx, Kind::Delta),
        "Risk_FXVol" => (Class::Fx, Kind::Vega),
        "Risk_CreditQ" => (Class::CreditQ, Kind::Delta),
        "Risk_CreditVol" => (Class::CreditQ, Kind::Vega),
        "Risk_BaseCorr" => (Class::CreditQ, Kind::BaseCorrelation),
        "Risk_CreditNonQ" => (Class::CreditNonQ, Kind::Delta),
        "Risk_CreditVolNonQ" => (Class::CreditNonQ, Kind::Vega),
        "Risk_Equity" => (Class::Equity, Kind::Delta),
        "Risk_EquityVol" => (Class::Equity, Kind::Vega),
        "Risk_Commodity" => (Class::Commodity, Kind::Delta),
        "Risk_CommodityVol" => (Class::Commodity, Kind::Vega),
        "Param_ProductClassMultiplier" => (Class::Rates, Kind::Multiplier),
        "Param_AddOnFixedAmount" => (Class::Rates, Kind::FixedAmount),
        "Param_AddOnNotionalFactor" => (Class::Rates, Kind::NotionalFactor),
        "Notional" => (Class::Rates, Kind::Notional),
        _ => return None,
    })
}

fn has_tenor(class: Class, kind: Kind) -> bool {
    match kind {
        Kind::Vega | Kind::InflationVega => true,
        Kind::Delta => matches!(class, Class::Rates | Class::CreditQ | Class::CreditNonQ),
        _ => false,
    }
}

fn product_of(text: &str, kind: Kind, line: usize) -> Result<u8, BadRow> {
    if kind >= Kind::Multiplier {
        return Ok(NO_PRODUCT);
    }
    let place = PRODUCTS.iter().position(|product| *product == text);
    place.map(|place| place as u8).ok_or_else(|| unknown(line, "ProductClass", text))
}

fn amount_of<'a>(columns: &Columns, kind: Kind, cell: &impl Fn(usize) -> &'a str, line: usize) -> Result<f64, BadRow> {
    let plain = kind == Kind::Multiplier || kind == Kind::NotionalFactor;
    let usd = columns.usd.map_or("", cell);
    let (field, text) = if plain || usd.is_empty() { ("Amount", cell(columns.amount)) } else { ("AmountUSD", usd) };
    if !plain && usd.is_empty() && columns.currency.is_some_and(|at| cell(at) != "USD") {
        return Err(bad(line, "AmountUSD", "is missing for an amount that is not in USD"));
    }
    let amount: f64 = text.parse().map_err(|_| bad(line, field, &format!("{text:?} is no number")))?;
    if amount.is_finite() { Ok(amount) } else { Err(bad(line, field, &format!("{text:?} is no number"))) }
}

fn bucket_of(text: &str, (count, residual): (usize, bool), line: usize) -> Result<u16, BadRow> {
    if residual && text.eq_ignore_ascii_case("Residual") {
        return Ok(count as u16);
    }
    match text.parse::<usize>() {
        Ok(number) if (1..=count).contains(&number) => Ok(number as u16 - 1),
        _ => Err(unknown(line, "Bucket", text)),
    }
}

fn currency(text: &str, line: usize) -> Result<(), BadRow> {
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(bad(line, "Qualifier", &format!("{text:?} is no currency")))
}

/// A pair's currencies in the order of the alphabet: USDGBP and GBPUSD are one volatility.
fn pair(text: &str, line: usize) -> Result<String, BadRow> {
    let (first, second) = text.split_at_checked(3).unwrap_or((text, ""));
    currency(first, line)?;
    currency(second, line)?;
    Ok(if first <= second { text.to_owned() } else { format!("{second}{first}") })
}

fn unknown(line: usize, field: &'static str, text: &str) -> BadRow {
    bad(line, field, &format!("{text:?} is not one of SIMM's"))
}

fn bad(line: usize, field: &'static str, reason: &str) -> BadRow {
    BadRow { line, field, reason: reason.to_owned() }
}
