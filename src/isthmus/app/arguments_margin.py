"""The arguments of `isthmus margin span` and `isthmus bench margin`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any


def add_margin_span(margin: Any, add: Callable[..., ArgumentParser]) -> None:
    """`add` makes a command (arguments.py)."""
    span = add(
        margin,
        "span",
        "isthmus.app.margin_span:span",
        "SPAN requirement of portfolios by an exchange's parameter files: a row for each portfolio and currency.",
        "isthmus margin span --params nsccl.spn --portfolio positions.csv --json",
    )
    span.add_argument(
        "--params",
        metavar="F",
        action="append",
        required=True,
        help=".spn, .pa2 or the JSON form, packed or plain; may repeat",
    )
    span.add_argument(
        "--portfolio", metavar="F", required=True, help="CSV: portfolio,product,kind,expiry,strike,quantity; - is stdin"
    )


def add_margin_bench(bench: Any, add: Callable[..., ArgumentParser]) -> None:
    """`add` makes a command (arguments.py)."""
    add(
        bench,
        "margin",
        "isthmus.app.bench_margin:margin",
        "Speed of margins: SPAN over arrays, arrays made again, a file read, beside marginism; SIMM beside ORE.",
        "isthmus bench margin --json",
    )
