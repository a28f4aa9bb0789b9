"""The words that every venue's messages become, and the exact numbers in them."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S, time_ns

MESSAGE_BYTES_MAX = 16 << 20
"""The largest message seen, an instrument list, takes under 3 MiB."""
BUY, SELL = 1, 2
MAKER, TAKER = 1, 2
NS_PER_MS, NS_PER_US = 1_000_000, 1_000

SPOT, PERPETUAL, FUTURE, CALL, PUT, COMBO = "spot", "perpetual", "future", "call", "put", "combo"
LINEAR, INVERSE, QUANTO, NONE = "linear", "inverse", "quanto", "none"
"""How a contract's value follows its price; `NONE` is spot."""

KIND_MAX = 120
"""Characters by which something unknown is named."""

_NUMBER = re.compile(r"-?[0-9]{1,24}(?:\.[0-9]{1,24})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
LEVEL_PATTERN = r"^[0-9]{1,18}(\.[0-9]{1,18})?$"


EXACT = Context(prec=120, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
"""Arithmetic that raises rather than rounds: a multiplier that is no finite decimal is refused."""


class Number(Decimal):
    """A number as a venue wrote it, in text or as a JSON number: exact, finite, of at most 24 digits a side."""


LevelPart = Annotated[str, Meta(pattern=LEVEL_PATTERN)]
TextLevel = tuple[str, str]
"""Price and size as the venue wrote them: checksums are made of these texts. Size 0 takes a level away."""
Millis = Annotated[int, Meta(ge=0, le=2**45)]
Sequence = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Instrument(Struct, frozen=True, kw_only=True):
    """What is traded under `symbol`.

    A contract's value at price p: LINEAR multiplier x p of the quote currency (multiplier: base units a contract);
    INVERSE multiplier / p of the settlement coin (multiplier: quote units a contract); QUANTO multiplier x p of the
    settlement currency (multiplier: settlement units for one point). Spot has NONE and 1. An option has the margin of
    what it is on (INVERSE: settled in the coin); its premium is multiplier x p of what it is quoted in. `expiry` is ns
    UTC, None of what has none.
    """

    venue: str
    symbol: str
    kind: str
    base: str
    quote: str
    settle: str
    margin: str
    multiplier: Decimal
    tick: Decimal | None
    lot: Decimal | None
    expiry: int | None = None
    strike: Decimal | None = None
    active: bool = True


class Book(Struct, frozen=True):
    """The whole book (`whole`), or the levels of it that changed. `first` to `last` are its sequence numbers,
    `previous` the one before, as far as the venue has such. `depth`: the venue keeps so many levels a side, those
    beyond fall out unsaid; 0 for all.
    """

    instrument: str
    whole: bool
    bids: tuple[TextLevel, ...]
    asks: tuple[TextLevel, ...]
    at: int = 0
    first: int | None = None
    last: int | None = None
    previous: int | None = None
    checksum: int | None = None
    depth: int = 0


class BookLost(Struct, frozen=True):
    """The stream itself shows that levels are missing: the book is to be asked for again."""

    instrument: str
    reason: str


class Trade(Struct, frozen=True):
    """Others traded. `number` counts the instrument's trades by one where the venue's ids do, else it is 0."""

    instrument: str
    price: Decimal
    size: Decimal
    taker_side: int
    trade_id: str
    at: int
    number: int = 0


class Ticker(Struct, frozen=True):
    """Best prices, as far as this message says them; None where it does not."""

    instrument: str
    at: int
    bid: Decimal | None = None
    bid_size: Decimal | None = None
    ask: Decimal | None = None
    ask_size: Decimal | None = None
    last: Decimal | None = None


class Mark(Struct, frozen=True):
    """Mark and index price."""

    instrument: str
    at: int
    mark: Decimal | None = None
    index: Decimal | None = None


class Funding(Struct, frozen=True):
    """The rate of a funding interval, as a fraction; `due` is when it is paid (ns), 0 if it is not said."""

    instrument: str
    rate: Decimal
    due: int
    at: int


class Liquidation(Struct, frozen=True):
    """A position of somebody's is closed by the venue: `side` is that of the closing order."""

    instrument: str
    side: int
    price: Decimal
    size: Decimal
    at: int


class Quiet(Struct, frozen=True):
    """A message that is known and says nothing about what we keep: subscriptions, heartbeats, candles."""

    kind: str


class Unknown(Struct, frozen=True):
    """A message of no kind that we know."""

    kind: str


class Failed(Struct, frozen=True):
    """The venue refused a request, or tells of an error."""

    code: str
    message: str


MarketWord = Instrument | Book | BookLost | Trade | Ticker | Mark | Funding | Liquidation | Quiet | Unknown | Failed

Shape = TypeVar("Shape")


class VenueWire:
    """One venue's messages. `decode` is the one way in."""

    venue: str = ""

    def decode(self, raw: bytes, about: str = "") -> tuple[Any, ...]:
        """The words of a message, at least one. `about` is the instrument that a REST answer is for, where the answer
        does not say. Raises BadInput and nothing else.
        """
        if len(raw) > MESSAGE_BYTES_MAX:
            raise BadInput(self.venue, f"a message of {len(raw)} bytes, {MESSAGE_BYTES_MAX} at most")
        try:
            words = tuple(self._read(raw, about))
        except (msgspec.DecodeError, UnicodeError) as error:
            raise refusal(self.venue, error) from error
        except RecursionError as error:
            raise BadInput(self.venue, "is nested too deeply") from error
        except (ValueError, OverflowError, ArithmeticError) as error:
            raise BadInput(self.venue, str(error)) from error
        return words or (Quiet("empty"),)

    @abstractmethod
    def _read(self, raw: bytes, about: str) -> Iterable[Any]:
        """The words; raises msgspec's errors and ValueError."""


def listed(make: Callable[..., Any], rows: Iterable[Any]) -> list[Any]:
    """What a list of instruments says: one of a kind that is not known is named, and spoils none of the others."""
    words: list[Any] = []
    for row in rows:
        try:
            words.append(make(row))
        except BadInput as error:
            words.append(Unknown(f"instrument: {error}"[:KIND_MAX]))
    return words


_PLACE = re.compile(r" - at `\$\.?(?P<place>[^`]*)`$")
_ABSENT = re.compile(r"Object missing required field `(?P<field>[^`]*)`")


def refusal(venue: str, error: Exception) -> BadInput:
    """What msgspec did not take, by its field."""
    message = str(error)
    place = _PLACE.search(message)
    path, reason = (place["place"], message[: place.start()]) if place else ("", message)
    if absent := _ABSENT.match(reason):
        path, reason = f"{path}.{absent['field']}".lstrip("."), "is missing"
    return BadInput(".".join(part for part in (venue, path) if part), reason)


def reader_of(shape: type[Shape]) -> Callable[[bytes | msgspec.Raw], Shape]:
    """Decodes JSON of this shape; numbers are exact. Raises msgspec.ValidationError, which says where."""
    return msgspec.json.Decoder(shape, dec_hook=_exact, float_hook=str).decode


def converted(value: Any, shape: type[Shape]) -> Shape:
    """What was decoded before, in this shape."""
    return msgspec.convert(value, shape, dec_hook=_exact)


def _exact(kind: type[Any], value: Any) -> Any:
    if kind is not Number:
        raise NotImplementedError(kind)
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or _NUMBER.fullmatch(text) is None:
        raise ValueError(f"{str(value)[:40]!r} is no number")
    return Number(text)


def plain(number: Decimal) -> str:
    """As decimal text without an exponent."""
    return f"{number:f}"


def level(price: Decimal, size: Decimal) -> TextLevel:
    """A level of numbers, as text. Raises ValueError when it is none."""
    if price <= 0 or size < 0:
        raise ValueError(f"{plain(size)} at {plain(price)} is no level")
    return plain(price), plain(size)


def positive(number: Decimal, what: str) -> Decimal:
    """The number. Raises ValueError when it is not above zero."""
    if number <= 0:
        raise ValueError(f"{what} {plain(number)} is not above zero")
    return number


def present(number: Decimal | None) -> Decimal | None:
    """None for 0, by which many venues say that there is no such price."""
    return number or None


def side_named(word: str, words: Mapping[str, int]) -> int:
    """Raises ValueError for a word that is none of these."""
    if word not in words:
        raise ValueError(f"side {word[:40]!r} is none of {', '.join(words)}")
    return words[word]


SIDES = {"buy": BUY, "sell": SELL}
TITLE_SIDES = {"Buy": BUY, "Sell": SELL}
UPPER_SIDES = {"BUY": BUY, "SELL": SELL}


def of_millis(at: int) -> int:
    """ns from ms."""
    return at * NS_PER_MS


def of_text(written: str | None) -> int:
    """ns from RFC 3339; 0 for none."""
    return time_ns(written) if written else 0


def of_seconds(written: str) -> int:
    """ns from seconds with a fraction, "1618678123.481570". Raises ValueError."""
    whole, _, fraction = written.partition(".")
    if not whole.isdigit() or (fraction and not fraction.isdigit()) or len(whole) > 11 or not written.isascii():
        raise ValueError(f"{written[:40]!r} is no time in seconds")
    return int(whole) * NS_PER_S + int(fraction[:9].ljust(9, "0"))


def refused(venue: str, field: str, value: object, reason: str) -> BadInput:
    """The refusal that names field and value."""
    return BadInput(f"{venue}.{field}", f"{str(value)[:60]!r}: {reason}")
