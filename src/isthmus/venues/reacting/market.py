"""Reacting markets as the server, or a back-test, sees them: venues are accounts, orders sent there are answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from isthmus.engine.market import CallIndication, VenueFacts
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import ACCOUNT_VENUE, COMMANDS, INSTRUMENT_KINDS, AddInstrument, Mark
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.answering import CancelAsked, NewOrder, Outbox, Place, asked, command_of, ended, orders_at
from isthmus.venues.reacting.curve import Day
from isthmus.venues.reacting.dark import DarkPool
from isthmus.venues.reacting.dealer import Dealer
from isthmus.venues.reacting.faults import FaultTerms
from isthmus.venues.reacting.listing import ASSETS, LISTINGS, Listing
from isthmus.venues.reacting.lit import LitVenue
from isthmus.venues.reacting.marketplace import AnyVenue, Marketplace
from isthmus.venues.reacting.terms import Terms
from isthmus.venues.simulated.market import luck

if TYPE_CHECKING:
    from isthmus.engine.engine import Record
    from isthmus.engine.market import MarketDesk

EVENTS_PER_STEP = 200
"""Happenings in one step; about ten microseconds each."""
BEHIND_MAX_NS = 2 * NS_PER_S
"""If the server stood still for longer than this, the time is skipped and not caught up."""
PUBLISH_NS = 50_000_000
"""Books are shown this often at most, and each second if nothing happened: depth comes back by itself."""
BOOK_LEVELS = 20
MARK_NS = NS_PER_S
ASSUMED = "venues, fees, latencies, hidden liquidity and calls are assumed; docs/guide/reacting-market.md"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a market is played. `speed` 2 plays twice as fast; `skip` leaves time out in which nobody stepped (a server
    that stood still), without it everything is played (a back-test).
    """

    seed: int = 1
    speed: float = 1.0
    day_s: float = 3_600.0
    skip: bool = True
    faults: Mapping[str, FaultTerms] = {}


def make(options: Options, symbols: tuple[str, ...] = ()) -> ReactingMarkets:
    """The listed markets, or those of these symbols. Raises BadInput for faults of a venue that there is not."""
    listings = [listing for listing in LISTINGS if not symbols or listing.symbol in symbols]
    return ReactingMarkets(listings, options)


class Played:
    """One instrument: its marketplace, its venues' accounts, what was shown of them."""

    def __init__(self, listing: Listing, terms: Terms, places: dict[str, Place]) -> None:
        self.listing = listing
        self.terms = terms
        self.places = places
        self.names = {place.venue: name for name, place in places.items()}
        self.instrument = next(iter(places.values())).instrument
        self.marketplace: Marketplace
        self.mark = 0
        self._shown: dict[str, Any] = {}
        self._show_at = 0

    def publish(self, desk: MarketDesk, at: int) -> None:
        """Trades at once, books when they are due and have changed."""
        market = self.marketplace
        for row in market.take_trades():
            desk.data.trade(self.places[row.venue].venue, self.instrument, row.price, row.lots, row.taker_side, at)
        if at < self._show_at:
            return
        self._show_at = at + PUBLISH_NS
        for name, venue in market.venues.items():
            if isinstance(venue, (LitVenue, Dealer)):
                book = market.book(name, BOOK_LEVELS) if market.connected(name) else ([], [])
                if book != self._shown.get(name):
                    self._shown[name] = book
                    desk.data.book(self.places[name].venue, self.instrument, *book, at)

    def each_second(self, desk: MarketDesk) -> None:
        """The mark, which is the middle of the lit books, and what a call would do."""
        market = self.marketplace
        middle = market.middle_x2()
        price = max(1, middle // 2) if middle is not None else self.mark
        if price != self.mark:
            source = self.places[self.terms.lit[0].name].venue
            if desk.submit(Mark(instrument=self.instrument, settlement=0, source=source, price=price)) is not None:
                self.mark = price
        self._tell_call(desk)

    def _tell_call(self, desk: MarketDesk) -> None:
        """What the call that goes on would do; before it, when the next one ends."""
        market = self.marketplace
        found, call = market.indication(), market.call
        if call is None:
            return
        figures, ends_at, closing = (0, 0, 0), call.ends_at, call.closing
        if found is not None:
            figures = (found.price, found.volume, found.imbalance)
        elif market.next_call is not None:
            ends_at, closing = market.next_call
        desk.data.call(CallIndication(self.places[call.terms.name].venue, self.instrument, *figures, ends_at, closing))


class ReactingMarkets:
    """Each venue is an account of the engine; orders sent to it are answered after its latency."""

    mode = "simulated"

    def __init__(self, listings: list[Listing], options: Options) -> None:
        assert options.speed > 0
        assert listings
        self._listings = listings
        self._options = options
        self._terms = [listing.terms(options.day_s) for listing in listings]
        known = {name for terms in self._terms for name in venue_names(terms)}
        for name in options.faults:
            if name not in known:
                raise BadInput("faults", f"{name} is none of {', '.join(sorted(known))}")
        self._played: dict[int, Played] = {}
        self._opened_at = self._skipped = 0

    def open(self, desk: MarketDesk) -> None:
        """Add what is missing of assets, venues and instruments; end the orders that a former run left there."""
        self._desk = desk
        self._outbox = Outbox(desk)
        self._opened_at = self._second_at = desk.now()
        chance = luck(self._options.seed, desk.engine.sequence)
        for listing, terms in zip(self._listings, self._terms, strict=True):
            self._list(listing, terms, chance)
        venues = {place.venue for played in self._played.values() for place in played.places.values()}
        for order, venue in orders_at(desk.engine, venues):
            self._outbox.add(ended(order, venue, "session"))
        self._outbox.flush()

    def _list(self, listing: Listing, terms: Terms, chance: str) -> None:
        desk, options = self._desk, self._options
        base, quote = (desk.asset(code, ASSETS[code]) for code in (listing.base, listing.quote))
        instrument = desk.instrument(added(listing, terms, base, quote))
        names = venue_names(terms)
        places = {name: Place(desk.account(f"venue:{name}", ACCOUNT_VENUE), name, instrument) for name in names}
        played = Played(listing, terms, places)
        at = self._opened_at
        length = int(options.day_s * NS_PER_S)
        start = msgspec.structs.replace(terms, start=desk.engine.reference(instrument))
        faults = {name: fault for name, fault in options.faults.items() if name in names}
        played.marketplace = Marketplace(start, chance, at, Day(at - at % length, length), faults)
        self._played[instrument] = played
        market = played.marketplace
        desk.data.curve(instrument, lambda start, end: int(market.expected(self._time(start), self._time(end))))
        for name, venue in played.marketplace.venues.items():
            facts = facts_of(venue, places[name].venue, listing)
            desk.show_at(instrument, places[name].venue, facts)
            self._charge(facts, instrument)

    def _charge(self, facts: VenueFacts, instrument: int) -> None:
        """The engine books what this venue charges instead of the instrument's own fees."""
        self._outbox.add(
            COMMANDS["SetVenueFees"](
                venue=facts.number,
                instrument=instrument,
                maker_fee_ppm=facts.maker_fee_ppm,
                taker_fee_ppm=facts.taker_fee_ppm,
            )
        )

    def marketplace(self, symbol: str) -> Marketplace:
        """One instrument's model: its truth, its curve, its lines. For experimenters and tests."""
        return next(played.marketplace for played in self._played.values() if played.listing.symbol == symbol)

    def listing(self) -> list[dict[str, Any]]:
        """A row an instrument for the ready line."""
        return [row(listing, terms) for listing, terms in zip(self._listings, self._terms, strict=True)]

    def step(self, at: int) -> int:
        """Let happen what is due, a few things at most, and send what came back."""
        if not self._outbox.flush():
            return at + PUBLISH_NS
        now = self._now(at)
        done = True
        for played in self._played.values():
            done = played.marketplace.advance(now, EVENTS_PER_STEP) and done
        self._send()
        for played in self._played.values():
            played.publish(self._desk, at)
        if at >= self._second_at:
            self._second_at = at + MARK_NS
            for played in self._played.values():
                played.each_second(self._desk)
        if not done:
            return at
        following = min(played.marketplace.next_at for played in self._played.values())
        return min(self._second_at, at + max(1, int((following - now) / self._options.speed)))

    def _now(self, at: int) -> int:
        """The markets' time; what the server slept through is left out."""
        now = self._time(at)
        behind = now - min(played.marketplace.next_at for played in self._played.values())
        if self._options.skip and behind > BEHIND_MAX_NS:
            self._skipped += behind
            now -= behind
        return now

    def on_record(self, record: Record) -> None:
        """Send on to their venues what is meant for them."""
        now = None
        for wish in asked(record, self._desk.engine):
            now = now if now is not None else self._time(self._desk.now())
            if isinstance(wish, NewOrder):
                self._place(wish, now)
            elif (found := self._holding(wish.order, wish.venue)) is not None:
                market, name = found
                if isinstance(wish, CancelAsked):
                    market.cancel(name, wish.order, wish.reason, now)
                else:
                    market.replace(name, wish.order, (wish.price, wish.quantity), now)

    def _place(self, order: NewOrder, now: int) -> None:
        """To its venue; one that does not trade the instrument refuses."""
        played = self._played.get(order.instrument)
        name = played.names.get(order.venue) if played is not None else None
        if played is not None and name is not None:
            played.marketplace.place(name, order, now)
        elif any(order.venue in other.names for other in self._played.values()):
            self._outbox.add(ended(order.order, order.venue, "venue_refused"))
            self._outbox.flush()

    def _holding(self, order: int, venue: int) -> tuple[Marketplace, str] | None:
        known = self._desk.engine.order(order)
        played = self._played.get(known["instrument"]) if known is not None else None
        name = played.names.get(venue) if played is not None else None
        return (played.marketplace, name) if played is not None and name is not None else None

    def _send(self) -> None:
        for played in self._played.values():
            for name, answer in played.marketplace.take_answers():
                self._outbox.add(command_of(answer, played.places[name]))
        self._outbox.flush()

    def disconnect(self, name: str) -> None:
        """The line to a venue goes down for every instrument."""
        for played in self._played.values():
            if name in played.places:
                played.marketplace.disconnect(name)

    def reconnect(self, name: str) -> None:
        """The line is up again: what was withheld is told at the next step."""
        for played in self._played.values():
            if name in played.places:
                played.marketplace.reconnect(name)

    def close(self) -> None:
        """Nothing to close: orders left at the venues are ended by the next start."""

    def _time(self, at: int) -> int:
        """The markets' own time: it runs `speed` times as fast and leaves out what was skipped."""
        return self._opened_at + int((at - self._opened_at) * self._options.speed) - self._skipped


def venue_names(terms: Terms) -> list[str]:
    """Every venue of an instrument."""
    single = [one.name for one in (terms.call, terms.dealer) if one is not None]
    return [*(one.name for one in terms.lit), *(one.name for one in terms.dark), *single]


def facts_of(venue: AnyVenue, number: int, listing: Listing) -> VenueFacts:
    """What is told of a venue."""
    terms = venue.terms
    kind, maker, taker = "rfq", 0, 0
    if isinstance(venue, LitVenue):
        kind, maker, taker = "lit", venue.terms.maker_fee_ppm, venue.terms.taker_fee_ppm
    elif isinstance(venue, DarkPool):
        kind, maker, taker = "dark", 0, venue.terms.taker_fee_ppm
    elif not isinstance(venue, Dealer):
        kind, maker, taker = "auction", 0, venue.terms.fee_ppm
    return VenueFacts(
        number=number,
        name=terms.name,
        kind=kind,
        maker_fee_ppm=maker,
        taker_fee_ppm=taker,
        tick=getattr(terms, "tick", 1),
        lot=terms.lot,
        latency_ns=terms.latency_ns,
        assumed=ASSUMED,
        source=f"simulated, reacts; calibrated to {listing.source}",
    )


def added(listing: Listing, terms: Terms, base: int, quote: int) -> Any:
    """The command that lists it. Its own fees are the first venue's."""
    return AddInstrument(
        symbol=listing.symbol,
        kind=listing.kind,
        base=base,
        quote=quote,
        price_decimals=listing.price_decimals,
        quantity_decimals=listing.quantity_decimals,
        tick=1,
        lot=1,
        multiplier=1,
        maker_fee_ppm=max(0, terms.lit[0].maker_fee_ppm),
        taker_fee_ppm=max(0, terms.lit[0].taker_fee_ppm),
        collar_bps=listing.collar_bps,
        initial_margin_bps=0,
        mark=terms.mark,
    )


def row(listing: Listing, terms: Terms) -> dict[str, Any]:
    """A listing as the ready line shows it."""
    names = venue_names(terms)
    return {
        "kind": INSTRUMENT_KINDS[listing.kind],
        "instrument": listing.symbol,
        "venue": ", ".join(names),
        "files": [],
        "taken": True,
        "why": f"reacting, {len(names)} venues, calibrated to {listing.source}",
    }
