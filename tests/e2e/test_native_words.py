"""What a newcomer gets wrong is answered in words that say what would be right."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.e2e.server import Broker

ORDER: dict[str, Any] = {"instrument": "BTC-USD", "side": "buy", "type": "limit", "quantity": "1", "price": "100"}


def answer(broker: Broker, role: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The JSON of a POST, done or refused."""
    with broker.client(role) as client:
        made: dict[str, Any] = client.post(path, json=body).json()
    return made


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"side": "by"}, "side", "side is one of: buy, sell"),
        (
            {"type": "best"},
            "type",
            "type is one of: limit, market, market_to_limit, peg, request, response, stop, stop_limit, trailing_stop",
        ),
        (
            {"time_in_force": "now"},
            "time_in_force",
            "time_in_force is one of: at_close, at_open, day, fok, good_for_auction, gtc, gtd, ioc",
        ),
        ({"quantity": 1}, "quantity", 'quantity is text in quotes, like "12.50": a number might be rounded on the way'),
        ({"price": 1.5}, "price", 'price is text in quotes, like "12.50": a number might be rounded on the way'),
    ],
)
def test_a_field_of_the_wrong_kind_says_what_it_may_be(
    broker: Broker, change: dict[str, Any], field: str, words: str
) -> None:
    refused = answer(broker, "client", "/v1/orders", ORDER | change)
    head, _, listed = words.partition(": ")
    assert (refused["status"], refused["field"]) == (400, field)
    told_head, _, told = refused["detail"].partition(": ")
    assert (told_head, sorted(told.split(", "))) == (head, sorted(listed.split(", ")))


def test_a_choice_that_may_be_left_out_says_its_choices_too(broker: Broker) -> None:
    refused = answer(broker, "operator", "/v1/operator/cancel_all", {"side": "up"})
    assert (refused["status"], refused["limit"]) == (400, "buy, sell")


def test_money_that_is_not_there_is_told_in_terms_of_the_amount(broker: Broker) -> None:
    account = broker.keys()["account"]
    movement = {"account": account, "asset": "USD", "amount": "99999999"}
    refused = answer(broker, "operator", "/v1/operator/withdraw", movement)
    assert (refused["reason"], refused["field"]) == ("insufficient_funds", "amount")
    assert refused["detail"] == "that is more than is available"
    refused = answer(broker, "operator", "/v1/operator/deposit", movement | {"account": "acc-999"})
    assert (refused["reason"], refused["value"]) == ("unknown_account", "acc-999")


def test_a_second_key_leaves_role_and_account_of_its_user_alone(broker: Broker) -> None:
    with broker.client("client") as demo:
        before: httpx.Response = demo.get("/v1/session")
        refused = answer(broker, "operator", "/v1/operator/create_key", {"user": "demo", "role": "operator"})
        assert (refused["status"], refused["reason"], refused["field"]) == (409, "already_exists", "user")
        assert demo.get("/v1/session").json() == before.json()
    wanted = {"user": "demo", "role": "client", "account": broker.keys()["account"]}
    made = answer(broker, "operator", "/v1/operator/create_key", wanted)
    headers = {"Isthmus-Key": made["key_id"], "Isthmus-Secret": made["secret"]}
    assert httpx.get(f"{broker.url}/v1/session", headers=headers).json() == before.json()
