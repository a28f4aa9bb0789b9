"""What the API says of LoRaWAN, and how two operators approve a rule: one proposes it for a scope, another agrees."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from isthmus.gateways.lorawan.door import Door
from isthmus.gateways.lorawan.hedges import DAY_NS, STATUSES
from isthmus.gateways.lorawan.networks import SERVERS, BadEvent
from isthmus.gateways.lorawan.rules import NANO, nano, told
from isthmus.gateways.lorawan.store import Approval, Store
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import body_as, one_of, whole_number
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.rest.routes import EVERYBODY, JOURNAL_ROLES, OPERATOR_ONLY, Field, Route
from isthmus.kernel.clock import Clock
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import short_text, time_ns, time_text

ROWS_MAX = 500
APPROVAL_DAYS_MAX = 92
"""An approval is given for at most so long, then looked at anew."""


class Scope(msgspec.Struct, frozen=True):
    """An approval: who proposed and who approved it (null while it waits), what for, and what was sent under it."""

    number: int
    proposed_by: str
    proposed_at: str
    approved_by: str | None
    approved_at: str | None
    until: str
    orders: int
    quantity: str
    orders_sent: int
    quantity_sent: str


class RuleState(msgspec.Struct, frozen=True):
    """A rule as a sentence, the hash of its content, the approval of exactly that which stands, and one that waits."""

    name: str
    hash: str
    text: str
    approved: bool
    approval: Scope | None
    waiting: Scope | None


class Proposing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hash of the content that was read; until when it may send orders, how many, and how much in all."""

    hash: str
    until: str
    orders: Annotated[int, Meta(ge=1, le=1_000_000)]
    quantity: Annotated[str, Meta(max_length=30)]


class Approving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hash of the content that was read, and the number of the proposal."""

    hash: str
    number: int


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
            Route("POST", f"{rule}/propose", self.propose, "Propose a rule", RuleState, OPERATOR_ONLY, Proposing),
            Route("POST", f"{rule}/approve", self.approve, "Approve it: another", RuleState, OPERATOR_ONLY, Approving),
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

    async def propose(self, request: Request) -> Answer:
        """The first step: for a scope, to be approved by another. The hash shows that the content was read."""
        name = self._named(request)
        asked = body_as(request.body, Proposing)
        content = self._read(name, asked.hash)
        at = self._clock()
        until, quantity = _until(asked.until, at), _quantity(asked.quantity)
        self._store.propose(Approval(0, name, content, request.known.name, at, until, asked.orders, quantity))
        return ok(self._state(name))

    async def approve(self, request: Request) -> Answer:
        """The second step, by another person: the content may send orders from now on, within the scope."""
        name = self._named(request)
        asked = body_as(request.body, Approving)
        waiting = self._store.waiting(name, self._read(name, asked.hash))
        if waiting is None or waiting.number != asked.number:
            raise Refusal(409, "not_proposed", "no such proposal waits", field="number", value=str(asked.number))
        if waiting.by == request.known.name:
            raise Refusal(409, "same_person", f"{waiting.by} proposed it: another operator approves")
        self._store.approve(waiting, request.known.name, self._clock())
        return ok(self._state(name))

    def _read(self, name: str, shown: str) -> str:
        """The hash of the rule's content, which must be the one that was shown."""
        content = self._door.hedges.rules[name][1]
        if not hmac.compare_digest(shown.encode(), content.encode()):
            detail = "the rule's content is another: read it again, then send its hash"
            raise Refusal(409, "other_content", detail, field="hash", value=shown, limit=content)
        return content

    async def revoke(self, request: Request) -> Answer:
        """It sends no orders any more, and nothing waits. One operator is enough."""
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
        standing, waiting = self._store.approval(name, content), self._store.waiting(name, content)
        good = standing is not None and self._clock() < standing.until
        return RuleState(name, content, told(name, rule), good, self._scope(standing), self._scope(waiting))

    def _scope(self, found: Approval | None) -> Scope | None:
        if found is None:
            return None
        orders, quantity = self._store.used(found.number)
        return Scope(
            number=found.number,
            proposed_by=found.by,
            proposed_at=time_text(found.at),
            approved_by=found.second,
            approved_at=None if found.second_at is None else time_text(found.second_at),
            until=time_text(found.until),
            orders=found.orders,
            quantity=short_text(found.nano, NANO),
            orders_sent=orders,
            quantity_sent=short_text(quantity, NANO),
        )


def _until(written: str, at: int) -> int:
    try:
        until = time_ns(written)
    except ValueError:
        raise Refusal(400, "malformed_request", "is no RFC 3339 time", field="until", value=written) from None
    if not at < until <= at + APPROVAL_DAYS_MAX * DAY_NS:
        limit = f"{APPROVAL_DAYS_MAX} days"
        raise Refusal(422, "invalid_time", f"is not within {limit} from now", field="until", value=written, limit=limit)
    return until


def _quantity(written: str) -> int:
    try:
        quantity = nano("quantity", written)
    except BadInput as fault:
        raise Refusal(400, "malformed_request", fault.reason, field="quantity", value=written) from None
    if quantity <= 0:
        raise Refusal(400, "malformed_request", "is not above 0", field="quantity", value=written)
    return quantity


def _shown(number: int, row: dict[str, Any]) -> Intent:
    figures = {name: value for name, value in row.items() if name != "at"}
    return Intent(number=number, time=time_text(row["at"]), **figures)
