"""Rows of `isthmus bench wire` for SWIFT: MT300 made and judged, MT940 read beside mt-940."""

from __future__ import annotations

import importlib
import importlib.metadata
import statistics
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from isthmus.app.bench_report import Peer, Row
from isthmus.app.bench_rows import timed
from isthmus.gateways.swift import mt300
from isthmus.gateways.swift.statements import Balance, Entry, Statement, build_statement, read_statements
from isthmus.gateways.swift.verdict import validate

GOALS = {"mt300_build": 20.0}
"""Microseconds at most."""
ROUNDS = 9
CALLS, STATEMENTS = 2_000, 20
"""In a round."""
ENTRIES = 100
"""Of the statement that is read."""
US_PER_S = 1_000_000
OWN, OTHER = "BANKGB2LXXX", "CHASUS33XXX"
PEER = "mt-940"
REPORT = "\x01".join(
    (
        "8=FIX.4.4", "9=244", "35=8", "49=CHASUS33", "56=BANKGB2L", "34=7", "52=20260302-10:15:30.123", "37=O-1",
        "11=C-1", "17=X-1", "150=F", "39=2", "55=EUR/USD", "54=1", "38=1000000", "15=EUR", "32=1000000", "31=1.08455",
        "151=0", "14=1000000", "6=1.08455", "75=20260302", "64=20260304", "60=20260302-10:15:30.100", "10=126", "",
    )
)  # fmt: skip


def rows() -> Iterator[Row]:
    """MT300 of an ExecutionReport, built and judged; one judged alone; a statement of 100 entries read."""
    made = mt300.of_fix(REPORT, OWN, OTHER)
    assert made.fin is not None, made.errors
    fin, text = made.fin, statement_text()
    yield _row("mt300_build", CALLS, lambda: mt300.of_fix(REPORT, OWN, OTHER))
    yield _row("mt300_validate", CALLS, lambda: validate(fin))
    yield _row("mt940_read", STATEMENTS, lambda: read_statements(text))


def peers(ours: Row) -> Iterator[Peer]:
    """mt-940 on the statement of row `mt940_read`: parsing alone, without a verdict."""
    peer = Peer(name=PEER, row=ours.name)
    try:
        parse = importlib.import_module("mt940").parse
    except ImportError:
        peer.reason = "is not installed: pip install --requirement requirements-bench.lock"
        yield peer
        return
    peer.version = importlib.metadata.version(PEER)
    text = statement_text()
    found: list[Any] = list(parse(text))
    if len(found) != ENTRIES:
        peer.status, peer.reason = "wrong", f"reads {len(found)} entries of {ENTRIES}"
        yield peer
        return
    peer.value, peer.status = _microseconds(STATEMENTS, lambda: parse(text)), "ok"
    if ours.value:
        peer.ratio = peer.value / ours.value
    yield peer


def statement_text() -> str:
    """An MT940 with many entries."""
    day = date(2026, 3, 2)
    entries = tuple(
        Entry(day, Decimal(number) / 4, f"REF{number}", information="RENT") for number in range(1, ENTRIES + 1)
    )
    total = sum((entry.amount for entry in entries), Decimal(0))
    opening, closing = Balance(day, "EUR", Decimal(0)), Balance(day, "EUR", total)
    whole = Statement("940", "GB/1", "EUR", "1/1", "REF", opening, closing, None, (), entries)
    made = build_statement(whole, OWN, OTHER)
    assert made.fin is not None, made.errors
    return made.fin


def _row(name: str, calls: int, act: Callable[[], Any]) -> Row:
    value, goal = _microseconds(calls, act), GOALS.get(name)
    return Row(
        name=name, unit="us", value=value, rounds=ROUNDS, ok=goal is None or value <= goal, goal=goal, clock="cpu"
    )


def _microseconds(calls: int, act: Callable[[], Any]) -> float:
    """Processor time of one call, the median round."""

    def several() -> None:
        for _ in range(calls):
            act()

    several()
    return statistics.median(timed(several)[0] for _ in range(ROUNDS)) / calls * US_PER_S
