"""Row `sniff` of `isthmus bench wire`: what the one port adds to a new connection, from connect to the first answer.

One server process has an event loop with two listening sockets: one that it accepts from itself, and one that the front
looks at first. A client makes a connection to each in turn, asks once, and closes. The goal is of the difference of the
99th percentiles; on a connection that is served already the port adds nothing, as it is no longer there.
"""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import cast

from isthmus._core import Arrivals, Front
from isthmus.app.bench_report import Probe, Row
from isthmus.app.bench_rest import Unmeasured, first_line, running

GOAL_US = 50.0
ROUNDS = 7
ASKS = 1_000
"""On each of the two, in a round; the first WARM of all do not count."""
WARM = 300
ASKED = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
_SERVE = "from isthmus.app.bench_port import serve; serve()"


def rows() -> Iterator[Row | Probe]:
    """What is added at the 99th percentile, then the two medians. A failure is a row without a value."""
    row = Row(name="sniff", unit="us", goal=GOAL_US, clock="wall")
    try:
        rounds = measured()
    except (Unmeasured, OSError, ValueError) as error:
        row.reason = str(error)
        yield row
        return
    added = [_percentile(ours, 99) - _percentile(direct, 99) for direct, ours in rounds]
    row.value, row.rounds = round(statistics.median(added) / 1e3, 1), len(rounds)
    row.ok = row.value <= GOAL_US
    yield row
    for name, place in (("connection_direct", 0), ("connection_by_port", 1)):
        middle = statistics.median(_percentile(times[place], 50) for times in rounds)
        yield Probe(name, round(middle / 1e3, 1), "us")


def measured() -> list[tuple[list[int], list[int]]]:
    """Nanoseconds of each connection, direct and by the port, of each round."""
    with running([sys.executable, "-c", _SERVE]) as process:
        ports: list[int] = json.loads(_line(process))
        for _ in range(WARM):
            for port in ports:
                _ask(port)
        gc.collect()
        return [_round(ports) for _ in range(ROUNDS)]


def _line(process: subprocess.Popen[str]) -> str:
    line = first_line(process)
    if not line:
        raise Unmeasured("the server did not start")
    return line


def _round(ports: list[int]) -> tuple[list[int], list[int]]:
    """Direct and by the port take turns, and so does who goes first."""
    times: tuple[list[int], list[int]] = ([], [])
    for number in range(ASKS):
        for place in (0, 1) if number % 2 else (1, 0):
            times[place].append(_ask(ports[place]))
    return times


def _ask(port: int) -> int:
    began = time.perf_counter_ns()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(ASKED)
        if client.recv(len(ANSWER)) != ANSWER:
            raise Unmeasured("no answer")
        return time.perf_counter_ns() - began


def _percentile(times: list[int], percent: int) -> int:
    return sorted(times)[len(times) * percent // 100]


class Answering(asyncio.Protocol):
    """Answers whatever comes, once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """What it asks."""
        self._transport.write(ANSWER)


def serve() -> None:
    """Prints both ports as JSON and serves until it is ended."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve())


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    direct, behind = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in (direct, behind)]
    await loop.create_server(Answering, sock=direct)
    arrivals = Arrivals()
    front = Front(behind, arrivals, sniff_s=10.0, undecided=100, connections=1_000, trusted=[])
    behind.close()
    beginning: set[asyncio.Task[object]] = set()

    def arrived() -> None:
        for number, *_ in arrivals.take(64):
            client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, number)
            task: asyncio.Task[object] = loop.create_task(loop.connect_accepted_socket(Answering, client))
            beginning.add(task)
            task.add_done_callback(beginning.discard)

    loop.add_reader(arrivals.wake, arrived)
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()
    front.stop()
