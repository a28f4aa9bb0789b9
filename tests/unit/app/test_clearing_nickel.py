"""`isthmus clearing nickel`: it says what is generated, and what voiding gives back."""

import json
from pathlib import Path

import pytest

from isthmus.app.cli import main


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main(["clearing", "nickel", "--json", *words]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_voided_trades_leave_no_trace(capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(capsys)
    assert "generated" in str(found["label"])
    voided = found["voided"]
    assert isinstance(voided, dict)
    assert (voided["equal"], voided["books_balance"], voided["trades"]) == (True, True, 200)
    assert voided["positions_moved"] > 50
    assert all(row["adds_up"] for row in found["defaults"])  # type: ignore[attr-defined]


def test_the_official_prices_of_a_file_are_the_known_ones(test_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = test_data / "commodities" / "lme_nickel_daily_2008_2026.csv.gz"
    assert shown(capsys, "--prices", str(path)) == shown(capsys)


def test_a_file_without_the_days_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("date,cash_settlement,three_month,lme_stock\n2022-03-04,29800.0,,1.0\n")
    assert main(["clearing", "nickel", "--json", "--prices", str(path)]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "prices"
