"""MT300 from FIX reports and back, and what the network would say of it."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gateways.swift.deals import OTHER, OWN, REPORT, built, deal, message

from isthmus.gateways.swift import mt300
from isthmus.gateways.swift.verdict import validate

HEAD = "{1:F01BANKGB2LAXXX0000000000}{2:I300CHASUS33XXXXN}{4:\r\n"
WHOLE = (
    ((Path(__file__).parents[3] / "golden" / "swift" / "mt300.fin").read_bytes().decode().replace("\r\n", "\n"))
    .removeprefix(HEAD.replace("\r\n", "\n"))
    .removesuffix("-}")
)
"""Every sequence, A to F."""


def of_text(body: str) -> str:
    return HEAD + body.replace("\n", "\r\n") + "-}"


def codes(body: str) -> list[tuple[str | None, str]]:
    return [(error.code, error.field) for error in validate(of_text(body)).errors]


def test_a_message_with_every_sequence_is_valid_and_its_fields_are_told_apart() -> None:
    found = validate(of_text(WHOLE))
    assert found.errors == ()
    assert {one.sequence for one in found.fields} == {
        "A",
        "B",
        "B1",
        "B2",
        "C",
        "D",
        "D1",
        "E",
        "E1",
        "E1a",
        "E1a1",
        "F",
    }
    assert [one.value for one in found.fields if one.sequence == "D1" and one.tag == "32B"] == [
        "EUR600000,",
        "USD1084550,",
    ]
    assert len({one.run for one in found.fields if one.sequence == "D1"}) == 2


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (":22A:NEWT", ":22A:CANC", [("D70", "21")]),
        (":22A:NEWT", ":22A:AMND", [("D70", "21")]),
        (":22A:NEWT", ":22A:DUPL", []),
        (":22A:NEWT", ":22A:NEWX", [(None, "22A")]),
        (":20:REF1", ":20:/REF1", [("T26", "20")]),
        (":20:REF1", ":20:RE//F1", [("T26", "20")]),
        (":20:REF1", ":20:REF1/", [("T26", "20")]),
        (":20:REF1", ":20:12345678901234567", [(None, "20")]),
        (":21H:OPTI/REF2", ":21H:OPTI/REF2/", [("T26", "21H")]),
        (":94A:BROK", ":94A:BILA", [("D74", "71F")]),
        (":94A:BROK\n", "", [("D74", "71F")]),
        (":94A:BROK", ":94A:AGNT", [("D74", "71F")]),
        (":88A:ICAPGB2L\n", "", [("D74", "88a")]),
        (":17U:Y", ":17U:N", [("D76", "15D")]),
        (":17U:Y\n", "", [("D76", "15D")]),
        (":16A:2", ":16A:3", [("D96", "16A")]),
        ("BANK2L8455CHAS33", "CHAS338455BANK2L", [("T96", "22C")]),
        ("BANK2L8455CHAS33", "BANK2L8454CHAS33", [("T22", "22C")]),
        ("BANK2L8455CHAS33", "BANK2L8455CHASUS", [("T95", "22C")]),
        ("BANK2L8455CHAS33", "AAAA2L0845CHAS33", [("T95", "22C"), ("T22", "22C")]),
        ("BANK2L8455CHAS33", "BANK2L845CHAS33", [(None, "22C")]),
        (":36:1,08455", ":36:1.08455", [(None, "36")]),
        (":36:1,08455", ":36:105,00", [("T22", "22C")]),
        (":32B:EUR1000000,", ":32B:EUR1000000,001", [(None, "32B")]),
        (":32B:EUR1000000,", ":32B:XAU1000000,", [("C08", "32B")]),
        (":17O:Y\n", "", [("D03", "17O"), ("D04", "32E"), ("D04", "30U")]),
        (":32E:USD\n", "", [("D04", "32E")]),
        (":30T:20260302", ":30T:20260231", [(None, "30T")]),
        (":57A:/C/123\nDEUTDEFF\n", "", [(None, "57a")]),
        (":87J:/ABIC/CHASUS33/NAME/CHASE", ":87D:CHASE", [(None, "87D"), (None, "87a")]),
        (":87J:/ABIC/CHASUS33/NAME/CHASE", ":87J:/NAME/CHASE", [(None, "87J")]),
        (":15C:\n", ":15C:\n:99Z:X\n", [(None, "99Z")]),
        (":15F:\n:21H:OPTI/REF2\n", ":15F:\n", [(None, "21H")]),
        (":22L:ESMA\n:91D:CHASE\n", ":91D:CHASE\n:22L:ESMA\n", [(None, "91D")]),
    ],
)  # fmt: skip
def test_each_breach_is_told_by_its_field_and_only_it(before: str, after: str, expected: list[tuple[Any, str]]) -> None:
    assert before in WHOLE
    assert codes(WHOLE.replace(before, after, 1)) == expected


def test_errors_stand_in_the_order_of_the_message_with_their_lines() -> None:
    found = validate(
        of_text(WHOLE.replace("20260304", "20260232").replace(":20:REF1", ":20:/A").replace("USD108", "UXD108"))
    )
    lines = [error.line for error in found.errors]
    assert lines == sorted(lines) and len(lines) >= 3
    assert all(WHOLE.splitlines()[error.line - 2].startswith(f":{error.field}:") for error in found.errors)


def test_a_sequence_that_is_begun_needs_a_field() -> None:
    assert ("C98", "15E") in codes(WHOLE[: WHOLE.index(":22L:ESMA")] + WHOLE[WHOLE.index(":15F:") :])


@given(
    st.sampled_from(["EUR/USD", "USD/JPY", "USD/KWD", "GBP/CHF"]),
    st.sampled_from(["1", "2"]),
    st.booleans(),
    st.integers(1, 10**9),
    st.integers(1, 10**8),
)
def test_amounts_are_quantity_and_rate_to_the_currencys_decimals(
    pair: str, side: str, in_base: bool, quantity: int, rate_steps: int
) -> None:
    decimals = {"JPY": 0, "KWD": 3}
    base, quoted = pair.split("/")
    rate = Decimal(rate_steps) / 100_000
    dealt, other = (base, quoted) if in_base else (quoted, base)
    made = built(t55=pair, t54=side, t15=dealt, t32=str(quantity), t31=f"{rate:f}")
    exact = quantity * rate if in_base else quantity / rate
    step = Decimal(1).scaleb(-decimals.get(other, 2))
    counter = exact.quantize(step, ROUND_HALF_UP)
    if counter == 0 or counter >= 10**11:
        return
    assert made.errors == () and made.deal is not None
    one, two = (made.deal.bought, made.deal.sold) if side == "1" else (made.deal.sold, made.deal.bought)
    assert (one, two[0], Decimal(two[1])) == ((dealt, str(quantity)), other, counter)
    again = mt300.read(made.fin or "")
    assert again == made.deal
    report = mt300.to_fix(made.deal)
    assert report is not None and mt300.of_fix(report, OWN, OTHER).deal == made.deal


def test_a_report_of_our_own_is_of_the_other_side() -> None:
    turned = mt300.of_fix(REPORT, OWN, OTHER, turned=True).deal
    assert turned is not None
    assert (turned.bought, turned.sold) == (deal().sold, deal().bought)


def test_agents_stand_where_each_side_receives() -> None:
    made = mt300.of_fix(REPORT, OWN, OTHER, {"EUR": "DEUTDEFF", "USD": "CHASUS33"})
    found = validate(made.fin or "")
    assert (found.first("57A", "B1"), found.first("57A", "B2")) == ("DEUTDEFF", "CHASUS33")


def test_any_fields_can_be_sent_and_are_judged() -> None:
    fields = [(one.tag, one.value) for one in validate(of_text(WHOLE)).fields]
    made = mt300.of_fields(fields, OWN, OTHER)
    assert made.errors == () and made.fin is not None and validate(made.fin).valid
    assert [error.code for error in mt300.of_fields(fields[:2] + fields[3:], OWN, OTHER).errors] == [None]


def test_the_shared_vectors_have_their_verdicts(test_data: Path) -> None:
    rows = [json.loads(line) for line in (test_data / "protocols/swift/mt300-vectors.jsonl").read_text().splitlines()]
    assert rows
    for row in rows:
        errors = validate(row["fin"]).errors
        assert (not errors) is row["valid"], row["id"]
        if errors:
            assert (errors[0].code, errors[0].rule) == (row["error_code"], row["rule"]), row["id"]


def test_the_shared_reports_make_the_shared_fields(test_data: Path) -> None:
    rows = [json.loads(line) for line in (test_data / "protocols/swift/fix-to-mt300.jsonl").read_text().splitlines()]
    assert rows
    for row in rows:
        made = mt300.of_fix(row["fix"], row["sender_bic"], row["receiver_bic"])
        assert made.errors == ()
        assert {tag: dict(made.fields)[tag] for tag in row["expect"]} == row["expect"]


def test_what_was_built_is_what_is_read() -> None:
    assert mt300.read(message(deal())) == deal()
    assert mt300.read("{1:F01X}{2:I103X}{4:\n:20:A\n-}") is None
