"""`isthmus tca --day DIR`: what parents cost, by path.

DIR is a data folder: its own parents are analysed from the journal. Or it is a folder of recordings: then every path
works the same parents there and on the reacting simulator (`isthmus.app.measure_paths`).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import msgspec

from isthmus.app.measure_paths import Measured, measure
from isthmus.app.output import EXIT_OK, fail, note, print_json, progress, say
from isthmus.engine.archive import records
from isthmus.engine.engine import JournalDamaged, Record
from isthmus.execution.costs import Costs
from isthmus.execution.policy import Work
from isthmus.execution.report import Names, day_report
from isthmus.execution.tca import Analysis, Summary, summarise
from isthmus.execution.trace import Trace
from isthmus.execution.works import Works
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.messages import FILLED_OUTSIDE, HOUSE_BOOK, Marked, Traded
from isthmus.kernel.values import text
from isthmus.refdata.directory import Directory

COLUMNS = (
    "path", "market", "parents", "cost_bps", "ci_low", "ci_high", "risk_bps", "vwap_bps", "tracking_bps", "fill_rate",
    "leakage_bps", "seconds",
)  # fmt: skip
"""Of the table for people; a JSON row has all of `Summary`. `market` is "tape" or "simulator", of a data folder by
where the children went.
"""

Parents = list[tuple[Analysis, Work, Trace]]


def run(arguments: argparse.Namespace) -> int:
    """Rows, one a path and market. Exit 0 when it ran."""
    day = Path(arguments.day)
    if not day.is_dir():
        fail("day", f"{day} is no folder")
    if (day / "journal").is_dir():
        summaries, parents, names = of_journal(day)
    else:
        with progress("runs") as advance:
            measured: Measured = measure(day, arguments, advance)
        summaries, parents, names = measured.summaries, measured.parents, measured.names
    _print(summaries, arguments.json)
    if arguments.report:
        page = day_report(f"Transaction costs, {day.name}", summaries, parents, names)
        Path(arguments.report).write_text(page, encoding="utf-8")
        note(f"report written to {arguments.report}")
    return EXIT_OK


def of_journal(data: Path) -> tuple[list[Summary], Parents, Names]:
    """The parents of a data folder. Middles are marks and the house book's trades: outside quotes are no records."""
    directory = Directory()
    costs = Costs(lambda instrument, turnover: directory.instruments[instrument].value(turnover))
    works = Works(lambda _venue, _instrument: False)
    ended: list[tuple[int, Work]] = []
    outside: set[int] = set()
    last = 0

    def end(working: object, at: int) -> None:
        costs.end(working, at)  # type: ignore[arg-type]
        ended.append((at, working.work))  # type: ignore[attr-defined]

    works.on_end = end
    try:
        for record in records(data):
            directory.on_record(record)
            _feed(record, costs)
            works.on_record(record)
            last = record.stamp
            if type(record.command).__name__ == "PlaceChild" and record.command.venue != HOUSE_BOOK:
                outside.add(record.command.parent)
    except JournalDamaged as error:
        raise Damaged(f"{data}: {error}") from error
    for working in list(works.parents.values()):
        end(working, last)
    if not ended:
        raise BadInput("day", f"{data} has no parents: no order with a path was placed there")
    made = {row.parent: row for row in costs.finished(last)}
    parents = [(made[work.parent.number], work, costs.trace(work.parent.instrument)) for _, work in ended]
    return by_path(parents, outside), parents, names_of(directory)


def _feed(record: Record, costs: Costs) -> None:
    for effect in record.effects:
        if type(effect) is Marked:
            costs.see(effect.instrument, record.stamp, (effect.price, effect.price))
        elif type(effect) is Traded:
            costs.trade(effect.instrument, record.stamp, effect.price, effect.quantity)
            if not effect.flags & FILLED_OUTSIDE:
                costs.see(effect.instrument, record.stamp, (effect.price, effect.price))


def by_path(parents: Parents, outside: set[int]) -> list[Summary]:
    """A row a path and market."""
    rows: dict[tuple[str, str], list[Analysis]] = {}
    for made, work, _ in parents:
        market = "tape" if work.parent.number in outside else "simulator"
        rows.setdefault((made.path, market), []).append(made)
    return [summarise(path, market, own) for (path, market), own in sorted(rows.items())]


def names_of(directory: Directory) -> Names:
    """As the directory knows them."""

    def price(instrument: int, steps: float) -> str:
        return text(round(steps * 10), directory.instruments[instrument].price_decimals + 1)

    return Names(lambda number: directory.instruments[number].symbol, directory.venue_name, price)


def _print(summaries: Sequence[Summary], as_json: bool) -> None:
    if as_json:
        for row in summaries:
            print_json(row)
        return
    say("  ".join(f"{name:>12}" for name in COLUMNS))
    for row in summaries:
        values = msgspec.structs.asdict(row)
        say("  ".join(f"{_shown(values[name]):>12}" for name in COLUMNS))


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
