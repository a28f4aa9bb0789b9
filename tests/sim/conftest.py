"""The simulated broker's fixtures."""

from __future__ import annotations

import pytest
from tests.oracle.pair import Pair

from isthmus import _core


@pytest.fixture
def pair() -> Pair:
    """The twin and a fresh engine in memory."""
    return Pair(_core)
