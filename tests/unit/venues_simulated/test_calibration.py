"""The simulated markets have the figures of the recorded ones, within the tolerances that stand beside the figures."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from math import log, sqrt
from pathlib import Path
from typing import Any

import pytest
from tests.unit.venues_simulated.conftest import Session

from isthmus.venues.simulated.measures import NANOSECONDS, Aggressor, Measures, Quote, Tape, measure
from isthmus.venues.simulated.parameters import ASSUMED, FACTS, facts, parameters

HOURS = 1
SETTLING_S = 60
RECORDS_PER_S_MAX = 100
SYMBOLS = [model.listing.symbol for model in parameters()]


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


@pytest.fixture(scope="module")
def observed() -> Observer:
    session = Session(seed=1)
    session.play(SETTLING_S)
    observer = Observer(session)
    session.play(HOURS * 3600)
    return observer


def figures(observer: Observer, symbol: str) -> dict[str, float]:
    model = next(model for model in parameters() if model.listing.symbol == symbol)
    found: Measures = measure(observer.tape(symbol, 10**model.listing.quantity_decimals))
    number = observer.session.instruments[symbol]
    return {key: getattr(found, key) for key in Measures.__struct_fields__} | {
        "adds_per_s": observer.adds[number] / found.span_s,
        "cancels_per_add": observer.cancels[number] / observer.adds[number],
    }


def expected(symbol: str) -> dict[str, float]:
    """The facts as the model plays them: thinned where the recording is busier than a journal should be."""
    listing = next(model.listing for model in parameters() if model.listing.symbol == symbol)
    known, thinning = dict(facts()[listing.facts]), ASSUMED[listing.facts].thinning
    known["aggressors_per_s"] /= thinning
    known["clustering_10s"] = 1 + (known["clustering_10s"] - 1) / thinning
    return known


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_simulated_market_has_the_measured_figures(observed: Observer, symbol: str) -> None:
    found, wanted = figures(observed, symbol), expected(symbol)
    if symbol == "BTC-USD-PERP":
        found |= basis(observed)
    far = {
        key: (found[key], wanted[key])
        for key, tolerance in wanted["tolerance"].items()  # type: ignore[attr-defined]
        if abs(found[key] / wanted[key] - 1) > tolerance
    }
    assert far == {}


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


def test_the_journal_grows_slowly(observed: Observer) -> None:
    assert observed.records / (HOURS * 3600) < RECORDS_PER_S_MAX


def test_no_command_of_the_participants_is_refused(observed: Observer) -> None:
    assert observed.refused == []


def test_the_middle_is_never_crossed(observed: Observer) -> None:
    for quotes in observed.quotes.values():
        assert all(bid < ask for _, bid, ask in quotes)
        assert all(before[0] <= after[0] for before, after in pairwise(quotes))


def test_the_committed_figures_are_those_of_the_recordings(test_data: Path) -> None:
    tool = Path(__file__).parents[3] / "tools" / "calibrate.py"
    printed = subprocess.run(
        [sys.executable, str(tool), str(test_data)], check=True, capture_output=True, text=True, timeout=120
    ).stdout
    assert printed == FACTS.read_text()
