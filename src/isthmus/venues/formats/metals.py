"""Daily metal prices with warehouse stock, and the two series that make a gold basis.

LME table (CSV with a header): date, cash_settlement, three_month (USD per tonne), lme_stock (tonnes); empty where none
was published. Minute quotes of a future (zip, one table an expiry, Lean format): ms after midnight UTC, bid open, high,
low, close, size, ask open, high, low, close, size. Hours of a spot price (CSV): "YYYYMMDD HH:MM" UTC, bid open to
close, 0, ask open to close, 0.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S, NotANumber, TooFine, units
from isthmus.venues.formats.lines import numbered_lines

DECIMALS = 4
"""Prices and tonnes read here count 10^-4."""
HEADER = b"date,cash_settlement,three_month,lme_stock"
NS_PER_MS = 1_000_000
HOUR_NS = 3_600 * NS_PER_S
AMOUNT_MAX = 10**16
_EXPIRY = re.compile(r"(?P<day>\d{8})_\w+_minute_quote_(?P<expiry>\d{6})\.csv$")


class MetalDay(NamedTuple):
    """A day; None where nothing was published."""

    day: date
    cash: int | None
    three_month: int | None
    stock: int | None


class Close(NamedTuple):
    """Bid and ask at the end of an hour; `at` is that end, ns UTC."""

    at: int
    bid: int
    ask: int


def read_lme(stream: BinaryIO) -> Iterator[tuple[int, MetalDay]]:
    """(line, day) for every row, dates ascending. Raises BadInput that names line and field."""
    before: date | None = None
    for number, line in numbered_lines(stream, "prices"):
        if number == 1:
            if line != HEADER:
                raise BadInput("prices", f"the first line is not {HEADER.decode()}", 1)
            continue
        parts = line.decode("ascii", "replace").split(",")
        if len(parts) != 4:
            raise BadInput("prices", f"has {len(parts)} columns instead of 4", number)
        day = _day(parts[0], number)
        if before is not None and day <= before:
            raise BadInput("date", f"{day} does not come after {before}", number)
        before = day
        names = ("cash_settlement", "three_month", "lme_stock")
        cash, three, stock = (_amount(text, name, number) for text, name in zip(parts[1:], names, strict=True))
        yield number, MetalDay(day, cash or None, three or None, stock)


def read_spot_hours(stream: BinaryIO) -> Iterator[Close]:
    """The last bid and ask of every hour. Raises BadInput."""
    for number, line in numbered_lines(stream, "spot"):
        parts = line.decode("ascii", "replace").split(",")
        if len(parts) != 11:
            raise BadInput("spot", f"has {len(parts)} columns instead of 11", number)
        try:
            start = datetime.strptime(parts[0], "%Y%m%d %H:%M").replace(tzinfo=UTC)
        except ValueError:
            raise BadInput("time", f"{parts[0]!r} is no hour", number) from None
        bid, ask = _price(parts[4], "bid", number), _price(parts[9], "ask", number)
        yield Close(int(start.timestamp()) * NS_PER_S + HOUR_NS, bid, ask)


def expiries(path: Path) -> list[str]:
    """The expiries (YYYYMM) that a zip of minute quotes holds. Raises BadInput when it holds none."""
    try:
        with zipfile.ZipFile(path) as packed:
            found = sorted(name["expiry"] for entry in packed.namelist() if (name := _EXPIRY.search(entry)))
    except (zipfile.BadZipFile, OSError) as error:
        raise BadInput("prices", f"{path.name} cannot be unpacked: {error}") from error
    if not found:
        raise BadInput("prices", f"{path.name} holds no minute quotes of a future")
    return found


def read_future_hours(path: Path, expiry: str) -> Iterator[Close]:
    """The last bid and ask of every hour of one expiry. Raises BadInput."""
    with zipfile.ZipFile(path) as packed:
        names = [entry for entry in packed.namelist() if (name := _EXPIRY.search(entry)) and name["expiry"] == expiry]
        if not names:
            raise BadInput("contract", f"{path.name} holds no expiry {expiry}")
        found = _EXPIRY.search(names[0])
        assert found is not None
        midnight = datetime.strptime(found["day"], "%Y%m%d").replace(tzinfo=UTC)
        latest: Close | None = None
        for number, line in numbered_lines(packed.open(names[0]), "prices"):  # type: ignore[arg-type]
            close = _minute(line, number, int(midnight.timestamp()) * NS_PER_S)
            if close is None:
                continue
            if latest is not None and close.at > latest.at:
                yield latest
            latest = close
        if latest is not None:
            yield latest


def _minute(line: bytes, number: int, midnight: int) -> Close | None:
    """A minute's close, at the end of its hour; None when one side was not quoted."""
    parts = line.decode("ascii", "replace").split(",")
    if len(parts) != 11 or not parts[0].isdigit():
        raise BadInput("prices", "is no minute quote of 11 columns", number)
    at = midnight + int(parts[0]) * NS_PER_MS
    bid, ask = _amount(parts[4], "bid", number), _amount(parts[9], "ask", number)
    if not bid or not ask:
        return None
    return Close(at - at % HOUR_NS + HOUR_NS, bid, ask)


def _day(text: str, number: int) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("date", f"{text!r} is no day", number) from None


def _price(text: str, field: str, number: int) -> int:
    price = _amount(text, field, number)
    if not price:
        raise BadInput(field, "is missing or not positive", number)
    return price


def _amount(text: str, field: str, number: int) -> int | None:
    """A count of 10^-4, None for an empty cell."""
    if not text:
        return None
    try:
        amount = units(text, DECIMALS)
    except (NotANumber, TooFine):
        raise BadInput(field, f"{text!r} is no number of at most {DECIMALS} decimals", number) from None
    if not 0 <= amount <= AMOUNT_MAX:
        raise BadInput(field, f"{text} is negative or too large", number)
    return amount
