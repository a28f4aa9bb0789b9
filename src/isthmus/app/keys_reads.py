"""The board of key ceremonies for the gateways: read from the log's files on a thread, never from a holder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from isthmus.app.keys_member import ROSTER, coordinator_folder, read_roster
from isthmus.audit.entry_log import entries
from isthmus.audit.keys.record import Board, board
from isthmus.engine.proofs import LogRefused
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.audit_keys import AuditCeremonies
from isthmus.kernel.errors import BadInput, Damaged


class CeremonyReads:
    """Of a data folder."""

    def __init__(self, data: Path) -> None:
        self._data = data

    async def ceremonies(self) -> AuditCeremonies:
        """See CeremonyReader."""
        try:
            found = await asyncio.to_thread(self._read)
        except (BadInput, Damaged, LogRefused, OSError) as error:
            raise Refusal(503, "log_unreadable", f"the log of ceremonies cannot be read: {error}") from error
        return msgspec.convert(msgspec.to_builtins(found), AuditCeremonies)

    def _read(self) -> Board:
        path = coordinator_folder(self._data) / ROSTER
        return board(entries(self._data), read_roster(path) if path.exists() else None)
