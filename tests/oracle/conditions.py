"""Orders that may be passed over: all-or-none, minimum quantities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .state import State


def retry_conditional(state: State, number: int) -> Iterator[Any]:
    yield from ()
