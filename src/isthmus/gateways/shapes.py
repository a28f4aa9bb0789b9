"""The native API's objects, in and out. Decimals are text, counts integers, times RFC 3339 UTC.

The OpenAPI document is made of these; docs/reference/api.md is the page for people.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Level = tuple[str, str, int | None]


class Following(msgspec.Struct, frozen=True):
    """What runs the journal again and writes snapshots: how far it is, how many records behind, what record the newest
    snapshot is of (0: none), and why there is no newer one."""

    sequence: int
    lag: int
    snapshot: int
    fault: str | None


class StandbyLink(msgspec.Struct, frozen=True):
    """The standby on another host: whether it is linked, up to which record it has receipted, how many are missing."""

    connected: bool
    receipt: int
    lag: int


class Health(msgspec.Struct, frozen=True):
    """Whether commands are taken, and how far the journal is. `head` is the hash of the last durable record."""

    status: Literal["ok", "degraded"]
    sequence: int
    durable: int
    head: str
    mode: str
    reason: str | None
    follower: Following | None = None
    standby: StandbyLink | None = None
    audit: str | None = None
    """What stopped the audit trail."""


class Capabilities(msgspec.Struct, frozen=True):
    """What this broker can do."""

    instrument_kinds: list[str]
    order_types: list[str]
    times_in_force: list[str]
    channels: list[str]
    bar_intervals: list[str]
    roles: list[str]
    limits: dict[str, int]
    parts: list[str] = []
    """What runs here of audit, books, clearing, custody."""


class Session(msgspec.Struct, frozen=True):
    """Who you are, and the accounts that you may name."""

    user: str
    role: str
    account: str | None
    accounts: list[str]


class LoginLink(msgspec.Struct, frozen=True):
    """A path of this server that logs the asker in once, within `life_s` seconds."""

    link: str
    life_s: int


class VenueFacts(msgspec.Struct, frozen=True):
    """One venue of an instrument. `assumed` says what its data do not tell, null when nothing is assumed. A price or
    quantity of its books times the multiplier (numerator, denominator) is one of the base asset; with `inverse` the
    quantity is then of the quote asset. Fees are millionths of the value, negative is a rebate.
    """

    venue: str
    kind: str
    maker_fee_ppm: int
    taker_fee_ppm: int
    tick_size: str
    lot_size: str
    latency_ns: int
    assumed: str | None
    source: str | None
    price_multiplier: tuple[int, int]
    quantity_multiplier: tuple[int, int]
    inverse: bool
    takes_orders: bool


class Instrument(msgspec.Struct, frozen=True):
    """What can be traded, with its units and fees. `label` says what its market is: "recorded 2024-08-08"."""

    id: int
    instrument: str
    kind: str
    base: str
    quote: str
    price_decimals: int
    quantity_decimals: int
    tick_size: str
    lot_size: str
    multiplier: int
    maker_fee_ppm: int
    taker_fee_ppm: int
    collar_bps: int
    initial_margin_bps: int
    state: Literal["open", "halted"]
    session: str
    book: str
    rules: dict[str, int]
    mark: str | None
    last_price: str | None
    change_24h: str | None
    venues: list[str]
    venue_facts: list[VenueFacts]
    label: str | None


class Book(msgspec.Struct, frozen=True):
    """Levels are [price, quantity, orders], best first; orders are null where a venue does not tell."""

    instrument: str
    venue: str | None
    sequence: int
    bids: list[Level]
    asks: list[Level]


class MarketTrade(msgspec.Struct, frozen=True):
    """A trade that everybody sees."""

    id: str
    instrument: str
    venue: str
    price: str
    quantity: str
    taker_side: str
    time: str


class Bar(msgspec.Struct, frozen=True):
    """The trades of one interval."""

    start: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    trades: int
    vwap: str


class Order(msgspec.Struct, frozen=True):
    """An order as it stands. `record` is the last record that touched it."""

    id: str
    account: str
    instrument: str
    venue: str
    side: str
    type: str
    time_in_force: str
    post_only: bool
    price: str | None
    quantity: str
    filled: str
    remaining: str
    average_price: str | None
    status: str
    reason: str | None
    client_order_id: str | None
    hold: str
    hold_asset: str
    created_at: str
    updated_at: str
    record: str
    routing: str | None
    waits_for: str | None
    flags: list[str]
    terms: dict[str, str]
    path: str | None
    parent_order: str | None


class Fill(msgspec.Struct, frozen=True):
    """An account's side of a trade; `fee` is in the quote asset, negative for a rebate."""

    id: str
    order: str | None
    account: str
    instrument: str
    side: str
    price: str
    quantity: str
    fee: str
    fee_asset: str
    liquidity: str
    venue: str
    time: str
    record: str


class Balance(msgspec.Struct, frozen=True):
    """available = total - held."""

    account: str
    asset: str
    decimals: int
    total: str
    held: str
    available: str
    frozen: bool


class Position(msgspec.Struct, frozen=True):
    """Signed quantity at average cost; profits are in the quote asset, fees apart."""

    account: str
    instrument: str
    quantity: str
    average_price: str | None
    mark: str | None
    value: str | None
    open_profit: str | None
    realised_profit: str


class JournalRecord(msgspec.Struct, frozen=True):
    """hash = SHA-256(prev || body), all three in hexadecimal."""

    sequence: int
    time: str
    kind: str
    command: dict[str, Any]
    effects: list[dict[str, Any]]
    origin: dict[str, Any]
    prev: str
    hash: str
    body: str


class Trades(msgspec.Struct, frozen=True):
    """Newest first; `next` is the cursor of the next page."""

    data: list[MarketTrade]
    next: str | None


class Bars(msgspec.Struct, frozen=True):
    """Oldest first."""

    data: list[Bar]


class Orders(msgspec.Struct, frozen=True):
    """Newest first; `next` is the cursor of the next page."""

    data: list[Order]
    next: str | None


class Fills(msgspec.Struct, frozen=True):
    """Newest first; `next` is the cursor of the next page."""

    data: list[Fill]
    next: str | None


class Journal(msgspec.Struct, frozen=True):
    """Oldest first."""

    data: list[JournalRecord]
    head: str
    durable: int


class CancelledOrders(msgspec.Struct, frozen=True):
    """Orders that were cancelled, or whose venue was asked to."""

    cancelled: list[str]


OrderType = Literal[
    "limit", "market", "market_to_limit", "stop", "stop_limit", "trailing_stop", "peg", "request", "response"
]
TimeInForce = Literal["gtc", "ioc", "fok", "day", "gtd", "at_open", "at_close", "good_for_auction"]


class NewOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`venue` null: the best price decides. `account` only for traders and operators.

    The rest are special terms (docs/reference/orders.md); an order that has any goes to the house book. `offset` is a
    trailing stop's distance or what a peg adds to its reference; `one_cancels`, `parent` and `request` are orders' ids.

    With `path` the order is a parent that is worked over all venues (docs/reference/paths.md): a path's name, or "auto"
    for the decision tree. `path_parameters` are the path's own, `until` when it should be done, `max_participation` the
    share of traded volume that it may make ("0.1"), `urgency` 0 (patient) to 1, `basket` a name that its legs share.
    """

    instrument: str
    side: Literal["buy", "sell"]
    quantity: str
    type: OrderType = "limit"
    time_in_force: TimeInForce = "gtc"
    price: str | None = None
    post_only: bool = False
    client_order_id: str | None = None
    venue: str | None = None
    account: str | None = None
    session: int = 0
    slide: bool = False
    hidden: bool = False
    all_or_none: bool = False
    reduce_only: bool = False
    short: bool = False
    stop_price: str | None = None
    offset: str | None = None
    trigger: Literal["last", "mark", "either"] | None = None
    peg: Literal["primary", "mid", "market"] | None = None
    display_quantity: str | None = None
    display_quantity_max: str | None = None
    min_quantity: str | None = None
    expires_at: str | None = None
    one_cancels: str | None = None
    parent: str | None = None
    request: str | None = None
    path: str | None = None
    path_parameters: dict[str, Any] = {}
    until: str | None = None
    max_participation: str | None = None
    urgency: float | None = None
    basket: str | None = None


class OrderChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays. `quantity` is the new total, with what is filled; `reduce_by` takes lots off instead and
    goes alone. `client_order_id` names this change.
    """

    price: str | None = None
    quantity: str | None = None
    client_order_id: str | None = None
    reduce_by: str | None = None
    stop_price: str | None = None
    offset: str | None = None
    display_quantity: str | None = None
    min_quantity: str | None = None
    expires_at: str | None = None


class Quote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One side of a mass quote."""

    side: Literal["buy", "sell"]
    price: str
    quantity: str


class MassQuote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Takes the place of the maker's earlier quotes in the instrument."""

    instrument: str
    quotes: list[Quote]
    account: str | None = None
    session: int = 0


class QuoteAnswer(msgspec.Struct, frozen=True):
    """What became of one quote: the order, or why it was refused."""

    order: str | None
    reason: str | None


class Acceptance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of a response is taken; null: all of it."""

    quantity: str | None = None


class DeadMan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Unless it is sent again within `timeout_ms`, the account's orders (of `session`, if given) are cancelled; 0 ends
    it.
    """

    timeout_ms: int
    session: int = 0
    account: str | None = None


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object."""


class Done(msgspec.Struct, frozen=True):
    """The record that the command made."""

    record: str
    effects: list[dict[str, Any]]
