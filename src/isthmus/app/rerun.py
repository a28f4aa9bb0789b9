"""Decisions of the router made again from the journal and the tape of a data folder, held against what was recorded.

The same code as in the server: the journal's commands run again through an engine in memory, the tape's frames go
through `Outside` into the sights, and the `Router` decides. Only its desk differs: a command that it submits is held
against the next record instead of being sequenced, and that record is what it hears of.

Exact, since a decision is a function of the parent's records and of the sights at its mark, and the tape tells in which
order frames, reads of the house book and records came. A different answer means another release of the path, or a bug.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.market_tape import (
    CALL,
    DECISION,
    EXPECTED,
    HELD,
    HOUSE,
    LISTED,
    RECORDS,
    SEEN,
    START,
    TRADE,
    Decided,
    read_call,
    read_decision,
    read_expected,
    read_listing,
    read_trade,
)
from isthmus.app.outside import Outside
from isthmus.engine.archive import records
from isthmus.engine.engine import Engine, JournalDamaged, Record
from isthmus.engine.market import CallIndication, VenueFacts
from isthmus.engine.tape import TapeDamaged, TapeGone, TapeReader
from isthmus.execution.costs import Costs
from isthmus.execution.policy import Level, Parent
from isthmus.execution.policy import Path as Way
from isthmus.execution.router import Routed, Router
from isthmus.execution.sights import LEVELS_MAX
from isthmus.kernel.errors import BadInput, Damaged, PartMissing
from isthmus.kernel.messages import BUY, SELL, PlaceChild
from isthmus.refdata.directory import Directory

FRAMES = 4_096
"""Frames read at a time."""
Frame = tuple[int, int, int, int, str, Any]


class Child(msgspec.Struct, frozen=True):
    """A child as its command says it, and why it was sent; `order` 0: it has no record."""

    order: int
    command: Any
    why: str


class Remade(msgspec.Struct, frozen=True, kw_only=True):
    """A decision made again: its offset on the tape, what stood in the consolidated book before it (asks, then bids),
    the children that it makes, those that were recorded.
    """

    tape: int
    at: int
    parent: int
    why: str
    book: Mapping[int, Sequence[Level]]
    made: list[Child]
    recorded: list[Child]

    @property
    def same(self) -> bool:
        """Whether all of it is equal."""
        return [(row.command, row.why) for row in self.made] == [(row.command, row.why) for row in self.recorded]


class Rerun:
    """One pass over journal and tape. `paths` by number; `depth`: levels a side of the books that are kept."""

    def __init__(self, data: Path, paths: dict[int, Way], depth: int = 20) -> None:
        self._data = data
        self._depth = depth
        self._engine = Engine(None, "never")
        self.directory = Directory()
        self._journal = records(data)
        self._next: Record | None = next(self._journal, None)
        self._looking_from = 1 << 62
        self._outside = Outside(_Deaf(), _House(self._engine), _Told())
        costs = Costs(lambda instrument, turnover: self.directory.instruments[instrument].value(turnover))
        self.router = Router(self, paths, lambda number: self._outside.sight(number), self._mark, costs)
        self.router.on_routed = self._routed
        self._marked = self._at = 0
        self._why = ""
        self._made: list[Child] = []
        self._expected: dict[tuple[int, int], int] = {}

    def remake(self, wanted: Mapping[int, Sequence[Record]]) -> Iterator[Remade]:
        """Every decision of these offsets, oldest first, with the records of its children. Raises BadInput, PartMissing
        where the tape does not go back so far, Damaged.
        """
        first = _decision_at(self._data, min(wanted))
        for frame in _frames(self._data, first.start):
            if frame[0] in wanted:
                yield self._decide(frame, wanted[frame[0]])
                if frame[0] == max(wanted):
                    return
            else:
                self._take(frame)
        raise BadInput("data", f"the tape ends before frame {max(wanted)}, at which a decision was made")

    # what the router asks of its desk

    def now(self) -> int:
        """The time of the decision."""
        return self._at

    def submit(self, command: Any, text: str = "", note: str = "") -> Record | None:
        """The next record, if it is of this command; None (nothing is taken now) if it is not."""
        if type(command) is PlaceChild:
            self._made.append(Child(0, command, note))
        record = self._next
        if record is None or record.command != command or record.origin.note != note:
            return None
        if type(command) is PlaceChild:
            self._made[-1] = Child(record.sequence, command, note)
        self._advance(record.sequence)
        return record

    def _mark(self, _: Parent, __: int, ___: Mapping[tuple[int, int], int]) -> int:
        return self._marked

    def _routed(self, routed: Routed) -> None:
        self._why = routed.why

    # journal and tape

    def _decide(self, frame: Frame, recorded: Sequence[Record]) -> Remade:
        decided = _decided(frame)
        self._advance(decided.record)
        self._marked, self._at, self._made, self._why = frame[0], decided.at, [], ""
        sight = self._outside.sight(frame[3])
        expected, self._expected = self._expected, {}
        sight.curve = (lambda start, end: expected.get((start, end), 0)) if expected else None
        book = {side: list(sight.levels(side, self._depth)) for side in (SELL, BUY)}
        if decided.parent in self.router.works.parents:
            self.router.decide(decided.parent, decided.at)
        return Remade(
            tape=frame[0],
            at=decided.at,
            parent=decided.parent,
            why=self._why,
            book=book,
            made=self._made,
            recorded=[Child(row.sequence, row.command, row.origin.note) for row in recorded],
        )

    def _take(self, frame: Frame) -> None:
        """One frame into the sights."""
        _, at, venue, instrument, kind, payload = frame
        if kind == "book":
            bids, asks = payload
            self._outside.sight(instrument).take(venue, bids, asks, at)
        elif kind == "trade":
            price, quantity, taker_side = payload
            self._outside.trade(venue, instrument, price, quantity, taker_side, at)
        else:
            self._take_mark(frame, *payload)

    def _take_mark(self, frame: Frame, state: int, note: str) -> None:
        _, at, venue, instrument, _, _ = frame
        if state in (0, 1):
            if note.startswith(HELD):
                self._outside.sight(instrument).hold(venue, at, bool(state))
        elif state == START:
            self._begin(int(note))
        elif state == LISTED:
            listing = read_listing(note)
            self._outside.sight(instrument)
            self._outside.admit(instrument, listing.facts(venue), listing.care())
        elif state == HOUSE:
            self._advance(int(note))
            sight = self._outside.sight(instrument)
            sight.show_house(*self._engine.depth(instrument, LEVELS_MAX))
        elif state == SEEN:
            self._outside.sight(instrument).see()
        elif state == RECORDS:
            self._advance(int(note))
        elif state == DECISION:
            self._advance(_decided(frame).record)
            self._expected = {}
        elif state == EXPECTED:
            span, lots = read_expected(note)
            self._expected[span] = lots
        elif state == CALL:
            self._outside.call(read_call(note, (venue, instrument)))
        elif state == TRADE:
            price, quantity = read_trade(note)
            self._outside.trade(venue, instrument, price, quantity, 0, at)

    def _begin(self, sequence: int) -> None:
        """The broker began to look: nothing was known of markets."""
        self._advance(sequence)
        self._looking_from = sequence + 1
        self._outside = Outside(_Deaf(), _House(self._engine), _Told())

    def _advance(self, sequence: int) -> None:
        """Take in the records up to this one."""
        try:
            while (record := self._next) is not None and record.sequence <= sequence:
                self._run(record)
                self._next = next(self._journal, None)
        except JournalDamaged as error:
            raise Damaged(f"{self._data}: {error}") from error
        if self._engine.sequence < sequence:
            raise BadInput("data", f"the tape names record {sequence}, the journal ends at {self._engine.sequence}")

    def _run(self, record: Record) -> None:
        again = self._engine.submit(record.command, record.stamp, record.origin)
        if again.body != record.body:
            raise Damaged(f"{self._data}: record {record.sequence} does not come out again as it was written")
        self.directory.on_record(record)
        if record.sequence >= self._looking_from:
            self._outside.on_record(record)
        self.router.on_record(record)


def _decision_at(data: Path, offset: int) -> Decided:
    for frame in _frames(data, offset):
        if frame[0] == offset:
            return _decided(frame)
        break
    raise BadInput("data", f"the tape has no frame {offset}")


def _decided(frame: Frame) -> Decided:
    """Of a frame that marks a decision."""
    offset, at, _, _, kind, payload = frame
    if kind != "health" or payload[0] != DECISION:
        raise BadInput("order", f"frame {offset} of the tape marks no decision: an earlier release wrote it")
    try:
        return read_decision(at, payload[1])
    except ValueError as error:
        raise BadInput("data", f"frame {offset} of the tape: {error}") from error


def _frames(data: Path, start: int) -> Iterator[Frame]:
    """The tape from an offset on. Raises PartMissing where it is gone, BadInput where it is damaged."""
    folder = data / "tape"
    if not folder.is_dir():
        raise PartMissing(f"the tape {folder}", "without it nobody knows what the venues showed")
    try:
        reader = TapeReader(str(folder), start)
        while frames := reader.read(FRAMES):
            yield from frames
    except TapeGone as error:
        remedy = "routes.tape_bytes limits what is kept, from the start of the broker that made the decision"
        raise PartMissing(f"frame {start} of the tape ({error})", remedy) from error
    except TapeDamaged as error:
        raise BadInput("data", str(error)) from error


class _House(msgspec.Struct):
    """The house book of the engine that runs again: it is shown where the tape says that it was read."""

    engine: Engine
    sequence: int = -1

    def depth(self, instrument: int, levels: int, /) -> Any:
        """Of the engine."""
        return self.engine.depth(instrument, levels)

    def order(self, order: int, /) -> dict[str, int] | None:
        """Of the engine."""
        return self.engine.order(order)


class _Told:
    """Listings: the tape tells them."""

    shown = 0

    def venue_facts(self, _: int, /) -> Sequence[VenueFacts]:
        """None."""
        return ()

    def venue_number(self, _: str, /) -> int | None:
        """None."""
        return None


class _Deaf:
    """Read models that nobody asks."""

    def book(self, *_: Any, **__: Any) -> None:
        """Nothing."""

    def trade(self, *_: Any, **__: Any) -> None:
        """Nothing."""

    def curve(self, *_: Any) -> None:
        """Nothing."""

    def call(self, indication: CallIndication) -> None:
        """Nothing."""
