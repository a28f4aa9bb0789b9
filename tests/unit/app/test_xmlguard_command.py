"""`isthmus xmlguard`: rows and files in, verdicts out, exit codes as the contract says."""

import gzip
import json
from pathlib import Path

import pytest

from isthmus.app.cli import main

ORDER = (
    "<BridgeOrder><Login>1</Login><Ticket>T</Ticket><Symbol>EURUSD</Symbol><Side>BUY</Side>"
    "<Volume>1</Volume><Comment>{}</Comment></BridgeOrder>"
)


def _rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_rows_are_judged_one_by_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"id": "good", "xml": ORDER.format("open")}, {"id": 7, "xml": ORDER.format("=1+1")}, {"xml": "\ud800"}]
    path.write_text("".join(json.dumps(row) + "\n\n" for row in rows))
    assert main(["xmlguard", "--json", str(path)]) == 1
    good, bad, half = _rows(capsys)
    assert {name: good[name] for name in ("id", "verdict", "rule", "place")} == {
        "id": "good",
        "verdict": "accept",
        "rule": None,
        "place": None,
    }
    assert (bad["id"], bad["verdict"], bad["rule"], bad["place"]) == (7, "reject", "formula", "/BridgeOrder/Comment")
    assert (half["row"], half["rule"]) == (5, "character-forbidden")
    assert all(isinstance(row["ms"], float) and row["ms"] < 50 for row in (good, bad, half))


def test_a_file_is_read_in_its_own_encoding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "order.xml"
    text = '<?xml version="1.0" encoding="UTF-16"?>' + ORDER.format("Söhne")
    path.write_bytes(text.encode("utf-16"))
    assert main(["xmlguard", "--schema", "bridge", str(path)]) == 0
    packed = tmp_path / "order.xml.gz"
    packed.write_bytes(gzip.compress(b"<x>" + b"a" * 100_000_000))
    assert main(["xmlguard", str(packed)]) == 1
    whole, bomb = _rows(capsys)
    assert (whole["id"], whole["verdict"]) == ("order.xml", "accept")
    assert (bomb["id"], bomb["rule"]) == ("order.xml.gz", "document-bytes")


def test_what_is_no_row_is_bad_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id": 1, "xml": 5}\n')
    assert main(["xmlguard", "--json", str(path)]) == 2
    assert _rows(capsys)[0]["error"] == {"field": "xml", "reason": "a row is an object whose xml is text", "line": 1}


def test_another_kind_than_was_asked_for_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "order.xml"
    path.write_text(ORDER.format("open"))
    assert main(["xmlguard", "--schema", "pain.001", str(path)]) == 1
    assert _rows(capsys)[0]["rule"] == "schema-unknown"
