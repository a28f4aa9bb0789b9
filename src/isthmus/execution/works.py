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
from isthmus.kernel.messages import CANCEL_REASONS, FILLED_OUTSIDE, HOUSE_BOOK, NO_ORDER, REQUEST, SCOPES

POOLS_MAX = 4_096
"""Past dark children remembered of each instrument."""
ENDED_MAX = 65_536
"""Past outside children of each instrument that were not yet asked about, dark or not."""


class Tally(Work):
    """A Work whose sums are kept as its records come: paths and router ask for them at every decision."""

    living: dict[int, Child] = msgspec.field(default_factory=dict)
    """Children that can still fill, by order, oldest first."""
    lots: int = 0
    """Lots that those may still fill."""

    @property
    def live(self) -> list[Child]:
        """Children that can still fill, oldest first."""
        return list(self.living.values())

    @property
    def working(self) -> int:
        """Lots in live children."""
        return self.lots

    def add(self, child: Child) -> None:
        """One more."""
        self.children.append(child)
        self.living[child.order] = child
        self.lots += child.left

    def fill(self, child: Child, fill: Fill) -> None:
        """A fill of a child, of one that is over too: it happened."""
        before = child.left
        child.fills.append(fill)
        child.filled += fill.quantity
        self.lots += child.left - before
        self.filled += fill.quantity
        self.turnover += fill.price * fill.quantity

    def resize(self, child: Child, quantity: int) -> None:
        """The child is for so many lots in all."""
        before = child.left
        child.quantity = quantity
        self.lots += child.left - before

    def end(self, child: Child, reason: str | None, at: int) -> None:
        """It fills no more."""
        self.lots -= child.left
        self.living.pop(child.order, None)
        child.status, child.reason, child.ended_at = "done", reason, at


class Working(msgspec.Struct):
    """A live parent: what its path reads, the note it came with, the number of its path, its session."""

    work: Tally
    note: ParentNote
    path: int
    session: int = 0
    parameters: msgspec.Struct | None = None
    """Those of the note as the path reads them, once it was asked."""
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
        self._belongs: dict[int, tuple[int, int]] = {}
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
        elif kind == "SetAccount":
            self._belongs.update({effect.account: (effect.group, effect.firm) for effect in _all(record, "AccountSet")})
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
        self.parents[parent.number] = Working(Tally(parent=parent), note, command.path, command.session)
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
        working.work.add(child)
        self._child[child.order] = (command.parent, child)
        self.touched[command.parent] = None

    def _traded(self, record: Record, effect: Any) -> None:
        for order, maker in ((effect.maker_order, True), (effect.taker_order, False)):
            found = self._child.get(order)
            if order == NO_ORDER or found is None:
                continue
            parent, child = found
            if effect.flags & FILLED_OUTSIDE and not any(row.order == parent for row in _all(record, "Reheld")):
                continue  # a venue named a child that was never there: the engine booked it on no parent
            working = self.parents[parent]
            working.work.fill(child, Fill(record.stamp, effect.price, effect.quantity, maker))
            working.fees += effect.maker_fee if maker else effect.taker_fee
            self.touched[parent] = None
            if child.status in ("sent", "unknown"):
                child.status = "working"
            if child.lives and child.filled >= child.quantity:
                self._end(child, working, None, record.stamp)
            self._finish(working, record.stamp)

    def _finish(self, working: Working, at: int) -> None:
        """A parent that is filled is over with its last child."""
        if working.work.left <= 0 and not working.work.living:
            self.forget(working.work.parent.number, at)

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
        self._finish(working, record.stamp)

    def _purged(self, record: Record, effect: Any) -> None:
        """A kill names its scope and not its orders. Parents with children at venues were asked for, and end with the
        last of those; the others are gone, and so are all children in the house.
        """
        asked = {row.order for row in _all(record, "CancelRequested") if not row.venue}
        for number, working in list(self.parents.items()):
            if not self._is_in(effect, working):
                continue
            for child in working.work.live:
                if child.venue == HOUSE_BOOK:
                    self._end(child, working, "kill", record.stamp)
            if number not in asked:
                self.forget(number, record.stamp)

    def _is_in(self, purged: Any, working: Working) -> bool:
        scope, parent = SCOPES[purged.scope], working.work.parent
        group, firm = self._belongs.get(parent.account, (0, 0))
        of = {
            "everything": purged.of,
            "account": parent.account,
            "group": group,
            "firm": firm,
            "session": working.session,
            "instrument": parent.instrument,
        }
        return bool(of.get(scope) == purged.of)

    def _end(self, child: Child, working: Working, reason: str | None, at: int) -> None:
        """What a dark pool gave of a child teaches how much is there; a conditional child asks for nothing itself."""
        working.work.end(child, reason, at)
        self.invited.pop(child.order, None)
        parent = working.work.parent
        if child.kind != REQUEST and child.venue:
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

    def _replaced(self, record: Record, effect: Any) -> None:
        """New terms of a parent, or of a child by its venue."""
        if (working := self.parents.get(effect.order)) is not None:
            self._change(working, effect.quantity, effect.price, record.stamp)
        elif (found := self._child.get(effect.order)) is not None:
            parent, child = found
            child.price = effect.price
            self._resize(child, self.parents[parent], effect.quantity, record.stamp)

    def _change(self, working: Working, quantity: int, limit: int, at: int) -> None:
        working.work.parent = msgspec.structs.replace(working.work.parent, quantity=quantity, limit=limit)
        self.touched[working.work.parent.number] = None
        self._finish(working, at)

    def _resize(self, child: Child, working: Working, quantity: int, at: int) -> None:
        working.work.resize(child, quantity)
        self.touched[working.work.parent.number] = None
        if child.lives and child.filled >= quantity:
            self._end(child, working, None, at)
            self._finish(working, at)

    def _repriced(self, _: Record, effect: Any) -> None:
        child = self.child(effect.order)
        if child is not None:
            child.price = effect.price

    def _reduced(self, record: Record, effect: Any) -> None:
        if (working := self.parents.get(effect.order)) is not None:
            parent = working.work.parent
            self._change(working, parent.quantity - effect.quantity, parent.limit, record.stamp)
        elif (found := self._child.get(effect.order)) is not None:
            parent_number, child = found
            self._resize(child, self.parents[parent_number], child.quantity - effect.quantity, record.stamp)

    def _invited(self, _: Record, effect: Any) -> None:
        if effect.order in self._child:
            self.invited[effect.order] = effect.until
            self.touched[self.parent_of(effect.order)] = None


def _nobody(_: Working, __: int) -> None:
    return None


def _accepted(record: Record) -> Any:
    return next(iter(_all(record, "Accepted")), None)


def _all(record: Record, kind: str) -> list[Any]:
    return [effect for effect in record.effects if type(effect).__name__ == kind]


_TAKES = {
    "Traded": Works._traded,
    "Cancelled": Works._cancelled,
    "Purged": Works._purged,
    "Acknowledged": Works._acknowledged,
    "CancelRequested": Works._cancel_requested,
    "Replaced": Works._replaced,
    "Repriced": Works._repriced,
    "Reduced": Works._reduced,
    "Invited": Works._invited,
}
