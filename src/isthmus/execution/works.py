"""Parents and children as the records tell them: what a router knows after any restart, and nothing else.

Feed every record in order. `Works` answers which parents live, what became of each, and which of them a record touched.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from isthmus.engine.engine import Record
from isthmus.execution.notes import ParentNote, read_note
from isthmus.execution.policy import Child, Fill, Parent, Pool, Work
from isthmus.kernel.messages import CANCEL_REASONS, NO_ORDER

POOLS_MAX = 4_096
"""Past dark children remembered of each instrument."""
ENDED_MAX = 65_536
"""Past outside children of each instrument that were not yet asked about, dark or not."""


class Working(msgspec.Struct):
    """A live parent: what its path reads, the note it came with, and the number of its path."""

    work: Work
    note: ParentNote
    path: int
    fees: int = 0
    """Quote minor units that its fills cost in fees, rebates taken off."""
    refused: int = 0
    """Children refused since the last that was taken."""
    refused_at: int = 0
    refusal: str = ""


class Works:
    """All live parents. `is_dark(venue, instrument)` says whose children teach the dark allocation; None: the venue is
    not known yet, as while the journal is read before the markets open.
    """

    def __init__(self, is_dark: Callable[[int, int], bool | None]) -> None:
        self._is_dark = is_dark
        self.parents: dict[int, Working] = {}
        self.touched: dict[int, None] = {}
        """Parents that something happened to since they were last looked at, oldest first."""
        self.instruments: dict[int, None] = {}
        """Instruments that had a parent: their markets are watched."""
        self.invited: dict[int, int] = {}
        self._child: dict[int, tuple[int, Child]] = {}
        self._pools: dict[int, deque[Pool]] = {}
        self._ended: dict[int, deque[Pool]] = {}
        self._baskets: dict[str, list[int]] = {}
        self.on_end: Callable[[Working, int], None] = _nobody
        """Hears of every parent that ended, and when."""

    def pools(self, instrument: int) -> deque[Pool]:
        """Past children of the instrument in dark pools, oldest first."""
        pools = self._pools.setdefault(instrument, deque(maxlen=POOLS_MAX))
        if ended := self._ended.pop(instrument, None):
            unknown: deque[Pool] = deque(maxlen=ENDED_MAX)
            for row in ended:
                dark = self._is_dark(row.venue, instrument)
                if dark:
                    pools.append(row)
                elif dark is None:
                    unknown.append(row)
            if unknown:
                self._ended[instrument] = unknown
        return pools

    def basket(self, name: str) -> list[int]:
        """Live parents of a basket."""
        return self._baskets.get(name, []) if name else []

    def child(self, order: int) -> Child | None:
        """A child of a live parent."""
        found = self._child.get(order)
        return found[1] if found is not None else None

    def parent_of(self, order: int) -> int:
        """The parent of a child; 0 if it is none."""
        found = self._child.get(order)
        return found[0] if found is not None else NO_ORDER

    def on_record(self, record: Record) -> None:
        """Take in what the record did to parents and children."""
        command, effects = record.command, record.effects
        kind = type(command).__name__
        if kind == "PlaceParent":
            self._parent(record, command)
        elif kind == "PlaceChild":
            self._place(record, command)
        if not self.parents:
            return
        for effect in effects:
            take = _TAKES.get(type(effect).__name__)
            if take is not None:
                take(self, record, effect)

    def forget(self, parent: int, at: int) -> None:
        """The parent is done."""
        working = self.parents.pop(parent, None)
        if working is None:
            return
        self.touched.pop(parent, None)
        self.on_end(working, at)
        for child in working.work.children:
            self._child.pop(child.order, None)
            self.invited.pop(child.order, None)
        legs = self._baskets.get(working.note.basket, [])
        if parent in legs:
            legs.remove(parent)
            for leg in legs:
                self.touched[leg] = None
            if not legs:
                del self._baskets[working.note.basket]

    def _parent(self, record: Record, command: Any) -> None:
        accepted = _accepted(record)
        if accepted is None:
            return
        note = read_note(record.origin.note) or ParentNote(path="")
        parent = Parent(
            number=accepted.order,
            account=command.account,
            instrument=command.instrument,
            side=command.side,
            quantity=command.quantity,
            limit=accepted.price,
            arrived_at=record.stamp,
            until=note.until,
            cap_ppm=note.cap_ppm,
            seed=note.seed or accepted.order,
            arrival_x2=note.arrival_x2,
        )
        self.parents[parent.number] = Working(Work(parent=parent, children=[]), note, command.path)
        self.touched[parent.number] = None
        self.instruments[parent.instrument] = None
        if note.basket:
            self._baskets.setdefault(note.basket, []).append(parent.number)

    def _place(self, record: Record, command: Any) -> None:
        working = self.parents.get(command.parent)
        if working is None:
            return
        accepted = _accepted(record)
        if accepted is None:
            working.refused += 1
            working.refused_at = record.stamp
            working.refusal = record.reason or ""
            self.touched[command.parent] = None
            return
        working.refused = 0
        child = Child(
            order=accepted.order,
            ordinal=command.ordinal,
            venue=command.venue,
            price=accepted.price,
            quantity=command.quantity,
            kind=command.kind,
            tif=command.tif,
            flags=command.flags,
            status="sent" if command.venue else "working",
            placed_at=record.stamp,
            note=record.origin.note,
            fills=[],
        )
        working.work.children.append(child)
        self._child[child.order] = (command.parent, child)
        self.touched[command.parent] = None

    def _traded(self, record: Record, effect: Any) -> None:
        for order, maker in ((effect.maker_order, True), (effect.taker_order, False)):
            found = self._child.get(order)
            if order == NO_ORDER or found is None:
                continue
            parent, child = found
            child.fills.append(Fill(record.stamp, effect.price, effect.quantity, maker))
            child.filled += effect.quantity
            working = self.parents[parent]
            working.work.filled += effect.quantity
            working.work.turnover += effect.price * effect.quantity
            working.fees += effect.maker_fee if maker else effect.taker_fee
            self.touched[parent] = None
            if child.status in ("sent", "unknown"):
                child.status = "working"
            if child.filled >= child.quantity:
                self._end(child, working, None, record.stamp)
            if working.work.left <= 0 and not working.work.live:
                self.forget(parent, record.stamp)

    def _cancelled(self, record: Record, effect: Any) -> None:
        if effect.order in self.parents:
            self.forget(effect.order, record.stamp)
            return
        found = self._child.get(effect.order)
        if found is None:
            return
        parent, child = found
        working = self.parents[parent]
        self._end(child, working, CANCEL_REASONS.get(effect.reason, str(effect.reason)), record.stamp)
        self.touched[parent] = None
        if working.work.left <= 0 and not working.work.live:
            self.forget(parent, record.stamp)

    def _end(self, child: Child, working: Working, reason: str | None, at: int) -> None:
        child.status, child.reason, child.ended_at = "done", reason, at
        self.invited.pop(child.order, None)
        parent = working.work.parent
        if child.venue:
            ended = self._ended.setdefault(parent.instrument, deque(maxlen=ENDED_MAX))
            ended.append(Pool(child.venue, child.quantity, child.filled))

    def _acknowledged(self, _: Record, effect: Any) -> None:
        child = self.child(effect.order)
        if child is not None and child.status in ("sent", "unknown"):
            child.status = "working"
            self.touched[self.parent_of(effect.order)] = None

    def _cancel_requested(self, _: Record, effect: Any) -> None:
        child = self.child(effect.order)
        if child is not None and child.lives:
            child.status = "cancelling"
            return
        if (working := self.parents.get(effect.order)) is not None:
            working.work.ending = True

    def _replaced(self, _: Record, effect: Any) -> None:
        working = self.parents.get(effect.order)
        if working is not None:
            parent = msgspec.structs.replace(working.work.parent, quantity=effect.quantity, limit=effect.price)
            working.work.parent = parent
            self.touched[effect.order] = None

    def _repriced(self, _: Record, effect: Any) -> None:
        child = self.child(effect.order)
        if child is not None:
            child.price = effect.price

    def _reduced(self, _: Record, effect: Any) -> None:
        child = self.child(effect.order)
        if child is not None:
            child.quantity -= effect.quantity

    def _invited(self, _: Record, effect: Any) -> None:
        if effect.order in self._child:
            self.invited[effect.order] = effect.until
            self.touched[self.parent_of(effect.order)] = None


def _nobody(_: Working, __: int) -> None:
    return None


def _accepted(record: Record) -> Any:
    return next((effect for effect in record.effects if type(effect).__name__ == "Accepted"), None)


_TAKES = {
    "Traded": Works._traded,
    "Cancelled": Works._cancelled,
    "Acknowledged": Works._acknowledged,
    "CancelRequested": Works._cancel_requested,
    "Replaced": Works._replaced,
    "Repriced": Works._repriced,
    "Reduced": Works._reduced,
    "Invited": Works._invited,
}
