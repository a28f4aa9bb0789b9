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
    "instrument": [*["X"] * 8, "R", "D", "D", "S", "Y"],
    "account": ["a", "b", "m"],
    "order": list(range(1, 40)),
    "to": [5, 6, 9],
    "new_order": list(range(40, 60)),
    "one_cancels": [1, 2, 6, 7],
    "parent": [1, 2, 6, 7],
    "trade": [1, 2, 3],
    "time": [1_000, 2_000, 10**18],
    "expire": [500, 1_500, 10**18],
    "price": [80, 90, 100, 110],
    "stop": [80, 90, 100, 110],
    "offset": [1, 5, -5],
    "quantity": [1, 5, 10, 20, 50],
    "display": [1, 2, 5],
    "display_low": [1, 2],
    "display_high": [2, 5],
    "min_quantity": [1, 5, 10],
    "group": [0, 1],
    "firm": [0, 1],
    "session": [0, 1],
    "user": [1, 2],
    "of": [1, "a", "X"],
    "funds": [0, 1_000, 10**6],
    "depth": [0, 1, 100],
    "tick": [1, 5],
    "lot": [1, 5],
    "all_or_none": [True, False],
    "reduce_only": [True, False],
    "orders": [True, False],
    "rules": [{}, {"self_trade": "decrement"}, {"bands": {"dynamic_band_bps": 500, "band_action": "auction"}}],
    "ticks": [[[100, 5]]],
}
KINDS = [*SHAPES, *["add"] * 20, *["replace"] * 4, *["request"] * 2, *["respond"] * 3, *["quote"] * 3]
QUOTED = ("order", "side", "price", "quantity")
OPTIONS_MAX = 3
STRANGE_IN = 60
"""One value in so many is anything at all."""


@st.composite
def _row(draw: st.DrawFn) -> dict[str, Any]:
    """A row of some kind with what it asks for and a few of its other keys."""
    do = draw(st.sampled_from(KINDS))
    shape = SHAPES[do]
    others = sorted(shape.keys.keys() - set(shape.needed))
    given_too = draw(st.lists(st.sampled_from(others), max_size=OPTIONS_MAX, unique=True)) if others else []
    row = {key: draw(_quotes if key == "quotes" else _value(key)) for key in (*shape.needed, *given_too)}
    if do == "add" and row.get("kind", "limit") not in ("market", "market_to_limit", "stop"):
        row.setdefault("price", draw(_value("price")))
    return {"do": do, **row}


def _value(key: str) -> st.SearchStrategy[Any]:
    likely = st.sampled_from(_WORDS[key]) if key in _WORDS else _numbers
    return st.integers(1, STRANGE_IN).flatmap(lambda chance: _values if chance == STRANGE_IN else likely)


_quotes = st.lists(st.fixed_dictionaries({key: _value(key) for key in QUOTED}), max_size=3)
_rows = st.integers(1, STRANGE_IN).flatmap(
    lambda chance: st.dictionaries(st.sampled_from(["do", *_WORDS]) | _texts, _values) if chance == 1 else _row()
)


@settings(max_examples=150)
@given(st.lists(_rows, max_size=25))
def test_no_row_breaks_the_door_and_the_same_rows_have_the_same_answers(rows: list[Any]) -> None:
    def answers() -> list[str]:
        door = Door()
        for row in OPENING:
            assert not any(answer["ev"] in ("error", "rejected") for answer in door.take(row))
        said = [json.dumps(door.take(row)) for row in rows]
        assert not any(total for _, total in door.market.engine.totals()), "what there is sums to zero"
        return said

    assert answers() == answers()


@settings(max_examples=150)
@given(st.binary(max_size=200) | _values.map(lambda value: json.dumps(value).encode()))
def test_no_line_breaks_the_door(line: bytes) -> None:
    said = match.answers(Door(), line)
    assert all(row["ev"] for row in said)
