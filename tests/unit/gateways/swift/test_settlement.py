"""Settlements of securities as MT540 to MT547, and read back."""

from __future__ import annotations

import contextlib
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.gateways.swift.settlement import NotASettlement, Settlement, build_settlement, read_settlement

PLAIN = Settlement(
    reference="INS1", receives=True, isin="DE0001102309", quantity=Decimal("1000000"), account="12345",
    agent="DEUTDEFF", party="BARCGB22", place="DAKVDEFF", settles_on=date(2026, 3, 4),
)  # fmt: skip
BICS = st.sampled_from(["DEUTDEFF", "BARCGB22XXX", "CHASUS33"])
figures = st.decimals(Decimal("0.01"), Decimal(99_999_999), places=2)
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
settlements = st.builds(
    Settlement,
    reference=st.text("ABC123", min_size=1, max_size=16),
    receives=st.booleans(),
    isin=st.just("DE0001102309"),
    quantity=figures,
    account=st.text("ABC123", min_size=1, max_size=20),
    agent=BICS,
    party=BICS,
    place=BICS,
    settles_on=days,
    traded_on=st.none() | days,
    amount=st.none() | st.tuples(st.sampled_from(["EUR", "NOK"]), figures),
    price=st.none() | st.tuples(st.just("EUR"), figures),
    quantity_kind=st.sampled_from(["UNIT", "FAMT"]),
    related=st.none() | st.text("ABC123", min_size=1, max_size=16),
    settled_on=st.none() | days,
    description=st.sampled_from(["", "BUND", "BUND\n2030"]),
)


def made(settlement: Settlement) -> str:
    built = build_settlement(settlement, "BANKGB2L", "CITIUS33")
    assert built.errors == () and built.fin is not None
    return built.fin


@given(settlements)
def test_a_settlement_is_a_valid_message_that_reads_the_same(settlement: Settlement) -> None:
    assert read_settlement(made(settlement)) == settlement


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({}, "540"),
        ({"amount": ("EUR", Decimal(1))}, "541"),
        ({"receives": False}, "542"),
        ({"receives": False, "amount": ("EUR", Decimal(1))}, "543"),
        ({"settled_on": date(2026, 3, 4)}, "544"),
        ({"settled_on": date(2026, 3, 4), "receives": False, "amount": ("EUR", Decimal(1))}, "547"),
    ],
)
def test_the_type_follows_from_what_happens(changes: dict[str, object], number: str) -> None:
    assert f"{{2:I{number}" in made(msgspec.structs.replace(PLAIN, **changes))


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        (":36B::SETT//UNIT/1000000,", ":36B::SETT//UNIT/1000000", "36B"),
        (":98A::SETT//20260304", ":98A::SETT//20260231", "98A"),
        (":98A::SETT//20260304", ":98B::SETT//OPEN", "98"),
        (":95P::DEAG//DEUTDEFF", ":95P::DECU//DEUTDEFF", "95"),
        (":35B:ISIN DE0001102309", ":35B:BUND", "35B"),
        ("{2:I540", "{2:I103", "2"),
    ],
)
def test_what_tells_no_settlement_is_refused_by_its_field(before: str, after: str, field: str) -> None:
    text = made(PLAIN)
    assert before in text
    with pytest.raises(NotASettlement) as caught:
        read_settlement(text.replace(before, after))
    assert caught.value.field == field


def test_an_amount_beyond_its_currency_is_not_made() -> None:
    wrong = msgspec.structs.replace(PLAIN, amount=("JPY", Decimal("1.5")))
    assert [error.network_code for error in build_settlement(wrong, "BANKGB2L", "CITIUS33").errors] == ["C03"]


def test_public_instructions_are_read(test_data: Path) -> None:
    lines = (test_data / "protocols/swift/mt-messages.jsonl").read_text().splitlines()
    texts = [row["fin"] for row in map(json.loads, lines) if row["mt"] in ("541", "543")]
    read = []
    for text in texts:
        with contextlib.suppress(NotASettlement):
            read.append(read_settlement(text))
    assert any(one.amount == ("GBP", Decimal("6958.31")) and one.quantity == 5000 for one in read)
