"""`isthmus bench margin`: SPAN over precomputed arrays, arrays made again, a parameter file read, beside marginism.

Files are made by bench/span_file.py of the repository: 160,000 contracts of the real grammar and size. The full rule
(four tiers, 200 credits, minimum, delivery) is timed on rules.spn; marginism reads and margins plain.spn, and must come
to our requirements there. Both are timed by the processor on one core. Exit 0 when it ran.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from isthmus.app.bench_outside import SCRIPTS, last_line
from isthmus.app.bench_report import Peer, Probe, Rates, Row, machine, print_table
from isthmus.app.output import EXIT_OK, note, print_json
from isthmus.risk.options import Series, risk_arrays
from isthmus.risk.span import UNIT, SpanBook

PORTFOLIOS, POSITIONS, HELD_PRODUCTS = 10_000, 50, 8
"""Portfolios, positions of each, and products that these lie in."""
ROUNDS = 5
OPTIONS, SERIES = 160_000, 1_600
PEER_S = 20.0
"""Processor time that marginism gets for portfolios; reading comes before."""
PEER_LIMIT_S = 180
SAME = 0.01
"""Currency units by which the peer's floats may differ from our integers."""
GOALS = {"span": 300_000.0, "array_rebuild": 0.2, "read_spn": 1.5}
PEER_GOALS = {"span": 300.0, "read_spn": 10.0}
MORE_ROWS = ("isthmus.app.bench_margin_gate", "isthmus.app.bench_margin_simm")
"""Modules that add rows of their own, where they are there: `measured(folder)` gives rows, peers and probes, or
`rows()` each row with its peer."""
SORTS = {"future": "FUT", "call": "CE", "put": "PE"}

Portfolio = list[tuple[int, int]]
"""(contract, quantity)"""


def margin(arguments: argparse.Namespace) -> int:
    """Measures and prints all rows."""
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as name:
        report = measured(Path(name))
    if arguments.json:
        print_json(report)
    else:
        print_table(report)
    return EXIT_OK


def measured(folder: Path, contracts: int = OPTIONS, portfolios: int = PORTFOLIOS) -> dict[str, Any]:
    """The report. Raises FileNotFoundError where the repository's bench/ is not here."""
    facts = machine(folder)
    note("isthmus: making parameter files")
    plain, rules = _made_files(folder, contracts)
    rows, peers, probes = [], [], [Probe("spn_bytes", float(plain.stat().st_size), "bytes")]
    reading, book = _read(plain)
    full = _book(rules)
    rows.append(reading)
    probes.append(_raw_read(plain))
    chosen = _portfolios(full, portfolios)
    rows += [_margined("span", full, chosen), _margined("span_plain", book, chosen)]
    rows += [_rebuilt("array_rebuild", american=False), _rebuilt("array_rebuild_american", american=True)]
    peers += _marginism(folder, plain, book, chosen, rows)
    for module in MORE_ROWS:
        if importlib.util.find_spec(module) is not None:
            note(f"isthmus: {module.rpartition('_')[2]}")
            more = _more(importlib.import_module(module), folder)
            rows, peers, probes = rows + more["rows"], peers + more["peers"], probes + more["probes"]
    workload = {
        "contracts": book.counts[1],
        "credits": full.counts[2],
        "portfolios": portfolios,
        "positions": POSITIONS,
    }
    return {"machine": facts, "workload": workload, "rows": rows, "peers": peers, "probes": probes}


def _more(module: ModuleType, folder: Path) -> dict[str, Any]:
    if hasattr(module, "measured"):
        report: dict[str, Any] = module.measured(folder)
        return report
    pairs = list(module.rows())
    return {"rows": [row for row, _ in pairs], "peers": [peer for _, peer in pairs if peer is not None], "probes": []}


def _made_files(folder: Path, contracts: int) -> tuple[Path, Path]:
    script = SCRIPTS / "span_file.py"
    if not script.is_file():
        raise FileNotFoundError(f"{script} of the repository is not here")
    subprocess.run([sys.executable, str(script), str(folder), str(contracts)], check=True, stdout=subprocess.DEVNULL)
    return folder / "plain.spn", folder / "rules.spn"


def _book(file: Path) -> SpanBook:
    book = SpanBook()
    book.add_file(file.read_bytes())
    book.seal()
    return book


def _timed(rates: Rates, act: Callable[[], Any]) -> Any:
    cpu, wall = time.process_time(), time.perf_counter()
    answer = act()
    rates.add(time.process_time() - cpu, time.perf_counter() - wall)
    return answer


def _seconds(name: str, rates: Rates, *, right: bool, reason: str | None = None) -> Row:
    """A row in seconds: the median round of the processor's time."""
    cpu, wall, goal = 1 / rates.cpu_rate, 1 / rates.wall_rate, GOALS.get(name)
    return Row(
        name=name,
        unit="s",
        value=round(cpu, 4),
        cpu_value=round(cpu, 4),
        wall_value=round(wall, 4),
        clock="cpu",
        rounds=len(rates.cpu),
        goal=goal,
        ok=right and (goal is None or cpu <= goal),
        reason=reason,
    )


def _read(file: Path) -> tuple[Row, SpanBook]:
    """The file from disk to a rule that answers, several times."""
    rates, book = Rates(1), _book(file)
    for _ in range(3):
        book = _timed(rates, partial(_book, file))
    return _seconds("read_spn", rates, right=book.counts[1] > 0, reason="file to sealed rule"), book


def _raw_read(file: Path) -> Probe:
    """Bytes from disk and a count of tags: what no reader can do without."""
    began = time.process_time()
    file.read_bytes().count(b"<")
    return Probe("read_and_count", round(time.process_time() - began, 4), "s")


def _portfolios(book: SpanBook, count: int) -> list[Portfolio]:
    """Futures and options of a few products each, long and short, the same every time."""
    chance = np.random.default_rng(7)
    by_product: dict[int, list[int]] = {}
    for contract in range(book.counts[1]):
        by_product.setdefault(book.parameters.terms(contract)[7], []).append(contract)
    lists = [np.array(contracts) for contracts in by_product.values() if len(contracts) > 1]
    made = []
    for _ in range(count):
        products = chance.choice(len(lists), min(HELD_PRODUCTS, len(lists)), replace=False)
        quantities = chance.integers(1, 40, POSITIONS) * chance.choice([-25, 25], POSITIONS)
        contracts = [int(chance.choice(lists[products[place % len(products)]])) for place in range(POSITIONS)]
        made.append(list(zip(contracts, quantities.tolist(), strict=True)))
    return made


def _columns(portfolios: list[Portfolio]) -> tuple[Any, Any, Any]:
    starts = np.cumsum([0, *(len(portfolio) for portfolio in portfolios)]).astype(np.int64)
    flat = [position for portfolio in portfolios for position in portfolio]
    return (
        starts,
        np.array([contract for contract, _ in flat], dtype=np.uint32),
        np.array([quantity for _, quantity in flat], dtype=np.int64),
    )


def _margined(name: str, book: SpanBook, portfolios: list[Portfolio]) -> Row:
    """All portfolios in one call; right when single calls say the same."""
    columns, rates = _columns(portfolios), Rates(len(portfolios))
    needed = book.parameters.margin_many(*columns)
    for _ in range(ROUNDS):
        needed = _timed(rates, lambda: book.parameters.margin_many(*columns))
    right = all(
        book.parameters.margin(portfolio)[0][1][7] == needed[place] for place, portfolio in enumerate(portfolios[:100])
    )
    goal = GOALS.get(name)
    row = rates.row(name, right=right, unit="portfolios/s", goal=goal)
    row.ok = right and (goal is None or (row.value or 0) >= goal)
    return row


def _rebuilt(name: str, *, american: bool) -> Row:
    """Arrays of options on many underlyings, a hundred a series."""
    series = list(_series(american=american))
    losses, _deltas = risk_arrays(series[:10])
    rates = Rates(1)
    for _ in range(ROUNDS if not american else 2):
        losses, _deltas = _timed(rates, lambda: risk_arrays(series))
    return _seconds(name, rates, right=losses.shape == (OPTIONS, 16) and bool(losses.any(axis=1).all()))


def _series(*, american: bool) -> Iterator[Series]:
    chance = np.random.default_rng(11)
    for _ in range(SERIES):
        underlying = float(np.exp(chance.uniform(4, 9)))
        each = OPTIONS // SERIES
        yield Series(
            underlying=underlying,
            years=float(chance.uniform(0.02, 1.5)),
            rate=0.05,
            carry=0.0,
            price_scan=0.12 * underlying,
            volatility_scan=0.05,
            extreme_multiple=3.0,
            cover=0.33,
            strikes=(np.linspace(0.7, 1.3, each) * underlying).tolist(),
            volatilities=chance.uniform(0.15, 0.5, each).tolist(),
            calls=[place % 2 == 0 for place in range(each)],
            step=1,
            american=american,
        )


def _marginism(folder: Path, file: Path, book: SpanBook, portfolios: list[Portfolio], rows: list[Row]) -> list[Peer]:
    """Reads the same file and margins the same portfolios; wrong where it comes to another requirement."""
    wanted = [[_named(book, contract, quantity) for contract, quantity in portfolio] for portfolio in portfolios]
    asked = folder / "portfolios.json"
    asked.write_text(json.dumps(wanted), encoding="utf-8")
    script = SCRIPTS / "margin_peer.py"
    note("isthmus: marginism, for a minute or so")
    names = ("span", "read_spn")
    try:
        done = subprocess.run(
            [sys.executable, str(script), str(file), str(asked), str(PEER_S)],
            capture_output=True,
            text=True,
            timeout=PEER_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        reason = f"longer than {PEER_LIMIT_S} s"
        return [Peer(name="marginism", row=name, status="timeout", reason=reason) for name in names]
    if done.returncode != 0:
        return [Peer(name="marginism", row=name, reason=last_line(done.stderr)) for name in names]
    return list(_compared(json.loads(done.stdout), book, portfolios, {row.name: row for row in rows}))


def _named(book: SpanBook, contract: int, quantity: int) -> tuple[str, str, str, float, int]:
    code, form, expiry, strike, _, _, _, _ = book.parameters.terms(contract)
    return code, SORTS[form], str(expiry), (strike or 0) / UNIT, quantity


def _compared(
    found: dict[str, Any], book: SpanBook, portfolios: list[Portfolio], rows: dict[str, Row]
) -> Iterator[Peer]:
    ours = [book.parameters.margin(portfolio)[0][1][7] / UNIT for portfolio in portfolios[: found["count"]]]
    apart = [abs(mine - theirs) for mine, theirs in zip(ours, found["requirements"], strict=True)]
    status = "ok" if apart and max(apart) <= SAME else "wrong"
    reason = None if status == "ok" else f"differs by up to {max(apart, default=0):.2f} from ours"
    each = {"span": found["count"] / max(found["seconds"], 1e-9), "read_spn": found["read_s"]}
    for name, theirs in each.items():
        mine = rows[name].value or 0.0
        ratio = mine / theirs if name == "span" else theirs / max(mine, 1e-9)
        if ratio < PEER_GOALS[name]:
            rows[name].ok = False
            rows[name].reason = f"less than {PEER_GOALS[name]:.0f} x marginism"
        yield Peer(
            name="marginism",
            version=found["version"],
            row=name,
            value=round(theirs, 3),
            ratio=round(ratio, 1),
            status=status,
            reason=reason,
        )
