"""Whatever a row says: `isthmus match` answers with a reason, the engine is as it was, and the next row works."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from isthmus.app import match
from isthmus.app.output import EXIT_FOUND, EXIT_OK
from isthmus.gateways.match import words
from isthmus.gateways.match.door import Door
from isthmus.gateways.match.fields import SHAPES

LONGEST = 2**63 - 1
PRICE_MAX, QUANTITY_MAX = 10**15, 10**12
NUMBER_MAX = 2**32 - 1
SEQUENCE_AND_STAMP = 16
ORDER = {"do": "add", "instrument": "X", "account": "a", "order": 9, "side": "buy", "price": 90, "quantity": 10}
QUOTES = {"do": "quote", "instrument": "X", "account": "m"}
ASKED = {"do": "request", "instrument": "R", "account": "a", "order": 9, "side": "buy", "quantity": 5}

OPENING: list[dict[str, Any]] = [
    {"do": "time", "time": 1_000},
    {"do": "instrument", "instrument": "X", "tick": 5, "lot": 10, "rules": {"stop_trigger": "mark"}},
    {"do": "instrument", "instrument": "R", "book": "rfq"},
    {"do": "mark", "instrument": "X", "price": 100},
    {**ORDER, "order": 1},
    {**ORDER, "order": 2, "account": "b", "side": "sell", "price": 110, "quantity": 50},
    {**ORDER, "order": 3, "kind": "stop", "price": None, "stop": 120},
    {**ORDER, "order": 4, "account": "b", "side": "sell", "price": 90, "quantity": 10},
    {**ASKED, "order": 5},
    {"do": "respond", "order": 6, "to": 5, "account": "b", "price": 100, "quantity": 5},
    {**QUOTES, "quotes": [{"order": 7, "side": "buy", "price": 80, "quantity": 10}]},
    {**ORDER, "order": 8, "price": 85},
]


@pytest.fixture
def door() -> Door:
    """Two markets with orders, a stop, a trade (order 1 is gone), a request with its response, and quotes."""
    made = Door()
    for row in OPENING:
        assert not [a for a in made.take(row) if a["ev"] in ("error", "rejected")], row
    return made


def state(door: Door) -> bytes:
    return bytes(door.market.engine.state()[SEQUENCE_AND_STAMP:])


def error(field: str | None, reason: str) -> dict[str, Any]:
    return {"ev": "error", "field": field, "reason": reason}


def refused(reason: str, order: int = 9) -> dict[str, Any]:
    return {"ev": "rejected", "order": order, "reason": reason}


WHOLE = "must be a whole number"
FIT = "does not fit 64 bits"
UNSIGNED = "must be from 0 to 18446744073709551615"
NUMBER = "must be from 0 to 4294967295"
BAD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    # words that are none
    ({}, error("do", f"must be one of {', '.join(SHAPES)}")),
    ({"do": "buy"}, error("do", f"must be one of {', '.join(SHAPES)}")),
    ({"do": ["add"]}, error("do", f"must be one of {', '.join(SHAPES)}")),
    ({"do": None}, error("do", f"must be one of {', '.join(SHAPES)}")),
    ({**ORDER, "colour": "red"}, error("colour", "is no key of this row")),
    ({**ORDER, "side": "BUY"}, error("side", "must be one of buy, sell")),
    ({**ORDER, "side": 1}, error("side", "must be one of buy, sell")),
    ({**ORDER, "kind": "twap"}, error("kind", f"must be one of {', '.join(words.KINDS)}")),
    ({**ORDER, "tif": "gfd"}, error("tif", f"must be one of {', '.join(words.TIFS)}")),
    ({**ORDER, "peg": "best"}, error("peg", "must be one of primary, mid, market")),
    ({**ORDER, "trigger": "bid"}, error("trigger", "must be one of last, mark, either")),
    ({**ORDER, "post_only": True}, error("post_only", "must be one of reject, slide")),
    (
        {"do": "session", "instrument": "X", "state": "open"},
        error("state", f"must be one of {', '.join(words.STATES)}"),
    ),
    (
        {"do": "instrument", "instrument": "Y", "book": "grey"},
        error("book", f"must be one of {', '.join(words.BOOKS)}"),
    ),
    ({"do": "kill", "scope": "planet"}, error("scope", f"must be one of {', '.join(words.SCOPES)}")),
    # rules
    ({"do": "instrument", "instrument": "Y", "rules": {"luck": 1}}, error("rules.luck", "is no rule")),
    ({"do": "instrument", "instrument": "Y", "rules": {"book": "lit"}}, error("rules.book", "is no rule")),
    ({"do": "instrument", "instrument": "Y", "rules": {"locate": True}}, error("rules.locate", "is no rule")),
    (
        {"do": "instrument", "instrument": "Y", "rules": {"bands": 5}},
        error(
            "rules.bands",
            "must be an object with any of static_band_bps, dynamic_band_bps, band_action, limit_state_ns, pause_ns",
        ),
    ),
    (
        {"do": "instrument", "instrument": "Y", "rules": {"bands": {"top_order": True}}},
        error("rules.bands.top_order", "is no rule"),
    ),
    (
        {"do": "instrument", "instrument": "Y", "rules": {"self_trade": "worst"}},
        error("rules.self_trade", "must be one of none, newest, oldest, both, decrement"),
    ),
    (
        {"do": "instrument", "instrument": "Y", "rules": {"self_trade": 1}},
        error("rules.self_trade", "must be one of none, newest, oldest, both, decrement"),
    ),
    (
        {"do": "instrument", "instrument": "Y", "rules": {"maker_priority": 1}},
        error("rules.maker_priority", "must be one of false, true"),
    ),
    (
        {"do": "instrument", "instrument": "Y", "rules": {"self_trade": []}},
        error("rules.self_trade", "must be one of none, newest, oldest, both, decrement"),
    ),
    ({"do": "instrument", "instrument": "Y", "rules": {"dark_minimum": "5"}}, error("rules.dark_minimum", WHOLE)),
    (
        {"do": "instrument", "instrument": "Y", "rules": {"static_band_bps": 10_000}},
        error("rules.static_band_bps", "bad_rule"),
    ),
    ({"do": "instrument", "instrument": "Y", "rules": {"expiry": 1_000}}, error("rules.expiry", "bad_rule")),
    ({"do": "instrument", "instrument": "Y", "rules": {"collar": 10**6 + 1}}, error("rules.collar", "bad_limit")),
    (
        {"do": "instrument", "instrument": "Y", "rules": {"collar": -1}},
        error("rules.collar", f"must be from 0 to {LONGEST}"),
    ),
    ({"do": "instrument", "instrument": "Y", "rules": {"collar": True}}, error("rules.collar", WHOLE)),
    ({"do": "instrument", "instrument": "Y", "rules": []}, error("rules", "must be an object")),
    # the set-up
    ({"do": "instrument", "instrument": "X"}, error("instrument", "is there already")),
    ({"do": "instrument", "instrument": "Y", "tick": 0}, error("tick", "bad_tick")),
    ({"do": "instrument", "instrument": "Y", "tick": PRICE_MAX + 1}, error("tick", "bad_tick")),
    ({"do": "instrument", "instrument": "Y", "lot": QUANTITY_MAX + 1}, error("lot", "bad_lot")),
    ({"do": "instrument", "instrument": "Y", "ticks": [[0, 1]]}, error("ticks", "bad_tick")),
    ({"do": "instrument", "instrument": "Y", "ticks": [[100, 2], [100, 5]]}, error("ticks", "bad_tick")),
    ({"do": "instrument", "instrument": "Y", "ticks": [[100]]}, error("ticks", "must be a list of [from price, tick]")),
    ({"do": "instrument", "instrument": "Y", "ticks": [[2**70, 1]]}, error("ticks", FIT)),
    ({"do": "account", "account": "a", "funds": -1}, error("funds", f"must be from 0 to {LONGEST}")),
    ({"do": "account", "account": "a", "funds": LONGEST + 1}, error("funds", f"must be from 0 to {LONGEST}")),
    ({"do": "account", "account": "a", "group": -1}, error("group", NUMBER)),
    ({"do": "account", "account": "a", "firm": NUMBER_MAX + 1}, error("firm", NUMBER)),
    ({"do": "session", "instrument": "Q", "state": "closed"}, error("instrument", "is not there")),
    ({"do": "uncross", "instrument": "X"}, error("instrument", "wrong_session")),
    ({"do": "uncross", "instrument": "R"}, error("instrument", "wrong_book")),
    ({"do": "clear", "instrument": "X"}, error("instrument", "wrong_book")),
    ({"do": "mark", "instrument": "X", "price": 0}, error("price", "bad_mark")),
    ({"do": "mark", "instrument": "X", "price": PRICE_MAX + 1}, error("price", "bad_mark")),
    ({"do": "book", "instrument": "Q"}, error("instrument", "is not there")),
    ({"do": "book", "instrument": "X", "orders": 1}, error("orders", "must be true or false")),
    # time
    ({"do": "time", "time": 999}, error("time", "goes back: it is 1000")),
    ({"do": "time", "time": -1}, error("time", UNSIGNED)),
    ({"do": "time", "time": 2**64}, error("time", UNSIGNED)),
    # what is missing, and what is of another type
    ({"do": "time"}, error("time", "is needed")),
    ({"do": "time", "time": None}, error("time", "is needed")),
    ({"do": "add", "instrument": "X", "side": "buy", "quantity": 10}, error("order", "is needed")),
    ({"do": "cancel"}, error("order", "is needed")),
    ({**QUOTES}, error("quotes", "is needed")),
    ({**ORDER, "quantity": "10"}, error("quantity", WHOLE)),
    ({**ORDER, "quantity": 10.0}, error("quantity", WHOLE)),
    ({**ORDER, "quantity": True}, error("quantity", WHOLE)),
    ({**ORDER, "order": "9"}, error("order", WHOLE)),
    ({**ORDER, "all_or_none": "yes"}, error("all_or_none", "must be true or false")),
    ({**ORDER, "account": 1.5}, error("account", "must be text or a whole number")),
    ({**ORDER, "instrument": ["X"]}, error("instrument", "must be text or a whole number")),
    ({**QUOTES, "quotes": {}}, error("quotes", "must be a list")),
    ({**QUOTES, "quotes": [5]}, error("quotes", "must be a list of objects")),
    ({**QUOTES, "quotes": [{"order": 7, "side": "buy", "price": 80}]}, error("quantity", "is needed")),
    # numbers at their limits, and one beyond
    ({**ORDER, "price": 0}, refused("price_not_positive")),
    ({**ORDER, "price": PRICE_MAX + 5}, refused("price_too_large")),
    ({**ORDER, "price": LONGEST}, refused("price_too_large")),
    ({**ORDER, "price": -LONGEST - 1}, refused("price_not_positive")),
    ({**ORDER, "price": LONGEST + 1}, error("price", FIT)),
    ({**ORDER, "price": 91}, refused("off_tick")),
    ({**ORDER, "price": PRICE_MAX, "quantity": QUANTITY_MAX}, refused("notional_too_large")),
    ({**ORDER, "quantity": 0}, refused("quantity_not_positive")),
    ({**ORDER, "quantity": QUANTITY_MAX + 10}, refused("quantity_too_large")),
    ({**ORDER, "quantity": 15}, refused("off_lot")),
    ({**ORDER, "kind": "stop", "price": None, "stop": PRICE_MAX + 5}, refused("bad_stop")),
    ({**ORDER, "kind": "stop", "stop": 120}, refused("price_on_market")),
    ({**ORDER, "kind": "stop", "price": None}, refused("bad_stop")),
    ({**ORDER, "kind": "trailing_stop", "price": None, "offset": PRICE_MAX + 5}, refused("bad_offset")),
    ({**ORDER, "kind": "peg", "price": None}, refused("bad_peg")),
    ({**ORDER, "kind": "iceberg"}, refused("bad_display")),
    ({**ORDER, "kind": "iceberg", "display": 20}, refused("bad_display")),
    (
        {**ORDER, "kind": "iceberg", "display": 10, "display_low": 10},
        error("display_low", "takes the place of display"),
    ),
    ({**ORDER, "kind": "iceberg", "display": 10, "seed": 2**64}, error("seed", UNSIGNED)),
    ({**ORDER, "min_quantity": 20}, refused("bad_minimum")),
    ({**ORDER, "min_quantity": -10}, refused("bad_minimum")),
    ({**ORDER, "tif": "gtd", "expire": 1_000}, refused("bad_expire")),
    ({**ORDER, "tif": "gtd"}, refused("bad_expire")),
    ({**ORDER, "tif": "gtc", "expire": 2_000}, refused("bad_expire")),
    ({**ORDER, "expire": -1}, error("expire", UNSIGNED)),
    ({**ORDER, "expire": 2**64}, error("expire", UNSIGNED)),
    ({**ORDER, "session": NUMBER_MAX + 1}, error("session", NUMBER)),
    ({"do": "replace", "order": 8}, refused("bad_terms", 8)),
    ({"do": "replace", "order": 8, "quantity": 0}, refused("quantity_not_positive", 8)),
    ({"do": "replace", "order": 8, "expire": -1}, error("expire", UNSIGNED)),
    ({"do": "reduce", "order": 8, "quantity": 0}, refused("quantity_not_positive", 8)),
    ({"do": "reduce", "order": 2, "quantity": 5}, refused("off_lot", 2)),
    ({"do": "accept", "order": 6, "quantity": 6}, refused("quantity_too_large", 6)),
    # orders that are gone, were never there, or are there already
    ({**ORDER, "instrument": "Q"}, refused("unknown_instrument")),
    ({**ASKED, "instrument": "Q"}, refused("unknown_instrument")),
    (
        {**QUOTES, "instrument": "Q", "quotes": [{"order": 9, "side": "buy", "price": 80, "quantity": 10}]},
        refused("unknown_instrument"),
    ),
    ({**ORDER, "order": 8}, refused("duplicate_order", 8)),
    ({**ASKED, "order": 8}, refused("duplicate_order", 8)),
    ({"do": "respond", "order": 8, "to": 5, "account": "b", "price": 1, "quantity": 1}, refused("duplicate_order", 8)),
    ({**QUOTES, "quotes": [{"order": 8, "side": "buy", "price": 80, "quantity": 10}]}, refused("duplicate_order", 8)),
    ({"do": "replace", "order": 8, "new_order": 2, "price": 80}, refused("duplicate_order", 8)),
    ({"do": "replace", "order": 1, "price": 80}, refused("unknown_order", 1)),
    ({"do": "replace", "order": 77, "price": 80}, refused("unknown_order", 77)),
    ({"do": "reduce", "order": 1, "quantity": 10}, refused("unknown_order", 1)),
    ({"do": "cancel", "order": 1}, refused("unknown_order", 1)),
    ({"do": "cancel", "order": -LONGEST - 1}, refused("unknown_order", -LONGEST - 1)),
    ({"do": "accept", "order": 1}, refused("unknown_order", 1)),
    ({"do": "accept", "order": 8}, refused("unknown_request", 8)),
    ({"do": "respond", "order": 9, "to": 1, "account": "b", "price": 1, "quantity": 1}, refused("unknown_request")),
    ({"do": "respond", "order": 9, "to": 77, "account": "b", "price": 1, "quantity": 1}, refused("unknown_request")),
    ({"do": "respond", "order": 9, "to": 5, "account": "a", "price": 1, "quantity": 1}, refused("same_account")),
    ({"do": "respond", "order": 9, "to": 8, "account": "b", "price": 90, "quantity": 10}, refused("wrong_book")),
    ({**ORDER, "one_cancels": 1}, refused("bad_link")),
    ({**ORDER, "parent": 77}, refused("bad_link")),
    ({"do": "bust", "trade": 0}, error("trade", "unknown_trade")),
    ({"do": "bust", "trade": 2}, error("trade", "unknown_trade")),
    ({"do": "bust", "trade": 1, "price": -1}, error("trade", "price_not_positive")),
    ({"do": "bust", "trade": 1, "price": PRICE_MAX + 1}, error("trade", "price_too_large")),
    ({"do": "bust", "trade": 1, "price": 90}, error("trade", "unknown_trade")),
    ({"do": "kill", "scope": "instrument", "of": "Q"}, error("of", "is not there")),
    ({"do": "kill", "scope": "group", "of": "g"}, error("of", "must be a number here")),
    ({"do": "kill", "scope": "group", "of": NUMBER_MAX + 1}, error("of", "must be a number here")),
    ({"do": "kill", "scope": "group"}, error("scope", "unknown_scope")),
    ({"do": "kill", "scope": "everything", "of": 1}, error("scope", "unknown_scope")),
    ({"do": "kill", "scope": "venue", "of": 1}, error("scope", "unknown_venue")),
    ({"do": "kill", "scope": "everything", "user": -1}, error("user", NUMBER)),
    ({"do": "rearm", "scope": "everything", "user": 1}, error("scope", "not_killed")),
]


@pytest.mark.parametrize(("row", "answer"), BAD, ids=[str(place) for place in range(len(BAD))])
def test_a_bad_row_has_its_reason_and_changes_nothing(door: Door, row: dict[str, Any], answer: dict[str, Any]) -> None:
    before, now = state(door), door.market.now
    assert door.take(row) == [answer]
    assert (state(door), door.market.now) == (before, now)
    assert door.take(ORDER) == [{"ev": "accepted", "order": 9, "status": "resting"}]


@pytest.mark.parametrize("row", [5, None, "add", ["add"], True, 1.5])
def test_a_row_that_is_no_object_is_an_error(door: Door, row: Any) -> None:
    before = state(door)
    assert door.take(row) == [error(None, "a row is an object")]
    assert state(door) == before


@pytest.mark.parametrize(
    "row",
    [
        {**ORDER, "price": PRICE_MAX, "side": "sell"},
        {**ORDER, "price": 5, "quantity": QUANTITY_MAX},
        {**ORDER, "tif": "gtd", "expire": 2**64 - 1},
        {**ORDER, "expire": 1_001},
        {**ORDER, "session": NUMBER_MAX},
        {**ORDER, "quantity": 20, "kind": "iceberg", "display_low": 10, "display_high": 20, "seed": 2**64 - 1},
        {**ORDER, "order": LONGEST},
        {**ORDER, "order": -LONGEST - 1},
        {**ORDER, "min_quantity": 10},
        {**ORDER, "account": 2**80},
    ],
)
def test_numbers_at_their_limit_are_taken(door: Door, row: dict[str, Any]) -> None:
    assert door.take(row) == [{"ev": "accepted", "order": row["order"], "status": "resting"}]


def test_an_instrument_that_was_refused_can_be_listed_and_leaves_others_alone(door: Door) -> None:
    for bad in ({"tick": 0}, {"ticks": [[0, 1]]}, {"rules": {"static_band_bps": -1}}, {"rules": {"collar": -2}}):
        door.take({"do": "instrument", "instrument": "Y", **bad})
    assert door.take({"do": "instrument", "instrument": "Y"}) == []
    assert door.take({**ORDER, "instrument": "Y"})[0]["ev"] == "accepted"


def test_a_refused_order_leaves_no_link_behind(door: Door) -> None:
    door.take({**ORDER, "order": 20, "price": 0, "one_cancels": 21})
    door.take({**ORDER, "order": 20})
    assert door.take({**ORDER, "order": 21})[0]["ev"] == "accepted"
    assert [row["order"] for row in door.take({"do": "cancel", "order": 21})] == [21]


def test_a_link_waits_until_the_order_it_names_is_taken(door: Door) -> None:
    door.take({**ORDER, "order": 20, "one_cancels": 21})
    door.take({**ORDER, "order": 21, "price": 0})
    door.take({**ORDER, "order": 21})
    gone = door.take({"do": "cancel", "order": 21})
    assert [(row["order"], row["reason"]) for row in gone] == [(21, "user"), (20, "one_cancels")]


def test_a_mass_quote_takes_the_names_of_the_quotes_it_replaces(door: Door) -> None:
    answers = door.take({**QUOTES, "quotes": [{"order": 7, "side": "buy", "price": 75, "quantity": 10}]})
    assert [(row["ev"], row["order"]) for row in answers] == [("cancelled", 7), ("accepted", 7)]
    assert [row["ev"] for row in door.take({"do": "cancel", "order": 7})] == ["cancelled"]


def test_a_kill_by_session_takes_its_orders(door: Door) -> None:
    door.take({**ORDER, "session": 41})
    gone = door.take({"do": "kill", "scope": "session", "of": 41})
    assert [(row["ev"], row.get("order")) for row in gone] == [("cancelled", 9), ("killed", None)]
    assert door.take({**ORDER, "order": 10, "session": 41}) == [refused("killed", 10)]


def test_what_a_purge_sets_off_is_told_once_and_for_its_own_reason(door: Door) -> None:
    door.take({**ORDER, "order": 20, "session": 41})
    door.take({**ORDER, "order": 21, "parent": 20})
    door.take({**ORDER, "order": 22, "one_cancels": 21})
    gone = [row for row in door.take({"do": "kill", "scope": "session", "of": 41}) if row["ev"] == "cancelled"]
    assert [(row["order"], row["reason"]) for row in gone] == [(20, "kill"), (21, "parent"), (22, "one_cancels")]


# lines


def lines_of(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], *lines: bytes) -> tuple[int, bytes]:
    """Exit code and output of `isthmus match` for these lines."""
    rows = tmp_path / "rows"
    rows.write_bytes(b"\n".join(lines))
    code = match.run(argparse.Namespace(file=str(rows)))
    return code, capsysbinary.readouterr().out


GOOD = b'{"do":"time","time":5}'
SPACES = b" " * match.ROW_BYTES_MAX
NO_JSON = [
    b"add",
    b"{",
    b'{"do":',
    b'{"do":"\xff"}',
    b"\xef\xbb\xbf{}",
    b'{"do":"\\ud800"}',
    b'{"x":1e999}',
    b"[" * 10_000,
]


@pytest.mark.parametrize("line", NO_JSON)
def test_what_is_not_json_is_an_error_row(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], line: bytes
) -> None:
    code, said = lines_of(tmp_path, capsysbinary, line, GOOD, b'{"do":"cancel","order":1}')
    found, after = (json.loads(text) for text in said.splitlines())
    assert code == EXIT_FOUND
    assert (found["n"], found["ev"], found["field"]) == (1, "error", None) and found["reason"].startswith("not JSON")
    assert after == {"n": 3, **refused("unknown_order", 1)}


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("more", [1, 2, match.ROW_BYTES_MAX, match.ROW_BYTES_MAX + 1, 3 * match.ROW_BYTES_MAX])
def test_a_line_over_the_limit_is_an_error_row_even_if_its_beginning_is_a_row(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], more: int, ending: bytes
) -> None:
    line = b'{"do":"cancel","order":1}'.ljust(match.ROW_BYTES_MAX) + b" " * more
    code, said = lines_of(tmp_path, capsysbinary, line + ending)
    assert code == EXIT_FOUND
    assert json.loads(said) == {"n": 1, **error(None, f"longer than {match.ROW_BYTES_MAX} bytes")}
    after = lines_of(tmp_path, capsysbinary, line, b'{"do":"cancel","order":2}')[1].splitlines()
    assert json.loads(after[1]) == {"n": 2, **refused("unknown_order", 2)}


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_a_line_of_just_the_limit_is_read(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], ending: bytes
) -> None:
    line = b'{"do":"cancel","order":1}'.ljust(match.ROW_BYTES_MAX)
    code, said = lines_of(tmp_path, capsysbinary, line + ending)
    assert (code, json.loads(said)) == (EXIT_OK, {"n": 1, **refused("unknown_order", 1)})


def test_the_process_ends_by_itself_and_tells_by_its_code(tmp_path: Path) -> None:
    tool = Path(sys.executable).parent / "isthmus"
    for line, code in ((b'{"do":"cancel","order":1}\n', EXIT_OK), (b'\xff\n{"do":5}\n', EXIT_FOUND)):
        done = subprocess.run([str(tool), "match", "-"], input=line, capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (code, b"")
