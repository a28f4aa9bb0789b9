"""What can happen to an order."""

from __future__ import annotations

from typing import Any

import msgspec

PLACING = frozenset(("PlaceOrder", "PlaceSpecial", "PlaceParent", "PlaceChild"))
REFUSED = {
    "CancelOrder": "cancel_refused",
    "ReplaceOrder": "amend_refused",
    "ReplaceSpecial": "amend_refused",
    "ReduceOrder": "reduce_refused",
    "AcceptQuote": "accept_refused",
    "VenueAccepted": "venue_answer_refused",
    "VenueCancelled": "venue_answer_refused",
    "VenueReplaced": "venue_answer_refused",
    "VenueFilled": "venue_answer_refused",
}


class Event(msgspec.Struct, frozen=True):
    """`held_before` and `held`: minor units before and behind it, None where the record does not say. `more`: values by
    number of their dimension. `status`: of an order that never became one.
    """

    name: str
    reason: str
    held: int | None = None
    held_before: int | None = None
    status: str = ""
    diff: dict[str, list[str]] | None = None
    checked: dict[str, Any] | None = None
    more: dict[int, str | None] = {}


def refusal_of(command: str) -> str | None:
    """The event when a command about an order is refused; None for other commands."""
    return REFUSED.get(command)


def ended_as(record: Any, reason: str) -> str:
    """The event of a Cancelled."""
    command = record.command
    kind = type(command).__name__
    if reason == "expired":
        return "expire"
    if kind == "VenueCancelled":
        return "cancel_by_venue"
    if kind in ("CancelOrder", "CancelAll", "ReduceOrder") and reason in ("user", "mass"):
        return "cancel" if command.account else "cancel_by_operator"
    return "cancel" if reason == "user" else "cancel_by_market"
