"""Measures what recordings tell about reactions, and writes the figures that the reacting markets run on.

    python tools/calibrate_reacting.py DATA            prints the figures as TOML
    python tools/calibrate_reacting.py DATA --write    writes src/isthmus/venues/reacting/facts.toml
    python tools/calibrate_reacting.py --play          sets a simulated day beside its targets, as a Markdown table

DATA holds equity_lobster/ and equity_consolidated/ (their sources: docs/guide/reacting-market.md). Only figures are
written, never rows of data.
"""

from __future__ import annotations

import argparse
import gzip
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

from isthmus.venues.reacting.measures import Aggressors, half_hours, impact, simulated, spread_half_life
from isthmus.venues.reacting.terms import crypto, equity, reacting_facts
from isthmus.venues.simulated.measures import NANOSECONDS, Quote

FACTS = Path(__file__).resolve().parents[1] / "src/isthmus/venues/reacting/facts.toml"
OPEN_NS, CLOSE_NS = 34_200 * NANOSECONDS, 57_600 * NANOSECONDS
LEVELS = 10
NO_PRICE = 10_000_000
DAYS = ("bac_20131007", "ibm_20131007", "ibm_20131008")
SEEDS, HOURS = (1, 2, 3), {"equity": 6.5, "crypto_spot": 1.0}
HEADER = """\
# Figures measured on recordings; no rows of data. Made by: python tools/calibrate_reacting.py DATA --write
# Prices in ticks of 0.01 USD, quantities in shares. `tolerance`: how far a simulated figure may be from its target.
"""
TOLERANCES = {
    "equity": {
        "spread_ticks_mean": 0.15,
        "touch_lots_mean": 0.15,
        "volatility_1s_bps": 0.15,
        "volatility_60s_bps": 0.25,
        "takers_per_s": 0.2,
        "volume_per_minute": 0.2,
        "impact_ticks_per_lot": 0.35,
    },
    "crypto_spot": {
        "spread_ticks_mean": 0.35,
        "volatility_1s_bps": 0.15,
        "takers_per_s": 0.2,
        "volume_per_minute": 0.35,
    },
}


def lobster(folder: Path) -> dict[str, Any]:
    """NASDAQ GOOG, one day: density of the ten published levels, impact, and how fast the spread comes back."""
    stem = "equity_lobster/GOOG_2012-06-21_34200000_57600000_"
    quotes: list[Quote] = []
    executions: list[tuple[int, int, float]] = []
    density = Density()
    with _text(folder / f"{stem}message_10.csv.gz") as messages, _text(folder / f"{stem}orderbook_10.csv.gz") as books:
        for message, book in zip(messages, books, strict=True):
            clock, kind, _, size, _, side = message.split(",")
            at = int(float(clock) * 1_000_000) * 1_000
            cells = [int(cell) for cell in book.split(",")]
            if kind in "45":
                executions.append((at, int(side), int(size)))
            density.add(at, cells)
            quote = (at, cells[2] // 100, cells[0] // 100)
            if not quotes or quotes[-1][1:] != quote[1:]:
                quotes.append(quote)
    takers = signed(executions)
    return {
        "density_lots_per_tick": density.mean(),
        "impact_ticks_per_lot": impact([(OPEN_NS, *quotes[0][1:]), *quotes, (CLOSE_NS, *quotes[-1][1:])], takers),
        "resilience_half_life_s": spread_half_life(quotes, takers),
    }


class Density:
    """Shares a tick on a side, over the time that each book stood: what the first nine levels hold over the distance
    from the first to the tenth.
    """

    def __init__(self) -> None:
        self._before: tuple[int, list[int]] | None = None
        self._sum = 0.0
        self._time = 0

    def add(self, at: int, cells: list[int]) -> None:
        """The book from `at` on: ask price, ask size, bid price, bid size, level by level, prices in 10^-4 USD."""
        if self._before is not None:
            since, book = self._before
            for side in (0, 2):
                prices, sizes = book[side::4], book[side + 1 :: 4]
                distance = abs(prices[-1] - prices[0]) / 100
                if max(abs(price) for price in prices) < NO_PRICE and distance:
                    self._sum += sum(sizes[:-1]) / distance * (at - since)
                    self._time += at - since
        self._before = at, cells

    def mean(self) -> float:
        """Over both sides."""
        return self._sum / self._time


def signed(executions: list[tuple[int, int, float]]) -> Aggressors:
    """Incoming orders, positive when they bought: executions of an instant and a resting side, which is the other."""
    lots: dict[tuple[int, int], float] = {}
    for at, side, size in executions:
        lots[(at, side)] = lots.get((at, side), 0.0) + size
    return [(at, -side * size) for (at, side), size in sorted(lots.items())]


def volumes(folder: Path) -> list[float]:
    """The mean over three days (BAC, IBM, consolidated trades of regular hours) of each half hour's volume."""
    days = []
    for day in DAYS:
        with zipfile.ZipFile(folder / f"equity_consolidated/{day}_tick_trade.zip") as archive:
            rows = [line.split(",") for line in archive.read(archive.namelist()[0]).decode().splitlines()]
        trades = [(int(row[0]) * 1_000_000, float(row[2])) for row in rows if row[5] == "0"]
        days.append(half_hours(trades, OPEN_NS, CLOSE_NS))
    return [sum(parts) / len(days) for parts in zip(*days, strict=True)]


def all_facts(folder: Path) -> dict[str, Any]:
    """What the recordings tell about the equity."""
    return lobster(folder) | {"half_hour_volume": volumes(folder)}


def toml(facts: dict[str, Any]) -> str:
    """The figures as TOML, six significant digits."""
    lines = [HEADER, "[equity]"]
    lines.append(
        'source = "NASDAQ GOOG, 2012-06-21 (LOBSTER free sample); volumes: BAC, IBM, 2013-10-07 and 08 (Lean)"'
    )
    lines += [f"{key} = {_number(value)}" for key, value in facts.items()]
    for name, tolerances in TOLERANCES.items():
        lines += ["", f"[{name}.tolerance]"] + [f"{key} = {part}" for key, part in tolerances.items()]
    return "\n".join(lines) + "\n"


def targets() -> dict[str, dict[str, float]]:
    """What a simulation is held to."""
    return {name: terms().targets() for name, terms in (("equity", equity), ("crypto_spot", crypto))}


def played() -> list[tuple[str, str, float, float, float]]:
    """(market, figure, target, simulated, tolerance): the mean of three seeds."""
    rows = []
    for name, terms in (("equity", equity), ("crypto_spot", crypto)):
        runs = [simulated(terms(), HOURS[name], seed) for seed in SEEDS]
        aims = targets()[name]
        for figure, tolerance in reacting_facts()[name]["tolerance"].items():
            rows.append((name, figure, aims[figure], sum(run[figure] for run in runs) / len(runs), tolerance))
    return rows


def _number(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_number(part) for part in value) + "]"
    return f"{value:.6g}"


def _text(path: Path) -> io.TextIOWrapper:
    return io.TextIOWrapper(gzip.open(path, "rb"), encoding="ascii")


def main(arguments: list[str]) -> int:
    """Print the figures, or write them where the package reads them, or play."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--play", action="store_true")
    options = parser.parse_args(arguments)
    if options.play:
        missed = 0
        print("| market | figure | target | simulated | tolerance |\n|---|---|---:|---:|---:|")
        for market, figure, target, found, tolerance in played():
            missed += abs(found - target) > tolerance * abs(target)
            print(f"| {market} | {figure} | {target:.4g} | {found:.4g} | {tolerance:.0%} |")
        return int(missed > 0)
    if options.data is None:
        parser.error("name the folder of the recordings, or --play")
    text = toml(all_facts(options.data))
    if options.write:
        FACTS.write_text(text)
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
