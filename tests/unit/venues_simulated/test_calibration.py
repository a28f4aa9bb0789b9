"""The simulated markets have the figures of the recorded ones, within the tolerances that stand beside the figures."""

from __future__ import annotations

import subprocess
import sys
from bisect import bisect_right
from itertools import pairwise
from math import log, sqrt
from pathlib import Path

import pytest
from tools.play_markets import Observer, expected, far, figures, observe

from isthmus.venues.simulated.parameters import FACTS, parameters

HOURS = 1
RECORDS_PER_S_MAX = 100
MINUTE_NS = 60_000_000_000
SYMBOLS = [model.listing.symbol for model in parameters()]


@pytest.fixture(scope="module")
def observed() -> Observer:
    return observe(seed=1, hours=HOURS)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_simulated_market_has_the_measured_figures(observed: Observer, symbol: str) -> None:
    assert far(figures(observed, symbol), expected(symbol)) == {}


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_hour_goes_up_as_often_as_down(observed: Observer, symbol: str) -> None:
    """Within three standard errors, the return over the hour as well as the count of rising minutes."""
    middles = minute_middles(observed, symbol)
    assert abs(log(middles[-1] / middles[0])) < 3 * expected(symbol)["volatility_1s_bps"] / 10_000 * sqrt(HOURS * 3600)
    changes = [after - before for before, after in pairwise(middles) if after != before]
    assert abs(sum(change > 0 for change in changes) - len(changes) / 2) < 3 * sqrt(len(changes) / 4)


def test_the_journal_grows_slowly(observed: Observer) -> None:
    assert observed.records / (HOURS * 3600) < RECORDS_PER_S_MAX


def test_no_command_of_the_participants_is_refused(observed: Observer) -> None:
    assert observed.refused == []


def test_the_middle_is_never_crossed(observed: Observer) -> None:
    for quotes in observed.quotes.values():
        assert all(bid < ask for _, bid, ask in quotes)
        assert all(before[0] <= after[0] for before, after in pairwise(quotes))


def minute_middles(observed: Observer, symbol: str) -> list[float]:
    """Twice the middle of the best quotes, each minute."""
    tape = observed.tape(symbol, 1)
    times = [at for at, _, _ in tape.quotes]
    places = [bisect_right(times, at) - 1 for at in range(max(tape.start_ns, times[0]), tape.end_ns + 1, MINUTE_NS)]
    return [float(sum(tape.quotes[place][1:])) for place in places]


def test_the_committed_figures_are_those_of_the_recordings(test_data: Path) -> None:
    tool = Path(__file__).parents[3] / "tools" / "calibrate.py"
    printed = subprocess.run(
        [sys.executable, str(tool), str(test_data)], check=True, capture_output=True, text=True, timeout=120
    ).stdout
    assert printed == FACTS.read_text()
