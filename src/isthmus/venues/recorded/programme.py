"""When recorded moments are played: recordings of the same hours run on one clock, and silence is shortened."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from heapq import merge

from isthmus.kernel.values import NS_PER_S
from isthmus.venues.recorded.events import Event
from isthmus.venues.recorded.session import Recording

QUIET_MAX_NS = 60 * NS_PER_S
"""A silence of all recordings of a clock that is longer than this is played as one of PAUSE_NS."""
PAUSE_NS = NS_PER_S

Span = tuple[int, int]
"""From and to, ns UTC, both included."""


class Timeline:
    """The common clock of recordings that overlap in true time."""

    def __init__(self, spans: Sequence[Span]) -> None:
        """`spans`: where something happens, in order, with silence between them."""
        self.start = spans[0][0]
        self._from: list[int] = []
        self._skipped: list[int] = []
        skipped = 0
        for (_, before), (after, _) in zip(spans, spans[1:], strict=False):
            skipped += after - before - PAUSE_NS
            self._from.append(after)
            self._skipped.append(skipped)
        self.length_ns = self.offset(spans[-1][1])

    def offset(self, at: int) -> int:
        """How long after the start a moment is played, at speed 1."""
        place = bisect_right(self._from, at)
        return at - self.start - (self._skipped[place - 1] if place else 0)


def timelines(recordings: Sequence[Recording]) -> list[Timeline]:
    """The clock of each recording: two that overlap in true time, or over a third, have the same one."""
    places = sorted(range(len(recordings)), key=lambda place: recordings[place].session.start)
    clocks: dict[int, Timeline] = {}
    group: list[int] = []
    end = 0
    for place in places:
        session = recordings[place].session
        if group and session.start > end:
            clocks |= dict.fromkeys(group, _common([recordings[one] for one in group]))
            group = []
        group.append(place)
        end = max(end, session.end)
    clocks |= dict.fromkeys(group, _common([recordings[one] for one in group]))
    return [clocks[place] for place in range(len(recordings))]


def _common(recordings: Sequence[Recording]) -> Timeline:
    spans: list[Span] = []
    for start, end in sorted(span for recording in recordings for span in _spans(recording.session.events.times)):
        if spans and start - spans[-1][1] <= QUIET_MAX_NS:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return Timeline(spans)


def _spans(times: Sequence[int]) -> Iterator[Span]:
    """Times without a silence between them."""
    start = before = times[0]
    for at in times:
        if at - before > QUIET_MAX_NS:
            yield start, before
            start = at
        before = at
    yield start, before


def in_time_order(recordings: Sequence[Recording]) -> Iterator[tuple[int, Recording, Event]]:
    """(at, recording, event) of several recordings by true time; of the same moment, in the order of the recordings.

    A back-test reads this without a server; `at` is ns UTC and silence is not shortened.
    """
    ordered = [_numbered(place, recording) for place, recording in enumerate(recordings)]
    for at, place, event in merge(*ordered, key=lambda row: row[:2]):
        yield at, recordings[place], event


def _numbered(place: int, recording: Recording) -> Iterator[tuple[int, int, Event]]:
    for at, event in recording.session.timed():
        yield at, place, event
