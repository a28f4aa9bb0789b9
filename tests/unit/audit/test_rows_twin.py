"""The rows that the hot tier makes are those of the plain twin, value by value."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle.adapter import to_core
from tests.oracle.order_rows.rows import Rows as Twin
from tests.oracle.pair import Pair
from tests.sim import (
    strategies_contracts,
    strategies_makers,
    strategies_margin,
    strategies_matching,
    strategies_parents,
)
from tests.unit.audit.order_journals import KINDS, START, Told, rows_of, session
from tests.unit.ledger.journals import SESSIONS

from isthmus import _core
from isthmus.audit.events import CODES
from isthmus.audit.rows import Rows
from isthmus.engine.archive import records
from isthmus.engine.engine import Engine, Origin, Record
from isthmus.kernel import messages

LETTERS = 'ab"\\\b\f\n\r\t\x00\x01\x1f\x7fé\u2028\U0001f600 '
MORE = {
    "contracts": strategies_contracts.session,
    "makers": strategies_makers.quoted,
    "margin": strategies_margin.margin_session,
    "matching": strategies_matching.session,
}


def compared(found: list[Record]) -> set[str]:
    """The events of the records, which both tell alike."""
    rows, twin = Rows(), Twin()
    made = rows_of(found, rows)
    assert made == [row for record in found for row in twin.take(record)]
    assert rows.unknown == twin.unknown
    return {row.values[64] or "" for row in made}


@settings(max_examples=25, deadline=None)
@given(st.tuples(st.sampled_from(KINDS), st.integers(0, 50)))
def test_rows_of_any_session_are_the_twins(which: tuple[str, int]) -> None:
    compared(session(*which)[0])


def told(kind: str, seed: int, length: int) -> list[Record]:
    """A session in which every record says where it came from, and limits are set in between."""
    chance, engine, found = Random(seed), Engine(None, "never"), []
    for command, at in SESSIONS[kind](seed, length):
        letters = "".join(chance.choices(LETTERS, k=chance.randrange(12)))
        origin = Origin(
            session=chance.randrange(3),
            user=chance.randrange(3),
            role=chance.randrange(8),
            gateway=chance.randrange(14),
            received_at=chance.choice([0, 999_999_999, START + seed, 2**64 - 1]),
            text=letters,
            instruction=chance.choice([None, chance.randbytes(32)]),
            note=letters[::-1],
        )
        found.append(engine.submit(to_core(_core, command), at, origin))
        if chance.random() < 0.1:
            of = {"scope": chance.randrange(6), "of": chance.randrange(20), "instrument": chance.randrange(3)}
            value = chance.choice([-1, 0, 1, 10**6, 10**12])
            asked = messages.SetLimit(**of, limit=chance.randrange(1, 14), value=value)
            found.append(engine.submit(asked, at, origin))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_records_that_say_where_they_came_from_are_the_twins(kind: str) -> None:
    for seed in range(4):
        compared(told(kind, seed, 250))


def corrected() -> list[Record]:
    """A trade that is moved to another price, and one that never was."""
    broker = Told()
    for new_price in (9_990, 0):
        broker.place(broker.ann, messages.BUY, 3, 10_000)
        sold = broker.place(broker.bob, messages.SELL, 3, 10_000)
        trade = broker.effect(sold, "Traded")
        same = ("maker", "taker", "taker_side", "price", "quantity", "buyer_pays", "seller_gets", "maker_fee")
        terms = {name: getattr(trade, name) for name in (*same, "taker_fee")}
        where = {"sequence": sold.sequence, "index": 0, "instrument": broker.instrument, "new_price": new_price}
        assert broker.ask(messages.CorrectTrade(**where, **terms), role="operator").reason is None
    return broker.records


def of_parents(folder: Path, seed: int) -> list[Record]:
    pair = Pair(_core, Engine(str(folder), "os"))
    strategies_parents.play(pair, seed, 300)
    pair.engine.close()
    return list(records(folder))


def test_every_event_of_an_order_is_compared_somewhere(tmp_path: Path) -> None:
    seen = compared(corrected())
    for seed in range(4):
        seen |= compared(of_parents(tmp_path / str(seed), seed))
        for kind in KINDS:
            seen |= compared(session(kind, seed, 400)[0])
        for name, drawn in MORE.items():
            engine = Engine(None, "never")
            found = [engine.submit(to_core(_core, command), at) for command, at in drawn(seed, 300)]
            assert compared(found), name
    assert set(CODES) - seen == set()
