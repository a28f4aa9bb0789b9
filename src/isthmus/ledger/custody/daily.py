"""The daily record: what a regulator may read, as JSON and as plain text, chained by hash and never changed.

CASS 7.15.7: each reconciliation is recorded with its date, what was done, and the list of discrepancies with what was
done about them. A record names the hash of the one before, so that none can be taken out or changed unseen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from isthmus.kernel.values import short_text
from isthmus.ledger.custody.ageing import Aged
from isthmus.ledger.custody.internal import Position, Proposal

FIRST = "0" * 64


class StatementSeen(Struct, frozen=True):
    """A statement of the day: what it told, and whether its entries were counted. Amounts are plain decimals."""

    bank: str
    account: str
    currency: str
    number: int | None
    day: str
    opening: str | None
    closing: str | None
    entries: int
    taken: bool
    digest: str


class DailyRecord(Struct, frozen=True):
    """Of one day (YYYY-MM-DD), made at `made` (RFC 3339), when the journal was at `sequence`."""

    day: str
    made: str
    sequence: int
    previous: str
    internal: list[dict[str, Any]]
    external: list[StatementSeen]
    breaks: list[dict[str, Any]]
    proposals: list[dict[str, Any]]
    blocked: dict[str, list[str]]
    clients: dict[str, dict[str, str]]
    """Entitlement by client's account and currency."""

    def encoded(self) -> bytes:
        """The one form that is hashed and kept: keys in this order, no spaces."""
        return msgspec.json.encode(self)

    @property
    def hash(self) -> str:
        """SHA-256 of `encoded`, hexadecimal."""
        return hashlib.sha256(self.encoded()).hexdigest()


def position_row(position: Position, decimals: int) -> dict[str, Any]:
    """The internal reconciliation of a currency as it is written."""
    return {
        "currency": position.currency,
        "entitlements": short_text(position.entitlements, decimals),
        "at_custodians": {path: short_text(value, decimals) for path, value in sorted(position.at_custodians.items())},
        "in_transit": short_text(position.in_transit, decimals),
        "with_venues": short_text(position.with_venues, decimals),
        "no_bank": short_text(position.no_bank, decimals),
        "difference": short_text(position.difference, decimals),
        "result": "agrees" if position.difference == 0 else "shortfall" if position.difference > 0 else "excess",
    }


def break_row(one: Aged, decimals: int) -> dict[str, Any]:
    """A break as it is written."""
    found = one.found
    return {
        "key": found.key,
        "cause": found.cause,
        "bank": found.bank or None,
        "account": found.account or None,
        "currency": found.currency,
        "amount": None if found.amount is None else short_text(found.amount, decimals),
        "reference": found.reference,
        "age_s": one.age_s,
        "limit_s": one.limit_s,
        "blocks_withdrawals": one.blocks,
        "words": one.words,
    }


def proposal_row(one: Proposal, decimals: int) -> dict[str, Any]:
    """A proposed move as it is written."""
    return {
        "purpose": one.purpose,
        "source": one.source,
        "target": one.target,
        "currency": one.currency,
        "amount": short_text(one.amount, decimals),
    }


def plain_text(record: DailyRecord) -> str:
    """The same for a person; its last line carries the hash of the JSON form."""
    lines = [
        f"CLIENT MONEY RECORD {record.day}",
        f"made {record.made}, journal at record {record.sequence}",
        f"previous record {record.previous}",
        "",
        "INTERNAL RECONCILIATION (entitlements = custodians + in transit + venues + difference)",
    ]
    for row in record.internal:
        lines.append(f"  {row['currency']}: {row['result']}, difference {row['difference']}")
        lines.append(f"    owed to clients   {row['entitlements']:>24}")
        lines += [f"    at {path:<30}{amount:>10}" for path, amount in row["at_custodians"].items()]
        lines.append(f"    in transit {row['in_transit']}, with venues {row['with_venues']}, no bank {row['no_bank']}")
    lines += ["", "STATEMENTS"]
    lines += [_statement_line(one) for one in record.external] or ["  none"]
    lines += ["", "DISCREPANCIES"]
    lines += [f"  {row['cause']}: {row['words']}" for row in record.breaks] or ["  none"]
    lines += ["", "PROPOSED MOVES"]
    lines += [
        f"  {row['purpose']}: {row['amount']} {row['currency']} from {row['source']} to {row['target']}"
        for row in record.proposals
    ] or ["  none"]
    lines += ["", "WITHDRAWALS BLOCKED"]
    lines += [f"  {currency}: {len(keys)} breaks" for currency, keys in sorted(record.blocked.items())] or ["  none"]
    lines += ["", "ENTITLEMENTS"]
    lines += [
        f"  {account}: " + ", ".join(f"{amount} {currency}" for currency, amount in sorted(owned.items()))
        for account, owned in sorted(record.clients.items())
    ] or ["  none"]
    return "\n".join([*lines, "", f"sha-256 of the JSON form {record.hash}", ""])


def _statement_line(one: StatementSeen) -> str:
    called = one.number if one.number is not None else "-"
    counted = "counted" if one.taken else "NOT COUNTED"
    return (
        f"  {one.bank} {one.account} {one.currency} number {called} of {one.day}: {one.opening} -> {one.closing}, "
        f"{one.entries} entries, {counted}, sha-256 {one.digest[:16]}"
    )


def broken_link(records: Sequence[tuple[bytes, str]]) -> int | None:
    """Place of the first of (JSON form, hash kept beside it), oldest first, that is not what it was; None: all are."""
    previous = FIRST
    for place, (encoded, kept) in enumerate(records):
        told: Mapping[str, Any] = msgspec.json.decode(encoded)
        if hashlib.sha256(encoded).hexdigest() != kept or told["previous"] != previous:
            return place
        previous = kept
    return None
