"""Transaction-cost analysis against figures worked by hand."""

import pytest

from isthmus.execution.policy import Child, Fill, Parent, Work
from isthmus.execution.tca import REVERSION_NS, analyse, interval, summarise
from isthmus.execution.trace import Trace
from isthmus.kernel.messages import BUY, SELL

SECOND = 1_000_000_000
START = 1_000 * SECOND


def a_market() -> Trace:
    """100 / 102 at first, 102 / 104 after ten seconds, 101 / 103 a minute after the end."""
    trace = Trace()
    trace.see(START - SECOND, 100, 102)
    trace.see(START + 10 * SECOND, 102, 104)
    trace.see(START + 20 * SECOND + REVERSION_NS, 101, 103)
    trace.trade(START + 5 * SECOND, 101, 100)
    trace.trade(START + 15 * SECOND, 103, 300)
    return trace


def a_parent(side: int, fills: list[Fill], quantity: int = 100) -> Work:
    child = Child(order=2, ordinal=1, venue=7, price=110, quantity=quantity, status="done", fills=fills)
    child.filled = sum(fill.quantity for fill in fills)
    parent = Parent(
        number=1, account=16, instrument=1, side=side, quantity=quantity, limit=110, arrived_at=START, arrival_x2=202
    )
    return Work(
        parent=parent,
        filled=child.filled,
        turnover=sum(fill.price * fill.quantity for fill in fills),
        children=[child],
    )


def test_a_buyer_who_takes_at_the_ask_pays_half_a_spread_against_arrival():
    work = a_parent(BUY, [Fill(START + 1, 102, 100, maker=False)])
    made = analyse("SWEEP", work, START + 20 * SECOND, a_market())
    assert made.arrival == 101 and made.average == 102
    assert made.arrival_bps == pytest.approx(1 / 101 * 10_000)
    assert made.spread_capture == pytest.approx(-1)
    assert made.vwap == pytest.approx((101 * 100 + 103 * 300) / 400)
    assert made.vwap_bps == pytest.approx((102 - 102.5) / 102.5 * 10_000)
    assert made.fill_rate == 1 and made.participation == pytest.approx(0.25)


def test_a_seller_who_makes_at_the_ask_earns_half_a_spread():
    work = a_parent(SELL, [Fill(START + 1, 102, 100, maker=True)])
    made = analyse("QUEUE_POST", work, START + 20 * SECOND, a_market())
    assert made.arrival_bps == pytest.approx(-1 / 101 * 10_000)
    assert made.spread_capture == pytest.approx(1)
    assert made.venues[0].maker_share == 1


def test_the_shortfall_counts_what_was_not_filled_at_the_last_middle():
    work = a_parent(BUY, [Fill(START + 1, 102, 40, maker=False)])
    made = analyse("TWAP", work, START + 20 * SECOND, a_market())
    paid = 40 * (102 - 101) + 60 * (103 - 101)
    assert made.shortfall_bps == pytest.approx(paid / (100 * 101) * 10_000)
    assert made.fill_rate == pytest.approx(0.4)


def test_leakage_is_the_move_against_us_and_reversion_what_came_back():
    work = a_parent(BUY, [Fill(START + 1, 102, 100, maker=False)])
    made = analyse("TWAP", work, START + 20 * SECOND, a_market())
    assert made.leakage_bps == pytest.approx(2 / 101 * 10_000)
    assert made.reversion_bps == pytest.approx(1 / 103 * 10_000)


def test_a_parent_without_a_fill_has_no_price_and_only_opportunity_costs():
    made = analyse("SNIPER", a_parent(BUY, []), START + 20 * SECOND, a_market())
    assert made.average is None and made.arrival_bps is None and made.fee_bps is None
    assert made.shortfall_bps == pytest.approx(2 / 101 * 10_000)


def test_the_interval_is_the_same_each_time_and_holds_the_mean():
    values = [1.0, 2.0, 4.0, 8.0, -3.0, 0.5]
    low, high = interval(values)
    assert (low, high) == interval(values)
    assert low < sum(values) / len(values) < high
    assert interval([1.0]) == (None, None)


def test_a_summary_gives_every_parent_the_same_weight():
    rows = [
        analyse("SWEEP", a_parent(BUY, [Fill(START + 1, price, 100, maker=False)]), START + 20 * SECOND, a_market())
        for price in (102, 104)
    ]
    made = summarise("SWEEP", "tape", rows)
    assert made.parents == 2 and made.fill_rate == 1
    assert made.cost_bps == pytest.approx((1 + 3) / 2 / 101 * 10_000)
