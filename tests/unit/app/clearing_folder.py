"""A data folder with clients who are long, trading that can be killed, and clearing on a clock that the test moves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from isthmus.app.clearing_charge import apply, opened
from isthmus.app.clearing_drill import SYMBOL, prepare
from isthmus.app.clearing_process import ClearingProcess
from isthmus.app.settings import Settings, read_defaults, settings_of
from isthmus.clearing.decisions import Row, rows_of
from isthmus.engine.engine import Engine, Origin, Record
from isthmus.kernel.messages import Mark

SECOND = 1_000_000_000
FIRST = 16
USD = 1
PERPETUAL = 1


class Folder:
    """`data` is DATA; the clock is ahead of every stamp and stands still unless `pass_time` moves it."""

    def __init__(self, folder: Path, clients: int = 3) -> None:
        self.data = folder / "data"
        self.prices = folder / "prices.ndjson"
        prepare(self.data, clients)
        self.trading: Engine | None = None
        self.now = 0
        self.said: list[dict[str, Any]] = []
        self.processes: list[ClearingProcess] = []
        self.trade()
        self.now = self.engine.stamp + SECOND
        (self.data / "clearing").mkdir(exist_ok=True)

    @property
    def engine(self) -> Engine:
        assert self.trading is not None
        return self.trading

    def trade(self) -> list[Record]:
        """A trading process starts: what clearing did is applied first."""
        self.trading = opened(self.data, lambda: Engine(str(self.data), "os"), 0)
        return apply(self.trading, self.data)

    def submit(self, command: Any) -> Record:
        self.now += 1
        record = self.engine.submit(command, self.now, Origin(role=5, gateway=4))
        assert record.reason is None, record.reason
        return record

    def mark(self, price: int) -> None:
        """By trading; in price steps of 0.1."""
        self.submit(Mark(instrument=PERPETUAL, settlement=0, source=1, price=price))

    def kill(self) -> None:
        """As kill -9: the lock is free and nothing was closed. A clean end would seal the journal."""
        saved = self.data.with_name("as-it-was")
        shutil.rmtree(saved, ignore_errors=True)
        shutil.copytree(self.data / "journal", saved)
        self.engine.close()
        shutil.rmtree(self.data / "journal")
        saved.rename(self.data / "journal")
        self.trading = None

    def price(self, price: int, symbol: str = SYMBOL) -> None:
        """Clearing's own price."""
        with self.prices.open("a") as file:
            file.write(json.dumps({"symbol": symbol, "price": str(price)}) + "\n")

    def settings(self, **changes: Any) -> Settings:
        told = {"data": str(self.data), "clearing": {"prices": str(self.prices), **changes}}
        return settings_of(read_defaults(), told)

    def clearing(self, **changes: Any) -> ClearingProcess:
        """A clearing process of this folder, which has read the journal."""
        process = ClearingProcess(self.settings(**changes), lambda: self.now, self.said.append)
        process.start()
        self.processes.append(process)
        return process

    def close(self) -> None:
        """Whoever still runs stops cleanly."""
        for process in self.processes:
            process.stop(self.now)
        if self.trading is not None:
            self.trading.close()

    def pass_time(self, process: ClearingProcess, seconds: float) -> None:
        """In steps of a tenth of a second."""
        for _ in range(max(1, round(seconds * 10))):
            self.now += SECOND // 10
            process.step(self.now)

    def rows(self, *kinds: str) -> list[Row]:
        """Of the journal of decisions."""
        found = rows_of(self.data / "clearing" / "decisions.log")
        return [row for row in found if not kinds or row["kind"] in kinds]

    def kinds(self) -> list[str]:
        return [row["kind"] for row in self.rows()]
