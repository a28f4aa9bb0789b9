"""The day's volume, and what an experimenter is told afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.venues_reacting.scenes import FAIR, GAMMA, S, fills, order, still, told

from isthmus.kernel.messages import BUY, IOC
from isthmus.venues.reacting.curve import BUCKETS, Curve, Day
from isthmus.venues.reacting.marketplace import Marketplace
from isthmus.venues.reacting.terms import equity
from isthmus.venues.reacting.truth import Print, Truth

DAY = Day(7 * S, 23_400 * S)
SHAPE = equity().shape


@given(st.integers(-(10**15), 10**15))
def test_every_time_lies_in_its_bucket(at: int) -> None:
    bucket = DAY.bucket(at)
    assert DAY.edge(bucket) <= at < DAY.edge(bucket + 1)


@given(st.integers(0, 10**14), st.floats(0, 1e13), st.floats(0, 1e13))
def test_waits_add_up(at: int, one: float, other: float) -> None:
    curve = Curve(DAY, SHAPE, "seed")
    assert curve.after(curve.after(at, one), other) == pytest.approx(curve.after(at, one + other), abs=3)


def test_the_expected_day_is_u_shaped_and_of_the_average_length() -> None:
    curve = Curve(DAY, SHAPE, "seed")
    parts = [curve.expected(DAY.edge(bucket), DAY.edge(bucket + 1)) for bucket in range(BUCKETS)]
    assert sum(parts) == pytest.approx(DAY.length)
    assert min(parts[0], parts[-1]) > 2 * max(parts[5:8])


def test_days_differ_by_seed_and_by_day_but_not_on_average() -> None:
    one, other = (Curve(DAY, SHAPE, seed) for seed in ("1", "2"))
    assert one.busy(3) != other.busy(3)
    assert one.busy(3) != one.busy(3 + BUCKETS)
    assert one.busy(3) == Curve(DAY, SHAPE, "1").busy(3)
    days = [Curve(DAY, SHAPE, str(seed)).busy(3) for seed in range(3_000)]
    assert sum(days) / len(days) == pytest.approx(one.shape[3], rel=0.03)


def test_volume_follows_the_curve() -> None:
    total = [0.0] * BUCKETS
    for seed in range(5):
        market = Marketplace(equity(), seed, 0)
        market.advance(23_400 * S)
        for bucket in range(BUCKETS):
            total[bucket] += market.truth.volume(*(market.curve.day.edge(edge) for edge in (bucket, bucket + 1)))
    expected = [market.expected(market.curve.day.edge(b), market.curve.day.edge(b + 1)) for b in range(BUCKETS)]
    for found, aim in zip(total, expected, strict=True):
        assert found / 5 == pytest.approx(aim, rel=0.5)
    assert sum(total) / 5 == pytest.approx(sum(expected), rel=0.15)


def test_truth_tells_volume_price_and_what_we_did() -> None:
    market = Marketplace(still(), 1, 0)
    market.place("lit", order(price=FAIR + 20, quantity=150, tif=IOC), 0)
    market.advance(S)
    assert market.truth.volume(0, S) == 150
    assert market.truth.volume(0, S, ours=False) == 0
    paid = sum(price * lots for _, price, lots in fills(told(market)))
    assert market.truth.vwap(0, S) == pytest.approx(paid / 150)
    assert market.truth.vwap(0, S, ours=False) is None
    assert market.truth.impact(S) == pytest.approx(GAMMA * 150)
    assert market.truth.untouched(S) == pytest.approx(FAIR)
    assert market.truth.fair(-1) is None
    assert market.truth.path(0, S)[-1][1] == pytest.approx(FAIR + GAMMA * 150)


def test_truth_keeps_so_many_rows_and_forgets_the_oldest() -> None:
    truth = Truth(keep=10)
    for at in range(100):
        truth.value(at, float(at), 0.0)
        truth.trade(Print(at, "lit", 1, 1, BUY, False))
    assert truth.fair(99) == 99.0
    assert truth.fair(50) is None
    assert 10 <= truth.volume(0, 100) <= 20
