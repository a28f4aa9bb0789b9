"""A real `isthmus serve` in a process of its own, and clients for it."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

ABSENT = str(Path(__file__).with_name("absent"))
"""What only tools of tests bring along, as if it were not there: a broker from `make run` has it not."""
PROGRAM = f"import sys; sys.path.insert(0, {ABSENT!r}); from isthmus.app.cli import main; sys.exit(main())"
COMMAND = [sys.executable, "-c", PROGRAM]
READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30

GENEROUS = """
[limits]
rate_per_s = 100000
rate_burst = 100000
"""

ALONE = """
[audit.witnesses]
count = 0
"""
"""Witnesses are processes of their own, and a test that says nothing of them does not wait for their start."""


class Broker:
    """Started on a free port; `ready` is its first row. A standby's first row is another: `is_ready` waits for it."""

    def __init__(self, data: Path, *options: str, settings: str = GENEROUS, name: str | None = None) -> None:
        self.data = data
        name = name or data.name
        config = data.parent / f"{name}.toml"
        config.write_text(settings if "[audit" in settings else settings + ALONE)
        words = ["serve", "--data", str(data), "--port", "0", "--config", str(config), *options]
        self.log = (data.parent / f"{name}.log").open("ab")
        self.process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=self.log)
        if "--standby" in options:
            self.standing_by = self.row("standby")
        else:
            self.is_ready()

    def is_ready(self) -> dict[str, Any]:
        """Waits until it serves; its row."""
        self.ready = self.row("ready")
        self.url: str = self.ready["url"]
        self.stream_url = self.url.replace("http://", "ws://") + "/v1/stream"
        return self.ready

    def row(self, event: str) -> dict[str, Any]:
        """The next row, which must be of this event."""
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            assert selector.select(READY_TIMEOUT_S), "serve was not ready in time"
        line = self.process.stdout.readline()
        assert line, f"serve ended: {Path(self.log.name).read_text()}"
        row: dict[str, Any] = json.loads(line)
        assert row["event"] == event
        return row

    def keys(self) -> dict[str, Any]:
        """DATA/demo-keys.json."""
        made: dict[str, Any] = json.loads((self.data / "demo-keys.json").read_text())
        return made

    def headers(self, role: str = "client") -> dict[str, str]:
        """The headers of a demo user's key."""
        key = self.keys()[role]
        return {"Isthmus-Key": key["key_id"], "Isthmus-Secret": key["secret"]}

    def client(self, role: str = "client") -> httpx.Client:
        """An HTTP client with a demo user's key."""
        return httpx.Client(base_url=self.url, headers=self.headers(role), timeout=30)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_TIMEOUT_S)
        self._close()
        return code

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(STOP_TIMEOUT_S)
        self._close()

    def _close(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.log.close()


def isthmus(*words: str) -> tuple[int, dict[str, Any]]:
    """Runs one command with --json: its exit code and object."""
    done = subprocess.run(
        [*COMMAND, *words, "--json"],
        capture_output=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1"},
        timeout=120,
    )
    return done.returncode, json.loads(done.stdout)
