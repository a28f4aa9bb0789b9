"""Orders at a venue or broker that takes FIX (CME style): what goes out over a session, and what its reports mean.

A cancel or replace carries an id of its own; every id that an order ever had finds it. While the session is down
nothing is sent: orders are refused at once, cancels and replaces wait for it. After a logon every live order is asked
for; the session itself brings what was missed.
"""

from __future__ import annotations

from collections.abc import Callable

from isthmus.kernel.errors import BadInput
from isthmus.venues.answering import CancelAsked, NewOrder, ReplaceAsked
from isthmus.venues.live.link import FixFields, FixLink
from isthmus.venues.live.orders import LiveOrder, OrdersAtVenue
from isthmus.venues.live.plain import Wanted
from isthmus.venues.live.terms import Listing, VenueTerms
from isthmus.venues.wires import fix_orders
from isthmus.venues.wires.fix_orders import Contract
from isthmus.venues.wires.orders import GTC, MARKET, OrderChanged, OrderRefused, OrderWord, VenueOrder
from isthmus.venues.wires.words import NS_PER_MS, Unknown

SECURITY_TYPES = {"linear_perpetual": "FUT", "crypto_spot": "CS"}
IDLE_NS = 60_000 * NS_PER_MS


class NoSession:
    """The link until somebody joins one: always down."""

    def send(self, fields: FixFields) -> bool:
        """False."""
        return False


class FixDesk:
    """Join a session with `join`; hand it every application message with `take`."""

    def __init__(self, orders: OrdersAtVenue, terms: VenueTerms) -> None:
        self.orders = orders
        self.deaf = False
        self.unread: list[str] = []
        """What was told and has no place here, the last hundred."""
        self._link: FixLink = NoSession()
        self._terms = terms
        self._asked: dict[str, tuple[LiveOrder, bool]] = {}
        """Cancels and replaces under way by their own ids; whether it is a replace."""
        self._waiting: list[Callable[[], None]] = []
        self._requests = 0
        self._at = 0
        orders.in_order = True
        orders.on_missing = self._lost

    def join(self, link: FixLink) -> None:
        """Send over this session from now on."""
        self._link = link

    def resumed(self, at: int) -> None:
        """The session is logged on: what waited goes out, and every live order is asked for."""
        self._at = max(self._at, at)
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act()
        for live in list(self.orders.live.values()):
            self._ask(live)

    def resync(self, at: int) -> None:
        """As after a logon."""
        self.resumed(at)

    def step(self, at: int) -> int:
        """Nothing is due by itself: a session keeps what it sent."""
        self._at = max(self._at, at)
        return at + IDLE_NS

    def adopt(self, known: dict[str, int], listing: Listing) -> None:
        """An order that a former run left at the venue."""
        self.orders.adopt(known, listing, self._client_id(known["order"]))

    def place(self, order: NewOrder, listing: Listing, at: int) -> None:
        """Send an order."""
        self._at = max(self._at, at)
        begun = self.orders.begin(order, listing, self._client_id(order.order), at)
        if begun is None:
            return None
        live, wanted = begun
        try:
            fields = fix_orders.placing(self._order(live, wanted), self._contract(listing), self._at)
        except BadInput as error:
            return self.orders.refuse(live, str(error))
        if not self._link.send(fields):
            self.orders.refuse(live, "the session is down")
        return None

    def cancel(self, wish: CancelAsked, at: int) -> None:
        """Ask for a cancel, now or when the session is there again."""
        self._at = max(self._at, at)
        live = self.orders.live.get(wish.order)
        if live is not None:
            live.cancel_reason = wish.reason
            self._cancel(live)

    def replace(self, wish: ReplaceAsked, at: int) -> None:
        """Ask for another price and total quantity."""
        self._at = max(self._at, at)
        live = self.orders.live.get(wish.order)
        if live is None:
            return
        live.replacing = (wish.price, wish.quantity)
        if wish.price % live.listing.tick or wish.quantity % live.listing.lot:
            self.orders.take(OrderRefused(client_id=live.client_id, code="", message="is not one of the venue's"))
            return
        self._replace(live, wish)

    def take(self, fields: FixFields) -> None:
        """An application message of the session. What cannot be read is kept for people; it changes nothing."""
        try:
            words = fix_orders.told(fields)
        except BadInput as error:
            words = (Unknown(str(error)),)
        for word in words:
            if isinstance(word, OrderWord):
                self._word(word)
            elif isinstance(word, Unknown):
                self._note(word.kind)

    def _word(self, word: OrderWord) -> None:
        """A request of ours is over with its answer; what it renamed is known by the new id from then on."""
        asked = self._asked.pop(word.client_id, None)
        live = asked[0] if asked is not None else None
        if live is not None and isinstance(word, OrderChanged):
            live.client_id = word.client_id
        if asked is None or not isinstance(word, OrderRefused):
            self.orders.take(word, live)
            return
        if asked[1]:
            self.orders.take(word, live)
        if asked[0].is_live:
            self._ask(asked[0])

    def _cancel(self, live: LiveOrder) -> None:
        if not live.is_live:
            return
        request = self._request(live, replace=False)
        order = VenueOrder(
            client_id=request,
            symbol=live.listing.symbol,
            side=live.order.side,
            quantity=live.listing.quantity_number(live.quantity),
            type=MARKET,
        )
        if not self._link.send(fix_orders.cancelling(order, live.client_id, self._contract(live.listing), self._at)):
            self._waiting.append(lambda: self._cancel(live))

    def _replace(self, live: LiveOrder, wish: ReplaceAsked) -> None:
        if not live.is_live:
            return
        original = live.client_id
        order = VenueOrder(
            client_id=self._request(live, replace=True),
            symbol=live.listing.symbol,
            side=live.order.side,
            quantity=live.listing.quantity_number(wish.quantity),
            price=live.listing.price_number(wish.price),
            time_in_force=GTC,
        )
        if not self._link.send(fix_orders.replacing(order, original, self._contract(live.listing), self._at)):
            self._waiting.append(lambda: self._replace(live, wish))

    def _ask(self, live: LiveOrder) -> None:
        """How it stands. While the session is down nothing is asked: after the logon everything is."""
        side, contract = live.order.side, self._contract(live.listing)
        self._link.send(fix_orders.asking(live.client_id, live.venue_id, side, contract))

    def _lost(self, live: LiveOrder) -> None:
        """A session brings every report; one that is missing has no price, and nobody makes one up."""
        self._note(f"{live.client_id}: executed {live.expected}, booked {live.booked}: a report is missing")

    def _note(self, text: str) -> None:
        if text not in self.unread:
            self.unread = [*self.unread[-99:], text]

    def _order(self, live: LiveOrder, wanted: Wanted) -> VenueOrder:
        return VenueOrder(
            client_id=live.client_id,
            symbol=live.listing.symbol,
            side=live.order.side,
            quantity=live.listing.quantity_number(live.order.quantity),
            time_in_force=wanted.time_in_force,
            price=live.listing.price_number(wanted.price),
            post_only=wanted.post_only,
            reduce_only=wanted.reduce_only,
        )

    def _contract(self, listing: Listing) -> Contract:
        kind = SECURITY_TYPES[listing.terms.kind]
        return Contract(listing.symbol, self._terms.account, self._terms.exchange, kind)

    def _client_id(self, order: int) -> str:
        return f"{self._terms.prefix}-{order}"

    def _request(self, live: LiveOrder, *, replace: bool) -> str:
        """Ids of requests hold the time, so that a restart makes no old one again."""
        self._requests += 1
        request = f"{self._terms.prefix[:3]}{self._at // NS_PER_MS:x}.{self._requests:x}"
        self.orders.rename(live, request)
        self._asked[request] = (live, replace)
        return request
