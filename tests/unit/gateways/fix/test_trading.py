"""Orders, changes and questions that the front passes on, answered by the application."""

from __future__ import annotations

import pytest
from tests.unit.gateways.fix.house import House

from isthmus.gateways.fix.shapes import FIX42, FIX50
from isthmus.kernel.messages import FLAGS


@pytest.fixture
def house() -> House:
    return House()


def order(client: str, **more: str) -> dict[int, str]:
    fields = {35: "D", 11: client, 55: "ACME", 54: "1", 38: "100", 40: "2", 44: "10.50", 59: "1"}
    return fields | {int(tag[1:]): value for tag, value in more.items()}


def row_of(house: House, who: int, client: str):  # type: ignore[no-untyped-def]
    return house.core.views.orders.by_client_id(house.accounts[who], client)


def test_an_iceberg_is_placed_and_its_report_is_the_fronts(house: House) -> None:
    ann = house.peer(0)
    assert house.say(ann, order("a", t111="10")) == []
    assert row_of(house, 0, "a").terms == {"display": 10}
    assert row_of(house, 0, "a").session == 70


def test_a_max_floor_of_nothing_hides_the_order(house: House) -> None:
    house.say(house.peer(0), order("a", t111="0"))
    assert row_of(house, 0, "a").flags & FLAGS["hidden"]


def test_a_stop_is_read_with_its_trigger_and_an_expiry(house: House) -> None:
    ann = house.peer(0)
    assert house.say(ann, order("a", t40="4", t99="11.00", t59="6", t126="20231201-00:00:00", t1107="2")) == []
    assert row_of(house, 0, "a").terms == {"stop": 1100, "trigger": 1, "expire": 1_701_388_800_000_000_000}


def test_a_trailing_stop_is_a_peg_with_the_trailing_instruction(house: House) -> None:
    ann = house.peer(0)
    said = order("a", t40="P", t18="a", t211="0.50", t54="2", t99="10.00")
    del said[44]
    assert house.say(ann, said) == []
    assert row_of(house, 0, "a").terms == {"stop": 1000, "offset": 50}


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        (18, "Q", "ExecInst(18)"),
        (40, "J", "OrdType(40)"),
        (54, "7", "Side(54)"),
        (59, "5", "TimeInForce(59)"),
        (152, "5", "CashOrderQty(152)"),
        (126, "tomorrow", "ExpireTime(126)"),
        (847, "9999", "TargetStrategy(847)"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_field(house: House, field: int, value: str, name: str) -> None:
    ann = house.peer(0)
    ((kind, report),) = house.say(ann, order("a", **{f"t{field}": value}))
    assert (kind, report[150], report[39], report[11]) == ("8", "8", "8", "a")
    assert name in report[58]
    assert row_of(house, 0, "a") is None


def test_a_number_with_too_many_decimals_is_refused_without_a_record(house: House) -> None:
    before = house.core.engine.sequence
    ((_, report),) = house.say(house.peer(0), order("a", t111="1.5"))
    assert "display" in report[58] and house.core.engine.sequence == before


def test_in_42_a_refusal_has_an_exec_trans_type_and_no_later_reason(house: House) -> None:
    ((_, report),) = house.say(house.peer(0, FIX42), order("a", t40="5"))
    assert (report[20], report[103]) == ("0", "0")


def test_an_order_that_came_another_way_is_cancelled_and_reported(house: House) -> None:
    ann = house.peer(0)
    house.say(ann, order("a", t111="10"))
    ((kind, report),) = house.say(ann, {35: "F", 11: "c", 41: "a", 55: "ACME", 54: "1"})
    assert (kind, report[150], report[39], report[11], report[41]) == ("8", "4", "4", "c", "a")
    assert row_of(house, 0, "a").status == "cancelled"


def test_an_order_that_the_front_knows_is_left_to_it(house: House) -> None:
    ann = house.peer(0)
    house.say(ann, order("a", t111="10"))
    number = row_of(house, 0, "a").number
    assert house.say(ann, {35: "F", 11: "c", 41: "renamed", 55: "ACME", 54: "1"}, order=number) == []
    assert row_of(house, 0, "a").status == "cancelled"


def test_anothers_order_does_not_exist(house: House) -> None:
    house.say(house.peer(0), order("a", t111="10"))
    number = row_of(house, 0, "a").number
    ((kind, reject),) = house.say(house.peer(1), {35: "F", 11: "c", 41: "a", 37: f"ord-{number}", 55: "ACME", 54: "1"})
    assert (kind, reject[434], reject[102], reject[39]) == ("9", "1", "1", "8")


def test_a_replacement_changes_what_it_names(house: House) -> None:
    ann = house.peer(0)
    house.say(ann, order("a", t111="10"))
    change = {35: "G", 11: "b", 41: "a", 55: "ACME", 54: "1", 40: "2", 38: "200", 44: "10.40", 111: "20"}
    ((kind, report),) = house.say(ann, change)
    assert (kind, report[150], report[38], report[44]) == ("8", "5", "200", "10.40")
    assert row_of(house, 0, "a").terms["display"] == 20


def test_a_replacement_of_the_other_side_is_refused(house: House) -> None:
    ann = house.peer(0)
    house.say(ann, order("a", t111="10"))
    ((kind, reject),) = house.say(ann, {35: "G", 11: "b", 41: "a", 55: "ACME", 54: "2", 40: "2", 38: "9", 44: "10"})
    assert (kind, reject[434]) == ("9", "2") and "Side(54)" in reject[58]


def test_a_mass_cancel_says_how_many_went(house: House) -> None:
    ann = house.peer(0)
    for client in "abc":
        house.say(ann, order(client, t111="10", **({"t54": "2", "t44": "99"} if client == "c" else {})))
    ((kind, report),) = house.say(ann, {35: "q", 11: "m", 530: "1", 55: "ACME", 54: "1", 60: "20231114-22:13:20"})
    assert (kind, report[531], report[533]) == ("r", "1", "2")
    ((_, report),) = house.say(ann, {35: "q", 11: "n", 530: "7"})
    assert report[533] == "1"
    ((_, report),) = house.say(ann, {35: "q", 11: "o", 530: "2"})
    assert (report[531], report[532]) == ("0", "0") and "MassCancelRequestType(530)" in report[58]


def test_the_status_of_an_order_is_told(house: House) -> None:
    ann = house.peer(0)
    house.say(ann, order("a", t111="10"))
    ((_, report),) = house.say(ann, {35: "H", 11: "a", 55: "ACME", 54: "1", 790: "q1"})
    assert (report[150], report[39], report[151], report[790]) == ("I", "0", "100", "q1")
    ((_, report),) = house.say(house.peer(0, FIX42), {35: "H", 11: "a", 55: "ACME", 54: "1"})
    assert (report[20], report[150], report[39]) == ("3", "0", "0")
    ((_, report),) = house.say(house.peer(0), {35: "H", 11: "z", 55: "ACME", 54: "1"})
    assert report[39] == "8"


def test_a_mass_status_marks_its_last_report(house: House) -> None:
    ann = house.peer(0, FIX50)
    for client in "ab":
        house.say(ann, order(client, t111="10"))
    reports = house.say(ann, {35: "AF", 584: "s", 585: "7"})
    assert [(report[911], report[912]) for _, report in reports] == [("2", "N"), ("2", "Y")]
    ((_, nothing),) = house.say(house.peer(1), {35: "AF", 584: "s", 585: "7"})
    assert (nothing[911], nothing[39]) == ("0", "8")


def test_a_message_that_is_not_taken_is_rejected_by_type(house: House) -> None:
    ((kind, reject),) = house.say(house.peer(0), {35: "E", 66: "list"})
    assert (kind, reject[372], reject[380], reject[45]) == ("j", "E", "3", "7")
    ((_, reject),) = house.say(house.peer(0, FIX42), {35: "AF", 584: "s", 585: "7"})
    assert reject[380] == "3"
    ((_, reject),) = house.say(house.peer(0), {35: "V", 263: "0"})
    assert reject[380] == "5" and "MDReqID(262)" in reject[58]
    assert house.sent.taken == 3
