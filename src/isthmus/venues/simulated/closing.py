"""A simulated venue where clearing closes positions: it trades at what its prices say, a little worse.

A simulation: it stands for a session of clearing's own at a real venue (`venues.live`), with the same commands. It has
no memory but the journal: an order that has no fill there yet is filled, one that has is ended.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from isthmus.engine.market import VenueFacts
from isthmus.kernel.messages import ACCOUNT_VENUE, BUY, TAKER
from isthmus.venues.answering import Ended, Filled, NewOrder, Outbox, Place, Took, asked, command_of, orders_at

if TYPE_CHECKING:
    from isthmus.engine.engine import Record
    from isthmus.engine.market import MarketDesk

BPS = 10_000
AGAIN_NS = 1_000_000_000
_TERMS = ("account", "instrument", "venue", "side", "kind", "tif", "flags", "price", "quantity")


class ClosingTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`half_spread_bps`: how much worse than the price it trades. `depth`: lots that one order finds, 0: any."""

    play: bool
    name: Annotated[str, Meta(pattern="^[a-z0-9-]{1,32}$")]
    half_spread_bps: Annotated[int, Meta(ge=0, le=BPS - 1)]
    depth: Annotated[int, Meta(ge=0)]


class ClosingVenue:
    """`price`: of an instrument now, in its units; None while there is none, then orders end unfilled."""

    mode = "simulated"

    def __init__(self, terms: ClosingTerms, price: Callable[[int], int | None]) -> None:
        self._terms = terms
        self._price = price
        self._waiting: deque[NewOrder] = deque()
        self.number = 0

    def open(self, desk: MarketDesk) -> None:
        """Add its account, show it for every instrument, take up what a former run left."""
        self._desk, self._outbox = desk, Outbox(desk)
        self.number = desk.account(f"venue:{self._terms.name}", ACCOUNT_VENUE)
        for row in desk.engine.instruments():
            if row["initial_margin_bps"]:
                fees = (row["maker_fee_ppm"], row["taker_fee_ppm"])
                facts = VenueFacts(self.number, self._terms.name, "lit", *fees, tick=row["tick"], lot=row["lot"])
                desk.show_at(row["instrument"], self.number, facts)
        for order, _ in list(orders_at(desk.engine, {self.number})):
            known = desk.engine.order(order)
            assert known is not None
            if known["filled"]:
                self._say(Ended(order, "ioc"), known["instrument"])
            else:
                self._waiting.append(NewOrder(order=order, **{name: known[name] for name in _TERMS}))

    def listing(self) -> list[dict[str, Any]]:
        """It lists nothing of its own."""
        return []

    def on_record(self, record: Record) -> None:
        """Orders for it wait for the next step; a cancel comes too late or is done at once."""
        if record.reason is not None:
            return
        for wish in asked(record, self._desk.engine):
            if wish.venue != self.number:
                continue
            if isinstance(wish, NewOrder):
                self._waiting.append(wish)
            elif (known := self._desk.engine.order(wish.order)) is not None:
                self._waiting = deque(order for order in self._waiting if order.order != wish.order)
                self._say(Ended(wish.order, "user"), known["instrument"])

    def step(self, at: int) -> int:
        """Answer what waits."""
        while self._waiting:
            self._answer(self._waiting.popleft())
        self._outbox.flush()
        return at + AGAIN_NS

    def _answer(self, order: NewOrder) -> None:
        if self._desk.engine.order(order.order) is None:
            return
        self._say(Took(order.order), order.instrument)
        price = self._worse(order.instrument, order.side)
        reached = price is not None and (price <= order.price if order.side == BUY else price >= order.price)
        quantity = min(order.quantity, self._terms.depth or order.quantity) if reached else 0
        if price is not None and quantity:
            filled = Filled(order.order, order.account, order.side, 1, price, quantity, TAKER)
            self._say(filled, order.instrument)
        if quantity < order.quantity:
            self._say(Ended(order.order, "ioc"), order.instrument)

    def _worse(self, instrument: int, side: int) -> int | None:
        price = self._price(instrument)
        if price is None:
            return None
        away = -(-price * self._terms.half_spread_bps // BPS)
        return price + away if side == BUY else max(1, price - away)

    def _say(self, answer: Any, instrument: int) -> None:
        self._outbox.add(command_of(answer, Place(self.number, self._terms.name, instrument)))
        self._outbox.flush()

    def close(self) -> None:
        """Nothing is kept."""
