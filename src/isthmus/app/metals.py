"""`isthmus metals`: how a purchase of metal is split between spot and forward, a row a day; of gold the basis only.

Exit 0 when it ran, 2 when a file cannot be read.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.output import EXIT_OK, fail, note, print_json, say
from isthmus.execution.metals import DAILY_USE, PPM, Costs, Day, Split, splits, theory
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import open_input
from isthmus.kernel.values import short_text, time_text
from isthmus.venues.formats import metals as prices
from isthmus.venues.formats.zipped import is_zip

GOLD = "no allocation: there is no warehouse stock of gold here, the basis only"


def run(arguments: argparse.Namespace) -> int:
    """Prints a row a day (an hour, of gold), or with --summary whether the history is as the theory says."""
    path = Path(arguments.prices)
    with path.open("rb") as head:
        zipped = is_zip(head.read(4))
    if zipped:
        if not arguments.spot:
            fail("spot", "is required with minute quotes of a future")
        return _told(list(_gold(path, arguments)), arguments.json)
    days = [_day(row) for _, row in prices.read_lme(open_input(path))]
    metal = arguments.metal or next((name for name in DAILY_USE if name in path.name), None)
    use = arguments.daily_use if arguments.daily_use is not None else DAILY_USE.get(metal or "", 0)
    costs = Costs(carry_bps=arguments.carry_bps, daily_use=use, tonnes=arguments.tonnes)
    found = list(splits(days, costs))
    if arguments.summary:
        return _summary(metal, days, found, arguments.json)
    return _told([{"metal": metal} | msgspec.to_builtins(split) for split in found], arguments.json)


def _day(row: prices.MetalDay) -> Day:
    return Day(row.day.isoformat(), row.cash, row.three_month, row.stock)


def _gold(path: Path, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Future against spot at the end of each hour that both have."""
    contract = arguments.contract or min(prices.expiries(path), key=lambda expiry: _width(path, expiry))
    spot = {close.at: close for close in prices.read_spot_hours(open_input(arguments.spot))}
    for future in prices.read_future_hours(path, contract):
        if future.at not in spot:
            continue
        here = spot[future.at]
        twice = future.bid + future.ask - here.bid - here.ask
        yield {
            "metal": "gold",
            "at": time_text(future.at),
            "contract": contract,
            "spot": short_text((here.bid + here.ask) * 5, prices.DECIMALS + 1),
            "future": short_text((future.bid + future.ask) * 5, prices.DECIMALS + 1),
            "basis": short_text(twice * 5, prices.DECIMALS + 1),
            "basis_ppm": twice * PPM // (here.bid + here.ask),
            "spot_ppm": None,
            "futures_ppm": None,
            "why": GOLD,
        }


def _width(path: Path, expiry: str) -> tuple[bool, float]:
    """How wide an expiry is quoted at the ends of its hours: the one with most business is the narrowest."""
    found = [close.ask - close.bid for close in prices.read_future_hours(path, expiry)]
    return not found, sum(found) / max(1, len(found))


def _told(rows: list[dict[str, Any]], as_json: bool) -> int:
    if not rows:
        note("isthmus: the input is empty")
    for row in rows:
        if as_json:
            print_json(row)
        elif "at" in row:
            say(f"{row['at'][:16]}  {row['contract']}  basis {row['basis']:>8}  {row['basis_ppm']:>6} ppm")
        else:
            say(_line(row))
    return EXIT_OK


def _line(row: dict[str, Any]) -> str:
    share = "  -  " if row["spot_ppm"] is None else f"{row['spot_ppm'] / 10_000:4.1f} %"
    basis = "-" if row["basis_ppm"] is None else f"{row['basis_ppm'] / 10_000:.2f} %"
    return f"{row['day']}  spot {share}  basis {basis:>8}  stock {row['stock_tonnes'] or '-':>9}  {row['why']}"


def _summary(metal: str | None, days: list[Day], found: list[Split], as_json: bool) -> int:
    """How often it allocated, how much spot on average, what was refused, and the theory's figures."""
    shares = [split.spot_ppm for split in found if split.spot_ppm is not None]
    if not shares:
        raise BadInput("prices", "no day can be allocated")
    facts = theory(days, found)
    answer = {
        "metal": metal,
        "days": len(found),
        "allocated": len(shares),
        "refused": len(found) - len(shares),
        "refused_days": [split.day for split in found if split.spot_ppm is None and split.basis_ppm is None],
        "spot_mean_ppm": sum(shares) // len(shares),
        "spot_least_ppm": min(shares),
        "spot_most_ppm": max(shares),
        "theory": msgspec.to_builtins(facts) if facts is not None else None,
    }
    if as_json:
        print_json(answer)
        return EXIT_OK
    for name, value in answer.items():
        say(f"{name.replace('_', ' '):16} {value if value is not None else '-'}")
    return EXIT_OK
