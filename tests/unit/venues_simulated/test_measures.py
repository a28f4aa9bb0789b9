"""The figures of a tape, on tapes small enough to work out by hand."""

from __future__ import annotations

import pytest

from isthmus.venues.simulated.measures import Tape, clustering, measure, quantile, volatility_bps

SECOND = 1_000_000_000


def test_a_tape_is_measured() -> None:
    quotes = [(0, 99, 101), (60 * SECOND, 99, 105), (90 * SECOND, 99, 101)]
    aggressors = [(second * SECOND, float(second % 3 + 1)) for second in range(0, 120, 2)]
    found = measure(Tape(0, 120 * SECOND, quotes, aggressors))
    assert found.aggressors_per_s == 0.5
    assert found.size_mean == 2.0
    assert found.size_median == 2.0
    assert found.spread_ticks_mean == pytest.approx(2 * 0.75 + 6 * 0.25)
    assert found.spread_ticks_median == 2
    assert found.moves_per_s == pytest.approx(2 / 120)
    assert found.clustering_10s == 0


def test_volatility_is_the_root_mean_square_of_returns_at_the_interval() -> None:
    steps = [(second * SECOND, price - 1, price + 1) for second, price in enumerate([10_000, 10_001] * 61)]
    tape = Tape(0, 121 * SECOND, steps, [])
    assert volatility_bps(tape, 1) == pytest.approx(1.0, rel=1e-3)
    assert volatility_bps(tape, 60) == 0


def test_bunched_arrivals_cluster() -> None:
    bunched = [(window * 20 * SECOND, 1.0) for window in range(6) for _ in range(10)]
    tape = Tape(0, 120 * SECOND, [(0, 1, 2)], bunched)
    assert clustering(tape, 10) == pytest.approx(25 * 12 / 11 / 5)


def test_quantiles_are_interpolated() -> None:
    assert quantile([1.0, 2.0, 4.0], 0.5) == 2
    assert quantile([1.0, 2.0, 4.0], 0.75) == 3
    assert quantile([1.0, 2.0, 4.0], 1.0) == 4
