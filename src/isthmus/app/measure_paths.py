"""Every path on the same parents: on the tape where a tape can answer, on the reacting simulator for all.

Parents differ in size, side and start; each runs in a broker of its own, so that none sees another. Sizes are shares of
what trades in the parent's time. The simulator's days are short, so that a parent can end in the closing call. Leakage
on the simulator is exact: how far the order moved the fair value for good. A tape does not react, so that there is none
to tell.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.backtest import Broker, open_account
from isthmus.app.playing import Playing
from isthmus.execution.policy import Work, parameters_of
from isthmus.execution.report import Names
from isthmus.execution.taxonomy import PATHS, path_named
from isthmus.execution.tca import REVERSION_NS, Analysis, Summary, summarise
from isthmus.execution.trace import Trace
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S, text
from isthmus.venues import reacting, recorded
from isthmus.venues.recorded.session import Recording
from isthmus.venues.recorded.venue import RecordedMarkets

SYMBOL = "NOVA"
DAY_S, START_S, END_S = 600, 240, 600
"""A simulated day, and when a parent begins and should be done: with the closing call, which takes the last 20 s."""
GRACE_NS = 5 * NS_PER_S
"""After its time a parent is given so long before it is ended: the call's answers are on their way."""
SHARES = (0.02, 0.1, 0.25)
"""Sizes, as shares of what trades in the parent's time."""
TAPE_LIFE_S, TAPE_WARM_S, TAPE_STARTS = 60.0, 20.0, 4
FIRST_DAY = 1_700_000_400 * NS_PER_S
"""A whole number of simulated days since 1970."""
SEEDS = 4
PARAMETERS: dict[str, dict[str, Any]] = {"AUCTION": {"most_ppm": 300_000}}
"""What a path is given beyond its defaults: a call order is cut to a share of what the call would trade."""
MONEY = "1000000000"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One parent on one market. `seed` of the simulator; 0 is the tape. `folder` of the tape."""

    path: str
    share: float
    side: str
    start_s: float
    seconds: float
    seed: int
    folder: str = ""
    parameters: dict[str, Any] = {}


class Row(msgspec.Struct, frozen=True):
    """What came of a case."""

    case: Case
    analysis: Analysis
    work: Work
    picture: list[tuple[int, float]]
    """(ns, middle) of the parent's time."""


class Measured(msgspec.Struct, frozen=True):
    """The table, and the parents behind it."""

    summaries: list[Summary]
    parents: list[tuple[Analysis, Work, Trace]]
    names: Names


def measure(day: Path, arguments: argparse.Namespace, advance: Callable[[int], None]) -> Measured:
    """The whole table. Raises BadInput for a folder without a market that can be traded, or an unknown path."""
    wanted = _wanted(arguments.paths)
    given = _parameters(arguments.parameters)
    tape = sorted(tape_cases(day, wanted), key=lambda case: case.path)
    simulator = list(simulator_cases(wanted, arguments.seeds))
    cases = [msgspec.structs.replace(case, parameters=given.get(case.path, {})) for case in (*tape, *simulator)]
    rows: list[Row] = []
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as workers:
        for row in workers.map(run_case, cases):
            rows.append(row)
            advance(1)
    summaries = [
        summarise(path, market, [row.analysis for row in rows if (row.case.path, _market(row.case)) == (path, market)])
        for market in ("tape", "simulator")
        for path in wanted
        if any((row.case.path, _market(row.case)) == (path, market) for row in rows)
    ]
    parents = [(row.analysis, row.work, trace_of(row.picture)) for row in rows]
    names = Names(lambda _: "the instrument", str, lambda _, steps: text(round(steps * 10), 1))
    return Measured(summaries, parents, names)


def _wanted(names: str | None) -> list[str]:
    known = [path.name for path in PATHS]
    if not names:
        return known
    asked = [name.strip().upper() for name in names.split(",")]
    for name in asked:
        if name not in known:
            raise BadInput("paths", f"{name} is none of {', '.join(known)}")
    return asked


def _parameters(text: str | None) -> dict[str, dict[str, Any]]:
    """Those given, over PARAMETERS, checked by their paths."""
    try:
        given = msgspec.json.decode(text or "{}", type=dict[str, dict[str, Any]])
        for name, values in given.items():
            path = path_named(name)
            if path is None:
                raise BadInput("parameters", f"there is no path {name}")
            parameters_of(path, values)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadInput("parameters", str(error)) from error
    return PARAMETERS | given


def _market(case: Case) -> str:
    return "simulator" if case.seed else "tape"


def simulator_cases(paths: Iterable[str], seeds: int) -> Iterator[Case]:
    """Every path on the same sizes, sides and days."""
    for path in paths:
        for seed in range(1, seeds + 1):
            for share in SHARES:
                for side in ("buy", "sell"):
                    yield Case(
                        path=path, share=share, side=side, start_s=START_S, seconds=END_S - START_S, seed=seed
                    )  # fmt: skip


def tape_cases(day: Path, paths: Iterable[str]) -> Iterator[Case]:
    """Every path that a tape can answer, on the first recording of the folder that takes orders."""
    recording = recording_of(str(day))
    length = recording.session.length_ns / NS_PER_S
    count = max(1, min(TAPE_STARTS, int((length - TAPE_WARM_S) / TAPE_LIFE_S)))
    gap = (length - TAPE_WARM_S) / count
    answered = {path.name for path in PATHS if path.measured_on == "tape"}
    for path in paths:
        if path in answered:
            for number in range(count):
                for share in SHARES:
                    for side in ("buy", "sell"):
                        yield Case(
                            path=path, share=share, side=side, start_s=TAPE_WARM_S + number * gap,
                            seconds=min(TAPE_LIFE_S, gap), seed=0, folder=str(day),
                        )  # fmt: skip


@cache
def recording_of(folder: str) -> Recording:
    """The first that takes orders and shows a whole book, else the first that takes orders."""
    found = [row for row in recorded.survey(Path(folder)).recordings if row.takes_orders]
    if not found:
        raise BadInput("day", f"{folder} has no recording that orders can be sent to")
    return next((row for row in found if row.session.depth == "full"), found[0])


def run_case(case: Case) -> Row:
    """One parent in a broker of its own."""
    market, symbol = _market_of(case)
    playing = Playing([market], FIRST_DAY)
    broker = Broker(playing, open_account(playing, None, MONEY))
    playing.run(FIRST_DAY + int(case.start_s * NS_PER_S))
    quantity = _quantity(case, broker, symbol)
    until = playing.now + int(case.seconds * NS_PER_S)
    row = broker.order(
        symbol, case.side, quantity, path=case.path, parameters=case.parameters,
        until_s=case.seconds, seed=case.seed or 1,
    )  # fmt: skip
    works = playing.core.router.works
    playing.run(until + GRACE_NS, stop=lambda: row.number not in works.parents)
    if row.number in works.parents:
        broker.cancel(row.number)
        playing.run(playing.now + 5 * NS_PER_S, stop=lambda: row.number not in works.parents)
    ended = playing.now
    playing.run(ended + REVERSION_NS + NS_PER_S)
    return _row(case, playing, row.number, market)


def _market_of(case: Case) -> tuple[Any, str]:
    if case.seed:
        options = reacting.Options(seed=case.seed, day_s=DAY_S, skip=False)
        return reacting.make(options, (SYMBOL,)), SYMBOL
    recording = recording_of(case.folder)
    return RecordedMarkets([recording], [], 1.0), recording.market.instrument


def _quantity(case: Case, broker: Broker, symbol: str) -> str:
    """The share of what trades in the parent's time: of the rate of the time before it."""
    instrument = broker.instrument(symbol)
    traded = broker.traded(symbol) / max(1.0, case.start_s) * case.seconds
    lots = max(1, round(traded * case.share / instrument.lot)) * instrument.lot
    return text(lots, instrument.quantity_decimals)


def _row(case: Case, playing: Playing, parent: int, market: Any) -> Row:
    costs = playing.core.router.costs
    made = costs.of(parent, playing.now)
    work = costs.work_of(parent)
    assert made is not None and work is not None, "the parent ended"
    leakage = None
    if case.seed and made.arrival:
        moved = market.marketplace(SYMBOL).truth.impact(playing.now)
        leakage = work.parent.sign * moved / made.arrival * 10_000
    picture = costs.trace(made.instrument).path(made.started_at, made.ended_at, 200)
    return Row(case, msgspec.structs.replace(made, leakage_bps=leakage), work, picture)


def trace_of(picture: Sequence[tuple[int, float]]) -> Trace:
    """A trace with nothing but the middles of a picture."""
    trace = Trace()
    for at, middle in picture:
        trace.see(at, int(middle), round(2 * middle) - int(middle))
    return trace
