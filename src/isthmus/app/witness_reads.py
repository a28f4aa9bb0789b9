"""The board of witnesses for the gateways: its file is read on a thread, never the process that asks them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from isthmus.app.witness_board import read_board
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.audit_witnesses import AuditWitnesses
from isthmus.kernel.errors import Damaged


class WitnessReads:
    """Of a data folder."""

    def __init__(self, data: Path) -> None:
        self._data = data

    async def witnesses(self) -> AuditWitnesses:
        """See WitnessReader."""
        try:
            board = await asyncio.to_thread(read_board, self._data)
        except (Damaged, OSError) as error:
            raise Refusal(503, "log_unreadable", f"the board of witnesses cannot be read: {error}") from error
        if board is None:
            return AuditWitnesses(None, [], [])
        return msgspec.convert(msgspec.to_builtins(board), AuditWitnesses)
