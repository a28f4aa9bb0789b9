"""Moves over several pools that happen whole or not at all: what the orders of one carry, and when all are there.

A move is one order a leg, placed together, with the fills that it was priced with. Pools keep the legs until the last
is there and then execute all of them in one step, or end all of them.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from isthmus.engine.engine import Record, content_id
from isthmus.kernel.messages import ROLES, Withdraw
from isthmus.venues.answering import NewOrder

TAG = "flash"
OFF_KEPT = 100


class MoveNote(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=TAG, omit_defaults=True):
    """The note of a leg's order. `move`: a number of its own; `leg` counts from 0; `fills`: (price, quantity) each;
    `costs`, on the last leg: (asset, minor units) that the account pays beside, the lender's fee and the network's gas.
    """

    move: int
    leg: int
    legs: int
    fills: tuple[tuple[int, int], ...]
    costs: tuple[tuple[int, int], ...] = ()


class Leg(msgspec.Struct, frozen=True):
    """A leg whose order is there."""

    order: NewOrder
    note: MoveNote


def note_text(note: MoveNote) -> str:
    """As the record carries it."""
    return msgspec.json.encode(note).decode()


def note_in(record: Record) -> MoveNote | None:
    """The note of a leg that the house itself placed; None for every other order."""
    origin = record.origin
    if origin.role != ROLES["house"] or TAG not in origin.note:
        return None
    try:
        return msgspec.json.decode(origin.note, type=MoveNote)
    except msgspec.DecodeError:
        return None


def costs_of(note: MoveNote, account: int) -> list[Any]:
    """The commands by which the account pays; each counts once however often it is sent."""
    return [
        Withdraw(account=account, asset=asset, amount=amount, client_id=content_id(f"{TAG}/{note.move}/{number}"))
        for number, (asset, amount) in enumerate(note.costs)
    ]


class Gathering:
    """Legs that wait for the others of their move."""

    def __init__(self) -> None:
        self._moves: dict[int, dict[int, Leg]] = {}
        self._off: deque[int] = deque(maxlen=OFF_KEPT)

    def add(self, leg: Leg) -> list[Leg] | None:
        """All legs in their order when this was the last, else None."""
        legs = self._moves.setdefault(leg.note.move, {})
        legs[leg.note.leg] = leg
        if len(legs) < leg.note.legs:
            return None
        del self._moves[leg.note.move]
        return [legs[place] for place in sorted(legs)]

    def is_off(self, move: int) -> bool:
        """Whether a leg of the move was called back: legs that come later are not taken."""
        return move in self._off

    def drop(self, order: int) -> list[Leg]:
        """The move of this order is off; its legs that are there, none if no move waits for it."""
        for move, legs in self._moves.items():
            if any(leg.order.order == order for leg in legs.values()):
                self._off.append(move)
                return list(self._moves.pop(move).values())
        return []
