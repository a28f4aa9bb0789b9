"""One instrument at several venues that react, played in virtual time: the whole model without an engine.

Everything happens at its time, in one order: what is due first, of equals what was planned first. Each process (news,
quotes, takers, each pool, each call) draws from a stream of its own, in an order that our orders do not change: two
runs with one seed differ by nothing but what the orders of one did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from math import exp
from random import Random

from isthmus.kernel.messages import BUY, SELL
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.answering import Answer, Filled, NewOrder
from isthmus.venues.reacting.call import CallVenue, Indication
from isthmus.venues.reacting.curve import Curve, Day
from isthmus.venues.reacting.dark import DarkPool
from isthmus.venues.reacting.dealer import Dealer, Quote
from isthmus.venues.reacting.faults import NO_FAULTS, REST_REFUSED, FaultTerms, Line
from isthmus.venues.reacting.lit import OTHER, LitVenue
from isthmus.venues.reacting.order import Order
from isthmus.venues.reacting.terms import CallTerms, DarkTerms, DealerTerms, LitTerms, Terms
from isthmus.venues.reacting.truth import Print, Truth
from isthmus.venues.reacting.value import FairValue
from isthmus.venues.simulated.arrivals import Hawkes, Table

STICKY = 1.0
"""Makers quote anew when order flow has moved the fair value by this many price steps."""
SLICES_MAX = 50
"""Price levels that one taker walks over all venues."""
SPREAD_REACTION = 0.5
"""The spread widens with this power of the restlessness of the fair value; assumed."""
Depths = tuple[float, float, float]
"""Best bid and ask of the whole market in lots, and the factor of the depth behind."""
AnyVenue = LitVenue | DarkPool | CallVenue | Dealer
AnyTerms = LitTerms | DarkTerms | CallTerms | DealerTerms


class Marketplace:
    """Call `place`, `cancel`, `replace` at a time; `advance` plays on; `take_answers` says what came back by then.

    An order reaches its venue `latency_ns` after it was sent, and an answer takes as long. Times never go back.
    """

    def __init__(
        self,
        terms: Terms,
        seed: int | str,
        at: int,
        day: Day | None = None,
        faults: Mapping[str, FaultTerms] | None = None,
    ) -> None:
        self.terms = terms
        self.now = at
        self.truth = Truth()
        self._seed = f"{seed} {terms.symbol}"
        self._due: list[tuple[int, int, Callable[[int], None]]] = []
        self._planned = 0
        self._answers: list[tuple[str, Answer]] = []
        self._trades: list[Print] = []
        self.curve = Curve(day or Day(at, int(terms.day_s * NS_PER_S)), terms.shape, f"{self._seed} day")
        self.lit = {one.name: LitVenue(one, terms, at) for one in terms.lit}
        self.pools = {one.name: DarkPool(one, self._stream(one.name)) for one in terms.dark}
        self.call = CallVenue(terms.call) if terms.call is not None else None
        self.dealer = Dealer(terms.dealer) if terms.dealer is not None else None
        self.venues: dict[str, AnyVenue] = {**self.lit, **self.pools}
        for single in (self.call, self.dealer):
            if single is not None:
                self.venues[single.terms.name] = single
        assert not set(faults or {}) - set(self.venues), "a fault names no venue of this market"
        self._lines = {
            name: Line((faults or {}).get(name, NO_FAULTS), f"{self._seed} line {name}") for name in self.venues
        }
        self._lost: dict[str, list[Callable[[int], None]]] = {name: [] for name in self.venues}
        self.next_call: tuple[int, bool] | None = None
        """When the next call to begin will end, and whether it closes the day."""
        self._begin(at)

    def _stream(self, name: str) -> Random:
        return Random(f"{self._seed} {name}")  # noqa: S311

    def _begin(self, at: int) -> None:
        terms = self.terms
        self._spread, self._touch, self._size = Table(terms.spread), Table(terms.touch), Table(terms.size)
        self._half = self._spread.mean() / 2
        self._quotes, self._flow = self._stream("quotes"), self._stream("takers")
        self._news_times = self._stream("news times")
        self._wave_times = {name: self._stream(f"{name} times") for name in self.pools}
        self._arrivals = Hawkes(terms.takers_per_s, terms.branching)
        self.value = FairValue((terms.mark, terms.start or terms.mark), terms.volatility, at, self._stream("news"))
        self._pending: set[str] = set()
        self._depths: dict[str, Depths] = {}
        self._quoted = self.value.price
        self._draw_quotes()
        for name in self.lit:
            self._requote(name, at)
        self._know_value(at)
        self._plan_news(at)
        self._plan(self._taken_at(at), self._taker)
        for name in self.pools:
            self._plan_wave(name, at)
        if self.call is not None:
            self._plan_call(self.curve.day.number(at), closing=False)

    @property
    def next_at(self) -> int:
        """When something happens next."""
        return self._due[0][0]

    def advance(self, to: int, most: int | None = None) -> bool:
        """Play everything that is due by `to`, `most` things at most; False when more is due."""
        due, done = self._due, 0
        while due[0][0] <= to:
            if done == most:
                return False
            at, _, happening = heappop(due)
            self.now = max(self.now, at)
            happening(self.now)
            done += 1
        self.now = max(self.now, to)
        return True

    def take_answers(self) -> list[tuple[str, Answer]]:
        """(venue, answer) that have come back since the last call, in order."""
        answers, self._answers = self._answers, []
        return answers

    def take_trades(self) -> list[Print]:
        """Trades among others since the last call; ours are told by their answers."""
        trades, self._trades = self._trades, []
        return trades

    def place(self, name: str, terms: NewOrder, at: int) -> None:
        """Send an order to a venue."""
        self._send(name, at, lambda now: self._arrive(name, terms, now))

    def cancel(self, name: str, order: int, reason: str, at: int) -> None:
        """Ask a venue to cancel."""
        self._send(name, at, lambda now: self._answer(name, self.venues[name].cancel(order, reason), now))

    def replace(self, name: str, order: int, terms: tuple[int, int], at: int) -> None:
        """Ask a venue for a new price and total quantity."""
        self._send(name, at, lambda now: self._changed(name, order, terms, now))

    def disconnect(self, name: str) -> None:
        """The line to a venue goes down: what is sent is lost or waits, what it answers is not heard. It trades on."""
        self._lines[name].disconnect()

    def reconnect(self, name: str) -> None:
        """The line is up: withheld answers come now; orders that were lost are refused, requests reach the venue."""
        self._answers += [(name, answer) for answer in self._lines[name].reconnect()]
        lost, self._lost[name] = self._lost[name], []
        for happening in lost:
            self._plan(self.now, happening)

    def connected(self, name: str) -> bool:
        """Whether the line is up."""
        return self._lines[name].up

    def book(self, name: str, count: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """What a venue shows now: bids and asks, best first. Pools and calls show nothing; the dealer's are quotes."""
        venue = self.venues[name]
        if isinstance(venue, LitVenue):
            return venue.levels(BUY, count, self.now), venue.levels(SELL, count, self.now)
        return venue.levels(self.value.price) if isinstance(venue, Dealer) else ([], [])

    def middle_x2(self) -> int | None:
        """Twice the middle of others' best prices over all lit venues; None while a side is empty everywhere."""
        at = self.now
        bids = [best[0] for venue in self.lit.values() if (best := venue.best(BUY, at)) is not None]
        asks = [best[0] for venue in self.lit.values() if (best := venue.best(SELL, at)) is not None]
        return max(bids) + min(asks) if bids and asks else None

    def indication(self) -> Indication | None:
        """What the call would do now; None when none is going on."""
        if self.call is None or not self.call.collecting:
            return None
        return self.call.indication(self._reference())

    def request(self, quantity: int) -> Quote | None:
        """Ask the dealer for a quote; None where there is none or he does not quote so much."""
        if self.dealer is None or not 0 < quantity <= self.dealer.terms.largest:
            return None
        return self.dealer.quote(self.value.price, quantity)

    def expected(self, start: int, end: int) -> float:
        """Lots that all takers together are expected to trade between two times, by the usual day."""
        return self.curve.expected(start, end) / NS_PER_S * self.terms.takers_per_s * self._size.mean()

    def _plan(self, at: int, happening: Callable[[int], None]) -> None:
        self._planned += 1
        heappush(self._due, (at, self._planned, happening))

    def _send(self, name: str, at: int, happening: Callable[[int], None]) -> None:
        self._plan(
            max(at, self.now) + self.venues[name].terms.latency_ns, lambda now: self._through(name, happening, now)
        )

    def _through(self, name: str, happening: Callable[[int], None], at: int) -> None:
        """What was sent reaches the venue, unless the line is down."""
        if self._lines[name].up:
            happening(at)
        else:
            self._lost[name].append(happening)

    def _arrive(self, name: str, terms: NewOrder, at: int) -> None:
        order, venue = Order(terms), self.venues[name]
        if isinstance(venue, LitVenue):
            answers = venue.place(order, at)
        elif isinstance(venue, DarkPool):
            answers = venue.place(order, self.middle_x2())
        elif isinstance(venue, Dealer):
            answers = venue.place(order, self.value.price)
            self._plan(
                at + venue.terms.look_ns, lambda now: self._answer(name, venue.look(terms.order, self.value.price), now)
            )
        else:
            answers = venue.place(order)
        if order.fills and order.left and REST_REFUSED in self._lines[name].fate(terms.order):
            answers += venue.cancel(terms.order, "venue_refused")
        self._answer(name, answers, at)

    def _changed(self, name: str, order: int, terms: tuple[int, int], at: int) -> None:
        venue, (price, quantity) = self.venues[name], terms
        if isinstance(venue, LitVenue):
            answers = venue.replace(order, price, quantity, at)
        elif isinstance(venue, DarkPool):
            answers = venue.replace(order, price, quantity, self.middle_x2())
        else:
            answers = venue.replace(order) if isinstance(venue, Dealer) else venue.replace(order, price, quantity)
        self._answer(name, answers, at)

    def _answer(self, name: str, answers: list[Answer], at: int) -> None:
        """Send answers back, keep fills in the record, and let what we took move the market."""
        line, latency = self._lines[name], self.venues[name].terms.latency_ns
        for answer in answers:
            if isinstance(answer, Filled):
                taker = answer.side if answer.liquidity == 2 else OTHER[answer.side]
                self.truth.trade(Print(at, name, answer.price, answer.quantity, taker, True))
            for late, told in line.send(answer):
                self._plan(at + latency + late, lambda _, told=told: self._answers.append((name, told)))  # type: ignore[misc]
        self._react(name, at)

    def _react(self, name: str, at: int) -> None:
        """What our fills at a venue leave behind."""
        venue = self.venues[name]
        lots, venue.taken = venue.taken, 0
        if isinstance(venue, LitVenue):
            met, venue.met = venue.met, 0
            if met:
                self._push(met, at)
        if not lots:
            return
        if isinstance(venue, DarkPool):
            self._later(lots * venue.terms.leak, at + venue.terms.leak_ns)
        elif isinstance(venue, Dealer):
            self._later(lots * venue.terms.hedged, at + venue.terms.hedge_ns)
        else:
            self._push_ours(lots, at)

    def _later(self, lots: float, at: int) -> None:
        if lots:
            self._plan(at, lambda now: self._push_ours(lots, now))

    def _push_ours(self, lots: float, at: int) -> None:
        self.value.push_ours(self.terms.gamma * lots)
        self._moved(at)

    def _push(self, lots: float, at: int) -> None:
        self.value.push(self.terms.gamma * lots, at)
        self._moved(at)

    def _moved(self, at: int) -> None:
        """Makers follow when it is worth it, each after the time that he needs."""
        self._know_value(at)
        if abs(self.value.price - self._quoted) > STICKY:
            self._quoted = self.value.price
            self._plan_quotes(at)

    def _know_value(self, at: int) -> None:
        self.truth.value(at, self.value.price, self.value.ours)

    def _plan_quotes(self, at: int) -> None:
        for name, venue in self.lit.items():
            if name not in self._pending:
                self._pending.add(name)
                self._plan(at + venue.terms.reaction_ns, lambda now, name=name: self._requote(name, now))  # type: ignore[misc]

    def _requote(self, name: str, at: int) -> None:
        self._pending.discard(name)
        venue = self.lit[name]
        answers = venue.requote(self.value.price, self._half * venue.terms.width, self._depths[name], at)
        if answers:
            self._answer(name, answers, at)

    def _draw_quotes(self) -> None:
        """The market's spread and every venue's depth, anew: wider when the fair value is restless."""
        random, noise = self._quotes, self.terms.depth_noise
        self._half = max(0.5, self._spread.draw(random) / 2 * self.value.restlessness**SPREAD_REACTION)
        for name in self.lit:
            factor = exp(random.gauss(0, noise) - noise * noise / 2)
            self._depths[name] = self._touch.draw(random), self._touch.draw(random), factor

    def _plan_news(self, at: int) -> None:
        wait = self._news_times.expovariate(self.terms.news_per_s) * NS_PER_S
        self._plan(self.curve.after(at, wait), self._news)

    def _news(self, at: int) -> None:
        """The fair value moves, spread and depths are drawn anew, and makers follow."""
        self._plan_news(at)
        self.value.news(at)
        self._draw_quotes()
        self._quoted = self.value.price
        self._know_value(at)
        self._plan_quotes(at)

    def _taken_at(self, at: int) -> int:
        return self.curve.after(at, self._arrivals.wait_ns(self._flow))

    def _taker(self, at: int) -> None:
        """Another takes: side by a coin, size as measured, from whoever shows the best price after fees."""
        random = self._flow
        side = BUY if random.random() < 0.5 else SELL
        lots = max(1, round(self._size.draw(random)))
        loyal = random.random() < self.terms.loyal
        self._plan(self._taken_at(at), self._taker)
        got = 0
        for _ in range(SLICES_MAX):
            choice = self._choose(side, (lots - got, loyal), at) if got < lots else None
            if choice is None:
                break
            got += self._hit(choice, side, lots - got, at)
        if got:
            self._push(got if side == BUY else -got, at)

    def _choose(self, side: int, wish: tuple[int, bool], at: int) -> tuple[str, int] | None:
        """The venue with the best price after the taker's fee, and that price; a loyal taker's is the first."""
        lots, loyal = wish
        best: tuple[float, str, int] | None = None
        for name, venue in self.lit.items():
            price = venue.top(OTHER[side], at)
            if price is not None and lots >= venue.terms.lot:
                fee = price * venue.terms.taker_fee_ppm / 1_000_000
                all_in = price + fee if side == BUY else fee - price
                if best is None or all_in < best[0]:
                    best = all_in, name, price
            if loyal and best is not None:
                break
        return (best[1], best[2]) if best is not None else None

    def _hit(self, choice: tuple[str, int], side: int, lots: int, at: int) -> int:
        """One taker at one price of one venue; lots that he got."""
        name, price = choice
        venue = self.lit[name]
        answers: list[Answer] = []
        swept = venue.take(side, price, lots, at, answers)
        for level, gone in swept.others:
            row = Print(at, name, level, gone, side, False)
            self._trades.append(row)
            self.truth.trade(row)
        if answers:
            self._answer(name, answers, at)
        return swept.ours + sum(gone for _, gone in swept.others)

    def _plan_wave(self, name: str, at: int) -> None:
        wait = self._wave_times[name].expovariate(1 / self.pools[name].terms.wave_s) * NS_PER_S
        self._plan(self.curve.after(at, wait), lambda now: self._wave(name, now))

    def _wave(self, name: str, at: int) -> None:
        """Hidden interest is drawn anew."""
        self._plan_wave(name, at)
        answers = self.pools[name].wave(self.middle_x2())
        if answers:
            self._answer(name, answers, at)

    def _plan_call(self, number: int, closing: bool) -> None:
        """The next call of the day, or of the next days, that has not begun yet."""
        assert self.call is not None
        day, terms = self.curve.day, self.call.terms
        while True:
            start = day.begins(number + 1) - int(terms.closing_s * NS_PER_S) if closing else day.begins(number)
            if start >= self.now:
                break
            number, closing = number + closing, not closing
        length = int((terms.closing_s if closing else terms.opening_s) * NS_PER_S)
        self.next_call = (start + length, closing)
        self._plan(start, lambda now: self._call(number, closing, now))

    def _call(self, number: int, closing: bool, at: int) -> None:
        """A call begins; others' orders come at times of their own until it ends."""
        assert self.call is not None
        terms = self.call.terms
        length = int((terms.closing_s if closing else terms.opening_s) * NS_PER_S)
        random = self._stream(f"call {number} {closing}")
        self.call.begin(at + length, closing)
        for when in sorted(random.random() for _ in range(terms.orders)):
            self._plan(at + int(when * length), lambda now: self._join(random, now))
        self._plan(at + length, lambda now: self._uncross(number, closing, now))

    def _join(self, random: Random, _at: int) -> None:
        assert self.call is not None
        self.call.join(self.value.price, self._spread.mean(), random)

    def _uncross(self, number: int, closing: bool, at: int) -> None:
        """One price for all; the rest of the volume than ours is a trade among others."""
        assert self.call is not None
        found, answers = self.call.uncross(self._reference())
        name = self.call.terms.name
        ours = sum(answer.quantity for answer in answers if isinstance(answer, Filled))
        if found.volume > ours:
            row = Print(at, name, found.price, found.volume - ours, BUY if found.imbalance >= 0 else SELL, False)
            self._trades.append(row)
            self.truth.trade(row)
        self._answer(name, answers, at)
        self._plan_call(number + closing, not closing)

    def _reference(self) -> float:
        middle = self.middle_x2()
        return self.value.price if middle is None else middle / 2
