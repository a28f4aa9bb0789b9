"""The public acceptance scripts of FIX engines, run against `isthmus fix-echo`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.fix.echo import EchoProcess
from tests.fix.scripts import Patterns, Script, ScriptFailed, completed, pairs, patterns

VERSIONS = ("fix42", "fix44", "fix50sp2")


@pytest.fixture(scope="module")
def scripts(test_data: Path) -> Path:
    """The folder of the scripts."""
    return test_data / "protocols/fix"


@pytest.fixture(scope="module")
def failures(scripts: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str | None]]:
    """What became of each script, by version: None or why it failed. The versions run side by side."""
    known = patterns(scripts / "acceptance/fields.fmt")

    def results(version: str) -> list[str | None]:
        paths = sorted((scripts / "acceptance" / version).glob("*.def"))
        return [failure(process.port, known, path) for path in paths]

    with EchoProcess(tmp_path_factory.mktemp("echo")) as process, ThreadPoolExecutor(len(VERSIONS)) as threads:
        found = dict(zip(VERSIONS, threads.map(results, VERSIONS), strict=True))
        assert process.stop() == 0
    return found


def failure(port: int, known: Patterns, path: Path) -> str | None:
    try:
        Script(port, known).run(path)
    except ScriptFailed as error:
        return str(error)
    return None


@pytest.mark.parametrize("version", VERSIONS)
def test_every_public_script_of_the_version_passes(failures: dict[str, list[str | None]], version: str) -> None:
    results = failures[version]
    failed = [result for result in results if result is not None]
    assert len(results) >= 28
    assert not failed, f"{len(failed)} of {len(results)} failed:\n" + "\n".join(failed)


EXTRA = (
    (
        "resendRequestChunkSize/fix44/SequenceGapFollowedByMessageResent.def",
        {"resend_chunk": 5, "timestamp_digits": 0},
    ),
    ("nextExpectedMsgSeqNum/fix44/2a_NextExpectedMsgSeqNumCorrect.def", {"next_expected": True}),
)


@pytest.mark.parametrize(("name", "settings"), EXTRA)
def test_chunks_and_expected_numbers_are_as_the_extra_scripts_have_them(
    scripts: Path, tmp_path: Path, name: str, settings: dict[str, Any]
) -> None:
    with EchoProcess(tmp_path, settings) as process:
        known = patterns(scripts / "acceptance/fields.fmt")
        # its expected orders leave TransactTime out
        Script(process.port, known, loose=True).run(scripts / "acceptance-extra/quickfixj" / name)


def test_a_script_that_expects_something_else_fails_and_says_where(tmp_path: Path) -> None:
    script = tmp_path / "wrong.def"
    script.write_text(
        "iCONNECT\n"
        "I8=FIX.4.4\x0135=A\x0134=1\x0149=TW44\x0152=<TIME>\x0156=ISLD\x0198=0\x01108=30\x01\n"
        "E8=FIX.4.4\x0135=A\x0134=2\x0149=ISLD\x0152=x\x0156=TW44\x0198=0\x01108=30\x01\n"
    )
    with EchoProcess(tmp_path) as process, pytest.raises(ScriptFailed, match=r"wrong\.def, line 3: expected"):
        Script(process.port, {}).run(script)


def test_length_and_sum_are_put_in_where_they_are_missing() -> None:
    assert completed("8=FIX.4.4\x0135=0\x01") == "8=FIX.4.4\x019=5\x0135=0\x0110=163\x01"
    assert dict(pairs(completed("8=FIX.4.4\x0135=0\x0110=000\x01")))["9"] == "5"
