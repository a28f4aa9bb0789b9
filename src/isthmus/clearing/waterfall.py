"""Who pays when a member cannot: the default waterfall, in exact integers of one asset.

The order is that of central counterparties (CPMI-IOSCO, Principles for financial market infrastructures, principle 4,
key consideration 7; EMIR article 45): the defaulter's margin, its contribution to the default fund, our own capital,
the contributions of the others, then assessments, which are capped. What is left after them is said and not spread
further. Each step is a Move of the ledger with its purpose; the engine posts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from isthmus.clearing.margining import BPS
from isthmus.engine.engine import content_id
from isthmus.kernel.messages import PURPOSE_NUMBERS, Move

MARGIN, OWN_FUND, CAPITAL, OTHERS_FUND, ASSESSMENT = (
    "defaulter_margin",
    "defaulter_fund",
    "our_capital",
    "others_fund",
    "assessment",
)
STEPS = (MARGIN, OWN_FUND, CAPITAL, OTHERS_FUND, ASSESSMENT)
PURPOSES = {MARGIN: "insurance", OWN_FUND: "insurance", CAPITAL: "insurance", OTHERS_FUND: "insurance"}
"""Of the ledger's purposes (docs/reference/ledger.md); an assessment is owed anew and is an invoice."""
LOSS = "insurance:default"
"""The account, of kind insurance, that bears the loss of closing out, and that every step pays into."""


class Member(msgspec.Struct, frozen=True):
    """What a clearing member has with us; `name` is its account's path without the kind."""

    name: str
    margin: int
    fund: int


class Step(msgspec.Struct, frozen=True):
    """One posting: `source` pays `amount` to the loss. Amounts of 0 are left out."""

    step: str
    source: str
    amount: int
    purpose: str
    target: str = LOSS


class Waterfall(msgspec.Struct, frozen=True):
    """`loss` = the sum of the steps + `uncovered`. `funds`: what each member's contribution is afterwards."""

    loss: int
    steps: tuple[Step, ...]
    uncovered: int
    capital_left: int
    margin_left: int
    funds: Mapping[str, int]

    def paid(self, step: str) -> int:
        """By all who pay in this step."""
        return sum(one.amount for one in self.steps if one.step == step)


def default_waterfall(
    loss: int, defaulter: Member, others: Sequence[Member], capital: int, assessment_bps: int
) -> Waterfall:
    """Cover a loss. `assessment_bps`: an assessment is at most this share of a member's contribution (20,000: twice).

    Raises ValueError for an amount below zero, or a member named twice.
    """
    _check(loss, (defaulter, *others), (capital, assessment_bps))
    left, steps = loss, list[Step]()

    def take(step: str, sources: Sequence[tuple[str, int]]) -> None:
        nonlocal left
        amount = min(left, sum(most for _, most in sources))
        for (source, _), part in zip(sources, pro_rata(amount, [most for _, most in sources]), strict=True):
            if part:
                steps.append(Step(step, source, part, PURPOSES.get(step, "invoice")))
        left -= amount

    take(MARGIN, [(f"client:{defaulter.name}", defaulter.margin)])
    take(OWN_FUND, [(f"insurance:fund:{defaulter.name}", defaulter.fund)])
    take(CAPITAL, [("house:default_capital", capital)])
    take(OTHERS_FUND, [(f"insurance:fund:{one.name}", one.fund) for one in others])
    take(ASSESSMENT, [(f"client:{one.name}", one.fund * assessment_bps // BPS) for one in others])
    paid = {(step.step, step.source): step.amount for step in steps}
    funds = {one.name: one.fund - paid.get((OTHERS_FUND, f"insurance:fund:{one.name}"), 0) for one in others}
    funds[defaulter.name] = defaulter.fund - paid.get((OWN_FUND, f"insurance:fund:{defaulter.name}"), 0)
    return Waterfall(
        loss=loss,
        steps=tuple(steps),
        uncovered=left,
        capital_left=capital - paid.get((CAPITAL, "house:default_capital"), 0),
        margin_left=defaulter.margin - paid.get((MARGIN, f"client:{defaulter.name}"), 0),
        funds=funds,
    )


def moves(steps: Sequence[Step], accounts: Mapping[str, int], asset: int, about: str) -> list[Any]:
    """The steps as commands, in order. `accounts`: numbers by path; `about`: what names this default, so that each step
    is posted once however often it is sent. Raises KeyError for an account that there is not.
    """
    return [
        Move(
            source=accounts[step.source],
            target=accounts[step.target],
            asset=asset,
            amount=step.amount,
            purpose=PURPOSE_NUMBERS[step.purpose],
            client_id=content_id(f"default/{about}/{number}"),
        )
        for number, step in enumerate(steps)
    ]


def pro_rata(amount: int, weights: Sequence[int]) -> list[int]:
    """Whole parts of `amount` by weight that add up to it: what rounding leaves goes one by one to the largest
    remainders, of equal ones to the first. No part is above its weight while the amount is not above their sum.
    """
    total = sum(weights)
    if amount == 0 or total == 0:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: (-(amount * weights[place] % total), place))
    for place in order[: amount - sum(parts)]:
        parts[place] += 1
    return parts


def _check(loss: int, members: Sequence[Member], amounts: tuple[int, int]) -> None:
    names = [one.name for one in members]
    if len(set(names)) != len(names):
        raise ValueError("a member is named twice")
    if min(loss, *amounts, *(one.margin for one in members), *(one.fund for one in members)) < 0:
        raise ValueError("an amount is below zero")
