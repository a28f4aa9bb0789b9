"""`isthmus route --explain` says what would be done with an order, and refuses what it cannot use by field and line."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.venues.recordings import SPOT, line, snapshot

from isthmus.app.cli import main
from isthmus.execution.policy import DARK, Venue
from isthmus.execution.shown import Look, ShownMarket, ShownVenue
from isthmus.kernel.messages import BUY, SELL

SECOND = 1_000_000_000
NORTH = {"name": "north", "kind": "lit", "maker_fee_ppm": -10, "taker_fee_ppm": 300}
NORTH |= {"bids": [["99.90", "2"]], "asks": [["100.10", "2"], ["100.00", "1"]]}
SOUTH = {"name": "south", "kind": "lit", "maker_fee_ppm": 0, "taker_fee_ppm": 100, "lot": "0.1", "tick": "0.01"}
SOUTH |= {"bids": [["99.95", "2"]], "asks": [["100.01", "1"], ["100.05", "2"]], "latency_ms": 2.5}
POOL = {"name": "pool", "kind": "dark", "maker_fee_ppm": 0, "taker_fee_ppm": 0}
BOOKS = {"price_decimals": 2, "quantity_decimals": 4, "venues": [NORTH, SOUTH]}
ORDER = {"side": "buy", "quantity": "2.5", "urgency": 0.8}

Asked = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Asked:
    """Exit code and answer for an order and books."""

    def asked(order: object, *books: object, words: tuple[str, ...] = ()) -> tuple[int, dict[str, Any]]:
        sources = []
        for place, book in enumerate(books):
            path = tmp_path / f"books{place}"
            path.write_text(book if isinstance(book, str) else json.dumps(book))
            sources += ["--books", str(path)]
        written = tmp_path / "order.json"
        written.write_text(order if isinstance(order, str) else json.dumps(order))
        code = main(["route", "--explain", "--order", str(written), *sources, *words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return asked


def test_the_consolidated_book_the_path_its_children_and_why(ask: Asked) -> None:
    code, answer = ask(ORDER, BOOKS)
    assert code == 0
    assert answer["path"] == "SWEEP"
    assert answer["book"][:2] == [
        {"venue": "south", "side": "sell", "price": "100.01", "quantity": "1", "all_in": "100.020001"},
        {"venue": "north", "side": "sell", "price": "100.00", "quantity": "1", "all_in": "100.03"},
    ]
    children = [(row["venue"], row["side"], row["price"], row["quantity"], row["tif"]) for row in answer["children"]]
    assert children == [("north", "buy", "100.00", "1", "ioc"), ("south", "buy", "100.05", "1.5", "ioc")]
    assert "2.5 x the best level" in answer["why"][0] and all(answer["why"])
    assert answer["sources"] == []


def test_a_path_and_its_parameters_can_be_named(ask: Asked) -> None:
    code, answer = ask({**ORDER, "path": "best_route", "parameters": {"latency_weight": 0.0}}, BOOKS)
    assert (code, answer["path"], answer["parameters"]["latency_weight"]) == (0, "BEST_ROUTE", 0.0)
    assert [row["venue"] for row in answer["children"]] == ["south"]
    assert answer["why"][0] == "BEST_ROUTE was asked for."


def test_one_venue_a_line_is_the_same(ask: Asked) -> None:
    rows = "\n".join(json.dumps(row) for row in (NORTH | {"price_decimals": 2, "quantity_decimals": 4}, SOUTH))
    assert ask(ORDER, rows)[1]["children"] == ask(ORDER, BOOKS)[1]["children"]


def test_a_crossed_and_a_distrusted_source_are_not_used_and_named(ask: Asked) -> None:
    crossed = {"name": "crossed", "bids": [["101.00", "9"]], "asks": [["99.00", "9"]]}
    doubted = {"name": "doubted", "asks": [["1.00", "9"]], "trusted": False}
    code, answer = ask(ORDER, BOOKS | {"venues": [NORTH, SOUTH, crossed, doubted]})
    assert code == 0
    assert [(row["venue"], row["state"]) for row in answer["sources"]] == [("crossed", "crossed"), ("doubted", "held")]
    why = [row["why"] for row in answer["sources"]]
    assert why == ["its bid of 101.00 is over its ask of 99.00", "it is not trusted"]
    assert {row["venue"] for row in answer["book"]} == {"north", "south"}


def test_no_depth_and_no_venue_are_answered_without_children(ask: Asked) -> None:
    for venues in ([], [{"name": "empty"}]):
        code, answer = ask(ORDER, BOOKS | {"venues": venues})
        assert (code, answer["children"], answer["book"]) == (0, [], [])
        assert answer["path"] == "SNIPER"


def test_dark_pools_show_nothing_and_are_used(ask: Asked) -> None:
    pool = POOL | {"asks": [["1.00", "9"]]}
    order = {"side": "buy", "quantity": "50", "urgency": 0.4}
    code, answer = ask(order, BOOKS | {"venues": [NORTH, SOUTH, pool]})
    assert code == 0
    assert "pool" not in {row["venue"] for row in answer["book"]}
    assert [row["venue"] for row in answer["children"]] == ["pool"]


@pytest.mark.parametrize(
    ("order", "field", "reason"),
    [
        ({"side": "buy"}, "quantity", "missing"),
        ({"side": "hold", "quantity": "1"}, "side", "hold"),
        ({**ORDER, "quantity": "-1"}, "quantity", "not positive"),
        ({**ORDER, "quantity": "0"}, "quantity", "not positive"),
        ({**ORDER, "quantity": "0.00001"}, "quantity", "4 decimals"),
        ({**ORDER, "quantity": "1e3"}, "quantity", "no plain decimal"),
        ({**ORDER, "limit": "-5"}, "limit", "not positive"),
        ({**ORDER, "urgency": 2}, "urgency", "<= 1"),
        ({**ORDER, "until_s": 0}, "until_s", "> 0"),
        ({**ORDER, "path": "GUESS"}, "path", "SWEEP"),
        ({**ORDER, "path": "SWEEP", "parameters": {"pace": 1}}, "parameters", "pace"),
        ({**ORDER, "colour": "red"}, "colour", "unknown"),
        ("{1, 2", "order", "not JSON"),
        ("[1, 2]", "order", "object"),
        ("", "order", "empty"),
    ],
)
def test_an_order_that_cannot_be_used_is_refused_by_field(
    ask: Asked, order: object, field: str | None, reason: str
) -> None:
    code, answer = ask(order, BOOKS)
    assert code == 2
    assert answer["error"]["field"] == field
    assert reason in answer["error"]["reason"]


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"asks": [["-100.00", "1"]]}, "asks[0][0]", "not positive"),
        ({"asks": [["0", "1"]]}, "asks[0][0]", "not positive"),
        ({"asks": [["100.001", "1"]]}, "asks[0][0]", "2 decimals"),
        ({"asks": [["100.00", "0"]]}, "asks[0][1]", "not positive"),
        ({"asks": [["100.00", "1"], ["100.00", "2"]]}, "asks[1][0]", "twice"),
        ({"asks": [["100.03", "1"]], "tick": "0.05"}, "asks[0][0]", "tick"),
        ({"bids": [["99.00", "x"]]}, "bids[0][1]", "no plain decimal"),
        ({"kind": "bazaar"}, "kind", "lit"),
        ({"taker_fee_ppm": 200_000}, "taker_fee_ppm", "100000"),
        ({"lot": "0"}, "lot", "not positive"),
        ({"name": "south"}, "name", "twice"),
        ({"latency_ms": -1}, "latency_ms", ">= 0"),
        ({"asks": [["99999999999999.00", "1"]]}, "asks[0][0]", "more than can be"),
    ],
)
def test_books_that_cannot_be_used_are_refused_by_field_and_line(
    ask: Asked, change: dict[str, object], field: str, reason: str
) -> None:
    code, answer = ask(ORDER, BOOKS | {"venues": [SOUTH, NORTH | change]})
    assert code == 2
    assert answer["error"]["field"] == f"venues[1].{field}"
    assert reason in answer["error"]["reason"]
    finest = {"price_decimals": 2, "quantity_decimals": 4}
    code, answer = ask(ORDER, "\n".join(json.dumps(row) for row in (SOUTH | finest, NORTH | change)))
    assert (code, answer["error"]["field"], answer["error"]["line"]) == (2, field, 2)


def test_files_that_are_not_there_or_are_something_else(ask: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["route", "--explain", "--order", "nowhere", "--books", "nowhere", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "order"
    assert ask(ORDER, "hello\n")[1]["error"] == {
        "field": "events",
        "reason": "is neither `time json` nor `time: json`",
        "line": 1,
    }
    assert ask(ORDER, BOOKS, BOOKS)[1]["error"]["field"] == "books"
    assert ask(ORDER, BOOKS, words=("--at", "noon"))[1]["error"]["field"] == "at"
    assert ask(ORDER, BOOKS, words=("--at", "2024-08-08T23:55:01Z"))[1]["error"]["field"] == "at"
    assert main(["route", "--order", "a", "--books", "b", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "explain"


def test_standard_input_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["route", "--explain", "--order", "-", "--books", "-", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "books"
    order = tmp_path / "order.json"
    order.write_text(json.dumps(ORDER))
    packed = io.TextIOWrapper(io.BufferedReader(io.BytesIO(gzip.compress(json.dumps(BOOKS).encode()))))
    monkeypatch.setattr("sys.stdin", packed)
    assert main(["route", "--explain", "--order", str(order), "--books", "-", "--json"]) == 0


def test_it_speaks_to_people_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "order").write_text(json.dumps(ORDER))
    (tmp_path / "books").write_text(json.dumps(BOOKS, indent=1))
    assert main(["route", "--explain", "--order", str(tmp_path / "order"), "--books", str(tmp_path / "books")]) == 0
    said = capsys.readouterr().out
    assert "path SWEEP" in said and "buy 1.5 at 100.05 south limit ioc" in said


# recordings

PERP = (
    line(5, {"stream": "btcusdt@depth", "data": {"e": "depthUpdate", "E": 1, "T": 1_723_161_300_005, "s": "BTCUSDT"}
             | {"U": 1, "u": 5, "pu": 0, "b": [["100.5", "0.125"]], "a": []}}),
    snapshot(10, 4, [["100.4", "2"]], [["100.6", "3"]]),
)  # fmt: skip


def test_recorded_streams_are_taken_after_their_last_line(ask: Asked) -> None:
    code, answer = ask({**ORDER, "quantity": "2", "limit": "110"}, "".join(SPOT))
    assert code == 0
    assert {row["venue"] for row in answer["book"]} == {"binance-spot"}
    asks = [(row["price"], row["quantity"]) for row in answer["book"] if row["side"] == "sell"]
    assert asks[0] == ("101.00", "2"), "the best ask after the last line"


def test_a_book_at_a_time_is_the_one_before_it(ask: Asked) -> None:
    early = ("--at", "2024-08-08T23:55:00.500Z")
    code, answer = ask({**ORDER, "quantity": "2"}, "".join(SPOT), words=early)
    assert code == 0
    assert [row["quantity"] for row in answer["book"] if row["price"] == "101.00"] == ["3"]
    before = ("--at", "2024-08-08T23:54:00Z")
    assert ask(ORDER, "".join(SPOT), words=before)[1]["error"]["field"] == "books[0]"


def test_several_recordings_are_one_book(ask: Asked) -> None:
    code, answer = ask(ORDER, "".join(SPOT), "".join(PERP))
    assert code == 0
    assert {row["venue"] for row in answer["book"]} == {"binance-spot", "binance-usdm"}
    assert ask(ORDER, "".join(SPOT), "".join(SPOT))[1]["error"]["reason"] == "binance-spot is there twice"


def test_contracts_of_dollars_are_converted_to_the_base_asset(ask: Asked) -> None:
    coin = (
        line(0, {"e": "depthUpdate", "E": 1, "T": 1, "s": "BTCUSD_PERP", "ps": "BTCUSD"}
             | {"U": 1, "u": 5, "pu": 0, "b": [["50000.0", "10"]], "a": [["50000.1", "20"]]}),
        line(1, {"lastUpdateId": 4, "E": 1, "T": 1, "pair": "BTCUSD", "symbol": "BTCUSD_PERP", "bids": [], "asks": []}),
    )  # fmt: skip
    code, answer = ask({"side": "sell", "quantity": "0.01"}, "".join(coin))
    assert code == 0, answer
    assert [row["quantity"] for row in answer["book"] if row["side"] == "buy"] == ["0.02"], "10 x 100 USD at 50,000"


def test_an_order_is_routed_over_the_recorded_books(test_data: Path, tmp_path: Path) -> None:
    folder = test_data / "crypto_l2"
    order = tmp_path / "order.json"
    order.write_text(json.dumps({"side": "buy", "quantity": "3", "urgency": 0.8}))
    books = [str(folder / f"binance_{market}_20240808.gz") for market in ("spot_btcusdt", "usdm_btcusdt")]
    words = [word for book in books for word in ("--books", book)]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(["route", "--explain", "--order", str(order), *words, "--json"]) == 0
    answer = json.loads(out.getvalue())
    asks = [float(row["all_in"]) for row in answer["book"] if row["side"] == "sell"]
    assert asks == sorted(asks)
    assert sum(float(row["quantity"]) for row in answer["children"]) == pytest.approx(3)


# the consolidation


def test_a_source_that_fell_silent_while_the_others_moved_is_not_used() -> None:
    rows = [
        ShownVenue(venue=Venue(number=number, name=str(number)), bids=[(9_990, 5)], asks=[(10_010, 5)], at=at)
        for number, at in ((1, 100 * SECOND), (2, 100 * SECOND), (3, 10 * SECOND))
    ]
    before = [
        Look(at * SECOND, number, [(9_990 + at % 2, 5)], [(10_010 + at % 2, 5)])
        for at in range(1, 100)
        for number in (1, 2, 3)
        if number < 3 or at < 10
    ]
    market = ShownMarket(rows, now=100 * SECOND, before=before)
    assert [(row.venue.name, row.state) for row in market.unused()] == [("3", "stale")]
    assert {level.venue for level in market.levels(BUY)} == {1, 2}


def test_a_quote_that_jumps_is_locked_before_it_is_used(ask: Asked) -> None:
    wild = {"name": "wild", "bids": [["89.90", "5"]], "asks": [["90.00", "5"]]}
    code, answer = ask(ORDER, BOOKS | {"venues": [NORTH, SOUTH, wild]})
    assert code == 0
    assert [(row["venue"], row["state"]) for row in answer["sources"]] == [("wild", "locked")]
    assert {row["venue"] for row in answer["children"]} == {"north", "south"}


@given(
    books=st.lists(
        st.tuples(
            st.integers(-500, 500),
            st.lists(st.tuples(st.integers(90, 99), st.integers(1, 9)), unique_by=lambda level: level[0], max_size=4),
            st.lists(st.tuples(st.integers(100, 109), st.integers(1, 9)), unique_by=lambda level: level[0], max_size=4),
        ),
        max_size=4,
    )
)
def test_every_level_is_there_once_and_the_best_all_in_price_first(
    books: list[tuple[int, list[tuple[int, int]], list[tuple[int, int]]]],
) -> None:
    rows = [
        ShownVenue(
            venue=Venue(number=number, name=str(number), taker_fee_ppm=fee),
            family=number,
            bids=sorted(bids, reverse=True),
            asks=sorted(asks),
        )
        for number, (fee, bids, asks) in enumerate(books)
    ]
    market = ShownMarket(rows)
    for side, sign in ((BUY, -1), (SELL, 1)):
        levels = market.levels(side)
        assert [sign * level.all_in for level in levels] == sorted(sign * level.all_in for level in levels)
        told = {(level.venue, level.price, level.quantity) for level in levels}
        wanted = {(row.venue.number, *level) for row in rows for level in (row.bids if side == BUY else row.asks)}
        assert told == wanted and len(levels) == len(wanted)


def test_books_that_stand_still_answer_what_a_path_asks() -> None:
    lit = ShownVenue(venue=Venue(number=1, name="lit"), bids=[(99, 5)], asks=[(101, 7)], rates=(3, 4))
    dark = ShownVenue(venue=Venue(number=2, name="dark", kind=DARK), asks=[(1, 1)])
    market = ShownMarket([lit, dark], 2.0, 864_000)
    assert market.best(1, BUY) == (99, 5) and market.best(2, SELL) is None and market.best(9, BUY) is None
    assert market.middle_x2() == 200 and market.queue(1, SELL, 101) == 7 and market.queue(1, SELL, 100) == 0
    assert market.rate(1, SELL) == 4 and market.rate(9, SELL) == 0 and market.volatility() == 2.0
    assert market.volume(0, 10 * 10**9) == 100 and market.traded(0) == 0
    assert ShownMarket([]).impact()[0] == 0.0 and market.impact()[1] > 0
    assert market.unused() == []
    assert market.auction() is None and market.pools() == () and market.basket() == () and market.invited(1) == 0
    assert market.correlation(1, 1) == 1.0 and market.correlation(1, 2) == 0.0
