"""Every field of every command at its limits and one beyond: both engines answer alike, and a refusal does no more
than the time that passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from tests.oracle import golden
from tests.oracle.messages import COMMANDS, name_of
from tests.oracle.pair import Pair
from tests.oracle.values import PRICE_MAX, QUANTITY_MAX
from tools.golden_sessions import DRAWN, FOLDER, WORKED

from isthmus import _core

CLOCKS = (None, 0, 2**64 - 1)
"""In time, by a clock that went back, at the end of time."""
BITS = {"u8": 8, "u16": 16, "u32": 32, "u64": 64}
BOUNDS = (QUANTITY_MAX, QUANTITY_MAX + 1, PRICE_MAX, PRICE_MAX + 1, 2**62)
Sample = tuple[list[tuple[Any, int]], Any, int]


@cache
def samples() -> dict[str, Sample]:
    """Of every command one that was accepted, with those before it, in the shortest such session."""
    found: dict[str, Sample] = {}
    for name in (WORKED, *DRAWN):
        for session in golden.decode((FOLDER / f"{name}.bin").read_bytes()):
            pair = _core.Engine()
            for at, (command, moment) in enumerate(session):
                known = found.get(name_of(command))
                record = _send(pair, command, moment)
                if record.reason is None and (known is None or at < len(known[0])):
                    found[name_of(command)] = (session[:at], command, moment)
    return found


def _send(engine: Any, command: Any, moment: int) -> Any:
    return engine.submit(_class(command)(**_words(command)), moment)


def _class(command: Any) -> Any:
    return getattr(_core, name_of(command))


def _words(command: Any) -> dict[str, Any]:
    words = command._asdict()
    for field, kind in COMMANDS[name_of(command)].fields:
        if kind in ("Code", "Symbol"):
            words[field] = words[field].rstrip(b"\0").decode()
    return words


def changed(command: Any) -> Iterator[Any]:
    """With one field after the other at its limits."""
    for field, kind in COMMANDS[name_of(command)].fields:
        if kind in BITS:
            top = 2 ** BITS[kind] - 1
            values = {0, 1, getattr(command, field) + 1, top - 1, top} | {b for b in BOUNDS if b <= top}
        elif kind == "i64":
            values = {-(2**63), 1 - 2**63, -1, 0, 1, getattr(command, field) + 1, *BOUNDS, 2**63 - 1}
        else:
            continue
        for value in sorted(values):
            if value <= (2**63 - 1 if kind == "i64" else 2 ** BITS[kind] - 1):
                yield command._replace(**{field: value})


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_field_at_its_limit_is_taken_or_refused_by_both(name: str) -> None:
    before, command, moment = samples()[name]
    pair = Pair(_core)
    for sent, at in before:
        pair.apply(sent, at)
    refused = 0
    for tried in changed(command):
        here, quiet = Pair(_core, pair.engine.restored()), pair.engine.restored()
        here.twin, here.posted = deepcopy(pair.twin), deepcopy(pair.posted)
        for at in CLOCKS:
            effects = here.apply(tried, moment if at is None else at)
            if not any(name_of(effect) == "Rejected" for effect in effects):
                break
            refused += 1
            quiet.submit(_core.TimePassed(), moment if at is None else at)
            if not _named(tried):
                assert here.engine.state_hash() == quiet.state_hash(), f"a refusal changed something: {tried}"
    assert refused or name in ("TimePassed", "ApplyRisk"), "no value was beyond a limit"


def _named(command: Any) -> bool:
    """A refusal is remembered by a client's id."""
    words = command._asdict()
    return any(words.get("client_id", b"")) or any(words.get("fill_id", b""))
