"""One server for the tests of a module; tests that stop or kill theirs start their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.e2e.server import Broker


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A server with simulated markets and its own data folder."""
    running = Broker(tmp_path_factory.mktemp("broker") / "data")
    yield running
    assert running.stop() == 0
