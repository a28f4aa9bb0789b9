"""Volumes, rates and volatility of an instrument."""

import pytest

from isthmus.execution.flow import Decaying, Volatility, Volume

SECOND = 1_000_000_000


def test_volume_after_a_time_leaves_out_what_came_before():
    volume = Volume()
    for at, quantity in ((10, 5), (20, 7), (20, 1), (30, 2)):
        volume.add(at, quantity)
    assert [volume.since(at) for at in (0, 10, 19, 20, 29, 30)] == [15, 10, 10, 2, 2, 0]


def test_volume_forgets_when_the_oldest_trades_were_but_not_that_they_were():
    volume = Volume()
    for at in range(70_000):
        volume.add(at, 1)
    assert volume.since(69_999 - 10) == 10
    assert volume.total == 70_000
    assert volume.since(-1) == 65_535, "no more than it remembers"


def test_a_steady_flow_has_its_rate_from_the_start():
    flow = Decaying()
    for second in range(1, 6):
        flow.add(second * SECOND, 10)
    assert flow.rate(5 * SECOND) == pytest.approx(12, rel=0.1), "five arrivals in four seconds"
    for second in range(6, 600):
        flow.add(second * SECOND, 10)
    assert flow.rate(600 * SECOND) == pytest.approx(10, rel=0.05)
    assert flow.rate(700 * SECOND) < 2.5, "and it is forgotten"


def test_volatility_is_of_one_second():
    volatility = Volatility()
    for second in range(600):
        volatility.see(second * SECOND, 2_000 + 2 * (second % 2))
    assert volatility.per_second(600 * SECOND) == pytest.approx(1, rel=0.1)
