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
    of the base in a lot, minor units of the quote in a price step of a lot.
    """

    base: int
    quote: int
    price_decimals: int
    quantity_decimals: int
    lot: int
    step: int


def units_of(pool: Pool, places: tuple[int, int], decimals: tuple[int, int]) -> Units:
    """The units in which (base, quote) of a pool are listed. Raises BadInput when the tokens have too few decimals."""
    base, quote = places
    digits = len(str(_price(pool, places, decimals[0]))) - decimals[1]
    price_decimals = max(0, min(PRICE_DIGITS - digits, decimals[1], STEP_DECIMALS_MAX))
    quantity_decimals = min(
        QUANTITY_DECIMALS_MAX, decimals[0], decimals[1] - price_decimals, STEP_DECIMALS_MAX - price_decimals
    )
    return Units(
        base=base,
        quote=quote,
        price_decimals=price_decimals,
        quantity_decimals=quantity_decimals,
        lot=10 ** (decimals[0] - quantity_decimals),
        step=10 ** (decimals[1] - price_decimals - quantity_decimals),
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
        return self._side(SELL), self._side(BUY)

    def _side(self, side: int) -> list[Fill]:
        """What a taker of this side meets."""
        first = self._total(side, 1)
        if not first:
            return []
        away = 1 if side == BUY else -1
        rungs = dict.fromkeys(first + away * -(-first * bps // 10_000) for bps in LADDER_BPS)
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
        total = self._total(side, lots)
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
        total = self._total(side, lots)
        return total is not None and (total <= limit * lots if side == BUY else total >= limit * lots)

    def _total(self, side: int, lots: int) -> int | None:
        """What lots cost or bring, in price steps of a lot; None when the pool has not that many."""
        amount, step = lots * self.units.lot, self.units.step
        try:
            if side == BUY:
                return -(-self.pool.quote_out(self.units.quote, self.units.base, amount) // step)
            return self.pool.quote_in(self.units.base, self.units.quote, amount) // step
        except PoolRefused:
            return None

    def _within(self, side: int, prices: list[int], most: int) -> list[int]:
        base, quote = self.units.base, self.units.quote
        way = (quote, base) if side == BUY else (base, quote)
        return lots_within(self.pool, side, way, self.units.lot, [price * self.units.step for price in prices], most)
