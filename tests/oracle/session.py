"""Trading states and the tick table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .state import State


def check_set_tick(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def set_tick(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def check_set_session(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def set_session(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def check_uncross(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def uncross(state: State, command: Any) -> Iterator[Any]:
    yield from ()
