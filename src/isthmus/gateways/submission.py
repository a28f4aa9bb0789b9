"""From an asker to the engine and back: a command with its origin goes in, its durable record comes out."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import msgspec

from isthmus.engine.driver import Driver
from isthmus.engine.engine import Origin, Record
from isthmus.gateways.keys import Identity
from isthmus.gateways.problems import Refusal
from isthmus.kernel.clock import Clock
from isthmus.kernel.messages import GATEWAYS, ROLES

CLIENT_ID_MAX = 128
"""Characters of a client's own id."""


class Asker(msgspec.Struct, frozen=True):
    """Who asks, through which gateway, and the bytes that said what."""

    identity: Identity
    gateway: str
    instruction: bytes
    idempotency_key: str | None = None

    @property
    def instruction_hash(self) -> bytes:
        """What the record keeps of the instruction."""
        return hashlib.sha256(self.instruction).digest()


class Submission:
    """Hands commands to the driver and waits for their records."""

    def __init__(self, driver: Driver, clock: Clock) -> None:
        self._driver = driver
        self._clock = clock

    def stage(
        self, command: Any, asker: Asker, text: str = "", note: str = ""
    ) -> tuple[Record, asyncio.Future[Record]]:
        """The record at once, and a future of it that is done when it is durable. Raises Refusal 503."""
        loop = asyncio.get_running_loop()
        durable: asyncio.Future[Record] = loop.create_future()
        origin = Origin(
            session=asker.identity.session,
            user=asker.identity.user,
            role=ROLES[asker.identity.role],
            gateway=GATEWAYS[asker.gateway],
            received_at=self._clock(),
            text=text,
            note=note,
            instruction=asker.instruction_hash,
        )
        record = self._driver.submit(command, origin, lambda made: _resolve(durable, made))
        if record is None:
            raise self._refused()
        return record, durable

    async def submit(self, command: Any, asker: Asker, text: str = "") -> Record:
        """The durable record. Raises Refusal 503 when nothing is taken."""
        return await self.stage(command, asker, text)[1]

    def live_order(self, order: int) -> dict[str, int] | None:
        """A live order as the engine has it now; None if there is none."""
        return self._driver.engine.order(order)

    def _refused(self) -> Refusal:
        if self._driver.fault is not None:
            return Refusal(503, "journal_unavailable", f"the journal cannot be written: {self._driver.fault}")
        return Refusal(
            503,
            "busy",
            "too many commands wait for the engine",
            limit=str(self._driver.inbox_max),
            headers=(("retry-after", "1"),),
        )


def _resolve(durable: asyncio.Future[Record], record: Record) -> None:
    """The asker may have gone in the meantime."""
    if not durable.done():
        durable.set_result(record)


def client_text(asker: Asker, client_id: str | None, field: str = "client_order_id") -> str:
    """The client's own id for a command: his id, or his idempotency key. Raises Refusal 400."""
    given = client_id if client_id is not None else asker.idempotency_key
    if given is None:
        return ""
    if not 1 <= len(given) <= CLIENT_ID_MAX or not given.isascii() or not given.isprintable():
        raise Refusal(
            400,
            "malformed_request",
            f"{field} is 1 to {CLIENT_ID_MAX} printable ASCII characters",
            field=field if client_id is not None else "Idempotency-Key",
            value=given,
            limit=str(CLIENT_ID_MAX),
        )
    return given
