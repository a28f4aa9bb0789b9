"""In the same conversations our sessions say what QuickFIX's say, except where we mean to say something else."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from tests.acceptance.conversations import CONVERSATIONS
from tests.acceptance.peer import Peer, quickfix_python
from tests.acceptance.talk import VERSIONS, talk
from tests.fix.echo import EchoProcess

DEPARTURES = {
    "gap fill to less": "its number counts, or the next message would look like a gap",
    "data of a wrong form": "LocalMktDate is looked at",
    "logon without heartbeat": "a Logon that breaks its dictionary is closed at once",
    "logon with a bad field": "the same",
    "logon encrypted": "we say why",
    "logon negative heartbeat": "we say why",
    "empty logon field": "a Logon that breaks its dictionary is closed at once",
    "logon again that resets in turn": "a Logon that resets has number 1",
    "logon again, a duplicate": "a duplicate is passed over",
    "simultaneous requests, the last counts": "the number of a ResendRequest that was answered counts",
    "request above what is expected": "what is missing is asked for at once",
    "request above, then the next": "the same",
    "reject too high": "a Reject above what is expected shows a gap as well",
    "routing in a business reject": "it goes back the way the message came",
    "missing names": "a Reject, whatever the message is",
    "missing time of an order": "a Reject, in all versions",
    "missing number": "it ends the session, as the standard has it",
    "not a number": "the same",
    "group out of order": "members of a group have an order",
    "unknown version of the application": "a version that we do not speak is refused by its own reason (18)",
}
"""Where we differ on purpose, and why."""

TRIES = 3
"""A pause in the middle of an answer looks like its end; what differs is asked for again, slower each time."""


@pytest.fixture(scope="module")
def engines(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The ports of QuickFIX's acceptor and ours."""
    python = quickfix_python()
    if python is None:
        pytest.skip("needs QuickFIX's Python engine: install quickfix, or set ISTHMUS_QUICKFIX_PYTHON")
    folder = tmp_path_factory.mktemp("conversations")
    port = free_port()
    settings = {
        "role": "acceptor",
        "port": port,
        "store": str(folder / "theirs"),
        "version": "FIX.4.4",
        "reset_on_logon": True,
        "echo": True,
        "quiet": True,
        "dictionaries": str(test_data / "protocols/fix/dictionaries"),
        "sessions": [
            {"version": version, "sender": "ISLD", "target": name} for version, (_, name, _) in VERSIONS.items()
        ],
    }
    with Peer(python, "quickfix_peer.py", **settings), EchoProcess(folder) as process:
        yield port, process.port


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def difference(engines: tuple[int, int], name: str, version: str) -> str | None:
    """How the two answer, if they answer differently."""
    with ThreadPoolExecutor(2) as threads:
        for attempt in range(1, TRIES + 1):
            tell = partial(talk, lines=CONVERSATIONS[name], version=version, quiet_s=attempt / 10)
            theirs, ours = threads.map(tell, engines)
            if theirs == ours:
                return None
            time.sleep(attempt / 2)
    return f"{name}, {version}\n  QuickFIX {theirs}\n  ours     {ours}"


@pytest.fixture(scope="module")
def differences(engines: tuple[int, int]) -> dict[str, dict[str, str]]:
    """Where the engines differ, by version and conversation. The versions are talked in side by side."""

    def found(version: str) -> dict[str, str]:
        told = {name: difference(engines, name, version) for name in CONVERSATIONS}
        return {name: text for name, text in told.items() if text is not None}

    with ThreadPoolExecutor(len(VERSIONS)) as threads:
        return dict(zip(VERSIONS, threads.map(found, VERSIONS), strict=True))


@pytest.mark.parametrize("version", VERSIONS)
def test_our_sessions_say_what_quickfix_says(differences: dict[str, dict[str, str]], version: str) -> None:
    unmeant = [text for name, text in differences[version].items() if name not in DEPARTURES]
    assert not unmeant, "\n".join(unmeant)


def test_every_departure_is_still_one(differences: dict[str, dict[str, str]]) -> None:
    assert {name for found in differences.values() for name in found} >= DEPARTURES.keys()
