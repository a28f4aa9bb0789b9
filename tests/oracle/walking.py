"""What an incoming order is going to do in the book, worked out before anything changes.

A plan is a list of steps against resting orders in their order, and why the rest of the incoming order goes, if a rule
says so. It is worked out on copies: nothing here changes an order.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import groupby

from . import fitting, resting
from .allocation import Share, share_out
from .books import Order
from .makers import is_maker
from .state import State
from .values import (
    BUY,
    CANCEL_BOTH,
    CANCEL_NEWEST,
    CANCEL_OLDEST,
    DECREMENT,
    LIQUIDATION,
    LIT,
    QUOTE,
    SELF_TRADE_ALLOWED,
)


@dataclass(slots=True)
class Step:
    """`act`: fill, drop (the resting order goes for `reason`), cut (both shrink without a trade)."""

    act: str
    order: Order
    quantity: int = 0
    reason: str = ""


@dataclass(slots=True)
class Plan:
    """`end`: why what is left of the incoming order goes after the steps; None: no rule says so."""

    steps: list[Step] = field(default_factory=list)
    end: str | None = None

    @property
    def fills(self) -> list[Step]:
        return [step for step in self.steps if step.act == "fill"]

    @property
    def traded(self) -> int:
        return sum(step.quantity for step in self.fills)

    @property
    def value(self) -> int:
        return sum(step.quantity * step.order.price for step in self.fills)


@dataclass(slots=True)
class Place:
    """A resting order in the queue of its price: what it has there now, and all that is left of it."""

    order: Order
    size: int
    left: int
    drawn: int


class Planner:
    """Price by price in priority: first come first served, or shared."""

    def __init__(self, state: State, taker: Order) -> None:
        self.state, self.taker = state, taker
        self.instrument = state.instruments[taker.instrument]
        self.rules = self.instrument.rules
        self.lot = self.instrument.terms.lot
        self.left = taker.left
        self.plan = Plan()
        self.self_trade = self.rules["self_trade"]
        if self.self_trade == DECREMENT and fitting.wants_all(taker):
            self.self_trade = CANCEL_OLDEST

    @property
    def over(self) -> bool:
        return not self.left or self.plan.end is not None

    def queues(self) -> list[list[Place]]:
        """What the order reaches, a list for each price and within it for visible and hidden, in priority."""
        reached = [o for o in self.state.books[self.taker.instrument].opposite(self.taker) if self.taker.meets(o.price)]
        if self.taker.kind == LIQUIDATION:
            reached = [o for o in reached if not self.state.ledger.same_owner(o.account, self.taker.account)]
        found = []
        for _, queue in groupby(reached, key=lambda order: (order.price, order.behind)):
            orders = list(queue)
            if self.rules["maker_priority"]:
                orders.sort(key=lambda order: not order.flags & QUOTE)
            found.append([self.place(order) for order in orders])
        return found

    def place(self, order: Order) -> Place:
        return Place(order, order.shown if order.display else order.left, order.left, order.drawn)

    def next_peak(self, place: Place, taken: int, also: int = 0) -> list[Place]:
        """The place that an iceberg takes behind the others when its peak is used up, if there is one."""
        left = place.left - taken
        if taken < place.size or not left or (place.order.reduce_only and not self.capacity(place.order, also)):
            return []
        peak = min(left, resting.peak(place.order, place.drawn, self.lot))
        return [Place(place.order, peak, left, place.drawn + 1)]

    def capacity(self, order: Order, also: int = 0) -> int:
        """What a reduce-only order may trade after the planned fills; `also`: lots its account trades besides."""
        moved = also if order.side == BUY else -also
        for step in self.plan.fills:
            for side in (step.order, self.taker):
                if side.account == order.account:
                    moved += step.quantity if side.side == BUY else -step.quantity
        return fitting.capacity(self.state, order, moved)

    def fits(self, place: Place, quantity: int) -> bool:
        """Do both sides take part in a fill of this size?"""
        taken = fitting.least_taken(self.state, self.taker, self.left)
        return 0 < quantity >= max(taken, fitting.least(self.state, place.order, place.left))

    def fill(self, order: Order, quantity: int) -> None:
        self.plan.steps.append(Step("fill", order, quantity))
        self.left -= quantity
        if fitting.falls_below(self.state, self.taker, self.left):
            self.plan.end = "minimum"

    def drop(self, order: Order, reason: str) -> None:
        self.plan.steps.append(Step("drop", order, reason=reason))

    def is_own(self, order: Order) -> bool:
        return self.self_trade != SELF_TRADE_ALLOWED and order.account == self.taker.account

    def meet_own(self, place: Place) -> None:
        """The incoming order meets one of its own account."""
        if self.self_trade in (CANCEL_OLDEST, CANCEL_BOTH):
            self.drop(place.order, "self_trade")
        if self.self_trade in (CANCEL_NEWEST, CANCEL_BOTH):
            self.plan.end = "self_trade"
        if self.self_trade == DECREMENT:
            both = min(self.left, place.left)
            self.plan.steps.append(Step("cut", place.order, both))
            if both == self.left:
                self.plan.end = "self_trade"
            else:
                self.left -= both

    def room(self) -> int:
        """What the incoming order may still trade; ends it if it is reduce-only and can reduce nothing more."""
        if not self.taker.reduce_only:
            return self.left
        room = min(self.left, self.capacity(self.taker))
        if not room:
            self.plan.end = "reduce_only"
        return room

    def offered(self, place: Place, also: int = 0) -> int:
        """What the resting order has to give now: less than it shows, or nothing, if it is reduce-only."""
        if not place.order.reduce_only:
            return place.size
        capacity = self.capacity(place.order, also)
        return place.size if capacity and self.with_itself(place) else min(place.size, capacity)

    def with_itself(self, place: Place) -> bool:
        """Would an account trade with itself? That moves no position, so that reduce-only sets no limit."""
        return place.order.account == self.taker.account

    def walk(self) -> None:
        """Price by price, visible before hidden."""
        serve = self.serve_in_time if self.rules["book"] == LIT else self.share
        for queue in self.queues():
            if self.over:
                return
            serve(queue)

    def serve_in_time(self, places: list[Place]) -> None:
        """First come, first served; an iceberg comes again, behind the others, with its next peak."""
        queue = deque(places)
        while queue and not self.over:
            place = queue.popleft()
            if self.is_own(place.order):
                self.meet_own(place)
                continue
            room, offered = self.room(), self.offered(place)
            if not room:
                return
            if not offered:
                self.drop(place.order, "reduce_only")
            quantity = min(self.left if self.with_itself(place) else room, offered)
            if not self.fits(place, quantity):
                continue
            self.fill(place.order, quantity)
            queue.extend(self.next_peak(place, quantity))

    def share(self, places: list[Place]) -> None:
        """All at a price together; icebergs share with their peaks, round by round."""
        while places and not self.over:
            mine = [place for place in places if self.is_own(place.order)]
            if self.self_trade in (CANCEL_OLDEST, DECREMENT):
                for place in mine:
                    if not self.over:
                        self.meet_own(place)
            others = [place for place in places if place not in mine]
            places = self.share_round(others) if not self.over else []
            if mine and not self.over and self.self_trade in (CANCEL_NEWEST, CANCEL_BOTH):
                self.meet_own(mine[0])

    def share_round(self, places: list[Place]) -> list[Place]:
        """One division of the incoming order; returns the peaks that come after it."""
        room = self.room()
        offers: list[tuple[Place, int]] = []
        for place in places if room else []:
            also = sum(size for other, size in offers if other.order.account == place.order.account)
            size = self.offered(place, also)
            if size:
                offers.append((place, size))
            else:
                self.drop(place.order, "reduce_only")
        while True:
            shares = [self.share_of(place, size) for place, size in offers]
            share_out(shares, min(room, sum(share.size for share in shares)), self.lot, self.rules)
            given = [share.given for share in shares]
            fit = [not lots or self.fits(place, lots) for (place, _), lots in zip(offers, given, strict=True)]
            if all(fit):
                break
            offers = [offer for offer, fits in zip(offers, fit, strict=True) if fits]
        served = [(place, lots) for (place, _), lots in zip(offers, given, strict=True) if lots]
        for place, quantity in served:
            self.fill(place.order, quantity)
        if 0 < self.left and sum(lots for _, lots in served) == room:
            self.plan.end = self.plan.end or "reduce_only"
        return [again for place, quantity in served for again in self.next_peak(place, quantity)]

    def share_of(self, place: Place, size: int) -> Share:
        order = place.order
        maker = bool(order.flags & QUOTE) and is_maker(self.state, order.account, order.instrument)
        return Share(size, order.top, maker)
