"""`isthmus clearing drill`: trading is killed with open positions under a falling market, with real processes.

Clearing alone takes charge, marks, calls margin and closes; trading comes back and has everything that was closed
before it takes an order. What is printed was measured on the way.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isthmus.app.clearing_charge import CLEARING, DECISIONS
from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, note, print_json, say
from isthmus.clearing.decisions import rows_of
from isthmus.engine.archive import records
from isthmus.engine.engine import Engine, Origin, content_id, verify
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    ACCOUNT_VENUE,
    BUY,
    GATEWAYS,
    LINEAR_PERPETUAL,
    ROLES,
    TAKER,
    AddAsset,
    AddInstrument,
    Deposit,
    OpenAccount,
    VenueFilled,
)
from isthmus.kernel.values import NS_PER_S

SYMBOL, START = "DRILL-PERP", 500_000
"""Price steps of 0.1."""
PATH = (49_000, 48_000, 47_000, 46_000, 45_000, 44_000, 43_000, 42_000)
"""The falling market: a price each."""
STEP_S = 0.25
WAIT_S = 60.0
LOT, MONEY = 1_000, 1_000_000
CLIENTS_MAX = 1_000
COMMAND = (sys.executable, "-c", "import sys; from isthmus.app.cli import main; sys.exit(main())")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when clearing closed alone, the books balance and nothing counted twice; 1 otherwise."""
    if not 1 <= arguments.clients <= CLIENTS_MAX:
        fail("clients", f"must be between 1 and {CLIENTS_MAX}")
    with tempfile.TemporaryDirectory(prefix="isthmus-drill-") as folder:
        found = Drill(Path(folder), arguments.clients).run()
    sound = found["ok"]
    if arguments.json:
        print_json(found)
    else:
        for key, value in found.items():
            say(f"{key:<28}{value}")
    return EXIT_OK if sound else EXIT_FOUND


class Drill:
    """In a folder of its own."""

    def __init__(self, folder: Path, clients: int) -> None:
        self._data = folder / "data"
        self._prices = folder / "prices.ndjson"
        self._clients = clients

    def run(self) -> dict[str, Any]:
        """What was seen."""
        prepare(self._data, self._clients)
        self._tell(START // 10)
        with _process("serve", "--data", str(self._data), "--port", "0") as trading:
            trading.row("ready")
            words = ("clearing", "serve", "--data", str(self._data), "--prices", str(self._prices))
            with _process(*words) as clearing:
                clearing.row("ready")
                before = records_in(self._data)
                killed = time.perf_counter()
                trading.kill()
                note("trading is killed; the market falls")
                took_over = clearing.row("took_over")
                in_charge = time.perf_counter() - killed
                for price in PATH:
                    self._tell(price)
                    time.sleep(STEP_S)
                first = clearing.row("closed")
                with _process("serve", "--data", str(self._data), "--port", "0") as again:
                    back = time.perf_counter()
                    again.row("ready")
                    returned = time.perf_counter() - back
                    handed = clearing.row("handed_back")
                    clearing.row("applied")
                    again.stop()
                clearing.stop()
        times = {"killed_to_in_charge_s": in_charge, "back_to_serving_s": returned}
        return self._judged(before, (took_over, first, handed), times)

    def _tell(self, price: int) -> None:
        with self._prices.open("a") as file:
            file.write(json.dumps({"symbol": SYMBOL, "price": str(price)}) + "\n")

    def _judged(self, before: int, events: tuple[dict[str, Any], ...], times: dict[str, float]) -> dict[str, Any]:
        took_over, first, handed = events
        rows = rows_of(self._data / CLEARING / DECISIONS)
        closes = [row for row in rows if row["kind"] == "close" and row["n"] > took_over["n"]]
        done = [row for row in rows if row["kind"] == "closed"]
        checked = verify(str(self._data), None, True, False)
        fills = Counter(
            record.command.fill_id
            for record in records(self._data, before + 1)
            if type(record.command) is VenueFilled and record.reason is None
        )
        engine = Engine(str(self._data), "os")
        totals = {asset: total for asset, total in engine.totals() if total}
        open_left = sum(engine.position(16 + number, 1)[0] for number in range(self._clients))
        engine.close()
        marked = next(row["at"] for row in rows if row["kind"] == "close" and row["n"] > took_over["n"])
        answer = {
            "ok": bool(done) and not totals and checked["ok"] and checked["effects_equal"] is not False,
            "clients": self._clients,
            "calls": sum(row["kind"] == "call" for row in rows),
            "closes": len(closes),
            "closed_lots": sum(row["quantity"] for row in done),
            "lots_left": open_left,
            "votes": dict(Counter(str(row["votes"]) for row in closes)),
            "dissent": sum(row["kind"] in ("dissent", "no_majority") for row in rows),
            "killed_to_in_charge_s": round(times["killed_to_in_charge_s"], 3),
            "silence_before_s": took_over["silent_s"],
            "in_charge_to_first_close_s": round((marked - took_over["at"]) / NS_PER_S, 3),
            "decision_to_fill_ms": round(sum(_latency(row, closes) for row in done) / len(done), 3),
            "back_to_serving_s": round(times["back_to_serving_s"], 3),
            "records_of_clearing": handed["sequence"] - took_over["sequence"],
            "fills_twice": sum(count > 1 for count in fills.values()),
            "trial_balance": totals,
            "journal_sound": checked["ok"],
            "first_close": first["order"],
        }
        answer["ok"] = answer["ok"] and not answer["fills_twice"] and not answer["dissent"]
        return answer


def _latency(done: dict[str, Any], closes: list[dict[str, Any]]) -> float:
    """Milliseconds from a decision to its fill."""
    decided = next(row["at"] for row in closes if row["n"] == done["close"])
    return float((done["done_at"] - decided) / 1_000_000)


def records_in(data: Path) -> int:
    """Records on disk."""
    return sum(1 for _ in records(data))


def prepare(data: Path, clients: int) -> None:
    """A folder with clients who are long one unit each, with 5,200 of money and a little more from one to the next."""
    engine = Engine(str(data), "os")
    for command, text in _opening(clients):
        origin = Origin(role=ROLES["house"], gateway=GATEWAYS["app"], text=text)
        record = engine.submit(command, time.time_ns(), origin)
        assert record.reason is None, f"{text or type(command).__name__}: {record.reason}"
    engine.close()


def _opening(clients: int) -> Iterator[tuple[Any, str]]:
    yield AddAsset(code="USD", decimals=6), ""
    yield AddAsset(code="DRILL", decimals=8), ""
    units = {"price_decimals": 1, "quantity_decimals": 3, "tick": 1, "lot": 1, "multiplier": 1}
    fees = {"maker_fee_ppm": 0, "taker_fee_ppm": 500, "collar_bps": 300, "initial_margin_bps": 1_000}
    yield AddInstrument(symbol=SYMBOL, kind=LINEAR_PERPETUAL, base=2, quote=1, **units, **fees, mark=START), ""
    for number in range(clients):
        name = f"client:drill-{number}"
        yield OpenAccount(kind=ACCOUNT_CLIENT, client_id=content_id(name)), name
    yield OpenAccount(kind=ACCOUNT_VENUE, client_id=content_id("venue:outside")), "venue:outside"
    for number in range(clients):
        amount = (5_200 + number % 5 * 1_500) * MONEY
        yield Deposit(account=16 + number, asset=1, amount=amount), ""
        fill = {"side": BUY, "liquidity": TAKER, "price": START, "quantity": LOT}
        places = {"order": 0, "venue": 16 + clients, "account": 16 + number, "instrument": 1}
        yield VenueFilled(**places, **fill, fill_id=content_id(f"opening-{number}")), ""


class _Process:
    """A command of ours, whose rows are read."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._started: subprocess.Popen[bytes] = subprocess.Popen(
            [*COMMAND, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"NO_COLOR": "1"},
            text=False,
        )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        """Every line, then an empty one."""
        assert self._started.stdout is not None
        with self._started.stdout as output:
            for line in iter(output.readline, b""):
                self._lines.put(line)
        self._lines.put(b"")

    def row(self, event: str) -> dict[str, Any]:
        """The next row of this event; others are passed over. Raises TimeoutError, EOFError."""
        until = time.monotonic() + WAIT_S
        with contextlib.suppress(queue.Empty):
            while line := self._lines.get(timeout=max(0.0, until - time.monotonic())):
                found: dict[str, Any] = json.loads(line)
                if found["event"] == event:
                    return found
            raise EOFError(f"a process ended before it said {event}")
        raise TimeoutError(f"nobody said {event} within {WAIT_S:g} s")

    def kill(self) -> None:
        """SIGKILL."""
        self._started.kill()
        self._started.wait(WAIT_S)

    def stop(self) -> None:
        """SIGTERM, or SIGKILL for one that does not end."""
        if self._started.poll() is None:
            self._started.send_signal(signal.SIGTERM)
            try:
                self._started.wait(WAIT_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self._reading.join(WAIT_S)


@contextlib.contextmanager
def _process(*words: str) -> Iterator[_Process]:
    started = _Process(words)
    try:
        yield started
    finally:
        started.stop()
