"""The arbitrage desk's intents on their way, as the records tell them: the same after any restart.

Every order of an intent carries a `LegNote` as the note of its record: the intent's number, which of its orders it is,
why, and the intent itself. So whoever reads the journal finds both legs together, and the desk needs no memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from isthmus.engine.engine import Record
from isthmus.execution.arbitrage import Intent, Terms
from isthmus.execution.arbitrage_legs import (
    AT_MARKET,
    DONE,
    Risk,
    Send,
    Sent,
    Trip,
    begin,
    excess,
    lacking,
    on_end,
    on_fill,
)
from isthmus.execution.arbitrage_live import place
from isthmus.kernel.messages import LIMIT, NO_ORDER, Cancelled, PlaceOrder, Traded
from isthmus.kernel.values import NS_PER_S

LINGER_NS = 60 * NS_PER_S
"""So long after its deadline a past intent is still known, for a venue that tells a fill late."""
WHY_MAX = 160
"""Characters of the reason of one order."""
MARK = '{"intent":'
"""How the notes begin: other notes are not read."""


class LegNote(msgspec.Struct, frozen=True, kw_only=True):
    """`intent`: the number of the record that its first order would be; `order` counts its orders from 0, `leg` says
    which leg the order is for. Until `until` (ns) its legs may be open.
    """

    intent: int
    order: int
    leg: int
    why: str
    until: int
    loss_limit: int
    of: Intent


class Way(msgspec.Struct):
    """An intent, and when it was repaired last. `occupies`: nothing else is begun in its instruments; not so when
    nothing of it is open but the answer to an order, or when it was over once (a fill told late opens it again).
    `orders`: the engine's number of each of its orders.
    """

    number: int
    trip: Trip
    repairs: int = 0
    repaired_at: int = 0
    occupies: bool = True
    orders: dict[int, int] = msgspec.field(default_factory=dict)
    written: msgspec.Raw | None = None


class _Written(msgspec.Struct, frozen=True):
    """A LegNote whose intent is written already."""

    intent: int
    order: int
    leg: int
    why: str
    until: int
    loss_limit: int
    of: msgspec.Raw


def note_of(way: Way, send: Send) -> str:
    """As the record carries it."""
    if way.written is None:
        way.written = msgspec.Raw(_ENCODER.encode(way.trip.intent))
    trip = way.trip
    note = _Written(
        way.number, send.order, send.leg, send.why[:WHY_MAX], trip.deadline, trip.risk.loss_limit, way.written
    )
    return _ENCODER.encode(note).decode()


def read_note(text: str) -> LegNote | None:
    """The note of an order of the desk; None when it is none."""
    if not text.startswith(MARK):
        return None
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError:
        return None


class Trips:
    """All intents: those that are not over, and past ones for fills told late. `account` is the desk's, 0 while it is
    not known; `terms(place)` of any place.
    """

    def __init__(self, terms: Callable[[int], Terms | None]) -> None:
        self._terms = terms
        self.account = 0
        self.open: dict[int, Way] = {}
        self.past: dict[int, Way] = {}
        self.touched: dict[int, None] = {}
        """Intents that something happened to, oldest first."""
        self.live = False
        """Whether somebody acts on what is touched; until then the journal is read, and what is settled goes."""
        self.sending: tuple[int, int] | None = None
        """Intent and order of the command that is being submitted: its note need not be read."""
        self._order: dict[int, tuple[int, int]] = {}

    def on_record(self, record: Record) -> None:
        """Take in what the record did to orders of the desk."""
        command = record.command
        if type(command) is PlaceOrder and command.account == self.account and self.account:
            self._place(record, command)
        if not self._order:
            return
        for index, effect in enumerate(record.effects):
            kind = type(effect)
            if kind is Traded:
                self._traded(record, index, effect)
            elif kind is Cancelled and effect.order in self._order:
                self._end(effect.order)

    def end(self, number: int, order: int) -> None:
        """An order of an intent that will never be: nobody took it."""
        way = self.open[number]
        way.trip = on_end(way.trip, order)
        self.touched[number] = None
        if not self.live and settled(way.trip):
            self.close(number)
            self.forget(way.trip.deadline - LINGER_NS)

    def close(self, number: int) -> None:
        """It is over; a fill told late would open it again."""
        self.past[number] = self.open.pop(number)
        self.touched.pop(number, None)

    def forget(self, until: int) -> None:
        """Past intents whose deadline was before this time, oldest first."""
        while self.past:
            number = next(iter(self.past))
            if self.past[number].trip.deadline >= until:
                return
            for order in self.past.pop(number).orders.values():
                del self._order[order]

    def _place(self, record: Record, command: Any) -> None:
        key = self.sending or self._read(record, command)
        if key is None:
            return
        if record.reason is None:
            self._order[record.sequence] = key
            self.open[key[0]].orders[key[1]] = record.sequence
        else:
            self.end(*key)

    def _read(self, record: Record, command: Any) -> tuple[int, int] | None:
        """From the journal: which order of which intent this is; None when it is none."""
        note = read_note(record.origin.note)
        if note is None:
            return None
        way = self.open.get(note.intent) or self.past.get(note.intent) or self._begun(note)
        if way is None:
            return None
        if note.order >= len(way.trip.orders):
            market = place(command.instrument, command.venue)
            price = command.price if command.kind == LIMIT else AT_MARKET
            sent = Sent(Send(note.order, note.leg, market, command.side, price, command.quantity, note.why))
            way.trip = msgspec.structs.replace(way.trip, orders=(*way.trip.orders, sent))
        return note.intent, note.order

    def _begun(self, note: LegNote) -> Way | None:
        """An intent whose first order this is: at once after a restart, when the journal is read."""
        terms = {leg.market: found for leg in note.of.legs if (found := self._terms(leg.market)) is not None}
        if len(terms) < len(note.of.legs):
            return None
        risk = Risk(loss_limit=note.loss_limit, within_ns=note.until - note.of.at)
        return self.add(note.intent, note.of, terms, risk)

    def add(self, number: int, intent: Intent, terms: dict[int, Terms], risk: Risk) -> Way:
        """An intent that begins."""
        trip, _ = begin(intent, terms, risk, intent.at)
        way = self.open[number] = Way(number, trip)
        return way

    def _traded(self, record: Record, index: int, effect: Any) -> None:
        for order in (effect.maker_order, effect.taker_order):
            if order == NO_ORDER or order not in self._order:
                continue
            number, ordinal = self._order[order]
            if number in self.past:
                self.open[number] = self.past.pop(number)
            way = self.open[number]
            fill = record.sequence * 4_096 + index
            way.trip = on_fill(way.trip, ordinal, fill, effect.price, effect.quantity)
            self.touched[number] = None
            sent = way.trip.orders[ordinal]
            if sent.filled >= sent.send.quantity:
                self._end(order)

    def _end(self, order: int) -> None:
        number, ordinal = self._order[order]
        if number in self.open:
            self.end(number, ordinal)


def settled(trip: Trip) -> bool:
    """Whether all is answered and no leg has what another lacks."""
    return not trip.waiting and not any(excess(trip)) and not any(lacking(trip))


def silent(trip: Trip) -> set[int]:
    """Places whose answer did not come by the deadline."""
    return {sent.send.market for sent in trip.orders if not sent.ended} if trip.overdue else set()


def over(trip: Trip) -> bool:
    """Whether nothing of it is open any more."""
    return trip.phase == DONE and not trip.waiting


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(LegNote)
