"""What the API says of LoRaWAN, and how an operator approves a rule."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Literal

import msgspec

from isthmus.gateways.lorawan.door import Door
from isthmus.gateways.lorawan.hedges import STATUSES
from isthmus.gateways.lorawan.networks import SERVERS, BadEvent
from isthmus.gateways.lorawan.rules import told
from isthmus.gateways.lorawan.store import Approval, Store
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import body_as, one_of, whole_number
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.rest.routes import EVERYBODY, JOURNAL_ROLES, OPERATOR_ONLY, Field, Route
from isthmus.kernel.clock import Clock
from isthmus.kernel.values import time_text

ROWS_MAX = 500


class RuleState(msgspec.Struct, frozen=True):
    """A rule as a sentence, the hash of its content, and who approved exactly that."""

    name: str
    hash: str
    text: str
    approved: bool
    by: str | None
    at: str | None


class Approving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hash of the content that was read."""

    hash: str


class Revoking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object."""


class Intent(msgspec.Struct, frozen=True):
    """What a rule wanted, why, and what became of it."""

    number: int
    status: Literal["proposed", "limited", "sent", "placed", "refused", "unknown"]
    rule: str
    hash: str
    why: str
    time: str
    reading: dict[str, Any]
    account: str
    instrument: str
    side: str
    quantity: str
    order: str | None
    detail: str | None


class Taken(msgspec.Struct, frozen=True):
    """What became of an uplink."""

    device: str | None
    readings: int
    refused: str | None
    detail: str


class State(msgspec.Struct, frozen=True):
    """Counts by what became of uplinks; the newest readings and refusals first."""

    counts: dict[str, int]
    waiting: int
    readings: list[dict[str, Any]]
    refusals: list[dict[str, Any]]


class LorawanHandlers:
    """`token_sha256`: of the word that network servers show; empty: they are not listened to."""

    def __init__(self, door: Door, store: Store, token_sha256: str, clock: Clock) -> None:
        self._door = door
        self._store = store
        self._token = token_sha256
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """Added to the one table where LoRaWAN is on."""
        rule = "/v1/lorawan/rules/{rule}"
        listed = (Field("limit", "rows"), Field("status", "all, or " + ", ".join(STATUSES)))
        return (
            Route("GET", "/v1/lorawan/state", self.state, "Uplinks, readings, refusals", State, JOURNAL_ROLES),
            Route("GET", "/v1/lorawan/rules", self.rules, "Rules of hedging", list[RuleState], JOURNAL_ROLES),
            Route("POST", f"{rule}/approve", self.approve, "Approve a rule", RuleState, OPERATOR_ONLY, Approving),
            Route("POST", f"{rule}/revoke", self.revoke, "End its approval", RuleState, OPERATOR_ONLY, Revoking),
            Route(
                "GET",
                "/v1/lorawan/intents",
                self.intents,
                "What rules wanted, newest first",
                list[Intent],
                JOURNAL_ROLES,
                fields=listed,
            ),
            Route(
                "POST", "/v1/lorawan/uplinks/{server}", self.uplink, "An event of a network server", Taken, EVERYBODY
            ),
        )

    async def state(self, _: Request) -> Answer:
        """Counts and the newest."""
        return ok(self._door.state())

    async def rules(self, _: Request) -> Answer:
        """All rules."""
        return ok([self._state(name) for name in self._door.hedges.rules])

    async def approve(self, request: Request) -> Answer:
        """The content with this hash may send orders from now on; the hash shows that it was read."""
        name = self._named(request)
        content = self._door.hedges.rules[name][1]
        shown = body_as(request.body, Approving).hash
        if not hmac.compare_digest(shown.encode(), content.encode()):
            detail = "the rule's content is another: read it again, then approve its hash"
            raise Refusal(409, "other_content", detail, field="hash", value=shown, limit=content)
        self._store.approve(Approval(name, content, request.known.name, self._clock()))
        return ok(self._state(name))

    async def revoke(self, request: Request) -> Answer:
        """It sends no orders any more."""
        name = self._named(request)
        body_as(request.body, Revoking)
        self._store.revoke(name, request.known.name, self._clock())
        return ok(self._state(name))

    async def intents(self, request: Request) -> Answer:
        """The log."""
        most = whole_number(request.query, "limit", 100, 1, ROWS_MAX)
        status = one_of(request.query, "status", "all", ("all", *STATUSES))
        rows = self._store.intents(most, None if status == "all" else status)
        return ok([_shown(number, row) for number, row in rows])

    async def uplink(self, request: Request) -> Answer:
        """What a network server tells. Its word is in `Authorization: Bearer`."""
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        digest = hashlib.sha256(shown.encode()).hexdigest()
        if not self._token or not hmac.compare_digest(digest, self._token):
            raise Refusal(401, "unauthenticated", "this is for the network server that has the word")
        server = request.parameters["server"]
        if server not in SERVERS:
            names = ", ".join(SERVERS)
            raise Refusal(404, "not_found", f"network servers are: {names}", field="server", value=server, limit=names)
        if server == "chirpstack" and request.query.get("event", "up") != "up":
            return ok(Taken(None, 0, None, "only uplinks are read"))
        try:
            outcome = self._door.take_event(server, request.body)
        except BadEvent as fault:
            raise Refusal(400, "malformed_request", str(fault)) from None
        return ok(Taken(outcome.device, len(outcome.readings), outcome.refused, outcome.detail))

    def _named(self, request: Request) -> str:
        name = request.parameters["rule"]
        if name not in self._door.hedges.rules:
            raise Refusal(404, "not_found", "there is no such rule", field="rule", value=name)
        return name

    def _state(self, name: str) -> RuleState:
        rule, content = self._door.hedges.rules[name]
        found = self._store.approval(name, content)
        by, at = (found.by, time_text(found.at)) if found is not None else (None, None)
        return RuleState(name, content, told(name, rule), found is not None, by, at)


def _shown(number: int, row: dict[str, Any]) -> Intent:
    figures = {name: value for name, value in row.items() if name != "at"}
    return Intent(number=number, time=time_text(row["at"]), **figures)
