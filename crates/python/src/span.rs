//! SPAN for Python: parameter files read, contracts found, portfolios margined.
use isthmus_margin::span::{
    Delivery, Leg, Months, Parameters, Position, Requirement, SCENARIOS, Side, Spread, Workspace,
};
use isthmus_quant::reference::{
    Catalogue, ContractTerms, CreditTerms, Form, Pricing, ProductTerms, Reference, Unreadable, month,
};
use isthmus_quant::{pa2, spn};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::create_exception;
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;

create_exception!(isthmus._core, SpanUnreadable, PyValueError, "(line, field, reason) of a parameter file.");

/// (first month, last month, side B?, ratio in millionths)
type LegOfPython = (u32, u32, bool, i64);
/// (priority, charge in millionths, legs)
type SpreadOfPython = (u32, i64, Vec<LegOfPython>);
/// (month, charge of spreads, charge of outrights)
type DeliveryOfPython = (u32, i64, i64);
/// (scan tiers, inter tiers with their numbers)
type TiersOfPython = (Vec<(u32, u32)>, Vec<(u32, u32, u32)>);
/// (code, currency, minimum of one short unit, spot, exposure rate)
type ProductOfPython = (String, String, i64, Option<i64>, Option<i64>);
/// (code, product, form, expiry, strike)
type ContractName = (String, u32, String, u32, Option<i64>);
/// (product, tier, side B?, ratio, rate)
type CreditLegOfPython = (u32, u32, bool, i64, i64);
/// scan risk, worst scenario, intra spread, inter credit, delivery, minimum, option value, requirement
type Needed = (i64, Option<u8>, i64, i64, i64, i64, i64, i64);
/// (code, scan risk, worst scenario, risk, option value)
type OfProduct = (String, i64, u8, i64, i64);
/// (code, currency, spot, exposure rate)
type ProductTermsOfPython = (String, String, Option<i64>, Option<i64>);
/// (code, form, expiry, strike, lot, multiplier, price, product)
type Terms = (String, &'static str, u32, Option<i64>, i64, i64, Option<i64>, u32);

fn unreadable(fault: Unreadable) -> PyErr {
    SpanUnreadable::new_err((fault.line, fault.field, fault.reason))
}

fn needed(of: &Requirement) -> Needed {
    (
        of.scan_risk,
        (of.worst_scenario > 0).then_some(of.worst_scenario),
        of.intra_spread,
        of.inter_credit,
        of.delivery,
        of.short_option_minimum,
        of.net_option_value,
        of.requirement,
    )
}

fn side(second: bool) -> Side {
    if second { Side::B } else { Side::A }
}

struct Sealed {
    parameters: Parameters,
    currencies: Vec<String>,
    catalogue: Catalogue,
    workspace: Workspace,
}

/// Parameters of one or several files, and the rule over them. Add first, then `seal`, then ask.
#[pyclass(module = "isthmus._core")]
#[derive(Default)]
pub struct SpanParameters {
    reference: Reference,
    sealed: Option<Sealed>,
}

impl SpanParameters {
    fn open(&mut self) -> &mut Reference {
        self.sealed = None;
        &mut self.reference
    }

    fn asked(&mut self) -> PyResult<&mut Sealed> {
        self.sealed.as_mut().ok_or_else(|| PyValueError::new_err("seal the parameters first"))
    }
}

#[pymethods]
impl SpanParameters {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// A whole file, .spn or .pa2 by its content.
    #[pyo3(signature = (data, /))]
    fn add_file(&mut self, py: Python<'_>, data: &[u8]) -> PyResult<()> {
        let start = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data).trim_ascii_start();
        let read = py.detach(|| if start.starts_with(b"<") { spn::read(data) } else { pa2::read(data) });
        let read = read.map_err(unreadable)?;
        self.open().append(read);
        Ok(())
    }

    fn add_product(
        &mut self,
        terms: ProductOfPython,
        tiers: TiersOfPython,
        spreads: Vec<SpreadOfPython>,
        deliveries: Vec<DeliveryOfPython>,
        flags: (bool, bool),
    ) -> u32 {
        let (code, currency, minimum, spot, exposure) = terms;
        let leg = |(first, last, second, ratio): LegOfPython| Leg {
            months: Months { first, last },
            side: side(second),
            ratio,
        };
        let spread = |(priority, charge, legs): SpreadOfPython| {
            (priority, Spread { charge, legs: legs.into_iter().map(leg).collect() })
        };
        let delivery = |(month, spread_charge, outright_charge): DeliveryOfPython| Delivery {
            month,
            spread_charge,
            outright_charge,
        };
        let reference = self.open();
        reference.products.push(ProductTerms {
            code,
            currency,
            scan_tiers: tiers.0.into_iter().map(|(first, last)| Months { first, last }).collect(),
            inter_tiers: tiers.1.into_iter().map(|(number, first, last)| (number, Months { first, last })).collect(),
            spreads: spreads.into_iter().map(spread).collect(),
            deliveries: deliveries.into_iter().map(delivery).collect(),
            minimums: vec![(Months::ALL, minimum)],
            greater_minimum: flags.0,
            caps_option_value: flags.1,
            spot,
            exposure,
            ..ProductTerms::default()
        });
        reference.products.len() as u32 - 1
    }

    /// `money` is (lot, multiplier, price, value of one unit).
    fn add_contract(
        &mut self,
        name: ContractName,
        money: (i64, i64, Option<i64>, i64),
        array: [i64; SCENARIOS],
        delta: i64,
    ) -> PyResult<u32> {
        let (code, product, form, expiry, strike) = name;
        let form = Form::of(&form).ok_or_else(|| PyValueError::new_err("kind: is none of future, call, put, spot"))?;
        let reference = self.open();
        if product as usize >= reference.products.len() {
            return Err(PyValueError::new_err("product: is not listed"));
        }
        let code = reference.code(&code);
        let (lot, multiplier, price, value) = money;
        let terms = ContractTerms {
            product,
            code,
            form,
            expiry,
            expires: 0,
            month: expiry,
            strike,
            lot,
            multiplier,
            price,
            array,
            delta,
            value,
            pricing: u32::MAX,
        };
        reference.contracts.push(terms);
        Ok(reference.contracts.len() as u32 - 1)
    }

    fn add_credit(&mut self, priority: u32, legs: Vec<CreditLegOfPython>) -> PyResult<()> {
        let reference = self.open();
        if legs.iter().any(|leg| leg.0 as usize >= reference.products.len()) {
            return Err(PyValueError::new_err("product: is not listed"));
        }
        let leg = |(product, tier, second, ratio, rate): CreditLegOfPython| CreditTerms {
            product,
            tier,
            side: side(second),
            ratio,
            rate,
        };
        reference.credits.push((priority, legs.into_iter().map(leg).collect()));
        Ok(())
    }

    /// Units in a contract of each future and option of a product code, where the file does not say.
    fn set_lot(&mut self, code: &str, lot: i64) -> usize {
        let reference = self.open();
        let Some(number) = reference.codes.iter().position(|known| known == code) else { return 0 };
        let mut count = 0;
        for contract in reference.contracts.iter_mut().filter(|contract| contract.code as usize == number) {
            contract.lot = lot;
            count += 1;
        }
        count
    }

    /// Builds the rule; raises SpanUnreadable where numbers have no sense together.
    fn seal(&mut self, py: Python<'_>) -> PyResult<()> {
        let reference = &self.reference;
        let (made, catalogue) = py.detach(|| (reference.parameters(), reference.catalogue()));
        let (parameters, currencies) = made.map_err(unreadable)?;
        self.sealed = Some(Sealed { parameters, currencies, catalogue, workspace: Workspace::new() });
        Ok(())
    }

    /// The contract's number; raises KeyError with the reason.
    #[pyo3(signature = (code, form, expiry, strike = 0, /))]
    fn find(&mut self, code: &str, form: &str, expiry: u32, strike: i64) -> PyResult<u32> {
        let form = Form::of(form).ok_or_else(|| PyKeyError::new_err("kind is none of future, call, put, spot"))?;
        self.asked()?.catalogue.find(code, form, expiry, strike).map_err(PyKeyError::new_err)
    }

    fn terms(&self, contract: u32) -> PyResult<Terms> {
        let terms = self.reference.contracts.get(contract as usize);
        let terms = terms.ok_or_else(|| PyKeyError::new_err("contract is not listed"))?;
        let form = match terms.form {
            Form::Spot => "spot",
            Form::Future => "future",
            Form::Call => "call",
            Form::Put => "put",
        };
        let code = self.reference.codes[terms.code as usize].clone();
        Ok((code, form, terms.expiry, terms.strike, terms.lot, terms.multiplier, terms.price, terms.product))
    }

    /// The sixteen losses of one unit and its composite delta.
    fn array(&self, contract: u32) -> PyResult<([i64; SCENARIOS], i64)> {
        let terms = self.reference.contracts.get(contract as usize);
        terms.map(|terms| (terms.array, terms.delta)).ok_or_else(|| PyKeyError::new_err("contract is not listed"))
    }

    /// Price scan, volatility scan, extreme multiple and cover of a contract, where its file says them.
    fn scan(&self, contract: u32) -> Option<(f64, f64, f64, f64)> {
        let terms = self.reference.contracts.get(contract as usize)?;
        let Pricing { price_scan, volatility_scan, extreme_multiple, cover, .. } =
            *self.reference.pricings.get(terms.pricing as usize)?;
        Some((price_scan, volatility_scan, extreme_multiple, cover))
    }

    /// What is known of a product.
    fn product(&self, number: u32) -> PyResult<ProductTermsOfPython> {
        let terms = self.reference.products.get(number as usize);
        let terms = terms.ok_or_else(|| PyKeyError::new_err("product is not listed"))?;
        Ok((terms.code.clone(), terms.currency.clone(), terms.spot, terms.exposure))
    }

    /// Requirements by currency, of those the portfolio has positions in.
    fn margin(&mut self, positions: Vec<(u32, i64)>) -> PyResult<Vec<(String, Needed)>> {
        let held: Vec<usize> = positions.iter().map(|(contract, _)| *contract as usize).collect();
        let products: Vec<String> = held
            .iter()
            .filter_map(|place| self.reference.contracts.get(*place))
            .map(|contract| self.reference.products[contract.product as usize].currency.clone())
            .collect();
        let positions: Vec<Position> =
            positions.into_iter().map(|(contract, quantity)| Position { contract, quantity }).collect();
        let sealed = self.asked()?;
        let found = sealed.parameters.requirement(&mut sealed.workspace, &positions);
        let found = found.map_err(|fault| PyValueError::new_err(fault.to_string()))?;
        let rows = sealed.currencies.iter().zip(found).filter(|(currency, _)| products.contains(currency));
        Ok(rows.map(|(currency, requirement)| (currency.clone(), needed(requirement))).collect())
    }

    /// Product by product of the portfolio last margined.
    fn products_of_last(&mut self) -> PyResult<Vec<OfProduct>> {
        let codes: Vec<String> = self.reference.products.iter().map(|product| product.code.clone()).collect();
        let rows = self.asked()?.workspace.products();
        Ok(rows
            .iter()
            .map(|row| {
                let code = codes[row.product as usize].clone();
                (code, row.scan_risk, row.worst_scenario, row.risk, row.net_option_value)
            })
            .collect())
    }

    /// Requirements of many portfolios in the first currency: positions from `starts[i]` to `starts[i + 1]` are portfolio i.
    fn margin_many<'py>(
        &mut self,
        py: Python<'py>,
        starts: PyReadonlyArray1<'_, i64>,
        contracts: PyReadonlyArray1<'_, u32>,
        quantities: PyReadonlyArray1<'_, i64>,
    ) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let (starts, contracts, quantities) = (starts.as_slice()?, contracts.as_slice()?, quantities.as_slice()?);
        if contracts.len() != quantities.len() {
            return Err(PyValueError::new_err("quantities: are not as many as contracts"));
        }
        let ends_well = starts.windows(2).all(|pair| pair[0] <= pair[1])
            && starts.first().is_some_and(|first| *first >= 0)
            && starts.last().is_some_and(|last| *last as usize <= contracts.len());
        if !ends_well {
            return Err(PyValueError::new_err("starts: do not rise within the positions"));
        }
        let positions: Vec<Position> = contracts
            .iter()
            .zip(quantities)
            .map(|(contract, quantity)| Position { contract: *contract, quantity: *quantity })
            .collect();
        let sealed = self.asked()?;
        let needed = py.detach(|| {
            let mut needed = Vec::with_capacity(starts.len());
            for pair in starts.windows(2) {
                let portfolio = &positions[pair[0] as usize..pair[1] as usize];
                let found = sealed.parameters.requirement(&mut sealed.workspace, portfolio)?;
                needed.push(found.first().map_or(0, |first| first.requirement));
            }
            Ok(needed)
        });
        let needed = needed.map_err(|fault: isthmus_margin::span::Fault| PyValueError::new_err(fault.to_string()))?;
        Ok(PyArray1::from_vec(py, needed))
    }

    #[getter]
    fn counts(&self) -> (usize, usize, usize) {
        (self.reference.products.len(), self.reference.contracts.len(), self.reference.credits.len())
    }

    #[getter]
    fn formats(&self) -> Vec<String> {
        self.reference.formats.clone()
    }

    #[getter]
    fn date(&self) -> String {
        self.reference.date.clone()
    }

    #[getter]
    fn skipped(&self) -> Vec<(String, u64)> {
        self.reference.skipped.clone()
    }
}

/// Eight digits of a month or day as files write it; None where it is neither.
#[pyfunction]
#[pyo3(signature = (text, /))]
fn span_month(text: &str) -> Option<u32> {
    month(text.as_bytes())
}

/// A price of the positional files in millionths; None where the alignment is not known.
#[pyfunction]
#[pyo3(signature = (digits, locator, alignment, /))]
fn span_price(digits: i64, locator: i64, alignment: &str) -> Option<i64> {
    pa2::price::decode(digits, locator, alignment.bytes().next().unwrap_or(b' '))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("SpanUnreadable", m.py().get_type::<SpanUnreadable>())?;
    m.add_class::<SpanParameters>()?;
    m.add_function(wrap_pyfunction!(span_month, m)?)?;
    m.add_function(wrap_pyfunction!(span_price, m)?)
}
