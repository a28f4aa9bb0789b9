"""Both sides' confirmations of a deal, field by field. What must agree: SWIFT User Handbook, MT 300, usage rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from isthmus.engine.fin import mt_reference
from isthmus.gateways.swift.fin import full_bic
from isthmus.gateways.swift.mt300 import Deal


class Mismatch(msgspec.Struct, frozen=True):
    """A field in which the two sides differ, both values as seen from our side."""

    field: str
    ours: str
    theirs: str


def mismatches(ours: Deal, theirs: Deal) -> list[Mismatch]:
    """What differs between our confirmation and the counterparty's, in the order of the message; empty: they match.

    The counterparty's 32B is our 33B. Agents are compared only where both sides name one: what stands is private.
    """
    other = theirs.turned()
    found = [Mismatch(tag, read(ours), read(other)) for tag, read in COMPARED if read(ours) != read(other)]
    for tag, place in (("57A of B1", 0), ("57A of B2", 1)):
        one, two = ours.receiving[place], other.receiving[place]
        if one and two and full_bic(one) != full_bic(two):
            found.append(Mismatch(tag, one, two))
    return found


def _money(money: tuple[str, str]) -> str:
    return f"{money[0]} {_plain(money[1])}"


def _plain(figure: str) -> str:
    return format(Decimal(figure).normalize(), "f")


COMPARED: Sequence[tuple[str, Callable[[Deal], str]]] = (
    ("22A", lambda deal: deal.operation if deal.operation == "CANC" else "NEWT"),
    ("82A", lambda deal: full_bic(deal.party_a)),
    ("87A", lambda deal: full_bic(deal.party_b)),
    ("30T", lambda deal: deal.trade_date),
    ("30V", lambda deal: deal.value_date),
    ("36", lambda deal: _plain(deal.rate)),
    ("32B", lambda deal: _money(deal.bought)),
    ("33B", lambda deal: _money(deal.sold)),
)
"""Tag and reading. An amendment confirms the deal as much as the first message did."""


def likeness(ours: Deal, theirs: Deal) -> int:
    """How many of the compared fields agree; -1 for other parties or other currencies, which is no candidate."""
    other = theirs.turned()
    if {full_bic(ours.party_a), full_bic(ours.party_b)} != {full_bic(other.party_a), full_bic(other.party_b)}:
        return -1
    if {ours.bought[0], ours.sold[0]} != {other.bought[0], other.sold[0]}:
        return -1
    same = {tag for tag, read in COMPARED if read(ours) == read(other)}
    return len(same) if same & TELLING else -1


LIKENESS_MIN = len(COMPARED) - 3
"""Fewer fields in common, and a message is of another deal."""
TELLING = frozenset(("36", "32B", "33B"))
"""One of these must agree: parties and dates are those of every deal of a day."""


def telling(deal: Deal) -> set[tuple[str, ...]]:
    """Keys of which two sides of one deal share at least one: parties with currencies and rate, or with an amount."""
    parties = sorted((full_bic(deal.party_a), full_bic(deal.party_b)))
    currencies = sorted((deal.bought[0], deal.sold[0]))
    amounts = ((*parties, *currencies, _money(money)) for money in (deal.bought, deal.sold))
    return {(*parties, *currencies, _plain(deal.rate)), *amounts}


def partner(theirs: Deal, open_deals: Sequence[Deal]) -> int | None:
    """The place of the open deal that a counterparty's message is of: the most like one, the first among equals."""
    best = max(range(len(open_deals)), key=lambda place: (likeness(open_deals[place], theirs), -place), default=None)
    if best is None or likeness(open_deals[best], theirs) < LIKENESS_MIN:
        return None
    return best


def reference_of(text: str) -> str:
    """The reference of at most sixteen characters that an id has in messages."""
    return mt_reference(text)
