"""Settlement instructions as values, matching of both sides', and what the depository's answers make of them.

Codes: ISO 15022 field 24B of MT548, which sese.024 shares. Amounts match within a tolerance (T2S: 2 EUR up to 100,000
EUR, 25 EUR above); everything else exactly.
"""

from __future__ import annotations

from datetime import date

import msgspec

from isthmus.clearing.trades import HOUSE, Obligation
from isthmus.kernel.errors import BadInput

HEAD_OFFICE = "X" * 3
"""The branch of a code of eight characters."""
SMALL_TOLERANCE, LARGE_TOLERANCE, LARGE_FROM = 2, 25, 100_000
"""Whole units of the currency."""

INSTRUCTED, MATCHED, UNMATCHED, PENDING, FAILING, REJECTED, SETTLED, CANCELLED = (
    "instructed", "matched", "unmatched", "pending", "failing", "rejected", "settled", "cancelled",
)  # fmt: skip
ENDS = (SETTLED, REJECTED, CANCELLED)
NEXT = {
    INSTRUCTED: (MATCHED, UNMATCHED, PENDING, FAILING, REJECTED, SETTLED, CANCELLED),
    UNMATCHED: (MATCHED, REJECTED, CANCELLED),
    MATCHED: (PENDING, FAILING, SETTLED, CANCELLED),
    PENDING: (MATCHED, FAILING, SETTLED, CANCELLED),
    FAILING: (PENDING, SETTLED, CANCELLED),
}
"""Which answer may follow which state; what ended stays ended."""


class Instruction(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a settlement against payment. `own`, `other` and `place` are BICs; `security` an ISIN; `quantity` and
    `amount` minor units with their decimals; `amount` is above 0 whichever way it goes.
    """

    reference: str
    delivers: bool
    security: str
    quantity: int
    quantity_decimals: int
    currency: str
    amount: int
    amount_decimals: int
    traded_on: date
    due: date
    own: str
    other: str
    place: str
    account: str


class Parties(msgspec.Struct, frozen=True):
    """Who is named in an instruction: the house's BIC, the other side's, the depository's, and our account there."""

    own: str
    other: str
    place: str
    account: str


class Security(msgspec.Struct, frozen=True):
    """What is delivered and paid, as messages name it."""

    isin: str
    decimals: int
    currency: str
    currency_decimals: int


def instruct(obligation: Obligation, security: Security, parties: Parties) -> Instruction:
    """The house's instruction that answers a participant's obligation: what he delivers, the house receives."""
    if obligation.participant == HOUSE:
        raise BadInput("participant", "the house does not instruct against itself")
    if obligation.base_amount * obligation.quote_amount >= 0:
        raise BadInput("amount", f"{obligation.reference} has no two legs that go opposite ways")
    return Instruction(
        reference=reference_of(obligation.reference),
        delivers=obligation.base_amount > 0,
        security=security.isin,
        quantity=abs(obligation.base_amount),
        quantity_decimals=security.decimals,
        currency=security.currency,
        amount=abs(obligation.quote_amount),
        amount_decimals=security.currency_decimals,
        traded_on=obligation.traded_on,
        due=obligation.due,
        own=parties.own,
        other=parties.other,
        place=parties.place,
        account=parties.account,
    )


REFERENCE_MAX = 16
"""Of field 20C, which neither begins nor ends with a slash."""


def reference_of(obligation: str) -> str:
    """An obligation's reference within 16 characters: "trd-4711-1-B" is "T4711X1B". Raises BadInput for a longer
    one.
    """
    made = obligation.replace("trd-", "T", 1)
    head, dash, side = made.rpartition("-")
    made = (head.replace("-", "X") + side) if dash else made
    if len(made) > REFERENCE_MAX:
        raise BadInput("reference", f"{obligation} is longer than a reference of {REFERENCE_MAX} characters can tell")
    return made.upper()


class Difference(msgspec.Struct, frozen=True):
    """One term on which both sides do not agree; `code` of MT548's 24B::NMAT."""

    field: str
    code: str
    ours: str
    theirs: str


def tolerance(amount: int, decimals: int) -> int:
    """Minor units by which both sides' amounts may differ."""
    scale: int = 10**decimals
    return (LARGE_TOLERANCE if amount > LARGE_FROM * scale else SMALL_TOLERANCE) * scale


def differences(ours: Instruction, theirs: Instruction) -> tuple[Difference, ...]:
    """Where two sides' instructions do not match: none if they do."""
    found = [
        Difference(field, code, str(mine), str(other))
        for field, code, mine, other in (
            ("delivers", "DELN", ours.delivers, not theirs.delivers),
            ("security", "DSEC", ours.security, theirs.security),
            ("quantity", "DQUA", _figure(ours.quantity, ours.quantity_decimals), _quantity(theirs)),
            ("currency", "NCRR", ours.currency, theirs.currency),
            ("traded_on", "DTRD", ours.traded_on, theirs.traded_on),
            ("due", "DDAT", ours.due, theirs.due),
            ("other", "ICAG", _office(ours.other), _office(theirs.own)),
            ("own", "ICAG", _office(ours.own), _office(theirs.other)),
            ("place", "DEPT", _office(ours.place), _office(theirs.place)),
        )
        if mine != other
    ]
    limit = tolerance(ours.amount, ours.amount_decimals)
    theirs_scaled = theirs.amount * 10 ** max(ours.amount_decimals - theirs.amount_decimals, 0)
    if ours.currency == theirs.currency and abs(ours.amount - theirs_scaled) > limit:
        found.append(Difference("amount", "DMON", str(ours.amount), str(theirs.amount)))
    return tuple(found)


def _figure(count: int, decimals: int) -> str:
    whole, part = divmod(count, 10**decimals)
    return f"{whole}.{part:0{decimals}d}".rstrip("0").rstrip(".") if decimals else str(whole)


def _quantity(of: Instruction) -> str:
    return _figure(of.quantity, of.quantity_decimals)


def _office(bic: str) -> str:
    """Eight characters stand for the head office."""
    return bic if len(bic) == 11 else bic + HEAD_OFFICE


def answered(state: str, answer: str) -> str:
    """The state of an instruction after an answer. Raises BadInput for one that cannot follow."""
    if answer == state:
        return state
    if answer not in NEXT.get(state, ()):
        raise BadInput("status", f"{answer!r} cannot follow {state!r}")
    return answer
