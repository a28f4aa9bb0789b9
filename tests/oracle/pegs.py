"""Pegged orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .state import State


def reprice_peg(state: State, number: int) -> Iterator[Any]:
    yield from ()
