"""What several tests of the application need."""

import json
from typing import Any

import pytest
from tests.unit.app.commands import Run

from isthmus.app.cli import main


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """A command, in this process."""

    def ran(*words: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return ran
