"""Range proofs that others wrote verify, tables of liabilities are proven, and what is wrong with a row is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from isthmus.app.cli import main
from isthmus.app.zk_check import AMOUNT_BITS


def checked(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    code = main(["zk", "check", "--vectors", str(path), "--json"])
    return code, json.loads(capsys.readouterr().out)["rows"]


def test_the_published_range_proofs_verify_and_changed_ones_do_not(
    test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = test_data / "trust/disclosure/bulletproofs_range.json"
    code, rows = checked(source, capsys)
    assert (code, [row["name"] for row in rows if not row["ok"]]) == (0, [])
    file = json.loads(source.read_bytes())
    file["cases"] = [file["cases"][0] | {"proof_hex": file["cases"][0]["proof_hex"][:-2] + "09"}]
    file["cases"].append(file["cases"][0] | {"commitments_hex": ["ff" * 32]})
    file["cases"].append(file["cases"][0] | {"n": 24})
    file["cases"].append(file["cases"][0] | {"m": 2})
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(file))
    code, rows = checked(changed, capsys)
    assert code == 1
    reasons = [row["reason"].split(":")[0] for row in rows]
    assert reasons == ["range_fails", "point_not_canonical", "not_offered", "malformed"]


@pytest.mark.parametrize(("name", "reason"), [("", None), ("_bigints", None), ("_overflow", "out_of_range")])
def test_the_published_tables_of_liabilities_are_proven_unless_an_amount_has_too_many_bits(
    name: str, reason: str | None, test_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, rows = checked(test_data / f"trust/liabilities/summa_entry_16{name}.csv", capsys)
    first = rows[0]["reason"]
    assert (code, first and first.split(":")[0]) == (0 if reason is None else 1, reason)
    assert rows[1]["entries"] == 16
    assert rows[1]["ok"]


def test_a_table_of_the_greatest_amounts_sums_to_more_bits_than_any_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    greatest = (1 << AMOUNT_BITS) - 1
    table = tmp_path / "table.csv"
    table.write_text("username,balance_X\n" + f"ann,{greatest}\n" * 3)
    assert checked(table, capsys) == (
        0,
        [{"name": "balance_X", "ok": True, "reason": None, "entries": 3, "total": str(3 * greatest)}],
    )
    table.write_text("username,balance_X\nann,-1\n")
    assert checked(table, capsys)[1][0]["reason"].startswith("malformed: line 2")


@pytest.mark.parametrize("content", ["", "[]", '{"cases":[]}', '{"transcript_label":"x","cases":[{}]}'])
def test_what_is_no_vector_is_bad_use(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "vectors.json"
    path.write_text(content)
    assert main(["zk", "check", "--vectors", str(path), "--json"]) == 2
