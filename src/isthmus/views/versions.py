"""What orders were before they were changed: protocols that give a changed order a new id need it."""

from __future__ import annotations

from collections import deque
from typing import Any, TypeVar

import msgspec

from isthmus.engine.engine import Record
from isthmus.views.orders import OrderRow, Orders

Key = TypeVar("Key")
Value = TypeVar("Value")

SUPERSEDED_MAX = 100_000
"""Superseded versions kept over all orders; the oldest go first."""
LATEST_MAX = 200_000
"""Changed orders whose latest version is known, and client ids of changes; the one set longest ago goes first."""


class Superseded(msgspec.Struct, frozen=True):
    """A version that is no more: the order as it stood when version `by` replaced it. `version` 0 is the order as
    placed, else the sequence of the replacement that made it.
    """

    order: int
    version: int
    started_at: int
    client_order_id: str
    price: int
    quantity: int
    filled: int
    turnover: int
    replaced_at: int
    by: int


class Latest(msgspec.Struct, frozen=True):
    """The version of a changed order that stands, or (`done` False) that an outside venue was asked for."""

    version: int
    started_at: int
    client_order_id: str
    price: int
    quantity: int
    done: bool = True


class Versions:
    """Feed it every record in order, before the orders take it in."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._past: dict[int, deque[Superseded]] = {}
        self._all: deque[Superseded] = deque()
        self._latest: dict[int, Latest] = {}
        self._asked: dict[int, Latest] = {}
        self._of_client_id: dict[tuple[int, str], tuple[int, int]] = {}

    def latest(self, order: int) -> Latest | None:
        """The version that stands; None for an order that was never changed."""
        return self._latest.get(order)

    def asked(self, order: int) -> Latest | None:
        """The version that an outside venue was last asked for and has not made."""
        return self._asked.get(order)

    def past(self, order: int) -> list[Superseded]:
        """Oldest first."""
        return list(self._past.get(order, ()))

    def by_client_id(self, account: int, client_order_id: str) -> tuple[int, int] | None:
        """Order and version that a replacement with this client id made."""
        return self._of_client_id.get((account, client_order_id))

    def on_record(self, record: Record, effects: list[Any]) -> None:
        """Take the record in; `effects` are its own, decoded once."""
        if type(record.command).__name__ not in ("ReplaceOrder", "ReplaceSpecial", "VenueReplaced"):
            return
        for effect in effects:
            kind = type(effect).__name__
            row = self._orders.order(effect.order) if kind in ("Replaced", "ReplaceRequested") else None
            if row is not None and kind == "ReplaceRequested":
                _set(self._asked, row.number, self._made(record, effect, done=False))
            elif row is not None:
                self._supersede(row, record, effect)

    def _made(self, record: Record, effect: Any, done: bool) -> Latest:
        text = record.origin.text
        return Latest(record.sequence, record.stamp, text, effect.price, effect.quantity, done)

    def _supersede(self, row: OrderRow, record: Record, effect: Any) -> None:
        asked = self._asked.pop(row.number, None)
        made = self._made(record, effect, done=True)
        if asked is not None:
            made = msgspec.structs.replace(made, version=asked.version, client_order_id=asked.client_order_id)
        self._keep(superseded(row, self._latest.pop(row.number, None), made))
        _set(self._latest, row.number, made)
        if made.client_order_id:
            _set(self._of_client_id, (row.account, made.client_order_id), (row.number, made.version))

    def _keep(self, gone: Superseded) -> None:
        self._past.setdefault(gone.order, deque()).append(gone)
        self._all.append(gone)
        if len(self._all) > SUPERSEDED_MAX:
            self._forget(self._all.popleft())

    def _forget(self, oldest: Superseded) -> None:
        kept = self._past[oldest.order]
        kept.popleft()
        if not kept:
            del self._past[oldest.order]


def _set(known: dict[Key, Value], key: Key, value: Value) -> None:
    known.pop(key, None)
    known[key] = value
    if len(known) > LATEST_MAX:
        del known[next(iter(known))]


def superseded(row: OrderRow, before: Latest | None, made: Latest) -> Superseded:
    """The version of `row` that `made` takes the place of; the row still shows it."""
    return Superseded(
        order=row.number,
        version=before.version if before else 0,
        started_at=before.started_at if before else row.created_at,
        client_order_id=before.client_order_id if before else row.client_order_id,
        price=row.price,
        quantity=row.quantity,
        filled=row.filled,
        turnover=row.turnover,
        replaced_at=made.started_at,
        by=made.version,
    )
