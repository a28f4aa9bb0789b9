"""At which bank client money lies: every currency at two, split by weight, the other where one does not answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from isthmus.ledger.custody.internal import Proposal
from isthmus.ledger.custody.values import Side

BPS = 10_000


class Held(Struct, frozen=True):
    """What lies at a bank in one currency. `free`: not promised to a payment already. `up`: it answers."""

    bank: str
    weight: int
    amount: int
    free: int
    up: bool


def split(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """The whole of `total` by weight: shares rounded down, what is left goes one unit each to the largest remainders
    (Hamilton's method), ties by name. Raises ValueError where no weight is above zero.
    """
    whole = sum(weights.values())
    if whole <= 0 or min(weights.values()) < 0 or total < 0:
        raise ValueError("weights: none is below zero, one is above, and a total is not below zero")
    shares = {bank: total * weight // whole for bank, weight in weights.items()}
    order = sorted(weights, key=lambda bank: (-(total * weights[bank] % whole), bank))
    for bank in order[: total - sum(shares.values())]:
        shares[bank] += 1
    return shares


def pay_from(banks: Sequence[Held], amount: int) -> str | None:
    """The bank that pays `amount` out: of those that answer and hold enough the one furthest above its share, so that
    payments bring the split back. None where no single bank can.
    """
    shares = _targets(banks)
    able = [one for one in banks if one.up and one.free >= amount]
    return max(able, key=lambda one: (one.amount - shares[one.bank], one.bank)).bank if able else None


def take_at(banks: Sequence[Held]) -> str | None:
    """The bank whose account a client is told to pay to: of those that answer the one furthest below its share."""
    shares = _targets(banks)
    able = [one for one in banks if one.up and one.weight > 0]
    return min(able, key=lambda one: (one.amount - shares[one.bank], one.bank)).bank if able else None


def rebalance(banks: Sequence[Held], currency: str, tolerance_bps: int, side: Side = "client") -> list[Proposal]:
    """Moves from banks above their share to those below, where one is off by more than `tolerance_bps` of all that is
    held. A bank that does not answer neither pays nor is paid to.
    """
    total = sum(one.amount for one in banks)
    shares = _targets(banks)
    off = {one.bank: one.amount - shares[one.bank] for one in banks}
    if total <= 0 or max(map(abs, off.values()), default=0) * BPS <= tolerance_bps * total:
        return []
    gives = {one.bank: min(off[one.bank], one.free) for one in banks if one.up and off[one.bank] > 0}
    takes = {one.bank: -off[one.bank] for one in banks if one.up and off[one.bank] < 0}
    moves = []
    for giver in gives:
        for taker in takes:
            amount = min(gives[giver], takes[taker])
            if amount > 0:
                source, target = f"custodian:{giver}:{side}", f"custodian:{taker}:{side}"
                moves.append(Proposal("custody", source, target, currency, amount))
                gives[giver] -= amount
                takes[taker] -= amount
    return moves


def _targets(banks: Sequence[Held]) -> dict[str, int]:
    return split(max(0, sum(one.amount for one in banks)), {one.bank: one.weight for one in banks})
