"""The edge's clock. Below app and gateways nobody reads it: whoever needs time takes a `Clock` or a stamp."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns nanoseconds since 1970 UTC. The sequencer holds a clock that goes back at its last stamp."""


def system_clock() -> int:
    """Nanoseconds since 1970 UTC, from the operating system."""
    return time.time_ns()
