"""Journals of random sessions."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.oracle.adapter import to_core
from tests.sim.strategies import session

from isthmus import _core
from isthmus.engine.engine import Engine

Ask = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine to its end."""


def played(folder: Path, seed: int, length: int, segment_bytes: int = 1 << 20) -> Engine:
    """An engine with a journal in the folder, behind a random session; to be closed."""
    engine = Engine(str(folder), "os", segment_bytes)
    for command, at in session(seed, length):
        engine.submit(to_core(_core, command), at)
    return engine
