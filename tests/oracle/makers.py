"""Market makers: obligations, scores, protections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .state import State


def check_register_maker(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def register_maker(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def check_set_protection(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def set_protection(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def is_maker(state: State, account: int, number: int) -> bool:
    """Is the account a registered market maker of the instrument?"""
    return False
