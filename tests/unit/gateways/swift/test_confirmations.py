"""What two sides' confirmations say of each other, and the states of ours."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from tests.unit.gateways.swift.deals import OTHER, OWN, REPORT, deal, message

from isthmus.gateways.swift.confirmations import (
    ALLEGED,
    CANCELLED,
    MATCHED,
    MISMATCHED,
    REFUSED,
    SENT,
    Confirmations,
    Report,
)
from isthmus.gateways.swift.matching import mismatches, partner
from isthmus.gateways.swift.mt300 import Deal


def theirs(own: Deal, **changes: Any) -> Deal:
    """The counterparty's confirmation of our deal, with its own reference."""
    return msgspec.structs.replace(own.turned(), **({"reference": "THEIRS1"} | changes))


def told(own: Deal, other: Deal) -> dict[str, tuple[str, str]]:
    return {one.field: (one.ours, one.theirs) for one in mismatches(own, other)}


def test_the_other_side_of_a_deal_matches() -> None:
    assert mismatches(deal(), theirs(deal())) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rate": "1.0846"}, {"36": ("1.08455", "1.0846")}),
        ({"value_date": "20260305"}, {"30V": ("20260304", "20260305")}),
        ({"trade_date": "20260301"}, {"30T": ("20260302", "20260301")}),
        ({"bought": ("USD", "1084551")}, {"33B": ("USD 1084550", "USD 1084551")}),
        ({"sold": ("EUR", "999999.5")}, {"32B": ("EUR 1000000", "EUR 999999.5")}),
        ({"operation": "CANC", "related": "X"}, {"22A": ("NEWT", "CANC")}),
        ({"party_a": "CHASUS33NYC"}, {"87A": (OTHER, "CHASUS33NYC")}),
        ({"operation": "AMND", "related": "X"}, {}),
        ({"rate": "1.084550"}, {}),
    ],
)
def test_each_field_that_differs_is_named_from_our_side(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert told(deal(), theirs(deal(), **changes)) == expected


def test_agents_are_compared_where_both_name_one() -> None:
    own = msgspec.structs.replace(deal(), receiving=("DEUTDEFF", None))
    assert told(own, theirs(own)) == {}
    other = theirs(own, receiving=("CHASUS33", "BARCGB22"))
    assert told(own, other) == {"57A of B1": ("DEUTDEFF", "BARCGB22")}


def test_a_message_goes_to_the_deal_that_is_most_like_it() -> None:
    small, large = deal(t32="1000"), deal(t32="2000")
    assert partner(theirs(large), [small, large]) == 1
    assert partner(theirs(large, rate="1.08"), [small, large]) == 1
    assert partner(theirs(deal(t55="GBP/USD", t15="GBP")), [small, large]) is None
    assert partner(theirs(deal(t32="77", t31="1.2")), [small, large]) is None, "parties and dates alone are no likeness"


def report(source: str = "trd-1-1-B", **changes: str) -> Report:
    tags = dict(row.split("=", 1) for row in REPORT.split("|") if row) | {n[1:]: v for n, v in changes.items()}
    return Report("".join(f"{tag}={value}|" for tag, value in tags.items() if value), OTHER[:8], False, source)


def states(book: Confirmations) -> dict[str, str]:
    return {row.reference: row.state for row in book.rows()}


def test_a_deal_is_sent_once_and_matched_when_the_other_side_says_the_same() -> None:
    book = Confirmations(OWN[:8])
    assert book.confirm(report()) is not None
    assert book.confirm(report()) is None
    assert states(book) == {"X-1": SENT}
    row = book.receive(message(theirs(deal())), "a.fin")
    assert (row.reference, row.state, row.theirs) == ("X-1", MATCHED, "THEIRS1")
    assert book.receive(message(theirs(deal())), "again.fin") is row
    assert states(book) == {"X-1": MATCHED}


def test_what_differs_is_mismatched_until_the_other_side_amends_it() -> None:
    book = Confirmations(OWN)
    book.confirm(report())
    row = book.receive(message(theirs(deal(), rate="1.0846")), "a.fin")
    assert (row.state, [one.field for one in row.mismatches]) == (MISMATCHED, ["36"])
    amended = theirs(deal(), operation="AMND", related="THEIRS1", reference="THEIRS2")
    assert book.receive(message(amended), "b.fin") is row
    assert (row.state, row.theirs, row.mismatches) == (MATCHED, "THEIRS2", [])


def test_what_came_before_ours_is_alleged_and_then_matched() -> None:
    book = Confirmations(OWN)
    book.receive(message(theirs(deal())), "a.fin")
    assert list(states(book).values()) == [ALLEGED]
    book.confirm(report())
    assert states(book) == {"X-1": MATCHED}


def test_a_cancellation_of_ours_ends_what_it_cancels() -> None:
    book = Confirmations(OWN)
    book.confirm(report())
    book.confirm(report("trd-2", t17="X-2", t150="H", t19="X-1"))
    assert states(book) == {"X-2": SENT, "X-1": CANCELLED}
    cancelled = theirs(deal(), operation="CANC", related="THEIRS1", reference="THEIRS2")
    assert book.receive(message(cancelled), "c.fin").reference == "X-2"


def test_what_cannot_be_confirmed_or_read_is_refused_with_the_reason() -> None:
    book = Confirmations(OWN)
    row = book.confirm(report(t64=""))
    assert row is not None and (row.state, row.errors[0].field) == (REFUSED, "64")
    for text in ("", "nonsense", message(deal()), message(theirs(deal())).replace(":36:1,", ":36:1.")):
        refused = book.receive(text, f"{len(text)}.fin")
        assert refused.state == REFUSED and refused.errors


def test_an_answer_among_many_open_deals_is_found_in_time() -> None:
    book = Confirmations(OWN)
    for number in range(2_000):
        book.confirm(report(f"trd-{number}", t17=f"X-{number}", t32=f"{number + 1}000"))
    before = time.process_time()
    for number in range(0, 2_000, 10):
        row = book.receive(message(theirs(deal(t32=f"{number + 1}000"), reference=f"T{number}")), f"{number}.fin")
        assert (row.reference, row.state) == (f"X-{number}", MATCHED)
    assert time.process_time() - before < 10
