"""Recorded markets as the server sees them: sessions played in a loop, client orders answered as the venue would."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import TYPE_CHECKING, Any

from isthmus.engine.market import VenueFacts
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    ACCOUNT_VENUE,
    FOK,
    HIDDEN,
    IOC,
    LIMIT,
    MARKET,
    POST_ONLY,
    AddInstrument,
    Halt,
    SetVenueFees,
)
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.answering import (
    Answer,
    CancelAsked,
    Filled,
    NewOrder,
    Outbox,
    Place,
    ReplaceAsked,
    asked,
    command_of,
    ended,
    orders_at,
)
from isthmus.venues.marking import MARK_NS, Marks
from isthmus.venues.recorded import fills
from isthmus.venues.recorded.events import BookEvent, TradeEvent
from isthmus.venues.recorded.fills import ClientOrder, RecordedBook
from isthmus.venues.recorded.kinds import ENGINE_KINDS, LINEAR_PERPETUAL
from isthmus.venues.recorded.programme import Timeline, timelines
from isthmus.venues.recorded.session import Recording

if TYPE_CHECKING:
    from isthmus.engine.engine import Record
    from isthmus.engine.market import MarketDesk

ASSET_DECIMALS = 8
STEP_WORK = 1_000
"""What is played in one step, counted in level changes of a microsecond or two each."""
TRADE_WORK, EVENT_WORK = 10, 5
STEP_EVERY_NS = 10_000_000
BEHIND_MAX_NS = NS_PER_S
"""If the server stood still for longer than this, the time is skipped and not caught up."""
SEAM_NS = NS_PER_S
"""Pause of the recording between its end and its next start."""
BOOK_LEVELS = 50
COLLAR_BPS = 500
INITIAL_MARGIN_BPS = 10_000


class Played:
    """One instrument of a recorded venue: where its session stands, its book, its marks."""

    def __init__(self, recording: Recording, timeline: Timeline, instrument: int, venue: int, at: int) -> None:
        self.recording = recording
        self.instrument = instrument
        self.venue = venue
        self.book = RecordedBook(recording.session.depth)
        self.place = Place(venue, recording.market.venue, instrument)
        self._timeline = timeline
        self._events = recording.session.events
        self._times = recording.session.events.times
        self._origin = at
        self._turn_to(0)

    def _turn_to(self, place: int) -> None:
        self._next = place
        over = place == len(self._times)
        self._offset = self._timeline.length_ns + SEAM_NS if over else self._timeline.offset(self._times[place])

    def due_at(self, speed: float) -> int:
        """When the next event, or the seam, is to be played, in the server's time."""
        return self._origin + int(self._offset / speed)

    def skip(self, behind: int) -> None:
        """Leave out time in which the server stood still."""
        self._origin += behind

    def play(self, desk: MarketDesk, at: int) -> tuple[list[Answer], int]:
        """Play the next event, or the seam; the answers to client orders, and how much work it was."""
        if self._next == len(self._times):
            return self._seam(desk, at), 0
        event = self._events[self._next]
        self._turn_to(self._next + 1)
        if isinstance(event, TradeEvent):
            desk.data.trade(self.venue, self.instrument, event.price, event.quantity, event.taker_side, at)
            on_book = event.on_book
            return self.book.trade(event.price, event.quantity, event.taker_side) if on_book else [], TRADE_WORK
        change = self.book.show if event.whole else self.book.change
        return change(event.bids, event.asks), len(event.bids) + len(event.asks)

    def _seam(self, desk: MarketDesk, at: int) -> list[Answer]:
        """All recordings of this clock are over: the session ends and begins again with an empty book."""
        self._origin = at
        self._turn_to(0)
        desk.data.book(self.venue, self.instrument, [], [], at)
        return self.book.restart()

    def publish(self, desk: MarketDesk, at: int) -> None:
        """Send the book as clients see it."""
        bids, asks = self.book.levels(BOOK_LEVELS)
        desk.data.book(self.venue, self.instrument, bids, asks, at)

    def middle(self) -> int | None:
        """The middle of the book, None while a side is empty."""
        bids, asks = self.book.levels(1)
        return max(1, (bids[0][0] + asks[0][0]) // 2) if bids and asks else None


class RecordedMarkets:
    """All recordings of a folder. Each venue is an account of the engine; orders sent to it are answered from the
    tape.
    """

    mode = "recorded"

    def __init__(
        self, recordings: list[Recording], rows: list[dict[str, Any]], speed: float, mark_ns: int = MARK_NS
    ) -> None:
        assert speed > 0
        self._mark_ns = mark_ns
        self._recordings = recordings
        self._rows = rows
        self._speed = speed
        self._played: dict[tuple[int, int], Played] = {}
        self._marks: dict[int, Marks] = {}
        self._data_only: set[int] = set()
        self._taken: set[tuple[int, int]] = set()
        """Markets of whose displayed size clients took some since it was last published."""

    def open(self, desk: MarketDesk) -> None:
        """Add what is missing of assets, venues and instruments; end the orders that a former run left there."""
        self._desk = desk
        self._outbox = Outbox(desk)
        at = desk.now()
        for recording, timeline in zip(self._recordings, timelines(self._recordings), strict=True):
            market = recording.market
            venue = desk.account(f"venue:{market.venue}", ACCOUNT_VENUE)
            instrument = self._instrument(recording)
            facts = facts_of(recording, venue)
            desk.show_at(instrument, venue, facts)
            if self._rivals(recording):
                self._charge(facts, instrument)
            played = Played(recording, timeline, instrument, venue, at)
            self._played[(venue, instrument)] = played
            self._marks.setdefault(instrument, Marks(market.kind == LINEAR_PERPETUAL, at, self._mark_ns)).venues.append(
                played
            )
        self._end_former_orders({venue for venue, _ in self._played})
        self._outbox.flush()

    def _rivals(self, recording: Recording) -> bool:
        """Whether another venue trades the same instrument."""
        return sum(other.market.instrument == recording.market.instrument for other in self._recordings) > 1

    def _instrument(self, recording: Recording) -> int:
        """Get or add; the engine halts what is data only."""
        desk, market = self._desk, recording.market
        base, quote = (desk.asset(code, ASSET_DECIMALS) for code in (market.base, market.quote))
        same = [other for other in self._recordings if other.market.instrument == market.instrument]
        terms = listed(same, base, quote)
        instrument = desk.instrument(terms)
        self._must_match(terms, instrument)
        if not recording.takes_orders:
            self._data_only.add(instrument)
            self._halt(instrument)
        return instrument

    def _halt(self, instrument: int) -> None:
        known = next(row for row in self._desk.engine.instruments() if row["instrument"] == instrument)
        if not known["halted"]:
            self._outbox.add(Halt(instrument=instrument))

    def _must_match(self, terms: Any, instrument: int) -> None:
        """A former run may have listed the symbol with other units: the recording's numbers would then mean other
        sums.
        """
        known = next(row for row in self._desk.engine.instruments() if row["instrument"] == instrument)
        for name in ("kind", "base", "quote", "price_decimals", "quantity_decimals", "tick", "lot", "multiplier"):
            if known[name] != getattr(terms, name):
                raise BadInput(
                    "markets",
                    f"{terms.symbol} is listed in this journal with {name} {known[name]}, the recording needs "
                    f"{getattr(terms, name)}: use another data folder",
                )

    def _end_former_orders(self, venues: set[int]) -> None:
        for order, venue in orders_at(self._desk.engine, venues):
            self._outbox.add(ended(order, venue, "recording_restarted"))

    def _charge(self, facts: VenueFacts, instrument: int) -> None:
        """The engine books what this venue charges, where several venues trade the instrument."""
        fees = {"maker_fee_ppm": facts.maker_fee_ppm, "taker_fee_ppm": facts.taker_fee_ppm}
        self._outbox.add(SetVenueFees(venue=facts.number, instrument=instrument, **fees))

    def listing(self) -> list[dict[str, Any]]:
        """What was taken, left and why: a row a file."""
        return self._rows

    def step(self, at: int) -> int:
        """Play what is due, as much as fits a step; returns when to be called again."""
        if not self._outbox.flush():
            return at + STEP_EVERY_NS
        work = 0
        changed, self._taken = self._taken, set()
        while work < STEP_WORK:
            key, played = min(self._played.items(), key=lambda row: row[1].due_at(self._speed))
            due = played.due_at(self._speed)
            if due > at:
                break
            if at - due > BEHIND_MAX_NS:
                self._skip(at - due)
            answers, done = played.play(self._desk, at)
            work += EVENT_WORK + done
            changed.add(key)
            self._answer(played, answers)
        for key in changed:
            self._played[key].publish(self._desk, at)
        self._mark(at)
        if work >= STEP_WORK:
            return at
        return max(at + STEP_EVERY_NS, min(played.due_at(self._speed) for played in self._played.values()))

    def _skip(self, behind: int) -> None:
        for played in self._played.values():
            played.skip(behind)

    def _mark(self, at: int) -> None:
        for marks in self._marks.values():
            if (mark := marks.due(at)) is not None:
                self._desk.submit(mark)

    def on_record(self, record: Record) -> None:
        """Take orders, cancels and replaces that are meant for one of the venues, and answer them."""
        if type(record.command).__name__ == "Resume" and self._data_only:
            self._halt_again(record)
        for wish in asked(record, self._desk.engine):
            if isinstance(wish, NewOrder):
                self._placed(wish)
            elif isinstance(wish, CancelAsked):
                self._cancel_requested(wish)
            else:
                self._replace_requested(wish)
        self._outbox.flush()

    def _halt_again(self, record: Record) -> None:
        """What is data only stays halted, whoever resumes it."""
        resumed = {effect.instrument for effect in record.effects if type(effect).__name__ == "Resumed"}
        for instrument in self._data_only & resumed:
            self._halt(instrument)
        self._outbox.flush()

    def _placed(self, order: NewOrder) -> None:
        played, rests = self._played.get((order.venue, order.instrument)), _rests(order)
        if played is not None and rests is not None:
            new = ClientOrder(order.order, order.account, order.side, order.price, order.quantity, rests)
            self._answer(played, played.book.place(new))
        elif order.venue in {venue for venue, _ in self._played}:
            self._outbox.add(ended(order.order, order.venue, "venue_refused"))

    def _cancel_requested(self, wish: CancelAsked) -> None:
        played = self._holding(wish.order, wish.venue)
        if played is not None:
            self._answer(played, played.book.cancel(wish.order, wish.reason))
        elif self._is_stray(wish.order, wish.venue):
            self._outbox.add(ended(wish.order, wish.venue, wish.reason))

    def _replace_requested(self, wish: ReplaceAsked) -> None:
        played = self._holding(wish.order, wish.venue)
        if played is not None:
            self._answer(played, played.book.replace(wish.order, wish.price, wish.quantity))
        elif self._is_stray(wish.order, wish.venue):
            self._outbox.add(ended(wish.order, wish.venue, "venue_refused"))

    def _holding(self, order: int, venue: int) -> Played | None:
        for (of, _), played in self._played.items():
            if of == venue and played.book.order(order) is not None:
                return played
        return None

    def _is_stray(self, order: int, venue: int) -> bool:
        """Alive in the engine at one of our venues, but in no book of ours and with no answer on its way."""
        if venue not in {of for of, _ in self._played} or len(self._outbox):
            return False
        facts = self._desk.engine.order(order)
        return facts is not None and facts["venue"] == venue

    def _answer(self, played: Played, answers: list[Answer]) -> None:
        for answer in answers:
            self._outbox.add(command_of(answer, played.place))
            if isinstance(answer, Filled):
                self._taken.add((played.venue, played.instrument))
        if answers:
            self._outbox.flush()

    def close(self) -> None:
        """Nothing to close: orders left at the venues are ended by the next start."""


def listed(same: Sequence[Recording], base: int, quote: int) -> Any:
    """The instrument of recordings at one venue or several: terms of the first, the finest tick of all. Its first mark
    is the middle of its first book.
    """
    first, session = same[0], same[0].session
    opening = session.events[0]
    assert isinstance(opening, BookEvent)
    middle = (max(price for price, _ in opening.bids) + min(price for price, _ in opening.asks)) // 2
    kind = ENGINE_KINDS[first.market.kind]
    return AddInstrument(
        symbol=first.market.instrument,
        kind=kind,
        base=base,
        quote=quote,
        price_decimals=session.price_decimals,
        quantity_decimals=session.quantity_decimals,
        tick=gcd(*(other.session.tick for other in same)),
        lot=1,
        multiplier=first.part.multiplier,
        maker_fee_ppm=max(other.part.costs.maker_ppm for other in same),
        taker_fee_ppm=max(other.part.costs.taker_ppm for other in same),
        collar_bps=COLLAR_BPS,
        initial_margin_bps=INITIAL_MARGIN_BPS if kind == ENGINE_KINDS[LINEAR_PERPETUAL] else 0,
        mark=middle,
    )


def facts_of(recording: Recording, venue: int) -> VenueFacts:
    """What a comparison of prices has to know of a recorded venue. Answers come without delay: latency 0."""
    part = recording.part
    return VenueFacts(
        number=venue,
        name=recording.market.venue,
        kind="lit",
        maker_fee_ppm=part.costs.maker_ppm,
        taker_fee_ppm=part.costs.taker_ppm,
        tick=recording.session.tick,
        assumed=recording.assumed,
        source=recording.session.label,
        quantity_multiplier=(part.contract or 1, 1),
        inverse=part.contract > 0,
        takes_orders=recording.takes_orders,
    )


def _rests(order: NewOrder) -> str | None:
    """How long the order rests; None when a tape cannot say what would become of it."""
    if order.kind not in (LIMIT, MARKET) or order.flags & HIDDEN or order.display or order.min_quantity:
        return None
    if order.tif == FOK:
        return fills.FILL_OR_KILL
    if order.tif == IOC or order.kind == MARKET:
        return fills.IMMEDIATE
    return fills.POST_ONLY if order.flags & POST_ONLY else fills.UNTIL_CANCELLED
