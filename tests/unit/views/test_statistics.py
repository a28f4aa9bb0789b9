"""A market's day and its depth."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from isthmus.views.books import Level
from isthmus.views.statistics import PROFILE_BPS, Step, day_of, profile
from isthmus.views.tape import DAY_NS, Tape, TradeRow


def test_depth_is_summed_by_distance_from_the_middle() -> None:
    bids: list[Level] = [(9_999, 5, 1), (9_990, 7, 2), (9_000, 100, 1)]
    asks: list[Level] = [(10_001, 3, 1), (10_100, 11, None)]
    steps = {step.bps: step for step in profile((bids, asks))}
    assert list(steps) == list(PROFILE_BPS)
    assert steps[1] == Step(1, 5, 5 * 9_999, 3, 3 * 10_001)
    assert steps[5] == steps[1].__class__(5, 5, 5 * 9_999, 3, 3 * 10_001)
    assert steps[10] == Step(10, 12, 5 * 9_999 + 7 * 9_990, 3, 3 * 10_001)
    assert steps[100] == Step(100, 12, 5 * 9_999 + 7 * 9_990, 14, 3 * 10_001 + 11 * 10_100)
    assert (steps[1_000].bids, steps[1_000].asks) == (112, 14)


def test_without_both_sides_there_is_no_middle_to_measure_from() -> None:
    assert profile(([(100, 1, 1)], [])) == []
    assert profile(([], [(100, 1, 1)])) == []


levels = some.lists(some.tuples(some.integers(1, 2_000), some.integers(1, 9), some.none()), max_size=8)


@given(levels, levels)
def test_no_step_holds_less_than_the_one_before_nor_more_than_the_book(below: list[Level], above: list[Level]) -> None:
    bids = sorted(((10_000 - price, lots, none) for price, lots, none in below), reverse=True)
    asks = sorted((10_000 + price, lots, none) for price, lots, none in above)
    steps = profile((bids, asks))
    for before, after in zip(steps, steps[1:], strict=False):
        assert before.bids <= after.bids
        assert before.asks <= after.asks
    for step in steps:
        assert step.bids <= sum(lots for _, lots, _ in bids)
        assert step.ask_turnover <= sum(price * lots for price, lots, _ in asks)


def test_a_day_ends_at_midnight() -> None:
    tape = Tape()
    tape.add(TradeRow("trd-1-1", 1, 0, 100, 2, 1, DAY_NS - 1))
    tape.add(TradeRow("trd-2-1", 1, 0, 110, 3, 1, DAY_NS + 5))
    bar = day_of(tape, 1, DAY_NS + 10)
    assert bar is not None
    assert (bar.open, bar.volume, bar.trades, bar.turnover) == (110, 3, 1, 330)
    assert day_of(tape, 1, 2 * DAY_NS) is None
    assert day_of(tape, 2, DAY_NS) is None
