"""The kill switch, its re-arming, and the dead-man timer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .state import State


def check_kill(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def kill(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def check_rearm(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def rearm(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def check_set_dead_man(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def set_dead_man(state: State, command: Any) -> Iterator[Any]:
    yield from ()
