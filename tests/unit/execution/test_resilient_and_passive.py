"""Obizhaeva-Wang's trades and the quotes of Gueant, Lehalle, Fernandez-Tapia against independent solutions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.execution.schedules.glft import Intensity, distances, long_before
from isthmus.execution.schedules.obizhaeva_wang import continuous, cost, trades

CALM = Intensity(arrivals=0.1, decay=0.3, volatility=0.3, risk_aversion=0.05, penalty=3.0)


def test_block_trickle_block_of_the_anchor() -> None:
    parts = trades(1e5, 2.231, 1.0, 10)
    assert len(parts) == 11
    assert (parts[0], parts[-1]) == pytest.approx((26_317.961, 26_317.961), abs=5e-4)
    assert parts[1:-1] == pytest.approx([5_262.675] * 9, abs=5e-4)
    assert sum(parts) == pytest.approx(1e5)


def test_the_continuous_limit() -> None:
    block, rate = continuous(1e5, 2.231, 1.0)
    assert (block, rate) == pytest.approx((23_635.074, 52_729.851), abs=5e-4)
    assert trades(1e5, 2.231, 1.0, 100_000)[0] == pytest.approx(block, rel=1e-4)


def test_without_resilience_two_blocks_and_with_endless_resilience_even_trades() -> None:
    assert trades(100.0, 0.0, 1.0, 4) == [50.0, 0.0, 0.0, 0.0, 50.0]
    assert trades(100.0, 1e9, 1.0, 4) == pytest.approx([20.0] * 5)


@given(resilience=st.floats(0.01, 50.0), place=st.integers(0, 6), other=st.integers(0, 6), lots=st.floats(0.5, 5.0))
def test_no_other_trades_cost_less_in_a_book_that_comes_back(
    resilience: float, place: int, other: int, lots: float
) -> None:
    parts = trades(100.0, resilience, 1.0, 6)
    changed = list(parts)
    changed[place] += lots
    changed[other] -= lots
    least = cost(parts, resilience, 1.0, 10.0)
    assert cost(changed, resilience, 1.0, 10.0) >= least - 1e-9 * least


def solved(market: Intensity, units: int, left: float, steps: int = 20_000) -> list[float]:
    """The distances by Runge-Kutta on the system as the paper writes it."""
    counts = np.arange(units + 1.0)
    values = np.exp(-market.decay * counts * market.penalty)
    step = left / steps

    def slope(now: np.ndarray) -> np.ndarray:
        change = -market.alpha * counts**2 * now
        change[1:] += market.eta * now[:-1]
        return change

    for _ in range(steps):
        one = slope(values)
        two = slope(values + step / 2 * one)
        three = slope(values + step / 2 * two)
        four = slope(values + step * three)
        values = values + step / 6 * (one + 2 * two + 2 * three + four)
    flat = math.log1p(market.risk_aversion / market.decay) / market.risk_aversion
    return [float(gap) / market.decay + flat for gap in np.diff(np.log(values))]


@pytest.mark.parametrize("left", [0.0, 1.0, 60.0, 300.0])
def test_distances_are_those_of_a_numeric_solution(left: float) -> None:
    assert distances(CALM, 6, left) == pytest.approx(solved(CALM, 6, left), abs=1e-6)


def test_one_unit_has_a_closed_form() -> None:
    """v_1 = e^(-alpha s) e^(-kb) + eta (1 - e^(-alpha s)) / alpha."""
    decayed = math.exp(-CALM.alpha * 120)
    value = decayed * math.exp(-CALM.decay * CALM.penalty) + CALM.eta * (1 - decayed) / CALM.alpha
    flat = math.log1p(CALM.risk_aversion / CALM.decay) / CALM.risk_aversion
    assert distances(CALM, 1, 120.0) == pytest.approx([math.log(value) / CALM.decay + flat])


def test_long_before_the_end_the_distance_stands_still() -> None:
    assert distances(CALM, 5, 1e7) == pytest.approx([long_before(CALM, units) for units in range(1, 6)])


@given(
    arrivals=st.floats(1e-3, 10.0),
    decay=st.floats(1e-2, 3.0),
    volatility=st.floats(0.0, 30.0),
    aversion=st.floats(1e-6, 2.0),
    left=st.floats(0.0, 1e5),
)
def test_who_has_more_left_quotes_nearer(
    arrivals: float, decay: float, volatility: float, aversion: float, left: float
) -> None:
    market = Intensity(arrivals=arrivals, decay=decay, volatility=volatility, risk_aversion=aversion, penalty=2.0)
    found = distances(market, 50, left)
    assert not any(math.isnan(distance) or distance == math.inf for distance in found)
    assert all(after <= before + 1e-6 for before, after in zip(found, found[1:], strict=False))


def test_less_time_risk_or_flow_quotes_nearer() -> None:
    assert distances(CALM, 3, 10.0)[2] < distances(CALM, 3, 100.0)[2]
    riskier = Intensity(arrivals=0.1, decay=0.3, volatility=3.0, risk_aversion=0.05, penalty=3.0)
    assert distances(riskier, 3, 100.0)[2] < distances(CALM, 3, 100.0)[2]
    slower = Intensity(arrivals=0.01, decay=0.3, volatility=0.3, risk_aversion=0.05, penalty=3.0)
    assert distances(slower, 3, 100.0)[2] < distances(CALM, 3, 100.0)[2]


@pytest.mark.parametrize(
    ("market", "units"),
    [(Intensity(arrivals=0.0, decay=0.3, volatility=0.3, risk_aversion=0.05, penalty=3.0), 3), (CALM, 0), (CALM, 51)],
)
def test_impossible_markets_and_units_are_refused(market: Intensity, units: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        distances(market, units, 10.0)
