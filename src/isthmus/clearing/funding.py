"""Funding of perpetuals: the premium of the mark over the index, averaged over time, and the rate of a period.

The premium is (mark - index) / index, averaged over the time that each pair of prices stood (the average premium index
of Binance, "Introduction to Binance Futures Funding Rates", and the premium index of BitMEX, "Perpetual Contracts
Guide"; both take impact prices of the book where this takes the mark, which no order moves). Rate of 8 hours = premium
+ clamp(interest - premium, 0.05 %); of n hours n/8 of it (the same page of Binance divides by 8/n).
"""

from __future__ import annotations

import msgspec

from isthmus.clearing.interest import FUNDING_HOURS, funding_rate, next_funding
from isthmus.kernel.values import NS_PER_S

PPB = 10**9
PPB_OF_PPM = 1_000


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`every_hours`: between two fundings from 00:00 UTC on, 0 never; `interest_ppm`, `clamp_ppm`, `cap_ppm`: of 8
    hours; `stale_s`: how long a price counts that nobody renews.
    """

    every_hours: int
    interest_ppm: int
    clamp_ppm: int
    cap_ppm: int
    stale_s: int


def rate_ppb(premium_ppb: int, terms: Terms) -> int:
    """Of one period, in parts of 10^9, rounded toward zero."""
    limits = (terms.interest_ppm, terms.clamp_ppm, terms.cap_ppm)
    of_eight = funding_rate(premium_ppb, *(one * PPB_OF_PPM for one in limits))
    whole = abs(of_eight) * terms.every_hours // FUNDING_HOURS
    return whole if of_eight >= 0 else -whole


class Premium:
    """The average premium of one perpetual by period, fed with marks and index prices in the order of their times. The
    same prices at the same times give the same average, however often it is asked in between.
    """

    def __init__(self, every_hours: int, stale_ns: int) -> None:
        self._every_hours, self._stale_ns = every_hours, stale_ns
        self._mark, self._index = (0, 0), (0, 0)
        """(price in common units, when)."""
        self._until = 0
        """Up to when it is summed."""
        self._sums: dict[int, tuple[int, int]] = {}
        """Period's end -> (premium in parts of 10^9 x ns, ns that are covered)."""

    def mark(self, price: int, at: int) -> None:
        """The perpetual's mark is now this, in the index's unit of price."""
        self.advance(at)
        self._mark = (price, at)

    def index(self, price: int, at: int) -> None:
        """The index is now this (above 0)."""
        self.advance(at)
        self._index = (price, at)

    def advance(self, at: int) -> None:
        """Sums up to a time (ns)."""
        start, self._until = self._until, max(self._until, at)
        if not self._mark[1] or not self._index[1]:
            return
        end = min(at, self._mark[1] + self._stale_ns, self._index[1] + self._stale_ns)
        premium = (self._mark[0] - self._index[0]) * PPB // self._index[0]
        while start < end:
            period = next_funding(start, self._every_hours)
            part = min(end, period) - start
            total, covered = self._sums.get(period, (0, 0))
            self._sums[period] = (total + premium * part, covered + part)
            start += part

    def average_ppb(self, period: int) -> int | None:
        """Of the period that ends then (after `advance` to it or beyond); None where no price covered any of it."""
        total, covered = self._sums.get(period, (0, 0))
        return total // covered if covered else None

    def first(self) -> int | None:
        """The end of the first period that prices cover and that was not forgotten."""
        return min(self._sums, default=None)

    def forget(self, period: int) -> None:
        """It was paid, with all before it."""
        for end in [end for end in self._sums if end <= period]:
            del self._sums[end]


def stale_ns(terms: Terms) -> int:
    """As nanoseconds."""
    return terms.stale_s * NS_PER_S
