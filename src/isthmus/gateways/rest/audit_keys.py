"""Handlers of the board of key ceremonies, and the shapes of what they answer. Who reads the board is handed in."""

from __future__ import annotations

from typing import Protocol

import msgspec

from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.http import Answer, Request


class KeyHolder(msgspec.Struct, frozen=True):
    """`state`: "present", "silent" or "lost", as the last ceremony found him."""

    holder: int
    state: str


class ThresholdKey(msgspec.Struct, frozen=True):
    """A key of `of` holders, `threshold` of whom sign. `address`: of the cold wallet (BIP-350)."""

    key: str
    suite: str
    threshold: int
    of: int
    public_key: str
    address: str | None
    use: str
    holders: list[KeyHolder]


class CeremonyStep(msgspec.Struct, frozen=True):
    """What a holder did: "waiting", "approved", "done", "silent", or the name of his refusal. `attested`: he signed
    that himself; the rest is the coordinator's word.
    """

    holder: int
    time: str
    verdict: str
    attested: bool


class Ceremony(msgspec.Struct, frozen=True):
    """`kind`: "generate", "sign", "refresh" or "repair"; `state`: "opened", "waiting", "done" or "failed".

    `sequence`: its first entry in the log of ceremonies. `attested`: holders whose own signed statements, which are
    checked by the certificates of the roster, say that it came to this.
    """

    ceremony: str
    kind: str
    key: str
    what: str
    opened: str
    state: str
    needed: int
    steps: list[CeremonyStep]
    reason: str | None
    sequence: int
    attested: list[int]


class AuditCeremonies(msgspec.Struct, frozen=True):
    """Keys by name, the newest ceremonies first."""

    keys: list[ThresholdKey]
    ceremonies: list[Ceremony]


class CeremonyReader(Protocol):
    """Reads the log of ceremonies. Raises Refusal."""

    async def ceremonies(self) -> AuditCeremonies:
        """As the log's newest head has it."""


class CeremonyHandlers:
    """For operators and auditors."""

    def __init__(self, board: CeremonyReader) -> None:
        self._board = board

    async def ceremonies(self, _: Request) -> Answer:
        """Threshold keys, and what their holders did."""
        return ok(await self._board.ceremonies())
