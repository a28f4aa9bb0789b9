"""Arrivals and draws have the moments that their formulas promise."""

from __future__ import annotations

from random import Random

import pytest

from isthmus.venues.simulated.arrivals import Hawkes, Table, branching_of
from isthmus.venues.simulated.measures import NANOSECONDS, QUANTILES

WINDOW_S = 10


def counts(arrivals: Hawkes, hours: int) -> list[int]:
    """Arrivals in each ten seconds."""
    random, at, found = Random(5), 0, [0] * (hours * 360)
    while (at := at + arrivals.wait_ns(random)) < hours * 3600 * NANOSECONDS:
        found[at // (WINDOW_S * NANOSECONDS)] += 1
    return found


@pytest.mark.parametrize("clustering", [1.0, 3.0, 10.0])
def test_hawkes_arrivals_have_the_rate_and_the_clustering_they_were_made_for(clustering: float) -> None:
    found = counts(Hawkes(rate=2.0, branching=branching_of(clustering, WINDOW_S)), hours=10)
    mean = sum(found) / len(found)
    variance = sum((count - mean) ** 2 for count in found) / len(found)
    assert mean / WINDOW_S == pytest.approx(2.0, rel=0.05)
    assert variance / mean == pytest.approx(clustering, rel=0.1)


def test_without_clustering_nothing_branches() -> None:
    assert branching_of(1.0, WINDOW_S) == pytest.approx(0.0, abs=1e-6)


def test_a_table_gives_back_its_quantiles_and_its_mean() -> None:
    values = [1, 2, 4, 10, 30, 100, 200, 300, 400, 500, 900, 1000]
    table, random = Table(values), Random(1)
    drawn = sorted(table.draw(random) for _ in range(40_000))
    for share, value in list(zip(QUANTILES, values, strict=True))[1:9]:
        assert drawn[int(share * len(drawn))] == pytest.approx(value, rel=0.06)
    assert sum(drawn) / len(drawn) == pytest.approx(table.mean(), rel=0.03)
    assert drawn[0] >= 1
    assert drawn[-1] <= 1000
