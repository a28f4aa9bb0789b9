"""What several test folders need: recorded data, an engine in memory, a free port."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from isthmus._core import Engine

settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

_limit = sys.getrecursionlimit()
with contextlib.suppress(ImportError):
    import eth_account.messages  # noqa: F401 - a library below it raises the limit beyond what the stack of C holds
sys.setrecursionlimit(_limit)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of recorded data that ISTHMUS_TEST_DATA names; without it the test is skipped."""
    folder = os.environ.get("ISTHMUS_TEST_DATA", "")
    if not folder:
        pytest.skip("needs recorded data: set ISTHMUS_TEST_DATA")
    assert Path(folder).is_dir(), f"ISTHMUS_TEST_DATA={folder} is no folder"
    return Path(folder)


@pytest.fixture
def engine() -> Engine:
    """An empty engine in memory."""
    from isthmus._core import Engine

    return Engine()


@pytest.fixture
def free_port() -> int:
    """A TCP port of the loopback address that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
