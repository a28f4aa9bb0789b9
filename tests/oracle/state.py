"""Everything the twin knows, and the few changes that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .books import Book, Order
from .memory import Memory
from .messages import CANCEL_REASONS, effects
from .money import VENUE, Ledger
from .perpetual import entry_after, gain, required
from .portfolio import covers
from .requirement import Risk
from .values import BUY, MARKET, MARKET_TO_LIMIT, Instrument

ORDER = 1
"""The kind of an order's own deadline."""
AT_MARKET = (MARKET, MARKET_TO_LIMIT)


@dataclass(slots=True)
class Accepted:
    """An order that limits remember; `words` (side, kind, price, quantity) of a new one, None of a replacement."""

    stamp: int
    instrument: int
    words: tuple[int, int, int, int] | None
    value: int


class State:
    """One broker. Perpetual positions and their holds are by (account, instrument).

    `parted`: orders whose partner ended; `reheld`: orders that hold otherwise because of their pair; `released`: orders
    whose parent ended, with the lots that it traded; `queues`: stops of an instrument that were set off, with the price
    that did it.

    `staged`, `risk`: risk parameters as they are set, and as they count; `portfolios`: accounts whose positions are
    margined together, with what they hold by asset.

    `policies`: how margin accounts are treated, by asset; `families`: parents, by order; `venue_fees`: (maker,
    taker) in ppm by venue and instrument; `pending`: transfers that wait, by the sequence that made them.

    `touched`: markets that changed in this pass; `cancels` counts orders that went, so that a plan notices it.
    """

    def __init__(self) -> None:
        self.sequence = 0
        self.stamp = 0
        self.assets: dict[int, Any] = {}
        self.instruments: dict[int, Instrument] = {}
        self.ledger = Ledger()
        self.ledger.loss_at_marks = self.loss_at_marks
        self.books: dict[int, Book] = {}
        self.orders: dict[int, Order] = {}
        self.positions: dict[tuple[int, int], int] = {}
        self.position_holds: dict[tuple[int, int], int] = {}
        self.memory = Memory()
        self.halted = False
        self.kills: dict[tuple[int, int], int | None] = {}
        self.limits: dict[tuple[int, int, int, int], int] = {}
        self.accepted: dict[int, list[Accepted]] = {}
        self.makers: dict[tuple[int, int], Any] = {}
        self.quote_fills: list[Any] = []
        self.corrected: set[tuple[int, int]] = set()
        self.deadlines: set[tuple[int, int, int]] = set()
        self.touched: set[int] = set()
        self.parted: list[int] = []
        self.reheld: list[int] = []
        self.released: list[tuple[int, int]] = []
        self.queues: dict[int, list[tuple[int, int]]] = {}
        self.cancels = 0
        self.families: dict[int, Any] = {}
        self.policies: dict[int, Any] = {}
        self.venue_fees: dict[tuple[int, int], tuple[int, int]] = {}
        self.staged, self.risk = Risk(), Risk()
        self.portfolios: dict[int, dict[int, int]] = {}
        self.pending: dict[int, Any] = {}

    def loss_at_marks(self, account: int, asset: int) -> int:
        """What the account's perpetuals lost since they were settled last."""
        held = [(self.positions.get((account, number), 0), row) for number, row in self.instruments.items()]
        gains = [gain(row, lots) for lots, row in held if lots and row.perpetual and row.margin_asset == asset]
        return max(0, -sum(gains)) if self.ledger.trades(account) else 0

    def is_venue(self, account: int) -> bool:
        return self.ledger.kinds.get(account) == VENUE

    def live(self, account: int, instrument: int) -> list[Order]:
        """The account's live orders in the instrument that count, those at outside venues included."""
        mine = [o for o in self.orders.values() if o.account == account and o.instrument == instrument]
        return [o for o in mine if not (o.aside or o.child_of)]

    def held_asset(self, order: Order) -> int:
        """What a spot order holds: the quote asset for a buy, the base asset for a sell."""
        terms = self.instruments[order.instrument].terms
        return int(terms.quote if order.side == BUY else terms.base)

    def is_unheld(self, order: Order) -> bool:
        """Is the account without end in what the order would hold?"""
        perpetual = self.instruments[order.instrument].perpetual
        return not perpetual and self.ledger.endless(order.account, self.held_asset(order))

    def set_hold(self, order: Order, hold: int) -> None:
        """A spot order holds this much from now on; nothing if its account was without end when it came."""
        hold = 0 if order.unheld else hold
        self.ledger.hold(order.account, self.held_asset(order), hold - order.hold)
        order.hold = hold
        follower = self.follower(order) if order.id in self.orders else None
        if follower:
            self.hold_beside(follower)

    def move_position(self, account: int, instrument: Instrument, change: int, price: int) -> None:
        """The position moves by `change` at `price`."""
        pair = (account, instrument.number)
        held = self.positions.get(pair, 0)
        entry = instrument.entries.get(account, 0)
        instrument.entries[account] = entry_after(instrument, held, entry, change, price)
        self.positions[pair] = held + change

    def rehold(self, account: int, instrument: Instrument, orders: Iterable[Order] | None = None) -> int:
        """Computes a perpetual's hold anew; returns it. Nothing is held against a venue account."""
        if not self.ledger.trades(account):
            return 0
        pair = (account, instrument.number)
        live = self.live(*pair) if orders is None else orders
        hold = self.own_hold(account, instrument, self.positions.get(pair, 0), live, covers(self, account, instrument))
        self.ledger.hold(account, instrument.margin_asset, hold - self.position_holds.get(pair, 0))
        self.position_holds[pair] = hold
        return hold

    def own_hold(
        self, account: int, instrument: Instrument, position: int, orders: Iterable[Order], together: bool
    ) -> int:
        """What a position itself holds: nothing of an account without end, nothing where all are margined together."""
        endless = self.ledger.endless(account, instrument.margin_asset)
        return 0 if endless or together else required(instrument, account, position, orders)

    def hold_terms(self, order: Order) -> int:
        """Holds what the order's terms need; returns it (a perpetual's: of the position)."""
        instrument = self.instruments[order.instrument]
        if instrument.perpetual:
            return self.rehold(order.account, instrument)
        self.set_hold(order, self.spot_hold(order))
        return order.hold

    def hold_beside(self, order: Order) -> None:
        """A spot order holds what it needs where no other effect tells it."""
        before = order.hold
        self.set_hold(order, self.spot_hold(order))
        if order.hold != before and order.id not in self.reheld:
            self.reheld.append(order.id)

    def follower(self, order: Order) -> Order | None:
        """The later order of a spot pair of one side, if this is the earlier: it holds only what it needs beyond."""
        other = self.orders.get(order.one_cancels)
        shares = other and other.id > order.id and other.side == order.side and other.kind not in AT_MARKET
        return other if shares and not self.instruments[order.instrument].perpetual else None

    def covered(self, order: Order) -> int:
        """What the earlier order of its pair holds for both."""
        other = self.orders.get(order.one_cancels)
        shares = other and other.id < order.id and other.side == order.side and order.kind not in AT_MARKET
        return other.hold if other and shares else 0

    def spot_hold(self, order: Order) -> int:
        """What a spot order must hold: nothing before its parent is done, and only what its pair needs beyond."""
        return 0 if order.aside else max(0, self.spot_need(order) - self.covered(order))

    def spot_need(self, order: Order) -> int:
        """What is needed for what is left of a spot order at its limit."""
        instrument = self.instruments[order.instrument]
        if order.side != BUY:
            return order.left * instrument.base_units
        value = instrument.value_up(order.price * order.left, order.carry.value)
        return value + instrument.fee_up(value, order.carry.fee) if order.left else 0

    def reason_number(self, reason: str | int) -> int:
        return CANCEL_REASONS[reason] if isinstance(reason, str) else reason

    def finish(self, order: Order) -> None:
        """The order is no longer alive: off the book, and its client id begins to be forgotten."""
        del self.orders[order.id]
        self.families.pop(order.id, None)
        if order.child_of in self.families and order.venue:
            self.families[order.child_of].late[order.id] = order.venue
        self.deadlines.discard((order.expire, ORDER, order.id))
        if order.one_cancels:
            self.parted.append(order.one_cancels)
        children = sorted(child.id for child in self.orders.values() if child.aside and child.parent == order.id)
        self.released.extend((child, order.filled) for child in children)
        if not order.venue:
            self.books[order.instrument].remove(order)
        self.memory.end(order.key, self.sequence, self.stamp)

    def cancel(self, order: Order, reason: str | int) -> Any:
        """Ends the order and releases what it held."""
        instrument = self.instruments[order.instrument]
        if not order.venue:
            self.touched.add(order.instrument)
        self.cancels += 1
        self.finish(order)
        if instrument.perpetual:
            before = self.position_holds.get((order.account, order.instrument), 0)
            released = before - self.rehold(order.account, instrument)
        else:
            released = order.hold
            self.set_hold(order, 0)
        return effects.Cancelled(order.id, order.quantity - order.filled, self.reason_number(reason), released)
