"""Recorded markets as the server sees them: sessions played in a loop, client orders answered as the venue would."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import gcd
from typing import TYPE_CHECKING, Any

from isthmus.engine.engine import content_id
from isthmus.engine.market import VenueFacts
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import (
    ACCOUNT_VENUE,
    CANCEL_REASONS,
    FOK,
    IOC,
    MARKET,
    POST_ONLY,
    AddInstrument,
    Halt,
    Mark,
    VenueAccepted,
    VenueCancelled,
    VenueFilled,
    VenueReplaced,
)
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.recorded import fills
from isthmus.venues.recorded.events import BookEvent, TradeEvent
from isthmus.venues.recorded.fills import Answer, Changed, ClientOrder, Ended, Filled, RecordedBook, Took
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
MARK_NS = NS_PER_S
SETTLEMENT_NS = 60 * NS_PER_S
COLLAR_BPS = 500
INITIAL_MARGIN_BPS = 10_000

_REASONS = {text: number for number, text in CANCEL_REASONS.items()}
_ASKING = frozenset(("PlaceOrder", "CancelOrder", "ReplaceOrder", "CancelAll"))


class Played:
    """One instrument of a recorded venue: where its session stands, its book, its marks."""

    def __init__(self, recording: Recording, timeline: Timeline, instrument: int, venue: int, at: int) -> None:
        self.recording = recording
        self.instrument = instrument
        self.venue = venue
        self.book = RecordedBook(recording.session.depth)
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


class Marks:
    """Says when an instrument is to be marked with the middle of its first venue that shows both sides: each second if
    it changed; perpetuals settle each minute.
    """

    def __init__(self, kind: str, at: int) -> None:
        self.venues: list[Played] = []
        self._settles = kind == LINEAR_PERPETUAL
        self._mark_at = at
        self._settle_at = at + SETTLEMENT_NS
        self._marked = 0

    def due(self, at: int) -> Any:
        """The Mark to send now, or None."""
        if at < self._mark_at:
            return None
        self._mark_at = at + MARK_NS
        middles = ((played, price) for played in self.venues if (price := played.middle()) is not None)
        played, price = next(middles, (None, 0))
        settlement = self._settles and at >= self._settle_at
        if played is None or (price == self._marked and not settlement):
            return None
        if settlement:
            self._settle_at = at + SETTLEMENT_NS
        self._marked = price
        return Mark(instrument=played.instrument, settlement=int(settlement), source=played.venue, price=price)


class RecordedMarkets:
    """All recordings of a folder. Each venue is an account of the engine; orders sent to it are answered from the
    tape.
    """

    mode = "recorded"

    def __init__(self, recordings: list[Recording], rows: list[dict[str, Any]], speed: float) -> None:
        assert speed > 0
        self._recordings = recordings
        self._rows = rows
        self._speed = speed
        self._played: dict[tuple[int, int], Played] = {}
        self._marks: dict[int, Marks] = {}
        self._data_only: set[int] = set()
        self._outbox: deque[Any] = deque()
        self._taken: set[tuple[int, int]] = set()
        """Markets of whose displayed size clients took some since it was last published."""

    def open(self, desk: MarketDesk) -> None:
        """Add what is missing of assets, venues and instruments; end the orders that a former run left there."""
        self._desk = desk
        at = desk.now()
        for recording, timeline in zip(self._recordings, timelines(self._recordings), strict=True):
            market = recording.market
            venue = desk.account(f"venue:{market.venue}", ACCOUNT_VENUE)
            instrument = self._instrument(recording)
            desk.show_at(instrument, venue, facts_of(recording, venue))
            played = Played(recording, timeline, instrument, venue, at)
            self._played[(venue, instrument)] = played
            self._marks.setdefault(instrument, Marks(market.kind, at)).venues.append(played)
        self._end_former_orders({venue for venue, _ in self._played})
        self._flush()

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
            self._outbox.append(Halt(instrument=instrument))

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
        engine = self._desk.engine
        for account, _ in engine.accounts():
            for order in engine.orders(account):
                facts = engine.order(order)
                if facts is not None and facts["venue"] in venues:
                    self._outbox.append(_cancelled(order, facts["venue"], "recording_restarted"))

    def listing(self) -> list[dict[str, Any]]:
        """What was taken, left and why: a row a file."""
        return self._rows

    def step(self, at: int) -> int:
        """Play what is due, as much as fits a step; returns when to be called again."""
        if not self._flush():
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
        command = record.command
        kind = type(command).__name__
        if kind == "Resume" and self._data_only:
            self._halt_again(record)
        if kind not in _ASKING or (kind == "PlaceOrder" and not command.venue):
            return
        for effect in record.effects:
            name = type(effect).__name__
            if name == "Accepted" and kind == "PlaceOrder":
                self._placed(command, effect)
            elif name == "CancelRequested":
                self._cancel_requested(effect)
            elif name == "ReplaceRequested":
                self._replace_requested(effect)
        self._flush()

    def _halt_again(self, record: Record) -> None:
        """What is data only stays halted, whoever resumes it."""
        resumed = {effect.instrument for effect in record.effects if type(effect).__name__ == "Resumed"}
        for instrument in self._data_only & resumed:
            self._halt(instrument)
        self._flush()

    def _placed(self, command: Any, accepted: Any) -> None:
        played = self._played.get((command.venue, command.instrument))
        if played is None:
            if command.venue in {venue for venue, _ in self._played}:
                self._outbox.append(_cancelled(accepted.order, command.venue, "venue_refused"))
            return
        new = ClientOrder(
            accepted.order, command.account, command.side, accepted.price, command.quantity, _rests(command)
        )
        self._answer(played, played.book.place(new))

    def _cancel_requested(self, effect: Any) -> None:
        played = self._holding(effect.order, effect.venue)
        if played is not None:
            self._answer(played, played.book.cancel(effect.order, CANCEL_REASONS[effect.reason]))
        elif self._is_stray(effect.order, effect.venue):
            self._outbox.append(_cancelled(effect.order, effect.venue, CANCEL_REASONS[effect.reason]))

    def _replace_requested(self, effect: Any) -> None:
        played = self._holding(effect.order, effect.venue)
        if played is not None:
            self._answer(played, played.book.replace(effect.order, effect.price, effect.quantity))
        elif self._is_stray(effect.order, effect.venue):
            self._outbox.append(_cancelled(effect.order, effect.venue, "venue_refused"))

    def _holding(self, order: int, venue: int) -> Played | None:
        for (of, _), played in self._played.items():
            if of == venue and played.book.order(order) is not None:
                return played
        return None

    def _is_stray(self, order: int, venue: int) -> bool:
        """Alive in the engine at one of our venues, but in no book of ours and with no answer on its way."""
        if venue not in {of for of, _ in self._played} or self._outbox:
            return False
        facts = self._desk.engine.order(order)
        return facts is not None and facts["venue"] == venue

    def _answer(self, played: Played, answers: list[Answer]) -> None:
        for answer in answers:
            self._outbox.append(command_of(answer, played))
            if isinstance(answer, Filled):
                self._taken.add((played.venue, played.instrument))
        if answers:
            self._flush()

    def _flush(self) -> bool:
        """Submit what waits; False when the server takes nothing now."""
        while self._outbox:
            if self._desk.submit(self._outbox[0]) is None:
                return False
            self._outbox.popleft()
        return True

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
        maker_fee_ppm=first.part.costs.maker_ppm,
        taker_fee_ppm=first.part.costs.taker_ppm,
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


def command_of(answer: Answer, played: Played) -> Any:
    """A venue's answer as a command for the engine. A fill's id is made of venue, order and ordinal: it counts once."""
    venue = played.venue
    if isinstance(answer, Took):
        return VenueAccepted(order=answer.order, venue=venue)
    if isinstance(answer, Ended):
        return _cancelled(answer.order, venue, answer.reason)
    if isinstance(answer, Changed):
        return VenueReplaced(order=answer.order, venue=venue, price=answer.price, quantity=answer.quantity)
    return VenueFilled(
        order=answer.order,
        venue=venue,
        account=answer.account,
        instrument=played.instrument,
        side=answer.side,
        liquidity=answer.liquidity,
        price=answer.price,
        quantity=answer.quantity,
        fill_id=content_id(f"{played.recording.market.venue}/{answer.order}/{answer.ordinal}"),
    )


def _cancelled(order: int, venue: int, reason: str) -> Any:
    return VenueCancelled(order=order, venue=venue, reason=_REASONS[reason])


def _rests(command: Any) -> str:
    if command.tif == FOK:
        return fills.FILL_OR_KILL
    if command.tif == IOC or command.kind == MARKET:
        return fills.IMMEDIATE
    return fills.POST_ONLY if command.flags & POST_ONLY else fills.UNTIL_CANCELLED
