"""Recorded days of every format as events: their published facts come out again. Needs ISTHMUS_TEST_DATA."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from isthmus.kernel.messages import BUY
from isthmus.kernel.values import time_ns, units
from isthmus.venues.recorded import in_time_order, survey
from isthmus.venues.recorded.catalogue import Catalogue
from isthmus.venues.recorded.events import BookEvent, Event, TradeEvent
from isthmus.venues.recorded.session import Session

Sides = tuple[dict[int, int], dict[int, int]]


def chosen(folder: Path, files: Iterable[Path], text: str = "") -> Catalogue:
    """A catalogue of links to some files of a folder."""
    for file in files:
        (folder / file.name).symlink_to(file)
    (folder / "markets.toml").write_text(text)
    return survey(folder)


def books(session: Session) -> Iterator[tuple[Event, Sides]]:
    """Every event with the book after it."""
    sides: Sides = {}, {}
    for event in session.events:
        if isinstance(event, BookEvent):
            if event.whole:
                sides = {}, {}
            for side, levels in zip(sides, (event.bids, event.asks), strict=True):
                side.update(levels)
                for price in [price for price, size in levels if not size]:
                    del side[price]
        yield event, sides


def crossed_share(found: Catalogue) -> float:
    """The share of the time in which one dealer's bid is over the other's ask, while both are recorded."""
    last, met, whole = 0, 0, 0
    quotes: dict[str, tuple[int, int]] = {}
    end = min(recording.session.end for recording in found.recordings)
    for at, recording, event in in_time_order(found.recordings):
        if at > end:
            break
        if len(quotes) == 2:
            (bid, ask), (other_bid, other_ask) = quotes.values()
            whole += at - last
            met += (at - last) * (bid > other_ask or other_bid > ask)
        assert isinstance(event, BookEvent)
        quotes[recording.market.venue], last = (event.bids[0][0], event.asks[0][0]), at
    return met / whole


def test_two_dealers_agree_by_true_time_and_contradict_each_other_by_raw_time(test_data: Path, tmp_path: Path) -> None:
    files = sorted((test_data / "fx").glob("*_eurusd_201405*_tickquote.zip"))
    for name, text in (("true", '[[venue]]\nname = "fxcm"\nutc_offset = -5'), ("raw", "")):
        (tmp_path / name).mkdir()
        found = chosen(tmp_path / name, files, text)
        events = {made.market.venue: len(made.session.events) for made in found.recordings}
        assert events == {"fxcm": 417_795, "oanda": 199_241}
        share = crossed_share(found)
        assert share < 0.000_5 if name == "true" else share > 0.9


def test_another_pair_of_the_same_dealers_is_read_alike(test_data: Path, tmp_path: Path) -> None:
    found = chosen(tmp_path, (test_data / "fx").glob("*_nzdusd_*_tickquote.zip"))
    assert [(made.market.base, len(made.session.events)) for made in found.recordings] == [
        ("NZD", 109_001),
        ("NZD", 49_798),
    ]


def test_most_trades_of_a_share_lie_within_the_consolidated_quote(test_data: Path, tmp_path: Path) -> None:
    found = chosen(
        tmp_path,
        (test_data / "equity_consolidated").glob("ibm_20131007*.zip"),
        '[[market]]\nfiles = ["ibm*"]\nbegins = "09:30"\nends = "16:00"',
    )
    (recording,) = found.recordings
    assert (recording.market.venue, recording.session.tick, recording.session.price_decimals) == (
        "us-consolidated",
        1,
        2,
    )
    inside = trades = volume = 0
    for event, (bids, asks) in books(recording.session):
        assert len(bids) <= 1
        assert len(asks) <= 1
        if isinstance(event, TradeEvent):
            trades += 1
            volume += event.quantity
            inside += bool(bids and asks) and max(bids) <= event.price <= min(asks)
    assert trades > 23_000
    assert inside / trades > 0.96


def test_a_book_of_order_events_is_the_vendors_at_every_event(test_data: Path, tmp_path: Path) -> None:
    folder = test_data / "equity_mbo"
    (recording,) = chosen(tmp_path, folder.glob("ARL*_mbo.csv.gz")).recordings
    session = recording.session
    expected: dict[int, tuple[list[tuple[int, int]], ...]] = {}
    with gzip.open(next(folder.glob("ARL*_mbp10_expected.csv.gz")), "rt") as file:
        for row in csv.DictReader(file):
            expected[time_ns(row["ts_event"])] = tuple(
                [
                    (units(row[f"{side}_px_{n:02}"], session.price_decimals), int(row[f"{side}_sz_{n:02}"]))
                    for n in range(10)
                    if int(row[f"{side}_sz_{n:02}"])
                ]
                for side in ("bid", "ask")
            )
    compared = 0
    kept = ((event, (dict(bids), dict(asks))) for event, (bids, asks) in books(session))
    for at, group in groupby(kept, key=lambda row: row[0].at):
        *_, (event, (bids, asks)) = group
        if isinstance(event, BookEvent) and at in expected:
            compared += 1
            assert (sorted(bids.items(), reverse=True)[:10], sorted(asks.items())[:10]) == expected[at]
    assert compared > 3_000
    trades = [event for event in session.events if isinstance(event, TradeEvent)]
    assert (len(trades), sum(trade.quantity for trade in trades)) == (46, 1_341)
    assert sum(trade.on_book for trade in trades) == 11


def test_futures_are_read_from_orders_and_from_the_best_levels(test_data: Path, tmp_path: Path) -> None:
    june, september = chosen(tmp_path, (test_data / "equity_mbo").glob("ES*.dbn.zst")).recordings
    assert (june.market.instrument, june.market.kind, june.session.tick) == ("ESM4", "future", 25)
    assert (september.market.instrument, september.takes_orders) == ("ESU4", False)
    for recording, count, prices in (
        (june, 5, {521_425}),
        (september, 120, {552_850, 552_875, 552_900, 552_925, 552_950}),
    ):
        trades = [event for event in recording.session.events if isinstance(event, TradeEvent)]
        assert len(trades) == count
        assert {trade.price for trade in trades} <= prices
        assert all(max(bids) < min(asks) for _, (bids, asks) in books(recording.session))


def test_published_levels_end_where_the_file_ends(test_data: Path, tmp_path: Path) -> None:
    (recording,) = chosen(tmp_path, (test_data / "equity_lobster").glob("GOOG*.csv.gz")).recordings
    trades = [event for event in recording.session.events if isinstance(event, TradeEvent)]
    before_the_first_book = 1
    assert sum(trade.on_book for trade in trades) == 7_765 - before_the_first_book
    assert len(trades) == 7_765 + 3_913 - before_the_first_book
    *_, (_, (bids, asks)) = books(recording.session)
    with gzip.open(next((test_data / "equity_lobster").glob("GOOG*orderbook*.gz")), "rt") as file:
        *_, last = file
    ask, ask_size, bid, bid_size = (int(text) for text in last.split(",")[:4])
    assert (min(asks) * 10, asks[min(asks)], max(bids) * 10, bids[max(bids)]) == (ask, ask_size, bid, bid_size)


def test_the_coin_margined_contract_ends_at_its_published_best_prices(test_data: Path, tmp_path: Path) -> None:
    (recording,) = chosen(tmp_path, (test_data / "crypto_l2").glob("binance_cm*.gz")).recordings
    assert (recording.market.instrument, recording.part.contract, recording.takes_orders) == ("BTCUSD-PERP", 100, False)
    *_, (_, (bids, asks)) = books(recording.session)
    assert (max(bids), min(asks)) == (616_686, 616_687)
    first = next(event for event in recording.session.events if isinstance(event, TradeEvent))
    assert first.taker_side in (BUY, 2)
