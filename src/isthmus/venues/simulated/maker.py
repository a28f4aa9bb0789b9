"""The market maker: keeps two best quotes around the fair value, a few close behind them, and a deep ladder.

His reservation price leans against his inventory (M. Avellaneda, S. Stoikov, High-frequency trading in a limit order
book, Quantitative Finance 8, 2008): who buys from him lifts his quotes.
"""

from __future__ import annotations

from math import floor, tanh
from random import Random

import msgspec

from isthmus.kernel.messages import BUY, SELL
from isthmus.venues.simulated.arrivals import Table
from isthmus.venues.simulated.orders import Conversation, Participant, Questions
from isthmus.venues.simulated.parameters import LADDER, Parameters

LEAN_MINUTES = 0.1
"""The furthest that inventory moves the reservation price, in one-minute volatilities."""
LEAN_SIZES = 1_000
"""Inventory that moves it by three quarters of that, in mean sizes."""
LADDER_DRIFT = 0.4
"""The ladder follows when the fair value has left its middle by this, in one-minute volatilities."""
NEAR_GAP = 0.004
"""Distance between his near orders, in one-minute volatilities."""


class Level(msgspec.Struct):
    """One of the maker's orders: where it should stand and, if it does, its number."""

    side: int
    away: int
    """Ticks behind his best quote; for the ladder, from its middle."""
    deep: bool
    wanted: int
    """Quantity to show."""
    order: int = 0
    price: int = 0


class Maker:
    """Keeps its levels where the fair value wants them. Prices are in ticks, which are the instrument's price units."""

    def __init__(self, participant: Participant, parameters: Parameters, random: Random) -> None:
        self._participant = participant
        self._random = random
        self._lot = parameters.listing.lot
        self._minute = parameters.minute_ticks
        self._spread = Table(parameters.spread)
        self._touch = Table(parameters.touch_size)
        self._inventory_scale = LEAN_SIZES * Table(parameters.size).mean()
        self._levels = self._build(parameters)
        self._middle = 0.0
        self._rising = True
        self.bid = 0
        self.ask = 0

    def aim(self, engine: Questions, fair: float) -> None:
        """Decide the best quotes for a new fair value: the spread is drawn anew, the ladder follows when it must."""
        lean = LEAN_MINUTES * self._minute * tanh(self._participant.inventory(engine) / self._inventory_scale)
        reservation = fair - lean
        spread = max(1, round(self._spread.draw(self._random)))
        before = self.ask
        self.bid = max(1, floor(reservation - spread / 2 + 0.5))
        self.ask = self.bid + spread
        self._rising = self.ask > before
        if abs(reservation - self._middle) > LADDER_DRIFT * self._minute:
            self._middle = reservation
        for level in self._levels:
            if not level.deep and level.away == 0:
                level.wanted = self._lots(self._touch.draw(self._random))

    def quote(self, engine: Questions) -> Conversation:
        """Put every level where it should stand; the side that gives way moves first: he never meets himself."""
        first = SELL if self._rising else BUY
        for level in sorted(self._levels, key=lambda level: level.side != first):
            yield from self._put(engine, level)

    def _put(self, engine: Questions, level: Level) -> Conversation:
        price = self._target(level)
        resting = engine.order(level.order) if level.order else None
        if resting is None:
            level.order = (yield from self._participant.limit(level.side, price, level.wanted)) or 0
            level.price = price if level.order else 0
            return
        rest = resting["quantity"] - resting["filled"]
        if price == level.price and 2 * rest >= level.wanted:
            return
        moved = yield from self._participant.replace(level.order, price, resting["filled"] + level.wanted)
        if moved is not None:
            level.price = price

    def _target(self, level: Level) -> int:
        """The level's price."""
        if level.side == BUY:
            return max(1, (round(self._middle) if level.deep else self.bid) - level.away)
        return (round(self._middle) if level.deep else self.ask) + level.away

    def _build(self, parameters: Parameters) -> list[Level]:
        """Ladder far to near, then the near orders, then the best: the order in which they are placed."""
        median = parameters.touch_size[3]
        gap = max(1, round(NEAR_GAP * self._minute))
        behind = parameters.spread[3]
        deep = [(max(1, round(behind + minutes * self._minute)), medians) for minutes, medians in reversed(LADDER)]
        levels = []
        for side in (BUY, SELL):
            levels += [Level(side, away, True, self._lots(median * medians)) for away, medians in deep]
            for step in range(parameters.near_levels, -1, -1):
                levels += [Level(side, step * gap, False, self._lots(median))]
        return levels

    def _lots(self, quantity: float) -> int:
        return max(1, round(quantity / self._lot)) * self._lot
