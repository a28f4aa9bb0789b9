"""An input is unpacked by what it holds, whatever it is called."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input

TEXT = b"one\ntwo\nthree\n" * 1_000


def same(text: bytes) -> bytes:
    return text


def two_frames(text: bytes) -> bytes:
    return zstandard.compress(text[:5_000]) + zstandard.compress(text[5_000:])


@pytest.mark.parametrize("pack", [same, gzip.compress, lzma.compress, bz2.compress, zstandard.compress, two_frames])
def test_every_packing_is_told_by_content(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "input.bin"
    path.write_bytes(pack(TEXT))
    with open_input(path) as lines:
        assert b"".join(lines) == TEXT


def test_an_empty_input_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.gz"
    path.write_bytes(b"")
    with open_input(path) as lines:
        assert lines.read() == b""


def test_an_absent_input_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        open_input(tmp_path / "absent.csv")
    assert caught.value.field == str(tmp_path / "absent.csv")


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress, zstandard.compress, two_frames])
def test_broken_packing_shows_while_reading(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "cut"
    path.write_bytes(pack(TEXT)[:-20])
    with open_input(path) as lines, pytest.raises(UNPACKING_ERRORS):
        lines.read()
