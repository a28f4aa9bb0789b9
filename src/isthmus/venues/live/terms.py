"""What the settings say of a live venue and of what is traded there, and the engine's instrument that follows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import gcd
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import AddInstrument
from isthmus.kernel.values import NotANumber, TooFine, units
from isthmus.venues.formats.depth import PLACES, scaled
from isthmus.venues.recorded.kinds import ENGINE_KINDS, LINEAR_PERPETUAL
from isthmus.venues.wires.words import LINEAR, NONE, PERPETUAL, SPOT, Instrument, plain

ASSET_DECIMALS = 8
DECIMALS_MAX = 9
COLLAR_BPS = 300
"""A market order goes to a venue as a limit order at its collar; venues refuse limits further off than 5 %."""
INITIAL_MARGIN_BPS = 10_000
FIX = "fix"
"""The wire of venues that take orders by FIX, as CME and most brokers do."""

Ppm = Annotated[int, Meta(ge=-100_000, le=100_000)]
Seconds = Annotated[float, Meta(ge=0.05, le=3_600)]


class MarketTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One [venues.NAME.markets.SYMBOL]: SYMBOL is our instrument, `symbol` the venue's name of it. `tick` and `lot` are
    decimal. `multiplier`: what a contract of 1 is worth at a price of 1, in the quote asset.
    """

    symbol: Annotated[str, Meta(min_length=1, max_length=64)]
    kind: Literal["crypto_spot", "linear_perpetual"]
    base: str
    quote: str
    tick: str
    lot: str
    mark: str = ""
    """What a perpetual is margined at until the first book of a new journal; every later run has the last mark."""
    multiplier: Annotated[int, Meta(ge=1, le=10**9)] = 1
    maker_fee_ppm: Ppm = 200
    taker_fee_ppm: Ppm = 500


class SessionTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[venues.NAME.session]: a FIX session that we begin. `credentials` names a file of `key` (Username) and `secret`
    (Password); without one the Logon has none. The connection is plain: TLS takes a tunnel.
    """

    address: Annotated[str, Meta(min_length=3)]
    version: Literal["FIX.4.2", "FIX.4.4", "FIX.5.0SP2"] = "FIX.4.4"
    sender: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[!-~]+$")]
    target: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[!-~]+$")]
    heartbeat_s: Annotated[int, Meta(ge=1, le=3_600)] = 30
    reset_on_logon: bool = False
    credentials: str = ""


class VenueTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One [venues.NAME]. `wire` is a venue's tongue (`wires.catalogue`) or `fix`; `stream` its WebSocket, `rest` its
    HTTP base; `keys` names the file of the API key, without which the venue shows prices and takes no orders.
    """

    wire: str
    markets: dict[str, MarketTerms]
    stream: str = ""
    rest: str = ""
    keys: str = ""
    prefix: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,12}$")] = "ist"
    """Before every client order id: two brokers of one account at a venue have two."""
    account: str = ""
    """Ours at the venue, where a FIX order has to name it."""
    session: SessionTerms | None = None
    """Of a FIX venue; without one it shows no sign of life and takes no orders."""
    exchange: str = ""
    """Its market identifier (SecurityExchange), where a FIX order has to name it."""
    receive_window_ms: Annotated[int, Meta(ge=100, le=60_000)] = 5_000
    """How old a signed request may be when it reaches the venue."""
    timeout_s: Seconds = 5.0
    """For an answer; afterwards it is asked what became of the request."""
    silence_s: Seconds = 20.0
    """A stream without a message for so long is opened anew, and its books are not shown."""
    retry_s: Seconds = 1.0
    """Pause before a stream is opened anew; it doubles up to a minute."""

    @property
    def takes_orders(self) -> bool:
        """Whether orders can go there."""
        return bool(self.keys) or self.wire == FIX


class Listing(Struct, frozen=True):
    """A market of a venue in the units of the engine's instrument."""

    instrument: str
    symbol: str
    price_decimals: int
    quantity_decimals: int
    tick: int
    lot: int
    terms: MarketTerms

    def price(self, number: Decimal) -> int:
        """In price units. Raises ValueError when it is finer."""
        return units(plain(number), self.price_decimals)

    def quantity(self, number: Decimal) -> int:
        """In quantity units. Raises ValueError when it is finer."""
        return units(plain(number), self.quantity_decimals)

    def price_number(self, price: int) -> Decimal:
        """As the venue is told it."""
        return Decimal(price).scaleb(-self.price_decimals)

    def quantity_number(self, quantity: int) -> Decimal:
        """As the venue is told it."""
        return Decimal(quantity).scaleb(-self.quantity_decimals)

    def shown(self, level: tuple[str, str], bid: bool) -> tuple[int, int]:
        """A level in our units: what is finer counts against who would trade with it."""
        price, size = scaled(level[0]), scaled(level[1])
        step = 10 ** (PLACES - self.price_decimals)
        return (price // step if bid else -(-price // step)), size // 10 ** (PLACES - self.quantity_decimals)


def listings(venues: Mapping[str, VenueTerms]) -> dict[str, list[Listing]]:
    """Of every venue. An instrument of several venues counts in the finest units of all. Raises BadInput by setting."""
    finest: dict[str, tuple[int, int]] = {}
    for name, venue in venues.items():
        for instrument, terms in venue.markets.items():
            place = f"venues.{name}.markets.{instrument}"
            found = (_decimals(f"{place}.tick", terms.tick), _decimals(f"{place}.lot", terms.lot))
            before = finest.get(instrument, (0, 0))
            finest[instrument] = (max(found[0], before[0]), max(found[1], before[1]))
    return {
        name: [_listing(key, row, finest[key]) for key, row in venue.markets.items()] for name, venue in venues.items()
    }


def _listing(instrument: str, terms: MarketTerms, decimals: tuple[int, int]) -> Listing:
    tick, lot = units(terms.tick, decimals[0]), units(terms.lot, decimals[1])
    return Listing(instrument, terms.symbol, *decimals, tick, lot, terms)


def _decimals(field: str, text: str) -> int:
    try:
        positive = units(text, DECIMALS_MAX) > 0
    except (NotANumber, TooFine):
        positive = False
    if not positive:
        raise BadInput(field, f"{text!r} is no positive number of at most {DECIMALS_MAX} decimals")
    return len(text.partition(".")[2].rstrip("0"))


def instrument_of(same: list[Listing], base: int, quote: int) -> Any:
    """The engine's instrument of all venues that list it: the finest tick and lot, the highest fees."""
    first = same[0]
    kind = ENGINE_KINDS[first.terms.kind]
    return AddInstrument(
        symbol=first.instrument,
        kind=kind,
        base=base,
        quote=quote,
        price_decimals=first.price_decimals,
        quantity_decimals=first.quantity_decimals,
        tick=gcd(*(one.tick for one in same)),
        lot=gcd(*(one.lot for one in same)),
        multiplier=first.terms.multiplier,
        maker_fee_ppm=max(one.terms.maker_fee_ppm for one in same),
        taker_fee_ppm=max(one.terms.taker_fee_ppm for one in same),
        collar_bps=COLLAR_BPS,
        initial_margin_bps=INITIAL_MARGIN_BPS if kind == ENGINE_KINDS[LINEAR_PERPETUAL] else 0,
        mark=_mark(same),
    )


def _mark(same: list[Listing]) -> int:
    first = same[0]
    text = next((one.terms.mark for one in same if one.terms.mark), "")
    if first.terms.kind != LINEAR_PERPETUAL:
        return 0
    try:
        mark = units(text, first.price_decimals)
    except (NotANumber, TooFine):
        mark = 0
    if mark <= 0:
        raise BadInput(f"venues.markets.{first.instrument}.mark", f"{text!r}: a perpetual needs a price to begin with")
    return mark


def unlike(terms: MarketTerms, told: Instrument) -> str:
    """What the venue's own list says otherwise, in words; "" when an order means the same on both sides."""
    kind, margin = (PERPETUAL, LINEAR) if terms.kind == LINEAR_PERPETUAL else (SPOT, NONE)
    for field, ours, theirs in (
        ("kind", kind, told.kind),
        ("margin", margin, told.margin),
        ("base", terms.base, told.base),
        ("quote", terms.quote, told.quote),
        ("multiplier", Decimal(terms.multiplier), told.multiplier),
    ):
        if ours != theirs:
            return f"{field} is {theirs} there and {ours} in the settings"
    for field, step, of in (("tick", told.tick, terms.tick), ("lot", told.lot, terms.lot)):
        if step is not None and step > 0 and Decimal(of) % step:
            return f"{field} {of} is no multiple of the venue's {plain(step)}"
    return "" if told.active else "it does not trade"


def agree(name: str, one: Listing, other: Listing) -> None:
    """Venues that list one instrument mean the same thing by it. Raises BadInput."""
    for field in ("kind", "base", "quote", "multiplier"):
        mine, theirs = getattr(one.terms, field), getattr(other.terms, field)
        if mine != theirs:
            reason = f"{mine!r} here, {theirs!r} at another venue of the same instrument"
            raise BadInput(f"venues.{name}.markets.{one.instrument}.{field}", reason)
