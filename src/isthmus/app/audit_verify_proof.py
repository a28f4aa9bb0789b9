"""`isthmus audit verify proof FILE`: a proof file, on the file and a key alone."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from isthmus.app.audit_key import read_key
from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, note, print_json, say
from isthmus.audit.proof_file import ProofFile, Proven, Refused, Trust, check, decode


def run(arguments: argparse.Namespace) -> int:
    """Prints what holds, or the name of what does not. Exit 1 where it is refused."""
    trust = Trust(
        log=read_key(arguments.vkey) if arguments.vkey else None,
        witnesses=tuple(read_key(text, "witness") for text in arguments.witness) if arguments.witness else None,
        quorum=arguments.quorum,
        group=read_key(arguments.group, "group") if arguments.group else None,
    )
    if trust.log is None:
        note("no key was given: whoever made the file also said which key to believe")
    try:
        raw = Path(arguments.file).read_bytes()
    except OSError as error:
        fail("file", error.strerror or str(error))
    answer = _answer(raw, trust)
    if arguments.json:
        print_json(answer)
    else:
        _tell(answer)
    return EXIT_OK if answer["ok"] else EXIT_FOUND


def _answer(raw: bytes, trust: Trust) -> dict[str, Any]:
    try:
        file = decode(raw)
        return _proven(file, check(file, trust))
    except Refused as error:
        return {"ok": False, "reason": error.name, "what": error.reason}


def _proven(file: ProofFile, proven: Proven) -> dict[str, Any]:
    return {
        "ok": True,
        "reason": None,
        "log": proven.head.origin,
        "sequence": file.sequence,
        "index": file.index,
        "size": proven.head.size,
        "root": proven.head.root.hex(),
        "signed_by": proven.signed_by,
        "cosigned": proven.cosigned,
        "group": proven.group,
        "record": file.record.hash if file.record else None,
        "order": file.order.order if file.order else None,
        "fields": proven.fields,
    }


def _tell(answer: dict[str, Any]) -> None:
    if not answer["ok"]:
        say(f"refused  {answer['reason']}: {answer['what']}")
        return
    say(f"holds  record {answer['sequence']} is entry {answer['index']} of {answer['log']} ({answer['size']} entries)")
    if answer["group"] is not None:
        say(f"signed by the holders' key {answer['group']}")
    say(f"signed by {answer['signed_by']}, cosigned by {', '.join(answer['cosigned']) or 'nobody'}")
    for field, value in answer["fields"].items():
        say(f"{field}  {'unknown' if value is None else value}")
