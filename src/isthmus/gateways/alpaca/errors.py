"""Refusals in this protocol's words: HTTP status, a code of eight digits, a message; our own reason beside them."""

from __future__ import annotations

from typing import Any

from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.http import Answer

BAD_REQUEST = 40_010_001
"""Also that of a client_order_id that is not unique, whose status is 422."""
FIELDS = {
    "instrument": "symbol",
    "quantity": "qty",
    "price": "limit_price",
    "id": "order_id",
}
_STATUSES = {
    "insufficient_funds": 403,
    "account_frozen": 403,
    "duplicate_client_id": 422,
    "malformed_number": 422,
    "malformed_id": 422,
}
_MESSAGES = {
    "duplicate_client_id": "client_order_id must be unique",
    "unauthenticated": "request is not authorized: the key id or its secret is wrong or missing",
    "not_found": "endpoint not found",
}


def status_of(refusal: Refusal) -> int:
    """The HTTP status that clients of this protocol expect."""
    return _STATUSES.get(refusal.reason, refusal.status)


def code_of(refusal: Refusal) -> int:
    """The status and five digits; clients know some of these codes."""
    if refusal.reason == "duplicate_client_id" or status_of(refusal) == 400:
        return BAD_REQUEST
    return status_of(refusal) * 100_000 + 10_000


def message_of(refusal: Refusal) -> str:
    """What is wrong, and with which field, value and limit."""
    said = _MESSAGES.get(refusal.reason, refusal.detail)
    if refusal.reason == "insufficient_funds":
        asset = (refusal.limit or "").rpartition(" ")[2] or "the account"
        said = f"insufficient balance for {asset}: {refusal.detail}"
    field = field_of(refusal)
    facts = []
    if field is not None and field not in said.split():
        facts.append(f"field {field}")
    if refusal.value:
        facts.append(f"value {refusal.value}")
    if refusal.limit and refusal.limit not in said:
        facts.append(f"{'available' if refusal.reason == 'insufficient_funds' else 'limit'} {refusal.limit}")
    return f"{said} ({', '.join(facts)})" if facts else said


def field_of(refusal: Refusal) -> str | None:
    """The field by its name here."""
    return FIELDS.get(refusal.field, refusal.field) if refusal.field is not None else None


def body_of(refusal: Refusal) -> dict[str, Any]:
    """The error's object."""
    body: dict[str, Any] = {"code": code_of(refusal), "message": message_of(refusal), "reason": refusal.reason}
    extras = {"field": field_of(refusal), "value": refusal.value, "limit": refusal.limit, "record": refusal.record}
    return body | {name: value for name, value in extras.items() if value is not None}


def answer_of(refusal: Refusal) -> Answer:
    """The error as an answer."""
    made = ok(body_of(refusal), status_of(refusal))
    return Answer(made.status, made.body, made.content_type, refusal.headers)
