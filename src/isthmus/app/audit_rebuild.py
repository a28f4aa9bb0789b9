"""`isthmus audit rebuild`: the logs made again from the journal, and compared with what was signed."""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, print_json, progress, say
from isthmus.audit.places import JOURNAL, ORDERS, audit_folder, log_folder
from isthmus.audit.rebuilding import Difference, Rebuilt, rebuild
from isthmus.audit.rebuilding_orders import rebuild_orders
from isthmus.audit.signed_log import size_and_root
from isthmus.engine.proofs import LogReader, LogRefused
from isthmus.kernel.errors import BadInput, Damaged


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where the logs are what the journal makes, 1 where it is not; the first difference is located."""
    data = Path(arguments.data)
    if arguments.check and arguments.to:
        fail("to", "--check keeps nothing")
    try:
        note = LogReader(log_folder(data, JOURNAL)).note()
        if note is None:
            fail("data", f"no_log: {log_folder(data, JOURNAL)} has no signed head")
        name, total = note.split("\n", 1)[0].split("/")[-2], size_and_root(note)[0]
        with _folder(data, arguments.to) as into, progress("making the log again", total) as advance:
            (into / JOURNAL).mkdir()
            found = rebuild(data, name, into / JOURNAL, advance)
            (into / ORDERS).mkdir()
            orders = rebuild_orders(data, name, into / ORDERS, advance)
    except LogRefused as error:
        raise Damaged(": ".join(error.args)) from error
    logs = {JOURNAL: found} if orders is None else {JOURNAL: found, ORDERS: orders}
    first = next((one.difference for one in logs.values() if one.difference is not None), None)
    if arguments.json:
        print_json({"ok": first is None, **msgspec.to_builtins(found), "difference": first, "logs": logs})
    else:
        _tell(logs, first)
    return EXIT_OK if first is None else EXIT_FOUND


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


def _tell(logs: dict[str, Rebuilt], first: Difference | None) -> None:
    for log, found in logs.items():
        if found.difference is None:
            told = f"{found.entries} entries and {found.heads} heads"
            say(f"{log}: {told} are what the journal makes, root {found.root}")
    if first is not None:
        where = "" if first.sequence is None else f" at record {first.sequence}"
        say(f"{first.log}: {first.what} differs{where}: {first.reason}")
