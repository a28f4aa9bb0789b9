//! Option prices and risk arrays for Python.
use isthmus_margin::span::SCENARIOS;
use isthmus_quant::american::{barone_adesi_whaley, bjerksund_stensland, greeks as by_differences};
use isthmus_quant::arrays::{Exercise, Quote, Scanned, Series, rebuild};
use isthmus_quant::european::{Greeks, Right, Terms, bachelier, bachelier_greeks, greeks, implied, price};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// (underlying, strike, years, rate, carry, volatility)
type TermsOfPython = (f64, f64, f64, f64, f64, f64);
/// (underlying, years, rate, carry), (price scan, volatility scan, extreme multiple, cover, look-ahead), (multiplier, step,
/// american?), number of options
type SeriesOfPython = ((f64, f64, f64, f64), (f64, f64, f64, f64, f64), (f64, i64, bool), usize);

type Formula = fn(&Terms) -> f64;
type Column<'py> = Bound<'py, PyArray1<i64>>;

const HIGHEST_RELATIVE: f64 = 100.0;

fn terms(right: &str, of: TermsOfPython) -> PyResult<Terms> {
    let right = match right {
        "call" => Right::Call,
        "put" => Right::Put,
        _ => return Err(PyValueError::new_err("right: is neither call nor put")),
    };
    let (underlying, strike, years, rate, carry, volatility) = of;
    if ![underlying, strike, years, rate, carry, volatility].iter().all(|number| number.is_finite()) {
        return Err(PyValueError::new_err("terms: are not all finite numbers"));
    }
    if years < 0.0 || volatility < 0.0 {
        return Err(PyValueError::new_err("terms: time or volatility is negative"));
    }
    Ok(Terms { right, underlying, strike, years, rate, carry, volatility })
}

/// The formula of a model's name, and whether it has prices at zero and below.
fn formula(model: &str) -> PyResult<(Formula, bool)> {
    match model {
        "black_scholes" => Ok((price, false)),
        "bachelier" => Ok((bachelier, true)),
        "barone_adesi_whaley" => Ok((barone_adesi_whaley, false)),
        "bjerksund_stensland" => Ok((bjerksund_stensland, false)),
        _ => Err(PyValueError::new_err("model: is not known")),
    }
}

fn checked(model: &str, right: &str, of: TermsOfPython) -> PyResult<(Formula, Terms)> {
    let ((formula, below), terms) = (formula(model)?, terms(right, of)?);
    if !below && (terms.underlying <= 0.0 || terms.strike <= 0.0) {
        return Err(PyValueError::new_err("terms: a relative model has no price at zero or below: use bachelier"));
    }
    Ok((formula, terms))
}

#[pyfunction]
#[pyo3(signature = (model, right, terms, /))]
fn option_price(model: &str, right: &str, terms: TermsOfPython) -> PyResult<f64> {
    let (formula, terms) = checked(model, right, terms)?;
    Ok(formula(&terms))
}

/// (delta, gamma, vega, theta, rho)
#[pyfunction]
#[pyo3(signature = (model, right, terms, /))]
fn option_greeks(model: &str, right: &str, terms: TermsOfPython) -> PyResult<(f64, f64, f64, f64, f64)> {
    let (formula, terms) = checked(model, right, terms)?;
    let Greeks { delta, gamma, vega, theta, rho } = match model {
        "black_scholes" => greeks(&terms),
        "bachelier" => bachelier_greeks(&terms),
        _ => by_differences(&terms, formula),
    };
    Ok((delta, gamma, vega, theta, rho))
}

/// The volatility at which the model says `value`; None where none does.
#[pyfunction]
#[pyo3(signature = (model, right, terms, value, /))]
fn option_implied(model: &str, right: &str, terms: TermsOfPython, value: f64) -> PyResult<Option<f64>> {
    let (formula, terms) = checked(model, right, terms)?;
    let scale = if model == "bachelier" { terms.underlying.abs().max(terms.strike.abs()).max(1.0) } else { 1.0 };
    Ok(implied(&terms, value, HIGHEST_RELATIVE * scale, formula))
}

fn series(of: &SeriesOfPython) -> PyResult<Series> {
    let ((underlying, years, rate, carry), ranges, (multiplier, step, american), _) = *of;
    let (price_scan, volatility_scan, extreme_multiple, cover, look_ahead) = ranges;
    let numbers =
        [underlying, years, rate, carry, price_scan, volatility_scan, extreme_multiple, cover, look_ahead, multiplier];
    if !numbers.iter().all(|number| number.is_finite()) || years < 0.0 || volatility_scan < 0.0 || step <= 0 {
        return Err(PyValueError::new_err(
            "series: has a number that is not finite, or is negative where it may not be",
        ));
    }
    let exercise = if american { Exercise::American } else { Exercise::European };
    Ok(Series {
        exercise,
        underlying,
        years,
        rate,
        carry,
        price_scan,
        volatility_scan,
        extreme_multiple,
        cover,
        look_ahead,
        multiplier,
        step,
    })
}

/// Losses (16 an option, in millionths) and composite deltas of the options of all series, one series after the other.
#[pyfunction]
#[pyo3(signature = (all, strikes, volatilities, calls, /))]
fn span_arrays<'py>(
    py: Python<'py>,
    all: Vec<SeriesOfPython>,
    strikes: PyReadonlyArray1<'_, f64>,
    volatilities: PyReadonlyArray1<'_, f64>,
    calls: PyReadonlyArray1<'_, bool>,
) -> PyResult<(Column<'py>, Column<'py>)> {
    let (strikes, volatilities, calls) = (strikes.as_slice()?, volatilities.as_slice()?, calls.as_slice()?);
    let count: usize = all.iter().map(|of| of.3).sum();
    if [strikes.len(), volatilities.len(), calls.len()] != [count; 3] {
        return Err(PyValueError::new_err("options: are not as many as the series say"));
    }
    let made = all.iter().map(series).collect::<PyResult<Vec<_>>>()?;
    let quotes: Vec<Quote> = (0..count)
        .map(|at| Quote {
            right: if calls[at] { Right::Call } else { Right::Put },
            strike: strikes[at],
            volatility: volatilities[at],
        })
        .collect();
    if quotes.iter().any(|quote| !quote.strike.is_finite() || !quote.volatility.is_finite() || quote.volatility < 0.0) {
        return Err(PyValueError::new_err("options: have a strike or volatility that is no number"));
    }
    let mut scanned = vec![Scanned::default(); count];
    py.detach(|| {
        let mut from = 0;
        for (series, of) in made.iter().zip(&all) {
            rebuild(series, &quotes[from..from + of.3], &mut scanned[from..from + of.3]);
            from += of.3;
        }
    });
    let mut losses = Vec::with_capacity(count * SCENARIOS);
    scanned.iter().for_each(|option| losses.extend_from_slice(&option.array));
    let deltas = scanned.iter().map(|option| option.delta).collect();
    Ok((PyArray1::from_vec(py, losses), PyArray1::from_vec(py, deltas)))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(option_price, m)?)?;
    m.add_function(wrap_pyfunction!(option_greeks, m)?)?;
    m.add_function(wrap_pyfunction!(option_implied, m)?)?;
    m.add_function(wrap_pyfunction!(span_arrays, m)?)
}
