"""One port that understands everyone: REST, a stream, gRPC and FIX at once, however their bytes arrive."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from tests import certificates
from tests.e2e.fix_client import FixClient, value
from tests.e2e.server import GENEROUS, Broker
from websockets.asyncio.client import connect as connect_in_one_thread
from websockets.sync.client import connect

from isthmus.gateways.grpc import isthmus_pb2 as wire
from isthmus.gateways.grpc.isthmus_pb2_grpc import MarketsStub, TradingStub
from isthmus.kernel.messages import GATEWAYS

IDLE = 1_000
ORDER = {"instrument": "ACME", "side": "buy", "quantity": "1", "price": "1.00"}
SETTINGS = f"{GENEROUS}\n[front]\nsniff_s = 60.0\n"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A server whose undecided connections may stay so for the length of the test."""
    running = Broker(tmp_path_factory.mktemp("port") / "data", settings=SETTINGS)
    yield running
    assert running.stop() == 0


def address(broker: Broker) -> tuple[str, int]:
    host, port = broker.url.rpartition("//")[2].split(":")
    return host, int(port)


def metadata(broker: Broker, role: str = "client") -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in broker.headers(role).items())


class Drip:
    """Stands between a client and the port, and passes the client's bytes on one at a time."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def close(self) -> None:
        """Ends everything that goes through it."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(60)
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(60)
        for one in (self._listener, *self._open):
            one.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                self._open += (client, server)
                server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for pair in ((client, server, 1), (server, client, 65_536)):
                    self._threads.append(threading.Thread(target=_pass_on, args=pair))
                    self._threads[-1].start()


def _pass_on(source: socket.socket, target: socket.socket, most: int) -> None:
    with suppress(OSError):
        while got := source.recv(most):
            target.sendall(got)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def dripping(broker: Broker) -> Iterator[str]:
    """HOST:PORT of a drip before the broker."""
    drip = Drip(address(broker))
    try:
        yield f"127.0.0.1:{drip.address[1]}"
    finally:
        drip.close()


@contextmanager
def idling(broker: Broker, count: int) -> Iterator[list[socket.socket]]:
    """So many connections that say nothing, or only a first byte."""
    with ExitStack() as stack:
        sockets = []
        for number in range(count):
            one = stack.enter_context(socket.create_connection(address(broker)))
            if number % 4:
                one.sendall((b"G", b"8", b"\x16")[number % 4 - 1])
            sockets.append(one)
        yield sockets


def rest(broker: Broker, at: str) -> str:
    with httpx.Client(base_url=f"http://{at}", headers=broker.headers(), timeout=60) as client:
        made = client.post("/v1/orders", json=ORDER)
        assert made.status_code == 201
        number: str = made.json()["id"]
        assert client.delete(f"/v1/orders/{number}").json()["status"] == "cancelled"
        return number


def stream(broker: Broker, at: str) -> None:
    key = broker.keys()["client"]
    with connect(f"ws://{at}/v1/stream", open_timeout=60) as connection:
        connection.send(json.dumps({"op": "auth", "key": key["key_id"], "secret": key["secret"]}))
        assert json.loads(connection.recv(60))["data"]["role"] == "client"


def over_grpc(broker: Broker, at: str) -> None:
    with grpc.insecure_channel(at) as channel:
        trading, own = TradingStub(channel), metadata(broker)
        executions = trading.Executions(wire.ExecutionsWanted(), metadata=own, timeout=60)
        while not next(executions).live:
            pass
        made = trading.Place(wire.NewOrder(**ORDER), metadata=own, timeout=60)
        assert trading.Cancel(wire.OrderName(id=made.id), metadata=own, timeout=60).status == "cancelled"
        told = (execution.order for execution in executions if execution.order.id == made.id)  # others trade meanwhile
        assert (next(told), next(told).status) == (made, "cancelled")
        executions.cancel()


def fix(broker: Broker, at: str) -> None:
    port = int(at.rpartition(":")[2])
    role, begin = ("client", "FIX.4.4") if port == address(broker)[1] else ("operator", "FIXT.1.1")
    key = broker.keys()[role]
    client = FixClient(port, key["key_id"], key["secret"], begin)
    assert value(client.logon((141, "Y")), 35) == "A"
    client.order(f"port-{begin}")
    accepted = client.next("8", "3", "j")
    assert (value(accepted, 150), value(accepted, 11)) == ("0", f"port-{begin}")
    client.logout()


def heard(client: socket.socket) -> bytes:
    """What comes until the end, which may be a reset: the other side did not read everything."""
    all_of_it = b""
    try:
        while got := client.recv(64):
            all_of_it += got
    except ConnectionResetError:
        pass
    return all_of_it


def at_once(*works: Any) -> None:
    """Runs all of them at the same time; the first failure is raised."""
    failures: list[BaseException] = []

    def guarded(work: Any) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told below, on the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if failures:
        raise failures[0]
    assert not any(thread.is_alive() for thread in threads)


def test_one_port_serves_fix_rest_streams_and_grpc_at_once_byte_by_byte_beside_a_thousand_idle_ones(
    broker: Broker,
) -> None:
    direct = ":".join(map(str, address(broker)))
    with idling(broker, IDLE) as idle, dripping(broker) as slowly:
        works = [
            lambda at=at, work=work: work(broker, at)
            for at in (direct, slowly)
            for work in (rest, stream, over_grpc, fix)
        ]
        at_once(*works)
        idle[1].sendall(b"ET /health HTTP/1.1\r\nHost: x\r\n\r\n")  # its G came long before
        idle[1].settimeout(30)
        assert idle[1].recv(12) == b"HTTP/1.1 200"


def test_grpc_and_rest_see_the_same_orders_and_keys(broker: Broker) -> None:
    at = ":".join(map(str, address(broker)))
    with grpc.insecure_channel(at) as channel, broker.client() as client:
        trading, own = TradingStub(channel), metadata(broker)
        wanted = wire.NewOrder(**ORDER)
        first = trading.Place(wanted, metadata=(*own, ("idempotency-key", "one")))
        assert trading.Place(wanted, metadata=(*own, ("idempotency-key", "one"))) == first
        shown = client.get(f"/v1/orders/{first.id}").json()
        assert {name: shown[name] for name in ("id", "price", "quantity", "status", "client_order_id")} == {
            "id": first.id, "price": "1.00", "quantity": "1", "status": "open", "client_order_id": "one",
        }  # fmt: skip
        changed = trading.Replace(wire.OrderChange(id=first.id, quantity="3"), metadata=own)
        assert client.get(f"/v1/orders/{first.id}").json()["quantity"] == changed.quantity == "3"
        listed = trading.List(wire.OrdersWanted(status="open", limit=1), metadata=own)
        assert [order.id for order in listed.data] == [first.id]
        gone = trading.CancelAll(wire.OrdersMeant(instrument="ACME"), metadata=own)
        assert list(gone.cancelled) == [first.id]
        assert trading.Get(wire.OrderName(id=first.id), metadata=own).status == "cancelled"
    number = first.record.removeprefix("rec-")
    url = f"{broker.url}/v1/journal?start={number}&limit=1"
    (record,) = httpx.get(url, headers=broker.headers("operator")).json()["data"]
    assert (record["sequence"], record["origin"]["gateway"]) == (int(number), GATEWAYS["grpc"])


@pytest.mark.parametrize(
    ("wanted", "role", "code", "reason"),
    [
        (wire.NewOrder(**ORDER | {"side": "byu"}), "client", "INVALID_ARGUMENT", "malformed_request"),
        (wire.NewOrder(side="buy", quantity="1"), "client", "INVALID_ARGUMENT", "malformed_request"),
        (wire.NewOrder(**ORDER | {"price": "1.001"}), "client", "FAILED_PRECONDITION", "off_tick"),
        (wire.NewOrder(**ORDER), "auditor", "PERMISSION_DENIED", "forbidden"),
        (wire.NewOrder(**ORDER, account="acc-1"), "client", "PERMISSION_DENIED", "forbidden"),
        (b"\xff\xff", "client", "INVALID_ARGUMENT", "malformed_request"),
        (
            wire.NewOrder(**ORDER).SerializeToString() + b"\xc2\x3e\x01x",
            "client",
            "INVALID_ARGUMENT",
            "malformed_request",
        ),
    ],
    ids=["word", "missing", "tick", "auditor", "account", "no-message", "unknown-field"],
)
def test_what_is_refused_over_grpc_says_why(broker: Broker, wanted: Any, role: str, code: str, reason: str) -> None:
    raw = wanted if isinstance(wanted, bytes) else wanted.SerializeToString()
    with grpc.insecure_channel(":".join(map(str, address(broker)))) as channel:
        place = channel.unary_unary("/isthmus.v1.Trading/Place")
        with pytest.raises(grpc.RpcError) as refused:
            place(raw, metadata=metadata(broker, role))
    told = dict(refused.value.trailing_metadata())
    assert (refused.value.code().name, told["isthmus-reason"]) == (code, reason)
    assert json.loads(told["isthmus-problem-bin"])["reason"] == reason


def test_nobody_gets_in_over_grpc_without_a_key(broker: Broker) -> None:
    with grpc.insecure_channel(":".join(map(str, address(broker)))) as channel:
        for given in ((), (("isthmus-key", broker.keys()["client"]["key_id"]), ("isthmus-secret", "wrong"))):
            with pytest.raises(grpc.RpcError) as refused:
                MarketsStub(channel).Book(wire.BookWanted(instrument="ACME"), metadata=given)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_book_over_grpc_is_told_again_when_it_changed(broker: Broker) -> None:
    with grpc.insecure_channel(":".join(map(str, address(broker)))) as channel:
        books = MarketsStub(channel).Books(
            wire.BookWanted(instrument="BTC-USD", depth=5), metadata=metadata(broker), timeout=60
        )
        first, second = next(books), next(books)
        assert len(first.bids) == 5
        assert (list(first.bids), list(first.asks)) != (list(second.bids), list(second.asks))
        books.cancel()


def test_a_refusal_of_mqtt_and_amqp_is_in_their_own_words(broker: Broker) -> None:
    for said, answer in ((b"\x10\x0c\0\x04MQTT\x04", b"\x20\x02\x00\x03"), (b"AMQP\0\1\0\0", b"AMQP\0\1\0\0")):
        with socket.create_connection(address(broker), timeout=30) as client:
            client.sendall(said)
            assert heard(client) == answer


def test_who_says_nothing_is_closed_when_his_time_is_up(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data", settings=f"{GENEROUS}\n[front]\nsniff_s = 0.5\nundecided = 50\n")
    try:
        with idling(broker, 60) as idle:
            began = time.monotonic()
            for one in idle:
                one.settimeout(30)
                assert heard(one) == b""
            assert time.monotonic() - began < 20
        assert httpx.get(f"{broker.url}/health").status_code == 200
    finally:
        assert broker.stop() == 0


async def role_in_tls(url: str, context: ssl.SSLContext, key: dict[str, str]) -> Any:
    """By the client of one thread: two that read and write one TLS connection at once are OpenSSL's internal error."""
    async with connect_in_one_thread(url, ssl=context) as connection:
        await connection.send(json.dumps({"op": "auth", "key": key["key_id"], "secret": key["secret"]}))
        return json.loads(await asyncio.wait_for(connection.recv(), 60))["data"]["role"]


def test_everything_is_served_inside_tls_too(tmp_path: Path) -> None:
    certificate, key = certificates.make(tmp_path)
    table = f'[front.tls]\ncertificate = "{certificate}"\nkey = "{key}"\nonly = true\n'
    broker = Broker(tmp_path / "data", settings=GENEROUS + table)
    context = ssl.create_default_context(cafile=str(certificate))

    class FixInTls(FixClient):
        tls = ssl.create_default_context(cafile=str(certificate))  # without the protocols that others name in theirs

    host, port = address(broker)
    try:
        with httpx.Client(base_url=f"https://{host}:{port}", headers=broker.headers(), verify=context) as client:
            assert client.post("/v1/orders", json=ORDER).status_code == 201
        key_ = broker.keys()["client"]
        assert asyncio.run(role_in_tls(f"wss://{host}:{port}/v1/stream", context, key_)) == "client"
        credentials = grpc.ssl_channel_credentials(certificate.read_bytes())
        with grpc.secure_channel(f"{host}:{port}", credentials) as channel:
            listed = TradingStub(channel).List(wire.OrdersWanted(), metadata=metadata(broker), timeout=60)
            assert len(listed.data) == 1
        session = FixInTls(port, key_["key_id"], key_["secret"])
        assert value(session.logon(), 35) == "A"
        session.order("in-tls")
        assert value(session.next("8"), 150) == "0"
        session.logout()
        assert httpx.get(f"http://{host}:{port}/health").status_code == 400
        assert broker.url == f"https://{host}:{port}"
    finally:
        assert broker.stop() == 0
