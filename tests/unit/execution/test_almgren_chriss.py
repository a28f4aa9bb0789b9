"""The efficient schedule and its cost against the paper's example and against what a search finds."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.execution.cost import Impact, cost_variance, expected_cost, forecast
from isthmus.execution.schedules.almgren_chriss import (
    adapted,
    first_share,
    held_share,
    holdings,
    kappa,
    portfolio_holdings,
    temporary_left,
)

EXAMPLE = Impact(gamma=2.5e-7, eta=2.5e-6, epsilon=0.0625)
"""A million shares over five days, sigma 0.95 dollars a day."""


def test_the_papers_example_at_a_risk_aversion_of_a_millionth() -> None:
    plan = forecast(1e6, (5, 1.0), 0.95, EXAMPLE, 1e-6)
    assert plan.kappa == pytest.approx(0.607076, abs=5e-7)
    assert plan.held == pytest.approx((1e6, 541_955.55, 289_854.22, 147_897.49, 62_141.80, 0.0), abs=0.005)
    assert plan.cost == pytest.approx(911_226.99, abs=0.005)
    assert plan.deviation == pytest.approx(603_430.67, abs=0.005)


def test_the_papers_example_at_two_millionths_and_without_risk_aversion() -> None:
    plan = forecast(1e6, (5, 1.0), 0.95, EXAMPLE, 2e-6)
    assert plan.held[0] - plan.held[1] == pytest.approx(571_401.15, abs=0.005)
    assert (plan.kappa, plan.cost, plan.deviation) == pytest.approx((0.846297, 1_140_715.17, 449_367.65), rel=1e-6)
    even = forecast(1e6, (5, 1.0), 0.95, EXAMPLE, 0.0)
    assert even.held == pytest.approx((1e6, 8e5, 6e5, 4e5, 2e5, 0.0))
    assert (even.cost, even.deviation) == pytest.approx((662_500.0, 1_040_672.86), rel=1e-8)


def test_the_recorded_table_is_reproduced(test_data: Path) -> None:
    table = json.loads((test_data / "risk/tables/textbook.json").read_text())["almgren_chriss"]
    given_ = table["params"]
    impact = Impact(gamma=given_["gamma"], eta=given_["eta"], epsilon=given_["epsilon"])
    # the table prints sigma to four digits; it is the paper's 30 % a year of a price of 50 over 250 days
    sigma = 0.3 * given_["S0"] / math.sqrt(250)
    assert sigma == pytest.approx(given_["sigma_usd_day"], abs=5e-5)
    times = (given_["N"], given_["T"] / given_["N"])
    for case in table["cases"]:
        plan = forecast(given_["X"], times, sigma, impact, case["lam"])
        assert plan.kappa == pytest.approx(case["kappa_per_day"], abs=5e-5)
        assert plan.held == pytest.approx(case["holdings"], abs=0.06)
        assert plan.cost == pytest.approx(case["cost"], abs=0.6)
        assert plan.deviation == pytest.approx(case["std"], abs=0.6)


@given(
    aversion=st.floats(1e-8, 1e-5),
    volatility=st.floats(0.1, 3.0),
    moved=st.integers(1, 4),
    by=st.sampled_from([-0.01, 0.01]),
)
def test_no_other_holdings_cost_less_with_their_risk(aversion: float, volatility: float, moved: int, by: float) -> None:
    plan = forecast(1e6, (5, 1.0), volatility, EXAMPLE, aversion)

    def utility(held: tuple[float, ...]) -> float:
        return expected_cost(held, 1.0, EXAMPLE) + aversion * cost_variance(held, 1.0, volatility)

    other = list(plan.held)
    other[moved] += by * 1e6
    assert utility(tuple(other)) > utility(plan.held)


@given(rate=st.floats(0.0, 50.0), intervals=st.integers(2, 40))
def test_a_schedule_begun_anew_from_what_is_left_goes_on_as_it_was(rate: float, intervals: int) -> None:
    held = holdings(1.0, rate, intervals, 0.5)
    again = 1.0
    for number in range(intervals):
        again -= again * first_share(rate, intervals - number, 0.5)
        assert again == pytest.approx(held[number + 1], abs=1e-9)
    assert held[-1] == 0.0 and held == sorted(held, reverse=True)


def test_rates_without_risk_or_without_impact() -> None:
    assert kappa(1e-6, 0.0, 1.0, 1.0) == 0.0 == kappa(0.0, 1.0, 1.0, 1.0)
    assert math.isinf(kappa(1e-6, 1.0, temporary_left(0.1, 0.3, 1.0), 1.0))
    assert held_share(math.inf, 4.0, 5.0) == 0.0 and held_share(math.inf, 5.0, 5.0) == 1.0
    assert held_share(1e4, 0.99, 1.0) == pytest.approx(math.exp(-100))
    assert held_share(1e-12, 2.0, 5.0) == pytest.approx(0.4)


def test_a_gain_raises_the_rate_within_its_bounds() -> None:
    assert adapted(0.5, 0.0, 1.0, 0.25, 4.0) == 0.5
    assert adapted(0.5, 1.5, 1.0, 0.25, 4.0) == 1.25
    assert adapted(0.5, -5.0, 1.0, 0.25, 4.0) == 0.125
    assert adapted(0.5, 50.0, 1.0, 0.25, 4.0) == 2.0


def test_a_portfolio_of_one_is_the_single_schedule() -> None:
    one = portfolio_holdings([1e6], np.array([[0.95**2]]), [2.375e-6], 1e-6, (5, 1.0))
    assert one[:, 0] == pytest.approx(forecast(1e6, (5, 1.0), 0.95, EXAMPLE, 1e-6).held)


@given(
    correlation=st.floats(-0.95, 0.95),
    sides=st.tuples(st.sampled_from([-1.0, 1.0]), st.sampled_from([-1.0, 1.0])),
    risks=st.tuples(st.floats(0.3, 3.0), st.floats(0.3, 3.0)),
)
def test_portfolio_holdings_are_those_of_a_direct_solution(
    correlation: float, sides: tuple[float, float], risks: tuple[float, float]
) -> None:
    """Against the first-order conditions of the whole quadratic problem, solved at once without eigenvectors."""
    start, etas, aversion, count, step = np.array([1e6, 5e5]) * sides, np.array([2e-6, 5e-6]), 1e-6, 6, 0.5
    mixed = correlation * risks[0] * risks[1]
    covariance = np.array([[risks[0] ** 2, mixed], [mixed, risks[1] ** 2]])
    unknown = 2 * (count - 1)
    system, right = np.zeros((unknown, unknown)), np.zeros(unknown)
    impact = np.diag(etas) / step
    for j in range(count - 1):
        rows = slice(2 * j, 2 * j + 2)
        system[rows, rows] = 2 * impact + aversion * step * covariance
        if j > 0:
            system[rows, 2 * j - 2 : 2 * j] = -impact
        else:
            right[rows] = impact @ start
        if j < count - 2:
            system[rows, 2 * j + 2 : 2 * j + 4] = -impact
    direct = np.linalg.solve(system, right).reshape(-1, 2)
    found = portfolio_holdings(start, covariance, etas, aversion, (count, step))
    assert found[1:-1] == pytest.approx(direct, rel=1e-6, abs=1e-3)
    assert found[0] == pytest.approx(start) and found[-1] == pytest.approx([0.0, 0.0], abs=1e-6)
