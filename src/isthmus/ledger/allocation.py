"""A block that was traded once, given to sub-accounts at its average price.

Everybody gets the same price: shares of the money that the block paid or got, by quantity, exactly (largest remainders
get the units left over), and of its fees alike. So the parts add up to the block to the unit, whatever rounding would
have said of an average price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from isthmus.kernel.errors import BadInput
from isthmus.ledger.revenue.accrual import split

PARTS_MAX = 1_000


class BlockFill(Struct, frozen=True):
    """A fill of the block: lots, minor units of the quote asset that were paid (bought) or got (sold), the fee."""

    buys: bool
    price: int
    quantity: int
    value: int
    fee: int


class Part(Struct, frozen=True):
    """What one account gets: lots, money it pays (gets back, where the block was sold) and its part of the fee."""

    account: int
    quantity: int
    value: int
    fee: int


class Leg(Struct, frozen=True):
    """One posting: `amount` minor units of an asset. Money is `quote`, things are `base`."""

    source: int
    target: int
    asset: str
    amount: int
    key: str


class Allocation(Struct, frozen=True):
    """Of block account `block`. `average`: sum of price times quantity, and of quantity; the price is the quotient."""

    block: int
    buys: bool
    parts: tuple[Part, ...]
    average: tuple[int, int]

    def legs(self, key: str, base_units: int) -> list[Leg]:
        """Two postings an account: things one way, money with its fee the other. `base_units`: minor units of a lot."""
        return [leg for at, part in enumerate(self.parts, 1) for leg in self._of(part, f"{key}:{at}", base_units)]

    def _of(self, part: Part, key: str, base_units: int) -> list[Leg]:
        things = part.quantity * base_units
        if self.buys:
            money = part.value + part.fee
            rows = [(self.block, part.account, "base", things), (part.account, self.block, "quote", money)]
        else:
            money = part.value - part.fee
            rows = [(part.account, self.block, "base", things), (self.block, part.account, "quote", money)]
        return [_leg(row, f"{key}:{row[2]}") for row in rows if row[3]]


def allocate(block: int, fills: Sequence[BlockFill], wanted: Mapping[int, int]) -> Allocation:
    """Parts of `wanted` lots by account, over the whole block. Raises BadInput where they do not add up to it, where
    the fills are of both sides, or an account is named that cannot get a part.
    """
    if not fills or len({fill.buys for fill in fills}) != 1:
        raise BadInput("fills", "of a block are of one side, and there is at least one")
    if not 1 <= len(wanted) <= PARTS_MAX:
        raise BadInput("allocations", f"must be 1 to {PARTS_MAX} accounts")
    if block in wanted or min(wanted.values()) <= 0:
        raise BadInput("allocations", "name other accounts than the block's, each with a positive quantity")
    total = sum(fill.quantity for fill in fills)
    if sum(wanted.values()) != total:
        raise BadInput("quantity", f"the parts add up to {sum(wanted.values())} lots, the block has {total}")
    weights = tuple(wanted.values())
    values = split(sum(fill.value for fill in fills), weights)
    fees = split(sum(fill.fee for fill in fills), weights)
    parts = tuple(Part(*row) for row in zip(wanted, weights, values, fees, strict=True))
    return Allocation(block, fills[0].buys, parts, (sum(fill.price * fill.quantity for fill in fills), total))


def _leg(row: tuple[int, int, str, int], key: str) -> Leg:
    """A negative amount (fees above the proceeds) goes the other way."""
    source, target, asset, amount = row
    return Leg(source, target, asset, amount, key) if amount > 0 else Leg(target, source, asset, -amount, key)
