"""`isthmus audit prove`: the file by which anybody can check that a record is in the journal's log."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from isthmus.app.output import EXIT_OK, fail, print_json, say
from isthmus.audit.proof_file import ProofFile
from isthmus.audit.proving import record_proof
from isthmus.engine.engine import JournalDamaged
from isthmus.engine.proofs import LogRefused
from isthmus.kernel.errors import BadInput, Damaged


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 with the proof, 2 where there is none yet, by name (not_covered, no_log, before_first), 1 damage."""
    if arguments.sequence < 1:
        fail("sequence", "is a record's number, from 1")
    data = Path(arguments.data)
    try:
        made = record_proof(data, arguments.sequence)
    except FileNotFoundError as error:
        fail("data", f"no_log: {error.filename} is not there")
    except (LogRefused, JournalDamaged) as error:
        raise Damaged(": ".join(map(str, error.args))) from error
    written(made, arguments.to, arguments.json)
    return EXIT_OK


def written(made: ProofFile, to: str | None, as_json: bool) -> None:
    """To the file, and what it proves for a person; or the file's content. Raises BadInput."""
    if to is None:
        print_json(made)
        return
    try:
        Path(to).write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    except OSError as error:
        raise BadInput("to", f"{to}: {error.strerror}") from error
    if as_json:
        print_json(made)
    else:
        say(f"record {made.sequence}: entry {made.index} of {made.tree_size} of the {made.log} log, root {made.root}")
        say(f"check it with: isthmus audit verify proof {to}")
