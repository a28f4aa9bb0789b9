"""Makes the golden sessions, `tests/golden/sessions/*.bin`: what the twin says, for the tests of the Rust core.

    python tools/golden_sessions.py            # all of them, anew
    python tools/golden_sessions.py matching   # one

The drawn ones are made of fixed seeds by the strategies of `tests/sim`. `worked` holds the commands that the
hand-worked tests of `tests/sim` send; it is made by running those, which needs the built extension.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.oracle.engine import Twin
from tests.oracle.golden import Session, encode
from tests.oracle.messages import encode_command
from tests.sim import (
    strategies,
    strategies_contracts,
    strategies_dark,
    strategies_gate,
    strategies_ledger,
    strategies_makers,
    strategies_margin,
    strategies_matching,
    strategies_parents,
    strategies_sessions,
    strategies_triggers,
)

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "golden" / "sessions"
SEEDS = 60
"""Of each drawn file."""
LENGTH = 120
WORKED_LENGTH_MAX = 200
"""A test that sends more is not hand-worked."""
WORKED_SEEDS = 3
"""Of a hand-worked test that is run with many seeds."""
WORKED = "worked"


class _Only:
    """A pair without the engine, for sessions that look at the state."""

    def __init__(self) -> None:
        self.twin = Twin()
        self.sent: Session = []

    def apply(self, command: Any, at: int) -> list[Any]:
        self.twin.apply(command, at)
        self.sent.append((command, at))
        return self.twin.effects


def _triggers(seed: int, length: int) -> Session:
    pair: Any = _Only()
    for _ in strategies_triggers.play(pair, strategies_triggers.drawn(seed, length)):
        pass
    return list(pair.sent)


def _parents(seed: int, length: int) -> Session:
    pair: Any = _Only()
    strategies_parents.play(pair, seed, length)
    return list(pair.sent)


DRAWN: dict[str, Callable[[int, int], Session]] = {
    "plain": strategies.session,
    "matching": strategies_matching.session,
    "triggers": _triggers,
    "sessions": strategies_sessions.session,
    "dark": strategies_dark.session,
    "gate": strategies_gate.gated,
    "makers": strategies_makers.quoted,
    "parents": _parents,
    "ledger": strategies_ledger.session,
    "margin": strategies_margin.margin_session,
    "contracts": strategies_contracts.session,
}


def drawn(name: str, seeds: int = SEEDS) -> Iterator[Session]:
    """The first sessions of a drawn file."""
    for seed in range(seeds):
        yield DRAWN[name](seed * 7_919 + len(name), LENGTH + Random(seed).randrange(40))


def worked() -> list[Session]:
    """What every hand-worked test sends, in the order of the tests; no session twice."""
    import pytest

    sent: dict[tuple[str, int], Session] = {}
    quiet = [
        "-q",
        "-p",
        "no:xdist",
        "-p",
        "no:cacheprovider",
        "--ignore=tests/sim/test_golden.py",
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
    ]
    found = pytest.main([*quiet, "tests/sim"], plugins=[_Recorder(sent)])
    if found:
        raise SystemExit("the tests fail: nothing is made of them")
    kept = [session for _, session in sorted(sent.items()) if 0 < len(session) <= WORKED_LENGTH_MAX]
    return list({tuple((encode_command(c), at) for c, at in session): session for session in kept}.values())


class _Recorder:
    """Runs the tests that draw nothing, and notes what each of their pairs is sent."""

    def __init__(self, sent: dict[tuple[str, int], Session]) -> None:
        self.sent = sent

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [item for item in items if _is_worked(item)]

    def pytest_runtest_setup(self, item: Any) -> None:
        from tests.oracle.pair import Pair

        pairs: dict[int, tuple[Any, Session]] = {}
        apply = getattr(Pair, "plain_apply", Pair.apply)

        def noted(pair: Pair, command: Any, at: int, origin: Any = None) -> list[Any]:
            _, session = pairs.setdefault(id(pair), (pair, self.sent.setdefault((item.nodeid, len(pairs)), [])))
            session.append((command, at))
            return list(apply(pair, command, at, origin))

        Pair.plain_apply = apply  # type: ignore[attr-defined]
        Pair.apply = noted  # type: ignore[method-assign]


def _is_worked(item: Any) -> bool:
    drawn_by_hypothesis = hasattr(getattr(item, "obj", None), "hypothesis")
    words = getattr(item, "callspec", SimpleNamespace(params={})).params
    uses_files = {"tmp_path", "tmp_path_factory"} & set(item.fixturenames)
    return not drawn_by_hypothesis and not uses_files and "part" not in words and words.get("seed", 0) < WORKED_SEEDS


def main() -> int:
    """Exit 0 when the files are made."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or [*DRAWN, WORKED]:
        raw = encode(worked() if name == WORKED else drawn(name))
        (FOLDER / f"{name}.bin").write_bytes(raw)
        print(f"{name}: {len(raw)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
