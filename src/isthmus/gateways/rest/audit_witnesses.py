"""Handlers of the board of witnesses, and the shapes of what they answer. Who reads the board is handed in."""

from __future__ import annotations

from typing import Protocol

import msgspec

from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.audit_log import AuditQuorum
from isthmus.gateways.rest.http import Answer, Request


class AuditWitness(msgspec.Struct, frozen=True):
    """A witness. `state`: "signed", "behind", "refused" or "silent", since `since`; `size` and `time`: the newest head
    of the journal that it cosigned. `may_see`: fields of an order in clear; `blinded`: how many it sees hashes of only.
    """

    name: str
    jurisdiction: str
    authority: str
    state: str
    size: int
    time: str | None
    since: str | None
    reason: str | None
    url: str
    may_see: list[str]
    blinded: int
    retention_years: int
    source: str
    as_of: str
    verified: bool


class WitnessReport(msgspec.Struct, frozen=True):
    """What was seen of a log or of a witness, by name: "fork", "shrink", "unproven", "rolled_back", ..."""

    time: str
    witness: str
    kind: str
    what: str


class AuditWitnesses(msgspec.Struct, frozen=True):
    """`quorum` is null where nobody is asked; the newest report first."""

    quorum: AuditQuorum | None
    witnesses: list[AuditWitness]
    reports: list[WitnessReport]


class WitnessReader(Protocol):
    """Reads the board. Raises Refusal."""

    async def witnesses(self) -> AuditWitnesses:
        """As the last round of asking left it."""


class WitnessHandlers:
    """For operators and auditors."""

    def __init__(self, board: WitnessReader) -> None:
        self._board = board

    async def witnesses(self, _: Request) -> Answer:
        """Who cosigns the logs' heads."""
        return ok(await self._board.witnesses())
