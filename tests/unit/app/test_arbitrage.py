"""`isthmus arbitrage` over written and recorded files: what it takes, what it refuses, when it says nothing."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.unit.venues.recordings import SPOT, depth, snapshot, written

from isthmus.app.cli import main

Capture = pytest.CaptureFixture[str]
CRYPTO = "crypto_l2"
FREE = [word for name in ("spot", "usdm", "coinm") for word in ("--fee-ppm", f"binance-{name}=0")]


def ran(capture: Capture, *words: str) -> dict[str, Any]:
    assert main(["arbitrage", "--json", *words]) == 0
    answer: dict[str, Any] = json.loads(capture.readouterr().out)
    return answer


def refused(capture: Capture, *words: str) -> dict[str, Any]:
    assert main(["arbitrage", "--json", *words]) == 2
    error: dict[str, Any] = json.loads(capture.readouterr().out)["error"]
    return error


def quotes(folder: Path, provider: str, rows: str, name: str = "20140505_eurusd_tick_quote.csv") -> str:
    path = folder / f"{provider}_eurusd_20140505_tickquote.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(name, rows)
    return str(path)


def perpetual(folder: Path, bid: str, ask: str) -> str:
    """A USD-margined book that stands still, on the same clock as SPOT."""
    lines = [
        snapshot(5, 10, [[bid, "5.000"]], [[ask, "5.000"]]),
        *(
            depth(at, at, at, [["1.0", "1.000"]], [], pu=at - 1, T=1_723_161_300_000 + at)
            for at in range(11, 3_000, 50)
        ),
    ]
    return str(written(folder, "usdm.txt", lines))


def test_a_perpetual_far_above_the_coin_is_bought_and_sold(tmp_path: Path, capsys: Capture) -> None:
    files = str(written(tmp_path, "spot.txt", SPOT)), perpetual(tmp_path, "110.0", "110.1")
    found = ran(capsys, "--markets", *files, "--latency-ms", "20")
    (row,) = found["pairs"]
    assert (row["kind"], row["sent"], row["taken"]) == ("basis", 1, 1)
    assert found["assumed"] == ["1 USDT = 1 USD"]
    bought = 3 * 9 + 2 * (110 - 102.51)
    fees = 2 * (3 * 101 + 2 * 102.51) * 0.001 + 2 * 5 * 110 * 0.0005
    assert float(row["profit"]) == pytest.approx(bought - fees, abs=1e-6)
    assert found["answer"].startswith("Taken with a profit:")


def test_within_the_fees_the_answer_is_nothing(tmp_path: Path, capsys: Capture) -> None:
    files = str(written(tmp_path, "spot.txt", SPOT)), perpetual(tmp_path, "101.1", "101.2")
    found = ran(capsys, "--markets", *files)
    assert found["answer"] == "Nothing could have been taken with a profit."
    assert found["pairs"][0]["answer"].startswith("Nothing: ")


def test_two_providers_of_currencies_are_compared_by_their_own_clocks(tmp_path: Path, capsys: Capture) -> None:
    calm = "0,1.38750,1.38752\n"
    one = quotes(tmp_path, "alpha", calm + "3600000,1.38780,1.38782\n3600200,1.38750,1.38752\n")
    other = quotes(tmp_path, "beta", "18000000,1.38750,1.38752\n21600100,1.38751,1.38753\n21600300,1.38750,1.38752\n")
    words = ("--markets", one, other, "--utc-offset", "beta=5", "--utc-offset", "alpha=0", "--stale-s", "10000")
    found = ran(capsys, *words)
    (row,) = found["pairs"]
    assert (row["kind"], row["sent"], row["taken"], row["visible"]["best_ppm"]) == ("same", 1, 1, 201)
    assert float(row["profit"]) == pytest.approx(1_000_000 * 0.00028)
    assert "size 1,000,000 EUR" in found["assumed"]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--latency-ms", "-1"], "latency-ms"),
        (["--fee-ppm", "binance-spot"], "fee-ppm"),
        (["--minimum-profit", "1e3"], "minimum-profit"),
        (["--utc-offset", "fxcm=99"], "utc-offset"),
    ],
)
def test_bad_settings_are_refused_by_name(words: list[str], field: str, tmp_path: Path, capsys: Capture) -> None:
    spot = str(written(tmp_path, "spot.txt", SPOT))
    assert refused(capsys, "--markets", spot, spot, *words)["field"] == field


def test_what_is_no_recording_and_what_is_alone_is_refused(tmp_path: Path, capsys: Capture) -> None:
    spot = str(written(tmp_path, "spot.txt", SPOT))
    assert "nothing to be compared" in refused(capsys, "--markets", spot)["reason"]
    assert refused(capsys, "--markets", spot, str(tmp_path / "absent"))["reason"] == "No such file or directory"
    words = written(tmp_path, "words.txt", ["hello\n"])
    assert "neither" in refused(capsys, "--markets", spot, str(words))["reason"]
    nameless = quotes(tmp_path, "gamma", "0,1.0,1.1\n", name="table.csv")
    assert "tells no provider, pair and day" in refused(capsys, "--markets", spot, nameless)["reason"]
    wrong = quotes(tmp_path, "delta", "0,1.0\n")
    assert "2 columns" in refused(capsys, "--markets", spot, wrong)["reason"]


def test_in_the_recorded_six_minutes_nothing_was_takeable(test_data: Path, capsys: Capture) -> None:
    files = [str(path) for path in sorted((test_data / CRYPTO).glob("*.gz"))]
    found = ran(capsys, "--markets", *files)
    assert found["answer"] == "Nothing could have been taken with a profit."
    assert [row["kind"] for row in found["pairs"]] == ["basis"] * 3
    for row in found["pairs"]:
        assert row["visible"]["times"] > 0 and row["visible"]["best_ppm"] > 800, "gaps there were"
        assert row["after_fees"]["times"] == 0 and row["after_fees"]["best_ppm"] < -1_000, "none near the fees"


def test_without_fees_the_same_six_minutes_would_have_paid(test_data: Path, capsys: Capture) -> None:
    """So the answer above is the fees' doing, and the desk does find what is there."""
    files = [str(path) for path in sorted((test_data / CRYPTO).glob("*.gz"))]
    found = ran(capsys, "--markets", *files, *FREE)
    assert sum(row["taken"] for row in found["pairs"]) >= 15
    assert sum(row["repaired"] for row in found["pairs"]) >= 5
    assert all(row["unfinished"] == 0 for row in found["pairs"])


FX_HOURS = ("--utc-offset", "fxcm=-5", "--utc-offset", "oanda=0")


def fx(test_data: Path, pair: str, day: str) -> list[str]:
    return [str(path) for path in sorted((test_data / "fx").glob(f"*_{pair}_{day}_tickquote.zip"))]


def test_two_real_providers_cross_for_moments_that_the_latency_eats(test_data: Path, capsys: Capture) -> None:
    found = ran(capsys, "--markets", *fx(test_data, "nzdusd", "20140506"), *FX_HOURS)
    (row,) = found["pairs"]
    assert row["believed"] and row["visible"]["times"] == 7 and row["visible"]["open_s"] < 5
    assert row["sent"] == 7 and float(row["profit"]) < 0
    assert found["answer"] == "Nothing could have been taken with a profit."


def test_clocks_that_are_hours_apart_are_not_believed(test_data: Path, capsys: Capture) -> None:
    found = ran(capsys, "--markets", *fx(test_data, "eurusd", "20140505"))
    (row,) = found["pairs"]
    assert not row["believed"] and row["answer"].startswith("Not believed: crossed 8")
    assert found["takeable"] == 0
