"""What of a folder is played, what is left, and why; how a recording becomes a session."""

from __future__ import annotations

import gzip
import lzma
from pathlib import Path

import pytest
from tests.unit.venues.recordings import SPOT, START_MS, depth, line, snapshot, trade, written

from isthmus.kernel.errors import BadInput
from isthmus.venues.recorded.catalogue import survey
from isthmus.venues.recorded.events import BookEvent, TradeEvent
from isthmus.venues.recorded.session import Session, recording_of
from isthmus.venues.recorded.settings import NOTHING, Terms
from isthmus.venues.recorded.streams import read_stream, split_symbol

MS = 1_000_000


def perpetual(lines: tuple[str, ...] = SPOT) -> list[str]:
    return [text.replace('"u": ', '"pu": 0, "u": ') for text in lines]


def inverse(lines: tuple[str, ...] = SPOT) -> list[str]:
    """As `lines`, of BTCUSD_PERP."""
    marked = [text.replace('"u": ', '"pu": 0, "ps": "BTCUSD", "u": ') for text in lines]
    return [text.replace('"BTCUSDT"', '"BTCUSD_PERP"') for text in marked]


def load(path: Path, venue: str) -> Session:
    part = read_stream(path, venue, Terms(NOTHING, {}))
    return recording_of([part], part.price_decimals, part.quantity_decimals).session


def test_spot_and_perpetuals_are_told_apart_by_content_and_the_inverse_one_is_data_only(tmp_path: Path) -> None:
    written(tmp_path, "a", SPOT)
    written(tmp_path, "b", perpetual())
    written(tmp_path, "c", inverse())
    written(tmp_path, "notes.md", ["words"])
    found = survey(tmp_path)
    assert [(made.market.kind, made.market.instrument, made.market.venue) for made in found.recordings] == [
        ("crypto_spot", "BTCUSDT", "binance-spot"),
        ("linear_perpetual", "BTCUSDT-PERP", "binance-usdm"),
        ("inverse_perpetual", "BTCUSD-PERP", "binance-coinm"),
    ]
    assert [row["taken"] for row in found.rows] == [True, True, True, False]
    assert [made.takes_orders for made in found.recordings] == [True, True, False]
    assert "data only" in found.rows[2]["why"]
    assert "a contract is worth 100 USD" in found.rows[2]["why"]
    assert found.rows[2]["label"] == "recorded 2024-08-08, data only"
    assert found.rows[0]["label"] == "recorded 2024-08-08"


@pytest.mark.parametrize("packed", [gzip.compress, lzma.compress])
def test_packing_is_told_by_content(tmp_path: Path, packed: object) -> None:
    assert callable(packed)
    (tmp_path / "recording.bin").write_bytes(packed("".join(SPOT).encode()))
    assert survey(tmp_path).recordings[0].market.instrument == "BTCUSDT"


def test_markets_toml_overrides_instrument_and_venue(tmp_path: Path) -> None:
    written(tmp_path, "a", SPOT)
    (tmp_path / "markets.toml").write_text('[[market]]\nfiles = ["a"]\ninstrument = "BTC-USDT"\nvenue = "elsewhere"\n')
    found = survey(tmp_path)
    assert [(made.market.instrument, made.market.venue) for made in found.recordings] == [("BTC-USDT", "elsewhere")]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('[[market]]\nfiles = ["missing"]', "files"),
        ('[[market]]\nfiles = ["a"]\ncolour = "red"', "market[0].colour"),
        ("[[market]]\nfiles = 3", "market[0].files"),
    ],
)
def test_a_wrong_markets_toml_is_refused_by_name(tmp_path: Path, text: str, field: str) -> None:
    written(tmp_path, "a", SPOT)
    (tmp_path / "markets.toml").write_text(text)
    with pytest.raises(BadInput) as refusal:
        survey(tmp_path)
    assert refusal.value.field in (field, field.replace("[0]", "[...]"))


def test_a_second_recording_of_the_same_market_is_left(tmp_path: Path) -> None:
    written(tmp_path, "a", SPOT)
    written(tmp_path, "b", SPOT)
    assert [row["taken"] for row in survey(tmp_path).rows] == [True, False]


def test_a_folder_in_which_nothing_can_be_played_is_refused_with_the_reasons(tmp_path: Path) -> None:
    written(tmp_path, "c", [depth(0, 1, 2, [["1", "1"]], [["2", "1"]])])
    with pytest.raises(BadInput, match="in step"):
        survey(tmp_path)
    with pytest.raises(BadInput, match="no folder"):
        survey(tmp_path / "nowhere")


def test_a_malformed_recording_is_left_with_its_line(tmp_path: Path) -> None:
    written(tmp_path, "a", SPOT)
    written(tmp_path, "b", [*perpetual(), "not a line\n"])
    row = survey(tmp_path).rows[1]
    assert row["taken"] is False
    assert f"line {len(SPOT) + 1}" in row["why"]


def test_a_stream_without_a_snapshot_cannot_be_played(tmp_path: Path) -> None:
    path = written(tmp_path, "a", [depth(0, 1, 2, [["1", "1"]], [["2", "1"]])])
    with pytest.raises(BadInput, match="in step"):
        load(path, "binance-spot")


def test_a_trade_that_arrives_after_the_book_it_changed_is_put_before_it(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "a",
        [
            snapshot(0, 4, [["100", "2"]], [["101", "3"]]),
            depth(500, 5, 5, [["100", "1"]], []),
            trade(450, "100", "1", True),
            depth(600, 6, 6, [["100", "3"]], []),
        ],
    )
    session = load(path, "binance-spot")
    assert [(event.at // MS - START_MS, isinstance(event, TradeEvent)) for event in session.events] == [
        (0, False),
        (450, True),
        (500, False),
        (600, False),
    ]


def test_quantities_count_what_trades_and_dust_is_rounded_down(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "a",
        [
            snapshot(0, 4, [["100.10", "2.00009"]], [["101", "3"]]),
            depth(500, 5, 5, [["100.10", "1.5"]], []),
            trade(450, "100.10", "0.01", True),
        ],
    )
    session = load(path, "binance-spot")
    assert (session.price_decimals, session.quantity_decimals) == (1, 2)
    opening = session.events[0]
    assert isinstance(opening, BookEvent)
    assert opening.bids == [(1001, 200)]


def test_a_recording_of_two_instruments_is_refused(tmp_path: Path) -> None:
    other = line(700, {"stream": "x", "data": {"e": "depthUpdate", "E": 1, "s": "X", "U": 1, "u": 9, "b": [], "a": []}})
    path = written(tmp_path, "a", [*SPOT, other])
    with pytest.raises(BadInput, match="several books"):
        load(path, "binance-spot")


@pytest.mark.parametrize(
    ("symbol", "assets"), [("BTCUSDT", ("BTC", "USDT")), ("ETHBTC", ("ETH", "BTC")), ("BTCEUR", ("BTC", "EUR"))]
)
def test_symbols_are_split_at_their_quote_asset(symbol: str, assets: tuple[str, str]) -> None:
    assert split_symbol(symbol) == assets
