"""Whatever takes bytes or values from outside answers with a result or a clean exception: no panic, no hang.

A panic of the extension is no `Exception`, so that it ends the test by itself; a hang ends the process with a
traceback.
"""

from __future__ import annotations

import faulthandler
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle.pair import Pair

from isthmus import _core

from .strategies import session

SEGMENT_BYTES = 16_384
HANG_S = 240
GENESIS = bytes(32)
MESSAGES = {made.__name__: made for made in (*_core.COMMANDS.values(), *_core.EFFECTS.values())}
REFUSED = (ValueError, TypeError, OverflowError)
"""What a value or a body that cannot be is answered with (a text that is no UTF-8 is a ValueError)."""
BAD_FOLDER = (_core.JournalDamaged, ValueError, OSError)
"""What a folder that cannot be read is answered with."""

ODD_INTEGERS = st.sampled_from(
    [edge + by for edge in (0, 2**8, 2**16, 2**31, 2**32, 2**63, 2**64) for by in (-1, 0, 1)]
)
ODD_VALUES = st.one_of(
    ODD_INTEGERS, ODD_INTEGERS.map(lambda n: -n), st.integers(), st.text(max_size=40), st.binary(max_size=40),
    st.sampled_from([None, True, 1.0, float("nan"), "\ud800", [], {}, object(), np.int64(3), np.float64(1)]),
)  # fmt: skip
MUTATIONS = ("flip", "cut", "grow", "splice", "zero")


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    faulthandler.dump_traceback_later(HANG_S, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two data folders of several segments: `sealed` by a clean stop, with a snapshot, and `open` without."""
    folder = tmp_path_factory.mktemp("written")
    for name in ("sealed", "open"):
        pair = Pair(_core, _core.Engine(str(folder / name), "os", SEGMENT_BYTES))
        for command, time in session(5, 250):
            pair.apply(command, time)
        if name == "sealed":
            pair.engine.snapshot()
            pair.engine.close()
        pair.engine = None
    return folder


@pytest.fixture(scope="module")
def bodies(written: Path) -> list[bytes]:
    return [record.body for record in _core.JournalReader(str(written / "sealed"))]


def changed(draw: st.DataObject, content: bytes) -> bytes:
    """The content with one to four mutations; most near a place where something was written."""
    raw, end = bytearray(content), len(content.rstrip(b"\0")) + 16
    for _ in range(draw.draw(st.integers(1, 4))):
        at, length = draw.draw(st.integers(0, max(0, min(end, len(raw)) - 1))), draw.draw(st.integers(1, 64))
        kind = draw.draw(st.sampled_from(MUTATIONS))
        if kind == "flip" and raw:
            raw[at] ^= draw.draw(st.integers(1, 255))
        elif kind == "cut":
            del raw[at:]
        elif kind == "grow":
            raw += draw.draw(st.binary(max_size=64))
        elif kind == "splice":
            source = draw.draw(st.integers(0, len(raw)))
            raw[at : at + length] = raw[source : source + length]
        else:
            raw[at : at + length] = bytes(len(raw[at : at + length]))
    return bytes(raw)


def look_at(record: _core.Record) -> None:
    """Ask the record everything; what its body does not hold is refused by ValueError."""
    assert record.hash != record.prev and repr(record).startswith("Record(")
    for name in ("sequence", "stamp", "flags", "command", "origin", "effects", "reason"):
        answer = _answer(partial(getattr, record, name), (ValueError,))
        assert str(answer).startswith("body: ") if isinstance(answer, Exception) else repr(answer)


@settings(max_examples=300)
@given(body=st.binary(max_size=400), prev=st.binary(min_size=32, max_size=32))
def test_any_bytes_are_a_record_or_refused(body: bytes, prev: bytes) -> None:
    with pytest.raises(ValueError, match="body: "):  # 32 bytes of head that fit by chance would be a find
        look_at(_core.Record.from_body(body, prev))


@settings(max_examples=400)
@given(draw=st.data())
def test_a_changed_body_is_a_record_or_refused(bodies: list[bytes], draw: st.DataObject) -> None:
    body = changed(draw, draw.draw(st.sampled_from(bodies)))
    record = _answer(lambda: _core.Record.from_body(body, GENESIS), (ValueError,))
    if isinstance(record, ValueError):
        assert str(record).startswith("body: ")
    else:
        assert record.body == body
        look_at(record)
        assert _answer(lambda: _core.Engine().postings(record), REFUSED) is not None


@settings(max_examples=150)
@given(draw=st.data(), name=st.sampled_from(["sealed", "open"]))
def test_a_changed_journal_is_never_taken_for_another(
    written: Path, bodies: list[bytes], draw: st.DataObject, name: str
) -> None:
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        shutil.copytree(written / name, data, ignore=shutil.ignore_patterns("snapshots"))
        _change_one(draw, sorted((data / "journal").glob("*.seg")))
        found = _answer(lambda: _core.verify(str(data), None, True, False), BAD_FOLDER)
        read = _answer(lambda: [record.body for record in _core.JournalReader(str(data))], BAD_FOLDER)
        opened = _answer(lambda: _core.Engine(str(data), "never", SEGMENT_BYTES).sequence, BAD_FOLDER)
    if isinstance(found, dict) and (found["ok"] or found["tail"] == "torn"):
        assert read == bodies[: found["records"]]
        assert opened == found["records"]
    else:
        assert isinstance(opened, Exception), f"recovery takes what verify refuses: {found}"


@settings(max_examples=60)
@given(draw=st.data())
def test_a_changed_snapshot_changes_nothing(written: Path, bodies: list[bytes], draw: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        shutil.copytree(written / "sealed", data)
        _change_one(draw, sorted((data / "snapshots").glob("*.snap")))
        opened = _answer(lambda: _core.Engine(str(data), "never", SEGMENT_BYTES), BAD_FOLDER)
        if isinstance(opened, _core.Engine):
            expected = _core.verify(str(written / "sealed"), None, True, False)
            assert (opened.sequence, opened.state_hash()) == (len(bodies), expected["state_hash"])


@settings(max_examples=400)
@given(draw=st.data(), name=st.sampled_from(sorted(MESSAGES)))
def test_a_message_keeps_its_values_or_refuses_them(draw: st.DataObject, name: str) -> None:
    fields = [field for field, _ in _core.FIELDS[name]]
    values = draw.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(fields, ODD_VALUES)))
    message = _answer(lambda: MESSAGES[name](**values), REFUSED)
    if isinstance(message, Exception):
        return
    kept = message.fields()
    assert all(kept[field] == value for field, value in values.items() if isinstance(value, int | bytes))
    assert message == MESSAGES[name](**values) and hash(message) == hash(MESSAGES[name](**values))
    if MESSAGES[name] in _core.COMMANDS.values():
        _engine_takes(message)


@settings(max_examples=150)
@given(draw=st.data())
def test_a_batch_of_any_rows_is_answered_row_by_row(draw: st.DataObject) -> None:
    raw = draw.draw(st.lists(st.binary(min_size=64, max_size=64), max_size=6))
    rows = np.frombuffer(b"".join(raw), dtype=_core.INSTRUCTION).copy()
    if len(rows) and draw.draw(st.booleans()):
        rows["command"] = draw.draw(st.sampled_from([10, 11, 12]))
    engine = _core.Engine()
    batch = _answer(lambda: engine.submit_batch(rows, 1), REFUSED)
    if isinstance(batch, Exception):
        assert engine.sequence == 0
    else:
        assert len(batch.outcomes) == len(rows) == engine.sequence


@pytest.mark.parametrize("rows", [None, [], np.zeros(3), np.zeros((2, 2), _core.INSTRUCTION), np.zeros(3, _core.FILL)])
def test_a_batch_of_something_else_is_refused(rows: Any) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)):
        _core.Engine().submit_batch(rows)


@settings(max_examples=150)
@given(values=st.tuples(ODD_VALUES, ODD_VALUES, ODD_VALUES))
def test_questions_about_nothing_are_answered_or_refused(values: tuple[Any, Any, Any]) -> None:
    engine, (first, second, third) = _core.Engine(), values
    one = ("best", "order", "orders", "balances", "reference", "postings", "submit", "submit_batch")
    asked = [(name, (first,)) for name in one] + [(name, (first, second)) for name in ("depth", "balance", "position")]
    asked += [("queue", values), ("submit", (_core.COMMANDS[18](), first, second)), ("stage", (third, first))]
    for name, arguments in asked:
        _answer(partial(getattr(engine, name), *arguments), (*REFUSED, AttributeError))


def _engine_takes(command: Any) -> None:
    """An engine makes one record of it, and that record's body holds it."""
    engine = _core.Engine()
    record = engine.submit(command, 1)
    assert engine.sequence == 1 and record.command == command
    assert _core.Record.from_body(record.body, GENESIS).hash == record.hash == engine.head


def _change_one(draw: st.DataObject, paths: list[Path]) -> None:
    path = draw.draw(st.sampled_from(paths))
    path.write_bytes(changed(draw, path.read_bytes()))


def _answer(ask: Callable[[], Any], faults: tuple[type[Exception], ...]) -> Any:
    """What the call gives, or the fault of these that it ends with, which says something."""
    try:
        return ask()
    except faults as fault:
        said = fault
    assert str(said)
    return said
