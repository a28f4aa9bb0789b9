"""The house's arbitrage desk in the running broker: when a book changes it looks, and sends all legs at once.

Owns: the account `house:arbitrage` and its intents. Takes: changes of books (`on_book`), every record as it is staged
(`on_record`) and once it is durable (`on_durable`). Emits: orders, with the intent as the note of each; cancels of
orders whose venue does not answer. Never: uses a route that is locked, quarantined or held; opens two intents in one
instrument; keeps anything that the records do not say.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta

from isthmus.engine.engine import Record, content_id
from isthmus.execution.arbitrage import PPM, Intent, Terms, value_of
from isthmus.execution.arbitrage_legs import AT_MARKET, Cancel, Risk, Send, Trip, decide, excess, lacking
from isthmus.execution.arbitrage_live import (
    Circle,
    affordable,
    around,
    circles_of,
    edge_ppm,
    of_circle,
    of_pair,
    of_place,
    place,
    scaled,
    shown_at,
    terms_of,
    where,
)
from isthmus.execution.arbitrage_trips import LINGER_NS, Trips, Way, note_of, over, silent
from isthmus.execution.book import Pair
from isthmus.execution.policy import Venue
from isthmus.execution.sights import Sight
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import ACCOUNT_HOUSE, BUY, IOC, LIMIT, SELL, CancelOrder, PlaceOrder
from isthmus.kernel.values import NS_PER_S, NotANumber, TooFine, units
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument

ACCOUNT = "house:arbitrage"
CLOSING_PPM = 50_000
"""How far beyond the best price an order goes that closes what is open past its deadline."""
REPAIR_NS, REPAIR_DOUBLINGS = NS_PER_S // 10, 8
"""Between two repairs of an intent; it doubles with each, so many times at most."""
LOOK_NS = NS_PER_S // 20
"""Between two looks at deadlines."""
ENDED_MAX = 1_000
HOUSE = 0


class ArbitrageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`money`: what the account is given at the start, by asset in decimal text. The limits in millionths are of what
    the intent's first leg is worth.
    """

    play: bool
    minimum_profit_ppm: Annotated[int, Meta(ge=0, le=1_000_000)]
    most_intents: Annotated[int, Meta(ge=1, le=1_000)]
    within_s: Annotated[float, Meta(gt=0, le=60)]
    loss_limit_ppm: Annotated[int, Meta(ge=0, le=1_000_000)]
    rest_s: Annotated[float, Meta(ge=0, le=3_600)]
    money: dict[str, str]


class ArbitrageMarket(Protocol):
    """What the desk may do: `isthmus.app.desk.Desk`."""

    @property
    def engine(self) -> Any: ...

    def now(self) -> int: ...

    def submit(self, command: Any, text: str = "", note: str = "") -> Record | None: ...

    def account(self, name: str, kind: int) -> int: ...

    def fund(self, account: int, asset: int, at_least: int) -> None: ...


class Ended(msgspec.Struct, frozen=True):
    """An intent that is over. `profit` and `lost` in 10^-9 of the quote asset of the last leg, by the prices that were
    had and the fees of the venues that the legs were for.
    """

    intent: int
    at: int
    kind: str
    why: str
    profit: int
    lost: int
    overdue: bool


class ArbitrageDesk:
    """Call `open` once the markets are open, then `step` when it is due."""

    def __init__(
        self,
        desk: ArbitrageMarket,
        directory: Directory,
        sight: Callable[[int], Sight],
        settings: ArbitrageSettings,
    ) -> None:
        self._desk = desk
        self._directory = directory
        self._sight = sight
        self._settings = settings
        self._within_ns = int(settings.within_s * NS_PER_S)
        self._known: dict[int, Terms | None] = {}
        self._trips = Trips(self._terms)
        self._busy: dict[int, int] = {}
        """Intents under way in an instrument."""
        self._rests: dict[int, int] = {}
        """Until when nothing is begun in an instrument."""
        self._versions: dict[int, int] = {}
        self._circles: dict[int, list[Circle]] = {}
        self._instruments = 0
        self._opened = False
        self.ended: deque[Ended] = deque(maxlen=ENDED_MAX)

    @property
    def account(self) -> int:
        """The desk's account; 0 until there is one."""
        return self._trips.account

    @property
    def under_way(self) -> list[Trip]:
        """The intents that are not over."""
        return [way.trip for way in self._trips.open.values()]

    def open(self) -> None:
        """Open and fund the account. Raises BadInput that names the money that is no asset of any market."""
        self._trips.account = self._desk.account(ACCOUNT, ACCOUNT_HOUSE)
        for code, amount in self._settings.money.items():
            asset = self._directory.asset(code)
            if asset is None:
                raise BadInput(f"arbitrage.money.{code}", "is listed by none of the markets")
            try:
                least = units(amount, asset.decimals)
            except (NotANumber, TooFine) as error:
                raise BadInput(f"arbitrage.money.{code}", f"{amount} is no amount of {code}") from error
            self._desk.fund(self.account, asset.number, least)
        for way in self._trips.open.values():
            terms = [self._terms(leg.market) for leg in way.trip.intent.legs]
            way.trip = msgspec.structs.replace(way.trip, terms=tuple(one for one in terms if one is not None))
            self._occupy(way.trip.intent, 1)
        self._trips.live = self._opened = True

    def on_record(self, record: Record) -> None:
        """A record was staged, or read from the journal; the desk acts later."""
        if not self._trips.account:
            known = self._directory.account(ACCOUNT)
            if known is None:
                return
            self._trips.account = known.number
        self._trips.on_record(record)

    def on_durable(self, _: Record) -> None:
        """Records may have answered orders, and changed the house book."""
        if not self._opened:
            return
        at = self._desk.now()
        self._act(at)
        for instrument in self._directory.instruments:
            if not self._has_venues(instrument):
                continue
            version = self._sight(instrument).version()
            if version != self._versions.get(instrument):
                self._versions[instrument] = version
                self._look(instrument, HOUSE, at)

    def on_book(self, instrument: int, venue: int, at: int) -> None:
        """The venue's book changed: take what is to be had, or close what is open."""
        if not self._opened:
            return
        if instrument in self._busy:
            self._mind(instrument, at)
        else:
            self._look(instrument, venue, at)

    def step(self, at: int) -> int:
        """Deadlines, and repairs that wait for a price."""
        for number in self._trips.open:
            self._trips.touched[number] = None
        self._trips.forget(at - LINGER_NS)
        self._act(at)
        return at + LOOK_NS

    def _look(self, instrument: int, venue: int, at: int) -> None:
        """One intent at most: the pair if it pays, else a circle."""
        if instrument in self._busy or at < self._rests.get(instrument, 0):
            return
        if len(self._trips.open) >= self._settings.most_intents:
            return
        sight = self._sight(instrument)
        if venue not in sight.known:
            return
        pair = sight.watched.arbitrage(venue)
        if pair is not None and HOUSE in (pair.buy, pair.sell):
            sight.version()  # reads the house book, which may have changed since
            pair = sight.watched.arbitrage(venue)
        if pair is not None and not pair.basis and edge_ppm(pair) >= self._settings.minimum_profit_ppm:
            self._take_pair(instrument, pair, at)
        elif self._circles_of(instrument):
            self._look_around(instrument, at)

    def _take_pair(self, instrument: int, pair: Pair, at: int) -> None:
        terms = [self._terms(place(instrument, venue)) for venue in (pair.buy, pair.sell)]
        buy, sell = terms
        if buy is None or sell is None or self._waits_for(buy.number, sell.number):
            return
        row = self._directory.instruments[instrument]
        free = self._free(row)
        quantity = min(
            pair.quantity,
            affordable(row, BUY, pair.buy_price, free),
            affordable(row, SELL, pair.sell_price, free),
        )
        if quantity < pair.quantity:
            whole = of_pair(pair, buy, sell, pair.quantity, at)
            intent = scaled(whole, (buy, sell), (quantity, quantity))
        else:
            intent = of_pair(pair, buy, sell, quantity, at)
        if intent is not None:
            self._begin(intent, {buy.number: buy, sell.number: sell}, at)

    def _waits_for(self, *places: int) -> bool:
        """Whether an order at one of the places has had no answer for too long."""
        return any(number in silent(way.trip) for way in self._trips.open.values() for number in places)

    def _look_around(self, instrument: int, at: int) -> None:
        """The first circle through the instrument that pays."""
        for circle in self._circles_of(instrument):
            rows = (circle.first, circle.second, circle.cross)
            if any(row.number in self._busy or at < self._rests.get(row.number, 0) for row in rows):
                continue
            sights = [self._sight(row.number) for row in rows]
            for sight in sights:
                sight.version()  # reads the house book
            found = around(circle, sights)
            if found is None or found.gain_ppm < max(1, self._settings.minimum_profit_ppm):
                continue
            terms = [self._terms(place(row.number, leg[1].number)) for row, leg in zip(rows, found.legs, strict=True)]
            known = [one for one in terms if one is not None]
            if len(known) < len(terms) or self._waits_for(*(one.number for one in known)):
                continue
            most = [
                affordable(self._directory.instruments[row.number], leg[0], leg[2], self._free(row))
                for row, leg in zip(rows, found.legs, strict=True)
            ]
            intent = scaled(of_circle(found, known, at), known, most)
            if intent is not None:
                self._begin(intent, {one.number: one for one in known}, at)
                return

    def _begin(self, intent: Intent, terms: Mapping[int, Terms], at: int) -> None:
        """All legs at once. A leg that the server takes not at all has ended before it began."""
        first = intent.legs[0]
        worth = value_of(terms[first.market], first.price, first.quantity)
        risk = Risk(loss_limit=worth * self._settings.loss_limit_ppm // PPM, within_ns=self._within_ns)
        number = self._desk.engine.sequence + 1
        way = self._trips.add(number, intent, dict(terms), risk)
        self._occupy(intent, 1)
        for sent in way.trip.orders:
            self._send(way, sent.send, sent.send.price)

    def _send(self, way: Way, send: Send, price: int) -> None:
        instrument, venue = of_place(send.market)
        order = PlaceOrder(
            account=self.account, instrument=instrument, venue=venue, side=send.side, kind=LIMIT, tif=IOC,
            price=price, quantity=send.quantity, client_id=content_id(f"{ACCOUNT}/{way.number}/{send.order}"),
        )  # fmt: skip
        self._trips.sending = (way.number, send.order)
        taken = self._desk.submit(order, note=note_of(way, send))
        self._trips.sending = None
        if taken is None:
            self._trips.end(way.number, send.order)

    def _mind(self, instrument: int, at: int) -> None:
        """A book changed of which something is open: what waits for a price may have one."""
        for number, way in self._trips.open.items():
            if any(of_place(leg.market)[0] == instrument for leg in way.trip.intent.legs):
                self._trips.touched[number] = None
        self._act(at)

    def _act(self, at: int) -> None:
        """Decide on every intent that something happened to."""
        touched, self._trips.touched = self._trips.touched, {}
        for number in touched:
            way = self._trips.open.get(number)
            if way is not None:
                self._decide(way, at)

    def _decide(self, way: Way, at: int) -> None:
        open_ = any(excess(way.trip)) or any(lacking(way.trip))
        if way.trip.waiting and way.repairs and at < way.repaired_at + self._within_ns:
            return  # a repair has as long to be answered as the legs had
        if open_ and way.repairs and at < way.repaired_at + (REPAIR_NS << min(way.repairs - 1, REPAIR_DOUBLINGS)):
            return
        places = self._places(way.trip) if open_ else {}
        books = {market: shown_at(self._sight(of_place(market)[0]), *at_) for market, at_ in places.items()}
        trip, actions = decide(way.trip, books, at)
        sends = [action for action in actions if isinstance(action, Send)]
        routed = [self._routed(send, places) for send in sends]
        if None in routed or not self._cancelled(way, actions):
            return
        way.trip = _as_routed(trip, [send for send in routed if send is not None])
        if sends:
            way.repairs, way.repaired_at = way.repairs + 1, at
        for send in routed:
            if send is not None:
                self._send(way, send, self._limit(send))
        if over(way.trip):
            self._end(way, at)
        elif silent(way.trip) and not any(excess(way.trip)):
            self._release(way)

    def _places(self, trip: Trip) -> dict[int, tuple[int | None, int | None]]:
        """By leg: the venues at which what is missing would be bought and sold now. Venues that filled nothing of an
        order of this intent are asked again only where there is no other.
        """
        refused = {of_place(sent.send.market)[1] for sent in trip.orders if sent.ended and not sent.filled}
        found = {}
        for leg in trip.intent.legs:
            sight = self._sight(of_place(leg.market)[0])
            sight.version()  # reads the house book
            found[leg.market] = (
                _other_first(sight, BUY, leg.quantity, refused),
                _other_first(sight, SELL, leg.quantity, refused),
            )
        return found

    def _routed(self, send: Send, places: Mapping[int, tuple[int | None, int | None]]) -> Send | None:
        """The order as it goes to a venue that may be used; None while there is none."""
        venue = places[send.market][0 if send.side == BUY else 1]
        if venue is None:
            return None
        return send._replace(market=place(of_place(send.market)[0], venue))

    def _cancelled(self, way: Way, actions: tuple[Send | Cancel, ...]) -> bool:
        """Ask for the end of orders that have no answer; False when the server takes nothing now."""
        for action in actions:
            order = way.orders.get(action.order) if isinstance(action, Cancel) else None
            if order is not None:
                command = CancelOrder(order=order, account=self.account, reason=0)
                if self._desk.submit(command, note="no answer by the deadline") is None:
                    return False
        return True

    def _limit(self, send: Send) -> int:
        """The price of an order; of one without a limit, far beyond the best price of its venue."""
        if send.price != AT_MARKET:
            return send.price
        instrument, venue = of_place(send.market)
        sight = self._sight(instrument)
        tick = max(self._directory.instruments[instrument].tick, sight.known[venue].tick)
        bids, asks = sight.book(venue)
        if send.side == BUY:
            price = asks[0][0] * (PPM + CLOSING_PPM) // PPM
            return price - price % tick
        price = bids[0][0] * (PPM - CLOSING_PPM) // PPM
        return max(tick, price + -price % tick)

    def _end(self, way: Way, at: int) -> None:
        """It is over. Where a leg was not filled as it was sent, the instruments rest."""
        trip = way.trip
        self._release(way)
        self._trips.close(way.number)
        if any(sent.filled < sent.send.quantity for sent in trip.orders):
            for leg in trip.intent.legs:
                self._rests[of_place(leg.market)[0]] = at + int(self._settings.rest_s * NS_PER_S)
        self.ended.append(
            Ended(way.number, at, trip.intent.kind, trip.intent.why, trip.profit, trip.lost, trip.overdue)
        )

    def _release(self, way: Way) -> None:
        """Its instruments are free again."""
        if way.occupies:
            self._occupy(way.trip.intent, -1)
        way.occupies = False

    def _occupy(self, intent: Intent, by: int) -> None:
        for leg in intent.legs:
            instrument = of_place(leg.market)[0]
            self._busy[instrument] = self._busy.get(instrument, 0) + by
            if self._busy[instrument] <= 0:
                del self._busy[instrument]

    def _terms(self, number: int) -> Terms | None:
        """Of a place; None where it cannot be traded in whole units of ours."""
        if number not in self._known:
            instrument, venue = of_place(number)
            row = self._directory.instruments[instrument]
            known = self._sight(instrument).known.get(venue)
            if known is None:  # the markets are not open yet: the instrument's own terms until they are
                own = Venue(number=venue, name="", taker_fee_ppm=row.taker_fee_ppm, tick=row.tick, lot=row.lot)
                return terms_of(row, own)
            plain = all(
                facts.price_multiplier == facts.quantity_multiplier == (1, 1) and not facts.inverse
                for facts in self._directory.venue_facts(instrument)
                if facts.number == venue
            )
            self._known[number] = terms_of(row, known) if plain else None
        return self._known[number]

    def _free(self, row: Instrument) -> tuple[int, int]:
        """What of base and quote asset is not held."""
        engine = self._desk.engine
        base, quote = (engine.balance(self.account, asset.number) for asset in (row.base, row.quote))
        return base[0] - base[1], quote[0] - quote[1]

    def _has_venues(self, instrument: int) -> bool:
        return len(self._sight(instrument).known) > 1 or bool(self._circles_of(instrument))

    def _circles_of(self, instrument: int) -> list[Circle]:
        rows = self._directory.instruments
        if len(rows) != self._instruments:
            self._instruments = len(rows)
            self._circles = {number: [] for number in rows}
            for circle in circles_of(rows.values()):
                for row in (circle.first, circle.second, circle.cross):
                    self._circles[row.number].append(circle)
        return self._circles.get(instrument, [])


def _other_first(sight: Sight, side: int, lots: int, refused: set[int]) -> int | None:
    found = where(sight, side, lots, refused)
    return found if found is not None else where(sight, side, lots, ())


def _as_routed(trip: Trip, sends: list[Send]) -> Trip:
    """The trip with its newest orders as they are sent."""
    orders = list(trip.orders)
    for send in sends:
        orders[send.order] = msgspec.structs.replace(orders[send.order], send=send)
    return msgspec.structs.replace(trip, orders=tuple(orders))
