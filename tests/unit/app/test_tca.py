"""`isthmus tca`: a data folder's own parents, the table of the paths, and the report on a screen and on paper."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import isthmus
from isthmus.app.cli import main
from isthmus.app.measure_paths import FIRST_DAY, Case, run_case, simulator_cases, tape_cases
from isthmus.app.paper import BROWSERS
from isthmus.execution.taxonomy import PATHS

CONTRACT = ("path", "parents", "market", "cost_bps", "ci_low", "ci_high", "fill_rate", "leakage_bps")
"""What every row has."""

SYMBOL = "BTC-USD"
CONTRACT = ("path", "parents", "market", "cost_bps", "ci_low", "ci_high", "fill_rate", "leakage_bps")
VOID = {"meta", "br", "hr", "img"}


class Worker(isthmus.Strategy):
    """Two parents of TWAP and one of SWEEP; the last is left unfinished."""

    def on_start(self, broker: isthmus.Broker) -> None:
        broker.buy(SYMBOL, "0.0200", path="TWAP", parameters={"slices": 4}, until_s=20)
        broker.sell(SYMBOL, "0.0100", path="SWEEP")
        broker.buy(SYMBOL, "0.0400", path="TWAP", parameters={"slices": 10}, until_s=600)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with those parents."""
    folder = tmp_path_factory.mktemp("tca") / "data"
    isthmus.backtest(Worker(), seconds=60, data=folder)
    return folder


class Balanced(HTMLParser):
    """Every tag that opens closes, in order; the page's head has optional ends."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_parents_of_a_data_folder_are_summed_up_by_path(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tca", "--day", str(data), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(set(CONTRACT) <= set(row) for row in rows)
    assert [(row["path"], row["parents"]) for row in rows] == [("SWEEP", 1), ("TWAP", 2)]
    sweep, twap = rows
    assert sweep["fill_rate"] == 1.0 and 0.5 < twap["fill_rate"] < 1.0
    assert sweep["cost_bps"] is not None and twap["cost_bps"] is not None


def test_the_report_is_well_formed_and_has_a_picture_of_every_parent(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.html"
    assert main(["tca", "--day", str(data), "--report", str(report)]) == 0
    assert "TWAP" in capsys.readouterr().out
    page = report.read_text(encoding="utf-8")
    check = Balanced()
    check.feed(page)
    assert check.open == [] and check.seen.count("section") == 3
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 1 + 3, "costs by path, then a picture a parent"
    for picture in pictures:
        drawn = ET.fromstring(picture)
        assert len(list(drawn.iter())) > 5
    assert page.count("circle") >= 6, "fills are dots"
    assert "nan" not in page.lower() and "None" not in page


def test_the_report_is_printed_by_the_browser_that_is_there(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small program stands in for Chromium and keeps to its door: a page in, a file out."""
    fake = tmp_path / "bin" / BROWSERS[1]
    fake.parent.mkdir()
    fake.write_text(
        '#!/bin/sh\nfor word in "$@"; do case $word in --print-to-pdf=*) to=${word#*=};; file:*) from=${word#file://};;'
        ' esac; done\n{ printf "%%PDF-of "; grep -c "<section>" "$from"; } > "$to"\n'
    )
    fake.chmod(0o755)
    for name in ("sh", "grep"):
        (fake.parent / name).symlink_to(shutil.which(name) or "")
    monkeypatch.setenv("PATH", str(fake.parent))
    assert main(["tca", "--day", str(data), "--pdf", str(tmp_path / "report.pdf")]) == 0
    assert (tmp_path / "report.pdf").read_text().startswith("%PDF-of 1")


def test_without_a_browser_it_says_which_part_is_missing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["tca", "--day", str(data), "--pdf", str(tmp_path / "report.pdf"), "--json"]) == 4
    assert "Chromium is missing" in json.loads(capsys.readouterr().out)["error"]["reason"]
    assert not (tmp_path / "report.pdf").exists()


@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="needs Chromium on the path")
def test_a_real_browser_prints_it(data: Path, tmp_path: Path) -> None:
    assert main(["tca", "--day", str(data), "--pdf", str(tmp_path / "report.pdf")]) == 0
    printed = (tmp_path / "report.pdf").read_bytes()
    assert printed.startswith(b"%PDF-") and len(printed) > 10_000


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--day", "/no/such/folder"], "day"),
        (["--day", "{empty}"], "markets"),
        (["--day", "{empty}", "--paths", "X"], "paths"),
    ],
)
def test_what_cannot_be_measured_is_refused_by_name(
    words: list[str], field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [word.replace("{empty}", str(tmp_path)) for word in words]
    assert main(["tca", *given, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == field


def test_a_data_folder_without_parents_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    isthmus.backtest(isthmus.Strategy(), seconds=1, data=tmp_path / "data")
    assert main(["tca", "--day", str(tmp_path / "data"), "--json"]) == 2
    assert "no parents" in json.loads(capsys.readouterr().out)["error"]["reason"]


def test_every_path_is_measured_on_the_simulator_with_the_same_sizes_and_sides() -> None:
    names = [path.name for path in PATHS]
    cases = list(simulator_cases(names, 2))
    by_path = {name: [(case.seed, case.share, case.side) for case in cases if case.path == name] for name in names}
    assert len(by_path) == 23 and len({tuple(rows) for rows in by_path.values()}) == 1


def test_a_parent_is_measured_on_the_simulator() -> None:
    row = run_case(Case(path="SWEEP", share=0.1, side="buy", start_s=30, seconds=30, seed=1))
    assert 0.5 < row.analysis.fill_rate <= 1.0 and row.analysis.arrival_bps is not None
    assert row.analysis.leakage_bps is not None and len(row.picture) > 1
    assert row.analysis.started_at == FIRST_DAY + 30 * 10**9


def test_a_parent_is_measured_on_the_tape(test_data: Path) -> None:
    cases = list(tape_cases(test_data / "crypto_l2", ["SWEEP", "DARK_KM"]))
    assert {case.path for case in cases} == {"SWEEP"}, "a tape cannot answer for a dark pool"
    row = run_case(cases[0])
    assert row.analysis.fill_rate == 1.0 and row.analysis.leakage_bps is None
