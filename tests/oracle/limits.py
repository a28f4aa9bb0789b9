"""Limits of the gate, credit lines, groups and firms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .state import State


def check_set_account(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def set_account(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def check_set_credit(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def set_credit(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def check_set_limit(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def set_limit(state: State, command: Any) -> Iterator[Any]:
    yield from ()
