"""What gateways need of those who work orders; `isthmus.app.algorithms` provides it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from isthmus.gateways import work_shapes
from isthmus.refdata.instruments import Instrument


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """An order to be worked. `path` "auto": the decision tree chooses. `limit` 0: at the market. `until`: ns."""

    path: str
    parameters: Mapping[str, Any]
    instrument: Instrument
    side: int
    quantity: int
    limit: int
    until: int
    cap_ppm: int
    basket: str
    urgency: float | None


class Plan(msgspec.Struct, frozen=True):
    """The path's number, and what the parent's record says beside its numbers."""

    path: int
    note: str


class BadPath(ValueError):
    """`field` is the field of the order that is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class Algorithms(Protocol):
    """The paths, and what they did."""

    def paths(self) -> Sequence[work_shapes.PathFacts]:
        """All of them, by number."""

    def plan(self, wish: Wish) -> Plan:
        """Raises BadPath."""

    def costs(self, order: int) -> work_shapes.Costs | None:
        """Of a parent; None if it is none, or long forgotten."""

    def terms(self, note: str) -> tuple[str | None, dict[str, Any]]:
        """Why a parent goes this way, and its parameters, from its note."""

    def routes(self) -> Sequence[work_shapes.RouteFacts]:
        """Every way to every venue."""

    def events(self) -> Sequence[work_shapes.RouteEvent]:
        """What happened to routes, newest first."""

    def consolidated(self, instrument: Instrument, depth: int) -> work_shapes.Consolidated:
        """One book over all venues."""
