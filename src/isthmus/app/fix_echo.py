"""`isthmus fix-echo`: a FIX acceptor that sends messages back, for trying the session engine out.

The first row is {"event": "ready", "port"}. Exit 0 after SIGTERM or Ctrl-C, 2 for bad settings or a port in use.
"""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from isthmus.app.output import EXIT_OK, note, print_json
from isthmus.engine.fix import FixEcho
from isthmus.kernel.config import read_toml, shaped
from isthmus.kernel.errors import BadInput

CONFIG_BYTES_MAX = 1 << 20
NOTES_EVERY_S = 0.2

CompId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+$")]


class EchoSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One session, both names as they stand in what we send. With `connect` (host:port) we are the initiator."""

    version: Literal["FIX.4.2", "FIX.4.4", "FIX.5.0SP2"]
    sender: CompId
    target: CompId
    connect: str | None = None
    heartbeat_s: Annotated[int, Meta(ge=0, le=86_400)] = 30


STANDARD = (
    EchoSession(version="FIX.4.2", sender="ISLD", target="TW42"),
    EchoSession(version="FIX.4.4", sender="ISLD", target="TW44"),
    EchoSession(version="FIX.5.0SP2", sender="ISLD", target="TW50SP2"),
    EchoSession(version="FIX.4.4", sender="ISLD", target="TW"),
)
"""The sessions that the public acceptance scripts talk to."""


class EchoSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How all sessions behave. With `check_latency_s` 0 any SendingTime will do; without `store` nothing is kept."""

    reset_on_logon: bool = True
    resend_chunk: Annotated[int, Meta(ge=0, le=1 << 40)] = 0
    next_expected: bool = False
    check_latency_s: Annotated[int, Meta(ge=0, le=1 << 30)] | None = 120
    timestamp_digits: Literal[0, 3, 6, 9] = 3
    store: str | None = None
    listen: bool = False
    sessions: tuple[EchoSession, ...] = STANDARD


def run(arguments: argparse.Namespace) -> int:
    """Serves until it is told to stop."""
    settings = read_settings(arguments.config)
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    server = build(f"{arguments.host}:{arguments.port}", settings)
    loop = threading.Thread(target=server.run, name="fix sessions", daemon=True)
    loop.start()
    print_json({"event": "ready", "port": server.port})
    while loop.is_alive() and signal.sigtimedwait(stops, NOTES_EVERY_S) is None:
        for line in server.notes():
            note(line)
    server.stop()
    loop.join()
    for line in server.notes():
        note(line)
    return EXIT_OK


def build(address: str, settings: EchoSettings) -> FixEcho:
    """A server that listens at `address` and does not run yet. Raises BadInput."""
    if settings.store is not None:
        Path(settings.store).mkdir(parents=True, exist_ok=True)
    if not settings.check_latency_s:
        settings = msgspec.structs.replace(settings, check_latency_s=None)
    try:
        return FixEcho(address, settings, list(settings.sessions))
    except ValueError as error:
        field, _, reason = str(error).partition(": ")
        raise BadInput(field, reason) from error
    except OSError as error:
        raise BadInput("store" if "message store" in str(error) else "port", str(error)) from error


def read_settings(path: str | None) -> EchoSettings:
    """The settings of a file, TOML or (when it begins with a brace) JSON; else the usual ones. Raises BadInput."""
    if path is None:
        return EchoSettings()
    return shaped(_tables(Path(path)), EchoSettings)


def _tables(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(CONFIG_BYTES_MAX)
    except OSError as error:
        raise BadInput(str(path), error.strerror or str(error)) from error
    if not text.lstrip().startswith(b"{"):
        return read_toml(path)
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise BadInput(str(path), str(error)) from error
