"""What is known of our orders at one venue, and what the engine is told of them.

A fill is named by venue, order and the venue's own id of the trade, so that it counts once however often and in
whatever order it is told. An order ends in the engine only when all that the venue says was executed of it is booked.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from isthmus.engine.engine import content_id
from isthmus.kernel.messages import FOK, IOC, MARKET, POST_ONLY, VenueAccepted, VenueFilled, VenueReplaced
from isthmus.kernel.values import PRICE_MAX, QUANTITY_MAX
from isthmus.venues.answering import NewOrder, ended
from isthmus.venues.live.plain import Wanted, plainly
from isthmus.venues.live.terms import Listing
from isthmus.venues.wires import orders as words
from isthmus.venues.wires.orders import (
    OrderChanged,
    OrderEnded,
    OrderFilled,
    OrderRefused,
    OrderState,
    OrderTaken,
    OrderWord,
)
from isthmus.venues.wires.words import TAKER

log = logging.getLogger(__name__)
ENDED_KEPT = 10_000
"""Ended orders that are remembered: a fill of theirs may still be told."""
STRANGERS_KEPT = 100
SENT, WORKING, UNKNOWN, ENDING, ENDED = "sent", "working", "unknown", "ending", "ended"
"""Told to the venue; taken by it; nobody knows; over there, but not all of its fills are here; over."""
REFUSED = "venue_refused"


class LiveOrder:
    """One order of ours at the venue. Price and quantities are in the instrument's units."""

    def __init__(self, order: NewOrder, listing: Listing, client_id: str, at: int) -> None:
        self.order = order
        self.listing = listing
        self.client_id = client_id
        """What the venue knows it by now."""
        self.price, self.quantity, self.filled = order.price, order.quantity, 0
        self.venue_id = ""
        self.state = SENT
        self.sent_at = at
        self.asked_at = 0
        self.taken = False
        self.trades: set[str] = set()
        self.ids = [client_id]
        """Every id that it had."""
        self.booked_before = 0
        """What a former run booked of it."""
        self.cancel_reason = ""
        self.replacing: tuple[int, int] | None = None
        self.told_at = 0
        """When the venue's last word about its terms was true."""
        self.ending = ""
        """The engine's reason, while fills are waited for."""
        self.expected = 0
        """All that the venue said was executed of it."""

    @property
    def booked(self) -> int:
        """What the engine has of it. After a restart all fills are told again; the engine counts each once."""
        return max(self.filled, self.booked_before)

    @property
    def is_live(self) -> bool:
        """Whether the engine still has it."""
        return self.state != ENDED


class OrdersAtVenue:
    """All of them. `emit` takes commands for the engine; `on_missing` hears of orders of which fills are missing."""

    def __init__(self, name: str, venue: int, emit: Callable[[Any], None]) -> None:
        self.name = name
        self.venue = venue
        self.live: dict[int, LiveOrder] = {}
        self.on_missing: Callable[[LiveOrder], None] = _nobody
        self.strangers: deque[str] = deque(maxlen=STRANGERS_KEPT)
        """What was told of orders that are not ours."""
        self.fault = ""
        """A fill that cannot be booked: no more orders go there until people have looked."""
        self.in_order = False
        """Fills come in their order and each says the sum so far, as FIX has it: then that is what was filled."""
        self._emit = emit
        self._ended: OrderedDict[int, LiveOrder] = OrderedDict()
        self._by_client: dict[str, LiveOrder] = {}
        self._by_venue_id: dict[str, LiveOrder] = {}

    def add(self, order: NewOrder, listing: Listing, client_id: str, at: int) -> LiveOrder:
        """An order that is to be sent now."""
        live = self.live[order.order] = LiveOrder(order, listing, client_id, at)
        self._by_client[client_id] = live
        return live

    def begin(self, order: NewOrder, listing: Listing, client_id: str, at: int) -> tuple[LiveOrder, Wanted] | None:
        """An order that is to be sent now, and what of it a plain venue is told. None: it was refused."""
        live = self.add(order, listing, client_id, at)
        wanted = plainly(order, listing.tick)
        if isinstance(wanted, str) or order.quantity % listing.lot or self.fault:
            self.refuse(live, wanted if isinstance(wanted, str) else self.fault or "the quantity is not the venue's")
            return None
        live.price = wanted.price
        return live, wanted

    def adopt(self, known: dict[str, int], listing: Listing, client_id: str) -> LiveOrder:
        """An order that a former run left there, as the engine has it: what became of it is to be asked."""
        order = NewOrder(
            order=known["order"],
            account=known["account"],
            instrument=known["instrument"],
            venue=self.venue,
            side=known["side"],
            kind=known["kind"],
            tif=known["tif"],
            flags=known["flags"],
            price=known["price"],
            quantity=known["quantity"],
        )
        live = self.add(order, listing, client_id, 0)
        live.filled, live.booked_before = (known["filled"], 0) if self.in_order else (0, known["filled"])
        live.state, live.taken = UNKNOWN, True
        return live

    def rename(self, live: LiveOrder, client_id: str) -> None:
        """The venue will know the order by this id too."""
        self._by_client[client_id] = live
        live.ids.append(client_id)

    def find(self, client_id: str, venue_id: str = "") -> LiveOrder | None:
        """By our id, or by the venue's."""
        return self._by_client.get(client_id) or (self._by_venue_id.get(venue_id) if venue_id else None)

    def refuse(self, live: LiveOrder, why: str) -> None:
        """The venue does not have it and never will."""
        log.warning("%s: order %s was refused: %s", self.name, live.client_id, why)
        self._end(live, REFUSED)

    def take(self, word: OrderWord, live: LiveOrder | None = None) -> LiveOrder | None:
        """What the venue says of an order; `live` where the word does not name one of ours."""
        if live is None:
            live = self.find(word.client_id, getattr(word, "venue_id", ""))
        if live is None:
            self._stranger(word)
            return None
        venue_id = getattr(word, "venue_id", "")
        if venue_id and not live.venue_id:
            live.venue_id = venue_id
            self._by_venue_id[venue_id] = live
        try:
            self._taken(live, word)
        except ValueError as error:
            self._unbookable(live, word, error)
        return live

    def _taken(self, live: LiveOrder, word: OrderWord) -> None:
        if isinstance(word, OrderFilled):
            self._fill(live, word)
        elif isinstance(word, OrderTaken):
            self._accept(live)
        elif isinstance(word, OrderEnded):
            self._over(live, _reason(live, word.reason), word.cumulative)
        elif isinstance(word, OrderChanged):
            self._changed(live, word.price, word.quantity)
        elif isinstance(word, OrderState):
            self._state(live, word)
        elif isinstance(word, OrderRefused):
            self._not_done(live, word)

    def _accept(self, live: LiveOrder) -> None:
        if live.state in (SENT, UNKNOWN):
            live.state = WORKING
        if not live.taken and live.is_live:
            live.taken = True
            self._emit(VenueAccepted(order=live.order.order, venue=self.venue))

    def _fill(self, live: LiveOrder, word: OrderFilled) -> None:
        if word.trade_id in live.trades:
            return
        price, quantity = _booked_as(live, word)
        self._accept(live)
        live.trades.add(word.trade_id)
        if not self.in_order or word.cumulative is None:
            live.filled += quantity
        else:
            live.filled = max(live.filled, live.listing.quantity(word.cumulative))
        self._emit(
            VenueFilled(
                order=live.order.order,
                venue=self.venue,
                account=live.order.account,
                instrument=live.order.instrument,
                side=live.order.side,
                liquidity=word.liquidity or TAKER,
                price=price,
                quantity=quantity,
                fill_id=content_id(f"{self.name}/{live.order.order}/{word.trade_id}"),
            )
        )
        if word.cumulative is not None:
            self._expect(live, word.cumulative)
        self._settle(live)

    def _over(self, live: LiveOrder, reason: str, cumulative: Decimal | None) -> None:
        if not live.is_live:
            return
        live.ending = reason
        live.state = ENDING
        if cumulative is not None:
            self._expect(live, cumulative)
        self._settle(live)

    def _expect(self, live: LiveOrder, cumulative: Decimal) -> None:
        """All that was executed; what of it was not told is asked for."""
        live.expected = max(live.expected, live.listing.quantity(cumulative))
        if live.expected > live.booked:
            self.on_missing(live)

    def _settle(self, live: LiveOrder) -> None:
        if live.booked >= live.quantity and live.is_live:
            self._forget(live)
        elif live.ending and live.booked >= live.expected and live.is_live:
            self._end(live, live.ending)

    def _end(self, live: LiveOrder, reason: str) -> None:
        if live.is_live:
            self._forget(live)
            self._emit(ended(live.order.order, self.venue, reason))

    def _forget(self, live: LiveOrder) -> None:
        """It is over; for a while it is remembered."""
        live.state = ENDED
        self.live.pop(live.order.order, None)
        self._ended[live.order.order] = live
        while len(self._ended) > ENDED_KEPT:
            _, oldest = self._ended.popitem(last=False)
            for client_id in oldest.ids:
                self._by_client.pop(client_id, None)
            self._by_venue_id.pop(oldest.venue_id, None)

    def _changed(self, live: LiveOrder, price: Decimal, quantity: Decimal) -> None:
        """Told twice, by the answer and by the stream, it is one change."""
        found = live.listing.price(price), live.listing.quantity(quantity)
        if not 0 < found[0] <= PRICE_MAX or not 0 < found[1] <= QUANTITY_MAX:
            raise ValueError(f"{quantity} at {price} is out of range")
        if found == live.replacing:
            live.replacing = None
        if found != (live.price, live.quantity) and live.is_live:
            live.price, live.quantity = found
            self._emit(_replaced(self.venue, live))
            self._settle(live)

    def _state(self, live: LiveOrder, word: OrderState) -> None:
        if word.state in words.OPEN:
            self._accept(live)
            if word.price is not None and word.at >= live.told_at:
                live.told_at = word.at
                self._changed(live, word.price, word.quantity)
            self._expect(live, word.cumulative)
        elif word.state == words.FILLED:
            self._accept(live)
            self._over(live, "user", word.cumulative)
        else:
            self._over(live, _reason(live, word.state), word.cumulative)

    def _not_done(self, live: LiveOrder, word: OrderRefused) -> None:
        """A new order is refused for good; of a cancel or a change that was not done the order stays as it was."""
        if live.replacing is not None:
            live.replacing = None
            if live.is_live:
                self._emit(_replaced(self.venue, live))
        elif not live.taken and not live.cancel_reason:
            self.refuse(live, f"{word.code} {word.message}")

    def _stranger(self, word: OrderWord) -> None:
        """Someone else trades for the same account at the venue, or the venue itself did."""
        self.strangers.append(f"{type(word).__name__} {word.client_id}")
        log.warning("%s: told of an order that is not ours: %s", self.name, word.client_id)

    def _unbookable(self, live: LiveOrder, word: OrderWord, error: ValueError) -> None:
        self.fault = f"what was said of order {live.client_id} does not fit its instrument: {error} in {word}"
        log.error("%s: %s; no more orders go there", self.name, self.fault)


def _booked_as(live: LiveOrder, word: OrderFilled) -> tuple[int, int]:
    """Price and quantity in units. Raises ValueError for a fill that is not of this order, or that cannot be."""
    price, quantity = live.listing.price(word.price), live.listing.quantity(word.quantity)
    if word.side != live.order.side or (word.symbol and word.symbol != live.listing.symbol):
        raise ValueError(f"side {word.side} of {word.symbol} is not the order's")
    if not 0 < price <= PRICE_MAX or not 0 < quantity <= QUANTITY_MAX:
        raise ValueError(f"{word.quantity} at {word.price} is out of range")
    return price, quantity


def _reason(live: LiveOrder, said: str) -> str:
    """The engine's word for why the rest of an order is gone."""
    order = live.order
    if said == words.REJECTED:
        return REFUSED
    if live.cancel_reason and said == words.CANCELLED:
        return live.cancel_reason
    if order.tif == FOK:
        return "fok"
    if order.tif == IOC or order.kind == MARKET:
        return "ioc"
    if order.flags & POST_ONLY and said == words.EXPIRED:
        return "post_only"
    return "expired" if said == words.EXPIRED else REFUSED


def _replaced(venue: int, live: LiveOrder) -> Any:
    return VenueReplaced(order=live.order.order, venue=venue, price=live.price, quantity=live.quantity)


def _nobody(_: LiveOrder) -> None:
    return None
