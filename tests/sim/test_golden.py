"""The golden sessions that the tests of the Rust core replay are the twin's own."""

from __future__ import annotations

import pytest
from tests.oracle import golden
from tests.oracle.messages import COMMANDS, name_of
from tools.golden_sessions import DRAWN, FOLDER, WORKED, drawn

NAMES = [*DRAWN, WORKED]
SEEDS = 5
"""Sessions of each file whose commands are drawn again."""


@pytest.mark.parametrize("name", NAMES)
def test_the_file_holds_what_the_twin_says(name: str) -> None:
    raw = (FOLDER / f"{name}.bin").read_bytes()
    assert golden.encode(golden.decode(raw)) == raw, "run tools/golden_sessions.py"


@pytest.mark.parametrize("name", DRAWN)
def test_the_commands_are_those_that_its_seeds_draw(name: str) -> None:
    kept = list(golden.decode((FOLDER / f"{name}.bin").read_bytes()))
    again = list(drawn(name, SEEDS))
    assert kept[:SEEDS] == again, "run tools/golden_sessions.py"


def test_every_command_is_in_them() -> None:
    files = [golden.decode((FOLDER / f"{name}.bin").read_bytes()) for name in NAMES]
    sent = {name_of(command) for sessions in files for session in sessions for command, _ in session}
    assert sent == COMMANDS.keys()
