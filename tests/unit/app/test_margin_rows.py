"""Rows in, requirements out; a row that cannot be is refused by field and the others are answered."""

from pathlib import Path

import msgspec
import pytest

from isthmus.app.cli import main


def answers(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, *rows: dict) -> tuple[int, list[dict]]:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\n".join(msgspec.json.encode(row) for row in rows))
    code = main(["margin", command, str(file), "--json"])
    return code, [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]


def test_holdings_are_margined_and_a_wrong_row_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = {"quantity": -2, "right": "call", "strike": "55", "expiry": "2026-12-18", "price": "2"}
    good = {"id": "a", "underlying": "ACME", "price": "50", "stock": 100, "options": [written]}
    wrong = good | {"id": "b", "options": [written | {"right": "maybe"}]}
    odd = good | {"id": "c", "price": "1.23456"}
    code, rows = answers(tmp_path, capsys, "reg-t", good, wrong, odd)
    assert code == 1
    assert (rows[0]["initial"], rows[0]["maintenance"]) == ("3200", "1950")
    assert [row["error"] and row["error"]["field"] for row in rows] == [None, "right", "price"]


def test_netting_sets_have_an_exposure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trade = {"asset_class": "fx", "hedging": "EURUSD", "notional": 1_000_000, "value": 12_000}
    code, rows = answers(tmp_path, capsys, "sa-ccr", {"id": "n", "trades": [trade], "collateral": 2_000})
    assert code == 0
    assert (rows[0]["replacement_cost"], rows[0]["pfe"], rows[0]["ead"]) == ("10000.00", "40000.00", "70000.00")
