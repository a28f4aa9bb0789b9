"""What each row may say: its keys, and what each value must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from isthmus.gateways.match import words

INTEGER_MAX = 2**63 - 1
UNSIGNED_MAX = 2**64 - 1
NUMBER_MAX = 2**32 - 1
Row = dict[str, Any]


class BadRow(Exception):
    """The row cannot be read: which key, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


def between(lowest: int, highest: int, otherwise: str) -> Callable[[Any], int]:
    """A whole number of a range; `otherwise` says what is wrong with one that is not in it."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError("must be a whole number")
        if not lowest <= value <= highest:
            raise ValueError(otherwise)
        return value

    return read


whole = between(-INTEGER_MAX - 1, INTEGER_MAX, "does not fit 64 bits")
unsigned = between(0, UNSIGNED_MAX, f"must be from 0 to {UNSIGNED_MAX}")
"""A time, or a seed."""
not_negative = between(0, INTEGER_MAX, f"must be from 0 to {INTEGER_MAX}")
number = between(0, NUMBER_MAX, f"must be from 0 to {NUMBER_MAX}")
"""The number of a group, a firm, a session or a user."""


def name(value: Any) -> int | str:
    """A name of the caller's: text or a whole number."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("must be text or a whole number")
    return value


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def table(value: Any) -> Row:
    if not isinstance(value, dict):
        raise ValueError("must be an object")
    return value


def listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("must be a list")
    return value


def one_of(numbers: Mapping[str, int]) -> Callable[[Any], int]:
    """One of these words, as its number."""

    def read(value: Any) -> int:
        if not isinstance(value, str) or value not in numbers:
            raise ValueError(f"must be one of {', '.join(map(str, numbers))}")
        return numbers[value]

    return read


def word(allowed: Mapping[str, Any]) -> Callable[[Any], str]:
    """One of these words, as it is."""

    def read(value: Any) -> str:
        one_of(allowed)(value)
        return str(value)

    return read


Keys = dict[str, Callable[[Any], Any]]

_SIDE = one_of(words.SIDES)
_TERMS: Keys = {
    "price": whole,
    "quantity": whole,
    "expire": unsigned,
    "stop": whole,
    "offset": whole,
    "display": whole,
    "min_quantity": whole,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys of one kind of row; `needed` must be there."""

    needed: tuple[str, ...]
    keys: Keys


SHAPES: dict[str, Shape] = {
    "instrument": Shape(
        ("instrument",),
        {"instrument": name, "tick": whole, "lot": whole, "book": word(words.BOOKS), "rules": table, "ticks": listed},
    ),
    "account": Shape(("account",), {"account": name, "funds": not_negative, "group": number, "firm": number}),
    "session": Shape(("instrument", "state"), {"instrument": name, "state": one_of(words.STATES)}),
    "time": Shape(("time",), {"time": unsigned}),
    "mark": Shape(("instrument", "price"), {"instrument": name, "price": whole}),
    "uncross": Shape(("instrument",), {"instrument": name}),
    "add": Shape(
        ("instrument", "order", "side", "quantity"),
        {
            "instrument": name,
            "order": whole,
            "account": name,
            "side": _SIDE,
            "kind": word(words.KINDS),
            "tif": one_of(words.TIFS),
            "peg": one_of(words.PEGS),
            "trigger": one_of(words.TRIGGERS),
            "display_low": whole,
            "display_high": whole,
            "seed": unsigned,
            "all_or_none": flag,
            "post_only": one_of(words.POST_ONLY),
            "reduce_only": flag,
            "one_cancels": whole,
            "parent": whole,
            "session": number,
            **_TERMS,
        },
    ),
    "replace": Shape(("order",), {"order": whole, "new_order": whole, **_TERMS}),
    "reduce": Shape(("order", "quantity"), {"order": whole, "quantity": whole}),
    "cancel": Shape(("order",), {"order": whole}),
    "mass_cancel": Shape((), {"account": name, "instrument": name, "side": _SIDE, "session": number}),
    "quote": Shape(("account", "instrument", "quotes"), {"account": name, "instrument": name, "quotes": listed}),
    "request": Shape(
        ("instrument", "order", "side", "quantity"),
        {
            "instrument": name,
            "order": whole,
            "account": name,
            "side": _SIDE,
            "quantity": whole,
            "price": whole,
            "expire": unsigned,
            "min_quantity": whole,
        },
    ),
    "respond": Shape(
        ("order", "to", "price", "quantity"),
        {
            "order": whole,
            "to": whole,
            "account": name,
            "price": whole,
            "quantity": whole,
            "expire": unsigned,
            "min_quantity": whole,
        },
    ),
    "accept": Shape(("order",), {"order": whole, "quantity": whole}),
    "bust": Shape(("trade",), {"trade": whole, "price": whole}),
    "clear": Shape(("instrument",), {"instrument": name}),
    "kill": Shape(("scope",), {"scope": one_of(words.SCOPES), "of": name, "user": number}),
    "rearm": Shape(("scope",), {"scope": one_of(words.SCOPES), "of": name, "user": number}),
    "book": Shape(("instrument",), {"instrument": name, "depth": whole, "orders": flag}),
}
QUOTE = Shape(
    ("order", "side", "price", "quantity"), {"order": whole, "side": _SIDE, "price": whole, "quantity": whole}
)


def read(row: Row, shape: Shape, also: tuple[str, ...] = ()) -> Row:
    """The row's values by key, words as numbers; null is as good as absent. Raises BadRow."""
    found: Row = {}
    for key, value in row.items():
        if key in also:
            continue
        if key not in shape.keys:
            raise BadRow(key, "is no key of this row")
        if value is None:
            continue
        try:
            found[key] = shape.keys[key](value)
        except ValueError as fault:
            raise BadRow(key, str(fault)) from fault
    for key in shape.needed:
        if key not in found:
            raise BadRow(key, "is needed")
    return found
