"""UTCTimestamp and dates as FIX writes them (FIX 4.4 volume 1, "Data types")."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from isthmus.kernel.values import NS_PER_S, TIME_MAX_NS

_TIMESTAMP = re.compile(r"(\d{8})-(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?", re.ASCII)
NS_PER_MS = 1_000_000


def timestamp(at: int) -> str:
    """Nanoseconds since 1970 as UTCTimestamp with milliseconds."""
    seconds, nanos = divmod(at, NS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%d-%H:%M:%S}.{nanos // NS_PER_MS:03d}"


def date(at: int) -> str:
    """The day (UTC) of a time: YYYYMMDD."""
    return f"{datetime.fromtimestamp(at // NS_PER_S, UTC):%Y%m%d}"


def time_of_day(at: int) -> str:
    """The time (UTC) within the day, with milliseconds."""
    return timestamp(at)[9:]


def nanoseconds(written: str) -> int:
    """The reverse of `timestamp`. Raises ValueError."""
    match = _TIMESTAMP.fullmatch(written)
    if match is None:
        raise ValueError("a time is written YYYYMMDD-HH:MM:SS, with up to nine decimals, in UTC")
    second = min(int(match[4]), 59)  # a leap second (60) is the end of its minute
    day = datetime.strptime(match[1], "%Y%m%d").replace(tzinfo=UTC)
    at = day.replace(hour=int(match[2]), minute=int(match[3]), second=second)
    found = int(at.timestamp()) * NS_PER_S + int((match[5] or "0").ljust(9, "0"))
    if not 0 < found <= TIME_MAX_NS:
        raise ValueError("the time is beyond what can be counted")
    return found


def end_of_day(written: str) -> int:
    """The last nanosecond (UTC) of a LocalMktDate. Raises ValueError."""
    return nanoseconds(f"{written}-23:59:59.999999999")
