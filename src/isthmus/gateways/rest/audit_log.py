"""Handlers of the audit logs, and the shapes of what they answer. Who reads the logs is handed in."""

from __future__ import annotations

from typing import Protocol

import msgspec

from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import whole_number
from isthmus.gateways.rest.http import JSON, Answer, Request
from isthmus.kernel.ids import number_of

SEQUENCE_DIGITS = 18
PLACE_MAX = (1 << 16) - 1


class AuditLogHead(msgspec.Struct, frozen=True):
    """The newest signed head of a log, which covers records up to `sequence`. `note`: the C2SP checkpoint."""

    log: str
    origin: str
    size: int
    sequence: int
    root: str
    time: str
    note: str


class AuditQuorum(msgspec.Struct, frozen=True):
    """How many of the witnesses must cosign the journal's head, how many did, and how many there are."""

    needed: int
    have: int
    of: int


class AuditSigner(msgspec.Struct, frozen=True):
    """A holder of the heads' key. `state`: "present", "silent", "lost" (he has no share) or the name of his refusal."""

    holder: int
    state: str
    since: str


class AuditSignedHead(msgspec.Struct, frozen=True):
    """The newest head of a log that the key signed, at `time`; by `vkey` public tools check it. `state`: "signed", or
    "failing" by `reason` (a name first) since `since`.
    """

    log: str
    vkey: str | None
    size: int
    root: str | None
    time: str | None
    state: str
    since: str
    reason: str | None


class AuditThreshold(msgspec.Struct, frozen=True):
    """The key of several holders that signs heads too, as it was at `time`: `needed` of `of` sign, `have` are there."""

    key: str
    time: str
    needed: int
    have: int
    of: int
    logs: list[AuditSignedHead]
    holders: list[AuditSigner]
    fault: str | None


class AuditStatus(msgspec.Struct, frozen=True):
    """How far the logs are behind the journal, and what keeps them from going on. `bounded_at`: so many records are
    read without a signed head at most. `state`: "current", "behind", "stopped" or "off". `orders_...`: of the log of
    orders, which comes behind that of the journal. `threshold`: null where no key of several holders is asked, or none
    was yet.
    """

    name: str
    state: str
    logs: list[AuditLogHead]
    journal_sequence: int
    lag_records: int
    lag_s: float
    bounded_at: int
    quorum: AuditQuorum | None
    fault: str | None
    orders_sequence: int = 0
    orders_lag_records: int = 0
    orders_lag_s: float = 0.0
    threshold: AuditThreshold | None = None


class ProvenRecord(msgspec.Struct, frozen=True):
    """A record's hash in the journal and the salt of its commitment, both as hexadecimal."""

    hash: str
    salt: str


class ProvenField(msgspec.Struct, frozen=True):
    """A field of an order's event, its salt, and the hashes from it to the fingerprint."""

    id: str
    name: str
    value: str | None
    salt: str
    proof: list[str]


class ProvenOrder(msgspec.Struct, frozen=True):
    """An event of an order by its fingerprint; `fields` are those that are shown."""

    order: int
    fingerprint: str
    fields: list[ProvenField]


class ProofFile(msgspec.Struct, frozen=True):
    """The file isthmus-proof/1 (docs/guide/audit.md). `entry` is base64, hashes are hexadecimal."""

    format: str
    log: str
    sequence: int
    index: int
    entry: str
    leaf_hash: str
    tree_size: int
    root: str
    proof: list[str]
    checkpoint: str
    log_vkey: str
    witness_vkeys: list[str]
    record: ProvenRecord | None
    order: ProvenOrder | None


class AuditLogReader(Protocol):
    """Reads the logs' files. Raises Refusal."""

    async def status(self) -> AuditStatus:
        """How far the logs are."""

    async def record_proof(self, sequence: int) -> bytes:
        """A ProofFile (JSON) of a record of the journal."""

    async def order_proof(self, order: int, sequence: int | None, place: int | None) -> bytes:
        """A ProofFile (JSON) of an order's event at that record (and place, or its first), or of its last one, with all
        fields in clear.
        """


class AuditLogHandlers:
    """For operators and auditors."""

    def __init__(self, logs: AuditLogReader) -> None:
        self._logs = logs

    async def status(self, _: Request) -> Answer:
        """How far the logs are."""
        return ok(await self._logs.status())

    async def record_proof(self, request: Request) -> Answer:
        """That a record is in the journal's log."""
        return Answer(200, await self._logs.record_proof(_number(request.parameters["sequence"], "sequence")), JSON)

    async def order_proof(self, request: Request) -> Answer:
        """That an event of an order is in the log of orders, and what it says."""
        said, at = request.parameters["order"], request.query.get("sequence")
        order = number_of("ord", said) or _number(said, "order")
        sequence = None if at is None else _number(at, "sequence")
        place = whole_number(request.query, "place", 0, 0, PLACE_MAX) if "place" in request.query else None
        return Answer(200, await self._logs.order_proof(order, sequence, place), JSON)


def _number(said: str, field: str) -> int:
    if not said.isascii() or not said.isdigit() or len(said) > SEQUENCE_DIGITS or int(said) == 0:
        raise Refusal(422, "malformed_request", "is a record's number, from 1", field=field, value=said)
    return int(said)
