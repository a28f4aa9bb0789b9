"""A real `isthmus custodian serve` in a process of its own, and what a trial does to it."""

from __future__ import annotations

import json
import selectors
import signal
import subprocess
from pathlib import Path
from typing import Any

import httpx
from tests.e2e.server import COMMAND, READY_TIMEOUT_S, STOP_TIMEOUT_S

CURRENCIES = ("GBP", "CHF")


def number(bank: str, currency: str, side: str = "client") -> str:
    """How our account there is called."""
    return f"{bank.upper()}-{currency}-{side}"


class Custodian:
    """Started on a free port with accounts in GBP and CHF for clients and firm."""

    def __init__(self, folder: Path, name: str, bic: str, statements: str) -> None:
        self.name, self.bic, self.statements = name, bic, statements
        self.config = folder / f"{name}.toml"
        self._data = folder / "banks"
        rows = "\n".join(
            f'[[accounts]]\nnumber = "{number(name, currency, side)}"\ncurrency = "{currency}"'
            for currency in CURRENCIES
            for side in ("client", "firm")
        )
        self.config.write_text(f'name = "{name}"\nbic = "{bic}"\nstatements = "{statements}"\nday_s = 86400\n{rows}\n')
        self.port = 0
        self.start()

    def start(self) -> None:
        """On the port it had before, if any."""
        words = [
            "custodian",
            "serve",
            "--config",
            str(self.config),
            "--data",
            str(self._data),
            "--port",
            str(self.port),
        ]
        self.process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            assert selector.select(READY_TIMEOUT_S), "the bank was not ready in time"
        ready: dict[str, Any] = json.loads(self.process.stdout.readline())
        self.url: str = ready["url"]
        self.port = int(self.url.rpartition(":")[2])

    def control(self, what: str, **fields: Any) -> Any:
        """POST /control/..."""
        return httpx.post(f"{self.url}/control/{what}", json=fields, timeout=10).raise_for_status().json()

    def credit(self, currency: str, amount: str, information: str, side: str = "client") -> Any:
        """Somebody pays to our account there."""
        account = number(self.name, currency, side)
        return self.control("credit", account=account, amount=amount, information=information)

    def fault(self, *names: str) -> None:
        """What goes wrong from now on."""
        self.control("fault", faults=list(names))

    def close_day(self) -> None:
        """Statements go out."""
        self.control("close")

    def state(self) -> Any:
        """Accounts, payments."""
        return httpx.get(f"{self.url}/control/state", timeout=10).raise_for_status().json()

    def settings(self, weight: int) -> str:
        """Its table in the broker's settings."""
        rows = ", ".join(
            f'{{number = "{number(self.name, currency, side)}", currency = "{currency}", side = "{side}"}}'
            for currency in CURRENCIES
            for side in ("client", "firm")
        )
        return (
            f'[custody.banks.{self.name}]\nurl = "{self.url}"\nbic = "{self.bic}"\nweight = {weight}\n'
            f'statements = "{self.statements}"\naccounts = [{rows}]\n'
        )

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_TIMEOUT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code
