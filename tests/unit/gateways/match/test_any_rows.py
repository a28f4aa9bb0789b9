"""Arbitrary rows and lines: the door answers each, never breaks, and answers alike each time."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.app import match
from isthmus.gateways.match import words
from isthmus.gateways.match.door import Door
from isthmus.gateways.match.fields import SHAPES

BOOKS = {"X": "lit", "R": "rfq", "D": "dark", "S": "sealed"}
OPENING: list[dict[str, Any]] = [
    *({"do": "instrument", "instrument": name, "book": book} for name, book in BOOKS.items()),
    *({"do": "mark", "instrument": name, "price": 100} for name in BOOKS),
    {"do": "add", "instrument": "X", "account": "a", "order": 1, "side": "buy", "price": 90, "quantity": 10},
    {"do": "add", "instrument": "X", "account": "b", "order": 2, "side": "sell", "price": 110, "quantity": 10},
    {"do": "add", "instrument": "X", "account": "b", "order": 3, "side": "sell", "price": 90, "quantity": 5},
    {"do": "request", "instrument": "R", "account": "a", "order": 5, "side": "buy", "quantity": 5},
]

_numbers = st.sampled_from(
    [0, 1, 2, 3, 5, 7, 10, 90, 100, 110, 10**12, 10**15, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -1, -(2**63), 2**80]
)
_texts = st.sampled_from(["X", "R", "D", "S", "a", "b", "m", "", "buy", "sell"]) | st.text(max_size=3)
_scalars = st.none() | st.booleans() | _numbers | st.floats(allow_nan=False, allow_infinity=False) | _texts
_values = st.recursive(_scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3))
_WORDS: dict[str, list[Any]] = {
    "side": list(words.SIDES),
    "kind": list(words.KINDS),
    "tif": list(words.TIFS),
    "peg": list(words.PEGS),
    "trigger": list(words.TRIGGERS),
    "post_only": list(words.POST_ONLY),
    "state": list(words.STATES),
    "book": list(words.BOOKS),
    "scope": list(words.SCOPES),
    "instrument": ["X", "R", "D", "S", "Y"],
    "account": ["a", "b", "m"],
    "order": list(range(1, 12)),
    "to": [5, 6, 9],
    "time": [1_000, 2_000, 10**18],
    "price": [80, 90, 100, 110],
    "quantity": [10, 20, 50],
}


def _keys(do: str) -> st.SearchStrategy[dict[str, Any]]:
    """A row of this kind: often what it asks for, sometimes anything."""
    quotes = st.lists(
        st.fixed_dictionaries({key: _value(key) for key in ("order", "side", "price", "quantity")}), max_size=3
    )
    shape = SHAPES[do]
    made = {key: quotes if key == "quotes" else _value(key) for key in shape.keys}
    needed = {key: made.pop(key) for key in shape.needed}
    return st.fixed_dictionaries({"do": st.just(do), **needed}, optional=made)


def _value(key: str) -> st.SearchStrategy[Any]:
    likely = st.sampled_from(_WORDS[key]) if key in _WORDS else _numbers
    return st.one_of(*[likely] * 6, _values)


_rows = st.one_of(
    st.sampled_from(list(SHAPES)).flatmap(_keys),
    st.dictionaries(st.sampled_from(["do", *_WORDS]) | _texts, _values),
    _values,
)


@settings(max_examples=150)
@given(st.lists(_rows, max_size=25))
def test_no_row_breaks_the_door_and_the_same_rows_have_the_same_answers(rows: list[Any]) -> None:
    def answers() -> list[str]:
        door = Door()
        for row in OPENING:
            assert not any(answer["ev"] in ("error", "rejected") for answer in door.take(row))
        return [json.dumps(door.take(row)) for row in rows]

    assert answers() == answers()


@settings(max_examples=150)
@given(st.binary(max_size=200) | _values.map(lambda value: json.dumps(value).encode()))
def test_no_line_breaks_the_door(line: bytes) -> None:
    said = match.answers(Door(), line)
    assert all(row["ev"] for row in said)
