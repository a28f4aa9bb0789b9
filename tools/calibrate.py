"""Measures recorded markets and writes the figures that the simulated markets are calibrated to.

    python tools/calibrate.py DATA                  prints the figures as TOML
    python tools/calibrate.py DATA --write          writes src/isthmus/venues/simulated/facts.toml

DATA holds equity_lobster/, crypto_l2/ and fx/ (their sources: docs/guide/simulated-markets.md). Only figures are
written, never rows of data. Prices are ticks of the instrument that is simulated.
"""

from __future__ import annotations

import argparse
import gzip
import io
import sys
import zipfile
from itertools import pairwise
from math import log, sqrt
from pathlib import Path
from typing import Any

import msgspec

from isthmus.venues.simulated.measures import (
    NANOSECONDS,
    QUANTILES,
    Aggressor,
    Quote,
    Tape,
    measure,
    quantiles,
    spread,
    weighted_quantile,
)

FACTS = Path(__file__).resolve().parents[1] / "src/isthmus/venues/simulated/facts.toml"
SECOND = NANOSECONDS
EUR_PRICE = 100_000


def lobster(folder: Path) -> dict[str, Any]:
    """The equity: NASDAQ GOOG, one day, order by order (LOBSTER sample). Tick 0.01 USD, quantities in shares."""
    stem = "equity_lobster/GOOG_2012-06-21_34200000_57600000_"
    quotes: list[Quote] = []
    executions: list[tuple[int, int, float]] = []
    adds: dict[str, tuple[int, int, int, int]] = {}
    lives: dict[bool, list[float]] = {False: [], True: []}
    touch: list[float] = []
    cancels = 0
    with _text(folder / f"{stem}message_10.csv.gz") as messages, _text(folder / f"{stem}orderbook_10.csv.gz") as books:
        for message, book in zip(messages, books, strict=True):
            clock, kind, order, size, price, side = message.split(",")
            at = int(float(clock) * 1_000_000) * 1_000
            ask, ask_size, bid, bid_size = (int(cell) for cell in book.split(",", 4)[:4])
            if kind == "1" and quotes:
                distance = _distance(quotes[-1], int(price) // 100, int(side))
                adds[order] = (at, int(size), distance, quotes[-1][2] - quotes[-1][1])
            if kind == "3":
                cancels += 1
                if order in adds:
                    since, _, distance, width = adds[order]
                    lives[distance < width].append((at - since) / 1_000_000)
            if kind in "45":
                executions.append((at, int(side), int(size)))
            _changed(quotes, (at, bid // 100, ask // 100))
            touch += [ask_size, bid_size]
    tape = Tape(34_200 * SECOND, 57_600 * SECOND, quotes, aggressors(executions))
    return figures(tape) | {
        "adds_per_s": len(adds) / tape.span_s,
        "cancels_per_add": cancels / len(adds),
        "add_size": quantiles([size for _, size, _, _ in adds.values()]),
        "improving_per_add": sum(distance < width for _, _, distance, width in adds.values()) / len(adds),
        "improving_permille": quantiles([1000 * near / width for _, _, near, width in adds.values() if near < width]),
        "behind_ticks": quantiles([far - width for _, _, far, width in adds.values() if far >= width]),
        "life_ms": quantiles(lives[False]),
        "life_improving_ms": quantiles(lives[True]),
        "touch_size": quantiles(touch),
    }


def binance(path: Path, tick: int) -> tuple[dict[str, Any], Tape]:
    """A Binance raw stream: best quotes by local time, trades by the venue's; `tick` in 0.01 USDT, sizes in BTC."""
    quotes: list[Quote] = []
    executions: list[tuple[int, int, float]] = []
    touch: list[float] = []
    first = last = 0
    with _text(path) as lines:
        for line in lines:
            clock, body = line.split(" ", 1)
            last = int(clock)
            first = first or last
            if "@bookTicker" in body[:40]:
                data = msgspec.json.decode(body)["data"]
                bid, ask = (round(float(data[side]) * 100) // tick for side in ("b", "a"))
                _changed(quotes, (last, bid, ask))
                touch += [float(data["B"]), float(data["A"])]
            elif "@trade" in body[:40]:
                data = msgspec.json.decode(body)["data"]
                if data.get("X", "MARKET") == "MARKET":
                    executions.append((data["T"] * 1_000_000, int(data["m"]), float(data["q"])))
    offset = first - executions[0][0] // SECOND * SECOND
    moved = [(at + offset, side, size) for at, side, size in executions]
    tape = Tape(first, last, quotes, aggressors(moved))
    return figures(tape) | {"executions_per_s": len(executions) / tape.span_s, "touch_size": quantiles(touch)}, tape


def foreign_exchange(folder: Path) -> dict[str, Any]:
    """FX spot: EUR/USD quotes of one provider (FXCM), four days, tick 0.00001 USD. The recording has no trades."""
    quotes: list[Quote] = []
    for day in range(4):
        with zipfile.ZipFile(folder / f"fx/fxcm_eurusd_2014050{5 + day}_tickquote.zip") as archive:
            for line in archive.read(archive.namelist()[0]).decode().splitlines():
                clock, bid, ask = line.split(",")
                at = (day * 86_400_000 + int(clock)) * 1_000_000
                _changed(quotes, (at, round(float(bid) * EUR_PRICE), round(float(ask) * EUR_PRICE)))
    return figures(Tape(0, 4 * 86_400 * SECOND, quotes, []))


def basis(spot: Tape, perpetual: Tape) -> dict[str, float]:
    """Perpetual over spot in basis points, each second: mean, deviation, and how much is left a second later."""
    gaps = []
    places = [0, 0]
    for at in range(max(spot.start_ns, perpetual.start_ns) + SECOND, min(spot.end_ns, perpetual.end_ns), SECOND):
        middles = []
        for index, (tape, tick) in enumerate(((spot, 1), (perpetual, 10))):
            while places[index] + 1 < len(tape.quotes) and tape.quotes[places[index] + 1][0] <= at:
                places[index] += 1
            _, bid, ask = tape.quotes[places[index]]
            middles.append((bid + ask) / 2 * tick)
        gaps.append(10_000 * log(middles[1] / middles[0]))
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    left = sum((a - mean) * (b - mean) for a, b in pairwise(gaps)) / (len(gaps) - 1) / variance
    return {"basis_bps_mean": mean, "basis_bps_deviation": sqrt(variance), "basis_left_after_1s": left}


def aggressors(executions: list[tuple[int, int, float]]) -> list[Aggressor]:
    """Executions of the same instant and resting side come from one incoming order: its time and quantity."""
    orders: list[Aggressor] = []
    before = (-1, 0)
    for at, side, size in executions:
        if (at, side) == before:
            orders[-1] = (at, orders[-1][1] + size)
        else:
            orders.append((at, size))
            before = (at, side)
    return orders


def figures(tape: Tape) -> dict[str, Any]:
    """The measures of a tape, and the quantiles of its sizes and spreads."""
    sizes = [size for _, size in tape.aggressors]
    spreads = spread(tape)
    found: dict[str, Any] = msgspec.to_builtins(measure(tape))
    found["spread_ticks"] = [weighted_quantile(spreads, share) for share in QUANTILES]
    return found | ({"size": quantiles(sizes)} if sizes else {})


def all_facts(folder: Path) -> dict[str, dict[str, Any]]:
    """The figures of every recording, by the name of what they calibrate."""
    spot, spot_tape = binance(folder / "crypto_l2/binance_spot_btcusdt_20240808.gz", tick=1)
    perpetual, perpetual_tape = binance(folder / "crypto_l2/binance_usdm_btcusdt_20240808.gz", tick=10)
    return {
        "equity": lobster(folder),
        "fx_spot": foreign_exchange(folder),
        "crypto_spot": spot,
        "perpetual": perpetual | basis(spot_tape, perpetual_tape),
    }


SOURCES = {
    "equity": "NASDAQ GOOG, 2012-06-21, 09:30-16:00, LOBSTER free sample (messages and 10-level book)",
    "fx_spot": "FXCM EUR/USD quotes, 2014-05-05 to 08, sample of the Lean repository (Apache-2.0)",
    "crypto_spot": "Binance spot BTCUSDT raw stream, 2024-08-08 23:54-24:00 UTC, hftbacktest examples (MIT)",
    "perpetual": "Binance USD-M BTCUSDT raw stream, 2024-08-08 23:54-24:00 UTC, hftbacktest examples (MIT)",
}

TOLERANCES = {
    "equity": {
        "aggressors_per_s": 0.25,
        "clustering_10s": 0.35,
        "size_mean": 0.15,
        "size_median": 0.15,
        "spread_ticks_mean": 0.15,
        "spread_ticks_median": 0.15,
        "volatility_1s_bps": 0.15,
        "volatility_60s_bps": 0.25,
        "adds_per_s": 0.15,
        "cancels_per_add": 0.1,
    },
    "fx_spot": {
        "spread_ticks_mean": 0.15,
        "spread_ticks_median": 0.0,
        "volatility_1s_bps": 0.15,
        "volatility_60s_bps": 0.25,
    },
    "crypto_spot": {
        "aggressors_per_s": 0.15,
        "clustering_10s": 0.35,
        "size_mean": 0.3,
        "size_median": 0.15,
        "spread_ticks_mean": 0.35,
        "spread_ticks_median": 0.0,
        "volatility_1s_bps": 0.15,
    },
    "perpetual": {
        "aggressors_per_s": 0.15,
        "clustering_10s": 0.35,
        "size_mean": 0.3,
        "size_median": 0.15,
        "spread_ticks_mean": 0.35,
        "spread_ticks_median": 0.0,
        "volatility_1s_bps": 0.15,
        "basis_bps_mean": 0.15,
        "basis_bps_deviation": 0.3,
    },
}
"""How far a simulated figure may be from the measured one, as a part of it; a test holds the model to these."""


def toml(facts: dict[str, dict[str, Any]]) -> str:
    """The figures as TOML, six significant digits."""
    lines = [
        "# Figures measured on recordings; no rows of data. Made by: python tools/calibrate.py DATA --write",
        "# Prices in ticks of the simulated instrument, sizes in shares or BTC; lists are the quantiles",
        "# 0, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.9 and 100 %. Meaning of each key: measures.py.",
    ]
    for name, values in facts.items():
        lines += ["", f"[{name}]", f'source = "{SOURCES[name]}"']
        lines += [f"{key} = {_number(value)}" for key, value in values.items()]
        lines += ["", f"[{name}.tolerance]"] + [f"{key} = {part}" for key, part in TOLERANCES[name].items()]
    return "\n".join(lines) + "\n"


def _number(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_number(part) for part in value) + "]"
    short = float(f"{value:.6g}")
    return str(int(short)) if short == int(short) else repr(short)


def _distance(quote: Quote, price: int, side: int) -> int:
    """Ticks between a new order's price and the best of the other side (1 is the closest that does not trade)."""
    _, bid, ask = quote
    return ask - price if side == 1 else price - bid


def _changed(quotes: list[Quote], quote: Quote) -> None:
    """Append the quote if it says something new."""
    if not quotes or quotes[-1][1:] != quote[1:]:
        quotes.append(quote)


def _text(path: Path) -> io.TextIOWrapper:
    return io.TextIOWrapper(gzip.open(path, "rb"), encoding="ascii")


def main(arguments: list[str]) -> int:
    """Print the figures, or write them where the package reads them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(arguments)
    text = toml(all_facts(options.data))
    if options.write:
        FACTS.write_text(text)
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
