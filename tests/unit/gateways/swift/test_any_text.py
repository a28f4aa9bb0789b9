"""Whatever comes instead of a message is told apart from one without a crash, and in time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gateways.swift.deals import OTHER, OWN, REPORT

from isthmus.gateways.swift import mt300
from isthmus.gateways.swift.fin import messages_of, parse_fin
from isthmus.gateways.swift.statements import read_statements
from isthmus.gateways.swift.verdict import validate

GOLDEN = {
    path.stem: path.read_bytes() for path in sorted((Path(__file__).parents[3] / "golden" / "swift").glob("*.fin"))
}
SLOWEST_S = 2.0
changes = st.lists(
    st.tuples(
        st.integers(0, 2_000),
        st.integers(0, 4),
        st.binary(max_size=4) | st.sampled_from([b"\r\n", b":", b"{4:", b"-}", b"//", b"\n:57A:", b","]),
    ),
    min_size=1,
    max_size=8,
)


def changed(raw: bytes, wanted: list[tuple[int, int, bytes]]) -> bytes:
    """Some bytes taken out, others put in their place."""
    for at, count, new in wanted:
        place = at % (len(raw) + 1)
        raw = raw[:place] + new + raw[place + count :]
    return raw


@pytest.mark.parametrize("name", GOLDEN)
def test_the_examples_are_valid(name: str) -> None:
    assert validate(GOLDEN[name].decode()).errors == ()


@given(st.sampled_from(sorted(GOLDEN)), changes)
def test_a_message_with_changed_bytes_is_judged(name: str, wanted: list[tuple[int, int, bytes]]) -> None:
    text = changed(GOLDEN[name], wanted).decode("latin-1")
    found = validate(text)
    lines = [error.line for error in found.errors]
    assert lines == sorted(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)
    parse_fin(text)
    deal = mt300.read(text)
    if deal is not None:
        mt300.build(deal)
        mt300.to_fix(deal)
    statements, _ = read_statements(text)
    assert all(one.adds_up in (True, False, None) for one in statements)


@given(changes)
def test_a_changed_report_is_refused_or_made_into_a_message_that_reads_the_same(
    wanted: list[tuple[int, int, bytes]],
) -> None:
    made = mt300.of_fix(changed(REPORT.encode(), wanted).decode("latin-1"), OWN, OTHER)
    assert (made.fin is None) == bool(made.errors)
    if made.fin is not None:
        assert mt300.read(made.fin) == made.deal


@given(st.text(max_size=200))
def test_any_text_is_judged(text: str) -> None:
    for message in messages_of(text):
        validate(message)
    read_statements(text)


@pytest.mark.parametrize(
    "text",
    [
        "{1:" * 100_000,
        "{4:\n" + ":20:\n" * 60_000 + "-}",
        "{1:F01}{2:I300CHASUS33XXXXN}{4:\n" + ":22L:A\n" * 60_000 + "-}",
        "{1:F01}{2:I300CHASUS33XXXXN}{4:\n:57J:" + "/ABIC/" * 50_000 + "\n-}",
        "{1:F01}{2:I300CHASUS33XXXXN}{4:\n:87J:/ABIC/NAME/CHASE\n-}",
        "{1:F01}{2:I940CHASUS33XXXXN}{4:\n:86:" + "A\n" * 200_000 + "-}",
        "{1:F01}{2:I940CHASUS33XXXXN}{4:\n:61:" + "260302" + "/" * 300_000 + "\n-}",
        "{1:F01}{2:I541CHASUS33XXXXN}{4:\n" + ":16R:GENL\n" * 60_000 + "-}",
        "x" * (2 << 20),
    ],
)
def test_a_hostile_text_is_judged_in_time(text: str) -> None:
    before = time.process_time()
    assert validate(text).errors
    read_statements(text)
    assert time.process_time() - before < SLOWEST_S
