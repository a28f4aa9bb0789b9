"""A withdrawal's life: requested, approved by one operator, released by another, sent, confirmed or returned.

Four eyes: whoever approves is neither who asked nor who releases. The client's money is held from the request on, so
that a withdrawal is never above what is available; it is posted when the bank has paid, and voided if not.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

State = Literal[
    "requested", "approved", "released", "sent", "confirmed", "refused", "cancelled", "rejected", "returned"
]

LIVE: frozenset[State] = frozenset(("requested", "approved", "released", "sent"))
"""States in which the client's money is held."""


class Withdrawal(Struct, frozen=True, kw_only=True):
    """`user`: who asked; times in ns UTC; `bank` where it is paid from, chosen at the request, again at the release."""

    number: int
    account: int
    currency: str
    amount: int
    to_name: str
    to_account: str
    to_bank: str
    user: str
    requested_at: int
    client_id: str = ""
    state: State = "requested"
    bank: str = ""
    attempt: int = 0
    """How many banks it was tried at before: each try holds and pays under a name of its own."""
    approved_by: str | None = None
    released_by: str | None = None
    ended_at: int | None = None
    why: str | None = None

    @property
    def reference(self) -> str:
        """What the bank tells back (end-to-end identification)."""
        return f"WD-{self.number}"

    @property
    def hold_key(self) -> str:
        """Under which the engine holds the money, once for each try."""
        return f"{self.reference}.{self.attempt}"


class NotAllowed(Struct, frozen=True):
    """Why a step was not taken. `reason` is a stable word."""

    reason: str
    words: str


class Limits(Struct, frozen=True):
    """Most of one withdrawal and of one account's withdrawals in a day, minor units; zero: no limit."""

    most: int
    a_day: int


class Asked(Struct, frozen=True):
    """What the checks look at. `day_total`: what the account withdrew or asked for today without this one."""

    amount: int
    available: int
    day_total: int
    blocking: tuple[str, ...]
    """Words of breaks that block the currency."""
    banks_able: bool


def check(asked: Asked, limits: Limits) -> NotAllowed | None:
    """The checks of a request, in this order. A break blocks the request too: money that cannot leave is not held."""
    if asked.amount <= 0:
        return NotAllowed("amount_not_positive", "a withdrawal is above zero")
    if limits.most and asked.amount > limits.most:
        return NotAllowed("withdrawal_limit", "above the most of one withdrawal")
    if limits.a_day and asked.day_total + asked.amount > limits.a_day:
        return NotAllowed("withdrawal_day_limit", "above the most of a day's withdrawals of the account")
    if asked.amount > asked.available:
        return NotAllowed("insufficient_funds", "more than is available")
    if asked.blocking:
        return NotAllowed("blocked_by_break", "; ".join(asked.blocking))
    if not asked.banks_able:
        return NotAllowed("no_bank_able", "no custodian bank that answers holds so much in this currency")
    return None


def approve(one: Withdrawal, operator: str) -> Withdrawal | NotAllowed:
    """The first pair of eyes."""
    if one.state != "requested":
        return _not_now(one, "approve")
    if operator == one.user:
        return NotAllowed("same_person", f"{operator} asked for it: another operator approves")
    return replace(one, state="approved", approved_by=operator)


def release(one: Withdrawal, operator: str, blocking: tuple[str, ...] = ()) -> Withdrawal | NotAllowed:
    """The second pair. Breaks are looked at again: what was well at the request may not be now."""
    if one.state != "approved":
        return _not_now(one, "release")
    if operator in (one.user, one.approved_by):
        return NotAllowed("same_person", f"{operator} asked for it or approved it: another operator releases")
    if blocking:
        return NotAllowed("blocked_by_break", "; ".join(blocking))
    return replace(one, state="released", released_by=operator)


def sent(one: Withdrawal) -> Withdrawal | NotAllowed:
    """The instruction is with the bank, or may be."""
    return replace(one, state="sent") if one.state in ("released", "sent") else _not_now(one, "send")


def confirmed(one: Withdrawal, at: int) -> Withdrawal | NotAllowed:
    """The bank paid."""
    return replace(one, state="confirmed", ended_at=at) if one.state == "sent" else _not_now(one, "confirm")


def rejected(one: Withdrawal, at: int, why: str) -> Withdrawal | NotAllowed:
    """The bank refused the instruction: nothing left."""
    return replace(one, state="rejected", ended_at=at, why=why) if one.state == "sent" else _not_now(one, "reject")


def returned(one: Withdrawal, at: int, why: str) -> Withdrawal | NotAllowed:
    """It was paid and came back."""
    return replace(one, state="returned", ended_at=at, why=why) if one.state == "confirmed" else _not_now(one, "return")


def ended(one: Withdrawal, state: Literal["refused", "cancelled"], at: int, why: str) -> Withdrawal | NotAllowed:
    """Refused by an operator or cancelled by the client, before it was released."""
    if one.state not in ("requested", "approved"):
        return _not_now(one, "end")
    return replace(one, state=state, ended_at=at, why=why)


def _not_now(one: Withdrawal, step: str) -> NotAllowed:
    return NotAllowed("wrong_state", f"{one.reference} is {one.state}: it cannot {step} now")
