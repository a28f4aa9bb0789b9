"""The tape as the broker writes it: what the venues showed, and beside it the marks without which a decision could not
be made again. A mark is a "health" frame whose state is one of those below.

| state | venue, instrument | note |
|---|---|---|
| START | | the last record before the broker began to look; what was known of markets is new from here |
| LISTED | both | the venue's terms and care, as JSON: the instrument can be traded there from now on |
| SEEN | instrument | the middle was taken into volatility and reference, after the book before |
| HOUSE | instrument | the house book of the instrument was read after this record, and had changed |
| RECORDS | | records up to this one had been taken in |
| DECISION | instrument | "PARENT RECORD START": the router decides on the parent at the frame's time, and knows the
records up to RECORD; START is the offset of the last start. Children carry the offset of this frame |
| CALL | both | a call's price, volume, imbalance, end, whether it closes, as JSON |
| TRADE | both | price and quantity of a trade of which nobody knows who took, as JSON |
| EXPECTED | instrument | "FROM TO LOTS": what the day's curve answered the decision that is marked next |
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from isthmus.engine.market import CallIndication, VenueFacts
from isthmus.engine.tape import Tape
from isthmus.execution.book import Care, Event
from isthmus.kernel.messages import BUY, SELL

START, LISTED, HOUSE, RECORDS, DECISION, CALL, TRADE, EXPECTED, SEEN = range(2, 11)
HELD = "held"
"""A route that was taken out by hand or by a forecast event is told as a state of its health."""
NOTE_BYTES_MAX = 255
"""Of a frame (`crates/tape`)."""

Levels = Sequence[tuple[int, int]]


class Listing(msgspec.Struct, frozen=True, array_like=True):
    """A venue as it was admitted: what of its facts a decision depends on."""

    name: str
    kind: str
    fees_ppm: tuple[int, int]
    tick: int
    lot: int
    latency_ns: int
    price_multiplier: tuple[int, int]
    quantity_multiplier: tuple[int, int]
    inverse: bool
    reference: bool
    backup: int | None

    @staticmethod
    def of(facts: VenueFacts, care: Care) -> Listing:
        """What is kept of it."""
        return Listing(
            facts.name, facts.kind, (facts.maker_fee_ppm, facts.taker_fee_ppm), facts.tick, facts.lot,
            facts.latency_ns, facts.price_multiplier, facts.quantity_multiplier, facts.inverse, care.reference,
            care.backup,
        )  # fmt: skip

    def facts(self, venue: int) -> VenueFacts:
        """The venue's facts."""
        return VenueFacts(
            venue, self.name, self.kind, *self.fees_ppm, tick=self.tick, lot=self.lot, latency_ns=self.latency_ns,
            price_multiplier=self.price_multiplier, quantity_multiplier=self.quantity_multiplier, inverse=self.inverse,
        )  # fmt: skip

    def care(self) -> Care:
        """How its source is looked after."""
        return Care(reference=self.reference, backup=self.backup)


class Decided(msgspec.Struct, frozen=True):
    """What a mark DECISION says."""

    at: int
    parent: int
    record: int
    start: int


class MarketTape:
    """Writes the tape. Every frame is put after a mark of the records that were taken in before it."""

    def __init__(self, tape: Tape, at: int, sequence: int) -> None:
        self._tape = tape
        self._taken = self._told = sequence
        self.start = self._mark(at, START, (0, 0), str(sequence))

    def taken(self, sequence: int) -> None:
        """A record changed what is known of markets."""
        self._taken = sequence

    def book(self, at: int, where: tuple[int, int], bids: Levels, asks: Levels) -> None:
        """A venue's whole book; `where`: venue, instrument."""
        self._records(at)
        self._tape.book(at, *where, list(bids), list(asks))

    def seen(self, at: int, instrument: int) -> None:
        """The middle after the last book is taken in; a desk may have traded since that came."""
        self._mark(at, SEEN, (0, instrument), "")

    def trade(self, at: int, where: tuple[int, int], price: int, quantity: int, taker_side: int) -> None:
        """Others traded."""
        if taker_side in (BUY, SELL):
            self._records(at)
            self._tape.trade(at, *where, price, quantity, taker_side)
        else:
            self._mark(at, TRADE, where, _written((price, quantity)))

    def call(self, at: int, said: CallIndication) -> None:
        """What a call would trade."""
        told = (said.price, said.volume, said.imbalance, said.ends_at, said.closing)
        self._mark(at, CALL, (said.venue, said.instrument), _written(told))

    def health(self, instrument: int, event: Event, said: str) -> None:
        """What became of a source or a route, in words."""
        self._mark(event.at, int(event.on), (event.venue, instrument), noted(f"{event.state}: {said}"))

    def listed(self, at: int, where: tuple[int, int], facts: VenueFacts, care: Care) -> None:
        """The instrument can be traded there from now on."""
        self._mark(at, LISTED, where, _written(Listing.of(facts, care)))

    def house(self, at: int, instrument: int, sequence: int) -> None:
        """The house book was read."""
        self._mark(at, HOUSE, (0, instrument), str(sequence))

    def expected(self, at: int, instrument: int, span: tuple[int, int], lots: int) -> None:
        """The day's curve said so to a decision."""
        self._mark(at, EXPECTED, (0, instrument), f"{span[0]} {span[1]} {lots}")

    def decision(self, at: int, instrument: int, parent: int, sequence: int) -> int:
        """A decision is made now; its offset, which is on disk before this returns."""
        offset = self._mark(at, DECISION, (0, instrument), f"{parent} {sequence} {self.start}")
        self._tape.flush()
        return offset

    def flush(self) -> None:
        """Hand what was gathered to the system."""
        self._tape.flush()

    def close(self) -> None:
        """Flush and let the folder go."""
        self._tape.close()

    def _mark(self, at: int, state: int, where: tuple[int, int], note: str) -> int:
        self._records(at)
        return self._tape.health(at, *where, state, note)

    def _records(self, at: int) -> None:
        if self._taken != self._told:
            self._told = self._taken
            self._tape.health(at, 0, 0, RECORDS, str(self._taken))


def noted(text: str) -> str:
    """As much of it as a frame takes."""
    return text.encode()[:NOTE_BYTES_MAX].decode(errors="ignore")


def read_listing(note: str) -> Listing:
    """Of a mark LISTED. Raises msgspec.DecodeError."""
    return msgspec.json.decode(note, type=Listing)


def read_call(note: str, where: tuple[int, int]) -> CallIndication:
    """Of a mark CALL. Raises msgspec.DecodeError."""
    price, volume, imbalance, ends_at, closing = msgspec.json.decode(note, type=tuple[int, int, int, int, bool])
    return CallIndication(*where, price, volume, imbalance, ends_at, closing)


def read_trade(note: str) -> tuple[int, int]:
    """Price and quantity, of a mark TRADE. Raises msgspec.DecodeError."""
    return msgspec.json.decode(note, type=tuple[int, int])


def read_expected(note: str) -> tuple[tuple[int, int], int]:
    """From, to and lots, of a mark EXPECTED. Raises ValueError."""
    start, end, lots = (int(word) for word in note.split(" "))
    return (start, end), lots


def read_decision(at: int, note: str) -> Decided:
    """Of a mark DECISION. Raises ValueError."""
    parent, record, start = (int(word) for word in note.split(" "))
    return Decided(at, parent, record, start)


def _written(value: object) -> str:
    return msgspec.json.encode(value).decode()
