"""`isthmus fix-echo` in a process of its own."""

from __future__ import annotations

import json
import selectors
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

COMMAND = [sys.executable, "-c", "import sys; from isthmus.app.cli import main; sys.exit(main())", "fix-echo"]
READY_TIMEOUT_S = 30
STOP_TIMEOUT_S = 15


class EchoProcess:
    """Started with settings (written as JSON into `folder`); `port` is where it listens."""

    def __init__(self, folder: Path, settings: dict[str, Any] | None = None, port: int = 0) -> None:
        config = folder / "fix-echo.json"
        config.write_text(json.dumps(settings or {}))
        self.log = (folder / "fix-echo.log").open("ab")
        words = ["--port", str(port), "--config", str(config), "--json"]
        self.process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=self.log)
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            assert selector.select(READY_TIMEOUT_S), "fix-echo was not ready in time"
        row = json.loads(self.process.stdout.readline())
        assert row["event"] == "ready"
        self.port: int = row["port"]

    def kill(self) -> None:
        """As `kill -9` does."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Asks it to end; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_TIMEOUT_S)

    def __enter__(self) -> EchoProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self.log.close()
