"""A recorded market as it is played: parts that files gave, put together into one session in one set of units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Protocol

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.recorded.events import BookEvent, Chain, Event, Events
from isthmus.venues.recorded.kinds import FEES_PPM
from isthmus.venues.recorded.settings import VenueEntry

FULL, WINDOW, QUOTES = "full", "window", "quotes"
"""What a recording shows of a book: all of it; the best levels only, so that what stands beyond them is not known;
prices of a dealer, where nobody queues.
"""


class Kept(Protocol):
    """Events as they were read, before their units are settled."""

    @property
    def times(self) -> Sequence[int]:
        """ns UTC, never going back."""

    def scaled(self, price_decimals: int, quantity_factor: int) -> Events:
        """With prices in 10^-price_decimals, quantities times the factor."""


class Market(msgspec.Struct, frozen=True):
    """What is traded where. `kind` is one of `kinds`, `instrument` the symbol that clients see."""

    kind: str
    instrument: str
    base: str
    quote: str
    venue: str


class Costs(msgspec.Struct, frozen=True):
    """Fees in millionths. `assumed`: neither recording nor markets.toml tells them."""

    maker_ppm: int
    taker_ppm: int
    assumed: bool


class Part(msgspec.Struct, frozen=True):
    """What one file, or two that belong together, gave. `tick` is the step of its prices in 10^-price_decimals."""

    files: list[str]
    market: Market
    kept: Kept
    price_decimals: int
    quantity_decimals: int
    costs: Costs
    tick: int = 1
    depth: str = FULL
    left_out: int = 0
    assumed: tuple[str, ...] = ()
    data_only: str = ""
    """Why no order can be sent there; "" when orders are taken."""
    multiplier: int = 1
    """What a quantity of 1 is worth at a price of 1, in the quote asset; told by markets.toml."""
    contract: int = 0
    """Of an inverse contract: what it is worth in the quote asset, whatever the price; 0 for others."""
    day: date | None = None
    """The venue's own day; where it is not told, the UTC day of the start."""

    @property
    def start(self) -> int:
        """When it begins."""
        return self.kept.times[0]

    @property
    def end(self) -> int:
        """When it ends."""
        return self.kept.times[-1]


class Session(msgspec.Struct, frozen=True):
    """A recording of one instrument at one venue. The first event is the whole book; times are ns UTC, never going
    back; prices count 10^-price_decimals, quantities 10^-quantity_decimals, as does `tick`.
    """

    venue: str
    symbol: str
    price_decimals: int
    quantity_decimals: int
    events: Events
    left_out: int
    """Lines that were not understood or said themselves that they are wrong."""
    tick: int = 1
    depth: str = FULL
    label: str = ""
    """ "recorded 2024-08-08", "recorded 2014-05-05 to 2014-05-08" for several days."""

    def timed(self) -> Iterator[tuple[int, Event]]:
        """(at, event) for every event: what a back-test without a server reads."""
        for event in self.events:
            yield event.at, event

    @property
    def start(self) -> int:
        """When it begins."""
        return self.events.times[0]

    @property
    def end(self) -> int:
        """When it ends."""
        return self.events.times[-1]

    @property
    def length_ns(self) -> int:
        """How long it lasts."""
        return self.end - self.start


class Recording(msgspec.Struct, frozen=True):
    """A market that can be played. `part` is the first of its parts: what all of them are."""

    market: Market
    part: Part
    files: list[str]
    session: Session

    @property
    def takes_orders(self) -> bool:
        """Whether orders can be sent there."""
        return not self.part.data_only

    @property
    def assumed(self) -> str:
        """What the recording does not tell and is assumed, in words; "" when nothing is."""
        fees = (NO_FEES,) if self.part.costs.assumed else ()
        return "; ".join((*self.part.assumed, *fees))


NO_FEES = "no fees, since none are told"


def costs_of(kind: str, said: VenueEntry) -> Costs:
    """The fees of markets.toml, else the public ones of the kind."""
    public = FEES_PPM.get(kind)
    maker, taker = public or (0, 0)
    told = said.maker_fee_ppm is not None or said.taker_fee_ppm is not None
    return Costs(
        maker if said.maker_fee_ppm is None else said.maker_fee_ppm,
        taker if said.taker_fee_ppm is None else said.taker_fee_ppm,
        assumed=public is None and not told,
    )


def recording_of(parts: Sequence[Part], price_decimals: int, quantity_decimals: int) -> Recording:
    """Parts of one market, in time order and none within another, in the units of their instrument."""
    scaled = [part.kept.scaled(price_decimals, 10 ** (quantity_decimals - part.quantity_decimals)) for part in parts]
    first = parts[0]
    session = Session(
        venue=first.market.venue,
        symbol=first.market.instrument,
        price_decimals=price_decimals,
        quantity_decimals=quantity_decimals,
        events=scaled[0] if len(scaled) == 1 else Chain(scaled),
        left_out=sum(part.left_out for part in parts),
        tick=min(part.tick * 10 ** (price_decimals - part.price_decimals) for part in parts),
        depth=first.depth,
        label=_label(_day(first), _day(parts[-1])),
    )
    opening = session.events[0]
    if not isinstance(opening, BookEvent) or not opening.bids or not opening.asks:
        raise BadInput("events", "the first book has an empty side")
    return Recording(first.market, first, [name for part in parts for name in part.files], session)


def _day(part: Part) -> date:
    return part.day or datetime.fromtimestamp(part.start // NS_PER_S, UTC).date()


def _label(first: date, last: date) -> str:
    return f"recorded {first}" if first == last else f"recorded {first} to {last}"
