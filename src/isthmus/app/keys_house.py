"""Holders as processes of their own on this machine, and their custodians: for drills and tests."""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgspec

from isthmus.app.keys_ceremonies import Coordinator, connected
from isthmus.app.keys_link import Lines
from isthmus.app.keys_member import ROSTER, coordinator_folder, make_coordinator, open_vault, read_kept
from isthmus.app.keys_serve import ask_own, enrolled
from isthmus.audit.keys import asks
from isthmus.audit.keys.asks import Card, Reply, Roster
from isthmus.audit.keys.kept import KeyShare
from isthmus.kernel.errors import IsthmusError

COMMAND = [sys.executable, "-c", "import sys; from isthmus.app.cli import main; sys.exit(main())"]
STOP_S = 10
NAME = "drill"


class NotStarted(IsthmusError):
    """A holder's process ended before it was ready."""


class House:
    """Holders 1 to `of`; each has a passphrase, a code and a code of duress that nobody else knows."""

    def __init__(self, folder: Path, of: int) -> None:
        self.data = folder / "data"
        self._folder = folder
        self._words = {me: secrets.token_hex(8) for me in range(1, of + 1)}
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self.cards: dict[int, Card] = {}
        for me in self._words:
            self.enroll(me)
        self.roster = self.gather()
        self.start(*self._words)

    def state(self, me: int) -> Path:
        """The holder's folder."""
        return self._folder / f"holder-{me}"

    def passphrase(self, me: int) -> str:
        """Opens what the holder has on disk."""
        return f"passphrase-{self._words[me]}"

    def code(self, me: int, duress: bool = False) -> str:
        """What his custodian types."""
        return f"{'coerced' if duress else 'ordinary'}-{self._words[me]}"

    def enroll(self, me: int) -> None:
        """A new folder, certificate and codes."""
        place = (me, "127.0.0.1", _free_port())
        self.cards[me] = enrolled(self.state(me), place, self.passphrase(me), (self.code(me), self.code(me, True)))

    def gather(self) -> Roster:
        """The roster of all cards, where coordinator and holders read it."""
        self.roster = Roster((make_coordinator(self.data), *self.cards.values()))
        (coordinator_folder(self.data) / ROSTER).write_bytes(msgspec.json.encode(self.roster))
        return self.roster

    def start(self, *holders: int) -> None:
        """At once, and waits until all are ready. Raises NotStarted."""
        path = coordinator_folder(self.data) / ROSTER
        for me in holders:
            words = ["keys", "serve", "--holder", str(me), "--state", str(self.state(me)), "--roster", str(path)]
            process = subprocess.Popen([*COMMAND, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert process.stdin is not None
            process.stdin.write(f"{self.passphrase(me)}\n".encode())
            process.stdin.close()
            self._running[me] = process
        for me in holders:
            output = self._running[me].stdout
            assert output is not None
            row = output.readline()
            if not row or not json.loads(row).get("ready"):
                raise NotStarted(f"holder {me} did not start")

    def kill(self, *holders: int, number: int = signal.SIGKILL) -> None:
        """As a lost machine, or with SIGTERM in good order."""
        for me in holders:
            process = self._running.pop(me)
            process.send_signal(number)
            process.wait(STOP_S)
            assert process.stdout is not None
            process.stdout.close()

    def lose(self, *holders: int) -> None:
        """Machine and folder are gone."""
        self.kill(*holders)
        for me in holders:
            shutil.rmtree(self.state(me))

    def stop(self) -> None:
        """All that run."""
        self.kill(*self._running, number=signal.SIGTERM)

    def custodian(self, me: int, ask: asks.Ask) -> Reply:
        """Asks his own holder."""
        return ask_own(self.state(me), self.passphrase(me), ask)

    def approve(self, me: int, key: str, request: str, duress: bool = False) -> Reply:
        """By one code or the other."""
        return self.custodian(me, asks.Approve(key, request, self.code(me, duress)))

    def share(self, me: int, key: str) -> KeyShare:
        """What lies on the holder's disk, for him who has the passphrase."""
        return read_kept(open_vault(self.state(me), self.passphrase(me))).keys[key]

    def coordinator(self) -> tuple[Coordinator, Lines]:
        """By the roster as it is now."""
        return connected(self.data, NAME)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
