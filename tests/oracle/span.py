"""The naive twin of `crates/margin`'s SPAN: the rule as docs/reference/span.md tells it, in exact fractions.

Everything is looked up again each time; a test compares it with the Rust by portfolios drawn by chance. Units as
there: money in minor units, deltas, ratios and rates in millionths. Each charge is rounded up, each credit down, once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

ONE = 1_000_000
SCENARIOS = 16
Months = tuple[int, int]
ALL: Months = (0, (1 << 32) - 1)


@dataclass(frozen=True)
class Leg:
    """Months, side ("A" or "B"), deltas that one spread takes."""

    months: Months
    side: str
    ratio: int


@dataclass(frozen=True)
class Spread:
    """Its place in the product's list is its priority."""

    legs: tuple[Leg, ...]
    charge: int


@dataclass(frozen=True)
class Delivery:
    """Charges of one delta."""

    month: int
    spread: int
    outright: int


@dataclass(frozen=True)
class Product:
    """A combined commodity, whose price risk is what scanning finds."""

    scan_tiers: tuple[Months, ...] = ()
    inter_tiers: tuple[Months, ...] = ()
    spreads: tuple[Spread, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    greater_minimum: bool = False
    caps_option_value: bool = False
    currency: int = 0


@dataclass(frozen=True)
class Contract:
    """Losses of one long contract, its composite delta, value and short option minimum. `kind`: future, call or put."""

    product: int
    month: int
    kind: str
    array: tuple[int, ...]
    delta: int
    value: int = 0
    minimum: int = 0


@dataclass(frozen=True)
class CreditLeg:
    """A tier (from 0) of a product, side, ratio, part of the price risk given back."""

    product: int
    tier: int
    side: str
    ratio: int
    rate: int


@dataclass
class Needed:
    """Of one product."""

    scan_risk: int = 0
    worst_scenario: int = 0
    price_risk: Fraction = Fraction(0)
    intra_spread: int = 0
    delivery: int = 0
    inter_credit: int = 0
    minimum: int = 0
    value: int = 0
    tiers: list[int] = field(default_factory=list)
    offset_delta: int = 0

    def risk(self) -> int:
        """max(scan + intra + delivery - credit, minimum)."""
        return max(self.scan_risk + self.intra_spread + self.delivery - self.inter_credit, self.minimum)


Position = tuple[Contract, int]


def holds(months: Months, month: int) -> bool:
    """First and last included."""
    return months[0] <= month <= months[1]


def margin(
    products: list[Product], offsets: list[tuple[CreditLeg, ...]], positions: list[Position]
) -> dict[int, tuple[int, ...]]:
    """By currency: scan risk, worst scenario, intra spread, inter credit, delivery, minimum, option value, needed."""
    held: dict[int, Needed] = {}
    for contract, _ in positions:
        if contract.product not in held:
            own = [position for position in positions if position[0].product == contract.product]
            held[contract.product] = of_product(products[contract.product], own)
    for legs in offsets:
        for long in ("A", "B"):
            credit(legs, long, held)
    return {currency: summed(products, held, currency) for currency in {products[number].currency for number in held}}


def of_product(product: Product, positions: list[Position]) -> Needed:
    """All that needs no other product."""
    needed = Needed()
    scan(product, positions, needed)
    deltas: dict[int, int] = {}
    for contract, quantity in positions:
        deltas[contract.month] = deltas.get(contract.month, 0) + quantity * contract.delta
    remaining = dict(deltas)
    for spread in product.spreads:
        for long in ("A", "B"):
            needed.intra_spread += form(spread, long, remaining)
    for charge in product.deliveries:
        if charge.month in deltas:
            outright = abs(remaining[charge.month])
            consumed = abs(deltas[charge.month]) - outright
            needed.delivery += ceil(Fraction(consumed * charge.spread, ONE)) + ceil(
                Fraction(outright * charge.outright, ONE)
            )
    tiers = product.inter_tiers or (ALL,)
    needed.tiers = [0] * len(tiers)
    for month, delta in deltas.items():
        place = next((place for place, tier in enumerate(tiers) if holds(tier, month)), None)
        if place is not None:
            needed.tiers[place] += delta
    needed.offset_delta = sum(abs(delta) for delta in needed.tiers)
    needed.value = sum(quantity * contract.value for contract, quantity in positions)
    shorts = [
        sum(-quantity * contract.minimum for contract, quantity in positions if contract.kind == kind and quantity < 0)
        for kind in ("call", "put")
    ]
    needed.minimum = max(shorts) if product.greater_minimum else sum(shorts)
    return needed


def scan(product: Product, positions: list[Position], needed: Needed) -> None:
    """Tier by tier, and what lies in none of them last."""
    largest = None
    for number in range(len(product.scan_tiers) + 1):
        sums = [0] * SCENARIOS
        for contract, quantity in positions:
            if tier_of(product.scan_tiers, contract.month) == number:
                sums = [total + quantity * loss for total, loss in zip(sums, contract.array, strict=True)]
        worst = max(range(SCENARIOS), key=lambda place: (sums[place], -place))
        loss = sums[worst]
        if largest is None or (loss > largest and loss > 0):
            largest = loss
            needed.worst_scenario = worst + 1
        needed.scan_risk += max(loss, 0)
        if loss > 0:
            pair = worst if worst >= 14 else worst + 1 if worst % 2 == 0 else worst - 1
            without_volatility = Fraction(loss + sums[pair], 2)
            time = Fraction(sums[0] + sums[1], 2)
            needed.price_risk += max(without_volatility - time, Fraction(0))


def tier_of(tiers: tuple[Months, ...], month: int) -> int:
    """The first that holds it, or the number of tiers."""
    return next((place for place, tier in enumerate(tiers) if holds(tier, month)), len(tiers))


def form(spread: Spread, long: str, remaining: dict[int, int]) -> int:
    """The charge of as many spreads as the scarcest leg allows; takes their deltas away, nearest month first."""
    available = []
    for leg in spread.legs:
        sign = 1 if leg.side == long else -1
        inside = [max(sign * delta, 0) for month, delta in remaining.items() if holds(leg.months, month)]
        available.append(Fraction(sum(inside), leg.ratio))
    count = min(available)
    if count == 0:
        return 0
    for leg in spread.legs:
        sign = 1 if leg.side == long else -1
        left = floor(count * leg.ratio)
        for month in sorted(remaining):
            if holds(leg.months, month):
                here = min(max(sign * remaining[month], 0), left)
                remaining[month] -= sign * here
                left -= here
    return ceil(count * spread.charge)


def credit(legs: tuple[CreditLeg, ...], long: str, held: dict[int, Needed]) -> None:
    """Gives each leg its part of its product's price risk; takes the deltas away."""
    available = []
    for leg in legs:
        delta = held[leg.product].tiers[leg.tier] if leg.product in held else 0
        available.append(Fraction(max(delta if leg.side == long else -delta, 0), leg.ratio))
    count = min(available)
    if count == 0:
        return
    for leg in legs:
        taken = floor(count * leg.ratio)
        own = held[leg.product]
        own.tiers[leg.tier] -= taken if leg.side == long else -taken
        own.inter_credit += floor(own.price_risk * Fraction(taken, own.offset_delta) * Fraction(leg.rate, ONE))


def summed(products: list[Product], held: dict[int, Needed], currency: int) -> tuple[int, ...]:
    """Over the products of one currency."""
    own = {number: needed for number, needed in held.items() if products[number].currency == currency}
    requirement = 0
    for number, needed in own.items():
        rest = needed.risk() - needed.value
        requirement += max(rest, 0) if products[number].caps_option_value else rest
    worst = max(own.values(), key=lambda needed: needed.scan_risk)
    return (
        sum(needed.scan_risk for needed in own.values()),
        worst.worst_scenario,
        sum(needed.intra_spread for needed in own.values()),
        sum(needed.inter_credit for needed in own.values()),
        sum(needed.delivery for needed in own.values()),
        sum(needed.minimum for needed in own.values()),
        sum(needed.value for needed in own.values()),
        max(requirement, 0),
    )
