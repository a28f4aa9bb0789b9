"""`isthmus zk check`: range proofs that others wrote, and tables of liabilities, row by row.

A table's amounts may have 112 bits (14 bytes, as Summa's circuits take them): an amount is v0 + 2^64 v1 + 2^96 v2 with
v0, v1, v2 of 64, 32 and 16 bits, each committed and proven in its range; their weighted sum is the amount's commitment.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, print_json, say
from isthmus.audit.zero.wide import AMOUNT_BITS, LIMBS, WEIGHTS, parts_of
from isthmus.engine import zero
from isthmus.engine.zero import About, Hidden, Stated, ZeroRefused

AMOUNT_DIGITS_MAX = 40
USERNAME = "username"
BALANCE = "balance"
LABEL = "transcript_label"


class _Differs(Exception):
    """A row is not as it says."""


def check(arguments: argparse.Namespace) -> int:
    """Prints {"ok", "rows": [{"name", "ok", "reason"}]}. Exit 1 where a row is refused, each by name."""
    try:
        content = Path(arguments.vectors).read_bytes()
    except OSError as error:
        fail("vectors", error.strerror or str(error))
    rows = _table(content) if arguments.vectors.endswith(".csv") else _ranges(content)
    ok = all(row["ok"] for row in rows)
    if arguments.json:
        print_json({"ok": ok, "rows": rows})
    else:
        for row in rows:
            say(f"{row['name']}: {'ok' if row['ok'] else row['reason']}")
    return EXIT_OK if ok else EXIT_FOUND


def _row(name: str, reason: str | None, **more: Any) -> dict[str, Any]:
    return {"name": name, "ok": reason is None, "reason": reason} | more


def _ranges(content: bytes) -> list[dict[str, Any]]:
    try:
        file = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fail("vectors", f"is no JSON: {error}")
    cases = file.get("cases") if isinstance(file, dict) else None
    label = file.get(LABEL) if isinstance(file, dict) else None
    if not isinstance(cases, list) or not cases or not isinstance(label, str):
        fail("vectors", f"has no {LABEL} or no list of cases")
    return [_range(case, label.encode(), place) for place, case in enumerate(cases)]


def _range(case: Any, label: bytes, place: int) -> dict[str, Any]:
    try:
        bits, count = case["n"], case["m"]
        proof = bytes.fromhex(case["proof_hex"])
        commitments = [bytes.fromhex(one) for one in case["commitments_hex"]]
    except (KeyError, TypeError, ValueError):
        fail(f"cases[{place}]", "needs n, m, proof_hex and commitments_hex")
    if not isinstance(bits, int) or not isinstance(count, int):
        fail(f"cases[{place}]", "n and m are whole numbers")
    name = f"range/{bits}x{count}"
    if len(commitments) != count or any(len(one) != zero.WIDTH for one in commitments):
        return _row(name, "malformed: there are not m commitments of 32 bytes")
    if bits not in zero.BITS:
        return _row(name, "not_offered")
    try:
        zero.foreign_range_holds(label, b"".join(commitments), proof, bits)
    except ZeroRefused as refused:
        return _row(name, str(refused.args[0]))
    return _row(name, None)


def _table(content: bytes) -> list[dict[str, Any]]:
    table = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig", "replace"))))
    columns = [name for name in (table[0] if table else {}) if name and name.startswith(BALANCE)]
    if not columns:
        fail("vectors", f"is no table of liabilities: it needs a column {BALANCE}...")
    rows = []
    for column in columns:
        about = About(f"liabilities/{column}", bytes(zero.WIDTH), "1970-01-01")
        try:
            amounts = [_amount(row.get(column), line) for line, row in enumerate(table, 2)]
            total = _covered(about, amounts, [row.get(USERNAME) or "" for row in table])
            rows.append(_row(column, None, entries=len(amounts), total=str(total)))
        except _Differs as differs:
            rows.append(_row(column, str(differs)))
        except ZeroRefused as refused:
            rows.append(_row(column, str(refused.args[0])))
    return rows


def _amount(written: Any, line: int) -> int:
    text = written.strip() if isinstance(written, str) else ""
    if not (text.isascii() and text.isdecimal() and len(text) <= AMOUNT_DIGITS_MAX):
        raise _Differs(f"malformed: line {line} has no whole amount")
    if int(text) >> AMOUNT_BITS:
        raise _Differs(f"out_of_range: line {line} has an amount of more than {AMOUNT_BITS} bits")
    return int(text)


def _covered(about: About, amounts: list[int], names: list[str]) -> int:
    """Commits, proves each amount's range, and verifies ranges, tree and sum; the sum."""
    limbs = [zero.blindings(len(amounts)) for _ in LIMBS]
    parts = [list(part) for part in zip(*(parts_of(amount) for amount in amounts), strict=True)]
    committed = [zero.commit(part, blindings) for part, blindings in zip(parts, limbs, strict=True)]
    whole, blinding = b"", b""
    for place in range(len(amounts)):
        at = slice(place * zero.WIDTH, (place + 1) * zero.WIDTH)
        whole += zero.combine(b"".join(one[at] for one in committed), WEIGHTS)
        blinding += zero.combine_blindings(b"".join(one[at] for one in limbs), WEIGHTS)
    for bits, part, blindings, commitments in zip(LIMBS, parts, limbs, committed, strict=True):
        _in_range(about, bits, part, (blindings, commitments))
    total = sum(amounts)
    ids = b"".join(_id(name, place) for place, name in enumerate(names))
    root = zero.tree_root(whole, ids)
    if root[zero.WIDTH :] != zero.combine(whole):
        raise _Differs("other_root")
    proof = zero.prove_opening(about, b"total", root[zero.WIDTH :], (total, zero.combine_blindings(blinding)))
    zero.opening_holds(about, b"total", root[zero.WIDTH :], total, proof)
    _each_in_tree(whole, ids, root)
    return total


def _in_range(about: About, bits: int, amounts: list[int], committed: tuple[bytes, bytes]) -> None:
    step, hidden, stated = zero.AMOUNTS_MAX, [], []
    for start in range(0, len(amounts), step):
        blindings, commitments = (one[start * zero.WIDTH : (start + step) * zero.WIDTH] for one in committed)
        position = f"{bits}/{start}".encode()
        hidden.append(Hidden(position, amounts[start : start + step], blindings))
        stated.append((position, commitments))
    proofs = zero.prove_ranges(about, hidden, bits)
    zero.ranges_hold(about, [Stated(*one, proof) for one, proof in zip(stated, proofs, strict=True)], bits)


def _id(name: str, place: int) -> bytes:
    return hashlib.sha256(f"{place}/{name}".encode()).digest()


def _each_in_tree(commitments: bytes, ids: bytes, root: bytes) -> None:
    count = len(ids) // zero.WIDTH
    for place, way in enumerate(zero.tree_ways(commitments, ids, range(count))):
        at = slice(place * zero.WIDTH, (place + 1) * zero.WIDTH)
        zero.leaf_holds((place, count), (commitments[at], ids[at]), way, root)
