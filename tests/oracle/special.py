"""Orders with special terms: placing and changing them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .state import State


def waiting_price(state: State, command: Any) -> int | None:
    """The price that an order is held for while it waits for its trigger or follows its peg; None refuses it."""
    return int(command.price or command.stop)


def check_replace_special(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def replace_special(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def check_reduce(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def reduce(state: State, command: Any) -> Iterator[Any]:
    yield from ()
