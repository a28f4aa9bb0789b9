"""`isthmus mt300` on the command line: rows or FIN files in, a row for each message out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from isthmus.app.cli import main

REPORT = "35=8|17=X-1|150=F|55=EUR/USD|54=1|15=EUR|32=1000000|31=1.08455|75=20260302|64=20260304|"
ROW = {"id": "a", "fix": REPORT, "sender_bic": "BANKGB2LXXX", "receiver_bic": "CHASUS33XXX"}


class Told:
    """What a command answered."""

    def __init__(self, code: int, output: str) -> None:
        self.code = code
        self.rows: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines()]


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a subcommand on a text."""

    def run(name: str, text: str | bytes) -> Told:
        path = tmp_path / "input"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        code = main(["mt300", name, str(path), "--json"])
        return Told(code, capsys.readouterr().out)

    return run


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_reports_become_messages_and_the_messages_are_valid(said: Any) -> None:
    made = said("build", lines(ROW))
    assert made.code == 0
    (row,) = made.rows
    assert row.keys() == {"id", "ok", "fin", "fields", "errors"}
    assert (row["id"], row["ok"], row["errors"], row["fields"]["22C"]) == ("a", True, [], "BANK2L8455CHAS33")
    judged = said("validate", lines({"id": 7, "fin": row["fin"]}))
    assert (judged.code, judged.rows[0]["id"], judged.rows[0]["valid"]) == (0, 7, True)
    assert judged.rows[0]["fields"][1] == ["20", "X-1"]
    trade = said("trade", row["fin"])
    assert "\x0132=1000000\x0131=1.08455\x01" in trade.rows[0]["fix"]


def test_a_fin_file_is_judged_message_by_message(said: Any) -> None:
    fin = said("build", lines(ROW)).rows[0]["fin"]
    found = said("parse", gzip.compress(f"{fin}\n{fin.replace('NEWT', 'AMND')}".encode()))
    assert (found.code, [row["valid"] for row in found.rows]) == (1, [True, False])
    (error,) = found.rows[1]["errors"]
    assert {name: error[name] for name in ("code", "rule", "field", "line")} == {
        "code": "D70", "rule": "C1", "field": "21", "line": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fix": None}, "fix"),
        ({"fix": "35=D|"}, "35"),
        ({"sender_bic": "BANK"}, "sender_bic"),
        ({"receiver_bic": None}, "receiver_bic"),
        ({"agents": {"EUR": 1}}, "agents"),
        ({"fields": [["20"]]}, "fields"),
        ({"sender_bic": "BANKQQ2L"}, "82A"),
    ],
)
def test_a_row_that_makes_no_message_says_which_field_and_the_next_goes_on(
    said: Any, changes: dict[str, Any], field: str
) -> None:
    made = said("build", lines(ROW | changes, ROW))
    assert (made.code, [row["ok"] for row in made.rows]) == (1, [False, True])
    assert (made.rows[0]["fin"], made.rows[0]["errors"][0]["field"]) == (None, field)


def test_a_type_without_a_table_is_neither_valid_nor_invalid(said: Any) -> None:
    free = said("parse", "{1:F01BANKGB2LAXXX0000000000}{2:I399CHASUS33XXXXN}{4:\n:20:A\n:79:TEXT\n-}")
    assert free.rows[0]["valid"] is True
    unknown = said("parse", "{1:F01BANKGB2LAXXX0000000000}{2:I777CHASUS33XXXXN}{4:\n:20:A\n-}")
    assert (unknown.code, unknown.rows[0]["valid"], unknown.rows[0]["fields"]) == (1, None, [["20", "A"]])


def test_what_cannot_be_read_is_bad_use_and_names_the_line(said: Any) -> None:
    found = said("build", lines(ROW) + "{nonsense\n")
    assert (found.code, found.rows[-1]["error"]["line"]) == (2, 2)
    assert said("parse", "").code == 2


def test_pairs_are_matched_with_each_difference_named(
    tmp_path: Path, said: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = REPORT.replace("54=1", "54=2").replace("X-1", "Y-1").replace("64=20260304", "64=20260305")
    turned = ROW | {"fix": theirs, "sender_bic": "CHASUS33XXX", "receiver_bic": "BANKGB2LXXX"}
    other = ROW | {"fix": REPORT.replace("EUR", "GBP").replace("X-1", "X-2")}
    for name, rows in (("ours", (ROW, other)), ("theirs", (turned,))):
        (tmp_path / name).write_text("".join(row["fin"] for row in said("build", lines(*rows)).rows))
    code = main(["mt300", "match", "--ours", str(tmp_path / "ours"), "--theirs", str(tmp_path / "theirs"), "--json"])
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 1
    assert told == [
        {
            "ours": "X-1",
            "theirs": "Y-1",
            "state": "mismatched",
            "mismatches": [{"field": "30V", "ours": "20260304", "theirs": "20260305"}],
        },
        {"ours": "X-2", "theirs": None, "state": "unmatched", "mismatches": []},
    ]
