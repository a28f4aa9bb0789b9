"""The audit store by the command line: made from a journal, asked, compared, and what is altered is located."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.audit.order_journals import Told

from isthmus.app.cli import main
from isthmus.audit.store import StoreReader
from isthmus.kernel import messages


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of a journal with two fills and a refusal, and its store."""
    broker = Told(tmp_path)
    broker.place(broker.ann, messages.BUY, 10, 10_000, text="first")
    broker.place(broker.bob, messages.SELL, 4, 10_000)
    broker.place(broker.bob, messages.SELL, 4, -1)
    broker.engine.close()
    assert main(["audit", "store", "rebuild", "--data", str(tmp_path)]) == 0
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], code: int, *words: str) -> Any:
    capsys.readouterr()
    assert main(["audit", *words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_refusal_is_found_with_its_reason(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, 0, "search", "--event", "reject", "--data", str(data))
    assert [row["reason"] for row in found["orders"]] == ["price_not_positive"]
    assert main(["audit", "search", "--data", str(data)]) == 0
    assert "price_not_positive" in capsys.readouterr().out


def test_an_orders_life_says_who_when_why_and_which_checks(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused = told(capsys, 0, "search", "--event", "reject", "--data", str(data))["orders"][0]["order"]
    life = told(capsys, 0, "order", refused, "--data", str(data))
    fields = life["events"][0]["fields"]
    assert fields["O69"] == "price_not_positive" and json.loads(fields["O75"])["user"] == 11
    assert ["form", "failed"] in json.loads(fields["O71"])["stages"]
    assert main(["audit", "order", refused, "--data", str(data)]) == 0
    shown = capsys.readouterr().out
    assert "form failed" in shown and '"user":11' in shown and "unknown  O01" in shown
    assert told(capsys, 1, "order", "999", "--data", str(data))["events"] == []


def test_the_store_is_the_journals_and_a_flipped_bit_is_located(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("store", "rebuild", "--check", "--data", str(data))
    assert told(capsys, 0, *words)["ok"] is True
    path = StoreReader(data).parts()[0].path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    found = told(capsys, 1, *words)
    assert found["ok"] is False and found["difference"]["file"] == str(path)
    assert main(["audit", *words]) == 1
    assert str(path) in capsys.readouterr().out
    assert main(["audit", "store", "rebuild", "--data", str(data)]) == 0
    assert told(capsys, 0, *words)["ok"] is True


def test_days_are_kept_as_long_as_somebody_wants_them(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("retention", "--jurisdiction", "uk-fca", "--data", str(data))
    assert told(capsys, 0, *words)["days"][0]["kept_until"] == "2030-11-29"
    held = ("hold", "--account", "acc-16", "--by", "ann", "--reason", "claim", "--data", str(data))
    number = told(capsys, 0, *held)["holds"][0]["hold"]
    assert told(capsys, 0, *words)["days"][0]["holds"] == [number]
    assert main(["audit", "retention", "--data", str(data)]) == 0
    assert main(["audit", "hold", "--data", str(data)]) == 0
    assert "claim" in capsys.readouterr().out
    asked = ("--by", "ann", "--reason", "asked", "--data", str(data))
    error = told(capsys, 2, "erase", "--account", "acc-16", *asked)["error"]
    assert error["field"] == "account" and "hold" in error["reason"]
    ended = told(capsys, 0, "hold", "--end", str(number), *asked)["holds"][0]
    assert ended["ends"] == number
    assert "retained until" in told(capsys, 2, "erase", "--account", "acc-16", *asked)["error"]["reason"]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["search", "--from", "yesterday"], "from"),
        (["search", "--limit", "0"], "limit"),
        (["order", "ord-0"], "order"),
        (["order", "x"], "order"),
        (["hold", "--account", "acc-16", "--reason", "x"], "by"),
        (["erase", "--account", "ann"], "account"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    words: list[str], field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, 2, *words, "--data", str(tmp_path))["error"]["field"] == field


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, 2, "search", "--data", str(tmp_path / "none"))["error"]["field"] == "data"
