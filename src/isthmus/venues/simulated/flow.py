"""The order flow of one market: what its participants do next, and when.

Patient traders place limit orders at Poisson times, at measured places in and behind the spread, and cancel them after
measured lives; impatient ones send market orders at self-exciting times. This is the zero-intelligence flow of
E. Smith, J. D. Farmer, L. Gillemot, S. Krishnamurthy (Quantitative Finance 3, 2003) and R. Cont, S. Stoikov, R. Talreja
(Operations Research 58, 2010), with a maker whose fair value walks at random: prices get the measured volatility.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from math import ceil, floor
from random import Random

import msgspec

from isthmus.kernel.messages import BUY, SELL, CancelAll, CancelOrder
from isthmus.venues.simulated.arrivals import Hawkes, Table, wait_ns
from isthmus.venues.simulated.fair import Fair
from isthmus.venues.simulated.maker import Maker
from isthmus.venues.simulated.orders import Conversation, Participant, Questions
from isthmus.venues.simulated.parameters import Parameters

WATCH_NS = 400_000_000
"""How often the maker looks whether his quotes still stand."""
REFILL_NS = 20_000_000
"""How soon he answers an impatient trader."""
MILLISECOND = 1_000_000
HALT_NS = 1_000_000_000
"""After a refusal everybody waits this long before trying again."""
PATIENT_MAX = 300
"""Patient orders alive at once."""
LEAN = 0.3
"""How much an impatient trader's inventory tips the coin that picks the side,"""
LEAN_SIZES = 1_000
"""at this many mean sizes."""

Happening = Callable[[int, Questions], Conversation]


class Accounts(msgspec.Struct, frozen=True):
    """Who takes part."""

    maker: Participant
    patient: Participant
    impatient: Participant


class Flow:
    """Sans-I/O: `next_at` (ns) says when, `step` gives the commands due. Same seed and same answers, same commands."""

    def __init__(self, parameters: Parameters, fair: Fair, accounts: Accounts, random: Random, at: int) -> None:
        self.fair = fair
        self.price_decimals = parameters.listing.price_decimals
        self.follower: Flow | None = None
        """The market whose fair value is tied to this one's; it has no news of its own."""
        self._accounts = accounts
        self._random = random
        self._parameters = parameters
        self._maker = Maker(accounts.maker, parameters, random)
        self._arrivals = Hawkes(parameters.aggressors_per_s, parameters.branching)
        self._size, self._add_size = Table(parameters.size), Table(parameters.add_size)
        self._life, self._life_improving = Table(parameters.life_ms), Table(parameters.life_improving_ms)
        self._improving = Table(parameters.improving_permille)
        self._behind = Table([ticks + 1 for ticks in parameters.behind])
        self._inventory_scale = LEAN_SIZES * self._size.mean()
        self._resting: dict[int, tuple[int, int]] = {}
        self._due: list[tuple[int, int, Happening]] = []
        self._planned = 0
        self._quiet_until = 0
        self._plan(at, self._start)

    @property
    def next_at(self) -> int:
        """When `step` is due, in ns."""
        return self._due[0][0]

    def step(self, engine: Questions) -> Conversation:
        """The one thing that happens at `next_at`."""
        at, _, happening = heappop(self._due)
        return self._heed(at, happening(at, engine))

    def skip(self, by_ns: int) -> None:
        """Let everything happen later by this long: the time in between was slept through."""
        self._due = [(at + by_ns, number, happening) for at, number, happening in self._due]

    def leave(self) -> Conversation:
        """Take every order of the participants out of the book."""
        for participant in (self._accounts.maker, self._accounts.patient, self._accounts.impatient):
            yield CancelAll(account=participant.account, instrument=participant.instrument, side=0)

    def _start(self, at: int, engine: Questions) -> Conversation:
        """Clear away what an earlier run left, quote, and fill the book as if the flow had gone on for a while."""
        yield from self.leave()
        yield from self._shift(at, engine)
        parameters = self._parameters
        for _ in range(min(PATIENT_MAX, round(parameters.adds_per_s * self._life.mean() / 1_000))):
            yield from self._add(at, engine)
        if parameters.moves_per_s:
            self._plan(at + wait_ns(self._random, parameters.moves_per_s), self._news)
        self._plan(at + self._arrivals.wait_ns(self._random), self._take)
        self._plan(at + wait_ns(self._random, parameters.adds_per_s), self._join)
        self._plan(at + WATCH_NS, self._watch)

    def _news(self, at: int, engine: Questions) -> Conversation:
        """The fair value moves, and at once the value tied to it."""
        self._plan(at + wait_ns(self._random, self._parameters.moves_per_s), self._news)
        yield from self._shift(at, engine)
        if self.follower is not None:
            self.follower._plan(at, self.follower._shift)

    def _shift(self, at: int, engine: Questions) -> Conversation:
        """Patient orders that have come too near to the fair value are withdrawn; then the maker quotes."""
        self.fair.move(at, self._random)
        self._maker.aim(engine, self.fair.price)
        for order, (side, price) in list(self._resting.items()):
            if self._behind_fair(side, price) < 0:
                yield from self._withdraw(engine, order)
        yield from self._maker.quote(engine)

    def _watch(self, at: int, engine: Questions) -> Conversation:
        """The maker looks whether all his quotes stand."""
        self._plan(at + WATCH_NS, self._watch)
        yield from self._maker.quote(engine)

    def _refill(self, at: int, engine: Questions) -> Conversation:
        """The maker saw a trade and replaces what it took from him."""
        yield from self._maker.quote(engine)

    def _take(self, at: int, engine: Questions) -> Conversation:
        """An impatient trader sends a market order; his inventory tips the coin."""
        self._plan(at + self._arrivals.wait_ns(self._random), self._take)
        trader = self._accounts.impatient
        tip = LEAN * max(-1.0, min(1.0, trader.inventory(engine) / self._inventory_scale))
        side = BUY if self._random.random() < 0.5 - tip else SELL
        quantity = self._lots(self._size.draw(self._random))
        if engine.best(trader.instrument)[1 if side == SELL else 3]:
            yield from trader.market(side, quantity)
            self._plan(at + REFILL_NS, self._refill)

    def _join(self, at: int, engine: Questions) -> Conversation:
        """A patient trader comes."""
        self._plan(at + wait_ns(self._random, self._parameters.adds_per_s), self._join)
        if len(self._resting) < PATIENT_MAX:
            yield from self._add(at, engine)

    def _add(self, at: int, engine: Questions) -> Conversation:
        """Place a limit order inside the spread or behind the best price, and plan its end."""
        side = BUY if self._random.random() < 0.5 else SELL
        quantity = self._lots(self._add_size.draw(self._random))
        bid, _, ask, _ = engine.best(self._accounts.patient.instrument)
        bid, ask = bid or self._maker.bid, ask or self._maker.ask
        improving = self._random.random() * self._parameters.spread_mean < self._parameters.improving_per_add * (
            ask - bid
        )
        away = self._improving.draw(self._random) * (ask - bid) / 1_000 if improving else ask - bid - 1
        distance = max(1, round(away)) + (0 if improving else int(self._behind.draw(self._random)))
        price = ask - distance if side == BUY else bid + distance
        price += min(0, self._behind_fair(side, price)) * (1 if side == BUY else -1)
        if price <= 0:
            return
        life_ms = (self._life_improving if distance < ask - bid else self._life).draw(self._random)
        order = yield from self._accounts.patient.limit(side, price, quantity, post_only=True)
        if order is not None:
            self._resting[order] = (side, price)
            self._plan(at + int(life_ms * MILLISECOND), partial(self._expire, order))

    def _behind_fair(self, side: int, price: int) -> int:
        """How far a patient order is from the furthest place where its owner would leave it; below 0 it must go."""
        edge = self._parameters.edge
        if side == BUY:
            return min(self._maker.ask - 1, floor(self.fair.price - edge)) - price
        return price - max(self._maker.bid + 1, ceil(self.fair.price + edge))

    def _expire(self, order: int, _at: int, engine: Questions) -> Conversation:
        """A patient order's life is over."""
        yield from self._withdraw(engine, order)

    def _withdraw(self, engine: Questions, order: int) -> Conversation:
        """Cancel a patient order, if it still rests."""
        gone = self._resting.pop(order, None) is None or engine.order(order) is None
        if not gone:
            yield from self._accounts.patient.cancel(order)

    def _heed(self, at: int, conversation: Conversation) -> Conversation:
        """Pass commands on, but place nothing for a while after a halt or a busy server has refused one."""
        answer = None
        while True:
            try:
                command = conversation.send(answer)
            except StopIteration:
                return
            answer = None
            if at >= self._quiet_until or isinstance(command, (CancelOrder, CancelAll)):
                answer = yield command
                if answer is None or answer.reason == "instrument_halted":
                    self._quiet_until = at + HALT_NS

    def _plan(self, at: int, happening: Happening) -> None:
        """What happens at the same time happens in the order in which it was planned."""
        self._planned += 1
        heappush(self._due, (at, self._planned, happening))

    def _lots(self, quantity: float) -> int:
        lot = self._parameters.listing.lot
        return max(1, round(quantity / lot)) * lot
