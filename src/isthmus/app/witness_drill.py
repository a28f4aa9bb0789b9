"""`isthmus audit witness drill`: 17 witnesses as processes; one lies, two are down, the log forks and shrinks.

Every honest witness must refuse and report, and go on with the honest log afterwards; the report says who saw what.
Both histories are real logs signed by one key, so that nothing but the witnesses keeps them apart. At last another log
shows each of them one of two histories, which they find out by telling each other (witness_drill_split.py).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json, say
from isthmus.app.venue_http import HttpClient, Lost, NotSent
from isthmus.app.witness_drill_logs import COMMON, history, signed_head
from isthmus.app.witness_drill_split import EVERY_S, Seat, SplitLog
from isthmus.app.witness_host import ReportRow, Reports
from isthmus.audit.jurisdictions import shipped
from isthmus.audit.quorum import cosigned_at
from isthmus.audit.standing import Asked
from isthmus.audit.witness_key import witness_key
from isthmus.engine.proofs import ED25519, Checkpoint, Log, LogRefused, Note, Signer, VerifierKey, note_signed
from isthmus.kernel.errors import BadInput

ORIGIN = "isthmus.local/drill/journal"
COMMAND = (sys.executable, "-c", "import sys; from isthmus.app.cli import main; sys.exit(main())")
READY_S, ANSWER_S, END_S = 30.0, 5.0, 5.0
FIRST, SECOND, THIRD, LAST = 64, 128, 160, 192
HONEST, LIAR, DOWN = "honest", "liar", "down"


class Step(msgspec.Struct, frozen=True):
    """A head that every witness is asked to cosign. `is_true`: an honest log would show it."""

    name: str
    what: str
    is_true: bool
    old: int
    asked: Asked
    kind: str | None = None
    """As what an honest witness reports it."""


class Saw(msgspec.Struct, frozen=True):
    """What a witness answered to a step: its status, 0 for none, and whether a cosignature of its key came."""

    step: str
    status: int
    cosigned: bool


class Witnessed(msgspec.Struct):
    """One witness of the drill."""

    name: str
    role: str
    process: Process
    url: str
    http: HttpClient
    key: VerifierKey
    saw: list[Saw] = []
    reports: list[ReportRow] = []


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when no honest witness was fooled and each reported fork and shrink; 1 otherwise."""
    names = list(shipped())
    if not 1 <= arguments.needed <= len(names):
        raise BadInput("needed", f"must be from 1 to {len(names)}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="isthmus-witness-drill-") as folder:
        report = asyncio.run(drill(Path(folder), names, arguments.needed))
    report["seconds"] = round(time.monotonic() - began, 2)
    if arguments.json:
        print_json(report)
    else:
        _say(report)
    return EXIT_OK if report["ok"] else EXIT_FOUND


async def drill(folder: Path, names: list[str], needed: int) -> dict[str, Any]:
    """Of these witnesses the last two go down, and the one before them lies. Who saw what, and whether it went well."""
    signer = Signer.generate(ORIGIN, ED25519)
    true, forked = history(folder / "true", signer, LAST), history(folder / "forked", signer, LAST, COMMON)
    split = SplitLog(folder / "split")
    roles = dict.fromkeys(names, HONEST) | dict.fromkeys(names[-2:], DOWN) | {names[-3]: LIAR}
    async with _started(folder, signer.vkey, split, roles) as witnesses:
        steps = _steps(signer, true, forked)
        for number, step in enumerate(steps):
            await asyncio.gather(*(_ask(one, step) for one in witnesses))
            if number == 0:
                await _put_down([one for one in witnesses if one.role == DOWN])
        await asyncio.gather(*(_hear(one) for one in witnesses))
        seats = [Seat(one.name, one.role, one.role == HONEST, one.url, one.http, one.key) for one in witnesses]
        shown = await split.act(seats, needed)
        for one in witnesses:
            one.http.close()
    report = reported(witnesses, steps, signer.vkey, needed)
    return report | {"ok": report["ok"] and shown["ok"], "split_view": shown}


def _steps(signer: Signer, true: Log, forked: Log) -> list[Step]:
    def asked(log: Log, size: int) -> Asked:
        return signed_head(log, signer, size)

    return [
        Step("begin", f"the first head, of {FIRST} entries", True, 0, asked(true, FIRST)),
        Step("grow", f"a head of {SECOND} entries; two witnesses are down", True, FIRST, asked(true, SECOND)),
        Step("fork", f"another head of {SECOND} entries", False, SECOND, asked(forked, SECOND), "fork"),
        Step("fork on", f"{THIRD} entries on the other branch", False, SECOND, asked(forked, THIRD), "unproven"),
        Step("shrink", f"the head of {FIRST} entries as the next", False, SECOND, asked(true, FIRST), "shrink"),
        Step("go on", f"a head of {LAST} entries of the first branch", True, SECOND, asked(true, LAST)),
    ]


@contextlib.asynccontextmanager
async def _started(folder: Path, vkey: str, split: SplitLog, roles: dict[str, str]) -> AsyncIterator[list[Witnessed]]:
    processes: list[Process] = []
    witnesses: list[Witnessed] = []
    try:
        for name, role in roles.items():
            state = str(folder / name)
            vkeys = (vkey, split.signer.vkey)
            words: tuple[str, ...] = (sys.executable, "-m", "isthmus.app.witness_liar", name, state, *vkeys)
            if role != LIAR:
                given = ["--jurisdiction", name, "--state", state, "--tied", "--gossip-every", str(EVERY_S)]
                given += ["--peers", str(split.peers(name)), "--logs", str(split.logs)]
                given += [word for key in vkeys for word in ("--log-vkey", key)]
                words = (*COMMAND, "audit", "witness", "serve", *given)
            processes.append(await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE))
        async with asyncio.timeout(READY_S):
            witnesses += await asyncio.gather(*map(_ready, roles, roles.values(), processes))
        yield witnesses
    except TimeoutError:
        raise BadInput(None, f"the witnesses did not start within {READY_S:.0f} s") from None
    finally:
        await _end(processes)


async def _ready(name: str, role: str, process: Process) -> Witnessed:
    assert process.stdout is not None, "it was asked for"
    line = await process.stdout.readline()
    if not line:
        raise BadInput(None, f"{name} did not start: code {await process.wait()}")
    row = msgspec.json.decode(line)
    url, key = row["url"], witness_key(row["vkey"])
    return Witnessed(name, role, process, url, HttpClient(url, "url", ANSWER_S), key, [], [])


async def _put_down(witnesses: list[Witnessed]) -> None:
    for one in witnesses:
        one.process.kill()
        await one.process.wait()


async def _end(processes: list[Process]) -> None:
    for process in processes:
        if process.returncode is None and process.stdin is not None:
            process.stdin.close()
    for process in processes:
        try:
            async with asyncio.timeout(END_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _ask(one: Witnessed, step: Step) -> None:
    try:
        answer = await one.http.request("POST", "/add-checkpoint", {}, step.asked.body(step.old))
    except (NotSent, Lost):
        one.saw.append(Saw(step.name, 0, False))
        return
    text = Note.parse(step.asked.note.encode()).text
    lines = answer.body.decode("utf-8", "replace").splitlines()
    cosigned = answer.status == 200 and any(cosigned_at(text, line, one.key) is not None for line in lines)
    one.saw.append(Saw(step.name, answer.status, cosigned))


async def _hear(one: Witnessed) -> None:
    with contextlib.suppress(NotSent, Lost, msgspec.DecodeError):
        answer = await one.http.request("GET", "/reports", {})
        one.reports = msgspec.json.decode(answer.body, type=Reports).reports


def reported(witnesses: list[Witnessed], steps: list[Step], vkey: str, needed: int) -> dict[str, Any]:
    """`ok`: every honest witness cosigned what is true only, and reported the rest with a fork that proves itself."""
    rows = [_row(one, steps, vkey) for one in witnesses]
    told: list[dict[str, Any]] = [
        {
            "step": step.name,
            "what": step.what,
            "true": step.is_true,
            "cosigned": sum(saw.cosigned for one in witnesses for saw in one.saw if saw.step == step.name),
        }
        for step in steps
    ]
    for row in told:
        row["quorum"] = row["cosigned"] >= needed
    honest = [row for row in rows if row["role"] == HONEST]
    return {
        "ok": all(row["ok"] for row in honest) and all(row["quorum"] == row["true"] for row in told),
        "quorum": {"needed": needed, "of": len(rows)},
        "fooled": [row["witness"] for row in honest if row["fooled"]],
        "exposed": [row["witness"] for row in rows if row["exposed"]],
        "steps": told,
        "witnesses": rows,
    }


def _row(one: Witnessed, steps: list[Step], vkey: str) -> dict[str, Any]:
    """`fooled`: it cosigned what no honest log shows; `exposed`: two cosignatures of its key contradict each other."""
    cosigned = {saw.step for saw in one.saw if saw.cosigned}
    fooled = [step.name for step in steps if not step.is_true and step.name in cosigned]
    missed = [step.name for step in steps if step.is_true and step.name not in cosigned]
    kinds = [report.kind for report in one.reports]
    wanted = [step.kind for step in steps if step.kind is not None]
    proven = [report for report in one.reports if report.kind == "fork" and _proves_fork(report, vkey)]
    return {
        "witness": one.name,
        "role": one.role,
        "saw": one.saw,
        "reports": kinds,
        "fork_proven": bool(proven),
        "fooled": bool(fooled),
        "exposed": {"grow", "fork"} <= cosigned,
        "ok": not fooled and not missed and sorted(kinds) == sorted(wanted) and bool(proven),
    }


def _proves_fork(report: ReportRow, vkey: str) -> bool:
    """Two roots of one size, both signed by the log: nobody need believe the witness."""
    key = VerifierKey.parse(vkey)
    heads = []
    for note in (report.held, report.given):
        try:
            note_signed(note.encode(), key)
            heads.append(Checkpoint.parse(Note.parse(note.encode()).text))
        except LogRefused:
            return False
    return heads[0].size == heads[1].size and heads[0].root != heads[1].root


def _say(report: dict[str, Any]) -> None:
    needed, of = report["quorum"]["needed"], report["quorum"]["of"]
    for step in report["steps"]:
        reached, kind = "quorum" if step["quorum"] else "no quorum", "true" if step["true"] else "false"
        count = f"{step['cosigned']:2} of {of}, {needed} needed: {reached:9}"
        say(f"{step['step']:8} {kind:5}  cosigned by {count}  {step['what']}")
    for row in report["witnesses"]:
        answers = " ".join("-" if saw.status == 0 else str(saw.status) for saw in row["saw"])
        kinds = ", ".join(row["reports"]) or "nothing"
        extra = "; exposed by two cosignatures of its own" if row["exposed"] else ""
        say(f"{row['witness']:10} {row['role']:7} answered {answers:24} reported {kinds}{extra}")
    shown = report["split_view"]
    for head in shown["heads"]:
        reached = "quorum" if head["quorum"] else "no quorum"
        count = f"{head['cosigned']:2} of the {head['shown_to']} who were shown it: {reached}"
        say(f"split view {head['view']}: {head['size']} entries, cosigned by {count}")
    for row in shown["witnesses"]:
        has = f"has the evidence, heads of {row['sizes'][0]} and {row['sizes'][1]}" if row["evidence"] else "has none"
        say(f"{row['witness']:10} {row['role']:7} was shown {row['shown']}, {has}")
    say(f"split view: {shown['with_evidence']} of {shown['honest']} honest have evidence, {shown['seconds']} s")
    say(f"{'ok' if report['ok'] else 'FAILED'}: {len(report['fooled'])} honest witnesses fooled, {report['seconds']} s")
