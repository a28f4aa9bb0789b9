"""Fair values: a walk whose step does not matter, and a basis that returns."""

from __future__ import annotations

from math import log, sqrt
from random import Random

import pytest

from isthmus.venues.simulated.fair import REVERSION_S, Basis, Walk

SECOND = 1_000_000_000


@pytest.mark.parametrize("step_s", [1, 10, 60])
def test_a_minute_varies_alike_however_often_the_value_is_moved(step_s: int) -> None:
    random, walk, moves = Random(3), Walk(1_000.0, 1_000.0, 1e-4, at=0), []
    before = walk.price
    for at in range(step_s, 2_000 * 60, step_s):
        walk.move(at * SECOND, random)
        if at % 60 == 0:
            moves.append(log(walk.price / before))
            before = walk.price
    deviation = sqrt(sum(move * move for move in moves) / len(moves))
    assert deviation == pytest.approx(1e-4 * sqrt(60), rel=0.05)


def test_a_walk_returns_to_its_anchor() -> None:
    walk = Walk(1_000.0, 2_000.0, 0.0, at=0)
    walk.move(int(REVERSION_S) * SECOND, Random(1))
    assert log(walk.price / 1_000.0) == pytest.approx(log(2) / 2.718281828, rel=1e-6)


def test_a_basis_keeps_its_mean_and_deviation_over_what_it_is_tied_to() -> None:
    random, spot = Random(9), Walk(60_000.0, 60_000.0, 1e-4, at=0)
    tied, gaps = Basis(spot, scale=0.1, mean_bps=-4.0, deviation_bps=0.5, left_after_1s=0.5), []
    for at in range(1, 5_000):
        spot.move(at * SECOND, random)
        tied.move(at * SECOND, random)
        gaps.append(10_000 * (tied.price / spot.price / 0.1 - 1))
    mean = sum(gaps) / len(gaps)
    assert mean == pytest.approx(-4.0, abs=0.05)
    assert sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) == pytest.approx(0.5, rel=0.05)
