"""Volumes, rates and volatility of an instrument."""

import pytest

from isthmus.execution.flow import SECONDS_MAX, Decaying, Middles, Volatility, Volume, correlation

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


def moves(changes: list[int], start: int = 100 * SECOND, gap: int = SECOND) -> Middles:
    """A middle that changes so."""
    middles, price = Middles(), 20_000
    for place, change in enumerate(changes):
        price += change
        middles.see(start + place * gap, price)
    return middles


LATER = 200
ZIGZAG = [3, -1, 4, -1, -5, 9, -2, -6, 5, -3] * 6


def test_what_moves_together_is_correlated_and_what_moves_against_it_is_not():
    assert correlation(moves(ZIGZAG), moves([2 * change for change in ZIGZAG]), LATER) == pytest.approx(1)
    assert correlation(moves(ZIGZAG), moves([-change for change in ZIGZAG]), LATER) == pytest.approx(-1)
    assert abs(correlation(moves([1, 1, -1, -1] * 15), moves([1, -1, 1, -1] * 15), LATER)) < 0.1


def test_correlation_is_of_common_seconds_and_of_what_was_seen_last_there():
    late = moves(ZIGZAG[20:], 120 * SECOND)
    assert correlation(moves(ZIGZAG), late, LATER) == pytest.approx(1)
    often = Middles()
    price = 20_000
    for place, change in enumerate(ZIGZAG):
        price += change
        often.see((100 + place) * SECOND, price - 40)
        often.see((100 + place) * SECOND + SECOND // 2, price)
    assert correlation(moves(ZIGZAG), often, LATER) == pytest.approx(1)


def test_of_a_few_seconds_or_of_a_still_market_nothing_is_said():
    assert correlation(moves(ZIGZAG[:20]), moves(ZIGZAG[:20]), LATER) == 0
    assert correlation(moves(ZIGZAG), moves([0] * 60), LATER) == 0
    assert correlation(moves(ZIGZAG), Middles(), LATER) == 0


def test_a_correlation_up_to_a_second_stays_what_it_was():
    one, other = moves(ZIGZAG[:50]), moves([abs(change) for change in ZIGZAG[:50]])
    before = correlation(one, other, 140)
    for second in range(150, 400):
        one.see(second * SECOND, 20_000 + second % 7)
        other.see(second * SECOND, 20_000 - second % 5)
    assert correlation(one, other, 140) == before != correlation(one, other, 399)


def test_middles_remember_ten_minutes():
    middles = moves([1] * 5_000)
    first, last = middles.span()
    assert last - first + 1 == SECONDS_MAX
    assert middles.each_second(first, last)[-1] == 25_000
