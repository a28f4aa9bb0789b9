"""Funding: the average premium does not depend on when it is asked, and rates are the published formula."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.clearing.funding import PPB, Premium, Terms, rate_ppb
from isthmus.clearing.interest import next_funding
from isthmus.kernel.values import NS_PER_S

HOUR = 3_600 * NS_PER_S
USUAL = Terms(every_hours=8, interest_ppm=100, clamp_ppm=500, cap_ppm=7_500, stale_s=3_600)


@pytest.mark.parametrize(
    ("premium_ppm", "hours", "rate_ppm"),
    [(0, 8, 100), (300, 8, 100), (1_000, 8, 500), (-1_000, 8, -500), (-300, 8, 100), (20_000, 8, 7_500), (0, 4, 50)],
)
def test_interest_pulls_the_premium_by_the_clamp_at_most(premium_ppm: int, hours: int, rate_ppm: int) -> None:
    terms = Terms(every_hours=hours, interest_ppm=100, clamp_ppm=500, cap_ppm=7_500, stale_s=3_600)
    assert rate_ppb(premium_ppm * 1_000, terms) == rate_ppm * 1_000


def test_a_rate_is_rounded_toward_zero_either_way() -> None:
    terms = Terms(every_hours=1, interest_ppm=0, clamp_ppm=0, cap_ppm=7_500, stale_s=1)
    assert [rate_ppb(premium, terms) for premium in (15, -15)] == [1, -1]


PRICES = st.lists(st.tuples(st.integers(1, 4 * 3_600), st.booleans(), st.integers(1, 1_000)), min_size=2, max_size=20)


@given(PRICES, st.lists(st.integers(0, 24 * 3_600), max_size=10))
def test_the_average_is_the_naive_one_however_often_it_is_asked(
    prices: list[tuple[int, bool, int]], looks: list[int]
) -> None:
    stale, start = 2 * HOUR, 5 * HOUR
    at, rows = start, []
    for after, is_mark, price in prices:
        at += after * NS_PER_S
        rows.append((at, is_mark, price))
    end = next_funding(at, 8)
    asked, quiet = Premium(8, stale), Premium(8, stale)
    events = sorted(
        [*rows, *((start + look * NS_PER_S, None, 0) for look in looks if start + look * NS_PER_S <= end)],
        key=lambda row: row[0],
    )
    for when, is_mark, price in events:
        if is_mark is None:
            asked.advance(when)
            continue
        for one in (asked, quiet):
            (one.mark if is_mark else one.index)(price, when)
    for one in (asked, quiet):
        one.advance(end)
    assert asked.average_ppb(end) == quiet.average_ppb(end) == naive(rows, end, stale)


def naive(rows: list[tuple[int, bool, int]], end: int, stale: int) -> int | None:
    """Piece by piece between prices, with the period's start cut off."""
    first, total, covered = end - 8 * HOUR, 0, 0
    for place, (at, _, _) in enumerate(rows):
        known = {sort: (price, when) for when, sort, price in rows[: place + 1]}
        if len(known) < 2:
            continue
        until = rows[place + 1][0] if place + 1 < len(rows) else end
        stop = min(until, end, *(when + stale for _, when in known.values()))
        length = max(0, stop - max(at, first))
        total += (known[True][0] - known[False][0]) * PPB // known[False][0] * length
        covered += length
    return int(Fraction(total, covered).__floor__()) if covered else None
