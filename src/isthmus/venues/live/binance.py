"""Orders at Binance Futures: REST requests, their answers, and what the user stream says."""

from __future__ import annotations

from typing import Any

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.answering import CancelAsked, NewOrder, ReplaceAsked
from isthmus.venues.live.link import Reply, VenueLink
from isthmus.venues.live.orders import UNKNOWN, LiveOrder, OrdersAtVenue
from isthmus.venues.live.terms import Listing
from isthmus.venues.wires import binance_orders
from isthmus.venues.wires.binance import BinanceFuturesWire
from isthmus.venues.wires.binance_orders import NO_SUCH_ORDER, STALE, UNSURE_CODES
from isthmus.venues.wires.orders import OrderFilled, OrderRefused, OrderState, OrderWord, VenueCall, VenueOrder
from isthmus.venues.wires.words import NS_PER_MS, Failed

GRACE_NS = NS_PER_S
"""Beyond the receive window: afterwards a request that was lost cannot be taken any more."""
ASK_NS = NS_PER_S
"""Between two questions about an order that is not understood."""
POLL_NS = 5 * NS_PER_S
"""Between two rounds of questions about all orders while the user stream is not there."""
IDLE_NS = 60 * NS_PER_S
LIMITED = (429, 418)
"""HTTP: too many requests; they were not done."""
SERVER_ERRORS = range(500, 600)


class BinanceDesk:
    """Sends what the engine asks, and takes what the venue says. An order is sent once: where nobody knows whether it
    arrived, it is asked for by its client id until it is found or cannot arrive any more.
    """

    def __init__(self, orders: OrdersAtVenue, link: VenueLink, prefix: str, receive_window_ms: int) -> None:
        self.orders = orders
        self.deaf = True
        """The user stream is not there: live orders are asked for every few seconds."""
        self._polled_at = 0
        self._link = link
        self._prefix = prefix
        self._window_ns = receive_window_ms * NS_PER_MS + GRACE_NS
        self._wire = BinanceFuturesWire()
        self._at = 0
        self._asking: set[int] = set()
        self._fetching: set[int] = set()
        self._again: set[int] = set()
        orders.on_missing = self._missing

    def client_id(self, order: int) -> str:
        """Ours of an order of the engine."""
        return f"{self._prefix}-{order}"

    def place(self, order: NewOrder, listing: Listing, at: int) -> None:
        """Send an order."""
        self._at = max(self._at, at)
        begun = self.orders.begin(order, listing, self.client_id(order.order), at)
        if begun is None:
            return None
        live, wanted = begun
        try:
            call = binance_orders.placing(
                VenueOrder(
                    client_id=live.client_id,
                    symbol=listing.symbol,
                    side=order.side,
                    quantity=listing.quantity_number(order.quantity),
                    time_in_force=wanted.time_in_force,
                    price=listing.price_number(wanted.price),
                    post_only=wanted.post_only,
                    reduce_only=wanted.reduce_only,
                )
            )
        except BadInput as error:
            return self.orders.refuse(live, str(error))
        return self._link.send(call, lambda reply: self._placed(live, call, reply))

    def cancel(self, wish: CancelAsked, at: int) -> None:
        """Ask for a cancel; what is over meanwhile is told by its own words."""
        self._at = max(self._at, at)
        live = self.orders.live.get(wish.order)
        if live is not None:
            live.cancel_reason = wish.reason
            self._link.send(self._cancelling(live), lambda reply: self._cancelled(live, reply))

    def replace(self, wish: ReplaceAsked, at: int) -> None:
        """Ask for another price and total quantity."""
        self._at = max(self._at, at)
        live = self.orders.live.get(wish.order)
        if live is None:
            return
        live.replacing = (wish.price, wish.quantity)
        if wish.price % live.listing.tick or wish.quantity % live.listing.lot:
            self.orders.take(OrderRefused(client_id=live.client_id, code="tick", message="is not one of the venue's"))
            return
        call = binance_orders.amending(
            VenueOrder(
                client_id=live.client_id,
                symbol=live.listing.symbol,
                side=live.order.side,
                quantity=live.listing.quantity_number(wish.quantity),
                price=live.listing.price_number(wish.price),
            )
        )
        self._link.send(call, lambda reply: self._replaced(live, reply))

    def adopt(self, known: dict[str, int], listing: Listing) -> None:
        """An order that a former run left at the venue."""
        live = self.orders.adopt(known, listing, self.client_id(known["order"]))
        self._again.add(live.order.order)

    def take(self, word: OrderWord) -> None:
        """A word of the user stream."""
        self.orders.take(word)

    def resync(self, at: int) -> None:
        """The user stream begins anew: every live order is asked for, since words may have been missed."""
        self._at = max(self._at, at)
        for live in list(self.orders.live.values()):
            self._ask(live)

    def step(self, at: int) -> int:
        """Ask about what nobody knows; when to be called again."""
        self._at = max(self._at, at)
        if self.deaf and at >= self._polled_at + POLL_NS:
            self._polled_at = at
            self.resync(at)
        due = min(at + IDLE_NS, self._polled_at + POLL_NS) if self.deaf else at + IDLE_NS
        self._again &= self.orders.live.keys()
        for live in [self.orders.live[order] for order in self._again]:
            if at >= live.asked_at + ASK_NS:
                self._ask(live)
            due = min(due, max(live.asked_at + ASK_NS, at + ASK_NS // 10))
        return due

    def _cancelling(self, live: LiveOrder) -> VenueCall:
        return binance_orders.cancelling(live.listing.symbol, live.client_id)

    def _placed(self, live: LiveOrder, call: VenueCall, reply: Reply) -> None:
        if reply.outcome == "not_sent":
            return self.orders.refuse(live, reply.why)
        if reply.status in LIMITED:
            return self.orders.refuse(live, f"too many requests (HTTP {reply.status})")
        failed = self._heard(live, reply)
        if failed is None:
            return None
        if failed.code == STALE and live.order.order not in self._again:
            self._again.add(live.order.order)  # the link has set its clock by the answer: once more
            return self._link.send(call, lambda reply: self._placed(live, call, reply))
        self._again.discard(live.order.order)
        return self.orders.refuse(live, f"{failed.code} {failed.message}")

    def _cancelled(self, live: LiveOrder, reply: Reply) -> None:
        """What was not cancelled has ended, is unknown there, or was not reached: its state says which."""
        if reply.outcome != "answered" or self._heard(live, reply) is not None:
            if reply.outcome != "answered" or reply.status in LIMITED:
                self._later(live)
            else:
                self._ask(live)

    def _cancel_again(self, live: LiveOrder) -> None:
        self._link.send(self._cancelling(live), lambda reply: self._cancelled(live, reply))

    def _replaced(self, live: LiveOrder, reply: Reply) -> None:
        if reply.outcome == "unknown":
            return self._ask(live)
        failed = self._heard(live, reply) if reply.outcome == "answered" else Failed("", reply.why)
        if failed is not None:
            word = OrderRefused(client_id=live.client_id, code=failed.code, message=failed.message)
            self.orders.take(word, live)
        return None

    def _later(self, live: LiveOrder) -> None:
        """In a second it is asked for, and cancelled if it still rests and should be."""
        live.asked_at = self._at
        self._again.add(live.order.order)

    def _ask(self, live: LiveOrder) -> None:
        if live.order.order in self._asking:
            return
        self._asking.add(live.order.order)
        live.asked_at = self._at
        call = binance_orders.asking(live.listing.symbol, live.client_id)
        self._link.send(call, lambda reply: self._found(live, reply))

    def _found(self, live: LiveOrder, reply: Reply) -> None:
        """How the order stands, if it does."""
        self._asking.discard(live.order.order)
        if reply.outcome != "answered" or reply.status in LIMITED:
            self._again.add(live.order.order)
            return
        failed = self._heard(live, reply)
        if failed is not None and failed.code == NO_SUCH_ORDER and self._at >= live.sent_at + self._window_ns:
            self._again.discard(live.order.order)
            self.orders.refuse(live, "the venue does not know it")
        elif failed is not None:
            self._again.add(live.order.order)
        else:
            self._stands(live)

    def _stands(self, live: LiveOrder) -> None:
        """It was found: what was asked for meanwhile and was not done is over, or is asked for again."""
        if live.replacing is not None:
            self.orders.take(OrderRefused(client_id=live.client_id, code="", message="it was not changed"), live)
        if live.order.order in self._again and live.expected <= live.booked:
            self._again.discard(live.order.order)
            if live.cancel_reason and live.is_live:
                self._cancel_again(live)

    def _missing(self, live: LiveOrder) -> None:
        """Its trades are asked for, once at a time."""
        if not live.venue_id or live.order.order in self._fetching:
            return
        self._fetching.add(live.order.order)
        call = binance_orders.asking_trades(live.listing.symbol, live.venue_id)
        self._link.send(call, lambda reply: self._fetched(live, reply))

    def _fetched(self, live: LiveOrder, reply: Reply) -> None:
        self._fetching.discard(live.order.order)
        for word in self._words(reply):
            if isinstance(word, OrderFilled):
                self.orders.take(word, live)
        if live.is_live and live.expected > live.booked:
            self._again.add(live.order.order)
            live.asked_at = self._at

    def _heard(self, live: LiveOrder, reply: Reply) -> Failed | None:
        """Takes the answer about the order; what failed for good, if it did. Whatever is unsure is asked for."""
        if reply.outcome == "unknown" or reply.status in SERVER_ERRORS:
            self._lost(live)
            return None
        for word in self._words(reply):
            if isinstance(word, OrderState):
                self.orders.take(word, live)
                return None
            if isinstance(word, Failed):
                if word.code not in UNSURE_CODES:
                    return word
                break
        self._lost(live)
        return None

    def _lost(self, live: LiveOrder) -> None:
        """Nobody knows what became of it."""
        live.asked_at = self._at
        if live.is_live and not live.taken:
            live.state = UNKNOWN
        self._again.add(live.order.order)

    def _words(self, reply: Reply) -> tuple[Any, ...]:
        if reply.outcome != "answered":
            return ()
        try:
            return self._wire.decode(reply.body)
        except BadInput:
            return ()
