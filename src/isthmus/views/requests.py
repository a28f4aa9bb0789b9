"""Open requests for quotes (and lots on offer by negotiation or sealed bids), with the responses to each."""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.engine.engine import Record
from isthmus.kernel.messages import REQUEST, RESPONSE, PlaceSpecial
from isthmus.refdata.directory import Directory
from isthmus.views.orders import purged_by


class RequestRow(msgspec.Struct):
    """A live request or response; `price` 0: a request without a limit. `answers` is a response's request, else 0."""

    number: int
    account: int
    instrument: int
    side: int
    price: int
    left: int
    filled: int
    session: int
    expire: int
    created_at: int
    answers: int
    venue: int = 0


class Requests:
    """Feed it every record in order."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._rows: dict[int, RequestRow] = {}

    def of_instrument(self, instrument: int) -> list[tuple[RequestRow, list[RequestRow]]]:
        """Each open request with its responses, oldest first."""
        rows = [row for row in self._rows.values() if row.instrument == instrument]
        return [
            (request, [row for row in rows if row.answers == request.number]) for request in rows if not request.answers
        ]

    def on_record(self, record: Record, effects: list[Any]) -> None:
        """Take the record in; `effects` are its own, decoded once."""
        command = record.command
        placed = type(command) is PlaceSpecial and command.kind in (REQUEST, RESPONSE)
        if not (placed or self._rows):
            return
        for effect in effects:
            kind = type(effect).__name__
            if kind == "Accepted" and placed and effect.order == record.sequence:
                self._rows[effect.order] = _row(record)
            elif kind == "Traded":
                self._trade(effect)
            elif kind == "Purged":
                is_purged = purged_by(self._directory, effect)
                self._rows = {at: row for at, row in self._rows.items() if not is_purged(row)}
            elif row := self._rows.get(getattr(effect, "order", 0)):
                self._change(kind, effect, row)

    def _trade(self, traded: Any) -> None:
        for order in (traded.maker_order, traded.taker_order):
            if row := self._rows.get(order):
                row.left -= traded.quantity
                row.filled += traded.quantity
                if row.left <= 0:
                    del self._rows[order]

    def _change(self, kind: str, effect: Any, row: RequestRow) -> None:
        if kind == "Cancelled":
            del self._rows[row.number]
        elif kind == "Reduced":
            row.left = effect.left
        elif kind == "Replaced":
            row.price, row.left = effect.price, effect.quantity - row.filled


def _row(record: Record) -> RequestRow:
    command = record.command
    return RequestRow(
        number=record.sequence,
        account=command.account,
        instrument=command.instrument,
        side=command.side,
        price=command.price,
        left=command.quantity,
        filled=0,
        session=command.session,
        expire=command.expire,
        created_at=record.stamp,
        answers=command.request if command.kind == RESPONSE else 0,
    )
