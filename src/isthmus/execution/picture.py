"""Small pictures as SVG text: a price with fills, bars of costs. No library: a few shapes and labels."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, EDGE = 760, 240, 44

Point = tuple[float, float]


class Scale:
    """Maps values to pixels; a range of nothing is widened, so that one value stands in the middle."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        if high <= low:
            low, high = low - 0.5, high + 0.5
        self._low, self._span = low, high - low
        self._start, self._length = start, end - start

    def at(self, value: float) -> float:
        """In pixels."""
        return self._start + (value - self._low) / self._span * self._length


def price_picture(
    title: str, path: Sequence[Point], fills: Sequence[tuple[float, float, bool]], marks: Sequence[tuple[str, float]]
) -> str:
    """A line of (seconds, price), fills as dots (filled: maker), and horizontal marks such as arrival and average."""
    values = [price for _, price in path] + [price for _, price, _ in fills] + [price for _, price in marks]
    times = [at for at, _ in path] + [at for at, _, _ in fills]
    if not values or not times:
        return ""
    x = Scale(min(times), max(times), EDGE, WIDTH - EDGE)
    y = Scale(min(values), max(values), HEIGHT - EDGE, EDGE / 2)
    line = " ".join(f"{x.at(at):.1f},{y.at(price):.1f}" for at, price in path)
    parts = [f'<polyline class="line" points="{line}"/>']
    for name, price in marks:
        row = y.at(price)
        parts.append(f'<line class="mark" x1="{EDGE}" x2="{WIDTH - EDGE}" y1="{row:.1f}" y2="{row:.1f}"/>')
        parts.append(f'<text x="{WIDTH - EDGE + 3}" y="{row + 3:.1f}">{escape(name)}</text>')
    for at, price, maker in fills:
        kind = "maker" if maker else "taker"
        parts.append(f'<circle class="{kind}" cx="{x.at(at):.1f}" cy="{y.at(price):.1f}" r="3"/>')
    parts.append(f'<text x="{EDGE}" y="{HEIGHT - 12}">{min(times):.0f} s</text>')
    parts.append(f'<text x="{WIDTH - EDGE}" y="{HEIGHT - 12}" text-anchor="end">{max(times):.0f} s</text>')
    return _svg(title, parts, HEIGHT)


def bar_picture(title: str, rows: Sequence[tuple[str, float, float | None, float | None]]) -> str:
    """A bar a row (name, value, low, high) with its interval, from the top down."""
    if not rows:
        return ""
    known = [value for row in rows for value in row[1:] if value is not None] + [0.0]
    height = 22 * len(rows) + 30
    x = Scale(min(known), max(known), 150, WIDTH - EDGE)
    zero = x.at(0)
    parts = [f'<line class="mark" x1="{zero:.1f}" x2="{zero:.1f}" y1="10" y2="{height - 20}"/>']
    for number, (name, value, low, high) in enumerate(rows):
        top = 12 + number * 22
        left, right = sorted((zero, x.at(value)))
        tone = "cost" if value > 0 else "gain"
        parts.append(f'<text x="144" y="{top + 11}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect class="{tone}" x="{left:.1f}" y="{top}" width="{right - left:.1f}" height="14"/>')
        if low is not None and high is not None:
            parts.append(
                f'<line class="interval" x1="{x.at(low):.1f}" x2="{x.at(high):.1f}" y1="{top + 7}" y2="{top + 7}"/>'
            )
        parts.append(f'<text x="{WIDTH - EDGE + 3}" y="{top + 11}">{value:.2f}</text>')
    return _svg(title, parts, height)


def _svg(title: str, parts: Sequence[str], height: int) -> str:
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
        f"<figcaption>{escape(title)}</figcaption></figure>"
    )
