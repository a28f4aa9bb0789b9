"""The LOBSTER rule on days small enough to read."""

from __future__ import annotations

import io
from typing import cast

import pytest

from isthmus.kernel.errors import BadInput
from isthmus.venues.formats.lobster import read_messages, read_rows
from isthmus.venues.replay.lobster import Counts, replay_lobster

EMPTY_ASK, EMPTY_BID = "9999999999,0", "-9999999999,0"


def messages(*rows: str) -> io.BytesIO:
    """Rows of type, order, size, price, direction."""
    return io.BytesIO("".join(f"34200.{place:03},{row}\n" for place, row in enumerate(rows)).encode())


def replayed(said: io.BytesIO, rows: list[str] | None = None, levels: int | None = None) -> Counts:
    book = None if rows is None else read_rows(io.BytesIO("\n".join(rows).encode()), levels)
    *_, counts = replay_lobster(read_messages(said), book)
    return counts


def test_the_book_follows_the_messages() -> None:
    counts = replayed(
        messages("5,0,1,101,1", "1,1,10,100,1", "1,2,5,100,1", "2,1,4,100,1", "3,2,5,100,1"),
        ["101,9,99,1", "101,9,100,10", "101,9,100,15", "101,9,100,11", "101,9,100,6"],
    )
    assert (counts.best_quote_rows, counts.best_quote_equal, counts.adopted_at_best) == (4, 4, 0)


def test_a_row_that_differs_is_counted_and_then_followed() -> None:
    counts = replayed(
        messages("5,0,1,101,1", "1,1,10,100,1", "5,0,1,101,1"), ["101,9,99,1", "101,9,100,12", "101,9,100,12"]
    )
    assert (counts.best_quote_rows, counts.best_quote_equal, counts.adopted_at_best) == (2, 1, 1)


def test_a_level_that_leaves_the_window_is_forgotten_and_comes_back_as_anonymous_volume() -> None:
    counts = replayed(
        messages("5,0,1,101,1", "1,1,10,100,1", "1,2,5,102,1", "3,2,5,102,1", "4,1,3,100,1"),
        [f"{EMPTY_ASK},99,1", f"{EMPTY_ASK},100,10", f"{EMPTY_ASK},102,5", f"{EMPTY_ASK},100,10", f"{EMPTY_ASK},100,7"],
    )
    assert counts.maker_known == 0
    assert (counts.best_quote_equal, counts.adopted_at_best) == (3, 1)


def test_the_oldest_order_is_the_makers_equal_and_another_is_reduced_all_the_same() -> None:
    counts = replayed(
        messages("1,1,10,100,1", "1,2,10,100,1", "4,1,4,100,1", "4,2,10,100,1", "4,1,6,100,1"),
    )
    assert (counts.visible_executions, counts.maker_known, counts.maker_equal) == (3, 3, 2)
    assert counts.unmatched == 0


def test_a_maker_behind_anonymous_volume_is_not_known_until_that_is_gone() -> None:
    counts = replayed(
        messages("5,0,1,101,1", "1,1,10,100,1", "4,77,5,100,1", "4,1,4,100,1"),
        ["101,9,100,5", "101,9,100,15", "101,9,100,10", "101,9,100,6"],
    )
    assert (counts.maker_known, counts.maker_equal, counts.best_quote_equal) == (1, 1, 3)


def test_an_execution_that_is_not_at_the_best_price_is_not_equal() -> None:
    counts = replayed(messages("1,1,10,100,1", "1,2,10,101,1", "4,1,10,100,1"))
    assert (counts.maker_known, counts.maker_equal) == (1, 0)


def test_an_addition_through_the_other_side_rests_and_trades_nothing_away() -> None:
    counts = replayed(
        messages("1,1,10,100,-1", "1,2,5,101,1", "4,2,5,101,1", "4,1,10,100,-1"),
    )
    assert counts.set_apart == 1
    assert (counts.maker_known, counts.maker_equal) == (2, 2)


def test_a_crossed_row_of_a_halt_is_shown_as_it_was() -> None:
    counts = replayed(
        messages("1,1,10,100,-1", "7,0,0,-1,-1", "1,2,5,101,1", "3,1,10,100,-1", "7,0,0,1,-1", "4,2,5,101,1"),
        ["100,10,99,1", "100,10,99,1", "100,10,101,5", f"{EMPTY_ASK},101,5", f"{EMPTY_ASK},101,5", f"{EMPTY_ASK},99,1"],
        1,
    )
    assert (counts.best_quote_rows, counts.best_quote_equal) == (5, 4)
    assert (counts.maker_known, counts.maker_equal) == (1, 1)


def test_hidden_executions_cross_trades_and_halts_change_nothing() -> None:
    rows = ["101,9,99,1"] * 4
    counts = replayed(messages("5,0,1,101,1", "5,0,9,99,1", "6,-1,9,100,1", "7,0,0,-1,-1"), rows)
    assert counts.best_quote_equal == 3


def test_without_a_book_file_the_figures_about_quotes_are_unknown() -> None:
    counts = replayed(messages("1,1,10,100,1"))
    assert (counts.best_quote_rows, counts.best_quote_equal, counts.adopted_at_best) == (None, None, None)


def test_fewer_levels_than_the_file_has_can_be_followed() -> None:
    rows = ["101,9,99,1,103,5,98,1"] * 2
    assert replayed(messages("5,0,1,101,1", "5,0,1,101,1"), rows, 1).best_quote_equal == 1
    with pytest.raises(BadInput) as refusal:
        replayed(messages("5,0,1,101,1", "5,0,1,101,1"), rows, 3)
    assert refusal.value.field == "levels"


def test_a_header_a_seventh_column_and_blank_lines_are_taken() -> None:
    text = b"time,type,id,size,price,direction\n\n34200.1,1,1,10,100,1,MMID\n34200.2,4,1,10,100,1,\n"
    counts = replayed(io.BytesIO(text))
    assert (counts.messages, counts.maker_equal) == (2, 1)


@pytest.mark.parametrize(
    ("text", "field", "number"),
    [
        ("34200.1,1,1,10,100,1\n34200.1,1,x,10,100,1\n", "order_id", 2),
        ("34200.1,9,1,10,100,1\n", "type", 1),
        ("34200.1,1,1,0,100,1\n", "size", 1),
        ("34200.1,1,1,10,-5,1\n", "price", 1),
        ("34200.1,1,1,10,100,3\n", "direction", 1),
        ("34200.1,1,1,10\n", "messages", 1),
        ("34200.1,1,1,10,9000000000000000,1\n", "price", 1),
        ("34200.1,4,1,10,99999999999999999999,1\n", "price", 1),
        ("34200.1,1,1,10,100,1\n34200.1,1,2,99999999999999999999,100,1\n", "size", 2),
    ],
)
def test_a_malformed_message_is_named_with_its_line(text: str, field: str, number: int) -> None:
    with pytest.raises(BadInput) as refusal:
        replayed(io.BytesIO(text.encode()))
    assert (refusal.value.field, refusal.value.line) == (field, number)


@pytest.mark.parametrize("rows", [["101,9,99"], ["101,9,99,x"], ["101,9,99,1", "101,9"], ["101,9,99,1"]])
def test_a_malformed_book_file_is_named(rows: list[str]) -> None:
    with pytest.raises(BadInput) as refusal:
        replayed(messages("5,0,1,101,1", "5,0,1,101,1"), rows)
    assert refusal.value.field == "orderbook"


def test_broken_packing_is_bad_input() -> None:
    import gzip

    packed = gzip.compress(b"34200.1,1,1,10,100,1\n" * 1_000)[:-20]
    stream = cast(io.BytesIO, gzip.GzipFile(fileobj=io.BytesIO(packed)))
    with pytest.raises(BadInput, match="unpacked"):
        replayed(stream)
