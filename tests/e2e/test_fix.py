"""FIX sessions of a running broker, over a socket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.fix_client import FixClient, Message, value
from tests.e2e.server import GENEROUS, Broker

ORDERS = 2_000
VERSIONS = ["FIX.4.2", "FIX.4.4", "FIXT.1.1"]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    started = Broker(tmp_path_factory.mktemp("fix") / "data", settings=GENEROUS)
    yield started
    assert started.stop() == 0


def client(broker: Broker, begin: str = "FIX.4.4", role: str = "client") -> FixClient:
    key = broker.keys()[role]
    made = FixClient(broker.ready["fix"], key["key_id"], key["secret"], begin)
    answer = made.logon((141, "Y"))
    assert value(answer, 35) == "A", answer
    return made


@pytest.fixture(params=VERSIONS)
def session(broker: Broker, request: pytest.FixtureRequest) -> Iterator[FixClient]:
    made = client(broker, request.param)
    yield made
    made.logout()


def facts(message: Message, *tags: int) -> list[str | None]:
    return [value(message, tag) for tag in tags]


def test_an_order_is_accepted_changed_and_cancelled(session: FixClient) -> None:
    mark = session.begin
    session.order(f"a{mark}")
    accepted = session.next()
    assert facts(accepted, 35, 150, 39, 11, 151) == ["8", "0", "0", f"a{mark}", "0.0010"]
    change = [(11, f"b{mark}"), (41, f"a{mark}"), (55, "BTC-USD"), (54, "1"), (60, "20261128-10:00:00"), (38, "0.002")]
    change += [(40, "2"), (44, "1001.00"), (59, "1"), *([(21, "1")] if mark == "FIX.4.2" else [])]
    session.send("G", change)
    replaced = session.next()
    assert facts(replaced, 35, 150, 11, 41, 38, 44) == ["8", "5", f"b{mark}", f"a{mark}", "0.0020", "1001.00"]
    session.send("F", [(11, f"c{mark}"), (41, f"b{mark}"), (55, "BTC-USD"), (54, "1"), (60, "20261128-10:00:00")])
    cancelled = session.next()
    assert facts(cancelled, 35, 150, 39, 11, 41, 151) == ["8", "4", "4", f"c{mark}", f"b{mark}", "0.0000"]
    assert value(accepted, 37) == value(replaced, 37) == value(cancelled, 37)
    session.send("F", [(11, f"d{mark}"), (41, f"b{mark}"), (55, "BTC-USD"), (54, "1"), (60, "20261128-10:00:00")])
    assert facts(session.next(), 35, 434, 11) == ["9", "1", f"d{mark}"]


def test_a_market_order_is_filled_and_its_report_has_the_trade(session: FixClient) -> None:
    session.order(f"m{session.begin}", (40, "1"), (44, ""), (59, "3"))
    reports = [session.next("8")]
    while value(reports[-1], 39) not in ("2", "4", "8"):
        reports.append(session.next("8"))
    old = session.begin == "FIX.4.2"
    assert [value(report, 150) for report in reports] == ["0", "2" if old else "F"]
    assert facts(reports[-1], 39, 32, 14, 151) == ["2", "0.0010", "0.0010", "0.0000"]


def test_what_the_gate_refuses_is_an_execution_report(session: FixClient) -> None:
    session.order(f"r{session.begin}", (38, "9999999"))
    refused = session.next()
    assert facts(refused, 35, 150, 39) == ["8", "8", "8"]
    assert value(refused, 58) == "insufficient_funds"


def test_the_same_order_again_is_answered_with_the_order_as_it_is(session: FixClient) -> None:
    client_id = f"s{session.begin}"
    session.order(client_id)
    first = session.next()
    session.order(client_id)
    again = session.next()
    assert value(first, 37) == value(again, 37)
    assert value(again, 20 if session.begin == "FIX.4.2" else 150) in ("3", "I")
    session.order(client_id, (44, "999.00"))
    assert facts(session.next(), 150, 103) == ["8", "6"]


def test_special_orders_and_questions_go_through_python_in_their_order(session: FixClient) -> None:
    mark = session.begin
    session.order(f"i{mark}", (111, "0.001"), (38, "0.003"))
    session.order(f"p{mark}")
    session.send("H", [(11, f"p{mark}"), (55, "BTC-USD"), (54, "1")])
    assert [value(session.next("8"), 11) for _ in range(3)] == [f"i{mark}", f"p{mark}", f"p{mark}"]


def test_what_is_no_message_of_the_version_is_rejected_by_its_session(session: FixClient) -> None:
    session.send("D", [(11, "x"), (55, "BTC-USD"), (54, "1"), (60, "yesterday"), (38, "1"), (40, "2"), (21, "1")])
    assert facts(session.next(), 35, 371, 373) == ["3", "60", "6"]
    session.send(
        "E", [(66, "l"), (394, "3"), (68, "1"), (73, "1"), (11, "a"), (67, "1"), (55, "X"), (54, "1"), (38, "1")]
    )
    assert value(session.next(), 35) in ("3", "j")


def test_books_are_told_and_go_on(broker: Broker) -> None:
    session = client(broker)
    wanted = [(262, "m"), (263, "1"), (264, "5"), (265, "1"), (267, "2"), (269, "0"), (269, "1"), (146, "1")]
    session.send("V", [*wanted, (55, "BTC-USD")])
    snapshot = session.next("W", "Y", "3")
    assert facts(snapshot, 35, 55) == ["W", "BTC-USD"]
    assert value(session.next("X"), 262) == "m"
    session.logout()


@pytest.mark.parametrize("secret", ["wrong", ""])
def test_a_wrong_secret_gets_no_answer(broker: Broker, secret: str) -> None:
    made = FixClient(broker.ready["fix"], broker.keys()["client"]["key_id"], secret or "x")
    with pytest.raises((EOFError, ConnectionResetError)):
        made.logon()
    made.close()


def test_a_session_has_one_connection(broker: Broker) -> None:
    first = client(broker)
    second = FixClient(broker.ready["fix"], first.key, first.secret)
    with pytest.raises((EOFError, ConnectionResetError)):
        second.logon()
    second.close()
    third = FixClient(broker.ready["fix"], first.key, first.secret, "FIX.4.2")
    with pytest.raises((EOFError, ConnectionResetError)):
        third.logon()
    third.close()
    first.logout()


def test_a_drop_copy_hears_of_others(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data", settings=GENEROUS)
    auditor = broker.keys()["auditor"]["key_id"]
    assert broker.stop() == 0
    broker = Broker(tmp_path / "data", settings=f'{GENEROUS}\n[fix]\ndrop_copy = ["{auditor}"]\n')
    copies, trader = client(broker, role="auditor"), client(broker)
    trader.order("dc")
    assert facts(trader.next("8"), 150) == ["0"]
    copy = copies.next("8")
    assert facts(copy, 11, 150, 797) == ["dc", "0", "Y"]
    copies.logout()
    trader.logout()
    assert broker.stop() == 0


def new_reports(heard: list[Message]) -> Counter[str]:
    """How often an order was accepted, by its ClOrdID; the same report twice counts once."""
    once = {(value(message, 17), value(message, 11)) for message in heard if facts(message, 35, 150) == ["8", "0"]}
    return Counter(str(client) for _, client in once)


def test_a_kill_in_the_middle_of_orders_loses_none_and_doubles_none(tmp_path: Path) -> None:
    """The broker is killed while orders are under way; session rules and client ids make up for it."""
    broker = Broker(tmp_path / "data", settings=GENEROUS)
    session = client(broker)
    names = [f"k{at}" for at in range(ORDERS)]
    for at, name in enumerate(names):
        session.order(name)
        if at == ORDERS // 2:
            session.next("8")
            broker.kill()
            break
    for name in names[ORDERS // 2 + 1 :]:
        session.frame("D", _plain(name))  # said to nobody: they are to be sent again
    broker = Broker(tmp_path / "data", settings=GENEROUS)
    session.connect(broker.ready["fix"])
    assert value(session.logon(), 35) == "A"
    known = set(new_reports(session.heard))
    while len(known) < ORDERS:
        known.update(new_reports([session.next("8")]))
    told = new_reports(session.heard)
    assert set(told) == set(names) and set(told.values()) == {1}
    with broker.client() as http:
        orders = _orders(http)
    assert Counter(row["client_order_id"] for row in orders) == dict.fromkeys(names, 1)
    session.logout()
    assert broker.stop() == 0


def _plain(name: str) -> Message:
    return [
        (11, name),
        (55, "BTC-USD"),
        (54, "1"),
        (60, "20261128-10:00:00"),
        (38, "0.001"),
        (40, "2"),
        (44, "1000.00"),
        (59, "1"),
    ]


def _orders(http: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = http.get(f"/v1/orders?status=open&limit=500{cursor}").json()
        rows += page["data"]
        if page["next"] is None:
            return rows
        cursor = f"&cursor={page['next']}"
