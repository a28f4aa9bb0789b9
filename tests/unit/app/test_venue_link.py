"""Keys that stay hidden, HTTP that says what is not known, and requests that are signed as the venue checks them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from isthmus.app.venue_http import HttpClient, Lost, NotSent, address_of
from isthmus.app.venue_keys import VenueKeys, read_keys
from isthmus.app.venue_link import RestLink
from isthmus.kernel.errors import BadInput
from isthmus.venues.live.link import Reply
from isthmus.venues.wires.orders import VenueCall
from isthmus.venues.wires.signing import signed_query

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
NOW = 1_700_000_000_000_000_000


def written(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "keys.toml"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


GOOD = 'key = "abc"\nsecret = "topsecret"\n'


def test_keys_are_read_and_shown_to_nobody(tmp_path: Path) -> None:
    keys = read_keys(written(tmp_path, GOOD), "venues.x.keys")
    assert (keys.key, keys.secret) == ("abc", "topsecret")
    assert "topsecret" not in f"{keys!r} {keys}" and "abc" not in repr(keys)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        (GOOD, 0o640),
        (GOOD, 0o604),
        (GOOD, 0o660),
        ('key = "abc"\n', 0o600),
        (GOOD + "more = 1\n", 0o600),
        ('key = ""\nsecret = "topsecret"', 0o600),
        ('key = 1\nsecret = "topsecret"', 0o600),
        ('secret = "topsecret', 0o600),
    ],
)
def test_a_file_that_others_may_read_or_that_says_something_else_is_refused(
    tmp_path: Path, text: str, mode: int
) -> None:
    with pytest.raises(BadInput) as refusal:
        read_keys(written(tmp_path, text, mode), "venues.x.keys")
    assert refusal.value.field == "venues.x.keys"
    assert "topsecret" not in str(refusal.value)


def test_a_link_and_a_pipe_are_no_key_files(tmp_path: Path) -> None:
    real = written(tmp_path, GOOD)
    (tmp_path / "link").symlink_to(real)
    os.mkfifo(tmp_path / "folderless", 0o600)
    for name in ("link", "nowhere"):
        with pytest.raises(BadInput):
            read_keys(str(tmp_path / name), "venues.x.keys")
    with pytest.raises(BadInput, match="no file"):
        read_keys(str(tmp_path), "venues.x.keys")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "ftp://127.0.0.1",
        "https://",
        "https://user@example.com",
        "https://x?y=1",
        "https://x:99999",
    ],
)
def test_only_our_own_host_is_spoken_to_in_the_open(url: str) -> None:
    with pytest.raises(BadInput) as refusal:
        address_of(url, "venues.x.rest", ("http", "https"))
    assert refusal.value.field == "venues.x.rest"
    assert address_of("http://127.0.0.1:9", "x", ("http", "https")).port == 9


def served(handle: Handler, use: Callable[[str], Awaitable[None]]) -> None:
    """Runs `use` with the URL of a server that does this with each connection."""

    async def run() -> None:
        async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handle(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_server(closing, "127.0.0.1", 0)
        async with server:
            await use(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    asyncio.run(run())


def test_a_connection_is_used_again() -> None:
    seen: list[object] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer)
        for _ in range(3):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)
            await writer.drain()

    async def use(url: str) -> None:
        client = HttpClient(url, "x", 2)
        for _ in range(3):
            assert (await client.request("GET", "/a", {})).status == 200
        client.close()

    served(handle, use)
    assert len(seen) == 1


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", b"no http\r\n\r\n"])
def test_an_answer_that_does_not_come_whole_is_lost(answer: bytes) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async def use(url: str) -> None:
        with pytest.raises(Lost):
            await HttpClient(url, "x", 2).request("POST", "/a", {})

    served(handle, use)


def test_an_answer_that_takes_too_long_is_lost_and_a_closed_port_was_not_reached(free_port: int) -> None:
    async def handle(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async def use(url: str) -> None:
        with pytest.raises(Lost):
            await HttpClient(url, "x", 0.1).request("POST", "/a", {})
        with pytest.raises(NotSent):
            await HttpClient(f"http://127.0.0.1:{free_port}", "x", 1).request("POST", "/a", {})

    served(handle, use)


def test_the_signature_is_of_the_documented_example() -> None:
    """The venue's own example (SIGNED endpoint examples): key and secret, parameters, signature."""
    secret = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"
    params = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": 1, "price": 9000, "timeInForce": "GTC"}
    query = signed_query(params, secret, 1591702613943, 5000)
    assert query.endswith("&recvWindow=5000&timestamp=1591702613943&signature=" + query[-64:])
    assert query[-64:] == "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"


def test_after_too_many_requests_nothing_is_sent_until_the_venue_wants_it() -> None:
    asked: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 429 Too Many\r\nRetry-After: 30\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()

    async def use(url: str) -> None:
        at = NOW
        replies: list[Reply] = []
        link = RestLink(HttpClient(url, "x", 2), VenueKeys("k", "s"), lambda: at, 5_000)
        for _ in range(3):
            link.send(VenueCall(method="GET", path="/fapi/v1/order", params={}), replies.append)
            await link.close()
        assert [reply.status for reply in replies] == [429, 429, 429]
        assert len(asked) == 1 and b"X-MBX-APIKEY: k\r\n" in asked[0]
        at += 31_000_000_000
        link.send(VenueCall(method="GET", path="/fapi/v1/order", params={}), replies.append)
        await link.close()
        assert len(asked) == 2

    served(handle, use)
