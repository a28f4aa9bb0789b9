"""Market data, reference data, quotes, positions, trades and drop copies."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.gateways.fix.house import House

from isthmus.gateways.fix.shapes import FIX42, FIX50
from isthmus.kernel.messages import BOOK_RULES, RegisterMaker, SetRule


@pytest.fixture
def house() -> House:
    return House()


def order(client: str, side: str, quantity: str, price: str) -> dict[int, str]:
    return {35: "D", 11: client, 55: "ACME", 54: side, 38: quantity, 40: "2", 44: price, 59: "1", 111: quantity}


def wants(request: str, kind: str, update: str = "1", **more: str) -> dict[int, str]:
    return {35: "V", 262: request, 263: kind, 264: "5", 265: update} | {int(t[1:]): v for t, v in more.items()}


ENTRIES = {267: [{269: "0"}, {269: "1"}, {269: "2"}], 146: [{55: "ACME"}]}


def raw(house: House, place: int) -> list[tuple[str, list[tuple[int, str]]]]:
    mine = [(kind, body) for at, kind, body in house.sent.messages if at == place]
    house.sent.messages.clear()
    return mine


def values(body: list[tuple[int, str]], tag: int) -> list[str]:
    return [value for at, value in body if at == tag]


def test_a_snapshot_shows_both_sides_and_an_increment_what_changed(house: House) -> None:
    ann, bob = house.peer(0), house.peer(1)
    house.say(ann, order("a", "1", "100", "10.00"))
    house.say(bob, order("b", "2", "50", "10.20"))
    house.sent.messages.clear()
    assert [kind for kind, _ in house.say(bob, wants("m", "1"), ENTRIES)] == ["W"]
    house.say(bob, wants("m2", "0"), ENTRIES)
    house.sent.messages.clear()
    house.say(ann, order("c", "1", "30", "10.20"))
    house.application.sample()
    ((kind, body),) = raw(house, 1)
    assert kind == "X"
    assert list(zip(values(body, 279), values(body, 269), strict=True)) == [("1", "1"), ("0", "2")]
    assert values(body, 271) == ["20", "30"]
    house.say(bob, wants("m", "2"))
    house.say(ann, order("d", "1", "1", "9.00"))
    house.application.sample()
    assert raw(house, 1) == []


def test_a_slow_session_gets_the_sum_later(house: House) -> None:
    bob = house.peer(1)
    house.say(bob, wants("m", "1"), ENTRIES)
    house.sent.full = True
    house.say(house.peer(0), order("a", "1", "100", "10.00"))
    house.application.sample()
    assert raw(house, 1) == []
    house.sent.full = False
    house.say(house.peer(0), order("b", "1", "100", "10.00"))
    house.application.sample()
    ((_, body),) = raw(house, 1)
    assert values(body, 271) == ["200"]


@pytest.mark.parametrize(
    ("fields", "groups", "reason"),
    [
        ({263: "9"}, ENTRIES, "4"),
        ({264: "999"}, ENTRIES, "5"),
        ({265: "7"}, ENTRIES, "6"),
        ({}, {267: [{269: "4"}], 146: [{55: "ACME"}]}, "8"),
        ({}, {267: [{269: "0"}], 146: [{55: "NONE"}]}, "0"),
        ({266: "N"}, ENTRIES, "7"),
    ],
)
def test_a_request_that_cannot_be_served_says_why(
    house: House, fields: dict[int, str], groups: Any, reason: str
) -> None:
    ((kind, reject),) = house.say(house.peer(0), wants("m", "1") | fields, groups)
    assert (kind, reject[281]) == ("Y", reason)


def test_the_same_request_twice_is_refused(house: House) -> None:
    ann = house.peer(0)
    house.say(ann, wants("m", "1"), ENTRIES)
    ((kind, reject),) = house.say(ann, wants("m", "1"), ENTRIES)
    assert (kind, reject[281]) == ("Y", "1")


def test_instruments_are_listed_and_defined(house: House) -> None:
    ann = house.peer(0)
    ((kind, listed),) = house.say(ann, {35: "x", 320: "s", 559: "4"})
    assert (kind, listed[560], listed[146], listed[55], listed[167]) == ("y", "0", "1", "ACME", "CS")
    ((kind, defined),) = house.say(house.peer(0, FIX42), {35: "c", 320: "s", 321: "0", 55: "ACME"})
    assert (kind, defined[323], defined[15]) == ("d", "1", "USD")
    ((_, refused),) = house.say(ann, {35: "c", 320: "s", 321: "0", 55: "NONE"})
    assert refused[323] == "5"


def test_on_a_lit_book_a_quote_request_is_answered_by_the_best_prices(house: House) -> None:
    ann = house.peer(0)
    ((kind, reject),) = house.say(ann, {35: "R", 131: "r"}, {146: [{55: "ACME"}]})
    assert (kind, reject[658]) == ("AG", "8")
    house.say(ann, order("a", "1", "100", "10.00"))
    ((kind, quote),) = house.say(ann, {35: "R", 131: "r"}, {146: [{55: "ACME"}]})
    assert (kind, quote[537], quote[132], quote[134]) == ("S", "0", "10.00", "100")
    ((_, reject),) = house.say(ann, {35: "R", 131: "r"}, {146: [{55: "NONE"}]})
    assert reject[658] == "1"


def test_on_a_book_of_requests_makers_answer_and_the_asker_takes(house: House) -> None:
    ann, bob = house.peer(0), house.peer(1, FIX50)
    book = next(number for number, name in BOOK_RULES.items() if name == "book")
    desk = house.core.desk
    rfq = 6
    record = desk.submit(SetRule(instrument=house.instrument, rule=book, value=rfq))
    assert record is not None and record.reason is None
    desk.submit(
        RegisterMaker(account=house.accounts[1], instrument=house.instrument, spread=100, quantity=1, presence_bps=0)
    )
    house.say(ann, {35: "R", 131: "r"}, {146: [{55: "ACME", 54: "1", 38: "100"}]})
    ((kind, asked),) = house.heard(1)
    assert (kind, asked[54], asked[38]) == ("R", "1", "100")
    house.say(bob, {35: "S", 131: asked[131], 117: "q", 55: "ACME", 133: "10.10", 135: "100"})
    ((kind, quote),) = house.heard(0)
    assert (kind, quote[131], quote[133], quote[135]) == ("S", "r", "10.10", "100")
    assert house.say(ann, {35: "AJ", 693: "x", 694: "1", 117: quote[117], 55: "ACME", 38: "60"}) == []
    ((_, position),) = [m for m in house.say(ann, {35: "AN", 710: "p", 724: "0"}) if m[0] == "AP"]
    assert position[704] == "100060"
    ((kind, report),) = house.say(ann, {35: "AJ", 693: "y", 694: "1", 117: "ord-1", 55: "ACME"})
    assert (kind, report[297]) == ("AI", "5")


def test_a_makers_quote_takes_the_place_of_his_last_one(house: House) -> None:
    bob = house.peer(1)
    quote = {35: "S", 117: "q", 55: "ACME", 132: "9.90", 133: "10.10", 134: "5", 135: "5"}
    ((kind, report),) = house.say(bob, quote)
    assert (kind, report[297]) == ("AI", "5"), "he is no maker yet"
    desk = house.core.desk
    desk.submit(
        RegisterMaker(account=house.accounts[1], instrument=house.instrument, spread=100, quantity=1, presence_bps=0)
    )
    assert house.say(bob, quote) == []
    ((_, report),) = house.say(bob, quote | {132: "9.80", 301: "2"})
    assert report[297] == "0"
    assert house.core.engine.depth(house.instrument, 5) == ([(980, 5, 1)], [(1010, 5, 1)])


def test_trades_are_told_now_and_later(house: House) -> None:
    ann, bob = house.peer(0), house.peer(1)
    house.say(ann, order("a", "1", "100", "10.00"))
    house.say(bob, order("b", "2", "40", "10.00"))
    ack, report = house.say(ann, {35: "AD", 568: "t", 569: "0", 263: "1"})
    assert (ack[0], ack[1][748], report[0], report[1][912]) == ("AQ", "1", "AE", "Y")
    assert (report[1][32], report[1][31], report[1][54], report[1][11]) == ("40", "10.00", "1", "a")
    house.say(bob, order("c", "2", "60", "10.00"))
    ((kind, later),) = house.heard(0)
    assert (kind, later[32]) == ("AE", "60")


def test_a_drop_copy_hears_of_everybody_and_of_what_it_missed() -> None:
    house = House(frozenset({"IK9"}))
    ann, bob = house.peer(0), house.peer(1)
    house.say(ann, order("a", "1", "100", "10.00"))
    house.say(bob, order("b", "2", "40", "10.00"))
    house.peer(0, place=9, role="auditor")
    copies = house.heard(9)
    assert [(copy[150], copy[54], copy[797]) for _, copy in copies] == [("F", "1", "Y"), ("F", "2", "Y")]
    house.say(bob, {35: "D", 11: "c", 55: "ACME", 54: "2", 38: "1", 40: "2", 44: "99", 59: "1", 111: "1"})
    ((_, copy),) = house.heard(9)
    assert (copy[150], copy[11]) == ("0", "c")


def test_a_user_is_told_his_status(house: House) -> None:
    ann = house.peer(0)
    ((kind, status),) = house.say(ann, {35: "BE", 923: "u", 924: "4", 553: "ann"})
    assert (kind, status[926]) == ("BF", "1")
    ((_, status),) = house.say(ann, {35: "BE", 923: "u", 924: "3", 553: "ann"})
    assert status[926] == "6"
