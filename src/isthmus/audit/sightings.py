"""When each end of the journal was first seen: how old is the oldest record that something has not reached yet?"""

from __future__ import annotations

from bisect import bisect_right

KEPT = 4_096
"""Sightings at most. Where more come, every two of them become one, at the earlier time."""


class Sightings:
    """Of ends that only grow, at times that only grow (seconds of a steady clock)."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._ends: list[int] = []

    def see(self, now: float, end: int) -> None:
        """The last record at `now`."""
        if end <= (self._ends[-1] if self._ends else 0):
            return
        self._times.append(now)
        self._ends.append(end)
        if len(self._ends) > KEPT:
            self._times, self._ends = self._times[:-1:2] + self._times[-1:], self._ends[1:-1:2] + self._ends[-1:]

    def since(self, reached: int) -> float | None:
        """When the first record behind `reached` was seen; None where none was."""
        at = bisect_right(self._ends, reached)
        return self._times[at] if at < len(self._ends) else None

    def forget(self, reached: int) -> None:
        """Nobody will ask for less than `reached` any more."""
        at = min(bisect_right(self._ends, reached), len(self._ends) - 1)
        if at > 0:
            del self._times[:at], self._ends[:at]
