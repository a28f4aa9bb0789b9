"""Starts counterparties in processes of their own and reads their rows: QuickFIX's engine, and our initiator."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

HERE = Path(__file__).parent
WAIT_S = 60.0
STOP_S = 15.0


def quickfix_python() -> str | None:
    """An interpreter that can import quickfix: this one, or the one that ISTHMUS_QUICKFIX_PYTHON names."""
    if importlib.util.find_spec("quickfix"):
        return sys.executable
    return os.environ.get("ISTHMUS_QUICKFIX_PYTHON") or None


class Peer:
    """One process that prints rows. `rows` grows while it runs; `restart` begins again with the same settings."""

    def __init__(self, python: str, script: str, **settings: Any) -> None:
        self.python, self.script, self.settings = python, script, settings
        self.rows: list[dict[str, Any]] = []
        self.start()

    def start(self) -> None:
        """Starts the process and waits until it is ready."""
        seen = len(self.rows)
        self.process = subprocess.Popen(
            [self.python, str(HERE / self.script), json.dumps(self.settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.wait_for(lambda: any(row["event"] == "ready" for row in self.rows[seen:]), "ready")

    def read(self) -> None:
        """Collects rows until the process ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{") and line.endswith("}\n"):
                self.rows.append(json.loads(line))

    def wait_for(self, is_there: Callable[[], bool], what: str, patience_s: float = WAIT_S) -> None:
        """Waits until it is so. Fails with what was waited for."""
        until = time.monotonic() + patience_s
        while not is_there():
            assert time.monotonic() < until, f"{self.script}: no {what}; last rows {self.rows[-5:]}"
            time.sleep(0.02)

    def count(self, event: str) -> int:
        """Rows of that event so far."""
        return sum(row["event"] == event for row in self.rows)

    def orders(self) -> list[int]:
        """Identifiers of the orders that came, in their order."""
        return [int(row["id"]) for row in self.rows if row["event"] == "order"]

    def kill(self) -> None:
        """As `kill -9` does."""
        self.process.kill()
        self.close()

    def close(self) -> None:
        """Waits for its end and closes its pipes."""
        self.process.wait()
        self.reader.join(STOP_S)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()

    def restart(self) -> None:
        """Kills it and starts it again."""
        self.kill()
        self.start()

    def stop(self) -> None:
        """Asks it to end."""
        if self.process.poll() is None and self.process.stdin and not self.process.stdin.closed:
            try:
                self.process.stdin.write("stop\n")
                self.process.stdin.flush()
                self.process.wait(STOP_S)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self.process.kill()
        self.close()

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
