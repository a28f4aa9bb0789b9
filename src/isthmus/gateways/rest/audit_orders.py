"""Handlers of the audit store, and the shapes of what they answer. Who reads the store is handed in."""

from __future__ import annotations

from typing import Protocol

import msgspec

from isthmus.gateways.limits import Limits
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import whole_number
from isthmus.gateways.rest.http import Answer, Request
from isthmus.kernel.ids import ID_MAX, number_of
from isthmus.kernel.values import time_ns

PAGE_ORDERS = 100
WORDS = ("text", "account", "instrument", "event", "reason", "before")


class AuditedOrder(msgspec.Struct, frozen=True):
    """An event of an order. A value is null where the journal does not say it, and empty where there is none. `by`:
    role and user.
    """

    order: str
    sequence: int
    place: int
    time: str
    account: str | None
    instrument: str | None
    side: str | None
    quantity: str | None
    price: str | None
    event: str
    status: str | None
    reason: str | None
    by: str | None


class AuditedDrop(msgspec.Struct, frozen=True):
    """A day whose rows went, on record, when nobody wanted them any more."""

    day: str
    dropped_on: str
    by: str
    reason: str


class AuditedOrders(msgspec.Struct, frozen=True):
    """Newest first; `next`: `before` of the next page. `rows_scanned`: of the files that were read."""

    orders: list[AuditedOrder]
    next: str | None
    seconds: float
    rows_scanned: int
    dropped: list[AuditedDrop]


class AuditedEvent(msgspec.Struct, frozen=True):
    """`fields`: O01 to O78. `fingerprint`: hexadecimal."""

    sequence: int
    place: int
    time: str
    event: str
    fields: dict[str, str | None]
    fingerprint: str | None


class AuditedLife(msgspec.Struct, frozen=True):
    """Oldest first; `unknown`: nulls over all events."""

    order: str
    events: list[AuditedEvent]
    unknown: int
    dropped: list[AuditedDrop]


class Wanted(msgspec.Struct, frozen=True):
    """What is looked for; `since` and `until` in ns."""

    words: dict[str, str]
    since: int | None
    until: int | None
    limit: int


class AuditStoreReader(Protocol):
    """Asks the store. Raises Refusal."""

    async def orders(self, wanted: Wanted) -> AuditedOrders:
        """A page of events."""

    async def life(self, order: int) -> AuditedLife:
        """Of an order."""


class AuditStoreHandlers:
    """For operators and auditors."""

    def __init__(self, store: AuditStoreReader, limits: Limits) -> None:
        self._store = store
        self._limits = limits

    async def orders(self, request: Request) -> Answer:
        """Events of orders."""
        query, most = request.query, self._limits.page_rows
        limit = whole_number(query, "limit", min(PAGE_ORDERS, most), 1, most)
        words = {name: query[name] for name in WORDS if query.get(name)}
        return ok(await self._store.orders(Wanted(words, _time(query, "from"), _time(query, "to"), limit)))

    async def life(self, request: Request) -> Answer:
        """What became of an order."""
        said = request.parameters["order"]
        number = number_of("ord", said)
        if number is None and said.isascii() and said.isdecimal() and len(said) < 20:
            number = int(said)
        if number is None or not 1 <= number <= ID_MAX:
            raise Refusal(422, "malformed_request", "is an order's id (ord-4711) or number", field="order", value=said)
        life = await self._store.life(number)
        if life.dropped and not life.events:
            raise Refusal(410, "dropped", f"{life.order}: its day was dropped on {life.dropped[0].dropped_on}")
        if not life.events:
            raise Refusal(404, "unknown_order", f"the store has no event of {life.order}")
        return ok(life)


def _time(query: dict[str, str], name: str) -> int | None:
    if not (said := query.get(name)):
        return None
    try:
        return time_ns(said)
    except ValueError as error:
        raise Refusal(422, "malformed_request", str(error), field=name, value=said) from error
