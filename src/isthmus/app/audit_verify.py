"""`isthmus audit verify inclusion|consistency`: cases of proofs, judged one by one."""

from __future__ import annotations

import argparse
import base64
import binascii
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, print_json, say
from isthmus.engine.proofs import SIZE_MAX, consistency_fault, inclusion_fault


class _Unreadable(Exception):
    """A field that no proof can have; the case is refused by it, not the file."""


def _cases(path: str) -> dict[str, Any]:
    """Name to case; a list of cases is named by their `name`, or else by their place (from 1)."""
    try:
        found = msgspec.json.decode(Path(path).read_bytes())
    except OSError as error:
        fail("cases", error.strerror or str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fail("cases", f"is no JSON: {error}")
    if isinstance(found, list):
        found = {str(_field(case, "name") or row): case for row, case in enumerate(found, 1)}
    if not isinstance(found, dict):
        fail("cases", "is neither an object of cases nor a list")
    return found


def _field(case: Any, name: str) -> Any:
    return case.get(name) if isinstance(case, dict) else None


def _size(case: Any, name: str) -> int:
    value = _field(case, name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= SIZE_MAX:
        raise _Unreadable(f"{name} is no number of 64 bits")
    return value


def _bytes(text: Any, name: str) -> bytes:
    """Bytes as base64, or 32 of them as hexadecimal."""
    if not isinstance(text, str):
        raise _Unreadable(f"{name} is no text")
    try:
        return bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _Unreadable(f"{name} is neither base64 nor hexadecimal") from None


def _hash(text: Any, name: str) -> bytes:
    found = _bytes(text, name)
    if len(found) != 32:
        raise _Unreadable(f"{name} has {len(found)} bytes, a hash has 32")
    return found


def _proof(case: Any) -> list[bytes]:
    hashes = _field(case, "proof")
    if not isinstance(hashes, list | None):
        raise _Unreadable("proof is no list")
    return [_hash(text, f"proof[{place}]") for place, text in enumerate(hashes or ())]


def _inclusion(case: Any) -> str | None:
    leaf, root = _hash(_field(case, "leafHash"), "leafHash"), _hash(_field(case, "root"), "root")
    return inclusion_fault(_size(case, "leafIdx"), _size(case, "treeSize"), leaf, _proof(case), root)


def _consistency(case: Any) -> str | None:
    old, new, proof = _size(case, "size1"), _size(case, "size2"), _proof(case)
    was, now = _bytes(_field(case, "root1"), "root1"), _bytes(_field(case, "root2"), "root2")
    if old == new > 0 and not proof:  # nothing is hashed: the roots are the same bytes or not
        return None if was == now else "other_root"
    return consistency_fault((old, _hash(case["root1"], "root1")), (new, _hash(case["root2"], "root2")), proof)


def run(arguments: argparse.Namespace) -> int:
    """A row a case: does its proof hold?

    Exit 1 where the case says otherwise (`wantErr`), or, if it says nothing, where it does not hold.
    """
    judged = _inclusion if arguments.what == "inclusion" else _consistency
    code = EXIT_OK
    for name, case in _cases(arguments.cases).items():
        try:
            reason = judged(case)
        except _Unreadable as error:
            reason = f"unreadable: {error}"
        ok, wanted = reason is None, _field(case, "wantErr")
        if ok == (wanted is True):
            code = EXIT_FOUND
        if arguments.json:
            print_json({"name": name, "ok": ok, "reason": reason})
        else:
            say(f"{'holds' if ok else 'refused'}  {name}{f': {reason}' if reason else ''}")
    return code
