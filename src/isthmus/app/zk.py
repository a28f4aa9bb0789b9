"""`isthmus zk`: a day's books proven without showing them, and verified by files alone."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.audit_key import read_key
from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, note, print_json, say
from isthmus.app.zk_figures import bound_of, figures_of, other_log
from isthmus.app.zk_folder import PUBLIC, folder_of, read_secret, write
from isthmus.audit.zero.finding import fault_of
from isthmus.audit.zero.openings import ClientProof
from isthmus.audit.zero.proof import FILE, Proof, read
from isthmus.audit.zero.proving import prove as proven
from isthmus.audit.zero.verifying import Verdict
from isthmus.audit.zero.verifying import verify as verified
from isthmus.engine.engine import JournalDamaged
from isthmus.engine.proofs import LogRefused, note_signed
from isthmus.kernel.errors import BadInput, Damaged

THREADS_MAX = 256
LOG_KEY = Path("audit/keys/log.vkey")
"""Beside the journal's log: whose signature its heads have."""


def prove(arguments: argparse.Namespace) -> int:
    """Makes and verifies the day's proof. Exit 1 where a claim is not so, which the proof then says."""
    started, data = time.perf_counter(), Path(arguments.data)
    try:
        figures = figures_of(data, arguments.day)
    except JournalDamaged as error:
        raise Damaged(f"{data}: {error}") from error
    note(f"{len(figures.legs):,} legs of trades, {len(figures.standings):,} standings of clients")
    made = proven(figures, bound_of(data, figures), _threads(arguments.threads))
    try:
        folder = write(data, arguments.day, made)
    except OSError as error:
        fail("data", f"{error.filename or data}: {error.strerror or error}")
    verdicts = verified(made.proof)
    told = _told(made.proof, verdicts, None, started)
    return _answered(arguments, told | {"public": str(folder / PUBLIC), "clients": len(made.clients)})


def verify(arguments: argparse.Namespace) -> int:
    """By the public part alone; with a data folder also that its journal, or its signed log, is the one stated.

    Exit 1: a claim fails.
    """
    started = time.perf_counter()
    data = Path(arguments.data)
    if arguments.public or (data / FILE).is_file():
        proof, other = read(Path(arguments.public or data)), None
        if arguments.day and proof.day != arguments.day:
            fail("day", f"the proof is of {proof.day}")
    else:
        if not arguments.day:
            fail("day", "must be named: a data folder has a proof a day")
        proof = read(folder_of(data, arguments.day) / PUBLIC)
        try:
            other = other_log(data, proof.bound)
        except JournalDamaged as error:
            raise Damaged(f"{data}: {error}") from error
    own_key = None if arguments.public else data / LOG_KEY
    key = arguments.vkey or (str(own_key) if own_key is not None and own_key.is_file() else None)
    other = other or _unsigned(proof, key, bool(arguments.vkey))
    try:
        verdicts = verified(proof)
    except BadInput as refused:
        return _answered(arguments, _refused(proof, f"{refused.field}: {refused.reason}", started))
    return _answered(arguments, _told(proof, verdicts, other, started))


def _unsigned(proof: Proof, key: str | None, asked: bool) -> str | None:
    """Why the head is not one that the log's key signed; None where it is, or where nobody says which key that is."""
    if key is None:
        return None
    if proof.bound.checkpoint is None:
        return "not_signed: the proof names a record and no head of a log" if asked else None
    try:
        note_signed(proof.bound.checkpoint.encode(), read_key(key))
    except LogRefused as refused:
        return f"{refused.args[0]}: the head is not signed by the key given"
    return None


def client(arguments: argparse.Namespace) -> int:
    """Whether a client's rows and trades are in the public part. Exit 1 where one is not."""
    path = Path(arguments.proof)
    content = read_secret(path, "proof")
    try:
        own = msgspec.json.decode(content, type=ClientProof)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fail("proof", f"is no client's proof: {error}")
    public = Path(arguments.public) if arguments.public else path.absolute().parent.parent.parent / PUBLIC
    reason = fault_of(own, read(public))
    rows = [
        {"asset": row.asset, "owed": row.owed.amount, "used": row.used.amount, "line": row.line.amount}
        for row in own.rows
    ]
    told = {
        "ok": reason is None, "reason": reason, "day": own.day, "account": own.account, "rows": rows,
        "trades": len(own.legs),
    }  # fmt: skip
    if arguments.json:
        print_json(told)
    else:
        say(f"{own.account} {own.day}: {'all of it is in the proof' if reason is None else reason}")
        for row in rows:
            say(f"  {row['asset']}: owed {row['owed']}, used {row['used']} of a line of {row['line']} (minor units)")
        say(f"  {len(own.legs)} legs of trades")
    return EXIT_OK if reason is None else EXIT_FOUND


def _threads(asked: int) -> int:
    if asked < 0:
        fail("threads", "is not 0 (one for each core) or more")
    return min(asked, THREADS_MAX) or len(os.sched_getaffinity(0))


def _bound(proof: Proof) -> dict[str, Any]:
    return {
        "to": "record" if proof.bound.checkpoint is None else "checkpoint",
        "sequence": proof.bound.sequence,
        "root": proof.bound.root.hex(),
    }


def _told(proof: Proof, verdicts: list[Verdict], other: str | None, started: float) -> dict[str, Any]:
    """A proof of another log proves nothing of this one, whatever its claims say."""
    return {
        "ok": other is None and all(verdict.ok for verdict in verdicts),
        "reason": other,
        "day": proof.day,
        "bound": _bound(proof),
        "claims": [msgspec.to_builtins(verdict) for verdict in verdicts],
        "seconds": round(time.perf_counter() - started, 3),
    }


def _refused(proof: Proof, reason: str, started: float) -> dict[str, Any]:
    return _told(proof, [], reason, started)


def _answered(arguments: argparse.Namespace, told: dict[str, Any]) -> int:
    if arguments.json:
        print_json(told)
    else:
        say(f"{told['day']}: {'proven' if told['ok'] else 'NOT PROVEN'} ({told['seconds']} s)")
        if told["reason"]:
            say(f"  {told['reason']}")
        for row in told["claims"]:
            _say(row)
    return EXIT_OK if told["ok"] else EXIT_FOUND


def _say(row: dict[str, Any]) -> None:
    verdict = "holds" if row["ok"] else f"FAILS: {row['reason']}"
    counts = f"{row['commitments']} commitments, {row['proofs']} proofs"
    say(f"{row['name']}: {verdict} ({', '.join(row['assets']) or 'no assets'}; {counts})")
    for line in row["not_proven"]:
        say(f"  not proven: {line}")
