"""The public suite tracebook-conformance (PyPI) against `isthmus match`, over pipes as for any engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ADAPTER = Path(__file__).with_name("tracebook_adapter.py")
TOOL = Path(sys.executable).parent / "tracebook-conformance"
CANDIDATE = f"{sys.executable} {ADAPTER}"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(TOOL), *arguments], capture_output=True, text=True, timeout=300, check=False)


def test_every_fixed_case_conforms(tmp_path: Path) -> None:
    suite = tmp_path / "suite"
    assert run("sample", str(suite), "--suite-version", "v2").returncode == 0
    done = run("suite", str(suite), "--candidate-cmd", CANDIDATE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("profile", "seed"), [("fifo-limit-v1", 42), ("fifo-full-v1", 7)])
def test_generated_traces_conform(tmp_path: Path, profile: str, seed: int) -> None:
    size = ("--traces", "6", "--events-per-trace", "120", "--max-minimize-runs", "20", "--corpus-dir", str(tmp_path))
    done = run("campaign", "--profile", profile, "--seed", str(seed), *size, "--candidate-cmd", CANDIDATE)
    assert done.returncode == 0, done.stdout + done.stderr
