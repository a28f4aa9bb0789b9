"""What of a recording could have been taken: the desk's scan and its leg machine, played over the books as they were.

At a change of a book the scan decides on what all books show; every order of it meets the book as it is `latency`
later, and only that. What the legs then lack is completed or unwound, again one latency later. Our own orders change
nothing in the recording, so one intent is sent for each time that a gap opens, never twice for the same one.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from isthmus.execution.arbitrage import (
    PPM,
    SAME,
    TRIANGLE,
    Intent,
    Pair,
    Rule,
    Shown,
    Terms,
    Triangle,
    around,
    between,
    edge_of,
    pairs_of,
    sides_of,
    synthetic,
    triangles_of,
)
from isthmus.execution.arbitrage_legs import (
    AT_MARKET,
    DONE,
    Cancel,
    Risk,
    Send,
    Trip,
    begin,
    decide,
    on_end,
    on_fill,
)
from isthmus.kernel.messages import BUY, SELL

BELIEVED_SHARE_PPM = 50_000
"""One thing at two venues stands crossed for a moment. Crossed for more of the time than this, a clock is wrong."""


RETRY_NS = 1_000_000
"""Between two tries to close a leg where the latency is nothing."""
TRIES_AT_END = 10
"""Tries at the last books of a recording, after which what is open is told as unfinished."""


class Change(NamedTuple):
    """The book of a market after a change, best levels first, in the market's own units."""

    at: int
    market: int
    bids: Sequence[tuple[int, int]]
    asks: Sequence[tuple[int, int]]


class Gap(msgspec.Struct):
    """When a comparison was better than nothing: how often it opened, for how long, and by how much at most."""

    times: int = 0
    open_ns: int = 0
    best_ppm: int | None = None
    since: int | None = None

    def saw(self, edge_ppm: int, at: int) -> bool:
        """Take in an edge; whether the gap opened with it."""
        self.best_ppm = edge_ppm if self.best_ppm is None else max(self.best_ppm, edge_ppm)
        if edge_ppm <= 0:
            self.close(at)
            return False
        opened = self.since is None
        if opened:
            self.times, self.since = self.times + 1, at
        return opened

    def close(self, at: int) -> None:
        """The gap is over."""
        if self.since is not None:
            self.open_ns += at - self.since
            self.since = None


class Finding(msgspec.Struct, kw_only=True):
    """What became of one pair or triangle. Money in 10^-9 of the quote asset."""

    kind: str
    markets: tuple[str, ...]
    quote: str
    looked: int = 0
    """Changes at which all of its markets had something to say."""
    shown_ns: int = 0
    visible: Gap = msgspec.field(default_factory=Gap)
    after_fees: Gap = msgspec.field(default_factory=Gap)
    sent: int = 0
    taken: int = 0
    """Intents that ended with a profit."""
    repaired: int = 0
    profit: int = 0
    lost: int = 0
    """What completing and unwinding cost."""
    unfinished: int = 0
    """Intents that were still open when the recording ended."""

    @property
    def believed(self) -> bool:
        """False for one thing that stands crossed at two venues for too long: a clock or a quote is wrong."""
        crossed = self.visible.open_ns * PPM
        return self.kind != SAME or not self.shown_ns or crossed <= BELIEVED_SHARE_PPM * self.shown_ns

    @property
    def answer(self) -> str:
        """In one sentence what it comes to."""
        if not self.looked:
            return "Nothing: the markets never showed prices at the same time."
        if not self.believed:
            share = 100 * self.visible.open_ns // self.shown_ns
            return f"Not believed: crossed {share} % of the time, so a clock or a quote is wrong."
        if not self.visible.times:
            return "Nothing: no gap was ever seen, before fees."
        if not self.after_fees.times:
            return f"Nothing: {self.visible.times} gaps were seen, none was wider than the fees."
        if not self.sent:
            return f"Nothing: {self.after_fees.times} gaps were wider than the fees, none by enough for a whole lot."
        if self.profit <= 0:
            return f"Nothing: of {self.sent} intents {self.taken} had a profit, and together they lost."
        return f"{self.taken} of {self.sent} intents had a profit."


class Underway(msgspec.Struct):
    """A trip and when its next things happen."""

    trip: Trip
    finding: Finding
    way: Pair | Triangle
    orders: int = 0


class Rehearsal:
    """Plays changes in time order; `findings` tells what came of it after `close`."""

    def __init__(self, markets: Sequence[Terms], rule: Rule, risk: Risk, most_triangles: int = 100) -> None:
        self._terms = {terms.number: terms for terms in markets}
        self._rule = rule
        self._risk = risk
        self._books: dict[int, Shown] = {}
        ways: list[Pair | Triangle] = [*pairs_of(markets), *triangles_of(markets)[:most_triangles]]
        self._ways = [(way, _finding(way)) for way in ways]
        self._of: dict[int, list[int]] = {terms.number: [] for terms in markets}
        for place, (way, _) in enumerate(self._ways):
            for terms in way:
                self._of[terms.number].append(place)
        self._underway: dict[int, Underway] = {}
        self._armed: set[int] = set()
        self._due: list[tuple[int, int, int, Send | Cancel | None]] = []
        self._count = 0
        self._last: int | None = None

    def play(self, changes: Iterable[Change]) -> list[Finding]:
        """Everything, to the end. Raises ValueError when the changes go back in time."""
        for change in changes:
            self.on_change(change)
        return self.close()

    def on_change(self, change: Change) -> None:
        """What was due before it, the change itself, what it asks for."""
        last = change.at if self._last is None else self._last
        if change.at < last:
            raise ValueError(f"a change at {change.at} comes after one at {last}")
        self._run(change.at)
        self._age(last, change.at)
        self._last = change.at
        self._books[change.market] = Shown(change.at, change.bids, change.asks)
        for place in self._of[change.market]:
            self._look(place, change.at)

    def close(self) -> list[Finding]:
        """The end of the recording: what is on its way meets the last books; what is open then is told."""
        slowest = max(terms.latency_ns or RETRY_NS for terms in self._terms.values())
        self._run((self._last or 0) + self._risk.within_ns + TRIES_AT_END * slowest)
        for way in self._underway.values():
            way.finding.unfinished += 1
        for _, finding in self._ways:
            finding.visible.close(self._last or 0)
            finding.after_fees.close(self._last or 0)
        return [finding for _, finding in self._ways]

    def _age(self, last: int, now: int) -> None:
        """Count the time in which both sides spoke; a gap ends when one of them falls silent."""
        for way, finding in self._ways:
            if all(terms.number in self._books for terms in way):
                oldest = min(self._books[terms.number].at for terms in way)
                if now - oldest <= self._rule.stale_ns:
                    finding.shown_ns += now - last
                else:
                    finding.visible.close(last)
                    finding.after_fees.close(last)

    def _look(self, place: int, now: int) -> None:
        """Measure the gap, and send an intent when one opens that is worth it."""
        way, finding = self._ways[place]
        if not all(_speaks(self._books.get(terms.number), now, self._rule) for terms in way):
            return
        finding.looked += 1
        gross, net = edges(way, self._books)
        finding.visible.saw(gross, now)
        if finding.after_fees.saw(net, now):
            self._armed.add(place)
        if net > 0 and place in self._armed and place not in self._underway:
            self._send(place, now)

    def _send(self, place: int, now: int) -> None:
        way, finding = self._ways[place]
        intent = self._intent(way, now)
        if intent is None:
            return
        self._armed.discard(place)
        trip, sends = begin(intent, self._terms, self._risk, now)
        self._underway[place] = Underway(trip, finding, way)
        finding.sent += 1
        self._put(trip.deadline, place, None)
        for send in sends:
            self._put(now + self._terms[send.market].latency_ns, place, send)

    def _intent(self, way: Pair | Triangle, now: int) -> Intent | None:
        if isinstance(way, Pair):
            return between(way, self._books, self._rule, now)
        return around(way, self._books, self._rule, now)

    def _put(self, at: int, place: int, what: Send | Cancel | None) -> None:
        self._count += 1
        heapq.heappush(self._due, (at, self._count, place, what))

    def _run(self, before: int) -> None:
        """Let everything happen that is due before the next change."""
        while self._due and self._due[0][0] < before:
            at, _, place, what = heapq.heappop(self._due)
            if place in self._underway:
                self._happen(place, what, at)

    def _happen(self, place: int, what: Send | Cancel | None, at: int) -> None:
        """An order arrives, or a deadline comes."""
        underway = self._underway[place]
        trip = underway.trip
        if isinstance(what, Send):
            for number, (price, quantity) in enumerate(met(what, self._books[what.market])):
                trip = on_fill(trip, what.order, number, price, quantity)
            trip = on_end(trip, what.order)
        trip, orders = decide(trip, self._books, at)
        underway.trip = trip
        for order in orders:
            if isinstance(order, Send):
                self._put(at + (self._terms[order.market].latency_ns or RETRY_NS), place, order)
        if trip.phase == DONE:
            self._settle(underway)
            del self._underway[place]

    def _settle(self, underway: Underway) -> None:
        trip, finding = underway.trip, underway.finding
        finding.profit += trip.profit
        finding.lost += trip.lost
        finding.taken += trip.profit > 0
        finding.repaired += len(trip.orders) > len(trip.intent.legs)


def met(send: Send, shown: Shown) -> list[tuple[int, int]]:
    """The fills of an immediate-or-cancel order against a book."""
    fills, left = [], send.quantity
    for price, quantity in shown.asks if send.side == BUY else shown.bids:
        beyond = price > send.price if send.side == BUY else price < send.price
        if left == 0 or (send.price != AT_MARKET and beyond):
            break
        taken = min(left, quantity)
        fills.append((price, taken))
        left -= taken
    return fills


def edges(way: Pair | Triangle, books: dict[int, Shown]) -> tuple[int, int]:
    """The best edge of either direction before and after fees, in millionths, by the best prices."""
    found = []
    tops = {number: Shown(shown.at, shown.bids[:1], shown.asks[:1]) for number, shown in _of(way, books)}
    if isinstance(way, Pair):
        directions = [sides_of(way.kind, each, tops) for each in (way, Pair(way.other, way.one))]
    else:
        straight = sides_of(SAME, Pair(way.cross, way.cross), tops)
        directions = [(synthetic(way, tops, BUY), straight[1]), (straight[0], synthetic(way, tops, SELL))]
    for asks, bids in directions:
        if asks.rungs and bids.rungs:
            ask, bid = asks.rungs[0].price, bids.rungs[0].price
            found.append(((bid - ask) * PPM // ask, edge_of(ask, bid, asks, bids) // ask))
    if not found:
        return -PPM, -PPM
    return max(gross for gross, _ in found), max(net for _, net in found)


def _of(way: Pair | Triangle, books: dict[int, Shown]) -> list[tuple[int, Shown]]:
    return [(terms.number, books[terms.number]) for terms in way]


def _speaks(shown: Shown | None, now: int, rule: Rule) -> bool:
    return shown is not None and bool(shown.bids and shown.asks) and now - shown.at <= rule.stale_ns


def _finding(way: Pair | Triangle) -> Finding:
    kind = way.kind if isinstance(way, Pair) else TRIANGLE
    last = way.other if isinstance(way, Pair) else way.cross
    return Finding(kind=kind, markets=tuple(terms.name for terms in way), quote=last.quote)
