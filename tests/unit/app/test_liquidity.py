"""`isthmus liquidity` over written and recorded days: forecasts, where they win and where not, slices, the picture."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from tests.unit.venues.recordings import SPOT, written

from isthmus.app.cli import main
from isthmus.app.liquidity_files import Bins, read_days

Capture = pytest.CaptureFixture[str]


def ran(capture: Capture, *words: str) -> dict[str, Any]:
    assert main(["liquidity", "--json", *words]) == 0
    found: dict[str, Any] = json.loads(capture.readouterr().out)
    return found


def refused(capture: Capture, *words: str) -> dict[str, Any]:
    assert main(["liquidity", "--json", *words]) == 2
    error: dict[str, Any] = json.loads(capture.readouterr().out)["error"]
    return error


def packed(folder: Path, name: str, table: str, rows: str) -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(table, rows)
    return path


def share_day(folder: Path, day: str, sizes: range) -> list[str]:
    """A share whose quotes change each minute, and which trades each minute."""
    quotes, trades = [], []
    for minute, size in enumerate(sizes):
        ms = 34_200_000 + minute * 60_000
        quotes += [f"{ms},1000000,{size},0,0,Q,1,0", f"{ms},0,0,1000100,{size},Q,1,0"]
        trades.append(f"{ms + 30_000},1000100,{size // 10},Q,0,0")
    return [
        str(packed(folder, f"abc_{day}_quote.zip", f"{day}_abc_Quote_Tick.csv", "\n".join(quotes))),
        str(packed(folder, f"abc_{day}_trade.zip", f"{day}_abc_Trade_Tick.csv", "\n".join(trades))),
    ]


def test_a_quote_counts_for_as_long_as_it_stands() -> None:
    bins = Bins(60)
    bins.quote(0, 10.0, 100.0)
    bins.quote(90_000, 30.0, 300.0)
    bins.end(120_000)
    bins.trade(61_000, 5.0)
    made = bins.made("2020-01-01")
    assert made.spread[:3] == pytest.approx([10.0, 20.0, np.nan], nan_ok=True)
    assert made.depth[:2] == pytest.approx([100.0, 200.0])
    assert made.volume[:3] == pytest.approx([np.nan, 5.0, np.nan], nan_ok=True)


def test_quotes_and_trades_of_a_day_are_one_day(tmp_path: Path) -> None:
    files = [*share_day(tmp_path, "20200102", range(100, 400)), *share_day(tmp_path, "20200103", range(100, 400))]
    days = read_days([Path(path) for path in files], 300)
    assert list(days) == ["us-consolidated ABC"]
    first, second = days["us-consolidated ABC"]
    assert (first.day, second.day) == ("2020-01-02", "2020-01-03")
    opening = 34_200 // 300
    assert first.spread[opening] == pytest.approx(100, rel=0.01), "one cent of a hundred dollars"
    assert first.depth[opening] == pytest.approx(102.0)
    assert first.volume[opening] == sum(size // 10 for size in range(100, 105))
    assert np.isnan(first.depth[opening - 1])


def test_an_order_is_cut_over_the_day_and_the_answer_says_what_won(tmp_path: Path, capsys: Capture) -> None:
    files = [
        *share_day(tmp_path, "20200102", range(2_000, 2_300)),
        *share_day(tmp_path, "20200103", range(2_000, 2_300)),
    ]
    found = ran(capsys, "--quotes", *files, "--order", "5000", "--lot", "10", "--children", "250")
    (row,) = found["sources"]
    assert row["training_days"] == ["2020-01-02"] and row["test_day"] == "2020-01-03"
    assert {forecast["measure"] for forecast in row["forecasts"]} == {"depth", "spread", "volume"}
    assert row["answer"].startswith("Against the plain seasonal average, ")
    children = row["order"]["children"]
    assert sum(child["quantity"] for child in children) == 5_000 and row["order"]["left"] == 0
    assert 200 <= len(children) <= 300 and children == sorted(children, key=lambda child: child["second"])
    assert children[0]["second"] > 34_200


def test_a_single_day_is_told_to_be_too_little(tmp_path: Path, capsys: Capture) -> None:
    found = ran(capsys, "--quotes", *share_day(tmp_path, "20200102", range(100, 400)))
    assert found["sources"][0]["answer"].startswith("No forecast: one day is not enough")


def test_the_picture_of_a_stream_is_an_svg(tmp_path: Path, capsys: Capture) -> None:
    target = tmp_path / "book.svg"
    found = ran(
        capsys, "--quotes", str(written(tmp_path, "spot.txt", SPOT)), "--picture", str(target), "--distance-bps", "400"
    )
    assert found["samples"] == 4
    root = ET.fromstring(target.read_text())
    assert "binance-spot BTCUSDT" in root.attrib["aria-label"]


def test_what_cannot_be_used_is_refused_by_name(tmp_path: Path, capsys: Capture) -> None:
    spot = str(written(tmp_path, "spot.txt", SPOT))
    assert "neither a day of ticks" in refused(capsys, "--quotes", spot)["reason"]
    assert refused(capsys, "--quotes", spot, spot, "--picture", str(tmp_path / "x.svg"))["field"] == "picture"
    fx = packed(tmp_path, "alpha_eurusd_20140505_tickquote.zip", "20140505_eurusd_tick_quote.csv", "0,1.1,1.2\n")
    assert "best prices only" in refused(capsys, "--quotes", str(fx), "--picture", str(tmp_path / "x.svg"))["reason"]
    near = ("--picture", str(tmp_path / "x.svg"), "--distance-bps", "0.01")
    assert refused(capsys, "--quotes", spot, *near)["field"] == "distance-bps"
    assert not (tmp_path / "x.svg").exists()
    assert refused(capsys, "--quotes", str(fx), "--bin-s", "7")["field"] == "bin-s"
    assert refused(capsys, "--quotes", str(fx), "--bin-s", "77")["field"] == "bin-s"
    share = share_day(tmp_path, "20200102", range(100, 400))
    assert refused(capsys, "--quotes", *share, "--order", "15", "--lot", "10")["field"] == "order"


def forecasts(capture: Capture, *files: Path) -> dict[str, dict[tuple[str, int], dict[str, Any]]]:
    found = ran(capture, "--quotes", *map(str, files))
    return {
        row["source"]: {(each["measure"], each["ahead_s"] // 60): each for each in row["forecasts"]}
        for row in found["sources"]
    }


def test_of_the_recorded_share_it_wins_in_all_three_measures(test_data: Path, capsys: Capture) -> None:
    found = forecasts(capsys, *sorted((test_data / "equity_consolidated").glob("ibm_*.zip")))["us-consolidated IBM"]
    assert len(found) == 9 and {each["verdict"] for each in found.values()} == {"better"}
    assert found["volume", 30]["gain"] > 0.25


def test_of_currencies_it_wins_for_minutes_and_says_that_it_does_not_for_hours(
    test_data: Path, capsys: Capture
) -> None:
    found = forecasts(capsys, *sorted((test_data / "fx").glob("*_eurusd_2014*.zip")))
    for provider in ("fxcm EURUSD", "oanda EURUSD"):
        verdicts = {ahead: found[provider]["spread", ahead]["verdict"] for ahead in (5, 30, 120)}
        assert verdicts[5] == "better" and verdicts[120] == "no difference"
        assert ("depth", 5) not in found[provider], "the quotes have no size"


def test_of_a_pool_it_wins_in_volume_but_not_in_depth_hours_ahead(test_data: Path, capsys: Capture) -> None:
    (found,) = forecasts(capsys, *sorted((test_data / "dex").glob("polygon_*.csv.gz"))).values()
    assert {found["volume", ahead]["verdict"] for ahead in (5, 30, 120)} == {"better"}
    assert found["depth", 5]["verdict"] == "better" and found["depth", 120]["verdict"] == "no difference"
