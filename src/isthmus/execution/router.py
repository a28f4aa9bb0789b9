"""The router: works every parent by its path, by sequenced commands that carry why.

A parent is decided on when it arrives, when a wake-up is due, when a child fills or ends, when it was replaced. What
the path answers is checked once more here (lots free, limit, participation cap, lot of the venue), sent as PlaceChild
and CancelOrder, and the wake-ups are set. The router keeps nothing that the records do not say: after a restart every
live parent is decided on anew.

Refused children (a halt, a state) are tried again after a pause that doubles; an outside venue that says nothing makes
a child `unknown`: its lots stay held until the venue answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from isthmus.engine.engine import Record
from isthmus.engine.tape import Wakes
from isthmus.execution.costs import Costs
from isthmus.execution.flow import correlation
from isthmus.execution.policy import PPM, Child, Decision, Leg, Parent, Path, Ticket, Wake, floor_lot, parameters_of
from isthmus.execution.sights import Basket, Sight, View, impact_of
from isthmus.execution.works import Working, Works
from isthmus.kernel.messages import HOUSE_BOOK, LIMIT, MARKET, CancelOrder, PlaceChild
from isthmus.kernel.values import NS_PER_S

WAKE_LEAST_NS = 1_000_000
"""Two decisions of one parent by its own wake-ups are so far apart at least."""
BOOK_WAKE_NS = 200_000
"""For each parent that waits for a change of a book, the others wait so long: 5,000 such decisions a second at most."""
RETRY_NS, RETRY_MAX_NS = 100_000_000, 30 * NS_PER_S
UNKNOWN_AFTER_NS = 5 * NS_PER_S
"""An outside venue that has not answered by then leaves a child `unknown`."""
DECISIONS_PER_STEP = 64
IDLE_NS = 60 * NS_PER_S
ROUTER_REASON = 0
CORRELATION_S = 10
CORRELATION_NS = CORRELATION_S * NS_PER_S
"""A correlation is reckoned anew so often."""
CORRELATIONS_MAX = 20_000
"""Pairs of instruments whose correlation is remembered."""
LOTS_VALUED = 10**6
"""A lot may be worth less than a minor unit: so many are valued, and divided."""
NO_BASKET = Basket()


class RouterDesk(Protocol):
    """What the router may do."""

    def now(self) -> int: ...

    def submit(self, command: Any, text: str = "", note: str = "") -> Record | None: ...


Mark = Callable[[Parent, int, Mapping[tuple[int, int], int]], int]


class Routed(msgspec.Struct, frozen=True):
    """A decision that was carried out, for whoever watches: the parent, what it said, how many children it placed."""

    parent: int
    at: int
    why: str
    placed: int
    cancelled: int


class Router:
    """Feed it every record as it is staged (`on_record`), then let it act (`act`) and call `step` when it is due.

    `sight(instrument)` is what the venues show; `paths` by number; `mark(parent, at, expected)` puts onto the
    market-data tape that a decision is made now, with what the day's curve answered, and returns its offset there,
    which the children carry.
    """

    def __init__(
        self,
        desk: RouterDesk,
        paths: dict[int, Path],
        sight: Callable[[int], Sight],
        mark: Mark,
        costs: Costs,
    ) -> None:
        self._desk = desk
        self.paths = paths
        self._sight = sight
        self._mark = mark
        self._marked = 0
        self.costs = costs
        self.works = Works(self._is_dark)
        self.works.on_end = self._end
        self._wakes = Wakes()
        self._seen: dict[int, int] = {}
        self._waiting: dict[int, dict[int, None]] = {}
        """Parents that wait for a change of a book, by instrument."""
        self._changed: dict[int, int] = {}
        """Instruments whose books changed since those were woken, and when they are."""
        self._woken: dict[int, int] = {}
        """Until when those of an instrument are not woken again."""
        self._correlations: dict[tuple[int, int], tuple[int, float]] = {}
        self.on_routed: Callable[[Routed], None] = _nobody

    def on_record(self, record: Record) -> None:
        """A record was staged; the router acts on it later."""
        self.works.on_record(record)

    def look(self, at: int) -> bool:
        """Look at the books of instruments that are worked; whether a parent waits to be decided on.

        Who waits for any change of a book is woken at once, but the more of them, the longer not again
        (BOOK_WAKE_NS): ten thousand do not decide on each of a hundred changes a second.
        """
        for instrument in self.works.instruments:
            sight = self._sight(instrument)
            if (version := sight.version()) == self._seen.get(instrument):
                continue
            self._seen[instrument] = version
            touch = sight.touch()
            self.costs.see(instrument, at, touch)
            for parent in self._wakes.on_quote(instrument, touch[0] or None, touch[1] or None):
                self._touch(parent)
            if self._waiting.get(instrument):
                self._changed[instrument] = max(at, self._woken.get(instrument, 0))
        if self._changed:
            self._wake_waiting(at)
        return bool(self.works.touched)

    def _wake_waiting(self, at: int) -> None:
        for instrument in [instrument for instrument, due in self._changed.items() if due <= at]:
            del self._changed[instrument]
            waiting = self._waiting.pop(instrument, {})
            self._woken[instrument] = at + len(waiting) * BOOK_WAKE_NS
            for parent in waiting:
                self._touch(parent)

    def traded(self, instrument: int, at: int, price: int, quantity: int) -> None:
        """Somebody traded so many lots: volume wake-ups."""
        if instrument in self.works.instruments:
            self.costs.trade(instrument, at, price, quantity)
        for parent in self._wakes.on_trade(instrument, quantity):
            self._touch(parent)

    def restart(self) -> None:
        """After a restart: every live parent is looked at, whatever it waited for."""
        for parent in self.works.parents:
            self.works.touched[parent] = None

    def step(self, at: int) -> int:
        """Decide on what is due; returns when to be called again."""
        for parent in self._wakes.on_time(at):
            self._touch(parent)
        self.look(at)
        self.act(at)
        if self.works.touched:
            return at + WAKE_LEAST_NS
        following = self.next_time
        return at + IDLE_NS if following is None else min(following, at + IDLE_NS)

    @property
    def next_time(self) -> int | None:
        """When it acts next by itself (0: now); None while no parent waits for a time. Any record may bring it near."""
        if self.works.touched:
            return 0
        times = [*self._changed.values(), *([] if self._wakes.next_time is None else [self._wakes.next_time])]
        return min(times, default=None)

    def act(self, at: int) -> None:
        """Decide on every parent that something happened to, a few at most."""
        for _ in range(DECISIONS_PER_STEP):
            touched = self.works.touched
            parent = next(iter(touched), None)
            if parent is None:
                return
            del touched[parent]
            working = self.works.parents.get(parent)
            if working is not None and not working.work.ending:
                self._decide(working, at)

    @property
    def waiting(self) -> bool:
        """Whether parents wait to be decided on."""
        return bool(self.works.touched)

    def _end(self, working: Working, at: int) -> None:
        parent = working.work.parent
        self._wakes.cancel(parent.number)
        self._waiting.get(parent.instrument, {}).pop(parent.number, None)
        self.costs.end(working, at)

    def _wait(self, parent: Parent, wake: Wake) -> None:
        self._wakes.set(
            parent.number,
            parent.instrument,
            parent.side,
            at=wake.at,
            price=wake.price or None,
            volume=wake.volume,
        )
        waiting = self._waiting.setdefault(parent.instrument, {})
        waiting.pop(parent.number, None)
        if wake.book:
            waiting[parent.number] = None

    def _touch(self, parent: int) -> None:
        if parent in self.works.parents:
            self.works.touched[parent] = None

    def _is_dark(self, venue: int, instrument: int) -> bool | None:
        known = self._sight(instrument).known.get(venue)
        return known.kind == "dark" if known is not None else None

    def decide(self, parent: int, at: int) -> None:
        """Decide on one live parent now, whatever it waits for."""
        self._decide(self.works.parents[parent], at)

    def _decide(self, working: Working, at: int) -> None:
        work, path = working.work, self.paths.get(working.path)
        if path is None or work.left <= 0:
            return
        pause = _pause(working)
        if pause and at < working.refused_at + pause:
            self._wait(work.parent, Wake(at=working.refused_at + pause))
            return
        self._note_unknown(working, at)
        sight = self._sight(work.parent.instrument)
        sight.read_house()  # before the path asks, so that it sees one moment
        view = View(
            sight,
            at,
            self.works.pools(work.parent.instrument),
            self.works.invited,
            self._basket(working.note.basket),
        )
        if working.parameters is None:
            working.parameters = parameters_of(path, working.note.parameters)
        decision = path.decide(work, view, working.parameters, at)
        self._carry_out(working, decision, view, at)

    def _carry_out(self, working: Working, decision: Decision, view: View, at: int) -> None:
        work, number = working.work, working.work.parent.number
        if decision.place:
            self._marked = self._mark(work.parent, at, view.expected)
        cancelled = sum(self._cancel(order, decision.why) for order in decision.cancel)
        placed, wake = 0, decision.wake
        for ticket in decision.place:
            fitted = self._fit(working, ticket, view)
            if fitted is None:
                continue
            if not self._place(working, fitted):
                wake = Wake(at=at + RETRY_NS)
                break
            placed += 1
        if number in self.works.parents:
            if decision.finished and not work.live:
                self._desk.submit(CancelOrder(order=number, account=0, reason=ROUTER_REASON), note=decision.why)
                return
            self._wait(work.parent, _later(wake, at, self._unanswered(work.live)))
        if placed or cancelled:
            self.on_routed(Routed(number, at, decision.why, placed, cancelled))

    def _cancel(self, order: int, why: str) -> int:
        child = self.works.child(order)
        if child is None or child.status in ("done", "cancelling"):
            return 0
        record = self._desk.submit(CancelOrder(order=order, account=0, reason=ROUTER_REASON), note=why)
        return int(record is not None and record.reason is None)

    def _fit(self, working: Working, ticket: Ticket, view: View) -> Ticket | None:
        """The ticket as it may be sent: no more than is free and than the cap allows, lot-exact, within the limit."""
        work, parent = working.work, working.work.parent
        venue = next((row for row in view.venues() if row.number == ticket.venue), None)
        if venue is None:
            return None
        working_lots = work.working - self._firmed(ticket)
        most = work.left - working_lots
        if parent.cap_ppm:
            most = min(most, allowed(parent.cap_ppm, view.traded(parent.arrived_at), work.filled) - working_lots)
        quantity = floor_lot(min(ticket.quantity, most), venue.lot)
        if quantity <= 0 or quantity < max(venue.minimum, ticket.min_quantity):
            return None
        if (ticket.price - parent.limit) * parent.sign > 0:
            return None
        return msgspec.structs.replace(ticket, quantity=quantity, display=min(ticket.display, quantity))

    def _firmed(self, ticket: Ticket) -> int:
        """Lots of the conditional child that the ticket firms up: they are free for it."""
        child = self.works.child(ticket.request) if ticket.request else None
        return child.left if child is not None else 0

    def _place(self, working: Working, ticket: Ticket) -> bool:
        """False when the server takes nothing now, or when the child was refused."""
        command = PlaceChild(
            parent=working.work.parent.number,
            ordinal=working.work.placed + 1,
            venue=ticket.venue,
            kind=LIMIT if ticket.kind == MARKET else ticket.kind,
            tif=ticket.tif,
            flags=ticket.flags,
            price=ticket.price,
            quantity=ticket.quantity,
            tape=self._marked,
            display=ticket.display,
            display_high=ticket.display_high,
            seed=working.work.parent.seed + working.work.placed if ticket.display_high else 0,
            min_quantity=ticket.min_quantity,
            offset=ticket.offset,
            peg=ticket.peg,
            expire=ticket.expire,
            request=ticket.request,
        )
        record = self._desk.submit(command, note=ticket.why)
        return record is not None and record.reason is None

    def _note_unknown(self, working: Working, at: int) -> None:
        for child in working.work.living.values():
            if child.status == "sent" and child.venue != HOUSE_BOOK and at >= child.placed_at + UNKNOWN_AFTER_NS:
                child.status = "unknown"

    def _unanswered(self, live: list[Child]) -> int:
        """When the first child becomes unknown; 0 if none waits for an answer."""
        waiting = [child.placed_at + UNKNOWN_AFTER_NS for child in live if child.status == "sent" and child.venue]
        return min(waiting, default=0)

    def legs(self, basket: str) -> list[Leg]:
        """The live legs of a basket."""
        return [self._leg(self.works.parents[number]) for number in self.works.basket(basket)]

    def _leg(self, working: Working) -> Leg:
        parent = working.work.parent
        sight = self._sight(parent.instrument)
        middle = sight.middle_x2() or 0
        return Leg(
            parent=parent.number,
            instrument=parent.instrument,
            side=parent.side,
            left=working.work.left,
            middle_x2=middle,
            volatility=sight.volatility.per_second(sight.at),
            value=self.costs.value(parent.instrument, middle * LOTS_VALUED) / (2 * LOTS_VALUED),
            quantity=parent.quantity,
            temporary=impact_of(sight, sight.at)[1],
        )

    def _basket(self, name: str) -> Basket:
        return Basket(self.legs(name), self._correlation) if name else NO_BASKET

    def _correlation(self, one: int, other: int) -> float:
        """Up to the last whole ten seconds, so that it is the same whenever in the next ten it is asked for."""
        if one == other:
            return 1.0
        pair = (min(one, other), max(one, other))
        ours, theirs = (self._sight(number) for number in pair)
        second = min(ours.at, theirs.at) // CORRELATION_NS * CORRELATION_S - 1
        known = self._correlations.get(pair)
        if known is None or known[0] != second:
            if len(self._correlations) >= CORRELATIONS_MAX:
                self._correlations.clear()
            known = self._correlations[pair] = (second, correlation(ours.middles, theirs.middles, second))
        return known[1]


def allowed(cap_ppm: int, traded: int, filled: int) -> int:
    """Lots that a parent may still take so that it makes at most its share of all that traded. `traded` holds our own
    fills: with x more, (filled + x) <= share x (traded + x).
    """
    if cap_ppm >= PPM:
        return 1 << 62
    return (cap_ppm * traded - PPM * filled) // (PPM - cap_ppm)


def _pause(working: Working) -> int:
    """How long after a refusal nothing is sent."""
    if not working.refused:
        return 0
    return min(RETRY_MAX_NS, RETRY_NS << min(working.refused - 1, 10))


def _later(wake: Wake, at: int, unanswered: int) -> Wake:
    times = [max(wake.at, at + WAKE_LEAST_NS)] if wake.at else []
    if unanswered:
        times.append(max(unanswered, at + WAKE_LEAST_NS))
    return msgspec.structs.replace(wake, at=min(times, default=0))


def _nobody(_: Routed) -> None:
    return None
