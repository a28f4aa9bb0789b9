"""Live venues as the server sees them: one market of all that the settings name."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from isthmus.engine.market import VenueFacts
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import ACCOUNT_VENUE, SetVenueFees, VenueFilled
from isthmus.venues.answering import CancelAsked, NewOrder, Outbox, ReplaceAsked, asked, ended, orders_at
from isthmus.venues.live.orders import OrdersAtVenue
from isthmus.venues.live.terms import ASSET_DECIMALS, Listing, VenueTerms, agree, instrument_of, listings, unlike
from isthmus.venues.marking import MARK_NS, Marks
from isthmus.venues.recorded.kinds import LINEAR_PERPETUAL
from isthmus.venues.watching import Watch
from isthmus.venues.wires.catalogue import WIRES
from isthmus.venues.wires.orders import OrderWord
from isthmus.venues.wires.words import Instrument, Trade

if TYPE_CHECKING:
    from isthmus.engine.engine import Record
    from isthmus.engine.market import MarketDesk

log = logging.getLogger(__name__)
STEP_EVERY_NS = 10_000_000
BOOK_LEVELS = 50
ROUTE_CLOSED = "venue_refused"


class VenueDesk(Protocol):
    """Takes orders to a venue: `binance.BinanceDesk`, `fix.FixDesk`."""

    orders: OrdersAtVenue
    deaf: bool
    """Nobody tells what becomes of orders: they have to be asked for."""

    def place(self, order: NewOrder, listing: Listing, at: int) -> None: ...

    def cancel(self, wish: CancelAsked, at: int) -> None: ...

    def replace(self, wish: ReplaceAsked, at: int) -> None: ...

    def adopt(self, known: dict[str, int], listing: Listing) -> None: ...

    def resync(self, at: int) -> None: ...

    def step(self, at: int) -> int: ...


class DeskMaker(Protocol):
    """Who makes the desk of a venue that takes orders, once its account is known."""

    def __call__(self, name: str, terms: VenueTerms, orders: OrdersAtVenue, /) -> VenueDesk: ...


class Shown:
    """One instrument at one venue, as the last messages left it."""

    def __init__(self, listing: Listing, instrument: int, venue: int) -> None:
        self.listing = listing
        self.instrument = instrument
        self.venue = venue
        self.bids: list[tuple[int, int]] = []
        self.asks: list[tuple[int, int]] = []

    def middle(self) -> int | None:
        """The middle of the book, None while a side is empty."""
        return max(1, (self.bids[0][0] + self.asks[0][0]) // 2) if self.bids and self.asks else None


class LiveVenue:
    """One venue: its books from its stream, its orders through its desk."""

    def __init__(self, name: str, terms: VenueTerms, listed: list[Listing]) -> None:
        self.name = name
        self.terms = terms
        self.listed = listed
        self.number = 0
        self.watch = Watch(WIRES[terms.wire]()) if terms.wire in WIRES else None
        self.desk: VenueDesk | None = None
        self.shown: dict[str, Shown] = {}
        """By the venue's own symbol."""
        self.changed: set[str] = set()
        self.unfit: dict[str, str] = {}
        """By the venue's symbol: what its own list says otherwise than the settings."""
        self._data: MarketDesk | None = None

    def open(self, desk: MarketDesk, number: int, numbers: Mapping[str, int]) -> None:
        """The venue's account and its instruments are known."""
        self._data, self.number = desk, number
        for listing in self.listed:
            self.shown[listing.symbol] = Shown(listing, numbers[listing.instrument], number)

    def by_instrument(self, instrument: int) -> Shown | None:
        """Ours at this venue."""
        return next((shown for shown in self.shown.values() if shown.instrument == instrument), None)

    def hear(self, raw: bytes, about: str, at: int) -> tuple[Any, ...]:
        """A message of a stream, or an answer to a question about the instrument `about`: books change, orders are
        told of. Returns its words.
        """
        assert self.watch is not None and self._data is not None
        words = self.watch.take(raw, about)
        for word in words:
            if isinstance(word, Trade):
                self._trade(word, at)
            elif isinstance(word, Instrument):
                self._compare(word)
            elif isinstance(word, OrderWord) and self.desk is not None:
                self.desk.orders.take(word)
            elif (symbol := getattr(word, "instrument", None)) in self.shown:
                self.changed.add(symbol)
        return words

    def _compare(self, word: Instrument) -> None:
        """Orders go only where the settings mean what the venue means."""
        shown = self.shown.get(word.symbol)
        if shown is None:
            return
        why = unlike(shown.listing.terms, word)
        if why:
            self.unfit[word.symbol] = why
        else:
            self.unfit.pop(word.symbol, None)

    def silent(self) -> None:
        """The stream is lost: what it showed is not shown any more."""
        if self.watch is not None:
            self.watch.books.clear()
        self.changed |= self.shown.keys()

    def publish(self, at: int) -> None:
        """Show the books that changed; one that is stale is shown empty, so that nobody trades on it."""
        assert self._data is not None
        for symbol in self.changed:
            shown = self.shown[symbol]
            shown.bids, shown.asks = self._levels(symbol, shown.listing)
            self._data.data.book(self.number, shown.instrument, shown.bids, shown.asks, at)
        self.changed.clear()

    def _levels(self, symbol: str, listing: Listing) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        watched = self.watch.books.get(symbol) if self.watch is not None else None
        if watched is None or watched.stale or not watched.sync.synced or watched.book.is_crossed():
            return [], []
        sides = ((watched.book.bids, True), (watched.book.asks, False))
        bids, asks = ([listing.shown(level, bid) for level in side.top(BOOK_LEVELS)] for side, bid in sides)
        return _merged(bids), _merged(asks)

    def _trade(self, word: Trade, at: int) -> None:
        shown = self.shown.get(word.instrument)
        if shown is None or self._data is None:
            return
        bid = word.taker_side != 1
        price, quantity = shown.listing.shown((f"{word.price:f}", f"{word.size:f}"), bid)
        if price > 0 and quantity > 0:
            self._data.data.trade(self.number, shown.instrument, price, quantity, word.taker_side, at)


class LiveMarkets:
    """All live venues. Each is an account of the engine."""

    mode = "live"

    def __init__(self, venues: Mapping[str, VenueTerms], make_desk: DeskMaker, mark_ns: int = MARK_NS) -> None:
        """Raises BadInput by setting."""
        listed = listings(venues)
        for name, terms in venues.items():
            _check(name, terms)
        self.venues = [LiveVenue(name, terms, listed[name]) for name, terms in venues.items()]
        self._make_desk = make_desk
        self._marks: dict[int, Marks] = {}
        self._mark_ns = mark_ns

    def open(self, desk: MarketDesk) -> None:
        """Add what is missing of assets, venues and instruments; take up the orders that a former run left there."""
        self._desk = desk
        self._outbox = Outbox(desk)
        at = desk.now()
        numbers = self._instruments(at)
        for venue in self.venues:
            number = desk.account(f"venue:{venue.name}", ACCOUNT_VENUE)
            venue.open(desk, number, numbers)
            for shown in venue.shown.values():
                desk.show_at(shown.instrument, number, facts_of(venue, shown.listing))
                self._marks[shown.instrument].venues.append(shown)
                self._charge(venue, shown)
            if venue.terms.takes_orders:
                venue.desk = self._make_desk(venue.name, venue.terms, OrdersAtVenue(venue.name, number, self._emit))
        self._outbox.flush()
        self._take_up()

    def _instruments(self, at: int) -> dict[str, int]:
        same: dict[str, list[Listing]] = {}
        for venue in self.venues:
            for listing in venue.listed:
                rows = same.setdefault(listing.instrument, [])
                if rows:
                    agree(venue.name, listing, rows[0])
                rows.append(listing)
        numbers = {}
        for symbol, rows in same.items():
            terms = rows[0].terms
            base, quote = (self._asset(code) for code in (terms.base, terms.quote))
            command = instrument_of(rows, base, quote)
            numbers[symbol] = self._desk.instrument(command)
            self._must_match(command, numbers[symbol])
            self._marks[numbers[symbol]] = Marks(terms.kind == LINEAR_PERPETUAL, at, self._mark_ns)
        return numbers

    def _asset(self, code: str) -> int:
        """With the decimals that it has here already."""
        known = next((row for row in self._desk.engine.assets() if row["code"] == code), None)
        return self._desk.asset(code, known["decimals"] if known is not None else ASSET_DECIMALS)

    def _must_match(self, command: Any, instrument: int) -> None:
        """A former run, or another market, may have listed the symbol with other units."""
        known = next(row for row in self._desk.engine.instruments() if row["instrument"] == instrument)
        for name in ("kind", "base", "quote", "price_decimals", "quantity_decimals", "tick", "lot", "multiplier"):
            if known[name] != getattr(command, name):
                reason = (
                    f"{command.symbol} is listed with {name} {known[name]}, the venues' need {getattr(command, name)}"
                )
                raise BadInput("venues", reason)

    def _charge(self, venue: LiveVenue, shown: Shown) -> None:
        terms = shown.listing.terms
        fees = {"maker_fee_ppm": terms.maker_fee_ppm, "taker_fee_ppm": terms.taker_fee_ppm}
        self._outbox.add(SetVenueFees(venue=venue.number, instrument=shown.instrument, **fees))

    def _take_up(self) -> None:
        """What became of the orders of a former run is asked as soon as the venue is reached; those at a venue that
        takes none any more are over.
        """
        by_number = {venue.number: venue for venue in self.venues}
        for order, number in list(orders_at(self._desk.engine, set(by_number))):
            venue, known = by_number[number], self._desk.engine.order(order)
            assert known is not None
            shown = venue.by_instrument(known["instrument"])
            if venue.desk is not None and shown is not None:
                venue.desk.adopt(known, shown.listing)
            else:
                self._outbox.add(ended(order, number, ROUTE_CLOSED))
        self._outbox.flush()

    def _emit(self, command: Any) -> None:
        self._outbox.add(command)
        self._outbox.flush()

    def listing(self) -> list[dict[str, Any]]:
        """A row for each instrument of each venue."""
        return [
            {
                "kind": listing.terms.kind,
                "instrument": listing.instrument,
                "venue": venue.name,
                "files": [],
                "taken": True,
                "why": "" if venue.terms.takes_orders else "data only: no keys",
                "label": f"live {venue.name}",
            }
            for venue in self.venues
            for listing in venue.listed
        ]

    def step(self, at: int) -> int:
        """Show what changed, ask about what nobody knows, mark."""
        if not self._outbox.flush():
            return at + STEP_EVERY_NS
        due = at + STEP_EVERY_NS
        for venue in self.venues:
            venue.publish(at)
            if venue.desk is not None:
                due = min(due, venue.desk.step(at))
        for marks in self._marks.values():
            if (mark := marks.due(at)) is not None:
                self._desk.submit(mark)
        return due

    def on_record(self, record: Record) -> None:
        """Orders, cancels and replaces that are meant for one of the venues go there."""
        if record.reason is not None:
            self._refused(record)
            return
        at = self._desk.now()
        for wish in asked(record, self._desk.engine):
            venue = next((one for one in self.venues if one.number == wish.venue), None)
            if venue is None:
                continue
            if isinstance(wish, NewOrder):
                self._place(venue, wish, at)
            elif venue.desk is None:
                self._emit(ended(wish.order, wish.venue, ROUTE_CLOSED))
            elif isinstance(wish, CancelAsked):
                venue.desk.cancel(wish, at)
            else:
                venue.desk.replace(wish, at)

    def _refused(self, record: Record) -> None:
        """A fill that happened must be booked: people have to look, and no more orders go there until they have."""
        command = record.command
        if type(command) is not VenueFilled or record.reason == "duplicate":
            return
        for venue in self.venues:
            if venue.number == command.venue and venue.desk is not None:
                venue.desk.orders.fault = f"a fill of order {command.order} was not booked: {record.reason}"
                log.error("%s: %s; no more orders go there", venue.name, venue.desk.orders.fault)

    def _place(self, venue: LiveVenue, order: NewOrder, at: int) -> None:
        shown = venue.by_instrument(order.instrument)
        unfit = venue.unfit.get(shown.listing.symbol) if shown is not None else None
        if unfit is not None:
            log.warning("%s: order %s was refused: %s", venue.name, order.order, unfit)
        if venue.desk is None or shown is None or unfit is not None:
            self._emit(ended(order.order, order.venue, ROUTE_CLOSED))
        else:
            venue.desk.place(order, shown.listing, at)

    def close(self) -> None:
        """Orders stay at the venues; the next start takes them up."""


def facts_of(venue: LiveVenue, listing: Listing) -> VenueFacts:
    """What a comparison of prices has to know."""
    return VenueFacts(
        number=venue.number,
        name=venue.name,
        kind="lit",
        maker_fee_ppm=listing.terms.maker_fee_ppm,
        taker_fee_ppm=listing.terms.taker_fee_ppm,
        tick=listing.tick,
        lot=listing.lot,
        source=f"live {venue.terms.stream or venue.terms.wire}",
        takes_orders=venue.terms.takes_orders,
    )


def _check(name: str, terms: VenueTerms) -> None:
    known = [*WIRES, "fix"]
    if terms.wire not in known:
        raise BadInput(f"venues.{name}.wire", f"{terms.wire!r} is none of {', '.join(known)}")
    if terms.keys and not terms.rest:
        raise BadInput(f"venues.{name}.rest", "is needed where orders go")
    symbols = [market.symbol for market in terms.markets.values()]
    if len(set(symbols)) != len(symbols):
        raise BadInput(f"venues.{name}.markets", "two instruments have one symbol at the venue")


def _merged(levels: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Levels that are one in our units are one; what has no whole unit is none."""
    made: dict[int, int] = {}
    for price, quantity in levels:
        if price > 0 and quantity > 0:
            made[price] = made.get(price, 0) + quantity
    return list(made.items())
