"""A desk that works one parent on a floor, and checks at every decision what no path may break.

It calls the path when it is due, sends its children, answers them after a delay, by chance refuses some, loses an
answer, or restarts with nothing but the records.
"""

from __future__ import annotations

import random

import msgspec
from tests.unit.execution.paths.floor import MS, SECOND, START, STEP, Floor, parent_of

from isthmus.execution.policy import DARK, PPM, Child, Decision, Fill, Parent, Path, Ticket, Wake, Work
from isthmus.kernel.messages import (
    AT_CLOSE,
    AT_OPEN,
    BUY,
    FOK,
    GOOD_FOR_AUCTION,
    IOC,
    MARKET,
    PEG,
    POST_ONLY,
    SELL,
)

LEAST_WAKE = 50 * MS
"""Two decisions by the clock alone are never nearer than this."""
DECISIONS_MOST = 20_000


class Chances(msgspec.Struct, frozen=True, kw_only=True):
    """How the desk's venues behave: chances of 0 to 1 of a refusal, a lost answer, a restart of us at a step, and of a
    fill of a resting child at its touch in a step.
    """

    refused: float = 0.0
    lost: float = 0.0
    restarts: float = 0.0
    fills: float = 0.3
    latency: int = 20 * MS


class Desk:
    """Works one parent by a path on a floor. `placed`: what was sent, with its time. `decisions`: all of them."""

    def __init__(
        self,
        floor: Floor,
        path: Path,
        parameters: msgspec.Struct | None,
        parent: Parent,
        chances: Chances = Chances(),  # noqa: B008
    ) -> None:
        self.floor, self.path, self.chances = floor, path, chances
        self.parameters = path.parameters() if parameters is None else parameters
        self.work = Work(parent=parent)
        self.random = random.Random(parent.seed)
        self.wake, self.woken_at = Wake(), START
        self.due: list[tuple[int, int, str, Child]] = []
        self.placed: list[tuple[int, Ticket]] = []
        self.decisions: list[tuple[int, Decision]] = []
        self.over = False
        self.sent = 0

    # the loop

    def run(self, until: int) -> Work:
        """From now until a time, or until the parent is done."""
        self._decide()
        while self.floor.now < until and not self._done():
            self._advance(until)
        return self.work

    def replace(self, **changes: int) -> None:
        """The parent's owner changes it."""
        self.work.parent = msgspec.structs.replace(self.work.parent, **changes)
        self._decide()

    def _done(self) -> bool:
        return not self.work.live and (self.over or self.work.left == 0)

    def _advance(self, until: int) -> None:
        """To whatever comes first: an answer, a wake-up by time, or the next step of the floor."""
        step_at = START + (self.floor.steps + 1) * STEP
        answer_at = self.due[0][0] if self.due else until
        wake_at = self.wake.at or until
        at = min(step_at, answer_at, wake_at, until)
        if at == step_at:
            self.floor.step()
            woken = self._rest()
            if self.random.random() < self.chances.restarts:
                self._restart()
                woken = True
        else:
            self.floor.now, woken = at, False
        while self.due and self.due[0][0] <= at:
            _, _, what, child = self.due.pop(0)
            woken = self._answer(what, self.work.children[child.ordinal]) or woken
        if not self._done() and (woken or self._is_due(at == step_at)):
            self._decide()

    def _is_due(self, stepped: bool) -> bool:
        wake, floor = self.wake, self.floor
        if wake.at and floor.now >= wake.at:
            return True
        if wake.volume and floor.traded(self.woken_at) >= wake.volume:
            return True
        touch = floor.touch(self._other)
        if stepped and wake.price and touch is not None and _within(touch, wake.price, self.work.parent.side):
            return True
        return stepped and wake.book

    @property
    def _other(self) -> int:
        return SELL if self.work.parent.buys else BUY

    def _restart(self) -> None:
        """kill -9: what is in the records is all that is left."""
        self.work = msgspec.json.decode(msgspec.json.encode(self.work), type=Work)
        self.wake = Wake()

    # decisions

    def _decide(self) -> None:
        if self.over:
            return
        work, now = self.work, self.floor.now
        before = msgspec.json.encode(work)
        decision = self.path.decide(work, self.floor, self.parameters, now)
        assert msgspec.json.encode(work) == before, "a path changes nothing"
        again = msgspec.json.decode(before, type=Work)
        assert self.path.decide(again, self.floor, self.parameters, now) == decision, "same state, same decision"
        self._check(decision)
        self.decisions.append((now, decision))
        assert len(self.decisions) < DECISIONS_MOST, "a busy loop"
        self.wake, self.woken_at = decision.wake, now
        self._apply(decision)
        if decision.place:
            repeated = self.path.decide(work, self.floor, self.parameters, now)
            assert not repeated.place, f"sent twice: {repeated.place} after {decision.place}"

    def _check(self, decision: Decision) -> None:
        work, parent, floor = self.work, self.work.parent, self.floor
        lots = sum(ticket.quantity for ticket in decision.place)
        assert lots <= max(0, work.free), "never more than is free"
        if parent.cap_ppm and lots:
            most = floor.traded(parent.arrived_at) * parent.cap_ppm // PPM
            assert work.filled + work.working + lots <= most, "never beyond the cap"
        for ticket in decision.place:
            venue = floor.venue(ticket.venue)
            assert ticket.quantity > 0 and ticket.quantity % venue.lot == 0, "whole lots of the venue"
            assert ticket.quantity >= venue.minimum, "at least the venue's minimum"
            assert _within(ticket.price, parent.limit, parent.side), "never beyond the limit"
            assert ticket.why, "every child says why"
        live = {child.order: child for child in work.live}
        assert all(live[order].status in ("sent", "working") for order in decision.cancel), "only what can come back"
        assert not decision.wake.at or decision.wake.at - floor.now >= LEAST_WAKE, "no busy loop"

    def _apply(self, decision: Decision) -> None:
        for order in decision.cancel:
            child = next(child for child in self.work.live if child.order == order)
            child.status = "cancelling"
            self._later("cancel", child)
        for ticket in decision.place:
            self._send(ticket)
        self.over = self.over or decision.finished
        if decision.finished:
            assert not decision.place, "who gives up places nothing"
            for child in self.work.live:
                if child.status in ("sent", "working"):
                    child.status = "cancelling"
                    self._later("cancel", child)

    def _send(self, ticket: Ticket) -> None:
        self.placed.append((self.floor.now, ticket))
        self.sent += 1
        child = Child(
            order=1_000 + self.sent,
            ordinal=self.work.placed,
            venue=ticket.venue,
            price=ticket.price,
            quantity=ticket.quantity,
            kind=ticket.kind,
            tif=ticket.tif,
            flags=ticket.flags,
            placed_at=self.floor.now,
            note=ticket.why,
        )
        self.work.children.append(child)
        self._later("arrive", child)

    def _later(self, what: str, child: Child, delay: int = 0) -> None:
        at = self.floor.now + (delay or self.chances.latency)
        self.due.append((at, len(self.placed), what, child))
        self.due.sort(key=lambda entry: entry[:2])

    # what venues do with children

    def _answer(self, what: str, child: Child) -> bool:
        """Whether it is news for the path."""
        if not child.lives:
            return False
        if what == "cancel":
            return self._end(child, "user")
        if what == "arrive" and self.random.random() < self.chances.refused:
            return self._end(child, "venue_refused")
        if what == "arrive" and self.random.random() < self.chances.lost:
            child.status = "unknown"
            self._later("found", child, SECOND)
            return False
        if child.status in ("sent", "unknown"):
            child.status = "working"
        return self._arrive(child)

    def _arrive(self, child: Child) -> bool:
        if self.floor.venue(child.venue).kind == DARK:
            return self._in_the_dark(child)
        if child.tif in (AT_OPEN, AT_CLOSE, GOOD_FOR_AUCTION) or child.kind == PEG:
            return False
        side = self._other
        best = self.floor.best(child.venue, side)
        crosses = best is not None and _within(best[0], child.price, self.work.parent.side)
        if crosses and child.flags & POST_ONLY:
            return self._end(child, "post_only")
        news = self._sweep(child, side) if crosses else False
        return self._end(child, "ioc") if child.lives and child.tif in (IOC, FOK) else news

    def _sweep(self, child: Child, side: int) -> bool:
        book = self.floor.books[child.venue, side]
        for price in sorted(book, reverse=side == BUY):
            if child.left and _within(price, child.price, self.work.parent.side):
                lots = min(child.left, book[price])
                book[price] -= lots
                if not book[price]:
                    del book[price]
                self._fill(child, price, lots, False)
        return True

    def _in_the_dark(self, child: Child) -> bool:
        """A pool holds something by chance and trades at the middle."""
        middle_x2 = self.floor.middle_x2()
        if middle_x2 is None:
            return self._end(child, "ioc") if child.tif in (IOC, FOK) else False
        price = middle_x2 // 2 if self.work.parent.buys else -(-middle_x2 // 2)
        news = False
        if _within(price, child.price, self.work.parent.side) and self.random.random() < self.chances.fills:
            self._fill(child, price, self.random.randrange(1, child.left + 1), True)
            news = True
        return self._end(child, "ioc") if child.lives and child.tif in (IOC, FOK) else news

    def _rest(self) -> bool:
        """Resting children after a step: those that the market reached or that stand at its touch may fill."""
        news = False
        for child in self.work.live:
            if child.status in ("sent", "unknown") or child.tif in (IOC, FOK):
                continue
            if child.tif in (AT_OPEN, AT_CLOSE, GOOD_FOR_AUCTION):
                news = self._in_the_call(child) or news
            elif self.floor.venue(child.venue).kind == DARK:
                news = self._in_the_dark(child) or news
            else:
                news = self._at_the_touch(child) or news
        return news

    def _at_the_touch(self, child: Child) -> bool:
        side = self.work.parent.side
        opposite, own = self.floor.touch(self._other), self.floor.touch(side)
        through = opposite is not None and _within(opposite, child.price, side)
        leads = own is None or _within(own, child.price, side)
        if not through and not (leads and self.random.random() < self.chances.fills):
            return False
        self._fill(child, child.price, child.left if through else self.random.randrange(1, child.left + 1), True)
        return True

    def _in_the_call(self, child: Child) -> bool:
        call = self.floor.call
        if call is None or call.at > self.floor.now or call.venue != child.venue:
            return False
        price = call.price or self.floor.middle
        if child.kind == MARKET or _within(price, child.price, self.work.parent.side):
            self._fill(child, price, min(child.left, max(1, call.volume)), True)
        return self._end(child, "session") if child.lives else True

    def _fill(self, child: Child, price: int, lots: int, maker: bool) -> None:
        if lots <= 0:
            return
        child.fills.append(Fill(self.floor.now, price, lots, maker))
        child.filled += lots
        self.work.filled += lots
        self.work.turnover += lots * price
        self.floor.trade(lots)
        assert child.filled <= child.quantity
        assert self.work.filled <= self.work.parent.quantity, "never over-filled"
        if child.filled == child.quantity:
            self._end(child, None)

    def _end(self, child: Child, reason: str | None) -> bool:
        child.status, child.reason, child.ended_at = "done", reason, self.floor.now
        return True


def worked(path: Path, parameters: msgspec.Struct | None = None, parent: Parent | None = None, **given: object) -> Desk:
    """The desk after a whole parent on a calm floor; `floor` and `chances` may be given."""
    floor = given.get("floor") or Floor()
    chances = given.get("chances") or Chances()
    assert isinstance(floor, Floor) and isinstance(chances, Chances)
    desk = Desk(floor, path, parameters, parent or parent_of(), chances)
    desk.run((desk.work.parent.until or START + 60 * SECOND) + 5 * SECOND)
    return desk


def _within(price: int, limit: int, side: int) -> bool:
    return price <= limit if side == BUY else price >= limit
