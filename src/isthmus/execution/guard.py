"""Which routes may be used: one place where every reason against a route meets, and the log of what happened.

A route is a venue of an instrument. Reasons against it stand beside one another (a breaker's lock, a quarantine, a
forecast event, being a reserve) and each is lifted by whoever set it; a route is open when none stands. A reserve is
used only while the route that it backs is shut.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

import msgspec

from isthmus.execution.sights import Sight

EVENTS_MAX = 1_000
"""Events kept; the oldest go first."""

LOCKED, QUARANTINED, MARKED, EVENT, RESERVE = "locked", "quarantined", "marked", "event", "reserve"
"""A breaker voted; a source turned abnormal; its quotes are stale, crossed, skewed or shifted; an event is near; it
backs another route.
"""
ORDER = (LOCKED, QUARANTINED, MARKED, EVENT, RESERVE)
"""Which reason is shown first."""


class RouteEvent(msgspec.Struct, frozen=True):
    """Something that happened to a route."""

    at: int
    instrument: int
    venue: int
    event: str
    why: str


class Standing(msgspec.Struct, frozen=True):
    """How a route is: "open" or the first reason against it, and since when."""

    state: str
    why: str
    since: int


OPEN = Standing("open", "", 0)


class Guard:
    """`backups`: reserve by the number of the venue that it backs."""

    def __init__(self, sight: Callable[[int], Sight]) -> None:
        self._sight = sight
        self._against: dict[tuple[int, int], dict[str, tuple[str, int]]] = {}
        self._backups: dict[int, int] = {}
        self.events: deque[RouteEvent] = deque(maxlen=EVENTS_MAX)
        self.on_event: Callable[[RouteEvent], None] = _nobody

    def back(self, backups: Mapping[int, int], instruments: Mapping[int, list[int]], at: int) -> None:
        """Venues that stand in reserve for others. `instruments`: venues of each."""
        self._backups |= backups
        for instrument, venues in instruments.items():
            for venue, reserve in backups.items():
                if venue in venues and reserve in venues:
                    self.set(instrument, reserve, RESERVE, "in reserve", at)

    def set(self, instrument: int, venue: int, reason: str, why: str, at: int) -> None:
        """A reason against the route stands from now on; the same again only changes its words."""
        against = self._against.setdefault((instrument, venue), {})
        new = reason not in against
        against[reason] = (why, at if new else against[reason][1])
        if new:
            self._log(RouteEvent(at, instrument, venue, reason, why))
        self._apply(instrument, venue)
        if new and reason != RESERVE and (reserve := self._backups.get(venue)) is not None:
            self.lift(instrument, reserve, RESERVE, f"used in place of the one that is {reason}", at)

    def lift(self, instrument: int, venue: int, reason: str, why: str, at: int) -> None:
        """A reason is gone."""
        against = self._against.get((instrument, venue), {})
        if against.pop(reason, None) is None:
            return
        self._log(RouteEvent(at, instrument, venue, "back" if not against else f"no longer {reason}", why))
        self._apply(instrument, venue)
        reserve = self._backups.get(venue)
        if reserve is not None and not against:
            self.set(instrument, reserve, RESERVE, "in reserve again", at)

    def standing(self, instrument: int, venue: int) -> Standing:
        """How the route is now."""
        against = self._against.get((instrument, venue))
        if not against:
            return OPEN
        first = next(reason for reason in ORDER if reason in against)
        why, since = against[first]
        return Standing(first, why, since)

    def _apply(self, instrument: int, venue: int) -> None:
        standing = self.standing(instrument, venue)
        self._sight(instrument).shut_out(venue, None if standing is OPEN else f"{standing.state}: {standing.why}")

    def _log(self, event: RouteEvent) -> None:
        self.events.append(event)
        self.on_event(event)


def _nobody(_: RouteEvent) -> None:
    return None
