"""`isthmus audit witness serve`: a witness of a jurisdiction, in a process of its own with a key of its own.

The first row is {"event": "ready", "name", "jurisdiction", "vkey", "url"}. Exit 0 after SIGTERM or Ctrl-C, 1 for state
that is damaged or rolled back, 2 for bad settings, a port or folder in use, or a key that others can read.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import uvicorn

from isthmus.app.output import EXIT_OK, print_json
from isthmus.app.witness_gossip import Gossiping, peers_of
from isthmus.app.witness_host import WitnessHost
from isthmus.app.witness_logs import place_of
from isthmus.audit.jurisdictions import shipped
from isthmus.audit.witness import log_key
from isthmus.audit.witness_key import kept_key
from isthmus.kernel.clock import system_clock
from isthmus.kernel.errors import BadInput

BACKLOG = 64
CONNECTIONS_MAX = 64
KEEP_ALIVE_S = 60
PORT_MAX = 65_535
GOSSIP_S_MIN, GOSSIP_S_MAX = 0.1, 86_400.0


class _Server(uvicorn.Server):
    """Stopped by us, so that a clean stop ends with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ours."""
        yield


class Told(msgspec.Struct, frozen=True):
    """Who asks the peers, and how many seconds lie between two rounds."""

    gossiping: Gossiping
    every_s: float


def run(arguments: argparse.Namespace) -> int:
    """Until it is stopped; with --tied also when standard input ends."""
    if arguments.jurisdiction not in shipped():
        raise BadInput("jurisdiction", f"{arguments.jurisdiction} is none of {', '.join(shipped())}")
    if not 0 <= arguments.port <= PORT_MAX:
        raise BadInput("port", f"must be from 0 to {PORT_MAX}")
    logs = [log_key(text) for text in arguments.log_vkey]
    if len({log.name for log in logs}) < len(logs):
        raise BadInput("log_vkey", "names a log twice")
    if not GOSSIP_S_MIN <= arguments.gossip_every <= GOSSIP_S_MAX:
        raise BadInput("gossip_every", f"must be from {GOSSIP_S_MIN} to {GOSSIP_S_MAX:.0f} seconds")
    places = place_of(arguments.logs)
    peers = Path(arguments.peers) if arguments.peers is not None else None
    if peers is not None:
        peers_of(peers)
    folder = Path(arguments.state)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(folder):
        key = kept_key(folder / "witness.key", witness_name(arguments.jurisdiction))
        host = WitnessHost.of(key, arguments.jurisdiction, logs, folder, system_clock)
        told = Told(Gossiping(host, peers, places), arguments.gossip_every) if peers is not None else None
        serve(host, (arguments.host, arguments.port), arguments.tied, told)
    return EXIT_OK


def witness_name(jurisdiction: str) -> str:
    """What its cosignatures are signed as."""
    return f"isthmus.local/witness/{jurisdiction}"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Two witnesses of one state could cosign two heads that do not extend each other. Raises BadInput."""
    with (folder / "lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            raise BadInput("state", f"{folder} is in use by another witness") from fault
        yield


def serve(host: WitnessHost, at: tuple[str, int], is_tied: bool, peers: Told | None = None) -> None:
    """Answers until it is stopped. Raises BadInput for a port in use."""
    family = socket.AF_INET6 if ":" in at[0] else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(at)
        except OSError as error:
            raise BadInput("port", f"{at[0]}:{at[1]}: {error.strerror}") from error
        listener.listen(BACKLOG)
        asyncio.run(_serve(host, listener, is_tied, peers))


async def _serve(host: WitnessHost, listener: socket.socket, is_tied: bool, peers: Told | None) -> None:
    config = uvicorn.Config(
        host.application,
        interface="asgi3",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, setattr, server, "should_exit", True)

    def heard() -> None:
        if not os.read(sys.stdin.fileno(), 1_024):
            loop.remove_reader(sys.stdin.fileno())
            server.should_exit = True

    if is_tied:
        loop.add_reader(sys.stdin.fileno(), heard)
    address, port = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    who = {"name": host.key.name, "jurisdiction": host.jurisdiction, "vkey": host.key.vkey}
    print_json({"event": "ready", **who, "url": f"http://{shown}:{port}"})
    asking = asyncio.create_task(peers.gossiping.run(peers.every_s)) if peers is not None else None
    await server.serve(sockets=[listener])
    if asking is not None:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
