"""Requests, responses, negotiated sales and sealed bids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .state import State


def check_accept_quote(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def accept_quote(state: State, command: Any) -> Iterator[Any]:
    yield from ()


def check_clear_sealed(state: State, command: Any) -> Iterator[Any]:
    yield "unknown_kind"


def clear_sealed(state: State, command: Any) -> Iterator[Any]:
    yield from ()
