"""Calendars: at the times of an exchange's day they send the commands that change trading states.

A calendar decides nothing by itself: what it sends is journalled like an operator's command, and a state that somebody
set after the calendar's last time stays until its next one. What was due while the server was down comes at its start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from isthmus.app.desk import Desk
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import SESSION_STATES, SetSession, Uncross
from isthmus.kernel.values import NS_PER_S
from isthmus.refdata.directory import Directory
from isthmus.views.sessions import Sessions

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STATES = {name: number for number, name in SESSION_STATES.items()}
UNCROSS, CLOSED = "uncross", "closed"
LOOK_DAYS = 31
"""The longest time without a trading day that is looked over."""


class CalendarSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One calendar: local `times` ("HH:MM" or "HH:MM:SS") with what happens then (trading states, or `uncross`, one
    after the other), on `days` that are not `holidays` ("YYYY-MM-DD"), for these instruments.
    """

    instruments: list[str]
    timezone: str
    times: dict[str, list[str]]
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ("mon", "tue", "wed", "thu", "fri")
    holidays: list[str] = []


class Calendar:
    """When what is due. Raises BadInput that names the setting."""

    def __init__(self, name: str, settings: CalendarSettings) -> None:
        self._place = f"calendars.{name}"
        self.instruments = settings.instruments
        self._days = {DAYS.index(day) for day in settings.days}
        try:
            self._zone = ZoneInfo(settings.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BadInput(f"{self._place}.timezone", f"{settings.timezone!r} is no time zone known here") from error
        self._holidays = {self._date(text) for text in settings.holidays}
        if not settings.times:
            raise BadInput(f"{self._place}.times", "is empty: nothing would ever happen")
        self._times = sorted((self._time(text), self._steps(text, steps)) for text, steps in settings.times.items())

    def _date(self, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise BadInput(f"{self._place}.holidays", f"{text!r} is no date such as 2026-12-25") from error

    def _time(self, text: str) -> time:
        try:
            found = time.fromisoformat(text)
        except ValueError:
            found = None
        if found is None or found.tzinfo is not None or found.microsecond:
            raise BadInput(f"{self._place}.times", f"{text!r} is no time of day such as 09:30")
        return found

    def _steps(self, at: str, steps: list[str]) -> list[str]:
        unknown = [step for step in steps if step not in STATES and step != UNCROSS]
        if unknown or not steps:
            known = ", ".join([*STATES, UNCROSS])
            raise BadInput(f"{self._place}.times.{at}", f"{unknown[0] if unknown else 'nothing'!r} is none of {known}")
        return steps

    @property
    def closes(self) -> bool:
        """Whether a trading day ends in the state closed."""
        return any(CLOSED in steps for _, steps in self._times)

    def _moments(self, day: date) -> Iterator[tuple[int, list[str]]]:
        """(nanoseconds UTC, what happens) of one local day."""
        if day.weekday() in self._days and day not in self._holidays:
            for at, steps in self._times:
                yield int(datetime.combine(day, at, self._zone).timestamp()) * NS_PER_S, steps

    def last(self, now: int) -> tuple[int, list[str]] | None:
        """What was due last, `now` included; None in a month without trading days."""
        today = datetime.fromtimestamp(now // NS_PER_S, self._zone).date()
        for back in range(LOOK_DAYS):
            due = [moment for moment in self._moments(today - timedelta(days=back)) if moment[0] <= now]
            if due:
                return due[-1]
        return None

    def next(self, now: int) -> int:
        """When something is due next; in a month without trading days, a day from now."""
        today = datetime.fromtimestamp(now // NS_PER_S, self._zone).date()
        for ahead in range(LOOK_DAYS):
            for due, _ in self._moments(today + timedelta(days=ahead)):
                if due > now:
                    return due
        return now + 86_400 * NS_PER_S


class CalendarDriver:
    """Sends what one calendar asks for. Raises BadInput for an instrument that is not listed."""

    def __init__(self, calendar: Calendar, name: str, desk: Desk, known: tuple[Directory, Sessions]) -> None:
        directory, self._sessions = known
        self._calendar, self._desk, self._text = calendar, desk, f"calendar {name}"
        self._numbers: list[int] = []
        for symbol in calendar.instruments:
            row = directory.instrument(symbol)
            if row is None:
                raise BadInput(f"calendars.{name}.instruments", f"{symbol} is not listed")
            self._numbers.append(row.number)
        self._done: dict[int, int] = {}

    @property
    def closing(self) -> list[int]:
        """Numbers of the instruments that it closes, which ends their day."""
        return self._numbers if self._calendar.closes else []

    def step(self, at: int) -> int:
        """Sends what is due; returns when to be called again."""
        found = self._calendar.last(at)
        if found is not None:
            due, steps = found
            for number in self._numbers:
                if due > max(self._sessions.why(number)[1], self._done.get(number, 0)):
                    if not self._send(number, steps):
                        return at + NS_PER_S
                    self._done[number] = due
        return self._calendar.next(at)

    def _send(self, number: int, steps: list[str]) -> bool:
        """False while no commands are taken. A refusal (an expired instrument's) is a record like any other."""
        for step in steps:
            command = Uncross(instrument=number) if step == UNCROSS else SetSession(number, STATES[step])
            if self._desk.submit(command, self._text) is None:
                return False
        return True


def calendars_of(
    settings: Mapping[str, CalendarSettings], desk: Desk, directory: Directory, sessions: Sessions
) -> list[CalendarDriver]:
    """One driver for each calendar. Raises BadInput that names the setting."""
    made = ((name, Calendar(name, calendar)) for name, calendar in settings.items())
    return [CalendarDriver(calendar, name, desk, (directory, sessions)) for name, calendar in made]
