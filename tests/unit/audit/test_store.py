"""What was handed to the store is found in it, whole and once; and what is not what was written is named."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.audit.order_journals import DAY_NS, START, Told, rows_of, session

from isthmus.audit.asking import Query
from isthmus.audit.comparing import Compared, compared
from isthmus.audit.jurisdictions import FIELDS
from isthmus.audit.parts import parts_in
from isthmus.audit.resuming import keep, rows_behind
from isthmus.audit.rows import Row, Rows
from isthmus.audit.store import StoreReader, StoreWriter
from isthmus.kernel import messages
from isthmus.kernel.errors import BadInput, Damaged


def stored(data: Path, rows: list[Row]) -> StoreReader:
    writer = StoreWriter(data)
    writer.take(rows)
    writer.close()
    return StoreReader(data)


def checked(data: Path, rows: list[Row]) -> Compared:
    return compared(StoreReader(data).parts(), rows)


def two_days() -> Told:
    """An order that rests over midnight and is filled, and one that is refused."""
    broker = Told()
    broker.place(broker.ann, messages.BUY, 10, 10_000, text="first")
    broker.place(broker.bob, messages.SELL, 4, 10_000, later_ns=DAY_NS)
    broker.place(broker.bob, messages.SELL, 4, -1)
    return broker


def test_rows_lie_by_day_and_each_part_says_which_records_it_has(tmp_path: Path) -> None:
    rows = two_days().rows()
    parts = stored(tmp_path, rows).parts()
    assert [part.day for part in parts] == [dt.date(2025, 11, 29), dt.date(2025, 11, 30)]
    assert [(part.first, part.last) for part in parts] == [
        (rows[0].sequence, rows[0].sequence), (rows[1].sequence, rows[-1].sequence),
    ]  # fmt: skip
    assert checked(tmp_path, rows) == Compared(len(rows), 2, 0, None)


def test_an_order_is_found_by_every_word_that_is_asked_for(tmp_path: Path) -> None:
    broker = two_days()
    reader = stored(tmp_path, broker.rows())

    def found(**words: object) -> list[str]:
        return [row.event for row in reader.search(Query(**words)).orders]  # type: ignore[arg-type]

    assert found() == ["reject", "fill", "partial_fill", "new", "new"]
    assert found(account=f"acc-{broker.ann}") == ["partial_fill", "new"]
    assert found(text="FIRST") == ["partial_fill", "new"]
    assert found(text="100%") == found(text="f_rst") == []
    assert found(event="fill", instrument="ABC") == ["fill"]
    assert found(reason="price_not_positive") == ["reject"]
    assert found(until=START + DAY_NS // 2) == ["new"]
    assert found(since=START + DAY_NS // 2, event="new") == ["new"]
    refused = reader.search(Query(event="reject")).orders[0]
    assert (refused.account, refused.side, refused.quantity, refused.reason, refused.by) == (
        f"acc-{broker.bob}", "sell", "4", "price_not_positive", "client:11",
    )  # fmt: skip


def test_pages_follow_on_each_other_without_a_gap(tmp_path: Path) -> None:
    rows = rows_of(session("plain", 1)[0])
    reader = stored(tmp_path, rows)
    seen, before = [], ""
    while True:
        page = reader.search(Query(limit=40, before=before))
        seen += [(row.sequence, row.place) for row in page.orders]
        if page.next is None:
            break
        before = page.next
    assert seen == [(row.sequence, row.place) for row in reversed(rows)]


def test_an_orders_life_has_all_its_fields_and_counts_what_is_unknown(tmp_path: Path) -> None:
    broker = two_days()
    rows = broker.rows()
    life = stored(tmp_path, rows).life(rows[0].order)
    assert [event.event for event in life.events] == ["new", "partial_fill"]
    assert list(life.events[0].fields) == list(FIELDS)
    assert life.unknown == sum(value is None for row in rows if row.order == rows[0].order for value in row.values)


def test_a_busted_trade_is_in_the_life_of_both_its_orders(tmp_path: Path) -> None:
    broker = two_days()
    trade = next(record for record in broker.records if any(type(e).__name__ == "Traded" for e in record.effects))
    effect = broker.effect(trade, "Traded")
    same = ("maker", "taker", "taker_side", "price", "quantity", "buyer_pays", "seller_gets", "maker_fee", "taker_fee")
    terms = {name: getattr(effect, name) for name in same}
    of = {"sequence": trade.sequence, "index": 0, "instrument": broker.instrument, "new_price": 0}
    broker.ask(messages.CorrectTrade(**of, **terms), role="operator")
    reader = stored(tmp_path, broker.rows())
    for order in (effect.maker_order, effect.taker_order):
        assert [event.event for event in reader.life(order).events][-1] == "bust"


def test_what_cannot_be_asked_is_refused_by_name(tmp_path: Path) -> None:
    reader = StoreReader(tmp_path)
    for words, field in (({"limit": 0}, "limit"), ({"event": "x"}, "event"), ({"before": "5"}, "before")):
        with pytest.raises(BadInput) as error:
            reader.search(Query(**words))  # type: ignore[arg-type]
        assert error.value.field == field


def test_a_store_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    assert StoreReader(tmp_path).search(Query()).orders == []
    assert StoreReader(tmp_path).life(1).events == []
    assert StoreReader(tmp_path).unknown() == (0, [0] * 78)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 3), st.lists(st.integers(1, 200), max_size=6))
def test_batches_cut_anywhere_and_handed_in_again_leave_each_row_once(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cuts: list[int]
) -> None:
    data = tmp_path_factory.mktemp("store")
    found, _ = session("plain", seed, 60)
    rows = rows_of(found)
    for cut in [*cuts, len(found)]:
        writer = StoreWriter(data)
        writer.take([row for row in rows if row.sequence <= cut])
        writer.close()
    assert checked(data, rows) == Compared(len(rows), len(StoreReader(data).parts()), 0, None)


def test_many_small_parts_become_one(tmp_path: Path) -> None:
    broker = Told()
    for _ in range(36):
        broker.place(broker.ann, messages.BUY, 1, 10_000)
    writer = StoreWriter(tmp_path)
    for row in (rows := broker.rows()):
        writer.take([row])
    assert len(StoreReader(tmp_path).parts()) < 20
    assert writer.next_sequence == rows[-1].sequence + 1
    writer.close()
    assert checked(tmp_path, rows).ok


def test_a_part_that_was_merged_does_not_count_twice(tmp_path: Path) -> None:
    """Killed between the merged part's name and the end of its pieces."""
    broker = Told()
    for _ in range(3):
        broker.place(broker.ann, messages.BUY, 1, 10_000)
    writer = StoreWriter(tmp_path)
    for row in (rows := broker.rows()):
        writer.take([row])
    pieces = {part.path: part.path.read_bytes() for part in StoreReader(tmp_path).parts()}
    writer.merge()
    writer.close()
    for path, content in pieces.items():
        path.write_bytes(content)
    assert checked(tmp_path, rows) == Compared(3, 1, 0, None)
    StoreWriter(tmp_path).close()
    assert not any(path.exists() for path in pieces)


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    writer = StoreWriter(tmp_path)
    with pytest.raises(BadInput, match="another process"):
        StoreWriter(tmp_path)
    writer.close()
    StoreWriter(tmp_path).close()


KILLED = """
import sys
from pathlib import Path
from tests.unit.audit.order_journals import session, rows_of
from isthmus.audit.store import StoreWriter
rows = rows_of(session("plain", 2)[0])
writer = StoreWriter(Path(sys.argv[1]))
print("begun", flush=True)
for upto in range(rows[0].sequence, rows[-1].sequence + 1):
    writer.take([row for row in rows if row.sequence <= upto])
sys.stdin.read()
"""
DEADLINE_S = 20.0


def test_after_a_kill_there_is_no_half_file_and_no_row_twice(tmp_path: Path) -> None:
    rows = rows_of(session("plain", 2)[0])
    words = [sys.executable, "-c", KILLED, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        end = time.monotonic() + DEADLINE_S
        while len(StoreReader(tmp_path).parts()) < 3 and time.monotonic() < end:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    held = checked(tmp_path, rows)
    assert held.ok and held.rows + held.behind == len(rows)
    stored(tmp_path, rows)
    assert checked(tmp_path, rows).behind == 0 and checked(tmp_path, rows).ok


def flip(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 1, exclude_max=True))
def test_a_flipped_bit_anywhere_in_a_file_is_found_and_the_file_named(
    tmp_path_factory: pytest.TempPathFactory, where: float
) -> None:
    data = tmp_path_factory.mktemp("flipped")
    rows = two_days().rows()
    part = stored(data, rows).parts()[1]
    flip(part.path, int(where * part.path.stat().st_size * 8))
    found = checked(data, rows).difference
    assert found is not None and found.file == str(part.path)


def test_a_flipped_bit_in_a_columns_bytes_names_the_column(tmp_path: Path) -> None:
    rows = two_days().rows()
    part = stored(tmp_path, rows).parts()[1]
    column = FIELDS.index("O45") + 5
    chunk = pq.read_metadata(part.path).row_group(0).column(column)
    begin = chunk.dictionary_page_offset or chunk.data_page_offset
    flip(part.path, (begin + chunk.total_compressed_size - 1) * 8)
    found = checked(tmp_path, rows).difference
    assert found is not None and (found.file, found.field) == (str(part.path), "O45")


def test_a_flipped_bit_in_a_sum_is_found(tmp_path: Path) -> None:
    rows = two_days().rows()
    part = stored(tmp_path, rows).parts()[0]
    flip(part.sum_path, 9)
    found = checked(tmp_path, rows).difference
    assert found is not None and (found.file, found.reason) == (str(part.path), "bytes")


def changed(rows: list[Row], at: int, number: int, value: str | None) -> list[Row]:
    values = list(rows[at].values)
    values[number - 1] = value
    row = rows[at]
    return [*rows[:at], Row(row.sequence, row.place, row.order, row.time, tuple(values)), *rows[at + 1 :]]


@pytest.mark.parametrize(
    ("alter", "expected"),
    [
        (lambda rows: changed(rows, 2, 45, "99.00"), (1, "O45", "differs")),
        (lambda rows: [*rows[:2], *rows[3:]], (1, "", "missing")),
        (lambda rows: [*rows, Row(rows[-1].sequence + 1, 0, 1, rows[-1].time, rows[-1].values)], (4, "", "extra")),
    ],
)
def test_a_row_that_is_not_the_journals_is_located_by_file_row_and_field(
    tmp_path: Path, alter: Callable[[list[Row]], list[Row]], expected: tuple[int, str, str]
) -> None:
    rows = two_days().rows()
    part = stored(tmp_path, alter(rows)).parts()[1]
    found = checked(tmp_path, rows).difference
    assert found is not None and (found.file, found.row, found.field, found.reason) == (str(part.path), *expected)


def test_a_file_that_cannot_be_read_is_named_when_it_is_asked(tmp_path: Path) -> None:
    reader = stored(tmp_path, two_days().rows())
    path = reader.parts()[0].path
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(Damaged):
        reader.search(Query())


def test_rows_go_on_from_their_state_or_without_it(tmp_path: Path) -> None:
    broker = Told(tmp_path)
    for _ in range(5):
        broker.place(broker.ann, messages.BUY, 1, 10_000)
    broker.engine.close()
    StoreWriter(tmp_path).close()
    half = Rows()
    for record in broker.records[:-3]:
        half.take(record)
    keep(tmp_path, half)
    for sequence in (half.sequence, half.sequence + 2, half.sequence - 2):
        rows = rows_behind(tmp_path, sequence)
        assert rows.sequence == sequence
        assert rows_of(broker.records[sequence:], rows) == [row for row in broker.rows() if row.sequence > sequence]


def test_only_files_of_the_stores_own_names_are_parts(tmp_path: Path) -> None:
    reader = stored(tmp_path, two_days().rows())
    (reader.parts()[0].path.parent / "part-1-2.parquet").write_bytes(b"")
    assert len(parts_in(reader.folder)[0]) == 2
