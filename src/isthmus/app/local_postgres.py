"""A PostgreSQL server of our own on a free loopback port, made of what is installed, for benchmarks and tests.

It refuses to run as root: then it runs as one of the users that it may run as, in a folder of theirs.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isthmus.kernel.errors import PartMissing

DEBIAN = Path("/usr/lib/postgresql")
USERS = ("postgres", "nobody")
"""Whom it runs as where we are root."""
OWNER = "isthmus"
START_S, STOP_S = 60.0, 30.0
PAUSE_S = 0.05
REMEDY = "install PostgreSQL's server (make servers, or apt-get install postgresql)"


def installed() -> Path | None:
    """The folder of initdb and postgres, the newest of Debian's where there are several; None where there is none."""
    versions = sorted(DEBIAN.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    found = shutil.which("initdb")
    folders = [*versions, *([Path(found).resolve().parent] if found else [])]
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


def _run_as() -> dict[str, Any]:
    """Arguments of subprocess: another user where we are root. Raises PartMissing."""
    if os.geteuid() != 0:
        return {}
    for name in USERS:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}
    raise PartMissing("a user for PostgreSQL", "it does not run as root: run this as another user")


@contextmanager
def local_postgres(*options: str) -> Iterator[str]:
    """The URL of the empty database of a server that stops behind it. `options`: settings as "name=value".

    Raises PartMissing where PostgreSQL is not installed or does not start.
    """
    binaries = installed()
    if binaries is None:
        raise PartMissing("PostgreSQL", REMEDY)
    run_as = _run_as()
    folder = Path(tempfile.mkdtemp(prefix="isthmus-postgres-"))
    try:
        if run_as:
            os.chown(folder, run_as["user"], run_as["group"])
        with _started(binaries, folder, options, run_as) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _started(binaries: Path, folder: Path, options: tuple[str, ...], run_as: dict[str, Any]) -> Iterator[str]:
    data = str(folder / "data")
    make = [str(binaries / "initdb"), "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run(make, check=False, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **run_as)
    if made.returncode != 0:
        raise PartMissing("PostgreSQL", f"initdb failed: {made.stdout.decode(errors='replace')[-300:]}")
    port = _free_port()
    settings = [word for option in (f"unix_socket_directories={folder}", *options) for word in ("-c", option)]
    serve = [str(binaries / "postgres"), "-D", data, "-h", "127.0.0.1", "-p", str(port), *settings]
    with (folder / "log").open("wb") as log:
        server: subprocess.Popen[bytes] = subprocess.Popen(serve, cwd=folder, stdout=log, stderr=log, **run_as)
    try:
        _wait(server, folder / "log")
        yield f"postgresql://{OWNER}@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and server.poll() is None:
        if "ready to accept connections" in log.read_text(errors="replace"):
            return
        time.sleep(PAUSE_S)
    raise PartMissing("PostgreSQL", f"it did not start: {log.read_text(errors='replace')[-300:]}")
