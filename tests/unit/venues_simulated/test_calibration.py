"""The simulated markets have the figures of the recorded ones, within the tolerances that stand beside the figures."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from tools.play_markets import Observer, expected, far, figures, observe

from isthmus.venues.simulated.parameters import FACTS, parameters

HOURS = 1
RECORDS_PER_S_MAX = 100
SYMBOLS = [model.listing.symbol for model in parameters()]


@pytest.fixture(scope="module")
def observed() -> Observer:
    return observe(seed=1, hours=HOURS)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_simulated_market_has_the_measured_figures(observed: Observer, symbol: str) -> None:
    assert far(figures(observed, symbol), expected(symbol)) == {}


def test_the_journal_grows_slowly(observed: Observer) -> None:
    assert observed.records / (HOURS * 3600) < RECORDS_PER_S_MAX


def test_no_command_of_the_participants_is_refused(observed: Observer) -> None:
    assert observed.refused == []


def test_the_middle_is_never_crossed(observed: Observer) -> None:
    for quotes in observed.quotes.values():
        assert all(bid < ask for _, bid, ask in quotes)
        assert all(before[0] <= after[0] for before, after in pairwise(quotes))


def test_the_committed_figures_are_those_of_the_recordings(test_data: Path) -> None:
    tool = Path(__file__).parents[3] / "tools" / "calibrate.py"
    printed = subprocess.run(
        [sys.executable, str(tool), str(test_data)], check=True, capture_output=True, text=True, timeout=120
    ).stdout
    assert printed == FACTS.read_text()
