"""A pool at which an instrument is traded: its ladder and its fills in the instrument's units, by the exact formula.

A fill costs what the pool's quote says, to the smallest step of price x quantity: since that seldom is one price for
all lots, it is told as two fills, at a price and at the one above. What is smaller than a step is rounded against the
client and stays with the pool. A limit holds for every lot: a pool is traded up to the last lot within it, as a book
would be. A pool keeps no orders: what cannot be filled at once is gone.
"""

from __future__ import annotations

import msgspec

from isthmus.engine.pools import Pool, PoolRefused, lots_within
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import BUY, SELL

PRICE_DIGITS = 5
"""Significant digits of a price when the instrument is listed."""
STEP_DECIMALS_MAX = 8
"""Price and quantity decimals together: the ledger's assets have eight."""
QUANTITY_DECIMALS_MAX = 4
LADDER_BPS = (0, 5, 10, 25, 50, 100)
"""Levels of the ladder from its first price; few, since each is searched for by exact quotes."""
LOTS_MAX = 10**15

Fill = tuple[int, int]
"""Price and quantity."""


class Units(msgspec.Struct, frozen=True):
    """What the instrument's numbers mean in the pool: places of the tokens, decimals of price and quantity, minor units
    of the base in a lot, minor units of the quote in a price step of a lot. Where a price step of a lot is finer than
    the quote's minor unit, `step` is 1 and `fine` such steps make a unit. Ladders stand at multiples of `tick`.
    """

    base: int
    quote: int
    price_decimals: int
    quantity_decimals: int
    lot: int
    step: int
    fine: int = 1
    tick: int = 1


def units_of(pool: Pool, places: tuple[int, int], decimals: tuple[int, int]) -> Units:
    """The units in which (base, quote) of a pool are listed. Raises BadInput when the tokens have too few decimals."""
    digits = len(str(_price(pool, places, decimals[0]))) - decimals[1]
    price_decimals = max(0, min(PRICE_DIGITS - digits, decimals[1], STEP_DECIMALS_MAX))
    quantity_decimals = min(
        QUANTITY_DECIMALS_MAX, decimals[0], decimals[1] - price_decimals, STEP_DECIMALS_MAX - price_decimals
    )
    return units_in(places, decimals, (price_decimals, quantity_decimals))


def units_in(places: tuple[int, int], decimals: tuple[int, int], listed: tuple[int, int], tick: int = 1) -> Units:
    """The units of an instrument that has `listed` decimals of price and quantity. Raises BadInput when the base token
    has fewer decimals than a lot needs.
    """
    price_decimals, quantity_decimals = listed
    if quantity_decimals > decimals[0]:
        raise BadInput(
            "pool", f"lots of {quantity_decimals} decimals are finer than its token, which has {decimals[0]}"
        )
    power = decimals[1] - price_decimals - quantity_decimals
    return Units(
        base=places[0],
        quote=places[1],
        price_decimals=price_decimals,
        quantity_decimals=quantity_decimals,
        lot=10 ** (decimals[0] - quantity_decimals),
        step=10 ** max(0, power),
        fine=10 ** max(0, -power),
        tick=tick,
    )


def _price(pool: Pool, places: tuple[int, int], decimals: int) -> int:
    """Minor units of the quote for a whole base token, from the largest round amount that the pool takes."""
    for power in range(decimals, -1, -1):
        try:
            if got := pool.quote_in(*places, 10**power):
                return int(got * 10 ** (decimals - power))
        except PoolRefused:
            continue
    raise BadInput("pool", "gives no price for any amount")


class PoolCounter:
    """One instrument at one pool. Several counters may share a pool: `pool` is changed in place."""

    def __init__(self, pool: Pool, units: Units) -> None:
        self.pool = pool
        self.units = units

    def ladder(self) -> tuple[list[Fill], list[Fill]]:
        """Bids and asks, best first: lots between one price and the next, whose last one is within the price."""
        return self.side(SELL), self.side(BUY)

    def side(self, taker: int) -> list[Fill]:
        """What a taker of this side meets, best first."""
        first = self.total(taker, 1)
        if not first:
            return []
        away, tick, side = (1 if taker == BUY else -1), self.units.tick, taker
        exact = (first + away * -(-first * bps // 10_000) for bps in LADDER_BPS)
        rungs = dict.fromkeys(away * -(-away * price // tick) * tick for price in exact)
        prices = [price for price in rungs if price > 0]
        upto = self._within(side, prices, LOTS_MAX)
        before = [0, *upto]
        return [(price, lots - was) for price, lots, was in zip(prices, upto, before, strict=False) if lots > was]

    def fillable(self, side: int, limit: int, quantity: int) -> int:
        """Lots, at most `quantity`, each of which is within the limit."""
        lots = self._within(side, [limit], quantity)[0]
        while lots and not self._holds(side, limit, lots):
            lots -= 1
        return lots

    def fill(self, side: int, limit: int, quantity: int) -> list[Fill]:
        """Trade what is fillable; the pool moves. The better price first."""
        lots = self.fillable(side, limit, quantity)
        if not lots:
            return []
        total = self.total(side, lots)
        assert total is not None, "it was quoted just now"
        amount, base, quote = lots * self.units.lot, self.units.base, self.units.quote
        if side == BUY:
            self.pool.swap_out(quote, base, amount)
        else:
            self.pool.swap_in(base, quote, amount)
        price, dearer = divmod(total, lots)
        fills = [(price, lots - dearer), (price + 1, dearer)]
        return [(at, count) for at, count in (fills if side == BUY else reversed(fills)) if count]

    def _holds(self, side: int, limit: int, lots: int) -> bool:
        """The whole, rounded against the client, is within the limit as well."""
        total = self.total(side, lots)
        return total is not None and (total <= limit * lots if side == BUY else total >= limit * lots)

    def total(self, side: int, lots: int) -> int | None:
        """What lots cost or bring, in price steps of a lot; None when the pool has not that many."""
        units = self.units
        amount = lots * units.lot
        try:
            if side == BUY:
                return -(-self.pool.quote_out(units.quote, units.base, amount) * units.fine // units.step)
            return self.pool.quote_in(units.base, units.quote, amount) * units.fine // units.step
        except PoolRefused:
            return None

    def _within(self, side: int, prices: list[int], most: int) -> list[int]:
        units = self.units
        way = (units.quote, units.base) if side == BUY else (units.base, units.quote)
        away = -1 if side == BUY else 1  # a price between two minor units counts as the stricter one
        limits = [away * -(-away * price * units.step // units.fine) for price in prices]
        return lots_within(self.pool, side, way, units.lot, limits, most)
