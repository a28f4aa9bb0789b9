"""`isthmus audit rebuild`: the log made again from the journal, and compared with what was signed."""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, print_json, progress, say
from isthmus.audit.places import JOURNAL, audit_folder, log_folder
from isthmus.audit.rebuilding import Rebuilt, rebuild
from isthmus.audit.signed_log import size_and_root
from isthmus.engine.proofs import LogReader, LogRefused
from isthmus.kernel.errors import BadInput, Damaged


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where the log is what the journal makes, 1 where it is not; the first difference is located."""
    data = Path(arguments.data)
    if arguments.check and arguments.to:
        fail("to", "--check keeps nothing")
    try:
        note = LogReader(log_folder(data, JOURNAL)).note()
        if note is None:
            fail("data", f"no_log: {log_folder(data, JOURNAL)} has no signed head")
        name, total = note.split("\n", 1)[0].split("/")[-2], size_and_root(note)[0]
        with _folder(data, arguments.to) as into, progress("making the log again", total) as advance:
            found = rebuild(data, name, into, advance)
    except LogRefused as error:
        raise Damaged(": ".join(error.args)) from error
    _tell(found, arguments.json)
    return EXIT_OK if found.difference is None else EXIT_FOUND


@contextlib.contextmanager
def _folder(data: Path, to: str | None) -> Iterator[Path]:
    """A new folder, or one that is gone afterwards. Raises BadInput."""
    if to is None:
        with tempfile.TemporaryDirectory(prefix="rebuild-", dir=audit_folder(data)) as made:
            yield Path(made)
        return
    try:
        Path(to).mkdir(parents=True)
    except OSError as error:
        raise BadInput("to", f"{to}: {error.strerror}") from error
    yield Path(to)


def _tell(found: Rebuilt, as_json: bool) -> None:
    difference = found.difference
    if as_json:
        print_json({"ok": difference is None, **msgspec.to_builtins(found)})
    elif difference is None:
        say(f"{found.entries} entries and {found.heads} heads are what the journal makes: root {found.root}")
    else:
        where = "" if difference.sequence is None else f" at record {difference.sequence}"
        say(f"{difference.what} of the {difference.log} log differs{where}: {difference.reason}")
