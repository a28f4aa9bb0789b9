"""HTTP/1.1 as it is spoken to the port, byte for byte: pipelining, HEAD, Expect, the end of a connection."""

from __future__ import annotations

import json
import socket

from tests.e2e.server import Broker

ORDER = json.dumps({"instrument": "ACME", "side": "buy", "quantity": "1", "price": "1.00"}).encode()


def connected(broker: Broker) -> socket.socket:
    host, port = broker.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def head(broker: Broker, line: str, *more: str) -> bytes:
    own = [f"{name}: {value}" for name, value in broker.headers().items()]
    return "\r\n".join([line, "Host: x", *own, *more, "", ""]).encode()


def answer(client: socket.socket, *, body: bool = True) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the next answer, and not a byte more."""
    raw = b""
    while not raw.endswith(b"\r\n\r\n"):
        raw += client.recv(1)
    first, *lines = raw.decode().strip().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    got = b""
    while body and len(got) < int(headers.get("content-length", "0")):
        got += client.recv(int(headers["content-length"]) - len(got))
    return int(first.split(" ")[1]), headers, got


def test_requests_that_come_at_once_are_answered_in_their_order(broker: Broker) -> None:
    post = head(broker, "POST /v1/orders HTTP/1.1", f"Content-Length: {len(ORDER)}", "X-Request-Id: first") + ORDER
    get = head(broker, "GET /v1/session HTTP/1.1", "X-Request-Id: second")
    bad = head(broker, "GET /v1/nowhere HTTP/1.1", "X-Request-Id: third")
    with connected(broker) as client:
        client.sendall(post + get + bad + get)
        told = [answer(client) for _ in range(4)]
    assert [(status, headers["x-request-id"]) for status, headers, _ in told] == [
        (201, "first"), (200, "second"), (404, "third"), (200, "second"),
    ]  # fmt: skip
    assert json.loads(told[0][2])["status"] == "open"


def test_head_has_the_headers_of_get_and_no_body(broker: Broker) -> None:
    with connected(broker) as client:
        client.sendall(head(broker, "HEAD /health HTTP/1.1"))
        status, headers, _ = answer(client, body=False)
        client.sendall(head(broker, "GET /v1/session HTTP/1.1"))
        assert (status, int(headers["content-length"]) > 0) == (200, True)
        assert answer(client)[0] == 200


def test_a_body_that_waits_to_be_asked_for_is_asked_for(broker: Broker) -> None:
    with connected(broker) as client:
        line = "POST /v1/orders HTTP/1.1"
        client.sendall(head(broker, line, f"Content-Length: {len(ORDER)}", "Expect: 100-continue"))
        assert answer(client)[0] == 100
        client.sendall(ORDER)
        assert answer(client)[0] == 201


def test_a_body_in_pieces_is_one_body(broker: Broker) -> None:
    with connected(broker) as client:
        client.sendall(head(broker, "POST /v1/orders HTTP/1.1", "Transfer-Encoding: chunked"))
        for piece in (ORDER[:10], ORDER[10:]):
            client.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        client.sendall(b"0\r\n\r\n")
        assert answer(client)[0] == 201


def test_who_wants_the_end_gets_it_after_the_answer(broker: Broker) -> None:
    for line, more in (("GET /health HTTP/1.0", ()), ("GET /health HTTP/1.1", ("Connection: close",))):
        with connected(broker) as client:
            client.sendall(head(broker, line, *more))
            status, headers, _ = answer(client)
            assert (status, headers["connection"], client.recv(1)) == (200, "close", b"")
