"""All simulated markets in memory, opened."""

from __future__ import annotations

import pytest
from tools.play_markets import Session


@pytest.fixture
def session() -> Session:
    """All markets, opened and played for two seconds."""
    made = Session()
    made.play(2)
    return made
