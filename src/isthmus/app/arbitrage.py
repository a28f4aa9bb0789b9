"""`isthmus arbitrage`: what of recorded markets could have been taken by buying at one and selling at another.

Exit 0 when it ran, whatever it found; 2 when a file cannot be read.
"""

from __future__ import annotations

import argparse
import heapq
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.market_files import Asked, MarketFile, market_file
from isthmus.app.output import EXIT_OK, fail, print_json, progress, say
from isthmus.execution.arbitrage import Rule
from isthmus.execution.arbitrage_legs import Risk
from isthmus.execution.arbitrage_report import Change, Finding, Gap, Rehearsal
from isthmus.kernel.values import NS_PER_S, short_text

NS_PER_MS = 1_000_000
PROGRESS_STEP = 5_000
FILES_MAX = 100
MONEY_DECIMALS = 9


def run(arguments: argparse.Namespace) -> int:
    """Prints a row for every pair and triangle, what was assumed, and the answer."""
    started = time.perf_counter()
    asked = Asked(
        latency_ns=round(arguments.latency_ms * NS_PER_MS),
        fees_ppm={name: int(value) for name, value in arguments.fee_ppm},
        utc_offsets=dict(arguments.utc_offset),
    )
    if len(arguments.markets) > FILES_MAX:
        fail("markets", f"more than {FILES_MAX} files")
    files = numbered([market_file(Path(path), 0, asked) for path in arguments.markets])
    rule = Rule(
        minimum_profit=arguments.minimum_profit,
        most=arguments.most,
        stale_ns=round(arguments.stale_s * NS_PER_S),
    )
    risk = Risk(loss_limit=arguments.loss_limit, within_ns=round(arguments.within_ms * NS_PER_MS))
    markets = {file.terms.number: file.terms for file in files}
    if len(markets) < 2:
        fail("markets", "one market has nothing to be compared with")
    rehearsal = Rehearsal(list(markets.values()), rule, risk)
    with progress("changes") as advance:
        for count, change in enumerate(merged(files), 1):
            rehearsal.on_change(change)
            if count % PROGRESS_STEP == 0:
                advance(PROGRESS_STEP)
    _report(report_of(rehearsal.close(), files, started), arguments.json)
    return EXIT_OK


def numbered(files: list[MarketFile]) -> list[MarketFile]:
    """Files of one market share its number: several days of one provider are one market."""
    numbers: dict[str, int] = {}
    found = []
    for file in files:
        number = numbers.setdefault(file.terms.name, len(numbers) + 1)
        terms = msgspec.structs.replace(file.terms, number=number)
        found.append(msgspec.structs.replace(file, terms=terms))
    return found


def merged(files: list[MarketFile]) -> Iterator[Change]:
    """All changes in time order; the files of one market follow each other by their days."""
    by_market: dict[int, list[MarketFile]] = defaultdict(list)
    for file in sorted(files, key=lambda file: file.day):
        by_market[file.terms.number].append(file)
    streams = [chain.from_iterable(file.changes() for file in of) for of in by_market.values()]
    return heapq.merge(*streams, key=lambda change: change.at)


def report_of(findings: list[Finding], files: list[MarketFile], started: float) -> dict[str, Any]:
    """The whole answer as plain values."""
    rows = [row_of(finding) for finding in findings]
    gains = [finding for finding in findings if finding.believed and finding.profit > 0]
    answer = "Nothing could have been taken with a profit."
    if not findings:
        answer = "Nothing: no two of these markets trade the same assets, no three close a circle."
    elif gains:
        sums = ", ".join(f"{_money(one.profit)} {one.quote} ({' / '.join(one.markets)})" for one in gains)
        answer = f"Taken with a profit: {sums}."
    return {
        "answer": answer,
        "takeable": sum(finding.taken for finding in findings if finding.believed),
        "pairs": rows,
        "assumed": sorted({text for file in files for text in file.assumed}),
        "latency_ms": files[0].terms.latency_ns / NS_PER_MS,
        "fees_ppm": {file.terms.name: file.terms.fee_ppm for file in files},
        "seconds": round(time.perf_counter() - started, 3),
    }


def row_of(finding: Finding) -> dict[str, Any]:
    """A finding; money is decimal text in its quote asset."""
    return {
        "kind": finding.kind,
        "markets": list(finding.markets),
        "quote": finding.quote,
        "answer": finding.answer,
        "believed": finding.believed,
        "looked": finding.looked,
        "shown_s": round(finding.shown_ns / NS_PER_S, 3),
        "visible": _gap(finding.visible),
        "after_fees": _gap(finding.after_fees),
        "sent": finding.sent,
        "taken": finding.taken,
        "repaired": finding.repaired,
        "unfinished": finding.unfinished,
        "profit": _money(finding.profit),
        "lost": _money(finding.lost),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {"times": gap.times, "open_s": round(gap.open_ns / NS_PER_S, 3), "best_ppm": gap.best_ppm}


def _money(nano: int) -> str:
    return short_text(nano, MONEY_DECIMALS)


def _report(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    say(found["answer"])
    for row in found["pairs"]:
        gross, net = row["visible"], row["after_fees"]
        say(f"\n{row['kind']}: {' / '.join(row['markets'])}")
        say(f"  seen before fees  {gross['times']} times, {gross['open_s']} s, best {gross['best_ppm']} ppm")
        say(f"  after fees        {net['times']} times, {net['open_s']} s, best {net['best_ppm']} ppm")
        say(f"  sent {row['sent']}, with a profit {row['taken']}, repaired {row['repaired']}")
        say(f"  profit {row['profit']} {row['quote']}, lost by repairs {row['lost']}")
        say(f"  {row['answer']}")
    for text in found["assumed"]:
        say(f"assumed: {text}")
