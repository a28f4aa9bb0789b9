"""`isthmus doctor`: what this machine has of what Isthmus needs, each with its remedy."""

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from msgspec import Struct

from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json, say
from isthmus.app.terminal import terminal_folder

FREE_BYTES_WANTED = 1 << 30
OPEN_FILES_WANTED = 1_024
TOOL_TIMEOUT_S = 10
BUILD_TOOLS = {
    "cargo": ("--version", "install Rust 1.88 or newer (Debian: apt install rustup, then rustup default stable)"),
    "cc": ("--version", "install a C compiler (Debian: apt install build-essential)"),
    "node": ("--version", "install Node.js 20 or newer (Debian: apt install nodejs npm)"),
}
PACKAGES = ("msgspec", "numpy", "starlette", "uvicorn", "websockets", "cryptography", "zstandard")


class Check(Struct, frozen=True):
    """One thing looked at; `fix` says what to do and is None when it is well."""

    name: str
    ok: bool
    found: str | None
    fix: str | None


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when all is well, 1 when something is to be done."""
    checks = looked_at()
    well = all(check.ok for check in checks)
    if arguments.json:
        print_json({"ok": well, "checks": checks})
        return EXIT_OK if well else EXIT_FOUND
    for check in checks:
        say(f"{'ok  ' if check.ok else 'FIX '} {check.name}: {check.found or 'not found'}")
        if check.fix:
            say(f"     {check.fix}")
    return EXIT_OK if well else EXIT_FOUND


def looked_at() -> list[Check]:
    """All checks, in the order in which a newcomer needs them."""
    return [
        _python(),
        _engine(),
        *(_package(name) for name in PACKAGES),
        *(_tool(name, *how) for name, how in BUILD_TOOLS.items()),
        _terminal(),
        _disk(Path.cwd()),
        _flush(),
        _open_files(),
    ]


def _check(name: str, ok: bool, found: str | None, fix: str) -> Check:
    return Check(name, ok, found, None if ok else fix)


def _python() -> Check:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return _check("python", sys.version_info >= (3, 11), found, "install Python 3.11 or newer")


def _engine() -> Check:
    try:
        core = importlib.import_module("isthmus._core")
    except ImportError as error:
        return _check("engine", False, str(error), "build it: make build")
    return _check("engine", True, f"rules {core.RULES}", "")


def _package(name: str) -> Check:
    try:
        return _check(name, True, version(name), "")
    except PackageNotFoundError:
        return _check(name, False, None, "install the locked packages: make build")


def _tool(name: str, ask: str, fix: str) -> Check:
    path = shutil.which(name)
    if path is None:
        return _check(name, False, None, fix)
    answer = subprocess.run([path, ask], capture_output=True, text=True, timeout=TOOL_TIMEOUT_S, check=False)
    first = (answer.stdout or answer.stderr).partition("\n")[0]
    return _check(name, answer.returncode == 0, first, fix)


def _terminal() -> Check:
    folder = terminal_folder()
    return _check("terminal", folder is not None, str(folder) if folder else None, "build the pages: make build")


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    return _check("disk", free >= FREE_BYTES_WANTED, f"{free / 1e9:.1f} GB free", "free at least 1 GB for the journal")


def _flush() -> Check:
    """Durability `group` needs a file system that flushes on demand."""
    try:
        with tempfile.TemporaryFile(dir=Path.cwd()) as file:
            file.write(b"isthmus")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return _check("flush", False, error.strerror, "use a folder that can be written and flushed")
    return _check("flush", True, "fsync works here", "")


def _open_files() -> Check:
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _check("open files", soft >= OPEN_FILES_WANTED, str(soft), f"raise it: ulimit -n {OPEN_FILES_WANTED}")
