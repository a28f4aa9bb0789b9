"""Events for the Consolidated Audit Trail hold against their schema; what is unknown is refused by name."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.audit.order_journals import KINDS, Told, rows_of, session

from isthmus.audit.exports import Client, Reference
from isthmus.audit.exports_cat import NEEDED, TYPES, cat
from isthmus.kernel import messages
from isthmus.kernel.values import time_text

SCHEMA = json.loads(resources.files("isthmus.audit").joinpath("cat.schema.json").read_text())
VALID = jsonschema.Draft202012Validator(SCHEMA)
WHOLE = Reference(imid="ISTH", clients={f"acc-{number}": Client("PNAL", holder="I") for number in range(1, 60)})


def told() -> Told:
    broker = Told()
    placed = broker.place(broker.ann, messages.BUY, 10, 10_000)
    broker.place(broker.bob, messages.SELL, 4, 10_000)
    words = {"order": placed.sequence, "account": broker.ann, "client_id": bytes(16)}
    broker.ask(messages.ReplaceOrder(**words, price=9_990, quantity=8))
    broker.ask(messages.CancelOrder(**words, reason=0))
    return broker


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_life_is_told_from_new_to_cancel() -> None:
    broker = told()
    report = cat(broker.rows(), WHOLE)
    events = lines(report.text)
    assert [event["type"] for event in events] == ["MENO", "MENO", "MEOT", "MEOT", "MEOM", "MEOC"]
    for event in events:
        VALID.validate(event)
    first = events[0]
    assert first["eventTimestamp"] == time_text(broker.rows()[0].time).replace("-", "").replace(":", "")[:-1]
    assert (first["side"], first["price"], first["quantity"], first["manualFlag"]) == ("B", "100.00", "10", False)
    assert (events[4]["price"], events[4]["quantity"], events[5]["cancelReason"]) == ("99.90", "8", "user")


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 3))
def test_every_event_is_reported_and_valid_or_refused_or_none_of_cats(kind: str, seed: int) -> None:
    rows = rows_of(session(kind, seed)[0])
    report = cat(rows, WHOLE)
    assert report.rows + report.skipped + len(report.refused) == len(rows)
    assert report.skipped == sum(row.values[64] not in TYPES for row in rows)
    for event in lines(report.text):
        VALID.validate(event)


@pytest.mark.parametrize(
    ("reference", "field"),
    [
        (msgspec.structs.replace(WHOLE, imid=""), "CATReporterIMID"),
        (msgspec.structs.replace(WHOLE, clients={}), "accountHolderType"),
    ],
)
def test_what_is_unknown_is_refused_by_field(reference: Reference, field: str) -> None:
    report = cat(told().rows(), reference)
    assert {(row.field, row.reason) for row in report.refused} == {(field, "unknown")}


def test_the_schema_needs_what_the_export_needs() -> None:
    for shape in SCHEMA["oneOf"]:
        kind = shape["properties"]["type"]["const"]
        assert set(NEEDED[kind]) | {"actionType", "type", "firmROEID", "eventTimestamp"} == set(shape["required"])


def test_an_event_with_a_field_that_the_schema_has_not_is_invalid() -> None:
    event = lines(cat(told().rows(), WHOLE).text)[0]
    for wrong in ({"invented": 1}, {"side": "X"}, {"eventTimestamp": "today"}):
        assert not VALID.is_valid(event | wrong)
