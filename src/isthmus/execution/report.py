"""The cost report as one HTML page that prints well: a day's table, and each parent with its picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from isthmus.execution.picture import bar_picture, price_picture
from isthmus.execution.policy import Work
from isthmus.execution.tca import Analysis, Summary, VenuePart
from isthmus.execution.trace import Trace
from isthmus.kernel.messages import BUY
from isthmus.kernel.values import NS_PER_S, time_text

POINTS_MAX = 400
ORDERS_MAX = 200
"""Parents that get a section of their own; the table has all of them."""

STYLE = """
body{font:14px/1.45 system-ui,sans-serif;max-width:860px;margin:24px auto;padding:0 16px;color:#1b2430}
h1{font-size:22px}h2{font-size:17px;margin-top:28px}table{border-collapse:collapse;width:100%}
td,th{padding:3px 8px;border-bottom:1px solid #d8dee6;text-align:right;white-space:nowrap}
td:first-child,th:first-child{text-align:left}.note{color:#5b6775}
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#5b6775}
.line{fill:none;stroke:#33658a;stroke-width:1.2}.mark{stroke:#9aa7b5;stroke-dasharray:3 3}
.maker{fill:#2f9e62}.taker{fill:#d1495b}.cost{fill:#d1495b}.gain{fill:#2f9e62}.interval{stroke:#1b2430;stroke-width:1.5}
figure{margin:8px 0}figcaption{color:#5b6775;font-size:12px}section{break-inside:avoid}
"""


VENUE_HEADS = ("venue", "children", "fills", "lots", "maker", "arrival bps")


class Names:
    """How an instrument and a venue are written; `price(instrument, steps)` is decimal text."""

    def __init__(
        self, instrument: Callable[[int], str], venue: Callable[[int], str], price: Callable[[int, float], str]
    ) -> None:
        self.instrument = instrument
        self.venue = venue
        self.price = price


def day_report(
    title: str,
    summaries: Sequence[Summary],
    parents: Sequence[tuple[Analysis, Work, Trace]],
    names: Names,
) -> str:
    """The whole page."""
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>"
    body = [f"<h1>{escape(title)}</h1>", DEFINITIONS]
    markets = sorted({row.market for row in summaries})
    body += [_table(market, [row for row in summaries if row.market == market]) for market in markets]
    body += [_section(*row, names) for row in parents[:ORDERS_MAX]]
    if len(parents) > ORDERS_MAX:
        body.append(f"<p class=note>{len(parents) - ORDERS_MAX} more parents are in the table only.</p>")
    return f"{head}<body>{''.join(body)}</body></html>"


DEFINITIONS = """<p class=note>Costs are basis points of the benchmark; positive is dearer. Arrival: the middle when the
order came. Shortfall counts what was not filled at the last middle (Perold 1988). Capture: 1 earned half the spread at
every fill, -1 paid it. Intervals: 95 %, percentile bootstrap of the mean. Tape and simulator are never ranked
together: a tape does not react.</p>"""


def _table(market: str, rows: Sequence[Summary]) -> str:
    ranked = sorted((row for row in rows if row.cost_bps is not None), key=lambda row: row.cost_bps or 0.0)
    picture = bar_picture(
        f"cost against arrival, bps, {market}",
        [(row.path, row.cost_bps or 0.0, row.ci_low, row.ci_high) for row in ranked],
    )
    heads = (
        "path",
        "parents",
        "arrival",
        "low",
        "high",
        "VWAP",
        "shortfall",
        "filled",
        "leakage",
        "capture",
        "seconds",
    )
    lines = "".join(_line(row) for row in rows)
    return f"<h2>On the {escape(market)}</h2>{picture}<table><tr>{_cells(heads, 'th')}</tr>{lines}</table>"


def _line(row: Summary) -> str:
    figures = (row.cost_bps, row.ci_low, row.ci_high, row.vwap_bps, row.shortfall_bps)
    cells = [row.path, str(row.parents), *(_number(value) for value in figures), f"{row.fill_rate:.0%}"]
    cells += [_number(row.leakage_bps), _number(row.spread_capture), f"{row.seconds:.1f}"]
    return f"<tr>{_cells(cells, 'td')}</tr>"


def _section(made: Analysis, work: Work, trace: Trace, names: Names) -> str:
    start = made.started_at
    fills = [
        ((fill.at - start) / NS_PER_S, float(fill.price), fill.maker) for child in work.children for fill in child.fills
    ]
    path = [((at - start) / NS_PER_S, price) for at, price in trace.path(start, made.ended_at, POINTS_MAX)]
    marks = [(name, value) for name, value in (("arrival", made.arrival), ("average", made.average)) if value]
    side = "buys" if made.side == BUY else "sells"
    title = f"{made.path}: parent {made.parent} {side} {made.quantity} lots of {names.instrument(made.instrument)}"
    picture = price_picture("middle, fills (green: maker), arrival and average", path, fills, marks)
    costs = (made.arrival_bps, made.vwap_bps, made.twap_bps, made.shortfall_bps, made.reversion_bps, made.fee_bps)
    arrival, average, vwap = (
        _price(names, made.instrument, value) for value in (made.arrival, made.average, made.vwap)
    )
    facts = (
        f"arrival {arrival}, average {average}, VWAP {vwap}; filled {made.fill_rate:.0%} by {made.children} children, "
        f"from {time_text(start)}"
    )
    heads = ("bps", "arrival", "VWAP", "TWAP", "shortfall", "reversion", "fees")
    venues = "".join(f"<tr>{_cells(_venue(part, names), 'td')}</tr>" for part in made.venues)
    row = _cells(("cost", *(_number(value) for value in costs)), "td")
    return (
        f"<section><h2>{escape(title)}</h2><p class=note>{escape(facts)}</p>{picture}"
        f"<table><tr>{_cells(heads, 'th')}</tr><tr>{row}</tr></table>"
        f"<table><tr>{_cells(VENUE_HEADS, 'th')}</tr>{venues}</table></section>"
    )


def _venue(part: VenuePart, names: Names) -> tuple[object, ...]:
    shares = (f"{part.maker_share:.0%}", _number(part.cost_bps))
    return (names.venue(part.venue), part.children, part.fills, part.quantity, *shares)


def _price(names: Names, instrument: int, value: float | None) -> str:
    return "-" if value is None else names.price(instrument, value)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _cells(values: Sequence[object], tag: str) -> str:
    return "".join(f"<{tag}>{escape(str(value))}</{tag}>" for value in values)
