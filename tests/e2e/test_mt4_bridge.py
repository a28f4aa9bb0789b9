"""Orders of an MT4 bridge over its port, in a running broker, and the bank that is told of them."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.e2e.server import GENEROUS, Broker

from isthmus.gateways.mt4.codec import answer_of, document_of
from isthmus.gateways.mt4.messages import BridgeAnswer, BridgeOrder, Cancel, Logon, Query, Request
from isthmus.gateways.mt4.session import LENGTH_BYTES, frame_of

WAIT_S = 30


class Bank:
    """A bank's API that fails the first call of each key, as networks do."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        bank = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                key = self.headers["idempotency-key"]
                first = key not in [known for _, known, _ in bank.calls]
                bank.calls.append((self.path, key, json.loads(body)))
                answer = json.dumps({"id": "B-1", "status": "ACCEPTED"}).encode()
                self.send_response(503 if first else 200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Bridge:
    """A bridge's connection."""

    opened: ClassVar[list[socket.socket]] = []

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        self.opened.append(self.socket)

    def ask(self, request: Request) -> BridgeAnswer:
        return self.send(document_of(request))

    def send(self, document: bytes) -> BridgeAnswer:
        self.socket.sendall(frame_of(document))
        return answer_of(self._read(int.from_bytes(self._read(LENGTH_BYTES), "big")))

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ConnectionResetError
            data += part
        return data


class Running:
    def __init__(self, folder: Path, port: int) -> None:
        self.bank = Bank()
        settings = f"""{GENEROUS}
[mt4]
listen = true
port = {port}
[mt4.symbols]
EURUSD = {{instrument = "EUR-USD", lot = "100000"}}
[mt4.logins]
50012345 = "own"
50099999 = "acc-1"
[mt4.bank]
url = "{self.bank.url}"
pause_s = 0.05
"""
        self.broker = Broker(folder / "data", settings=settings)
        self.port = port

    def bridge(self) -> Bridge:
        bridge = Bridge(self.port)
        key = self.broker.keys()["client"]
        assert bridge.ask(Logon(key["key_id"], key["secret"])).status == "LOGGED_ON"
        return bridge


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Running(tmp_path_factory.mktemp("bridge"), port)
    yield made
    made.bank.server.shutdown()
    made.bank.server.server_close()
    assert made.broker.stop() == 0


@pytest.fixture(autouse=True)
def closed_connections() -> Iterator[None]:
    """Every connection of a test is closed after it."""
    yield
    while Bridge.opened:
        Bridge.opened.pop().close()


def _order(ticket: str, **terms: Any) -> BridgeOrder:
    given = {"side": "BUY", "volume": "0.10"} | terms
    return BridgeOrder("50012345", ticket, "EURUSD", **given)


def test_an_order_of_the_bridge_trades_and_its_answer_goes_back(running: Running) -> None:
    answer = running.bridge().ask(_order("TKT-1", comment="open & hold"))
    assert (answer.status, answer.ticket, answer.volume, answer.filled) == ("FILLED", "TKT-1", "0.1", "0.1")
    assert answer.average_price is not None
    with running.broker.client() as client:
        order = client.get(f"/v1/orders/{answer.order}").json()
    assert (order["instrument"], order["quantity"], order["status"]) == ("EUR-USD", "10000", "filled")
    assert order["client_order_id"] == "mt4:50012345:TKT-1"


def test_the_same_ticket_twice_is_one_order(running: Running) -> None:
    bridge = running.bridge()
    first = bridge.ask(_order("TKT-2"))
    assert bridge.ask(_order("TKT-2")) == first
    other = bridge.ask(_order("TKT-2", volume="0.20"))
    assert (other.status, other.reason) == ("REJECTED", "duplicate_client_id")


def test_a_resting_order_is_asked_after_and_taken_back(running: Running) -> None:
    bridge = running.bridge()
    assert bridge.ask(_order("TKT-3", type="LIMIT", price="1.30000")).status == "OPEN"
    assert running.bridge().ask(Query("50012345", "TKT-3")).status == "OPEN"
    assert bridge.ask(Cancel("50012345", "TKT-3")).status == "CANCELLED"
    assert bridge.ask(Query("50012345", "TKT-3")).status == "CANCELLED"
    assert bridge.ask(Query("50012345", "TKT-404")).reason == "unknown_order"


def test_an_attack_is_answered_with_rule_and_place_and_the_next_order_trades(running: Running) -> None:
    bridge = running.bridge()
    attack = document_of(_order("TKT-4", comment="x")).replace(b">x<", b">' OR '1'='1<")
    answer = bridge.send(attack)
    assert (answer.status, answer.reason, answer.rule, answer.place) == (
        "REJECTED",
        "stopped",
        "sql",
        "/BridgeOrder/Comment",
    )
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]><BridgeOrder>&a;</BridgeOrder>'
    assert bridge.send(bomb).rule == "doctype"
    assert bridge.ask(_order("TKT-5")).status == "FILLED"
    with running.broker.client() as client:
        names = [order["client_order_id"] for order in client.get("/v1/orders").json()["data"]]
    assert "mt4:50012345:TKT-4" not in names


def test_who_does_not_log_on_or_asks_for_others_is_refused(running: Running) -> None:
    assert Bridge(running.port).ask(_order("TKT-6")).reason == "not_logged_on"
    stranger = Bridge(running.port)
    assert stranger.ask(Logon("IKX", "nothing")).reason == "unauthenticated"
    with pytest.raises(ConnectionResetError):
        stranger.ask(_order("TKT-7"))
    bridge = running.bridge()
    assert bridge.ask(BridgeOrder("50099999", "TKT-8", "EURUSD", "BUY", "0.10")).reason == "forbidden"
    assert bridge.ask(BridgeOrder("50011111", "TKT-8", "EURUSD", "BUY", "0.10")).reason == "unknown_login"
    assert bridge.ask(BridgeOrder("50012345", "TKT-8", "XAUUSD", "BUY", "0.10")).reason == "unknown_symbol"
    assert bridge.ask(_order("TKT-8", volume="0.00001")).reason == "off_lot"


def test_a_document_byte_by_byte_is_read_and_one_too_long_closes(running: Running) -> None:
    bridge = running.bridge()
    for byte in frame_of(document_of(Query("50012345", "TKT-1")))[:-1]:
        bridge.socket.sendall(bytes([byte]))
    bridge.socket.sendall(b">")
    assert answer_of(bridge._read(int.from_bytes(bridge._read(LENGTH_BYTES), "big"))).status == "FILLED"
    bridge.socket.sendall((1 << 30).to_bytes(LENGTH_BYTES, "big"))
    assert answer_of(bridge._read(int.from_bytes(bridge._read(LENGTH_BYTES), "big"))).reason == "frame_too_long"


def test_the_bank_is_told_of_orders_and_told_again_under_the_same_key(running: Running) -> None:
    order = running.bridge().ask(_order("TKT-9")).order
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        told = [call for call in running.bank.calls if call[2]["ticket"] == "TKT-9" and call[2]["status"] == "FILLED"]
        if len(told) >= 2:
            break
        time.sleep(0.05)
    assert len({key for _, key, _ in told}) == 1
    assert told[-1][0] == "/api/orders/status"
    assert (told[-1][2]["order"], told[-1][2]["filled"]) == (order, "0.1")
