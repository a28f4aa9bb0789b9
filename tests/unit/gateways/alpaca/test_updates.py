"""Trade updates of generated sessions: every event shows the order right after it, and nothing is left out."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from tests.unit.views.session import CLIENTS, SPOT, Session

from isthmus.engine.driver import Driver
from isthmus.gateways.alpaca.orders import OVER, OrderBoard
from isthmus.gateways.alpaca.symbols import Symbols
from isthmus.gateways.alpaca.updates import Updates
from isthmus.gateways.keys import Identity
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.kernel.messages import BUY, GTC, LIMIT, SELL, PlaceChild, PlaceOrder, PlaceParent

Event = dict[str, Any]
ANYBODY = Identity(user=1, name="house", role="auditor", account=None, session=1)


class Heard:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def send(self, frame: bytes) -> None:
        said = json.loads(frame)
        assert said["stream"] == "trade_updates"
        self.events.append(said["data"])


class Played:
    """A session with somebody listening to each account."""

    def __init__(self, seed: int, commands: int = 600) -> None:
        self.session = Session(seed)
        driver = Driver(self.session.engine, lambda: 0)
        reads = Reads(driver, self.session.directory, self.session.views, lambda: 0, "simulated")
        self.board = OrderBoard(reads, Symbols(self.session.directory))
        updates = Updates(self.board, reads)
        self.session.views.tell(updates)
        self.heard = {account: Heard() for account in CLIENTS}
        for account, listener in self.heard.items():
            updates.listen(account, listener)
        self.session.play(commands)

    def events(self) -> list[Event]:
        return [event for heard in self.heard.values() for event in heard.events]


@pytest.fixture(scope="module", params=range(3))
def played(request: pytest.FixtureRequest) -> Played:
    return Played(request.param)


def of_order(played: Played) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in played.events():
        found.setdefault(event["order"]["native_id"], []).append(event)
    return found


def test_of_a_parent_its_trades_are_told_and_its_children_are_not() -> None:
    played = Played(1, commands=0)
    session, (ann, ben, _) = played.session, CLIENTS

    def send(command: Any) -> int:
        record = session.engine.submit(command, session.engine.sequence + 1)
        session.directory.on_record(record)
        session.views.on_record(record)
        assert record.reason is None, record.reason
        return int(record.sequence)

    parent = send(PlaceParent(account=ann, instrument=SPOT, side=BUY, path=13, price=10_000, quantity=10))
    child = {"parent": parent, "kind": LIMIT, "tif": GTC, "price": 10_000}
    sale = {"account": ben, "instrument": SPOT, "side": SELL, "kind": LIMIT, "tif": GTC, "price": 10_000}
    send(PlaceChild(ordinal=1, quantity=6, **child))
    send(PlaceOrder(quantity=6, **sale))
    send(PlaceChild(ordinal=2, quantity=4, **child))
    assert [face.row.number for face in played.board.newest_first(ann, open_only=False)] == [parent]
    assert [face.row.number for face in played.board.newest_first(ann, open_only=True)] == [parent]
    send(PlaceOrder(quantity=4, **sale))
    told = [
        (event["event"], event["order"]["native_id"], event["order"]["filled_qty"])
        for event in played.heard[ann].events
    ]
    lots = [event["qty"] for event in played.heard[ann].events if "qty" in event]
    name = f"ord-{parent}"
    assert [(what, order) for what, order, _ in told] == [("new", name), ("partial_fill", name), ("fill", name)]
    assert float(lots[0]) * 4 == float(lots[1]) * 6


def test_every_kind_of_event_occurred(played: Played) -> None:
    kinds = {event["event"] for event in played.events()}
    assert kinds >= {"new", "partial_fill", "fill", "canceled", "replaced", "rejected", "pending_cancel"}


def test_fills_add_up_to_what_the_order_says_right_then(played: Played) -> None:
    for events in of_order(played).values():
        filled = 0.0
        for event in events:
            filled += float(event.get("qty", 0))
            if event["event"] != "replaced":
                assert float(event["order"]["filled_qty"]) == pytest.approx(filled)
            if event["event"] == "partial_fill":
                assert event["order"]["status"] == "partially_filled"
                assert filled < float(event["order"]["qty"])


def test_the_last_event_leaves_the_order_as_it_stands(played: Played) -> None:
    for account in CLIENTS:
        for row in played.session.views.orders.newest_first(account, open_only=False):
            events = of_order(played)[f"ord-{row.number}"] if row.number % 5 == 0 else []
            if events and events[-1]["event"] not in ("replaced", "pending_replace"):
                shown = played.board.shown(played.board.standing(row))
                last = events[-1]["order"]
                assert (last["id"], last["filled_qty"], last["qty"]) == (shown["id"], shown["filled_qty"], shown["qty"])


def test_versions_are_a_chain_and_each_is_found_by_its_id(played: Played) -> None:
    chains = 0
    for account in CLIENTS:
        for row in played.session.views.orders.newest_first(account, open_only=False):
            faces = [*played.board.past(row), played.board.standing(row)]
            chains += len(faces) > 2
            assert len({face.id for face in faces}) == len(faces)
            for before, after in pairwise(faces):
                assert before.status == "replaced"
                assert (before.replaced_by, after.replaces) == (after.version, before.version)
            for face in faces:
                assert played.board.find(face.id, ANYBODY) == face
    assert chains > 0


def test_an_order_is_replaced_as_often_as_its_successors_say(played: Played) -> None:
    replaced = [event["order"] for event in played.events() if event["event"] == "replaced"]
    assert replaced
    for order in replaced:
        assert order["status"] == "replaced"
        successor = played.board.find(order["replaced_by"], ANYBODY)
        assert played.board.shown(successor)["replaces"] == order["id"]


def test_a_client_finds_his_own_orders_only(played: Played) -> None:
    row = next(played.session.views.orders.newest_first(CLIENTS[0], open_only=False))
    face = played.board.standing(row)
    other = Identity(user=2, name="other", role="client", account=CLIENTS[1], session=2)
    with pytest.raises(Refusal) as caught:
        played.board.find(face.id, other)
    assert caught.value.status == 404


def test_what_is_over_stays_over(played: Played) -> None:
    for row in played.session.views.orders.newest_first(CLIENTS[0], open_only=True):
        assert played.board.standing(row).status not in OVER
