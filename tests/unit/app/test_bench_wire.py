"""`isthmus bench wire`: messages of the shapes it tells of, rows by goal, peers by name even where they are absent."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from isthmus._core import FixDictionary, FixMessage
from isthmus.app import bench_wire, bench_wire_fix
from isthmus.app.bench_report import Probe, Row
from isthmus.app.bench_wire_fix import GOALS_NS, IN_PYTHON, PEERS, Asked, orders, reports

ANSWERS = """
import json, sys
for line in sys.stdin:
    print(json.dumps(%s if line.strip() == "truth" else %s), flush=True)
"""


def answering(truth: object, found: object) -> list[str]:
    """A process that answers like a part that is timed."""
    return [sys.executable, "-c", ANSWERS % (truth, found)]


def measured(
    monkeypatch: pytest.MonkeyPatch, folder: Path, native: list[str] | str, peer: list[str] | str
) -> dict[str, Any]:
    monkeypatch.setattr(bench_wire_fix, "ROUNDS", 2)
    monkeypatch.setattr(bench_wire_fix, "PYTHON_MESSAGES", 20)
    monkeypatch.setattr(bench_wire_fix, "_native", lambda _folder: native)
    monkeypatch.setattr(bench_wire_fix, "_peer", lambda _name, _folder: peer)
    monkeypatch.setattr(bench_wire, "SECTIONS", [bench_wire_fix.measure])
    return bench_wire.measured(folder)


@pytest.mark.parametrize(("messages", "size", "fields"), [(orders(), 238, 22), (reports(), 417, 38)])
def test_messages_have_the_shape_that_is_told(messages: list[str], size: int, fields: int) -> None:
    assert len(set(messages)) == 64
    dictionary = FixDictionary.standard("FIX.4.4")
    for text in messages:
        message = FixMessage(text.replace("|", "\x01").encode(), dictionary)
        assert (len(text), len(message), dictionary.check(message)) == (size, fields, None)


def test_rows_are_ok_by_goal_and_peers_by_ratio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    native = {name: 90.0 for name in GOALS_NS if name not in IN_PYTHON}
    report = measured(
        monkeypatch, tmp_path, answering(True, native),
        answering({"right": True, "version": "1.2"}, {"fix_order_parse": 900.0}),
    )  # fmt: skip
    rows = {row.name: row for row in report["rows"]}
    assert list(rows) == list(GOALS_NS)
    assert (rows["fix_order_parse"].ok, rows["fix_order_encode"].ok) == (True, False), "90 ns are more than 60"
    assert (rows["fix_order_python"].ok, rows["fix_order_parse"].rounds) == (True, 2)
    peers = [(peer.name, peer.ratio, peer.status, peer.version) for peer in report["peers"]]
    assert peers == [(name, 10.0, "ok", "1.2") for name in PEERS]


def test_wrong_answers_are_never_ok(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    native = {name: 1.0 for name in GOALS_NS if name not in IN_PYTHON}
    report = measured(
        monkeypatch, tmp_path, answering(False, native), answering({"right": False}, {"fix_order_parse": 9.0})
    )
    assert {row.name for row in report["rows"] if row.ok} == set(IN_PYTHON)
    assert {peer.status for peer in report["peers"]} == {"wrong"}


def test_what_is_not_here_is_told_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    absent = [sys.executable, "-c", "import sys; sys.exit('simplefix is not installed')"]
    report = measured(monkeypatch, tmp_path, "cargo is not here", absent)
    reasons = {row.name: row.reason for row in report["rows"] if row.name not in IN_PYTHON}
    assert set(reasons.values()) == {"cargo is not here"}
    assert [(peer.name, peer.status, peer.reason) for peer in report["peers"]] == [
        (name, "missing", "simplefix is not installed") for name in PEERS
    ]


def test_the_pure_parser_beside_ours_reads_the_messages(tmp_path: Path) -> None:
    for name, messages in (("order", orders()), ("report", reports())):
        (tmp_path / name).write_text("\n".join(messages) + "\n", encoding="ascii")
    with ExitStack() as stack:
        asked = Asked(stack, bench_wire_fix._peer("pure-python-dict", tmp_path))
        asked.round()
        assert asked.right, asked.why
        assert set(asked.medians()) == {"fix_order_parse", "fix_report_parse"}


def test_sections_stand_one_behind_the_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def section(name: str) -> bench_wire.Section:
        return lambda folder: ([Row(name=name, value=float(folder.exists()))], [], [Probe(name, 1.0)])

    monkeypatch.setattr(bench_wire, "SECTIONS", [section("one"), section("two")])
    report = bench_wire.measured(tmp_path)
    assert [(row.name, row.value) for row in report["rows"]] == [("one", 1.0), ("two", 1.0)]
    assert [probe.name for probe in report["probes"]] == ["one", "two"]
