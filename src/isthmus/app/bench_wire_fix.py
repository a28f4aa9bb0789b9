"""The FIX rows of `isthmus bench wire`: the codec inside Rust, its Python face, and other parsers, in turns.

An order is a NewOrderSingle of 238 bytes and 22 fields, a report an ExecutionReport of 417 bytes and 38 fields with a
group of two parties; 64 of each, alike in shape and not in values. Every process answers rounds of them when asked, so
that a slow minute of the machine meets all; the median of the rounds speaks, in processor time of one message.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from isthmus._core import FixDictionary, FixMessage
from isthmus.app.bench_native import PACKAGES, Unbuilt, build
from isthmus.app.bench_outside import NOT_HERE, SCRIPTS, last_line
from isthmus.app.bench_report import Peer, Probe, Row
from isthmus.app.output import note

ROUNDS = 11
GOALS_NS: dict[str, int | None] = {
    "fix_order_parse": 100,
    "fix_report_parse": 160,
    "fix_order_validate": 300,
    "fix_report_validate": None,
    "fix_order_encode": 60,
    "fix_report_encode": None,
    "fix_order_python": None,
    "fix_report_python": None,
}
"""The most that a row's value may be, in nanoseconds of processor time a message."""
IN_PYTHON = ("fix_order_python", "fix_report_python")
"""`FixMessage` with ten fields read."""
READ = (11, 1, 55, 54, 38, 40, 44, 59, 60, 52)
PEERS = ("pure-python-dict", "simplefix", "quickfix")
PYTHON_MESSAGES = 2_000


def framed(body: str) -> str:
    """A FIX 4.4 message of these fields, `|` for SOH."""
    head = f"8=FIX.4.4|9={len(body)}|{body}"
    return f"{head}10={sum(head.replace('|', chr(1)).encode()) % 256:03}|"


def orders() -> list[str]:
    """NewOrderSingle."""
    return [
        framed(
            f"35=D|34={number}|49=BUYSIDE01|52={sent}|56=ISTHMUS|57=DESK-07|11=ORD-20260102-00000{number}|"
            f"1=ACCT-000123-MAIN|21=1|18=6|55=MSFT|207=XNAS|54={side}|60={sent}456|38={quantity}|40=2|44={price}|15=USD|59=0|"
        )
        for number, sent, side, quantity, price in _facts()
    ]


def reports() -> list[str]:
    """ExecutionReport."""
    return [
        framed(
            f"35=8|34={number}|49=ISTHMUS|52={sent}|56=BUYSIDE01|50=DESK-07|37=O-20260102-00000009{number}|"
            f"11=ORD-20260102-00000{number}|453=2|448=BUYSIDE-DESK-1|447=D|452=1|448=CLEARING-HAUS1|447=D|452=4|"
            f"17=E-20260102-00000012{number}|150=F|39=1|1=ACCT-000123-MAIN|63=0|55=MSFT|207=XNAS|54={side}|"
            f"38={quantity}|40=2|44={price}|15=USD|59=0|32=400|31={price}|30=XNAS|151={quantity - 400}|14=400|"
            f"6={price}|60={sent}456|"
        )
        for number, sent, side, quantity, price in _facts()
    ]


def _facts() -> Iterator[tuple[int, str, int, int, str]]:
    for step in range(64):
        cents = 42_537 + 13 * step
        sent = f"20260102-14:30:07.{100 + step}"
        yield 12_345 + 7 * step, sent, 1 + step % 2, 1_000 + step, f"{cents // 100}.{cents % 100:02}"


def measure(folder: Path) -> tuple[list[Row], list[Peer], list[Probe]]:
    """All FIX rows and peers."""
    for name, messages in (("order", orders()), ("report", reports())):
        (folder / name).write_text("\n".join(messages) + "\n", encoding="ascii")
    note("isthmus: what is timed inside Rust is built, if it is not up to date")
    with ExitStack() as stack:
        native = Asked(stack, _native(folder))
        others = {name: Asked(stack, _peer(name, folder)) for name in PEERS}
        faces = Faces(folder)
        for number in range(ROUNDS):
            note(f"isthmus: FIX, round {number + 1} of {ROUNDS}")
            native.round()
            faces.round()
            for other in others.values():
                other.round()
    values = native.medians() | faces.medians()
    rows = [_row(name, values.get(name), native, faces.right) for name in GOALS_NS]
    return rows, [peer for name, other in others.items() for peer in _peers(name, other, values)], []


class Asked:
    """A process that answers rounds, line by line; `why` says why there is none, or why no more."""

    def __init__(self, stack: ExitStack, command: list[str] | str) -> None:
        self.why = command if isinstance(command, str) else None
        self.right = False
        self.version: str | None = None
        self.rounds: list[dict[str, float]] = []
        self._process: subprocess.Popen[str] | None = None
        if isinstance(command, str):
            return
        self._process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        stack.callback(self._end)
        truth = self._ask("truth")
        self.right = truth is True or (isinstance(truth, dict) and truth.get("right") is True)
        if isinstance(truth, dict):
            self.version = truth.get("version")

    def round(self) -> None:
        """Every subject once."""
        found = self._ask("round")
        if isinstance(found, dict):
            self.rounds.append(found)

    def medians(self) -> dict[str, float]:
        """Of the rounds, by row."""
        names = self.rounds[0] if self.rounds else {}
        return {name: statistics.median(found[name] for found in self.rounds) for name in names}

    def _ask(self, line: str) -> Any:
        if self._process is None:
            return None
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            print(line, file=self._process.stdin, flush=True)
            return json.loads(self._process.stdout.readline())
        except (OSError, json.JSONDecodeError):
            self._process.kill()
            _, errors = self._process.communicate()
            self.why, self._process = last_line(errors), None
            return None

    def _end(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()


class Faces:
    """`FixMessage` of Python, in this process."""

    def __init__(self, folder: Path) -> None:
        self.rounds: list[dict[str, float]] = []
        self.right = True
        self._messages: dict[str, list[bytes]] = {}
        dictionary = FixDictionary.standard("FIX.4.4")
        for name in ("order", "report"):
            lines = (folder / name).read_text(encoding="ascii").splitlines()
            self._messages[name] = [line.replace("|", "\x01").encode() for line in lines]
            read = (FixMessage(message, dictionary) for message in self._messages[name])
            self.right = self.right and all(dictionary.check(message) is None for message in read)

    def round(self) -> None:
        """Every message of both kinds, read and looked at."""
        self.rounds.append(
            {f"fix_{name}_python": _each(messages, _ten_fields) for name, messages in self._messages.items()}
        )

    def medians(self) -> dict[str, float]:
        """Of the rounds, by row."""
        return {name: statistics.median(found[name] for found in self.rounds) for name in self.rounds[0]}


def _ten_fields(message: bytes) -> None:
    get = FixMessage(message).get
    for tag in READ:
        get(tag)


def _each(messages: list[bytes], act: Callable[[bytes], None]) -> float:
    """Nanoseconds of processor time of one message."""
    started = time.process_time_ns()
    for number in range(PYTHON_MESSAGES):
        act(messages[number % len(messages)])
    return (time.process_time_ns() - started) / PYTHON_MESSAGES


def _native(folder: Path) -> list[str] | str:
    try:
        return [str(build()[PACKAGES[0]]), "wire", str(folder)]
    except (Unbuilt, subprocess.TimeoutExpired) as error:
        return str(error)


def _peer(name: str, folder: Path) -> list[str] | str:
    script = SCRIPTS / "wire_peers.py"
    return [sys.executable, str(script), name, str(folder)] if script.exists() else NOT_HERE


def _row(name: str, value: float | None, native: Asked, faces_right: bool) -> Row:
    goal = GOALS_NS[name]
    own = name in IN_PYTHON
    row = Row(name=name, unit="ns", goal=goal, clock="cpu", reason=None if own else native.why)
    if value is not None:
        row.value, row.cpu_value, row.rounds = round(value, 1), round(value, 1), ROUNDS
        right = faces_right if own else native.right
        row.ok = right and (goal is None or value <= goal)
        if not right:
            row.reason = "THE ANSWERS ARE WRONG"
    return row


def _peers(name: str, other: Asked, ours: dict[str, float]) -> Iterator[Peer]:
    """A peer beside the row that does the same in Rust and the one that does it in Python."""
    found = other.medians()
    if not found:
        yield Peer(name=name, row="fix_order_parse", reason=other.why or "did not answer")
        return
    for row, value in found.items():
        peer = Peer(name=name, version=other.version, row=row, value=round(value, 1))
        peer.status = "ok" if other.right else "wrong"
        peer.reason = "ns a message; ratio: theirs over ours in Rust, call ratio: over ours in Python"
        peer.ratio = round(value / ours[row], 1) if row in ours else None
        python = f"fix_{row.split('_')[1]}_python"
        peer.call_ratio = round(value / ours[python], 1) if not row.endswith("encode") else None
        yield peer
