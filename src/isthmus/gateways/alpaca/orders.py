"""Orders as this protocol shows them. A replaced order keeps its id and is over; its successor has a new one.

The engine keeps one number for an order through all its changes, so each version here is (number, version): the version
that stands comes from the order itself, those before it from the views' versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from isthmus.gateways.alpaca import ids
from isthmus.gateways.alpaca.symbols import Symbols, class_of
from isthmus.gateways.keys import Identity
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.gateways.render import SIDE_NAMES, TIF_NAMES, TYPE_NAMES, average_text
from isthmus.kernel.ids import order_id, record_id
from isthmus.kernel.messages import DAY, MARKET
from isthmus.kernel.values import short_text, time_text
from isthmus.views.orders import OrderRow
from isthmus.views.tape import DAY_NS
from isthmus.views.versions import Latest, Superseded

OVER = ("filled", "canceled", "expired", "replaced", "rejected")


class Face(msgspec.Struct, frozen=True):
    """One version of an order, at one moment."""

    row: OrderRow
    version: int
    started_at: int
    changed_at: int
    client_order_id: str
    price: int
    quantity: int
    filled: int
    turnover: int
    status: str
    replaces: int | None = None
    replaced_by: int | None = None

    @property
    def id(self) -> str:
        """The UUID of this version."""
        return version_id(self.row.number, self.version)

    @property
    def over(self) -> bool:
        """Nothing more can happen to this version."""
        return self.status in OVER


class OrderBoard:
    """Finds orders and shows them."""

    def __init__(self, reads: Reads, symbols: Symbols) -> None:
        self._views = reads.views
        self._directory = reads.directory
        self._symbols = symbols

    def standing(self, row: OrderRow) -> Face:
        """The version that stands."""
        latest = self._views.versions.latest(row.number)
        past = self._views.versions.past(row.number)
        return Face(
            row=row,
            version=latest.version if latest else 0,
            started_at=latest.started_at if latest else row.created_at,
            changed_at=row.updated_at,
            client_order_id=latest.client_order_id if latest else row.client_order_id,
            price=row.price,
            quantity=row.quantity,
            filled=row.filled,
            turnover=row.turnover,
            status=status_of(row),
            replaces=past[-1].version if past else None,
        )

    def asked(self, row: OrderRow) -> Face | None:
        """The version that an outside venue was asked for."""
        wanted = self._views.versions.asked(row.number)
        if wanted is None:
            return None
        before = self.standing(row)
        status = "rejected" if row.closed else "pending_new"
        return msgspec.structs.replace(before, **_of(wanted), status=status, replaces=before.version)

    def past(self, row: OrderRow) -> list[Face]:
        """The versions that were replaced, oldest first."""
        gone = self._views.versions.past(row.number)
        before = [None, *(version.version for version in gone)]
        return [superseded_face(row, version, replaces) for version, replaces in zip(gone, before, strict=False)]

    def faces(self, row: OrderRow) -> list[Face]:
        """All versions, newest first."""
        asked = self.asked(row)
        return [*([asked] if asked else []), self.standing(row), *reversed(self.past(row))]

    def find(self, text: str, identity: Identity) -> Face:
        """By id. Raises Refusal 404, the same for what is hidden and what is not there."""
        numbers = ids.read(ids.ORDER, text)
        if numbers is not None:
            row = self._views.orders.order(numbers[0])
            if row is not None and (identity.sees_all or row.account == identity.account):
                face = next((face for face in self.faces(row) if face.version == numbers[1]), None)
                if face is not None:
                    return face
        raise Refusal(404, "unknown_order", "order not found", field="order_id", value=text)

    def find_by_client_id(self, text: str, account: int, identity: Identity) -> Face:
        """By the client's id for the order, or for its replacement. Raises Refusal 404."""
        if ids.read(ids.ORDER, text) is not None:
            return self.find(text, identity)
        views = self._views
        found = views.versions.by_client_id(account, text)
        row = views.orders.order(found[0]) if found else views.orders.by_client_id(account, text)
        version = found[1] if found else 0
        face = next((face for face in self.faces(row) if face.version == version), None) if row else None
        if face is None:
            raise Refusal(404, "unknown_order", "order not found", field="client_order_id", value=text)
        return face

    def is_taken(self, text: str, account: int) -> bool:
        """Whether the account has an order of this client id."""
        views = self._views
        return views.orders.by_client_id(account, text) is not None or (
            views.versions.by_client_id(account, text) is not None
        )

    def newest_first(self, account: int, open_only: bool) -> Iterator[Face]:
        """Every version of every order of the account; children of parents are not its own orders here."""
        for row in self._views.orders.newest_first(account, open_only):
            if row.of:
                continue
            yield from (face for face in self.faces(row) if not (open_only and face.over))

    def shown(self, face: Face) -> dict[str, Any]:
        """The order's object: numbers as text."""
        row = face.row
        instrument = self._directory.instruments.get(row.instrument)
        places = instrument.quantity_decimals if instrument else 0
        day_end = row.created_at - row.created_at % DAY_NS + DAY_NS
        return {
            "id": face.id,
            "client_order_id": face.client_order_id or face.id,
            **self._times(face),
            "expires_at": time_text(day_end) if row.tif == DAY else None,
            "replaced_by": None if face.replaced_by is None else version_id(row.number, face.replaced_by),
            "replaces": None if face.replaces is None else version_id(row.number, face.replaces),
            "asset_id": ids.made(ids.ASSET, row.instrument),
            "symbol": self._symbols.name(row.instrument) if instrument else "",
            "asset_class": class_of(instrument) if instrument else "",
            "notional": None,
            "qty": short_text(face.quantity, places),
            "filled_qty": short_text(face.filled, places),
            "filled_avg_price": average_text(face.turnover, face.filled, instrument) if instrument else None,
            "order_class": "",
            "order_type": TYPE_NAMES.get(row.kind, ""),
            "type": TYPE_NAMES.get(row.kind, ""),
            "side": SIDE_NAMES.get(row.side, ""),
            "position_intent": None,
            "time_in_force": TIF_NAMES.get(row.tif, ""),
            "limit_price": self._limit_price(face),
            "stop_price": None,
            "status": face.status,
            "extended_hours": False,
            "legs": None,
            "trail_percent": None,
            "trail_price": None,
            "hwm": None,
            "subtag": None,
            "source": None,
            "native_id": order_id(row.number),
            "record": record_id(row.record),
            "reason": row.reason,
            "routing": row.routing,
        }

    def _times(self, face: Face) -> dict[str, str | None]:
        changed = time_text(face.changed_at)
        ends = {"filled": "filled_at", "expired": "expired_at", "canceled": "canceled_at", "rejected": "failed_at"}
        ends["replaced"] = "replaced_at"
        return {
            "created_at": time_text(face.started_at),
            "updated_at": changed,
            "submitted_at": time_text(face.started_at),
            **{name: changed if face.status == status else None for status, name in ends.items()},
        }

    def _limit_price(self, face: Face) -> str | None:
        instrument = self._directory.instruments.get(face.row.instrument)
        if face.row.kind == MARKET or instrument is None:
            return None
        return short_text(face.price, instrument.price_decimals)


def version_id(order: int, version: int) -> str:
    """The UUID of a version of an order."""
    return ids.made(ids.ORDER, order, version)


def status_of(row: OrderRow) -> str:
    """The order's status by its name here."""
    if row.status == "open":
        return "partially_filled" if row.filled else "new"
    if row.status == "cancelled":
        return "expired" if row.reason == "expired" else "canceled"
    return row.status


def superseded_face(row: OrderRow, gone: Superseded, replaces: int | None) -> Face:
    """A version that was replaced; `replaces` is the one before it."""
    return Face(
        row=row,
        version=gone.version,
        started_at=gone.started_at,
        changed_at=gone.replaced_at,
        client_order_id=gone.client_order_id,
        price=gone.price,
        quantity=gone.quantity,
        filled=gone.filled,
        turnover=gone.turnover,
        status="replaced",
        replaces=replaces,
        replaced_by=gone.by,
    )


def _of(wanted: Latest) -> dict[str, Any]:
    return {
        "version": wanted.version,
        "started_at": wanted.started_at,
        "client_order_id": wanted.client_order_id,
        "price": wanted.price,
        "quantity": wanted.quantity,
    }
