"""The port from Python: connections handed to an event loop, TLS with its agreements, settings that are refused."""

from __future__ import annotations

import resource
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests import certificates

from isthmus._core import Arrivals, Front, sniff
from isthmus.app.port import Doors, make_room, open_front
from isthmus.app.settings import FrontSettings, TlsSettings
from isthmus.kernel.errors import BadInput

FIX = b"8=FIX.4.4\x019=5\x0135=A\x01"
HTTP = b"GET /health HTTP/1.1\r\n"


def terms(tls: TlsSettings | None = None, **other: object) -> FrontSettings:
    usual: dict[str, object] = {
        "sniff_s": 10.0, "undecided": 100, "connections": 100, "trusted_proxies": [], "grpc": False, "mqtt": "",
        "amqp": "",
    }  # fmt: skip
    return FrontSettings(**usual | other, tls=tls or TlsSettings(certificate="", key="", clients="", only=False))


class World:
    """A front at work; FIX and HTTP connections wait to be taken."""

    def __init__(self, settings: FrontSettings) -> None:
        self.http, self.fix = Arrivals(), Arrivals()
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = listener.getsockname()
        self.front: Front = open_front(listener, settings, Doors(self.http, fix=self.fix.for_fix()))


@contextmanager
def world(settings: FrontSettings) -> Iterator[World]:
    made = World(settings)
    try:
        yield made
    finally:
        made.front.close(0.0)


def arrived(queue: Arrivals) -> tuple[socket.socket, str, bool]:
    end = time.monotonic() + 10
    while not (came := queue.take(10)):
        assert time.monotonic() < end, "nobody came"
        time.sleep(0.001)
    ((number, host, _, tls),) = came
    return socket.socket(fileno=number), host, tls


def ends(client: socket.socket, said: bytes = b"") -> bool:
    """Whether the port ends the connection without a word, in order or not."""
    try:
        client.sendall(said)
        return client.recv(1) == b""
    except OSError:
        return True


def all_of(taken: socket.socket, count: int) -> bytes:
    taken.settimeout(10)
    got = b""
    while len(got) < count:
        got += taken.recv(count - len(got))
    return got


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> certificates.Files:
    """A certificate and its key."""
    return certificates.make(tmp_path_factory.mktemp("tls"))


def with_tls(files: certificates.Files, *, only: bool = False, clients: str = "") -> TlsSettings:
    return TlsSettings(certificate=str(files[0]), key=str(files[1]), clients=clients, only=only)


def encrypted(
    plain: socket.socket, files: certificates.Files, *protocols: str, shown: certificates.Files | None = None
) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(files[0]))
    if protocols:
        context.set_alpn_protocols(list(protocols))
    if shown is not None:
        context.load_cert_chain(*shown)
    return context.wrap_socket(plain, server_hostname=certificates.NAME)


def test_what_speaks_fix_goes_to_the_taker_of_fix_and_nothing_of_it_is_lost() -> None:
    with world(terms()) as port, ExitStack() as stack:
        for queue, said in ((port.fix, FIX), (port.http, HTTP)):
            client = stack.enter_context(socket.create_connection(port.address, timeout=10))
            for byte in said:
                client.sendall(bytes([byte]))
            taken, host, tls = arrived(queue)
            with taken:
                assert (all_of(taken, len(said)), host, tls) == (said, "127.0.0.1", False)
                taken.sendall(b"back")
                assert client.recv(4) == b"back"
        assert (port.front.counts()["fix"], port.front.counts()["http"]) == (1, 1)


def test_tls_ends_at_the_port_and_what_is_inside_is_told_apart_too(certificate: certificates.Files) -> None:
    with world(terms(with_tls(certificate))) as port:
        for queue, said in ((port.fix, FIX), (port.http, HTTP)):
            plain = socket.create_connection(port.address, timeout=10)
            with encrypted(plain, certificate) as client:
                for byte in said:
                    client.sendall(bytes([byte]))
                taken, host, tls = arrived(queue)
                with taken:
                    assert (all_of(taken, len(said)), host, tls) == (said, "127.0.0.1", True)
                    taken.sendall(b"x" * 1_000_000)
                    taken.shutdown(socket.SHUT_WR)
                    total = 0
                    while more := client.recv(65_536):
                        total += len(more)
                assert total == 1_000_000


def test_who_agreed_on_a_protocol_inside_tls_must_speak_it(certificate: certificates.Files) -> None:
    with world(terms(with_tls(certificate))) as port:
        plain = socket.create_connection(port.address, timeout=10)
        with encrypted(plain, certificate, "h2", "http/1.1") as client:
            assert client.selected_alpn_protocol() == "http/1.1"
            client.sendall(FIX)
            assert ends(client)
        assert port.fix.take(1) == []


def test_where_clients_need_certificates_nobody_gets_in_without_one(certificate: certificates.Files) -> None:
    with world(terms(with_tls(certificate, clients=str(certificate[0])))) as port:
        plain = socket.create_connection(port.address, timeout=10)
        with encrypted(plain, certificate) as client:
            assert ends(client, HTTP)
        assert port.front.counts()["http"] == 0


def test_where_only_tls_is_served_plain_http_is_told_so_and_others_are_closed(certificate: certificates.Files) -> None:
    with world(terms(with_tls(certificate, only=True))) as port:
        with socket.create_connection(port.address, timeout=10) as client:
            client.sendall(HTTP)
            assert client.recv(12) == b"HTTP/1.1 400"
        with socket.create_connection(port.address, timeout=10) as client:
            assert ends(client, FIX)
        assert (port.http.take(1), port.fix.take(1)) == ([], [])


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (terms(trusted_proxies=["10.0.0.1/8"]), "front.trusted_proxies"),
        (terms(mqtt="broker:1883"), "front.mqtt"),
        (terms(amqp="127.0.0.1"), "front.amqp"),
        (terms(TlsSettings(certificate="/nowhere", key="/nowhere", clients="", only=False)), "front.tls.certificate"),
    ],
)
def test_settings_that_cannot_be_served_are_refused_by_name(settings: FrontSettings, field: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(BadInput) as refused:
        open_front(listener, settings, Doors(Arrivals()))
    assert refused.value.field == field


def test_a_key_that_others_may_read_is_refused(certificate: certificates.Files, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(certificate[1].read_bytes())
    key.chmod(0o640)
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(BadInput, match="chmod 600") as refused:
        open_front(listener, terms(with_tls((certificate[0], key))), Doors(Arrivals()))
    assert refused.value.field == "front.tls.key"


def test_the_first_bytes_tell_what_is_spoken() -> None:
    said = {FIX: "fix", HTTP: "http", b"8=FI": "more", b"": "more", b"SSH-2.0": "close", b"AMQP\0\0\x09\x01": "amqp"}
    assert {bytes_: sniff(bytes_) for bytes_ in said} == said


def test_room_is_made_for_descriptors_but_never_taken_away() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    make_room(1)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= before[0]
