"""What the API says of orders that are worked: paths, children, costs, routes. Decimal text for prices and quantities,
plain numbers for basis points and shares.
"""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.gateways.shapes import Order


class PathFacts(msgspec.Struct, frozen=True):
    """A way to work an order. `parameters` is a JSON schema. `measured_on`: "tape" or "simulator"."""

    number: int
    name: str
    title: str
    source: str
    measured_on: str
    parameters: dict[str, Any]


class Children(msgspec.Struct, frozen=True):
    """A parent and its children, oldest first, each with why it was sent."""

    parent: Order
    why: str | None
    parameters: dict[str, Any]
    children: list[Order]


class VenueCost(msgspec.Struct, frozen=True):
    """What one venue gave."""

    venue: str
    children: int
    fills: int
    quantity: str
    maker_share: float
    cost_bps: float | None


class Costs(msgspec.Struct, frozen=True):
    """Transaction-cost analysis (docs/reference/costs.md). Basis points, positive: dearer than the benchmark."""

    order: str
    path: str
    final: bool
    filled: str
    quantity: str
    arrival_price: str | None
    average_price: str | None
    vwap: str | None
    twap: str | None
    arrival_bps: float | None
    vwap_bps: float | None
    twap_bps: float | None
    shortfall_bps: float | None
    spread_capture: float | None
    reversion_bps: float | None
    leakage_bps: float | None
    fee_bps: float | None
    participation: float | None
    children: int
    venues: list[VenueCost]


class RouteFacts(msgspec.Struct, frozen=True):
    """How the way to one venue does. `state`: "open", or why no order goes there."""

    instrument: str
    venue: str
    kind: str
    state: str
    why: str | None
    bid: str | None
    ask: str | None
    latency_ms: float | None
    reject_rate: float | None
    fill_rate: float | None
    toxicity_bps: float | None
    votes: dict[str, bool]
    since: str | None


class RouteEvent(msgspec.Struct, frozen=True):
    """Something that happened to a route: a source marked, quarantined or back; a breaker's lock or unlock."""

    time: str
    instrument: str
    venue: str
    event: str
    why: str


class Consolidated(msgspec.Struct, frozen=True):
    """One book over all venues: (price, quantity, venue, all-in price), best all-in price first."""

    instrument: str
    middle: str | None
    bids: list[tuple[str, str, str, str]]
    asks: list[tuple[str, str, str, str]]
    venues: list[RouteFacts]
