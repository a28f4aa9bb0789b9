"""Row `rest_entry` of `isthmus bench wire`: processor time of an order over HTTP, beside handlers that do less.

32 connections that are kept open, one order after the other on each, with a key by header, the rate limit, an
idempotency key of its own and durability `group`. The servers take turns in rounds; what ours takes when nobody asks
is left out.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from isthmus.app.bench_outside import NOT_HERE, SCRIPTS
from isthmus.app.bench_report import Peer, Row
from isthmus.app.bench_rest import CONFIG, Unmeasured, cpu_s, first_line, running

CONNECTIONS = 32
ORDERS = 60
"""On each connection, in a round."""
ROUNDS = 7
GOAL = 1.6
"""Times the processor time of the bare handler."""
IDLE_S = 0.6
BARE, DUTIES = "bare_asgi_msgspec", "asgi_msgspec_with_duties"
ORDER = {
    "instrument": "ACME", "side": "buy", "type": "limit", "time_in_force": "gtc", "quantity": "1", "price": "0.01",
}  # fmt: skip
"""Far from the market: it rests."""
_CLI = "import sys; from isthmus.app.cli import main; sys.exit(main())"


class Server(msgspec.Struct):
    """A server under load: its process, port, and the headers of a key."""

    name: str
    process: int
    port: int
    path: str
    headers: str
    figures: list[float] = []


def rows() -> Iterator[Row | Peer]:
    """Ours in times of the bare handler, then the handlers in microseconds an order. A failure is a row without a
    value.
    """
    row = Row(name="rest_entry", unit="times", durability="group", clock="cpu", goal=GOAL)
    peers = [Peer(name=name, row=row.name) for name in (BARE, DUTIES)]
    try:
        ours, *others = measured()
    except (Unmeasured, OSError, ValueError, AssertionError) as error:
        row.reason = str(error)
        yield row
        return
    found = {server.name: statistics.median(server.figures) for server in (ours, *others)}
    row.cpu_value, row.rounds = round(found[ours.name], 1), len(ours.figures)
    row.value = round(found[ours.name] / found[BARE], 2)
    row.ok = row.value <= GOAL
    yield row
    for peer in peers:
        peer.value, peer.status = round(found[peer.name], 1), "ok"
        peer.ratio = round(found[ours.name] / found[peer.name], 2)
        yield peer


def measured() -> list[Server]:
    """Ours, the bare handler and the one with duties, with the microseconds an order of each round."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="isthmus-bench-", dir=Path.cwd())))
        servers = [stack.enter_context(start(folder)) for start in (_ours, _bare, _duties)]
        asyncio.run(_take_turns(servers))
    return servers


async def _take_turns(servers: list[Server]) -> None:
    for server in servers:
        await _load(server, "warm", ORDERS)
    for number in range(ROUNDS):
        for server in servers:
            idle = await _idle_share(server)
            before, started = cpu_s(server.process), time.perf_counter()
            await _load(server, f"r{number}", ORDERS)
            spent = cpu_s(server.process) - before - idle * (time.perf_counter() - started)
            server.figures.append(spent / ORDERS / CONNECTIONS * 1e6)


async def _idle_share(server: Server) -> float:
    before, started = cpu_s(server.process), time.perf_counter()
    await asyncio.sleep(IDLE_S)
    return (cpu_s(server.process) - before) / (time.perf_counter() - started)


async def _load(server: Server, name: str, orders: int) -> None:
    await asyncio.gather(*(_one(server, f"{name}-{number}", orders) for number in range(CONNECTIONS)))


async def _one(server: Server, name: str, orders: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    body = json.dumps(ORDER)
    head = (
        f"POST {server.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n{server.headers}Idempotency-Key: "
    )
    for number in range(orders):
        writer.write(f"{head}{name}-{number}\r\n\r\n{body}".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        lines = answer.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        said = await reader.readexactly(length)
        if b" 201 " not in lines[0]:
            raise Unmeasured(f"{server.name} answered {lines[0].decode()}: {said[:200].decode(errors='replace')}")
    writer.close()
    await writer.wait_closed()


@contextmanager
def _ours(folder: Path) -> Iterator[Server]:
    data, config = folder / "serve", folder / "serve.toml"
    config.write_text(CONFIG, encoding="utf-8")
    command = ["serve", "--data", str(data), "--port", "0", "--durability", "group", "--config", str(config), "--json"]
    with running([sys.executable, "-c", _CLI, *command]) as process:
        ready = json.loads(first_line(process))
        if ready.get("event") != "ready":
            raise Unmeasured(f"serve: {ready}")
        key = json.loads((data / "demo-keys.json").read_text(encoding="utf-8"))["client"]
        headers = f"Isthmus-Key: {key['key_id']}\r\nIsthmus-Secret: {key['secret']}\r\n"
        yield Server("isthmus", process.pid, int(ready["url"].rsplit(":", 1)[1]), "/v1/orders", headers)


def _handler(name: str, script: str) -> Callable[[Path], Iterator[Server]]:
    def start(folder: Path) -> Iterator[Server]:
        path = SCRIPTS / script
        if not path.exists():
            raise Unmeasured(NOT_HERE)
        with running([sys.executable, str(path), str(folder)]) as process:
            headers = "Isthmus-Key: bench\r\nIsthmus-Secret: bench-secret\r\n"
            yield Server(name, process.pid, int(first_line(process)), "/", headers)

    return start


_bare = contextmanager(_handler(BARE, "bare_handler.py"))
_duties = contextmanager(_handler(DUTIES, "duties_handler.py"))
