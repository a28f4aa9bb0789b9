"""`isthmus sim`: seeded runs of the whole broker against its laws.

Core, journal and clients run in Rust (`crates/sim`); `--cold` seeds also run the Python tier on a real data folder: its
read models must say what the engine says, live and after a restart.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from isthmus import _core
from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, print_json, progress, say
from isthmus.app.pipeline import build_core, replay
from isthmus.app.settings import Settings, read_defaults, settings_of
from isthmus.engine.driver import Driver
from isthmus.engine.engine import Engine, Origin, Record
from isthmus.views.views import Views

SEEDS_A_STEP = 100
"""Seeds between two looks at how far it is."""
COLD_COMMANDS = 200
MEMORY = "/dev/shm"  # noqa: S108 (files that live as long as a run, in memory where there is such a folder)
CHANGING = 4
"""The instrument whose trading state the clients change."""
OPENED = "continuous"

Violation = dict[str, Any]


def run(arguments: argparse.Namespace) -> int:
    """Prints what was broken; `seeds` counts those that ran."""
    started = time.perf_counter()
    violations: list[Violation] = []
    commands = 0
    memory = MEMORY if os.access(MEMORY, os.W_OK) else None
    scratched = tempfile.TemporaryDirectory(prefix="isthmus-sim-", dir=memory)
    with scratched as scratch, progress("seeds", arguments.seeds) as advance:
        for first in range(arguments.seed, arguments.seed + arguments.seeds, SEEDS_A_STEP):
            count = min(SEEDS_A_STEP, arguments.seed + arguments.seeds - first)
            try:
                found = _core.simulate(first, count, arguments.plant, scratch)
            except ValueError as fault:
                fail("plant", str(fault).removeprefix("plant: "))
            violations += found["violations"]
            commands += found["commands"]
            advance(count)
        for seed in range(arguments.seed, arguments.seed + min(arguments.cold, arguments.seeds)):
            tell = _tell if arguments.verbose and not arguments.json else None
            violations += run_cold(seed, Path(scratch) / f"cold-{seed}", tell)
    seconds = round(time.perf_counter() - started, 3)
    return _report(arguments, {"seeds": arguments.seeds, "violations": violations, "seconds": seconds}, commands)


def _report(arguments: argparse.Namespace, answer: dict[str, Any], commands: int) -> int:
    answer |= {"cold": min(arguments.cold, arguments.seeds), "commands": commands, "plant": arguments.plant}
    if arguments.json:
        print_json(answer)
    else:
        cold = f", {answer['cold']} of them with the Python tier" if answer["cold"] else ""
        say(f"{answer['seeds']} seeds{cold}: {commands} commands in {answer['seconds']} s")
        for found in answer["violations"]:
            say(f"seed {found['seed']}, command {found['step']}: {found['oracle']} does not hold")
        if not answer["violations"]:
            say("no law was broken")
    return EXIT_FOUND if answer["violations"] else EXIT_OK


def _tell(command: Any, record: Record) -> None:
    say(f"{record.sequence} {command}")
    for effect in record.effects:
        say(f"    {effect}")


def run_cold(seed: int, data: Path, tell: Callable[[Any, Record], None] | None = None) -> list[Violation]:
    """One seed through driver, directory and views; a restart in the middle of it. `tell` is told every command."""
    data.mkdir()
    settings = settings_of(read_defaults(), {"data": str(data), "durability": "os"})
    clients = _core.SimulatedClients(seed)
    tier = _Tier(settings)
    try:
        for command in clients.opening():
            tier.send(command, 0)
        for step in range(COLD_COMMANDS):
            if step == COLD_COMMANDS // 2:
                tier.restart()
            at, command = clients.next(tier.state())
            record = tier.send(command, at)
            if tell:
                tell(command, record)
            if any(type(effect).__name__ == "Accepted" for effect in record.effects):
                clients.placed(record.sequence, command)
            if broken := tier.broken():
                return [{"seed": seed, "step": record.sequence, "oracle": broken}]
    finally:
        tier.close()
    return []


class _Tier:
    """The server without its sockets: what is staged is flushed and told at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._now = 0
        self._open()

    def _open(self) -> None:
        engine = Engine(str(self._settings.data), "os")
        self._core = build_core(engine, self._settings, lambda: self._now)
        replay(self._core, str(self._settings.data), lambda _count: None)

    def send(self, command: Any, at: int) -> Record:
        driver: Driver = self._core.driver
        self._now = at
        told: list[Record] = []
        driver.submit(command, Origin(), told.append)
        driver.hand_over()
        driver.settle(driver.flush(), 1)
        return told[0]

    def state(self) -> int:
        states = {name: number for number, name in _core.SESSION_STATES.items()}
        return states[self._core.views.sessions.state(CHANGING)]

    def restart(self) -> None:
        self._core.engine.close()
        self._open()

    def close(self) -> None:
        self._core.engine.close()

    def broken(self) -> str | None:
        """The law that the read models break."""
        views: Views = self._core.views
        engine = self._core.engine
        for account in self._core.directory.client_numbers:
            shown = {row.number: row.quantity - row.filled for row in views.orders.newest_first(account, True)}
            live = {order: engine.order(order) for order in engine.orders(account)}
            if shown != {order: row["quantity"] - row["filled"] for order, row in live.items() if row}:
                return "the blotter shows the live orders"
            for asset, amount, held, frozen in engine.balances(account):
                row = views.holdings.balance(account, asset)
                if (row.total, row.held, row.frozen) != (amount, held, frozen):
                    return "balances are the engine's"
        return None
