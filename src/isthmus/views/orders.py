"""Clients' orders and fills, by id, by account and by the client's own id."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import msgspec

from isthmus.engine.engine import Record
from isthmus.kernel.messages import (
    BUY,
    CANCEL_REASONS,
    FILLED_OUTSIDE,
    GIVEN,
    GTC,
    LIMIT,
    MAKER,
    MARKET,
    MARKET_TO_LIMIT,
    PEG,
    PENDING,
    REQUEST,
    RESPONSE,
    SCOPES,
    SELL,
    STOP,
    STOP_LIMIT,
    TAKER,
    TRAILING_STOP,
    WORKED,
)
from isthmus.refdata.directory import Directory
from isthmus.views.families import Families

CLOSED_ORDERS_MAX = 100_000
"""Closed orders kept over all accounts; the oldest go first."""
FILLS_MAX = 100_000
"""Fills kept over all accounts; the oldest go first."""
ROUTINGS_MAX = 65_536
"""Reasons of a routing that wait for their order's record."""
TOUCHES_MAX = 10_000
"""Records kept of one order's life; between its first and its newest the oldest go first."""

TERMS = (
    "stop",
    "offset",
    "display",
    "display_high",
    "min_quantity",
    "expire",
    "one_cancels",
    "parent",
    "request",
    "peg",
    "trigger",
)
"""What PlaceSpecial has beyond PlaceOrder, as far as people are shown it."""
CHILD_TERMS = ("offset", "display", "display_high", "min_quantity", "expire", "request", "peg")
"""Those of a child."""
TRIGGERED_KINDS = {STOP: MARKET, STOP_LIMIT: LIMIT}
"""What a stop is once its price came; a trailing stop is one or the other by whether it has a limit."""
WAITING_KINDS = {PEG: "reference", REQUEST: "responses", RESPONSE: "acceptance"}
"""What these wait for outside the book; other kinds wait for their trigger."""


class OrderRow(msgspec.Struct):
    """An order as it stands. `turnover` sums price x quantity of its fills; `record` is the last that touched it.

    `terms`: those of TERMS that are not zero. `waits`: None once it works, else what it waits for: its "trigger", its
    peg's "reference", its "session", its "parent", "responses" to its request, or "acceptance" of its response.
    `touched`: the records of its life, the refused changes among them.

    Of a parent: `path`, how it is worked, and `note`, what was said of that; its fills are its children's, its `price`
    is the limit (the protection price of one at the market). Of a child: its parent (`of`), `ordinal`, the offset of
    the market data that was decided by (`tape`), and `why`. All are 0 or empty elsewhere.
    """

    number: int
    account: int
    instrument: int
    venue: int
    side: int
    kind: int
    tif: int
    flags: int
    price: int
    quantity: int
    client_order_id: str
    created_at: int
    updated_at: int
    record: int
    status: str = "open"
    reason: str | None = None
    filled: int = 0
    turnover: int = 0
    hold: int = 0
    routing: str | None = None
    session: int = 0
    waits: str | None = None
    terms: dict[str, int] = {}
    touched: list[int] = []
    path: int = 0
    of: int = 0
    ordinal: int = 0
    tape: int = 0
    note: str = ""
    why: str = ""

    @property
    def closed(self) -> bool:
        """Nothing more can happen to it."""
        return self.status in ("filled", "cancelled", "rejected")


class FillRow(msgspec.Struct, frozen=True):
    """A client's side of a trade. `ordinal` counts the trades of one record from 1. `value`: minor units of the quote
    asset that he paid or got, the fee apart (of a perpetual: its settlement).
    """

    record: int
    ordinal: int
    order: int
    account: int
    instrument: int
    venue: int
    side: int
    price: int
    quantity: int
    fee: int
    liquidity: int
    time: int
    value: int = 0


class Orders:
    """Feed it every record in order; it answers with what changed."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._rows: dict[int, OrderRow] = {}
        self._of_account: dict[int, dict[int, OrderRow]] = {}
        self._open: dict[int, dict[int, OrderRow]] = {}
        self._of_client_id: dict[tuple[int, str], OrderRow] = {}
        self._closed: deque[OrderRow] = deque()
        self._fills: dict[int, deque[FillRow]] = {}
        self._all_fills: deque[FillRow] = deque()
        self._routings: dict[int, str] = {}
        self._families = Families()

    def order(self, number: int) -> OrderRow | None:
        """By id."""
        return self._rows.get(number)

    def by_client_id(self, account: int, client_order_id: str) -> OrderRow | None:
        """By the client's own id."""
        return self._of_client_id.get((account, client_order_id))

    def children(self, parent: int) -> list[OrderRow]:
        """Of a parent, by ordinal; those that the blotter has forgotten are left out."""
        return [row for child in self._families.children(parent) if (row := self._rows.get(child))]

    def newest_first(self, account: int, open_only: bool) -> Iterator[OrderRow]:
        """The account's orders."""
        rows = (self._open if open_only else self._of_account).get(account, {})
        return reversed(rows.values())

    def fills_newest_first(self, account: int) -> Iterator[FillRow]:
        """The account's fills."""
        return reversed(self._fills.get(account, deque()))

    def note_routing(self, order: int, why: str) -> None:
        """Why the order's venue was chosen; kept with the order when its record comes."""
        self._routings[order] = why
        for oldest in list(islice(self._routings, max(0, len(self._routings) - ROUTINGS_MAX))):
            del self._routings[oldest]

    def on_record(self, record: Record, effects: list[Any]) -> tuple[list[OrderRow], list[FillRow]]:
        """Take the record in (`effects` are its own, decoded once); the orders it changed and the fills it made."""
        changed: dict[int, OrderRow] = {}
        fills: list[FillRow] = []
        command = record.command
        if type(command).__name__ in PLACING and self._directory.is_client(command.account):
            self._place(record, command, effects, changed)
        elif type(command).__name__ == "PlaceChild":
            self._place_child(record, command, changed)
        asked = asked_parents(effects)
        trades = 0
        for effect in effects:
            kind = type(effect).__name__
            if kind == "Traded":
                trades += 1
                self._trade(record, effect, trades, changed, fills)
            elif kind == "Purged":
                self._purge(effect, asked, changed)
            elif (take := _TAKES.get(kind)) and (row := self._rows.get(effect.order)):
                if kind == "Replaced" and type(command).__name__ == "ReplaceSpecial":
                    self._specify(row, command)
                elif kind == "Replaced" and type(command).__name__ == "ReplaceOrder" and row.kind == TRAILING_STOP:
                    row.price = command.price
                take(self, row, effect)
                changed[row.number] = row
        self._follow_children(changed)
        for row in changed.values():
            self._touch(row, record)
        if record.reason is not None and (refused := self._rows.get(getattr(command, "order", 0))) is not None:
            _note(refused, record)
        return list(changed.values()), fills

    def _place(self, record: Record, command: Any, effects: list[Any], changed: dict[int, OrderRow]) -> None:
        if any(type(effect).__name__ == "Repeated" for effect in effects):
            return
        row = OrderRow(
            number=record.sequence,
            account=command.account,
            instrument=command.instrument,
            venue=getattr(command, "venue", 0),
            side=command.side,
            kind=getattr(command, "kind", WORKED),
            tif=getattr(command, "tif", GTC),
            flags=getattr(command, "flags", 0),
            price=command.price,
            quantity=command.quantity,
            client_order_id=record.origin.text,
            created_at=record.stamp,
            updated_at=record.stamp,
            record=record.sequence,
            routing=self._routings.pop(record.sequence, None),
            session=command.session,
            terms={name: value for name in TERMS if (value := getattr(command, name, 0))},
            path=getattr(command, "path", 0),
            note=record.origin.note if hasattr(command, "path") else "",
        )
        if record.reason is not None:
            row.status, row.reason = "rejected", record.reason
        self._keep(row, duplicate=record.reason == "duplicate_client_id")
        changed[row.number] = row

    def _place_child(self, record: Record, command: Any, changed: dict[int, OrderRow]) -> None:
        """Under its parent's account; one that was sent again is no news."""
        parent = self._rows.get(command.parent)
        if parent is None or record.reason == "already_placed":
            return
        row = OrderRow(
            number=record.sequence,
            account=parent.account,
            instrument=parent.instrument,
            venue=command.venue,
            side=parent.side,
            kind=command.kind,
            tif=command.tif,
            flags=command.flags,
            price=command.price,
            quantity=command.quantity,
            client_order_id="",
            created_at=record.stamp,
            updated_at=record.stamp,
            record=record.sequence,
            session=parent.session,
            terms={name: value for name in CHILD_TERMS if (value := getattr(command, name))},
            of=parent.number,
            ordinal=command.ordinal,
            tape=command.tape,
            why=record.origin.note,
        )
        if record.reason is not None:
            row.status, row.reason = "rejected", record.reason
        else:
            self._families.add(parent.number, row.number)
        self._keep(row, duplicate=False)
        changed[row.number] = row

    def _follow_children(self, changed: dict[int, OrderRow]) -> None:
        """What happened to a child happened to its parent; one that is filled is done with its last child."""
        for row in [row for row in changed.values() if row.of]:
            if row.closed:
                self._families.end(row.number)
            if parent := self._rows.get(row.of):
                changed[parent.number] = parent
        for row in changed.values():
            if row.path and not row.closed and row.filled >= row.quantity and not self._families.is_worked(row.number):
                row.status, row.hold = "filled", 0

    def _keep(self, row: OrderRow, duplicate: bool) -> None:
        self._rows[row.number] = row
        self._of_account.setdefault(row.account, {})[row.number] = row
        self._open.setdefault(row.account, {})[row.number] = row
        if row.client_order_id and not duplicate:
            self._of_client_id[(row.account, row.client_order_id)] = row

    def _touch(self, row: OrderRow, record: Record) -> None:
        row.updated_at, row.record = record.stamp, record.sequence
        _note(row, record)
        if row.closed and self._open[row.account].pop(row.number, None) is not None:
            self._closed.append(row)
            if len(self._closed) > CLOSED_ORDERS_MAX:
                self._forget(self._closed.popleft())

    def _forget(self, row: OrderRow) -> None:
        del self._rows[row.number]
        del self._of_account[row.account][row.number]
        self._families.forget(row.number)
        key = (row.account, row.client_order_id)
        if self._of_client_id.get(key) is row:
            del self._of_client_id[key]

    def _trade(
        self, record: Record, traded: Any, ordinal: int, changed: dict[int, OrderRow], fills: list[FillRow]
    ) -> None:
        for liquidity, account in ((MAKER, traded.maker), (TAKER, traded.taker)):
            if not self._directory.is_client(account):
                continue
            fill = fill_of(record, traded, ordinal, liquidity)
            row = self._rows.get(fill.order)
            who = (fill.account, fill.instrument, fill.side, fill.venue)
            if row is not None and (row.account, row.instrument, row.side, row.venue) == who:
                row.filled += fill.quantity
                row.turnover += fill.price * fill.quantity
                row.hold = traded.maker_hold if liquidity == MAKER else traded.taker_hold
                if row.filled >= row.quantity:
                    row.status = "filled"
                changed[row.number] = row
                parent = self._rows.get(row.of)
                if parent is not None and not parent.closed:
                    parent.filled += fill.quantity
                    parent.turnover += fill.price * fill.quantity
                    changed[parent.number] = parent
            self._keep_fill(fill)
            fills.append(fill)

    def _keep_fill(self, fill: FillRow) -> None:
        self._fills.setdefault(fill.account, deque()).append(fill)
        self._all_fills.append(fill)
        if len(self._all_fills) > FILLS_MAX:
            self._fills[self._all_fills.popleft().account].popleft()

    def _accepted(self, row: OrderRow, effect: Any) -> None:
        row.hold = effect.hold
        if row.kind in (PEG, WORKED):
            row.price = effect.price

    def _cancelled(self, row: OrderRow, effect: Any) -> None:
        row.status, row.reason, row.hold = "cancelled", CANCEL_REASONS[effect.reason], 0

    def _replaced(self, row: OrderRow, effect: Any) -> None:
        row.quantity, row.hold, row.status = effect.quantity, effect.hold, "open"
        if row.kind == STOP or (row.kind == TRAILING_STOP and not row.price):
            row.terms = {**row.terms, "stop": effect.price}
        elif row.venue or row.kind not in (MARKET, TRAILING_STOP):
            row.price = effect.price

    def _specify(self, row: OrderRow, command: Any) -> None:
        """The terms that a replacement named."""
        named = {key: getattr(command, key) for key, bit in GIVEN.items() if command.given & bit}
        if row.kind == TRAILING_STOP:
            row.price = named.get("price", row.price)
        terms = row.terms | {key: value for key, value in named.items() if key in TERMS and value}
        gone = [key for key, value in named.items() if key != "stop" and not value]
        row.terms = {key: value for key, value in terms.items() if key not in gone}

    def _parked(self, row: OrderRow, effect: Any) -> None:
        row.waits = _waits_for(row, effect.status)

    def _triggered(self, row: OrderRow, effect: Any) -> None:
        row.waits = None
        if effect.price:
            trailed = LIMIT if row.price else MARKET
            row.kind = trailed if row.kind == TRAILING_STOP else TRIGGERED_KINDS.get(row.kind, row.kind)

    def _repriced(self, row: OrderRow, effect: Any) -> None:
        row.hold, row.waits = effect.hold, None
        if row.kind not in (STOP, MARKET):
            row.price = effect.price
        row.kind = LIMIT if row.kind == MARKET_TO_LIMIT else row.kind

    def _trailed(self, row: OrderRow, effect: Any) -> None:
        row.terms = {**row.terms, "stop": effect.stop}
        row.price, row.hold = effect.price, effect.hold

    def _reheld(self, row: OrderRow, effect: Any) -> None:
        row.hold = effect.hold

    def _reduced(self, row: OrderRow, effect: Any) -> None:
        row.quantity, row.hold = row.filled + effect.left, row.hold - effect.released

    def _shown(self, row: OrderRow, _: Any) -> None:
        """An iceberg's next peak: only `updated_at` moves."""

    def _purge(self, effect: Any, asked: set[int], changed: dict[int, OrderRow]) -> None:
        """A kill names its scope and not its orders: ours are those that match. A venue's orders, and parents with
        children there, were asked for.
        """
        is_purged = purged_by(self._directory, effect)
        for rows in self._open.values():
            for row in rows.values():
                if is_purged(row) and row.number not in asked:
                    row.status, row.reason, row.hold = "cancelled", "kill", 0
                    changed[row.number] = row

    def _cancel_requested(self, row: OrderRow, _: Any) -> None:
        row.status = "pending_cancel"

    def _replace_requested(self, row: OrderRow, effect: Any) -> None:
        row.status, row.hold = "pending_replace", effect.hold

    def _acknowledged(self, row: OrderRow, _: Any) -> None:
        """The venue has it: only `updated_at` moves."""


def purged_by(directory: Directory, purged: Any) -> Callable[[Any], bool]:
    """Tells of an order (a row, or the command that placed it) whether this purge took it out of the house book."""
    scope, of = SCOPES[purged.scope], int(purged.of)
    if scope in ("group", "firm"):
        return lambda order: _is_here(order) and directory.belongs(order.account, scope) == of
    if scope == "everything":
        return _is_here
    if scope not in ("account", "session", "instrument"):
        return lambda _: False
    return lambda order: _is_here(order) and getattr(order, scope) == of


def _is_here(order: Any) -> bool:
    """Not at an outside venue; parents are never."""
    return getattr(order, "venue", 0) == 0


def asked_parents(effects: list[Any]) -> set[int]:
    """Parents that end when their children at venues have answered."""
    return {effect.order for effect in effects if type(effect).__name__ == "CancelRequested" and not effect.venue}


def _note(row: OrderRow, record: Record) -> None:
    row.touched.append(record.sequence)
    if len(row.touched) > TOUCHES_MAX:
        del row.touched[1]


def _waits_for(row: OrderRow, status: int) -> str:
    if status == PENDING or row.kind in (REQUEST, RESPONSE):
        return WAITING_KINDS.get(row.kind, "trigger")
    return "parent" if "parent" in row.terms else "session"


def venue_of(traded: Any, liquidity: int) -> int:
    """The outside venue that an account traded with as maker or taker; 0 for the house book."""
    counterparty = traded.maker if liquidity == TAKER else traded.taker
    return int(counterparty) if traded.flags & FILLED_OUTSIDE else 0


def fill_of(record: Record, traded: Any, ordinal: int, liquidity: int) -> FillRow:
    """One side of the record's trade of that ordinal."""
    taking = liquidity == TAKER
    other_side = SELL if traded.taker_side == BUY else BUY
    buys = (traded.taker_side if taking else other_side) == BUY
    return FillRow(
        record=record.sequence,
        ordinal=ordinal,
        order=traded.taker_order if taking else traded.maker_order,
        account=traded.taker if taking else traded.maker,
        instrument=traded.instrument,
        venue=venue_of(traded, liquidity),
        side=traded.taker_side if taking else other_side,
        price=traded.price,
        quantity=traded.quantity,
        fee=traded.taker_fee if taking else traded.maker_fee,
        liquidity=liquidity,
        time=record.stamp,
        value=traded.buyer_pays if buys else traded.seller_gets,
    )


PLACING = frozenset(("PlaceOrder", "PlaceSpecial", "PlaceParent"))
"""Kinds of commands that place an order of an account's own."""

_TAKES = {
    "Accepted": Orders._accepted,
    "Parked": Orders._parked,
    "Triggered": Orders._triggered,
    "Repriced": Orders._repriced,
    "Trailed": Orders._trailed,
    "Reheld": Orders._reheld,
    "Reduced": Orders._reduced,
    "Refreshed": Orders._shown,
    "Cancelled": Orders._cancelled,
    "Replaced": Orders._replaced,
    "CancelRequested": Orders._cancel_requested,
    "ReplaceRequested": Orders._replace_requested,
    "Acknowledged": Orders._acknowledged,
}
