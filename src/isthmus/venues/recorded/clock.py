"""Midnights: what a time of day in a recording counts from."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S

NEW_YORK = "America/New_York"


def day_of(text: str) -> date:
    """Raises BadInput for what is no date."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput("date", f"{text!r} is no date") from error


def midnight_at(day: date, utc_offset: float) -> int:
    """ns UTC of the midnight of a clock that runs `utc_offset` hours ahead of UTC."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=utc_offset)
    return int(midnight.timestamp()) * NS_PER_S


def midnight_in_new_york(day: date, utc_offset: float | None) -> int:
    """ns UTC of New York's midnight, summer time and all, unless an offset is told. Raises BadInput where the time zone
    is not known.
    """
    if utc_offset is not None:
        return midnight_at(day, utc_offset)
    try:
        zone = ZoneInfo(NEW_YORK)
    except ZoneInfoNotFoundError as error:
        raise BadInput("utc_offset", f"this system does not know the time zone {NEW_YORK}") from error
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * NS_PER_S
