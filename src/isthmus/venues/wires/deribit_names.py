"""Deribit's names of instruments, both ways.

BTC-PERPETUAL  BTC_USDC-PERPETUAL        perpetuals: settled in the coin, in USDC
BTC-27DEC24    BTC_USDC-27DEC24          futures; the day has no leading zero (6AUG21)
BTC-27DEC24-100000-C  XRP_USDC-30JUN23-0d625-P   options; a strike's decimal point is `d`
BTC_USDC                                 spot
BTC-FS-25DEC26_PERP  BTC-CS-19MAY26-70000_75000  combinations, which have no name of one contract
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.wires.words import CALL, COMBO, FUTURE, PERPETUAL, PUT, SPOT, refused

VENUE = "deribit"
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
PERPETUAL_WORD = "PERPETUAL"
EXPIRY_HOUR = 8
"""Contracts expire at 08:00 UTC."""
NAME_MAX = 64

_CODE = r"[A-Z0-9]{2,12}"
_NAME = re.compile(
    rf"(?P<base>{_CODE})(?:_(?P<quote>{_CODE}))?"
    r"(?:-(?P<date>[1-9][0-9]?[A-Z]{3}[0-9]{2}|PERPETUAL)(?:-(?P<strike>[0-9]{1,12}(?:d[0-9]{1,12})?)-(?P<type>[CP]))?)?",
    re.ASCII,
)
_COMBO = re.compile(rf"{_CODE}(?:_{_CODE})?-[A-Z]{{1,8}}-[0-9A-Z_d-]{{1,40}}", re.ASCII)
_CODE_ALONE = re.compile(_CODE, re.ASCII)
_DATE = re.compile(r"([1-9][0-9]?)([A-Z]{3})([0-9]{2})", re.ASCII)


class DeribitName(Struct, frozen=True):
    """A name taken apart. `quote` is "" of what is settled in its coin. `day` of futures and options, else None."""

    kind: str
    base: str
    quote: str = ""
    day: date | None = None
    strike: Decimal | None = None

    @property
    def expiry(self) -> int | None:
        """ns UTC."""
        if self.day is None:
            return None
        at = datetime(self.day.year, self.day.month, self.day.day, EXPIRY_HOUR, tzinfo=UTC)
        return int(at.timestamp()) * NS_PER_S


def parsed(name: str) -> DeribitName:
    """Raises BadInput for what is no name of one of these forms."""
    if len(name) <= NAME_MAX and (found := _NAME.fullmatch(name)) is not None:
        return _taken(name, found)
    if len(name) <= NAME_MAX and _COMBO.fullmatch(name) is not None:
        base, _, quote = name.partition("-")[0].partition("_")
        return DeribitName(COMBO, base, quote)
    raise refused(VENUE, "instrument_name", name, "is no name of Deribit's")


def _taken(name: str, found: re.Match[str]) -> DeribitName:
    base, quote, when = found["base"], found["quote"] or "", found["date"]
    if when is None:
        if not quote:
            raise refused(VENUE, "instrument_name", name, "says neither a pair nor an expiry")
        return DeribitName(SPOT, base, quote)
    if when == PERPETUAL_WORD:
        if found["strike"]:
            raise refused(VENUE, "instrument_name", name, "an option has an expiry")
        return DeribitName(PERPETUAL, base, quote)
    day = day_of(when)
    if found["strike"] is None:
        return DeribitName(FUTURE, base, quote, day)
    strike = Decimal(found["strike"].replace("d", "."))
    if not strike or strike_text(strike) != found["strike"]:
        raise refused(VENUE, "instrument_name", name, "its strike is not as Deribit writes one")
    return DeribitName(CALL if found["type"] == "C" else PUT, base, quote, day, strike)


def written(name: DeribitName) -> str:
    """The reverse of `parsed`. Raises BadInput for what has no name."""
    for field, code in (("base", name.base), ("quote", name.quote)):
        if (code or field == "base") and _CODE_ALONE.fullmatch(code) is None:
            raise refused(VENUE, field, code, "is no code of an asset")
    underlying = f"{name.base}_{name.quote}" if name.quote else name.base
    if name.kind == SPOT and name.quote:
        return underlying
    if name.kind == PERPETUAL:
        return f"{underlying}-{PERPETUAL_WORD}"
    if name.day is not None and name.kind == FUTURE:
        return f"{underlying}-{day_text(name.day)}"
    if name.day is not None and name.strike is not None and name.kind in (CALL, PUT):
        return f"{underlying}-{day_text(name.day)}-{strike_text(name.strike)}-{'C' if name.kind == CALL else 'P'}"
    raise refused(VENUE, "kind", name.kind, "has no name without the fields that it needs")


def day_text(day: date) -> str:
    """6AUG21."""
    if not 2000 <= day.year <= 2099:
        raise refused(VENUE, "expiry", day, "is not within 2000 and 2099")
    return f"{day.day}{MONTHS[day.month - 1]}{day.year % 100:02}"


def day_of(text: str) -> date:
    """The reverse of `day_text`."""
    found = _DATE.fullmatch(text)
    if found is None or found[2] not in MONTHS:
        raise refused(VENUE, "expiry", text, "is no day like 27DEC24")
    try:
        return date(2000 + int(found[3]), MONTHS.index(found[2]) + 1, int(found[1]))
    except ValueError as error:
        raise BadInput(f"{VENUE}.expiry", f"{text!r}: {error}") from error


def strike_text(strike: Decimal) -> str:
    """100000, 0d625: without zeros at the end."""
    if not strike.is_finite() or strike <= 0:
        raise refused(VENUE, "strike", strike, "is not above zero")
    whole, _, fraction = f"{strike:f}".partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    if len(whole) > 12 or len(fraction) > 12:
        raise refused(VENUE, "strike", strike, "has more than 12 digits a side")
    return f"{whole}d{fraction}" if fraction else whole


def day_at(at: int) -> date:
    """The UTC day of a time (ns). Raises BadInput beyond the calendar."""
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at // NS_PER_S)).date()
    except OverflowError as error:
        raise BadInput(f"{VENUE}.expiry", f"{at}: {error}") from error
