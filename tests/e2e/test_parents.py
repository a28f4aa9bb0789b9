"""Parents over the native API: worked, changed, ended, and taken up again after kill -9."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.server import Broker

from isthmus.app.route_kept import explain_kept

PARENTS = 100


def soon(seconds: float) -> str:
    """A time from now, as the API takes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def worked(seconds: float, side: str = "buy", quantity: str = "0.0200", **more: Any) -> dict[str, Any]:
    """A TWAP parent in BTC-USD that may go far."""
    price = "1000000.00" if side == "buy" else "100.00"
    return {
        "instrument": "BTC-USD",
        "side": side,
        "quantity": quantity,
        "type": "limit",
        "price": price,
        "path": "TWAP",
        "path_parameters": {"slices": 10},
        "until": soon(seconds),
        **more,
    }


@pytest.fixture(scope="module")
def client(broker: Broker) -> Iterator[httpx.Client]:
    with broker.client() as made:
        yield made


def placed(client: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/v1/orders", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def ended(client: httpx.Client, order: str, seconds: float) -> dict[str, Any]:
    """The order once it is done."""
    until = time.monotonic() + seconds
    while True:
        row: dict[str, Any] = client.get(f"/v1/orders/{order}").raise_for_status().json()
        if row["status"] in ("filled", "cancelled"):
            return row
        assert time.monotonic() < until, row
        time.sleep(0.1)


def test_all_23_paths_are_told_with_their_parameters(client: httpx.Client) -> None:
    paths = client.get("/v1/paths").raise_for_status().json()
    assert [path["number"] for path in paths] == list(range(1, 24))
    assert all(path["source"] and path["parameters"] and path["title"] for path in paths)


def test_a_parent_is_worked_by_children_that_say_why(client: httpx.Client) -> None:
    parent = placed(client, worked(4))
    assert parent["path"] == "TWAP" and parent["status"] == "open"
    done = ended(client, parent["id"], 20)
    assert (done["status"], done["filled"]) == ("filled", "0.0200")
    told = client.get(f"/v1/orders/{parent['id']}/children").raise_for_status().json()
    assert len(told["children"]) >= 5 and all(child["routing"] for child in told["children"])
    assert all(child["parent_order"] == parent["id"] for child in told["children"])
    assert sum(float(child["filled"]) for child in told["children"]) == pytest.approx(0.02)
    costs = client.get(f"/v1/orders/{parent['id']}/costs").raise_for_status().json()
    assert costs["filled"] == "0.0200" and costs["arrival_bps"] is not None and costs["venues"]


def test_its_decisions_are_made_again_while_the_server_runs(client: httpx.Client, broker: Broker) -> None:
    parent = placed(client, worked(4))
    ended(client, parent["id"], 20)
    answer, code = explain_kept(broker.data, parent["id"], 5)
    assert code == 0 and answer["same"] and len(answer["recorded"]) >= 5, answer


def test_children_are_listed_only_when_asked_for_and_told_in_the_parents_life(client: httpx.Client) -> None:
    parent = placed(client, worked(3))
    ended(client, parent["id"], 20)

    def listed(**query: str) -> list[dict[str, Any]]:
        return client.get("/v1/orders", params={"limit": "500", **query}).raise_for_status().json()["data"]  # type: ignore[no-any-return]

    assert parent["id"] in {row["id"] for row in listed()}
    assert all(row["parent_order"] is None for row in listed())
    own = [row for row in listed(children="true") if row["parent_order"] == parent["id"]]
    assert own
    assert client.get("/v1/orders", params={"children": "maybe"}).json()["field"] == "children"
    life = client.get(f"/v1/orders/{parent['id']}/history").raise_for_status().json()["data"]
    told = [event for event in life if event["event"] == "child_placed"]
    assert {event["child"] for event in told} == {row["id"] for row in own}
    assert [event["ordinal"] for event in told] == list(range(1, len(own) + 1))
    assert all(event["why"] for event in told)


def test_somebody_elses_parent_is_hidden_with_all_that_is_of_it(broker: Broker, client: httpx.Client) -> None:
    parent = placed(client, worked(600))
    with broker.client("operator") as operator:

        def run(name: str, **body: Any) -> Any:
            return operator.post(f"/v1/operator/{name}", json=body).raise_for_status().json()

        account = f"acc-{run('open_account', kind='client')['effects'][0]['account']}"
        key = run("create_key", user="stranger", role="client", account=account)
    headers = {"Isthmus-Key": key["key_id"], "Isthmus-Secret": key["secret"]}
    with httpx.Client(base_url=broker.url, headers=headers, timeout=30) as stranger:
        for part in ("", "/children", "/costs", "/history"):
            answer = stranger.get(f"/v1/orders/{parent['id']}{part}")
            assert (answer.status_code, answer.json()["reason"]) == (404, "unknown_order"), part
    client.delete(f"/v1/orders/{parent['id']}").raise_for_status()


def test_the_tree_says_why_it_chose(client: httpx.Client) -> None:
    body = worked(4) | {"path": "auto"}
    del body["path_parameters"]
    parent = placed(client, body)
    told = client.get(f"/v1/orders/{parent['id']}/children").raise_for_status().json()
    assert told["why"] and parent["path"] not in (None, "auto")
    client.delete(f"/v1/orders/{parent['id']}")


def test_a_parent_can_be_changed_and_ended(client: httpx.Client) -> None:
    parent = placed(client, worked(600))
    changed = client.patch(f"/v1/orders/{parent['id']}", json={"quantity": "0.0150", "price": "900000.00"})
    assert changed.status_code == 200, changed.text
    assert changed.json()["quantity"] == "0.0150"
    client.delete(f"/v1/orders/{parent['id']}").raise_for_status()
    assert ended(client, parent["id"], 10)["status"] == "cancelled"


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"path": "NO_SUCH"}, "path"),
        ({"path_parameters": {"slices": 0}}, "path_parameters"),
        ({"path_parameters": {"colour": "red"}}, "path_parameters"),
        ({"until": "2001-01-01T00:00:00Z"}, "until"),
        ({"max_participation": "1.5"}, "max_participation"),
        ({"max_participation": "x"}, "max_participation"),
        ({"venue": "house"}, "venue"),
        ({"hidden": True}, "hidden"),
        ({"type": "market"}, "price"),
    ],
)
def test_a_bad_wish_is_refused_by_the_name_of_its_field(client: httpx.Client, part: dict[str, Any], field: str) -> None:
    answer = client.post("/v1/orders", json=worked(60) | part)
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == field


def test_clients_cannot_touch_a_child(client: httpx.Client) -> None:
    parent = placed(client, worked(3))
    ended(client, parent["id"], 20)
    child = client.get(f"/v1/orders/{parent['id']}/children").json()["children"][0]
    assert client.delete(f"/v1/orders/{child['id']}").status_code in (404, 409, 422)


def test_100_parents_go_on_after_kill_9_and_none_is_overfilled(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    with broker.client() as client:
        parents = []
        for number in range(PARENTS):
            side = "buy" if number % 2 else "sell"
            body = worked(25, side, "0.0100", client_order_id=f"p{number}")
            parents.append(placed(client, body)["id"])
        time.sleep(6)
        before = {parent: children_of(client, parent) for parent in parents}
    broker.kill()
    sent = [child for children in before.values() for child in children]
    assert sent, "some were sent before the kill"

    again = Broker(tmp_path / "data")
    with again.client() as client:
        for parent in parents:
            row = ended(client, parent, 60)
            assert (row["status"], row["filled"]) == ("filled", "0.0100"), row
        for parent in parents:
            children = children_of(client, parent)
            assert sum(float(child["filled"]) for child in children) == pytest.approx(0.01)
            ids = Counter(child["id"] for child in children)
            assert max(ids.values()) == 1
            known = {child["id"] for child in children}
            assert {child["id"] for child in before[parent]} <= known, "nothing acknowledged was lost"
    assert again.stop() == 0
    for parent in parents[::10]:
        answer, code = explain_kept(tmp_path / "data", parent, 5)
        assert code == 0 and answer["not_on_tape"] == 0, "found again over the restart"


def children_of(client: httpx.Client, parent: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/v1/orders/{parent}/children").raise_for_status().json()["children"]
    return found
