"""What the arbitrage desk could take now: the same thing bought at one venue and sold at another, net of all fees.

Three kinds. *same*: one instrument at two venues, the two legs deliver the same thing. *basis*: a perpetual against the
coin or against another perpetual; nothing is locked in until the two prices meet again, so both legs are charged the
fees of opening and of closing, and the profit is what is earned if the gap closes to nothing. *triangle*: A for B, B
for C against A for C.

One scale for all venues: prices in 10^-9 of the quote asset for one unit of the base asset, quantities in 10^-9 of the
base asset, money in 10^-9 of the quote asset.

An inverse contract is worth a fixed sum of the quote asset and settles in the coin: n contracts of 100 USD sold at the
price I pay n 100 (1/X - 1/I) coins when they are bought back at X, worth q (I - X) USD there with q = n 100 / I. Their
seller hedges q coins exactly as a seller of q coins would, for every X: so n contracts count as n 100 / I coins.

This is the plain form, written to be read: integers only, every rounding against us.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, permutations
from typing import NamedTuple

import msgspec

from isthmus.kernel.messages import BUY, SELL

PPM = 1_000_000
NANO = 1_000_000_000

SAME, BASIS, TRIANGLE = "same", "basis", "triangle"

Level = tuple[int, int]
"""Price and quantity; in a venue's units where it comes from a venue, else in 10^-9."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument at one venue. `price_nano`: 10^-9 of the quote asset in a price step. `quantity_nano`: 10^-9 of
    the base asset in a quantity unit, of the quote asset where `inverse` (contracts of 100 USD: 100 x 10^9).

    `fee_ppm` is the taker's, `latency_ns` from what the venue shows to our order there. `perpetual`: a claim on the
    price, not the thing itself. `lot` counts quantity units.
    """

    number: int
    name: str
    base: str
    quote: str
    price_nano: int
    quantity_nano: int
    fee_ppm: int = 0
    lot: int = 1
    latency_ns: int = 0
    inverse: bool = False
    perpetual: bool = False


class Shown(NamedTuple):
    """What a venue shows: levels best first in its own units, and when it said so (ns)."""

    at: int
    bids: Sequence[Level]
    asks: Sequence[Level]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What is worth taking. `minimum_profit` in 10^-9 of the quote asset for the whole intent, `minimum_ppm` for every
    level of it, `most` in 10^-9 of the base asset (0: no bound). A quote older than `stale_ns` is not looked at.
    """

    minimum_profit: int = NANO
    minimum_ppm: int = 0
    most: int = 0
    stale_ns: int = 60 * NANO


class Leg(msgspec.Struct, frozen=True):
    """An order of an intent: immediate or cancel, its limit the worst price that the scan counted on. Venue's units."""

    market: int
    side: int
    price: int
    quantity: int


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """Legs to be sent together. `quantity` in 10^-9 of the base asset, `profit` in 10^-9 of the quote asset, net.

    `rates`: what one unit of each asset in it is worth, in 10^-9 of that quote asset, at the prices of the intent.
    """

    kind: str
    legs: tuple[Leg, ...]
    quantity: int
    profit: int
    edge_ppm: int
    at: int
    rates: tuple[tuple[str, int], ...]
    why: str


class Rung(NamedTuple):
    """A level in the common scale. `parts`: the venue prices that it is made of."""

    price: int
    quantity: int
    parts: tuple[int, ...]


class Side(NamedTuple):
    """One side of a comparison, best first. `fee_ppm` all fees of it. `fees`: how often they are paid."""

    rungs: Sequence[Rung]
    fee_ppm: int
    fees: int = 1


class Found(NamedTuple):
    """What a walk found: base quantity, money x 10^15 net, and the rungs it went to on either side (last ones)."""

    quantity: int
    net: int
    bought: int
    sold: int
    turnover: int


class Pair(NamedTuple):
    """Two markets of the same assets."""

    one: Terms
    other: Terms

    @property
    def kind(self) -> str:
        """A pair is a basis as soon as one of it is a perpetual."""
        return BASIS if self.one.perpetual or self.other.perpetual else SAME


class Triangle(NamedTuple):
    """`first` trades A for B, `second` B for C, `cross` A for C."""

    first: Terms
    second: Terms
    cross: Terms


def pairs_of(markets: Iterable[Terms]) -> list[Pair]:
    """Every two markets that trade the same base for the same quote asset."""
    found = combinations(sorted(markets, key=lambda terms: terms.number), 2)
    return [Pair(one, other) for one, other in found if (one.base, one.quote) == (other.base, other.quote)]


def triangles_of(markets: Iterable[Terms]) -> list[Triangle]:
    """Every three spot markets that close a circle."""
    spot = sorted((terms for terms in markets if not terms.perpetual), key=lambda terms: terms.number)
    return [
        Triangle(first, second, cross)
        for first, second, cross in permutations(spot, 3)
        if first.quote == second.base and (first.base, second.quote) == (cross.base, cross.quote)
    ]


def value_of(terms: Terms, price: int, quantity: int) -> int:
    """What a quantity at a price (venue's units) is worth, in 10^-9 of the quote asset, rounded down."""
    if terms.inverse:
        return quantity * terms.quantity_nano
    return quantity * terms.quantity_nano * price * terms.price_nano // NANO


def base_of(terms: Terms, price: int, quantity: int) -> int:
    """A quantity at a price (venue's units) in 10^-9 of the base asset, rounded down."""
    if terms.inverse:
        return quantity * terms.quantity_nano * NANO // (price * terms.price_nano)
    return quantity * terms.quantity_nano


def quantity_of(terms: Terms, price: int, base: int) -> int:
    """The most whole lots (venue's quantity units) that are no more than `base` at this price."""
    worth = base * price * terms.price_nano // NANO if terms.inverse else base
    units = worth // terms.quantity_nano
    return units - units % terms.lot


def rungs_of(terms: Terms, levels: Iterable[Level]) -> Iterator[Rung]:
    """A venue's levels in the common scale."""
    for price, quantity in levels:
        if price > 0 and (base := base_of(terms, price, quantity)) > 0:
            yield Rung(price * terms.price_nano, base, (price,))


def walk(asks: Side, bids: Side, rule: Rule, most: int = 0) -> Found:
    """Buy up the asks and sell down the bids as long as each next piece is worth it, `most` at most (0: no bound)."""
    buying, selling, bought, sold = 0, 0, -1, -1
    total = net = turnover = 0
    left_ask = asks.rungs[0].quantity if asks.rungs else 0
    left_bid = bids.rungs[0].quantity if bids.rungs else 0
    while buying < len(asks.rungs) and selling < len(bids.rungs) and (not most or total < most):
        ask, bid = asks.rungs[buying].price, bids.rungs[selling].price
        edge = edge_of(ask, bid, asks, bids)
        if edge <= 0 or edge < rule.minimum_ppm * ask:
            break
        taken = min(left_ask, left_bid, most - total if most else left_ask)
        total, net, turnover = total + taken, net + taken * edge, turnover + taken * ask
        bought, sold = buying, selling
        left_ask, left_bid = left_ask - taken, left_bid - taken
        if left_ask == 0:
            buying += 1
            left_ask = asks.rungs[buying].quantity if buying < len(asks.rungs) else 0
        if left_bid == 0:
            selling += 1
            left_bid = bids.rungs[selling].quantity if selling < len(bids.rungs) else 0
    return Found(total, net, bought, sold, turnover)


def edge_of(ask: int, bid: int, asks: Side, bids: Side) -> int:
    """What one unit of the base asset brings when bought at `ask` and sold at `bid`, fees paid: 10^-15 of the quote."""
    return (bid - ask) * PPM - asks.fees * asks.fee_ppm * ask - bids.fees * bids.fee_ppm * bid


def between(pair: Pair, books: Mapping[int, Shown], rule: Rule, now: int) -> Intent | None:
    """The better of the two directions of a pair, None when neither is worth it."""
    if not _fresh((pair.one, pair.other), books, rule, now):
        return None
    found = [_directed(pair.kind, way, books, rule, now) for way in (pair, Pair(pair.other, pair.one))]
    return max((intent for intent in found if intent), key=lambda intent: intent.profit, default=None)


def sides_of(kind: str, way: Pair, books: Mapping[int, Shown]) -> tuple[Side, Side]:
    """What `way.one` asks and `way.other` bids, in the common scale."""
    fees = 2 if kind == BASIS else 1
    asks = tuple(rungs_of(way.one, books[way.one.number].asks))
    bids = tuple(rungs_of(way.other, books[way.other.number].bids))
    return Side(asks, way.one.fee_ppm, fees), Side(bids, way.other.fee_ppm, fees)


def _directed(kind: str, way: Pair, books: Mapping[int, Shown], rule: Rule, now: int) -> Intent | None:
    """Buy at `way.one`, sell at `way.other`."""
    asks, bids = sides_of(kind, way, books)
    found = walk(asks, bids, rule, rule.most)
    if found.quantity == 0:
        return None
    best_ask, worst_bid = asks.rungs[0].parts[0], bids.rungs[found.sold].parts[0]
    sizes = fitted(((way.one, best_ask), (way.other, worst_bid)), found.quantity)
    if sizes is None:
        return None
    (buy, bought), (sell, sold) = sizes
    base = min(bought, sold)
    found = walk(asks, bids, rule, base)
    profit = found.net // (NANO * PPM)
    if profit < max(1, rule.minimum_profit):
        return None
    legs = (
        Leg(way.one.number, BUY, asks.rungs[found.bought].parts[0], buy),
        Leg(way.other.number, SELL, bids.rungs[found.sold].parts[0], sell),
    )
    rates = ((way.one.base, found.turnover // found.quantity), (way.one.quote, NANO))
    edge = found.net // found.turnover
    return Intent(
        kind=kind, legs=legs, quantity=base, profit=profit, edge_ppm=edge, at=now, rates=rates,
        why=_why(kind, (way.one.name, way.other.name), edge),
    )  # fmt: skip


def fitted(markets: Sequence[tuple[Terms, int]], base: int) -> list[tuple[int, int]] | None:
    """Whole lots of each market (at its price) that are the same base quantity as nearly as the lots allow, none more
    than `base`: (quantity in the venue's units, base), None when it is less than a lot somewhere.

    The coarsest lot decides, the others follow: they differ from it by less than one lot of their own.
    """
    sizes: dict[int, tuple[int, int]] = {}
    for terms, price in sorted(markets, key=lambda of: -base_of(of[0], of[1], of[0].lot)):
        quantity = quantity_of(terms, price, base)
        base = base_of(terms, price, quantity)
        if not quantity:
            return None
        sizes[terms.number] = quantity, base
    return [sizes[terms.number] for terms, _ in markets]


def around(triangle: Triangle, books: Mapping[int, Shown], rule: Rule, now: int) -> Intent | None:
    """The better of the two ways around a triangle, None when neither is worth it."""
    if not _fresh(triangle, books, rule, now):
        return None
    found = [_around(triangle, books, rule, now, side) for side in (BUY, SELL)]
    return max((intent for intent in found if intent), key=lambda intent: intent.profit, default=None)


def synthetic(triangle: Triangle, books: Mapping[int, Shown], side: int) -> Side:
    """A for C by way of B, as a ladder: `side` BUY: its asks. Prices are rounded against us."""
    shown = books[triangle.first.number], books[triangle.second.number]
    first, second = (book.asks if side == BUY else book.bids for book in shown)
    ones, others = list(rungs_of(triangle.first, first)), list(rungs_of(triangle.second, second))
    rungs = []
    while ones and others:
        one, other = ones[0], others[0]
        price = -(-one.price * other.price // NANO) if side == BUY else one.price * other.price // NANO
        through = other.quantity * NANO // one.price
        taken = min(one.quantity, through)
        if taken:
            rungs.append(Rung(price, taken, (one.parts[0], other.parts[0])))
        _advance(ones, one, taken)
        _advance(others, other, other.quantity if taken == through else -(-taken * one.price // NANO))
    fees = triangle.first.fee_ppm, triangle.second.fee_ppm
    return Side(rungs, sum(fees) + max(0, -(-fees[0] * fees[1] // PPM)))


def _advance(rungs: list[Rung], top: Rung, taken: int) -> None:
    """Take from the top of a ladder; what is used up goes."""
    left = top.quantity - taken
    if left > 0:
        rungs[0] = top._replace(quantity=left)
    else:
        rungs.pop(0)


def _around(triangle: Triangle, books: Mapping[int, Shown], rule: Rule, now: int, side: int) -> Intent | None:
    """`side` BUY: A is bought by way of B and sold for C; SELL: the other way around."""
    made, cross = synthetic(triangle, books, side), books[triangle.cross.number]
    straight = Side(tuple(rungs_of(triangle.cross, cross.bids if side == BUY else cross.asks)), triangle.cross.fee_ppm)
    asks, bids = (made, straight) if side == BUY else (straight, made)
    found = walk(asks, bids, rule, rule.most)
    if found.quantity == 0:
        return None
    through = made.rungs[found.bought if side == BUY else found.sold].parts
    price = straight.rungs[found.sold if side == BUY else found.bought].parts[0]
    sizes = fitted(((triangle.first, through[0]), (triangle.cross, price)), found.quantity)
    if sizes is None:
        return None
    (first, bought), (crossed, sold) = sizes
    base = min(bought, sold)
    second = quantity_of(triangle.second, through[1], value_of(triangle.first, made.rungs[0].parts[0], first))
    found = walk(asks, bids, rule, base)
    profit = found.net // (NANO * PPM)
    if not second or profit < max(1, rule.minimum_profit):
        return None
    other = SELL if side == BUY else BUY
    legs = (
        Leg(triangle.first.number, side, through[0], first),
        Leg(triangle.second.number, side, through[1], second),
        Leg(triangle.cross.number, other, price, crossed),
    )
    edge = found.net // found.turnover
    rates = _rates(triangle, through[1], found)
    return Intent(
        kind=TRIANGLE, legs=legs, quantity=base, profit=profit, edge_ppm=edge, at=now, rates=rates,
        why=_why(TRIANGLE, [terms.name for terms in triangle], edge),
    )  # fmt: skip


def _rates(triangle: Triangle, second: int, found: Found) -> tuple[tuple[str, int], ...]:
    """A, B and C in 10^-9 of C."""
    return (
        (triangle.cross.base, found.turnover // found.quantity),
        (triangle.second.base, second * triangle.second.price_nano),
        (triangle.cross.quote, NANO),
    )


def scan(
    changed: int, books: Mapping[int, Shown], ways: Sequence[Pair | Triangle], rule: Rule, now: int
) -> list[Intent]:
    """Every intent in which the market that just changed takes part, most profitable first."""
    found = []
    for way in ways:
        if any(terms.number == changed for terms in way):
            intent = between(way, books, rule, now) if isinstance(way, Pair) else around(way, books, rule, now)
            if intent is not None:
                found.append(intent)
    return sorted(found, key=lambda intent: -intent.profit)


def _fresh(markets: Iterable[Terms], books: Mapping[int, Shown], rule: Rule, now: int) -> bool:
    """Whether each of the markets said something of late."""
    return all(terms.number in books and now - books[terms.number].at <= rule.stale_ns for terms in markets)


def _why(kind: str, names: Sequence[str], edge_ppm: int) -> str:
    if kind == TRIANGLE:
        return f"{names[0]} and {names[1]} against {names[2]}: {edge_ppm} ppm after fees."
    what = "after the fees of opening and closing, if the gap closes" if kind == BASIS else "after fees"
    return f"Buy at {names[0]}, sell at {names[1]}: {edge_ppm} ppm {what}."
