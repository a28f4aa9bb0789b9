"""`isthmus bench margin` on files of a few thousand contracts: each row is there, and marginism comes to ours."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from isthmus.app import bench_margin


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    patch = pytest.MonkeyPatch()
    patch.setattr(bench_margin, "OPTIONS", 3_200)
    patch.setattr(bench_margin, "PEER_S", 2.0)
    patch.setattr(bench_margin, "MORE_ROWS", ())
    found = bench_margin.measured(tmp_path_factory.mktemp("bench"), contracts=6_000, portfolios=60)
    patch.undo()
    return found


def test_every_row_has_a_figure(report: dict[str, list[bench_margin.Row]]) -> None:
    rows = {row.name: row for row in report["rows"]}
    assert {"read_spn", "span", "span_plain", "array_rebuild", "array_rebuild_american"} <= set(rows)
    assert all(row.value for row in rows.values())
    assert (rows["span"].unit, rows["span"].goal, rows["read_spn"].goal) == ("portfolios/s", 300_000, 1.5)


def test_marginism_comes_to_the_same_requirements(report: dict[str, list[bench_margin.Peer]]) -> None:
    if importlib.util.find_spec("marginism") is None:
        pytest.skip("needs marginism")
    peers = {peer.row: peer for peer in report["peers"]}
    assert {name: (peer.status, peer.reason) for name, peer in peers.items()} == {
        "span": ("ok", None),
        "read_spn": ("ok", None),
    }
    assert all(peer.ratio and peer.ratio > 1 for peer in peers.values())


def test_what_marginism_differs_in_is_told(tmp_path: Path) -> None:
    book = bench_margin.SpanBook()
    book.add_form({"currency": "INR", "contracts": [{"product": "X", "kind": "future", "array": [5] * 16}]})
    book.seal()
    rows = {name: bench_margin.Row(name=name, value=1.0, ok=True) for name in ("span", "read_spn")}
    found = {"version": "0", "read_s": 1.0, "count": 1, "seconds": 1.0, "requirements": [7.0]}
    peers = list(bench_margin._compared(found, book, [[(0, 1)]], rows))
    assert {(peer.status, peer.reason) for peer in peers} == {("wrong", "differs by up to 2.00 from ours")}
    assert not rows["span"].ok, "one portfolio a second is not 300 times one"
