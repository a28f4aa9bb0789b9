"""`isthmus audit verify log DIR`: a whole log on files alone; what differs is located by file and entry."""

from __future__ import annotations

import argparse
import base64
import binascii
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.audit_key import read_key
from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, note, print_json, progress, say
from isthmus.engine.proofs import Checkpoint, Finding, LogRefused, Note, Verified, VerifierKey, note_signed, verify_log

HEADS, CHECKPOINT, GROUP = "heads", "checkpoint", "threshold"
PUBLIC_KEY = "_public_key"
"""Beside the files of a log in one JSON object."""


class _Head(msgspec.Struct, frozen=True):
    size: int
    root: str
    note: str


def run(arguments: argparse.Namespace) -> int:
    """Prints what was checked and every finding. Exit 1 where there is one."""
    files, key = _opened(Path(arguments.log))
    if arguments.vkey:
        key = read_key(arguments.vkey)
    if key is None:
        note("no key was given or found beside the log: no signature is checked")
    faults: list[Finding] = []
    heads = list(_heads(files, faults))
    group = _grouped(files, read_key(arguments.group, "group"), heads, faults) if arguments.group else None
    begun = time.perf_counter()
    found = _checked(files, key, heads)
    took = time.perf_counter() - begun
    if arguments.origin and found.origin not in ("", arguments.origin):
        faults.append(Finding("wrong_log", "checkpoint", None, f"it is of {found.origin!r}"))
    answer = _answer(found, faults, key) | {
        "group": group,
        "seconds": round(took, 6),
        "records_per_s": round(found.entries / took),
    }
    if arguments.json:
        print_json(answer)
    else:
        _tell(answer)
    return EXIT_OK if answer["ok"] else EXIT_FOUND


def folder_findings(folder: Path, key: VerifierKey, known: list[tuple[str, bytes]]) -> list[Finding]:
    """Of a log's folder: what `run` finds, and whether heads that are `known` from elsewhere are its beginning."""
    faults: list[Finding] = []
    heads = [*known, *_heads(folder, faults)]
    found = verify_log(folder, key, heads, lambda _done, _of: None)
    return [*faults, *found.findings]


def _checked(files: dict[str, bytes] | Path, key: VerifierKey | None, heads: list[tuple[str, bytes]]) -> Verified:
    with progress("entries") as advance:
        told = 0

        def told_up_to(done: int, _of: int) -> None:
            nonlocal told
            advance(done - told)
            told = done

        try:
            return verify_log(files, key, heads, told_up_to)
        except OSError as error:
            fail("log", str(error))


def _opened(path: Path) -> tuple[dict[str, bytes] | Path, VerifierKey | None]:
    """The files of the log and the key beside them: in a bundle, in the folder, or where a broker keeps it."""
    if path.is_dir():
        stem = {"journal": "log"}.get(path.name, path.name)
        for beside in (path / "log.vkey", path.parent.parent / "keys" / f"{stem}.vkey"):
            if beside.is_file():
                return path, read_key(str(beside))
        return path, None
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except OSError as error:
        fail("log", error.strerror or str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fail("log", f"is neither a folder nor a JSON object of files: {error}")
    key = found.pop(PUBLIC_KEY, None)
    try:
        files = {name: base64.b64decode(text, validate=True) for name, text in found.items()}
    except (binascii.Error, ValueError) as error:
        fail("log", f"has a file that is no base64: {error}")
    return files, read_key(key, PUBLIC_KEY) if key else None


def _heads(files: dict[str, bytes] | Path, faults: list[Finding]) -> Iterator[tuple[str, bytes]]:
    """Heads published before: `checkpoint.N`, and the lines of `heads`."""
    if isinstance(files, Path):
        for path in sorted(files.glob("checkpoint.*")):
            if path.suffix[1:].isdigit():
                yield path.name, path.read_bytes()
        lines = files / HEADS
        yield from _lines(lines.read_bytes() if lines.is_file() else b"", faults)
        return
    for name, raw in files.items():
        if name.startswith("checkpoint.") and name.partition(".")[2].isdigit():
            yield name, raw
    yield from _lines(files.get(HEADS, b""), faults)


def _grouped(
    files: dict[str, bytes] | Path, key: VerifierKey, heads: list[tuple[str, bytes]], faults: list[Finding]
) -> dict[str, Any] | None:
    """The largest head that the holders' key signed: the published one, one before it, or the one that a broker keeps
    beside its logs. It is checked with the other heads.
    """
    known = list(heads)
    if isinstance(files, Path):
        places = [files / CHECKPOINT, files.parent.parent / GROUP / f"{files.name}.newest"]
        known += [(str(path), path.read_bytes()) for path in places if path.is_file()]
    elif CHECKPOINT in files:
        known.append((CHECKPOINT, files[CHECKPOINT]))
    signed = [(size, place, raw) for place, raw in known if (size := _size_signed(raw, key)) is not None]
    if not signed:
        reason = f"no head is signed by the holders' key {key.name}"
        faults.append(Finding("not_signed_by_group", CHECKPOINT, None, reason))
        return None
    size, place, raw = max(signed)
    if (place, raw) not in heads:
        heads.append((place, raw))
    return {"key": key.name, "size": size}


def _size_signed(raw: bytes, key: VerifierKey) -> int | None:
    try:
        note_signed(raw, key)
        return Checkpoint.parse(Note.parse(raw).text).size
    except LogRefused:
        return None


def _lines(raw: bytes, faults: list[Finding]) -> Iterator[tuple[str, bytes]]:
    """The notes of the list, whose lines must say what their notes say; a last line without its end is not one yet."""
    for number, line in enumerate(raw[: raw.rfind(b"\n") + 1].splitlines(), 1):
        place = f"{HEADS}:{number}"
        try:
            head = msgspec.json.decode(line, type=_Head)
            said = Checkpoint.parse(Note.parse(head.note.encode()).text)
        except (msgspec.DecodeError, UnicodeDecodeError, LogRefused) as error:
            faults.append(Finding("malformed", place, None, f"the line is no head: {error}"))
            continue
        if (head.size, head.root) != (said.size, said.root.hex()):
            faults.append(Finding("head_differs", place, None, "size or root are not those of the note"))
        yield place, head.note.encode()


def _answer(found: Verified, faults: list[Finding], key: VerifierKey | None) -> dict[str, Any]:
    findings = [*faults, *found.findings]
    unsigned = {"bad_signature", "not_signed", "wrong_log", "no_checkpoint", "malformed_note", "malformed_checkpoint"}
    is_signed = key is not None and not any(
        finding.file == "checkpoint" and finding.name in unsigned for finding in findings
    )
    return {
        "ok": not findings,
        "log": found.origin,
        "size": found.size,
        "root": found.root.hex() if found.root is not None else None,
        "signed_by": key.name if key is not None and is_signed else None,
        "entries": found.entries,
        "files": found.files,
        "bytes": found.bytes,
        "heads": found.heads,
        "beyond": found.beyond,
        "found": found.found + len(faults),
        "findings": findings,
    }


def _tell(answer: dict[str, Any]) -> None:
    counts = (f"{answer[what]} {what}" for what in ("entries", "files", "heads"))
    say(f"{answer['log']}, a log of {answer['size']}: {', '.join(counts)}")
    say(f"root {answer['root']}, signed by {answer['signed_by'] or 'nobody whose key is known here'}")
    if answer["group"] is not None:
        say(f"the head of {answer['group']['size']} entries is signed by the holders' key {answer['group']['key']}")
    for finding in answer["findings"]:
        at = "" if finding.index is None else f" at {finding.index}"
        say(f"{finding.name}  {finding.file}{at}: {finding.reason}")
    if answer["found"] > len(answer["findings"]):
        say(f"and {answer['found'] - len(answer['findings'])} more")
    say("holds" if answer["ok"] else "does not hold")
