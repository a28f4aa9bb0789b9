"""Verifies a day's proof by its public part alone. A claim that does not hold gets a reason by name and the asset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from isthmus.audit.zero.binding import bound_fault
from isthmus.audit.zero.proof import LIMITS, SOLVENT, SUMS, Limits, Proof, Solvency, Sums
from isthmus.audit.zero.proving import CLIENTS_A_PROOF, covering, difference, position, summing
from isthmus.audit.zero.proving import about as about_of
from isthmus.engine import zero
from isthmus.engine.zero import WIDTH, About, Stated, ZeroRefused
from isthmus.kernel.errors import BadInput

T = TypeVar("T", Sums, Limits, Solvency)

FIND = "a client finds itself by `isthmus zk client`"
NOT_PROVEN: dict[str, list[str]] = {
    SUMS: [
        f"that every trade of the day is in the list: {FIND}, the journal's log has the count of records",
        "that a leg is of the sign and size of its trade: the client of the leg sees it, nobody else does",
        "at which price or between whom anything was traded",
        "quantities of margined contracts: they are positions, only their settlements in money are in the sums",
    ],
    LIMITS: [
        "limits other than the credit line: what SetCredit allows a client to owe in an asset, zero if never set",
        "order size, rate and position limits: the engine's gate keeps them, its records say so",
        "that a line was granted by whom it had to be: the record of SetCredit says so",
        f"anything of other moments than the end of the day, or that every client is in the list: {FIND}",
    ],
    SOLVENT: [
        "that a bank, a venue or anybody outside has what the books say: their statements do, against the openings",
        "that what lies outside is not pledged, borrowed for the day, or owed to others than clients",
        f"that every client is in the list: {FIND}, and only those who look are sure",
        "anything of other moments than the end of the day",
        "what clients owe covers nothing; where the part `world` counts, no bank is named that has it",
    ],
}


class Verdict(msgspec.Struct, frozen=True, omit_defaults=False):
    """Of one claim. `reason` is a refusal by name with its asset; `commitments` and `proofs` were looked at."""

    name: str
    ok: bool
    reason: str | None
    assets: list[str]
    commitments: int
    proofs: int
    detail: dict[str, list[str]]
    not_proven: list[str]


class _FailsError(Exception):
    """A claim does not hold for an asset."""


def verify(proof: Proof) -> list[Verdict]:
    """The claims in their order: sums that open, limits, solvency. Raises BadInput: other generators, no such root."""
    try:
        zero.check_generators(proof.generators)
    except ZeroRefused as refused:
        raise BadInput("generators", str(refused.args[0])) from refused
    fault = bound_fault(proof.bound)
    if fault is not None:
        raise BadInput("bound", fault)
    return [
        _judged(proof, SUMS, proof.sums_open, _sums_hold),
        _judged(proof, LIMITS, proof.inside_limits, _limits_hold),
        _judged(proof, SOLVENT, proof.solvent, _solvency_holds),
    ]


def _judged(proof: Proof, claim: str, rows: Sequence[T], holds: Callable[[About, T], tuple[int, int]]) -> Verdict:
    about = about_of(claim, proof.day, proof.bound)
    commitments = proofs = 0
    reason = None
    assets = [row.asset for row in rows]
    if len(set(assets)) != len(assets):
        reason = "asset_twice"
    for row in rows if reason is None else ():
        try:
            seen = holds(about, row)
        except ZeroRefused as refused:
            reason = f"{refused.args[0]} ({row.asset})"
            break
        except _FailsError as fails:
            reason = f"{fails} ({row.asset})"
            break
        commitments, proofs = commitments + seen[0], proofs + seen[1]
    detail = {row.asset: row.counted for row in proof.solvent} if claim == SOLVENT else {}
    return Verdict(claim, reason is None, reason, assets, commitments, proofs, detail, NOT_PROVEN[claim])


def _count(commitments: bytes) -> int:
    if len(commitments) % WIDTH:
        raise _FailsError("malformed")
    return len(commitments) // WIDTH


def _expect(holds: bool, reason: str) -> None:
    if not holds:
        raise _FailsError(reason)


def _sums_hold(about: About, row: Sums) -> tuple[int, int]:
    count = _count(row.commitments)
    _expect(count > 0, "malformed")
    zero.opening_holds(about, summing(row.asset, row.commitments), zero.combine(row.commitments), 0, row.proof)
    return count, 1


def _limits_hold(about: About, row: Limits) -> tuple[int, int]:
    _expect(row.refused is None, row.refused or "")
    count = _count(row.used)
    _expect(count > 0 and _count(row.lines) == count, "malformed")
    starts = range(0, count, CLIENTS_A_PROOF)
    _expect(len(row.proofs) == len(starts), "proof_missing")
    stated = []
    for start, proof in zip(starts, row.proofs, strict=True):
        pairs = b""
        for at in range(start, min(start + CLIENTS_A_PROOF, count)):
            place = slice(at * WIDTH, (at + 1) * WIDTH)
            pairs += row.used[place] + difference(row.lines[place], row.used[place])
        stated.append(Stated(position(row.asset, start), pairs, proof))
    zero.ranges_hold(about, stated)
    return 2 * count, len(stated)


def _solvency_holds(about: About, row: Solvency) -> tuple[int, int]:
    _expect(row.refused is None, row.refused or "")
    count = _count(row.owed)
    _expect(_count(row.ids) == count, "malformed")
    ids = [row.ids[at * WIDTH : (at + 1) * WIDTH] for at in range(count)]
    _expect(len(set(ids)) == count, "id_twice")
    _expect(row.tree == (zero.tree_root(row.owed, row.ids) if count else b""), "other_root")
    _expect(len(set(row.counted)) == len(row.counted) and set(row.counted) <= row.parts.keys(), "malformed")
    step = zero.AMOUNTS_MAX
    starts = range(0, count, step)
    _expect(len(row.proofs) == len(starts), "proof_missing")
    stated = [
        Stated(position(row.asset, start, row.tree), row.owed[start * WIDTH : (start + step) * WIDTH], proof)
        for start, proof in zip(starts, row.proofs, strict=True)
    ]
    surplus = difference(b"".join(row.parts[name] for name in row.counted), row.owed)
    stated.append(Stated(covering(row), surplus, row.covered))
    zero.ranges_hold(about, stated)
    return count + len(row.parts), len(stated)
