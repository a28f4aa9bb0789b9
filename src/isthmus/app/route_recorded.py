"""Books of recorded depth streams at one moment, in the units of one instrument, for `isthmus route`."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import BinaryIO

import msgspec

from isthmus.app.route_input import Books
from isthmus.execution.policy import PPM, Venue
from isthmus.execution.shown import Look, ShownVenue
from isthmus.execution.sights import LEVELS_MAX
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import BUY
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.formats import binance
from isthmus.venues.formats.depth import PLACES, MarketEvent, RawLine, TapeTrade, TextLevel, read_lines, scaled
from isthmus.venues.recorded.kinds import CRYPTO_SPOT, FEES_PPM, INVERSE_PERPETUAL, LINEAR_PERPETUAL
from isthmus.venues.recorded.streams import CONTRACT_USD, CONTRACT_USD_BTC
from isthmus.venues.replay.depth import DepthReplay

LOOKS = 600
"""Looks at a book, one a second, from which its source and its route are judged: the last ten minutes."""
FAMILIES = {CRYPTO_SPOT: 0, LINEAR_PERPETUAL: 1, INVERSE_PERPETUAL: 2}
"""What trades the same thing: the middle of a perpetual is not that of its spot."""
CONVERTED_DECIMALS = 8
"""Of quantities that are worked out from contracts."""
NOT_CONVERTED = ("bitmex", "deribit")


class Recorded(msgspec.Struct, frozen=True):
    """A book as the venue wrote it, and what traded. `at`: the last line that was read. `flow`: quantity x 10^12 that
    takers traded against bids and asks in `seconds`; `moves`: sum of squares of the middle's moves (x 10^12) between
    seconds.
    """

    venue: str
    instrument: str
    bids: list[TextLevel]
    asks: list[TextLevel]
    at: int
    seconds: float
    flow: tuple[int, int]
    moves: float
    looks: list[tuple[int, list[TextLevel], list[TextLevel]]]
    """Earlier books once a second where they had changed: when, bids, asks."""


class _Flowing(DepthReplay):
    """A replay that adds up what trades and how the middle moves."""

    def __init__(self, wanted: str | None) -> None:
        super().__init__(None)
        self.first = self.last = 0
        self.flow: dict[str, list[int]] = {}
        self.middles: dict[str, float] = {}
        self.moves: dict[str, float] = {}
        self.looks: dict[str, deque[tuple[int, list[TextLevel], list[TextLevel]]]] = {}
        self._wanted = wanted
        self._second = 0

    def take(self, line: RawLine) -> None:
        """Apply a line; once a second look at the middles."""
        super().take(line)
        self.first, self.last = self.first or line.at, max(self.last, line.at)
        if line.at // NS_PER_S > self._second:
            self._second = line.at // NS_PER_S
            self._look()

    def _take(self, event: MarketEvent) -> None:
        super()._take(event)
        if isinstance(event, TapeTrade):
            sums = self.flow.setdefault(event.instrument, [0, 0])
            sums[1 if event.taker_side == BUY else 0] += scaled(event.size)

    def _look(self) -> None:
        for name, book in self.books().items():
            bid, ask = book.bids.best(), book.asks.best()
            if bid is None or ask is None:
                continue
            middle = (bid + ask) / 2
            if self._wanted is None or _plain(name) == _plain(self._wanted):
                looks = self.looks.setdefault(name, deque(maxlen=LOOKS))
                look = (self.last, book.bids.top(LEVELS_MAX), book.asks.top(LEVELS_MAX))
                if not looks or looks[-1][1:] != look[1:]:
                    looks.append(look)
            moved = middle - self.middles.get(name, middle)
            self.moves[name] = self.moves.get(name, 0.0) + moved**2
            self.middles[name] = middle


def read_recorded(stream: BinaryIO, place: int, wanted: str | None, until: int | None) -> Recorded:
    """The book of one stream after its last line, or after the last line received by `until`. Raises BadInput when
    there is none, or several and none is wanted.
    """
    replay = _Flowing(wanted)
    for line in read_lines(stream):
        if until is not None and line.at > until:
            break
        replay.take(line)
    where = f"books[{place}]"
    books = {name: book for name, book in replay.books().items() if len(book.bids) or len(book.asks)}
    if not books:
        raise BadInput(where, "holds no book that is in step by then" if until else "holds no book that is in step")
    name = _wanted(list(books), wanted, where)
    book, flow = books[name], replay.flow.get(name, [0, 0])
    return Recorded(
        venue=replay.counts.venue or "",
        instrument=name,
        bids=book.bids.top(LEVELS_MAX),
        asks=book.asks.top(LEVELS_MAX),
        at=replay.last,
        seconds=max(1.0, (replay.last - replay.first) / NS_PER_S),
        flow=(flow[0], flow[1]),
        moves=replay.moves.get(name, 0.0),
        looks=list(replay.looks.get(name, ())),
    )


def _wanted(names: list[str], wanted: str | None, where: str) -> str:
    if len(names) == 1:
        return names[0]
    found = [name for name in names if wanted is not None and _plain(name) == _plain(wanted)]
    if len(found) == 1:
        return found[0]
    some = ", ".join(sorted(names)[:5])
    raise BadInput("instrument", f"{where} holds {len(names)} books ({some} ...): name one of them in the order")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalnum())


def put_together(found: Sequence[Recorded]) -> Books:
    """Books in common units: prices and quantities as fine as the finest. Raises BadInput for contracts that are not
    converted and for one venue twice.
    """
    names = [row.venue for row in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadInput("books", f"{twice} is there twice")
    rows = [(row, _base_levels(row, row.bids), _base_levels(row, row.asks)) for row in found]
    before = [
        (place, at, _base_levels(row, bids), _base_levels(row, asks))
        for place, row in enumerate(found, 1)
        for at, bids, asks in row.looks
    ]
    every = [[*bids, *asks] for _, bids, asks in rows] + [[*bids, *asks] for _, _, bids, asks in before]
    units = (
        max(_decimals(price) for levels in every for price, _ in levels),
        max(_decimals(size) for levels in every for _, size in levels),
    )
    quietest = min(found, key=lambda row: row.moves / row.seconds)
    return Books(
        venues=[_shown(place, row, units) for place, row in enumerate(rows, 1)],
        price_decimals=units[0],
        quantity_decimals=units[1],
        volatility=math.sqrt(quietest.moves / quietest.seconds) / 10.0 ** (PLACES - units[0]),
        at=max(row.at for row in found),
        instrument=found[0].instrument,
        before=[Look(at, place, _in_units(bids, units), _in_units(asks, units)) for place, at, bids, asks in before],
    )


Pair = tuple[int, int]
"""Price and base quantity, both x 10^12."""


def _base_levels(row: Recorded, levels: Sequence[TextLevel]) -> list[Pair]:
    return [(price := scaled(text), _base(row, price, scaled(size))) for text, size in levels]


def _base(row: Recorded, price: int, size: int) -> int:
    """What a size at a price is of the base asset. A coin-margined contract is worth so many dollars: size x worth /
    price, cut to eight decimals.
    """
    if row.venue in NOT_CONVERTED:
        raise BadInput("books", f"sizes of {row.venue} are contracts, which are not converted here")
    if row.venue != binance.COIN_MARGINED:
        return size
    worth = CONTRACT_USD_BTC if row.instrument.startswith("BTC") else CONTRACT_USD
    unit: int = 10 ** (PLACES - CONVERTED_DECIMALS)
    quantity: int = size * worth * 10**PLACES // price // unit * unit
    return quantity


def _decimals(scaled_number: int) -> int:
    """Decimals that a number x 10^12 needs."""
    digits = f"{scaled_number:0{PLACES + 1}d}"[-PLACES:].rstrip("0")
    return len(digits)


def _shown(place: int, row: tuple[Recorded, list[Pair], list[Pair]], told: tuple[int, int]) -> ShownVenue:
    (recorded, bids, asks), (prices, sizes) = row, told
    step, lot = 10 ** (PLACES - prices), 10 ** (PLACES - sizes)
    kind = _kind(recorded.venue)
    maker, taker = FEES_PPM[kind]
    middle = (bids[0][0] + asks[0][0]) // 2 if bids and asks else 0
    flow = [_base(recorded, middle, sum_) if middle else 0 for sum_ in recorded.flow]
    rates = [round(lots / lot / recorded.seconds * PPM) for lots in flow]
    return ShownVenue(
        venue=Venue(
            number=place,
            name=recorded.venue,
            maker_fee_ppm=maker,
            taker_fee_ppm=taker,
            tick=math.gcd(*(price // step for price, _ in (*bids, *asks))),
        ),
        bids=_in_units(bids, told),
        asks=_in_units(asks, told),
        rates=(rates[0], rates[1]),
        family=FAMILIES[kind],
        at=recorded.at,
    )


def _in_units(levels: Sequence[Pair], told: tuple[int, int]) -> list[Pair]:
    """Price steps and lots, of so many decimals; what is less than a lot is left out."""
    step, lot = 10 ** (PLACES - told[0]), 10 ** (PLACES - told[1])
    return [(price // step, size // lot) for price, size in levels if size >= lot]


def _kind(venue: str) -> str:
    """What trades there, for its fees: spot unless the venue is one of futures."""
    if venue == binance.COIN_MARGINED:
        return INVERSE_PERPETUAL
    return LINEAR_PERPETUAL if venue in (binance.USD_MARGINED, "bybit") else CRYPTO_SPOT
