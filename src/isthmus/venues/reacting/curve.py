"""The volume of a day by its thirteenth parts (half hours of a 6.5 hour session), and how far a single day departs."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from random import Random

import msgspec

from isthmus.kernel.values import NS_PER_S

BUCKETS = 13
DAY_NOISE = 0.25
"""Standard deviation of the logarithm of a bucket's volume on one day over the usual one; assumed."""

LONG = 10


class Day(msgspec.Struct, frozen=True):
    """When a trading day begins, and its length, ns; days follow one another without a break."""

    start: int
    length: int = 23_400 * NS_PER_S

    def number(self, at: int) -> int:
        """Which day a time belongs to; 0 is the first."""
        return (at - self.start) // self.length

    def begins(self, day: int) -> int:
        """When a day begins."""
        return self.start + day * self.length

    def edge(self, bucket: int) -> int:
        """When a bucket begins, counted from the first day's first."""
        day, part = divmod(bucket, BUCKETS)
        return self.begins(day) + part * self.length // BUCKETS

    def bucket(self, at: int) -> int:
        """Which bucket a time belongs to, counted from the first day's first."""
        day = self.number(at)
        part = (at - self.begins(day)) * BUCKETS // self.length
        found = day * BUCKETS + int(part)
        return found if self.edge(found + 1) > at else found + 1


class Curve:
    """How busy the market is: 1 on average. What is expected (`expected`) and what a day brings (`busy`) differ."""

    def __init__(self, day: Day, shape: Sequence[float], seed: str) -> None:
        assert len(shape) == BUCKETS
        mean = sum(shape) / BUCKETS
        self.day = day
        self.shape = tuple(part / mean for part in shape)
        self._seed = seed
        self._drawn: dict[int, float] = {}

    def busy(self, bucket: int) -> float:
        """How busy the bucket is on its day: the expected share times noise of mean 1, drawn from seed and bucket."""
        known = self._drawn.get(bucket)
        if known is None:
            noise = Random(f"{self._seed} {bucket}").gauss(0, DAY_NOISE)  # noqa: S311
            known = self.shape[bucket % BUCKETS] * exp(noise - DAY_NOISE * DAY_NOISE / 2)
            if len(self._drawn) >= 2 * BUCKETS:
                del self._drawn[min(self._drawn)]
            self._drawn[bucket] = known
        return known

    def after(self, at: int, wait_ns: float) -> int:
        """When a wait at average pace that begins at `at` is over: busy hours pass faster. Over LONG days every pace is
        the average.
        """
        if wait_ns > LONG * self.day.length:
            return at + int(wait_ns)
        bucket = self.day.bucket(at)
        while True:
            pace, end = self.busy(bucket), self.day.edge(bucket + 1)
            if wait_ns <= (end - at) * pace:
                return at + int(wait_ns / pace)
            wait_ns -= (end - at) * pace
            at, bucket = end, bucket + 1

    def expected(self, start: int, end: int) -> float:
        """The average pace's time that is expected to pass from `start` to `end`, ns: volume is this times a rate."""
        total, at = 0.0, start
        while at < end:
            bucket = self.day.bucket(at)
            until = min(end, self.day.edge(bucket + 1))
            total += (until - at) * self.shape[bucket % BUCKETS]
            at = until
        return total
