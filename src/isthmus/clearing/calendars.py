"""Days on which money and securities move: one calendar a settlement system or exchange, conventions to roll by.

The closed days come of the package `holidays` (its financial calendars by market code); they are held against
QuantLib's in the tests. A day outside the years that the rules of holidays are known for is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

import holidays
import msgspec

from isthmus.kernel.errors import BadInput

FIRST_YEAR, LAST_YEAR = 2000, 2050
"""Years whose holidays the rules tell."""
WEEKEND = 5
LOOK_DAYS = 31
"""The longest time without an open day that is looked over."""


class Calendar(msgspec.Struct, frozen=True):
    """One settlement calendar. `market`: its code in `holidays`, empty where every day is open. `also_open`: days that
    the market's calendar closes and this one does not, as (month, day).
    """

    name: str
    market: str
    title: str
    source: str
    also_open: tuple[tuple[int, int], ...] = ()


CALENDARS = {
    row.name: row
    for row in (
        Calendar("TARGET", "XECB", "T2 and T2S of the Eurosystem (EUR)", "ECB, TARGET closing days, since 2000"),
        Calendar(
            "FED", "XFED", "Fedwire Funds and Securities (USD)", "Federal Reserve Bank Services, holiday schedule"
        ),
        Calendar("NYSE", "XNYS", "New York Stock Exchange", "NYSE Rule 7.2"),
        Calendar("LSE", "XLON", "London Stock Exchange; CHAPS and CREST (GBP)", "Bank holidays of England and Wales"),
        Calendar("TSE", "XJPX", "Tokyo Stock Exchange; BOJ-NET (JPY)", "Public holidays and 31 December to 3 January"),
        Calendar("SIX", "XSWX", "SIX Swiss Exchange", "SIX, trading and SECOM calendar"),
        Calendar("SIC", "XSWX", "Swiss Interbank Clearing (CHF)", "SIX Interbank Clearing", ((12, 24), (12, 31))),
        Calendar("ALWAYS", "", "Every day: what settles on a chain, or in our own books", "24 hours, 7 days"),
    )
}
CURRENCY_CALENDARS = {"EUR": "TARGET", "USD": "FED", "GBP": "LSE", "JPY": "TSE", "CHF": "SIC"}
CONVENTIONS = ("following", "modified_following", "preceding", "modified_preceding", "refuse")
"""ISDA 2006 Definitions, 4.12; `refuse`: a closed day is an error."""


@lru_cache(maxsize=1_024)
def closed_days(market: str, year: int) -> frozenset[date]:
    """Holidays of one year, those on weekends included."""
    return frozenset(holidays.financial_holidays(market, years=year)) if market else frozenset()


def calendar_of(currency: str) -> str:
    """Raises BadInput for a currency whose calendar is not known."""
    name = CURRENCY_CALENDARS.get(currency)
    if name is None:
        known = ", ".join(CURRENCY_CALENDARS)
        raise BadInput("currency", f"{currency} has no settlement calendar here (known: {known})")
    return name


class Closed(msgspec.Struct, frozen=True):
    """Days that are closed beside the calendars' own, as after a death of state: calendar -> days."""

    days: dict[str, frozenset[date]] = {}


ORDINARY = Closed()


def is_open(name: str, day: date, closed: Closed = ORDINARY) -> bool:
    """Whether the calendar is open. Raises BadInput for an unknown calendar or a day that its rules do not reach."""
    calendar = CALENDARS.get(name)
    if calendar is None:
        raise BadInput("calendar", f"{name!r} is none of {', '.join(CALENDARS)}")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadInput("date", f"{day}: holidays of {name} are known from {FIRST_YEAR} to {LAST_YEAR}")
    if day in closed.days.get(name, ()):
        return False
    if not calendar.market:
        return True
    if day.weekday() >= WEEKEND:
        return False
    return (day.month, day.day) in calendar.also_open or day not in closed_days(calendar.market, day.year)


def all_open(names: Iterable[str], day: date, closed: Closed = ORDINARY) -> bool:
    """Whether every one of them is; each is looked at, so that an unknown one is refused. Raises BadInput."""
    return not [name for name in names if not is_open(name, day, closed)]


def following(day: date, names: Iterable[str], closed: Closed = ORDINARY) -> date:
    """The day itself or the first open one after it. Raises BadInput."""
    return _open_from(day, tuple(names), 1, closed)


def preceding(day: date, names: Iterable[str], closed: Closed = ORDINARY) -> date:
    """The day itself or the last open one before it. Raises BadInput."""
    return _open_from(day, tuple(names), -1, closed)


def _open_from(day: date, names: tuple[str, ...], step: int, closed: Closed) -> date:
    for ahead in range(LOOK_DAYS):
        found = day + timedelta(days=step * ahead)
        if all_open(names, found, closed):
            return found
    raise BadInput("date", f"{', '.join(names)} are not open together within {LOOK_DAYS} days of {day}")


def rolled(day: date, names: Iterable[str], convention: str, closed: Closed = ORDINARY) -> date:
    """The day by a stated convention. Raises BadInput for an unknown one, and by `refuse` for a closed day."""
    calendars = tuple(names)
    if convention not in CONVENTIONS:
        raise BadInput("convention", f"{convention!r} is none of {', '.join(CONVENTIONS)}")
    if all_open(calendars, day, closed):
        return day
    if convention == "refuse":
        shut = ", ".join(name for name in calendars if not is_open(name, day, closed))
        raise BadInput("date", f"{day} is closed in {shut}")
    ahead = convention.endswith("following")
    found = following(day, calendars, closed) if ahead else preceding(day, calendars, closed)
    if convention.startswith("modified") and found.month != day.month:
        return preceding(day, calendars, closed) if ahead else following(day, calendars, closed)
    return found


def after(day: date, days: int, names: Iterable[str], closed: Closed = ORDINARY) -> date:
    """So many open days after a day, which itself need not be open; with 0 the day or the next open one. Raises
    BadInput.
    """
    calendars = tuple(names)
    if days < 0:
        raise BadInput("days", f"{days} is negative")
    found = following(day, calendars, closed)
    if days and found != day:
        days -= 1
    for _ in range(days):
        found = following(found + timedelta(days=1), calendars, closed)
    return found


def open_days_between(start: date, end: date, names: Iterable[str], closed: Closed = ORDINARY) -> int:
    """Open days after `start` up to `end`, which is included; 0 where it is not later. Raises BadInput."""
    calendars = tuple(names)
    days = (start + timedelta(days=ahead) for ahead in range(1, (end - start).days + 1))
    return sum(1 for day in days if all_open(calendars, day, closed))
