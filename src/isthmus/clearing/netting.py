"""Multilateral netting: one amount for each participant, asset and due date, with a proof that nothing was lost.

With the house as counterparty of every obligation, what a participant owes and is owed of one asset on one day is one
sum (BIS, Principles for financial market infrastructures, 2012, Annex H: multilateral netting by novation).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import msgspec

from isthmus.clearing.trades import HOUSE, Obligation


class Net(msgspec.Struct, frozen=True, order=True):
    """Positive: the participant is owed so much. `gross`: the sum of what was owed either way. `count`: legs netted."""

    due: date
    asset: int
    participant: int
    amount: int
    gross: int
    count: int


class Proof(msgspec.Struct, frozen=True):
    """What netting kept: for each due date and asset the sum of all nets with the house's is zero, and each
    participant's net is the sum of its legs. `differences` names each (due, asset, participant) that is not so: none.
    """

    legs: int
    nets: int
    gross: int
    netted: int
    differences: tuple[tuple[date, int, int], ...]

    @property
    def holds(self) -> bool:
        """Whether netting preserved every sum."""
        return not self.differences


def net(obligations: Iterable[Obligation]) -> list[Net]:
    """Nets in the order of due date, asset, participant; the house's (its residual) is among them."""
    sums: dict[tuple[date, int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for obligation in obligations:
        for asset, amount in legs_of(obligation):
            for participant, signed in ((obligation.participant, amount), (HOUSE, -amount)):
                row = sums[(obligation.due, asset, participant)]
                row[0] += signed
                row[1] += abs(signed)
                row[2] += 1
    return [Net(*key, *row) for key, row in sorted(sums.items())]


def legs_of(obligation: Obligation) -> tuple[tuple[int, int], tuple[int, int]]:
    """(asset, amount) of both legs."""
    return (obligation.base, obligation.base_amount), (obligation.quote, obligation.quote_amount)


def prove(obligations: Iterable[Obligation], nets: Iterable[Net]) -> Proof:
    """Adds up both ways, by participant and by asset, without a word of how the nets were made."""
    left: dict[tuple[date, int, int], int] = defaultdict(int)
    of_asset: dict[tuple[date, int], int] = defaultdict(int)
    legs = gross = netted = count = 0
    for obligation in obligations:
        for asset, amount in legs_of(obligation):
            legs += 1
            gross += abs(amount)
            left[(obligation.due, asset, obligation.participant)] += amount
            left[(obligation.due, asset, HOUSE)] -= amount
    for row in nets:
        count += 1
        netted += abs(row.amount) if row.participant != HOUSE else 0
        left[(row.due, row.asset, row.participant)] -= row.amount
        of_asset[(row.due, row.asset)] += row.amount
    wrong = {key for key, rest in left.items() if rest}
    wrong |= {(due, asset, HOUSE) for (due, asset), rest in of_asset.items() if rest}
    return Proof(legs, count, gross, netted, tuple(sorted(wrong)))
