"""SPAN over risk arrays, as naively as it can be said: crates/margin/src/span.rs is the same rule.

`Risk` holds the SetRisk commands that count; a portfolio is a list of (instrument, signed quantity), in which an
instrument may come several times. Amounts are minor units, deltas, ratios and rates millionths; charges round up,
credits down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .values import CALL_RIGHT, Instrument, ceil_div

ONE = 10**6
LARGEST = 2**60
MOST = 64
SCAN, INTER = 1, 2
A, B = 1, 2
Lots = list[tuple[int, int]]


class TooLarge(Exception):
    """A sum leaves its bounds."""


def bounded(value: int) -> int:
    """The value, if it fits 64 bits."""
    if not -(2**63) <= value < 2**63:
        raise TooLarge
    return value


@dataclass(slots=True)
class Risk:
    """The commands by what they are about: products, arrays by instrument, the others by (product, ...) or place."""

    products: dict[int, Any] = field(default_factory=dict)
    arrays: dict[int, Any] = field(default_factory=dict)
    tiers: dict[tuple[int, int, int], Any] = field(default_factory=dict)
    spreads: dict[tuple[int, int], Any] = field(default_factory=dict)
    credits: dict[int, Any] = field(default_factory=dict)
    deliveries: dict[tuple[int, int], Any] = field(default_factory=dict)

    def copied(self) -> Risk:
        rows = (self.products, self.arrays, self.tiers, self.spreads, self.credits, self.deliveries)
        return Risk(*(copy(found) for found in rows))  # type: ignore[arg-type]

    def listed(self, name: str, product: int) -> list[Any]:
        """What a product has of it, in order."""
        return [row for key, row in sorted(getattr(self, name).items()) if key[0] == product]

    def months(self, product: int, list_: int) -> list[range]:
        """Its tiers."""
        return [range(row.first, row.last + 1) for row in self.listed("tiers", product) if row.list == list_]


def losses(array: Any) -> list[int]:
    return [getattr(array, f"loss_{place}") for place in range(1, 17)]


def legs(row: Any, *names: str) -> list[Any]:
    """Tuples of a spread's or credit's legs, those that are there; the ratio is the last."""
    found = [tuple(getattr(row, f"{name}_{place}") for name in names) for place in range(1, 5)]
    return [leg for leg in found if leg[-1]]


def spread_legs(row: Any) -> list[Any]:
    """(first, last, side, ratio)."""
    return legs(row, "first", "last", "side", "ratio")


def credit_legs(row: Any) -> list[Any]:
    """(product, tier, side, rate, ratio)."""
    return legs(row, "product", "tier", "side", "rate", "ratio")


def can_be(risk: Risk, instruments: dict[int, Instrument]) -> bool:
    """Are the parameters whole, and each within its bounds?"""
    return all((*_products(risk), *_arrays(risk, instruments), *_spreads(risk), *_credits(risk)))


def _products(risk: Risk) -> Iterator[bool]:
    for name in ("tiers", "spreads", "deliveries"):
        yield all(key[0] in risk.products for key in getattr(risk, name))
    for product in risk.products:
        yield all(len(risk.months(product, list_)) <= MOST for list_ in (SCAN, INTER))
    yield all(min(row.spread_charge, row.outright_charge) >= 0 for row in risk.deliveries.values())


def _arrays(risk: Risk, instruments: dict[int, Instrument]) -> Iterator[bool]:
    for number, array in risk.arrays.items():
        product = risk.products.get(array.product)
        yield bool(product and product.asset == instruments[number].terms.quote)


def _spreads(risk: Risk) -> Iterator[bool]:
    for row in risk.spreads.values():
        found = spread_legs(row)
        yield row.charge >= 0
        yield {side for _, _, side, _ in found} == {A, B}
        yield all(first <= last and 0 < ratio <= LARGEST for first, last, _, ratio in found)
        for place, (first, last, side, _) in enumerate(found):
            before = [leg for leg in found[:place] if leg[2] == side]
            yield not any(leg[0] <= last and first <= leg[1] for leg in before)


def _credits(risk: Risk) -> Iterator[bool]:
    for row in risk.credits.values():
        found = credit_legs(row)
        yield len(found) >= 2 and len({leg[:2] for leg in found}) == len(found)
        for product, tier, _, rate, ratio in found:
            tiers = max(1, len(risk.months(product, INTER)))
            yield product in risk.products and tier < tiers
            yield 0 <= rate <= ONE and 0 < ratio <= LARGEST


@dataclass(slots=True)
class Product:
    """What is known of one product of a portfolio. `inter`: net delta by inter tier."""

    scan_risk: int = 0
    twice_price_risk: int = 0
    intra: int = 0
    delivery: int = 0
    minimum: int = 0
    value: int = 0
    credit: int = 0
    offset: int = 0
    inter: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def requirements(risk: Risk, instruments: dict[int, Instrument], lots: Lots) -> dict[int, int]:
    """What the portfolio needs by asset, never below 0; TooLarge beyond 2^60."""
    if sum(abs(quantity) * _peak(risk.arrays[number]) for number, quantity in lots) > LARGEST:
        raise TooLarge
    numbers = {risk.arrays[number].product for number, _ in lots}
    products = {product: _product(risk, instruments, product, lots) for product in numbers}
    for row in [row for _, row in sorted(risk.credits.items())]:
        for long in (A, B):
            _give_credit(row, long, products)
    totals: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for number, product in products.items():
        _conclude(risk.products[number], product, totals[risk.products[number].asset])
    return {asset: max(0, total["needed"]) for asset, total in totals.items()}


def _peak(array: Any) -> int:
    return int(max(map(abs, (*losses(array), array.delta, array.value, array.short_minimum))))


def _product(risk: Risk, instruments: dict[int, Instrument], number: int, lots: Lots) -> Product:
    mine = [(risk.arrays[n], quantity, instruments[n]) for n, quantity in lots if risk.arrays[n].product == number]
    found = Product()
    _scan(risk, number, mine, found)
    before: dict[int, int] = defaultdict(int)
    for array, quantity, _ in mine:
        before[array.month] += quantity * array.delta
    left = dict(before)
    for row in risk.listed("spreads", number):
        for long in (A, B):
            found.intra = bounded(found.intra + _spread(row, long, left))
    for row in risk.listed("deliveries", number):
        outright = abs(left.get(row.month, 0))
        taken = abs(before.get(row.month, 0)) - outright
        for delta, charge in ((taken, row.spread_charge), (outright, row.outright_charge)):
            found.delivery = bounded(found.delivery + bounded(ceil_div(delta * charge, ONE)))
    _options(risk.products[number], mine, found)
    if risk.credits:
        _net(risk, number, before, found)
    return found


def _scan(risk: Risk, number: int, mine: list[Any], found: Product) -> None:
    tiers = risk.months(number, SCAN)
    sums: dict[int, list[int]] = defaultdict(lambda: [0] * 16)
    for array, quantity, _ in mine:
        tier = next((place for place, months in enumerate(tiers) if array.month in months), len(tiers))
        sums[tier] = [total + quantity * loss for total, loss in zip(sums[tier], losses(array), strict=True)]
    for scan in sums.values():
        worst = scan.index(max(scan))
        if scan[worst] > 0:
            pair = worst ^ 1 if worst < 14 else worst
            found.scan_risk += scan[worst]
            found.twice_price_risk += max(0, scan[worst] + scan[pair] - scan[0] - scan[1])


def _spread(row: Any, long: int, left: dict[int, int]) -> int:
    """Forms as many spreads as the scarcest leg allows, and says their charge."""
    found = spread_legs(row)
    room = []
    for first, last, side, ratio in found:
        months = [month for month in left if first <= month <= last]
        deltas = [left[month] if side == long else -left[month] for month in months]
        room.append((sum(delta for delta in deltas if delta > 0), ratio))
    available, by = min(room, key=lambda one: Fraction(*one))
    if not available:
        return 0
    for first, last, side, ratio in found:
        amount = bounded(available * ratio // by)
        for month in sorted(month for month in left if first <= month <= last):
            here = min(amount, max(0, left[month] if side == long else -left[month]))
            left[month] -= here if side == long else -here
            amount -= here
    return bounded(ceil_div(available * row.charge, by))


def _options(terms: Any, mine: list[Any], found: Product) -> None:
    short = [0, 0]
    for array, quantity, instrument in mine:
        found.value += quantity * array.value
        if quantity < 0 and instrument.is_option:
            short[instrument.contract.terms.right == CALL_RIGHT] -= quantity * array.short_minimum
    found.minimum = sum(short) if terms.minimum == 1 else max(short)


def _net(risk: Risk, number: int, deltas: dict[int, int], found: Product) -> None:
    tiers = risk.months(number, INTER)
    for month, delta in deltas.items():
        tier = next((place for place, months in enumerate(tiers) if month in months), None) if tiers else 0
        if tier is not None:
            found.inter[tier] += delta
    found.offset = sum(map(abs, found.inter.values()))
    terms = risk.products[number]
    of_deltas = 2 * terms.scan * found.offset // ONE
    if terms.price_risk:
        bounded(of_deltas)
        found.twice_price_risk = min(found.twice_price_risk, of_deltas) if terms.price_risk == 1 else of_deltas


def _give_credit(row: Any, long: int, products: dict[int, Product]) -> None:
    found = credit_legs(row)
    room = []
    for product, tier, side, _, ratio in found:
        delta = products[product].inter[tier] if product in products else 0
        room.append((max(0, delta if side == long else -delta), ratio))
    available, by = min(room, key=lambda one: Fraction(*one))
    if not available:
        return
    for product, tier, side, rate, ratio in found:
        taken = bounded(available * ratio // by)
        held = products[product]
        held.inter[tier] -= taken if side == long else -taken
        if held.offset and held.twice_price_risk:
            whole = held.twice_price_risk * taken * rate // (2 * held.offset) // ONE
            held.credit = bounded(held.credit + bounded(whole))


def _conclude(terms: Any, found: Product, total: dict[str, int]) -> None:
    charged = bounded(bounded(found.scan_risk + found.intra) + found.delivery)
    risk = max(bounded(charged - found.credit), found.minimum)
    needed = bounded(risk - found.value)
    parts = {
        "scan": found.scan_risk,
        "intra": found.intra,
        "delivery": found.delivery,
        "credit": found.credit,
        "minimum": found.minimum,
        "value": found.value,
        "risk": risk,
        "needed": max(0, needed) if terms.caps else needed,
    }
    for name, amount in parts.items():
        total[name] = bounded(total[name] + amount)
