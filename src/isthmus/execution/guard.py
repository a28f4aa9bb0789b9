"""What happened to routes, and why one is not used: the log that people read.

The consolidated book decides (`crates/execution`): it marks sources, quarantines them, locks routes and brings in
reserves. Here its events get words; forecast events take routes out by the same door, with a reason of their own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from isthmus.execution.book import Event
from isthmus.execution.sights import Sight

EVENTS_MAX = 1_000
"""Events kept; the oldest go first."""
OPEN, RESERVE, HELD = "open", "backup", "held"
ORDER = ("locked", "quarantined", "clock_shifted", "snapshot", "crossed", "skewed", "malformed", "stale", HELD, RESERVE)
"""Which state is shown first of several."""
VOTES = ("own", "others", "band")
"""The three checks of a breaker, in the order of the bits of an event's first figure."""
WORDS = {
    "locked": "two of three checks voted against its quote",
    "doubted": "one of three checks votes against its quote",
    "quarantined": "it behaves as it never does",
    "clock_shifted": "its clock is shifted against the others",
    "snapshot": "its updates do not fit its snapshot",
    "crossed": "it is crossed, by itself or with most of the others",
    "skewed": "its middle is far from the others'",
    "malformed": "its book makes no sense",
    "stale": "it says nothing while the others move",
    HELD: "taken out",
    RESERVE: "in reserve",
}


class RouteEvent(msgspec.Struct, frozen=True):
    """Something that happened to a route."""

    at: int
    instrument: int
    venue: int
    event: str
    why: str


class Standing(msgspec.Struct, frozen=True):
    """How a route is: "open", or the first state against it, why and since when; and how its breaker's checks voted
    last: True is against it.
    """

    state: str
    why: str
    since: int
    votes: dict[str, bool]


class Guard:
    """Hears the events of all sights."""

    def __init__(self, sight: Callable[[int], Sight]) -> None:
        self._sight = sight
        self._since: dict[tuple[int, int], dict[str, tuple[str, int]]] = {}
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
            why = self._held.get(route, "") if event.state == HELD else described(event)
            if event.on:
                since.setdefault(event.state, (why, event.at))
            else:
                since.pop(event.state, None)
            name = event.state if event.on else f"no longer {event.state}"
            self._log(RouteEvent(event.at, instrument, event.venue, name.replace("_", " "), why))

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
        against = self._sight(instrument).watched.why_not(venue)
        votes = self._votes.get((instrument, venue), {})
        if not against:
            return Standing(OPEN, "", 0, votes)
        first = next((state for state in ORDER if state in against), against[0])
        why, since = self._since.get((instrument, venue), {}).get(first, (WORDS.get(first, ""), 0))
        return Standing(first, why, since, votes)

    def _log(self, event: RouteEvent) -> None:
        self.events.append(event)
        self.on_event(event)


def described(event: Event) -> str:
    """The event in words, with its rule and figures."""
    figures = ", ".join(str(figure) for figure in event.figures if figure)
    words = WORDS.get(event.state, event.state) if event.on else "good again"
    return f"{words} ({event.reason.replace('_', ' ')}{': ' + figures if figures else ''})"


def _nobody(_: RouteEvent) -> None:
    return None
