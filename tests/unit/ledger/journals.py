"""Journals of random sessions."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.oracle.adapter import to_core
from tests.sim import strategies, strategies_dark, strategies_gate, strategies_ledger, strategies_sessions

from isthmus import _core
from isthmus.engine.engine import Engine

Ask = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine to its end."""


SESSIONS: dict[str, Callable[[int, int], strategies.Session]] = {
    "plain": strategies.session,
    "ledger": strategies_ledger.session,
    "gate": strategies_gate.gated,
    "dark": strategies_dark.session,
    "sessions": strategies_sessions.session,
}
"""Markets of every kind: shares, exchange, perpetuals, corrections, moves in one step and two."""


def played(folder: Path, seed: int, length: int, segment_bytes: int = 1 << 20, kind: str = "plain") -> Engine:
    """An engine with a journal in the folder, behind a random session; to be closed."""
    engine = Engine(str(folder), "os", segment_bytes)
    for command, at in SESSIONS[kind](seed, length):
        engine.submit(to_core(_core, command), at)
    return engine
