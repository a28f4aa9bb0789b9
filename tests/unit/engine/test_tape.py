"""The tape: frames and offsets, a writer that is killed, flipped bytes, the limit of bytes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.engine.tape import FolderLocked, Tape, TapeDamaged, TapeGone, TapeReader, verify_tape

SEGMENT, KEEP = 1 << 18, 1 << 20
LEVELS = st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**64 - 1)), max_size=5)

WRITER = """
import sys
from isthmus.engine.tape import Tape
tape = Tape(sys.argv[1], 1 << 18, 1 << 24)
at = 0
while True:
    at += 1
    offset = tape.book(at, 1, 2, [(at, n + 1) for n in range(at % 40)], [(at + 1, 1)])
    if at % 50 == 0:
        tape.flush()
        print(offset, flush=True)
"""


def everything(folder: Path, start: int = 1) -> list[tuple[int, int, int, int, str, Any]]:
    return TapeReader(str(folder), start).read(1_000_000)


def test_frames_of_each_kind_come_back_as_they_went_in(tmp_path: Path) -> None:
    tape = Tape(str(tmp_path))
    assert tape.book(10, 1, 7, [(99, 5), (98, 1)], [(101, 2)]) == 1
    assert tape.trade(11, 1, 7, -3, 4, 2) == 2
    assert tape.health(12, 2, 0, 3, "no answer for 2 s") == 3
    tape.close()
    assert everything(tmp_path) == [
        (1, 10, 1, 7, "book", ([(99, 5), (98, 1)], [(101, 2)])),
        (2, 11, 1, 7, "trade", (-3, 4, 2)),
        (3, 12, 2, 0, "health", (3, "no answer for 2 s")),
    ]
    assert everything(tmp_path, 3)[0][0] == 3
    assert everything(tmp_path, 4) == []


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), LEVELS, LEVELS, st.booleans()), max_size=30), st.integers(1, 40))
def test_any_frames_come_back_from_any_offset(
    tmp_path_factory: pytest.TempPathFactory, frames: list[Any], start: int
) -> None:
    folder = tmp_path_factory.mktemp("tape")
    tape = Tape(str(folder))
    for at, bids, asks, restart in frames:
        tape.book(at, 1, 2, bids, asks)
        if restart:
            tape.close()
            tape = Tape(str(folder))
    tape.close()
    expected = [(n, at, 1, 2, "book", (bids, asks)) for n, (at, bids, asks, _) in enumerate(frames, 1)]
    assert everything(folder, start) == expected[start - 1 :]
    verdict = verify_tape(str(folder))
    assert (verdict["ok"], verdict["next"], verdict["torn"]) == (True, len(frames) + 1, 0)


def test_what_was_flushed_survives_a_kill_and_offsets_go_on(tmp_path: Path) -> None:
    following = 1
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            flushed = [int(writer.stdout.readline()) for _ in range(200)][-1]
            writer.send_signal(signal.SIGKILL)
        tape = Tape(str(tmp_path), SEGMENT, 1 << 24)
        assert tape.next > flushed >= following
        following = tape.next
        tape.close()
        assert [row[0] for row in everything(tmp_path)] == list(range(1, following))
        assert verify_tape(str(tmp_path))["ok"] is True


def test_a_block_that_was_half_written_is_cut_and_told(tmp_path: Path) -> None:
    tape = Tape(str(tmp_path))
    tape.trade(1, 1, 1, 100, 5, 1)
    tape.flush()
    tape.trade(2, 1, 1, 100, 6, 1)
    tape.close()
    (segment,) = tmp_path.glob("*.tape")
    segment.write_bytes(segment.read_bytes()[:-7])
    assert verify_tape(str(tmp_path))["torn"] > 0
    tape = Tape(str(tmp_path))
    assert (tape.next, tape.torn > 0) == (2, True)


@pytest.mark.parametrize("place", [0, 9, 40, 70, 100, -1])
def test_a_flipped_byte_is_damage_for_writer_reader_and_verdict(tmp_path: Path, place: int) -> None:
    tape = Tape(str(tmp_path))
    for at in range(5):
        tape.trade(at, 1, 1, 100, 5, 1)
        tape.flush()
    tape.close()
    (segment,) = tmp_path.glob("*.tape")
    raw = bytearray(segment.read_bytes())
    raw[place] ^= 1
    segment.write_bytes(raw)
    verdict = verify_tape(str(tmp_path))
    assert verdict["ok"] is False
    assert verdict["bad"]["segment"] == str(segment)
    with pytest.raises(TapeDamaged):
        Tape(str(tmp_path))
    with pytest.raises(TapeDamaged):
        everything(tmp_path)


def test_the_limit_drops_the_oldest_and_says_where_the_tape_begins(tmp_path: Path) -> None:
    tape = Tape(str(tmp_path), SEGMENT, KEEP)
    levels = [(n, n) for n in range(50)]
    for at in range(2_000):
        tape.book(at, 1, 1, levels, levels)
    tape.flush()
    assert tape.bytes <= KEEP + SEGMENT
    with pytest.raises(TapeGone, match=f"begins at offset {tape.first}"):
        everything(tmp_path)
    assert len(everything(tmp_path, tape.first)) == tape.next - tape.first


def test_bad_use_is_refused_by_name(tmp_path: Path) -> None:
    tape = Tape(str(tmp_path))
    with pytest.raises(FolderLocked):
        Tape(str(tmp_path))
    with pytest.raises(ValueError, match="taker_side"):
        tape.trade(1, 1, 1, 1, 1, 3)
    with pytest.raises(ValueError, match="levels"):
        tape.book(1, 1, 1, [(1, 1)] * 1_001, [])
    with pytest.raises(ValueError, match="keep_bytes"):
        Tape(str(tmp_path / "other"), SEGMENT, SEGMENT)
    with pytest.raises(FileNotFoundError):
        TapeReader(str(tmp_path / "nowhere"))
    tape.close()
    with pytest.raises(ValueError, match="closed"):
        tape.flush()
