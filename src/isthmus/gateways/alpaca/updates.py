"""Trade updates: what happened to an account's orders, event after event, each with the order as it was right then.

A record may do several things at once (accept, fill twice, cancel the rest). The views show an order after the whole
record, so what a later effect of the same record did is taken off again for the earlier ones.
"""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.engine.engine import Record
from isthmus.gateways.alpaca.account import execution_id
from isthmus.gateways.alpaca.orders import Face, OrderBoard, superseded_face
from isthmus.gateways.reads import Reads
from isthmus.gateways.websocket.streams import Listener
from isthmus.kernel.messages import BUY, CANCEL_REASONS, MAKER, TAKER
from isthmus.kernel.values import short_text, text, time_text
from isthmus.views.orders import FillRow, OrderRow
from isthmus.views.tape import TradeRow

STREAM = "trade_updates"
_encoder = msgspec.json.Encoder()


class Step(msgspec.Struct, frozen=True):
    """One effect on one order. `liquidity` and `ordinal` only for a fill."""

    order: int
    effect: Any
    ordinal: int = 0
    liquidity: int = 0


class Updates:
    """An outlet of the views."""

    def __init__(self, board: OrderBoard, reads: Reads) -> None:
        self._board = board
        self._reads = reads
        self._listeners: dict[int, set[Listener]] = {}
        self._record: Record | None = None

    def listen(self, account: int, listener: Listener) -> None:
        """From now on the listener gets every event of the account."""
        self._listeners.setdefault(account, set()).add(listener)

    def leave(self, account: int, listener: Listener) -> None:
        """No more."""
        listening = self._listeners.get(account, set())
        listening.discard(listener)
        if not listening:
            self._listeners.pop(account, None)

    def record(self, record: Record) -> None:
        """Told with the first order that it changed: then every view has taken it in."""
        self._record = record if self._listeners else None

    def order(self, row: OrderRow) -> None:
        """Tell the events of the record."""
        record, self._record = self._record, None
        if record is not None:
            self._tell(record, [step for each in steps_of(record) if (step := self._own(each)) is not None])

    def _own(self, step: Step) -> Step | None:
        """A child is no order here: its trades are its parent's, the rest of its life is not told."""
        row = self._reads.views.orders.order(step.order)
        if row is None or not row.of:
            return step
        return msgspec.structs.replace(step, order=row.of) if step.ordinal else None

    def _tell(self, record: Record, steps: list[Step]) -> None:
        for place, step in enumerate(steps):
            row = self._reads.views.orders.order(step.order)
            if row is not None and (listening := self._listeners.get(row.account)):
                frame = _encoder.encode({"stream": STREAM, "data": self._event(record, row, step, steps[place + 1 :])})
                for listener in tuple(listening):
                    listener.send(frame)

    def fill(self, row: FillRow) -> None:
        """Told with the orders."""

    def balance(self, account: int, asset: int) -> None:
        """Not told here."""

    def position(self, account: int, instrument: int) -> None:
        """Not told here."""

    def trade(self, row: TradeRow) -> None:
        """Not told here."""

    def _event(self, record: Record, row: OrderRow, step: Step, later: list[Step]) -> dict[str, Any]:
        kind = type(step.effect).__name__
        face = self._before(row, record, kind, step, later)
        event = {"Accepted": "new", "Rejected": "rejected", "Replaced": "replaced"}.get(kind, face.status)
        if kind == "Traded":
            event = "fill" if face.status == "filled" else "partial_fill"
        at = time_text(record.stamp)
        data = {"event": event, "timestamp": at, "at": at, "order": self._board.shown(face)}
        return data | (self._fill(record, row, step, later) if kind == "Traded" else {"execution_id": None})

    def _before(self, row: OrderRow, record: Record, kind: str, step: Step, later: list[Step]) -> Face:
        """The order right after this effect."""
        if kind == "Replaced":
            gone = self._reads.views.versions.past(row.number)
            if gone:
                return superseded_face(row, gone[-1], gone[-2].version if len(gone) > 1 else None)
        fills = fills_of(row, later)
        filled = row.filled - sum(fill.quantity for fill in fills)
        turnover = row.turnover - sum(fill.price * fill.quantity for fill in fills)
        if kind == "Traded":
            status = "filled" if filled >= row.quantity else "partially_filled"
        elif kind == "Cancelled":
            status = "expired" if CANCEL_REASONS[step.effect.reason] == "expired" else "canceled"
        else:
            status = _STATUSES[kind]
        standing = self._board.standing(row)
        return msgspec.structs.replace(
            standing, filled=filled, turnover=turnover, status=status, changed_at=record.stamp
        )

    def _fill(self, record: Record, row: OrderRow, step: Step, later: list[Step]) -> dict[str, Any]:
        instrument = self._reads.directory.instruments[row.instrument]
        held = self._reads.views.holdings.position(row.account, row.instrument).quantity
        sign = 1 if row.side == BUY else -1
        still_to_come = sum(fill.quantity for fill in fills_of(row, later))
        return {
            "execution_id": execution_id(record.sequence, step.ordinal, step.liquidity),
            "price": text(step.effect.price, instrument.price_decimals),
            "qty": short_text(step.effect.quantity, instrument.quantity_decimals),
            "position_qty": short_text(held - sign * still_to_come, instrument.quantity_decimals),
        }


_STATUSES = {
    "Accepted": "new",
    "Rejected": "rejected",
    "Replaced": "replaced",
    "CancelRequested": "pending_cancel",
    "ReplaceRequested": "pending_replace",
}


def fills_of(row: OrderRow, steps: list[Step]) -> list[Any]:
    """The trades of the order."""
    return [step.effect for step in steps if step.order == row.number and step.ordinal]


def steps_of(record: Record) -> list[Step]:
    """The effects that are told, in their order; a trade once for each side."""
    steps: list[Step] = []
    trades = 0
    for effect in record.effects:
        kind = type(effect).__name__
        if kind == "Traded":
            trades += 1
            sides = ((effect.maker_order, MAKER), (effect.taker_order, TAKER))
            steps += [Step(order, effect, trades, liquidity) for order, liquidity in sides if order]
        elif kind == "Rejected" and type(record.command).__name__ == "PlaceOrder":
            steps.append(Step(record.sequence, effect))
        elif kind in ("Accepted", "Cancelled", "Replaced", "CancelRequested", "ReplaceRequested"):
            steps.append(Step(effect.order, effect))
    return steps
