"""Busting and adjusting trades."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .state import State


def check_correct_trade(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def correct_trade(state: State, command: Any) -> Iterator[Any]:
    yield from ()
