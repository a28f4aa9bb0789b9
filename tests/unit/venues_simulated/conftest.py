"""A desk over an engine in memory: what the server gives to a market, without the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from isthmus.engine.engine import Engine
from isthmus.kernel.messages import AddAsset, Deposit, OpenAccount
from isthmus.venues.simulated.market import SimulatedMarkets
from isthmus.venues.simulated.parameters import parameters

SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND
NO_ID = bytes(16)


class MemoryDesk:
    """Submits at once, at the time that the test says; `heard` is called with every record."""

    def __init__(self, engine: Engine | None = None) -> None:
        self.engine = engine if engine is not None else Engine()
        self.at = START
        self.busy = False
        self.records: list[Any] = []
        self.heard: Callable[[Any], None] = self.records.append

    def now(self) -> int:
        return self.at

    def submit(self, command: Any) -> Any:
        if self.busy:
            return None
        record = self.engine.submit(command, self.at)
        self.heard(record)
        return record

    def account(self, name: str, kind: int) -> int:
        known = sorted(account for account, _ in self.engine.accounts() if account >= 16)
        place = ["house:maker", "house:patient", "house:impatient"].index(name)
        if place < len(known):
            return known[place]
        return int(self.submit(OpenAccount(kind=kind, client_id=NO_ID)).effects[0].account)

    def asset(self, code: str, decimals: int) -> int:
        for row in self.engine.assets():
            if row["code"] == code:
                return int(row["asset"])
        return int(self.submit(AddAsset(code=code, decimals=decimals)).effects[0].asset)

    def instrument(self, command: Any) -> int:
        for row in self.engine.instruments():
            if row["symbol"] == command.symbol:
                return int(row["instrument"])
        record = self.submit(command)
        assert record.reason is None, record.reason
        return int(record.effects[0].instrument)

    def fund(self, account: int, asset: int, at_least: int) -> None:
        missing = at_least - self.engine.balance(account, asset)[0]
        if missing > 0:
            self.submit(Deposit(account=account, asset=asset, amount=missing, client_id=NO_ID))


class Session:
    """Simulated markets over a memory desk, played as fast as the machine can."""

    def __init__(self, seed: int = 7, engine: Engine | None = None, symbols: tuple[str, ...] = ()) -> None:
        self.desk = MemoryDesk(engine)
        models = [model for model in parameters() if not symbols or model.listing.symbol in symbols]
        self.market = SimulatedMarkets(models, seed, speed=1.0)
        self.market.open(self.desk)  # type: ignore[arg-type]  # no outside market data: the house book is the market
        rows = {row["symbol"]: int(row["instrument"]) for row in self.desk.engine.instruments()}
        self.instruments = {model.listing.symbol: rows[model.listing.symbol] for model in models}

    def play(self, seconds: float) -> None:
        """Let simulated time pass."""
        end = self.desk.at + int(seconds * SECOND)
        due = self.desk.at
        while due <= end:
            self.desk.at = max(self.desk.at, due)
            due = max(due + 1, self.market.step(self.desk.at))
        self.desk.at = end

    def best(self, symbol: str) -> tuple[int, int, int, int]:
        """Bid price and quantity, ask price and quantity."""
        return self.desk.engine.best(self.instruments[symbol])

    def client(self, **deposits: int) -> int:
        """A client's account with money: `client(USD=10**12)`."""
        account = int(self.desk.submit(OpenAccount(kind=1, client_id=NO_ID)).effects[0].account)
        for code, amount in deposits.items():
            asset = self.desk.asset(code, 0)
            self.desk.submit(Deposit(account=account, asset=asset, amount=amount, client_id=NO_ID))
        return account


@pytest.fixture
def session() -> Session:
    """All markets, opened and played for two seconds."""
    made = Session()
    made.play(2)
    return made
