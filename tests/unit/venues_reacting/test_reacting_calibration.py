"""The reacting markets have the measured figures, within the tolerances that stand beside them."""

from __future__ import annotations

import tomllib
from math import log
from pathlib import Path

import pytest
from tests.unit.venues_reacting.scenes import S, dark_terms, fills, order, still, told
from tools.calibrate_reacting import all_facts, played, toml

from isthmus.kernel.messages import IOC
from isthmus.venues.reacting.marketplace import Marketplace
from isthmus.venues.reacting.measures import half_hours, impact, spread_half_life
from isthmus.venues.reacting.terms import FACTS, Terms, equity


@pytest.fixture(scope="module")
def rows() -> list[tuple[str, str, float, float, float]]:
    return played()


def test_simulated_days_have_the_measured_figures(rows: list[tuple[str, str, float, float, float]]) -> None:
    far = {f"{row[0]} {row[1]}": row[2:4] for row in rows if abs(row[3] - row[2]) > row[4] * abs(row[2])}
    assert far == {}
    assert len(rows) == 11


def test_depth_comes_back_with_the_measured_half_life() -> None:
    """Half of what a sweep took stands again after the half-life that was measured; nobody else trades."""
    model = equity()
    quiet = still(density=model.density, resilience=model.resilience, gamma=0.0)
    market = Marketplace(quiet, 1, 0)
    whole = shown(market)
    market.place("lit", order(price=2 * quiet.mark, quantity=1_000, tif=IOC), 0)
    market.advance(10_000_000)
    half_life = log(2) / model.resilience
    market.advance(market.now + int(half_life * S))
    assert whole - shown(market) == pytest.approx(500, abs=10)


def shown(market: Marketplace) -> int:
    return sum(lots for _, lots in market.book("lit", 100)[1])


@pytest.mark.parametrize("zero", [0.2, 0.7])
def test_dark_fill_rates_are_the_stated_ones(zero: float) -> None:
    """A fill of any size comes with half the probability that interest is there: the other half is on our side."""
    pool = dark_terms(zero=zero, wave_s=1.0)
    market = Marketplace(still(dark=(pool,)), 1, 0)
    asked, filled = 2_000, 0
    for number in range(1, asked + 1):
        market.place("dark", order(number, price=2 * market.terms.mark, quantity=1, tif=IOC), market.now)
        market.advance(market.now + 10 * S)
        filled += len(fills(told(market)))
    assert filled / asked == pytest.approx((1 - zero) / 2, abs=0.04)


def test_measures_find_what_was_put_into_a_tape() -> None:
    takers = [(at * S, float(lots)) for at, lots in ((10, 5), (70, -3), (130, 8), (200, -1))]
    quotes, middle = [(0, 995, 1_005)], 1_000
    for at, lots in takers:
        middle += int(2 * lots)
        quotes.append((at, middle - 5, middle + 5))
    quotes.append((300 * S, middle - 5, middle + 5))
    assert impact(quotes, takers) == pytest.approx(2.0)
    assert half_hours(takers, 0, 260 * S, parts=2) == pytest.approx([2 * 8 / 17, 2 * 9 / 17])
    widened = [(0, 90, 110), (10 * S, 90, 130), (14 * S, 90, 118), (30 * S, 90, 110)]
    assert spread_half_life(widened, [(10 * S, 1.0)]) == 4.0


def test_the_figures_are_what_the_recordings_say(test_data: Path) -> None:
    if not (test_data / "equity_lobster").is_dir() or not (test_data / "equity_consolidated").is_dir():
        pytest.skip("needs equity_lobster and equity_consolidated")
    assert tomllib.loads(toml(all_facts(test_data))) == tomllib.loads(FACTS.read_text())


def test_impact_is_less_than_what_walking_the_book_costs() -> None:
    """Otherwise a round trip would pay (no dynamic arbitrage: Obizhaeva and Wang need gamma < 1 / density)."""
    model: Terms = equity()
    assert model.gamma * model.density < 1
