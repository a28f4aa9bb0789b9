"""What a journal says of orders at pools: which were executed, in which order, and what of it was not told any more.

An order is executed at a pool at once and told of in several records. When a process dies in between, the journal has
the first of them: then it is known what the rest was, since the formula gives it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from isthmus.engine.engine import Record
from isthmus.venues.amm.moves import MoveNote, note_in

_PLACING = frozenset(("PlaceOrder", "PlaceSpecial", "PlaceChild"))
NO_ID = bytes(16)


class Sent(msgspec.Struct):
    """An order at a pool; account, instrument and side are known from its note or its first fill. `told`:
    (price, quantity) each; `at`: the record of the first.
    """

    order: int
    venue: int
    price: int
    quantity: int
    note: MoveNote | None
    account: int = 0
    instrument: int = 0
    side: int = 0
    at: int = 0
    told: list[tuple[int, int]] = []


class History:
    """`executed`: executions in their order, of one order each, or of all legs of a move. `paid`: client ids of what
    accounts paid out.
    """

    def __init__(self, records: Iterable[Record], venues: set[int]) -> None:
        self.executed: list[list[Sent]] = []
        self.paid: set[bytes] = set()
        self._venues = venues
        self._sent: dict[int, Sent] = {}
        self._moves: dict[int, list[Sent]] = {}
        self._begun: set[int] = set()
        for record in records:
            self._read(record)

    def _read(self, record: Record) -> None:
        command = record.command
        name = type(command).__name__
        if name == "Withdraw" and command.client_id != NO_ID:
            self.paid.add(command.client_id)
        elif name in _PLACING and command.venue in self._venues:
            self._placed(record, command)
        elif name == "VenueFilled" and command.venue in self._venues:
            self._filled(record, command)
        elif name == "VenueCancelled" and command.venue in self._venues:
            self._ended(command.order)

    def _placed(self, record: Record, command: Any) -> None:
        for effect in _of(record, "Accepted"):
            note = note_in(record)
            sent = Sent(effect.order, command.venue, effect.price, command.quantity, note)
            self._sent[effect.order] = sent
            if note is not None:
                sent.account, sent.instrument, sent.side = command.account, command.instrument, command.side
                self._moves.setdefault(note.move, []).append(sent)

    def _filled(self, record: Record, command: Any) -> None:
        sent = self._sent.get(command.order)
        if sent is None or not any(_of(record, "Traded")):
            return
        if not sent.told:
            sent.account, sent.instrument, sent.side = command.account, command.instrument, command.side
            sent.at = record.sequence
            self._begin(sent)
        sent.told.append((command.price, command.quantity))

    def _begin(self, sent: Sent) -> None:
        if sent.note is None:
            self.executed.append([sent])
        elif sent.note.move not in self._begun:
            self._begun.add(sent.note.move)
            self.executed.append(sorted(self._moves[sent.note.move], key=lambda leg: leg.note.leg if leg.note else 0))

    def _ended(self, order: int) -> None:
        sent = self._sent.pop(order, None)
        if sent is not None and sent.note is not None and sent.note.move not in self._begun:
            self._moves.pop(sent.note.move, None)


def _of(record: Record, name: str) -> Iterator[Any]:
    return (effect for effect in record.effects if type(effect).__name__ == name)
