"""Stops and trailing stops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .state import State


def expire_day(state: State, number: int) -> Iterator[Any]:
    yield from ()


def fire_stop(state: State, number: int) -> Iterator[Any]:
    yield from ()
