"""`isthmus replay` on recorded days: the engine keeps the exchange's book. Needs ISTHMUS_TEST_DATA."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest
from tests.e2e.server import isthmus

DAY = "GOOG_2012-06-21_34200000_57600000"


@pytest.fixture(scope="module")
def goog(test_data: Path) -> dict[str, Path]:
    folder = test_data / "equity_lobster"
    return {kind: folder / f"{DAY}_{kind}_10.csv.gz" for kind in ("message", "orderbook")}


def head(source: Path, target: Path, lines: int) -> Path:
    """The first lines of a packed file, packed another way."""
    with gzip.open(source) as file:
        target.write_bytes(lzma.compress(b"".join(line for _, line in zip(range(lines), file, strict=False))))
    return target


def test_lobster_best_quotes_and_makers_of_a_whole_day(goog: dict[str, Path]) -> None:
    code, found = isthmus(
        "replay", "lobster", "--messages", str(goog["message"]), "--orderbook", str(goog["orderbook"])
    )
    assert code == 0
    assert found["seconds"] > 0
    assert {name: found[name] for name in found if name not in ("seconds", "set_apart", "unmatched")} == {
        "messages": 147_916,
        "best_quote_rows": 147_915,
        "best_quote_equal": 147_915,
        "adopted_at_best": 0,
        "visible_executions": 7_765,
        "maker_known": 6_949,
        "maker_equal": 6_944,
    }


def test_lobster_without_a_book_file_has_no_figures_about_quotes(goog: dict[str, Path]) -> None:
    code, found = isthmus("replay", "lobster", "--messages", str(goog["message"]))
    assert code == 0
    assert (found["best_quote_rows"], found["best_quote_equal"], found["adopted_at_best"]) == (None, None, None)
    assert found["visible_executions"] == 7_765
    assert found["maker_known"] == 7_233
    assert found["maker_equal"] > 5_000


@pytest.mark.parametrize("levels", ["5", "10"])
def test_lobster_cut_short_and_packed_another_way(goog: dict[str, Path], tmp_path: Path, levels: str) -> None:
    messages, rows = (head(goog[kind], tmp_path / kind, 20_000) for kind in ("message", "orderbook"))
    code, found = isthmus(
        "replay", "lobster", "--messages", str(messages), "--orderbook", str(rows), "--levels", levels
    )
    assert code == 0
    assert found["best_quote_rows"] == 19_999
    assert found["best_quote_equal"] >= (19_999 if levels == "10" else 19_990)


def test_mbo_rows_of_a_whole_day(test_data: Path) -> None:
    folder = test_data / "equity_mbo"
    events, rows = (folder / f"ARL_xnas_2025-07-17_{kind}.csv.gz" for kind in ("mbo", "mbp10_expected"))
    code, found = isthmus("replay", "mbo", "--events", str(events), "--expected", str(rows))
    assert code == 0
    assert (found["events"], found["trades"]) == (5_886, 46)
    assert (found["rows_equal"], found["expected_rows"]) == (3_928, 3_928)
    assert (found["maker_equal"], found["maker_known"]) == (11, 11)


def test_mbo_reads_dbn(test_data: Path) -> None:
    code, found = isthmus("replay", "mbo", "--events", str(test_data / "equity_mbo/ESM4_glbx_2024-05-08_mbo.dbn.zst"))
    assert code == 0
    assert (found["events"], found["trades"], found["expected_rows"]) == (13_796, 5, None)


@pytest.mark.parametrize(
    ("name", "venue", "updates", "trades", "bid", "ask"),
    [
        ("binance_spot_btcusdt", "binance-spot", 3_448, 9_757, "61685.99", "61686.00"),
        ("binance_usdm_btcusdt", "binance-usdm", 6_545, 21_313, "61659.70", "61659.80"),
        ("binance_cm_btcusd_perp", "binance-coinm", 26_822, 2_286, "61668.60", "61668.70"),
    ],
)
def test_depth_streams_stay_in_step_and_uncrossed(
    test_data: Path, name: str, venue: str, updates: int, trades: int, bid: str, ask: str
) -> None:
    code, found = isthmus("replay", "depth", "--events", str(test_data / "crypto_l2" / f"{name}_20240808.gz"))
    assert code == 0
    assert (found["venue"], found["depth_updates"], found["trades"]) == (venue, updates, trades)
    assert (found["crossed"], found["sequence_gaps"], found["snapshots"], found["unknown"]) == (0, 0, 1, 0)
    assert (found["best_bid"], found["best_ask"]) == (bid, ask)


@pytest.mark.parametrize(
    ("name", "venue", "checksums"),
    [
        ("OKX.ws.1.0", "okx", 290),
        ("KRAKEN.ws.50.0", "kraken", 4_269),
        ("COINBASE.ws.28.0", "coinbase", None),
        ("GEMINI.ws.1.0", "gemini", None),
        ("BYBIT.ws.25.0", "bybit", None),
        ("BITMEX.ws.1.0", "bitmex", None),
        ("DERIBIT.ws.1.0", "deribit", None),
        ("BITSTAMP.ws.1.0", "bitstamp", None),
        ("BINANCE_FUTURES.ws.1.0", "binance-usdm", None),
    ],
)
def test_depth_of_other_venues(test_data: Path, name: str, venue: str, checksums: int | None) -> None:
    code, found = isthmus("replay", "depth", "--events", str(test_data / "crypto_venue_captures" / f"{name}.gz"))
    assert code == 0
    assert found["venue"] == venue
    assert (found["checksums"], found["checksums_right"]) == (checksums, checksums)
    assert (found["crossed"], found["unknown"], found["sequence_gaps"]) == (0, 0, 0)


def test_what_cannot_be_read_is_named_with_exit_2(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("34200.1,1,1,10,100,1\n34200.2,1,2,ten,100,1\n")
    code, found = isthmus("replay", "lobster", "--messages", str(broken))
    assert code == 2
    assert found == {"error": {"field": "size", "reason": "'ten' is no number", "line": 2}}
    code, found = isthmus("replay", "depth", "--events", str(tmp_path / "nowhere"))
    assert code == 2
    assert found["error"]["field"] == "events"
    assert found["error"]["reason"].endswith("No such file or directory")
    code, found = isthmus("replay", "depth", "--events", str(broken), "--venue", "moonbase")
    assert code == 2
    assert found["error"]["field"] == "venue"
