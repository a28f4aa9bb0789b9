"""Fails: what they cost, when they are bought in, what their age is; instructions of both sides that match or do
not.
"""

from __future__ import annotations

from datetime import date

import pytest
from lxml import etree
from msgspec.structs import replace

from isthmus.clearing.fails import (
    RATES,
    Fail,
    age,
    bucket,
    buy_in_day,
    cash_penalty,
    compensation,
    open_part,
    security_penalty,
)
from isthmus.clearing.instructions import Instruction, Parties, Security, answered, differences, instruct, reference_of
from isthmus.clearing.settling import WHY
from isthmus.clearing.trades import Trade, novate
from isthmus.gateways.settlement.statuses import Advice, advice, mt548, read_advice, read_mt548
from isthmus.kernel.errors import BadInput

FRIDAY = date(2026, 11, 27)
FAIL = Fail(trade="trd-5-1", failing=17, reason="LACK", since=FRIDAY, quantity=100, cash=1_000)
TRADE = Trade(
    reference="trd-5-1", instrument=1, traded_on=FRIDAY, buyer=16, seller=17, base=11, quote=1, quantity=100,
    buyer_pays=1_001, seller_gets=1_000,
)  # fmt: skip


def test_a_fail_ages_by_open_days_alone() -> None:
    assert [age(FAIL, date(2026, 11, day), ("TARGET",)) for day in (27, 28, 29, 30)] == [0, 0, 0, 1]
    assert age(FAIL, date(2026, 12, 28), ("TARGET",)) == 20  # Christmas and the day after it are closed
    assert [bucket(days) for days in (1, 4, 5, 30, 31)] == ["1", "2-4", "5-7", "16-30", "31+"]


def test_a_fail_is_bought_in_on_the_stated_open_day() -> None:
    assert buy_in_day(FAIL, 1, ("TARGET",)) == date(2026, 11, 30)
    assert buy_in_day(FAIL, 4, ("TARGET",)) == date(2026, 12, 3)
    with pytest.raises(BadInput, match="buy_in_days: 0 is below 1"):
        buy_in_day(FAIL, 0, ("TARGET",))


def test_penalties_are_rounded_up_against_who_failed() -> None:
    assert security_penalty(1_000_000, RATES["liquid_shares"].ppm) == 100
    assert security_penalty(1, RATES["sovereign_bonds"].ppm) == 1
    assert cash_penalty(1_000_000, 36_000) == 100
    assert cash_penalty(1_000_000, -5_000) == 0


def test_who_failed_pays_what_the_buy_in_cost_more_and_gets_nothing_back() -> None:
    assert compensation(FAIL, 1_200) == 200
    assert compensation(FAIL, 900) == 0


def test_what_is_open_of_a_trade_is_what_did_not_settle_of_both_legs() -> None:
    assert open_part(TRADE, 0) == (100, 1_001)
    assert open_part(TRADE, 40) == (60, 600)
    assert open_part(TRADE, 100) == (0, 0)


APPLE = Security("US0378331005", 0, "USD", 2)
OURS = instruct(novate(TRADE, date(2026, 11, 30))[0], APPLE, Parties("ISTHGB2L", "CHASUS33", "DTCYUS33", "HOUSE-1"))
THEIRS = replace(OURS, reference="X", delivers=False, own="CHASUS33XXX", other="ISTHGB2LXXX", account="THEIRS")


def test_the_house_delivers_what_the_buyer_is_owed() -> None:
    assert (OURS.delivers, OURS.quantity, OURS.amount) == (True, 100, 1_001)
    assert OURS.reference == "T5X1B" == reference_of("trd-5-1-B")
    with pytest.raises(BadInput, match="longer than a reference of 16"):
        reference_of("trd-123456789012345-1-B")


def test_two_sides_match_when_they_say_the_same_up_to_a_tolerance_of_money() -> None:
    assert differences(OURS, THEIRS) == ()
    assert differences(OURS, replace(THEIRS, amount=OURS.amount + 200)) == ()
    assert [one.code for one in differences(OURS, replace(THEIRS, amount=OURS.amount + 201))] == ["DMON"]
    assert differences(OURS, replace(THEIRS, quantity=10_000, quantity_decimals=2)) == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"delivers": True}, "DELN"),
        ({"security": "US4592001014"}, "DSEC"),
        ({"quantity": 99}, "DQUA"),
        ({"due": date(2026, 12, 1)}, "DDAT"),
        ({"traded_on": date(2026, 11, 26)}, "DTRD"),
        ({"own": "DEUTDEFF"}, "ICAG"),
        ({"place": "MGTCBEBE"}, "DEPT"),
        ({"currency": "EUR"}, "NCRR"),
    ],
)
def test_a_term_that_differs_is_named_with_its_code(change: dict[str, object], code: str) -> None:
    assert [one.code for one in differences(OURS, _changed(THEIRS, change))] == [code]


def _changed(one: Instruction, change: dict[str, object]) -> Instruction:
    return replace(one, **change)


def test_an_instruction_goes_its_way_and_ends_once() -> None:
    state = "instructed"
    for answer in ("unmatched", "matched", "failing", "failing", "settled"):
        state = answered(state, answer)
    with pytest.raises(BadInput, match="'failing' cannot follow 'settled'"):
        answered(state, "failing")


ADVICES = [
    Advice("T5X1B", "matched"),
    Advice("T5X1B", "unmatched", "DMON", "THEY SAY 900"),
    Advice("T5X1B", "failing", "LACK"),
    Advice("T5X1B", "pending", "MONY"),
    Advice("T5X1B", "rejected", "SAFE"),
    Advice("T5X1B", "accepted"),
    Advice("T5X1B", "cancelled"),
]


@pytest.mark.parametrize("told", ADVICES, ids=lambda told: told.state)
def test_a_status_says_the_same_in_both_forms(told: Advice) -> None:
    body = etree.fromstring(advice(told).encode())[0]
    assert read_advice(body) == told
    assert read_mt548(mt548(told, "ST1", "DTCYUS33", "ISTHGB2L")) == told


def test_a_status_without_an_instruction_or_a_state_is_refused() -> None:
    fin = mt548(ADVICES[2], "ST1", "DTCYUS33", "ISTHGB2L")
    with pytest.raises(BadInput, match="RELA is missing"):
        read_mt548(fin.replace(":20C::RELA//T5X1B\r\n", ""))
    with pytest.raises(BadInput, match="tells neither processing, matching nor settlement"):
        read_mt548(fin.replace("SETT//PENF", "SETT//HAHA"))
    with pytest.raises(BadInput, match="MT 540 is no 548"):
        read_mt548(fin.replace("{2:I548", "{2:I540"))
    body = etree.fromstring(advice(ADVICES[2]).replace("SttlmSts", "SomeSts").encode())[0]
    with pytest.raises(BadInput, match="tells neither processing, matching nor settlement"):
        read_advice(body)


def test_reasons_of_fails_are_told_in_words() -> None:

    assert all(WHY[code] for code in ("LACK", "MONY", "CLAC", "CMON"))
