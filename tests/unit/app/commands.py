"""The commands of `isthmus` as a person or a script runs them: see the fixture `run`."""

from collections.abc import Callable
from typing import Any

Run = Callable[..., tuple[int, dict[str, Any]]]
"""Takes words, gives the exit code and what was printed with --json."""
