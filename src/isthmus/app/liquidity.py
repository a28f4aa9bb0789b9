"""`isthmus liquidity`: how deep, tight and busy venues will be by time of day, against the plain seasonal average on
days that neither has seen; thin hours, the cut of an order, and a picture of a recorded book.

Exit 0 when it ran, whichever of the two won; 2 when a file cannot be read.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.liquidity_files import read_days
from isthmus.app.market_files import Asked, book_samples, market_file
from isthmus.app.output import EXIT_OK, fail, print_json, say
from isthmus.execution.arbitrage import NANO
from isthmus.execution.forecast import DEPTH, MEASURES, VOLUME, DayBins, compare, expected, profile, thin_hours
from isthmus.execution.slicing import Bin, Cutting, cut
from isthmus.execution.surface import Grid, Surface, svg
from isthmus.kernel.values import NS_PER_S

AHEAD_S = (300, 1_800, 7_200)
"""How far ahead both are asked: five minutes, half an hour, two hours."""
COLUMNS, ROWS = 120, 40
DAY_S = 86_400


def run(arguments: argparse.Namespace) -> int:
    """Prints what was found for each source, or draws a picture of a depth stream."""
    paths = [Path(path) for path in arguments.quotes]
    if arguments.picture:
        return _picture(paths, arguments)
    if DAY_S % arguments.bin_s:
        fail("bin-s", f"{arguments.bin_s} does not divide a day")
    rows = [_source(name, days, arguments) for name, days in read_days(paths, arguments.bin_s).items()]
    if arguments.json:
        print_json({"bin_s": arguments.bin_s, "sources": rows})
        return EXIT_OK
    for row in rows:
        _tell(row)
    return EXIT_OK


def _source(name: str, days: list[DayBins], arguments: argparse.Namespace) -> dict[str, Any]:
    """One venue and instrument. The last day is the test, those before it are the training."""
    training, tests = days[:-1], days[-1:]
    row: dict[str, Any] = {
        "source": name,
        "training_days": [day.day for day in training],
        "test_day": tests[0].day,
        "forecasts": [],
        "thin_hours": [{"hour": thin.hour, "why": thin.why} for thin in thin_hours(training or tests, arguments.bin_s)],
        "answer": "",
    }
    if not training:
        row["answer"] = "No forecast: one day is not enough, a second one is needed to test it."
    else:
        for measure in MEASURES:
            for ahead_s in AHEAD_S:
                found = compare(measure, training, tests, max(1, ahead_s // arguments.bin_s))
                if found is not None:
                    row["forecasts"].append(msgspec.to_builtins(found) | {"ahead_s": ahead_s})
        row["answer"] = answer_of(row["forecasts"])
    if arguments.order:
        row["order"] = _order(training or tests, arguments)
    return row


def answer_of(forecasts: list[dict[str, Any]]) -> str:
    """Where it wins over the plain seasonal average, and where it does not."""
    if not forecasts:
        return "Nothing could be compared."
    said = []
    for verdict, words in (("better", "better"), ("no difference", "no different"), ("worse", "worse")):
        found = [f"{row['measure']} {row['ahead_s'] // 60} min" for row in forecasts if row["verdict"] == verdict]
        if found:
            said.append(f"{words}: {', '.join(found)}")
    return f"Against the plain seasonal average, {'; '.join(said)}."


def _order(days: list[DayBins], arguments: argparse.Namespace) -> dict[str, Any]:
    """The cut of an order over a whole day, by the profile of these days."""
    known: dict[str, list[float] | None] = {}
    for measure in (VOLUME, DEPTH):
        logs = [day.logs(measure) for day in days]
        usable = any(bool((row == row).any()) for row in logs)
        known[measure] = [float(value) for value in expected(profile(measure, logs), logs[0], -1)] if usable else None
    volume, depth = known[VOLUME], known[DEPTH]
    if volume is None and depth is None:
        return {"quantity": arguments.order, "children": [], "left": arguments.order, "why": "no size is known"}
    places = range(DAY_S // arguments.bin_s)
    bins = [Bin(at, volume[at] if volume else None, depth[at] if depth else None) for at in places]
    rule = Cutting(
        quantity=arguments.order,
        lot=arguments.lot,
        participation_ppm=arguments.participation_ppm,
        children=arguments.children,
    )
    try:
        found = cut(bins, rule)
    except ValueError as error:
        field, _, reason = str(error).partition(": ")
        fail("order" if field == "quantity" else field, reason)
    children = [
        {"second": round((child.place + child.within_ppm / 1e6) * arguments.bin_s, 3), "quantity": child.quantity}
        for child in found.slices
    ]
    why = "" if not found.left else "the rest is beyond the participation in every bin"
    return {"quantity": arguments.order, "children": children, "left": found.left, "why": why}


def _picture(paths: list[Path], arguments: argparse.Namespace) -> int:
    """Draw the surface of one depth stream."""
    if len(paths) != 1:
        fail("picture", "is drawn of one recording at a time")
    file = market_file(paths[0], 1, Asked())
    if file.day:
        fail("picture", f"{paths[0].name} shows best prices only; a picture needs a depth stream")
    samples = list(book_samples(file, NS_PER_S))
    if not samples:
        fail("quotes", f"{paths[0].name} holds no book")
    start, end = samples[0][0], samples[-1][0]
    column = max(1, -(-(end - start + 1) // COLUMNS))
    row_bps = arguments.distance_bps / ROWS
    surface = Surface(Grid(start=start, column_ns=column, columns=COLUMNS, row_bps=row_bps, rows=ROWS))
    for at, bids, asks in samples:
        surface.sample(at, bids, asks)
    unit = "contracts" if file.terms.inverse else file.terms.base
    title = f"{file.terms.name}: what can be had within each distance from the middle"
    if not (surface.depth() > 0).any():
        fail("distance-bps", f"nothing stands within {arguments.distance_bps} bps of the middle")
    Path(arguments.picture).write_text(svg(surface, title, unit), encoding="utf-8")
    made = {"picture": arguments.picture, "samples": len(samples), "seconds": round((end - start) / NANO, 3)}
    if arguments.json:
        print_json(made)
    else:
        say(f"{made['picture']}: {made['samples']} books over {made['seconds']} s")
    return EXIT_OK


def _tell(row: dict[str, Any]) -> None:
    say(f"\n{row['source']}: tested on {row['test_day']}, {len(row['training_days'])} training days")
    for found in row["forecasts"]:
        errors = f"error {found['error']:.3f}, seasonal {found['seasonal_error']:.3f}"
        gain = f"gain {100 * found['gain']:5.1f} %, {found['sure']:+.1f} se"
        say(f"  {found['measure']:7} {found['ahead_s'] // 60:4} min ahead  {errors}, {gain}: {found['verdict']}")
    for thin in row["thin_hours"]:
        say(f"  thin from {thin['hour']:02}:00: {thin['why']}")
    say(f"  {row['answer']}")
    if "order" in row:
        order = row["order"]
        say(f"  {order['quantity']} in {len(order['children'])} children, {order['left']} left {order['why']}")
