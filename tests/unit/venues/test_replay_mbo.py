"""The MBO rule on feeds small enough to read; DBN and CSV say the same."""

from __future__ import annotations

import io
import struct

import pytest

from isthmus.kernel.errors import BadInput
from isthmus.venues.formats.mbo import read_events, read_expected
from isthmus.venues.replay.mbo import Counts, replay_mbo

HEADER = (
    "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,price,size,channel_id,order_id,flags,ts_in_delta,"
)
HEADER += "sequence,symbol"
DAY = "2025-07-17T08:05:03.360842448Z"


def event(action: str, side: str, price: str, size: int, order: int, sequence: int, day: str = DAY) -> str:
    return f"{day},{day},160,2,1108,{action},{side},{price},{size},0,{order},130,0,{sequence},ARL"


def feed(*events: str, header: bool = True) -> io.BytesIO:
    return io.BytesIO("\n".join([HEADER, *events] if header else events).encode())


def expected(*rows: str, orders: bool = True, levels: int = 1) -> io.BytesIO:
    names = ",".join(
        f"bid_px_{n:02},bid_sz_{n:02},bid_ct_{n:02},ask_px_{n:02},ask_sz_{n:02},ask_ct_{n:02}" for n in range(levels)
    )
    head = f"ts_event,instrument_id,publisher_id,action,sequence,{names}" + (",order_id" if orders else "")
    return io.BytesIO("\n".join([head, *rows]).encode())


def row(action: str, sequence: int, levels: str, order: int | None = None, day: str = DAY) -> str:
    return f"{day},1108,2,{action},{sequence},{levels}" + ("" if order is None else f",{order}")


def replayed(events: io.BytesIO, rows: io.BytesIO | None = None) -> Counts:
    *_, counts = replay_mbo(read_events(events), None if rows is None else read_expected(rows))
    return counts


def test_rows_are_compared_after_the_event_of_their_sequence_action_and_order() -> None:
    counts = replayed(
        feed(
            event("R", "N", "", 0, 0, 0),
            event("A", "B", "5.51", 100, 1, 10),
            event("A", "A", "5.60", 50, 2, 11),
            event("C", "B", "5.51", 40, 1, 12),
        ),
        expected(
            row("R", 0, ",0,0,,0,0", 0),
            row("A", 10, "5.51,100,1,,0,0", 1),
            row("A", 11, "5.51,100,1,5.6,50,1", 2),
            row("C", 12, "5.51,60,1,5.6,50,1", 1),
        ),
    )
    assert (counts.expected_rows, counts.rows_equal, counts.events) == (4, 4, 4)


def test_a_trade_row_is_compared_after_the_last_event_of_its_sequence() -> None:
    counts = replayed(
        feed(
            event("A", "B", "5.51", 100, 1, 10),
            event("T", "A", "5.51", 30, 0, 11),
            event("F", "B", "5.51", 30, 1, 11),
            event("C", "B", "5.51", 30, 1, 11),
            event("A", "B", "5.50", 9, 2, 12),
        ),
        expected(row("T", 11, "5.51,70,1,,0,0", 0)),
    )
    assert (counts.expected_rows, counts.rows_equal) == (1, 1)
    assert (counts.trades, counts.maker_known, counts.maker_equal) == (1, 1, 1)


def test_the_last_sequence_of_the_feed_is_compared_too() -> None:
    counts = replayed(
        feed(event("A", "B", "5.51", 100, 1, 10), event("T", "N", "5.55", 30, 0, 11)),
        expected(row("T", 11, "5.51,100,1,,0,0", 0)),
    )
    assert counts.rows_equal == 1


def test_a_row_that_differs_or_has_no_event_is_not_equal() -> None:
    counts = replayed(
        feed(event("A", "B", "5.51", 100, 1, 10)),
        expected(row("A", 10, "5.51,99,1,,0,0", 1), row("A", 99, "5.51,100,1,,0,0", 7)),
    )
    assert (counts.expected_rows, counts.rows_equal) == (2, 0)


def test_rows_without_order_ids_are_matched_by_sequence_and_action() -> None:
    counts = replayed(
        feed(event("A", "B", "5.51", 100, 1, 10)), expected(row("A", 10, "5.51,100,1,,0,0"), orders=False)
    )
    assert counts.rows_equal == 1


def test_a_modify_keeps_its_place_only_when_the_size_goes_down() -> None:
    def maker(*modify: str) -> int:
        orders = event("A", "B", "5.51", 100, 1, 10), event("A", "B", "5.51", 100, 2, 11)
        return replayed(feed(*orders, *modify, event("F", "B", "5.51", 10, 1, 20))).maker_equal

    assert maker(event("M", "B", "5.51", 60, 1, 12)) == 1
    assert maker(event("M", "B", "5.51", 100, 1, 12)) == 1
    assert maker(event("M", "B", "5.51", 120, 1, 12)) == 0
    assert maker(event("M", "B", "5.52", 60, 1, 12), event("M", "B", "5.51", 60, 1, 13)) == 0


def test_two_days_may_use_the_same_sequences() -> None:
    other = DAY.replace("17T", "18T")
    counts = replayed(
        feed(
            event("A", "B", "5.51", 100, 1, 10),
            event("R", "N", "", 0, 0, 0, other),
            event("A", "A", "6", 5, 1, 10, other),
        ),
        expected(row("A", 10, "5.51,100,1,,0,0", 1), row("A", 10, ",0,0,6.0,5,1", 1, other)),
    )
    assert counts.rows_equal == 2


def test_instruments_of_one_feed_have_books_of_their_own() -> None:
    other = event("A", "A", "5.51", 7, 1, 11).replace("1108", "2000")
    rows = expected(row("A", 10, "5.51,100,1,,0,0", 1), row("A", 11, ",0,0,5.51,7,1", 1).replace("1108", "2000"))
    assert replayed(feed(event("A", "B", "5.51", 100, 1, 10), other), rows).rows_equal == 2


def test_a_book_that_is_crossed_in_the_middle_of_an_event_loses_nothing() -> None:
    counts = replayed(
        feed(
            event("A", "A", "5.51", 100, 1, 10),
            event("A", "B", "5.55", 60, 2, 11),
            event("C", "A", "5.51", 100, 1, 11),
            event("A", "A", "5.56", 10, 3, 12),
        ),
        expected(row("A", 11, "5.55,60,1,5.51,100,1", 2), row("A", 12, "5.55,60,1,5.56,10,1", 3)),
    )
    assert (counts.rows_equal, counts.set_apart) == (2, 1)


def test_a_feed_without_a_header_is_read_by_the_order_of_the_schema() -> None:
    assert replayed(feed(event("A", "B", "5.51", 100, 1, 10), header=False)).events == 1


def test_prices_may_be_counts_of_a_billionth() -> None:
    counts = replayed(feed(event("A", "B", "5510000000", 100, 1, 10)), expected(row("A", 10, "5.51,100,1,,0,0", 1)))
    assert counts.rows_equal == 1


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (event("A", "B", "x", 100, 1, 10), "price"),
        (event("A", "B", "5.51", -1, 1, 10), "size"),
        (event("C", "B", "5.51", -1, 9, 10), "size"),
        (event("A", "B", "5.51", 10**20, 1, 10), "size"),
        (event("M", "B", "5.51", 10**20, 9, 10), "size"),
        (event("A", "Q", "5.51", 1, 1, 10), "side"),
        (event("Z", "B", "5.51", 1, 1, 10), "action"),
        (event("A", "N", "5.51", 1, 1, 10), "side"),
        ("1,2,3", "events"),
    ],
)
def test_a_malformed_event_is_named_with_its_line(line: str, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        replayed(feed(event("A", "B", "5.51", 100, 9, 9), line))
    assert (refusal.value.field, refusal.value.line) == (field, 3)


def dbn(*records: bytes) -> io.BytesIO:
    return io.BytesIO(struct.pack("<3sBI", b"DBN", 3, 4) + b"meta" + b"".join(records))


def mbo_record(action: bytes, side: bytes, price: int, size: int, order: int, sequence: int) -> bytes:
    body = struct.pack("<QqIBBccQiI", order, price, size, 130, 0, action, side, 0, 0, sequence)
    return struct.pack("<BBHIQ", (16 + len(body)) // 4, 0xA0, 2, 1108, 1_752_739_503 * 10**9) + body


def test_dbn_says_the_same_as_csv() -> None:
    records = mbo_record(b"A", b"B", 5_510_000_000, 100, 1, 10), mbo_record(b"C", b"B", 5_510_000_000, 40, 1, 11)
    *_, counts = replay_mbo(
        read_events(dbn(*records)), read_expected(expected(row("C", 11, "5.51,60,1,,0,0", 1, "2025-07-17")))
    )
    assert counts.events == 2


def test_a_dbn_file_that_is_cut_short_is_bad_input() -> None:
    cut = dbn(mbo_record(b"A", b"B", 5_510_000_000, 100, 1, 10)[:-3])
    with pytest.raises(BadInput, match="middle of a record"):
        list(read_events(cut))


def level_record(body: bytes) -> bytes:
    return struct.pack("<BBHIQ", (16 + len(body)) // 4, 0x01, 2, 1108, 1_752_739_503 * 10**9) + body


def test_a_book_by_level_is_no_feed_of_orders() -> None:
    with pytest.raises(BadInput, match="not orders"):
        list(read_events(dbn(level_record(b"\0" * 64))))


def test_a_level_record_that_is_too_short_is_bad_input() -> None:
    with pytest.raises(BadInput, match="cut short"):
        list(read_expected(dbn(level_record(b"\0" * 8))))
