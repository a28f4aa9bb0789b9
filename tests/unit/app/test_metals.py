"""`isthmus metals` over written and recorded prices."""

from __future__ import annotations

import gzip
import json
import statistics
import zipfile
from pathlib import Path
from typing import Any

import pytest

from isthmus.app.cli import main

Capture = pytest.CaptureFixture[str]
HEADER = "date,cash_settlement,three_month,lme_stock\n"


def rows(capture: Capture, *words: str) -> list[dict[str, Any]]:
    assert main(["metals", "--json", *words]) == 0
    return [json.loads(line) for line in capture.readouterr().out.splitlines()]


def refusal(capture: Capture, *words: str) -> dict[str, Any]:
    assert main(["metals", "--json", *words]) == 2
    error: dict[str, Any] = json.loads(capture.readouterr().out)["error"]
    return error


def table(folder: Path, body: str, name: str = "lme_copper.csv.gz") -> str:
    path = folder / name
    path.write_bytes(gzip.compress((HEADER + body).encode()))
    return str(path)


def test_a_row_for_every_day_and_none_allocated_without_a_price(tmp_path: Path, capsys: Capture) -> None:
    days = [f"2020-{1 + at // 28:02}-{1 + at % 28:02},8000.0,8080.5,100000.0\n" for at in range(70)]
    found = rows(capsys, "--prices", table(tmp_path, "".join(days) + "2020-12-01,8000.0,,99000.0\n"))
    assert len(found) == 71
    assert found[-2]["metal"] == "copper" and found[-2]["spot_ppm"] + found[-2]["futures_ppm"] == 1_000_000
    assert (found[-2]["basis_ppm"], found[-2]["days_of_cover"]) == (10_062, 1.43)
    assert found[-1]["spot_ppm"] is None and found[-1]["why"] == "no allocation: no three-month price was published"
    assert found[-1]["stock_tonnes"] == 99_000


@pytest.mark.parametrize(
    ("body", "field", "line"),
    [
        ("2020-01-02,1,1\n", "prices", 2),
        ("2020-13-02,1,1,1\n", "date", 2),
        ("2020-01-02,1,1,1\n2020-01-02,1,1,1\n", "date", 3),
        ("2020-01-02,-1,1,1\n", "cash_settlement", 2),
        ("2020-01-02,1,x,1\n", "three_month", 2),
    ],
)
def test_a_bad_row_is_refused_with_its_line(body: str, field: str, line: int, tmp_path: Path, capsys: Capture) -> None:
    error = refusal(capsys, "--prices", table(tmp_path, body))
    assert (error["field"], error["line"]) == (field, line)


def test_another_table_and_a_future_without_spot_are_refused(tmp_path: Path, capsys: Capture) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    assert "first line" in refusal(capsys, "--prices", str(other))["reason"]
    packed = tmp_path / "gc.zip"
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("table.csv", "1,2\n")
    assert refusal(capsys, "--prices", str(packed))["field"] == "spot"
    assert "no minute quotes" in refusal(capsys, "--prices", str(packed), "--spot", str(other))["reason"]


METALS = ("copper", "aluminium", "nickel")


def lme(test_data: Path, metal: str) -> str:
    (path,) = (test_data / "commodities").glob(f"lme_{metal}_daily_*.csv.gz")
    return str(path)


def test_of_the_suspended_days_of_march_2022_nothing_is_allocated(test_data: Path, capsys: Capture) -> None:
    found = {row["day"]: row for row in rows(capsys, "--prices", lme(test_data, "nickel"))}
    closed = [day for day, row in found.items() if "2022-03-08" <= day <= "2022-03-25"]
    assert len(closed) == 14
    for day in closed:
        assert found[day]["spot_ppm"] is None and "no three-month price" in found[day]["why"]
        assert found[day]["stock_tonnes"] > 70_000, "the stock is still told"
    assert found["2022-03-07"]["spot_ppm"] is not None and found["2022-03-28"]["spot_ppm"] is not None


@pytest.mark.parametrize("metal", METALS)
def test_more_stock_goes_with_a_dearer_forward_as_the_theory_has_it(
    metal: str, test_data: Path, capsys: Capture
) -> None:
    (found,) = rows(capsys, "--prices", lme(test_data, metal), "--summary")
    assert found["allocated"] > 4_500 and found["spot_least_ppm"] < 200_000 and found["spot_most_ppm"] > 800_000
    facts = found["theory"]
    assert facts["rank_correlation"] > 0.3 and facts["basis_high"] - facts["basis_low"] > 4_000


def test_gold_shows_the_basis_and_nothing_else(test_data: Path, capsys: Capture) -> None:
    folder = test_data / "commodities"
    (spot,) = folder.glob("xauusd_*.csv.gz")
    found = rows(capsys, "--prices", str(folder / "gc_20131007_minute_quote.zip"), "--spot", str(spot))
    basis = [float(row["basis"]) for row in found]
    assert len(basis) == 24 and {row["contract"] for row in found} == {"201312"}
    assert round(statistics.mean(basis), 3) == 0.068 and round(statistics.pstdev(basis), 3) == 0.161
    assert all(row["spot_ppm"] is None and "basis only" in row["why"] for row in found)
