"""Staying in step with a venue's depth stream."""

from __future__ import annotations

import io
import json
import zlib

import pytest
from tests.unit.venues.recordings import SPOT, depth, line, snapshot, trade

from isthmus.kernel.errors import BadInput
from isthmus.venues.formats.depth import read_lines
from isthmus.venues.replay.depth import Counts, replay_depth


def replayed(*lines: str, venue: str | None = None) -> Counts:
    *_, counts = replay_depth(read_lines(io.BytesIO("".join(lines).encode())), venue)
    return counts


BOOK = [["100", "2"]], [["101", "3"]]


def test_updates_wait_for_the_snapshot_and_the_straddling_one_is_applied() -> None:
    counts = replayed(
        depth(0, 1, 3, [["100.5", "9"]], []), depth(1, 4, 6, [["100.2", "1"]], []), snapshot(2, 5, *BOOK),
        depth(3, 7, 7, [], [["101", "0"], ["102", "1"]]),
    )  # fmt: skip
    assert (counts.best_bid, counts.best_ask) == ("100.20", "102.00")
    assert (counts.depth_updates, counts.at_start, counts.not_applied, counts.sequence_gaps) == (1, 1, 1, 0)
    assert (counts.venue, counts.instrument, counts.snapshots) == ("binance-spot", "BTCUSDT", 1)


def test_a_missing_update_is_a_gap_and_the_next_snapshot_mends_it() -> None:
    counts = replayed(
        snapshot(0, 5, *BOOK), depth(1, 6, 6, [], []), depth(2, 8, 8, [["100", "0"]], []), snapshot(3, 9, *BOOK),
        depth(4, 10, 10, [["99", "1"]], []),
    )  # fmt: skip
    assert counts.sequence_gaps == 1
    assert counts.best_bid == "100.00"


def test_futures_follow_the_previous_number() -> None:
    counts = replayed(
        snapshot(0, 5, *BOOK),
        depth(1, 4, 8, [], [], pu=3),
        depth(2, 20, 25, [], [], pu=8),
        depth(3, 40, 45, [], [], pu=30),
    )
    assert (counts.venue, counts.depth_updates, counts.sequence_gaps) == ("binance-usdm", 3, 1)


def test_a_late_snapshot_that_is_older_than_the_book_changes_nothing() -> None:
    counts = replayed(snapshot(0, 5, *BOOK), depth(1, 6, 9, [["100.9", "1"]], []), snapshot(2, 7, *BOOK))
    assert (counts.best_bid, counts.snapshots) == ("100.90", 2)


def test_a_crossed_book_is_counted() -> None:
    assert replayed(snapshot(0, 5, *BOOK), depth(1, 6, 6, [["101", "1"]], [])).crossed == 1


def test_what_is_not_understood_is_counted_and_trades_are() -> None:
    counts = replayed(*SPOT, line(9_000, {"weather": "fine"}), line(9_001, {"stream": "x", "data": {"e": "gossip"}}))
    assert (counts.unknown, counts.trades, counts.lines) == (2, 3, len(SPOT) + 2)


def test_the_receive_time_may_be_seconds_and_lines_may_be_requests() -> None:
    update = json.dumps({"e": "depthUpdate", "E": 1, "s": "X", "U": 6, "u": 6, "pu": 5, "b": [["1", "2"]], "a": []})
    book = json.dumps({"lastUpdateId": 5, "bids": [["0.5", "1"]], "asks": [["2", "1"]]})
    counts = replayed(
        "wss://somewhere <-> 1626992741.1\n",
        'wss://somewhere <- 1626992741.2: {"method": "SUBSCRIBE"}\n',
        f"https://somewhere/depth?symbol=X&limit=5 -> 1626992741.3: {book}\n",
        f"1626992741.4: {update}\n",
    )
    assert (counts.instrument, counts.best_bid, counts.depth_updates) == ("X", "1.00", 1)


def okx(action: str, bids: list[list[str]], asks: list[list[str]], checksum: int) -> str:
    data = [{"bids": bids, "asks": asks, "ts": "1", "checksum": checksum}]
    return "1.5: " + json.dumps({"arg": {"channel": "books", "instId": "A-B"}, "action": action, "data": data}) + "\n"


def test_a_venues_checksum_is_compared() -> None:
    bids, asks = [["3366.1", "7", "0", "3"], ["3366", "6", "3", "4"]], [["3366.8", "9", "10", "3"]]
    right = zlib.crc32(b"3366.1:7:3366.8:9:3366:6")
    counts = replayed(okx("snapshot", bids, asks, right), okx("update", [["1", "1"]], [], right))
    assert (counts.venue, counts.checksums, counts.checksums_right) == ("okx", 2, 1)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("what is this\n", 1),
        ("1723161253937085768 {broken\n", 1),
        (SPOT[0] + SPOT[0].replace('"99.00"', '"ninety"'), 2),
        (SPOT[0] + trade(1, "1", "1", True).replace('"p"', '"x"').replace('"m"', '"y"'), 2),
        ("1723161253937085768\n", 1),
    ],
)
def test_a_malformed_line_is_named(text: str, number: int) -> None:
    with pytest.raises(BadInput) as refusal:
        replayed(text)
    assert refusal.value.line == number
