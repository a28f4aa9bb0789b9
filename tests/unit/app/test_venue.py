"""`isthmus venue read | translate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.venues import wire_messages as messages
from tests.unit.venues.test_translating import OPTION, XBTUSD

from isthmus.app.cli import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    code = main(["venue", *words])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_recorded_session_is_counted_by_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gemini.txt"
    sent = "wss://x <-> 1.0\nwss://x <- 1.1: {}\n"
    path.write_text(sent + "".join(f"1.{place}: {raw.decode()}\n" for place, raw in enumerate(messages.GEMINI)))
    code, (found,) = run(capsys, "read", "--venue", "gemini", "--events", str(path), "--json")
    assert code == 0
    assert found["messages"] == 3
    assert found["words"] == {"Book": 1, "Trade": 1, "Quiet": 1}
    assert (found["quiet"], found["unknown"], found["faults"]) == ({"heartbeat": 1}, {}, {})


def test_a_venue_that_nobody_speaks_for_is_bad_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").write_text("")
    assert run(capsys, "read", "--venue", "mtgox", "--events", str(tmp_path / "x"), "--json")[0] == 2


def test_rows_are_translated_one_for_one_and_a_refusal_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        XBTUSD | {"id": "a"},
        {"case": "b", "instrument": OPTION},
        {"id": "c", "instrument": "XBTUSD", "order": {"symbol": "XBTUSD", "orderQty": -100}},
        {"name": "BTC-27DEC24-100000-P"},
        XBTUSD | {"typ": "FXXXS"},
        json.loads(messages.BITMEX[3]),
        7,
    ]
    path = tmp_path / "rows"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    code, told = run(capsys, "translate", str(path))
    assert code == 1
    assert [row["ok"] for row in told] == [True, True, True, True, False, True, False]
    assert [row["deribit"] for row in told[:4]] == [
        "BTC-PERPETUAL",
        "BTC-25DEC26-100000-C",
        "BTC-PERPETUAL",
        "BTC-27DEC24-100000-P",
    ]
    assert (told[0]["id"], told[1]["case"], told[2]["id"]) == ("a", "b", "c")
    assert told[2]["order"] == {
        "method": "private/sell",
        "params": {
            "instrument_name": "BTC-PERPETUAL",
            "amount": "100",
            "type": "market",
            "time_in_force": "good_til_cancelled",
        },
    }
    assert told[3]["instrument"]["settle"] == "BTC"
    assert told[4]["error"]["field"] == "bitmex.typ"
    assert told[5]["words"][0]["deribit"] == "BTC-PERPETUAL"


def test_an_object_on_several_lines_is_one_row_and_bare_rows_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contracts, one, rows = tmp_path / "contracts", tmp_path / "one", tmp_path / "rows"
    contracts.write_text(json.dumps(XBTUSD, indent=2))
    one.write_text(json.dumps(OPTION, indent=2))
    code, (told,) = run(capsys, "translate", str(one))
    assert (code, told["deribit"]) == (0, "BTC-25DEC26-100000-C")
    trade = json.loads(messages.BITMEX[3])["data"][0]
    order = {"symbol": "XBTUSD", "orderQty": 200, "price": 30_000}
    rows.write_text(json.dumps([trade, order, {"symbol": "XBTUSD", "balance": 1}, {"symbol": "ETHUSD", "orderQty": 1}]))
    code, answers = run(capsys, "translate", str(rows), "--contracts", str(contracts))
    assert [row["ok"] for row in answers] == [True, True, False, False]
    assert answers[0]["words"][0]["deribit"] == "BTC-PERPETUAL"
    assert (answers[1]["order"]["method"], answers[1]["order"]["params"]["amount"]) == ("private/buy", "200")
    assert [row["error"]["field"] for row in answers[2:]] == ["bitmex.typ", "instrument"]


def test_a_captured_session_is_translated_message_by_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contracts, session = tmp_path / "contracts.json", tmp_path / "session.txt"
    contracts.write_text(json.dumps([XBTUSD]))
    session.write_text(
        "".join(f"1626993367.{place}: {raw.decode()}\n" for place, raw in enumerate(messages.BITMEX[:4]))
    )
    code, told = run(capsys, "translate", str(session), "--contracts", str(contracts))
    assert (code, len(told)) == (0, 4)
    assert {word["deribit"] for row in told for word in row["words"]} == {"BTC-PERPETUAL"}
    assert told[3]["words"][0]["price"] == "30000.5"
