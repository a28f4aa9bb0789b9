"""A fresh clone builds from locked packages only, and says at once all that it lacks."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock")


def test_every_missing_tool_is_named_at_once_with_what_to_do(tmp_path: Path) -> None:
    bare = {**os.environ, "PATH": str(tmp_path)}
    script = str(ROOT / "tools" / "toolchain.sh")
    answer = subprocess.run(["/bin/sh", script], cwd=ROOT, env=bare, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    for tool in ("python 3.11+", "cargo 1.89+", "cc", "node 20.19+", "npm"):
        assert re.search(rf"^  {re.escape(tool)} +\S", answer.stderr, re.MULTILINE), f"{tool} is not named"


def test_with_all_tools_nothing_is_said() -> None:
    answer = subprocess.run(
        ["/bin/sh", str(ROOT / "tools" / "toolchain.sh")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_one_version_and_hashes(lock: str) -> None:
    entries = (ROOT / lock).read_text().replace("\\\n", "").splitlines()
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), entry[:60]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_direct_dependency_is_locked(lock: str) -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
    assert {re.split(r"[>=<;\[ ]", name)[0] for name in wanted} <= locked


def test_the_locks_agree() -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in re.findall(r"^([a-z0-9-]+==\S+?)( ;[^\\]*)? ", (ROOT / lock).read_text(), re.MULTILINE):
            versions.setdefault(name.split("==")[0] + version, set()).add(name)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
