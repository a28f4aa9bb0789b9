"""The row `rest` of `isthmus bench engine`: processor time of `isthmus serve` for an order over HTTP, durability os.

One connection that is kept open, one order after the other; what the simulated markets take meanwhile is measured
beforehand and left out.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isthmus.app.bench_outside import NOT_HERE, SCRIPTS, last_line
from isthmus.app.bench_report import Probe, Row, percentiles

ORDERS = 500
"""Orders in a round."""
ROUNDS = 5
IDLE_S = 2.0
START_S = 60
STOP_S = 20
ORDER = {
    "instrument": "ACME", "side": "buy", "type": "limit", "time_in_force": "gtc", "quantity": "1", "price": "1.00",
}  # fmt: skip
"""Far from the market: it rests."""
CONFIG = "[limits]\nrate_per_s = 1_000_000\nrate_burst = 1_000_000\n"


class Unmeasured(Exception):
    """A server did not come up or refused; says why."""


def measure_rest(folder: Path) -> tuple[Row, list[Probe]]:
    """The row, and the same of a bare handler. A failure is a row without a value."""
    row = Row(name="rest", unit="us", durability="os", clock="cpu")
    if not Path("/proc/self/stat").exists():
        row.reason = "needs /proc"
        return row, []
    probes: list[Probe] = []
    try:
        with _serve(folder) as (process, port, headers):
            figures, times = _rounds(process, port, "/v1/orders", headers)
        row.value, row.rounds, row.ok = round(statistics.median(figures), 1), len(figures), True
        row = _with_times(row, times)
        with _bare() as (process, port):
            figures, _ = _rounds(process, port, "/", "")
        probes.append(Probe("bare_asgi_msgspec", round(statistics.median(figures), 1), "us"))
    except (Unmeasured, OSError, ValueError) as error:
        row.reason = str(error)
    return row, probes


def _with_times(row: Row, times: list[int]) -> Row:
    found = percentiles(times)
    row.p50_ns, row.p99_ns, row.p999_ns = found["p50_ns"], found["p99_ns"], found["p999_ns"]
    return row


@contextmanager
def _serve(folder: Path) -> Iterator[tuple[int, int, str]]:
    """`isthmus serve` on a fresh folder: process, port, headers of the demo key."""
    data, config = folder / "serve", folder / "serve.toml"
    config.write_text(CONFIG, encoding="utf-8")
    command = ["serve", "--data", str(data), "--port", "0", "--durability", "os", "--config", str(config), "--json"]
    with running([sys.executable, "-c", _CLI, *command]) as process:
        ready = json.loads(first_line(process))
        if ready.get("event") != "ready":
            raise Unmeasured(f"serve: {ready}")
        keys = json.loads((data / "demo-keys.json").read_text(encoding="utf-8"))
        headers = f"Isthmus-Key: {keys['client']['key_id']}\r\nIsthmus-Secret: {keys['client']['secret']}\r\n"
        yield process.pid, int(ready["url"].rsplit(":", 1)[1]), headers


_CLI = "import sys; from isthmus.app.cli import main; sys.exit(main())"


@contextmanager
def _bare() -> Iterator[tuple[int, int]]:
    script = SCRIPTS / "bare_handler.py"
    if not script.exists():
        raise Unmeasured(NOT_HERE)
    with running([sys.executable, str(script)]) as process:
        yield process.pid, int(first_line(process))


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A server in a process of its own, ended by SIGTERM. Raises Unmeasured, with its last word, for a ValueError."""
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True) as process,
    ):
        try:
            yield process
        except ValueError as error:
            complaints.seek(0)
            raise Unmeasured(last_line(complaints.read())) from error
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    """The first line of its output. Raises Unmeasured when none comes."""
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], START_S)[0]:
        raise Unmeasured(f"no word within {START_S} s")
    return process.stdout.readline()


def _rounds(process: int, port: int, path: str, headers: str) -> tuple[list[float], list[int]]:
    """Microseconds of processor time an order, of each round; and what each order took on the wall."""
    body = json.dumps(ORDER)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    request = (head + headers + "\r\n" + body).encode()
    figures: list[float] = []
    times: list[int] = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(ORDERS // 5):
            _ask(connection, request)
        for _ in range(ROUNDS):
            idle = _busy_share(process)
            before, started = cpu_s(process), time.perf_counter()
            for _ in range(ORDERS):
                asked = time.perf_counter_ns()
                _ask(connection, request)
                times.append(time.perf_counter_ns() - asked)
            passed = time.perf_counter() - started
            figures.append((cpu_s(process) - before - idle * passed) / ORDERS * 1e6)
    return figures, times


def _ask(connection: socket.socket, request: bytes) -> None:
    """Sends a request and reads its answer to the end."""
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _some(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += _some(connection)
    if b" 201 " not in head.split(b"\r\n", 1)[0]:
        raise Unmeasured(f"answered {head.splitlines()[0].decode()}: {body.decode(errors='replace')[:200]}")


def _some(connection: socket.socket) -> bytes:
    got = connection.recv(65_536)
    if not got:
        raise Unmeasured("the connection was closed")
    return got


def _busy_share(process: int) -> float:
    """How much of a core the process takes when nobody asks."""
    before, started = cpu_s(process), time.perf_counter()
    time.sleep(IDLE_S / ROUNDS)
    return (cpu_s(process) - before) / (time.perf_counter() - started)


def cpu_s(process: int) -> float:
    """Processor time of all threads: to the nanosecond where the kernel keeps it, else in clock ticks."""
    tasks = list(Path(f"/proc/{process}/task").glob("*/schedstat"))
    if tasks:
        return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
