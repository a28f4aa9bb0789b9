"""Raw depth and trade streams as venues send them: the lines, the events in them, and which venue speaks.

Line forms: `ns json` (receive time in ns, a blank, the message); `s: json` received, `url -> s: json` a REST answer,
`url <- s: json` sent, `url <-> s` a connection (receive time in s); or the message alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Any, BinaryIO, NamedTuple

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NotANumber, TooFine, units
from isthmus.venues.formats.lines import numbered_lines

PLACES = 12
"""Prices are compared as integers of 10^-12."""
BUY, SELL = 1, 2
NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000

TextLevel = tuple[str, str]
"""Price and size as the venue wrote them."""


class Snapshot(NamedTuple):
    """The whole book. `last` is the sequence number of the last change in it, where the venue has such numbers."""

    instrument: str | None
    bids: Sequence[TextLevel]
    asks: Sequence[TextLevel]
    last: int | None = None
    checksum: int | None = None


class Update(NamedTuple):
    """Levels that changed; size 0 takes a level away. `first` to `last` are its sequence numbers, `at` the venue's
    time in ns, `previous` the one before.
    """

    instrument: str
    bids: Sequence[TextLevel]
    asks: Sequence[TextLevel]
    first: int | None = None
    last: int | None = None
    previous: int | None = None
    checksum: int | None = None
    at: int = 0


class TapeTrade(NamedTuple):
    """A trade between others. `at` is the venue's own time in ns, 0 where it is not read."""

    instrument: str
    price: str
    size: str
    taker_side: int
    at: int = 0


MarketEvent = Snapshot | Update | TapeTrade


class RawLine(NamedTuple):
    """A line taken apart. `message` is None for a line that carries nothing received."""

    number: int
    at: int
    message: Any
    raw: bytes
    request: str


Reader = Callable[[RawLine], Sequence[MarketEvent] | None]
"""Events of a message; none when it says nothing about book or trades; None when it is not understood."""

_FORMS = re.compile(
    rb"(?:(?P<request>[a-z]+://\S+) (?P<arrow><->|<-|->) )?"
    rb"(?:(?P<time>\d+(?:\.\d+)?)(?:: | |$))?(?P<json>[\[{].*)?$",
    re.DOTALL,
)
_SETTINGS = b"configuration:"
_Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,18}(\.[0-9]{1,12})?$")]
_Pairs = list[tuple[_Number, _Number]]
_OPENINGS = (b"{", b"[")
_decode = msgspec.json.Decoder(float_hook=str).decode


def read_lines(stream: BinaryIO) -> Iterator[RawLine]:
    """Every line, taken apart. Raises BadInput for a line of no known form or with broken JSON."""
    for number, line in numbered_lines(stream, "events"):
        yield _taken_apart(number, line)


def _taken_apart(number: int, line: bytes) -> RawLine:
    stamp, _, rest = line.partition(b" ")
    if stamp.isdigit() and rest.startswith(_OPENINGS):
        return RawLine(number, _time_ns(stamp), _decoded(number, rest), rest, "")
    if line.startswith(_SETTINGS):
        return RawLine(number, 0, None, b"", "")
    parts = _FORMS.match(line)
    if parts is None or (parts["time"] is None and parts["json"] is None):
        raise BadInput("events", "is neither `time json` nor `time: json`", number)
    if parts["arrow"] in (b"<-", b"<->"):
        return RawLine(number, _time_ns(parts["time"]), None, b"", "")
    raw = parts["json"]
    if raw is None:
        raise BadInput("events", "has a time but no message", number)
    request = (parts["request"] or b"").decode(errors="replace")
    return RawLine(number, _time_ns(parts["time"]), _decoded(number, raw), raw, request)


def _decoded(number: int, raw: bytes) -> Any:
    try:
        return _decode(raw)
    except msgspec.DecodeError as error:
        raise BadInput("events", f"broken JSON: {error}", number) from error


def _time_ns(text: bytes | None) -> int:
    """Seconds with a fraction, or whole nanoseconds."""
    if not text:
        return 0
    if b"." not in text:
        return int(text) if len(text) > 12 else int(text) * NS_PER_S
    whole, _, fraction = text.partition(b".")
    return int(whole) * NS_PER_S + int(fraction[:9].ljust(9, b"0"))


@lru_cache(maxsize=1 << 16)
def scaled(text: str) -> int:
    """Decimal text as an integer of 10^-12. Raises ValueError."""
    try:
        return units(text, PLACES)
    except (NotANumber, TooFine):
        return _scaled_scientific(text)


def _scaled_scientific(text: str) -> int:
    try:
        value = Decimal(text).scaleb(PLACES)
        if value == value.to_integral_value():
            return int(value)
    except (InvalidOperation, ValueError, OverflowError):
        pass
    raise ValueError(f"{text!r} is no number of at most {PLACES} decimals")


def instrument_in(request: str) -> str | None:
    """The symbol that a REST request asked for."""
    found = re.search(r"[?&](?:symbol|instrument|pair)=([A-Za-z0-9_.-]+)", request)
    return found[1].upper() if found else None


def levels(rows: Any) -> list[TextLevel]:
    """The first two texts of each row. Raises ValueError when rows are not such."""
    if not isinstance(rows, list):
        raise ValueError("levels are no list")
    found = []
    for row in rows:
        if not isinstance(row, list) or len(row) < 2:
            raise ValueError(f"{row!r} is no level")
        found.append((str(row[0]), str(row[1])))
    return found


def pairs(rows: Any) -> list[TextLevel]:
    """As `levels`, faster, for rows of exactly two plain numbers. Raises ValueError when rows are not such."""
    try:
        return msgspec.convert(rows, _Pairs)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def side_of(text: Any) -> int:
    """BUY or SELL from a venue's word for it."""
    return BUY if str(text).lower() in ("buy", "b", "bid") else SELL


def is_message(message: Any) -> bool:
    """Whether a message is an object or an array at all."""
    return isinstance(message, Mapping | list)
