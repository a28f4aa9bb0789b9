"""Rules of hedging: what they say, who approved them, what they may do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gateways.lorawan.sensor import EUI

from isthmus.gateways.lorawan.hedges import HedgeLimits, Hedges, client_id
from isthmus.gateways.lorawan.readings import Reading
from isthmus.gateways.lorawan.rules import ONE, Rule, content_hash, met, read_rules, told, wanted
from isthmus.gateways.lorawan.store import Approval, Store
from isthmus.gateways.problems import Refusal
from isthmus.gateways.shapes import NewOrder
from isthmus.kernel.errors import BadInput

S = 1_000_000_000
DAY_S = 86_400
RULE = Rule(
    device=EUI,
    sensor="temperature",
    channel=1,
    when="above",
    threshold="8.0",
    account="client:demo",
    instrument="BTC-USD",
    side="sell",
    quantity="0.5",
    max_quantity="1",
    quantity_per_day="2",
    intents_per_day=3,
    cooldown_s=60,
    why="warm beef is sold before it spoils",
)


class Broker:
    """Takes orders and counts them; a fake of the order entry."""

    def __init__(self) -> None:
        self.orders: list[NewOrder] = []
        self.refusal: Refusal | None = None

    async def place(self, order: NewOrder, account: str, why: bytes) -> str:
        if self.refusal is not None:
            raise self.refusal
        assert account == "client:demo" and b"warm beef" in why
        self.orders.append(order)
        return f"ord-{len(self.orders)}"


class World:
    """Hedges of one rule on a clock that the test sets."""

    def __init__(self, store: Store, rule: Rule = RULE, limit: int = 100) -> None:
        self.at = DAY_S * 20_000 * S
        self.store, self.rule, self.broker = store, rule, Broker()
        limits = HedgeLimits(intents_per_day=limit, stale_s=600)
        self.hedges = Hedges({"beef": rule}, store, self.broker.place, limits, lambda: self.at)

    def propose(self, orders: int = 100, quantity: int = 1_000, days: int = 90) -> Approval:
        until = self.at + days * DAY_S * S
        asked = Approval(0, "beef", content_hash("beef", self.rule), "one", self.at, until, orders, quantity * ONE)
        return self.store.propose(asked)

    def approve(self, **scope: int) -> None:
        self.store.approve(self.propose(**scope), "other", self.at)

    def hear(self, value: str = "9.5", after_s: int = 0, age_s: int = 0, **other: Any) -> list[dict[str, Any]]:
        self.at += after_s * S
        reading = Reading(EUI, 1, "temperature", Decimal(value), "°C", self.at - age_s * S, "gateway 1")
        return asyncio.run(self.hedges.hear(msgspec.structs.replace(reading, **other)))


Make = Callable[..., World]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Make]:
    stores: list[Store] = []

    def make(rule: Rule = RULE, limit: int = 100) -> World:
        stores.append(Store(tmp_path / "lorawan.sqlite"))
        return World(stores[-1], rule, limit)

    yield make
    for store in stores:
        store.close()


def test_a_rule_that_nobody_approved_proposes_and_sends_nothing(world: Make) -> None:
    one = world()
    (intent,) = one.hear()
    assert intent["status"] == "proposed" and "nobody approved" in intent["detail"] and one.broker.orders == []
    assert one.store.intents(9)[0][1]["reading"]["value"] == "9.5"
    one.approve()
    assert one.hear(after_s=30) == [], "it waits for its cooldown, and never sends the old proposal"
    assert one.hear(after_s=31)[0]["status"] == "placed"


def test_an_approved_rule_places_the_order_it_says_and_writes_down_why(world: Make) -> None:
    one = world()
    one.approve()
    (intent,) = one.hear()
    (order,) = one.broker.orders
    assert (order.instrument, order.side, order.quantity, order.type) == ("BTC-USD", "sell", "0.5", "market")
    assert order.client_order_id == client_id(intent["number"])
    kept = one.store.intents(9)[0][1]
    assert (kept["status"], kept["order"], kept["why"]) == ("placed", "ord-1", RULE.why)


def test_an_approval_is_of_the_exact_content(world: Make) -> None:
    world().approve()
    changes = ({"threshold": "7.0"}, {"quantity": "0.6"}, {"why": "other"}, {"max_quantity": "1.0"})
    for day, change in enumerate(changes, 1):
        other = world(msgspec.structs.replace(RULE, **change))
        assert other.hear(after_s=day * DAY_S)[0]["status"] == "proposed"
    assert content_hash("beef", RULE) != content_hash("pork", RULE)


def test_a_proposal_sends_nothing_until_a_second_person_agrees(world: Make) -> None:
    one = world()
    first, waiting = one.propose(), one.propose()
    assert one.hear()[0]["status"] == "proposed"
    one.store.approve(first, "other", one.at)
    assert one.hear(after_s=61)[0]["status"] == "proposed", "the later proposal took the place of the first"
    one.store.approve(waiting, "other", one.at)
    assert one.hear(after_s=61)[0]["status"] == "placed"


def test_an_approval_is_for_a_scope(world: Make) -> None:
    wide = msgspec.structs.replace(RULE, quantity_per_day="100", intents_per_day=100)
    few = world(wide)
    few.approve(orders=2)
    assert [few.hear(after_s=61)[0]["status"] for _ in range(3)] == ["placed", "placed", "limited"]
    few.approve(quantity=1)
    told = [few.hear(after_s=61)[0] for _ in range(3)]
    assert [intent["status"] for intent in told] == ["placed", "placed", "limited"]
    assert told[2]["detail"] == "the approval's quantity: 1 were sent of 1"
    few.approve(days=1)
    assert few.hear(after_s=DAY_S - 1)[0]["status"] == "placed"
    ended = few.hear(after_s=61)[0]
    assert ended["status"] == "proposed" and ended["detail"].startswith("the approval ended at ")


def test_a_revoked_rule_sends_nothing(world: Make) -> None:
    one = world()
    one.approve()
    assert one.store.revoke("beef", "operator", one.at) and not one.store.revoke("beef", "operator", one.at)
    assert one.hear()[0]["status"] == "proposed"


def test_what_does_not_meet_the_rule_moves_nothing(world: Make) -> None:
    one = world()
    one.approve()
    assert one.hear("8.0") == [] and one.hear(channel=2) == [] and one.hear(device="ff" * 8) == []
    assert one.hear(kind="humidity") == [] and one.hear(age_s=601) == []
    assert one.hear(age_s=599)[0]["status"] == "placed"


def test_so_many_readings_one_after_the_other(world: Make) -> None:
    one = world(msgspec.structs.replace(RULE, for_readings=3))
    one.approve()
    assert [len(one.hear(value)) for value in ("9", "9", "7", "9", "9", "9")] == [0, 0, 0, 0, 0, 1]


def test_limits_of_the_order_of_the_day_and_of_the_house(world: Make) -> None:
    wide = {"quantity_per_day": "100", "intents_per_day": 100}
    large = world(msgspec.structs.replace(RULE, quantity="1.5", **wide))
    large.approve()
    (intent,) = large.hear()
    assert (intent["status"], intent["detail"]) == ("limited", "max_quantity: 1.5 is over 1")
    often = world(msgspec.structs.replace(RULE, intents_per_day=2))
    often.approve()
    assert [often.hear(after_s=61)[0]["status"] for _ in range(3)] == ["placed", "placed", "limited"]
    assert often.hear(after_s=DAY_S)[0]["status"] == "placed", "a new day"
    much = world(msgspec.structs.replace(RULE, quantity_per_day="1.2"))
    much.at += 5 * DAY_S * S
    much.approve()
    assert [much.hear(after_s=61)[0]["status"] for _ in range(3)] == ["placed", "placed", "limited"]
    house = world(msgspec.structs.replace(RULE, **wide), limit=1)
    house.at += 9 * DAY_S * S
    house.approve()
    assert [house.hear(after_s=61)[0]["status"] for _ in range(2)] == ["placed", "limited"]


def test_what_order_entry_refuses_is_written_down(world: Make) -> None:
    one = world()
    one.approve()
    one.broker.refusal = Refusal(422, "insufficient_funds", "that is more than is available")
    (intent,) = one.hear()
    assert intent["status"] == "refused" and intent["detail"].startswith("insufficient_funds")


def test_an_order_under_way_at_a_stop_is_looked_up_and_never_sent_again(world: Make) -> None:
    one = world()
    row = {"rule": "beef", "hash": "0" * 64, "at": 1, "status": "sent", "account": "client:demo", "order": None}
    numbers = [one.store.add_intent(row, 0, ONE) for _ in range(2)]
    one.hedges.recover(lambda account, text: "ord-7" if text == client_id(numbers[0]) else None)
    found = dict(one.store.intents(9))
    assert (found[numbers[0]]["status"], found[numbers[0]]["order"]) == ("placed", "ord-7")
    assert found[numbers[1]]["status"] == "unknown" and one.broker.orders == []


@given(value=st.decimals(-100, 100, places=3), threshold=st.decimals(-100, 100, places=3), above=st.booleans())
def test_above_and_below_are_exact(value: Decimal, threshold: Decimal, above: bool) -> None:
    rule = msgspec.structs.replace(RULE, when="above" if above else "below", threshold=f"{threshold:f}")
    reading = Reading(EUI, 1, "temperature", value, "°C", 0, "")
    assert met(rule, reading) is (value > threshold if above else value < threshold)


@given(excess=st.integers(1, 10**6), per_unit=st.integers(1, 10**6), step=st.integers(1, 10**6))
def test_a_quantity_by_the_unit_is_cut_to_whole_steps(excess: int, per_unit: int, step: int) -> None:
    rule = msgspec.structs.replace(
        RULE, quantity=None, threshold="0", per_unit=str(Decimal(per_unit) / 1000), step=str(Decimal(step) / 1000)
    )
    reading = Reading(EUI, 1, "temperature", Decimal(excess) / 1000, "kg", 0, "")
    asked = wanted(rule, reading)
    exact = excess * per_unit * (ONE // 10**6)
    assert asked % (step * ONE // 1000) == 0 and asked <= exact < asked + step * ONE // 1000


def test_a_box_has_an_inside_and_an_outside() -> None:
    box = ["51.0", "3.0", "52.0", "5.0"]
    for when, place, hit in (("inside", "51.5", True), ("outside", "51.5", False), ("outside", "52.1", True)):
        changed = {"sensor": "location", "when": when, "box": box, "threshold": None}
        rule = msgspec.structs.replace(RULE, **changed)
        reading = Reading(EUI, 1, "location", None, "°", 0, "", (Decimal(place), Decimal(4), Decimal(0)))
        assert met(rule, reading) is hit


FIELDS = {name: value for name, value in msgspec.to_builtins(RULE).items() if value is not None}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sensor": "mood"}, "sensor"),
        ({"when": "inside"}, "when"),
        ({"threshold": None}, "threshold"),
        ({"threshold": "warm"}, "threshold"),
        ({"quantity": None}, "quantity"),
        ({"per_unit": "1"}, "quantity"),
        ({"quantity": "0"}, "quantity"),
        ({"max_quantity": "-1"}, "max_quantity"),
        ({"price": "5"}, "price"),
        ({"type": "limit"}, "price"),
        ({"why": ""}, "why"),
        ({"sensor": "location", "when": "inside", "threshold": None, "box": ["1", "1", "0", "2"]}, "box"),
        ({"intents_per_day": 0}, "intents_per_day"),
        ({"hurry": True}, "hurry"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_its_field(tmp_path: Path, change: dict[str, Any], field: str) -> None:
    path = tmp_path / "rules.toml"
    fields = {name: value for name, value in (FIELDS | change).items() if value is not None}
    path.write_text(_toml(fields))
    with pytest.raises(BadInput) as refused:
        read_rules(path)
    assert refused.value.field is not None and refused.value.field.split(".")[-1].split("[")[0] == field


def test_a_rule_is_told_as_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(_toml(FIELDS))
    found = read_rules(path)
    assert found == {"beef": RULE}
    text = told("beef", RULE)
    for part in ("above 8.0", "sell 0.5 BTC-USD at the market", "at most 1 an order, 2 and 3 orders a day", RULE.why):
        assert part in text


def _toml(fields: dict[str, Any]) -> str:
    return "[rules.beef]\n" + "".join(
        f"{name} = {msgspec.json.encode(value).decode()}\n" for name, value in fields.items()
    )
