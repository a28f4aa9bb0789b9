"""What happened to routes, and why one is not used: the log that people read.

The consolidated book decides (`crates/execution`): it marks sources, quarantines them, locks routes and brings in
reserves. Here its events get words; forecast events take routes out by the same door, with a reason of their own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from isthmus.execution.book import Event
from isthmus.execution.route_words import VOTES, Units, described
from isthmus.execution.sights import Sight

EVENTS_MAX = 1_000
"""Events kept; the oldest go first."""
OPEN, RESERVE, HELD = "open", "reserve", "held"
ORDER = ("locked", "quarantined", "clock_shifted", "snapshot", "crossed", "skewed", "malformed", "stale", HELD)
"""Which state is shown first of several."""
IN_RESERVE = "in reserve: used only while the venue that it stands in for is not"


class RouteEvent(msgspec.Struct, frozen=True):
    """Something that happened to a route."""

    at: int
    instrument: int
    venue: int
    event: str
    why: str


class Standing(msgspec.Struct, frozen=True):
    """How a route is: "open", "reserve" (fit, but only a stand-in), or the first state against it, why and since when;
    and how its breaker's checks voted last: True is against it.
    """

    state: str
    why: str
    since: int
    votes: dict[str, bool]


class Guard:
    """Hears the events of all sights."""

    def __init__(self, sight: Callable[[int], Sight], units: Callable[[int], Units]) -> None:
        self._sight = sight
        self._units = units
        self._since: dict[tuple[int, int], dict[tuple[str, str], Event]] = {}
        """Of every route what is against it, by state and rule."""
        self._votes: dict[tuple[int, int], dict[str, bool]] = {}
        self._held: dict[tuple[int, int], str] = {}
        self.events: deque[RouteEvent] = deque(maxlen=EVENTS_MAX)
        self.on_event: Callable[[RouteEvent], None] = _nobody

    def take(self, instrument: int, events: tuple[Event, ...]) -> None:
        """What an update did."""
        for event in events:
            route = (instrument, event.venue)
            since = self._since.setdefault(route, {})
            if event.state in ("locked", "doubted"):
                self._votes[route] = {name: bool(event.figures[0] >> bit & 1) for bit, name in enumerate(VOTES)}
            why = self.said(instrument, event)
            if event.on:
                since.setdefault((event.state, event.reason), event)
            else:
                since.pop((event.state, event.reason), None)
            name = event.state if event.on else f"no longer {event.state}"
            self._log(RouteEvent(event.at, instrument, event.venue, name.replace("_", " "), why))

    def said(self, instrument: int, event: Event) -> str:
        """The event in a sentence; of a route that somebody took out, in that one's words."""
        held = self._held.get((instrument, event.venue)) if event.state == HELD else None
        return held or described(event, self._units(instrument))

    def hold(self, instrument: int, venue: int, why: str, at: int) -> None:
        """Take a route out for a reason of somebody's own."""
        self._held[(instrument, venue)] = why
        self._sight(instrument).hold(venue, at, True)

    def release(self, instrument: int, venue: int, why: str, at: int) -> None:
        """Give it back."""
        self._held[(instrument, venue)] = why
        self._sight(instrument).hold(venue, at, False)

    def standing(self, instrument: int, venue: int) -> Standing:
        """How the route is now."""
        watched = self._sight(instrument).watched
        against = watched.why_not(venue)
        votes = self._votes.get((instrument, venue), {})
        if not against:
            fit = venue in watched.open()
            return Standing(OPEN, "", 0, votes) if fit else Standing(RESERVE, IN_RESERVE, 0, votes)
        first = next((state for state in ORDER if state in against), against[0])
        since = self._since.get((instrument, venue), {})
        known = [event for (state, _), event in since.items() if state == first]
        if not known:
            return Standing(first, "", 0, votes)
        event = min(known, key=lambda event: event.at)
        return Standing(first, self.said(instrument, event), event.at, votes)

    def _log(self, event: RouteEvent) -> None:
        self.events.append(event)
        self.on_event(event)


def _nobody(_: RouteEvent) -> None:
    return None
