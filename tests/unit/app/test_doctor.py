"""`isthmus doctor` says what is there, and for what is not, what to do."""

import json
from pathlib import Path

import pytest

from isthmus.app.cli import main


def test_what_is_well_needs_no_fix_and_what_is_not_has_one(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["doctor", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert code == (0 if answer["ok"] else 1)
    assert {"python", "engine", "numpy", "cargo", "disk"} <= {check["name"] for check in answer["checks"]}
    assert all(set(check) == {"name", "ok", "found", "fix"} for check in answer["checks"])
    assert all((check["fix"] is None) == check["ok"] for check in answer["checks"])


def test_a_missing_tool_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "FIX  cargo: not found" in said
    assert "install Rust" in said
