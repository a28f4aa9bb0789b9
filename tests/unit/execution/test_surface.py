"""The picture of a book: what can be had within each distance, as an SVG that any reader opens."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest

from isthmus.execution.surface import NOTHING, RAMP, Grid, Surface, svg

GRID = Grid(start=0, column_ns=10, columns=3, row_bps=1.0, rows=4)
SPACE = "{http://www.w3.org/2000/svg}"


def seen() -> Surface:
    surface = Surface(GRID)
    surface.sample(0, [(9_999.0, 1.0), (9_997.5, 4.0)], [(10_001.0, 2.0), (10_002.5, 6.0), (10_100.0, 99.0)])
    surface.sample(5, [(9_999.0, 3.0)], [(10_001.0, 2.0)])
    surface.sample(20, [(9_999.0, 5.0)], [(10_001.0, 5.0)])
    return surface


def test_a_cell_is_what_can_be_had_from_the_middle_out_to_it_on_average() -> None:
    depth = seen().depth()
    assert depth[:, 0] == pytest.approx([4.0, 4.0, 2.0, 0.0, 0.0, 2.0, 5.0, 5.0])
    assert np.isnan(depth[:, 1]).all(), "no book was seen then"
    assert depth[:, 2] == pytest.approx([5.0, 5.0, 5.0, 0.0, 0.0, 5.0, 5.0, 5.0])


def test_a_book_without_a_side_and_a_time_outside_are_passed_over() -> None:
    surface = seen()
    before = surface.depth()
    surface.sample(5, [], [(1.0, 1.0)])
    surface.sample(30, [(1.0, 1.0)], [(2.0, 1.0)])
    surface.sample(-1, [(1.0, 1.0)], [(2.0, 1.0)])
    np.testing.assert_array_equal(surface.depth(), before)


def test_the_picture_is_well_formed_and_darker_where_more_can_be_had() -> None:
    root = ET.fromstring(svg(seen(), "a <book> & more", "BTC"))
    assert root.attrib["aria-label"] == "a <book> & more"
    cells = [
        (float(cell.attrib["x"]), float(cell.attrib["y"]), cell.attrib["fill"])
        for cell in root.iter(f"{SPACE}rect")
        if cell.attrib["fill"] in RAMP and float(cell.attrib["x"]) < 784
    ]
    first = [RAMP.index(fill) for _, _, fill in sorted(cells, key=lambda cell: cell[1])[:3] if fill != NOTHING]
    assert first == sorted(first, reverse=True)
    assert not [x for x, _, _ in cells if 304 < x < 543], "nothing is drawn where nothing was seen"


def test_no_book_and_no_grid_are_refused() -> None:
    with pytest.raises(ValueError, match="surface: no book"):
        svg(Surface(GRID), "nothing", "BTC")
    with pytest.raises(ValueError, match="grid"):
        Surface(Grid(start=0, column_ns=1, columns=0, row_bps=1.0, rows=4))
