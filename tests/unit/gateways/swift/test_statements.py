"""Statements read to the last digit, and made so that they read the same."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.gateways.swift.statements import Balance, Entry, Statement, build_interim, build_statement, read_statements
from isthmus.gateways.swift.verdict import validate

HEAD = "{1:F01BANKGB2LAXXX0000000000}{2:I940CHASUS33XXXXN}{4:\r\n"
BODY = """:20:REF1
:25:GB/123
:28C:5/1
:60F:C251231EUR1000,50
:61:2601021231D100,25NTRFINV-1//BANK1
PAID
:86:RENT
OF JANUARY
:61:260102RC10,NCHGNONREF
:61:260102C5,75FMSCREF//
:62F:C260102EUR896,
:64:C260102EUR896,
:65:C260105EUR900,
:86:THE WHOLE
"""


def of_text(body: str, kind: str = "940") -> str:
    return HEAD.replace("940", kind) + body.replace("\n", "\r\n") + "-}"


def only(body: str) -> Statement:
    (found,), refused = read_statements(of_text(body))
    assert refused == []
    return found


def test_every_figure_of_a_statement_is_read() -> None:
    found = only(BODY)
    assert (found.account, found.currency, found.number, found.counterpart) == ("GB/123", "EUR", "5/1", "BANKGB2LXXX")
    assert found.opening == Balance(date(2025, 12, 31), "EUR", Decimal("1000.50"))
    assert [entry.amount for entry in found.entries] == [Decimal("-100.25"), Decimal(-10), Decimal("5.75")]
    first, second, third = found.entries
    assert (first.reference, first.bank_reference, first.detail) == ("INV-1", "BANK1", "PAID")
    assert (first.day, first.booked) == (date(2026, 1, 2), date(2025, 12, 31)), "the entry date of the year before"
    assert (first.information, second.reversal, third.kind) == ("RENT\nOF JANUARY", True, "FMSC")
    assert found.information == "THE WHOLE" and found.forward[0].amount == 900
    assert found.adds_up is True


def test_a_statement_that_does_not_add_up_says_so() -> None:
    assert only(BODY.replace("62F:C260102EUR896,", "62F:C260102EUR896,01")).adds_up is False
    assert only(BODY.replace("62F:C", "62F:D")).adds_up is False
    assert only(BODY.replace("62F:C260102EUR896,", "62F:C260102USD896,")).adds_up is False
    assert only(BODY[: BODY.index(":62F:")]).adds_up is None


def test_pages_of_one_statement_are_put_together() -> None:
    first = BODY[: BODY.index(":61:260102RC")] + ":62M:C260102EUR900,25\n"
    second = BODY.replace("5/1", "5/2").replace(":60F:C251231EUR1000,50", ":60M:C260102EUR900,25")
    second = second[: second.index(":61:2601021231")] + second[second.index(":61:260102RC") :]
    (found,), refused = read_statements(of_text(first) + "\n" + of_text(second))
    assert refused == [] and len(found.entries) == 3 and found.adds_up is True
    other, _ = read_statements(of_text(first) + "\n" + of_text(second.replace("5/2", "6/1")))
    assert len(other) == 2


@pytest.mark.parametrize(
    ("before", "after", "field", "line"),
    [
        ("60F:C251231EUR1000,50", "60F:C251331EUR1000,50", "60F", 5),
        ("60F:C251231EUR1000,50", "60F:C251231EUR1000.50", "60F", 5),
        ("D100,25NTRF", "X100,25NTRF", "61", 6),
        ("2601021231D", "2601021331D", "61", 6),
        (":28C:5/1\n", "", "28C", 1),
        (":25:GB/123\n", "", "25", 1),
    ],
)
def test_what_cannot_be_counted_is_refused_by_field_and_line(before: str, after: str, field: str, line: int) -> None:
    found, (refused,) = read_statements(of_text(BODY.replace(before, after)))
    assert (found, refused.message, refused.field, refused.line) == ([], 1, field, line)


def test_other_messages_among_statements_are_refused_and_acknowledgements_passed() -> None:
    text = "{1:F21BANKGB2LAXXX0000000000}{4:{177:2601020000}{451:0}}" + of_text(BODY) + of_text(":20:A\n", "103")
    found, refused = read_statements(text)
    assert len(found) == 1 and [one.reason for one in refused] == ["is no statement: MT 103"]


amounts = st.decimals(Decimal("0.01"), Decimal("99999999"), places=2)
words = st.text("ABCDEFGHIJ0123456789", min_size=1, max_size=16)
entries = st.builds(
    Entry,
    day=st.dates(date(2020, 1, 1), date(2029, 12, 31)),
    amount=st.tuples(amounts, st.sampled_from([1, -1])).map(lambda pair: pair[0] * pair[1]),
    reference=words,
    kind=st.sampled_from(["NTRF", "FMSC", "NCHG"]),
    bank_reference=st.none() | words,
    reversal=st.booleans(),
    detail=st.just("") | words,
    information=st.just("") | words,
)


@given(st.lists(entries, max_size=8), amounts, st.booleans())
def test_a_statement_that_was_made_reads_the_same_and_is_valid(rows: list[Entry], start: Decimal, owed: bool) -> None:
    opening = Balance(date(2026, 1, 1), "EUR", -start if owed else start)
    total = sum((row.amount for row in rows), opening.amount)
    closing = Balance(date(2026, 1, 2), "EUR", total)
    whole = Statement("940", "GB/1", "EUR", "1/1", "REF", opening, closing, None, (), tuple(rows), "", "BANKGB2LXXX")
    made = build_statement(whole, "BANKGB2L", "CHASUS33")
    assert made.errors == () and made.fin is not None
    (read,), refused = read_statements(made.fin)
    assert (read, refused, read.adds_up) == (whole, [], True)


def test_a_statement_that_does_not_add_up_is_not_made() -> None:
    wrong = msgspec.structs.replace(only(BODY), closing=Balance(date(2026, 1, 2), "EUR", Decimal(1)))
    with pytest.raises(ValueError, match="opening"):
        build_statement(wrong, "BANKGB2L", "CHASUS33")


def test_an_interim_report_counts_debits_and_credits() -> None:
    made = build_interim(only(BODY), datetime(2026, 1, 2, 12, 30, tzinfo=UTC), "BANKGB2L", "CHASUS33")
    assert made.errors == () and made.fin is not None
    found = validate(made.fin)
    assert (found.first("90D"), found.first("90C")) == ("2EUR110,25", "1EUR5,75")
    assert found.first("13D") == "2601021230+0000"
    (read,), _ = read_statements(made.fin)
    assert (read.message_type, read.currency, read.adds_up, len(read.entries)) == ("942", "EUR", None, 3)


def test_public_statements_are_read_or_refused_with_a_reason(test_data: Path) -> None:
    lines = (test_data / "protocols/swift/mt-messages.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if row["mt"] in ("940", "950")]
    read = [read_statements(row["fin"]) for row in rows]
    assert len(rows) >= 8
    for found, refused in read:
        assert all(one.reason and one.field for one in refused)
        assert found or refused
    assert sum(one.adds_up is True for found, _ in read for one in found) >= 1
