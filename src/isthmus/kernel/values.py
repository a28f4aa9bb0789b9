"""Numbers and times as people write them, to and from the integers that everything inside uses.

Decimal and text exist only here and in codecs. A number on the wire is plain decimal text: digits, one point, one sign.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache

QUANTITY_MAX = 10**12
"""Lots; the engine refuses more."""
PRICE_MAX = 10**15
AMOUNT_MAX = 2**63 - 1
"""Minor units of one command."""
DECIMAL_TEXT_MAX = 40
"""Characters of a number that are read."""
NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
TIME_MAX_NS = 2**63 - 1

_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)


class NotANumber(ValueError):
    """The text is no plain decimal number."""


class TooFine(ValueError):
    """The number has more decimals than its unit."""


def units(text: str, decimals: int) -> int:
    """The number as a count of 10^-decimals: units("1.25", 4) is 12500. Raises NotANumber or TooFine."""
    match = _DECIMAL.fullmatch(text) if len(text) <= DECIMAL_TEXT_MAX else None
    if match is None:
        raise NotANumber(text)
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    if len(fraction) > decimals:
        raise TooFine(text)
    scale: int = 10**decimals
    count = int(whole) * scale + int(fraction.ljust(decimals, "0") or "0")
    return -count if sign else count


def text(count: int, decimals: int) -> str:
    """A count of 10^-decimals as plain decimal text with all its decimals: text(12500, 4) is "1.2500"."""
    if decimals == 0:
        return str(count)
    sign = "-" if count < 0 else ""
    whole, fraction = divmod(abs(count), 10**decimals)
    return f"{sign}{whole}.{fraction:0{decimals}d}"


def short_text(count: int, decimals: int) -> str:
    """As `text`, without the zeros at the end: "1.25"."""
    written = text(count, decimals)
    return written.rstrip("0").rstrip(".") if "." in written else written


def quotient_text(numerator: int, denominator: int, decimals: int) -> str:
    """numerator / denominator, both counts of the same unit, rounded half away from zero to `decimals`."""
    scaled = abs(numerator) * 10**decimals * 2 + abs(denominator)
    count = scaled // (2 * abs(denominator))
    return text(-count if (numerator < 0) != (denominator < 0) else count, decimals)


def time_text(at: int) -> str:
    """Nanoseconds since 1970 as RFC 3339 UTC with nanoseconds."""
    seconds, nanos = divmod(at, NS_PER_S)
    return f"{_second_text(seconds)}.{nanos:09d}Z"


@lru_cache(maxsize=1_024)
def _second_text(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def time_ns(written: str) -> int:
    """The reverse of `time_text`; any offset and any number of decimals up to nine. Raises ValueError."""
    match = _TIME.fullmatch(written)
    if match is None:
        raise ValueError(f"{written!r} is no RFC 3339 time")
    seconds = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00")).timestamp()
    return int(seconds) * NS_PER_S + int((match[2] or "0").ljust(9, "0"))
