"""Settings of client money: [custody] and its banks, and the terms made of them."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from msgspec import Meta, Struct

from isthmus.gateways.iso20022.code_lists import MINOR_UNITS
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NotANumber, TooFine, units
from isthmus.ledger.custody.terms import Bank, Terms
from isthmus.ledger.custody.values import BankAccount
from isthmus.ledger.custody.withdrawals import Limits
from isthmus.ledger.custody.words import CAUSES

BANKS_LEAST = 2
"""Every client's money lies at two banks."""


class CustodianAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account of ours, by the bank's number (an IBAN where it has one)."""

    number: Annotated[str, Meta(min_length=1, max_length=34, pattern="^[0-9A-Za-z-]+$")]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    side: Literal["client", "firm"]


class CustodianTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A custodian bank; `url` of its host, encrypted unless it is on this machine. `statements`: C53 or STA."""

    url: str
    bic: Annotated[str, Meta(pattern="^[A-Z0-9]{8}([A-Z0-9]{3})?$")]
    weight: Annotated[int, Meta(ge=0, le=10_000)]
    accounts: list[CustodianAccount]
    statements: Literal["camt", "mt940"] = "camt"


class WithdrawalLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Plain decimals; "0": no limit."""

    most: str = "0"
    a_day: str = "0"


class CustodySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Client money is kept at `banks`; without any there is no custody. Times in seconds."""

    house: Annotated[str, Meta(min_length=1, max_length=70)]
    poll_s: Annotated[float, Meta(ge=0.05, le=3_600)]
    timeout_s: Annotated[float, Meta(ge=0.1, le=600)]
    reconcile_s: Annotated[float, Meta(ge=0.1, le=86_400)]
    window_days: Annotated[int, Meta(ge=0, le=30)]
    silent_s: Annotated[int, Meta(ge=0)]
    failover_s: Annotated[int, Meta(ge=0)]
    statement_s: Annotated[int, Meta(ge=1)]
    tolerance_bps: Annotated[int, Meta(ge=0, le=10_000)]
    holders_key: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")]
    break_limits_s: dict[str, Annotated[int, Meta(ge=0)]]
    withdrawals: dict[str, WithdrawalLimits]
    banks: dict[Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,19}$")], CustodianTerms]


def minor_units(currency: str) -> int | None:
    """Decimals that a currency has at banks (ISO 4217)."""
    return MINOR_UNITS.get(currency)


def check_custody(settings: CustodySettings) -> None:
    """Raises BadInput by the setting that cannot be."""
    if not settings.banks:
        return
    for cause in settings.break_limits_s:
        if cause != "default" and cause not in CAUSES:
            raise BadInput(f"custody.break_limits_s.{cause}", f"is none of {', '.join(CAUSES)}")
    if "default" not in settings.break_limits_s:
        raise BadInput("custody.break_limits_s.default", "is missing")
    for name, bank in settings.banks.items():
        _check_accounts(f"custody.banks.{name}.accounts", bank.accounts)
    kept = [one.currency for bank in settings.banks.values() for one in bank.accounts if one.side == "client"]
    for currency, count in Counter(kept).items():
        if count < BANKS_LEAST:
            raise BadInput("custody.banks", f"{currency} of clients is kept at one bank only: two are needed")
    if sum(bank.weight for bank in settings.banks.values()) <= 0:
        raise BadInput("custody.banks", "no bank has a weight above zero")


def _check_accounts(place: str, accounts: list[CustodianAccount]) -> None:
    sides = [(one.currency, one.side) for one in accounts]
    if len(set(sides)) < len(sides):
        raise BadInput(place, "two accounts of one currency and side")
    for currency, _ in sides:
        if minor_units(currency) is None:
            raise BadInput(place, f"{currency} is no currency of ISO 4217")


def terms_of(settings: CustodySettings, decimals: dict[str, int]) -> Terms:
    """`decimals` of each currency in the engine. Raises BadInput."""
    banks = tuple(
        Bank(
            name=name,
            bic=bank.bic,
            weight=bank.weight,
            accounts=tuple(BankAccount(name, one.number, one.currency, one.side) for one in bank.accounts),
        )
        for name, bank in settings.banks.items()
    )
    limits = {
        currency: Limits(
            _amount(f"{currency}.most", one.most, decimals.get(currency, 0)),
            _amount(f"{currency}.a_day", one.a_day, decimals.get(currency, 0)),
        )
        for currency, one in settings.withdrawals.items()
    }
    return Terms(
        banks=banks,
        house=settings.house,
        decimals=decimals,
        limits_s=settings.break_limits_s,
        window_days=settings.window_days,
        silent_s=settings.silent_s,
        failover_s=settings.failover_s,
        statement_s=settings.statement_s,
        tolerance_bps=settings.tolerance_bps,
        limits=limits,
    )


def _amount(name: str, written: str, places: int) -> int:
    try:
        return units(written, places)
    except (NotANumber, TooFine) as fault:
        raise BadInput(f"custody.withdrawals.{name}", f"{written!r} is no amount") from fault
