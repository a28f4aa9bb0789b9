"""`isthmus sim`: no law breaks, what is planted is found, and the Python tier says what the engine says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isthmus.app.cli import main
from isthmus.app.sim import run_cold


def simulated(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object]]:
    code = main(["sim", "--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_seeds_break_no_law(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = simulated(capsys, "--seed", "1", "--seeds", "300")
    assert (code, found["seeds"], found["violations"]) == (0, 300, [])


@pytest.mark.parametrize("plant", ["priority", "money", "posting"])
def test_a_planted_fault_is_found_within_a_thousand_seeds(capsys: pytest.CaptureFixture[str], plant: str) -> None:
    code, found = simulated(capsys, "--seeds", "1000", "--plant", plant)
    assert code == 1
    assert found["violations"]


def test_a_seed_can_be_told_command_by_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "--seed", "3", "--cold", "1", "--verbose"]) == 0
    told = capsys.readouterr().out
    assert "PlaceOrder(" in told and "\n    Accepted(" in told
    assert told.rstrip().endswith("no law was broken")


def test_an_unknown_fault_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "--json", "--plant", "weeds"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "plant"


@pytest.mark.parametrize("seed", range(1, 9))
def test_the_python_tier_says_what_the_engine_says(tmp_path: Path, seed: int) -> None:
    assert run_cold(seed, tmp_path / "data") == []
