"""Blocks to sub-accounts, as pending transfers that are posted together or voided together.

Owns: which orders were allocated under which name. Takes: durable records (its own transfers, from the start of the
journal) and wishes of clients and operators. Emits: MovePending for every leg, then PostPending for all of them, or
VoidPending if one was refused. A stop between the two leaves transfers that wait: the same wish, sent again, goes on
with them, since each record of a leg says what it is of; what nobody asks for again is voided by its time.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from msgspec import Struct

from isthmus.engine.engine import Record
from isthmus.gateways.allocations import Allocated, AllocatedPart, AllocationWish
from isthmus.gateways.problems import Refusal
from isthmus.gateways.refusals import refusal_of
from isthmus.gateways.submission import Asker, Submission
from isthmus.kernel.clock import Clock
from isthmus.kernel.errors import BadInput
from isthmus.kernel.ids import account_id, order_id
from isthmus.kernel.messages import PURPOSE_NUMBERS, SIDES, MovePending, PostPending, VoidPending
from isthmus.kernel.values import NS_PER_S
from isthmus.ledger.allocation import Allocation, BlockFill, Leg, allocate
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument
from isthmus.views.orders import FillRow, OrderRow
from isthmus.views.views import Views

PURPOSE = PURPOSE_NUMBERS["allocation"]
WAIT_NS = 3_600 * NS_PER_S
"""A leg that is not posted by then is void."""
ORDERS_MAX = 100
FILLS_MAX = 10_000
NAME_MAX = 64
SPOT = ("equity", "fx_spot", "crypto_spot")
BUY = SIDES["buy"]


class Note(Struct, frozen=True):
    """What the record of a leg says beside its numbers."""

    allocation: str
    orders: tuple[int, ...]
    parts: tuple[tuple[int, int], ...]


class Made(Struct):
    """An allocation under its name: what was wished, and the transfer of each leg."""

    note: Note
    transfers: dict[str, int]


class AllocationDesk:
    """An outlet of the views, and what gateways call."""

    def __init__(self, submission: Submission, directory: Directory, views: Views, clock: Clock) -> None:
        self._submission = submission
        self._directory = directory
        self._views = views
        self._clock = clock
        self._names: dict[int, str] = {}
        """Under which name an order was allocated, or is being allocated."""
        self._made: dict[tuple[int, str], Made] = {}
        self._waiting: dict[int, tuple[int, str]] = {}
        self._posted: set[int] = set()
        self._turn = asyncio.Lock()

    def record(self, record: Record) -> None:
        """Its own transfers: made, and voided."""
        for effect in record.effects:
            kind = type(effect).__name__
            if kind == "Pending" and record.command.purpose == PURPOSE and record.origin.note:
                self._began(record, effect.transfer)
            elif kind == "PendingEnded" and (key := self._waiting.pop(effect.transfer, None)) is not None:
                self._ended(key, effect)

    def _began(self, record: Record, transfer: int) -> None:
        note = msgspec.json.decode(record.origin.note, type=Note)
        leg = record.origin.text
        key = int(leg.split(":")[1]), note.allocation
        self._made.setdefault(key, Made(note, {})).transfers[leg] = transfer
        self._waiting[transfer] = key
        self._names.update(dict.fromkeys(note.orders, note.allocation))

    def _ended(self, key: tuple[int, str], effect: Any) -> None:
        """What was voided is as if it had never been asked for, once none of it waits or is posted."""
        if effect.posted:
            self._posted.add(effect.transfer)
            return
        made = self._made[key]
        made.transfers = {leg: transfer for leg, transfer in made.transfers.items() if transfer != effect.transfer}
        if not made.transfers:
            del self._made[key]
            for order in made.note.orders:
                self._names.pop(order, None)

    def order(self, row: OrderRow) -> None:
        """Asked for when it is allocated."""

    def fill(self, row: FillRow) -> None:
        """Asked for when it is allocated."""

    def balance(self, account: int, asset: int) -> None:
        """Nothing to do."""

    def position(self, account: int, instrument: int) -> None:
        """Nothing to do."""

    def trade(self, _: Any) -> None:
        """Nothing to do."""

    async def allocate(self, wish: AllocationWish, asker: Asker) -> Allocated:
        """All of it or nothing; one after the other, since two may be of the same block. Raises Refusal."""
        async with self._turn:
            return await self._allocate(wish, asker)

    async def _allocate(self, wish: AllocationWish, asker: Asker) -> Allocated:
        self._require_rights(wish, asker)
        rows = self._orders(wish)
        instrument = self._directory.instruments[rows[0].instrument]
        before = self._made.get((wish.block, wish.name))
        if before is not None and (before.note.orders, before.note.parts) != (wish.orders, wish.parts):
            raise Refusal(409, "duplicate_client_id", "another allocation has that name", field="name", value=wish.name)
        made = self._worked_out(wish, rows, instrument)
        legs = made.legs(f"allocation:{wish.block}:{wish.name}", instrument.base_units(1))
        records = await self._post(legs, instrument, wish, asker)
        parts = tuple(AllocatedPart(part.account, part.quantity, part.value, part.fee) for part in made.parts)
        return Allocated(wish.name, instrument.number, rows[0].side, made.average, parts, records)

    def _require_rights(self, wish: AllocationWish, asker: Asker) -> None:
        """A client allocates blocks of his own account, to accounts of the same firm or group."""
        if not 1 <= len(wish.name) <= NAME_MAX or not wish.name.isascii() or not wish.name.isprintable():
            raise _bad("name", f"is 1 to {NAME_MAX} printable ASCII characters")
        if not 1 <= len(wish.orders) <= ORDERS_MAX:
            raise _bad("orders", f"are 1 to {ORDERS_MAX}")
        if len({account for account, _ in wish.parts}) != len(wish.parts):
            raise _bad("allocations", "name an account twice")
        for account, _ in wish.parts:
            if not self._directory.is_client(account):
                raise Refusal(
                    422, "unknown_account", "is no client's account", field="account", value=account_id(account)
                )
        if asker.identity.role == "operator":
            return
        if asker.identity.account != wish.block:
            raise Refusal(403, "not_yours", "only the block's own account allocates it", field="account")
        for account, _ in wish.parts:
            if not self._belong_together(account, wish.block):
                detail = "an operator allocates to accounts outside the block's firm and group"
                raise Refusal(403, "not_yours", detail, field="account", value=account_id(account))

    def _belong_together(self, first: int, second: int) -> bool:
        belongs = self._directory.belongs
        return any(belongs(first, what) == belongs(second, what) != 0 for what in ("firm", "group"))

    def _orders(self, wish: AllocationWish) -> list[OrderRow]:
        rows = [self._views.orders.order(number) for number in wish.orders]
        found = [row for row in rows if row is not None and row.account == wish.block]
        if len(found) != len(rows) or len(set(wish.orders)) != len(rows):
            raise Refusal(422, "unknown_order", "each order is one of the block account's, named once", field="orders")
        for row in found:
            if not row.closed:
                raise Refusal(
                    409,
                    "order_open",
                    "an order is allocated when it is done",
                    field="orders",
                    value=order_id(row.number),
                )
            name = self._names.get(row.number, wish.name)
            if name != wish.name:
                detail = f"was allocated as {name}"
                raise Refusal(409, "already_allocated", detail, field="orders", value=order_id(row.number))
        if len({(row.instrument, row.side) for row in found}) != 1:
            raise _bad("orders", "of a block are of one instrument and one side")
        return found

    def _worked_out(self, wish: AllocationWish, rows: list[OrderRow], instrument: Instrument) -> Allocation:
        if instrument.kind_name not in SPOT:
            detail = "positions are not moved between accounts: only what is bought and owned is allocated"
            raise Refusal(422, "not_allocated", detail, field="instrument", value=instrument.symbol)
        numbers = {row.number for row in rows} | {child.number for row in rows for child in self._children(row)}
        fills = [fill for fill in self._views.orders.fills_newest_first(wish.block) if fill.order in numbers]
        lots = sum(fill.quantity for fill in fills)
        if lots != sum(row.filled for row in rows) or len(fills) > FILLS_MAX:
            raise Refusal(409, "fills_forgotten", "its fills are too long ago, or too many", field="orders")
        if wish.quantity not in (None, lots):
            raise _bad("quantity", f"is not what was filled: {lots} lots")
        block = [BlockFill(fill.side == BUY, fill.price, fill.quantity, fill.value, fill.fee) for fill in fills]
        try:
            return allocate(wish.block, block, dict(wish.parts))
        except BadInput as refused:
            raise _bad(refused.field or "allocations", refused.reason) from refused

    def _children(self, row: OrderRow) -> list[OrderRow]:
        return self._views.orders.children(row.number) if row.path else []

    async def _post(
        self, legs: list[Leg], instrument: Instrument, wish: AllocationWish, asker: Asker
    ) -> tuple[int, ...]:
        known = self._made.get((wish.block, wish.name))
        transfers = dict(known.transfers) if known is not None else {}
        held = await self._held([leg for leg in legs if leg.key not in transfers], instrument, wish, asker)
        refused = [(record, command) for record, command in held if record.reason is not None]
        transfers |= {record.origin.text: record.sequence for record, _ in held if record.reason is None}
        waiting = [transfer for transfer in transfers.values() if transfer not in self._posted]
        if refused:
            await self._each([VoidPending(transfer=at, client_id=bytes(16)) for at in waiting], asker)
            raise refusal_of(*refused[0], None, self._views)
        posted = await self._each([PostPending(transfer=at, amount=0, client_id=bytes(16)) for at in waiting], asker)
        if any(record.reason is not None for record, _ in posted):
            raise Refusal(409, "allocation_over", "it waited too long and was voided: send it again")
        return tuple(record.sequence for record, _ in posted)

    async def _held(
        self, legs: list[Leg], instrument: Instrument, wish: AllocationWish, asker: Asker
    ) -> list[tuple[Record, Any]]:
        note = msgspec.json.encode(Note(wish.name, wish.orders, wish.parts)).decode()
        expire = self._clock() + WAIT_NS
        assets = {"base": instrument.base.number, "quote": instrument.quote.number}
        staged = []
        for leg in legs:
            command = MovePending(
                source=leg.source, target=leg.target, asset=assets[leg.asset], amount=leg.amount, purpose=PURPOSE,
                client_id=bytes(16), expire=expire,
            )  # fmt: skip
            staged.append((self._submission.stage(command, asker, leg.key, note)[1], command))
        return [(await durable, command) for durable, command in staged]

    async def _each(self, commands: list[Any], asker: Asker) -> list[tuple[Record, Any]]:
        staged = [self._submission.stage(command, asker)[1] for command in commands]
        return list(zip(await asyncio.gather(*staged), commands, strict=True))


def _bad(field: str, detail: str) -> Refusal:
    return Refusal(422, "bad_terms", f"{field} {detail}", field=field)
