"""What a market did, kept for measuring."""

from hypothesis import given
from hypothesis import strategies as st

from isthmus.execution.trace import Trace

SECOND = 1_000_000_000


def test_the_middle_at_a_time_is_the_last_one_before_it():
    trace = Trace()
    trace.see(10, 99, 101)
    trace.see(20, 100, 103)
    assert [trace.middle(at) for at in (5, 10, 19, 20, 99)] == [100.0, 100.0, 100.0, 101.5, 101.5]
    assert trace.half_spread(25) == 1.5


def test_a_book_with_one_side_says_nothing():
    trace = Trace()
    trace.see(10, 0, 101)
    assert trace.middle(10) is None and trace.twap(0, SECOND) is None


def test_vwap_weighs_by_volume_and_leaves_out_what_is_outside_the_stretch():
    trace = Trace()
    for at, price, quantity in ((10, 100, 5), (20, 110, 10), (30, 120, 30), (40, 500, 1)):
        trace.trade(at, price, quantity)
    assert trace.vwap(10, 30) == (110 * 10 + 120 * 30) / 40
    assert trace.volume(10, 30) == 40
    assert trace.vwap(40, 90) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 10_000), st.integers(1, 10_000)), max_size=40))
def test_every_stretch_agrees_with_counting_by_hand(steps):
    trace, rows, at = Trace(), [], 0
    for gap, price, quantity in steps:
        at += gap
        trace.trade(at, price, quantity)
        rows.append((at, price, quantity))
    for start, end in ((0, at), (at // 3, at // 2), (at // 2, at)):
        own = [row for row in rows if start < row[0] <= end]
        volume = sum(row[2] for row in own)
        assert trace.volume(start, end) == volume
        if volume:
            assert abs(trace.vwap(start, end) - sum(row[1] * row[2] for row in own) / volume) < 1e-6
