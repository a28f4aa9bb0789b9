"""The native API's objects of client money: withdrawals, deposits, breaks, reconciliation, the daily record."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

WithdrawalState = Literal[
    "requested", "approved", "released", "sent", "confirmed", "refused", "cancelled", "rejected", "returned"
]
Line70 = Annotated[str, Meta(min_length=1, max_length=70)]
AccountNumber = Annotated[str, Meta(pattern="^[0-9A-Za-z-]{1,34}$")]
Why = Annotated[str, Meta(min_length=1, max_length=500)]


class NewWithdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To an account at a bank (`to_account`: IBAN or number; `to_bank`: BIC). The amount is held from now on."""

    asset: str
    amount: str
    to_name: Line70
    to_account: AccountNumber
    to_bank: Annotated[str, Meta(pattern="^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$")]
    client_id: str | None = None
    account: str | None = None


class Withdrawal(msgspec.Struct, frozen=True):
    """A withdrawal: who asked, approved and released it, where it stands, and why it ended where it did not succeed."""

    id: str
    account: str
    asset: str
    amount: str
    to_name: str
    to_account: str
    to_bank: str
    state: WithdrawalState
    bank: str
    requested_by: str
    requested_at: str
    approved_by: str | None
    released_by: str | None
    ended_at: str | None
    why: str | None
    client_id: str | None


class Refusing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a withdrawal is refused."""

    why: Why


class DepositAddress(msgspec.Struct, frozen=True):
    """Where to pay to, and under which reference: money without it waits in suspense."""

    asset: str
    bank: str
    bic: str
    account_number: str
    beneficiary: str
    reference: str


class Deposit(msgspec.Struct, frozen=True):
    """Money that came in for the account."""

    asset: str
    amount: str
    bank: str
    bank_reference: str
    day: str


class Suspended(msgspec.Struct, frozen=True):
    """Client money whose client is not known yet."""

    bank: str
    account_number: str
    key: str
    asset: str
    amount: str
    day: str
    information: str
    age_s: int
    assigned_to: str | None


class Assigning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which line, and whose it is ("acc-16")."""

    bank: str
    account_number: str
    key: str
    account: str


class BreakRow(msgspec.Struct, frozen=True):
    """A difference between books and bank, its age, what it blocks, and why in words."""

    key: str
    cause: str
    bank: str | None
    account: str | None
    currency: str
    amount: str | None
    reference: str
    age_s: int
    limit_s: int
    blocks_withdrawals: bool
    words: str


class Settling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which break, and why it is none any more."""

    key: str
    why: Why


class PositionRow(msgspec.Struct, frozen=True):
    """Client money in a currency: entitlements = custodians + in transit + with venues + difference."""

    currency: str
    entitlements: str
    at_custodians: dict[str, str]
    in_transit: str
    with_venues: str
    no_bank: str
    difference: str
    result: Literal["agrees", "shortfall", "excess"]


class MoveRow(msgspec.Struct, frozen=True):
    """Money between two of our accounts at banks. A proposal has no id."""

    id: str | None
    purpose: str
    source: str
    target: str
    currency: str
    amount: str
    state: str
    proposed_by: str | None = None
    approved_by: str | None = None
    released_by: str | None = None
    why: str | None = None


class NewMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A move between our accounts, by their paths, as a proposal names them."""

    purpose: Literal["top_up", "excess", "custody"]
    source: str
    target: str
    currency: str
    amount: str


class BankState(msgspec.Struct, frozen=True):
    """How a custodian bank does. `pay_to`: deposits in these currencies are sent there now. `statements`: final ones
    that were taken.
    """

    bank: str
    bic: str
    weight: int
    answers: bool
    silent_s: int | None
    held: dict[str, str]
    statements: int
    pay_to: list[str]


class Reconciliation(msgspec.Struct, frozen=True):
    """As of now."""

    time: str
    positions: list[PositionRow]
    breaks: list[BreakRow]
    proposals: list[MoveRow]
    blocked: dict[str, list[str]]
    banks: list[BankState]


class RecordRow(msgspec.Struct, frozen=True):
    """A daily record's place in its chain."""

    number: int
    day: str
    hash: str


class DailyRecord(msgspec.Struct, frozen=True):
    """The record, for machines and for people; `hash` is SHA-256 of its JSON form as it is kept in the file."""

    number: int
    day: str
    hash: str
    chain_whole: bool
    record: dict[str, Any]
    text: str
