"""A small trading floor for paths: a market that moves by its seed.

`Floor` answers everything that a path may ask (`isthmus.execution.policy.Market`); it moves in steps and never asks
what the path did, so that two runs with one seed see the same market but for what they took themselves. The desk that
works a parent on it is in `desk`.
"""

from __future__ import annotations

import bisect
import math
import random
from collections.abc import Sequence

from isthmus.execution.policy import AUCTION, DARK, PPM, Auction, Leg, Level, Parent, Pool, Venue
from isthmus.kernel.messages import BUY, SELL

MS = 1_000_000
SECOND = 1_000 * MS
START = 1_800_000_000 * SECOND
"""When every floor opens."""
STEP = 100 * MS

VENUES = (
    Venue(number=0, name="house", maker_fee_ppm=0, taker_fee_ppm=50),
    Venue(number=1, name="north", maker_fee_ppm=-10, taker_fee_ppm=100, lot=5, minimum=5),
    Venue(number=2, name="south", maker_fee_ppm=20, taker_fee_ppm=20),
)
POOLS = (Venue(number=3, name="pool", kind=DARK), Venue(number=4, name="cellar", kind=DARK, taker_fee_ppm=10))
CALL = Venue(number=5, name="call", kind=AUCTION)

Side = dict[int, int]
"""Lots by price."""


class Floor:
    """The market of one instrument. `depth`: lots of a level on average; 0: nobody shows anything. `flow`: lots traded
    a second by others. `moves`: the middle moves by a step either way with this chance in each step of time.
    """

    def __init__(
        self, seed: int = 0, *, venues: Sequence[Venue] = VENUES, depth: int = 60, flow: int = 200, moves: float = 0.3
    ) -> None:
        self.random = random.Random(seed)
        self.seed, self.depth, self.flow, self.moves = seed, depth, flow, moves
        self.now, self.middle, self.steps = START, 10_000, 0
        self.venue_list = list(venues)
        self.books: dict[tuple[int, int], Side] = {}
        self.times: list[int] = []
        self.cumulative: list[int] = []
        self.call: Auction | None = None
        self.legs: list[Leg] = []
        self.correlations: dict[tuple[int, int], float] = {}
        self.estimates = (0.0, 0.01, 0.1)
        self.curve: dict[int, int] = {}
        self.pool_history: list[Pool] = []
        self.invitations: dict[int, int] = {}
        for venue in self.venue_list:
            self._renew(venue)

    # how it moves

    def step(self) -> None:
        """The next step of time: the middle may move, some books are renewed, others trade."""
        self.steps += 1
        self.now += STEP
        up, moved = self.random.random() < 0.5, self.random.random() < self.moves
        self.middle += (1 if up else -1) if moved else 0
        for venue in self.venue_list:
            if moved or self.random.random() < 0.3:
                self._renew(venue)
        self.trade(self.random.randrange(2 * self.flow * STEP // SECOND + 1))

    def _renew(self, venue: Venue) -> None:
        if venue.kind in (DARK, AUCTION):
            return
        for side, sign in ((BUY, -1), (SELL, 1)):
            levels = {}
            for place in range(1, 6):
                lots = self.random.randrange(2 * self.depth + 1) if self.depth else 0
                lots -= lots % venue.lot
                if lots:
                    levels[self.middle + sign * place] = lots
            self.books[venue.number, side] = levels

    def trade(self, lots: int) -> None:
        """Lots trade now, by whomever."""
        self.times.append(self.now)
        self.cumulative.append((self.cumulative[-1] if self.cumulative else 0) + lots)

    # what a path may ask

    def venues(self) -> Sequence[Venue]:
        return self.venue_list

    def venue(self, number: int) -> Venue:
        return next(venue for venue in self.venue_list if venue.number == number)

    def levels(self, side: int, most: int = 50) -> Sequence[Level]:
        found = []
        sign = 1 if side == SELL else -1
        for venue in self.venue_list:
            for price, lots in self.books.get((venue.number, side), {}).items():
                found.append(Level(price * (PPM + sign * venue.taker_fee_ppm), price, lots, venue.number))
        return sorted(found, key=lambda level: (sign * level.all_in, level.venue))[:most]

    def best(self, venue: int, side: int) -> tuple[int, int] | None:
        book = self.books.get((venue, side))
        if not book:
            return None
        price = max(book) if side == BUY else min(book)
        return price, book[price]

    def touch(self, side: int) -> int | None:
        """The best price of a side over all venues."""
        prices = [price for (_, of), book in self.books.items() if of == side for price in book]
        if not prices:
            return None
        return max(prices) if side == BUY else min(prices)

    def middle_x2(self) -> int | None:
        bid, ask = self.touch(BUY), self.touch(SELL)
        return None if bid is None or ask is None else bid + ask

    def traded(self, since: int) -> int:
        if not self.cumulative:
            return 0
        place = bisect.bisect_right(self.times, since)
        return self.cumulative[-1] - (self.cumulative[place - 1] if place else 0)

    def queue(self, venue: int, side: int, price: int) -> int:
        return self.books.get((venue, side), {}).get(price, 0)

    def rate(self, venue: int, side: int) -> int:
        return self.flow * PPM // (2 * max(1, len(self.venue_list)))

    def volume(self, start: int, end: int) -> int:
        """By `curve` (lots by the second since the start), else nothing is known."""
        return sum(
            lots * max(0, min(end, START + (second + 1) * SECOND) - max(start, START + second * SECOND)) // SECOND
            for second, lots in self.curve.items()
        )

    def volatility(self) -> float:
        return math.sqrt(self.moves * SECOND / STEP)

    def impact(self) -> tuple[float, float, float]:
        return self.estimates

    def auction(self) -> Auction | None:
        return self.call if self.call is not None and self.call.at > self.now else None

    def pools(self) -> Sequence[Pool]:
        return self.pool_history

    def invited(self, order: int) -> int:
        return self.invitations.get(order, 0)

    def basket(self) -> Sequence[Leg]:
        return self.legs

    def correlation(self, one: int, other: int) -> float:
        return 1.0 if one == other else self.correlations.get((min(one, other), max(one, other)), 0.0)


def parent_of(quantity: int = 1_000, *, side: int = BUY, seconds: int = 30, **given: int) -> Parent:
    """A parent that arrived when the floor opened, with time for so many seconds, at any price near the middle."""
    fields = {
        "number": 7,
        "account": 1,
        "instrument": 1,
        "limit": 10_100 if side == BUY else 9_900,
        "arrived_at": START,
        "until": START + seconds * SECOND if seconds else 0,
        "seed": 42,
        "arrival_x2": 20_000,
    }
    return Parent(side=side, quantity=quantity, **{**fields, **given})
