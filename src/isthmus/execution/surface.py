"""A picture of the liquidity surface: time x distance from the middle x depth, as plain SVG.

Time runs to the right, distance up: asks above the middle, bids below it. A cell is as dark as much can be had from the
middle out to there, on a logarithmic scale, since depth differs by orders of magnitude over the distances of one book.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log10

import msgspec
import numpy as np

BPS = 10_000
RAMP = ("#f2f6fa", "#d3e1ee", "#aac8e0", "#7aa9cf", "#4b88ba", "#2a679f", "#17497c", "#0b2f57", "#061c38")
"""One hue from light to dark, so that the order is seen without colours too."""
NOTHING = "#ffffff"
LEFT, TOP, WIDTH, HEIGHT, RIGHT, BOTTOM = 64, 44, 720, 360, 96, 48
FONT = 'font-family="system-ui, sans-serif" font-size="12" fill="#1f2933"'
STEPS_MOST = 400


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """Columns of time from `start` on, `column_ns` each; rows of distance, `row_bps` each, `rows` on either side."""

    start: int
    column_ns: int
    columns: int
    row_bps: float
    rows: int


class Surface:
    """Gathers books into a grid: a cell is the mean of the books in its column."""

    def __init__(self, grid: Grid) -> None:
        if not (0 < grid.columns <= STEPS_MOST and 0 < grid.rows <= STEPS_MOST and grid.row_bps > 0):
            raise ValueError(f"grid: 1 to {STEPS_MOST} columns and rows of a positive height")
        self.grid = grid
        self._sums = np.zeros((2 * grid.rows, grid.columns))
        self._counts = np.zeros(grid.columns, dtype=int)

    def sample(self, at: int, bids: Sequence[tuple[float, float]], asks: Sequence[tuple[float, float]]) -> None:
        """A book at a time: (price, quantity) best first. One without a side, and a time outside, is passed over."""
        column = (at - self.grid.start) // self.grid.column_ns
        if not (bids and asks and 0 <= column < self.grid.columns):
            return
        middle = (bids[0][0] + asks[0][0]) / 2
        self._counts[column] += 1
        for sign, side in ((1, asks), (-1, bids)):
            for price, quantity in side:
                row = int(sign * (price - middle) / middle * BPS / self.grid.row_bps)
                if not 0 <= row < self.grid.rows:
                    break
                self._sums[self.grid.rows + row if sign > 0 else self.grid.rows - 1 - row, column] += quantity

    def depth(self) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """What stands from the middle out to the end of each row, mean of a column's books: furthest bid first,
        furthest ask last; nan where no book was seen.
        """
        counts, rows = np.where(self._counts > 0, self._counts, np.nan), self.grid.rows
        bids = np.cumsum(self._sums[:rows][::-1], axis=0)[::-1]
        asks = np.cumsum(self._sums[rows:], axis=0)
        return np.concatenate((bids, asks)) / counts


def svg(surface: Surface, title: str, unit: str) -> str:
    """The picture: a complete SVG document of about `columns` x `rows` x 100 bytes."""
    depth = surface.depth()
    known = depth[np.isfinite(depth) & (depth > 0)]
    if not len(known):
        raise ValueError("surface: no book was seen")
    low, high = (log10(float(np.quantile(known, share))) for share in (0.01, 0.99))
    high = max(high, low + 0.1)
    width, height = LEFT + WIDTH + RIGHT, TOP + HEIGHT + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'shape-rendering="crispEdges" role="img" aria-label="{escape(title, quote=True)}">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" font-weight="600" {FONT}>{escape(title)}</text>',
        *_cells(surface.grid, depth, low, high),
        *_axes(surface.grid),
        *_legend(low, high, unit),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _cells(grid: Grid, depth: np.ndarray[tuple[int, int], np.dtype[np.float64]], low: float, high: float) -> list[str]:
    """Cells of one colour that follow each other in time are one rectangle."""
    made = []
    across, up = WIDTH / grid.columns, HEIGHT / (2 * grid.rows)
    for row, values in enumerate(depth):
        top = TOP + HEIGHT - (row + 1) * up
        shades = [_shade(float(value), low, high) for value in values]
        start = 0
        for column in range(1, grid.columns + 1):
            if column == grid.columns or shades[column] != shades[start]:
                if shades[start] != NOTHING:
                    made.append(
                        f'<rect x="{LEFT + start * across:.2f}" y="{top:.2f}" width="{(column - start) * across:.2f}" '
                        f'height="{up:.2f}" fill="{shades[start]}"/>'
                    )
                start = column
    return made


def _axes(grid: Grid) -> list[str]:
    middle = TOP + HEIGHT / 2
    made = [
        f'<line x1="{LEFT}" y1="{middle}" x2="{LEFT + WIDTH}" y2="{middle}" stroke="#1f2933" stroke-width="0.5"/>',
        f'<text x="16" y="{TOP + HEIGHT / 2}" text-anchor="middle" {FONT} '
        f'transform="rotate(-90 16 {TOP + HEIGHT / 2})">distance from the middle, bps</text>',
        f'<text x="{LEFT + WIDTH / 2}" y="{TOP + HEIGHT + 38}" text-anchor="middle" {FONT}>time, s</text>',
    ]
    furthest = grid.rows * grid.row_bps
    for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
        y = middle - share * HEIGHT / 2
        made.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" {FONT}>{share * furthest:.3g}</text>')
    seconds = grid.columns * grid.column_ns / 1e9
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = LEFT + share * WIDTH
        made.append(f'<text x="{x}" y="{TOP + HEIGHT + 18}" text-anchor="middle" {FONT}>{share * seconds:.4g}</text>')
    return made


def _legend(low: float, high: float, unit: str) -> list[str]:
    left, step = LEFT + WIDTH + 20, HEIGHT / len(RAMP) / 2
    made = [f'<text x="{left}" y="{TOP - 6}" {FONT}>{escape(unit)}</text>']
    for place, colour in enumerate(RAMP):
        y = TOP + (len(RAMP) - 1 - place) * step
        made.append(f'<rect x="{left}" y="{y:.1f}" width="16" height="{step:.1f}" fill="{colour}"/>')
        if place % 2 == 0:
            value = 10 ** (low + (high - low) * (place + 0.5) / len(RAMP))
            made.append(f'<text x="{left + 22}" y="{y + step / 2 + 4:.1f}" {FONT}>{value:.2g}</text>')
    return made


def _shade(value: float, low: float, high: float) -> str:
    """A colour for a depth; white where nothing stands or nothing is known."""
    if not value > 0:
        return NOTHING
    place = int((log10(value) - low) / (high - low) * len(RAMP))
    return RAMP[max(0, min(len(RAMP) - 1, place))]
