"""Plays the simulated markets in memory, as fast as the machine can, and sets their figures beside the measured ones.

    python tools/play_markets.py --hours 1 --seed 1

Prints a Markdown table: the figures of facts.toml as the model plays them (thinned), what an hour of play gives, and
the tolerance. Exit code 1 if one is out of its tolerance.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from math import log, sqrt
from time import process_time
from typing import Any

from isthmus.engine.engine import Engine
from isthmus.kernel.messages import AddAsset, Deposit, OpenAccount
from isthmus.venues.simulated.market import SimulatedMarkets
from isthmus.venues.simulated.measures import NANOSECONDS, Aggressor, Quote, Tape, measure
from isthmus.venues.simulated.parameters import ASSUMED, Parameters, facts, parameters

SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND
NO_ID = bytes(16)
SETTLING_S = 60


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


class Observer:
    """Sorts every record by instrument: best quotes when they change, aggressors, additions and cancellations."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.engine = session.desk.engine
        self.start = session.desk.at
        self.impatient = session.desk.account("house:impatient", 2)
        self.quotes: dict[int, list[Quote]] = {number: [] for number in session.instruments.values()}
        self.aggressors: dict[int, list[Aggressor]] = {number: [] for number in session.instruments.values()}
        self.adds: dict[int, int] = dict.fromkeys(session.instruments.values(), 0)
        self.cancels: dict[int, int] = dict.fromkeys(session.instruments.values(), 0)
        self.records = 0
        self.refused: list[str] = []
        self._instrument_of: dict[int, int] = {}
        session.desk.heard = self.hear

    def hear(self, record: Any) -> None:
        self.records += 1
        if record.reason is not None:
            self.refused.append(record.reason)
        command = record.command
        kind = type(command).__name__
        instrument = getattr(command, "instrument", 0) or self._instrument_of.get(getattr(command, "order", 0), 0)
        if not instrument:
            return
        if kind == "PlaceOrder":
            self._instrument_of[record.sequence] = instrument
            self._taken(record, command)
        self.adds[instrument] += kind == "ReplaceOrder" or (kind == "PlaceOrder" and command.kind == 1)
        self.cancels[instrument] += kind in ("ReplaceOrder", "CancelOrder")
        bid, _, ask, _ = self.engine.best(instrument)
        quotes = self.quotes[instrument]
        if bid and ask and (not quotes or quotes[-1][1:] != (bid, ask)):
            quotes.append((record.stamp, bid, ask))

    def _taken(self, record: Any, command: Any) -> None:
        if command.account == self.impatient:
            taken = sum(effect.quantity for effect in record.effects if type(effect).__name__ == "Traded")
            if taken:
                self.aggressors[command.instrument].append((record.stamp, float(taken)))

    def tape(self, symbol: str, unit: int) -> Tape:
        number = self.session.instruments[symbol]
        aggressors = [(at, size / unit) for at, size in self.aggressors[number]]
        return Tape(self.start, self.session.desk.at, self.quotes[number], aggressors)


def observe(seed: int, hours: float) -> Observer:
    """Play for a while, then watch."""
    session = Session(seed)
    session.play(SETTLING_S)
    observer = Observer(session)
    session.play(hours * 3600)
    return observer


def figures(observer: Observer, symbol: str) -> dict[str, float]:
    """What was observed of a market, by the names of the facts."""
    model = model_of(symbol)
    found = measure(observer.tape(symbol, 10**model.listing.quantity_decimals))
    number = observer.session.instruments[symbol]
    tied = basis(observer) if model.listing.tied_to else {}
    return (
        tied
        | {key: getattr(found, key) for key in found.__struct_fields__}
        | {
            "adds_per_s": observer.adds[number] / found.span_s,
            "cancels_per_add": observer.cancels[number] / observer.adds[number],
        }
    )


def expected(symbol: str) -> dict[str, Any]:
    """The facts as the model plays them: thinned where the recording is busier than a journal should be."""
    listing = model_of(symbol).listing
    known, thinning = dict(facts()[listing.facts]), ASSUMED[listing.facts].thinning
    known["aggressors_per_s"] /= thinning
    known["clustering_10s"] = 1 + (known["clustering_10s"] - 1) / thinning
    return known


def model_of(symbol: str) -> Parameters:
    """The model of a listing."""
    return next(model for model in parameters() if model.listing.symbol == symbol)


def basis(observed: Observer) -> dict[str, float]:
    """Perpetual over spot, each second, as tools/calibrate.py measures it."""
    spot, perpetual = observed.tape("BTC-USD", 1), observed.tape("BTC-USD-PERP", 1)
    gaps, places = [], [0, 0]
    for at in range(observed.start + NANOSECONDS, observed.session.desk.at, NANOSECONDS):
        middles = []
        for index, (tape, tick) in enumerate(((spot, 1), (perpetual, 10))):
            while places[index] + 1 < len(tape.quotes) and tape.quotes[places[index] + 1][0] <= at:
                places[index] += 1
            _, bid, ask = tape.quotes[places[index]]
            middles.append((bid + ask) / 2 * tick)
        gaps.append(10_000 * log(middles[1] / middles[0]))
    mean = sum(gaps) / len(gaps)
    return {"basis_bps_mean": mean, "basis_bps_deviation": sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))}


def far(found: dict[str, float], wanted: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """The figures out of their tolerance, as (simulated, expected)."""
    return {
        key: (found[key], wanted[key])
        for key, tolerance in wanted["tolerance"].items()
        if abs(found[key] / wanted[key] - 1) > tolerance
    }


def table(observer: Observer) -> tuple[list[str], bool]:
    """Lines of Markdown, and whether all is within tolerance."""
    lines, well = ["| market | figure | expected | simulated | tolerance |", "|---|---|---:|---:|---:|"], True
    for symbol in observer.session.instruments:
        found, wanted = figures(observer, symbol), expected(symbol)
        well &= not far(found, wanted)
        lines += [
            f"| `{symbol}` | {key} | {wanted[key]:.4g} | {found[key]:.4g} | {tolerance:.0%} |"
            for key, tolerance in wanted["tolerance"].items()
        ]
    return lines, well


def main(arguments: list[str]) -> int:
    """Play, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    began = process_time()
    observer = observe(options.seed, options.hours)
    cpu = (process_time() - began) / options.hours / 3600
    lines, well = table(observer)
    print("\n".join(lines))
    rate = observer.records / options.hours / 3600
    print(f"\n{rate:.1f} records a second; {cpu:.2%} of a core, engine and this observer included")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
