"""Closing positions of accounts that no longer bear them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .state import State


def check_liquidate(state: State, command: Any) -> Iterator[str]:
    yield "not_liquidatable"


def liquidate(state: State, command: Any) -> Iterator[Any]:
    yield from ()


check_deleverage, deleverage = check_liquidate, liquidate
