"""The flash route in the ledger's terms: from the best amount of the exact pools to orders in whole lots, and what is
left of them after all costs.

`FlashRoute` (crates/pools) finds the amount that leaves most, in minor units of the tokens; orders are in lots of
instruments, and the ledger in minor units of assets. So the move is priced a second time, leg by leg, by the counters
that will fill it: each leg spends no more than the one before brought, what is smaller than a lot stays over and counts
for nothing, and the move is only made if it still pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import msgspec

from isthmus.engine.pools import FlashRoute, Pool, PoolRefused
from isthmus.kernel.messages import BUY, SELL
from isthmus.venues.amm.counter import Fill, PoolCounter

LEGS_MAX = 3
"""Pools that a move goes through; the formula takes eight, but three take in every triangle."""
LOTS_MAX = 10**15
LIMIT_TRIES = 64
PPM = 1_000_000


class Hop(msgspec.Struct, frozen=True):
    """One way through one instrument of a pool. `units`: minor units of the assets in a lot of the base, and in a price
    step of a lot; `lot`, `tick`: of the instrument. `names`: asset and decimals on the chain, by place of the token.
    """

    venue: int
    instrument: int
    side: int
    base: int
    quote: int
    units: tuple[int, int]
    lot: int
    tick: int
    counter: PoolCounter
    names: tuple[tuple[int, int], ...]

    @property
    def pays(self) -> int:
        """The asset that goes in."""
        return self.quote if self.side == BUY else self.base

    @property
    def gets(self) -> int:
        """The asset that comes out."""
        return self.base if self.side == BUY else self.quote

    @property
    def ends(self) -> tuple[int, int]:
        """Places of the tokens: in, out."""
        units = self.counter.units
        return (units.quote, units.base) if self.side == BUY else (units.base, units.quote)


class Costs(msgspec.Struct, frozen=True):
    """What a move costs beside the pools' fees, and how much may be borrowed; minor units of the asset borrowed."""

    asset: int
    decimals: int
    most: int
    fee_ppm: int
    gas: int
    least_profit: int = 1


class LegPlan(msgspec.Struct, frozen=True):
    """A leg as an order: `limit` is the worst lot's price, `pays` and `gets` minor units of the assets."""

    hop: Hop
    limit: int
    lots: int
    fills: tuple[Fill, ...]
    pays: int
    gets: int


class Move(msgspec.Struct, frozen=True):
    """A route with its legs. Amounts in minor units of the asset borrowed; it pays when `profit` is at least what the
    costs ask for.
    """

    legs: tuple[LegPlan, ...]
    borrowed: int
    brought: int
    fee: int
    gas: int

    @property
    def profit(self) -> int:
        """What is left after all costs."""
        return self.brought - self.borrowed - self.fee - self.gas


def routes(hops: Sequence[Hop], asset: int) -> list[tuple[Hop, ...]]:
    """Every way round from the asset to itself through two or three different pools whose tokens have one size of minor
    unit where they meet.
    """
    found = []
    for length in range(2, LEGS_MAX + 1):
        for way in permutations(hops, length):
            meets = all(before.gets == after.pays for before, after in zip(way, way[1:], strict=False))
            if meets and way[0].pays == way[-1].gets == asset and _apart(way) and _one_size(way):
                found.append(way)
    return found


def _apart(way: Sequence[Hop]) -> bool:
    return len({id(hop.counter.pool) for hop in way}) == len(way)


def _one_size(way: Sequence[Hop]) -> bool:
    sizes: dict[int, set[int]] = {}
    for hop in way:
        for place in hop.ends:
            asset, decimals = hop.names[place]
            sizes.setdefault(asset, set()).add(decimals)
    return all(len(found) == 1 for found in sizes.values())


def may_pay(way: Sequence[Hop]) -> bool:
    """Whether the first lots of each pool multiply to more than was put in: without that no amount pays, since every
    further lot is dearer.
    """
    put, got = 1, 1
    for hop in way:
        price = hop.counter.total(hop.side, 1)
        if not price:
            return False
        lot, step = hop.units
        pays, gets = (price * step, lot) if hop.side == BUY else (lot, price * step)
        put, got = put * pays, got * gets
    return got > put


def best_move(way: Sequence[Hop], costs: Costs) -> Move | None:
    """The move of this route that leaves most, whether it pays or not; None when no amount can be quoted."""
    amount = _best_amount(way, costs)
    return plan(way, amount, costs) if amount else None


def _best_amount(way: Sequence[Hop], costs: Costs) -> int:
    """In minor units of the asset borrowed."""
    place = way[0].ends[0]
    shift = way[0].names[place][1] - costs.decimals
    legs = [(number, hop.pays, hop.gets) for number, hop in enumerate(way)]
    route = FlashRoute(
        costs.asset,
        legs,
        flash_fee_ppm=costs.fee_ppm,
        gas=_shifted(costs.gas, shift),
        most=max(1, _shifted(costs.most, shift)),
        least_profit=1,
    )
    pools: list[tuple[Pool, list[int]]] = [(hop.counter.pool, [asset for asset, _ in hop.names]) for hop in way]
    try:
        found = route.best(pools)
    except PoolRefused:
        return 0
    if found is None:
        return 0
    amount: int = found["input"]
    return min(costs.most, _shifted(amount, -shift))


def _shifted(amount: int, shift: int) -> int:
    power: int = 10 ** abs(shift)
    return amount * power if shift >= 0 else amount // power


def plan(way: Sequence[Hop], amount: int, costs: Costs) -> Move | None:
    """The route with at most this much in whole lots, by the counters that will fill it; None when it comes to no lot
    somewhere. The pools are left as they are.
    """
    legs: list[LegPlan] = []
    budget = amount
    for hop in way:
        leg = _leg(hop, budget)
        if leg is None:
            return None
        legs.append(leg)
        budget = leg.gets
    borrowed = legs[0].pays
    return Move(tuple(legs), borrowed, legs[-1].gets, -(-borrowed * costs.fee_ppm // PPM), costs.gas)


def _leg(hop: Hop, budget: int) -> LegPlan | None:
    counter = PoolCounter(hop.counter.pool.copy(), hop.counter.units)
    base_units, step_units = hop.units
    lots = budget // base_units if hop.side == SELL else _affordable(counter, budget // step_units)
    lots -= lots % hop.lot
    limit = _limit(counter, hop, lots) if lots else None
    if limit is None:
        return None
    fills = tuple(counter.fill(hop.side, limit, lots))
    value = sum(price * count for price, count in fills) * step_units
    goods = lots * base_units
    pays, gets = (value, goods) if hop.side == BUY else (goods, value)
    return LegPlan(hop, limit, lots, fills, pays, gets)


def _affordable(counter: PoolCounter, steps: int) -> int:
    """The most lots that cost at most so many price steps of a lot."""
    low, high = 0, 1
    while high < LOTS_MAX and _costs_at_most(counter, high, steps):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _costs_at_most(counter, middle, steps) else (low, middle)
    return low


def _costs_at_most(counter: PoolCounter, lots: int, steps: int) -> bool:
    total = counter.total(BUY, lots)
    return total is not None and total <= steps


def _limit(counter: PoolCounter, hop: Hop, lots: int) -> int | None:
    """A price within which the pool gives exactly these lots: that of the last lot, or a few ticks beyond it for what
    is rounded.
    """
    whole, before = counter.total(hop.side, lots), counter.total(hop.side, lots - 1) if lots > 1 else 0
    if whole is None or before is None:
        return None
    away, tick = (1 if hop.side == BUY else -1), hop.tick
    price = away * -(-away * (whole - before) // tick) * tick
    for beyond in range(LIMIT_TRIES):
        limit = price + away * beyond * tick
        if limit > 0 and counter.fillable(hop.side, limit, lots) == lots:
            return limit
    return None


def hops_of(listed: Any, row: dict[str, Any], decimals: dict[int, int]) -> list[Hop]:
    """Both ways through an instrument of a pool (`venue.Listed`); none where a price step of a lot is no whole number
    of the ledger's minor units. `row` as the engine has the instrument, `decimals` by asset.
    """
    power = decimals[row["quote"]] - row["price_decimals"] - row["quantity_decimals"]
    if power < 0:
        return []
    units = (10 ** (decimals[row["base"]] - row["quantity_decimals"]), 10**power)
    return [
        Hop(
            venue=listed.place.venue,
            instrument=listed.place.instrument,
            side=side,
            base=row["base"],
            quote=row["quote"],
            units=units,
            lot=row["lot"],
            tick=row["tick"],
            counter=listed.counter,
            names=listed.assets,
        )
        for side in (BUY, SELL)
    ]
