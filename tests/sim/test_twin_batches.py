"""A batch of rows does what the same commands do one by one: the head of the hash chain is the twin's."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from tests.oracle.messages import COMMANDS, EFFECTS, name_of
from tests.oracle.pair import Pair

from isthmus import _core

from .strategies import session

ROW = struct.Struct("<H6B4I Q q q 16s")
MADE, REFUSED, REPEATED = 1, 0, 2
NOT_CANCELLED = 255
IN_ROWS = ("PlaceOrder", "CancelOrder", "ReplaceOrder")


def row(command: Any) -> bytes:
    """The command as an INSTRUCTION; what it has no field for is zero."""

    def field(name: str) -> int:
        return int(getattr(command, name, 0))

    words = [field(name) for name in ("side", "kind", "tif", "flags", "reason", "unused")]
    numbers = [field(name) for name in ("account", "instrument", "venue", "session", "order", "price", "quantity")]
    return ROW.pack(COMMANDS[name_of(command)].number, *words, *numbers, command.client_id)


def outcome(command: Any, sequence: int, effects: list[Any]) -> tuple[int, ...]:
    """What the OUTCOME row must say: sequence, order, filled, reason, status, cancelled."""
    named = {name_of(effect): effect for effect in effects}
    filled = sum(effect.quantity for effect in effects if name_of(effect) == "Traded")
    status = REFUSED if "Rejected" in named else REPEATED if "Repeated" in named else MADE
    reason = 0 if status == MADE else (named.get("Rejected") or named["Repeated"]).reason
    cancelled = named["Cancelled"].reason if "Cancelled" in named else NOT_CANCELLED
    return sequence, getattr(command, "order", sequence), filled, reason, status, cancelled


def submit(pair: Pair, batch: list[Any], at: int) -> None:
    """Sends the commands as rows to the engine and one by one to the twin; compares outcomes, fills and the head."""
    outcomes, fills = [], []
    for command in batch:
        pair.twin.apply(command, at)
        sequence, effects = pair.twin.state.sequence, pair.twin.effects
        outcomes.append(outcome(command, sequence, effects))
        traded = [effect for effect in effects if name_of(effect) == "Traded"]
        fills.extend(sequence.to_bytes(8, "little") + EFFECTS["Traded"].encode(effect)[4:] for effect in traded)
    done = pair.engine.submit_batch(np.frombuffer(b"".join(map(row, batch)), dtype=_core.INSTRUCTION), at)
    assert done.first == outcomes[0][0]
    assert [tuple(int(found[name]) for name in _core.OUTCOME.names[:6]) for found in done.outcomes] == outcomes
    assert done.fills.tobytes() == b"".join(fills)
    assert pair.engine.head == pair.twin.head, "a record of the batch differs"


@pytest.mark.parametrize("seed", range(40))
def test_a_batch_makes_the_records_of_its_commands(seed: int) -> None:
    pair = Pair(_core)
    waiting: list[Any] = []
    for command, at in session(seed, 80):
        if name_of(command) in IN_ROWS:
            waiting.append(command)
            continue
        if waiting:
            submit(pair, waiting, at)
            waiting = []
        pair.apply(command, at)
    assert pair.engine.head == pair.twin.head


@pytest.mark.parametrize("rows", [np.zeros(3, dtype="u1"), np.zeros(3, dtype=[("command", "<u2")])])
def test_rows_of_another_type_are_refused(rows: Any) -> None:
    with pytest.raises(ValueError, match="INSTRUCTION"):
        _core.Engine().submit_batch(rows)
