"""`isthmus audit verify split-view FILE`: that a log signed two histories, on the file and a key alone."""

from __future__ import annotations

import argparse
from typing import Any

from isthmus.app.audit_key import read_key
from isthmus.app.output import EXIT_FOUND, EXIT_OK, note, print_json, say
from isthmus.app.whole_file import read_whole
from isthmus.audit.proof_file import Refused
from isthmus.audit.split_view import Split, check, decode
from isthmus.engine.proofs import VerifierKey


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where the contradiction is proven; 1 with the name of what keeps the file from proving it."""
    key = read_key(arguments.vkey) if arguments.vkey else None
    if key is None:
        note("no key was given: whoever made the file also said whose log it is")
    answer = _answer(read_whole(arguments.file, "file"), key)
    if arguments.json:
        print_json(answer)
    else:
        _tell(answer)
    return EXIT_OK if answer["ok"] else EXIT_FOUND


def _answer(raw: bytes, key: VerifierKey | None) -> dict[str, Any]:
    try:
        return _proven(check(decode(raw), key))
    except Refused as error:
        return {"ok": False, "reason": error.name, "what": error.reason}


def _proven(split: Split) -> dict[str, Any]:
    """`root`: of the larger head's tree at the smaller one's size."""
    return {
        "ok": True,
        "reason": None,
        "log": split.smaller.origin,
        "heads": [{"size": head.size, "root": head.root.hex()} for head in (split.smaller, split.larger)],
        "root": split.root.hex(),
    }


def _tell(answer: dict[str, Any]) -> None:
    if not answer["ok"]:
        say(f"refused  {answer['reason']}: {answer['what']}")
        return
    smaller, larger = answer["heads"]
    say(f"proven  {answer['log']} signed two histories")
    say(f"a head of {smaller['size']} entries with root {smaller['root']}")
    say(f"a head of {larger['size']} entries with root {larger['root']}")
    say(f"the larger one's first {smaller['size']} entries have root {answer['root']}")
