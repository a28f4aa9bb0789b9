"""What can happen to an order (O65), and the code that RTS 24 has for it (field 21)."""

from __future__ import annotations

from typing import Any

import msgspec

CODES = {
    "new": "NEWO",
    "reject": "REMO",
    "repeat": "",
    "amend": "REME",
    "amend_by_venue": "REMA",
    "amend_refused": "",
    "amend_asked": "",
    "cancel": "CAME",
    "cancel_by_operator": "CAMO",
    "cancel_by_market": "CAMO",
    "cancel_by_venue": "CAMO",
    "cancel_refused": "",
    "cancel_asked": "",
    "expire": "EXPI",
    "fill": "FILL",
    "partial_fill": "PARF",
    "late_fill": "FILL",
    "child_fill": "",
    "trigger": "TRIG",
    "park": "CHMO",
    "refresh": "REMA",
    "reprice": "REMA",
    "trail": "REMA",
    "reduce": "REME",
    "reduce_by_market": "REMA",
    "reduce_refused": "",
    "invite": "",
    "venue_ack": "",
    "venue_answer_refused": "",
    "accept_refused": "",
    "bust": "",
    "correct": "",
}
"""Every event with its code; empty: RTS 24 has none, it is an instruction that changed nothing, or of our own books."""
FILLS = ("fill", "partial_fill", "late_fill")
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
