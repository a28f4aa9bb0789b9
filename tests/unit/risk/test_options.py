"""Prices against the literature's tables, against QuantLib, and against what must hold of any price."""

from __future__ import annotations

import csv
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.kernel.errors import BadInput
from isthmus.risk.options import Model, Option, Series, greeks, implied_volatility, price, risk_arrays


def option(right: str, underlying: float, strike: float, years: float, volatility: float, **more: float) -> Option:
    terms: dict[str, Any] = {"rate": 0.05, "carry": 0.0} | more
    return Option(
        right="call" if right == "call" else "put",
        underlying=underlying,
        strike=strike,
        years=years,
        volatility=volatility,
        **terms,
    )


def table(folder: Path, name: str) -> list[dict[str, str]]:
    path = folder / "risk" / "option_tables" / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"needs {path.name}")
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def of_row(row: dict[str, str]) -> Option:
    rate = float(row["r"])
    top, _, bottom = row["t"].partition("/")
    return option(
        row["type"].lower(),
        float(row["s"]),
        float(row["strike"]),
        float(Fraction(top) / Fraction(bottom or 1)),
        float(row["v"]),
        rate=rate,
        carry=rate - float(row["q"]),
    )


def test_european_prices_are_those_of_the_book(test_data: Path) -> None:
    rows = table(test_data, "europeanoption__testValues__values")
    for row in rows:
        assert price("black_scholes", of_row(row)) == pytest.approx(float(row["result"]), abs=float(row["tol"])), row
    assert len(rows) > 10


def test_greeks_are_those_of_the_book(test_data: Path) -> None:
    for row in table(test_data, "europeanoption__testGreekValues__values"):
        found, worth = greeks("black_scholes", of_row(row)), price("black_scholes", of_row(row))
        names = {"elasticity": found.delta * float(row["s"]) / worth, "theta per day": found.theta / 365}
        value = names.get(row["section"], getattr(found, row["section"].split()[0], None))
        if value is not None:
            digits = len(row["result"].partition(".")[2])
            assert value == pytest.approx(float(row["result"]), abs=0.6 * 10**-digits), row


@pytest.mark.parametrize(
    ("model", "name", "tolerance", "relative"),
    [
        ("barone_adesi_whaley", "americanoption__testBaroneAdesiWhaleyValues__values", 3e-3, 0),
        ("bjerksund_stensland", "americanoption__testBjerksundStenslandValues__values", 3e-2, 0),
        ("barone_adesi_whaley", "americanoption__juValues__ju_approximation", 0.1, 0.03),
    ],
)
def test_american_prices_are_those_of_the_papers(
    test_data: Path, model: Model, name: str, tolerance: float, relative: float
) -> None:
    for row in table(test_data, name):
        found = price(model, of_row(row))
        assert found == pytest.approx(float(row["result"]), abs=tolerance, rel=relative), row


def test_american_prices_are_quantlibs() -> None:
    ql = pytest.importorskip("QuantLib")
    today = ql.Date(1, 1, 2026)
    ql.Settings.instance().evaluationDate = today
    for right in ("call", "put"):
        for strike in (80.0, 95.0, 100.0, 110.0, 130.0):
            for yielded in (0.0, 0.04, 0.09):
                process = ql.BlackScholesMertonProcess(
                    ql.QuoteHandle(ql.SimpleQuote(100.0)),
                    ql.YieldTermStructureHandle(ql.FlatForward(today, yielded, ql.Actual365Fixed())),
                    ql.YieldTermStructureHandle(ql.FlatForward(today, 0.05, ql.Actual365Fixed())),
                    ql.BlackVolTermStructureHandle(
                        ql.BlackConstantVol(today, ql.NullCalendar(), 0.3, ql.Actual365Fixed())
                    ),
                )
                payoff = ql.PlainVanillaPayoff(ql.Option.Call if right == "call" else ql.Option.Put, strike)
                theirs = ql.VanillaOption(payoff, ql.AmericanExercise(today, today + 365))
                ours = option(right, 100.0, strike, 1.0, 0.3, carry=0.05 - yielded)
                theirs.setPricingEngine(ql.BaroneAdesiWhaleyApproximationEngine(process))
                assert price("barone_adesi_whaley", ours) == pytest.approx(theirs.NPV(), abs=2e-4)
                tree = ql.BinomialVanillaEngine(process, "crr", 800)
                theirs.setPricingEngine(tree)
                assert price("bjerksund_stensland", ours) == pytest.approx(theirs.NPV(), abs=0.35)
                assert price("barone_adesi_whaley", ours) == pytest.approx(theirs.NPV(), abs=0.15)


def test_black_and_bachelier_are_quantlibs() -> None:
    ql = pytest.importorskip("QuantLib")
    for right, kind in (("call", ql.Option.Call), ("put", ql.Option.Put)):
        for strike in (60.0, 90.0, 100.0, 140.0):
            deviation, discount = 0.3 * math.sqrt(0.7), math.exp(-0.05 * 0.7)
            ours = price("black_scholes", option(right, 100.0, strike, 0.7, 0.3))
            assert ours == pytest.approx(ql.blackFormula(kind, strike, 100.0, deviation, discount), rel=1e-10)
            for forward in (-37.63, 0.0, 100.0):
                normal = price("bachelier", option(right, forward, strike, 0.7, 25.0))
                theirs = ql.bachelierBlackFormula(kind, strike, forward, 25.0 * math.sqrt(0.7), discount)
                assert normal == pytest.approx(theirs, rel=1e-9, abs=1e-12)


positive = st.floats(50, 200)
options = st.builds(
    option,
    st.sampled_from(["call", "put"]),
    positive,
    positive,
    st.floats(0.01, 3),
    st.floats(0.05, 1),
    rate=st.floats(-0.02, 0.15),
    carry=st.floats(-0.1, 0.1),
)


@given(options)
def test_a_call_less_a_put_is_the_forward(of: Option) -> None:
    call, put = msgspec.structs.replace(of, right="call"), msgspec.structs.replace(of, right="put")
    forward = of.underlying * math.exp((of.carry - of.rate) * of.years) - of.strike * math.exp(-of.rate * of.years)
    assert price("black_scholes", call) - price("black_scholes", put) == pytest.approx(forward, abs=1e-8)


@given(options)
def test_an_american_option_is_worth_its_exercise_and_its_european_twin(of: Option) -> None:
    intrinsic = max((of.underlying - of.strike) * (1 if of.right == "call" else -1), 0)
    european = price("black_scholes", of)
    models: tuple[Model, ...] = ("barone_adesi_whaley", "bjerksund_stensland")
    for model in models:
        worth = price(model, of)
        assert worth >= european - 1e-6
        assert worth >= intrinsic - 1e-3 or worth == pytest.approx(european, abs=1e-6)


@pytest.mark.parametrize("model", ["black_scholes", "bachelier"])
@given(options)
def test_greeks_are_the_slopes_of_the_price(model: Model, of: Option) -> None:
    scale = 1.0 if model == "black_scholes" else of.underlying
    base = msgspec.structs.replace(of, volatility=of.volatility * scale)
    found = greeks(model, base)

    def slope(name: str, step: float) -> float:
        up, down = (
            price(model, msgspec.structs.replace(base, **{name: getattr(base, name) + change}))
            for change in (step, -step)
        )
        return (up - down) / (2 * step)

    assert found.delta == pytest.approx(slope("underlying", 1e-3), abs=1e-4)
    assert found.vega == pytest.approx(slope("volatility", 1e-5 * scale), rel=1e-3, abs=1e-3)
    assert found.theta == pytest.approx(-slope("years", 1e-6), rel=1e-3, abs=1e-3)


@given(options)
def test_the_implied_volatility_is_the_one_that_made_the_price(of: Option) -> None:
    worth = price("black_scholes", of)
    found = implied_volatility("black_scholes", of, worth)
    if greeks("black_scholes", of).vega > 1e-3:
        assert found == pytest.approx(of.volatility, abs=1e-6)


def test_what_has_no_price_is_refused() -> None:
    with pytest.raises(BadInput, match="bachelier"):
        price("black_scholes", option("call", -5.0, 10.0, 1.0, 0.2))
    with pytest.raises(BadInput, match="negative"):
        price("bachelier", option("call", 5.0, 10.0, -1.0, 0.2))
    with pytest.raises(BadInput, match="finite"):
        price("black_scholes", option("call", math.nan, 10.0, 1.0, 0.2))
    with pytest.raises(BadInput, match="model"):
        price("tree", option("call", 5.0, 10.0, 1.0, 0.2))  # type: ignore[arg-type]


def series(**more: Any) -> Series:
    terms: dict[str, Any] = {
        "underlying": 18.27,
        "years": 0.08,
        "rate": 0.01,
        "carry": 0.0,
        "price_scan": 9.0,
        "volatility_scan": 0.3,
        "extreme_multiple": 3.0,
        "cover": 0.33,
        "strikes": [10.0, 15.0, 20.0],
        "volatilities": [1.5, 1.2, 1.1],
        "calls": [True, False, True],
        "multiplier": 1000.0,
        "step": 1_000_000,
    }
    return Series(**terms | more)


def test_arrays_are_whole_units_where_the_exchange_has_whole_units() -> None:
    losses, deltas = risk_arrays([series(), series(price_scan=1.0, extreme_multiple=2.0)])
    assert losses.shape == (6, 16)
    assert not np.any(losses % 1_000_000)
    assert losses[0, 12] > 0 > losses[0, 10], "a call loses when the price falls"
    assert losses[1, 10] > 0 > losses[1, 12], "a put loses when it rises"
    assert np.all(np.abs(deltas) <= 1_000_000)
    assert (deltas > 0).tolist() == [True, False, True] * 2


def test_a_price_below_zero_has_arrays_too() -> None:
    losses, _ = risk_arrays([series(underlying=-37.63, strikes=[-50.0, -40.0, 5.0], price_scan=20.0)])
    assert np.all(np.any(losses != 0, axis=1))
    assert losses[1, 12] < 0 < losses[1, 10], "the put gains when the price falls further"
