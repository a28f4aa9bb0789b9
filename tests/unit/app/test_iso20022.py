"""The commands of the bank formats: rows in, rows out, exit codes as the house has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from isthmus.app.cli import main

XML = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"><FIToFICstmrCdtTrf><GrpHdr>'
    "<NbOfTxs>{}</NbOfTxs></GrpHdr>"
    "<CdtTrfTxInf><IntrBkSttlmDt>2026-01-06</IntrBkSttlmDt></CdtTrfTxInf></FIToFICstmrCdtTrf></Document>"
)
FIN = (
    "{1:F01CHASUS33XXXX0000000000}{2:O2020945221020DEUTDEFFXXXX00000000002210200945N}{4:\r\n:20:R-1\r\n:21:E-1\r\n"
    ":32A:221020EUR15,\r\n:52A:DEUTDEFF\r\n:58A:CHASUS33\r\n-}"
)


def answers(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_message_alone_gets_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.xml"
    file.write_text(XML.format(1))
    assert main(["iso20022", "validate", str(file), "--json"]) == 0
    (answer,) = answers(capsys)
    assert answer["id"] is None
    assert (answer["message"], answer["schema"], answer["schema_errors"], answer["rules"]) == (
        "pacs.008.001.08", "not_checked", [], [],
    )  # fmt: skip


def test_rows_echo_their_id_and_a_broken_rule_exits_with_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rows"
    file.write_text("".join(json.dumps({"id": count, "xml": XML.format(count)}) + "\n" for count in (1, 2)))
    assert main(["iso20022", "validate", str(file), "--json"]) == 1
    first, second = answers(capsys)
    assert (first["id"], first["rules"]) == (1, [])
    assert second["id"] == 2
    assert set(second["rules"][0]) == {"rule", "path", "message"}


def test_the_folder_of_schemas_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.xml"
    file.write_text(XML.format(1))
    monkeypatch.setenv("ISTHMUS_XSD_DIR", str(tmp_path / "missing"))
    assert main(["iso20022", "validate", str(file), "--json"]) == 2
    assert answers(capsys)[0]["error"]["field"] == "xsd"


def test_rows_are_translated_both_ways(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows"
    file.write_text(json.dumps({"case": "there", "direction": "mt->mx", "fin": FIN}) + "\n")
    assert main(["iso20022", "translate", str(file)]) == 0
    (there,) = answers(capsys)
    assert (there["case"], there["lost"]) == ("there", [])
    file.write_text(json.dumps({"case": "back", "direction": "mx->mt", "xml": there["xml"]}) + "\n")
    assert main(["iso20022", "translate", str(file)]) == 0
    assert answers(capsys) == [{"case": "back", "fin": FIN, "lost": []}]


def test_a_message_that_cannot_be_translated_names_the_field_and_exits_with_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rows"
    file.write_text(json.dumps({"case": "c", "direction": "mt->mx", "fin": FIN.replace(":32A:", ":32X:")}) + "\n")
    assert main(["iso20022", "translate", str(file)]) == 1
    (answer,) = answers(capsys)
    assert (answer["xml"], answer["lost"], answer["error"]["field"]) == (None, [], "32A")


@pytest.mark.parametrize("row", ["[]", "{", '{"direction":"up"}', '{"direction":"mt->mx"}'])
def test_a_row_that_asks_nothing_is_bad_use(row: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows"
    file.write_text(json.dumps({"direction": "mt->mx", "fin": FIN}) + "\n" + row + "\n")
    assert main(["iso20022", "translate", str(file), "--json"]) == 2
    assert answers(capsys)[-1]["error"]["line"] == 2


def test_a_fin_message_alone_becomes_xml_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.fin"
    file.write_bytes(FIN.encode())
    assert main(["iso20022", "translate", str(file)]) == 0
    assert capsys.readouterr().out.startswith("<?xml")


LAYOUT = """
name = "small"
[[record]]
name = "payment"
field = [{ name = "kind", width = 1, constant = "5" }, { name = "amount", width = 8, type = "amount" }]
[[record]]
name = "total"
place = "last"
field = [
  { name = "kind", width = 1, constant = "9" },
  { name = "sum", width = 8, type = "amount", total = { of = "payment", field = "amount" } },
]
"""


def test_a_clearing_file_is_written_and_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layout, rows, out = tmp_path / "l.toml", tmp_path / "rows", tmp_path / "out"
    layout.write_text(LAYOUT)
    rows.write_text('{"record":"payment","fields":{"amount":"1.5"}}\n{"record":"total","fields":{}}\n')
    assert main(["clearing-file", "write", str(rows), "--format", str(layout), "--out", str(out), "--json"]) == 0
    assert answers(capsys)[0]["records"] == 2
    assert out.read_bytes() == b"500000150\n900000150\n"
    assert main(["clearing-file", "read", str(out), "--format", str(layout)]) == 0
    assert answers(capsys)[-1] == {"ok": True, "records": 2, "totals": []}
    out.write_bytes(b"500000150\n900000151\n")
    assert main(["clearing-file", "read", str(out), "--format", str(layout)]) == 1
