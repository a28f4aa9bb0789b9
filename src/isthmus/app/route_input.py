"""What `isthmus route` reads: an order, and books as JSON, as rows or as recordings. Refusals name field, reason and
line.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Annotated, Any, BinaryIO, Literal

import msgspec

from isthmus.execution.policy import PPM, VENUE_KINDS, Venue
from isthmus.execution.shown import Look, ShownVenue
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input
from isthmus.kernel.values import PRICE_MAX, QUANTITY_MAX, NotANumber, TooFine, units

BYTES_MAX = 64 << 20
LEVELS_MAX = 10_000
VENUES_MAX = 64
"""As many as the consolidated book takes."""
FEE_MAX_PPM = 100_000
NS_PER_MS = 1_000_000

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Decimals = Annotated[int, msgspec.Meta(ge=0, le=12)]
Fee = Annotated[int, msgspec.Meta(ge=-FEE_MAX_PPM, le=FEE_MAX_PPM)]
Levels = Annotated[list[tuple[str, str]], msgspec.Meta(max_length=LEVELS_MAX)]


class OrderFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order as it is written. Without `limit` it is a market order; `until_s` counts from now; `urgency` 0 to 1."""

    side: Literal["buy", "sell"]
    quantity: str
    instrument: str | None = None
    limit: str | None = None
    path: str | None = None
    parameters: dict[str, Any] = {}
    until_s: Annotated[float, msgspec.Meta(gt=0, le=31_536_000)] | None = None
    urgency: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    seed: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)] = 1


class VenueRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A venue's book as it is written: bids and asks as (price, quantity). `flow`: quantity a second that takers trade
    against bids and asks. Venues of one `family` trade the same thing and are held against one another.
    """

    name: Text
    kind: str = "lit"
    maker_fee_ppm: Fee = 0
    taker_fee_ppm: Fee = 0
    bids: Levels = []
    asks: Levels = []
    lot: str | None = None
    tick: str | None = None
    minimum: str | None = None
    latency_ms: Annotated[float, msgspec.Meta(ge=0, le=60_000)] = 0.0
    flow: tuple[str, str] | None = None
    trusted: bool = True
    family: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0
    price_decimals: Decimals | None = None
    quantity_decimals: Decimals | None = None


class BooksFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All venues of an instrument. `volatility`: price over the root of a second; `day`: quantity of a day."""

    price_decimals: Decimals
    quantity_decimals: Decimals
    venues: Annotated[list[VenueRow], msgspec.Meta(max_length=VENUES_MAX)]
    instrument: str | None = None
    volatility: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    day: str | None = None


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """Venues in the units of one instrument; volatility in price steps over a second, `day` in lots, `at` in ns."""

    venues: list[ShownVenue]
    price_decimals: int
    quantity_decimals: int
    volatility: float = 0.0
    day: int = 0
    at: int = 0
    instrument: str | None = None
    before: list[Look] = []
    """Earlier books of the same venues."""


def read_order(source: str) -> OrderFile:
    """The order of a file or of standard input."""
    with opened("order", source) as stream:
        order: OrderFile = _decoded(_whole("order", stream), OrderFile, ("order", None))
    return order


def read_books(source: str) -> Books | BinaryIO:
    """Books of a JSON object or of rows; a recording is handed back as a stream."""
    stream = opened("books", source)
    try:
        start = stream.peek(1)[:1]  # type: ignore[attr-defined]
    except UNPACKING_ERRORS as error:
        raise BadInput("books", f"cannot be unpacked: {error}") from error
    if start not in (b"{", b" ", b"\n", b"\r", b"\t"):
        return stream
    with stream:
        content = _whole("books", stream)
    row = _object(content.strip().partition(b"\n")[0])
    if row is None or "venues" in row:
        return shown_books(_decoded(content, BooksFile, ("books", None)))
    return _from_rows(content) if "name" in row else io.BytesIO(content)


def _from_rows(content: bytes) -> Books:
    """One venue a line; decimals as the first row says, else as fine as its numbers."""
    rows = [
        (number, _decoded(line, VenueRow, ("books", number)))
        for number, line in enumerate(content.splitlines(), 1)
        if line.strip()
    ]
    texts = [level for _, row in rows for side in (row.bids, row.asks) for level in side]
    first = rows[0][1]
    price_decimals = first.price_decimals if first.price_decimals is not None else _finest(price for price, _ in texts)
    fine = first.quantity_decimals if first.quantity_decimals is not None else _finest(size for _, size in texts)
    told = BooksFile(price_decimals, fine, [row for _, row in rows])
    return shown_books(told, [number for number, _ in rows])


def shown_books(told: BooksFile, lines: Sequence[int] | None = None) -> Books:
    """The books in whole units. Raises BadInput naming venue and field; `lines` are those of the venues."""
    names: dict[str, int] = {}
    venues = []
    for place, row in enumerate(told.venues):
        line = lines[place] if lines is not None else None
        where = "" if lines is not None else f"venues[{place}]."
        if row.name in names:
            raise BadInput(f"{where}name", f"{row.name} is there twice", line)
        names[row.name] = place
        venues.append(_shown(row, place + 1, told, (where, line)))
    day = _units(told.day or "0", told.quantity_decimals, ("day", None), QUANTITY_MAX)
    steps = told.volatility * 10**told.price_decimals
    return Books(
        venues=venues,
        price_decimals=told.price_decimals,
        quantity_decimals=told.quantity_decimals,
        volatility=steps,
        day=day,
        instrument=told.instrument,
    )


def _shown(row: VenueRow, number: int, told: BooksFile, place: tuple[str, int | None]) -> ShownVenue:
    where, line = place
    if row.kind not in VENUE_KINDS:
        raise BadInput(f"{where}kind", f"{row.kind} is none of {', '.join(VENUE_KINDS)}", line)
    prices, sizes = told.price_decimals, told.quantity_decimals
    tick = _units(row.tick, prices, (f"{where}tick", line), PRICE_MAX, 1) if row.tick is not None else 1
    lot = _units(row.lot, sizes, (f"{where}lot", line), QUANTITY_MAX, 1) if row.lot is not None else 1
    least = _units(row.minimum, sizes, (f"{where}minimum", line), QUANTITY_MAX) if row.minimum is not None else 0
    flow = [_units(text, 12, (f"{where}flow", line), 10**30) for text in row.flow or ("0", "0")]
    venue = Venue(
        number=0 if row.kind == "house" else number,
        name=row.name,
        kind=row.kind,
        maker_fee_ppm=row.maker_fee_ppm,
        taker_fee_ppm=row.taker_fee_ppm,
        tick=tick,
        lot=lot,
        minimum=least,
        latency_ns=round(row.latency_ms * NS_PER_MS),
    )
    per_second = [lots * 10**sizes * PPM // 10**12 for lots in flow]
    return ShownVenue(
        venue=venue,
        bids=_levels(row.bids, (f"{where}bids", line), (prices, sizes, tick), best_high=True),
        asks=_levels(row.asks, (f"{where}asks", line), (prices, sizes, tick), best_high=False),
        rates=(per_second[0], per_second[1]),
        trusted=row.trusted,
        family=row.family,
    )


def _levels(
    rows: list[tuple[str, str]], place: tuple[str, int | None], told: tuple[int, int, int], *, best_high: bool
) -> list[tuple[int, int]]:
    """Levels in whole units, best first."""
    (field, line), (prices, sizes, tick) = place, told
    found: dict[int, int] = {}
    for number, (price_text, size_text) in enumerate(rows):
        price = _units(price_text, prices, (f"{field}[{number}][0]", line), PRICE_MAX, 1)
        lots = _units(size_text, sizes, (f"{field}[{number}][1]", line), QUANTITY_MAX, 1)
        if price % tick:
            raise BadInput(f"{field}[{number}][0]", f"{price_text} is not on the venue's tick", line)
        if price in found:
            raise BadInput(f"{field}[{number}][0]", f"{price_text} is there twice", line)
        found[price] = lots
    return sorted(found.items(), reverse=best_high)


def _units(text: str, decimals: int, place: tuple[str, int | None], most: int, least: int = 0) -> int:
    field, line = place
    try:
        count = units(text, decimals)
    except NotANumber as error:
        raise BadInput(field, f"{text!r} is no plain decimal number", line) from error
    except TooFine as error:
        raise BadInput(field, f"{text} has more than {decimals} decimals", line) from error
    if count < least:
        raise BadInput(field, f"{text} is not positive" if least else f"{text} is negative", line)
    if count > most:
        raise BadInput(field, f"{text} is more than can be", line)
    return count


def quantity_of(text: str, decimals: int, field: str) -> int:
    """A positive quantity of the order in lots."""
    return _units(text, decimals, (field, None), QUANTITY_MAX, 1)


def price_of(text: str, decimals: int, field: str) -> int:
    """A positive price of the order in steps."""
    return _units(text, decimals, (field, None), PRICE_MAX, 1)


def _finest(texts: Any) -> int:
    return max((len(text.partition(".")[2].rstrip("0")) for text in texts), default=0)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        row = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return None
    return row if isinstance(row, dict) else None


def _decoded(content: bytes, kind: Any, place: tuple[str, int | None]) -> Any:
    field, line = place
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        reason, _, where = str(error).partition(" - at `")
        raise BadInput(where.strip("`$").lstrip(".") or _named(reason) or field, reason, line) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(field, f"not JSON: {error}", line) from error


def _named(reason: str) -> str | None:
    """The field that a message about a missing or an unknown one names."""
    before, _, rest = reason.partition("field `")
    return rest.partition("`")[0] if before != reason else None


def opened(field: str, source: str) -> BinaryIO:
    """A stream of what an argument names, unpacked."""
    try:
        return open_input(source)
    except BadInput as fault:
        raise BadInput(field, f"{source}: {fault.reason}") from fault


def _whole(field: str, stream: BinaryIO) -> bytes:
    try:
        content = stream.read(BYTES_MAX + 1)
    except UNPACKING_ERRORS as error:
        raise BadInput(field, f"cannot be unpacked: {error}") from error
    if len(content) > BYTES_MAX:
        raise BadInput(field, f"longer than {BYTES_MAX} bytes")
    if not content.strip():
        raise BadInput(field, "is empty")
    return content
