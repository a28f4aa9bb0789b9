"""Live venues in the server: their market, and the loops that hear and tell them."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any

from isthmus.app.pipeline import Core
from isthmus.app.product_routes import RECHECK_NS, ProductRoutes
from isthmus.app.settings import Settings
from isthmus.app.venue_http import HttpClient, address_of
from isthmus.app.venue_keys import VenueKeys, read_keys
from isthmus.app.venue_link import RestLink
from isthmus.app.venue_streams import MarketStream, UserStream
from isthmus.execution.book import Care
from isthmus.kernel.clock import Clock
from isthmus.kernel.errors import BadInput
from isthmus.venues.live.binance import BinanceDesk
from isthmus.venues.live.fix import FixDesk
from isthmus.venues.live.link import FixLink
from isthmus.venues.live.market import LiveMarkets, VenueDesk, facts_of
from isthmus.venues.live.orders import OrdersAtVenue
from isthmus.venues.live.terms import FIX, SessionTerms, VenueTerms
from isthmus.venues.marking import MARK_NS

BINANCE = "binance-futures"


class LiveVenues:
    """Made before the engine is opened, so that bad settings are told first; `loops` run once the markets are open."""

    def __init__(self, venues: Mapping[str, VenueTerms], clock: Clock, mark_ns: int = MARK_NS) -> None:
        """Raises BadInput by setting."""
        self._clock = clock
        self._clients: dict[str, HttpClient] = {}
        self._keys: dict[str, VenueKeys] = {}
        self._links: dict[str, RestLink] = {}
        for name, terms in venues.items():
            self._check(name, terms)
        self.market = LiveMarkets(venues, self._desk, mark_ns)

    def _check(self, name: str, terms: VenueTerms) -> None:
        place = f"venues.{name}"
        if terms.stream:
            address_of(terms.stream, f"{place}.stream", ("ws", "wss"))
        if terms.rest:
            self._clients[name] = HttpClient(terms.rest, f"{place}.rest", terms.timeout_s)
        if terms.keys and terms.wire != BINANCE:
            raise BadInput(f"{place}.keys", f"orders by REST go to {BINANCE} only")
        if terms.keys and not terms.stream:
            raise BadInput(f"{place}.stream", "fills of our orders come from there")
        if terms.keys:
            self._keys[name] = read_keys(terms.keys, f"{place}.keys")
        if terms.session is not None and terms.wire != FIX:
            raise BadInput(f"{place}.session", 'is for a venue with wire = "fix"')
        if terms.wire == BINANCE and terms.stream and not terms.rest:
            raise BadInput(f"{place}.rest", "the whole book comes from there")

    def _desk(self, name: str, terms: VenueTerms, orders: OrdersAtVenue) -> VenueDesk:
        if terms.wire == FIX:
            return FixDesk(orders, terms)
        link = RestLink(self._clients[name], self._keys[name], self._clock, terms.receive_window_ms)
        self._links[name] = link
        return BinanceDesk(orders, link, terms.prefix, terms.receive_window_ms)

    def sessions(self) -> dict[str, SessionTerms]:
        """The FIX sessions that venues ask for, by venue."""
        terms = {venue.name: venue.terms for venue in self.market.venues if isinstance(venue.desk, FixDesk)}
        return {name: found.session for name, found in terms.items() if found.session is not None}

    def join(self, name: str, link: FixLink) -> FixDesk:
        """Sends the orders for a FIX venue over this session; the desk that is to hear its messages. Raises BadInput
        for a name that is no FIX venue.
        """
        for venue in self.market.venues:
            if venue.name == name and isinstance(venue.desk, FixDesk):
                venue.desk.join(link)
                return venue.desk
        raise BadInput(f"venues.{name}", "takes no orders by FIX")

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        """What runs as long as the server."""
        found: list[Coroutine[Any, Any, None]] = []
        for venue in self.market.venues:
            if venue.terms.stream and venue.watch is not None:
                found.append(MarketStream(venue, self._clients.get(venue.name), self._clock).run())
            if venue.terms.stream and (link := self._links.get(venue.name)) is not None:
                found.append(UserStream(venue, link, self._clock).run())
        return found

    async def close(self) -> None:
        """Answers that are under way come home; connections are closed."""
        for link in self._links.values():
            await link.close()
        for client in self._clients.values():
            client.close()


class RouteKeeper:
    """Takes out the routes that no order may use now: venues that only show prices, and what the table of products
    keeps elsewhere or closed. A `Stepping`.
    """

    def __init__(self, core: Core, table: ProductRoutes, data_only: set[int]) -> None:
        self._core = core
        self._table = table
        self._data_only = data_only
        self._held: dict[tuple[int, int], str] = {}
        self._shown = -1
        self._kept: list[tuple[int, int]] = []

    def step(self, at: int) -> int:
        """Hold and release; what was already so is left."""
        directory, guard = self._core.directory, self._core.outside.guard
        if directory.shown != self._shown:
            self._shown, self._kept = directory.shown, self._pairs()
        for instrument, venue in self._kept:
            why = self._against(directory.instruments[instrument].symbol, venue, at)
            before = self._held.get((instrument, venue))
            if why is not None and before is None:
                self._core.outside.sight(instrument)
                guard.hold(instrument, venue, why, at)
                self._held[instrument, venue] = why
            elif why is None and before is not None:
                del self._held[instrument, venue]
                guard.release(instrument, venue, "orders may go there again", at)
        return at + RECHECK_NS

    def _pairs(self) -> list[tuple[int, int]]:
        """Instruments and their venues of which anything can be said."""
        return [
            (instrument, venue)
            for instrument, row in self._core.directory.instruments.items()
            for venue in self._core.directory.venues_of(instrument)
            if venue in self._data_only or self._table.knows(row.symbol)
        ]

    def _against(self, symbol: str, venue: int, at: int) -> str | None:
        if venue in self._data_only:
            return "it shows prices and takes no orders"
        return self._table.closed(symbol, self._core.directory.venue_name(venue), at)


def open_routes(core: Core, settings: Settings, live: LiveVenues | None) -> list[RouteKeeper]:
    """Once the markets are open. Venues that only show prices join the consolidated book as sources, which its guards
    hold against the others; their routes are taken out. Raises BadInput for a product's venue that there is not.
    """
    table = ProductRoutes(settings.product_routes, settings.calendars, settings.venues)
    for number, route in enumerate(settings.product_routes):
        if core.directory.venue_number(route.venue) is None:
            raise BadInput(f"product_routes[{number}].venue", f"there is no venue {route.venue}")
    data_only: set[int] = set()
    for venue in live.market.venues if live is not None else ():
        if not venue.terms.takes_orders:
            data_only.add(venue.number)
            for shown in venue.shown.values():
                core.outside.sight(shown.instrument)
                care = Care(reference=venue.name in core.outside.references)
                core.outside.admit(shown.instrument, facts_of(venue, shown.listing), care)
    if not settings.product_routes and not data_only:
        return []
    keeper = RouteKeeper(core, table, data_only)
    keeper.step(core.desk.now())
    return [keeper]
