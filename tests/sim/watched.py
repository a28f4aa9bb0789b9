"""A pair that watches the state: whatever is refused has changed nothing but sequence and stamp."""

from __future__ import annotations

from typing import Any

from tests.oracle.messages import NO_ID
from tests.oracle.pair import Pair, names
from tests.oracle.record import Origin

SEQUENCE_AND_STAMP = 16
"""Bytes of the canonical state."""


class Watched(Pair):
    """As Pair; a refusal under a client id is remembered, so that only refusals without one are looked at."""

    def apply(self, command: Any, at: int, origin: Origin | None = None) -> list[Any]:
        before = self.engine.state()[SEQUENCE_AND_STAMP:]
        effects = super().apply(command, at, origin)
        if names(effects) == ["Rejected"] and getattr(command, "client_id", NO_ID) == NO_ID:
            assert self.engine.state()[SEQUENCE_AND_STAMP:] == before, f"refused, but it changed something: {command}"
        return effects
