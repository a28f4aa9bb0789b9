"""Internal reconciliation: what clients are owed against what is held for them, by currency, from the books alone.

entitlements = at custodians + in transit + with venues + difference. Entitlements are the balances of clients' accounts
and of suspense accounts that hold client money; money at a bank is the negative of its custodian account. A difference
above zero is a shortfall, which the firm pays in the same day; one below zero is an excess, which the firm takes out
(CASS 7.15.29, 7.15.30).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from isthmus.ledger.custody.values import Break
from isthmus.ledger.custody.words import Figures

TRANSIT = "custodian:transit:client"
"""Between two banks: it left one and has not come to the other."""

Part = Literal["entitlement", "custodian", "transit", "venue", "outside", "firm"]


class Standing(Struct, frozen=True):
    """The balance of one account of the books in one currency, held parts included."""

    path: str
    part: Part
    currency: str
    balance: int


class Position(Struct, frozen=True):
    """Client money in one currency. `at_custodians` by path; `no_bank`: came into the books without any bank, and so
    is part of the difference.
    """

    currency: str
    entitlements: int
    at_custodians: dict[str, int]
    in_transit: int
    with_venues: int
    no_bank: int

    @property
    def held(self) -> int:
        """All that is there for clients."""
        return sum(self.at_custodians.values()) + self.in_transit + self.with_venues

    @property
    def difference(self) -> int:
        """Above zero: a shortfall."""
        return self.entitlements - self.held


class Proposal(Struct, frozen=True):
    """Money that should move between two of our accounts at banks: `source` and `target` are paths of custodian
    accounts, whose balance is negative. `purpose`: top_up, excess, custody.
    """

    purpose: str
    source: str
    """Where the money is taken from."""
    target: str
    currency: str
    amount: int


def part_of(path: str, kind: str) -> Part:
    """What a path of the books is in client money. `kind`: what the account was opened as, or world."""
    head, _, rest = path.partition(":")
    if path == TRANSIT:
        return "transit"
    if head == "custodian":
        return "custodian" if rest.endswith(":client") else "firm"
    if kind in ("client", "omnibus") or head == "omnibus" or (head == "suspense" and rest.endswith(":client")):
        return "entitlement"
    if kind == "venue":
        return "venue"
    return "outside" if kind == "world" else "firm"


def positions(standings: Iterable[Standing], currencies: Sequence[str]) -> list[Position]:
    """One for each currency that is kept at banks."""
    found = []
    rows = list(standings)
    for currency in currencies:
        own = [row for row in rows if row.currency == currency]
        by_part = {
            part: -sum(row.balance for row in own if row.part == part) for part in ("transit", "venue", "outside")
        }
        found.append(
            Position(
                currency,
                sum(row.balance for row in own if row.part == "entitlement"),
                {row.path: -row.balance for row in own if row.part == "custodian"},
                by_part["transit"],
                by_part["venue"],
                by_part["outside"],
            )
        )
    return found


def break_of(position: Position, figures: Figures) -> Break | None:
    """A shortfall or an excess as a break; None where the figures agree."""
    off = position.difference
    if off == 0:
        return None
    cause = "shortfall" if off > 0 else "excess"
    words = (
        f"clients are owed {figures.text(position.entitlements)}; at custodians, in transit and with venues are "
        f"{figures.text(position.held)}: a {cause} of {figures.text(abs(off))}"
    )
    if position.no_bank:
        words += f", of which {figures.text(position.no_bank)} came into the books without a bank"
    return Break(f"{cause}|{position.currency}", cause, "", "", position.currency, -off, cause, words)


def proposals(position: Position, firm: Mapping[str, int], banks: Sequence[str]) -> list[Proposal]:
    """Moves that close the difference, at the first of `banks` (healthy ones, in order of preference) that can. `firm`:
    the firm's own money in the currency by bank. A shortfall may need several banks; what the firm has not got is
    left, and stays a break.
    """
    left, found = abs(position.difference), []
    for bank in banks:
        client, own = f"custodian:{bank}:client", f"custodian:{bank}:firm"
        short = position.difference > 0
        there = firm.get(bank, 0) if short else position.at_custodians.get(client, 0)
        amount = min(left, max(0, there))
        if amount <= 0:
            continue
        source, target = (own, client) if short else (client, own)
        found.append(Proposal("top_up" if short else "excess", source, target, position.currency, amount))
        left -= amount
    return found
