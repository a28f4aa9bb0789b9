"""All-or-none and fill-or-kill orders after liquibook's rule book: what stands first is used first, but an order that
trades whole or not at all is taken whole where the others before it can give way."""

from __future__ import annotations

from collections import deque

from . import fitting
from .books import Order
from .values import CANCEL_OLDEST
from .walking import Place, Planner, Step


class Collector(Planner):
    """Walks in priority and collects until the incoming order is filled; if it is not, nothing happens."""

    def walk(self) -> None:
        self.collected: list[tuple[Place, int]] = []
        self.drops: list[tuple[int, Step]] = []
        self.room()
        for places in self.queues():
            queue = deque(places)
            while queue and not self.over:
                self.look_at(queue.popleft(), queue)

    def room(self) -> int:
        """A reduce-only order that cannot trade all of itself trades nothing."""
        if self.taker.reduce_only and self.capacity(self.taker) < self.left:
            self.plan.end = "reduce_only"
        return self.left

    @property
    def found(self) -> int:
        return sum(size for _, size in self.collected)

    def look_at(self, place: Place, queue: deque[Place]) -> None:
        if self.is_own(place.order):
            if self.self_trade == CANCEL_OLDEST:
                self.later(place.order, "self_trade")
            else:
                self.plan.end = "self_trade"
            return
        size = self.offered(place, self.of_account(place.order))
        if not size:
            self.later(place.order, "reduce_only")
        elif size >= self.left - self.found:
            self.finish(place, size)
        elif self.fits(place, size):
            self.collected.append((place, size))
            queue.extend(self.next_peak(place, size, self.of_account(place.order)))

    def of_account(self, order: Order) -> int:
        """Lots of the order's account that are collected; none count where it trades with itself."""
        if order.account == self.taker.account:
            return 0
        return sum(size for place, size in self.collected if place.order.account == order.account)

    def later(self, order: Order, reason: str) -> None:
        """The order goes if the incoming one is filled."""
        self.drops.append((len(self.collected), Step("drop", order, reason=reason)))

    def finish(self, place: Place, size: int) -> None:
        """With this one the incoming order is filled: by a part of it, or by its least with less of those before."""
        needed = self.left - self.found
        part = needed if self.fits(place, needed) else self.least(place)
        if part > min(size, self.left):
            return
        given, stopped = self.front_first(self.left - part)
        if sum(given) == self.left - part and place.order not in stopped:
            self.collected.append((place, part))
            self.carry_out([*given, part])

    def least(self, place: Place) -> int:
        taken = fitting.least_taken(self.state, self.taker, self.left)
        return max(taken, fitting.least(self.state, place.order, place.left))

    def front_first(self, lots: int) -> tuple[list[int], list[Order]]:
        """What each collected order gives of `lots`: in priority as much as it can, or nothing if that does not fit.

        An iceberg stands there once a peak. Without all of one peak it gives nothing of the next: it is stopped.
        """
        given: list[int] = []
        stopped: list[Order] = []
        for place, size in self.collected:
            part = min(size, lots - sum(given))
            if place.order in stopped or not self.fits(place, part):
                part = 0
            if part < size:
                stopped.append(place.order)
            given.append(part)
        return given, stopped

    def carry_out(self, given: list[int]) -> None:
        drops = deque(self.drops)
        for at, ((place, _), lots) in enumerate(zip(self.collected, given, strict=True)):
            while drops and drops[0][0] == at:
                self.plan.steps.append(drops.popleft()[1])
            if lots:
                self.fill(place.order, lots)
