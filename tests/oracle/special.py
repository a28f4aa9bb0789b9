"""Orders with special terms: placing and changing them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .state import State


def check_place_special(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def place_special(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def check_replace_special(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def replace_special(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def check_reduce(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def reduce(state: State, command: Any) -> Iterator[Any]:
    yield from ()
