"""What the sender says about a command: kept in its record, hashed with it, never read by the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.oracle.messages import commands
from tests.oracle.pair import Pair
from tests.oracle.record import Origin

from isthmus import _core
from isthmus.kernel.messages import NOTE_MAX


@pytest.mark.parametrize("note", ["", "TWAP slices=12 end=16:00", "kürzer € 秒", "x" * NOTE_MAX])
@pytest.mark.parametrize("instruction", [None, bytes(range(32))])
def test_a_note_is_read_back_from_the_record_as_it_was_given(note: str, instruction: bytes | None) -> None:
    pair = Pair(_core)
    origin = Origin(3, 4, 2, 1, 9, "client-7", instruction, note)
    pair.apply(commands.TimePassed(), 1, origin)  # which compares the bytes and the chain
    body = pair.twin.apply(commands.TimePassed(), 2, origin)
    read = _core.Record.from_body(body, bytes(32)).origin
    assert (read.note, read.text, read.instruction, read.received_at) == (note, "client-7", instruction, 9)


def test_a_note_that_is_too_long_is_refused_and_nothing_else_changes_the_record_without_one() -> None:
    with pytest.raises(ValueError, match="note: over 1024 bytes"):
        _core.Origin(note="é" * 513)
    assert _core.Origin(text="a").note == ""


def test_the_note_is_part_of_the_hash(tmp_path: Path) -> None:
    heads = set()
    for note in ("", "a", "b"):
        engine = _core.Engine(str(tmp_path / f"data-{note}"), "os")
        heads.add(engine.submit(_core.TimePassed(), 1, _core.Origin(note=note)).hash)
    assert len(heads) == 3


def test_records_from_before_there_were_notes_have_an_empty_one() -> None:
    golden = Path(__file__).resolve().parents[2] / "golden" / "journals"
    for rules in ("rules_1", "rules_2"):
        records = list(_core.JournalReader(str(golden / rules)))
        assert {record.origin.note for record in records} == {""}
        assert any(record.origin.text for record in records)
