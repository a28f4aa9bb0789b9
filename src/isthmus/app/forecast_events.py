"""Events that are known ahead (maintenance, weather, elections): routes leave a site before they come.

The settings name a file: rows "start,end,venue,kind,why[,lead_s]" (CSV with that head; times RFC 3339 UTC). From
`lead_s` before the start until the end the venue is not used, and its reserve is, if it has one.
"""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec

from isthmus.execution.guard import Guard
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S, time_ns, time_text
from isthmus.refdata.directory import Directory

LEAD_S = 300.0
ROWS_MAX = 10_000
FIELDS = ("start", "end", "venue", "kind", "why")
IDLE_NS = 60 * NS_PER_S


class ForecastEvent(msgspec.Struct, frozen=True):
    """`begins` is when the venue is left: its lead before the start."""

    begins: int
    start: int
    end: int
    venue: str
    kind: str
    why: str


def read_events(path: Path) -> list[ForecastEvent]:
    """By time. Raises BadInput with field, reason and line."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            missing = [field for field in FIELDS if field not in (rows.fieldnames or ())]
            if missing:
                raise BadInput("routes.events", f"{path} has no column {missing[0]}", 1)
            found = [_event(row, line) for line, row in enumerate(rows, 2)]
    except OSError as error:
        raise BadInput("routes.events", f"{path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput("routes.events", f"{path}: {error}") from error
    if len(found) > ROWS_MAX:
        raise BadInput("routes.events", f"{path} has {len(found)} rows, {ROWS_MAX} at most")
    return sorted(found, key=lambda event: event.begins)


def _event(row: dict[str, str | None], line: int) -> ForecastEvent:
    times = []
    for field in ("start", "end"):
        try:
            times.append(time_ns(row[field] or ""))
        except ValueError as error:
            raise BadInput(field, str(error), line) from error
    if times[1] <= times[0]:
        raise BadInput("end", "the end is not after the start", line)
    try:
        lead = float(row.get("lead_s") or LEAD_S)
    except ValueError as error:
        raise BadInput("lead_s", f"{row.get('lead_s')} is no number of seconds", line) from error
    if not 0 <= lead <= 86_400:
        raise BadInput("lead_s", "is 0 to 86400", line)
    begins = times[0] - int(lead * NS_PER_S)
    return ForecastEvent(begins, times[0], times[1], row["venue"] or "", row["kind"] or "", row["why"] or "")


class EventWatch:
    """Moves routes ahead of events; a `Stepping`."""

    def __init__(self, events: list[ForecastEvent], guard: Guard, directory: Directory) -> None:
        self._events = events
        self._guard = guard
        self._directory = directory
        self._near: dict[ForecastEvent, list[tuple[int, int]]] = {}

    def step(self, at: int) -> int:
        """Leave and return; the next time that something is due."""
        for event in self._events:
            if event.begins <= at < event.end and event not in self._near:
                self._near[event] = self._routes(event)
                why = f"{event.kind} from {time_text(event.start)}: {event.why}"
                for route in self._near[event]:
                    self._guard.hold(*route, why, at)
        for event in [event for event in self._near if at >= event.end]:
            for route in self._near.pop(event):
                self._guard.release(*route, f"{event.kind} is over", at)
        self._events = [event for event in self._events if event.end > at]
        times = [time for event in self._events for time in (event.begins, event.end) if time > at]
        return min([*times, at + IDLE_NS])

    def _routes(self, event: ForecastEvent) -> list[tuple[int, int]]:
        venue = self._directory.venue_number(event.venue)
        if venue is None:
            return []
        return [
            (instrument, venue)
            for instrument in self._directory.instruments
            if any(facts.number == venue for facts in self._directory.venue_facts(instrument))
        ]
