"""The native API's objects of markets and of orders' lives: trading states, auctions, statistics (see shapes.py)."""

from __future__ import annotations

import msgspec


class OrderEvent(msgspec.Struct, frozen=True):
    """One thing that happened to an order, told by `record`; `command` is what that record was asked. `left` is what is
    left of the order afterwards; figures that the event does not have are null.
    """

    record: str
    time: str
    event: str
    command: str
    left: str
    price: str | None
    quantity: str | None
    stop_price: str | None
    fee: str | None
    liquidity: str | None
    trade: str | None
    reason: str | None
    child: str | None = None
    ordinal: int | None = None
    why: str | None = None


class History(msgspec.Struct, frozen=True):
    """Oldest first; `next` is the cursor of the next page. A page of an order that is not a client's may be empty and
    still have a next one.
    """

    data: list[OrderEvent]
    next: str | None


class BookOrder(msgspec.Struct, frozen=True):
    """A live order as the engine has it: `shown` is what others see, `left` all of it; one that `waits` stands outside
    the book.
    """

    order: str
    account: str
    side: str
    price: str
    shown: str
    left: str
    waits: bool


class BookOrders(msgspec.Struct, frozen=True):
    """Bids, then asks, each in priority, then those that wait; `next` is the cursor of the next page."""

    sequence: int
    data: list[BookOrder]
    next: str | None


class Indicative(msgspec.Struct, frozen=True):
    """What an auction would find if it ended now: `price` null if nothing; `imbalance` is what would be left over, more
    to buy if positive.
    """

    price: str | None
    volume: str
    imbalance: str


class Auction(msgspec.Struct, frozen=True):
    """What the last auction found; `price` null: nothing traded."""

    price: str | None
    volume: str
    imbalance: str
    time: str
    record: str


class LimitState(msgspec.Struct, frozen=True):
    """The book stands at the edge of its band."""

    side: str
    price: str


class MarketSession(msgspec.Struct, frozen=True):
    """A market's trading state: what brought it and since when (null: as it was listed), whether it is halted or
    killed, its rules (docs/reference/match.md, as the engine's numbers), its tick table beyond the listing's own tick,
    and its auctions. `indicative` only in a call.
    """

    instrument: str
    state: str
    cause: str | None
    since: str | None
    halted: bool
    killed: bool
    book: str
    rules: dict[str, int]
    ticks: list[tuple[str, str]]
    auction: Auction | None
    indicative: Indicative | None
    limit_state: LimitState | None


class DepthStep(msgspec.Struct, frozen=True):
    """What stands within `bps` of the middle price: quantities, and their value in the quote asset."""

    bps: int
    bid_quantity: str
    bid_value: str
    ask_quantity: str
    ask_value: str


class Statistics(msgspec.Struct, frozen=True):
    """The present day (UTC) of a market, over all its venues, and its depth about the middle price as far as `levels` a
    side were looked at. Prices are null before the day's first trade; `middle` unless both sides have a price.
    """

    instrument: str
    day: str
    open: str | None
    high: str | None
    low: str | None
    close: str | None
    volume: str
    trades: int
    vwap: str | None
    middle: str | None
    levels: int
    depth: list[DepthStep]


class QuoteResponse(msgspec.Struct, frozen=True):
    """A firm answer to a request; `account` is told to traders, operators and auditors."""

    id: str
    account: str | None
    own: bool
    price: str
    quantity: str


class QuoteRequest(msgspec.Struct, frozen=True):
    """An open request for quotes, or a lot on offer. Its limit and all its responses are told to who asked and to
    traders, operators and auditors; a responder is told of his own. Sealed bids are told to their bidder alone until
    they are opened.
    """

    id: str
    account: str | None
    own: bool
    instrument: str
    side: str
    price: str | None
    quantity: str
    created_at: str
    expires_at: str | None
    responses: list[QuoteResponse]
