"""Why a request was not done: RFC 9457 problem documents, one for each reason."""

from __future__ import annotations

import msgspec

PROBLEM_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True):
    """`reason` is stable and for programs, `detail` is for people; `field`, `value` and `limit` say what broke which
    bound.
    """

    type: str
    title: str
    status: int
    detail: str
    reason: str
    field: str | None
    value: str | None
    limit: str | None
    request_id: str
    record: str | None = None


class Refusal(Exception):
    """A request is refused. Raised and caught within the gateways only."""

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        field: str | None = None,
        value: str | None = None,
        limit: str | None = None,
        record: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.field = field
        self.value = value[:VALUE_SHOWN_MAX] if value is not None else None
        self.limit = limit
        self.record = record
        self.headers = headers

    def problem(self, request_id: str) -> Problem:
        """The document that is sent."""
        return Problem(
            type=f"/docs/errors#{self.reason}",
            title=self.reason.replace("_", " ").capitalize(),
            status=self.status,
            detail=self.detail,
            reason=self.reason,
            field=self.field,
            value=self.value,
            limit=self.limit,
            request_id=request_id,
            record=self.record,
        )


VALUE_SHOWN_MAX = 128
"""Characters of a client's value that are said back."""

EDGE_REASONS = {
    "malformed_json": "The body is not JSON, or not UTF-8.",
    "malformed_request": "A field is missing, unknown or of the wrong type.",
    "malformed_number": "A number is plain decimal text in a string: digits, one point, one sign.",
    "malformed_id": "An id looks like ord-4711 or acc-16.",
    "unauthenticated": "No key, no session, or not a valid one.",
    "signature_stale": "The timestamp of a signed request is outside the window around the server's time.",
    "signature_replayed": "A signature counts once.",
    "forbidden": "The role or the account does not allow it.",
    "wrong_origin": "A change made with the browser's session must come from this site's own pages.",
    "not_found": "There is nothing at this path.",
    "method_not_allowed": "The path exists, the method does not.",
    "unknown_order": "There is no such order of an account that you may see, or it is closed.",
    "unknown_instrument": "There is no such instrument.",
    "unknown_account": "There is no such account, or it is not a client's.",
    "unknown_asset": "There is no such asset.",
    "duplicate_client_id": "The same client id or idempotency key was used with other content.",
    "body_too_large": "The body is longer than the limit.",
    "body_too_slow": "The body did not arrive in time.",
    "rate_limited": "Too many requests: wait as long as Retry-After says.",
    "busy": "Too many commands wait for the engine, or statements for their turn.",
    "journal_unavailable": "The journal cannot be written: nothing is accepted until it can.",
    "keys_unavailable": "The file of keys and sessions cannot be read or written now.",
    "no_books": "No books of record are kept here, or none yet.",
    "not_recorded": "The books of record do not reach so far yet.",
    "internal": "A bug. The server's log tells more.",
}
"""Reasons that the gateways give themselves; the others are the engine's (docs/reference/engine.md)."""
