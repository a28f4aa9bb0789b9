"""MT300, foreign exchange confirmation: of a FIX report or a deal, and back.

Party A (82A) sends the confirmation; 32B is what it bought, 33B what it sold. Source: SWIFT User Handbook, MT 300, of
November 2025.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from isthmus.engine.fin import mt300_build, mt300_of_fix, mt300_read, mt300_to_fix
from isthmus.gateways.swift.fin import Header, Row, build_fin
from isthmus.gateways.swift.verdict import ErrorRow, Mistake, mistakes_of, validate

MESSAGE_TYPE = "300"
Money = tuple[str, str]
"""(currency, amount as a decimal with a point)"""
DealRow = tuple[
    tuple[str, str | None, str],
    tuple[str, str],
    tuple[str, str],
    tuple[str, Money, Money],
    tuple[str | None, str | None],
]


class Deal(msgspec.Struct, frozen=True):
    """What both sides must say alike. Amounts and rate are decimals with a point, dates YYYYMMDD, parties BICs."""

    reference: str
    related: str | None
    operation: str
    """NEWT, AMND (of `related`), CANC (of `related`), DUPL, EXOP."""
    party_a: str
    party_b: str
    trade_date: str
    value_date: str
    rate: str
    bought: Money
    sold: Money
    receiving: tuple[str | None, str | None] = (None, None)
    """The agents at which party A receives what it bought and party B what it sold; None: by standing instruction."""

    @property
    def rate_value(self) -> Decimal:
        """The rate as a number."""
        return Decimal(self.rate)

    def turned(self) -> Deal:
        """The same deal as the other party confirms it."""
        return msgspec.structs.replace(
            self,
            party_a=self.party_b,
            party_b=self.party_a,
            bought=self.sold,
            sold=self.bought,
            receiving=(self.receiving[1], self.receiving[0]),
        )


class Built(msgspec.Struct, frozen=True):
    """A message, or the errors that kept it from being one; `fields` are those of block 4."""

    fin: str | None
    fields: tuple[Row, ...]
    errors: tuple[Mistake, ...]
    deal: Deal | None


def deal_of(row: DealRow | None) -> Deal | None:
    """A deal as the extension tells it."""
    if row is None:
        return None
    (reference, related, operation), (party_a, party_b), (traded, valued), (rate, bought, sold), receiving = row
    return Deal(reference, related, operation, party_a, party_b, traded, valued, rate, bought, sold, receiving)


def _built(answer: tuple[str | None, list[Row], list[ErrorRow], DealRow | None]) -> Built:
    fin, fields, errors, deal = answer
    return Built(fin, tuple(fields), mistakes_of(errors), deal_of(deal))


def of_fix(
    report: str,
    sender: str,
    receiver: str,
    agents: Mapping[str, str] | None = None,
    *,
    turned: bool = False,
) -> Built:
    """The confirmation that `sender` makes of an ExecutionReport or a TradeCaptureReport, fields parted by SOH or `|`.

    Side (54) in Currency (15) is the sender's; with `turned` the receiver's, as in reports that the sender wrote.
    `agents` names by currency where it is received.
    """
    return _built(mt300_of_fix(report, sender, receiver, turned=turned, agents=dict(agents or {})))


def build(deal: Deal) -> Built:
    """The confirmation of a deal."""
    return _built(mt300_build(deal))


def of_fields(fields: Iterable[Row], sender: str, receiver: str) -> Built:
    """A confirmation of any fields of sequences A to F, in the order given."""
    rows = tuple(fields)
    try:
        fin = build_fin(Header(MESSAGE_TYPE, sender, receiver), rows)
    except ValueError as error:
        return Built(None, rows, (Mistake(None, "format", "H10", "1", 1, str(error)),), None)
    errors = validate(fin).errors
    return Built(None if errors else fin, rows, errors, None if errors else read(fin))


def read(text: str) -> Deal | None:
    """The deal that a confirmation tells; None where a field that tells it is missing."""
    return deal_of(mt300_read(text))


def to_fix(deal: Deal) -> str | None:
    """The TradeCaptureReport (AE) of a deal from party A's side, for reconciliation; None where a figure is none."""
    return mt300_to_fix(deal)
