"""Lines under a signed log: every one is found again, and none goes, changes or comes without being told."""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.audit.client_keys import made_key
from isthmus.audit.entry_log import EntryLog
from isthmus.audit.lines import Lines
from isthmus.audit.logged_lines import LoggedLine, LoggedLines
from isthmus.kernel.errors import Damaged

NOW = 1_764_374_400_000_000_000
FILE = Path("audit") / "said.ndjson"


class Said(LoggedLine, frozen=True, kw_only=True):
    what: str


def kept(data: Path, words: list[str]) -> LoggedLines[Said]:
    lines, log = LoggedLines(data, FILE, Said, "said"), EntryLog(data, "test", "said")
    for word in words:
        lines.add(log, lambda place, word=word: Said(place, "00", what=word), NOW)  # type: ignore[misc]
    return lines


WORDS = st.lists(st.text("abc", max_size=3), min_size=1, max_size=4)


@settings(max_examples=20)
@given(WORDS, st.data())
def test_one_byte_that_is_another_or_gone_is_told(words: list[str], drawn: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        data = Path(folder)
        lines = kept(data, words)
        assert [line.what for line in lines.read()] == words
        raw = (data / FILE).read_bytes()
        at = drawn.draw(st.integers(0, len(raw) - 1))
        other = bytes([raw[at] ^ (1 << drawn.draw(st.integers(0, 6)))])
        for harmed in (raw[:at] + other + raw[at + 1 :], raw[:at]):
            (data / FILE).write_bytes(harmed)
            with pytest.raises(Damaged):
                lines.read()


@settings(max_examples=20)
@given(WORDS, st.text("abc", max_size=3))
def test_a_line_that_a_kill_kept_from_the_log_does_not_count_and_the_next_takes_its_place(
    words: list[str], cut_off: str
) -> None:
    with TemporaryDirectory() as folder:
        data = Path(folder)
        lines = kept(data, words)
        Lines(data / FILE, Said).add(Said(len(words), "00", what=f"{cut_off}!"))
        assert [line.what for line in lines.read()] == words
        assert [line.what for line in kept(data, ["after"]).read()] == [*words, "after"]


def test_two_who_make_a_clients_key_at_once_get_the_same_one(tmp_path: Path) -> None:
    for number in range(1, 30):
        found: list[bytes] = []
        ready = threading.Barrier(2)

        def make(maker: str, account: str = f"acc-{number}", ready: threading.Barrier = ready) -> None:
            ready.wait()
            found.append(made_key(tmp_path, account, maker))  # noqa: B023

        both = [threading.Thread(target=make, args=(maker,)) for maker in ("trail", "particulars")]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert len(found) == 2 and found[0] == found[1]
    assert len(list((tmp_path / "audit/keys/clients").iterdir())) == 29
