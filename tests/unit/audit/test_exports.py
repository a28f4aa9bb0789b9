"""A report has what store and reference file know, in the form of the rule; the rest is refused by name."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.audit.order_journals import KINDS, Told, rows_of, session

from isthmus.app.cli import main
from isthmus.audit.events import CODES
from isthmus.audit.exports import NAMES, Client, Listed, Reference, faults, read_reference, rts24
from isthmus.kernel import messages
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import time_text

LEI = "5493001KJTIIGC8Y1R12"
TOML = f"""
lei = "{LEI}"
venues = {{ house = "XISM" }}
[clients.acc-7]
id = "GB19800101ANN##SMITH"
direct_access = false
"""
BOTH = {f"acc-{number}": Client(LEI, False) for number in range(1, 60)}
LISTED = {name: Listed("US0378331005") for name in ("ABC", "XYZ", "BTC/USD", "XYZ-PERP", "BTC-PERP", "EUR/USD")}
WHOLE = Reference(LEI, BOTH, LISTED, {"house": "XISM"})


def told() -> Told:
    broker = Told()
    broker.place(broker.ann, messages.BUY, 10, 10_000)
    broker.place(broker.bob, messages.SELL, 4, 10_000)
    broker.place(broker.bob, messages.SELL, 4, -1)
    return broker


def test_an_event_is_reported_with_its_51_fields() -> None:
    broker = told()
    report = rts24(broker.rows(), WHOLE)
    assert (report.rows, report.skipped, report.refused) == (5, 0, []) and faults(report.text) == []
    first, *_, last = csv.DictReader(io.StringIO(report.text))
    row = broker.rows()[0]
    assert list(first) == NAMES and len(NAMES) == 51
    assert first["9 date and time"] == f"{time_text(row.time)[:-4]}Z"
    assert (first["21 event"], first["32 buy-sell"], first["24 limit price"]) == ("NEWO", "BUYI", "100.00")
    assert (first["10 validity period"], first["33 order status"], first["36 initial quantity"]) == (
        "GTCV",
        "ACTI",
        "10",
    )
    assert last["21 event"] == "REMO"


def test_a_partial_fill_has_price_quantity_and_who_was_passive() -> None:
    found = {row["21 event"]: row for row in csv.DictReader(io.StringIO(rts24(told().rows(), WHOLE).text))}
    fill = found["PARF"]
    assert (fill["28 transaction price"], fill["39 traded quantity"], fill["37 remaining quantity"]) == (
        "100.00",
        "4",
        "6",
    )
    assert fill["44 passive or aggressive"] == "PASV" and fill["48 venue transaction"].startswith("trd-")


@pytest.mark.parametrize(
    ("reference", "field"),
    [
        (Reference(), "1 submitting entity"),
        (Reference(LEI), "2 direct electronic access"),
        (Reference(LEI, BOTH), "16 segment MIC"),
        (Reference(LEI, BOTH, {}, {"house": "XISM"}), "18 instrument"),
    ],
)
def test_what_is_unknown_is_refused_and_named_and_not_in_the_file(reference: Reference, field: str) -> None:
    report = rts24(told().rows(), reference)
    assert report.rows == 0 and len(report.text.splitlines()) == 1
    assert {(row.field, row.reason) for row in report.refused} == {(field, "unknown")}


def test_a_reference_value_of_another_form_is_refused() -> None:
    report = rts24(told().rows(), Reference("short", BOTH, LISTED, {"house": "XISM"}))
    assert {(row.field, row.reason) for row in report.refused} == {("1 submitting entity", "bad_form")}


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 3))
def test_every_event_is_reported_refused_or_has_no_code(kind: str, seed: int) -> None:
    rows = rows_of(session(kind, seed)[0])
    report = rts24(rows, WHOLE)
    assert report.rows + report.skipped + len(report.refused) == len(rows)
    assert report.skipped == sum(not CODES[row.values[64] or ""] for row in rows)
    assert faults(report.text) == []


def test_a_file_that_is_not_of_the_form_is_located_by_line_and_field() -> None:
    text = rts24(told().rows(), WHOLE).text
    assert faults(text.replace("BUYI", "BUY", 1)) == ["line 2: 32 buy-sell: bad_form"]
    assert faults(text + "x\n") == ["line 7: has 1 fields, not 51"]
    assert faults("") == ["line 1: is not the row of names"]


def test_a_reference_file_with_a_key_that_nobody_reads_is_refused() -> None:
    assert read_reference(TOML).clients["acc-7"].direct_access is False
    for text in ("lie = 1", "=", "[clients.acc-7]\nname = 'x'"):
        with pytest.raises(BadInput) as error:
            read_reference(text)
        assert error.value.field == "reference"


def test_the_command_line_writes_the_file_and_tells_what_was_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = Told(tmp_path)
    broker.place(broker.ann, messages.BUY, 10, 10_000)
    broker.place(broker.bob, messages.BUY, 10, 9_000)
    broker.engine.close()
    assert main(["audit", "store", "rebuild", "--data", str(tmp_path)]) == 0
    named, out = tmp_path / "reference.toml", tmp_path / "orders.csv"
    named.write_text(
        TOML.replace("acc-7", f"acc-{broker.ann}").replace("##", "") + '[instruments.ABC]\nisin = "US0378331005"\n'
    )
    words = ["audit", "export", "--day", "2025-11-29", "--as", "rts24", "--data", str(tmp_path), "--out", str(out)]
    capsys.readouterr()
    assert main([*words, "--reference", str(named), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], [row["field"] for row in told["refused"]]) == (1, ["2 direct electronic access"])
    assert faults(out.read_text()) == [] and len(out.read_text().splitlines()) == 2
    for wrong, field in ((["--day", "today"], "day"), (["--reference", str(tmp_path / "none")], "reference")):
        assert main([*words, *wrong, "--json"]) == 2
        assert json.loads(capsys.readouterr().out)["error"]["field"] == field
